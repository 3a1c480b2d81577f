"""Every reader of foreign bytes takes time in proportion to their size, however they are made.

A new reader is a new row of `READERS`; a new way of attack is a new row of `SHAPES`.
"""

from __future__ import annotations

import ast
import gc
import io
import json
import re
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from itertools import chain, product
from math import inf
from pathlib import Path
from re._compiler import compile as compile_pattern
from re._constants import MAXREPEAT
from re._parser import SubPattern
from re._parser import parse as parse_pattern
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

import ant_cli
from ant_cli.apply.comparison import FieldChange, hash_of_body
from ant_cli.apply.declarations import read_declaration
from ant_cli.apply.discovery import expand
from ant_cli.apply.drawing import draw_change
from ant_cli.apply.lockfile import read_lock
from ant_cli.argv import parse as parse_line
from ant_cli.commands.worker_check import _numbers
from ant_cli.corrections import corrected
from ant_cli.emulator.agent import WAIT
from ant_cli.emulator.call import Call
from ant_cli.emulator.credentials import COLUMNS, credentials_of
from ant_cli.emulator.errors import EmulatorError
from ant_cli.emulator.models import EnvironmentCreateParams
from ant_cli.emulator.multipart import parts_of
from ant_cli.emulator.parsing import parse as parse_model
from ant_cli.emulator.routes import match
from ant_cli.emulator.session_models import ScriptRequest, SendEventsRequest
from ant_cli.emulator.wsgi_app import _is_own
from ant_cli.errors import AntError, Mistyped
from ant_cli.errors.command_line import _SAFE, _SAFE_IN_POWERSHELL, quote
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.gjson import json_text
from ant_cli.gjson.evaluate import apply
from ant_cli.gjson.parser import BadPath, parse
from ant_cli.http.choice import proxy_variable
from ant_cli.http.pagination import _parse_page
from ant_cli.http.proxied import proxy_url
from ant_cli.http.response import Response, raise_for_error
from ant_cli.http.token_exchange import _reason, _without_parts
from ant_cli.http.transport import (
    Attempt,
    ConnectionClosed,
    FailedAttempt,
    MalformedResponse,
    Timeouts,
)
from ant_cli.http.wire import Wire
from ant_cli.input.documents import _id_lines
from ant_cli.input.validation import check
from ant_cli.input.values import integer, parse_all
from ant_cli.input.yaml_reader import YAMLProblem, positions_of, read_yaml
from ant_cli.operations.environments import LIST
from ant_cli.operations.formats import BY_NAME
from ant_cli.operations.parsers import duration
from ant_cli.output.explorer.tree import Value, in_a_row
from ant_cli.output.rendering import make_renderer
from ant_cli.output.style import PLAIN, Style
from ant_cli.output.times import relative_time
from ant_cli.run.conditions import Condition
from ant_cli.run.edits import _PACKAGE_NAMES, _package
from ant_cli.runtime.redaction import _KEY, redact, secrets_in, strip_userinfo, url_secrets
from ant_cli.runtime.sanitize import collapse_space, escape_breaks, escape_commands
from ant_cli.runtime.screen import wrap_message
from ant_cli.settings.access_tokens import _parse as parse_token
from ant_cli.settings.profiles import _parse as parse_profiles
from ant_cli.worker.handler import secrets_of_item
from ant_cli.worker.log import _quoted
from ant_cli.worker.work_api import _object, age
from tests.conftest import make_runtime
from tests.helpers.words import PRINTED

pytestmark = pytest.mark.slow

LARGEST = 65_536
"""The most characters that are tried: the longest head of a response."""
MOST_GROWTH = 8
"""How many times the time may grow when the input has 4 times the size: in proportion is 4, its square 16."""
LONG_ENOUGH_S = 0.008
"""A time that is measured well, and that no limit has to prevent."""


class Socket:
    """Receives bytes that are there already."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def settimeout(self, _: float) -> None:
        """Wait for nothing."""

    def recv_into(self, buffer: bytearray) -> int:
        return self._file.readinto(buffer)


def receive(data: str) -> None:
    wire = Wire(Socket(data.encode("utf-8", "replace")), None)
    wire._source.attempt = Attempt(Timeouts(60, 600))
    head = wire.receive()
    response = Response(head.status, head.reason, head.headers, wire.body(head))
    response.requested_delay()
    response.read()
    raise_for_error("GET /", response)


HEAD = "HTTP/1.1 200 OK\r\n"
CHUNKED = f"{HEAD}transfer-encoding: chunked\r\n\r\n"
STYLE = Style(80, 24, colour=True, clock=lambda: 0.0)
RUNTIME = make_runtime({})
CREDENTIAL = "correct-horse-battery-staple"


def filter_of(*expressions: str) -> Condition:
    """Return the condition of `--filter` for a list of environments."""
    return Condition("--filter", expressions, RUNTIME, LIST, is_awaited=False)


def written(name: str, text: str) -> Path:
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8", "replace")
    path.chmod(0o600)
    return path


def declare(text: str) -> None:
    path = written("environments/a.yaml", text)
    read_declaration(path, "./a", str(Path.cwd()), named=True)


def prose(text: str) -> None:
    path = written("environments/a.md", f"---\n{text}")
    read_declaration(path, "./a", str(Path.cwd()), named=True)


def call_of(**environ: str) -> Call:
    return Call(
        {"REQUEST_METHOD": "GET", "REQUEST_URI": "/", **environ},
        SimpleNamespace(),
        "key",
        SimpleNamespace(),
    )


def print_json(text: str) -> None:
    raw = text.encode("utf-8", "replace")
    json_text.validate(raw)
    for style in (PLAIN, STYLE):
        for name in PRINTED:
            make_renderer(BY_NAME[name], style=style)([raw])
    in_a_row(raw)
    list(Value(raw).find("0"))
    hash_of_body(json_text.decode(raw))
    check({"name": "a", "metadata": json_text.decode(raw)})


def positions(text: str) -> None:
    # as the program does, which limits the depth: some versions of libyaml take its square
    read_yaml(text)
    positions_of(text, [("a", 0), ("b", "c")])


def print_list(text: str) -> None:
    _parse_page(f'{{"data":[{text}]}}'.encode("utf-8", "replace"))
    items = [{text[:9]: index, "id": f"env_{text[:9]}"} for index in range(len(text) // 20)]
    # More members than a table has columns: up to then, its cells grow with the square.
    values = [json.dumps({f"{at}{text[:9]}": at for at in range(60 + len(text) // 20)}).encode()]
    values += [json.dumps(item).encode() for item in items]
    for style in (PLAIN, STYLE):
        make_renderer(BY_NAME["table"], is_list=True, style=style)(values)


def draw(text: str) -> None:
    half = len(text) // 2
    for old, new in (
        (text, text[half:] + text[:half]),
        (text, text + "x"),
        (list(text), list(text[1:] + "x")),
    ):
        list(draw_change(FieldChange(("a",), old, new), PLAIN.paint))


def query(text: str) -> None:
    value = json.dumps({"a": [{text: 1, "b": text}, text]}).encode()
    for path in (
        "a.#.b",
        '#(b%"*a*b*")#',
        "@dig:b",
        "a.0.*x*",
        "a|@flatten",
        "@pretty",
        "@ugly|@this",
        "a.@join",
    ):
        apply(parse(path), value)


def compile_path(text: str) -> None:
    apply(parse(text), b'{"a":[1,{"b":2}]}')


def redact_many(text: str) -> None:
    redact(
        text,
        [*(f"{text[at : at + 40]}" for at in range(0, 400, 40)), text[:4], text[:2000], CREDENTIAL],
    )


def gunzip(text: str) -> None:
    data = zlib.compress(text.encode("utf-8", "replace"), wbits=31)
    Response(
        200, "", {"content-encoding": "gzip"}, [data[at : at + 1] for at in range(len(data))]
    ).read()


def mistyped(*argv: str) -> None:
    """Look for the line that was meant."""
    with pytest.raises(Mistyped) as caught:
        parse_line(argv)
    corrected(caught.value, argv, {})


READERS: dict[str, Callable[[str], object]] = {
    "a header": lambda text: receive(f"{HEAD}a:{text}\0\r\n\r\n"),
    "headers": lambda text: receive(
        HEAD + text.replace("a", "a:b\r\n").replace(" ", "\r\n x") + "\r\n\r\n"
    ),
    "a status line": lambda text: receive(f"HTTP/1.1 200 {text}\0\r\n\r\n"),
    "a length": lambda text: receive(f"{HEAD}content-length:{text}\r\n\r\n"),
    "a transfer encoding": lambda text: receive(f"{HEAD}transfer-encoding:{text}\r\n\r\n"),
    "a size of a chunk": lambda text: receive(f"{CHUNKED}5{text}\0\r\n"),
    "chunks": lambda text: receive(
        CHUNKED + "".join(f"1;{char}\r\nx\r\n" for char in text) + "0\r\n\r\n"
    ),
    "trailers": lambda text: receive(f"{CHUNKED}0\r\n{text}\r\n\r\n"),
    "a location": lambda text: receive(
        f"HTTP/1.1 302 A\r\nlocation: {text}\r\ncontent-length: 0\r\n\r\n"
    ),
    "a delay": lambda text: receive(
        f"HTTP/1.1 429 A\r\nretry-after: 1{text}x\r\ncontent-length: 0\r\n\r\n"
    ),
    "a date": lambda text: Response(429, "", {"retry-after": text}, []).requested_delay(),
    "gzip": gunzip,
    "a response": lambda text: receive(f"{HEAD}\r\n{text}"),
    "an exchange": lambda text: _without_parts(
        _reason(json.dumps({"error": text}).encode()), text[:8000]
    ),
    "a page": lambda text: _parse_page(
        f'{{"data":[{text}],"next_page":"{text}"}}'.encode("utf-8", "replace")
    ),
    "JSON": print_json,
    "a JSON string": lambda text: print_json(json.dumps({"a": text})),
    "a JSON list": lambda text: print_json(json.dumps([*text, [text, None]])),
    "JSON keys": lambda text: print_json(
        json.dumps({f"{char}{at}": char for at, char in enumerate(text)})
    ),
    "JSON with text behind it": lambda text: print_json(f'["{text}"{text}'),
    "items of a list": print_list,
    "YAML or JSON": lambda text: list(parse_all(text, "x")()),
    "YAML": read_yaml,
    "a flow of YAML": lambda text: read_yaml(f"{{a: [{text}"),
    "a map of YAML": lambda text: read_yaml(
        "".join(f"a{at}: {char}\n" for at, char in enumerate(text))
    ),
    "quoted YAML": lambda text: read_yaml(f'a: "{text}'),
    "a YAML comment": lambda text: read_yaml(f"a: b # {text}\nc: *{text}"),
    "aliases": lambda text: read_yaml(
        f"a: &a ['{text}']\nb: &b [*a{', *a' * (len(text) // 4)}]\nc: [*b, *b]"
    ),
    "merges": lambda text: read_yaml(
        f"a: &a {{{text[:99]}: 1}}\nb: {{<<: [*a{', *a' * (len(text) // 4)}]}}"
    ),
    "positions": lambda text: positions(f"a: [{text}]\nb: {{c: {text}}}"),
    "a path": compile_path,
    "a path in a path": lambda text: compile_path(f"a.#({text}"),
    "a path with a multipath": lambda text: compile_path(f'{{"a":{text},b}}'),
    "a wildcard": lambda text: apply(parse(f"*{text[:300]}*"), json.dumps({text: 1}).encode()),
    "what a path finds": query,
    "a filter": lambda text: filter_of(text),
    "a value of a filter": lambda text: filter_of(f'a=="{text}'),
    "a time of a filter": lambda text: filter_of(f"created_at<now-1{text}"),
    "what a filter compares": lambda text: filter_of('a%"*x*y"', "b!=null")(
        json.dumps({"a": text, "b": [*text]}).encode()
    ),
    "a pattern": lambda text: list(expand([f"{text}*"])),
    "a duration": lambda text: duration("--x", f"1{text}"),
    "a number": lambda text: integer("--x", f"0{text}x"),
    "a time": lambda text: [
        relative_time(f"2026-11-01{text}", 0.0),
        age(f"2026-11-01T{text}", 0.0),
    ],
    "IDs on lines": lambda text: _id_lines(text + "\0"),
    "a file of an environment": declare,
    "a name in a file": lambda text: declare(f"name: {text}\nmetadata: {{{text}: 1}}\n{text}: 1"),
    "front matter": prose,
    "prose": lambda text: prose(f"name: a\n---\n{text}"),
    "a lock file": lambda text: read_lock(written("claude-lock.json", f'{{"resources":{text}}}')),
    "entries of a lock file": lambda text: read_lock(
        written(
            "claude-lock.json",
            json.dumps({"resources": {f"./{at}{c}": {} for at, c in enumerate(text)}}),
        )
    ),
    "a difference": draw,
    "profiles": lambda text: parse_profiles(text.encode("utf-8", "replace"), Path("x")),
    "a cached token": lambda text: parse_token(json.dumps({"access_token": text}).encode()),
    "the hosts without a proxy": lambda text: proxy_variable(
        "http://a", {"http_proxy": "p", "NO_PROXY": text}
    ),
    "a proxy": lambda text: proxy_url("http_proxy", {"http_proxy": text}),
    "a message": lambda text: wrap_message(f"a: /{text}", 80),
    "a text on one line": lambda text: [
        collapse_space(text),
        escape_breaks(text),
        quote(text),
        _quoted(text),
    ],
    "a mistyped line": lambda text: [
        mistyped("rm", ",".join(["env_1"] * len(text))),
        mistyped("stop", "demo", *text.split()),
    ],
    "a mistyped name": lambda text: did_you_mean(text, ["name", text[:9], text[::-1][:99]]),
    "a package": lambda text: [_package("packages.pip", text), _package("packages.npm", text)],
    "a URL": lambda text: [strip_userinfo(f"http://{text}"), url_secrets(f"{text}@")],
    "a text to redact": redact_many,
    "a text in a log": lambda text: [
        escape_commands(text),
        escape_commands(f"::{text}"),
        escape_commands(f"##{text}"),
    ],
    "a text with many secrets": lambda text: redact(
        f"{CREDENTIAL} {text} {CREDENTIAL} " * 9, [CREDENTIAL]
    ),
    "secrets of a response": lambda text: secrets_in(
        f'{{"secret":"{text}","access_token" {text}'.encode()
    ),
    "metrics of a worker": lambda text: [
        _numbers(f'ant_worker_slots{{environment_id="{part}"}} 1.0\n{text}', "")
        for part in (text, text.replace("\n", ""))
    ],
    "a work item": lambda text: [
        _object(json.dumps({"id": text}).encode()),
        secrets_of_item({"secret": text}),
    ],
    "a path of a request": lambda text: match(call_of(REQUEST_URI=f"/v1/{text}").path, "GET"),
    "a query of a request": lambda text: call_of(
        QUERY_STRING=f"limit={text}&page={text}"
    )._page_start("x", 0),
    "credentials of a request": lambda text: credentials_of(
        call_of(HTTP_AUTHORIZATION=f"Bearer {text}")
    ),
    "a host of a request": lambda text: _is_own(text, "localhost"),
    "a body of a request": lambda text: parse_model(
        EnvironmentCreateParams, text.encode("utf-8", "replace")
    ),
    "an environment of a request": lambda text: parse_model(
        EnvironmentCreateParams,
        json.dumps(
            {
                "name": text,
                "config": {
                    "type": "cloud",
                    "networking": {"type": "limited", "allowed_hosts": [text]},
                },
            }
        ).encode(),
    ),
    "a form of a request": lambda text: parts_of(
        "multipart/form-data; boundary=b", b"--b\r\n" + text.encode() + b"\r\n--b--"
    ),
    "the content type of a request": lambda text: parts_of(f"multipart/form-data;{text}", b""),
    "a script": lambda text: parse_model(
        ScriptRequest, json.dumps({"script": [{"event": {"type": text, "id": text}}]}).encode()
    ),
    "events of a request": lambda text: parse_model(
        SendEventsRequest,
        json.dumps({"events": [{"type": "user.message", "content": [*text]}]}).encode(),
    ),
}
"""What reads a text that somebody else may have made. An error of the program is an answer, too."""

SHAPES = [
    *'a 0"\\[{(*/.@%&-:?\n\u00e9',
    *(
        "a ",
        "a\n",
        "a,",
        "a:",
        "//:a",
        "1.",
        "1h",
        "[a",
        "*/",
        "**/",
        "?a",
        "#(",
        "a.",
        "\n---\n",
        "- ",
        "a: &a\n",
    ),
    *(
        "%41",
        "&amp;",
        "\\u0041",
        '"a",',
        '{"a":',
        "\n a:",
        "a\u2028: ",
        "\\\\",
        "''",
        '"secret":"',
        "sk-ant-aaaa ",
    ),
    *("python", "[[a]]\n", "a.b=1\n", "; ", "*a "),
]
"""Parts that are repeated: runs, separators, brackets that are not closed, escapes, almost-matches."""
REJECTIONS = (
    *(AntError, BadPath, ConnectionClosed, EmulatorError, FailedAttempt, MalformedResponse),
    *(YAMLProblem, json_text.JSONTextError),
)


def seconds(read: Callable[[str], object], text: str) -> float:
    """Return the processor time that a reader takes, of this process only: others on the machine don't count."""
    began = time.process_time()
    with suppress(*REJECTIONS):
        read(text)
    return time.process_time() - began


def growth(read: Callable[[str], object], shape: str) -> float:
    """Return how the time grows from n to 4n repetitions of a shape, for the first n with a time worth measuring.

    It is 1 if it does not grow too much at once. Otherwise, the shortest of three times counts, since something
    else may happen at the same time.
    """
    count, before, took = 16, inf, seconds(read, shape * 16)
    while took < LONG_ENOUGH_S and 4 * count * len(shape) <= LARGEST:
        count, before, took = 4 * count, took, seconds(read, shape * 4 * count)
    if took < LONG_ENOUGH_S or took <= MOST_GROWTH * before:
        return 1.0
    least, most = (
        min(seconds(read, shape * size) for _ in range(3)) for size in (count // 4, count)
    )
    return most / least


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_four_times_the_bytes_take_at_most_eight_times_the_time(read):
    """Bytes that take the square of their size stop a program for hours, and a worker with all that it runs."""
    seconds(read, "a")  # what is imported late
    gc.collect()
    gc.disable()  # it looks at all the objects of the other tests, too
    tracer = sys.gettrace()
    sys.settrace(None)  # coverage would measure itself
    try:
        grown = {shape: growth(read, shape) for shape in SHAPES}
    finally:
        sys.settrace(tracer)
        gc.enable()
    assert {shape: round(times) for shape, times in grown.items() if times > MOST_GROWTH} == {}


# Regular expressions


EVERY_CHARACTER = frozenset(map(chr, (*range(256), 0x2028, 0xD800, 0xD801)))


class Part(NamedTuple):
    """A part of a regular expression: one character, or a repetition without end."""

    first: frozenset[str]
    """The characters with which it may begin."""
    repeats: bool = False
    gives_back: bool = False
    """It is tried again with fewer characters if what follows fails."""


def ways(tree: Any) -> Iterator[list[Part]]:
    """Yield every way through a regular expression: each of its choices, with and without each option."""
    return (
        list(chain.from_iterable(way))
        for way in product(*(list(ways_of(tree.state, *item)) for item in tree))
    )


def ways_of(state: Any, operator: Any, argument: Any) -> Iterator[list[Part]]:
    match str(operator):
        case "SUBPATTERN":
            yield from ways(argument[-1])
        case "ATOMIC_GROUP":
            yield from ([part._replace(gives_back=False) for part in way] for way in ways(argument))
        case "BRANCH":
            yield from chain.from_iterable(map(ways, argument[1]))
        case "AT" | "ASSERT" | "ASSERT_NOT":
            yield []
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, body = argument
            if least == 0:
                yield []
            for way in ways(body):
                first = way[0].first if way else EVERY_CHARACTER
                again = Part(first, repeats=True, gives_back=str(operator) != "POSSESSIVE_REPEAT")
                yield [again] if most == MAXREPEAT else way
        case _:
            matches = compile_pattern(SubPattern(state, [(operator, argument)])).fullmatch
            yield [Part(frozenset(filter(matches, EVERY_CHARACTER)))]


def nested_in(argument: Any) -> Iterator[Any]:
    """Yield the regular expressions in an argument of a part."""
    if isinstance(argument, SubPattern):
        yield argument
    elif isinstance(argument, tuple | list):
        yield from chain.from_iterable(map(nested_in, argument))


def all_ways(tree: Any) -> Iterator[list[Part]]:
    """Yield every way through a regular expression and those nested in it; through a repeated one, also twice."""
    yield from ways(tree)
    for operator, argument in tree:
        for nested in nested_in(argument):
            yield from all_ways(nested)
            if str(operator) in ("MAX_REPEAT", "MIN_REPEAT") and argument[1] == MAXREPEAT:
                yield from (first + second for first, second in product(ways(nested), repeat=2))


def is_ambiguous(way: Sequence[Part]) -> bool:
    """Whether two repetitions can share characters, also across others between them that both can match."""
    for at, part in enumerate(way):
        between: list[Part] = []
        for other in way[at + 1 :] if part.gives_back else ():
            if not part.first & other.first:
                break
            if other.repeats and all(other.first & each.first for each in between):
                return True
            between.append(other)
    return False


def patterns() -> Iterator[tuple[str, str | bytes, int]]:
    """Yield where the program uses a regular expression, the expression, and its flags."""
    for path in sorted(Path(ant_cli.__file__).parent.rglob("*.py")):
        module = ".".join(
            path.relative_to(Path(ant_cli.__file__).parent.parent).with_suffix("").parts
        )
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and re.fullmatch(
                r"re\.(?!escape)[a-z]+", ast.unparse(call.func)
            ):
                names = vars(import_module(module.removesuffix(".__init__")))
                expression = ast.unparse(call.args[0])
                made = [
                    made
                    for place, made in MADE_ELSEWHERE.items()
                    if place == f"{module} {expression}"
                ]
                for pattern in made[0] if made else [eval(expression, dict(names))]:
                    yield (
                        f"{module}:{call.lineno}",
                        pattern,
                        re.VERBOSE * ("re.VERBOSE" in ast.unparse(call)),
                    )


MADE_ELSEWHERE = {
    "ant_cli.corrections.rows '|'.join(names)": ["ID|NAME|VALUE"],
    "ant_cli.emulator.credentials pattern": [pattern for pattern, _ in COLUMNS],
    "ant_cli.errors.command_line safe": [_SAFE, _SAFE_IN_POWERSHELL],
    "ant_cli.emulator.models pattern": [WAIT, r"[^\x00]*"],
    "ant_cli.gjson.parser expression + ('' if last is None else f'.*{last}')": [
        "(?>.*?a)(?>.*?b).*c"
    ],
    "ant_cli.run.edits _PACKAGE_NAMES.get(manager, '.*')": _PACKAGE_NAMES.values(),
    "ant_cli.runtime.redaction pattern": [_KEY],
}
"""Regular expressions that are not constants where they are used, and examples of them."""


@pytest.mark.parametrize(
    ("pattern", "is_slow"),
    [
        (rb"a:[ \t]*([^\0]*?)[ \t]*", True),
        (r"([+-]?)0*([0-9]+)", True),
        (r"/\S*python\S* ", True),
        (r"(?:a+b?)*c", True),
        (r"x*(?:y|z)?(?>x*)!", True),
        (r"(?:a+b)*c", False),
        (r"\s*+(?:#.*)?", False),
        (r"(?:[^\"]+|\\.)*+\"", False),
        (r"[0-9]+(?:\.[0-9]+)?", False),
    ],
)
def test_repetitions_that_share_characters_are_recognized(pattern, is_slow):
    """Without this test, one that finds nothing in any regular expression would pass."""
    assert any(map(is_ambiguous, all_ways(parse_pattern(pattern)))) is is_slow


def test_no_regular_expression_has_two_repetitions_that_share_characters():
    """On a text that does not match, they would try each way to share it: the square of its length, or worse."""
    found = list(patterns())
    assert len(found) > 100
    assert [
        (where, pattern)
        for where, pattern, flags in found
        if any(map(is_ambiguous, all_ways(parse_pattern(pattern, flags))))
    ] == []
