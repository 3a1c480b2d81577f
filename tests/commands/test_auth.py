"""Logging in: requests, prompts and key stores. `tests/transcripts/` has what `ant auth` prints."""

from __future__ import annotations

import signal
import socket
import stat
import sys
import tomllib
import warnings
from contextlib import ExitStack, closing
from getpass import GetPassWarning
from pathlib import Path

import httpx
import keyring
import keyring.backends.fail
import pytest

from ant_cli.commands.profile import prompt_secret
from ant_cli.emulator import Emulator
from ant_cli.errors import UsageError
from ant_cli.runtime.process import in_background
from tests.conftest import make_runtime, needs_posix
from tests.helpers.emulators import serving
from tests.helpers.processes import ANT, COVERAGE, run_process
from tests.helpers.words import EMPTY, LIST

SECRET = "sk-ant-api03-0123456789-wxyz"
OTHER = "sk-ant-api03-9876543210-abcd"
MASK = "sk-ant-...wxyz"


@pytest.fixture
def ant_without_key(ant):
    """Run `ant` without a credential in the environment. The test fails if a message shows a secret."""

    def run(*words, env=None, replies=(EMPTY,), **more):
        done = ant(*words, env={"ANTHROPIC_API_KEY": None, **(env or {})}, replies=replies, **more)
        assert SECRET not in done.stderr
        assert SECRET not in done.stdout or words[:2] == ("auth", "token")
        return done

    return run


@pytest.fixture
def path(clean_environ):
    """The profiles file."""
    return Path(clean_environ["ANTHROPIC_CONFIG_DIR"]) / "profiles.toml"


def document(path):
    """Return the content of the profiles file."""
    return tomllib.loads(path.read_text())


# Logging in

BOUND = {"base_url": "https://api.anthropic.com"}
"""A key is stored with the server that it is for (D50)."""


def test_login_verifies_the_key_and_stores_it_in_the_active_profile(ant_without_key, path):
    """It sends one cheap request, then creates a profile, which is active because it is the first."""
    headers = {"anthropic-organization-id": "org-1"}
    reply = httpx.Response(200, json=EMPTY, headers=headers)
    done = ant_without_key(
        "auth", "login", "--api-key-stdin", stdin=f"  {SECRET}\r\n", replies=[reply]
    )
    (request,) = done.requests
    url = "https://api.anthropic.com/v1/environments?beta=true&limit=1"
    assert (request.method, str(request.url)) == ("GET", url)
    assert request.headers["x-api-key"] == SECRET
    assert document(path) == {
        "active": "default",
        "profiles": {"default": {"api_key": SECRET, **BOUND}},
    }
    assert sys.platform == "win32" or stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (done.exit, done.stdout) == (0, "")
    assert done.stderr == (
        "Key accepted by https://api.anthropic.com (default workspace, organization org-1).\n"
        f"Stored the key {MASK} in profile 'default'.\n"
        "It is the active profile: commands use it from now on.\n"
    )
    server = ("--base-url", "http://gate.example", "--workspace-id", "wrkspc_1")
    verifying = ant_without_key("auth", "login", "--api-key-stdin", *server, stdin=SECRET).request
    assert (verifying.url.host, verifying.headers["anthropic-workspace-id"]) == (
        "gate.example",
        "wrkspc_1",
    )


def test_a_key_is_verified_by_the_api_even_if_a_variable_names_the_emulator_in_this_process(
    ant_without_key, path
):
    """That accepts any key. The README sets the variable, and says how to log in."""
    env = {"ANTHROPIC_BASE_URL": "local:"}
    done = ant_without_key(
        "auth", "login", "--api-key-stdin", env=env, stdin=SECRET, replies=[EMPTY]
    )
    assert (done.exit, done.request.url.host) == (0, "api.anthropic.com")
    assert done.stderr.startswith(
        "Note: ANTHROPIC_BASE_URL names the emulator in this process, which needs no key. "
        "The key is for https://api.anthropic.com.\n"
    )
    assert document(path)["profiles"]["default"] == {"api_key": SECRET, **BOUND}


def test_the_password_of_the_server_that_a_key_is_for_is_not_shown(ant_without_key, profiles):
    """The base URL of a gateway may contain a password."""
    profiles("[profiles.a]\nbase_url = 'https://ada:pw@gate.example'\n")
    words = ("auth", "login", "--api-key-stdin", "--no-verify", "--profile", "a")
    done = ant_without_key(*words, env={"ANTHROPIC_BASE_URL": "local:"}, stdin=SECRET)
    assert "The key is for https://gate.example.\n" in done.stderr
    assert "ada" not in done.stderr


def test_login_with_a_typed_key_recommends_stdin_and_no_variable(ant_without_key):
    """It reads none."""
    done = ant_without_key("auth", "login", "--api-key", SECRET, "--no-verify")
    assert "Safer: --api-key-stdin.\n" in done.stderr
    assert "ANTHROPIC_API_KEY" not in done.stderr
    piped = ant_without_key("auth", "login", "--api-key-stdin", "--no-verify", stdin=SECRET)
    assert "Safer" not in piped.stderr


@pytest.mark.parametrize("own_key", [None, SECRET])
def test_login_to_a_served_emulator_verifies_the_key_only_if_it_has_one(
    ant_without_key, tmp_path, own_key
):
    """An emulator reports whether it accepts any key, or checks the key with which it was started."""
    with (
        closing(Emulator(tmp_path / "emulator.db", api_key=own_key)) as emulator,
        serving(emulator) as server,
    ):
        words = ("auth", "login", "--api-key-stdin", "--base-url", server.url)
        done = ant_without_key(*words, stdin=SECRET, network=True)
        assert done.exit == 0
        assert done.stderr.startswith(
            "Key accepted by " if own_key else "The emulator accepts any key, so nothing"
        )
        done = ant_without_key("auth", "status", "--check", network=True)
        assert ("nothing was verified" in done.stderr) is (own_key is None)


@pytest.mark.parametrize("body", [b"[]", b'{"data": 1}'])
def test_login_does_not_accept_every_status_200(ant_without_key, path, body):
    """A server that is not the API may accept any key."""
    done = ant_without_key(
        "auth",
        "login",
        "--api-key-stdin",
        stdin=SECRET,
        replies=[httpx.Response(200, content=body)],
    )
    assert (done.exit, path.exists()) == (1, False)
    assert "the server at https://api.anthropic.com is not the API" in done.stderr


def test_login_keeps_the_hint_of_a_connection_that_failed(ant_without_key, path):
    """The key may be right."""
    done = ant_without_key(
        "auth", "login", "--api-key-stdin", stdin=SECRET, replies=[socket.gaierror()] * 3
    )
    assert (done.exit, path.exists()) == (8, False)
    assert (
        "\nCheck the base URL and the network.\nNothing was stored. To store the key" in done.stderr
    )


# At a terminal


@pytest.fixture
def no_key(clean_environ):
    """The environment of a process, without a key."""
    environ = {name: value for name, value in clean_environ.items() if name != "ANTHROPIC_API_KEY"}
    return environ | COVERAGE


@pytest.fixture
def login(no_key):
    """Run `ant auth login` on its own terminal, and return it when it asks for the key."""
    pytest.importorskip("pty", reason="this test needs pseudo-terminals")
    from tests.helpers.terminals import Session

    with ExitStack() as stack:

        def start(*words):
            session = stack.enter_context(closing(Session((*ANT, "auth", "login", *words), no_key)))
            session.wait_for("(not shown):")
            return session

        yield start


def test_the_prompt_does_not_echo_the_key_and_login_stores_it(login, path):
    """The key is typed on a terminal."""
    session = login("--no-verify", "--profile", "work")
    assert "API key for profile 'work' (not shown): " in session.screen
    assert "To create one: https://platform.claude.com, Settings, API keys" in session.screen
    session.type(f"{SECRET}\n")
    status, seen = session.end()
    assert (status, SECRET in seen) == (0, False)
    assert document(path)["profiles"]["work"]["api_key"] == SECRET


def test_an_interrupt_at_the_prompt_stores_nothing(login, path):
    """The process ends by the signal."""
    session = login()
    while session.process.poll() is None:  # the system discards an interrupt just before a read
        session.type("\x03")
    assert session.end()[0] == -signal.SIGINT
    assert not path.exists()


def test_ctrl_d_at_the_prompt_stores_nothing(login, path):
    """Ctrl-D ends the input."""
    session = login()
    session.type("\x04")
    assert session.end() == (2, "\nant: nothing was entered.\n")
    assert not path.exists()


def test_login_without_a_terminal_says_how_to_pipe_the_key(no_key):
    """There is no fallback that would echo the key."""
    done = run_process([*ANT, "auth", "login"], no_key, **in_background())
    assert done.returncode == 2
    assert "Pipe the secret in: ant auth login --api-key-stdin < FILE" in done.stderr


def test_a_typed_key_is_checked_like_a_piped_key(clean_environ):
    """White space around the key is removed, an empty key is rejected, and later output does not show the key."""
    process = make_runtime(clean_environ)
    assert (
        prompt_secret("? ", process, "ant", ask=lambda _: " of-no-known-form ")
        == "of-no-known-form"
    )
    assert process.redactor.redact("<of-no-known-form>") == "<[redacted]>"
    with pytest.raises(UsageError, match="the secret is empty"):
        prompt_secret("? ", process, "ant", ask=lambda _: "")


def raise_error(_prompt):
    raise OSError("no console")


def warn_and_echo(_prompt):
    warnings.warn("the key may be echoed", GetPassWarning, stacklevel=2)
    return SECRET


@pytest.mark.parametrize("ask", [raise_error, warn_and_echo])
def test_a_prompt_that_can_not_hide_the_key_says_how_to_pipe_it(clean_environ, ask):
    """The console of a service, for example, can't be opened."""
    runtime = make_runtime(clean_environ)
    warnings.simplefilter("ignore")  # as outside of tests
    with pytest.raises(UsageError, match="no terminal to ask on") as caught:
        prompt_secret("? ", runtime, "ant x", ask=ask)
    assert caught.value.hint == "Pipe the secret in: ant x < FILE"


@needs_posix("Ctrl-Z")
def test_the_prompt_ignores_ctrl_z(clean_environ):
    """After `fg` the terminal would show the key."""
    process = make_runtime(clean_environ)
    seen = prompt_secret("? ", process, "ant", ask=lambda _: signal.getsignal(signal.SIGTSTP).name)
    assert (seen, signal.getsignal(signal.SIGTSTP)) == ("SIG_IGN", signal.SIG_DFL)


# What is typed or piped in

ASSIGNMENT = f"export ANTHROPIC_API_KEY={SECRET}"


@pytest.fixture
def typing(ant_without_key, monkeypatch):
    """Run `ant` with a text that is typed at the hidden prompt."""

    def run(typed, *words, **more):
        monkeypatch.setattr("getpass.getpass", lambda _prompt: typed)
        return ant_without_key(*words, **more)

    return run


@pytest.mark.parametrize(
    "words",
    [
        ("auth", "login", "--no-verify"),
        ("profile", "set", "api_key", "--profile", "work"),
        ("profile", "set", "auth_token", "--profile", "work"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("is_piped", [False, True], ids=["typed", "piped"])
def test_a_line_of_a_shell_in_place_of_a_key_is_rejected_wherever_one_is_stored(
    typing, profiles, words, is_piped
):
    """What is copied from a page may be a whole assignment. It would be stored, and sent, as the key."""
    path = profiles("[profiles.work]\ntimeout = 30\n")
    if is_piped and words[0] == "auth":
        words = (*words, "--api-key-stdin")
    done = typing(ASSIGNMENT, *words, stdin=ASSIGNMENT if is_piped else None)
    assert "contains a space, which no key has" in done.refusal
    assert document(path) == {"profiles": {"work": {"timeout": 30}}}


def test_a_line_of_a_shell_in_a_flag_in_place_of_the_key_to_store_is_rejected(
    ant_without_key, path
):
    """It is quoted, then."""
    done = ant_without_key("auth", "login", "--no-verify", "--api-key", ASSIGNMENT)
    assert "the key contains a space, which no key has" in done.refusal
    assert not path.exists()


@pytest.mark.parametrize(
    ("words", "prompt"),
    [
        ((), "API key for profile 'default' (not shown): "),
        (
            ("--base-url", "https://u:pw@gate.example"),
            "API key for profile 'default' at https://gate.example (not shown): ",
        ),
    ],
)
def test_the_prompt_names_a_server_that_is_not_the_api(ant_without_key, monkeypatch, words, prompt):
    """Whoever has several keys has to know which one is asked for."""
    prompts = []
    monkeypatch.setattr("getpass.getpass", lambda text: prompts.append(text) or SECRET)
    done = ant_without_key("auth", "login", "--no-verify", *words)
    assert (done.exit, prompts) == (0, [prompt])
    assert ("To create one: https://platform.claude.com" in done.stderr) is (words == ())


def test_the_prompt_names_the_server_of_the_profile_that_gets_a_new_key(
    ant_without_key, monkeypatch, profiles
):
    """The key stays bound to this server."""
    profiles("active = 'a'\n[profiles.a]\nbase_url = 'https://gate.example'\n")
    prompts = []
    monkeypatch.setattr("getpass.getpass", lambda text: prompts.append(text) or SECRET)
    done = ant_without_key("auth", "login", "--no-verify")
    assert prompts == ["API key for profile 'a' at https://gate.example (not shown): "]
    assert "To create one" not in done.stderr


@pytest.mark.parametrize("ended_by", [EOFError, KeyboardInterrupt])
def test_after_ctrl_d_or_ctrl_c_at_the_prompt_the_next_text_begins_a_line(
    ant_without_key, monkeypatch, ended_by
):
    """The prompt is still on the line of the cursor."""

    def end(_prompt):
        raise ended_by

    monkeypatch.setattr("getpass.getpass", end)
    done = ant_without_key("auth", "login", env={"ANT_NO_HINTS": "1"})
    assert (
        done.stderr
        == {EOFError: "\nant: nothing was entered.\n", KeyboardInterrupt: "\n"}[ended_by]
    )


def test_the_key_of_a_profile_that_a_flag_names_is_replaced_without_a_question(
    typing, profiles, path
):
    """The user has said which one."""
    profiles(f'active = "work"\n[profiles.work]\napi_key = "{OTHER}"\n')
    asked = []

    def ask(question):
        asked.append(question)
        return "n"

    words = ("auth", "login", "--no-verify")
    done = typing(SECRET, *words, "--profile", "work", ask=ask, terminal=True)
    assert (done.exit, asked) == (0, [])
    assert document(path)["profiles"]["work"]["api_key"] == SECRET
    assert typing(OTHER, *words, ask=ask, terminal=True).exit == 2
    assert asked == ["Profile 'work' already has a key (api_key). Replace it? [y/N] "]


@pytest.mark.parametrize("named_by", ["a flag", "a variable", "the file", "nothing"])
def test_login_stores_the_key_in_the_profile_that_other_commands_would_use(
    ant_without_key, profiles, path, named_by
):
    """A flag wins over the variable, and the variable over the active profile."""
    flags = ("--profile", "by-flag") if named_by == "a flag" else ()
    names = {"a flag": "by-variable", "a variable": "by-variable"}
    env = {"ANTHROPIC_PROFILE": names.get(named_by)}
    profiles("" if named_by == "nothing" else 'active = "active"\n[profiles.active]\n')
    words = ("auth", "login", "--no-verify", "--api-key-stdin", *flags)
    assert ant_without_key(*words, env=env, stdin=SECRET).exit == 0
    name = {"a flag": "by-flag", "a variable": "by-variable", "the file": "active"}
    stored = [key for key, each in document(path)["profiles"].items() if "api_key" in each]
    assert stored == [name.get(named_by, "default")]


def test_a_first_login_becomes_the_active_profile_in_place_of_one_that_is_gone(
    ant_without_key, profiles, path
):
    """A file that was edited by hand may name a profile that it lacks."""
    profiles('active = "gone"\n')
    words = ("auth", "login", "--no-verify", "--api-key-stdin", "--profile", "work")
    done = ant_without_key(*words, stdin=SECRET)
    assert document(path)["active"] == "work"
    assert "It is the active profile: commands use it from now on.\n" in done.stderr


def test_a_slash_at_the_end_of_a_variable_is_no_other_server(ant_without_key):
    """Otherwise a note would say that the key is not used, which is wrong."""
    env = {"ANTHROPIC_BASE_URL": "https://gate.example/"}
    words = ("auth", "login", "--no-verify", "--api-key-stdin")
    done = ant_without_key(*words, env=env, stdin=SECRET)
    assert "Stored the key" in done.stderr
    assert "ANTHROPIC_BASE_URL" not in done.stderr


def test_a_blank_variable_is_no_variable_that_wins_over_the_stored_key(ant_without_key):
    """A script may export a variable although it has no value for it."""
    names = ("API_KEY", "AUTH_TOKEN", "WORKSPACE_ID", "BASE_URL")
    env = {f"ANTHROPIC_{name}": " \t" for name in names}
    words = ("auth", "login", "--no-verify", "--api-key-stdin")
    done = ant_without_key(*words, env=env, stdin=SECRET)
    assert (done.exit, "is set" in done.stderr) == (0, False)


def test_the_workspace_of_a_variable_is_not_stored_with_the_key(ant_without_key, path):
    """The variable may be meant for another command, and overrides the profile anyway."""
    env = {"ANTHROPIC_WORKSPACE_ID": "wrkspc_variable"}
    words = ("auth", "login", "--no-verify", "--api-key-stdin")
    assert ant_without_key(*words, env=env, stdin=SECRET).exit == 0
    assert document(path)["profiles"]["default"] == {"api_key": SECRET, **BOUND}


def test_logout_notes_what_commands_still_find_and_no_empty_variable(
    ant_without_key, official, profiles
):
    """Commands would use the other login from then on."""
    profiles('active = "a"\n[profiles.a]\napi_key = "k"\n')
    official.log_in()
    empty = {"ANTHROPIC_API_KEY": "", "ANTHROPIC_AUTH_TOKEN": ""}
    assert ant_without_key("auth", "logout", env=empty).stderr == (
        "Removed the credentials of profile 'a'.\n"
        "Note: profile 'default' of the official tool is still logged in.\n"
    )


def test_a_new_key_is_verified_with_the_other_settings_of_its_profile(ant_without_key, profiles):
    """The key may be valid only in the profile's workspace. The profile's max_retries applies, too."""
    profiles("[profiles.a]\nworkspace_id = 'wrkspc_a'\nmax_retries = 0\napi_key = 'old-key'\n")
    words = ("auth", "login", "--api-key-stdin", "--profile", "a")
    sent = ant_without_key(*words, stdin=SECRET).request.headers
    assert (sent["x-api-key"], sent["anthropic-workspace-id"]) == (SECRET, "wrkspc_a")
    failed = ant_without_key(*words, stdin=SECRET, replies=[httpx.Response(500, json={})])
    assert (failed.exit, len(failed.requests)) == (7, 1)


def test_a_rejected_key_is_not_stored_and_the_hint_is_not_about_another_key(ant_without_key, path):
    """The hints of other commands would name the profile, which does not have it yet."""
    reply = httpx.Response(401, json={"error": {"message": "invalid x-api-key"}})
    done = ant_without_key("auth", "login", "--api-key-stdin", stdin=SECRET, replies=[reply])
    assert (done.exit, path.exists()) == (4, False)
    hint = "Nothing was stored. To store the key without verifying it: --no-verify"
    assert done.stderr.splitlines()[-1] == hint
    assert "--api-key" not in done.stderr
    assert "auth status" not in done.stderr


def test_login_says_which_workspace_was_asked_for_whatever_the_server_names(ant_without_key):
    """Without one, the server may name the key's own."""
    headers = {"anthropic-workspace-id": "wrkspc_server"}
    reply = httpx.Response(200, json=EMPTY, headers=headers)
    words = ("auth", "login", "--api-key-stdin")
    done = ant_without_key(*words, stdin=SECRET, replies=[reply])
    assert "(workspace wrkspc_server)" in done.stderr
    done = ant_without_key(
        *words, "--workspace-id", "wrkspc_flag", "--profile", "b", stdin=SECRET, replies=[reply]
    )
    assert "(workspace wrkspc_flag)" in done.stderr


def test_an_empty_key_in_a_profile_is_none_that_a_login_replaces(ant_without_key, profiles):
    """A file that was edited by hand may have one."""
    profiles('active = "a"\n[profiles.a]\napi_key = ""\n')
    asked = []
    words = ("auth", "login", "--no-verify", "--api-key", SECRET)
    done = ant_without_key(*words, ask=asked.append, terminal=True)
    assert (done.exit, asked, "in place of" in done.stderr) == (0, [], False)


# The operating system's credential store


def test_login_with_a_keyring_stores_the_key_there_and_a_reference_in_the_file(
    ant_without_key, path, credential_store
):
    """The test goes from login to logout."""
    words = ("auth", "login", "--keyring", "--api-key-stdin")
    assert ant_without_key(*words, stdin=OTHER).request.headers["x-api-key"] == OTHER
    assert ant_without_key(*words, stdin=SECRET).exit == 0
    reference = document(path)["profiles"]["default"]["api_key"]
    assert credential_store.entries == {("ant", reference.removeprefix("keyring:")): SECRET}
    assert f"in the credential store, as {reference}" in ant_without_key("auth", "status").stdout
    assert ant_without_key("auth", "token").stdout == f"{SECRET}\n"
    done = ant_without_key(*LIST)
    assert done.requests[0].headers["x-api-key"] == SECRET
    assert ant_without_key("auth", "logout").exit == 0
    assert credential_store.entries == {}


@pytest.mark.usefixtures("credential_store")
def test_login_does_not_prompt_for_a_key_without_the_requested_keyring(ant_without_key, path):
    """The key could not be stored after it was typed."""
    keyring.set_keyring(keyring.backends.fail.Keyring())
    done = ant_without_key("auth", "login", "--keyring", stdin=SECRET)
    assert (done.exit, done.requests, path.exists()) == (4, [], False)
    assert done.stderr.startswith("ant: the operating system's credential store can't be used: ")
    assert (
        "\nWithout --keyring, `ant auth login` stores the key in the profiles file" in done.stderr
    )


def test_the_keyring_entry_is_deleted_when_its_key_is_replaced_or_removed(
    ant_without_key, credential_store
):
    """This holds for a new login, for `profile set`, `unset` and `delete`, and for `auth logout`."""
    words = ("auth", "login", "--keyring", "--no-verify", "--api-key-stdin")
    for line in (
        ("auth", "login", "--no-verify", "--api-key-stdin"),
        ("profile", "set", "api_key"),
        ("profile", "unset", "api_key"),
        ("profile", "delete", "default"),
        ("auth", "logout", "--all"),
    ):
        assert ant_without_key(*words, stdin=SECRET).exit == 0
        assert len(credential_store.entries) == 1
        assert ant_without_key(*line, stdin=OTHER).exit == 0
        assert credential_store.entries == {}, line
    assert ant_without_key(*words, stdin=SECRET).exit == 0
    assert ant_without_key("profile", "rename", "default", "work").exit == 0
    assert ant_without_key("auth", "token").stdout == f"{SECRET}\n"


@pytest.mark.usefixtures("credential_store")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("auth", "logout"), "Removed the credentials of profile 'work'."),
        (("auth", "logout", "--all"), "Removed the credentials of profile 'x'."),
        (("profile", "delete", "work"), "Deleted profile 'work'."),
        (("profile", "unset", "api_key"), "Removed api_key of profile 'work'."),
        (("profile", "set", "api_key"), f"Set api_key of profile 'work' to {MASK}."),
        (
            ("auth", "login", "--no-verify", "--api-key-stdin"),
            f"Stored the key {MASK} in profile 'work', in place of its api_key.",
        ),
    ],
)
def test_logout_works_without_the_keyring_and_says_how_to_delete_the_entry(
    ant_without_key, path, profiles, words, said
):
    """The key is removed from the file, as the message says, but the exit code is 4."""
    profiles(
        'active = "work"\n[profiles.work]\napi_key = "keyring:work-1"\n[profiles.x]\napi_key = "keyring:x-1"\n',
    )
    keyring.set_keyring(keyring.backends.fail.Keyring())
    done = ant_without_key(*words, stdin=SECRET)
    assert done.exit == 4
    assert f"{said}\n" in done.stderr
    assert "the operating system's credential store can't be used: " in done.stderr
    assert "To delete it there:\n  keyring del ant work-1\n" in done.stderr
    assert ("keyring del ant x-1" in done.stderr) is ("--all" in words)
    assert "keyring:work-1" not in path.read_text()


def test_login_deletes_the_keyring_entry_if_the_profile_cannot_be_written(
    ant_without_key, path, credential_store
):
    """Nothing would refer to the entry."""
    (path.parent / "profiles.toml.lock").mkdir(parents=True)
    done = ant_without_key("auth", "login", "--keyring", "--api-key-stdin", stdin=SECRET)
    assert (done.exit, credential_store.entries) == (1, {})


# Status


@needs_posix("commands of POSIX")
@pytest.mark.parametrize(("reply", "status"), [(EMPTY, 0), (httpx.Response(401, json={}), 4)])
def test_status_with_check_sends_a_request(ant_without_key, profiles, reply, status):
    """The request has the credential that other commands use."""
    profiles(f"active = 'work'\n[profiles.work]\napi_key_command = \"echo {SECRET}\"\n")
    done = ant_without_key("auth", "status", "--check", replies=[reply])
    assert done.exit == status
    assert "runs `echo [redacted]`" in done.stdout
    assert done.requests[0].headers["x-api-key"] == SECRET
    assert ("Key accepted by https://api.anthropic.com" in done.stderr) is (status == 0)
