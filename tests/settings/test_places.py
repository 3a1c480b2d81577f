"""The places of credentials: their order, which one is used, what is not, and where it is sent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ant_cli.errors import BadValue, CredentialError
from ant_cli.operations import OPERATIONS
from ant_cli.settings.credentials import ENVIRONMENT_KEY_FIRST, ENVIRONMENT_KEY_LAST, PLACES
from ant_cli.settings.loading import load
from ant_cli.settings.profiles import NO_STORE, ProfileStore
from tests.conftest import flags_of, make_runtime, needs_posix
from tests.helpers.words import KEY, LIST, NO_KEY, RETRIEVE
from tests.settings.conftest import VARIABLES, settings_of

WORK = "beta:environments:work"
ENVIRONMENT_KEY = "sk-ant-oat01-0123456789-wxyz"
MALFORMED = "a\nb"
STATUS_ROW = re.compile(r"^ +\d+\. (.+?)  +(.*)$", re.MULTILINE)


def own(profile, active="p"):
    """Return a store with one profile of this program."""
    return ProfileStore(Path("f"), {"active": active, "profiles": {"p": profile}})


def shown(done):
    """Return the numbered places of `auth status`, each with its description."""
    return dict(STATUS_ROW.findall(done.stdout))


# The order


def test_the_places_of_status_are_those_of_the_page_in_this_order(ant, profiles):
    """The environment's key has a paragraph of its own in `auth status`."""
    profiles('active = "work"\n[profiles.work]\napi_key = "k"\n')
    names = [name for name in shown(ant("auth", "status", env=NO_KEY)) if "of profile" not in name]
    texts = [place.text for place in PLACES if "ENVIRONMENT_KEY" not in place.text]
    texts = [text for text in texts if "profile" not in text]
    assert len(names) == len(texts)
    for name, text in zip(names, texts, strict=True):
        assert f"`{name}`" in text


def test_each_place_is_used_before_those_below_it(official):
    """One credential in each; the first ones are left out, one after the other."""
    official.log_in()
    folder = str(official.folder)
    ways = [
        ({"api_key": "k1"}, {}),
        ({"auth_token": "t1"}, {}),
        ({"federation_rule": "fdrl_1"}, {}),
        ({}, {"ANTHROPIC_API_KEY": "k2"}),
        ({}, {"ANTHROPIC_AUTH_TOKEN": "t2"}),
        ({"profile": "p"}, {}),
        ({}, VARIABLES),
        ({}, {}),
    ]
    expected = [
        "--api-key",
        "--auth-token",
        "--federation-rule",
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "api_key of profile 'p'",
        "ANTHROPIC_FEDERATION_RULE_ID",
        "login of profile 'default'",
    ]
    store = own({"api_key": "k3"}, active="")
    for first, source in enumerate(expected):
        flags, environ = {}, {"ANTHROPIC_CONFIG_DIR": folder}
        for more_flags, variables in ways[first:]:
            flags |= more_flags
            environ |= variables
        assert settings_of(flags, environ, store).connection.credential.source == source


def test_the_environment_key_is_looked_at_first_or_last_by_what_a_call_takes():
    """Each call that takes it is in one of the two rows, and no other call is."""
    for operation in OPERATIONS:
        rows = [
            place.is_for(operation.accepts)
            for place in (ENVIRONMENT_KEY_FIRST, ENVIRONMENT_KEY_LAST)
        ]
        assert sum(rows) == ("environment key" in operation.accepts)


@pytest.mark.parametrize(
    "other",
    [
        {"ANTHROPIC_API_KEY": KEY},
        {"ANTHROPIC_AUTH_TOKEN": "token"},
        {"ANTHROPIC_FEDERATION_RULE_ID": "fdrl_1"},
    ],
)
def test_a_call_that_takes_both_uses_the_environment_key_only_without_any_other_credential(other):
    """Also not if that one can't be used: an incomplete federation is an error."""
    runtime = make_runtime({"ANTHROPIC_ENVIRONMENT_KEY": ENVIRONMENT_KEY, **other})
    found = load(runtime, flags_of(), NO_STORE, accepts=("API key", "environment key"))
    assert [place.source for place in found.provenance.credentials] == list(other)


def test_an_active_profile_without_a_key_is_not_skipped_for_a_login(ant, profiles, official):
    """The login may belong to another organization. The hint names it, and `auth status` says why."""
    official.log_in()
    profiles('active = "work"\n[profiles.work]\nbase_url = "https://api.anthropic.com"\n')
    done = ant(*LIST, env=NO_KEY)
    assert (done.exit, done.requests) == (4, [])
    assert "To use the login of the official tool: --profile default" in done.stderr
    rows = shown(ant("auth", "status", env=NO_KEY))
    said = rows["login of profile 'default', official tool"]
    assert said.endswith("  not used: profile 'work' is, which has no credential")
    states = ant("auth", "status", "--format", "json", env=NO_KEY).json["sources"]
    assert states[-1]["state"] == "unused"


def test_a_login_with_the_name_of_the_active_profile_is_not_recommended(ant, profiles, official):
    """`--profile default` would name the same profile of this program again."""
    official.log_in()
    profiles('active = "default"\n[profiles.default]\nbase_url = "https://api.anthropic.com"\n')
    done = ant(*LIST, env=NO_KEY)
    assert done.exit == 4
    assert "To use the login of the official tool" not in done.stderr
    assert "Log in: ant auth login --profile default\n" in done.stderr


def test_an_environment_key_is_used_if_the_active_profile_has_no_key(ant, profiles, official):
    """It is of the environment that the call names, and the login is of an organization that nobody chose."""
    official.log_in()
    profiles('active = "work"\n[profiles.work]\nworkspace_id = "wrkspc_1"\n')
    env = {**NO_KEY, "ANTHROPIC_ENVIRONMENT_KEY": ENVIRONMENT_KEY}
    sent = ant(WORK, "stats", "env_1", env=env).request.headers["authorization"]
    assert sent == f"Bearer {ENVIRONMENT_KEY}"


@pytest.mark.parametrize("store", [NO_STORE, own({"api_key": "k"})])
def test_a_profile_of_a_variable_must_exist_even_if_there_is_a_key(store):
    """It also gives the server and the workspace."""
    environ = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_PROFILE": "gone"}
    with pytest.raises(CredentialError, match="'gone'"):
        settings_of({"api_key": "k"}, environ, store)


@needs_posix("modes")
def test_the_files_of_the_official_tool_are_opened_if_only_an_environment_key_is_given(
    ant, official
):
    """A login would come first, so its files must be safe; except for a call that takes no login."""
    official.log_in()
    official.credentials("default").chmod(0o644)
    env = {**NO_KEY, "ANTHROPIC_ENVIRONMENT_KEY": ENVIRONMENT_KEY}
    assert ant(WORK, "list", "env_1", env=env).exit == 0
    done = ant(WORK, "stats", "env_1", env=env)
    assert (done.exit, done.requests) == (4, [])
    assert "other users can read it" in done.stderr
    assert (
        ant(WORK, "stats", "env_1", env={**env, "ANTHROPIC_API_KEY": KEY}, replies=[{}]).exit == 0
    )


# What is not used


@pytest.mark.parametrize(
    ("flags", "environ", "profile"),
    [
        ({"api_key": "good"}, {"ANTHROPIC_AUTH_TOKEN": MALFORMED}, {}),
        ({"api_key": "good"}, {"ANTHROPIC_API_KEY": MALFORMED}, {}),
        ({}, {"ANTHROPIC_API_KEY": "good", "ANTHROPIC_AUTH_TOKEN": MALFORMED}, {}),
        ({}, {"ANTHROPIC_API_KEY": "good"}, {"api_key": MALFORMED}),
        ({}, {"ANTHROPIC_API_KEY": "good", "ANTHROPIC_ENVIRONMENT_KEY": MALFORMED}, {}),
        ({}, {}, {"api_key": "good", "auth_token": MALFORMED}),
        ({"api_key": "good"}, {}, {"api_key": ["k"]}),
        ({}, {}, {"api_key": "good", "api_key_command": True}),
    ],
)
@pytest.mark.parametrize("accepts", [("API key",), ("API key", "environment key")])
def test_a_malformed_credential_that_is_not_used_fails_nothing(flags, environ, profile, accepts):
    """One that is used is an error, as before."""
    found = load(make_runtime(environ), flags_of(**flags), own(profile), accepts=accepts)
    assert found.connection.credential.secret == "good"


@pytest.mark.parametrize(
    ("environ", "profile", "source"),
    [
        ({"ANTHROPIC_API_KEY": MALFORMED, "ANTHROPIC_AUTH_TOKEN": "t"}, {}, "ANTHROPIC_API_KEY"),
        ({"ANTHROPIC_AUTH_TOKEN": MALFORMED}, {"api_key": "k"}, "ANTHROPIC_AUTH_TOKEN"),
        ({}, {"api_key": MALFORMED}, "api_key of profile 'p'"),
    ],
)
def test_a_malformed_credential_that_is_used_is_an_error_and_no_other_one_is_tried(
    environ, profile, source
):
    """The next one may belong to another organization."""
    with pytest.raises(BadValue, match=f"^{source} contains a character"):
        settings_of({}, environ, own(profile))


def test_a_malformed_key_beside_an_environment_key_is_an_error_only_where_a_name_is_looked_up(ant):
    """An ID needs no lookup. With a name, nothing is sent, and the error says what is wrong with the key."""
    env = {"ANTHROPIC_API_KEY": MALFORMED, "ANTHROPIC_ENVIRONMENT_KEY": ENVIRONMENT_KEY}
    assert ant(WORK, "list", "env_1", env=env).exit == 0
    refusal = ant(WORK, "list", "queue", env=env).refusal
    assert refusal.startswith("ant: ANTHROPIC_API_KEY contains a character that no key has")


def test_a_profile_s_key_beside_an_environment_key_looks_up_no_name_at_another_server(
    ant, profiles
):
    """The error says why the key is not sent. There is a key, so it does not say that one is missing."""
    profiles('active = "p"\n[profiles.p]\napi_key = "k"\nbase_url = "https://home.example"\n')
    env = {**NO_KEY, "ANTHROPIC_ENVIRONMENT_KEY": ENVIRONMENT_KEY}
    elsewhere = {**env, "ANTHROPIC_BASE_URL": "https://other.example"}
    assert ant(WORK, "list", "env_1", env=elsewhere).exit == 0
    named = ant(WORK, "list", "queue", env=elsewhere)
    assert (named.exit, named.requests) == (4, [])
    assert "the key of profile 'p' is for https://home.example, and is not sent to" in named.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MALFORMED, "contains a character that no key has (a line break, perhaps)"),
        ("sk-ant-api03-0123456789-wxyz", "holds an API key"),
        ("env_011CZkZ9X2dpNyB7HsEFoRfW", "holds an ID"),
        (" env_011CZkZ9X2dpNyB7HsEFoRfW\n", "holds an ID"),
    ],
)
def test_status_says_what_is_wrong_with_the_environment_key_and_is_not_ended_by_it(ant, text, said):
    """A call that uses it is refused by its form; others don't look at it."""
    env = {"ANTHROPIC_ENVIRONMENT_KEY": text}
    done = ant("auth", "status", env=env)
    assert done.exit == 0
    assert f"ANTHROPIC_ENVIRONMENT_KEY {said}" in done.stdout
    assert (
        said
        in ant("auth", "status", "--format", "json", env=env).json["environment_key"]["problem"]
    )
    assert said in ant(WORK, "list", "env_1", env=env).refusal
    assert said in ant(WORK, "poll", "env_1", env={**NO_KEY, **env}).refusal
    assert ant(*RETRIEVE, env=env, replies=[{}]).exit == 0


@needs_posix("the worker")
@pytest.mark.parametrize("command", ["poll", "check"])
@pytest.mark.parametrize("flag", [False, True])
def test_a_worker_rejects_the_id_of_an_environment_as_its_key(ant, command, flag):
    """It would poll with it, and hide the ID in its messages."""
    text = "env_011CZkZ9X2dpNyB7HsEFoRfW"
    words = ("--environment-key", text) if flag else ()
    env = {**NO_KEY, "ANTHROPIC_ENVIRONMENT_KEY": None if flag else text}
    done = ant("beta:worker", command, "env_1", *words, "--", "true", env=env)
    assert (done.exit, done.requests) == (2, [])
    assert "holds an ID, but has to hold the key of an environment" in done.stderr


def test_status_shows_a_key_with_line_breaks_on_one_line(ant):
    """A row of the table is a line."""
    env = {"ANTHROPIC_API_KEY": f"{KEY}\n", "ANTHROPIC_AUTH_TOKEN": "0123456789-abc\ndef"}
    done = ant("auth", "status", env=env)
    assert shown(done)["ANTHROPIC_API_KEY"] == "...tery  <- used"
    assert shown(done)["ANTHROPIC_AUTH_TOKEN"].startswith("ANTHROPIC_AUTH_TOKEN contains a char")
    key = {"ANTHROPIC_ENVIRONMENT_KEY": "0123456789-ab\nc"}
    assert "Environment ...ab c (environment key" in ant("auth", "status", env=key).stdout


def test_status_says_that_a_value_of_a_profile_is_no_text(ant, profiles):
    """If another key is used, it fails nothing."""
    profiles('active = "work"\n[profiles.work]\nauth_token = ["t"]\n')
    done = ant("auth", "status", env={"ANTHROPIC_API_KEY": KEY})
    assert done.exit == 0
    assert "must be text or a number" in shown(done)["auth_token of profile 'work'"]
    refusal = ant(*LIST, env=NO_KEY).refusal
    assert "auth_token of profile 'work' must be text or a number" in refusal
    assert "ant profile unset auth_token --profile work" in refusal


# A federation in several places


def test_status_says_to_what_variables_of_a_federation_add(ant, official):
    """They were set, and were said not to be."""
    rule = {**NO_KEY, "ANTHROPIC_FEDERATION_RULE_ID": "fdrl_v"}
    flags = ("--federation-rule", "fdrl_f", "--identity-token-file", "/run/t")
    by_flags = shown(ant("auth", "status", *flags, env=rule))
    partial = "only supplies what {} leaves out"
    assert by_flags["ANTHROPIC_FEDERATION_RULE_ID"] == partial.format("--federation-rule")
    authentication = {"type": "oidc_federation", "federation_rule_id": "fdrl_p"}
    official.write_config("default", {"authentication": authentication})
    by_profile = shown(ant("auth", "status", env=rule))
    assert by_profile["ANTHROPIC_FEDERATION_RULE_ID"] == partial.format("profile 'default'")
    blank = {**NO_KEY, "ANTHROPIC_FEDERATION_RULE_ID": " "}
    empty = shown(ant("auth", "status", env=blank))
    assert empty["ANTHROPIC_FEDERATION_RULE_ID"] == "empty, so treated as not set"


def test_an_incomplete_federation_of_variables_is_an_error_before_a_login(ant, official):
    """It adds to a federation of the official tool, and not to a login."""
    official.log_in()
    done = ant(*LIST, env={**NO_KEY, "ANTHROPIC_FEDERATION_RULE_ID": "fdrl_v"})
    assert (done.exit, done.requests) == (4, [])
    assert "the federation of ANTHROPIC_FEDERATION_RULE_ID is not complete" in done.stderr


# What a credential store keeps


@pytest.mark.parametrize(
    ("flags", "environ", "profile"),
    [
        ({"api_key": "keyring:x"}, {}, {}),
        ({}, {"ANTHROPIC_API_KEY": "keyring:x"}, {}),
        ({}, {"ANTHROPIC_AUTH_TOKEN": "keyring:x"}, {}),
        ({}, {}, {"auth_token": "keyring:x"}),
    ],
)
def test_the_name_of_an_entry_in_the_credential_store_is_never_sent_as_a_key(
    flags, environ, profile
):
    """Only the `api_key` of a profile names one."""
    with pytest.raises(BadValue, match="names an entry of the credential store"):
        settings_of(flags, environ, own(profile))


@pytest.mark.parametrize("key", ["api_key", "auth_token"])
def test_profile_set_rejects_the_name_of_an_entry_in_the_credential_store(ant, profiles, key):
    """`auth login --keyring` stores one, with its key."""
    path = profiles('active = "work"\n[profiles.work]\n')
    refusal = ant("profile", "set", key, stdin="keyring:work-1").refusal
    assert "ant auth login --keyring" in refusal
    assert "keyring" not in path.read_text()


# Where it is sent


OWN, VARIABLE, FLAG = "https://own.example", "https://variable.example", "https://flag.example"
OFFICIAL = "https://official.example"


@pytest.mark.parametrize("credential", ["flag", "variable", "profile"])
@pytest.mark.parametrize("profile", ["own", "official"])
def test_the_server_is_the_first_that_is_given_in_the_order_of_the_page(
    official, credential, profile
):
    """The order is the same for each source of a credential; only what is then checked differs (D50)."""
    official.log_in("official", base_url=OFFICIAL)
    environ = {"ANTHROPIC_CONFIG_DIR": str(official.folder), "ANTHROPIC_BASE_URL": VARIABLE}
    flags = {"profile": profile, "base_url": FLAG}
    if credential == "flag":
        flags["api_key"] = KEY
    if credential == "variable":
        environ["ANTHROPIC_API_KEY"] = KEY
    kept = {"base_url": OWN, "api_key": KEY}
    store = ProfileStore(Path("f"), {"profiles": {"own": kept}})

    def server():
        return settings_of(flags, environ, store).connection.base_url

    assert server() == FLAG
    del flags["base_url"]
    assert server() == (VARIABLE if profile == "own" else OFFICIAL)
    del environ["ANTHROPIC_BASE_URL"]
    assert server() == (OWN if profile == "own" else OFFICIAL)
    del flags["profile"]
    if credential != "profile":
        assert server() == "https://api.anthropic.com"


def test_a_key_of_a_variable_goes_to_the_server_of_the_active_profile_with_a_note(ant, profiles):
    """Named or not, a profile's server is used (D39)."""
    profiles(f'active = "work"\n[profiles.work]\nbase_url = "{OWN}"\n')
    done = ant(*LIST, env={"ANTHROPIC_API_KEY": KEY})
    assert done.request.url.host == "own.example"
    assert f"ANTHROPIC_API_KEY is sent to {OWN} (base_url of profile 'work')" in done.stderr


# Competition


@pytest.mark.parametrize(
    ("flags", "environ", "is_noted"),
    [
        (("--api-key", "k"), {"ANTHROPIC_API_KEY": KEY}, False),
        (("--api-key", "k"), {"ANTHROPIC_AUTH_TOKEN": "t"}, True),
        (("--api-key", "k"), {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_AUTH_TOKEN": "t"}, True),
        ((), {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_AUTH_TOKEN": "t"}, True),
        ((), {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_ENVIRONMENT_KEY": ENVIRONMENT_KEY}, False),
    ],
)
def test_a_line_says_which_of_several_credentials_is_used_unless_a_flag_replaces_one(
    ant, flags, environ, is_noted
):
    """An environment's key competes with none."""
    said = ant(WORK, "stats", "env_1", *flags, env={**NO_KEY, **environ}, replies=[{}]).stderr
    assert ("multiple auth sources" in said) is is_noted


def test_the_report_of_status_is_json_with_the_states_of_places(ant):
    """Programs read it."""
    report = ant("auth", "status", "--format", "json").json
    assert {row["state"] for row in report["sources"]} == {"used", "absent"}
    assert report["workspace_id"] == {"value": None, "source": "default"}
    assert (report["note"], report["environment_key"], report["official_profile"]) == (None,) * 3
