"""`--watch`: a request is repeated, and changes are shown."""

from __future__ import annotations

import itertools
import json
import re
import subprocess

import httpx
import pytest

from tests.conftest import needs_posix
from tests.helpers.processes import ANT, COVERAGE, started
from tests.helpers.servers import Act, ScriptedServer, response
from tests.helpers.words import KEY, page

LIST = ("beta:environments", "list", "--watch")
RETRIEVE = ("beta:environments:work", "retrieve", "work_1", "--environment-id", "env_1", "--watch")
STATS = ("beta:environments:work", "stats", "env_1", "--watch")
GONE = httpx.Response(
    404, json={"type": "error", "error": {"type": "not_found_error", "message": "gone"}}
)
"""The response that ends a watch."""
FAULT = httpx.Response(
    503, json={"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
)


def item(name, state="queued", **fields):
    return {"id": name, "state": state, **fields}


def lines_of(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


# In a pipe


def test_in_a_pipe_each_change_of_a_list_is_a_line_of_json(ant):
    """The first state is added. A removed item is printed in its last state."""
    result = ant(
        *LIST, replies=[page(item("a"), item("b")), page(item("c"), item("a", "active")), GONE]
    )
    assert lines_of(result) == [
        {"change": "added", "item": item("a")},
        {"change": "added", "item": item("b")},
        {"change": "added", "item": item("c")},
        {"change": "changed", "item": item("a", "active")},
        {"change": "removed", "item": item("b")},
    ]
    assert (result.exit, result.waits) == (5, [2.0, 2.0])


@pytest.mark.parametrize("words", [RETRIEVE, STATS], ids=["retrieve", "stats"])
def test_in_a_pipe_an_object_is_printed_after_each_change(ant, words):
    """Its current state is printed on one line."""
    result = ant(*words, "--every", "500ms", replies=[{"n": 1}, {"n": 1}, {"n": 2}, GONE])
    assert result.stdout == '{"n":1}\n{"n":2}\n'
    assert result.waits == [0.5, 0.5, 0.5]


def test_only_values_that_the_transform_keeps_are_compared(ant):
    """Items are identified by their IDs, even if the transform drops them."""
    rounds = [
        page(item("a", n=1), item("b", n=1)),
        page(item("a", n=2), item("b", "active", n=1)),
        GONE,
    ]
    result = ant(*LIST, "--transform", "{state}", replies=rounds)
    assert [line["change"] for line in lines_of(result)] == ["added", "added", "changed"]
    assert lines_of(result)[2]["item"] == {"state": "active"}


def test_a_string_of_an_object_can_be_printed_without_quotes(ant):
    """A script reads one state after another."""
    replies = [item("a"), item("a", "active", n=1), item("a", "active", n=2), GONE]
    assert (
        ant(*RETRIEVE, "--transform", "state", "-r", replies=replies).stdout == "queued\nactive\n"
    )


def test_filter_and_max_items_choose_what_is_watched(ant):
    """An item that no longer matches is removed."""
    rounds = [
        page(item("a", "stopped"), item("b"), after="p2"),
        page(item("c"), item("d")),
        page(item("b", "stopped"), item("c"), item("d")),
        GONE,
    ]
    words = ("beta:environments:work", "list", "env_1", "--watch")
    result = ant(*words, "--filter", 'state=="queued"', "--max-items", "2", replies=rounds)
    found = [(line["change"], line["item"]["id"]) for line in lines_of(result)]
    assert found == [("added", "b"), ("added", "c"), ("added", "d"), ("removed", "b")]


def test_a_list_that_fails_in_the_middle_removes_nothing(ant):
    """A state has all pages or none."""
    rounds = [
        page(item("a"), after="p2"),
        page(item("b")),
        page(item("a"), after="p2"),
        FAULT,
        GONE,
    ]
    result = ant(*LIST, "--max-retries", "0", replies=rounds)
    assert [line["change"] for line in lines_of(result)] == ["added", "added"]


@pytest.mark.parametrize("form", ["auto", "json", "jsonl"])
def test_json_formats_print_a_line_for_each_change(ant, form):
    """A response that is the same as before is not a change."""
    result = ant(*STATS, "--format", form, replies=[{"n": [1]}, {"n": [1]}, {"n": [2]}, GONE])
    assert result.stdout == '{"n":[1]}\n{"n":[2]}\n'


def test_a_response_that_is_only_laid_out_in_another_way_is_no_change(ant):
    """The values are compared."""
    bodies = ('{"n": [1, 2]}', '{"n":[1,2]}', '{\n"n":[1,3]}')
    replies = [httpx.Response(200, text=body) for body in bodies]
    result = ant(*STATS, replies=[*replies, GONE])
    assert result.stdout == '{"n":[1,2]}\n{"n":[1,3]}\n'


def test_items_without_an_id_are_told_apart_by_their_values(ant):
    """A change of one of them is a removal and an addition."""
    replies = [page({"n": 1}, {"n": 2}, 3), page({"n": 1}, {"n": 4}, 3), GONE]
    found = [(line["change"], line["item"]) for line in lines_of(ant(*LIST, replies=replies))]
    assert found == [
        ("added", {"n": 1}),
        ("added", {"n": 2}),
        ("added", 3),
        ("added", {"n": 4}),
        ("removed", {"n": 2}),
    ]


def test_strings_from_the_server_are_escaped_at_a_terminal(ant):
    """This includes lines of JSON."""
    result = ant(
        *LIST,
        "--format",
        "jsonl",
        terminal=True,
        env={"NO_COLOR": "1"},
        replies=[page(item("\u009b31m")), GONE],
    )
    assert "\u009b" not in result.stdout
    assert '"id":"\\u009b31m"' in result.stdout


def test_lines_of_changes_are_not_interrupted_by_a_line_of_progress(ant):
    """They may be on the same terminal."""
    flags = ("--format", "jsonl", "--max-retries", "1")
    result = ant(
        *LIST, *flags, terminal=True, replies=[page(item("a")), FAULT, page(item("b")), GONE]
    )
    assert result.exit == 5
    assert "Retry" not in result.stderr


# Combinations that are usage errors


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((*LIST, "--columns", "id"), "--watch can't show the format table."),
        (
            (*LIST, "--every", "soon"),
            "--every must be a duration such as 30s or 1m30s, got 'soon'.",
        ),
        (
            ("beta:environments", "list", "--watch=false", "--for", "2s"),
            "--for needs --until or --watch.",
        ),
    ],
)
def test_flags_that_make_no_sense_with_a_watch_send_nothing(ant, words, message):
    """They are a usage error."""
    assert ant(*words).refusal.startswith(f"ant: {message}\n")


@pytest.mark.parametrize(("words", "shown"), [(LIST, "table"), (STATS, "pretty")])
def test_a_watch_has_one_format_for_people_and_only_at_a_terminal(ant, words, shown):
    """No other format but lines of JSON is easy to follow."""
    others = {"yaml", "raw", "markdown", "explore", "table", "pretty"} - {shown}
    formats = f"Formats: auto, json, jsonl; at a terminal also {shown}.\n"
    for name, terminal in ((shown, False), *itertools.product(others, (False, True))):
        refusal = ant(*words, "--format", name, terminal=terminal).refusal
        assert refusal.endswith(f"ant: --watch can't show the format {name}.\n{formats}")


def test_the_format_of_a_profile_does_not_prevent_a_watch(ant):
    """It was not asked for on the command line."""
    assert ant("profile", "create", "test").exit == 0
    assert ant("profile", "set", "format", "yaml").exit == 0
    result = ant(*STATS, "--for", "1s", terminal=True, replies=[{"n": 1}])
    assert (result.exit, result.stdout) == (0, "\x1b[1mn\x1b[0m  1\n")


def test_a_dry_run_of_a_watch_shows_one_request(ant):
    """It is not sent."""
    result = ant(*STATS, "--dry-run")
    assert (result.exit, result.requests, result.stdout.count("GET")) == (0, [], 1)


def test_a_watch_may_send_its_last_request_when_its_time_is_up_to_the_second(ant):
    """In this test, each wait takes exactly its time."""
    waits = []
    clock = {"sleep": waits.append, "now": lambda: 1000.0 + sum(waits)}
    result = ant(*STATS, "--every", "2s", "--for", "4s", replies=[{"n": 1}] * 3, **clock)
    assert (result.exit, waits, len(result.requests)) == (0, [2.0, 2.0], 3)


def test_a_watch_ends_with_0_when_its_time_is_up(ant):
    """The next request would be too late."""
    result = ant(*STATS, "--every", "2s", "--for", "1s", replies=[{"n": 1}])
    assert (result.exit, result.stdout, result.waits) == (0, '{"n":1}\n', [])


# Faults


def test_a_watch_survives_a_fault_that_remains_after_retries(ant):
    """A series of faults is noted once, on stderr."""
    result = ant(
        *STATS, "--max-retries", "1", replies=[{"n": 1}, FAULT, FAULT, FAULT, FAULT, {"n": 2}, GONE]
    )
    assert result.stdout == '{"n":1}\n{"n":2}\n'
    assert result.stderr.count("Note: 503 Service Unavailable. Asking again in 2 s.") == 1


def test_each_series_of_faults_is_noted(ant):
    """A response between two faults separates them."""
    result = ant(
        *STATS,
        "--max-retries",
        "0",
        replies=[{"n": 1}, FAULT, {"n": 1}, FAULT, FAULT, {"n": 1}, GONE],
    )
    assert result.stderr.count("Note: 503") == 2


@pytest.mark.parametrize(
    "fault",
    [
        TimeoutError("timed out"),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, text="{"),
    ],
)
def test_a_watch_survives_network_errors_and_invalid_responses(ant, fault):
    """Nothing of an invalid response is printed."""
    result = ant(*STATS, "--max-retries", "0", replies=[{"n": 1}, fault, {"n": 2}, GONE])
    assert result.stdout == '{"n":1}\n{"n":2}\n'
    assert re.search(r"[^.]\. Asking again in 2 s\.\n", result.stderr)


@pytest.mark.parametrize(("status", "code"), [(401, 4), (404, 5), (400, 1)])
def test_a_permanent_error_ends_a_watch_with_its_exit_code(ant, status, code):
    """Repeating the request would not help."""
    result = ant(*STATS, replies=[{"n": 1}, httpx.Response(status, json={})])
    assert (result.exit, len(result.requests)) == (code, 2)
    assert str(status) in result.stderr


def test_a_fault_of_the_first_request_ends_a_watch(ant):
    """The base URL may be wrong."""
    result = ant(*STATS, "--max-retries", "1", replies=[FAULT, FAULT])
    assert (result.exit, len(result.requests)) == (7, 2)


CENTURY_S = 100 * 365 * 86_400.0
"""The longest delay that a server can ask for."""


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        ("30", 30.0),
        ("3600", 3600.0),
        ("1", 2.0),
        ("10000000000", CENTURY_S),
        ("9" * 400, CENTURY_S),
        ("Fri, 31 Dec 9999 23:59:59 GMT", CENTURY_S),
    ],
)
def test_a_rate_limit_delays_the_next_round_as_long_as_the_server_asks(ant, asked, waited):
    """The delay is never less than --every."""
    limited = httpx.Response(429, headers={"retry-after": asked}, json={})
    result = ant(*STATS, "--max-retries", "0", replies=[{"n": 1}, limited, {"n": 2}, GONE])
    assert result.waits == [2.0, waited, 2.0]


def test_a_delay_that_is_longer_than_the_time_that_is_left_ends_a_watch(ant):
    """Nobody asked for a request after that."""
    limited = httpx.Response(429, headers={"retry-after": "30"}, json={})
    result = ant(
        *STATS, "--max-retries", "0", "--for", "10s", replies=[{"n": 1}, limited], now=lambda: 0.0
    )
    assert (result.exit, result.waits) == (0, [2.0])
    assert "Asking again in 30 s" in result.stderr


def test_a_watch_ends_with_0_when_it_can_not_print_a_change_any_more(clean_environ):
    """Its reader has left, as `head` and `grep -m1` do."""
    with ScriptedServer(*(response({"n": number}) for number in range(1, 2000))) as server:
        words = [*STATS, "--every", "10ms", "--for", "90s", "--base-url", server.url]
        with started(
            [*ANT, *words],
            env={**COVERAGE, **clean_environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout.readline() == b'{"n":1}\n'
            process.stdout.close()
            assert process.wait(60) == 0
            assert process.stderr.read() == b""


# At a terminal


CLOCK = r"\d\d:\d\d:\d\d"


def told(result):
    """Return what is above the rows at a terminal, without the clock."""
    return [
        re.sub(f"^{CLOCK}  ", "", line)
        for line in result.stderr.splitlines()
        if re.match(CLOCK, line)
    ]


def test_a_terminal_shows_the_rows_that_a_change_adds_or_replaces(ant):
    """The table goes on below the line with the time, which names what is gone."""
    first, second = (
        page(item("a"), item("b"), item("c")),
        page(item("a"), item("c", "active"), item("d")),
    )
    replies = [first, second, second, page(item("a"), item("c", "active")), GONE]
    result = ant(
        *LIST, "--columns", "id,state", terminal=True, env={"NO_COLOR": "1"}, replies=replies
    )
    assert told(result) == ["3 added", "1 changed, 1 added, 1 removed: b", "1 removed: d"]
    assert "No environments" not in result.stderr
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows == [
        ["ID", "STATE"],
        *([name, "queued"] for name in "abc"),
        ["c", "active"],
        ["d", "queued"],
    ]
    assert (result.exit, len(result.requests)) == (5, 5)


@needs_posix("a time zone of the process")
def test_the_clock_of_a_change_at_a_terminal_is_that_of_the_server(ant, time_zone):
    """This machine's clock may be wrong, but not its time zone. In this test, the clock stands still in 1970."""
    time_zone("Asia/Kolkata")
    minutes = (10, 11)
    replies = [
        httpx.Response(200, json={"n": n}, headers={"date": f"Thu, 01 Jan 1970 00:{n}:00 GMT"})
        for n in minutes
    ]
    result = ant(*STATS, terminal=True, now=lambda: 0.0, replies=[*replies, GONE])
    assert re.findall(f"^{CLOCK}$", result.stderr, re.MULTILINE) == ["05:40:01", "05:41:01"]


def test_a_terminal_shows_the_view_of_an_object_after_each_change(ant):
    """A line with the time separates the views."""
    result = ant(
        *STATS, terminal=True, env={"NO_COLOR": "1"}, replies=[{"n": 1}, {"n": 1}, {"n": 2}, GONE]
    )
    assert result.stdout == "n  1\nn  2\n"
    assert re.match(f"{CLOCK}\n{CLOCK}\nant: gone", result.stderr)


def test_only_what_the_transform_keeps_is_shown_at_a_terminal(ant):
    """It is applied once."""
    replies = [page(item("a", n={"id": 1})), page(item("a", n={"id": 1}, other=2)), GONE]
    result = ant(*LIST, "--transform", "n", terminal=True, env={"NO_COLOR": "1"}, replies=replies)
    assert (result.stdout.split(), told(result)) == (["ID", "1"], ["1 added"])


def test_faults_are_notes_at_a_terminal(ant):
    """One for a series, as in a pipe. What a server sent is escaped and redacted."""
    moved = httpx.Response(302, headers=[(b"location", f"/{KEY}\xad".encode("latin-1"))])
    result = ant(*STATS, terminal=True, replies=[{"n": 1}, moved, moved, GONE])
    assert result.stderr.count("Note: ") == 1
    assert 'a redirect to "/[redacted]\\u00ad"' in result.stderr.replace("\n", " ")
    assert result.exit == 5


def test_a_list_that_is_or_gets_empty_says_so_at_a_terminal(ant):
    """The message is that of the command without --watch."""
    result = ant(*LIST, terminal=True, replies=[page(), page(item("a")), page(), GONE])
    assert result.stderr.count("No environments.") == 2
    result = ant(*LIST, "--for", "1s", "--filter", "name==b", terminal=True)
    assert "No environments match --filter." in result.stderr


@pytest.mark.parametrize("flags", [(), ("--include-archived",)])
def test_a_watch_of_archived_items_shows_when_they_were_archived(ant, flags):
    """The column is there even if no item is archived yet: an item may be archived later."""
    items = page({"id": "env_1", "type": "environment", "name": "n", "archived_at": None})
    env = {"COLUMNS": "200", "NO_COLOR": "1"}
    result = ant(*LIST, *flags, "--for", "1s", replies=[items], terminal=True, env=env)
    assert ("ARCHIVED" in result.stdout) is (flags != ())


def test_a_column_that_matches_nothing_is_noted_once(ant):
    """Each change is printed by the same table."""
    pages = [page(item("env_1")), page(item("env_1", "active")), GONE]
    result = ant(*LIST, "--columns", "id,stat", terminal=True, replies=pages)
    assert result.stderr.count("Warning: --columns: 'stat' matches nothing") == 1
    assert "Did you mean 'state'?" in result.stderr.replace("\n", " ")


def test_ctrl_c_ends_a_watch_at_a_terminal(request):
    """The run ends by SIGINT, so a loop of the shell ends, too."""
    pytest.importorskip("pty", reason="this test needs pseudo-terminals")
    words, replies = (*LIST, "--every", "10ms"), (response(page(item("work_1"))), (Act.STALL,))
    session = request.getfixturevalue("in_terminal")(*replies, words=words, until="work_1")
    session.type("\x03")
    assert session.end()[0] == -2
