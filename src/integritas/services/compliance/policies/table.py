"""Decision tables that officers edit: GoRules JDM, one table, the first row decides.

Only the nodes of a plain table are allowed, so nothing that an officer writes runs as a
program. What the engine would pass over in silence (a cell that is no expression, an
unknown field, a row that is never reached) is refused before it is published.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import zen

from integritas.kernel.contracts import Outcome
from integritas.kernel.errors import FieldError, InvalidDefinition
from integritas.services.compliance.policies.cells import (
    Cell,
    covers,
    overlaps,
    parse_cell,
)
from integritas.services.compliance.policies.scope import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["DecisionTable", "Row", "compile_table", "table_warnings"]

MOST_ROWS: Final = 300
_INPUT, _TABLE, _OUTPUT = "inputNode", "decisionTableNode", "outputNode"
_NODES: Final = (_INPUT, _TABLE, _OUTPUT)
_RESULTS: Final = frozenset({"outcome", "required_steps", "reason"})


@dataclass(frozen=True, slots=True)
class Row:
    """What the row that fits says; `number` counts from 1."""

    number: int
    outcome: Outcome
    required_steps: tuple[str, ...]
    reason: str


class DecisionTable:
    """A compiled table."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Compile a valid document."""
        self._decision = zen.ZenEngine().create_decision(json.dumps(document))
        content = _content(document)
        self._rows = [
            _row(number, content, rule)
            for number, rule in enumerate(content["rules"], start=1)
        ]
        self._places = {
            rule["_id"]: place for place, rule in enumerate(content["rules"])
        }

    def evaluate(self, scope: Mapping[str, Any]) -> Row | None:
        """Return the first row that fits, None if none does.

        Raises:
            InvalidDefinition: the table cannot be evaluated on this.
        """
        try:
            answer = self._decision.evaluate(dict(scope), {"trace": True})
        except Exception as error:
            raise InvalidDefinition(
                f"the table cannot be evaluated: {_first_line(error)}"
            ) from error
        for step in answer["trace"].values():
            data = step.get("traceData")
            if isinstance(data, Mapping) and "rule" in data:
                return self._rows[self._places[data["rule"]["_id"]]]
        return None


def compile_table(document: Mapping[str, Any]) -> DecisionTable:
    """Return the compiled table.

    Raises:
        InvalidDefinition: with each thing that is wrong, by its place.
    """
    errors = list(_errors(document))
    if errors:
        raise InvalidDefinition("the decision table is not valid", errors=tuple(errors))
    return DecisionTable(document)


def table_warnings(document: Mapping[str, Any]) -> list[str]:
    """Return where two rows fit the same case and say different things."""
    return [
        f"rows {one} and {two} overlap and say different things: row {one} decides"
        for one, two, verdict in _pairs(_content(document))
        if verdict == "overlap"
    ]


# Validation -------------------------------------------------------------------------


def _errors(document: Mapping[str, Any]) -> Iterator[FieldError]:
    nodes = document.get("nodes")
    if not isinstance(nodes, list) or not all(isinstance(n, dict) for n in nodes):
        yield FieldError("table.nodes", "is not a list of nodes", _SHAPE)
        return
    if sorted(str(node.get("type")) for node in nodes) != sorted(_NODES):
        yield FieldError("table.nodes", "are not input, table, output", _SHAPE)
        return
    if not _joined(document, nodes):
        yield FieldError("table.edges", "do not lead input to table to output", _SHAPE)
    content = _content(document)
    if not isinstance(content, dict):
        yield FieldError("table.nodes", "the table has no content", _SHAPE)
        return
    if content.get("hitPolicy", "first") != "first":
        yield FieldError("table.hitPolicy", "is not first", "the first row decides")
    columns = list(_column_errors(content))
    yield from columns
    if not columns:
        rows = list(_row_errors(content))
        yield from rows
        if not rows:
            yield from _unreachable(content)


_SHAPE: Final = "send a JDM graph of one inputNode, decisionTableNode and outputNode"


def _joined(document: Mapping[str, Any], nodes: Sequence[Mapping[str, Any]]) -> bool:
    ids = {str(node.get("type")): node.get("id") for node in nodes}
    edges = document.get("edges")
    if not isinstance(edges, list) or not all(isinstance(e, dict) for e in edges):
        return False
    found = {(edge.get("sourceId"), edge.get("targetId")) for edge in edges}
    return found == {(ids[_INPUT], ids[_TABLE]), (ids[_TABLE], ids[_OUTPUT])}


def _column_errors(content: Mapping[str, Any]) -> Iterator[FieldError]:
    for side, allowed in (("inputs", FIELDS.keys()), ("outputs", _RESULTS)):
        columns = content.get(side)
        if not isinstance(columns, list) or not columns:
            yield FieldError(f"table.{side}", "is empty", "add a column")
            continue
        for place, column in enumerate(columns):
            where = f"table.{side}[{place}]"
            if not isinstance(column, dict) or not isinstance(column.get("id"), str):
                yield FieldError(where, "has no id", "give each column an id")
            elif column.get("field") not in allowed:
                what = f"{column.get('field')!r} is not known"
                remedy = f"use one of {', '.join(sorted(allowed))}"
                yield FieldError(f"{where}.field", what, remedy)
    outputs = content.get("outputs")
    if isinstance(outputs, list) and not any(
        isinstance(c, dict) and c.get("field") == "outcome" for c in outputs
    ):
        yield FieldError("table.outputs", "lack outcome", "add a column outcome")


def _row_errors(content: Mapping[str, Any]) -> Iterator[FieldError]:
    rules = content.get("rules")
    if not isinstance(rules, list) or not 0 < len(rules) <= MOST_ROWS:
        yield FieldError("table.rules", f"are not 1 to {MOST_ROWS} rows", "add rows")
        return
    names = [rule.get("_id") for rule in rules if isinstance(rule, dict)]
    if len(names) < len(rules) or len(set(map(str, names))) < len(rules):
        yield FieldError("table.rules", "have no _id of their own", "give each an _id")
        return
    for number, rule in enumerate(rules, start=1):
        for column in content["inputs"]:
            yield from _input_errors(number, column, rule.get(column["id"], ""))
        for column in content["outputs"]:
            yield from _output_errors(number, column, rule.get(column["id"], ""))


def _input_errors(
    number: int, column: Mapping[str, Any], cell: object
) -> Iterator[FieldError]:
    where = f"table row {number}, {column['field']}"
    if not isinstance(cell, str):
        yield FieldError(where, "is not a text", "write the cell as a text")
        return
    if cell.strip() in {"", "-"}:
        return
    try:
        zen.compile_unary_expression(cell)
    except RuntimeError as error:
        remedy = 'write such as "de", "fr" or >= 20 or [0..30)'
        yield FieldError(where, f"{cell!r}: {_first_line(error)}", remedy)


def _first_line(error: Exception) -> str:
    """Return what the engine says, without the trace it adds."""
    line = str(error).splitlines()[0]
    try:
        return str(json.loads(line)["source"])
    except (ValueError, KeyError, TypeError):
        return line


def _output_errors(
    number: int, column: Mapping[str, Any], cell: object
) -> Iterator[FieldError]:
    where = f"table row {number}, {column['field']}"
    value = _literal(cell)
    if column["field"] == "outcome":
        if value not in set(Outcome):
            remedy = (
                f"use one of {', '.join(f'{chr(34)}{o}{chr(34)}' for o in Outcome)}"
            )
            yield FieldError(where, f"{cell!r} is no outcome", remedy)
    elif column["field"] == "reason":
        if value is not None and not isinstance(value, str):
            yield FieldError(where, "is not a text", 'write a text in "quotes"')
    elif value is not None and not _texts(value):
        yield FieldError(where, "is not a list", 'write a list such as ["analyst"]')


def _literal(cell: object) -> Any:  # noqa: ANN401 - JSON
    """Return the constant an output cell writes, None for nothing or no constant."""
    try:
        return json.loads(cell) if isinstance(cell, str) and cell.strip() else None
    except ValueError:
        return cell  # no constant, so of no allowed type or value


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _unreachable(content: Mapping[str, Any]) -> Iterator[FieldError]:
    for one, two, verdict in _pairs(content):
        if verdict in {"covered", "contradicted"}:
            also = ", which says otherwise" if verdict == "contradicted" else ""
            yield FieldError(
                f"table row {two}",
                f"is never reached: row {one} fits whatever it fits{also}",
                "remove it, narrow the earlier row or move it up",
            )


def _pairs(content: Mapping[str, Any]) -> Iterator[tuple[int, int, str]]:
    inputs = [column["id"] for column in content["inputs"]]
    outputs = [column["id"] for column in content["outputs"]]
    rows: list[tuple[list[Cell], list[str]]] = [
        (
            [parse_cell(rule.get(column, "")) for column in inputs],
            [rule.get(column, "") for column in outputs],
        )
        for rule in content["rules"]
    ]
    for one, two in combinations(range(len(rows)), 2):
        (cells, says), (later, other) = rows[one], rows[two]
        both = list(zip(cells, later, strict=True))
        if all(covers(a, b) for a, b in both):
            yield one + 1, two + 1, "covered" if says == other else "contradicted"
        elif says != other and all(overlaps(a, b) for a, b in both):
            yield one + 1, two + 1, "overlap"


def _content(document: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    return next(n.get("content") for n in document["nodes"] if n.get("type") == _TABLE)


def _row(number: int, content: Mapping[str, Any], rule: Mapping[str, Any]) -> Row:
    says = {c["field"]: _literal(rule.get(c["id"], "")) for c in content["outputs"]}
    return Row(
        number=number,
        outcome=Outcome(says["outcome"]),
        required_steps=tuple(says.get("required_steps") or ()),
        reason=str(says.get("reason") or rule.get("_description") or ""),
    )
