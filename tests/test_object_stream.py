"""Pipes of many objects: the limit of 10 MB applies to each object, and memory does not grow with the pipe."""

from __future__ import annotations

import io
import json
import tracemalloc

import pytest

from ant_cli.input.object_stream import ObjectStream
from tests.test_many import ARCHIVE, FakeAPI, many  # noqa: F401 - a fixture

IDS = [f"env_{number}" for number in range(40)]
OBJECTS = [{"id": name, "name": 'é{}[]"\\ ' * 3} for name in IDS]
LONG = {
    "lines": "".join(json.dumps(item) + "\n" for item in OBJECTS),
    "lines without the last break": "\n".join(json.dumps(item, ensure_ascii=False) for item in OBJECTS),
    "several lines each": "".join(json.dumps(item, indent=2, ensure_ascii=False) + "\n\n" for item in OBJECTS),
    "no line breaks": "".join(json.dumps(item) for item in OBJECTS),
    "a byte order mark": "\ufeff" + "".join(json.dumps(item) + "\r\n" for item in OBJECTS),
    "texts": "".join(f'"{name}"\n' for name in IDS * 4),
}


@pytest.fixture(autouse=True)
def _small_limits(monkeypatch):
    """Make a pipe long from 1000 bytes on, and read it in parts of 100."""
    monkeypatch.setattr("ant_cli.runtime.reading.INPUT_LIMIT", 1000)
    monkeypatch.setattr("ant_cli.input.object_stream.INPUT_LIMIT", 1000)
    monkeypatch.setattr("ant_cli.input.object_stream._PART", 100)


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_pipe_may_be_longer_than_the_limit_of_an_object(many, text):  # noqa: F811 - a fixture
    """Each object is read as a whole, wherever the parts of the pipe end."""
    assert len(text) > 1000
    result = many(*ARCHIVE, stdin=text)
    assert (result.exit, list(dict.fromkeys(result.ids))) == (0, IDS)
    assert len(result.ids) % len(IDS) == 0


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ('{"id": "x" "name": 1}\n', "line 43: not valid JSON: expecting ',' delimiter"),
        ('\n\n{"id": "x"\n', "line 46: not valid JSON: expecting ',' delimiter"),
        ('{"id": "x", "id": "y"}\n', "line 43: a key appears twice"),
        ('{"id": NaN}\n', "line 43: NaN"),
        ("[" * 2000, "line 43: "),
        (json.dumps({"id": "x", "name": "y" * 1200}), "line 43: a value longer than"),
        ('{"id": "' + "y" * 1200, "line 43: a value longer than"),
        ("null\n", "line 43 must hold"),
        ('{"id": ".."}\n', "line 43: id must be an ID"),
        ("env_1\n", "line 43: not valid JSON"),
    ],
)
def test_a_mistake_at_the_end_of_a_long_pipe_sends_nothing(many, bad, message):  # noqa: F811 - a fixture
    """All of the pipe is checked before the first request."""
    api = FakeAPI()
    result = many(*ARCHIVE, stdin="\n\n" + LONG["lines"] + bad, api=api)
    assert (result.exit, api.sent, result.stdout) == (2, [], "")
    assert f"standard input, {message}" in result.stderr


@pytest.mark.parametrize(
    "text",
    ["x" * 1001, "env_1\n" * 200, "name: x\n" * 200, '{"id": "' + "x" * 1000 + '"}', "- a\n" * 300, "\x00" * 1001],
)
def test_yaml_and_lines_of_ids_must_not_be_longer_than_the_limit_of_an_object(many, text):  # noqa: F811 - a fixture
    """They are read as a whole."""
    api = FakeAPI()
    result = many(*ARCHIVE, stdin=text, api=api)
    assert (result.exit, api.sent) == (2, [])
    assert "which is the limit" in result.stderr


def test_an_endless_pipe_ends_with_an_error(many, monkeypatch):  # noqa: F811 - a fixture
    """Otherwise it would fill the disk."""
    monkeypatch.setattr("ant_cli.runtime.reading.STREAM_LIMIT", 2000)
    result = many(*ARCHIVE, stdin='{"id": "env_1"}\n' * 1000)
    assert (result.exit, "which is the limit" in result.stderr) == (2, True)


def test_a_long_pipe_that_is_not_utf_8_is_rejected(many):  # noqa: F811 - a fixture
    """The error gives the position."""
    result = many(*ARCHIVE, stdin=LONG["lines"].encode() + b"\xff")
    assert (result.exit, "is not text in UTF-8" in result.stderr) == (2, True)


def test_memory_does_not_grow_with_the_pipe(monkeypatch):
    """Only a part of it is in memory at any time."""
    monkeypatch.undo()
    text = (json.dumps({"id": "env_1", "name": "n" * 500}) + "\n") * 10_000
    file = io.BytesIO(text.encode() * 3)
    tracemalloc.start()
    assert sum(1 for _ in ObjectStream(file, "stdin").values()) == 30_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000
