"""Read the identity token of a federation rule. This is done at each exchange, because its file is replaced."""

from __future__ import annotations

from ant_cli.errors import CredentialError, os_error_text
from ant_cli.runtime.streams import Stderr
from ant_cli.runtime.trusted_files import NOTHING_FORBIDDEN, FileRule, read_trusted
from ant_cli.settings.federation import FederationRule, is_token

_LONGEST = 16_384
"""The most bytes of an identity token, as in the official SDKs."""
_MOUNTED = FileRule(_LONGEST, NOTHING_FORBIDDEN, owner="anyone", may_be_link=True)
"""Kubernetes mounts it as a link to a file of another user."""
_SHORTEST_PART = 16
"""The fewest characters of a part that is redacted by itself: a server may repeat only the signature."""


def read_identity_token(rule: FederationRule, stderr: Stderr) -> str:
    """Return the identity token without surrounding white space. It and its parts are registered for redaction.

    Raises:
        CredentialError: if it can't be read, or can't be a token.

    """
    if rule.identity_token:
        where, data = f"the identity token of {rule.source}", rule.identity_token.encode("utf-8", "surrogateescape")
    else:
        where = f"the identity token in {rule.identity_token_file}"
        data = _read(rule.identity_token_file, where)
    token = data.strip().decode("utf-8", "replace")
    if not token:
        raise CredentialError(f"{where} is empty.")
    if len(data) > _LONGEST:
        raise CredentialError(f"{where} is longer than {_LONGEST:,} bytes. Is it a token?")
    if not is_token(token):
        raise CredentialError(f"{where} contains a character that no token has.")
    for secret in (token, *(part for part in token.split(".") if len(part) >= _SHORTEST_PART)):
        stderr.register_secret(secret)
    return token


def _read(path: str, where: str) -> bytes:
    try:
        return read_trusted(path, _MOUNTED)
    except OSError as error:
        raise CredentialError(f"{where} can't be read: {os_error_text(error)}.") from None
