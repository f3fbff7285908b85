"""What others may use of workflows: definitions, the desk, the engine and its parts."""

from __future__ import annotations

from integritas.workflows.admission import Admission
from integritas.workflows.backends.choice import (
    check_server,
    make_engine,
    temporal_server,
)
from integritas.workflows.backends.embedded import EmbeddedEngine
from integritas.workflows.backends.intake import Intake
from integritas.workflows.backends.temporal.address import TemporalServer
from integritas.workflows.casework import (
    CaseEffects,
    Dossiers,
    bind_cases,
    register_services,
    reopener,
)
from integritas.workflows.definitions import CASE_WORKFLOW, Definitions
from integritas.workflows.engine import Effects, Engine, NoEffects, RunEnded, StepDone
from integritas.workflows.erasing import redact_results
from integritas.workflows.graph import Graph, build_graph
from integritas.workflows.learning import Lessons
from integritas.workflows.model import (
    Definition,
    OnFailure,
    Parent,
    RetryPolicy,
    RunOptions,
    RunState,
    RunView,
    Step,
    StepState,
    StepView,
)
from integritas.workflows.parse import (
    check_definition,
    parse_definition,
    read_definition,
)
from integritas.workflows.pauses import Pause
from integritas.workflows.reassessing import Reassessor
from integritas.workflows.registry import (
    Call,
    Codec,
    JsonCodec,
    Operation,
    OperationSpec,
    Registry,
)
from integritas.workflows.schedules import CatchUp, Overlap, Schedule, Schedules
from integritas.workflows.search import RunFilter
from integritas.workflows.service import RunDetail, WorkflowDesk
from integritas.workflows.store import RunStore
from integritas.workflows.wire import DefinitionIn, definition_document

__all__ = [
    "CASE_WORKFLOW",
    "Admission",
    "Call",
    "CaseEffects",
    "CatchUp",
    "Codec",
    "Definition",
    "DefinitionIn",
    "Definitions",
    "Dossiers",
    "Effects",
    "EmbeddedEngine",
    "Engine",
    "Graph",
    "Intake",
    "JsonCodec",
    "Lessons",
    "NoEffects",
    "OnFailure",
    "Operation",
    "OperationSpec",
    "Overlap",
    "Parent",
    "Pause",
    "Reassessor",
    "Registry",
    "RetryPolicy",
    "RunDetail",
    "RunEnded",
    "RunFilter",
    "RunOptions",
    "RunState",
    "RunStore",
    "RunView",
    "Schedule",
    "Schedules",
    "Step",
    "StepDone",
    "StepState",
    "StepView",
    "TemporalServer",
    "WorkflowDesk",
    "bind_cases",
    "build_graph",
    "check_definition",
    "check_server",
    "definition_document",
    "make_engine",
    "parse_definition",
    "read_definition",
    "redact_results",
    "register_services",
    "reopener",
    "temporal_server",
]
