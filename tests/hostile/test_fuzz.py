"""Fuzzing: any words, values, responses and requests lead to one of the documented outcomes."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from ant_cli.argv import params_of
from ant_cli.errors import UsageError
from ant_cli.input.values import encode, parse
from ant_cli.operations import GROUPS, OPERATIONS
from tests.conftest import Result
from tests.helpers.words import API_HEADERS, CREATE, FAILURE_CODES, LIST

EXAMPLES = settings(max_examples=150, suppress_health_check=list(HealthCheck))
EXIT_CODES = {0, *FAILURE_CODES}


# Values


SCALARS = st.none() | st.booleans() | st.integers() | st.text()


def _nested(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4)


VALUES = st.recursive(SCALARS, _nested, max_leaves=20)
YAML_WORDS = st.lists(
    st.sampled_from(
        [
            *"a:\n{}[],|>'\"#~\\\t\x85\ufeff\ud800",
            ": ",
            "- ",
            "  ",
            "&a ",
            "*a",
            "<<: ",
            "!!str ",
            "!x ",
            "? ",
            *["%YAML", "---", "...", "1e3", "0x1", "null", ".nan", "NaN"],
        ]
    )
).map("".join)


@EXAMPLES
@given(VALUES)
def test_json_input_is_sent_byte_for_byte(value):
    """The output of `json` reaches the server unchanged."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert encode(parse(written, "x")) == written.encode("utf-8", "backslashreplace")


@EXAMPLES
@given(st.text() | YAML_WORDS)
def test_any_flag_text_is_a_value_or_is_rejected(text):
    """An accepted text is sent as JSON with the same value."""
    try:
        value = parse(text, "--config")
    except UsageError:
        return
    sent = encode(value)
    assert encode(parse(sent.decode(), "x")) == sent
    json.loads(sent)


@EXAMPLES
@given(st.binary())
def test_any_bytes_on_stdin_end_in_a_documented_way(run, data):
    """The bytes are the body of a request."""
    assert run(*CREATE, "--dry-run", stdin=data).exit in (0, 2)


# Words


@pytest.fixture
def run(ant):
    """Run a command line against a server that always gives the same response.

    Check what must hold for every run: a usage error sends and prints nothing, and every failure has a message.
    """

    def run(*words: str, answer: httpx.Response | None = None, **more: Any) -> Result:
        done: Result = ant(*words, replies=[answer or {"id": "x"}] * 10, **more)
        assert done.exit in EXIT_CODES
        assert "this is a bug" not in done.stderr
        assert done.exit == 0 or done.stderr.strip()
        assert done.exit != 2 or (done.requests, done.stdout) == ([], "")
        assert done.exit in (0, 2, 4) or done.requests
        return done

    return run


KNOWN = sorted(
    {
        flag
        for item in OPERATIONS
        for param in params_of(item)
        for flag in (param.flag, param.short)
        if flag
    }
)
WORD = (
    st.sampled_from(
        [
            *KNOWN,
            *GROUPS,
            *(item.name for item in OPERATIONS),
            "--help",
            "-h",
            "--version",
            "--",
            "-",
            "=",
        ]
    )
    | st.tuples(st.sampled_from(KNOWN), st.text(max_size=5)).map("=".join)
    | st.text(st.characters(exclude_characters="\0"), max_size=8)
    | st.sampled_from(
        [
            "null",
            "true",
            "@-",
            "@x.y",
            "\\@x",
            "{a: 1}",
            "[",
            "-1",
            "1",
            "json",
            "raw",
            "local:",
            "a,b",
        ]
    )
)
CALLS = st.sampled_from([item.command.split() for item in OPERATIONS])
ENDLESS = {"emulator", "completion", "auth", "profile", "explore", "help"}


@EXAMPLES
@given(
    st.lists(WORD, max_size=6)
    | st.tuples(CALLS, st.lists(WORD, max_size=6)).map(lambda pair: [*pair[0], *pair[1]])
)
def test_any_command_line_ends_in_a_documented_way(run, words):
    """It ends with a result, a usage error without a request, or a failed request. Each error has a message."""
    if not ENDLESS & set(words) and not any(
        "base-url" in word or "local" in word for word in words
    ):
        done = run(*words)
        assert done.exit in (0, 1, 2, 4)
        assert done.stdout or done.stderr


# Responses


TEXTS = st.text(st.characters(codec="utf-8"))
SMALL_VALUES = st.recursive(SCALARS, _nested, max_leaves=6)
ITEMS = st.dictionaries(
    st.sampled_from(["id", "name", "type", "config", "state", "é", ""]) | TEXTS,
    SMALL_VALUES,
    max_size=6,
)


@pytest.mark.slow
@EXAMPLES
@given(
    st.lists(ITEMS, max_size=4),
    st.sampled_from(["json", "jsonl", "yaml", "table", "pretty", "raw", "auto"]),
    st.booleans(),
)
def test_any_items_are_printed_in_every_format(run, items, name, terminal):
    """Each format works on a terminal and in a pipe."""
    page = httpx.Response(200, content=json.dumps({"data": items, "next_page": None}).encode())
    done = run(*LIST, "--format", name, answer=page, terminal=terminal)
    assert done.exit == 0
    if name == "jsonl" and not terminal:
        assert [json.loads(line) for line in done.stdout.split("\n") if line] == items


@EXAMPLES
@given(st.lists(ITEMS, min_size=1, max_size=5))
def test_a_table_has_one_line_for_each_item(run, items):
    """No text of a cell breaks the line."""
    page = httpx.Response(200, content=json.dumps({"data": items}).encode())
    done = run(*LIST, "--format", "table", "--columns", "id,name", answer=page)
    assert done.stdout.count("\n") == len(items) + 1


@EXAMPLES
@given(st.binary(), st.integers(200, 599), st.booleans())
def test_any_response_body_ends_in_a_documented_way(run, body, status, listed):
    """The response has any status."""
    words = [*LIST] if listed else ["beta:environments", "retrieve", "e"]
    run(*words, answer=httpx.Response(status, content=body))


@EXAMPLES
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "content-encoding",
                "retry-after",
                "x-should-retry",
                "location",
                "request-id",
                "content-type",
            ]
        ),
        st.text(st.characters(min_codepoint=32, max_codepoint=126)),
    ),
    st.sampled_from([200, 204, 302, 404, 429, 500]),
)
def test_any_response_headers_end_in_a_documented_way(run, headers, status):
    """No header causes a bug."""
    run(
        "beta:environments",
        "retrieve",
        "e",
        "--debug",
        answer=httpx.Response(status, headers=headers),
    )


# Requests to the emulator, generated from its own models


def requests() -> st.SearchStrategy[tuple[str, str, str, bytes]]:
    """Return requests: valid ones, nearly valid ones, and nonsense."""
    ids = st.sampled_from(["env_1", "work_1", "..", "%2e", "a%2Fb", "%ff", "e" * 300]) | st.text(
        st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="/?#%"),
        min_size=1,
        max_size=8,
    )
    paths = st.sampled_from(
        [(item.method, item.path) for item in OPERATIONS]
        + [("GET", "/nope"), ("PUT", "/v1/environments")]
    )
    queries = st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "limit",
                    "page",
                    "include_archived",
                    "block_ms",
                    "reclaim_older_than_ms",
                    "beta",
                    "x",
                ]
            ),
            st.sampled_from(["", "0", "1", "-1", "9" * 30, "true", "null", "abc", "%00", "1.5"]),
        ).map("=".join),
        max_size=3,
    ).map("&".join)
    bodies = st.binary(max_size=30) | bodies_of_models().map(
        lambda value: json.dumps(value).encode()
    )
    return st.tuples(paths, ids, ids, queries, bodies).map(
        lambda parts: (
            parts[0][0],
            parts[0][1].replace("{environment_id}", parts[1]).replace("{work_id}", parts[2]),
            parts[3].replace("block_ms=9", "block_ms="),
            parts[4],
        )
    )


def bodies_of_models() -> st.SearchStrategy[Any]:
    """Return JSON values that follow the schema of the emulator's models, some of them with an invalid part."""
    from pydantic import BaseModel

    from ant_cli.emulator import agent_models, models, session_models

    kinds = [
        kind
        for module in (agent_models, models, session_models)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    ]
    schemas = [kind.model_json_schema() for kind in kinds if kind is not BaseModel]
    return st.sampled_from(schemas).flatmap(lambda schema: _of(schema, schema.get("$defs", {}), 0))


def _of(schema: dict[str, Any], definitions: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
    """Return values of a schema. Some of them have another type."""
    return st.one_of(
        _fitting(schema, definitions, depth), _fitting(schema, definitions, depth), SCALARS
    )


def _fitting(
    schema: dict[str, Any], definitions: dict[str, Any], depth: int
) -> st.SearchStrategy[Any]:
    if depth > 4:
        return SCALARS
    if "$ref" in schema:
        return _of(definitions[schema["$ref"].rpartition("/")[2]], definitions, depth + 1)
    for word in ("anyOf", "oneOf", "allOf"):
        if word in schema:
            return st.one_of([_of(part, definitions, depth + 1) for part in schema[word]])
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    if schema.get("type") == "object":
        members = {
            name: _of(part, definitions, depth + 1)
            for name, part in schema.get("properties", {}).items()
        }
        return (
            st.fixed_dictionaries({}, optional=members)
            if members
            else st.dictionaries(st.text(), SCALARS)
        )
    if schema.get("type") == "array":
        return st.lists(_of(schema.get("items", {}), definitions, depth + 1), max_size=3)
    return _BY_TYPE.get(schema.get("type", ""), SCALARS)


_BY_TYPE = {"string": st.text(), "integer": st.integers(), "boolean": st.booleans()}


@pytest.fixture(scope="module")
def emulator():
    """Return an emulator in memory."""
    from ant_cli.emulator import Emulator

    emulator = Emulator(":memory:")
    body = b'{"name": "fuzzed", "config": {"type": "self_hosted"}}'
    _, emulator.fuzzed = call(emulator, "POST", "/v1/environments", "", body)
    yield emulator
    emulator.close()


@settings(EXAMPLES, max_examples=400)
@given(request=requests())
def test_the_emulator_never_returns_500_for_any_request(emulator, request):
    """The response is a result or an error body of the API."""
    method, path, query, body = request
    path = path.replace("env_1", emulator.fuzzed["id"])
    status, answer = call(emulator, method, path, query, body)
    assert 200 <= status < 500
    if status >= 400:
        assert answer["type"] == "error"
        assert {"type", "message"} <= set(answer["error"])


def requests_with_bodies() -> st.SearchStrategy[tuple[tuple[str, str], Any]]:
    """Return endpoints that take JSON, each with a body of its own schema, some of them with an invalid part."""
    from ant_cli.emulator.bodies import BODIES

    def with_body(endpoint: tuple[str, str]) -> st.SearchStrategy[Any]:
        schema = BODIES[endpoint].model_json_schema()
        body = _of(schema, schema.get("$defs", {}), 0)
        return st.tuples(st.just(endpoint), body)

    return st.sampled_from(sorted(BODIES)).flatmap(with_body)


@settings(EXAMPLES, max_examples=400)
@given(request=requests_with_bodies())
def test_the_emulator_never_returns_500_for_the_body_of_an_endpoint(emulator, request):
    """The checks of a body run even if what its path or its members name does not exist."""
    (method, path), body = request
    path = path.replace("<environment_id>", emulator.fuzzed["id"])
    if isinstance(body, dict) and "environment_id" in body:
        body["environment_id"] = emulator.fuzzed["id"]
    status, _ = call(emulator, method, path, "", json.dumps(body).encode())
    call(emulator, "DELETE", "/_emulator/faults", "", b"")
    assert status != 500


def call(emulator: Any, method: str, path: str, query: str, body: bytes) -> tuple[int, Any]:
    """Call the WSGI application, and return the status and the JSON of its response."""
    headers = API_HEADERS | {"x-api-key": "sk-ant-fuzz", "content-type": "application/json"}
    response = Client(emulator).open(
        path, method=method, query_string=query, data=body, headers=headers
    )
    return response.status_code, json.loads(response.data or b"null")
