"""Responses: those that can't be from the API are rejected with a reason, and all others pass through unchanged."""

from __future__ import annotations

import gzip
import json
import shlex
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from ant_cli.errors import EXIT_CODES, AntError
from ant_cli.gjson.json_text import DEEPEST
from ant_cli.http.attempts import Observer
from ant_cli.http.client import connect
from ant_cli.http.pagination import follow_pages
from ant_cli.http.response import Response, error_message, json_object
from ant_cli.input.request import Request
from ant_cli.settings.loading import load
from tests.conftest import flags_of, make_runtime, needs_posix
from tests.helpers.runs import OK, OUTPUT
from tests.helpers.servers import Act, ScriptedServer, error, response
from tests.helpers.words import KEY, LINES, LIST, PRINTED, RETRIEVE, page

HTML = b"<html><body>Please log in</body></html>"
API_ERROR = {"type": "error", "error": {"type": "overloaded_error", "message": "too busy"}}
DEEP = b"[" * 1_000_000 + b"]" * 1_000_000


# Responses that are not from the API


@pytest.mark.parametrize("words", [(), LINES, (*LINES, "--format", "raw"), (*LINES, "--slurp")])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (HTML, "HTML"),
        (b"\n <!DOCTYPE html>", "HTML"),
        (b"", "empty"),
        (b" \r\n", "empty"),
        ('{"id": "ü"}'.encode("utf-16"), "no UTF-8 at byte 0"),
        ('{"id": "x"}'.encode("utf-16-le"), "Not JSON"),
        ('{"data": ["ü"]}'.encode("latin-1"), "UTF-8"),
        (b'{"data": [1],}', "JSON"),
        (b'{"data": "error", "error": nope}', "JSON"),
        (b'{"data": [NaN]}', "JSON"),
        (b'{"data": [1]}{"data": [2]}', "JSON"),
        (b'{"data": ["a\nb"]}', "JSON"),
        (b'{"data": ["\0"]}', "JSON"),
        (b'{"data": [' + DEEP + b"]}", "nested"),
        (b'{"a":' * 1_000_000, ""),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_response_that_is_not_json_is_not_printed_on_stdout(ant_over_socket, words, body, said):
    """The exit code is 1, and stderr describes the response."""
    result = ant_over_socket(response(body), words=words or RETRIEVE)
    assert (result.exit, result.stdout) == (1, "")
    assert said in result.stderr


@pytest.mark.parametrize("words", [(), LINES, (*LINES, "--format", "raw")])
@pytest.mark.parametrize("status", ["200 OK", "201 Created", "299 Fine"])
def test_an_error_body_with_the_status_of_a_success_is_an_error(ant_over_socket, words, status):
    """Some gateways always return 200."""
    result = ant_over_socket(response(API_ERROR, status=status), words=words or RETRIEVE)
    assert (result.exit, result.stdout) == (1, "")
    assert status in result.stderr
    assert "too busy" in result.stderr


def test_a_redirect_with_an_error_body_is_a_redirect(ant_over_socket):
    """The user has to change the base URL, whatever the body says."""
    result = ant_over_socket(response(API_ERROR, status="308 Permanent Redirect"))
    assert result.exit == 1
    assert ": 308 Permanent Redirect.\nRedirects are not followed" in result.stderr


@pytest.mark.parametrize("body", [b'{"error": ', b'{"error": {"type": 1}, "type": "error"'])
def test_a_body_that_breaks_off_in_an_error_object_is_not_json(ant_over_socket, body):
    """By its length, the response is complete, so it is not retried."""
    result = ant_over_socket(response(body))
    assert (result.exit, result.stdout) == (1, "")
    assert "the server's response can't be read. Not JSON" in result.stderr


def test_a_status_without_a_reason_has_no_space_after_it(ant_over_socket):
    """HTTP/2 servers send no reason."""
    result = ant_over_socket(response(b"{}", status="418"))
    assert ": 418\n" in result.stderr
    assert Response(418, "", {}, []).status_line == "418"
    assert Response(418, "Teapot", {}, []).status_line == "418 Teapot"


@pytest.mark.parametrize(
    "text", ["::error::x", " \u3000::error file=a::x", "##[error]x", "x ##vso[task.x]"]
)
@pytest.mark.parametrize("kind", ["text/plain", "application/json"])
def test_an_error_is_no_command_to_a_ci_job(ant_over_socket, text, kind):
    """Whoever controls the log of a job controls more than its text."""
    body = text.encode() if kind == "text/plain" else text
    stderr = ant_over_socket(response(body, status="400 Bad", kind=kind), more=("-r",)).stderr
    assert not any(line.strip().startswith("::") or "##" in line for line in stderr.splitlines())
    assert "x" in stderr


def test_a_result_with_a_member_named_error_is_not_an_error(ant_over_socket):
    """Data may have a member of that name."""
    assert (
        ant_over_socket(response({"type": "environment", "metadata": {"last": "error"}})).exit == 0
    )
    assert ant_over_socket(response({"type": "environment", "error": "none"})).exit == 0
    assert ant_over_socket(response({"data": [API_ERROR]}), words=LINES).exit == 0


@pytest.mark.parametrize("kind", ["text/plain", "text/html; charset=latin-1", ""])
def test_a_json_response_is_accepted_with_any_content_type(ant_over_socket, kind):
    """The body decides, not the header."""
    assert ant_over_socket(response({"id": "x"}, kind=kind)).stdout == OUTPUT


def test_a_byte_order_mark_before_a_response_is_dropped(ant_over_socket):
    """The response is a result, a page, or an error."""
    assert ant_over_socket(response(b'\xef\xbb\xbf{"id":"x"}')).stdout == OUTPUT
    assert (
        ant_over_socket(response(b'\xef\xbb\xbf{"id":"x"}'), more=("--format", "raw")).stdout
        == '{"id":"x"}\n'
    )
    assert ant_over_socket(response(b'\xef\xbb\xbf{"data":[1]}'), words=LINES).stdout == "1\n"
    assert (
        '"message": "m"'
        in ant_over_socket(response(b'\xef\xbb\xbf{"message":"m"}', status="400 Bad")).stderr
    )


# Values that pass through


@pytest.mark.parametrize(
    "value",
    [
        rb'"\ud83d"',
        rb'"a\u0000b"',
        b"1e400",
        b"-0.0",
        b"1.10",
        b"9" * 5000,
        b'{"a":1,"a":2}',
        b'{"":{"":[]}}',
        b'"\x7f"',
        '"\u202e\u2028"'.encode(),
        b"[" * 400 + b"]" * 400,
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_value_passes_through_unchanged_in_every_format(ant_over_socket, value):
    """Compact JSON has the received bytes. Every other format can print the value, too."""
    body = b'{"v":' + value + b"}"
    assert (
        ant_over_socket(response(body), more=("--format", "jsonl")).stdout.encode() == body + b"\n"
    )
    assert (
        ant_over_socket(response(b'{"data":[' + body + b"]}"), words=LINES).stdout.encode()
        == body + b"\n"
    )
    for name in PRINTED:
        result = ant_over_socket(response(body), more=("--format", name))
        assert (name, result.exit, result.stderr) == (name, 0, "")
        assert result.stdout


def test_a_value_too_deep_for_yaml_is_an_error_in_yaml_and_unchanged_in_json(ant_over_socket):
    """Nothing is printed as YAML, not even a part of the value."""
    body = b'{"v":' + b"[" * 900 + b"]" * 900 + b"}"
    result = ant_over_socket(response(body), more=("--format", "yaml"))
    assert (result.exit, result.stdout, "nested" in result.stderr) == (1, "", True)
    assert (
        ant_over_socket(response(body), more=("--format", "jsonl")).stdout.encode() == body + b"\n"
    )


BRACKETS = b"[" * 60_000 + b"]" * 60_000
UNLIMITED = "import sys; sys.setrecursionlimit(10**6); from ant_cli.__main__ import entry_point; entry_point()"
"""The program in a Python that, like 3.14, does not limit the depth of JSON."""


RETRIEVED, LISTED = "retrieve env_1", b'{"data": [' + BRACKETS + b'], "next_page": null}'


@needs_posix("ulimit")
@pytest.mark.parametrize(
    ("words", "body"),
    [
        (RETRIEVED, BRACKETS),
        (f"{RETRIEVED} --format jsonl", BRACKETS),
        (RETRIEVED, b'{"a":' * 12_000 + b"1" + b"}" * 12_000),
        (RETRIEVED, b'["]",' * 10_000 + b'"' + b"[" * 10_000 + b'"' + b"]" * 10_000),
        (RETRIEVED, b'{"type": "error", "error": {"type": "x", "message": ' + BRACKETS + b"}}"),
        ("list", LISTED),
        ("list --format yaml", LISTED),
        ("list", b'{"data": [1], "x": ' + BRACKETS + b"}"),
    ],
)
def test_120_kb_of_brackets_do_not_exhaust_the_memory(shell, words, body):
    """Laid out with one bracket per line, they would take gigabytes."""
    script = (
        f"ulimit -v 1000000; exec $PYTHON -c {shlex.quote(UNLIMITED)} beta:environments {words}"
    )
    result = shell(script, response(body), response(body))
    assert (result.exit, len(result.stdout) < 1000) == (1, True)
    assert "nested too deeply" in result.stderr or body.startswith(b'{"type":')


@pytest.mark.parametrize(("levels", "status"), [(DEEPEST - 2, 0), (DEEPEST + 1, 1)])
@pytest.mark.parametrize("words", ["retrieve env_1", "list"])
def test_the_limit_of_nesting_is_the_same_on_every_python(shell, words, levels, status):
    """Brackets in strings don't count."""
    value = b"[" * 10 + b'"[[[\\"[[[\\\\",' + b"[" * (levels - 10) + b"]" * levels
    body = b'{"data":[' + value + b"]}" if words == "list" else value
    result = shell(f"$ANT beta:environments {words} --format jsonl", response(body))
    assert (result.exit, "nested too deeply" in result.stderr) == (status, status == 1)


def test_a_response_that_is_nested_too_deeply_is_no_object():
    """The commands of the emulator and the worker reject it."""
    for levels, is_object in ((DEEPEST, True), (DEEPEST + 1, False)):
        body = b'{"a":' * levels + b"1" + b"}" * levels
        assert (json_object(body) is not None) is is_object


def test_many_brackets_side_by_side_or_in_a_string_are_no_deep_nesting(ant_over_socket):
    """They are on one level."""
    body = b'["' + b"[" * 2000 + b'"' + b",[]" * 2000 + b"]"
    assert (
        ant_over_socket(response(body), more=("--format", "jsonl")).stdout.encode() == body + b"\n"
    )


# Compression


PACKED = gzip.compress(b'{"id":"x"}', mtime=0)


def test_a_response_may_say_that_it_is_not_compressed(ant_over_socket):
    result = ant_over_socket(response({"id": "x"}, "content-encoding: Identity"))
    assert (result.exit, result.stdout) == (0, OUTPUT)


@pytest.mark.parametrize("name", ["gzip", "GZIP", "x-gzip"])
def test_gzip_is_requested_and_decompressed(ant_over_socket, name):
    """No other encoding is requested."""
    result = ant_over_socket(response(PACKED, f"content-encoding: {name}"))
    assert result.stdout == OUTPUT
    assert b"accept-encoding: gzip\r\n" in result.requests[0]


def test_gzip_of_several_members_is_one_response(ant_over_socket):
    """The gzip format allows several members."""
    packed = gzip.compress(b'{"id":', mtime=0) + gzip.compress(b'"x"}', mtime=0)
    assert (
        ant_over_socket(response(packed, "content-encoding: gzip")).stdout == '{\n  "id": "x"\n}\n'
    )


@pytest.mark.parametrize("name", ["br", "zstd", "deflate", "gzip, gzip", "nonsense"])
def test_an_encoding_that_was_not_requested_is_an_error(ant_over_socket, name):
    """It is not retried, because the server would use the same encoding again."""
    result = ant_over_socket(response(PACKED, f"content-encoding: {name}"))
    assert (result.exit, result.stdout, result.waits) == (1, "", [])
    problem = f"the response is compressed as '{name}', which was not requested, so nothing of it is shown.\n"
    assert result.stderr.endswith(problem)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"not gzip", "can't be decompressed"),
        (PACKED[:-4], "broke off"),
        (PACKED[:-8] + bytes(8), "can't be dec"),
    ],
    ids=["other", "cut off", "wrong sum"],
)
def test_broken_gzip_counts_as_an_incomplete_response(ant_over_socket, body, problem):
    """A GET is therefore retried."""
    result = ant_over_socket(response(body, "content-encoding: gzip"))
    assert (result.exit, result.stdout, len(result.waits)) == (1, "", 2)
    assert f": the response {problem}" in result.stderr


@pytest.mark.parametrize("status", ["204 No Content", "200 OK"])
def test_an_empty_body_with_a_content_encoding_is_accepted(ant_over_socket, status):
    """Some servers label empty bodies like this."""
    result = ant_over_socket(response(b"", "content-encoding: gzip", status=status))
    assert (result.exit, result.stdout) == ((0, "") if status.startswith("204") else (1, ""))


LIMIT = 100_000_000
"""The documented limit of a response after decompression, in bytes."""


def packed(body: bytes, size: int) -> bytes:
    """Return a body in gzip, padded with spaces to a size."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    spaces, rest = divmod(size - len(body), 1_000_000)
    parts = [body, *[b" " * 1_000_000] * spaces, b" " * rest]
    return b"".join(map(packer.compress, parts)) + packer.flush()


def test_a_response_at_the_size_limit_is_accepted_and_a_longer_one_is_rejected(ant_over_socket):
    """The limit applies after decompression. A response that is too large is not requested again."""
    result = ant_over_socket(response(packed(b'{"id":"x"}', LIMIT), "content-encoding: gzip"))
    assert (result.exit, result.stdout) == (0, OUTPUT)
    result = ant_over_socket(response(packed(b'{"id":"x"}', LIMIT + 1), "content-encoding: gzip"))
    assert (result.exit, result.stdout, len(result.requests)) == (1, "", 1)
    assert result.stderr.endswith(
        "the response is larger than 100 MB, which is the limit, so nothing of it is shown.\n"
    )


def test_an_error_response_beyond_the_size_limit_keeps_its_status(ant_over_socket):
    """The status decides, and the body is discarded."""
    result = ant_over_socket(
        response(packed(b"", LIMIT + 1), "content-encoding: gzip", status="404 Not Found")
    )
    assert (result.exit, result.stdout, len(result.requests)) == (5, "", 1)
    assert result.stderr.strip().endswith("404 Not Found")


def test_a_compression_bomb_takes_no_more_memory_than_the_limit(ant_over_socket):
    """It is decompressed in small parts: each of its chunks from the network would fill 66 MB."""
    bomb = response(gzip.compress(bytes(4 * LIMIT // 3), mtime=0), "content-encoding: gzip")
    tracemalloc.start()
    try:
        result = ant_over_socket(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (result.exit, result.stdout, len(result.requests)) == (1, "", 1)
    assert peak < LIMIT + 20_000_000


# Statuses


KNOWN = {401: 4, 403: 4, 404: 5, 408: 7, 409: 6, 412: 6, 429: 7}


@pytest.mark.parametrize(
    "status", [*range(300, 600, 11), 304, 529, 600, 999, *sorted({*KNOWN, *EXIT_CODES})]
)
def test_every_error_status_has_its_exit_code(ant_over_socket, status):
    """The table of exit codes decides, and no error exits with 0."""
    expected = KNOWN.get(status, 7 if 500 <= status <= 599 else 1)
    body = b"" if status == 304 else b'{"type":"error"}'
    result = ant_over_socket((response(body, status=f"{status} Words"), Act.CLOSE))
    assert (result.exit, result.stdout) == (expected, "")
    assert f"{status} Words" in result.stderr
    assert len(result.requests) == (3 if status in (408, 409, 429) or 500 <= status <= 599 else 1)


@pytest.mark.parametrize("terminal", [False, True])
def test_an_html_error_page_is_shortened_to_one_line(ant_over_socket, terminal):
    """The request is retried if its status allows it."""
    page = b"<html>\n" + b"<p>sorry</p>\n" * 1000
    result = ant_over_socket(
        response(page, kind="text/html", status="502 Bad Gateway"), terminal=terminal
    )
    assert (result.exit, len(result.requests)) == (7, 3)
    assert "<html> <p>sorry</p>" in result.stderr
    assert len(result.stderr) < 1000


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_error_and_not_followed(ant_over_socket, status):
    """The key is not sent to another host."""
    location = f"http://ada:pass-word@elsewhere.invalid/?key={KEY}"
    result = ant_over_socket(response(b"", f"location: {location}", status=f"{status} Moved"))
    assert (result.exit, len(result.requests)) == (1, 1)
    assert result.stderr.endswith(
        f': {status} Moved, a redirect to "http://elsewhere.invalid/?key=[redacted]".\n'
        "Redirects are not followed, so your key isn't sent elsewhere. Check the base URL.\n"
    )


def test_a_status_without_words_is_shown_alone(ant_over_socket):
    result = ant_over_socket(response(b"", status="308"))
    assert ": 308.\n" in result.stderr


def test_a_page_of_html_is_rejected_with_the_request_and_what_may_have_sent_it(ant_over_socket):
    """Blanks before the HTML change nothing."""
    html = ant_over_socket(response(b"\n" * 50 + HTML))
    assert html.stderr.startswith('ant: GET "http://127.0.0.1:')
    assert html.stderr.endswith(
        ": 200 OK, but the response is HTML or XML, not JSON in UTF-8.\n"
        "Something other than the API may have responded, such as a proxy. Check the base URL.\n"
    )


# Lists


def test_a_list_that_returns_to_an_earlier_page_ends_with_an_error(ant_over_socket):
    """Earlier items are printed (D29)."""
    result = ant_over_socket(response(page(1, after="p")), words=LINES)
    assert (result.exit, result.stdout) == (1, "1\n1\n")
    assert "does not end" in result.stderr


def test_a_list_whose_next_page_is_the_first_one_ends_with_an_error(ant_over_socket):
    """The first page is not requested again (D29)."""
    result = ant_over_socket(response(page(1, after="p")), words=LINES, more=("--page", "p"))
    assert (result.exit, result.stdout, len(result.requests)) == (1, "1\n", 1)


def test_a_list_that_would_return_to_an_earlier_page_is_no_error_if_no_more_items_are_wanted(
    ant_over_socket,
):
    """The page would not be requested."""
    result = ant_over_socket(response(page(1, after="p")), words=LINES, more=("--max-items", "2"))
    assert (result.exit, result.stdout, result.stderr) == (0, "1\n1\n", "")


def test_a_list_of_empty_pages_with_ever_new_cursors_ends_with_an_error(ant):
    """It would never end. A server that filters its pages may send a few empty ones."""

    def reply(items):
        numbers = iter(range(10_000))
        return lambda _request: page(*items(number := next(numbers)), after=f"p{number}")

    ended = ant(*LINES, replies=reply(lambda number: [number] if number < 3 else []))
    assert (ended.exit, ended.stdout, len(ended.requests)) == (1, "0\n1\n2\n", 203)
    assert ended.stderr == "ant: the list does not end: 200 pages in a row had no items.\n"
    few = ant(*LINES, "--max-items", "3", replies=reply(lambda n: [n] if n % 200 == 199 else []))
    assert (few.exit, few.stdout, len(few.requests)) == (0, "199\n399\n599\n", 600)
    # the pages have items, of which the filter selects none
    unselected = ant(
        *LIST,
        *("--filter", 'name=="x"', "--max-items", "1", "--transform", "name"),
        replies=reply(lambda n: [{"name": "x" if n == 300 else "y"}]),
    )
    assert (unselected.exit, len(unselected.requests)) == (0, 301)


def test_the_cursors_of_a_long_list_are_not_kept():
    """Those of a hostile server take 50 KB each."""
    numbers = iter(range(400))

    def send(_request):
        number = next(numbers)
        after = f"{number}{'x' * 50_000}" if number < 399 else None
        received = Response(200, "OK", {}, [json.dumps(page(number, after=after)).encode()])
        received.read()
        return received

    tracemalloc.start()
    try:
        pages = follow_pages(send, Request("GET", "/x", ()), None)
        assert len([len(items) for items in pages]) == 400
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_an_endless_list_is_printed_page_by_page(ant_over_socket):
    """It continues as long as the cursors are new."""
    pages = [response(page(number, after=f"p{number}")) for number in range(50)]
    result = ant_over_socket(*pages, words=LINES, more=("--max-items", "40"))
    assert result.stdout.split() == [str(number) for number in range(40)]
    assert len(result.requests) == 40


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({}, "It has no `data`."),
        ({"data": {}}, "Expected an array in the JSON, got an object."),
        ({"data": None}, "Expected an array in the JSON, got null."),
        ([1], "Expected an object in the JSON, got an array."),
        (5, "Expected an object in the JSON, got a number."),
        ({"data": [], "next_page": 5}, "Expected a string in the JSON, got a number."),
        ({"data": [], "next_page": "\ud800"}, "Its next_page contains a lone surrogate."),
        ({"data": [], "next_page": "x" * 70_000}, "Its next_page is too long for a URL."),
        ({"data": [], "next_page": "\xe9" * 12_000}, "Its next_page is too long for a URL."),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_response_that_is_not_a_page_ends_a_list_with_an_error(ant_over_socket, other, why):
    """Earlier items stay printed."""
    result = ant_over_socket(response(page(1, after="p")), response(other), words=LINES)
    assert (result.exit, result.stdout) == (1, "1\n")
    assert result.stderr == f"ant: the server's response is not a page of a list. {why}\n"


def test_each_page_is_asked_for_by_its_own_cursor(ant):
    """The cursor of the command line is only for the first page. All other parameters stay."""
    pages = [page(1, after="b"), page(2, after="c"), page(3)]
    result = ant(*LINES, "--page", "a", "--limit", "1", replies=pages)
    queries = [request.url.params.multi_items() for request in result.requests]
    both = {("beta", "true"), ("limit", "1")}
    assert [{*query} for query in queries] == [both | {("page", cursor)} for cursor in "abc"]
    assert [len(query) for query in queries] == [3, 3, 3]


def test_a_list_whose_pages_form_a_circle_ends_with_an_error(ant):
    """A cursor may come again after several other pages. A long cursor is shortened in the message."""
    a, b = "a" * 5000, "b"
    pages = [page(1, after=a), page(2, after=b), page(3, after=a)]
    result = ant(*LINES, replies=pages)
    assert (result.exit, result.stdout) == (1, "1\n2\n3\n")
    shown = f"ant: the list does not end: next_page '{'a' * 97}...' was followed before.\n"
    assert result.stderr == shown


def test_a_list_whose_second_page_fails_prints_the_first(ant_over_socket):
    """The exit code and the message are those of the failure."""
    result = ant_over_socket(
        response(page(1, after="p")), error("404 Not Found", "not_found_error"), words=LINES
    )
    assert (result.exit, result.stdout) == (5, "1\n")


def test_a_success_after_retries_prints_no_trace_of_the_failures(ant_over_socket):
    """Stderr stays empty."""
    result = ant_over_socket((Act.RESET,), error("500 Broken"), OK)
    assert (result.exit, result.stdout, result.stderr) == (0, OUTPUT, "")


@pytest.mark.parametrize(
    "words", ["emulator enqueue env_1", "emulator reset", "auth login --api-key-stdin --profile p"]
)
@pytest.mark.parametrize(
    "body", [b"hello", b"[1]", b'"x"', b'{"data": 5}', b"9" * 5000, b"[" * 100_000]
)
def test_a_tool_command_recognizes_a_server_that_is_neither_the_api_nor_the_emulator(
    ant_over_socket, words, body
):
    """Its response is an error and not a bug. A reset accepts any object, because it uses nothing of it."""
    result = ant_over_socket(response(body), words=words.split(), stdin="other-key-1234")
    expected = 0 if (words, body) == ("emulator reset", b'{"data": 5}') else 1
    assert (result.exit, result.stdout) == (expected, "")
    assert ("not the" in result.stderr) == (expected == 1)


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "308 Permanent Redirect"])
def test_the_clock_of_the_server_is_that_of_its_latest_response(clean_environ, status):
    """An error has a date, too. The next response may have another one."""
    runtime = make_runtime(clean_environ, now=lambda: 0.0)
    dates = ["Thu, 01 Jan 1970 00:10:00 GMT", "Thu, 01 Jan 1970 00:00:10 GMT"]
    replies = [response({}, f"date: {date}", status=status) for date in dates]
    seen = []
    with ScriptedServer(*replies) as server:
        connection = load(runtime, flags_of(base_url=server.url)).connection
        with connect(connection, runtime) as client:
            for _ in dates:
                with suppress(AntError):
                    client.send(Request("GET", "/", ()))
                seen.append(runtime.server_clock.now())
    assert seen == [601.0, 11.0]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": {"message": "no"}}', "no"),
        (b'{"error": {"message": 5}}', ""),
        (b'{"error": {"message": null}}', ""),
        (b'{"error": {}}', ""),
        (b'{"error": "no"}', ""),
        (b'{"message": "no"}', ""),
        (b'["no"]', ""),
        (b"<p>no</p>", ""),
        (b"", ""),
    ],
)
def test_the_message_of_an_error_is_a_text_or_empty(body, message):
    """Whatever a gateway sends."""
    assert error_message(body) == message


def test_a_wait_is_displayed_by_the_request_without_its_parameters_until_the_body_is_read(
    clean_environ,
):
    """Parameters are long, and may be private."""
    events: list[str] = []

    class Recorder(Observer):
        @contextmanager
        def waiting_for(self, what: str) -> Iterator[None]:
            events.append(what)
            yield
            events.append("over")

    body = (response(b"[1]")[:-3], lambda: events.append("body"), b"[1]")
    with ScriptedServer(body) as server:
        runtime = make_runtime(clean_environ)
        connection = load(runtime, flags_of(base_url=server.url)).connection
        with connect(connection, runtime, Recorder()) as client:
            client.send(Request("GET", "/v1/x", (("page", "abc"),)))
    assert events == ["GET /v1/x", "body", "over"]
