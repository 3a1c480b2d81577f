"""Stored secrets: commands that store, show and fetch keys print none of them, and store them nowhere else."""

from __future__ import annotations

import builtins
import io
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.conftest import KEY_BY_PATTERN, Result
from tests.helpers.servers import ScriptedServer, response
from tests.helpers.words import KEY, LIST, NO_KEY, RETRIEVE

Shell = Callable[..., Result]


# Words in the wrong place


@pytest.mark.parametrize(
    "words",
    [
        *(
            "profile set one auth_token {}",
            "profile activate {}",
            "profile set {0} {0}",
            "{}",
            "auth {}",
        ),
        *("auth login {}", "help {}", "completion {}", "beta:environments retrieve --{}"),
    ],
)
def test_a_word_that_looks_like_a_key_is_redacted_in_a_usage_error_even_if_it_is_not_registered(
    ant, words
):
    """It is in the place of another argument. There is no other credential, and the profile is missing."""
    done = ant(*words.format(KEY_BY_PATTERN).split(), env=NO_KEY)
    assert done.exit in (2, 4)
    assert "[redacted]" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        *(
            "auth {}",
            "auth login {}",
            "auth login --api-key-stdin={}",
            "auth login --api-key-stdin {}",
        ),
        *("auth status {}", "help auth {}", "profile {}", "profile create x {}"),
    ],
)
def test_a_word_that_may_be_a_key_is_not_repeated_by_auth_and_profile(ant, words):
    """It does not look like a key, and is in the place of another argument."""
    refusal = ant(*words.format("correct-horse-battery").split()).refusal
    assert "correct-horse" not in refusal
    assert "[redacted]" in refusal


# Sources of a secret, and servers or credential stores that quote it


@pytest.fixture
def profiles(profiles) -> Callable[[str], Path]:
    """Write the file of profiles, with one active profile."""
    return lambda profile: profiles(f'active = "one"\n[profiles.one]\n{profile}\n')


@pytest.mark.parametrize("more", [(), ("--debug",), ("--format-error", "yaml")])
@pytest.mark.parametrize(
    "profile",
    [
        f'api_key = "{KEY}"',
        f'auth_token = "{KEY}"',
        f"api_key_command = 'echo {KEY}'",
        f'api_key = "other"\nbase_url = "http://ada:{KEY}@127.0.0.1:{{port}}"',
        f'api_key = "other"\nbase_url = "http://{KEY}@127.0.0.1:{{port}}"',
    ],
    ids=["key", "token", "command", "password of the base URL", "user of the base URL"],
)
def test_a_secret_of_a_profile_is_redacted_if_a_server_echoes_it(ant, profiles, profile, more):
    """The debug log and the error both show the response. The fixture asserts that the secret is not in it."""
    echo = response(
        {"type": "error", "error": {"message": f"bad <{KEY}>"}},
        f"x-echo: {KEY}",
        status="404 Not Found",
    )
    with ScriptedServer(echo) as server:
        profiles(profile.replace("{port}", str(server.port)))
        url = () if "base_url" in profile else ("--base-url", server.url)
        words = (*RETRIEVE, *url, *more)
        done = ant(*words, env=NO_KEY, network=True)
    assert (done.exit, len(server.requests)) == (5, 1)
    assert "bad <[redacted]>" in done.stderr + done.stdout


def test_a_key_of_digits_in_a_profile_is_redacted_although_toml_reads_a_number(ant, profiles):
    """It is sent as text, like every other key."""
    profiles("api_key = 918273645546\n[profiles.two]\napi_key = true")
    echo = httpx.Response(404, json={"type": "error", "error": {"message": "bad <918273645546>"}})
    done = ant(*RETRIEVE, env=NO_KEY, replies=[echo])
    assert done.requests[0].headers["x-api-key"] == "918273645546"
    assert "bad <[redacted]>" in done.stderr
    assert "?beta=true" in done.stderr


@pytest.mark.parametrize(
    "words",
    ["auth status --check --debug", "auth login --api-key-stdin --debug", "emulator reset --debug"],
)
@pytest.mark.parametrize(
    "profile",
    [
        'api_key = "other"\nbase_url = "http://ada:{key}@127.0.0.1:{port}"',
        'api_key = "other"\nbase_url = "http://127.0.0.1:{port}"\n[profiles.two]\nauth_token = "{key}"',
    ],
    ids=["password of the base URL", "token of another profile"],
)
def test_a_tool_command_redacts_every_secret_in_the_profiles(ant, profiles, profile, words):
    """A gateway may quote the password, and a server may know the keys of all profiles."""
    echo = response(
        {"type": "error", "error": {"message": f"bad <{KEY}>"}}, status="400 Bad Request"
    )
    with ScriptedServer(echo) as server:
        profiles(profile.format(key=KEY, port=server.port))
        done = ant(*words.split(), env=NO_KEY, stdin="new-key-0123", network=True)
    assert (done.exit, len(server.requests)) == (1, 1)
    assert "bad <[redacted]>" in done.stderr + done.stdout


def test_a_piped_key_is_redacted_in_the_error_of_a_credential_store_that_quotes_it(
    ant, credential_store, monkeypatch
):
    """The key is not in a file or variable yet, so reading it must register it as a secret."""

    def refuse(service: str, name: str, password: str) -> None:
        raise RuntimeError(f"can't store <{password}> for {service} {name}")

    monkeypatch.setattr(credential_store, "set_password", refuse)
    words = ("auth", "login", "--api-key-stdin", "--no-verify", "--keyring")
    done = ant(*words, env=NO_KEY, stdin=KEY)
    assert done.exit != 0
    assert "can't store <[redacted]>" in done.stderr


# Where a key may be written


STORED = "staple-of-the-horse-wxyz"
"""A key in a file, in the credential store, in a pipe or in a variable. It must not be copied anywhere else."""
PROFILES = {
    "key": f'api_key = "{STORED}"',
    "token": f'auth_token = "{STORED}"',
    "command": 'api_key_command = "cat {home}/helper.txt"',
    "keyring": 'api_key = "keyring:one-1"',
}
VIA_VARIABLE = [{"ANTHROPIC_API_KEY": STORED}, {"ANTHROPIC_AUTH_TOKEN": STORED}]
CALL = (*LIST, "--debug")
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
    *(
        (env, words)
        for env in VIA_VARIABLE
        for words in (CALL, ("auth", "token"), ("auth", "status", "--check"))
    ),
]
ASKING = (CALL, ("auth", "token"), ("auth", "status", "--check", "--format", "json"))
"""The commands that need the key, and so run the command that prints it. No other command may run it."""


@dataclass
class Watched:
    """The programs that a run started, with arguments and environment, and the files that it opened for writing."""

    started: list[str] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)

    def note_start(self, *details: object, **more: object) -> None:
        """Record the arguments of a call that starts a program, or that changes the environment of later ones."""
        self.started.append(repr((details, more)))

    def note_file(self, name: object, *, writes: bool) -> None:
        """Record a file that is opened by name."""
        if writes and isinstance(name, str | os.PathLike) and "__pycache__" not in os.fspath(name):
            self.written.append(Path(name))


@pytest.fixture
def watched(monkeypatch) -> Watched:
    """Record calls of Python to the operating system until the end of the test."""
    seen = Watched()
    open_file, open_descriptor = builtins.open, os.open

    class Popen(subprocess.Popen):
        def __init__(self, *details: object, **more: object) -> None:
            seen.note_start(*details, **more)
            super().__init__(*details, **more)

    def noting(call):
        def note(*details, **more):
            seen.note_start(*details, **more)
            return call(*details, **more)  # since Python 3.14, Popen calls posix_spawn

        return note

    def note_open(name, mode="r", *rest, **more):
        seen.note_file(name, writes=not set(mode).isdisjoint("wax+"))
        return open_file(name, mode, *rest, **more)

    def note_descriptor(name, flags, *rest, **more):
        seen.note_file(name, writes=bool(flags & (os.O_WRONLY | os.O_RDWR)))
        return open_descriptor(name, flags, *rest, **more)

    monkeypatch.setattr(subprocess, "Popen", Popen)
    for name in (
        "system",
        "posix_spawn",
        "posix_spawnp",
        "execv",
        "execve",
        "fork",
        "forkpty",
        "putenv",
    ):
        if hasattr(os, name):  # Windows lacks most
            monkeypatch.setattr(os, name, noting(getattr(os, name)))
    monkeypatch.setattr(builtins, "open", note_open)
    monkeypatch.setattr(io, "open", note_open)
    monkeypatch.setattr(os, "open", note_descriptor)
    return seen


@pytest.mark.parametrize(
    ("where", "words"), HANDLING, ids=lambda value: str(value).replace(STORED, "KEY")
)
def test_a_key_is_in_no_other_file_and_no_argument_or_environment(
    ant, credential_store, clean_environ, profiles, request, where, words
):
    """The private profiles file is the only file with the key."""
    folder = Path(clean_environ["ANTHROPIC_CONFIG_DIR"])
    home = folder.parent
    (home / "helper.txt").write_text(STORED)
    credential_store.entries["ant", "one-1"] = STORED
    env = {**NO_KEY}
    if isinstance(where, dict):
        env |= where
    else:
        profiles(PROFILES[where].format(home=home))
    watched: Watched = request.getfixturevalue("watched")  # starts to record
    done = ant(
        *words, env=env, stdin=STORED, replies=[{"data": [], "next_page": None, "echo": STORED}]
    )
    assert done.exit == expected_exit(where, words)
    assert STORED not in done.stderr
    assert STORED not in done.stdout or words == ("auth", "token")
    assert STORED not in "".join(watched.started)
    assert bool(watched.started) is (where == "command" and words in ASKING)
    assert {path.parent for path in watched.written} <= {folder, Path(os.devnull).parent}
    holding = {
        path for path in home.rglob("*") if path.is_file() and STORED.encode() in path.read_bytes()
    }
    assert holding <= {home / "helper.txt", folder / "profiles.toml"}
    assert not [path for path in folder.glob("*") if path.stat().st_mode & 0o077]


def expected_exit(where: object, words: tuple[str, ...]) -> int:
    """Return the exit code of a run: 1 if it asks for a value that the profile lacks, or for a running emulator."""
    gets = words[2] if words[:2] == ("profile", "get") and len(words) > 2 else ""
    is_there = not gets or PROFILES[str(where)].startswith(f"{gets} =")
    return 0 if is_there and words != ("emulator", "env") else 1
