"""What the items of a worker share: how long it insists, what its handlers get, and how outages begin and end."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import threading
from types import SimpleNamespace

import pytest

from ant_cli.errors import NetworkError
from ant_cli.operations.spec import Flags
from ant_cli.runtime import ServerClock
from ant_cli.settings.loading import load
from ant_cli.worker import handler as handler_module
from ant_cli.worker.context import WorkerContext, _end_leases_command, handler_environment
from ant_cli.worker.endings import Ending, Run, before_run, ended, ended_itself, judge
from ant_cli.worker.failures import NEVER_RUN, History, history_in, pause_after
from ant_cli.worker.guardian import Fallback
from ant_cli.worker.handler import Handler
from ant_cli.worker.log import LogView, WorkerLog
from ant_cli.worker.memory import Memory
from ant_cli.worker.outage import Outage
from tests.conftest import KEY, Screen, make_runtime
from tests.helpers.work_server import ITEM, WorkServer
from tests.worker.conftest import exited, poll_options
from tests.worker.simulation import SimulatedLoop

NOW = 1_790_000_000.0
API_KEY = "sk-ant-api03-of-the-operator"


@pytest.fixture
def in_context(clean_environ):
    """Return a function that lets a story happen in the context of a worker, in simulated time by default."""

    def run(
        story,
        *,
        environ=None,
        base_url="http://127.0.0.1:1",
        loop_factory=SimulatedLoop,
        **options,
    ):
        screen = Screen(terminal=False)

        async def tell():
            runtime = make_runtime({**clean_environ, **(environ or {})}, stderr=screen)
            log = WorkerLog(runtime.stderr, LogView(runtime, "json").line, {})
            flags = {name: text for name, text in options.items() if name != "metadata_key"}
            given = poll_options(**flags).replaced(metadata_key=options.get("metadata_key", ""))
            connection = load(runtime, Flags({"base_url": base_url})).connection
            context = WorkerContext(given, ["true"], connection, runtime, log)
            try:
                return await story(context)
            finally:
                context.close()

        with asyncio.Runner(loop_factory=loop_factory) as runner:
            result = runner.run(tell())
        return result, [json.loads(line) for line in screen.text().splitlines()]

    return run


@pytest.mark.parametrize(
    ("stage", "is_refused", "waited", "expected"),
    [
        (None, False, 0, 300.0),
        (None, True, 0, 10.0),
        ("terminating", False, 0, 10.0),
        ("killing", False, 0, 5.0),
        ("draining", False, 0, 300.0),
        ("terminating", False, 8, 5.0),
        ("terminating", True, 0, 10.0),
    ],
)
def test_how_long_a_worker_insists_depends_on_its_end(
    in_context, stage, is_refused, waited, expected
):
    """Five minutes, or the rest of its time, but at least a moment."""

    async def story(context):
        context.key_is_refused = is_refused
        if stage:
            getattr(context.shutdown, stage).set_result(None)
        await asyncio.sleep(waited)
        began = context.now()
        return context.insists_until(began) - began

    found, _ = in_context(story, kill_timeout="10s")
    assert found == pytest.approx(expected)


def test_the_third_signal_leaves_no_more_time_than_the_second(in_context):
    """What was begun before ends soon."""

    async def story(context):
        began = context.now()
        context.shutdown.killing.set_result(None)
        await asyncio.sleep(1)
        context.shutdown.terminating.set_result(None)
        await asyncio.sleep(0)
        return context.insists_until(began) - began

    assert in_context(story, kill_timeout="60s")[0] == pytest.approx(5.0)


def test_a_worker_distrusts_its_handlers_once(in_context):
    """It says so as an error, and then takes leases as with `auto`."""

    async def story(context):
        context.distrust_handlers()
        context.distrust_handlers()
        return context.heartbeat, context.options.heartbeat

    found, log = in_context(story, heartbeat="always")
    assert found == ("auto", "always")
    assert [event["level"] for event in log] == ["ERROR"]
    for mode in ("auto", "never"):
        assert in_context(story, heartbeat=mode) == ((mode, mode), [])


@pytest.mark.parametrize("metadata_key", ["", API_KEY])
def test_the_end_of_an_outage_releases_the_items_that_failed_in_it(in_context, metadata_key):
    """An item that somebody else has by now does not keep the others from it."""

    async def story(context):
        sent = []

        async def call(function, *args):
            sent.append((function.__name__, *args))
            if args[0] == "b":
                raise NetworkError("no response")

        context.call = call
        for work_id in "abcde":
            context.outage.take_failure(work_id, "it failed", 0.0, 0.0)
            context.outage.take_pause(work_id, f"B{work_id}")
            context.memory.note(work_id, History(1, retry_at=NOW))
        context.note_outage()
        context.note_outage()
        assert context.tally.outage == "it failed"
        context.end_outage()
        context.note_outage()
        await asyncio.gather(*context.background)
        assert context.tally.outage == ""
        assert context.memory.history_of({"id": "c"}) == History(1)
        return sent

    sent, log = in_context(story, metadata_key=metadata_key)
    assert [(event["level"], event["msg"]) for event in log] == [
        ("ERROR", "outage: only one item at a time runs, until one succeeds"),
        ("INFO", "the outage is over"),
    ]
    assert log[0]["reason"] == "it failed"
    updates = [given for given in sent if given[0] == "update"]
    assert len(updates) == (5 if metadata_key else 0)
    assert all(given[2] == {"ant_retry_at": None} for given in updates)
    beats = [given for given in sent if given[0] == "heartbeat"]
    expected = "acde" if metadata_key else "abcde"
    assert [given[1:] for given in beats] == [
        (work_id, f"B{work_id}", 1, 30.0) for work_id in expected
    ]


def test_a_handler_gets_the_values_of_its_worker(in_context):
    """And the guardian's program what it needs to give items back."""

    async def story(context):
        return (
            context.own_variables,
            handler_environment(context.environ, {"id": "work_1"}, 2, context.own_variables),
            context._guardian_environment(),
        )

    environ = {
        "ANTHROPIC_WORKSPACE_ID": "wrkspc_A",
        "ANTHROPIC_API_KEY": API_KEY,
        "ANT_WORKER_METADATA_KEY": API_KEY,
        "ANT_WORKER_ENVIRONMENT_KEY_FILE": "/key",
        "ANT_WORKER_HOLDS_LEASE_ON": "work_0",
        "ANTHROPIC_WORK_SECRET": "old",
        "MINE": "1",
    }
    flags = {"worker_id": "w1", "workdir": "/tmp", "concurrency": "2"}
    (own, of_handler, of_guardian), _ = in_context(story, environ=environ, **flags)
    assert own == {
        "ANTHROPIC_ENVIRONMENT_KEY": KEY,
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:1",
        "ANTHROPIC_WORKSPACE_ID": "wrkspc_A",
        "ANTHROPIC_WORKER_ID": "w1",
        "ANT_WORKER_WORKDIR": "/tmp",
        "ANT_WORKER_SESSION_FOLDERS": "true",
    }
    assert of_handler.items() >= {**own, "MINE": "1", "ANT_WORK_ATTEMPT": "2"}.items()
    assert API_KEY not in of_handler.values()
    for name in ("ENVIRONMENT_KEY_FILE", "HOLDS_LEASE_ON", "METADATA_KEY"):
        assert f"ANT_WORKER_{name}" not in of_handler
    assert "ANTHROPIC_WORK_SECRET" not in of_handler
    assert of_guardian["ANTHROPIC_ENVIRONMENT_ID"] == "env_1"
    assert of_guardian["ANTHROPIC_ENVIRONMENT_KEY"] == KEY
    assert API_KEY not in of_guardian.values()


@pytest.mark.parametrize("on_loop", [True, False])
def test_a_new_key_is_redacted_at_once_and_used_by_the_loop(in_context, on_loop):
    """A request in a thread may have found it, and the loop must wake up for it."""

    async def story(context):
        loop, woken = asyncio.get_running_loop(), []
        call_soon = loop.call_soon_threadsafe
        loop.call_soon_threadsafe = lambda *given: woken.append(1) or call_soon(*given)
        replaced = []
        context.guardian.replace_environment = replaced.append
        context._on_loop = on_loop
        context._use_key_soon("correct-horse-staple")
        assert context._redactor.redact("correct-horse-staple") == "[redacted]"
        await asyncio.sleep(0)
        assert len(woken) == (0 if on_loop else 1)
        assert context.own_variables["ANTHROPIC_ENVIRONMENT_KEY"] == "correct-horse-staple"
        (environ,) = replaced
        return environ["ANTHROPIC_ENVIRONMENT_KEY"]

    key, log = in_context(story)
    assert key == "correct-horse-staple"
    assert [event["msg"] for event in log] == ["the environment's key was read again from its file"]


def test_through_a_proxy_each_item_and_poll_has_a_thread(in_context):
    """Abandoned requests keep their threads until they time out, and heartbeats must not wait for a thread."""
    at_once = threading.Barrier(2 * 3 + 4)

    async def story(context):
        waits = (context.call(at_once.wait, 5) for _ in range(at_once.parties))
        return sorted(await asyncio.gather(*waits))

    found, _ = in_context(
        story,
        environ={"http_proxy": "http://127.0.0.1:1"},
        base_url="http://api.invalid",
        loop_factory=asyncio.SelectorEventLoop,
        concurrency="3",
    )
    assert found == list(range(10))


def test_a_poll_of_a_worker_names_it(in_context):
    """The statistics of the queue count workers by this ID."""

    async def story(context):
        return await context.call(context.api.poll)

    with WorkServer() as server:
        loop = asyncio.SelectorEventLoop
        item, _ = in_context(story, base_url=server.url, loop_factory=loop, worker_id="w1")
        (request,) = server.requests
    assert item == ITEM
    assert b"\r\nanthropic-worker-id: w1\r\n" in request


def test_the_time_of_the_server_is_that_of_its_responses(in_context, monkeypatch):
    """The clock of this machine may be wrong."""
    monkeypatch.setattr(ServerClock, "now", lambda _: 5.0)

    async def story(context):
        return context.server_time()

    assert in_context(story)[0] == 5.0


@pytest.mark.parametrize("odd", ["", None, 5, "a\0b", "\ud800"])
def test_a_value_that_can_not_be_a_variable_is_left_out(odd):
    """An empty one would look like one that is set."""
    found = handler_environment({}, {"id": "work_1", "secret": odd}, 1, {})
    assert found == {"ANTHROPIC_WORK_ID": "work_1", "ANT_WORK_ATTEMPT": "1"}


@pytest.mark.parametrize(
    ("folders", "concurrency", "expected"),
    [
        ({}, "1", "false"),
        ({}, "2", "true"),
        ({"session_folders": "false"}, "2", "false"),
        ({"session_folders": "true"}, "1", "true"),
    ],
)
def test_sessions_that_may_run_at_once_have_their_own_folders(
    in_context, folders, concurrency, expected
):
    """Unless a flag says otherwise."""

    async def story(context):
        return context.own_variables["ANT_WORKER_SESSION_FOLDERS"]

    assert in_context(story, concurrency=concurrency, **folders)[0] == expected


# What a handler says


def handler_that_said(*lines, stdout=()):
    """Return a handler with these last lines of its outputs."""
    outputs = [SimpleNamespace(last_lines=list(given)) for given in (stdout, lines)]
    return Handler(SimpleNamespace(exit=None), *outputs)


@pytest.mark.parametrize(
    ("stdout", "stderr", "expected"),
    [([], [], False), ([b""], [], True), ([], [b"x"], True)],
)
def test_a_line_on_either_stream_is_output(stdout, stderr, expected):
    """Even an empty one."""
    assert handler_that_said(*stderr, stdout=stdout).has_output is expected


def test_the_last_words_are_the_end_of_stderr_without_secrets_and_empty_lines_around_it():
    """A part of a secret at the beginning of what is left would not be found: it is removed before."""
    handler = handler_that_said(b"", b"x" * 500, b"  secret  ", b"\xff", b"")
    words = handler.last_words(lambda text: text.replace("secret", "[redacted]"))
    assert words.endswith("xx\n  [redacted]\n\\xff")
    assert len(words) == 399
    assert handler_that_said(b"a", b"b").last_words(str) == "a\nb"


@pytest.mark.parametrize(
    ("status", "deadline", "expected"),
    [(-9, 99.0, True), (-9, 101.0, False), (1, 99.0, False), (0, 99.0, False), (None, 99.0, False)],
)
def test_a_handler_that_was_killed_after_its_deadline_was_overdue(
    monkeypatch, status, deadline, expected
):
    """The guardian has killed it, because the worker was stopped."""
    monkeypatch.setattr(handler_module, "guardian_time", lambda: 100.0)

    async def ask():
        exit_ = asyncio.get_running_loop().create_future()
        if status is not None:
            exit_.set_result(status)
        fallback = Fallback("work_1", deadline, "")
        guarded = SimpleNamespace(exit=exit_, fallback=fallback)
        return Handler(guarded, None, None).was_overdue

    assert asyncio.run(ask()) is expected


@pytest.mark.parametrize(
    ("status", "kill_rest", "expected"),
    [
        (0, True, ("group", 7, signal.SIGKILL)),
        (1, True, ("session", 7, signal.SIGKILL)),
        (0, False, None),
        (1, False, None),
    ],
)
def test_what_a_handler_leaves_running_is_killed_unless_it_was_handed_over(
    monkeypatch, status, kill_rest, expected
):
    """After a success, its group is enough. The ends of its last lines are logged in each case."""
    killed, ended_lines, noted = [], [], []
    for what in ("group", "session"):
        monkeypatch.setattr(
            handler_module,
            f"signal_{what}",
            lambda *given, what=what: killed.append((what, *given)),
        )

    async def finish():
        future = asyncio.get_running_loop().create_future
        exit_ = future()
        exit_.set_result(status)
        outputs = []
        for name in ("stdout", "stderr"):
            end = future()
            end.set_result(None)
            outputs.append(
                SimpleNamespace(ended=end, end_line=lambda name=name: ended_lines.append(name))
            )
        guarded = SimpleNamespace(exit=exit_, pid=7)
        handler = Handler(guarded, *outputs)
        await handler.finish(SimpleNamespace(note_end=noted.append), kill_rest=kill_rest)
        assert noted == [guarded]

    asyncio.run(finish())
    assert killed == ([expected] if expected else [])
    assert ended_lines == ["stdout", "stderr"]


@pytest.mark.parametrize(
    ("open_s", "waited_s"),
    [((0, 0), 0), ((0.5, 0), 0.5), ((0, 0.5), 0.5), ((9, 0), 1), ((0, 9), 1)],
)
def test_the_rest_of_both_outputs_is_waited_for_but_not_for_long(open_s, waited_s):
    """Processes that the handler has started may keep its outputs open."""

    async def finish():
        loop = asyncio.get_running_loop()
        exit_, outputs = loop.create_future(), []
        exit_.set_result(0)
        for seconds in open_s:
            end = loop.create_future()
            loop.call_later(seconds, end.set_result, None)
            outputs.append(SimpleNamespace(ended=end, end_line=lambda: None))
        handler = Handler(SimpleNamespace(exit=exit_, pid=0), *outputs)
        began = loop.time()
        await handler.finish(SimpleNamespace(note_end=lambda _: None), kill_rest=False)
        return loop.time() - began

    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        assert runner.run(finish()) == pytest.approx(waited_s)


# Rules


def test_what_a_run_leaves_behind_is_written_by_its_row():
    """And no more than that."""
    five = poll_options()
    failed = judge(exited(1), History(1), five, NOW)
    assert failed.metadata["ant_last_error"] == "the handler exited with 1"
    assert failed.metadata["ant_attempts"] == "2"
    lost = judge(ended(Ending.LEASE_LOST), History(1), five, NOW)
    assert lost.metadata == {}
    assert lost.history == History(1, 1)
    for ending in (Ending.LOST, Ending.UNCLAIMED, Ending.SESSION_ENDED, Ending.NOT_NEEDED):
        left = judge(ended(ending), History(1), five, NOW)
        assert (left.metadata, left.history) == ({}, History(1))
    shut_down = judge(ended(Ending.SHUT_DOWN), History(1), five, NOW)
    assert shut_down.metadata["ant_attempts"] == "1"
    assert "ant_last_error" not in shut_down.metadata


def test_the_last_words_are_a_part_of_the_last_error_up_to_a_limit():
    """In a dead letter, too."""
    run = ended_itself(1, poll_options(), "w" * 600)
    failed = judge(run, NEVER_RUN, poll_options(), NOW)
    assert failed.metadata["ant_last_error"].startswith("the handler exited with 1: www")
    assert len(failed.metadata["ant_last_error"]) == 500
    dead = judge(run, NEVER_RUN, poll_options(attempts="1"), NOW)
    assert dead.metadata["ant_dead_letter"].startswith(
        "1 attempt failed; the last one: the handler exited with 1: www"
    )
    assert len(dead.metadata["ant_dead_letter"]) == len(dead.metadata["ant_last_error"]) == 500


@pytest.mark.parametrize("run", [exited(1), ended(Ending.TIMED_OUT), ended(Ending.UNFINISHED)])
def test_in_an_outage_each_kind_of_failure_is_excused(run):
    """Whatever the handler needs is missing."""
    found = judge(run, NEVER_RUN, poll_options(attempts="1"), NOW, in_outage=True)
    assert found.ending is Ending.EXCUSED
    assert judge(run, NEVER_RUN, poll_options(attempts="1"), NOW).ending is Ending.DEAD_LETTER


def test_what_is_stopped_is_forgotten_and_what_comes_back_is_remembered():
    """A dead letter has no pause either."""
    dead = judge(exited(1), NEVER_RUN, poll_options(attempts="1"), NOW)
    assert (dead.remembered, dead.history.retry_at) == (NEVER_RUN, 0.0)
    failed = judge(exited(1), NEVER_RUN, poll_options(), NOW)
    assert failed.remembered == failed.history != NEVER_RUN
    paused = before_run(failed.history, poll_options(), NOW)
    assert (paused.ending, paused.remembered) == (Ending.PAUSED, failed.history)


def test_the_pause_counts_excused_runs_as_well():
    """Each failure of an item makes the next pause longer."""
    history = History(1, 0, 1).after_failure(NOW, 10.0, excused=False)
    assert 225 <= history.retry_at - NOW <= 300
    assert 7.5 <= pause_after(1, 10.0) <= 10


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"ant_excused": "3"}, History(0, 0, 3)),
        ({"ant_retry_at": "2026-09-21T14:13:20+00:00"}, History(retry_at=NOW)),
        ({"ant_attempts": "99999"}, History(99_999)),
        ({"ant_attempts": "100000"}, History(0)),
        ({"ant_attempts": "-1"}, History(0)),
        ({"ant_retry_at": "soon"}, History(0)),
    ],
)
def test_a_history_is_read_from_metadata_that_others_may_have_changed(metadata, expected):
    """Odd values count as missing."""
    assert history_in({"metadata": metadata}) == expected


def test_a_remembered_history_with_as_many_runs_knows_its_pause():
    """The metadata may be that of an earlier run."""
    memory = Memory()
    memory.note("work_1", History(1, retry_at=NOW))
    item = {"id": "work_1", "metadata": {"ant_attempts": "1"}}
    assert memory.history_of(item).retry_at == NOW
    memory.end_pause("work_1")
    assert memory.history_of(item) == History(1)
    memory.end_pause("work_2")
    assert memory.history_of({"id": "work_2"}) == NEVER_RUN


def test_the_item_that_was_noted_last_is_remembered_longest(monkeypatch):
    """Also if it was noted before."""
    monkeypatch.setattr("ant_cli.worker.memory._MOST_REMEMBERED", 2)
    memory = Memory()
    for work_id in "abac":
        memory.note(work_id, History(1))
    assert memory.history_of({"id": "a"}) == memory.history_of({"id": "c"}) == History(1)
    assert memory.history_of({"id": "b"}) == NEVER_RUN


# Outages


def failed(outage, *items, reason="first", began=99.0, ended_at=100.0):
    for item in items:
        outage.take_failure(item, reason, began, ended_at)


def test_the_reason_of_an_outage_is_that_with_which_it_began():
    """A later one may be another fault."""
    outage = Outage()
    failed(outage, *"abcd", reason="early")
    failed(outage, "e")
    failed(outage, "f", reason="later")
    assert outage.reason == "first"
    assert outage.rests_on == list("abcde")


def test_only_a_success_that_began_after_the_first_failure_ends_an_outage():
    """The first of those that count, not the last."""
    outage = Outage()
    failed(outage, "a", ended_at=100.0)
    failed(outage, *"bcde", ended_at=200.0)
    outage.take_success(99.0)
    assert outage.reason
    outage.take_success(150.0)
    assert not outage.reason
    assert (outage.rests_on, outage.proof_s) == ([], 60.0)


def test_the_pauses_of_failures_that_were_no_outage_are_kept():
    """Nothing was wrong with the handler, and a success ends nothing."""
    outage = Outage()
    failed(outage, *"ab")
    outage.take_pause("a", "B1")
    outage.take_success(100.0)
    assert outage.take_pauses() == {}
    failed(outage, *"abcde")
    outage.take_pause("a", "B1")
    outage.take_pause("a", "B2")
    outage.take_success(100.0)
    assert outage.take_pauses() == {"a": "B2"}
    assert outage.take_pauses() == {}


def test_an_emptied_queue_ends_an_outage_but_for_one_more_failure():
    """The next different item that fails begins it again."""
    outage = Outage()
    failed(outage, *"abcde")
    outage.take_emptied_queue()
    assert (outage.reason, outage.resumes_at, outage.rests_on) == ("", 0.0, list("bcde"))
    failed(outage, "e")
    assert not outage.reason
    failed(outage, "f")
    assert outage.reason


def test_a_run_is_made_of_its_row_and_has_its_reason():
    """A given reason replaces that of the row."""
    assert ended(Ending.LEASE_LOST).reason == "the lease was lost"
    assert ended(Ending.STOPPED_MEANWHILE, "x").shown_reason.startswith("x; it has been stopped")
    assert Run(Ending.EXCUSED, "x").shown_reason == "x, which is not counted"
    assert Run(Ending.FAILED, "x").shown_reason == "x"
    done = {row.name for row in Ending if row.is_done}
    assert done == {
        *("SUCCEEDED", "HANDED_OVER", "NOT_NEEDED"),
        *("STOP_REQUESTED", "STOPPED", "SESSION_ENDED"),
    }


def test_the_program_of_the_guardian_imports_nothing_from_the_folder_of_the_worker(tmp_path):
    """This folder may be the workspace of sessions, whose files must not be run."""
    (tmp_path / "json.py").write_text("raise SystemExit(9)")
    (tmp_path / "ant_cli").mkdir()
    (tmp_path / "ant_cli" / "__init__.py").write_text("raise SystemExit(9)")
    ids = {"ENVIRONMENT_ID": "env_1", "ENVIRONMENT_KEY": KEY, "BASE_URL": "http://127.0.0.1:1"}
    environ = {f"ANTHROPIC_{name}": text for name, text in ids.items()}
    done = subprocess.run(
        _end_leases_command(),
        cwd=tmp_path,
        env=environ,
        input=b"",
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
