"""How long an access token can be used, and how its end is shown."""

from __future__ import annotations

from math import inf

import pytest

from ant_cli.settings.access_tokens import AccessToken, _parse, end_text, is_token

START = 1_790_000_000


@pytest.mark.parametrize(
    ("life", "after", "is_fresh", "is_usable"),
    [
        (3600, 0, True, True),
        (3600, -5, True, True),  # a clock may go back a little
        (3600, -5.5, False, False),
        (3600, 3479, True, True),
        (3600, 3480, False, True),  # it is renewed 120 s before its end
        (3600, 3569, False, True),
        (3600, 3570, False, False),  # the last 30 s are too short for a request
        (100, 49, True, True),
        (100, 50, False, True),  # one with a short life is renewed after half of it
        (100, 69, False, True),
        (100, 70, False, False),
        (inf, 10**9, True, True),
    ],
)
def test_an_access_token_is_renewed_before_its_end_and_not_used_in_its_last_seconds(
    life, after, is_fresh, is_usable
):
    """One from the future is neither: the clock was set back, so nobody knows when it ends."""
    token = AccessToken("t", START + life, START)
    now = START + after
    assert (token.is_fresh(now), token.is_usable(now)) == (is_fresh, is_usable)


@pytest.mark.parametrize(
    ("end", "now", "text"),
    [
        (None, START, "never ends"),
        (0, START, "ended 1970-01-01 00:00 UTC"),
        (-1, START, "ended 1970-01-01 00:00 UTC"),
        (START, START, "ended 2026-09-21 14:13 UTC"),
        (START, START - 1, "ends 2026-09-21 14:13 UTC"),
        (10**15, START, "ends 9999-12-31 23:59 UTC"),
    ],
)
def test_the_end_of_a_token_is_shown_in_any_year(end, now, text):
    """A file may have any number, and a token ends in the second that it names."""
    assert end_text(end, now) == text


@pytest.mark.parametrize(
    ("obtained", "expires", "is_trusted"),
    [
        (0, 1, True),
        (0, 0, False),
        (1, 0, False),
        (0, 366 * 86_400, True),
        (0, 366 * 86_400 + 1, False),
    ],
)
def test_a_cached_token_has_a_life_that_makes_sense(obtained, expires, is_trusted):
    """One that ended before it began, or lasts for years, is damaged."""
    entry = f'{{"access_token": "t", "obtained_at": {obtained}, "expires_at": {expires}}}'
    token = _parse(entry.encode())
    assert (token is not None) is is_trusted


@pytest.mark.parametrize("text", ["", " ", "a b", "a\n", "\x7f", "é"])
def test_what_a_header_can_not_carry_is_no_token(text):
    """It comes from a file or a response."""
    assert not is_token(text)
    assert is_token("a.b-c_d~+/=")
