"""Workload identity federation: an identity token is exchanged for an access token, which is cached and renewed."""

from __future__ import annotations

from ant_cli.settings.federation import AccessToken, FederationRule

RULE = FederationRule("fdrl_1", "org-1", "header.payload.signature", "", "svac_1", "wrkspc_1", "--federation-rule")


def test_the_representation_of_a_federation_rule_or_an_access_token_shows_no_secret():
    """A traceback in a log, or an assertion in a test, shows representations."""
    assert "payload" not in f"{RULE!r} {RULE}"
    assert "correct-horse" not in f"{AccessToken('correct-horse-battery', 1790000000.0)!r}"
