"""The HTTP/1.1 parser, compared with h11: h11 accepts whatever it accepts, and reads the same."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ant_cli.http.direct import DirectTransport, Origin
from ant_cli.http.response import Response
from ant_cli.http.transport import timeouts_of
from tests.helpers.transports import ScriptedSocket
from tests.http.two_parsers import as_h11_writes_them, by_h11, by_ours

ODD = st.sampled_from(
    [
        b"",
        b" ",
        b"\t",
        b"\r",
        b"\n",
        b"\0",
        b"\x7f",
        b"\x85",
        b":",
        b",",
        b"0",
        b"5",
        b"a",
        b"-",
        b"x",
    ]
)
TEXT = st.lists(ODD, max_size=4).map(b"".join)
STATUS_LINE = st.one_of(
    st.sampled_from(
        [
            b"HTTP/1.1 200 OK",
            b"HTTP/1.0 200",
            b"HTTP/1.1 204 No",
            b"HTTP/1.1 100 Go",
            b"HTTP/1.1 304 ",
        ]
    ),
    st.tuples(st.sampled_from([b"HTTP/1.1 ", b"HTTP/1.0 2", b"HTTP/2 "]), TEXT).map(b"".join),
)
NAME = st.sampled_from(
    [
        b"content-length",
        b"Content-Length",
        b"transfer-encoding",
        b"connection",
        b"x",
        b"x y",
        b"",
        b" x",
    ]
)
VALUE = st.one_of(
    st.sampled_from([b"5", b"05", b"5, 5", b"chunked", b"gzip, chunked", b"close", b"-5", b"5_0"]),
    TEXT,
)
HEADER = st.tuples(NAME, st.sampled_from([b":", b": ", b" :", b":\t"]), VALUE).map(b"".join)
VALID_VALUE = st.lists(
    st.sampled_from(
        [b"a", b":", b",", b'"', b"\xe9", b" ", b"\t", b"    ", b" \t" * 9, b"\r\n ", b"\n\t "]
    ),
    max_size=9,
).map(b"".join)
"""Runs of blanks, and line breaks that continue a header."""
VALID_HEADER = st.tuples(
    st.text("!#$%&'*+-.^_`|~aZ0", min_size=1, max_size=3).map(str.encode),
    st.just(b":"),
    VALID_VALUE,
).map(b"".join)
CHUNK = st.sampled_from(
    [
        b"5\r\nhello\r\n",
        b"5;x=y\r\nhello\r\n",
        b"0\r\n\r\n",
        b"5\nhello\r\n",
        b"5\r\nhello\n",
        b"+5\r\nhello\r\n",
    ]
)
BODY = st.one_of(
    st.lists(CHUNK, max_size=3).map(b"".join), st.sampled_from([b"", b"hello", b"hello, too long"])
)
END = st.sampled_from([b"\r\n", b"\n"])


@st.composite
def responses(draw: st.DrawFn) -> bytes:
    """Draw the bytes of a response, which may be invalid in several places."""
    lines = [draw(STATUS_LINE), *draw(st.lists(st.one_of(HEADER, VALID_HEADER), max_size=3))]
    return b"".join(line + draw(END) for line in [*lines, b""]) + draw(BODY)


@given(responses())
@example(b"HTTP/1.1 200 OK\r\ncontent-length: \x850\r\n\r\n")
def test_the_parser_accepts_the_responses_that_h11_accepts(sent: bytes):
    """Status, body and headers are the same."""
    ours = by_ours([sent])
    if ours is None:
        return
    theirs = by_h11(sent)
    assert theirs is not None
    assert ours[:2] == theirs[:2]
    assert as_h11_writes_them(ours.headers) == theirs.headers


@given(st.lists(VALID_HEADER, max_size=5), END)
def test_every_valid_head_is_parsed_as_by_h11(headers: list[bytes], end: bytes):
    """Both accept it, and read the same values."""
    sent = end.join([b"HTTP/1.1 200 OK", *headers, b"content-length: 2", b"", b"{}"])
    assert by_ours([sent]) == by_h11(sent) is not None


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        b"HTTP/1.0 200\n\nhello",
        b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\ncontent-length: 9\r\n\r\n5;x\r\nhello\r\n0\r\nx: y\n\n",
        b"HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 5, 5\r\n\r\nhello",
    ],
)
def test_every_valid_form_of_a_response_is_parsed_as_by_h11(sent: bytes):
    """Without this test, a parser that rejects everything would pass the comparison with h11."""
    ours, theirs = by_ours([sent]), by_h11(sent)
    assert ours is not None
    assert theirs is not None
    assert ours[:2] == theirs[:2] == (200, b"hello")


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.2 200 OK\r\n\r\n",
        b"HTTP/1.1 099 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0000000000000000005\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0000000000000005\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\ncontent-length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhellox\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx y\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r",
        b"HTTP/1.1 200 OK\r\n x: a\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5, 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\n" + b"x: a\r\n" * 20_000 + b"content-length: 0\r\n\r\n",
    ],
    ids=lambda sent: repr(sent)[2:80],
)
def test_what_does_not_say_clearly_where_it_ends_is_no_response(sent: bytes):
    """A response with an unknown version or an impossible status is refused, too."""
    assert by_ours([sent]) is None


@pytest.mark.parametrize(
    "size", [b"5", b"05", b"000000000000005", b"5 ", b"5\t", b"5;a=b", b"A\r\nhellohello\r\n5"]
)
def test_the_size_of_a_chunk_may_have_zeros_before_it_and_blanks_after_it(size: bytes):
    sent = (
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + size + b"\r\nhello\r\n0\r\n\r\n"
    )
    ours = by_ours([sent])
    assert ours is not None
    assert ours.body == b"hellohellohello"[-15 if size[:1] == b"A" else -5 :]


def test_a_response_without_a_body_ends_with_its_headers():
    """The content-length is that of the body that another request would have received."""
    for status in (b"204 No Content", b"304 Not Modified"):
        ours = by_ours([b"HTTP/1.1 " + status + b"\r\ncontent-length: 5\r\n\r\n"])
        assert ours is not None
        assert (ours.body, ours.is_reusable) == (b"", True)


KEPT, LENGTH = b"HTTP/1.1 200 OK\r\n", b"content-length: 5\r\n"
CHUNKED = KEPT + b"transfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "body", "is_reusable"),
    [
        (KEPT + LENGTH + b"\r\nhello", b"hello", True),
        (KEPT + LENGTH + b"\r\nhello!", b"hello", False),
        (KEPT + LENGTH + b"connection: Close\r\n\r\nhello", b"hello", False),
        (KEPT + LENGTH + b"connection: x, close\r\n\r\nhello", b"hello", False),
        (KEPT + LENGTH + b"connection: x\r\nConnection: close\r\n\r\nhello", b"hello", False),
        (KEPT + LENGTH + b"connection: keep-alive\r\n\r\nhello", b"hello", True),
        (b"HTTP/1.0 200 OK\r\n" + LENGTH + b"\r\nhello", b"hello", False),
        (b"HTTP/1.1 304 Not Modified\r\n" + LENGTH + b"\r\n", b"", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        (KEPT + b"\r\nhello", b"hello", False),
        (CHUNKED + b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789", True),
        (CHUNKED + b"5 \t\r\nhello\r\n5;x=y\r\nhello\r\n0\r\n\r\n", b"hello" * 2, True),
        (CHUNKED + b"5\r\nhello\r\n0\r\nx: y\r\n\r\n", b"hello", True),
    ],
)
def test_the_bytes_of_a_response_say_where_it_ends_and_whether_another_may_follow(
    sent, body, is_reusable
):
    """Data after the end of a response would be taken for the next response."""
    outcome = by_ours([sent])
    assert outcome is not None
    assert (outcome.body, outcome.is_reusable) == (body, is_reusable)


def test_informational_responses_share_the_room_of_one_head():
    """A server that sends them without end is no HTTP server."""
    hint = b"HTTP/1.1 103 Early Hints\r\nlink: " + b"x" * 1000 + b"\r\n\r\n"
    response = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
    assert by_ours([hint * 10 + response]) is not None
    assert by_ours([hint * 100 + response]) is None


class Resetting(ScriptedSocket):
    """A server that rejects a request before all of it has arrived, and closes the connection."""

    def sendall(self, data: bytes) -> None:
        super().sendall(data)
        raise ConnectionResetError


def test_a_response_that_came_before_the_end_of_the_request_is_used():
    """Such as a 413 or a 401 of a gateway, which does not read the rest."""
    early = httpx.Response(413, json={"type": "error"})
    transport = DirectTransport({}, lambda origin, _: Resetting(origin, lambda _: early))
    with transport.stream("POST", "http://h/", {}, b"{}", timeouts_of(5)) as response:
        response.read()
    assert (response.status, response.body) == (413, b'{"type":"error"}')
    transport.close()


class Counted(ScriptedSocket):
    """A socket that a test asks whether it was closed."""

    is_closed = False

    def close(self) -> None:
        super().close()
        self.is_closed = True


def test_a_kept_connection_carries_one_request_at_a_time():
    """Threads share the connections, but none of them while a response is being received."""
    sockets: list[Counted] = []

    def open_socket(origin: Origin, _: object) -> Any:
        sockets.append(Counted(origin, lambda request: httpx.Response(200, text=request.url.path)))
        return sockets[-1]

    def stream(path: str, host: str = "h") -> AbstractContextManager[Response]:
        return transport.stream("GET", f"http://{host}{path}", {}, b"", timeouts_of(5))

    def bodies(*responses: Response) -> list[bytes]:
        for response in responses:
            response.read()
        return [response.body for response in responses]

    transport = DirectTransport({}, open_socket)
    with stream("/1") as first:
        assert bodies(first) == [b"/1"]
    for _ in range(2):
        with stream("/2") as second, stream("/3") as third:
            assert bodies(third, second) == [b"/3", b"/2"]
        assert len(sockets) == 2
    with stream("/4", "other") as fourth:
        assert bodies(fourth) == [b"/4"]
    assert [each.is_closed for each in sockets] == [True, True, False]
    with stream("/5", "other") as fifth, stream("/6", "other") as sixth:
        assert bodies(fifth, sixth) == [b"/5", b"/6"]
    assert [each.is_closed for each in sockets] == [True, True, False, False]
    transport.close()
    assert all(each.is_closed for each in sockets)


def test_a_connection_whose_response_was_not_read_to_its_end_is_closed():
    """What is left of it would be taken for the next response."""
    sockets: list[Counted] = []

    def open_socket(origin: Origin, _: object) -> Any:
        sockets.append(Counted(origin, lambda _: httpx.Response(200, text="{}")))
        return sockets[-1]

    transport = DirectTransport({}, open_socket)
    for _ in range(2):
        with transport.stream("GET", "http://h/", {}, b"", timeouts_of(5)):
            pass

    def fail() -> None:
        with transport.stream("GET", "http://h/", {}, b"", timeouts_of(5)) as response:
            response.read()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [each.is_closed for each in sockets] == [True, True, True]
    for reads in (True, False, True):
        with transport.stream("GET", "http://h/", {}, b"", timeouts_of(5)) as response:
            if reads:
                response.read()
    assert [each.is_closed for each in sockets] == [True, True, True, True, False]
    transport.close()
