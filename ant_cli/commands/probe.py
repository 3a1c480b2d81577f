"""Asking the server whether it takes a credential, with one cheap request."""

from __future__ import annotations

import json

from ant_cli.errors import ResponseError
from ant_cli.http.client import Client
from ant_cli.http.response import Response
from ant_cli.input.request import Request
from ant_cli.output.api_error import rendered_errors
from ant_cli.output.progress import Progress
from ant_cli.runtime import Runtime
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.settings.loading import Settings
from ant_cli.settings.local_emulator import is_local

TAKES_ANY = "The emulator takes any key, so nothing was verified."
EMULATOR = "ant-emulator"
"""The header of an emulator that takes any key, wherever it is served."""
CHEAPEST = Request("GET", "/v1/environments", (("beta", "true"), ("limit", "1")))


def verify(settings: Settings, runtime: Runtime, claim: str) -> None:
    """Ask the server whether it takes the credential, and say for which workspace it does.

    Raises:
        AntError: if the server does not take it, or can't be asked.

    """
    response = answer(settings, runtime)
    if is_local(settings.connection.base_url) or EMULATOR in response.headers:
        runtime.stderr.say(TAKES_ANY)
    else:
        runtime.stderr.say(
            f"{claim}: {strip_userinfo(settings.connection.base_url)}, {territory(settings, response)}."
        )


def answer(settings: Settings, runtime: Runtime) -> Response:
    """Return what the server says to a request with the credential.

    Raises:
        AntError: if the server does not take it, or can't be asked.

    """
    observer = Progress(runtime.stderr, runtime.environ)
    with (
        Client(settings.connection, runtime, observer) as client,
        rendered_errors(settings.output, runtime.stderr),
    ):
        response = client.send(CHEAPEST)
    if not is_page(response.body):
        raise ResponseError(f"what answers at {strip_userinfo(settings.connection.base_url)} is not the API.")
    return response


def is_page(body: bytes) -> bool:
    """Whether an answer is a page of items."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and isinstance(value.get("data"), list)


def territory(settings: Settings, response: Response) -> str:
    """Return the workspace, and the organization if the server says it."""
    workspace_id = settings.connection.workspace_id or response.headers.get("anthropic-workspace-id", "")
    organization_id = response.headers.get("anthropic-organization-id", "")
    workspace = f"workspace {workspace_id}" if workspace_id else "the workspace that it was made in"
    return workspace + (f", organization {organization_id}" if organization_id else "")
