"""`ant beta:worker check`: what it says about set-ups in which no work is done, on an emulator with keys."""

from __future__ import annotations

import os
import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from ant_cli.commands import worker_check, worker_findings
from ant_cli.errors import UsageError
from ant_cli.worker import lease
from ant_cli.worker.listener import Listener, ServedPage
from ant_cli.worker.metrics import Tally, WorkerMetrics, _readiness
from tests.helpers.servers import Act, ScriptedServer
from tests.worker.conftest import API_KEY

HANDLERS = {
    "good": "#!/bin/sh\n",
    "not-executable": "#!/bin/sh\n",
    "windows": "#!/bin/sh\r\n",
    "bare": "echo hello\n",
    "for-a-text": "#!./not-executable\n",
    "binary": "\x7fELF\0",
}


@pytest.fixture
def server_key():
    """The server checks keys."""
    return API_KEY


@pytest.fixture
def check(ant, queue):
    """Run the command with both keys and a good handler. It only reads, unless it may give items back."""
    for name, text in HANDLERS.items():
        Path(name).write_bytes(text.encode())
        Path(name).chmod(0o644 if name == "not-executable" else 0o755)
    Path("folder").mkdir()
    keys = {"ANTHROPIC_API_KEY": API_KEY, "ANTHROPIC_ENVIRONMENT_KEY": key_of(queue, queue.id)}

    def run(*words, environment="", handler="./good", ask=None, **env):
        before, heartbeats = len(queue.requests), queue.count("heartbeat")
        place, behind = [environment] if environment else [], ["--", handler] if handler else []
        done = ant(
            *("beta:worker", "check", *words, *place, *behind),
            env={
                "ANTHROPIC_BASE_URL": queue.url,
                "ANTHROPIC_ENVIRONMENT_ID": queue.id,
                **keys,
                **env,
            },
            network=True,
            terminal=ask is not None,
            ask=ask,
        )
        sent = [line for line in queue.requests[before:] if not line.startswith("GET ")]
        assert len(sent) == queue.count("heartbeat") - heartbeats
        assert not [line for line in queue.requests[before:] if "/poll" in line]
        assert "--requeue" in words or not sent
        return done

    return run


def key_of(queue, environment_id):
    """Make a key for the workers of an environment."""
    return queue.send("POST", f"/_emulator/environments/{environment_id}/key")["environment_key"]


def create(queue, type_):
    """Create another environment."""
    return queue.send("POST", "/v1/environments", {"name": type_, "config": {"type": type_}})["id"]


def poll_as_worker(queue):
    """Poll as the statistics count it."""
    return queue._client.get(f"{queue._path}/poll", headers={"Anthropic-Worker-ID": "w1"}).json()


def leave_waiting(queue):
    queue.enqueue()


def work(queue):
    """Let a worker poll, and an item wait for its next poll."""
    poll_as_worker(queue)
    queue.enqueue()


def wait_for_long(queue):
    """Let items wait while a worker polls."""
    queue.enqueue(2)
    queue.advance(100)
    poll_as_worker(queue)


def hold(queue):
    queue.enqueue()
    work_id = poll_as_worker(queue)["id"]
    queue.act(work_id, "ack")
    queue.act(work_id, "heartbeat")
    return work_id


def be_silent(queue):
    """Run a handler without heartbeats under `auto`: the worker takes the lease after 240 seconds."""
    (work_id,) = queue.enqueue()
    poll_as_worker(queue)
    queue.act(work_id, "ack")
    queue.advance(240)
    poll_as_worker(queue)


def fail(queue):
    """Leave an item that waits for its next attempt, as a worker that may write metadata does."""
    work_id = hold(queue)
    metadata = {
        "ant_last_error": "the handler exited with 1",
        "ant_retry_at": "2125-11-29T00:00:00Z",
    }
    queue.send("POST", f"{queue._path}/{work_id}", {"metadata": metadata})
    queue.advance(100)
    poll_as_worker(queue)


def hold_after_a_death(queue):
    """Let another worker wait for the next item."""
    hold_and_die(queue)
    work(queue)


def be_busy(queue):
    """Let the only worker run an item while another one waits."""
    work_id = hold(queue)
    queue.enqueue()
    queue.advance(100)
    queue.act(work_id, "heartbeat")


def hold_and_die(queue):
    hold(queue)
    queue.advance(100)


def abandon(queue):
    """Leave an item as users of the real service find it: acknowledged, without a heartbeat, and without end."""
    (work_id,) = queue.enqueue()
    poll_as_worker(queue)
    queue.act(work_id, "ack")
    with closing(sqlite3.connect("emulator.db", isolation_level=None)) as database:
        database.execute("UPDATE work SET lease_until = NULL")
    queue.advance(301)
    poll_as_worker(queue)
    return work_id


def fail_often(queue):
    """Let a worker in an outage hold what it has failed to run."""
    for _ in range(5):
        hold(queue)
    queue.advance(100)
    work(queue)


def give_up(queue):
    """Leave nothing but a dead letter."""
    poll_as_worker(queue)
    (work_id,) = queue.enqueue()
    queue.send(
        "POST",
        f"{queue._path}/{work_id}",
        {"metadata": {"ant_dead_letter": "3 attempts failed: no disk"}},
    )
    queue.act(work_id, "stop")


def archive(queue):
    queue.send("POST", f"/v1/environments/{queue.id}/archive", {})


def archive_with_work(queue):
    work(queue)
    archive(queue)


def fail_to_answer(queue):
    """Let the server be overloaded, for longer than requests are repeated."""
    work(queue)
    queue.fail("/work", status=503, times=100)


def use_cloud(queue):
    return {"environment": create(queue, "cloud")}


def use_key_of_another(queue):
    return {"ANTHROPIC_ENVIRONMENT_KEY": key_of(queue, create(queue, "self_hosted"))}


NO_KEY = {"ANTHROPIC_ENVIRONMENT_KEY": None}
NO_API_KEY = {"ANTHROPIC_API_KEY": None}
WRONG_KEY = {"ANTHROPIC_ENVIRONMENT_KEY": "sk-ant-oat01-no"}
FEDERATION = {
    "ANTHROPIC_FEDERATION_RULE_ID": "fdrl_1",
    "ANTHROPIC_ORGANIZATION_ID": "00000000-0000-0000-0000-000000000000",
    "ANTHROPIC_IDENTITY_TOKEN_FILE": "/no",
}
BROKEN = {
    "no worker": (leave_waiting, {}),
    "an empty queue without workers": (None, {}),
    "a wrong key": (None, WRONG_KEY),
    "an API key in place of the key": (None, {"ANTHROPIC_ENVIRONMENT_KEY": API_KEY}),
    "the key of another environment": (use_key_of_another, {}),
    "only an API key": (leave_waiting, NO_KEY),
    "no credential": (None, NO_KEY | NO_API_KEY),
    "an archived environment": (archive, {}),
    "an archived one, by its key": (archive, NO_API_KEY),
    "an environment in the cloud": (use_cloud, {}),
    "an unknown environment": (None, {"environment": "env_no"}),
    "a name for the key alone": (None, {"environment": "queue", **NO_API_KEY}),
    "a name of no environment": (None, {"environment": "no"}),
    "only busy workers": (be_busy, {}),
    "a dead worker": (hold_and_die, {}),
    "busy workers, or an outage": (wait_for_long, {}),
    "an outage": (fail_often, {}),
    "an item that nobody holds": (lambda queue: abandon(queue) and None, {}),
    "a handler that is not there": (work, {"handler": "./no"}),
    "a handler that is a folder": (work, {"handler": "./folder"}),
    "a handler without permission": (work, {"handler": "./not-executable"}),
    "a handler from Windows": (work, {"handler": "./windows"}),
    "a handler without interpreter": (work, {"handler": "./bare"}),
    "a handler whose interpreter can't be executed": (work, {"handler": "./for-a-text"}),
    "a server that can't answer": (fail_to_answer, {}),
    "no server": (None, {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}),
}
WORKING = {
    "a good worker without work": (poll_as_worker, "./binary"),
    "a good worker": (work, "/bin/sh"),
    "a dead letter": (give_up, "./good"),
    "a failed item": (fail, "./good"),
    "a dead worker, and another one": (hold_after_a_death, "./good"),
    "a handler without heartbeats": (be_silent, "./good"),
    "a busy worker": (hold, "./good"),
    "an archived environment with work": (archive_with_work, "./good"),
}
REPORTS = Path(__file__).with_name("check_reports.txt")
"""What is printed about each of them. ANT_WRITE_TRANSCRIPTS=1 writes it: review the differences."""


def assert_reported(name, report):
    """Compare a report, without IDs, moments and the usual lines, with the one that is expected."""
    hidden = {
        r"(_01|sk-ant-\.\.\.)\w+": r"\1",
        r"(within|end, in) \d+ s": r"\1 N s",
        r"^(Environment|Worker here|Dead letters  unknown|\w+ +0\b).*\n": "",
    }
    for pattern, shown in hidden.items():
        report = re.sub(pattern, shown, report, flags=re.MULTILINE)
    expected = dict(re.findall(r"^== (.*)\n((?:(?!== ).*\n)*)", REPORTS.read_text(), re.MULTILINE))
    if os.environ.get("ANT_WRITE_TRANSCRIPTS"):
        expected[name] = report
        REPORTS.write_text("".join(f"== {title}\n{text}" for title, text in expected.items()))
    assert report == expected[name]


@pytest.mark.parametrize("name", BROKEN)
def test_a_check_of_a_broken_set_up_names_the_cause_and_exits_with_1(queue, check, name):
    """Each is a question of "why does it not run?"."""
    break_it, changes = BROKEN[name]
    changes = changes | ((break_it and break_it(queue)) or {})
    done = check(**changes)
    assert_reported(name, done.stdout + done.stderr)
    assert done.exit == 1


@pytest.mark.parametrize("name", WORKING)
def test_a_check_exits_with_0_while_work_would_be_done(queue, check, name):
    """Finished items, and those that run, are shown as well."""
    prepare, handler = WORKING[name]
    prepare(queue)
    done = check(handler=handler)
    assert_reported(name, done.stdout)
    assert (done.exit, done.stderr) == (0, "")


def test_an_item_is_not_silent_before_its_worker_would_send_a_heartbeat():
    """With `auto`, that is late in the acknowledged lease. A minute more would be too late to notice."""
    first_heartbeat_s = lease._CLAIMED_AFTER * lease.ACKNOWLEDGED_S
    assert first_heartbeat_s < worker_findings._FRESH_S["starting"] < first_heartbeat_s + 60


def test_dead_letters_are_unknown_if_the_key_for_metadata_is_not_accepted(queue, check):
    """Workers with this key write none, so an empty list would say nothing."""
    fail(queue)  # an item whose failure was counted while the key was accepted
    right, wrong = check(ANT_WORKER_METADATA_KEY=API_KEY), check(ANT_WORKER_METADATA_KEY="wrong")
    assert "Dead letters  0\n" in right.stdout
    assert "ANT_WORKER_METADATA_KEY" not in right.stdout
    unknown = "Dead letters  unknown: the server does not take ANT_WORKER_METADATA_KEY\n"
    assert unknown in wrong.stdout
    assert "- The server does not take ANT_WORKER_METADATA_KEY: 401 Unauthorized: " in wrong.stdout
    assert (right.exit, wrong.exit) == (0, 0)


def test_a_server_that_is_overloaded_does_not_reject_the_key_for_metadata(queue, check):
    """Its response says nothing about the key."""
    work(queue)
    queue.fail(queue.id, status=503, times=1000)
    done = check("--format", "json", ANT_WORKER_METADATA_KEY=API_KEY)
    assert done.json["takes_metadata_key"] is None
    assert done.json["dead_letters"] is None


def test_dead_letters_are_unknown_if_the_worker_here_failed_to_write_metadata(queue, check):
    """It counts these failures, whatever key this check has."""
    work(queue)
    tally = Tally(1)
    tally.metadata_writes["failed"] = 3
    labels = {"environment_id": queue.id, "worker_id": "w"}
    metrics = ServedPage(200, "text/plain", WorkerMetrics(labels).text(tally))
    with closing(Listener("127.0.0.1", 0, {"/metrics": metrics}.get)) as listener:
        address = listener.url.removeprefix("http://")
        done = check("--listen", address, ANT_WORKER_METADATA_KEY=API_KEY)
    assert (
        "Dead letters  0 of the worker here, others unknown: the worker here can't write"
        in done.stdout
    )
    assert "- Writes of metadata by the worker here that have failed: 3." in done.stdout


def test_a_list_says_how_many_items_it_does_not_show(queue, check):
    """Ten of a kind are shown."""
    queue.enqueue(13)
    shown = check().stdout
    assert "Waiting       13\n" in shown
    assert shown.count("  queued\n") == 10
    assert "  and 3 more: --format json lists all\n" in shown


def test_that_no_worker_can_start_here_matters_if_none_polls_elsewhere(queue, check, monkeypatch):
    """Without a handler on the command line, this machine may only be where somebody looks."""

    def refuse(*_):
        raise UsageError("running sessions here needs the package anthropic.")

    monkeypatch.setattr(worker_check, "find_command", refuse)
    leave_waiting(queue)
    assert "! Running sessions here needs the package anthropic.\n" in check(handler=None).stdout
    poll_as_worker(queue)
    assert "- Running sessions here needs the package anthropic.\n" in check(handler=None).stdout


def test_a_queue_whose_item_was_only_handed_out_is_not_called_empty(queue, check):
    """Its worker has not acknowledged it yet."""
    work(queue)
    poll_as_worker(queue)
    done = check()
    assert (done.exit, "The queue is empty" in done.stdout) == (0, False)


def test_a_check_of_the_handler_in_a_flag_shows_the_command_of_the_worker_with_it(queue, check):
    """No handler follows --."""
    leave_waiting(queue)
    done = check("--on-work", "./good", handler=None)
    assert f"ant beta:worker poll {queue.id} -- ./good\n" in done.stdout
    assert "Handler       can be started\n" in done.stdout
    assert "'./no' is not a program" in check("--on-work", "./no", handler=None).stdout


@pytest.mark.parametrize("is_own", [True, False])
def test_a_check_asks_the_worker_on_this_machine_why_it_is_not_ready(queue, check, is_own):
    """The server does not know of an outage. A worker of another environment does not matter, whatever its name."""
    work(queue)
    tally = Tally(1)
    tally.outage, tally.items["dead_letter"] = "the handler exited with 125", 2
    own = {"environment_id": queue.id, "worker_id": "w"}
    other = {"environment_id": "env_2", "worker_id": f'",environment_id="{queue.id}"'}
    metrics = ServedPage(200, "text/plain", WorkerMetrics(own if is_own else other).text(tally))
    pages = {"/metrics": metrics, "/readyz": _readiness(tally, 0.0)}
    with closing(Listener("127.0.0.1", 0, pages.get)) as listener:
        done = check("--listen", listener.url.removeprefix("http://"))
    assert done.exit == int(is_own)
    cause = "not ready: outage: the handler exited with 125; only one item at a time runs, until one succeeds."
    assert (f"! The worker here is {cause}\n" in done.stdout) == is_own
    assert ("Dead letters  2 of the worker here" in done.stdout) == is_own
    assert ("none serves its state" in done.stdout) != is_own


@pytest.mark.parametrize(
    "beginning", [(), (b"HTTP/1.1 200 OK\r\n\r\n",), (b"HTTP/1.1 200 OK\r\na:",)]
)
def test_a_program_that_sends_without_end_does_not_keep_a_check(
    queue, check, monkeypatch, beginning
):
    """Anything may listen at the port of a worker, and each byte comes in time."""
    assert 1 <= worker_check._PATIENCE_S <= 5
    work(queue)
    monkeypatch.setattr(worker_check, "_PATIENCE_S", 0.2)
    with ScriptedServer((*beginning, Act.DRIP)) as server:
        done = check("--listen", server.url.removeprefix("http://"))
    assert (done.exit, "none serves its state" in done.stdout) == (0, True)


@pytest.mark.parametrize(("limit", "is_read"), [(1_000_000, True), (100, False)])
def test_a_page_that_is_too_large_is_not_that_of_a_worker(
    queue, check, monkeypatch, limit, is_read
):
    """Anything may listen at the port of a worker, and send what it likes."""
    work(queue)
    monkeypatch.setattr(worker_check, "_LARGEST_PAGE", limit)
    metrics = WorkerMetrics({"environment_id": queue.id, "worker_id": "w"}).text(Tally(1))
    pages = {
        "/metrics": ServedPage(200, "text/plain", metrics),
        "/readyz": ServedPage(200, "text/plain", "ready"),
    }
    with closing(Listener("127.0.0.1", 0, pages.get)) as listener:
        done = check("--listen", listener.url.removeprefix("http://"))
    assert ("none serves its state" in done.stdout) is not is_read


@pytest.mark.parametrize("words", [(), ("--yes",)])
def test_an_item_that_nobody_holds_is_given_back_on_demand(queue, check, words):
    """A person is asked first, because the item of a handler without heartbeats looks the same."""
    work_id = abandon(queue)
    asked = []
    assert check("--requeue", ask=lambda question: asked.append(question) or "n").exit == 2
    assert queue.count("heartbeat") == 0
    done = check("--requeue", *words, ask=lambda question: asked.append(question) or "y")
    assert len(asked) == 2 - len(words)
    assert all(
        f"Return {work_id} to the queue? A handler that still runs" in question
        for question in asked
    )
    assert f"Given back, and handed out in a few seconds: {work_id}\n" in done.stdout
    queue.advance(2)
    assert queue.poll()["id"] == work_id


def test_an_item_that_has_a_heartbeat_by_now_is_not_given_back(queue, check):
    """Its handler has just begun to send them."""
    work_id = abandon(queue)
    done = check("--requeue", ask=lambda _: queue.act(work_id, "heartbeat") and "y")
    assert (done.exit, "Given back" in done.stdout) == (0, False)
    assert queue.item(work_id)["state"] == "active"


def test_a_check_for_a_monitor_is_one_object(queue, check):
    """It has the numbers, the items and the findings."""
    hold_and_die(queue)
    done = check("--format", "json", environment="queue")
    assert done.json["environment"]["id"] == queue.id
    assert (done.exit, done.json["works"], done.json["may_poll"]) == (1, False, True)
    assert done.json["queue"]["workers_polling"] == 0
    (item,) = done.json["running"]
    assert 190 <= item["lease_ends_within_seconds"] <= 200
    assert [finding["blocks"] for finding in done.json["findings"]] == [True, True]


def test_on_windows_a_check_says_where_the_worker_can_be_started(monkeypatch):
    """The worker needs a POSIX system."""
    command = worker_check._start_command("env_1", ["./good"])
    assert command == "ant beta:worker poll env_1 -- ./good"
    monkeypatch.setattr(sys, "platform", "win32")
    assert (
        worker_check._start_command("env_1", ["./good"]) == f"in WSL or in a container, {command}"
    )


@pytest.mark.parametrize(
    ("words", "variables", "cause"),
    [
        (
            ["--profile", "p"],
            {},
            "! The environment could not be read: api_key_command of profile 'p' failed with",
        ),
        (
            [],
            FEDERATION,
            "! The environment could not be read: the identity token in /no can't be read",
        ),
    ],
)
def test_what_ant_refuses_is_not_said_of_the_server(ant, check, words, variables, cause):
    """No request was sent: there is no credential to send."""
    ant("profile", "create", "p")
    ant("profile", "set", "--profile", "p", "api_key_command", "false")
    done = check(*words, ANTHROPIC_API_KEY="", **variables)
    assert cause in done.stdout
    assert "The server refuses" not in done.stdout
    assert "ant beta:environments list" not in done.stdout
    assert not re.search(r" \n", done.stdout)


def test_a_check_names_the_command_that_lists_environments_once(check):
    """The error of a name has it, too."""
    assert check(environment="no").stdout.count("ant beta:environments list") == 1


def test_a_check_of_a_wrong_key_says_where_to_get_another(check):
    """The hint of the error only says how to see which key was sent."""
    assert "set ANTHROPIC_ENVIRONMENT_KEY.\n" in check(**WRONG_KEY).stdout
