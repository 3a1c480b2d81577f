"""The HTTP/1.1 parser and h11, fed with the same damaged responses, in parts of any size.

`test_wire.py` draws responses by a grammar. Here, bytes of valid ones are changed at random, as a broken gateway or
somebody between us and the server might.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.http.two_parsers import as_h11_writes_them, by_h11, by_ours

ROUNDS = 60_000
VALID = (
    b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-type: application/json\r\n\r\n[1,2]",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nx: y\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nrequest-id: req_1\r\n\r\n",
    b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\n1",
    b"HTTP/1.1 200 OK\r\nx: a\r\n b\r\n\r\nto the end",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n1 \r\nx\r\n0\r\n\r\n",
    b"HTTP/1.1 429 Slow Down\r\nretry-after: 1\r\ncontent-length: 2, 2\r\n\r\n{}",
)
PIECES = (
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b" ",
        b"\t",
        b":",
        b",",
        b";",
        b"0",
        b"-1",
        b"+5",
        b"ffffffffffffffff",
    ),
    *(
        b"\r\n\r\n",
        b"\r\n ",
        b"content-length: 7\r\n",
        b"transfer-encoding: chunked\r\n",
        b"0\r\n\r\n",
    ),
    *(
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"connection: close\r\n",
        b"transfer-encoding: gzip\r\n",
        b"\x85",
        b"\xff",
    ),
)


def damaged(data: bytes, dice: random.Random) -> bytes:
    """Return the bytes after up to three changes, each at one place."""
    for _ in range(dice.randint(0, 3)):
        start = dice.randrange(len(data) + 1)
        end = min(len(data), start + dice.choice((0, 0, 1, 2, 9)))
        kind = dice.randrange(4)
        if kind == 0:
            data = data[:start] + data[end:]
        elif kind == 1:
            data = data[:start] + dice.choice(PIECES) + data[end:]
        elif kind == 2:
            data = data[:end] + data[start:]
        else:
            data = data[:start] + bytes([dice.randrange(256)]) + data[start + 1 :]
    return data


def in_parts(data: bytes, dice: random.Random) -> list[bytes]:
    size = dice.choice((1, 2, 7, 65_536))
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_the_parser_and_h11_agree_on_damaged_responses(seed):
    """What ours accepts, h11 accepts, with the same values. A connection that ours keeps, h11 keeps, too."""
    dice = random.Random(seed)
    seen = Counter[str]()
    for _ in range(ROUNDS // 4):
        data = damaged(dice.choice(VALID), dice)
        if dice.randrange(8) == 0:
            data += dice.choice(VALID)  # nobody has asked for a second response
        ours, theirs = by_ours(in_parts(data, dice)), by_h11(data)
        seen[f"{ours is not None}, {theirs is not None}"] += 1
        if ours is None:
            continue
        assert theirs is not None, data
        assert ours[:2] == theirs[:2], data
        assert as_h11_writes_them(ours.headers) == theirs.headers, data
        assert theirs.is_reusable or not ours.is_reusable, data
        seen["reusable"] += ours.is_reusable
    # each comparison has taken place often
    assert min(seen["True, True"], seen["False, False"], seen["reusable"]) > ROUNDS // 40, seen


@pytest.mark.parametrize("data", VALID)
def test_every_response_of_the_fuzz_is_valid_in_parts_of_any_size(data):
    """So each damage begins with a response that both accept."""
    for size in (1, 3, 65_536):
        parts = [data[start : start + size] for start in range(0, len(data), size)]
        assert by_ours(parts) is not None
        assert by_ours(parts)[:2] == by_h11(data)[:2]


CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "data",
    [
        CHUNKED + b"1\t;x=y\r\n!\r\n0\r\n\r\n",
        CHUNKED + b"1\r\n!\r\n0\r\ntransfer-encoding: gzip\r\n\r\n",
        CHUNKED + b"1\r\n!\r\n0\r\ncontent-length: x\r\n\r\n",
    ],
)
def test_a_response_in_which_the_fuzz_once_found_a_difference_is_rejected(data):
    """h11 rejects it."""
    assert by_ours([data]) is by_h11(data) is None
