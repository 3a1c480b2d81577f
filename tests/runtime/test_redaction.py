"""Redaction: a secret is found in any encoding, and the text around it is kept."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant_cli.runtime.redaction import REDACTED, redact, secrets_in
from tests.conftest import KEY, KEY_BY_PATTERN

SPECIAL = 'can"ary/\\+%& =9'
"""A password that every notation escapes in its own way."""
SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": lambda secret: json.dumps(secret)[1:-1],
    "JSON with slashes escaped": lambda secret: json.dumps(secret)[1:-1].replace("/", "\\/"),
    "percent": lambda secret: quote(secret, safe=""),
    "percent in lower case": lambda secret: quote(secret, safe="").lower(),
    "repr": lambda secret: repr(secret)[1:-1],
    "a form": quote_plus,
    "upper case": str.upper,
    "hexadecimal": lambda secret: secret.encode().hex(),
    "base64 in a URL": lambda secret: quote(base64.b64encode(secret.encode()).decode(), safe=""),
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 of a user and it": lambda secret: base64.b64encode(f"ada:{secret}".encode()).decode(),
    "base64 in the middle": lambda secret: base64.b64encode(f"ad:{secret}&more".encode()).decode(),
    "base64 for URLs": lambda secret: base64.urlsafe_b64encode(f"a:{secret}".encode()).decode(),
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize(
    "secret",
    [SPECIAL, KEY, KEY_BY_PATTERN, "ünïcödé-key", "😀 100%41 😀"],
    ids=["special", "plain", "key", "no ASCII", "beyond 16 bits"],
)
def test_a_secret_is_redacted_in_every_encoding_and_the_text_around_it_is_kept(spell, secret):
    """JSON, URLs and other formats encode the characters of a secret differently."""
    shown = redact(f"<<{spell(secret)}>>", [secret])
    assert shown.startswith("<<")
    assert shown.endswith(">>")
    assert REDACTED in shown
    assert spell(secret)[2:-2] not in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("xababax", f"x{REDACTED}ax"),
        ("xabababx", f"x{REDACTED}x"),
        ("\u0130\u0130<<ABAB>>", f"\u0130\u0130<<{REDACTED}>>"),
    ],
)
def test_exactly_the_characters_of_a_secret_are_replaced(text, shown):
    """Occurrences may overlap, and letters whose lower case is longer shift nothing."""
    assert redact(text, ["abab"]) == shown


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_secret_is_redacted_in_both_alphabets_of_base64(encode):
    """They differ in two characters."""
    secret = "ab>>>>??????cd"
    encoded = encode(secret.encode()).decode()
    assert {*encoded} & {*"+-"}
    assert {*encoded} & {*"/_"}
    assert redact(encoded, [secret]).startswith(REDACTED)


@given(st.text(min_size=4), st.text(), st.text())
def test_a_secret_is_redacted_in_any_surrounding_text(secret, before, after):
    """The redacted text never contains the secret, unless the mark itself contains it."""
    shown = redact(before + secret + after, [secret])
    assert secret not in shown or secret in REDACTED or secret not in shown.replace(REDACTED, "")


def test_a_secret_that_is_no_text_is_redacted():
    """A variable may have any bytes, which Python represents as lone surrogates."""
    secret = "a key \udcff%"
    assert redact(f"<{secret}>", [secret]) == f"<{REDACTED}>"


def test_text_that_looks_like_a_key_is_redacted_without_registration():
    """The masked form that `auth status` prints is not redacted."""
    assert redact("--api-kye sk-ant-api03-abc_DEF-123", []) == f"--api-kye {REDACTED}"
    assert redact("sk-ant-...9f3c", []) == "sk-ant-...9f3c"


def test_json_members_named_secret_are_redacted_with_their_whole_value():
    """The secret of a work item is its credential."""
    body = b'{"secret": "one-1", "data": {"secret": {"a": ["two-2", {"b": "three-3"}]}}, "n": 1}'
    assert secrets_in(body) == ["two-2", "three-3", "one-1"]
    assert secrets_in(b'{"secret": "one-1", "broken') == ["one-1"]
    assert secrets_in(b'{"secret": "one-1", "deep": ' + b"[" * 100_000) == ["one-1"]
    assert secrets_in(b'{"secret": "one-1", "binary": "\xff"}') == ["one-1"]
    assert secrets_in(b'{"secret": {"pin": 12345678, "rate": 0.50}}') == ["12345678", "0.50"]
    assert redact('"secret" : "abc"', []) == f'"secret" : "{REDACTED}"'


@pytest.mark.parametrize("name", ["secret", "access_token", "refresh_token", "id_token"])
def test_the_value_of_a_member_that_holds_a_credential_is_redacted_unless_it_is_no_text(name):
    """A work item has a secret. The other members are those of a token exchange."""
    text = f'{{"{name}" :"one \\" two", "other": "{name}", "n": {{"{name}": 1}}}}'
    assert redact(text, []) == text.replace('"one \\" two"', f'"{REDACTED}"')
    assert redact(f'{{"{name}": "cut in the mid', []) == f'{{"{name}": "{REDACTED}"'
    assert {*secrets_in(text.encode())} == {'one " two', "1"}
    assert redact(f'{{"my_{name}": "x"}}', []) == f'{{"my_{name}": "x"}}'


def test_a_secret_as_long_as_a_signed_token_is_redacted_in_every_encoding():
    """An identity token may have thousands of characters."""
    secret = "a/b c" * 819
    for spell in SPELLINGS.values():
        shown = redact(f"<{spell(secret)}>", [secret])
        assert (REDACTED in shown, len(shown) < 50) == (True, True)


def test_a_secret_of_the_size_of_a_file_is_redacted_quickly():
    """A key command may print a file by mistake."""
    secret = "x1" * 5_000_000
    assert redact(f"got {secret}.", [secret]) == f"got {REDACTED}."


def test_the_words_behind_a_key_are_kept():
    """It ends where a character follows that no key has."""
    text = "the key sk-ant-api03-unknown is not valid here"
    assert redact(text, ["correct-horse-battery-staple"]) == f"the key {REDACTED} is not valid here"
