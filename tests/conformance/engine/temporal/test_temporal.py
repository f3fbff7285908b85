"""What holds of the Temporal engine beyond what every engine does."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError
from temporalio.worker import Replayer
from tests.conformance.engine.conftest import Backend
from tests.conftest import EVENTS

from integritas.kernel.contracts import Failure
from integritas.kernel.errors import (
    Conflict,
    InvalidInput,
    StorageBusy,
    Unavailable,
)
from integritas.kernel.ids import DEFAULT_TENANT, RunId
from integritas.workflows.api import (
    Call,
    RunFilter,
    RunState,
    StepState,
    TemporalServer,
    check_server,
)
from integritas.workflows.backends.temporal.interpreter import RunWorkflow
from integritas.workflows.backends.temporal.messages import (
    FORGOTTEN,
    STATE_QUERY,
    SUBJECT,
    WORKFLOW_TYPE,
    RunOrder,
    RunStatus,
    workflow_id,
)
from integritas.workflows.tables import RUN_OPTIONS, RUN_STEPS, RUNS

if TYPE_CHECKING:
    from tests.conformance.engine.conftest import World

    from integritas.platform.db import Work

pytestmark = pytest.mark.integration

GO = {"name": "s", "signal": "go"}
SUBJECT_KEY = SearchAttributeKey.for_keyword(SUBJECT)
_queues = itertools.count(1)


@pytest.fixture(params=["sqlite", "postgres"])
def backend(
    request: pytest.FixtureRequest, tmp_path: Path, temporal_address: str
) -> Backend:
    """Return the Temporal engine on each database."""
    url = f"sqlite:///{tmp_path}/engine.db"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    queue = f"own-{next(_queues)}"
    return Backend(url, TemporalServer(temporal_address, "default", queue))


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Poll until something holds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + 20
    while not await holds():
        assert loop.time() < deadline, "it did not come to be"
        await asyncio.sleep(0.02)


async def client_of(world: World) -> Client:
    server = world.backend.server
    assert server is not None
    return await Client.connect(server.address)


async def handle_of(world: World, run_id: RunId) -> WorkflowHandle[Any, Any]:
    """Return the workflow of a run, once Temporal knows of it."""
    client = await client_of(world)
    handle = client.get_workflow_handle(workflow_id(world.context.tenant, run_id))

    async def known() -> bool:
        with suppress(RPCError):
            await handle.describe()
            return True
        return False

    await until(known)
    return handle


async def result_of(handle: WorkflowHandle[Any, Any]) -> Any:
    async with asyncio.timeout(20):
        return await handle.result()


async def ended_as(world: World, run_id: RunId, status: WorkflowExecutionStatus) -> Any:
    """Wait until a run's workflow has that status; return its handle."""
    handle = await handle_of(world, run_id)

    async def holds() -> bool:
        return (await handle.describe()).status is status

    await until(holds)
    return handle


async def test_the_history_holds_ids_and_outcomes_alone(world: World) -> None:
    secret = "xyzzy"
    world.services["x.do"].answer = lambda _: {"found": secret}
    world.service("y.do", lambda _: Failure("invalid_input", f"not {secret}"))
    world.service("x.undo", lambda _: f"undone {secret}")
    await world.up()
    await world.define(
        world.step("work", inputs={"x": "submission.it"}),
        name="child",
        outputs={"it": "steps.work.found"},
    )
    await world.define(
        world.step("a", inputs={"x": "submission.it"}, compensate="x.undo"),
        world.step("b", after=["a"], when="steps.a.found == submission.it"),
        {**GO, "after": ["b"]},
        {"name": "ok", "approval": {}, "after": ["s"]},
        world.step(
            "each",
            for_each="[submission.it, submission.it]",
            compensate="x.undo",
            after=["ok"],
        ),
        {
            "name": "sub",
            "workflow": "child",
            "inputs": {"it": "submission.it"},
            "after": ["each"],
        },
        world.step("c", "y.do", after=["sub"], on_failure="compensate"),
    )
    run_id = await world.start(given={"it": secret})
    await world.desk.signal(world.context, run_id, "go", {"why": secret})
    await world.until(run_id, lambda d: world.states(d)["ok"] is StepState.WAITING)

    async def decided() -> bool:
        try:
            await world.desk.decide(
                world.context, run_id, "ok", approve=True, reason=secret
            )
        except Conflict:
            return False
        return True

    await world.poll(decided)
    detail = await world.ended(run_id)
    assert detail.run.cause == f"step c failed: not {secret}"
    assert world.states(detail)["compensate:a"] is StepState.COMPENSATED
    assert world.states(detail)["compensate:each[1]"] is StepState.COMPENSATED
    [child] = await world.desk.search(DEFAULT_TENANT, RunFilter(parent=run_id))
    for each, status in (
        (run_id, WorkflowExecutionStatus.FAILED),
        (child.id, WorkflowExecutionStatus.COMPLETED),
    ):
        handle = await ended_as(world, each, status)
        history = await handle.fetch_history()
        kept = b"".join(event.SerializeToString() for event in history.events)
        assert each.encode() in kept
        assert secret.encode() not in kept


async def replayed(world: World, run_id: RunId, status: WorkflowExecutionStatus) -> int:
    """Replay the last history of a run; return how many events it has."""
    handle = await ended_as(world, run_id, status)
    history = await handle.fetch_history()
    await Replayer(workflows=[RunWorkflow]).replay_workflow(history)
    return len(history.events)


async def test_a_history_replays(world: World) -> None:
    world.service("y.do", lambda _: Failure("unavailable", "no", retryable=True))
    await world.up()
    await world.define(world.step("work"), name="child")
    await world.define(
        world.step("a"),
        world.step("b", after=["a"], when="false"),
        world.step("c", "y.do", after=["a"], on_failure="continue"),
        {**GO, "after": ["b", "c"]},
        {"name": "rest", "sleep_s": 0.01},
        world.step("each", for_each="[1, 2, 3]", parallel=2),
        {"name": "sub", "workflow": "child", "after": ["rest"]},
        timeout_s=60,
    )
    run_id = await world.start()
    await world.desk.signal(world.context, run_id, "go", None)
    assert (await world.ended(run_id)).run.state is RunState.SUCCEEDED
    assert await replayed(world, run_id, WorkflowExecutionStatus.COMPLETED) > 20


async def test_the_history_of_a_run_that_was_undone_replays(world: World) -> None:
    world.service("y.undo")
    await world.up()
    await world.define(GO, name="child")
    await world.define(
        world.step("a", compensate="y.undo"),
        {"name": "sub", "workflow": "child", "after": ["a"]},
    )
    run_id = await world.start()
    await until(lambda: _has_child(world, run_id))
    await world.desk.cancel(world.context, run_id, "enough")
    detail = await world.ended(run_id)
    assert (detail.run.state, detail.run.cause) == (RunState.CANCELLED, "enough")
    assert world.services["y.undo"].steps == ["a"]
    assert await replayed(world, run_id, WorkflowExecutionStatus.CANCELED) > 20


async def _has_child(world: World, run_id: RunId) -> bool:
    return bool(await world.desk.search(DEFAULT_TENANT, RunFilter(parent=run_id)))


async def test_a_history_that_grows_long_begins_anew(world: World) -> None:
    undo = world.service("y.undo")
    world.services["x.do"].answer = lambda call: call.item
    await world.up()
    await world.define(GO, name="child")
    await world.define(
        world.step(
            "each", for_each="submission.list", parallel=10, compensate="y.undo"
        ),
        GO,
        {"name": "sub", "workflow": "child"},
        {"name": "last", "signal": "last", "after": ["each", "s", "sub"]},
    )
    run_id = await world.start(given={"list": list(range(60))})
    await world.until(
        run_id, lambda d: world.states(d).get("each") is StepState.SUCCEEDED
    )
    handle = await handle_of(world, run_id)

    async def anew() -> bool:
        return (await handle.describe()).run_id != first

    first = (await handle.describe()).run_id
    [child] = await world.desk.search(DEFAULT_TENANT, RunFilter(parent=run_id))
    await world.desk.signal(world.context, run_id, "go", None)
    await world.desk.signal(world.context, child.id, "go", None)
    await world.until(
        run_id, lambda d: world.states(d).get("sub") is StepState.SUCCEEDED
    )
    await world.desk.cancel(world.context, run_id, "enough")
    detail = await world.ended(run_id)
    assert detail.run.state is RunState.CANCELLED
    await until(anew)  # in going back at the latest
    undone = [call.item for batch in undo.batches for call in batch]
    assert undone == list(range(59, -1, -1))
    assert len(world.services["x.do"].steps) == 60
    description = await handle.describe()
    assert description.history_length < 2 * EVENTS
    assert description.typed_search_attributes[SUBJECT_KEY] == "thing"


@pytest.mark.parametrize(("own", "key"), [(100, 1), (1, 2), (0, 3), (-1, 4), (-100, 5)])
async def test_temporal_is_told_of_priorities(world: World, own: int, key: int) -> None:
    await world.up()
    await world.define(world.step("a"), priority=own)
    run_id = (await world.run()).run.id
    handle = await ended_as(world, run_id, WorkflowExecutionStatus.COMPLETED)
    [call] = [
        event.activity_task_scheduled_event_attributes
        for event in (await handle.fetch_history()).events
        if event.HasField("activity_task_scheduled_event_attributes")
    ]
    assert call.priority.priority_key == key


async def test_temporal_answers_how_a_run_stands(world: World) -> None:
    await world.up()
    await world.define(world.step("a"), {**GO, "after": ["a"]})
    run_id = await world.start()
    handle = await handle_of(world, run_id)

    async def waits() -> bool:
        found = await handle.query(STATE_QUERY, result_type=RunStatus)
        return bool(found == RunStatus("running", {"a": "succeeded", "s": "waiting"}))

    await until(waits)


@pytest.mark.parametrize(
    "query",
    [
        "IntegritasSubject = 'thing'",
        f"IntegritasTenant = '{DEFAULT_TENANT}'",
        "IntegritasWorkflow = 'w'",
    ],
)
async def test_temporal_finds_runs_by_what_they_are_about(
    world: World, query: str
) -> None:
    await world.up()
    await world.define(GO)
    run_id = await world.start()
    client = await client_of(world)

    async def found() -> bool:
        queue = getattr(world.backend.server, "task_queue", "")
        asked = f"{query} AND TaskQueue = '{queue}'"
        ids = [each.id async for each in client.list_workflows(asked)]
        return ids == [workflow_id(world.context.tenant, run_id)]

    await until(found)


async def test_what_is_cancelled_in_temporal_is_cancelled(world: World) -> None:
    await world.up()
    await world.define(GO)
    run_id = await world.start()
    handle = await handle_of(world, run_id)
    await until(lambda: _there(handle))
    await handle.cancel()
    detail = await world.ended(run_id)
    assert detail.run.state is RunState.CANCELLED
    assert detail.run.cause == "cancelled in Temporal"
    await ended_as(world, run_id, WorkflowExecutionStatus.CANCELED)


async def test_what_is_cancelled_in_temporal_is_undone_here(world: World) -> None:
    undo = world.service("y.undo")
    await world.up()
    await world.define(world.step("a", compensate="y.undo"), {**GO, "after": ["a"]})
    run_id = await world.start()
    await world.until(run_id, lambda d: world.states(d).get("a") is StepState.SUCCEEDED)
    handle = await handle_of(world, run_id)
    await handle.cancel()
    detail = await world.ended(run_id)
    assert detail.run.state is RunState.CANCELLED
    assert detail.run.cause == "cancelled in Temporal"
    assert undo.steps == ["a"]
    await ended_as(world, run_id, WorkflowExecutionStatus.CANCELED)


async def test_what_was_kept_is_undone_though_its_answer_was_lost_as_it_was_called_off(
    world: World,
) -> None:
    slow = world.service("slow.do")
    slow.gate = asyncio.Event()
    world.service("x.undo")
    world.services["x.do"].answer = lambda _: Failure("invalid_input", "cannot")
    await world.up()
    database = world.database
    assert database is not None
    await world.define(
        world.step("slow", operation="slow.do", compensate="x.undo"),
        world.step("bad", on_failure="compensate"),
    )
    run_id = await world.start()
    handle = await handle_of(world, run_id)

    async def called_off() -> bool:
        pending = (await handle.describe()).raw_description.pending_activities
        cancelling = PendingActivityState.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED
        return any(each.state == cancelling for each in pending)

    await until(called_off)

    async def lose(work: Work[Any], **_: bool) -> Any:
        database.transact = keep  # type: ignore[method-assign] # once is enough
        await keep(work)
        raise StorageBusy("the answer is lost")

    keep = database.transact
    database.transact = lose  # type: ignore[method-assign] # the fault
    slow.gate.set()
    detail = await world.ended(run_id)
    assert detail.run.cause == "step bad failed: cannot"
    assert world.states(detail)["compensate:slow"] is StepState.COMPENSATED


async def test_a_child_that_was_terminated_in_temporal_fails_its_parents_step(
    world: World,
) -> None:
    await world.up()
    await world.define(GO, name="child")
    await world.define({"name": "sub", "workflow": "child"})
    run_id = await world.start()
    await until(lambda: _has_child(world, run_id))
    [child] = await world.desk.search(DEFAULT_TENANT, RunFilter(parent=run_id))
    handle = await handle_of(world, child.id)
    await until(lambda: _there(handle))
    await handle.terminate()
    await world.down()
    await world.up()
    detail = await world.ended(run_id)
    assert detail.run.state is RunState.FAILED
    assert "its workflow was terminated in Temporal" in detail.run.cause


async def test_runs_go_over_from_one_engine_to_the_other_and_back(world: World) -> None:
    temporal = world.backend
    embedded = replace(temporal, server=None)
    undo = world.service("y.undo")
    world.services["x.do"].answer = lambda call: call.item
    await world.up()
    await world.define(GO, name="child")
    await world.define(
        world.step("each", for_each="[1, 2]", compensate="y.undo"),
        {"name": "sub", "workflow": "child", "after": ["each"]},
        {"name": "rest", "sleep_s": 3_600},
        {"name": "last", "signal": "last", "after": ["sub"]},
    )
    run_id = await world.start()
    await until(lambda: _has_child(world, run_id))
    [child] = await world.desk.search(DEFAULT_TENANT, RunFilter(parent=run_id))
    await world.down()
    world.backend = embedded
    await world.up()
    await world.desk.signal(world.context, child.id, "go", None)
    await world.until(
        run_id, lambda d: world.states(d).get("last") is StepState.WAITING
    )
    world.backend = temporal
    await world.down_for(timedelta(hours=1))
    await world.desk.signal(world.context, run_id, "last", None)
    detail = await world.ended(run_id)
    assert detail.run.state is RunState.SUCCEEDED
    assert world.last(detail, "rest").state is StepState.SUCCEEDED
    assert len(world.services["x.do"].steps) == 2
    assert undo.steps == []


async def _there(handle: WorkflowHandle[Any, Any]) -> bool:
    try:
        return (await handle.describe()).status is not None
    except Exception:  # noqa: BLE001 - not there yet
        return False


async def test_what_is_cancelled_here_is_cancelled_in_temporal(world: World) -> None:
    await world.up()
    await world.define(GO)
    run_id = await world.start()
    await world.desk.cancel(world.context, run_id, "enough")
    assert (await world.ended(run_id)).run.cause == "enough"
    await ended_as(world, run_id, WorkflowExecutionStatus.CANCELED)


async def test_what_was_terminated_in_temporal_fails_at_the_next_start(
    world: World,
) -> None:
    await world.up()
    await world.define(GO)
    run_id = await world.start()
    handle = await handle_of(world, run_id)
    await until(lambda: _there(handle))
    await handle.terminate()
    await world.down()
    await world.up()
    detail = await world.ended(run_id)
    assert detail.run.state is RunState.FAILED
    assert detail.run.cause == "its workflow was terminated in Temporal"


async def test_another_worker_takes_over(world: World) -> None:
    await world.up()
    await world.define(world.step("a"))
    assert world.database is not None
    desk, second, _ = world.parts(world.database)
    await second.start()

    async def works() -> bool:
        return await second.ping() is None

    await until(works)
    for number in range(3):  # what wakes the first wakes the second in vain
        detail = await world.run(subject=f"s{number}")
        assert detail.run.state is RunState.SUCCEEDED
    await world.engine.stop()
    run_id = await desk.start(world.context, "w", subject="later")
    try:
        assert (await world.ended(run_id)).run.state is RunState.SUCCEEDED
    finally:
        await second.stop()


async def test_without_a_server_it_says_so_and_goes_on_once_there_is_one(
    world: World, unused_tcp_port: int
) -> None:
    server = world.backend.server
    assert server is not None
    address = f"127.0.0.1:{unused_tcp_port}"
    world.backend = replace(world.backend, server=replace(server, address=address))
    await world.up()
    await world.define(world.step("a"))

    async def told() -> bool:
        why = await world.engine.ping()
        return why is not None and f"Temporal at {address} cannot be reached" in why

    await until(told)
    run_id = await world.desk.start(world.context, "w", subject="thing")
    command = [str(Path(sys.executable).parent / "temporal"), "server", "start-dev"]
    options = ["--headless", "--ip", "127.0.0.1", "--port", str(unused_tcp_port)]
    late = await asyncio.create_subprocess_exec(
        *command, *options, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        # Search attributes that the engine adds are usable some seconds later.
        async def done() -> bool:
            runs = await world.desk.runs(world.context.tenant)
            return [run.state for run in runs] == [RunState.SUCCEEDED]

        for _ in range(2):
            try:
                await until(done)
            except AssertionError:
                continue
            break
        assert await done(), await world.engine.ping()
        assert run_id
    finally:
        await world.down()
        late.terminate()
        await late.wait()


async def test_a_namespace_that_is_not_there_is_named(world: World) -> None:
    server = world.backend.server
    assert server is not None
    with pytest.raises(InvalidInput) as told:
        await check_server(replace(server, namespace="none"))
    assert told.value.errors[0].path == "INTEGRITAS_TEMPORAL_NAMESPACE"


async def test_a_server_that_is_not_there_is_named(unused_tcp_port: int) -> None:
    with pytest.raises(Unavailable) as told:
        await check_server(TemporalServer(f"127.0.0.1:{unused_tcp_port}", "d", "q"))
    assert told.value.errors[0].path == "INTEGRITAS_TEMPORAL_ADDRESS"


async def test_a_certificate_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    none = TemporalServer("127.0.0.1:1", "d", "q", cert_file=tmp_path / "none.pem")
    with pytest.raises(InvalidInput) as told:
        await check_server(none)
    assert told.value.errors[0].path == "INTEGRITAS_TEMPORAL_TLS_CERT_FILE"


async def test_a_run_forgotten_before_temporal_heard_of_its_end_ends(
    world: World,
) -> None:
    """Temporal carries an activity again whose answer it lost: then the run is gone."""

    def forget(_: Call) -> str:
        assert world.database is not None
        with world.database.engine.begin() as connection:
            for table in (RUN_OPTIONS, RUN_STEPS, RUNS):
                connection.execute(sa.delete(table))
        return "done"

    world.services["x.do"].answer = forget
    await world.up()
    await world.define(world.step("a"))
    run_id = await world.desk.start(world.context, "w", subject="x")
    handle = await handle_of(world, run_id)
    assert await result_of(handle) == FORGOTTEN
    server = world.backend.server
    assert server is not None
    again = await (await client_of(world)).start_workflow(
        WORKFLOW_TYPE,
        RunOrder(world.context.tenant, run_id),
        id=f"again-{run_id}",
        task_queue=server.task_queue,
    )
    assert await result_of(again) == FORGOTTEN
