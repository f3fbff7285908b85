"""The table of moves, held against the drawn one of the design, copied here by hand."""

from __future__ import annotations

import pytest

from integritas.kernel.states import (
    FINAL_STATES,
    FOUR_EYES_RISK,
    INITIAL_STATE,
    MOVES,
    ActorKind,
    CaseState,
    Move,
)

ANYONE = frozenset(ActorKind)
PERSON = frozenset({ActorKind.PERSON})
PLATFORM = frozenset({ActorKind.PLATFORM})
DECIDING = frozenset({ActorKind.PERSON, ActorKind.POLICY})
REDRIVING = frozenset({ActorKind.PERSON, ActorKind.PLATFORM})

CELLS = {
    "forward": Move(ANYONE),
    "back, reason": Move(ANYONE, reason=True),
    "close": Move(DECIDING, four_eyes=True),
    "cancel": Move(PERSON, reason=True),
    "fail": Move(PLATFORM, reason=True),
    "re-drive": Move(REDRIVING),
}
TABLE = """
PENDING       INVESTIGATING  forward
PENDING       CANCELLED      cancel
PENDING       FAILED         fail
INVESTIGATING VALIDATING     forward
INVESTIGATING CANCELLED      cancel
INVESTIGATING FAILED         fail
VALIDATING    INVESTIGATING  back, reason
VALIDATING    REMEDIATING    forward
VALIDATING    RESOLVED       close
VALIDATING    CANCELLED      cancel
VALIDATING    FAILED         fail
REMEDIATING   VALIDATING     back, reason
REMEDIATING   RESOLVED       close
REMEDIATING   CANCELLED      cancel
REMEDIATING   FAILED         fail
FAILED        CANCELLED      cancel
FAILED        PENDING        re-drive
"""
EXPECTED = {
    (CaseState(start), CaseState(to)): CELLS[cell]
    for start, to, cell in (
        line.split(maxsplit=2) for line in TABLE.split("\n") if line
    )
}


@pytest.mark.parametrize("start", CaseState)
@pytest.mark.parametrize("to", CaseState)
def test_each_cell_of_the_table(start: CaseState, to: CaseState) -> None:
    assert MOVES[start].get(to) == EXPECTED.get((start, to))


def test_there_are_seven_states() -> None:
    assert len(CaseState) == 7
    assert set(MOVES) == set(CaseState)


@pytest.mark.parametrize("state", CaseState)
def test_final_states_are_those_without_moves(state: CaseState) -> None:
    assert (state in FINAL_STATES) == (not MOVES[state])


def test_every_state_can_be_reached_from_the_first() -> None:
    seen, todo = {INITIAL_STATE}, [INITIAL_STATE]
    while todo:
        for to in MOVES[todo.pop()]:
            if to not in seen:
                seen.add(to)
                todo.append(to)
    assert seen == set(CaseState)


def test_every_open_state_leads_to_an_end() -> None:
    for state in set(CaseState) - FINAL_STATES:
        assert CaseState.CANCELLED in MOVES[state]


def test_four_eyes_from_seventy_on() -> None:
    assert FOUR_EYES_RISK == 70


def test_no_policy_cancels_or_fails() -> None:
    for moves in MOVES.values():
        for to in (CaseState.CANCELLED, CaseState.FAILED):
            assert to not in moves or ActorKind.POLICY not in moves[to].actors
