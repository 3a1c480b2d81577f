"""`update --add`, `--remove` and `--set`: read the object, apply the changes, and send the differences.

The API has no precondition for updates, so the object is read right before every attempt to write it. Changes that
others made before that are kept. Only a change to the same list during the update itself is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ant_cli.errors import ResponseError
from ant_cli.gjson import json_text
from ant_cli.http.client import Client
from ant_cli.http.response import Response
from ant_cli.input.build import Requests
from ant_cli.input.list_edits import Edit, check_given, edit_object
from ant_cli.input.request import Request
from ant_cli.input.values import encode
from ant_cli.output.api_error import open_client
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import Any
from ant_cli.settings.loading import Settings

_NOTHING = "nothing changes, so no update is sent."


class EditedUpdate:
    """Sends the updates of a command line with `--add` or `--remove`. Threads may share it."""

    def __init__(self, edits: tuple[Edit, ...], requests: Requests, runtime: Runtime) -> None:
        """Raise UsageError if an edit contradicts the fields of a request."""
        self._edits = edits
        for request in requests:
            check_given(self._edits, _object(request.body or b"{}"))
        self._runtime = runtime

    def send(self, client: Client, request: Request) -> Response:
        """Update an object, and return the response. If nothing changes, return the response that was read.

        Raises:
            UsageError: if the object has no such list.
            ResponseError: if the server does not return an object.
            AntError: as the client does.

        """
        return client.send(request, self._refresh(client, request))

    def dry_run(self, requests: Iterable[Request], settings: Settings) -> Iterator[Request]:
        """Read each object, and yield the update that would be sent, unless nothing changes. Raises as `send`."""
        with open_client(settings, self._runtime) as client:
            for request in requests:
                made = self._refresh(client, request)()
                if isinstance(made, Request):
                    yield made

    def _refresh(self, client: Client, request: Request) -> Callable[[], Request | Response]:
        """Return a function that reads the object and returns its update; the response, if nothing changes."""
        given = _object(request.body or b"{}")
        label = " ".join(request.path_params.values())
        is_first = True

        def refresh() -> Request | Response:
            nonlocal is_first
            response = client.send(request._replace(method="GET", body=None))
            edited = edit_object(self._edits, _object(response.body), given)
            if is_first:  # later, the changes of an earlier attempt would be no news
                for note in edited.notes if edited.body else (*edited.notes, _NOTHING):
                    self._runtime.stderr.say(f"Note: {label}: {note}")
            is_first = False
            return request._replace(body=encode(edited.body)) if edited.body else response

        return refresh


def _object(raw: bytes) -> dict[str, Any]:
    """Decode a JSON object. Raises ResponseError if it is not one."""
    try:
        value = json_text.decode(raw)
    except json_text.JSONTextError:
        value = None
    if not isinstance(value, dict):
        raise ResponseError("the server's response is not an environment.")
    return value
