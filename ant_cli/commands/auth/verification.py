"""Verify a credential with one cheap request."""

from __future__ import annotations

from ant_cli.errors import ResponseError
from ant_cli.http.response import Response, json_object
from ant_cli.input.request import request_of
from ant_cli.operations import environments
from ant_cli.output.api_error import open_client
from ant_cli.output.progress import Progress
from ant_cli.runtime import Runtime
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.settings.loading import ConnectionSettings, Settings
from ant_cli.settings.local_emulator import is_local

_NOT_VERIFIED = "The emulator accepts any key, so nothing was verified."
_EMULATOR_HEADER = "ant-emulator"
"""The header that an emulator sends if it accepts any key, wherever it is served."""
_PROBE_REQUEST = request_of(environments.LIST, {"limit": "1"})


def verify(settings: Settings, runtime: Runtime) -> None:
    """Check that the server accepts the credential, and print for which workspace it does.

    Raises:
        CredentialError: if there is no credential.
        APIError: if the server rejects it.
        ResponseError: if the server is not the API.
        NetworkError: if no response arrives.

    """
    connection = settings.connection
    response = _probe(settings, runtime)
    if is_local(connection.base_url) or _EMULATOR_HEADER in response.headers:
        runtime.stderr.say(_NOT_VERIFIED)
        return
    noun = connection.credential.noun if connection.credential else "key"
    server, workspace = strip_userinfo(connection.base_url), _describe_workspace(connection, response)
    runtime.stderr.say(f"{noun.capitalize()} accepted by {server} ({workspace}).")


def _probe(settings: Settings, runtime: Runtime) -> Response:
    observer = Progress(runtime.stderr, runtime.environ)
    with open_client(settings, runtime, observer) as client:
        response = client.send(_PROBE_REQUEST)
    page = json_object(response.body)
    if page is None or not isinstance(page.get("data"), list):
        raise ResponseError(f"the server at {strip_userinfo(settings.connection.base_url)} is not the API.")
    return response


def _describe_workspace(connection: ConnectionSettings, response: Response) -> str:
    """Return the workspace, and the organization if the server names it."""
    workspace_id = connection.workspace_id or response.headers.get("anthropic-workspace-id", "")
    organization_id = response.headers.get("anthropic-organization-id", "")
    workspace = f"workspace {workspace_id}" if workspace_id else "default workspace"
    return workspace + (f", organization {organization_id}" if organization_id else "")
