"""Which indicators run, and with what thresholds: Cardinal's settings file.

The file is INI: `key = value` lines at the top for all indicators, then a section for
each indicator to run (`[R024]`), empty or with options. `|` separates names in a list.
Lines that begin with `;` or `#` are comments. Sections of Cardinal's `prepare` command
are known and have no effect here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from integritas.kernel.errors import FieldError, InvalidInput

__all__ = [
    "Option",
    "OptionKind",
    "OptionValue",
    "Settings",
    "default_settings",
    "parse_settings",
]

OptionValue: TypeAlias = int | float | frozenset[str] | Mapping[str, int]


class OptionKind(StrEnum):
    """How an option's text is read."""

    INTEGER = "integer"
    NUMBER = "number"
    NAMES = "names"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of an indicator's section.

    A TABLE is a sub-section, `[R003.procurement_method_details]`, of names and whole
    numbers. `default` is None where the set of releases decides.
    """

    name: str
    kind: OptionKind
    meaning: str
    default: OptionValue | None = None
    minimum: float | None = 0
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """The indicators to run (`sections`, by code) and what holds for all of them.

    `compared_methods` and `uncompared_methods` are procurement method details whose
    prices are (not) compared; `excluded_methods` are left out altogether.
    """

    sections: Mapping[str, Mapping[str, OptionValue]]
    currency: str | None = None
    compared_methods: frozenset[str] = frozenset()
    uncompared_methods: frozenset[str] = frozenset()
    excluded_methods: frozenset[str] = frozenset()

    def integer(self, code: str, option: str, default: int) -> int:
        """Return a whole-number option."""
        value = self.sections.get(code, {}).get(option, default)
        return value if isinstance(value, int) else default

    def number(self, code: str, option: str) -> float | None:
        """Return a number that has no default."""
        value = self.sections.get(code, {}).get(option)
        return float(value) if isinstance(value, int | float) else None

    def names(self, code: str, option: str, default: frozenset[str]) -> frozenset[str]:
        """Return an option that lists names."""
        value = self.sections.get(code, {}).get(option, default)
        return value if isinstance(value, frozenset) else default

    def table(self, code: str, option: str) -> Mapping[str, int]:
        """Return a sub-section, empty if absent."""
        value = self.sections.get(code, {}).get(option)
        return value if isinstance(value, Mapping) else {}


def default_settings(options: Mapping[str, tuple[Option, ...]]) -> Settings:
    """Return settings in which every indicator runs with its defaults."""
    return Settings(sections={code: {} for code in options})


def parse_settings(
    text: str, options: Mapping[str, tuple[Option, ...]], *, source: str = "settings"
) -> Settings:
    """Return the settings that an INI text holds.

    `options` are those of each indicator by code; `source` names the file in errors.

    Raises:
        InvalidInput: an unknown section or key, a value of the wrong kind; all of them
            are listed, each with its line.
    """
    reading = _Reading(source, options)
    for line in _lines(text):
        reading.take(line)
    if reading.errors:
        raise InvalidInput(
            f"the settings file {source} is not valid", errors=tuple(reading.errors)
        )
    return Settings(
        sections=MappingProxyType(
            {code: MappingProxyType(values) for code, values in reading.found.items()}
        ),
        currency=reading.top.get("currency"),
        compared_methods=_names(reading.top.get(_COMPARED, "")),
        uncompared_methods=_names(reading.top.get(_UNCOMPARED, "")),
        excluded_methods=_names(reading.excluded),
    )


_COMPARED: Final = "price_comparison_procurement_methods"
_UNCOMPARED: Final = "no_price_comparison_procurement_methods"
_TOP: Final = ("currency", _UNCOMPARED, _COMPARED)
_EXCLUSIONS: Final = "exclusions"
_EXCLUDED: Final = "procurement_method_details"
# Cardinal's `prepare` command reads these; None stands for keys of any name.
_PREPARE: Final[Mapping[str, frozenset[str] | None]] = {
    "defaults": frozenset(
        {
            "currency",
            "item_classification_scheme",
            "bid_status",
            "award_status",
            "party_roles",
        }
    ),
    "redactions": frozenset({"amount", "organization_id"}),
    "corrections": frozenset({"award_status_by_contract_status"}),
    "modifications": frozenset(
        {
            "move_auctions",
            "prefix_buyer_or_procuring_entity_id",
            "prefix_tenderer_or_supplier_id",
            "split_procurement_method_details",
        }
    ),
    "codelists.bid_status": None,
    "codelists.award_status": None,
}


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    section: str
    key: str | None
    value: str


@dataclass(slots=True)
class _Reading:
    source: str
    options: Mapping[str, tuple[Option, ...]]
    found: dict[str, dict[str, OptionValue]] = field(default_factory=dict)
    top: dict[str, str] = field(default_factory=dict)
    excluded: str = ""
    seen: set[tuple[str, str]] = field(default_factory=set)
    errors: list[FieldError] = field(default_factory=list)

    def take(self, line: _Line) -> None:
        """Read one line that is a section's head (no key) or a key with its value."""
        if line.key is None:
            self._open(line)
        elif (line.section, line.key) in self.seen:
            self._complain(line, "is given twice", "keep one of them")
        else:
            self.seen.add((line.section, line.key))
            self._set(line, line.key)

    def _open(self, line: _Line) -> None:
        code, _, table = line.section.partition(".")
        if code in self.options:
            self.found.setdefault(code, {})
            option = self._option(code, table) if table else None
            if table and (option is None or option.kind is not OptionKind.TABLE):
                self._complain(line, "is no known section", self._known_sections())
        elif line.section not in {_EXCLUSIONS, *_PREPARE}:
            self._complain(line, "is no known section", self._known_sections())

    def _set(self, line: _Line, key: str) -> None:
        code, _, table = line.section.partition(".")
        if not line.section:
            if key in _TOP:
                self.top[key] = line.value
            else:
                self._complain(line, "is no known key", f"use {', '.join(_TOP)}")
        elif code in self.options:
            self._set_option(line, code, key, table)
        elif line.section == _EXCLUSIONS:
            if key == _EXCLUDED:
                self.excluded = line.value
            else:
                self._complain(line, "is no known key", f"use {_EXCLUDED}")
        else:
            allowed = _PREPARE.get(line.section)
            if allowed is not None and key not in allowed:
                self._complain(
                    line, "is no known key", f"use {', '.join(sorted(allowed))}"
                )

    def _set_option(self, line: _Line, code: str, key: str, table: str) -> None:
        option = self._option(code, table or key)
        if option is None or (option.kind is OptionKind.TABLE) != bool(table):
            if not table:  # an unknown table was reported at its head
                self._complain(line, "is no known key", self._known_keys(code))
            return
        value = self._value(line, option)
        if value is None:
            return
        if isinstance(value, int) and table:
            rows = self.found[code].setdefault(table, {})
            if isinstance(rows, dict):
                rows[key] = value
        else:
            self.found[code][key] = value

    def _option(self, code: str, name: str) -> Option | None:
        return next((o for o in self.options[code] if o.name == name), None)

    def _value(self, line: _Line, option: Option) -> OptionValue | None:
        if option.kind is OptionKind.NAMES:
            return _names(line.value)
        text = re.split(r"\s[;#]", line.value, maxsplit=1)[0].strip()
        whole = option.kind is not OptionKind.NUMBER
        try:
            value = int(text) if whole else float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            kind = "a whole number" if whole else "a number"
            self._complain(line, f"{line.value!r} is not {kind}", f"write {kind}")
            return None
        low, high = option.minimum, option.maximum
        if (low is not None and value < low) or (high is not None and value > high):
            bounds = f"at least {low}" if high is None else f"from {low} to {high}"
            self._complain(line, f"{text} is out of range", f"write {bounds}")
            return None
        return value

    def _known_sections(self) -> str:
        return f"use {', '.join([*self.options, _EXCLUSIONS])}"

    def _known_keys(self, code: str) -> str:
        names = [option.name for option in self.options[code]]
        return f"use {', '.join(names)}" if names else f"[{code}] takes no keys"

    def _complain(self, line: _Line, message: str, remedy: str) -> None:
        place = ".".join(part for part in (line.section, line.key) if part)
        self.errors.append(
            FieldError(
                path=f"{self.source}:{line.number} {place}",
                message=message,
                remedy=remedy,
            )
        )


def _lines(text: str) -> Iterator[_Line]:
    section = ""
    for number, raw in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        line = raw.strip()
        if not line or line[0] in ";#":
            continue
        if line[0] == "[" and "]" in line:
            section = line[1 : line.index("]")].strip()
            yield _Line(number, section, None, "")
            continue
        key, separator, value = line.partition("=")
        if not separator:
            key, separator, value = line.partition(":")
        yield _Line(number, section, key.strip(), _unquote(value.strip()))


def _unquote(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def _names(text: str) -> frozenset[str]:
    """Split at `|`; as in Cardinal a trailing one adds no empty name."""
    return frozenset(text.removesuffix("|").split("|")) if text else frozenset()
