"""Lines that are valid releases, a whole process each, without a look at one by one.

Most lines of most files are. What is not is read by `bulk` with care, a line a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from integritas.services.anticorruption.columns import Block
from integritas.services.anticorruption.pieces import is_piece
from integritas.services.anticorruption.release import Release
from integritas.services.anticorruption.timestamps import KNOWN, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.services.anticorruption.release import Period

__all__ = ["decode", "read_plain"]

decode: Final = msgspec.json.Decoder(Release).decode


def read_plain(lines: list[bytes], limit: int) -> Block | None:
    """Return the releases of lines as columns, None if one is not plainly valid."""
    if not lines or max(map(len, lines)) > limit:
        return None
    try:
        # What msgspec skips it does not check: the encoding is.
        for line in lines:
            if not line.isascii():
                line.decode()
        return _read_block(list(map(decode, lines)))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _read_block(releases: Sequence[Release]) -> Block | None:
    """Return the columns of releases; None if one has to be looked at by itself.

    That is one with no ocid, a record, a piece of a process, or one with a date or a
    number of tenderers that is none: `features.digest` calls all but pieces doubtful.
    """
    for release in releases:
        if (
            not release.ocid
            or release.compiled_release is not None
            or release.releases is not None
            or (release.tag is not None and is_piece(release.tag))
        ):
            return None
    block = Block(releases)
    if float in set(map(type, block.numbers)):
        return None
    dates = _dates(block)
    dates.discard(None)
    if not all(map(KNOWN.__contains__, dates)) and not all(
        text is None or parse_timestamp(text) is not None for text in dates
    ):
        return None
    return block


def _dates(block: Block) -> set[str | None]:
    found: set[str | None] = {release.date for release in block.releases}
    found.update(block.bids.dates)
    periods: list[Period | None] = []
    for tender in block.tenders:
        periods += (tender.tender_period, tender.enquiry_period, tender.award_period)
        for amendment in tender.amendments or ():
            found.add(amendment.date)
    for award in block.awards.entries:
        found.add(award.date)
        periods.append(award.contract_period)
    for release in block.releases:
        for contract in release.contracts or ():
            found.update(contract.dates())
    for period in periods:
        if period is not None:
            found.add(period.start_date)
            found.add(period.end_date)
    return found
