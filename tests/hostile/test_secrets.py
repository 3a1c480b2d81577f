"""Secrets: a canary in every place where a key can be, through every command and fault. It is found nowhere."""

from __future__ import annotations

import base64
import json
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant_cli.operations import OPERATIONS
from ant_cli.operations.spec import Operation
from ant_cli.runtime.redaction import REDACTED, redact, secrets_in
from tests.conftest import KEY

from .conftest import CREATE, LIST, OK, RETRIEVE, Outcome
from .scripted_server import Act, answer, error

Over = Callable[..., Outcome]
SPECIAL = 'can"ary/\\+%& =9'
"""A password that every notation spells in its own way."""


# The filter


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": lambda secret: json.dumps(secret)[1:-1],
    "JSON with slashes escaped": lambda secret: json.dumps(secret)[1:-1].replace("/", "\\/"),
    "JSON with everything escaped": lambda secret: "".join(f"\\u{ord(letter):04X}" for letter in secret),
    "percent": lambda secret: quote(secret, safe=""),
    "percent in lower case": lambda secret: quote(secret, safe="").lower(),
    "all percent": lambda secret: "".join(f"%{byte:02X}" for byte in secret.encode()),
    "repr": lambda secret: repr(secret)[1:-1],
    "HTML": lambda secret: "".join(f"&#{ord(letter)};" for letter in secret),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 of a user and it": lambda secret: base64.b64encode(f"ada:{secret}".encode()).decode(),
    "base64 in the middle": lambda secret: base64.b64encode(f"ad:{secret}&more".encode()).decode(),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(f"a:{secret}".encode()).decode(),
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize(
    "secret", [SPECIAL, KEY, "p4ssw0rd", "ünïcödé-key"], ids=["special", "key", "password", "no ASCII"]
)
def test_a_secret_is_found_in_any_spelling(spell, secret):
    """And what is around it stays."""
    shown = redact(f"<<{spell(secret)}>>", [secret])
    assert shown.startswith("<<")
    assert shown.endswith(">>")
    assert REDACTED in shown
    assert spell(secret)[2:-2] not in shown


@given(st.text(min_size=4), st.text(), st.text())
def test_a_secret_is_found_between_any_texts(secret, before, after):
    """Whatever it is, it is not in what is shown, unless the mark itself holds it."""
    shown = redact(before + secret + after, [secret])
    assert secret not in shown or secret in REDACTED or secret not in shown.replace(REDACTED, "")


def test_what_looks_like_a_key_is_one():
    """Even if nobody said so; the masked form that `auth status` shows is none."""
    assert redact("--api-kye sk-ant-api03-abc_DEF-123", []) == f"--api-kye {REDACTED}"
    assert redact("sk-ant-...9f3c", []) == "sk-ant-...9f3c"


def test_members_called_secret_are_hidden_with_everything_in_them():
    """A work item holds its credential there."""
    body = b'{"secret": "one-1", "data": {"secret": {"a": ["two-2", {"b": "three-3"}]}}, "n": 1}'
    assert secrets_in(body) == ["two-2", "three-3", "one-1"]
    assert secrets_in(b'{"secret": "one-1", "broken') == ["one-1"]
    assert redact('"secret" : "abc"', []) == f'"secret" : "{REDACTED}"'


# Every place


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({}, ()),
        ({"ANTHROPIC_API_KEY": None, "ANTHROPIC_AUTH_TOKEN": KEY}, ()),
        ({"ANTHROPIC_API_KEY": None}, ("--api-key", KEY)),
        ({"ANTHROPIC_API_KEY": None}, (f"--auth-token={KEY}",)),
        ({"ANTHROPIC_AUTH_TOKEN": KEY + "-b"}, ()),
        ({"ANTHROPIC_API_KEY": f" {KEY}\n"}, ()),
        ({"ANTHROPIC_API_KEY": f"{KEY}\nx"}, ()),
        ({"ANTHROPIC_API_KEY": f"{KEY}ü"}, ()),
        ({}, ("--api-kye", KEY)),
        ({}, (f"--{KEY}",)),
        ({}, (KEY,)),
        ({}, ("--format", KEY)),
        ({}, ("--format-error", KEY)),
        ({}, ("--max-retries", KEY)),
        ({}, ("--timeout", KEY)),
        ({}, ("--transform", KEY + ".[[")),
        ({}, ("--workspace-id", KEY)),
        ({}, ("--workspace-id", KEY + "\n")),
        ({}, ("--beta", KEY)),
        ({}, ("--profile", KEY)),
        ({}, ("--file", f"/nope/{KEY}")),
        ({}, ("--dry-run",)),
        ({"ANTHROPIC_PROFILE": KEY}, ()),
    ],
    ids=lambda _: "place",  # the IDs of tests are printed, and must not hold the key
)
@pytest.mark.parametrize("reply", [OK, error(f"401 {KEY}"), (Act.RESET,)], ids=["200", "401", "reset"])
def test_a_key_is_seen_nowhere(over: Over, env, words, reply):
    """Wherever it was put, rightly or by mistake; what the fixture asserts is the test."""
    result = over(reply, env=env, more=(*words, "--debug"))
    assert result.exit in range(9)


@pytest.mark.parametrize("where", ["http://ada:{}@127.0.0.1:{{port}}", "http://{}@127.0.0.1:{{port}}"])
@pytest.mark.parametrize("secret", [KEY, SPECIAL], ids=["key", "special"])
@pytest.mark.parametrize("more", [(), ("--debug",), ("--dry-run",)])
def test_a_password_of_the_base_url_is_seen_nowhere(over: Over, where, secret, more):
    """It is sent as basic authorization, and a server that echoes that shows nothing either."""
    url = where.format(quote(secret, safe=""))
    echo = base64.b64encode(f"ada:{secret}".encode()).decode()
    result = over(answer({"a": secret, "b": echo}, f"x-echo: {echo}", status="404 Not Found"), url=url, more=more)
    shown = result.stdout + result.stderr
    spellings = (secret, quote(secret, safe=""), json.dumps(secret)[1:-1], echo)
    assert not any(spelling in shown for spelling in spellings)
    if "--dry-run" not in more:
        assert b"\r\nauthorization: basic " in result.requests[0].lower()


@pytest.mark.parametrize(
    "base_url", ["http://ada:{}@", "ftp://ada:{}@host", "http://ada:{}@h:99999", "http://a:{}@[h"]
)
def test_a_password_of_an_address_that_is_none_is_seen_nowhere(over: Over, base_url):
    """The message names the flag, not the address."""
    assert over(url=base_url.format("p4ssw0rd")).exit == 2
    assert "p4ssw0rd" not in over(url=base_url.format("p4ssw0rd")).stderr


ECHOES = {
    "status words": error(f"403 No {KEY}"),
    "request ID": answer({}, f"request-id: {KEY}", status="404 Not Found"),
    "header": answer({}, f"x-key: {KEY}", f"set-cookie: session={KEY}", status="404 Not Found"),
    "body": answer({"type": "error", "error": {"message": f"bad key {KEY}"}}, status="401 Unauthorized"),
    "body in base64": answer({"m": base64.b64encode(f"x:{KEY}".encode()).decode()}, status="400 Bad"),
    "cut-off excerpt": answer(b"x" * 490 + KEY.encode(), status="502 Bad Gateway"),
    "redirect": answer(b"", f"location: http://{KEY}@h/?k={KEY}", status="302 Found"),
    "content encoding": answer(b"", f"content-encoding: {KEY}"),
    "malformed header": (b"HTTP/1.1 200 OK\r\nx " + KEY.encode() + b"\r\n\r\n", Act.CLOSE),
    "cursor": answer({"data": [], "next_page": KEY, "type": "error"}),
    "cursor that returns": answer({"data": [], "next_page": KEY}),
    "error with 200": answer({"type": "error", "message": KEY}),
}


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
@pytest.mark.parametrize("words", [RETRIEVE, LIST, CREATE], ids=lambda words: words[1])
@pytest.mark.parametrize("more", [("--format-error", name) for name in ("json", "yaml", "table", "pretty", "raw")])
def test_a_server_that_echoes_the_key_shows_it_to_nobody(over: Over, echo, words, more):
    """On stderr, with and without the debug log."""
    if echo is ECHOES["cursor that returns"]:
        words = LIST  # elsewhere it would be a result
    for debug in ((), ("--debug",)):
        result = over(echo, words=words, more=(*more, *debug))
        assert KEY[:-3] not in result.stderr


@pytest.mark.parametrize(
    "more", [(), ("--debug",), ("--format-error", "yaml"), ("--transform-error", "item.secret")]
)
def test_the_secret_of_a_work_item_is_on_stdout_alone(over: Over, more):
    """There a worker needs it."""
    item = {"id": "work_1", "secret": "work-secret-1", "data": {"secret": {"token": "work-secret-2"}}}
    result = over(answer(item), more=more)
    assert json.loads(result.stdout) == item
    assert "work-secret" not in result.stderr
    assert "work-secret" not in over(answer({"item": item}, status="409 Conflict"), more=more).stderr


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.command)
@pytest.mark.parametrize(
    "reply", [OK, error("500 Broken"), (Act.RESET,), answer(b"<p>")], ids=lambda r: repr(r)[:20]
)
def test_every_command_keeps_the_key(over: Over, operation: Operation, reply):
    """Whatever becomes of it; and the key is sent."""
    words = [word for param in operation.params if param.required for word in (param.flag, "{a: b}")]
    result = over(reply, words=(*operation.command.split(), *words), more=("--debug", "--max-retries", "1"))
    assert f"x-api-key: {KEY}".encode() in result.requests[0]
    assert f"x-api-key: {REDACTED}" in result.stderr


# Our own commands


def test_a_profile_and_a_key_command_keep_the_key(shell, clean_environ):
    """From logging in to deleting the profile, with every warning an error."""
    folder = Path(clean_environ["ANTHROPIC_CONFIG_DIR"])
    helper = folder.parent / "helper"
    helper.write_text(f"#!{sys.executable}\nimport sys\nprint({KEY!r})\nprint({KEY!r}, file=sys.stdout)\n")
    helper.chmod(0o700)
    lines = [
        f"echo {KEY} | $ANT auth login --api-key-stdin --no-verify --profile one",
        "$ANT auth status",
        "$ANT auth status --format json",
        "$ANT profile get one",
        "$ANT profile list",
        f"$ANT profile set one auth_token {KEY}",
        f"$ANT profile set one base_url http://ada:{KEY}@127.0.0.1:1",
        "$ANT --profile one --debug beta:environments list --max-retries 0",
        f"$ANT profile set one {KEY} {KEY}",
        f"$ANT profile get {KEY}",
        f"$ANT {KEY}",
        f"$ANT auth {KEY}",
        f"$ANT help {KEY}",
        f"$ANT completion {KEY}",
        f"$ANT profile create two api_key_command={shlex.quote(str(helper))}",
        f"$ANT profile set two api_key_command {shlex.quote(str(helper))}",
        "$ANT --profile two --debug beta:environments list --max-retries 0",
        "$ANT emulator fault --help",
        "$ANT --local --debug beta:environments create --name n",
        f"$ANT --local --debug beta:environments retrieve {KEY}",
        "$ANT auth logout --profile one",
        "$ANT profile delete one",
    ]
    env = {"ANTHROPIC_API_KEY": None, "PYTHONWARNINGS": "error"}
    result = shell("\n".join(lines) + "\nexit 0", env=env, seconds=60)
    assert result.exit == 0
    assert "auth" in result.stdout


STORED = "sk-ant-api03-stored-0123456789-wxyz"
"""A key that is in a file, in the credential store, in a pipe or in a variable, and is to stay there."""
PROFILES = {
    "key": f'api_key = "{STORED}"',
    "token": f'auth_token = "{STORED}"',
    "command": 'api_key_command = "cat {home}/helper.txt"',
    "keyring": 'api_key = "keyring:one-1"',
}
VIA_VARIABLE = [{"ANTHROPIC_API_KEY": STORED}, {"ANTHROPIC_AUTH_TOKEN": STORED}]
CALL = ("beta:environments", "list", "--debug")
HANDLING = [
    *(
        (kind, words)
        for kind in PROFILES
        for words in (
            CALL,
            (*CALL, "--dry-run"),
            ("auth", "token"),
            ("auth", "status"),
            ("auth", "status", "--check", "--format", "json"),
            ("auth", "logout"),
            ("auth", "logout", "--all"),
            ("auth", "login", "--api-key-stdin"),
            ("auth", "login", "--api-key-stdin", "--no-verify", "--keyring"),
            ("profile", "list", "--format", "json"),
            ("profile", "get"),
            ("profile", "get", "api_key"),
            ("profile", "get", "api_key_command"),
            ("profile", "get", "auth_token"),
            ("profile", "set", "api_key"),
            ("profile", "set", "auth_token"),
            ("profile", "set", "api_key_command", "true"),
            ("profile", "unset", "api_key"),
            ("profile", "create", "two"),
            ("profile", "rename", "one", "two"),
            ("profile", "activate", "one"),
            ("profile", "delete", "one"),
            ("emulator", "env"),
            ("__complete", "beta:environments", "retrieve", ""),
        )
    ),
    *((env, words) for env in VIA_VARIABLE for words in (CALL, ("auth", "token"), ("auth", "status", "--check"))),
]
ASKING = (CALL, ("auth", "token"), ("auth", "status", "--check", "--format", "json"))
"""What needs the key, and so runs the command that prints it; nothing else may."""
started: list[str] = []
"""What is started, with its environment, and what is written to, while `watching`."""
written: list[Path] = []
watching = False


def watch(event: str, details: tuple[object, ...]) -> None:
    """Note what Python asks of the operating system."""
    if not watching:
        return
    if event.startswith(("subprocess", "os.exec", "os.posix_spawn", "os.system", "os.spawn", "os.putenv")):
        started.append(repr(details))
    if event == "open" and isinstance(details[0], str) and "__pycache__" not in details[0]:
        written.extend([Path(details[0])] if int(str(details[2])) & (os.O_WRONLY | os.O_RDWR) else [])


sys.addaudithook(watch)


@pytest.mark.parametrize(("where", "words"), HANDLING, ids=lambda value: str(value).replace(STORED, "KEY"))
def test_a_key_stays_where_it_belongs(ant, vault, clean_environ, monkeypatch, where, words):
    """In no argument or environment of what is started, and in no file but the profiles', which is private."""
    folder = Path(clean_environ["ANTHROPIC_CONFIG_DIR"])
    home = folder.parent
    (home / "helper.txt").write_text(STORED)
    vault.entries["ant", "one-1"] = STORED
    env = {"ANTHROPIC_API_KEY": None}
    if isinstance(where, dict):
        env |= where
    else:
        folder.mkdir()
        profile = PROFILES[where].format(home=home)
        (folder / "profiles.toml").write_text(f'active = "one"\n[profiles.one]\n{profile}\n')
        (folder / "profiles.toml").chmod(0o600)
    started.clear()
    written.clear()
    monkeypatch.setattr(sys.modules[__name__], "watching", True)
    done = ant(*words, env=env, stdin=STORED, replies=[{"data": [], "next_page": None, "echo": STORED}])
    monkeypatch.setattr(sys.modules[__name__], "watching", False)
    assert done.exit in (0, 1, 2)
    assert STORED not in done.stderr
    assert STORED not in done.stdout or words == ("auth", "token")
    assert STORED not in "".join(started)
    assert bool(started) is (where == "command" and words in ASKING)
    assert {path.parent for path in written} <= {folder, Path(os.devnull).parent, home / "cache" / "ant"}
    holding = {path for path in home.rglob("*") if path.is_file() and STORED.encode() in path.read_bytes()}
    assert holding <= {home / "helper.txt", folder / "profiles.toml"}
    assert not [path for path in folder.glob("*") if path.stat().st_mode & 0o077]


def test_a_bug_does_not_show_the_key(over: Over, monkeypatch):
    """An exception that nobody expected may hold anything."""
    from ant_cli.input import request

    def broken(*_: object) -> None:
        raise ValueError(f"no {KEY} and no {base64.b64encode(KEY.encode()).decode()}")

    monkeypatch.setattr(request, "_check_required", broken)
    with pytest.raises(AssertionError, match="this is a bug") as shown:
        over()
    assert KEY not in str(shown.value)
    assert REDACTED in str(shown.value)


def test_a_secret_may_be_a_whole_file():
    """As when a command prints the wrong thing: it is hidden, in a moment."""
    secret = "x1" * 5_000_000
    assert redact(f"got {secret}.", [secret]) == f"got {REDACTED}."
