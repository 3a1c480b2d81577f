"""The hint of a 401 or 403: which credential was sent, and where it came from."""

from __future__ import annotations

from ant_cli.http.response import Response
from ant_cli.settings.credential_sources import Credential
from ant_cli.settings.validators import mask

_PROBLEMS = {401: "was not accepted", 403: "has no permission for this"}


def credential_hint(response: Response, credential: Credential | None) -> str:
    """Return hints about the credential of a rejected request; empty for other responses."""
    if credential is None or response.status not in _PROBLEMS:
        return ""
    sent = f"The {credential.noun} {mask(credential.secret)} (from {credential.source})"
    return f"{sent} {_PROBLEMS[response.status]}.\nTo check: ant auth status"
