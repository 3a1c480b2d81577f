"""Names in place of IDs: the client for requests with an environment's ID as a user typed it (D45)."""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from ant_cli.errors import EXIT_CODES, NOT_FOUND, AntError, APIError, CredentialError
from ant_cli.http.attempts import Observer, Prepare, Tries
from ant_cli.http.client import Client, connect
from ant_cli.http.response import Response
from ant_cli.input.request import Request, request_of
from ant_cli.operations.environments import ENVIRONMENT_ID, RETRIEVE, has_id_form
from ant_cli.runtime import Runtime, variables
from ant_cli.settings.loading import ConnectionSettings

if TYPE_CHECKING:
    from ant_cli.http.name_lookup import Environment

_UNKNOWN_ID = (401, 403, NOT_FOUND)
"""The statuses of responses to an environment's key if an ID does not exist."""


class _Names:
    """The environments that names stand for. The threads of a run share them."""

    def __init__(self) -> None:
        self.lock = allocate_lock()
        self.can_list = True
        self.listed: list[Environment] | None = None
        """All environments, which are listed once for all names of the run."""
        self.found: dict[str, Environment] = {}


def connect_by_name(
    settings: ConnectionSettings,
    runtime: Runtime,
    observer: Observer | None = None,
    target: Sequence[str] = (),
) -> NameClient:
    """Return a client for IDs that may be names. Raises as `connect`.

    `target` are the flags that chose the server and the account, which suggested commands repeat.
    """
    return NameClient(connect(settings, runtime, observer), runtime, _Names(), target)


class NameClient:
    """A client for requests with an environment's ID as a user typed it, which may be a name (D45).

    A request is sent as it is. Only if the server knows no such ID, and exactly one environment has this name, it
    is sent again with the ID of that one. Before each change, the environment is read again: it must still have the
    name.
    """

    def __init__(
        self, client: Client, runtime: Runtime, names: _Names, target: Sequence[str]
    ) -> None:
        """Use `connect_by_name` to make one."""
        self._client = client
        self._runtime = runtime
        self._names = names
        self._target = target

    def __enter__(self) -> NameClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def for_threads(self, count: int) -> NameClient:
        """Return a client for as many threads. They share what was found."""
        client = self._client.for_threads(count)
        return NameClient(client, self._runtime, self._names, self._target)

    def send(self, request: Request, prepare: Prepare | None = None) -> Response:
        """Send a request; if it has a name in place of an ID, with the ID of the environment that has this name.

        Raises:
            AntError: as a client does, and if a change was not sent because the environment has been renamed.

        """
        name = request.path_params.get(ENVIRONMENT_ID.name, "")
        if not name or has_id_form(name):
            return self._client.send(request, prepare)
        is_known = name in self._names.found or prepare is not None  # which finds the name itself
        if not is_known:
            self._check_key(name)
            try:
                return self._client.send(request)
            except APIError as error:
                if not self._is_unknown_id(request, error):
                    raise
                self._find(name, error)
        return self._client.send(request, partial(self._prepare, request, prepare))

    def _check_key(self, name: str) -> None:
        """Raise CredentialError or BadValue without a key that can find the name."""
        access = self._client.access
        if access.lacks_api_key:
            problem = f"{name!r} is not the ID of an environment (env_...), and an environment key finds no names."
            raise CredentialError(problem, f"Give the ID, or set {variables.API_KEY}.")
        access.check_second_choice()

    def _is_unknown_id(self, request: Request, error: APIError) -> bool:
        """Whether an error means that the server knows no such ID."""
        if self._client.access.takes_environment_key(request):
            return error.status in _UNKNOWN_ID
        return error.status == NOT_FOUND

    def _prepare(
        self, request: Request, prepare: Prepare | None, tries: Tries
    ) -> Request | Response:
        """Return a request with the ID. Before a change, check that the environment still has the name.

        It is not checked again after an attempt that may have been carried out, and so may have changed it.
        """
        prepared = prepare(tries) if prepare else request
        if isinstance(prepared, Response):
            return prepared
        found = self._found(prepared)
        if found and prepared.method != "GET" and not tries.in_doubt:
            self._check(found)
        return self.as_sent(prepared)

    def as_sent(self, request: Request) -> Request:
        """Return a request with the ID in place of the name that was found."""
        found = self._found(request)
        if found is None:
            return request
        path = request.path.replace(_segments(found.name), _segments(found.id))
        ids = {**request.path_params, ENVIRONMENT_ID.name: found.id}
        return request._replace(path=path, path_params=ids)

    def _found(self, request: Request) -> Environment | None:
        return self._names.found.get(request.path_params.get(ENVIRONMENT_ID.name, ""))

    def _check(self, found: Environment) -> None:
        """Raise AntError if an environment no longer has the name by which it was found."""
        from ant_cli.http.name_lookup import summarize  # late, as below

        now: Environment | None = None
        read_again = request_of(RETRIEVE, {ENVIRONMENT_ID.name: found.id})
        with suppress(KeyError):  # the response is not an environment
            now = summarize(self._client.send(read_again).body)
        if now != found:
            problem = (
                f"{found.id} was renamed or archived after it was found by the name {found.name!r}"
            )
            error = AntError(f"{problem}, so nothing was sent.", "Run the command again.")
            raise error.with_exit_code(EXIT_CODES[409])

    def _find(self, name: str, error: APIError) -> None:
        """Find the environment that has the name. Raises the error, with a hint, unless there is exactly one."""
        from ant_cli.http.name_lookup import (  # late: most requests have an ID
            candidates_for,
            hint_about,
        )

        with self._names.lock:
            listed = self._all(error)
            candidates = candidates_for(name, listed)
            if len(candidates) != 1:
                hint = hint_about(name, candidates, listed, self._target)
                raise error.with_hints(hint) from None
            found = candidates[0]
            self._names.found[name] = found
        if self._runtime.stderr.is_terminal:
            archived = ", which is archived" if found.is_archived else ""
            self._runtime.say(f"Note: {name!r} is {found.id}{archived}.")

    def _all(self, error: APIError) -> list[Environment]:
        """Return all environments. Raises the error if the credential, or the server, can't list them."""
        from ant_cli.http.name_lookup import list_all

        names = self._names
        if not names.can_list:
            raise error
        if names.listed is None:
            try:
                names.listed = list_all(self._client)
            except (AntError, KeyError) as failure:
                if isinstance(failure, AntError) and failure.may_pass:
                    raise  # such as a 500: the list may exist
                names.can_list = False
                raise error from None
        return names.listed


def _segments(identifier: str) -> str:
    """Return the part of a path that names an environment."""
    return f"/environments/{quote(identifier, safe='')}"
