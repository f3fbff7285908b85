"""Where a case's time goes, as a part of the page: `floor`'s figures beside budgets."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["shares"]

BUDGETS_US: Final = {"text": 30, "mail": 200, "party": 150, "release": 30}
_SHOWN_US: Final = 0.5
_SERVICES: Final = ("spam", "anticorruption", "compliance", "decide")


def shares(rounds: Sequence[dict[str, Any]]) -> str:
    """Return the tables of the measurements that `floor` made, one a round."""
    # The quietest round: what else the machine does only adds.
    found = min(rounds, key=lambda each: sum(each["threads_us"].values()))
    return "\n\n".join(
        [
            _real(found),
            "| evidence | spam | anti-corruption | compliance | decision | all "
            "| wanted |\n"
            "|---|--:|--:|--:|--:|--:|--:|\n"
            + "\n".join(_kind(*each) for each in found["services_us"].items()),
            "| table | rows | bytes | indexes | written, µs | its JSON, µs |\n"
            "|---|--:|--:|--:|--:|--:|\n"
            + "\n".join(_table(each) for each in _worth_showing(found)),
            _least(found),
        ]
    )


def _real(found: dict[str, Any]) -> str:
    threads = found["threads_us"]
    parts = ", ".join(
        f"{name} {taken:,.0f} µs"
        for name, taken in sorted(threads.items(), key=lambda item: -item[1])
    )
    return (
        f"Processor time of the platform for a case with the real services, "
        f"{found['runs']:,} at once, until the last has ended: "
        f"{sum(threads.values()):,.0f} µs ({parts}). The same work bare, in the same "
        "process: each service called alone in batches of 256, and the rows of a case "
        "(as its updates left them) written again by `executemany` in eight durable "
        "transactions. Services, µs for one:"
    )


def _kind(part: str, row: dict[str, float]) -> str:
    cells = " | ".join(f"{row[name]:,.0f}" for name in _SERVICES)
    return (
        f"| {part} | {cells} | {sum(row.values()):,.0f} | {BUDGETS_US.get(part, '')} |"
    )


def _worth_showing(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        each
        for each in found["tables"]
        if each["table"] != "commit" and each["write_us"] >= _SHOWN_US
    ]


def _table(row: dict[str, Any]) -> str:
    return (
        f"| {row['table']} | {row['rows']:,.2f} | {row['bytes']:,} | {row['indexes']} "
        f"| {row['write_us']:,.1f} | {row['json_us']:,.1f} |"
    )


def _least(found: dict[str, Any]) -> str:
    rows = sum(each["write_us"] for each in found["tables"])
    encoded = sum(each.get("json_us", 0.0) for each in found["tables"])
    services = statistics.mean(
        sum(row.values()) for row in found["services_us"].values()
    )
    commit = found["tables"][-1]["write_us"]
    least = rows + encoded + services
    real = sum(found["threads_us"].values())
    return (
        f"With the services as they are, a case takes {least:,.0f} µs at the least: "
        f"the services {services:,.0f} (mean of the kinds), its rows {rows:,.0f} (of "
        f"these the commits {commit:,.0f}; the audit log's, which follow, counted), "
        f"JSON {encoded:,.0f}. The platform takes {real / least:,.1f} times that. One "
        "thread at a time runs Python, and one writes: so that least is also about "
        "the milliseconds that a thousand cases take, however the rest is written; 150 "
        "are wanted."
    )
