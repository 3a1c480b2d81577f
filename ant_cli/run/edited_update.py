"""`update --add`, `--remove` and `--set`: read the object, apply the changes, and send the differences.

The API has no precondition for updates, so the object is read right before every attempt to write it. Changes that
others made before that are kept. Only a change to the same list during the update itself is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ant_cli.errors import ResponseError
from ant_cli.gjson import json_text
from ant_cli.http.client import Client
from ant_cli.http.response import Response
from ant_cli.input.list_edits import Edit, Edited, check_given, edit_object, parse_edits
from ant_cli.input.request import Request, Requests
from ant_cli.input.values import encode
from ant_cli.operations.spec import Flags, Operation
from ant_cli.output.api_error import open_client
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import Any
from ant_cli.settings.loading import Settings


class EditedUpdate:
    """Sends the updates of a command line with `--add` or `--remove`. Threads may share it.

    A context manager. Notes are printed on exit, when no progress line is on the screen.
    """

    def __init__(self, operation: Operation, flags: Flags, requests: Requests, runtime: Runtime) -> None:
        """Raise UsageError if something can't be added or removed, or contradicts the fields of a request."""
        self._edits = parse_edits(flags, operation.lists)
        for request in requests:
            check_given(self._edits, _object(request.body or b"{}"))
        self._runtime = runtime
        self._notes: list[str] = []

    def __enter__(self) -> EditedUpdate:
        return self

    def __exit__(self, *_: object) -> None:
        for note in self._notes:
            self._runtime.stderr.say(f"Note: {note}")

    def send(self, client: Client, request: Request) -> Response:
        """Update an object, and return the response. If nothing changes, return the response that was read.

        Raises:
            UsageError: if the object has no such list.
            ResponseError: if the server does not return an object.
            AntError: as the client does.

        """
        return client.send(request, _Turn(self._edits, client, request, self._notes).make)

    def dry_run(self, requests: Iterable[Request], settings: Settings) -> Iterator[Request]:
        """Read each object, and yield the update that would be sent, unless nothing changes. Raises as `send`."""
        with open_client(settings, self._runtime) as client, self:
            for request in requests:
                made = _Turn(self._edits, client, request, self._notes).make()
                if isinstance(made, Request):
                    yield made


class _Turn:
    """The update of one object, which may take several attempts."""

    def __init__(self, edits: tuple[Edit, ...], client: Client, request: Request, notes: list[str]) -> None:
        self._notes = notes
        self._edits = edits
        self._client = client
        self._request = request
        self._seen: dict[str, Any] | None = None

    def make(self) -> Request | Response:
        """Read the object, and return the update for its current state; the response, if nothing changes."""
        response = self._client.send(self._request._replace(method="GET", body=None))
        remote = _object(response.body)
        given = _object(self._request.body or b"{}")
        edited = edit_object(self._edits, remote, given)
        self._note(edited, remote, has_edits=edited.body != given)
        self._seen = remote
        if not edited.body:
            return response
        return self._request._replace(body=encode(edited.body))

    def _note(self, edited: Edited, remote: dict[str, Any], *, has_edits: bool) -> None:
        """Keep the notes of the first attempt only: a later one may see the changes that an earlier one made."""
        label = " ".join(self._request.path_params.values())
        if self._seen is None:
            self._notes += [f"{label}: {note}" for note in edited.notes]
            if not edited.body:
                self._notes.append(f"{label}: nothing changes, so no update is sent.")
        elif has_edits and remote.get("updated_at") != self._seen.get("updated_at"):
            self._notes.append(f"{label}: something else changed it between two attempts; that change is kept.")


def _object(raw: bytes) -> dict[str, Any]:
    """Decode a JSON object. Raises ResponseError if it is not one."""
    try:
        value = json_text.decode(raw)
    except json_text.JSONTextError:
        value = None
    if not isinstance(value, dict):
        raise ResponseError("the server's response is not an environment.")
    return value
