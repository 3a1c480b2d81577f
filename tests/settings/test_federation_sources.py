"""Each value of a federation, in every combination of the places that give one."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from ant_cli.errors import CredentialError
from ant_cli.settings.credentials import Credential
from ant_cli.settings.federation import cache_key, rule_by_flags, rule_of
from ant_cli.settings.logins import OfficialProfile
from ant_cli.settings.rows import VARIABLES
from ant_cli.settings.selection import NO_PROFILE, of_official
from tests.conftest import flags_of, make_runtime
from tests.helpers.words import LIST, NO_KEY
from tests.settings.conftest import VARIABLES as COMPLETE

VALUES = ("federation_rule", "organization_id", "service_account_id", "workspace_id")


def profile_of(**values):
    """Return a federation of the official tool as the selected profile; none without values."""
    if not values:
        return NO_PROFILE
    path = Path("/configs/f.json")
    return of_official(OfficialProfile("f", path, "oidc_federation", path, values))


def given(place, name, is_there):
    """Return a value that says where it is from, if it is there."""
    return {name: f"of-{place}-{name}"} if is_there else {}


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize(("flag", "profile", "variable"), [*product([True, False], repeat=3)])
def test_a_value_is_that_of_the_flag_or_else_the_profile_or_else_the_variable(
    name, flag, profile, variable
):
    """The official tool's profile comes before the variables, which only supply what it leaves out."""
    environ = {VARIABLES[key]: text for key, text in given("variable", name, variable).items()}
    rule = rule_of(
        flags_of(**given("flag", name, flag)),
        environ,
        profile_of(**given("profile", name, profile)),
        "x",
    )
    places = zip(("flag", "profile", "variable"), (flag, profile, variable), strict=True)
    expected = next((f"of-{place}-{name}" for place, is_there in places if is_there), "")
    assert getattr(rule, name) == expected


@pytest.mark.parametrize("flag", ["", "identity_token", "identity_token_file"])
@pytest.mark.parametrize("profile", ["", "identity_token_file"])
@pytest.mark.parametrize(
    "variable",
    [(), ("identity_token",), ("identity_token_file",), ("identity_token", "identity_token_file")],
)
def test_the_identity_token_or_its_file_is_that_of_the_first_place_that_has_one(
    flag, profile, variable
):
    """Two of them are never mixed: they may be of two identities. Two variables are an error."""
    environ = {VARIABLES[name]: f"variable-{name}" for name in variable}
    rule = rule_of(
        flags_of(**({flag: f"flag-{flag}"} if flag else {})),
        environ | {VARIABLES["federation_rule"]: "r", VARIABLES["organization_id"]: "o"},
        profile_of(**({profile: f"profile-{profile}"} if profile else {})),
        "x",
    )
    found = [text for text in (rule.identity_token, rule.identity_token_file) if text]
    if flag:
        assert found == [f"flag-{flag}"]
    elif profile:
        assert found == [f"profile-{profile}"]
    else:
        assert found == [f"variable-{name}" for name in variable]
    if len(found) == 2:
        with pytest.raises(CredentialError, match="has two identity tokens"):
            rule.check(make_runtime({}))
    elif found:
        rule.check(make_runtime({}))


def test_a_federation_of_flags_is_named_by_the_first_of_them():
    """Messages say where it comes from."""
    flags = flags_of(identity_token_file="f", federation_rule="r")
    assert rule_by_flags(flags, {}, NO_PROFILE).source == "--federation-rule"
    assert rule_by_flags(flags_of(identity_token="t"), {}, NO_PROFILE).source == "--identity-token"


def test_an_access_token_is_cached_for_everything_that_it_depends_on(tmp_path, monkeypatch):
    """But not for where the rule comes from, nor for how the path of the token's file is written."""
    environ = {VARIABLES[name]: f"{name}-1" for name in VALUES}
    environ[VARIABLES["identity_token_file"]] = str(tmp_path / "token")
    rule = rule_of(flags_of(), environ, NO_PROFILE, "x")
    key = cache_key(rule, "https://api.example")
    assert key == cache_key(rule._replace(source="y"), "https://api.example")
    monkeypatch.chdir(tmp_path)
    assert key == cache_key(rule._replace(identity_token_file="token"), "https://api.example")
    others = [cache_key(rule._replace(**{name: "other"}), "https://api.example") for name in VALUES]
    others.append(cache_key(rule._replace(identity_token_file="other"), "https://api.example"))
    others.append(cache_key(rule._replace(identity_token="other"), "https://api.example"))
    others.append(cache_key(rule, "https://other.example"))
    assert len({key, *others}) == len(others) + 1


def test_a_complete_federation_of_variables_wins_over_the_active_one_of_the_official_tool(
    ant, official, token_file
):
    """One that lacks something only supplies what the profile leaves out."""
    official.federate()
    env = {**NO_KEY, **COMPLETE, "ANTHROPIC_IDENTITY_TOKEN_FILE": str(token_file)}
    status = ant("auth", "status", "--format", "json", env=env).json
    assert status["credential"] == "ANTHROPIC_FEDERATION_RULE_ID"
    env["ANTHROPIC_ORGANIZATION_ID"] = ""
    status = ant("auth", "status", "--format", "json", env=env).json
    assert status["credential"] == "federation of profile 'default'"


def test_a_complete_federation_of_variables_supplies_nothing_to_a_named_profile(
    ant, official, token_file
):
    """It is another one. Only what is not complete adds to the profile."""
    official.federate()
    env = {**NO_KEY, **COMPLETE, "ANTHROPIC_IDENTITY_TOKEN_FILE": str(token_file)}
    for organization, state in (("org-2", "shadowed"), ("", "partial")):
        env["ANTHROPIC_ORGANIZATION_ID"] = organization
        words = ("auth", "status", "--profile", "default", "--format", "json")
        rows = ant(*words, env=env).json["sources"]
        states = {row["source"]: row["state"] for row in rows}
        assert states["ANTHROPIC_FEDERATION_RULE_ID"] == state
        assert states["federation of profile 'default'"] == "used"


# Messages without a key

NOT_USED = "ANTHROPIC_ENVIRONMENT_KEY is not used: the API takes no environment key for this."


@pytest.mark.parametrize(
    ("words", "is_said"),
    [
        (("auth", "token"), False),
        (("auth", "status"), False),
        (LIST, True),
    ],
    ids=str,
)
def test_a_key_of_an_environment_that_is_not_used_is_named_only_if_a_call_rejects_it(
    ant, words, is_said
):
    """Commands that call nothing have no use for it, either."""
    done = ant(*words, env={**NO_KEY, "ANTHROPIC_ENVIRONMENT_KEY": "of-env-1"}, replies=[])
    assert done.exit == 4
    assert (NOT_USED in done.stderr) is is_said


def test_a_bearer_token_may_be_of_either_type_unless_a_login_or_a_federation_issued_it():
    """Hints say what a call takes in place of what was sent."""
    issuer = rule_of(flags_of(), {}, NO_PROFILE, "x")
    assert Credential("api_key", "k", "x").type == "API key"
    assert Credential("environment_key", "k", "x").type == "environment key"
    assert Credential("auth_token", "k", "x").type is None
    assert Credential("auth_token", None, "x", issuer=issuer).type == "API key"
