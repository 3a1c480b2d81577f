"""A client whose requests may have a name in place of an environment's ID."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, nullcontext, suppress
from urllib.parse import quote

from ant_cli.errors import EXIT_CODES, NOT_FOUND, AntError, APIError
from ant_cli.gjson import json_text
from ant_cli.http.client import Client
from ant_cli.http.response import Response
from ant_cli.http.sender import Doubt, Observer, Refresh
from ant_cli.input.request import Request, is_id, request_of
from ant_cli.operations.environments import ENVIRONMENT_ID, LIST, RETRIEVE
from ant_cli.operations.shared_flags import LARGEST_PAGE
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import NamedTuple
from ant_cli.settings.loading import ConnectionSettings

_ID = r"env_\w+"
_KINDS = {
    "agent_": "an agent",
    "file_": "a file",
    "session_": "a session",
    "sesn_": "a session",
    "work_": "a work item",
    "wrkspc_": "a workspace",
}
"""How the IDs of other objects begin."""
_PASSING = (7, 8)
"""The exit codes of a failure that may pass: it does not say whether there is an environment."""


class _Environment(NamedTuple):
    id: str
    name: str
    is_archived: bool


class _Names:
    """What names stand for. The clients of a run share it."""

    def __init__(self) -> None:
        self.lock: AbstractContextManager[object] = nullcontext()
        self.can_list = True
        self.listed: list[_Environment] | None = None
        """All environments, from one look for all names of the run."""
        self.found: dict[str, _Environment] = {}


class NameClient(Client):
    """A client for requests with an environment's ID as a user typed it, which may be a name (D45).

    A request is sent as it is. Only if the server knows no such ID, and exactly one environment has it as its name,
    it is sent for that environment. Before each change, the environment is read again: it must still have the name.
    """

    def __init__(self, settings: ConnectionSettings, runtime: Runtime, observer: Observer | None = None) -> None:
        """Prepare as a client. Raises as it does."""
        super().__init__(settings, runtime, observer)
        self._names = _Names()

    def sibling(self) -> Client:
        """Return a client for another thread, which shares also what is known about names."""
        from threading import Lock  # late: a single request needs no lock

        if isinstance(self._names.lock, nullcontext):
            self._names.lock = Lock()
        return super().sibling()

    def send(self, request: Request, refresh: Refresh | None = None) -> Response:
        """Send a request; if it has a name in place of an ID, for the environment that has this name.

        Raises:
            AntError: as a client does, and if a change was not sent because the environment was renamed meanwhile.

        """
        name = request.path_params.get(ENVIRONMENT_ID.name, "")
        if name and not re.fullmatch(_ID, name, re.ASCII) and name not in self._names.found:
            try:
                return super().send(request, refresh)
            except APIError as error:
                if error.status != NOT_FOUND:
                    raise
                self._find(name, error)
        return super().send(request, refresh)

    def as_sent(self, request: Request) -> Request:
        """Return a request with the ID in place of the name that was found."""
        found = self._found(request)
        if found is None:
            return request
        typed, put = (f"/environments/{quote(text, safe='')}" for text in (found.name, found.id))
        ids = {**request.path_params, ENVIRONMENT_ID.name: found.id}
        return request._replace(path=request.path.replace(typed, put, 1), path_params=ids)

    def _found(self, request: Request) -> _Environment | None:
        return self._names.found.get(request.path_params.get(ENVIRONMENT_ID.name, ""))

    def _find(self, name: str, error: APIError) -> None:
        """Find the environment that has the name. Raises the error, with a hint, unless there is exactly one."""
        with self._names.lock:
            candidates = [environment for environment in self._all(error) if environment.name == name]
            live = [environment for environment in candidates if not environment.is_archived]
            if len(live or candidates) != 1:
                raise error.with_hints(self._hint(name, live or candidates)) from None
            found = self._names.found[name] = (live or candidates)[0]
        if self._runtime.stderr.is_terminal:
            self._runtime.say(f"Note: {name!r} is {found.id}{', which is archived' * found.is_archived}.")

    def _hint(self, name: str, candidates: list[_Environment]) -> str:
        if candidates:
            ids = ", ".join(environment.id for environment in candidates)
            return f"{len(candidates)} environments have the name {name!r}: {ids}. Give one of these IDs."
        if kind := next((kind for prefix, kind in _KINDS.items() if name.startswith(prefix)), ""):
            return f"{name!r} is the ID of {kind}, and an environment's begins with env_."
        from ant_cli.errors.suggestions import did_you_mean  # late: only mistakes need it

        guess = did_you_mean(name, [environment.name for environment in self._names.listed or []])
        return f"No environment has the name {name!r}.{guess} To list them: ant beta:environments list"

    def _all(self, error: APIError) -> list[_Environment]:
        """Return all environments. Raises the error if the credential, or the server, can't list them."""
        if self._names.listed is None:
            if not self._names.can_list:
                raise error
            try:
                self._names.listed = self._list()
            except (AntError, KeyError, ValueError) as failure:
                if isinstance(failure, AntError) and failure.exit_code in _PASSING:
                    raise
                self._names.can_list = False
                raise error from None
        return self._names.listed

    def _list(self) -> list[_Environment]:
        from ant_cli.http.pagination import follow_pages  # late: few runs have a name

        request = request_of(LIST, {"include_archived": "true", "limit": str(LARGEST_PAGE)})
        items = [_environment(item) for page in follow_pages(self, request, None) for item in page]
        return [environment for environment in items if is_id(environment.id)]

    def _attempt(self, request: Request, attempt: int, doubt: Doubt) -> Response:
        """Send a request. Before a change, check that the environment is still what the name stands for.

        After an attempt that may have been carried out, it may have changed by that.
        """
        found = self._found(request)
        if found and request.method != "GET" and not doubt.exists:
            self._check(found)
        return super()._attempt(request, attempt, doubt)

    def _check(self, found: _Environment) -> None:
        now: _Environment | None = None
        with suppress(KeyError, ValueError):
            now = _environment(super().send(request_of(RETRIEVE, {ENVIRONMENT_ID.name: found.id})).body)
        if now != found:
            problem = f"{found.id} is no longer what the name {found.name!r} stood for, so nothing was sent."
            raise AntError(problem, "Run the command again.").with_exit_code(EXIT_CODES[409])


def _environment(raw: bytes) -> _Environment:
    """Return what is needed of an environment. Raises KeyError or ValueError if it is not one."""
    members = json_text.members(raw)
    is_archived = members.get("archived_at", b"null") != b"null"
    return _Environment(json_text.string(members["id"]), json_text.string(members["name"]), is_archived)
