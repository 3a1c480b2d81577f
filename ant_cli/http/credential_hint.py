"""The hint of a rejected request: which credential was sent, from where, and which one the request takes."""

from __future__ import annotations

from ant_cli.errors import NOT_FOUND
from ant_cli.http.response import Response
from ant_cli.input.request import Request
from ant_cli.runtime import variables
from ant_cli.settings.credentials import Credential
from ant_cli.settings.validators import mask

_PROBLEMS = {401: "was not accepted", 403: "has no permission for this"}


def credential_hint(request: Request, response: Response, credential: Credential | None) -> str:
    """Return hints about the credential of a rejected request; empty for other responses."""
    if credential is None or response.status not in (*_PROBLEMS, NOT_FOUND):
        return ""
    wrong_type = _wrong_type(request, credential)
    if response.status == NOT_FOUND:
        return wrong_type
    sent = f"The {credential.noun} {mask(credential.secret)} (from {credential.source})"
    problem = f"{sent} {_PROBLEMS[response.status]}."
    return "\n".join(filter(None, (problem, wrong_type, "To check: ant auth status")))


def _wrong_type(request: Request, credential: Credential) -> str:
    """Return a sentence that says which credential the request takes; empty if it takes the one that was sent."""
    accepted, sent = request.accepts, credential.type
    if sent in accepted or {"API key", "environment key"} <= {*accepted}:
        return ""
    if "API key" in accepted:
        right, wrong, fix = "an API key", "an environment key", f"Set {variables.API_KEY}."
    else:
        right, wrong, fix = "an environment key", "an API key", f"Set {variables.ENVIRONMENT_KEY}."
    if credential.explicit:
        fix += f" Leave out {credential.source}."
    if sent is None:  # a bearer token may be either
        return f"If the token is {wrong}: the API takes {right} for this. {fix}"
    return f"The API takes {right} for this, not {wrong}. {fix}"
