"""Names in place of IDs: the client for requests with an environment's ID as a user typed it (D45)."""

import re
from _thread import allocate_lock
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple
from urllib.parse import quote

from ant_cli.errors import EXIT_CODES, NOT_FOUND, AntError, APIError, CredentialError
from ant_cli.errors.command_line import command_line, shell_line
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.http.attempts import Observer, Prepare, Tries
from ant_cli.http.client import Client, connect
from ant_cli.http.pagination import follow_pages
from ant_cli.http.response import Response, json_object
from ant_cli.input.request import Request, is_id, request_of
from ant_cli.input.values import encode
from ant_cli.operations.environments import ENVIRONMENT_ID, LIST, RETRIEVE
from ant_cli.operations.shared_flags import FILTER, LARGEST_PAGE
from ant_cli.runtime import Runtime, variables
from ant_cli.settings.loading import ConnectionSettings

_UNKNOWN_ID = (401, 403, NOT_FOUND)
"""The statuses of responses to an environment's key if an ID does not exist."""
_ID = r"env_\w+"
_OTHER_ID = r"(agent|file|sesn|session|work|wrkspc)_\w+"


class _Environment(NamedTuple):
    id: str
    name: str
    is_archived: bool


class _Names:
    """The environments that names stand for. The threads of a run share them."""

    def __init__(self) -> None:
        self.lock = allocate_lock()
        self.can_list = True
        self.listed: list[_Environment] | None = None
        """All environments, which are listed once for all names of the run."""
        self.found: dict[str, _Environment] = {}


def connect_by_name(
    settings: ConnectionSettings,
    runtime: Runtime,
    observer: Observer | None = None,
    target: Sequence[str] = (),
) -> "NameClient":
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

    def __enter__(self) -> "NameClient":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def for_threads(self, count: int) -> "NameClient":
        """Return a client for as many threads. They share what was found."""
        client = self._client.for_threads(count)
        return NameClient(client, self._runtime, self._names, self._target)

    def send(self, request: Request, prepare: Prepare | None = None) -> Response:
        """Send a request; if it has a name in place of an ID, with the ID of the environment that has this name.

        Raises:
            AntError: as a client does, and if a change was not sent because the environment has been renamed.

        """
        name = request.path_params.get(ENVIRONMENT_ID.name, "")
        if not name or re.fullmatch(_ID, name, re.ASCII):
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

    def _found(self, request: Request) -> _Environment | None:
        return self._names.found.get(request.path_params.get(ENVIRONMENT_ID.name, ""))

    def _check(self, found: _Environment) -> None:
        now: _Environment | None = None
        read_again = request_of(RETRIEVE, {ENVIRONMENT_ID.name: found.id})
        with suppress(KeyError):  # the response is not an environment
            now = _summarize(self._client.send(read_again).body)
        if now != found:
            problem = (
                f"{found.id} was renamed or archived after it was found by the name {found.name!r}"
            )
            error = AntError(f"{problem}, so nothing was sent.", "Run the command again.")
            raise error.with_exit_code(EXIT_CODES[409])

    def _find(self, name: str, error: APIError) -> None:
        """Find the environment that has the name. Raises the error, with a hint, unless there is exactly one."""
        with self._names.lock:
            candidates = self._candidates(name, error)
            if len(candidates) != 1:
                raise error.with_hints(self._hint(name, candidates)) from None
            found = candidates[0]
            self._names.found[name] = found
        if self._runtime.stderr.is_terminal:
            archived = ", which is archived" if found.is_archived else ""
            self._runtime.say(f"Note: {name!r} is {found.id}{archived}.")

    def _candidates(self, name: str, error: APIError) -> list[_Environment]:
        """Return the environments that have the name; archived ones only if there are no others."""
        candidates = [each for each in self._all(error) if each.name == name]
        live = [each for each in candidates if not each.is_archived]
        return live or candidates

    def _hint(self, name: str, candidates: list[_Environment]) -> str:
        if candidates:
            ids = ", ".join(environment.id for environment in candidates)
            return f"{len(candidates)} environments have the name {name!r}: {ids}. Give one of these IDs."
        if re.fullmatch(_OTHER_ID, name):
            return f"{name!r} looks like the ID of another object: that of an environment begins with env_."
        listed = self._names.listed or []
        other = self._other_reading(name, listed)
        if other:
            return other
        guess = did_you_mean(name, [environment.name for environment in listed])
        to_list = command_line(LIST.command, *self._target)
        return f"No environment has the name {name!r}.{guess} To list them: {to_list}"

    def _other_reading(self, name: str, listed: Sequence[_Environment]) -> str:
        """Return a hint if a text is a URL with an ID, names that exist, or a pattern; otherwise empty."""
        identifier = _id_in_url(name)
        if identifier:
            return f"Give the ID alone: {identifier}"
        several = _several(name, listed)
        if several:
            apart = shell_line(*several)
            return f"{name!r} is taken as one name. For several, write them apart: {apart}"
        if "*" in name:
            matching = f"name%{encode(name).decode()}"
            to_list = command_line(LIST.command, FILTER.flag, matching, *self._target)
            return f"{name!r} is taken as a name, not as a pattern. To list what matches: {to_list}"
        return ""

    def _all(self, error: APIError) -> list[_Environment]:
        """Return all environments. Raises the error if the credential, or the server, can't list them."""
        names = self._names
        if not names.can_list:
            raise error
        if names.listed is None:
            try:
                names.listed = self._list()
            except (AntError, KeyError) as failure:
                if isinstance(failure, AntError) and failure.may_pass:
                    raise  # such as a 500: the list may exist
                names.can_list = False
                raise error from None
        return names.listed

    def _list(self) -> list[_Environment]:
        request = request_of(LIST, {"include_archived": "true", "limit": str(LARGEST_PAGE)})
        pages = follow_pages(self._client.send, request, None)
        environments = [_summarize(item) for page in pages for item in page]
        return [environment for environment in environments if is_id(environment.id)]


def _segments(identifier: str) -> str:
    """Return the part of a path that names an environment."""
    return f"/environments/{quote(identifier, safe='')}"


def _id_in_url(text: str) -> str | None:
    """Return the ID of an environment in a URL, such as one of the Console."""
    for part in re.split("[/?#]", text):
        if "/" in text and re.fullmatch(_ID, part, re.ASCII):
            return part
    return None


def _several(text: str, listed: Sequence[_Environment]) -> list[str]:
    """Return the IDs and names in a text that has nothing else; empty if it is not about several."""
    parts = list(filter(None, re.split(r"[,\s]+", text)))
    known = {each.id for each in listed} | {each.name for each in listed}
    return parts if len(parts) > 1 and known.issuperset(parts) else []


def _summarize(raw: bytes) -> _Environment:
    """Return what is needed of an environment. Raises KeyError if it is not one."""
    found = json_object(raw) or {}
    is_archived = found.get("archived_at") is not None
    return _Environment(str(found["id"]), str(found["name"]), is_archived)
