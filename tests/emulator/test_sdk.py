"""The official Python SDK, an independent client, with a served emulator."""

from operator import attrgetter

import anyio
import pytest

from ant_cli.emulator import Emulator
from ant_cli.emulator.credentials import environment_key
from tests.conftest import needs_posix
from tests.helpers.emulators import serving

from . import response_types as types
from .api import API_KEY


@pytest.fixture
def worker_client(anthropic, served, queue):
    """Return the SDK's client of a served emulator, with the key of the queue's environment."""
    key, strictly = (
        environment_key(queue, ""),
        {"max_retries": 0, "_strict_response_validation": True},
    )
    with anthropic.Anthropic(base_url=served, auth_token=key, **strictly) as client:
        yield client


@pytest.fixture
def environments(client):
    """Return the SDK's resource for environments."""
    return client.beta.environments


@pytest.fixture
def queue(environments):
    """Return a self-hosted environment."""
    return environments.create(name="queue", config={"type": "self_hosted"}).id


@pytest.fixture
def enqueue(client, queue):
    """Return a function that puts work in the queue."""

    def enqueue(count):
        path = f"/_emulator/environments/{queue}/enqueue"
        return [
            item["id"] for item in client.post(path, body={"count": count}, cast_to=object)["data"]
        ]

    return enqueue


def test_the_sdk_creates_reads_updates_archives_and_deletes_environments(anthropic, environments):
    """Each method has its effect and returns the SDK's type."""
    created = environments.create(
        name="sdk",
        description="d",
        metadata={"k": "v"},
        config={
            "type": "cloud",
            "networking": {
                "type": "limited",
                "allowed_hosts": ["example.com"],
                "allow_package_managers": True,
            },
            "packages": {"pip": ["pandas"]},
        },
    )
    assert environments.retrieve(created.id) == created
    assert created.config.packages.pip == ["pandas"]
    updated = environments.update(
        created.id, name="new", metadata={"k": None}, config={"type": "cloud"}
    )
    assert (updated.name, updated.metadata, updated.config) == ("new", {}, created.config)
    assert environments.archive(created.id).archived_at is not None
    assert environments.delete(created.id).type == "environment_deleted"
    with pytest.raises(anthropic.NotFoundError) as raised:
        environments.retrieve(created.id)
    assert raised.value.request_id.startswith("req_")


def test_the_sdk_iterates_over_all_pages(environments):
    """Auto-paging returns every environment once, newest first."""
    names = [environments.create(name=f"e{number}").name for number in range(7)]
    assert [environment.name for environment in environments.list(limit=3)] == names[::-1]


def test_the_sdk_maps_error_statuses_to_its_exceptions(anthropic, environments, queue):
    """Each error status raises the SDK's exception for it."""
    with pytest.raises(anthropic.ConflictError):
        environments.create(name="queue")
    with pytest.raises(anthropic.BadRequestError, match="name: "):
        environments.create(name="")
    with pytest.raises(anthropic.BadRequestError):
        environments.update(queue, config={"type": "cloud"})


def test_the_sdk_drains_a_queue(environments, worker_client, queue, enqueue):
    """`iter_work` yields each item acknowledged, in order, and stops it afterwards."""
    from anthropic.lib.environments import iter_work

    enqueued = enqueue(5)
    work = worker_client.beta.environments.work
    drained = []
    for item in iter_work(work, environment_id=queue, worker_id="w1", drain=True, block_ms=None):
        drained.append(item.id)
        assert environments.work.retrieve(item.id, environment_id=queue).state == "starting"
    assert drained == enqueued
    assert {item.state for item in work.list(queue, limit=2)} == {"stopped"}
    assert work.stats(queue).workers_polling == 1


def test_the_sdk_leaves_items_running_without_automatic_stopping(worker_client, queue, enqueue):
    """Without automatic stopping the items stay with the worker that polled them."""
    from anthropic.lib.environments import iter_work

    enqueue(2)
    work = worker_client.beta.environments.work
    assert (
        len(list(iter_work(work, environment_id=queue, drain=True, block_ms=1, auto_stop=False)))
        == 2
    )
    assert {item.state for item in work.list(queue)} == {"starting"}


def test_the_sdk_keeps_a_lease_with_heartbeats(
    anthropic, environments, worker_client, queue, enqueue
):
    """It covers heartbeats, metadata, stopping, and the details of a lost lease."""
    enqueue(1)
    work = worker_client.beta.environments.work
    item = work.poll(queue, block_ms=1, reclaim_older_than_ms=1000, anthropic_worker_id="w1")
    work.ack(item.id, environment_id=queue)
    last = "NO_HEARTBEAT"
    for _ in range(3):
        beat = work.heartbeat(
            item.id, environment_id=queue, desired_ttl_seconds=30, expected_last_heartbeat=last
        )
        assert (beat.lease_extended, beat.state, beat.ttl_seconds) == (True, "active", 30)
        last = beat.last_heartbeat
    with pytest.raises(anthropic.PreconditionFailedError) as raised:
        work.heartbeat(item.id, environment_id=queue, expected_last_heartbeat="NO_HEARTBEAT")
    lease = raised.value.details.current_state
    assert (lease.last_heartbeat, lease.lease_extended, lease.ttl_seconds) == (last, False, 30)
    updated = environments.work.update(item.id, environment_id=queue, metadata={"k": "v"})
    assert updated.metadata == {"k": "v"}
    assert work.stop(item.id, environment_id=queue).state == "stopping"
    assert work.heartbeat(item.id, environment_id=queue).lease_extended is False
    assert work.stop(item.id, environment_id=queue, force=True).state == "stopped"
    assert work.poll(queue) is None


@pytest.mark.parametrize(
    ("ours", "theirs", "undocumented"),
    [
        (types.Environment, "BetaEnvironment", {"state"}),
        (types.EnvironmentDeleteResponse, "BetaEnvironmentDeleteResponse", set()),
        (types.Work, "environments.BetaSelfHostedWork", set()),
        (types.WorkHeartbeatResponse, "environments.BetaSelfHostedWorkHeartbeatResponse", set()),
        (types.WorkQueueStats, "environments.BetaSelfHostedWorkQueueStats", set()),
    ],
)
def test_responses_have_the_fields_of_the_sdks_types(anthropic, ours, theirs, undocumented):
    """A field that the SDK gains is missed here. `state` was recorded, and is in no type; later fields may be."""
    model, later = attrgetter(theirs)(anthropic.types.beta), set(types.LATER)
    assert set(ours.model_fields) - undocumented - later == set(model.model_fields) - later


def test_the_sdk_reads_the_list_of_models_to_its_end(anthropic, client):
    """The list has one page, whatever the limit is. Its model can be retrieved."""
    (model,) = client.models.list(limit=1)
    assert client.models.retrieve(model.id) == model
    with pytest.raises(anthropic.NotFoundError, match="there is only claude-opus"):
        client.models.retrieve("claude-unknown")


def test_the_sdk_retries_through_faults(anthropic, served, client):
    """With its retries, it does not notice temporary errors and broken connections."""
    for fault in ({"status": 529, "headers": ["retry-after-ms: 1"]}, {"disconnect": True}):
        client.post("/_emulator/faults", body=fault | {"path_contains": "/v1/"}, cast_to=object)
    with anthropic.Anthropic(base_url=served, api_key=API_KEY, max_retries=3) as patient:
        assert patient.beta.environments.create(name="patient").name == "patient"


# The worker


SCRIPT = [
    {
        "tool": "bash",
        "input": {"command": "echo one > a.txt && cat a.txt"},
        "expect": {"contains": "one"},
    },
    {
        "tool": "write",
        "input": {"file_path": "b.txt", "content": "two"},
        "expect": {"is_error": False},
    },
    {"tool": "read", "input": {"file_path": "b.txt"}, "expect": {"contains": "two"}},
    {"tool": "bash", "input": {"command": "exit 3"}, "expect": {"is_error": True}},
    {"tool": "glob", "input": {"pattern": "*.txt"}, "expect": {"contains": "a.txt"}},
]
"""Five tool calls with the results that the emulator expects."""


@pytest.fixture
def session(client, queue):
    """Return a queued session, whose agent calls five tools and then ends the session."""
    body = {"environment_id": queue, "script": [*SCRIPT, "terminate"]}
    return client.post("/_emulator/sessions", body=body, cast_to=object)["id"]


def check_session(client, session, end="session.status_terminated"):
    """Check that a session has ended, with the result of each call that its script expects."""
    events = list(client.beta.sessions.events.list(session))
    assert [event for event in events if event.type == "session.error"] == []
    assert [event.type for event in events].count("user.tool_result") == len(SCRIPT)
    assert events[-1].type == end
    assert client.beta.sessions.retrieve(session).status == end.rpartition("_")[2]


def run(base_url, queue, tmp_path, work):
    """Run `work` with a worker."""
    from anthropic import AsyncAnthropic
    from anthropic.lib.environments import EnvironmentWorker

    async def main():
        async with AsyncAnthropic(base_url=base_url, api_key="unused") as client:
            worker = EnvironmentWorker(
                client,
                environment_id=queue,
                environment_key=environment_key(queue, ""),
                workdir=tmp_path,
            )
            await work(worker)

    anyio.run(main)


@needs_posix("bash, which the SDK runs")
def test_the_sdk_worker_runs_a_session_to_its_end(
    anthropic, served, client, environments, worker_client, queue, session, tmp_path
):
    """It polls, acknowledges, keeps the lease, runs five tools, posts their results, and stops the item."""

    async def until_stopped(worker):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(worker.run)
            async with anthropic.AsyncAnthropic(base_url=served, api_key=API_KEY) as observer:
                stream = await observer.beta.sessions.events.stream(session)
                async for event in stream:
                    if event.type == "session.status_terminated":
                        break
                while worker_client.beta.environments.work.list(queue).data[0].state != "stopped":
                    await anyio.sleep(0)
            tasks.cancel_scope.cancel()

    run(served, queue, tmp_path, until_stopped)
    check_session(client, session)
    assert environments.work.stats(queue).depth == 0
    assert (tmp_path / "b.txt").read_text() == "two"


@needs_posix("bash, which the SDK runs")
def test_the_sdk_handles_a_claimed_item_with_only_its_secret(
    anthropic, database, tmp_path, monkeypatch
):
    """A process that received an item needs no key: the token in the item's secret gives it access."""
    from anthropic.lib.environments import EnvironmentWorker, iter_work

    monkeypatch.delenv("ANTHROPIC_ENVIRONMENT_KEY", raising=False)
    emulator = Emulator(database, api_key="secret")
    with (
        serving(emulator) as server,
        anthropic.Anthropic(base_url=server.url, api_key="secret") as client,
    ):
        queue = client.beta.environments.create(name="queue", config={"type": "self_hosted"}).id
        session = client.post(
            "/_emulator/sessions", body={"script": [*SCRIPT, "idle"]}, cast_to=object
        )["id"]
        item = next(
            iter_work(
                client.beta.environments.work, environment_id=queue, drain=True, auto_stop=False
            )
        )

        async def handle():
            async with anthropic.AsyncAnthropic(base_url=server.url, api_key="unused") as own:
                worker = EnvironmentWorker(
                    own, environment_id=queue, workdir=tmp_path, max_idle=0.01
                )
                await worker.handle_item(
                    work_id=item.id,
                    environment_id=queue,
                    session_id=item.data.id,
                    work_secret=item.secret,
                )

        anyio.run(handle)
        check_session(client, session, end="session.status_idle")
        assert (
            client.beta.environments.work.retrieve(item.id, environment_id=queue).state == "stopped"
        )
    emulator.close()


@needs_posix("bash, which the SDK runs")
def test_the_sdk_worker_stops_a_healthcheck_without_running_it(
    anthropic, served, client, environments, queue, tmp_path
):
    """A health check is acknowledged and stopped."""
    path = f"/_emulator/environments/{queue}/enqueue"
    item = client.post(path, body={"type": "healthcheck"}, cast_to=object)["data"][0]["id"]

    async def until_stopped(worker):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(worker.run)
            async with anthropic.AsyncAnthropic(base_url=served, api_key=API_KEY) as observer:
                work = observer.beta.environments.work
                while (await work.retrieve(item, environment_id=queue)).state != "stopped":
                    pass
            tasks.cancel_scope.cancel()

    run(served, queue, tmp_path, until_stopped)
    assert environments.work.stats(queue).depth == 0
