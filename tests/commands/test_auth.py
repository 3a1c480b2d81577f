"""Logging in and out, and showing which key is used."""

from __future__ import annotations

import signal
import stat
import sys
import tomllib
from contextlib import ExitStack, closing
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
from tests.helpers.processes import ANT, COVERAGE, run_process
from tests.helpers.words import API_HEADERS, EMPTY, LIST

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
    done = ant_without_key("auth", "login", "--api-key-stdin", stdin=f"  {SECRET}\r\n", replies=[reply])
    (request,) = done.requests
    url = "https://api.anthropic.com/v1/environments?beta=true&limit=1"
    assert (request.method, str(request.url)) == ("GET", url)
    assert request.headers["x-api-key"] == SECRET
    assert document(path) == {"active": "default", "profiles": {"default": {"api_key": SECRET, **BOUND}}}
    assert sys.platform == "win32" or stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (done.exit, done.stdout) == (0, "")
    assert done.stderr == (
        "Key accepted by https://api.anthropic.com (default workspace, organization org-1).\n"
        f"Stored the key {MASK} in profile 'default'.\n"
        "It is the active profile: commands use it from now on.\n"
    )


def test_login_verifies_and_stores_the_base_url_and_the_workspace(ant_without_key, path):
    """The key is verified at that base URL, in that workspace."""
    words = ("--profile", "work", "--base-url", "http://gate.example/", "--workspace-id", "wrkspc_1")
    done = ant_without_key(*words, "auth", "login", "--api-key-stdin", stdin=SECRET)
    assert done.requests[0].url.host == "gate.example"
    assert done.requests[0].headers["anthropic-workspace-id"] == "wrkspc_1"
    assert "Key accepted by http://gate.example (workspace wrkspc_1)." in done.stderr
    stored = {"api_key": SECRET, "base_url": "http://gate.example", "workspace_id": "wrkspc_1"}
    assert document(path)["profiles"]["work"] == stored


def test_login_to_the_emulator_needs_no_account(ant_without_key, path):
    """Two commands make a working profile without a network."""
    done = ant_without_key("auth", "login", "--profile", "dev", "--local", "--api-key-stdin", stdin=SECRET)
    assert done.exit == 0
    assert document(path)["profiles"]["dev"]["base_url"] == "local:"
    made = ant_without_key("beta:environments", "create", "--name", "first")
    assert (made.json["name"], made.requests) == ("first", [])


@pytest.mark.parametrize(
    ("words", "env", "stored"),
    [
        (("--local",), {}, {"base_url": "local:"}),
        (("--base-url", "local::memory:"), {}, {"base_url": "local::memory:"}),
        (("--no-verify",), {"ANTHROPIC_BASE_URL": "local:"}, BOUND),
    ],
)
def test_login_to_the_local_emulator_says_that_nothing_was_verified(ant_without_key, path, words, env, stored):
    """The emulator accepts any key. It is stored as the server only if it is on the command line."""
    done = ant_without_key("auth", "login", "--api-key-stdin", *words, env=env, stdin=SECRET)
    assert (done.exit, done.requests) == (0, [])
    unchecked = "" if "--no-verify" in words else "The emulator accepts any key, so nothing was verified.\n"
    assert done.stderr.startswith(f"{unchecked}Stored the key")
    assert "works" not in done.stderr
    assert document(path)["profiles"]["default"] == {"api_key": SECRET} | stored
    server = [word for word in words if word != "--no-verify"]
    check = ant_without_key("auth", "status", "--check", *server, env=env)
    assert "The emulator accepts any key, so nothing was verified." in check.stderr


def test_a_key_is_verified_by_the_api_even_if_a_variable_names_the_emulator_in_this_process(ant_without_key, path):
    """That accepts any key. The README sets the variable, and says how to log in."""
    env = {"ANTHROPIC_BASE_URL": "local:"}
    done = ant_without_key("auth", "login", "--api-key-stdin", env=env, stdin=SECRET, replies=[EMPTY])
    assert (done.exit, done.request.url.host) == (0, "api.anthropic.com")
    message = "Note: ANTHROPIC_BASE_URL is set, and the key is only for https://api.anthropic.com: it is not"
    assert message in done.stderr
    assert document(path)["profiles"]["default"] == {"api_key": SECRET, **BOUND}


@pytest.mark.parametrize(
    ("words", "replies", "stored"), [((), ["n"], OTHER), ((), ["y"], SECRET), (("--profile", "work"), [], SECRET)]
)
def test_login_asks_before_it_replaces_a_key_of_the_active_profile(
    ant_without_key, path, profiles, words, replies, stored
):
    """A profile that is named is meant."""
    profiles(f'active = "work"\n[profiles.work]\napi_key = "{OTHER}"\n')
    words = ("auth", "login", "--no-verify", "--api-key", SECRET, *words)
    questions = []

    def ask(question):
        questions.append(question)
        return replies[0]

    done = ant_without_key(*words, terminal=True, ask=ask)
    assert questions == ["Profile 'work' already has a key (api_key). Replace it? [y/N] "] * len(replies)
    assert document(path)["profiles"]["work"]["api_key"] == stored
    assert ("For a key in another profile: ant auth login --profile NAME" in done.stderr) is (stored == OTHER)


def test_login_to_a_served_emulator_verifies_the_key_only_if_it_has_one(ant_without_key, tmp_path):
    """An emulator reports whether it accepts any key, or checks the key with which it was started."""
    for own_key, said in (
        (None, "The emulator accepts any key, so nothing was verified."),
        (SECRET, "Key accepted by "),
    ):
        emulator = Emulator(tmp_path / f"{bool(own_key)}.db", api_key=own_key)
        gate = httpx.WSGITransport(emulator)
        words = ("auth", "login", "--api-key-stdin", "--base-url", "http://gate")
        done = ant_without_key(*words, stdin=SECRET, replies=[through(gate)])
        assert done.exit == 0
        assert done.stderr.startswith(said)
        done = ant_without_key("auth", "status", "--check", replies=[through(gate)])
        assert ("nothing was verified" in done.stderr) is (own_key is None)
        emulator.close()


def through(transport):
    """Return a transport with a response to the request that verifies a key."""
    headers = API_HEADERS | {"x-api-key": SECRET}
    with httpx.Client(transport=transport, base_url="http://gate", headers=headers) as client:
        return client.get("/v1/environments", params={"beta": "true", "limit": "1"})


@pytest.mark.parametrize("status", [401, 403])
def test_login_does_not_store_a_key_that_the_server_rejects(ant_without_key, path, status):
    """The exit code is 4.

    The message has the server's reason, and the flag that stores the key without verification.
    """
    body = {"type": "error", "error": {"type": "authentication_error", "message": f"no: {SECRET}"}}
    done = ant_without_key(
        "auth", "login", "--api-key-stdin", stdin=SECRET, replies=[httpx.Response(status, json=body)]
    )
    assert (done.exit, path.exists()) == (4, False)
    assert "authentication_error" in done.stderr
    assert "Nothing was stored." in done.stderr
    assert "--no-verify" in done.stderr


def test_login_does_not_store_a_key_that_could_not_be_verified(ant_without_key, path):
    """If the connection fails, `auth login` ends with the exit code of network errors."""
    replies = [ConnectionRefusedError("no route")] * 3
    done = ant_without_key("auth", "login", "--api-key-stdin", stdin=SECRET, replies=replies)
    assert (done.exit, path.exists()) == (8, False)


@pytest.mark.parametrize("body", [b"[]", b'{"data": 1}'])
def test_login_does_not_accept_every_status_200(ant_without_key, path, body):
    """A server that is not the API may accept any key."""
    done = ant_without_key(
        "auth", "login", "--api-key-stdin", stdin=SECRET, replies=[httpx.Response(200, content=body)]
    )
    assert (done.exit, path.exists()) == (1, False)
    assert "the server at https://api.anthropic.com is not the API" in done.stderr


def test_login_warns_of_a_key_on_the_command_line(ant_without_key, path):
    """Other users can read the command line."""
    done = ant_without_key("auth", "login", "--api-key", SECRET)
    assert done.exit == 0
    assert done.stderr.startswith("Note: other users of this machine can read the value of --api-key. Safer: ")
    assert document(path)["profiles"]["default"]["api_key"] == SECRET


@pytest.mark.parametrize(
    ("words", "stdin", "message"),
    [
        (("--api-key", SECRET, "--api-key-stdin"), SECRET, "can't be used together"),
        (("--api-key-stdin",), None, "nothing is piped in"),
        ((), SECRET, "something is piped in"),
        (("--api-key-stdin",), "", "the secret on stdin is empty"),
        (("--api-key-stdin",), " \n", "the secret on stdin is empty"),
        (("--api-key-stdin",), f"{SECRET}\nsecond line", "contains a character that no key has"),
        (("--api-key-stdin",), f"{SECRET} {OTHER}", "the secret on stdin contains a space, which no key has"),
        (("--api-key", f"{SECRET} x"), None, "the key contains a space, which no key has"),
        (("--api-key-stdin",), f"{SECRET}\x1b[1m", "contains a character that no key has"),
        (("--api-key-stdin",), SECRET.encode("utf-16"), "contains a character that no key has"),
        (("--api-key-stdin", "--profile", "a b"), SECRET, "is not a valid profile name"),
        (("--api-key-stdin", "--base-url", "gate"), SECRET, "--base-url must start with http"),
        (("--api-key-stdin", "--workspace-id", "a\nb"), SECRET, "--workspace-id contains a character"),
        (("--api-key-stdin", SECRET), SECRET, "unexpected argument"),
    ],
)
def test_login_rejects_text_that_cannot_be_a_key(ant_without_key, path, words, stdin, message):
    """The exit code is 2, and nothing is sent, stored or shown."""
    done = ant_without_key("auth", "login", *words, stdin=stdin)
    assert (done.exit, done.requests, path.exists()) == (2, [], False)
    assert message in done.stderr


def test_login_ignores_a_byte_order_mark_before_the_key(ant_without_key, path):
    """PowerShell writes one."""
    assert ant_without_key("auth", "login", "--api-key-stdin", stdin=f"\ufeff{SECRET}").exit == 0
    assert document(path)["profiles"]["default"]["api_key"] == SECRET


def test_login_with_a_second_profile_keeps_the_active_one(ant_without_key, path, profiles):
    """A note says how to use the new profile."""
    profiles('active = "work"\n[profiles.work]\n')
    done = ant_without_key("auth", "login", "--profile", "home", "--api-key-stdin", stdin=SECRET)
    assert document(path)["active"] == "work"
    assert "The active profile is 'work'. To use this one: --profile home, or ant profile activate home" in (
        done.stderr
    )


def test_login_replaces_every_credential_of_the_profile(ant_without_key, path, profiles):
    """Its other settings are kept, including unknown ones."""
    profiles(f'[profiles.work]\napi_key_command = "x"\nauth_token = "{OTHER}"\nformat = "yaml"\nnew = 1\n')
    done = ant_without_key("auth", "login", "--profile", "work", "--api-key-stdin", stdin=SECRET)
    assert document(path)["profiles"]["work"] == {"api_key": SECRET, "format": "yaml", "new": 1, **BOUND}
    assert "in place of its api_key_command and auth_token" in done.stderr
    assert document(path)["active"] == "work"


def test_login_notes_the_variables_that_shadow_the_new_profile(ant, path):
    """An old exported variable would be used instead of the new key."""
    env = {"ANTHROPIC_PROFILE": "other", "ANTHROPIC_BASE_URL": "http://h.example"}
    words = ("auth", "login", "--no-verify", "--profile", "work", "--api-key-stdin", "--base-url", "https://mine")
    done = ant(*words, stdin=SECRET, env=env)
    assert "Note: ANTHROPIC_API_KEY is set, and wins over every profile until you unset it." in done.stderr
    assert (
        "Note: ANTHROPIC_BASE_URL is set, and the key is only for https://mine: it is not used until you unset it."
        in done.stderr
    )
    assert "Note: ANTHROPIC_PROFILE is set, and selects profile 'other'." in done.stderr
    assert "Note" not in ant(*words, stdin=SECRET, env=env | {"ANT_NO_HINTS": "1"}).stderr
    assert document(path)["profiles"]["work"]["api_key"] == SECRET


@pytest.mark.parametrize("url", ["https://gate.example", "http://127.0.0.1:8400"])
def test_login_stores_the_server_of_a_variable_that_accepted_the_key(ant_without_key, path, url):
    """The key belongs to that server, also when the variable is gone."""
    words = ("auth", "login", "--api-key-stdin")
    done = ant_without_key(*words, env={"ANTHROPIC_BASE_URL": f"{url}/"}, stdin=SECRET, replies=[EMPTY])
    assert (done.exit, "Note" in done.stderr) == (0, False)
    assert f"Stored the key {MASK} for {url} in profile 'default'." in done.stderr
    assert document(path)["profiles"]["default"] == {"api_key": SECRET, "base_url": url}


@pytest.mark.parametrize("stored", ["", 'base_url = "https://gate.example"'])
@pytest.mark.parametrize("more", [(), ("--no-verify",)])
def test_login_sends_no_key_to_a_server_that_only_a_variable_names(ant_without_key, path, profiles, stored, more):
    """Nothing is asked, either: the key would be typed in vain."""
    profiles(f"[profiles.default]\n{stored}\n")
    words, before = ("auth", "login", "--api-key-stdin", *more), path.read_text()
    done = ant_without_key(*words, env={"ANTHROPIC_BASE_URL": "http://10.0.0.7"}, stdin=SECRET)
    assert (done.exit, done.requests, path.read_text()) == (4, [], before)
    assert "--base-url http://10.0.0.7\n" in done.stderr


def test_login_does_not_prompt_for_a_key_if_the_profiles_file_is_malformed(ant_without_key, path, profiles):
    """The key could not be stored after it was typed."""
    profiles("active =")
    done = ant_without_key("auth", "login", "--api-key-stdin", stdin=SECRET)
    assert (done.exit, done.requests, path.read_text()) == (4, [], "active =")
    assert "Invalid value (at end of document)" in done.stderr


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
    assert prompt_secret("? ", process, "ant", ask=lambda _: " of-no-known-form ") == "of-no-known-form"
    assert process.redactor.redact("<of-no-known-form>") == "<[redacted]>"
    with pytest.raises(UsageError, match="the secret is empty"):
        prompt_secret("? ", process, "ant", ask=lambda _: "")


@needs_posix("Ctrl-Z")
def test_the_prompt_ignores_ctrl_z(clean_environ):
    """After `fg` the terminal would show the key."""
    process = make_runtime(clean_environ)
    seen = prompt_secret("? ", process, "ant", ask=lambda _: signal.getsignal(signal.SIGTSTP).name)
    assert (seen, signal.getsignal(signal.SIGTSTP)) == ("SIG_IGN", signal.SIG_DFL)


# The operating system's credential store


def test_login_with_a_keyring_stores_the_key_there_and_a_reference_in_the_file(
    ant_without_key, path, credential_store
):
    """The test goes from login to logout."""
    words = ("auth", "login", "--keyring", "--api-key-stdin")
    assert ant_without_key(*words, stdin=OTHER).exit == 0
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
    assert "\nWithout --keyring, `ant auth login` stores the key in the profiles file" in done.stderr


def test_the_keyring_entry_is_deleted_when_its_key_is_replaced_or_removed(ant_without_key, credential_store):
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
    "words",
    [
        ("auth", "logout"),
        ("auth", "logout", "--all"),
        ("profile", "delete", "work"),
        ("profile", "unset", "api_key"),
        ("profile", "set", "api_key"),
        ("auth", "login", "--no-verify", "--api-key-stdin"),
    ],
)
def test_logout_works_without_the_keyring_and_says_how_to_delete_the_entry(ant_without_key, path, profiles, words):
    """The key is removed from the file, and the exit code is 4."""
    profiles(
        'active = "work"\n[profiles.work]\napi_key = "keyring:work-1"\n[profiles.x]\napi_key = "keyring:x-1"\n',
    )
    keyring.set_keyring(keyring.backends.fail.Keyring())
    done = ant_without_key(*words, stdin=SECRET)
    assert done.exit == 4
    assert "the operating system's credential store can't be used: " in done.stderr
    assert "To delete it there:\n  keyring del ant work-1\n" in done.stderr
    assert ("keyring del ant x-1" in done.stderr) is ("--all" in words)
    assert "keyring:work-1" not in path.read_text()


def test_login_deletes_the_keyring_entry_if_the_profile_cannot_be_written(ant_without_key, path, credential_store):
    """Nothing would refer to the entry."""
    (path.parent / "profiles.toml.lock").mkdir(parents=True)
    done = ant_without_key("auth", "login", "--keyring", "--api-key-stdin", stdin=SECRET)
    assert (done.exit, credential_store.entries) == (1, {})


# Status


def test_status_without_a_credential_lists_the_sources_that_were_checked(ant_without_key, path):
    """The exit code is 4, and the message says how to log in."""
    done = ant_without_key("auth", "status")
    assert done.exit == 4
    assert done.stdout.splitlines() == [
        "Credential  none",
        "Base URL    https://api.anthropic.com (default)",
        "Workspace   the credential's own",
        f"Profile     none ({path})",
        "",
        "Credentials are looked up in this order, and the first one is used:",
        "  1. --api-key                     not given",
        "  2. --auth-token                  not given",
        "  3. --federation-rule             not given",
        "  4. ANTHROPIC_API_KEY             not set",
        "  5. ANTHROPIC_AUTH_TOKEN          not set",
        "  6. ANTHROPIC_FEDERATION_RULE_ID  not set",
    ]
    assert "Log in: ant auth login" in done.stderr


def test_status_explains_shadowed_profiles_empty_variables_and_sources(ant_without_key, path, profiles):
    """It shows where each setting comes from."""
    profiles(
        f"""active = "work"
[profiles.home]
[profiles.work]
api_key = "{SECRET}"
api_key_command = "op read x"
workspace_id = "wrkspc_1"
""",
    )
    env = {"ANTHROPIC_API_KEY": "", "ANTHROPIC_AUTH_TOKEN": OTHER, "ANTHROPIC_BASE_URL": "http://u:pw@h.example"}
    done = ant_without_key("auth", "status", env=env)
    assert (done.exit, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "Credential  sk-ant-...abcd (bearer token, from ANTHROPIC_AUTH_TOKEN)",
        "Base URL    http://h.example (ANTHROPIC_BASE_URL)",
        "Workspace   wrkspc_1 (workspace_id of profile 'work')",
        f"Profile     work (the active one), from {path}; others: home",
        "",
        "Credentials are looked up in this order, and the first one is used:",
        "  1. --api-key                          not given",
        "  2. --auth-token                       not given",
        "  3. --federation-rule                  not given",
        "  4. ANTHROPIC_API_KEY                  empty, so treated as not set",
        "  5. ANTHROPIC_AUTH_TOKEN               sk-ant-...abcd  <- used",
        "  6. ANTHROPIC_FEDERATION_RULE_ID       not set",
        f"  7. api_key of profile 'work'          {MASK}  shadowed by ANTHROPIC_AUTH_TOKEN",
        "  8. api_key_command of profile 'work'  runs `op read x`  shadowed by ANTHROPIC_AUTH_TOKEN",
        "  9. auth_token of profile 'work'       not set",
    ]


SERVERS = f'active = "work"\n[profiles.work]\napi_key = "{SECRET}"\nbase_url = "http://u:pw@work.example"\n'


def test_status_explains_a_variable_that_shadows_the_base_url_of_the_profile(ant_without_key, path, profiles):
    """The key is not sent there, so it can't be used."""
    profiles(SERVERS)
    env = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:2"}
    done = ant_without_key("auth", "status", env=env)
    assert done.stdout.splitlines()[1:5] == [
        "Base URL    http://127.0.0.1:2 (ANTHROPIC_BASE_URL)",
        "            shadows base_url of profile 'work': http://work.example",
        "Workspace   the credential's own",
        f"Profile     work (the active one), from {path}",
    ]
    assert done.exit == 4
    assert "ant: the key of profile 'work' is for http://work.example, and is not" in done.stderr
    data = ant_without_key("auth", "status", "--format", "json", env=env).json
    assert data["base_url"]["shadows"] == [{"source": "base_url of profile 'work'", "value": "http://work.example"}]
    assert (data["usable"], data["note"]) == (False, None)


def test_status_explains_that_a_variables_key_goes_to_the_base_url_of_the_profile(ant_without_key, profiles):
    """The key and the base URL come from different sources."""
    profiles(SERVERS)
    env = {"ANTHROPIC_API_KEY": OTHER}
    note = "ANTHROPIC_API_KEY is sent to http://work.example (base_url of profile 'work')"
    assert f"Note        {note}\n" in ant_without_key("auth", "status", env=env).stdout
    assert ant_without_key("auth", "status", "--format", "json", env=env).json["note"] == note


def test_status_with_a_flag_names_all_sources_that_the_flag_shadows(ant_without_key, profiles):
    """There is no note, because the flag was chosen for this command."""
    profiles(SERVERS)
    words = ("auth", "status", "--base-url", "http://flag", "--format", "json")
    data = ant_without_key(*words, env={"ANTHROPIC_BASE_URL": "http://variable"}).json
    shadowed = [(other["source"], other["value"]) for other in data["base_url"]["shadows"]]
    assert shadowed == [
        ("ANTHROPIC_BASE_URL", "http://variable"),
        ("base_url of profile 'work'", "http://work.example"),
    ]
    assert data["note"] is None


def test_status_reports_the_settings_that_its_global_flags_give(ant_without_key):
    """It shows what a command line with these flags would use."""
    done = ant_without_key("--api-key", SECRET, "auth", "status", "--base-url", "http://h.example")
    assert f"{MASK} (API key, from --api-key)" in done.stdout
    assert "http://h.example (--base-url)" in done.stdout


def test_status_as_json_contains_the_whole_report(ant_without_key, path, profiles):
    """`--transform` selects from the report."""
    profiles(f'active = "work"\n[profiles.work]\napi_key = "{SECRET}"\n')
    done = ant_without_key("auth", "status", "--format", "json")
    assert done.json["usable"] is True
    assert done.json["credential"] == "api_key of profile 'work'"
    assert done.json["profile"] == {"name": "work", "source": "active", "file": str(path), "others": []}
    used = {"source": "api_key of profile 'work'", "kind": "api_key", "state": "used", "value": MASK}
    assert done.json["sources"][6] == used
    assert ant_without_key("auth", "status", "--transform", "profile.name", "-r").stdout == "work\n"


def test_status_of_the_emulator_needs_no_credential(ant_without_key):
    """The emulator can be used without a credential."""
    done = ant_without_key("auth", "status", "--local")
    assert done.exit == 0
    assert "none, and the emulator needs none" in done.stdout
    assert "local: (--local)" in done.stdout


def test_status_without_an_active_profile_lists_the_profiles_by_name(ant_without_key, path, profiles):
    """One of them may be what the user needs."""
    profiles("[profiles.work]\n[profiles.home]\n")
    assert f"none is active; others: home, work ({path})" in ant_without_key("auth", "status").stdout
    named = ant_without_key("auth", "status", env={"ANTHROPIC_PROFILE": "home"})
    assert "named by ANTHROPIC_PROFILE" in named.stdout


def test_status_with_an_unknown_profile_is_an_error(ant_without_key, profiles):
    """The message suggests the most similar name."""
    profiles("[profiles.work]\n")
    done = ant_without_key("auth", "status", env={"ANTHROPIC_PROFILE": "wrok"})
    assert done.exit == 4
    assert "profile 'wrok' (from ANTHROPIC_PROFILE) does not exist. Did you mean 'work'?" in done.stderr


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


def test_status_without_check_sends_nothing_and_runs_no_key_command(ant_without_key, profiles):
    """The report needs neither the server nor the key command."""
    profiles("active = 'work'\n[profiles.work]\napi_key_command = \"false\"\n")
    done = ant_without_key("auth", "status")
    assert (done.exit, done.requests) == (0, [])


# The credential for other tools


def test_token_prints_only_the_credential_in_use_on_stdout(ant_without_key, profiles):
    """A line on stderr names its source."""
    profiles(f'active = "work"\n[profiles.work]\napi_key = "{OTHER}"\n')
    done = ant_without_key("auth", "token", env={"ANTHROPIC_AUTH_TOKEN": f" {SECRET} "})
    assert (done.exit, done.stdout) == (0, f"{SECRET}\n")
    assert "using ANTHROPIC_AUTH_TOKEN" in done.stderr
    assert ant_without_key("auth", "token").stdout == f"{OTHER}\n"


@needs_posix("commands of POSIX")
def test_token_runs_the_key_command_even_with_the_emulator(ant_without_key, profiles):
    """The user has asked for the key."""
    profiles(f"active = 'a'\n[profiles.a]\nbase_url = 'local:'\napi_key_command = 'echo {SECRET}'\n")
    assert ant_without_key("auth", "token").stdout == f"{SECRET}\n"


def test_token_notes_competing_credentials_even_with_the_emulator(ant_without_key, profiles):
    """One of them is printed whatever the base URL is, and none is sent."""
    profiles(SERVERS)
    done = ant_without_key("auth", "token", env={"ANTHROPIC_API_KEY": OTHER, "ANTHROPIC_BASE_URL": "local:"})
    assert done.stdout == f"{OTHER}\n"
    assert done.stderr == (
        "Note: multiple auth sources (ANTHROPIC_API_KEY, api_key of profile 'work'); using ANTHROPIC_API_KEY. "
        "See: ant auth status\n"
    )


def test_token_has_no_note_about_a_server_because_nothing_is_sent(ant_without_key, profiles):
    """A request with this key and this base URL would have one."""
    profiles(SERVERS)
    env = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:2"}
    done = ant_without_key("auth", "token", env=env)
    assert (done.exit, done.stdout, done.stderr) == (0, f"{SECRET}\n", "")


def test_token_without_a_credential_prints_nothing_and_exits_with_4(ant_without_key):
    """There is no credential to print."""
    done = ant_without_key("auth", "token", stdin=None)
    assert (done.exit, done.stdout) == (4, "")


# Logging out

TWO = f"""active = "work"
[profiles.home]
auth_token = "{OTHER}"
[profiles.work]
api_key = "{SECRET}"
api_key_command = "x"
format = "yaml"
[profiles.zero]
"""


def test_logout_removes_the_credentials_of_the_profile(ant_without_key, path, profiles):
    """Its settings and the other profiles are kept."""
    profiles(TWO)
    done = ant_without_key("auth", "logout")
    assert (done.exit, done.stderr) == (0, "Removed the credentials of profile 'work'.\n")
    assert document(path)["profiles"] == {"home": {"auth_token": OTHER}, "work": {"format": "yaml"}, "zero": {}}
    assert ant_without_key("auth", "logout").stderr == "There was no credential to remove.\n"


def test_logout_of_a_named_profile_requires_that_it_exists(ant_without_key, path, profiles):
    """It may be a profile that is not active."""
    profiles(TWO)
    assert ant_without_key("auth", "logout", "--profile", "home").exit == 0
    assert document(path)["profiles"]["home"] == {}
    assert ant_without_key("auth", "logout", "--profile", "nope").exit == 4


def test_logout_all_removes_all_credentials_and_notes_set_variables(ant, path, profiles):
    """A credential in a variable is still used after the logout."""
    profiles(TWO)
    done = ant("auth", "logout", "--all")
    assert done.stderr == (
        "Removed the credentials of profile 'home'.\nRemoved the credentials of profile 'work'.\n"
        "Note: ANTHROPIC_API_KEY is still set.\n"
    )
    assert document(path)["profiles"] == {"home": {}, "work": {"format": "yaml"}, "zero": {}}
    assert ant("auth", "logout", "--all", "--profile", "home").exit == 2


def test_logout_without_profiles_creates_no_file(ant_without_key, path):
    """There is nothing to remove."""
    assert ant_without_key("auth", "logout").exit == 0
    assert not path.exists()


# Places where a key must not be


@pytest.mark.parametrize(
    "words",
    [("login", "--keyring"), ("login", "--no-verify"), ("status", "--check"), ("logout", "--all")],
    ids=" ".join,
)
def test_a_boolean_flag_does_not_quote_a_key_that_was_meant_for_another(ant_without_key, words):
    """Its text may be a key of a form that nobody knows."""
    done = ant_without_key("auth", words[0], f"{words[1]}=correct-horse-battery-9")
    assert (done.exit, "must be true or false" in done.stderr, "horse" in done.stderr) == (2, True, False)
