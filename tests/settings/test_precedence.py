"""The sources of settings and credentials, and their order of precedence."""

from __future__ import annotations

from contextlib import suppress
from itertools import combinations
from pathlib import Path

import httpx
import pytest

from ant_cli.errors import AntError, BadValue, CredentialError, UsageError
from ant_cli.settings.key_references import KeyCommand, KeyringEntry
from ant_cli.settings.loading import describe_destination, load
from ant_cli.settings.profiles import ProfileStore
from ant_cli.settings.rows import DEFAULT_BASE_URL, GLOBAL_FLAGS
from tests.conftest import flags_of, make_runtime
from tests.helpers.words import LIST, NO_KEY, RETRIEVE, page
from tests.settings.conftest import settings_of

PROFILES = ("--profile", "ANTHROPIC_PROFILE", "active")
"""The ways to select a profile, by precedence."""


def inputs_of(sources):
    """Return flags, environment and store in which each source has its value."""
    flags, environ, document = {}, {}, {"profiles": {}}
    for source, (key, value) in sources.items():
        if source in PROFILES:
            name = source.strip("-")
            document["profiles"][name] = {key: value}
            if source == "active":
                document["active"] = name
            elif source == "--profile":
                flags["profile"] = name
            else:
                environ[source] = name
        elif source.startswith("--"):
            flags[key] = value
        else:
            environ[source] = value
    return flags, environ, ProfileStore(Path("profiles.toml"), document)


def active(profile):
    """Return a store with one profile, which is active."""
    return ProfileStore(Path("f"), {"active": "a", "profiles": {"a": profile}})


# Each pair of sources

SETTINGS = {
    "base_url": {
        "--local": ("local", "true"),
        "--base-url": ("base_url", "http://flag"),
        "ANTHROPIC_BASE_URL": ("base_url", "http://variable"),
        "--profile": ("base_url", "http://named"),
        "ANTHROPIC_PROFILE": ("base_url", "http://by-variable"),
        "active": ("base_url", "http://active"),
    },
    "workspace_id": {
        "--workspace-id": ("workspace_id", "wrkspc_flag"),
        "ANTHROPIC_WORKSPACE_ID": ("workspace_id", "wrkspc_variable"),
        "--profile": ("workspace_id", "wrkspc_named"),
        "ANTHROPIC_PROFILE": ("workspace_id", "wrkspc_by_variable"),
        "active": ("workspace_id", "wrkspc_active"),
    },
    "format": {
        "--format": ("format", "yaml"),
        "--profile": ("format", "table"),
        "ANTHROPIC_PROFILE": ("format", "jsonl"),
        "active": ("format", "pretty"),
    },
    "timeout": {
        "--timeout": ("timeout", "1.5"),
        "--profile": ("timeout", 2),
        "ANTHROPIC_PROFILE": ("timeout", "3"),
        "active": ("timeout", 4.5),
    },
    "max_retries": {
        "--max-retries": ("max_retries", "0"),
        "--profile": ("max_retries", 1),
        "ANTHROPIC_PROFILE": ("max_retries", "3"),
        "active": ("max_retries", 4),
    },
}
MEANT = {"true": "local:", "1.5": 1.5, "3": 3, "0": 0}
EXCLUSIVE = ("--local", "--base-url")
PAIRS = [
    (name, *pair)
    for name, table in SETTINGS.items()
    for pair in combinations(table, 2)
    if pair != EXCLUSIVE
]


@pytest.mark.parametrize(("name", "winner", "loser"), PAIRS)
def test_the_setting_of_the_highest_source_is_used_and_its_source_known(name, winner, loser):
    """The order is flag, variable, named profile, active profile."""
    table = SETTINGS[name]
    settings = settings_of(*inputs_of({source: table[source] for source in (loser, winner)}))
    value = table[winner][1]
    field = {"timeout": "timeout_s"}.get(name, name)
    part = settings.output if name == "format" else settings.connection
    assert getattr(part, field) == MEANT.get(value, value)
    source = f"{name} of profile {winner.strip('-')!r}" if winner in PROFILES else winner
    assert settings.provenance.sources[name] == source


UNSET = "A variable of the shell may be unset."


@pytest.mark.parametrize("blank", ["", " ", "\t "])
def test_a_blank_variable_and_a_blank_value_of_a_profile_are_unset(blank):
    """A script may export a variable although it has nothing to put there."""
    profile = dict.fromkeys(("base_url", "workspace_id", "timeout", "max_retries", "format"), blank)
    store = active(profile)
    settings = settings_of(
        {}, {"ANTHROPIC_BASE_URL": blank, "ANTHROPIC_WORKSPACE_ID": blank}, store
    )
    assert set(settings.provenance.sources.values()) == {"default"}
    assert (settings.connection.base_url, settings.connection.timeout_s) == (DEFAULT_BASE_URL, 60.0)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_without_a_source_has_its_default(name):
    """The name of the source is then default."""
    settings = settings_of({}, {})
    connection = settings.connection
    assert settings.provenance.sources[name] == "default"
    assert (connection.base_url, connection.workspace_id, settings.output.format) == (
        DEFAULT_BASE_URL,
        "",
        "auto",
    )
    assert (connection.timeout_s, connection.max_retries, connection.credential) == (60.0, 2, None)


def test_within_a_profile_the_key_comes_before_the_command_and_the_token():
    """A stored credential comes before one that must be fetched, and a key before a token."""
    store = active({"auth_token": "t", "api_key_command": "c"})
    settings = settings_of({}, {}, store)
    sources = [credential.source for credential in settings.provenance.credentials]
    assert sources == ["api_key_command of profile 'a'", "auth_token of profile 'a'"]
    assert settings.connection.credential.reference == KeyCommand("c", "a")
    assert settings.connection.credential.secret == ""
    settings = settings_of(
        {}, {}, store.with_profile("a", {"api_key": "k", "api_key_command": "c"})
    )
    assert settings.connection.credential.secret == "k"


def test_the_name_of_a_keyring_entry_is_never_sent_as_a_key():
    """The value in the file is a reference to the entry."""
    store = active({"api_key": "keyring:a-1"})
    credential = settings_of({}, {}, store).connection.credential
    assert (credential.secret, credential.reference) == ("", KeyringEntry("keyring:a-1", "a"))


# Names of profiles


@pytest.mark.parametrize(
    ("flags", "environ", "by"),
    [
        ({"profile": "wrok"}, {"ANTHROPIC_PROFILE": "work"}, "--profile"),
        ({}, {"ANTHROPIC_PROFILE": "wrok"}, "ANTHROPIC_PROFILE"),
        ({"profile": "wrok", "api_key": "k"}, {}, "--profile"),
    ],
)
def test_a_missing_profile_is_an_error_and_no_other_profile_is_used(flags, environ, by):
    """Profiles may keep organizations apart."""
    store = ProfileStore(Path("f"), {"active": "work", "profiles": {"work": {"api_key": "k"}}})
    with pytest.raises(
        CredentialError, match=rf"profile 'wrok' \(from {by}\) does not exist"
    ) as caught:
        settings_of(flags, environ, store)
    assert "Did you mean 'work'?" in str(caught.value)


def test_an_active_profile_that_does_not_exist_is_an_error():
    """The file may have been edited by hand."""
    with pytest.raises(CredentialError, match=r"'gone' \(active in f\) does not exist"):
        settings_of({}, {}, ProfileStore(Path("f"), {"active": "gone"}))
    with pytest.raises(CredentialError, match="'gone'") as caught:
        settings_of({}, {}, ProfileStore(Path("f"), {"active": "gone", "profiles": {"a": {}}}))
    assert caught.value.hint == "The profiles are: a. To choose one: ant profile activate NAME"


def test_an_empty_profile_variable_means_unset():
    """This holds for all empty variables."""
    store = active({"api_key": "k"})
    assert settings_of({}, {"ANTHROPIC_PROFILE": ""}, store).connection.credential.secret == "k"


# Values


def test_empty_credentials_are_ignored():
    """This holds for every source."""
    store = active({"api_key": "", "auth_token": " "})
    environ = {"ANTHROPIC_API_KEY": "", "ANTHROPIC_AUTH_TOKEN": "\t"}
    assert settings_of({}, environ, store).provenance.credentials == ()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("api_key", "a\nb", "contains a character that no key has"),
        ("api_key", ["k"], "must be text or a number"),
        ("timeout", False, "must be text or a number"),
        ("timeout", float("nan"), "must be a duration such as 30s or 1m30s, got 'nan'"),
        ("max_retries", -1, "must be a whole number from 0 to 9999, got '-1'"),
        ("base_url", "api.example.com", "must start with http"),
        ("base_url", "http://[", "must be a URL with a host"),
        ("workspace_id", "w\r\nx: y", "contains a character that is not allowed in a header"),
    ],
)
def test_an_invalid_value_in_a_profile_is_an_error_that_names_the_profile(key, value, message):
    """The hint is the command that corrects or removes the value."""
    store = active({key: value})
    with pytest.raises(BadValue, match=f"{key} of profile 'a' {message}") as caught:
        settings_of({}, {}, store)
    assert caught.value.hint.endswith(
        f"Set it again, or remove it: ant profile unset {key} --profile a"
    )
    with pytest.raises(BadValue, match="--timeout") as caught:
        settings_of(
            {"timeout": "x"}, {}, store._replace(document={**store.document, "profiles": {"a": {}}})
        )
    assert caught.value.hint == ""


def test_an_unknown_format_in_a_profile_is_rejected():
    """The error suggests the nearest format."""
    with pytest.raises(
        UsageError,
        match=r"^unknown format 'tabel' \(from format of profile 'a'\). Did you mean 'table'",
    ):
        settings_of({}, {}, active({"format": "tabel"}))


def test_an_invalid_value_that_a_flag_overrides_is_ignored():
    """Only values that are used are checked."""
    store = active({"base_url": "nonsense", "timeout": "x"})
    settings = settings_of({"base_url": "http://h/", "timeout": "1"}, {}, store)
    assert (settings.connection.base_url, settings.connection.timeout_s) == ("http://h", 1.0)


@pytest.mark.parametrize(
    "words",
    [
        *((*LIST, f"{param.flag}=") for param in GLOBAL_FLAGS if param.takes_value),
        ("--base-url", " ", *LIST),
        (*LIST, "--watch", "--every", ""),
        (*LIST, "--filter", "name==x", "--filter="),
        ("profile", "list", "--format="),
        ("emulator", "start", "--port="),
    ],
)
def test_a_blank_setting_is_a_usage_error(ant, words):
    """A variable of the shell was most likely unset: the real API must not take the place of a server for tests."""
    result = ant(*words, env={"ANTHROPIC_BASE_URL": "http://variable"}, replies=[])
    flag = next(word for word in reversed(words) if word.startswith("--")).rstrip("=")
    assert (result.exit, result.stdout) == (2, "")
    assert result.stderr == f"ant: {flag} is empty.\nGive it a value, or leave it out. {UNSET}\n"


@pytest.mark.parametrize(
    ("words", "exit_code", "text"),
    [
        (("--timeout", "x", "--help"), 0, "List environments"),
        (("--timeout", "x", "--unknown"), 2, "unknown flag '--unknown'"),
        (("--timeout", "x", "extra"), 2, "unexpected argument 'extra'"),
        (("--timeout", "x", "--timeout", "5", "--dry-run"), 0, "/v1/environments?"),
    ],
)
def test_the_value_of_a_setting_is_checked_last_and_only_if_it_is_used(ant, words, exit_code, text):
    """Help is shown whatever else is wrong, and a value that is replaced does no harm."""
    done = ant(*LIST, *words)
    assert (done.exit, text in done.stdout + done.stderr) == (exit_code, True)


def test_a_key_of_a_profile_that_is_no_setting_of_profiles_is_ignored():
    """A newer version may know it."""
    values = {"transform": "name", "columns": "id", "format_error": "nonsense", "dry_run": True}
    settings = settings_of({}, {}, active(values))
    assert (settings.output.transform, settings.output.columns, settings.dry_run) == ("", "", False)


def test_the_repr_of_settings_contains_no_secret():
    """A debugger or a log may print it."""
    environ = {"ANTHROPIC_API_KEY": "hush-1"}
    store = active({"api_key": "hush-2", "base_url": "http://h"})
    settings = settings_of({"auth_token": "hush-3"}, environ, store)
    found = settings.provenance
    shown = repr(settings) + repr(store) + repr(found.profile) + repr(found.places)
    assert ("hush" in shown, "http://h" in shown) == (False, True)


CANARY_FILE = """
active = "used"
[profiles.used]
api_key = "canary-of-the-profile"
auth_token = "canary-token-of-the-profile"
base_url = "http://ada:canary-of-its-url@h"
[profiles.other]
api_key = "canary-of-another-profile"
base_url = "http://ada:canary-of-another-url@h"
"""


@pytest.mark.parametrize(
    "flags", [{}, {"base_url": "http://ada:canary-of-the-flag@h"}, {"profile": "none"}]
)
def test_loading_registers_every_secret_before_an_error_can_quote_it(
    clean_environ, profiles, flags
):
    """These are the secrets in flags, variables and every profile, used or not. None of them looks like a key."""
    profiles(CANARY_FILE)
    environ = clean_environ | {"ANTHROPIC_API_KEY": " canary-of-the-variable "}
    runtime = make_runtime(environ)
    with suppress(AntError):
        load(runtime, flags_of(auth_token="canary-of-a-flag", **flags))
    given = ["canary-of-the-variable", "canary-of-a-flag", *flags.values()]
    shown = runtime.redactor.redact("\n".join([CANARY_FILE, *given]))
    assert ("canary" in shown, 'active = "used"' in shown) == (False, True)


# Whole runs


WORK = """
active = "work"
[profiles.work]
api_key = "sk-ant-work-key"
base_url = "http://work.example"
workspace_id = "wrkspc_1"
format = "yaml"
max_retries = 0
[profiles.other]
auth_token = "other-token"
"""


def test_a_command_uses_the_key_url_workspace_and_format_of_the_active_profile(ant, profiles):
    """The environment sets none of them."""
    profiles(WORK)
    done = ant(*LIST, env=NO_KEY, replies=[page({"id": "env_1"})])
    request = done.request
    assert request.url.host == "work.example"
    assert request.headers["x-api-key"] == "sk-ant-work-key"
    assert request.headers["anthropic-workspace-id"] == "wrkspc_1"
    assert (done.exit, done.stderr) == (0, "")


def test_the_format_of_a_profile_is_used_on_a_terminal_only(ant, profiles):
    """`ant ... | jq` works with every profile; a script uses the flag."""
    profiles('active = "a"\n[profiles.a]\nformat = "yaml"\n')
    words = LIST
    listing = [page({"id": "env_1"})]
    assert "id: env_1\n" in ant(*words, replies=listing, terminal=True).stdout
    assert ant(*words, replies=listing).json == {"id": "env_1"}
    assert ant(*words, "--format", "yaml", replies=listing).stdout == "id: env_1\n"
    profiles('active = "a"\n[profiles.a]\nformat = "tabel"\n')
    assert ant(*words, replies=listing).exit == 0
    assert ant(*words, replies=listing, terminal=True).exit == 2


def test_a_workspace_in_a_variable_that_can_not_be_sent_is_rejected(ant):
    """A request without it would change another workspace."""
    refusal = ant(*RETRIEVE, env={"ANTHROPIC_WORKSPACE_ID": "w\r\nx: y"}).refusal
    assert "ANTHROPIC_WORKSPACE_ID contains a character" in refusal


def test_the_profile_flag_may_be_given_before_the_command(ant, profiles):
    """All global flags may be anywhere on the command line."""
    profiles(WORK)
    done = ant("--profile", "other", *RETRIEVE, env=NO_KEY)
    assert done.request.headers["authorization"] == "Bearer other-token"
    assert ant(*RETRIEVE, "--profile=nope").exit == 4


ELSEWHERE = {"ANTHROPIC_API_KEY": None, "ANTHROPIC_BASE_URL": "http://u:pw@127.0.0.1:2"}
COMPLETE = ("__complete", "environment_id", "beta:environments", "retrieve", "")


def test_a_key_of_a_profile_without_a_server_that_is_sent_to_that_of_a_variable_causes_one_note(
    ant, profiles
):
    """The owner of that server receives the key. At the tab key, where no note is read, it is not sent."""
    profiles(WORK.replace('"work"', '"other"', 1))
    done = ant(*LIST, env=ELSEWHERE)
    assert done.request.headers["authorization"] == "Bearer other-token"
    note = "Note: the token of profile 'other' is sent to http://127.0.0.1:2 (ANTHROPIC_BASE_URL)."
    assert done.stderr == f"{note} See: ant auth status\n"
    assert ant(*LIST, env=ELSEWHERE | {"ANT_NO_HINTS": "1"}).stderr == ""
    assert ant(*COMPLETE, env=ELSEWHERE, replies=[page({"id": "env_1"})]).requests == []


@pytest.mark.parametrize(
    "words",
    [LIST, RETRIEVE, ("beta:environments:work", "list", "demo"), ("auth", "status"), COMPLETE],
    ids=str,
)
@pytest.mark.parametrize(
    "secret", ["api_key = 'stored-key'", "auth_token = 't'", "api_key_command = 'touch ran'"]
)
def test_no_secret_of_a_profile_with_a_server_is_sent_to_that_of_a_variable(
    ant, profiles, tmp_path, monkeypatch, words, secret
):
    """D50: the variable may be that of a `.env` which came with somebody else's project."""
    monkeypatch.chdir(tmp_path)
    profiles(f"active = 'a'\n[profiles.a]\nbase_url = 'https://work.example/x'\n{secret}\n")
    done = ant(*words, env=ELSEWHERE, replies=[page({"id": "env_1"})])
    assert (done.requests, (tmp_path / "ran").exists()) == ([], False)
    if words is not COMPLETE:
        assert done.exit == 4
        assert (
            "of profile 'a' is for https://work.example/x, and is not sent to http://127.0.0.1:2"
            in done.stderr
        )
        assert "To send it to https://work.example/x: unset ANTHROPIC_BASE_URL\n" in done.stderr
        assert (
            "To send it to http://127.0.0.1:2, in this command only: --base-url http" in done.stderr
        )


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("HTTPS://Work.Example:443/x/", LIST),
        ("https://u:pw@work.example/x", LIST),
        ("http://127.0.0.1:2", (*LIST, "--base-url", "http://127.0.0.1:2")),
        ("http://127.0.0.1:2", (*LIST, "--base-url", "https://work.example/x")),
    ],
)
def test_a_secret_of_a_profile_is_sent_to_its_own_server_and_to_that_of_a_flag(
    ant, profiles, url, words
):
    """The URL of a server may be written in several ways."""
    profiles(
        "active = 'a'\n[profiles.a]\nbase_url = 'https://work.example/x'\napi_key = 'stored-key'\n"
    )
    done = ant(*words, env={**NO_KEY, "ANTHROPIC_BASE_URL": url})
    assert (done.request.headers["x-api-key"], done.stderr) == ("stored-key", "")


@pytest.mark.parametrize(
    "url",
    [
        "https://work.example/y",
        "https://work.example",
        "http://work.example:443/x",
        "https://work.example:8443/x",
        "https://other.example/x",
    ],
)
def test_another_path_port_or_scheme_of_the_same_host_is_another_server(ant, profiles, url):
    """A gateway may have one for each team."""
    profiles(
        "active = 'a'\n[profiles.a]\nbase_url = 'https://work.example/x'\napi_key = 'stored-key'\n"
    )
    done = ant(*LIST, env={**NO_KEY, "ANTHROPIC_BASE_URL": url})
    assert (done.exit, done.requests) == (4, [])


def test_a_variable_may_name_the_own_server_of_a_profile_even_over_plain_http(ant, profiles):
    """The user has stored this server in the profile. Port 80 may be left out."""
    profiles("active = 'a'\n[profiles.a]\nbase_url = 'http://10.0.0.7'\napi_key = 'stored-key'\n")
    for url in ("http://10.0.0.7", "http://10.0.0.7:80/"):
        done = ant(*LIST, env={**NO_KEY, "ANTHROPIC_BASE_URL": url})
        assert (done.request.headers["x-api-key"], done.stderr) == ("stored-key", "")


def test_a_variable_may_name_another_server_if_the_key_of_the_profile_is_not_sent(ant, profiles):
    """The key may come from a variable, too, and the emulator needs no key."""
    profiles(
        "active = 'a'\n[profiles.a]\nbase_url = 'https://work.example'\napi_key = 'stored-key'\n"
    )
    elsewhere = {"ANTHROPIC_API_KEY": "of-variable", "ANTHROPIC_BASE_URL": "http://10.0.0.7"}
    request = ant(*LIST, env=elsewhere).request
    assert (request.url.host, request.headers["x-api-key"]) == ("10.0.0.7", "of-variable")
    local = {**NO_KEY, "ANTHROPIC_BASE_URL": "local::memory:"}
    assert ant(*LIST, env=local).exit == 0
    status = ant("auth", "status", "--format", "json", env=local)
    assert (status.exit, status.json["usable"]) == (0, True)


def test_an_environment_key_is_sent_where_the_key_of_the_profile_is_not(ant, profiles):
    """Only the look-up of a name would take the key of the profile."""
    profiles(
        "active = 'a'\n[profiles.a]\nbase_url = 'https://work.example'\napi_key = 'stored-key'\n"
    )
    env = ELSEWHERE | {"ANTHROPIC_ENVIRONMENT_KEY": "of-env-1"}
    done = ant("beta:environments:work", "list", "env_1", env=env, replies=[page()])
    assert done.request.headers["authorization"] == "Bearer of-env-1"
    done = ant(
        "beta:environments:work",
        "list",
        "demo",
        env=env,
        replies=[httpx.Response(404, json={}), page()],
    )
    assert (done.exit, done.requests) == (4, [])


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("http://other.example", 4),
        ("http://10.0.0.7:8400", 4),
        ("https://other.example", 0),
        ("http://127.1:8400", 0),
        ("http://[::1]:8400", 0),
        ("http://localhost:8400", 0),
    ],
)
def test_no_secret_of_a_profile_goes_over_plain_http_to_another_machine_that_a_variable_names(
    ant, profiles, url, status
):
    """This holds for profiles without a server, too, and for logins; who wants it says so by a flag."""
    profiles("active = 'a'\n[profiles.a]\napi_key = 'stored-key'\n")
    done = ant(*LIST, env={**NO_KEY, "ANTHROPIC_BASE_URL": url}, replies=[page()])
    assert (done.exit, len(done.requests)) == (status, not status)
    if status:
        hint = (
            "since others could read it on the way.\nTo send it to https://api.anthropic.com: unset"
        )
        assert hint in done.stderr
        assert ant(*LIST, "--base-url", url, env=NO_KEY, replies=[page()]).exit == 0


HERE = "https://here.example"


@pytest.mark.parametrize(
    ("flags", "environ", "profile", "strays"),
    [
        ({}, {"ANTHROPIC_BASE_URL": HERE}, {"api_key": "k"}, True),
        ({}, {"ANTHROPIC_BASE_URL": HERE}, {"api_key_command": "c"}, True),
        (
            {},
            {"ANTHROPIC_BASE_URL": HERE},
            {"api_key_command": "c", "base_url": "http://work"},
            False,
        ),
        ({}, {"ANTHROPIC_BASE_URL": HERE}, {"api_key": "k", "base_url": HERE + "/"}, False),
        ({}, {"ANTHROPIC_BASE_URL": DEFAULT_BASE_URL}, {"api_key": "k"}, False),
        ({}, {"ANTHROPIC_BASE_URL": "local:"}, {"api_key": "k"}, False),
        ({}, {}, {"api_key": "k", "base_url": HERE}, False),
        ({}, {}, {"api_key": "k"}, False),
        ({}, {}, {"base_url": HERE}, False),
        ({}, {"ANTHROPIC_API_KEY": "v"}, {"base_url": HERE}, True),
        ({}, {"ANTHROPIC_AUTH_TOKEN": "v"}, {"base_url": HERE}, True),
        ({}, {"ANTHROPIC_API_KEY": "v"}, {"base_url": DEFAULT_BASE_URL}, False),
        (
            {},
            {"ANTHROPIC_API_KEY": "v", "ANTHROPIC_BASE_URL": HERE},
            {"base_url": "http://work"},
            False,
        ),
        ({"base_url": HERE}, {}, {"api_key": "k"}, False),
        ({"base_url": HERE}, {"ANTHROPIC_API_KEY": "v"}, {}, False),
        ({"api_key": "f"}, {"ANTHROPIC_BASE_URL": HERE}, {}, False),
        ({"api_key": "f"}, {}, {"base_url": HERE}, False),
        ({"federation_rule": "f"}, {"ANTHROPIC_BASE_URL": HERE}, {}, False),
        ({"local": "true"}, {"ANTHROPIC_API_KEY": "v"}, {"base_url": HERE}, False),
    ],
)
def test_a_credential_causes_a_note_if_the_base_url_has_another_source(
    flags, environ, profile, strays
):
    """It causes none if one of them is a flag, or if both sources have the same base URL."""
    store = active(profile)
    assert bool(describe_destination(settings_of(flags, environ, store))) is strays


@pytest.mark.parametrize(
    ("flags", "environ", "chosen"),
    [
        ({}, {}, "a"),
        ({}, {"ANTHROPIC_API_KEY": "v"}, None),
        ({"profile": "a"}, {"ANTHROPIC_API_KEY": "v"}, "a"),
        ({}, {"ANTHROPIC_API_KEY": "v", "ANTHROPIC_PROFILE": "a"}, "a"),
        ({"profile": "b"}, {}, "b"),
        ({"api_key": "f"}, {}, None),
    ],
)
def test_a_profile_is_chosen_if_the_user_named_it_or_if_it_has_the_key(flags, environ, chosen):
    """A plan or a question mentions the profile only in these cases."""
    profiles = {"a": {"api_key": "k"}, "b": {}}
    store = ProfileStore(Path("f"), {"active": "a", "profiles": profiles})
    assert settings_of(flags, environ, store).chosen_profile == chosen
    assert settings_of({}, {"ANTHROPIC_API_KEY": "v"}).chosen_profile is None


def test_with_the_emulator_competing_credentials_cause_no_note(ant, profiles):
    """The emulator needs no credential, so none of them is used."""
    profiles(WORK)
    assert ant(*LIST, "--local", "--format", "json").stderr == ""
    done = ant(*LIST, env={"ANTHROPIC_BASE_URL": "local::memory:", "ANTHROPIC_AUTH_TOKEN": "t"})
    assert (done.exit, done.stderr) == (0, "")


def test_with_the_emulator_no_key_command_is_run(ant, profiles):
    """A key that is not needed is not fetched."""
    profiles('[profiles.dev]\nbase_url = "local::memory:"\napi_key_command = "false"\n')
    done = ant(*LIST, "--profile", "dev", env=NO_KEY)
    assert (done.exit, done.stdout, done.stderr) == (0, "", "")


def test_a_profile_without_a_key_is_an_error_that_says_how_to_log_in(ant, profiles):
    """The exit code is 4, and nothing is sent."""
    profiles("[profiles.bare]\n")
    done = ant(*LIST, "--profile", "bare", env=NO_KEY)
    assert (done.exit, done.requests) == (4, [])
    assert "profile 'bare' has none" in done.stderr
    assert "ant auth login --profile bare" in done.stderr


def test_a_dry_run_does_not_run_the_key_command_of_the_profile(ant, profiles):
    """The request is not sent, so the key is not needed."""
    profiles('active = "a"\n[profiles.a]\napi_key_command = "false"\n')
    done = ant(*LIST, "--dry-run", env=NO_KEY)
    assert done.exit == 0
    assert "x-api-key: [redacted]" in done.stdout
