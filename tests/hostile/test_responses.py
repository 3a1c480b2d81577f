"""Responses: what can't be from the API is rejected with a reason; everything else passes through unchanged."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from tests.conftest import KEY

from .conftest import LIST, OK, OUTPUT, Outcome
from .scripted_server import Act, error, response

Over = Callable[..., Outcome]
FORMATS = ("json", "jsonl", "yaml", "table", "pretty", "raw")
HTML = b"<html><body>Please log in</body></html>"
API_ERROR = {"type": "error", "error": {"type": "overloaded_error", "message": "too busy"}}
DEEP = b"[" * 1_000_000 + b"]" * 1_000_000


# What is not from the API


@pytest.mark.parametrize("words", [(), LIST, (*LIST, "--format", "raw"), (*LIST, "--slurp")])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (HTML, "HTML"),
        (b"\n <!DOCTYPE html>", "HTML"),
        (b"", "empty"),
        (b" \r\n", "empty"),
        ('{"id": "ü"}'.encode("utf-16"), "UTF-16"),
        ('{"id": "x"}'.encode("utf-16-le"), "UTF-16"),
        ('{"data": ["ü"]}'.encode("latin-1"), "UTF-8"),
        (b'{"data": [1],}', "JSON"),
        (b'{"data": [NaN]}', "JSON"),
        (b'{"data": [1]}{"data": [2]}', "JSON"),
        (b'{"data": ["a\nb"]}', "JSON"),
        (b'{"data": ["\0"]}', "JSON"),
        (b'{"data": [' + DEEP + b"]}", "nested"),
        (b'{"a":' * 1_000_000, ""),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_not_json_is_never_printed(over: Over, words, body, said):
    """Exit code 1, an empty stdout, and what came instead."""
    result = over(response(body), words=words or ("beta:environments", "retrieve", "env_1"))
    assert (result.exit, result.stdout) == (1, "")
    assert said in result.stderr


@pytest.mark.parametrize("words", [(), LIST, (*LIST, "--format", "raw")])
def test_an_error_with_status_200_is_an_error(over: Over, words):
    """Some gateways know no other status."""
    result = over(response(API_ERROR), words=words or ("beta:environments", "retrieve", "env_1"))
    assert (result.exit, result.stdout) == (1, "")
    assert "200 OK" in result.stderr
    assert "too busy" in result.stderr


def test_the_word_error_alone_makes_no_error(over: Over):
    """Data may hold it."""
    assert over(response({"type": "environment", "metadata": {"last": "error"}})).exit == 0
    assert over(response({"data": [API_ERROR]}), words=LIST).exit == 0


@pytest.mark.parametrize("kind", ["text/plain", "text/html; charset=latin-1", ""])
def test_the_content_type_does_not_matter(over: Over, kind):
    """JSON is JSON."""
    assert over(response({"id": "x"}, kind=kind)).stdout == OUTPUT


def test_a_byte_order_mark_is_no_part_of_a_response(over: Over):
    """Of a result, of a page, and of an error."""
    assert over(response(b'\xef\xbb\xbf{"id":"x"}')).stdout == OUTPUT
    assert over(response(b'\xef\xbb\xbf{"id":"x"}'), more=("--format", "raw")).stdout == '{"id":"x"}\n'
    assert over(response(b'\xef\xbb\xbf{"data":[1]}'), words=LIST).stdout == "1\n"
    assert '"message": "m"' in over(response(b'\xef\xbb\xbf{"message":"m"}', status="400 Bad")).stderr


# What passes through


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
def test_a_value_passes_through_untouched(over: Over, value):
    """In compact JSON the bytes are those that came; every other format can print it too."""
    body = b'{"v":' + value + b"}"
    assert over(response(body), more=("--format", "jsonl")).stdout.encode() == body + b"\n"
    assert over(response(b'{"data":[' + body + b"]}"), words=LIST).stdout.encode() == body + b"\n"
    for name in FORMATS:
        result = over(response(body), more=("--format", name))
        assert (name, result.exit, result.stderr) == (name, 0, "")
        assert result.stdout


def test_a_value_too_deep_for_yaml_is_an_error_there_and_passes_through_in_json(over: Over):
    """Nothing of it is printed as YAML, rather than a part of it."""
    body = b'{"v":' + b"[" * 900 + b"]" * 900 + b"}"
    result = over(response(body), more=("--format", "yaml"))
    assert (result.exit, result.stdout, "nested" in result.stderr) == (1, "", True)
    assert over(response(body), more=("--format", "jsonl")).stdout.encode() == body + b"\n"


# Compression


PACKED = gzip.compress(b'{"id":"x"}', mtime=0)


@pytest.mark.parametrize("name", ["gzip", "GZIP", "x-gzip"])
def test_gzip_is_asked_for_and_taken(over: Over, name):
    """And nothing else is asked for."""
    result = over(response(PACKED, f"content-encoding: {name}"))
    assert result.stdout == OUTPUT
    assert b"accept-encoding: gzip\r\n" in result.requests[0]


def test_gzip_in_several_members_is_one_response(over: Over):
    """As its specification allows."""
    packed = gzip.compress(b'{"id":', mtime=0) + gzip.compress(b'"x"}', mtime=0)
    assert over(response(packed, "content-encoding: gzip")).stdout == '{\n  "id": "x"\n}\n'


@pytest.mark.parametrize("name", ["br", "zstd", "deflate", "gzip, gzip", "nonsense"])
def test_another_compression_was_not_asked_for(over: Over, name):
    """It is not tried again, since the server would not do better."""
    result = over(response(PACKED, f"content-encoding: {name}"))
    assert (result.exit, result.stdout, result.waits) == (1, "", [])
    assert name in result.stderr


@pytest.mark.parametrize(
    "body", [b"not gzip", PACKED[:-4], PACKED[:-8] + bytes(8)], ids=["other", "cut off", "wrong sum"]
)
def test_broken_gzip_is_an_incomplete_response(over: Over, body):
    """So a GET is tried again."""
    result = over(response(body, "content-encoding: gzip"))
    assert (result.exit, result.stdout, len(result.waits)) == (1, "", 2)


@pytest.mark.parametrize("status", ["204 No Content", "200 OK"])
def test_nothing_may_be_called_compressed(over: Over, status):
    """As some servers do."""
    result = over(response(b"", "content-encoding: gzip", status=status))
    assert (result.exit, result.stdout) == ((0, "") if status.startswith("204") else (1, ""))


LIMIT = 256_000_000
"""The most bytes of a response after decompression, as the documentation says."""


def packed(body: bytes, size: int) -> bytes:
    """Return a body in gzip, filled up with spaces to its size."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    spaces, rest = divmod(size - len(body), 1_000_000)
    parts = [body, *[b" " * 1_000_000] * spaces, b" " * rest]
    return b"".join(map(packer.compress, parts)) + packer.flush()


def test_a_response_at_the_size_limit_is_accepted_and_one_byte_more_is_not(over: Over):
    """The limit counts bytes after decompression. What is too large is not requested again."""
    assert over(response(packed(b'{"id":"x"}', LIMIT), "content-encoding: gzip")).stdout == OUTPUT
    result = over(response(packed(b'{"id":"x"}', LIMIT + 1), "content-encoding: gzip"))
    assert (result.exit, result.stdout, len(result.requests)) == (1, "", 1)
    assert "256 MB" in result.stderr


def test_an_error_whose_body_is_beyond_the_limit_stays_that_error(over: Over):
    """The status decides, whatever became of the body."""
    result = over(response(packed(b"", LIMIT + 1), "content-encoding: gzip", status="404 Not Found"))
    assert (result.exit, result.stdout, len(result.requests)) == (5, "", 1)
    assert result.stderr.strip().endswith("404 Not Found")


def test_a_compression_bomb_takes_no_more_memory_than_the_limit(over: Over):
    """It is decompressed in small parts: each chunk of it from the network would fill 66 MB."""
    bomb = response(gzip.compress(bytes(4 * LIMIT // 3), mtime=0), "content-encoding: gzip")
    tracemalloc.start()
    try:
        result = over(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (result.exit, result.stdout, len(result.requests)) == (1, "", 1)
    assert peak < LIMIT + 20_000_000


# Statuses


@pytest.mark.parametrize("status", [*range(300, 600, 11), 304, 401, 403, 404, 408, 409, 412, 429, 529, 600, 999])
def test_every_status_has_its_exit_code(over: Over, status):
    """By the table, and never a zero."""
    known = {401: 4, 403: 4, 404: 5, 408: 7, 409: 6, 412: 6, 429: 7}
    expected = known.get(status, 7 if 500 <= status <= 599 else 1)
    body = b"" if status == 304 else b'{"type":"error"}'
    result = over((response(body, status=f"{status} Words"), Act.CLOSE))
    assert (result.exit, result.stdout) == (expected, "")
    assert f"{status} Words" in result.stderr
    assert len(result.requests) == (3 if status in (408, 409, 429) or 500 <= status <= 599 else 1)


def test_an_error_page_of_html_is_shown_in_short(over: Over):
    """On one line, and the attempt is repeated as its status asks for."""
    result = over(response(b"<html>\n" + b"<p>sorry</p>\n" * 1000, kind="text/html", status="502 Bad Gateway"))
    assert (result.exit, len(result.requests)) == (7, 3)
    assert "<html> <p>sorry</p>" in result.stderr
    assert len(result.stderr) < 1000


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_named_and_not_followed(over: Over, status):
    """So the key goes nowhere else."""
    location = f"http://ada:pass-word@elsewhere.invalid/?key={KEY}"
    result = over(response(b"", f"location: {location}", status=f"{status} Moved"))
    assert (result.exit, len(result.requests)) == (1, 1)
    assert "elsewhere.invalid" in result.stderr
    assert "pass-word" not in result.stderr


# Lists


def test_a_list_that_comes_back_to_a_page_ends_with_an_error(over: Over):
    """After the items so far (D29)."""
    result = over(response({"data": [1], "next_page": "p"}), words=LIST)
    assert (result.exit, result.stdout) == (1, "1\n1\n")
    assert "does not end" in result.stderr


def test_a_list_that_names_the_page_first_asked_for_as_the_next_one_ends_with_an_error(over: Over):
    """That page is not requested again (D29)."""
    result = over(response({"data": [1], "next_page": "p"}), words=LIST, more=("--page", "p"))
    assert (result.exit, result.stdout, len(result.requests)) == (1, "1\n", 1)


def test_a_list_without_an_end_is_a_stream(over: Over):
    """As long as its cursors are new, for as many items as are wanted."""
    pages = [response({"data": [number], "next_page": f"p{number}"}) for number in range(50)]
    result = over(*pages, words=LIST, more=("--max-items", "40"))
    assert result.stdout.split() == [str(number) for number in range(40)]
    assert len(result.requests) == 40


@pytest.mark.parametrize(
    "page",
    [{}, {"data": {}}, {"data": None}, [1], 5, {"data": [], "next_page": 5}, {"data": [], "next_page": "\ud800"}],
)
def test_what_is_no_page_ends_a_list(over: Over, page):
    """The items before it stay printed."""
    result = over(response({"data": [1], "next_page": "p"}), response(page), words=LIST)
    assert (result.exit, result.stdout) == (1, "1\n")
    assert "not a page" in result.stderr


def test_a_second_page_that_fails_keeps_the_first(over: Over):
    """Exit code and message are those of the failure."""
    result = over(response({"data": [1], "next_page": "p"}), error("404 Not Found", "not_found_error"), words=LIST)
    assert (result.exit, result.stdout) == (5, "1\n")


def test_a_success_after_failures_is_a_success(over: Over):
    """Nothing of the failures is left."""
    result = over((Act.RESET,), error("500 Broken"), OK)
    assert (result.exit, result.stdout, result.stderr) == (0, OUTPUT, "")


@pytest.mark.parametrize(
    "words", ["emulator enqueue env_1", "emulator reset", "auth login --api-key-stdin --profile p"]
)
@pytest.mark.parametrize("body", [b"hello", b"[1]", b'"x"', b'{"data": 5}', b"9" * 5000, b"[" * 100_000])
def test_a_tool_command_recognizes_a_server_that_is_neither_the_api_nor_the_emulator(over: Over, words, body):
    """Its response is an error and no bug. A reset takes any object, since nothing in it matters."""
    result = over(response(body), words=words.split(), stdin="other-key-1234")
    expected = 0 if (words, body) == ("emulator reset", b'{"data": 5}') else 1
    assert (result.exit, result.stdout) == (expected, "")
    assert ("not the" in result.stderr) == (expected == 1)
