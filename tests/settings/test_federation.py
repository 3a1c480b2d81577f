"""Workload identity federation from flags and variables: its precedence, and what is required."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from ant_cli.errors import UsageError
from ant_cli.settings.profiles import ProfileStore
from tests.conftest import make_runtime
from tests.helpers.words import LIST, NO_KEY
from tests.settings.conftest import VARIABLES, settings_of

RULE = {"federation_rule": "fdrl_1", "organization_id": "org-1", "identity_token_file": "/run/token"}


def test_each_value_of_a_federation_comes_from_its_flag_or_else_its_variable():
    """Each value has its own source; the token and its file are one value."""
    environ = VARIABLES | {"ANTHROPIC_SERVICE_ACCOUNT_ID": "svac_2", "ANTHROPIC_WORKSPACE_ID": "wrkspc_2"}
    flags = {"federation_rule": "fdrl_1", "identity_token": "jwt", "workspace_id": "wrkspc_1"}
    rule = settings_of(flags, environ).connection.credential.issuer
    assert tuple(rule) == ("fdrl_1", "org-2", "jwt", "", "svac_2", "wrkspc_1", "--federation-rule")
    rule.check(make_runtime({}))


REQUIRED = {
    "ANTHROPIC_FEDERATION_RULE_ID": "--federation-rule",
    "ANTHROPIC_ORGANIZATION_ID": "--organization-id",
    "ANTHROPIC_IDENTITY_TOKEN_FILE": "--identity-token-file",
}


GIVEN = {names for size in (1, 2) for names in combinations(REQUIRED, size)} - {("ANTHROPIC_ORGANIZATION_ID",)}


@pytest.mark.parametrize("given", sorted(GIVEN))
def test_an_incomplete_federation_ends_with_4_and_names_what_is_missing(ant, given):
    """Nothing is sent, and no other credential replaces it."""
    env = NO_KEY | {name: VARIABLES[name] for name in given}
    done = ant(*LIST, env=env)
    assert (done.exit, done.requests) == (4, [])
    (named,) = [line for line in done.stderr.splitlines() if "Missing:" in line]
    for variable, flag in REQUIRED.items():
        assert (flag in named.partition("Missing:")[2]) is (variable not in given)
        assert (variable in named.partition("Missing:")[2]) is (variable not in given)


@pytest.mark.parametrize("name", ["ANTHROPIC_ORGANIZATION_ID", "ANTHROPIC_SERVICE_ACCOUNT_ID"])
def test_an_organization_alone_is_no_federation(name):
    """Other tools use these variables, too."""
    store = ProfileStore(Path("f"), {"active": "a", "profiles": {"a": {"api_key": "k"}}})
    settings = settings_of({}, {name: "x"}, store)
    assert settings.connection.credential.source == "api_key of profile 'a'"
    assert settings_of({}, {name: "x"}).connection.credential is None
    assert [found.source for found in settings.provenance.credentials] == ["api_key of profile 'a'"]


@pytest.mark.parametrize("blank", ["", " "])
@pytest.mark.parametrize("name", list(REQUIRED))
def test_an_empty_or_blank_variable_is_missing(ant, name, blank):
    """An empty variable means unset, here as everywhere."""
    env = {**NO_KEY, **VARIABLES, name: blank}
    assert REQUIRED[name] in ant(*LIST, env=env).stderr


def test_a_token_and_its_file_contradict_each_other(ant):
    """Two such flags are a usage error; two such variables are an error if they are used."""
    with pytest.raises(UsageError, match="--identity-token and --identity-token-file"):
        settings_of({"identity_token": "jwt", "identity_token_file": "f"}, {})
    env = {**NO_KEY, **VARIABLES, "ANTHROPIC_IDENTITY_TOKEN": "jwt-canary"}
    done = ant(*LIST, env=env)
    assert (done.exit, done.requests) == (4, [])
    assert "two identity tokens" in done.stderr
    assert "jwt-canary" not in done.stderr


@pytest.mark.parametrize(
    ("words", "env"),
    [
        (("--identity-token", "identity-canary"), {}),
        (("--identity-token=identity-canary",), {}),
        ((), {"ANTHROPIC_IDENTITY_TOKEN": "identity-canary"}),
    ],
)
def test_no_message_shows_an_identity_token(ant, words, env):
    """The error for an unknown flag quotes the arguments."""
    assert "identity-canary" not in ant(*LIST, *words, "--nope=identity-canary", env=env).refusal
    settings = settings_of(
        {"identity_token": "identity-canary", "federation_rule": "fdrl_1", "organization_id": "org-1"}, {}
    )
    assert "identity-canary" not in repr(settings)


def test_a_dry_run_with_a_federation_shows_the_beta_header_and_exchanges_nothing(ant):
    """The header is sent in addition to the default, or to --beta."""
    words = (*LIST, "--dry-run")
    done = ant(*words, env={**NO_KEY, **VARIABLES})
    assert (done.exit, done.requests) == (0, [])
    assert "authorization: Bearer [redacted]\n" in done.stdout
    assert "anthropic-beta: managed-agents-2026-04-01,oauth-2025-04-20\n" in done.stdout
    done = ant(*words, "--beta", "a", "--beta", "oauth-2025-04-20", env={**NO_KEY, **VARIABLES})
    assert "anthropic-beta: a,oauth-2025-04-20\n" in done.stdout


def test_without_a_credential_an_organization_alone_leads_to_what_a_federation_lacks(ant):
    """It may be meant for a federation."""
    done = ant(*LIST, env={**NO_KEY, "ANTHROPIC_ORGANIZATION_ID": "org-2"})
    assert (done.exit, done.requests) == (4, [])
    hint = "Or set ANTHROPIC_FEDERATION_RULE_ID and ANTHROPIC_IDENTITY_TOKEN_FILE, for a federation.\n"
    assert done.stderr.endswith(hint)
