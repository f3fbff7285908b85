"""The seven states of a case and the complete table of legal moves.

The table is data: who may make a move, whether a reason is due, from which risk on a
second person must agree. `cases.lifecycle` applies it; nothing else does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "FINAL_STATES",
    "FOUR_EYES_RISK",
    "INITIAL_STATE",
    "MOVES",
    "ActorKind",
    "CaseState",
    "Move",
]


class CaseState(StrEnum):
    """Where a case stands."""

    PENDING = "PENDING"
    INVESTIGATING = "INVESTIGATING"
    VALIDATING = "VALIDATING"
    REMEDIATING = "REMEDIATING"
    RESOLVED = "RESOLVED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class ActorKind(StrEnum):
    """Who acts: a person, a policy's verdict, or the platform itself."""

    PERSON = "person"
    POLICY = "policy"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Move:
    """One legal move: `actors` who may, `reason` whether due, `four_eyes` if guarded.

    A guarded move by a person needs a second person from risk `FOUR_EYES_RISK` on; a
    policy may not make it at that risk at all.
    """

    actors: frozenset[ActorKind]
    reason: bool = False
    four_eyes: bool = False


FOUR_EYES_RISK: Final = 70.0
INITIAL_STATE: Final = CaseState.PENDING
FINAL_STATES: Final = frozenset({CaseState.RESOLVED, CaseState.CANCELLED})

_ANYONE = frozenset(ActorKind)
_PERSON = frozenset({ActorKind.PERSON})
_PLATFORM = frozenset({ActorKind.PLATFORM})
_FORWARD = Move(_ANYONE)
_BACK = Move(_ANYONE, reason=True)
_CLOSE = Move(frozenset({ActorKind.PERSON, ActorKind.POLICY}), four_eyes=True)
_CANCEL = Move(_PERSON, reason=True)
_FAIL = Move(_PLATFORM, reason=True)
_REDRIVE = Move(frozenset({ActorKind.PERSON, ActorKind.PLATFORM}))

_S = CaseState

MOVES: Final[Mapping[CaseState, Mapping[CaseState, Move]]] = MappingProxyType(
    {
        _S.PENDING: {
            _S.INVESTIGATING: _FORWARD,
            _S.CANCELLED: _CANCEL,
            _S.FAILED: _FAIL,
        },
        _S.INVESTIGATING: {
            _S.VALIDATING: _FORWARD,
            _S.CANCELLED: _CANCEL,
            _S.FAILED: _FAIL,
        },
        _S.VALIDATING: {
            _S.INVESTIGATING: _BACK,
            _S.REMEDIATING: _FORWARD,
            _S.RESOLVED: _CLOSE,
            _S.CANCELLED: _CANCEL,
            _S.FAILED: _FAIL,
        },
        _S.REMEDIATING: {
            _S.VALIDATING: _BACK,
            _S.RESOLVED: _CLOSE,
            _S.CANCELLED: _CANCEL,
            _S.FAILED: _FAIL,
        },
        _S.FAILED: {_S.CANCELLED: _CANCEL, _S.PENDING: _REDRIVE},
        _S.RESOLVED: {},
        _S.CANCELLED: {},
    }
)
