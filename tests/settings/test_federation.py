"""Workload identity federation from flags and variables: its precedence, and what is required."""

from __future__ import annotations

from pathlib import Path

import pytest

from ant_cli.settings.profiles import ProfileStore
from tests.conftest import make_runtime
from tests.helpers.words import LIST, NO_KEY
from tests.settings.conftest import VARIABLES, settings_of

RULE = {
    "federation_rule": "fdrl_1",
    "organization_id": "org-1",
    "identity_token_file": "/run/token",
}


def test_each_value_of_a_federation_comes_from_its_flag_or_else_its_variable():
    """Each value has its own source; the token and its file are one value."""
    environ = VARIABLES | {
        "ANTHROPIC_SERVICE_ACCOUNT_ID": " svac_2\n",
        "ANTHROPIC_WORKSPACE_ID": "wrkspc_2",
    }
    flags = {"federation_rule": "fdrl_1", "identity_token": "jwt", "workspace_id": "wrkspc_1"}
    rule = settings_of(flags, environ).connection.credential.issuer
    assert tuple(rule) == ("fdrl_1", "org-2", "jwt", "", "svac_2", "wrkspc_1", "--federation-rule")
    rule.check(make_runtime({}))


@pytest.mark.parametrize("name", ["FEDERATION_RULE_ID", "ORGANIZATION_ID", "SERVICE_ACCOUNT_ID"])
@pytest.mark.parametrize("text", ["a\nb", "\u00e9"])
def test_a_value_of_a_federation_that_is_not_printable_ascii_is_rejected_before_the_exchange(
    ant, name, text
):
    """The value of a variable may contain a line break. `auth status` reports this, too."""
    variables = {**NO_KEY, **VARIABLES, f"ANTHROPIC_{name}": text}
    problem = "the federation of ANTHROPIC_FEDERATION_RULE_ID contains a character that is not"
    assert problem in ant(*LIST, env=variables, replies=[]).refusal
    status = ant("auth", "status", env=variables)
    assert (status.exit, problem in status.stderr, "<- used" in status.stdout) == (2, True, True)


@pytest.mark.parametrize(
    ("variables", "source"),
    [
        (("IDENTITY_TOKEN",), "ANTHROPIC_IDENTITY_TOKEN"),
        (("IDENTITY_TOKEN_FILE",), "ANTHROPIC_IDENTITY_TOKEN_FILE"),
        (("IDENTITY_TOKEN", "IDENTITY_TOKEN_FILE"), "ANTHROPIC_IDENTITY_TOKEN_FILE"),
        (("IDENTITY_TOKEN", "FEDERATION_RULE_ID"), "ANTHROPIC_FEDERATION_RULE_ID"),
    ],
)
def test_a_federation_of_variables_is_called_by_the_first_one_that_is_set(ant, variables, source):
    """The error names the variable that makes it a federation. A flag may take precedence over it."""
    env = {**NO_KEY, **{f"ANTHROPIC_{name}": "x" for name in variables}}
    assert f"ant: the federation of {source} is not complete" in ant(*LIST, env=env).stderr
    words = ("auth", "status", "--federation-rule", "r", "--format", "json")
    states = {row["source"]: row["state"] for row in ant(*words, env=env).json["sources"]}
    assert states[source] == "partial"


REQUIRED = {
    "ANTHROPIC_FEDERATION_RULE_ID": "--federation-rule",
    "ANTHROPIC_ORGANIZATION_ID": "--organization-id",
    "ANTHROPIC_IDENTITY_TOKEN_FILE": "--identity-token-file",
}


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
        {
            "identity_token": "identity-canary",
            "federation_rule": "fdrl_1",
            "organization_id": "org-1",
        },
        {},
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
