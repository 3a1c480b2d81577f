"""The official Python SDK, which nobody here wrote, against a served emulator."""

import anthropic
import pytest
from anthropic.lib.environments import iter_work


@pytest.fixture
def client(served):
    """Return the SDK's client of a served emulator."""
    with anthropic.Anthropic(base_url=served, api_key="any-key", max_retries=0) as client:
        yield client


@pytest.fixture
def environments(client):
    """Return the SDK's view of environments."""
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
        return [item["id"] for item in client.post(path, body={"count": count}, cast_to=object)["data"]]

    return enqueue


def test_the_sdk_keeps_environments(environments):
    """Create, retrieve, update, archive and delete do what they say."""
    created = environments.create(
        name="sdk",
        description="d",
        metadata={"k": "v"},
        config={
            "type": "cloud",
            "networking": {"type": "limited", "allowed_hosts": ["example.com"], "allow_package_managers": True},
            "packages": {"pip": ["pandas"]},
        },
    )
    assert environments.retrieve(created.id) == created
    assert created.config.packages.pip == ["pandas"]
    updated = environments.update(created.id, name="new", metadata={"k": None}, config={"type": "cloud"})
    assert (updated.name, updated.metadata, updated.config) == ("new", {}, created.config)
    assert environments.archive(created.id).archived_at is not None
    assert environments.delete(created.id).type == "environment_deleted"
    with pytest.raises(anthropic.NotFoundError) as raised:
        environments.retrieve(created.id)
    assert raised.value.request_id.startswith("req_")


def test_the_sdk_follows_the_pages(environments):
    """Auto-paging shows every environment once, newest first."""
    names = [environments.create(name=f"e{number}").name for number in range(7)]
    assert [environment.name for environment in environments.list(limit=3)] == names[::-1]


def test_the_sdk_tells_errors_apart(environments, queue):
    """Statuses become the SDK's own exceptions."""
    with pytest.raises(anthropic.ConflictError):
        environments.create(name="queue")
    with pytest.raises(anthropic.BadRequestError, match="name: "):
        environments.create(name="")
    with pytest.raises(anthropic.BadRequestError):
        environments.update(queue, config={"type": "cloud"})


def test_the_sdk_drains_a_queue(environments, queue, enqueue):
    """`iter_work` yields each item acknowledged, in order, and stops it afterwards."""
    enqueued = enqueue(5)
    work = environments.work
    drained = []
    for item in iter_work(work, environment_id=queue, worker_id="w1", drain=True, block_ms=None):
        drained.append(item.id)
        assert work.retrieve(item.id, environment_id=queue).state == "starting"
    assert drained == enqueued
    assert {item.state for item in work.list(queue, limit=2)} == {"stopping"}
    assert work.stats(queue).workers_polling == 1


def test_the_sdk_lets_work_go_unstopped(environments, queue, enqueue):
    """Without automatic stopping the items stay with whoever they were handed to."""
    enqueue(2)
    work = environments.work
    assert len(list(iter_work(work, environment_id=queue, drain=True, block_ms=1, auto_stop=False))) == 2
    assert {item.state for item in work.list(queue)} == {"starting"}


def test_the_sdk_keeps_a_lease(environments, queue, enqueue):
    """Heartbeats, metadata and stopping, down to the details of a lost lease."""
    enqueue(1)
    work = environments.work
    item = work.poll(queue, block_ms=1, reclaim_older_than_ms=1000, anthropic_worker_id="w1")
    work.ack(item.id, environment_id=queue)
    last = "NO_HEARTBEAT"
    for _ in range(3):
        beat = work.heartbeat(item.id, environment_id=queue, desired_ttl_seconds=30, expected_last_heartbeat=last)
        assert (beat.lease_extended, beat.state, beat.ttl_seconds) == (True, "active", 30)
        last = beat.last_heartbeat
    with pytest.raises(anthropic.APIStatusError) as raised:
        work.heartbeat(item.id, environment_id=queue, expected_last_heartbeat="NO_HEARTBEAT")
    assert raised.value.status_code == 412
    assert raised.value.body["error"]["details"]["current_state"]["last_heartbeat"] == last
    assert work.update(item.id, environment_id=queue, metadata={"k": "v"}).metadata == {"k": "v"}
    assert work.stop(item.id, environment_id=queue).state == "stopping"
    assert work.heartbeat(item.id, environment_id=queue).lease_extended is False
    assert work.stop(item.id, environment_id=queue, force=True).state == "stopped"
    assert work.poll(queue) is None


def test_the_sdk_survives_faults(served, client):
    """With its retries on, errors and broken connections that pass are not noticed."""
    for fault in ({"status": 529, "retry_after_ms": 1}, {"disconnect": True}):
        client.post("/_emulator/faults", body=fault | {"path_contains": "/v1/"}, cast_to=object)
    with anthropic.Anthropic(base_url=served, api_key="any-key", max_retries=3) as patient:
        assert patient.beta.environments.create(name="patient").name == "patient"
