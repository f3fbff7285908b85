"""What others may use of workflows: definitions, the desk, the engine and its parts."""

from __future__ import annotations

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
)
from integritas.workflows.definitions import CASE_WORKFLOW, Definitions
from integritas.workflows.engine import Effects, Engine, NoEffects, RunEnded, StepDone
from integritas.workflows.graph import Graph, build_graph
from integritas.workflows.model import (
    Definition,
    OnFailure,
    RetryPolicy,
    RunState,
    RunView,
    Step,
    StepState,
    StepView,
)
from integritas.workflows.parse import (
    DefinitionIn,
    check_definition,
    definition_document,
    parse_definition,
    read_definition,
)
from integritas.workflows.registry import (
    Call,
    Codec,
    JsonCodec,
    Operation,
    OperationSpec,
    Registry,
)
from integritas.workflows.service import RunDetail, WorkflowDesk
from integritas.workflows.store import RunStore

__all__ = [
    "CASE_WORKFLOW",
    "Call",
    "CaseEffects",
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
    "NoEffects",
    "OnFailure",
    "Operation",
    "OperationSpec",
    "Registry",
    "RetryPolicy",
    "RunDetail",
    "RunEnded",
    "RunState",
    "RunStore",
    "RunView",
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
    "register_services",
    "temporal_server",
]
