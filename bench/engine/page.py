"""The figures as a part of docs/benchmarks.md."""

from __future__ import annotations

import re
import statistics
from typing import TYPE_CHECKING, Any, Final

from bench.engine.shares import shares

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BEGIN: Final = "<!-- engine: written by `make bench` -->"
END: Final = "<!-- engine: end -->"
OURS: Final = "Integritas, SQLite"
_HEAD: Final = (
    "| engine | version | ended | p50 ms | p95 ms | p99 ms | runs/s (range) | we are "
    "| peak memory, MiB |"
)
_OTHER: Final = "services_postgres"
_ON: Final = {"Integritas, Postgres", "DBOS, Postgres"}


def replace(path: Path, text: str) -> None:
    """Put the part into its page, in place of the one before."""
    page = path.read_text("utf-8") if path.exists() else "# Benchmarks\n"
    pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}\n?", re.DOTALL)
    if pattern.search(page):
        page = pattern.sub(lambda _: text, page)
    else:
        page = f"{page.rstrip()}\n\n{text}"
    path.write_text(page, "utf-8")


def written(found: dict[str, Any], command: str) -> str:
    """Return the whole part."""
    parts = [
        BEGIN,
        "## Workflow engine",
        _preface(found, command),
        "### The same five steps, peers beside us",
        _what(found),
        _table(found["table"]),
        _settings(found["table"]),
        "### Our engine alone",
        _own(found),
        "### Where a case's time goes",
        shares(found["own"]["floor"]),
        "### Cost as runs add up",
        f"Trivial steps on SQLite, {found['in_flight']:,} in flight.",
        _growth(found["own"]["growth"]),
        END,
    ]
    return "\n\n".join(parts) + "\n"


def _preface(found: dict[str, Any], command: str) -> str:
    facts = "; ".join(f"{name} {value}" for name, value in found["machine"].items())
    kept = found["postgres"]
    return (
        f"Measured by `{command}`: {facts}; Postgres {kept['server_version']} "
        f"(fsync {kept['fsync']}, synchronous_commit {kept['synchronous_commit']}). "
        f"A write of 4 KiB and its fdatasync took {found['sync_ms']} ms (median). "
        f"Processes that wanted a core: {found['load_before']} before, "
        f"{found['load_after']} after, so that absolute figures are what this machine "
        "had left; ratios come from the same run."
    )


def _what(found: dict[str, Any]) -> str:
    return (
        f"{found['runs']:,} runs submitted at once: intake; three services at the same "
        "time; decide. Steps do nothing and return about 200 bytes of JSON, and every "
        "step is durable. Times run from the submission of the first to the durable "
        f"end of each. Rounds: {found['rounds']}; in each, every row is measured in a "
        "process of its own: medians, and the range of runs a second. "
        f"A peer had {found['limit_s']:.0f} s. *We are* says how many times our runs a "
        "second are its, on the same database where it has a choice."
    )


def _table(rows: dict[str, list[dict[str, Any]]]) -> str:
    lines = [
        _HEAD,
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, rounds in rows.items():
        other = "Integritas, Postgres" if name in _ON else OURS
        ratio = median(rows[other], "runs_per_s") / median(rounds, "runs_per_s")
        rates = [each["runs_per_s"] for each in rounds]
        least = min(each["runs"] - each.get("unfinished", 0) for each in rounds)
        ended = f"{least:,} of {rounds[0]['runs']:,}"
        server = max(each.get("server_rss_mb", 0) for each in rounds)
        memory = f"{median(rounds, 'peak_rss_mb'):,.0f}"
        memory += f" + server {server:,.0f}" if server else ""
        times = " | ".join(
            f"{median(rounds, key):,.1f}" for key in ("p50_ms", "p95_ms", "p99_ms")
        )
        ours = name.startswith("Integritas")
        lines.append(
            f"| {name} | {rounds[0]['version']} | {ended} | {times} "
            f"| {median(rounds, 'runs_per_s'):,.1f} "
            f"({min(rates):,.1f} to {max(rates):,.1f}) "
            f"| {_times(ratio, ours=ours)} "
            f"| {memory} |"
        )
    return "\n".join(lines)


def _times(ratio: float, *, ours: bool) -> str:
    if ours:
        return ""
    return f"{ratio:,.2g} times" if ratio < 1 else f"{ratio:,.1f} times"


def _settings(rows: dict[str, list[dict[str, Any]]]) -> str:
    said = [
        f"{name}: {rounds[0]['kept']}"
        for name, rounds in rows.items()
        if "kept" in rounds[0]
    ]
    ours = (
        "What is kept, and how. Integritas: WAL with synchronous=FULL, or a Postgres "
        "commit"
    )
    return "; ".join([ours, *said]) + ". Memory of a Postgres is not counted."


def _own(found: dict[str, Any]) -> str:
    own = found["own"]
    lines = [
        "| what | p50 ms | p95 ms | p99 ms | runs/s | peak memory, MiB |",
        "|---|--:|--:|--:|--:|--:|",
        _row("one run alone, trivial steps", own["alone"]),
        _row(f"{found['runs']:,} at once, the real services", own["services"]),
        *(_row("the same on Postgres", own[key]) for key in own if key == _OTHER),
        _row("open loop at half of the capacity, trivial steps", own["open_loop"]),
    ]
    services = own["services"]
    lag = " and ".join(
        f"{median(services, f'audit_lag_{share}_ms'):,.1f} ms ({share})"
        for share in ("p50", "p99")
    )
    batched = median(own["batched"], "transitions_per_s")
    single = median(own["single"], "transitions_per_s")
    return "\n".join(lines) + (
        "\n\nEvidence: equal parts of web-form texts of 0.5 to 1 KB, mails, parties, "
        f"OCDS releases and payments ({services[0]['evidence']}). Meanwhile the audit "
        f"log followed the journal, {lag} behind.\n\n"
        f"Durable lifecycle transitions, with history, guards and journal: "
        f"{batched:,.0f} a second in batches of a thousand, {single:,.0f} a second "
        "when each is a call of its own from concurrent tasks."
    )


def _row(name: str, rounds: Sequence[dict[str, Any]]) -> str:
    keys = ("p50_ms", "p95_ms", "p99_ms", "runs_per_s", "peak_rss_mb")
    shown = " | ".join(f"{median(rounds, key):,.1f}" for key in keys)
    return f"| {name} | {shown} |"


def _growth(sizes: Sequence[dict[str, Any]]) -> str:
    lines = [
        "| runs | time a run, ms | runs/s | peak memory, MiB |",
        "|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {each['runs']:,} | {1_000 / each['runs_per_s']:,.3f} "
        f"| {each['runs_per_s']:,.1f} | {each['peak_rss_mb']:,.0f} |"
        for each in sizes
    ]
    return "\n".join(lines)


def median(rounds: Sequence[dict[str, Any]], key: str) -> float:
    """Return the median of a figure over the rounds."""
    return statistics.median(float(each.get(key, "nan")) for each in rounds)
