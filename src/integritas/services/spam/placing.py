"""Messages into campaigns: those alike to one in the window are of its campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.services.spam.campaigns import Sighting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.services.spam.campaigns import Window
    from integritas.services.spam.sighting import SightingRow, Told

__all__ = ["follow", "placed"]


def follow(window: Window, sighting: Sighting) -> None:
    """Join the campaigns that another process found joined by a sighting."""
    if sighting.signature is not None:
        found = window.alike(sighting.signature)
        for name in {other.campaign for other in found} - {sighting.campaign}:
            window.rename(name, sighting.campaign)


def placed(
    window: Window, batch: Sequence[Told]
) -> tuple[list[SightingRow], list[tuple[str, str]]]:
    """Take messages into a window; return them numbered, and campaigns that joined.

    A campaign is named after a message it began with, so that the same messages in the
    same order make the same campaigns.
    """
    rows: list[SightingRow] = []
    joined: list[tuple[str, str]] = []
    for number, told in enumerate(batch, start=window.cursor + 1):
        row, signature = told
        found = () if signature is None else window.alike(signature)
        names = sorted({sighting.campaign for sighting in found})
        campaign = names[0] if names else f"camp_{row.evidence_id.partition('_')[2]}"
        for other in names[1:]:
            campaign, gone = window.larger(campaign, other)
            window.rename(gone, campaign)
            joined.append((gone, campaign))
            rows = [
                known._replace(campaign=campaign) if known.campaign == gone else known
                for known in rows
            ]
        rows.append(row._replace(seq=number, campaign=campaign))
        window.add(
            Sighting(
                number,
                row.evidence_id,
                row.channel,
                row.sender,
                row.seen_at,
                signature,
                campaign,
            )
        )
    return rows, joined
