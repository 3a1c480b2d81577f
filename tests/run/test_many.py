"""Several inputs are several requests (D31): each is sent once, and reported exactly once."""

from __future__ import annotations

import errno
import json
import re
import signal
import threading
from contextlib import suppress

import httpx
import pytest

from ant_cli.http.pool import Pool
from ant_cli.output.progress import Progress
from ant_cli.runtime.live_line import ERASE_LINE
from tests.conftest import Screen
from tests.helpers.many import IDS, FakeAPI, rate_limited_api
from tests.helpers.streams import Head, Watched
from tests.helpers.words import ARCHIVE, DELETE


class HeldLock:
    """The lock of a pool. Who holds it to stop the pool waits until the thread of a task wants it, too."""

    def __init__(self):
        self._lock, self._is_wanted = threading.Lock(), threading.Event()
        self.may_end = threading.Event()
        self.is_stopping = False

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self._lock.acquire()
            if self.is_stopping:
                self.may_end.set()
                assert self._is_wanted.wait(60)
            return
        if self.may_end.is_set():
            self._is_wanted.set()
        self._lock.acquire()

    def __exit__(self, *_):
        self._lock.release()


def test_a_task_that_ends_while_the_pool_stops_is_in_flight_or_has_a_result():
    """It is never lost in between."""
    lock, has_begun = HeldLock(), threading.Event()

    def task(_item):
        has_begun.set()
        assert lock.may_end.wait(60)

    def interrupt():
        if has_begun.wait(60):
            raise KeyboardInterrupt

    pool = Pool(["env_1"], task, interrupt, parallel=1, fail_fast=False)
    pool._lock = lock
    with suppress(KeyboardInterrupt):
        list(pool.results())
    lock.is_stopping = True
    finished, in_flight = pool.stop()
    assert (finished, in_flight) == ([], [(0, "env_1")])


@pytest.mark.parametrize(
    "stdin",
    [
        "\n".join(IDS),
        "\r\n".join(["# all of them", "", *IDS, ""]),
        "".join(f'"{name}"\n' for name in IDS),
        "".join(json.dumps({"id": name, "name": "n"}, indent=2) + "\n" for name in IDS),
        "---\n".join(f"id: {name}\n" for name in IDS),
    ],
    ids=["lines", "comments", "JSON strings", "JSON objects", "YAML documents"],
)
def test_ids_from_a_pipe_are_requests_whose_results_come_in_order(many, stdin):
    """Lines, JSON strings, JSON objects and YAML documents are equivalent."""
    result = many(*ARCHIVE, stdin=stdin)
    assert (result.exit, result.ids) == (0, IDS)
    assert result.stderr == "Archived 10 of 10.\n"


def test_results_come_in_the_order_of_the_ids_however_long_each_takes(many):
    """Here the first response arrives last."""
    others_are_done = threading.Event()
    api = FakeAPI(
        {
            "env_1": lambda: others_are_done.wait(60) and 200,
            "env_8": lambda: others_are_done.set() or 200,
        }
    )
    assert many(*ARCHIVE, *IDS, api=api).ids == IDS
    assert api.sent.index("env_8") < len(IDS)


@pytest.mark.parametrize(
    ("args", "at_once"), [(("--parallel", "1"), 1), (("--parallel", "3"), 3), ((), 8)]
)
def test_parallel_limits_the_number_of_requests_in_progress(many, args, at_once):
    """The default is 8."""
    full = threading.Barrier(at_once)
    api = FakeAPI(dict.fromkeys(IDS[:at_once], lambda: full.wait(60) >= 0 and 200))
    assert many(*ARCHIVE, *IDS, *args, api=api).exit == 0
    assert api.most_at_once == at_once


def test_objects_are_created_one_after_another(many):
    """The order matters, because lists start with the newest object. `--parallel` changes that."""
    another = threading.Barrier(2)

    def wait_for_another():
        with suppress(threading.BrokenBarrierError):
            another.wait(0.2)
        return 200

    api = FakeAPI({IDS[0]: wait_for_another})
    result = many(
        "beta:environments",
        "create",
        stdin="".join(f"---\nname: {name}\n" for name in IDS),
        api=api,
    )
    assert (api.sent, api.most_at_once) == (IDS, 1)
    assert result.stderr == "Created 10 of 10.\n"


def test_a_failure_is_reported_with_its_id_and_the_others_continue(many):
    """The reason is on stderr. The exit code is that of the failures."""
    result = many(*ARCHIVE, *IDS, api=FakeAPI({"env_3": 404, "env_5": 404}))
    assert (result.exit, result.failed) == (5, ["env_3", "env_5"])
    assert "no env_3" in result.stderr
    assert result.stderr.endswith("ant: archived 8 of 10, 2 failed.\n")
    assert result.accounted() == sorted(IDS)


def test_a_terminal_shows_the_reason_of_a_failure_right_after_its_id(many):
    """Among many results, nobody would find the reason in JSON."""
    result = many(*ARCHIVE, *IDS[:3], "--yes", api=FakeAPI({"env_3": 404}), terminal=True)
    assert result.stderr.splitlines()[:2] == [
        "env_3: no env_3 (404 made_up)",
        'POST "https://api.anthropic.com/v1/environments/env_3/archive?beta=true"',
    ]


def test_failures_of_different_kinds_are_exit_code_1(many):
    """A script can't tell which ID failed for which reason."""
    assert many(*ARCHIVE, *IDS, api=FakeAPI({"env_3": 404, "env_5": 409})).exit == 1


def created(many, *flags, **replies):
    """Create five environments, whose names are a to e, and return the result."""
    names = "".join(f'{{"name": "{name}"}}\n' for name in "abcde")
    return many("beta:environments", "create", *flags, stdin=names, api=FakeAPI(replies))


def test_after_creates_of_which_some_failed_a_hint_says_which_ones_to_send_again(many):
    """The same command would create the others again, or conflict with them. One may exist already."""
    result = created(many, b=400, c=504, d=409)
    assert result.stderr.endswith(
        "ant: created 2 of 5, 3 failed.\n"
        "To create the rest, send only inputs 2, 4 again: the others exist now.\n"
    )


def test_the_hint_after_creates_names_what_was_not_sent_too(many):
    """With --fail-fast, nothing is sent after a failure."""
    result = created(many, "--fail-fast", b=400)
    hint = "To create the rest, send only inputs 2, 3, 4, 5 again: the others exist now.\n"
    assert result.stderr.endswith(f"ant: created 1 of 5, 1 failed.\n{hint}")


def test_the_hint_after_many_failed_creates_names_twenty_of_them(many):
    """And it counts the others."""
    for failures, end in ((20, "19, 20 again"), (21, "19, 20 and 1 more again")):
        names = [f"n{number}" for number in range(failures + 2)]
        stdin = "".join(f'{{"name": "{name}"}}\n' for name in names)
        api = FakeAPI(dict.fromkeys(names[:failures], 400))
        result = many("beta:environments", "create", stdin=stdin, api=api)
        assert "send only inputs 1, 2, 3, " in result.stderr
        assert f"{end}: the others exist now.\n" in result.stderr


def test_the_progress_counts_what_is_unchanged_among_what_has_ended(many, monkeypatch):
    """Otherwise the bar would never be full."""
    states = []
    of_many = Progress.of_many

    def watched(self, state, total):
        states.append(state)
        return of_many(self, state, total)

    monkeypatch.setattr(Progress, "of_many", watched)
    edit = ("--set", "metadata.a=1")
    stdin = "env_1\nenv_2\nenv_3\n"
    same = httpx.Response(200, json={"id": "x", "metadata": {"a": "1"}})
    result = many(
        "beta:environments",
        "update",
        *edit,
        stdin=stdin,
        api=FakeAPI({"env_2": same, "env_3": 404}),
    )
    assert states[0]() == (3, "updated 1 of 3, 1 unchanged, 1 failed")
    assert result.stderr.endswith("ant: updated 1 of 3, 1 unchanged, 1 failed.\n")


@pytest.mark.parametrize("replies", [{}, dict.fromkeys("abcde", 400), {"c": 504}])
def test_no_creates_are_to_be_repeated_if_all_or_none_failed_or_one_may_exist(many, replies):
    """Then the same command is right, or a look is needed first."""
    assert "To create the rest" not in created(many, **replies).stderr


def test_changes_that_can_be_repeated_as_they_are_get_no_such_hint(many):
    """To archive an environment again is no mistake."""
    assert "To create" not in many(*ARCHIVE, *IDS, api=FakeAPI({"env_3": 400})).stderr


def test_a_pool_does_more_tasks_than_it_may_begin_ahead():
    """Each result that is taken makes room for another task."""
    pool = Pool(range(2500), lambda item: -item, parallel=2, fail_fast=False)
    assert [(done.item, done.value) for done in pool.results()] == [
        (item, -item) for item in range(2500)
    ]


def test_a_pool_checks_for_signals_before_and_after_each_result():
    """A signal must not wait for a slow request, nor for the next one."""
    checks, results_at = [], []
    pool = Pool(range(3), lambda item: item, lambda: checks.append(1), parallel=1, fail_fast=False)
    for _ in pool.results():
        results_at.append(len(checks))
    assert results_at[0] > 0
    assert results_at[0] < results_at[1] < results_at[2] < len(checks)


def test_a_pool_of_nothing_ends_however_many_threads_it_may_have():
    """The number of threads may be limited to the number of items."""
    for parallel in (0, 1, 8):
        pool = Pool([], lambda item: item, parallel=parallel, fail_fast=True)
        assert list(pool.results()) == []
        pool.finish()
        assert pool.stop() == ([], [])


def test_a_pool_checks_for_signals_between_results_that_arrived_before():
    """It may take long to print such results, too."""
    others_have_results, checks, checks_at = threading.Event(), [], []

    def task(item):
        if item == 0:
            assert others_have_results.wait(60)
        elif item == 3:
            others_have_results.set()

    pool = Pool(range(4), task, lambda: checks.append(1), parallel=2, fail_fast=False)
    for _ in pool.results():
        checks_at.append(len(checks))
    assert checks_at[0] < checks_at[1] < checks_at[2]


def test_the_results_of_a_stopped_pool_are_in_the_order_of_the_items():
    """The results are reported in this order, whichever arrived first."""
    second_has_result, first_has_result, end = (threading.Event() for _ in range(3))

    def task(item):
        if item == 1:
            assert second_has_result.wait(60)
        elif item == 3:
            second_has_result.set()
        elif item == 4:
            first_has_result.set()
        if item in (0, 3):
            assert end.wait(60)

    def interrupt():
        if first_has_result.is_set():
            raise KeyboardInterrupt

    pool = Pool(range(5), task, interrupt, parallel=3, fail_fast=False)
    with suppress(KeyboardInterrupt):
        list(pool.results())
    finished, in_flight = pool.stop()
    end.set()
    assert [done.item for done in finished][:2] == [1, 2]
    assert in_flight[:2] == [(0, 0), (3, 3)]


def test_nothing_begins_after_a_stop():
    """Its thread ends after what has begun."""
    before, go_on = {*threading.enumerate()}, threading.Event()
    pool = Pool(range(9), lambda item: item and go_on.wait(), parallel=1, fail_fast=False)
    next(pool.results())
    (thread,) = {*threading.enumerate()} - before
    pool.stop()
    go_on.set()
    thread.join()
    assert pool.begun <= 2


@pytest.mark.parametrize(("threads", "code"), [(2, 0), (0, 1)])
def test_fewer_threads_than_wanted_do_the_work(many, monkeypatch, threads, code):
    """A container may allow no more. What is in flight then must not be forgotten."""
    started = []

    class Few(threading.Thread):
        def start(self):
            if len(started) == threads:
                raise RuntimeError("can't start new thread")
            started.append(self)
            super().start()

    monkeypatch.setattr("ant_cli.http.pool.Thread", Few)
    result = many(*ARCHIVE, *IDS)
    assert (result.exit, len(result.sent)) == (code, 10 if threads else 0)
    assert ("ant: can't start new thread.\n" in result.stderr) is not threads


@pytest.mark.parametrize(
    ("args", "stdin", "part"),
    [
        ((*ARCHIVE, "a", "b", "--parallel", "0"), None, "--parallel"),
        ((*ARCHIVE, "a", "b", "--parallel", "many"), None, "--parallel"),
        (ARCHIVE, "env_1\nnull\n", "IDs, one per line"),
        (ARCHIVE, '"env_1"\nnull\n', "line 2"),
        (ARCHIVE, '{"id": "a"}\n{"id": ["b"]}\n', "line 2"),
        (ARCHIVE, "env_1\nenv, 2\n", "IDs, one per line"),
        (
            ARCHIVE,
            '["env_1", ["env_2"]]',
            "document 2 must hold IDs, one per line, or keys and values, but holds a list",
        ),
        (("beta:environments", "create", "--name", "x"), "[]", "a list"),
        (
            ("beta:environments", "create"),
            '[{"name": "x"}, "y"]',
            "document 2 must hold keys and values",
        ),
        (
            ("beta:environments", "update", "a", "b"),
            "name: x\n---\nname: y\n",
            "not both.\nIf stdin is meant",
        ),
        (
            ("beta:environments", "update", "a"),
            '{"id": "a", "name": "x"}\n{"id": "b", "name": "y"}\n',
            "'b'",
        ),
        (
            ("beta:environments", "update", "a"),
            '{"name": "x"}\n{"name": "y"}\n',
            "line 1 has no id, so all",
        ),
        (
            ("beta:environments", "update", "a"),
            '{"id": "a", "name": "x"}\n{"name": "y"}\n',
            "line 2 has no id",
        ),
        (
            ("beta:environments", "update", "a"),
            "name: x\n---\nname: y\n",
            "document 1 has no id, so all",
        ),
        (
            ("beta:environments:work", "update", "--environment-id", "e", "wrk_1"),
            '{"metadata": {"a": "1"}}\n{"metadata": {"a": "2"}}\n',
            "all objects would go to 'wrk_1'.\nGive each object its id, or send one object only.",
        ),
        (("beta:environments", "create"), "name: x\n---\ndescription: y\n", "--name is required"),
        (("beta:environments:work", "list"), "env_1\nenv_2\n", "one"),
    ],
)
def test_unusable_input_sends_nothing(ant, args, stdin, part):
    """The message names the flag or the line."""
    assert part in ant(*args, stdin=stdin).refusal


def test_a_list_in_a_file_is_several_inputs(many, tmp_path):
    """As on stdin."""
    (tmp_path / "ids.yaml").write_text("- env_1\n- data\n")
    (tmp_path / "new.json").write_text('[{"name": "a"}, {"name": "b"}]')
    assert sorted(many(*ARCHIVE, "-f", "ids.yaml").sent) == ["data", "env_1"]
    created = many("beta:environments", "create", "-f", "new.json", "--dry-run").stdout
    assert created == 'create  a  {"name":"a"}\ncreate  b  {"name":"b"}\n'


@pytest.mark.parametrize("item", ['"env_1"', '{"id": "env_1"}', '{"environment_id": "env_1"}'])
def test_an_array_of_ids_or_objects_is_several_inputs(many, item):
    """`list --slurp` prints one."""
    result = many(*ARCHIVE, stdin=f'[{item}, "env_2"]\n"env_3"')
    assert (result.exit, sorted(result.sent)) == (0, ["env_1", "env_2", "env_3"])


def test_several_objects_with_the_id_of_the_command_line_are_several_requests(many):
    """They say that they are for it."""
    stdin = '{"id": "a", "name": "x"}\n{"id": "a", "name": "y"}\n'
    assert many("beta:environments", "update", "a", "--parallel", "1", stdin=stdin).sent == [
        "a",
        "a",
    ]


def test_flags_apply_to_each_of_several_ids(ant):
    """Each object gets the change."""
    result = ant(
        "beta:environments",
        "update",
        "--description",
        "n",
        stdin="env_1\nenv_2\n",
        replies=[{}, {}],
    )
    assert [request.content for request in result.requests] == [b'{"description":"n"}'] * 2


def test_dry_run_prints_a_line_for_every_request_and_sends_none(many):
    """With --debug, it prints the whole requests."""
    result = many(*ARCHIVE, *IDS, "--dry-run")
    assert (result.exit, result.sent) == (0, [])
    assert result.stdout.splitlines() == [f"archive  {id_}" for id_ in IDS]
    assert result.stderr.endswith("--debug shows each of them in full.\n")
    result = many(*ARCHIVE, *IDS, "--dry-run", "--debug")
    assert (result.exit, result.sent) == (0, [])
    assert re.findall(r"^POST .*/(env_\d+)/archive", result.stdout, re.MULTILINE) == IDS


def test_dry_run_and_question_name_the_objects_of_the_input(many):
    """What a person wants to check is the names, and where they are."""
    objects = '{"id": "env_1", "name": "data"}\n{"id": "env_2", "name": "\\u001b[31mred"}\n'
    lines = many(*ARCHIVE, "--dry-run", stdin=objects).stdout.splitlines()
    assert lines == ["archive  env_1  data", "archive  env_2  ␛[31mred"]
    created = many(
        "beta:environments", "create", "--dry-run", stdin='{"name": "a"}\n{"name": "b"}\n'
    ).stdout
    assert created == 'create  a  {"name":"a"}\ncreate  b  {"name":"b"}\n'


def test_a_failure_in_a_pipe_is_one_line(many):
    """Thirty failures are thirty lines, and the summary."""
    result = many(*ARCHIVE, *IDS, api=FakeAPI(dict.fromkeys(IDS, 404)))
    assert len(result.stderr.splitlines()) == len(IDS) + 1


def test_yaml_results_are_documents(many):
    """Each result is one document, as in a list."""
    assert many(*ARCHIVE, "a", "b", "--format", "yaml").stdout == "id: a\n---\nid: b\n"


def test_a_rate_limit_holds_back_all_requests(many):
    """Until the time is up, no request is sent for any other ID either."""
    api, sleep, waits = rate_limited_api()
    result = many(*ARCHIVE, *IDS, "--parallel", "2", api=api, sleep=sleep)
    assert (result.exit, result.ids) == (0, IDS)
    assert len({thread for _, thread in waits}) == 2
    assert {seconds for seconds, _ in waits} == {30}


@pytest.mark.parametrize("retries", [0, 3])
@pytest.mark.parametrize("parallel", ["1", "8"])
def test_each_of_many_requests_is_retried_as_often_as_asked_for(many, retries, parallel):
    """The threads share the policy of the run."""
    api = FakeAPI({"env_2": httpx.Response(503, json={})})
    flags = ("--max-retries", str(retries), "--parallel", parallel)
    result = many(*ARCHIVE, *IDS[:3], *flags, api=api)
    assert (result.exit, result.failed) == (7, ["env_2"])
    assert [api.sent.count(name) for name in IDS[:3]] == [1, retries + 1, 1]


@pytest.mark.parametrize("status", [400, 404, 408, 409, 500, 503, 529])
def test_only_a_rate_limit_holds_back_the_other_requests(many, status):
    """Any other failure says nothing about them."""
    waits = []
    api = FakeAPI(dict.fromkeys(IDS[:5], status))
    result = many(*ARCHIVE, *IDS, "--parallel", "2", api=api, sleep=waits.append)
    assert (result.ids, waits) == (IDS[5:], [])


def test_a_request_that_would_have_to_wait_too_long_does_not_hold_back_the_others(many):
    """It fails at once, so that the run does not stand still for an hour."""
    waits = []
    wait = httpx.Response(429, headers={"retry-after": "3600"})
    result = many(
        *ARCHIVE, *IDS, "--parallel", "2", api=FakeAPI({"env_1": wait}), sleep=waits.append
    )
    assert (result.exit, result.ids, waits) == (7, IDS[1:], [])


@pytest.fixture
def interrupting():
    """A reply that interrupts the run, and does not come before the run has ended."""
    run_has_ended = threading.Event()

    def interrupt():
        signal.raise_signal(signal.SIGINT)
        return run_has_ended.wait(60) and 200

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield interrupt
    run_has_ended.set()
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_leaves_the_rest_unsent_and_names_what_is_in_flight(many, interrupting):
    """Every ID is reported once."""
    flags = ("--parallel", "1", "--workspace-id", "wrkspc_1")
    result = many(*ARCHIVE, *IDS, *flags, api=FakeAPI({"env_4": interrupting}))
    assert (result.exit, [*result.ids, *result.unprinted], result.in_flight) == (
        130,
        IDS[:3],
        ["env_4"],
    )
    assert "ant beta:environments retrieve env_4 --workspace-id wrkspc_1\n" in result.stderr
    assert result.stderr.endswith("\nArchived 3 of 10.\n")
    assert result.accounted() == sorted(IDS)


def test_an_interrupted_read_is_not_to_be_checked_before_it_is_repeated(many, interrupting):
    """It has changed nothing."""
    words = ("beta:environments", "retrieve", "--parallel", "1")
    result = many(*words, stdin="\n".join(IDS), api=FakeAPI({"env_4": interrupting}))
    assert (result.exit, result.in_flight) == (130, ["env_4"])
    assert "Check before" not in result.stderr


class Interrupting(Screen):
    """A stream that raises a signal while a certain text is written."""

    def __init__(self, text):
        super().__init__(terminal=False)
        self._text = text

    def write(self, data):
        written = super().write(data)
        if self._text in bytes(data):
            self._text = b"only once"
            signal.raise_signal(signal.SIGINT)
        return written


@pytest.mark.parametrize(("where", "status"), [("stdout", 200), ("stderr", 404)])
def test_a_result_that_is_being_reported_when_a_signal_arrives_is_reported_once(
    many, where, status
):
    """The signal is handled after the report, and nothing more is sent."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    api = FakeAPI({"env_4": status})
    try:
        result = many(*ARCHIVE, *IDS, "--parallel", "1", api=api, **{where: Interrupting(b"env_4")})
    finally:
        signal.signal(signal.SIGINT, before)
    assert (result.exit, [*result.ids, *result.failed]) == (130, IDS[:4])
    assert result.accounted() == sorted(IDS)


def test_a_result_that_can_not_be_written_is_named(many):
    """The environment was archived anyway. The error also names the IDs that were not sent."""
    result = many(*ARCHIVE, *IDS, "--parallel", "1", stdout=Head(3, errno.ENOSPC))
    assert (result.exit, result.ids) == (1, IDS[:3])
    assert "env_4" in result.unprinted
    assert result.accounted() == sorted(IDS)


def test_a_change_that_was_not_sent_because_the_reader_left_is_a_failure(many):
    """Each input is accounted for, as after a signal, and the exit status says that some were not sent."""
    has_ended = threading.Event()
    api = FakeAPI({"env_6": lambda: has_ended.wait(60) and 200})
    result = many(*ARCHIVE, *IDS, "--parallel", "1", stdout=Head(3), api=api)
    has_ended.set()
    assert (result.exit, result.ids) == (1, IDS[:3])
    assert "env_4" in result.unprinted
    assert result.accounted() == sorted(IDS)
    assert set(result.not_sent) >= set(IDS[6:])
    assert result.stderr.endswith(f"ant: archived {len(result.ids + result.unprinted)} of 10.\n")


def test_what_needed_no_change_is_not_named_when_the_reader_has_left(many):
    """The environment was not changed, so nobody has to check it."""
    same = httpx.Response(200, json={"id": "env_2", "metadata": {"a": "1"}})
    words = ("beta:environments", "update", "--set", "metadata.a=1", "--parallel", "1")
    api = FakeAPI({"env_2": same})
    result = many(*words, stdin="\n".join(IDS[:3]), stdout=Head(1), api=api)
    assert (result.ids, "env_2" in result.unprinted) == (["env_1"], False)
    assert "1 unchanged" in result.stderr


def test_a_reader_that_leaves_after_everything_was_sent_is_no_failure(many):
    """The reader does not want the results, but every change was made."""
    result = many(*ARCHIVE, *IDS[:3], "--parallel", "1", stdout=Head(2))
    assert (result.exit, result.ids, result.unprinted) == (0, IDS[:2], IDS[2:3])
    assert result.stderr.endswith("Archived 3 of 3.\n")


def test_a_reader_that_has_read_enough_is_no_failure_of_a_command_that_only_reads(many):
    """The reader, such as `head`, does not miss the rest."""
    result = many("beta:environments", "retrieve", stdin="\n".join(IDS), stdout=Head(3))
    assert (result.exit, result.ids, result.stderr) == (0, IDS[:3], "")


def test_several_queues_can_be_polled(many):
    """Each ID on stdin names a queue, even though poll has no flags for several inputs."""
    result = many("beta:environments:work", "poll", stdin="\n".join(IDS))
    assert (result.exit, result.ids) == (0, IDS)
    assert result.stderr == "Polled 10 of 10.\n"


def test_a_response_without_a_body_is_counted_and_not_printed(ant):
    """There may be no work."""
    empty = [httpx.Response(204)] * 2
    result = ant("beta:environments:work", "poll", stdin="env_1\nenv_2\n", replies=empty)
    assert (result.exit, result.stdout, result.stderr) == (0, "", "Polled 2 of 2.\n")


def test_all_polled_work_is_accounted_for_when_the_reader_has_left(many):
    """Unlike other commands with GET, a poll takes items out of a queue."""
    result = many("beta:environments:work", "poll", stdin="\n".join(IDS), stdout=Head(3))
    assert result.ids == IDS[:3]
    assert "env_4" in result.unprinted
    assert result.accounted() == sorted(IDS)


@pytest.mark.parametrize("content", [b"<html>", b'{"id": "env_2", "name": }'])
def test_a_response_that_is_not_json_fails_its_id_only(many, content):
    """The other results are printed. The invalid part may be in the middle of the response."""
    page = httpx.Response(200, content=content)
    result = many(*ARCHIVE, *IDS, api=FakeAPI({"env_2": page}))
    assert (result.exit, result.ids) == (1, [name for name in IDS if name != "env_2"])
    assert "env_2: " in result.stderr


@pytest.mark.parametrize(
    ("reply", "status", "sent"), [("y\n", 0, 2), ("n\n", 2, 0), ("\n", 2, 0), (None, 2, 0)]
)
def test_a_person_confirms_once_what_is_done_to_many(many, reply, status, sent):
    """The question appears at a terminal; without one, --yes is required."""
    questions = []

    def ask(question):
        questions.append(question)
        if reply is None:
            raise OSError
        return reply

    result = many(*DELETE, "env_2", terminal=True, ask=ask)
    assert (result.exit, len(result.sent), len(questions)) == (status, sent, 1)
    assert "Delete 2 objects (env_1, env_2) at https://api.anthropic.com?" in questions[0]


@pytest.mark.parametrize(
    "args",
    [
        (*ARCHIVE, "a", "b", "--yes"),
        (*ARCHIVE, "a", "--yes"),
        ("beta:environments", "update", "a", "b", "--description", "n"),
        ("beta:environments", "update", "a", "--name", "n"),
    ],
)
def test_an_update_or_yes_needs_no_confirmation(many, args):
    """Only delete and archive ask."""
    assert many(*args, terminal=True, ask=lambda _: pytest.fail("asked")).exit == 0


def test_a_terminal_shows_a_summary_and_no_sentence_for_each_object(many):
    """Each of them is on stdout."""
    result = many(*ARCHIVE, "env_1", "env_2", "--yes", terminal=True)
    assert "Archived 2 of 2." in result.stderr
    assert "Archived env_1." not in result.stderr


def test_results_of_several_inputs_are_rows_of_one_table_at_a_terminal(many):
    """As in a list. It does not wait for a pager."""
    result = many(*ARCHIVE, *IDS[:3], "--yes", terminal=True)
    rows = [re.sub("\x1b\\[\\d*m", "", line).split()[0] for line in result.stdout.splitlines()]
    assert rows == ["ID", *IDS[:3]]


@pytest.mark.parametrize(
    ("ids", "objects"),
    [
        (IDS[:3], "3 objects (env_1, env_2, env_3)"),
        (IDS[:4], "4 objects (env_1, env_2, env_3, ...)"),
    ],
)
def test_a_question_names_the_first_three_objects(many, ids, objects):
    """More would not be read."""
    asked = []
    many(*DELETE[:2], *ids, terminal=True, ask=lambda text: asked.append(text) or "n")
    assert asked[0].startswith(f"Delete {objects} at ")


@pytest.mark.parametrize(
    ("content", "asked"),
    [
        ('{"id": "env_1", "name": "data"}', "Archive env_1 (data) at https://api.anthropic.com? "),
        ('{"id": "env_1"}', "Archive env_1 at https://api.anthropic.com? "),
        (
            '{"id": "env_1", "name": "data"}\n{"id": "env_2"}',
            "Archive 2 objects (env_1 data, env_2) at https://api.anthropic.com? ",
        ),
    ],
)
def test_a_question_has_the_names_that_the_input_has(many, tmp_path, content, asked):
    """They are what a person recognizes."""
    (tmp_path / "input.json").write_text(content)
    questions = []
    result = many(
        *ARCHIVE,
        "-f",
        "input.json",
        terminal=True,
        ask=lambda question: questions.append(question) or "n",
    )
    assert (result.exit, result.sent) == (2, [])
    assert questions[0].startswith(asked)


@pytest.mark.parametrize(("reply", "sent"), [("y", 2), ("", 0)])
def test_many_from_a_pipe_are_confirmed_at_the_terminal_of_stderr(many, monkeypatch, reply, sent):
    """The pipe is the input, so the reply comes from elsewhere. For a pipe of one, a script is responsible."""
    asked = []
    monkeypatch.setattr(
        "ant_cli.runtime.confirmation._ask_terminal", lambda text, _: asked.append(text) or reply
    )
    stderr = Screen(terminal=True)
    result = many(*DELETE[:2], stdin="env_1\nenv_2\n", stderr=stderr)
    assert (len(asked), len(result.sent)) == (1, sent)
    assert many(*DELETE[:2], stdin="env_1\n", stderr=Screen(terminal=True)).sent == ["env_1"]
    assert many(*DELETE[:2], stdin="env_1\nenv_2\n", stdout=Screen(terminal=True)).exit == 0
    assert len(asked) == 1


def test_nothing_is_asked_without_a_terminal(many):
    """A script continues without waiting."""
    assert many(*ARCHIVE, "a", "b", ask=lambda _: pytest.fail("asked")).exit == 0


def test_progress_is_drawn_at_a_terminal_while_requests_are_on_their_way(many, monkeypatch):
    """It shows a bar, and how many are done and failed. Failures are above it, and nothing of it remains."""
    monkeypatch.setattr("ant_cli.output.progress._BAR_PATIENCE_S", 0)
    screen = Watched(f"{'━' * 27}··· archived 8 of 10, 1 failed")

    def last():
        assert screen.shown.wait(60)
        return 200

    result = many(
        *ARCHIVE, *IDS, "--yes", stderr=screen, api=FakeAPI({"env_2": 404, IDS[-1]: last})
    )
    assert "env_2: no env_2 (404 made_up)" in result.stderr
    assert re.search("\n. ━+·+ archived . of 10, 1 failed", result.stderr), (
        "it is drawn again at once"
    )
    assert result.stderr.endswith(ERASE_LINE + "ant: archived 9 of 10, 1 failed.\n")


def test_a_result_is_printed_where_the_progress_was(many, monkeypatch):
    """Both are on the same terminal."""
    monkeypatch.setattr("ant_cli.output.progress._BAR_PATIENCE_S", 0)
    screen = Watched("archived 0 of 2")

    def first():
        assert screen.shown.wait(60)
        return 200

    words = (*ARCHIVE, "a", "b", "--yes", "-r", "--transform", "id")
    many(*words, stdout=screen, stderr=screen, api=FakeAPI({"a": first}))
    assert f"{ERASE_LINE}a\n" in screen.text()


NOTHING_TO_DO = "Note: the input has no ID, so there is nothing to do.\n"
ACTING = [
    ("beta:environments", "retrieve"),
    ("beta:environments", "update", "--name", "n"),
    ("beta:environments", "delete"),
    ARCHIVE,
    *(
        ("beta:environments:work", name)
        for name in ("retrieve", "ack", "heartbeat", "stop", "stats")
    ),
    ("beta:environments:work", "update", "--metadata", "a=b"),
]


EMPTY = ("", "\n", "# nothing\n", "null\n", "[]\n", "\ufeff")


@pytest.mark.parametrize(
    ("words", "stdin"),
    [*((words, "") for words in ACTING), *((ACTING[0], text) for text in EMPTY[1:])],
)
def test_a_pipe_that_ends_without_an_id_is_nothing_to_do(ant, words, stdin):
    """A filter selected nothing, or a queue was empty: a quiet night is not a failure."""
    result = ant(*words, stdin=stdin, replies=[])
    assert (result.exit, result.stdout, result.stderr, result.requests) == (
        0,
        "",
        NOTHING_TO_DO,
        [],
    )


def test_an_empty_file_of_ids_is_nothing_to_do(ant, tmp_path):
    """It is like an empty pipe, also in a dry run."""
    (tmp_path / "ids").write_text("")
    for more in ((), ("--dry-run",)):
        result = ant(*ARCHIVE, "--file", "ids", *more, replies=[])
        assert (result.exit, result.stdout, result.stderr) == (0, "", NOTHING_TO_DO)


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (("beta:environments", "create"), ""),
        (("beta:environments:work", "poll"), ""),
        (("beta:environments:work", "list"), "\n"),
        (ARCHIVE, None),
        (ARCHIVE, "name: x\n"),
    ],
)
def test_an_id_is_still_required_without_a_pipe_or_by_other_commands(ant, words, stdin):
    """A create from nothing, a list of nothing, or an object without an ID is a mistake."""
    assert "is required" in ant(*words, stdin=stdin).refusal


def test_a_pipe_may_have_more_than_ten_megabytes(many):
    """The limit of 100 MB applies to all of it."""
    objects = [{"id": name, "description": "x" * 1_500_000} for name in IDS]
    result = many(*ARCHIVE, stdin="".join(json.dumps(item) + "\n" for item in objects))
    assert (result.exit, result.ids) == (0, IDS)


def test_the_bodies_of_failures_are_on_stdout_if_a_flag_asks_for_them(many):
    """They come in the order of the inputs, among the results. Stderr names the failed ones."""
    flags = ("--format", "jsonl", "--transform", "id", "--transform-error", "error.message")
    result = many(*ARCHIVE, *IDS[:3], *flags, api=FakeAPI({"env_2": 404}))
    assert result.stdout.splitlines() == ['"env_1"', '"no env_2"', '"env_3"']
    assert "env_2: " in result.stderr
    assert "no env_2" not in result.stderr


@pytest.mark.parametrize("ids", [["env_1"], ["env_1", "env_2"]])
def test_an_error_is_reported_even_if_nobody_reads_its_body(many, ids):
    """A single one has its exit code."""

    class Closed(Screen):
        def write(self, _data):
            raise BrokenPipeError

    flags = ("--format-error", "json")
    result = many(
        *ARCHIVE, *ids, *flags, api=FakeAPI(dict.fromkeys(ids, 404)), stdout=Closed(terminal=False)
    )
    assert (result.exit, result.stderr.count("404 Made Up")) == (5, len(ids))
    assert "no env_1" in result.stderr


def test_memory_does_not_grow_with_the_number_of_ids(many):
    """Only the IDs and a limited number of results are kept in memory: here, 20 that are not printed yet."""
    import tracemalloc

    large = httpx.Response(200, json={"id": "env_1", "name": "x" * 20_000})

    def peak(count):
        not_printed = threading.Semaphore(20)
        replies = {
            f"env_{number}": lambda: not_printed.acquire(timeout=60) and large
            for number in range(count)
        }
        stdout = NullScreen(not_printed.release)
        tracemalloc.start()
        result = many(
            *ARCHIVE,
            "--parallel",
            "1",
            stdin="\n".join(replies),
            api=FakeAPI(replies),
            stdout=stdout,
        )
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert result.exit == 0
        return most

    assert peak(200) - peak(20) < 1_000_000


def test_requests_are_sent_at_most_a_thousand_ahead_of_the_result_that_comes_next(many):
    """Otherwise a slow response would leave all later results in memory."""
    too_far = threading.Event()
    replies = {
        "env_0": lambda: 500 if too_far.wait(1) else 200,
        "env_1000": lambda: too_far.set() or 200,
    }
    result = many(
        *ARCHIVE, stdin="\n".join(f"env_{number}" for number in range(1100)), api=FakeAPI(replies)
    )
    assert (result.exit, len(result.ids)) == (0, 1100)


class NullScreen(Screen):
    """A stream that discards its output. `written` is called after each write."""

    def __init__(self, written=lambda: None):
        super().__init__(terminal=False)
        self._written = written

    def write(self, data):
        self._written()
        return len(data)
