"""Connect to the server, and read, find, create, update and archive environments; several requests at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import NamedTuple, TypeVar

from ant_cli.apply.comparison import changes_of, hash_of_remote
from ant_cli.apply.declarations import Declaration
from ant_cli.apply.lockfile import LockFile, ResourceOrigin
from ant_cli.apply.plan import Known, Object, Options, ids_to_read, is_alive, needs_names
from ant_cli.errors import NOT_FOUND, AntError, APIError, ResponseError
from ant_cli.errors.command_line import command_line
from ant_cli.gjson import json_text
from ant_cli.http.attempts import Tries
from ant_cli.http.client import Sends, connect
from ant_cli.http.pagination import follow_pages
from ant_cli.http.pool import Failed, Pool
from ant_cli.http.response import Response
from ant_cli.input import DEPTH_LIMIT
from ant_cli.input.request import Request, is_id, request_of
from ant_cli.input.values import Value
from ant_cli.operations import environments
from ant_cli.operations.shared_flags import LARGEST_PAGE
from ant_cli.operations.spec import Flags, Operation
from ant_cli.runtime import Runtime
from ant_cli.settings.loading import ConnectionSettings, note_credential_choice
from ant_cli.settings.loading import load as load_settings
from ant_cli.settings.local_emulator import is_local

T = TypeVar("T")
R = TypeVar("R")
Connect = Callable[[ConnectionSettings, Runtime], AbstractContextManager[Sends]]
"""Makes a client."""
_WHO_AM_I = Request("GET", "/v1/models", (("limit", "1"),))
"""The cheapest request whose response names the organization and workspace of the credentials."""
_MOST_READ = 20
"""The most environments that are read one by one; for more, all are listed."""


class Changed(Exception):
    """An environment was changed by others after it was read, so the change was not sent."""

    def __init__(self, now: Object | None) -> None:
        self.now = now
        """Its current state; None if it no longer exists."""


def read(client: Sends, identifier: str) -> Object:
    """Return an environment. Raises APIError if no environment has this ID."""
    return _parse_environment(client.send(_request(environments.RETRIEVE, identifier)).body)


def retrieve(client: Sends, identifier: str) -> Object | None:
    """Return an environment; None if no environment has this ID."""
    try:
        return read(client, identifier)
    except APIError as error:
        if error.status == NOT_FOUND:
            return None
        raise


def by_name(remotes: Iterable[Object]) -> dict[str, list[Object]]:
    """Return the environments by their names."""
    found: dict[str, list[Object]] = {}
    for remote in remotes:
        name = remote.get("name")
        if isinstance(name, str):
            found.setdefault(name, []).append(remote)
    return found


def list_all(client: Sends, *, archived: bool = False) -> list[Object]:
    """Return every environment; archived ones only on request."""
    query = {"limit": str(LARGEST_PAGE)}
    if archived:
        query["include_archived"] = "true"
    pages = follow_pages(client.send, request_of(environments.LIST, query), None)
    return [_parse_environment(item) for page in pages for item in page]


def create(client: Sends, body: dict[str, Value]) -> Object:
    """Create an environment. A request with an unknown outcome is not repeated: the caller looks for the name."""
    return _parse_environment(client.send(request_of(environments.CREATE, {}, body)).body)


def update(client: Sends, before: Object, body: dict[str, Value]) -> Object:
    """Update an environment, and return its new state. Raises Changed as `_change` does."""
    response = _change(
        client, environments.UPDATE, before, lambda now: not changes_of(body, now), body
    )
    return _parse_environment(response.body)


def archive(client: Sends, before: Object) -> bool:
    """Archive an environment. Returns whether it existed. Raises Changed as `_change` does."""
    return _remove(client, environments.ARCHIVE, before, lambda now: not is_alive(now))


def delete(client: Sends, before: Object) -> None:
    """Delete an environment permanently, if it exists. Raises Changed as `_change` does."""
    _remove(client, environments.DELETE, before, lambda _now: False)


def _remove(
    client: Sends, operation: Operation, before: Object, is_done: Callable[[Object], bool]
) -> bool:
    try:
        _change(client, operation, before, is_done)
    except Changed as changed:
        if changed.now is not None:
            raise
        return False
    return True


def _change(
    client: Sends,
    operation: Operation,
    before: Object,
    is_done: Callable[[Object], bool],
    body: dict[str, Value] | None = None,
) -> Response:
    """Send a change of an environment, which is read right before each attempt: the API has no precondition for it.

    If the change was already made, such as by an attempt whose response was lost, nothing is sent, and the response
    is that of the read.

    Raises:
        Changed: if the environment is not as it was when it was read `before`.
        AntError: as the client does.

    """
    identifier = str(before["id"])
    request = _request(operation, identifier, body)
    read_again = _request(environments.RETRIEVE, identifier)

    def prepare(_tries: Tries) -> Request | Response:
        response = client.send(read_again)
        now = _parse_environment(response.body)
        if is_done(now):
            return response
        if _version(now) != _version(before):
            raise Changed(now)
        return request

    try:
        return client.send(request, prepare)
    except APIError as error:
        if error.status == NOT_FOUND:
            raise Changed(None) from None
        raise


def _version(remote: Object) -> tuple[Value, ...]:
    """Return values that differ after any change. Not every server sends the times."""
    return remote.get("updated_at"), remote.get("archived_at"), hash_of_remote(remote)


def look_up(
    connection: Connection,
    lock: LockFile,
    declarations: Mapping[str, Declaration],
    options: Options,
    untracked: Mapping[str, Declaration],
) -> Known:
    """Fetch the environments of the lock file, and if a step gives a new name, all that already have this name.

    Raises:
        AntError: if the credentials are for another server or account than the lock file, and that may not change,
            or if a request fails.

    """
    origin = origin_of(connection)
    if not options.allow_origin_change:
        check_origin(lock, origin)
    if options.allow_origin_change or not lock.origin.base_url:
        lock = lock.with_origin(origin)
    ids = ids_to_read(lock, declarations)
    listed = list_all(connection.client, archived=True) if len(ids) > _MOST_READ else []
    known = Known(
        lock,
        declarations,
        _remotes_of(ids, listed, connection),
        options=options,
        untracked=untracked,
        origin=origin,
        profile=connection.profile,
    )
    if not needs_names(known):
        return known
    everything = listed or list_all(connection.client, archived=True)
    return known._replace(named=by_name(everything))


def _remotes_of(
    ids: Sequence[str], listed: Sequence[Object], connection: Connection
) -> dict[str, Object | None]:
    """Return the environments with these IDs, of which some may be listed; None for one that does not exist."""
    remotes: dict[str, Object | None] = dict.fromkeys(ids)
    for one in listed:
        if str(one["id"]) in remotes:
            remotes[str(one["id"])] = one
    missing = [identifier for identifier, one in remotes.items() if one is None]
    # a list may lack some; a hostile lock file must not cause thousands of reads
    if len(missing) <= _MOST_READ:
        remotes |= zip(missing, connection.each(missing, retrieve), strict=True)
    return remotes


def origin_of(connection: Connection) -> ResourceOrigin:
    """Return the server, organization and workspace of the credentials, if the server names them."""
    try:
        headers = connection.client.send(_WHO_AM_I).headers
    except APIError as error:
        # any other means that a gateway lacks this endpoint
        if error.status in (401, 429) or error.status >= 500:
            raise
        return ResourceOrigin(connection.base_url)
    return ResourceOrigin(
        connection.base_url,
        headers.get("anthropic-organization-id", ""),
        headers.get("anthropic-workspace-id", ""),
    )


def check_origin(lock: LockFile, origin: ResourceOrigin) -> None:
    """Reject a server or an account other than that of the lock file: it may have environments of the same names.

    Raises:
        AntError: if the server, the organization or the workspace differs, or if the lock file has an organization
            or a workspace, and the server doesn't name it.

    """
    names = ("server", "organization", "workspace")
    for name, recorded, current in zip(names, lock.origin, origin, strict=True):
        if not recorded or _are_same(name, recorded, current):
            continue
        target = f"the credentials in use target {current}"
        if not current:
            target = f"{origin.base_url} does not confirm it"
        raise AntError(
            f"{lock.path} tracks resources on {name} {recorded}, but {target}.",
            "Use the right credentials with --profile, or another lock file with --lock-file.\n"
            f"If the resources have moved there: {command_line('apply --allow-origin-change')}",
        )


def _are_same(name: str, recorded: str, current: str) -> bool:
    """Whether two servers, or two IDs, are the same. In an ID, case counts."""
    if name == "server":
        return recorded.rstrip("/").lower() == current.rstrip("/").lower()
    return recorded == current


def _request(
    operation: Operation, identifier: str, body: dict[str, Value] | None = None
) -> Request:
    return request_of(operation, {environments.ENVIRONMENT_ID.name: identifier}, body)


def _parse_environment(raw: bytes) -> Object:
    try:
        json_text.check_depth(raw, DEPTH_LIMIT)  # a file can't be deeper
        value = json_text.decode(raw)
    except ValueError:
        value = None
    if not isinstance(value, dict) or not is_id(value.get("id")):
        raise ResponseError("the server's response is not an environment.")
    return value


class Connection(NamedTuple):
    """A client, how many tasks may use it at once, and where it is connected to."""

    client: Sends
    """For single requests, while no tasks are running."""
    parallel: int
    base_url: str = ""
    profile: str | None = None
    """The profile that the user chose or that has the credential."""

    def each(
        self, items: Sequence[T], work: Callable[[Sends, T], R], *, finish: bool = False
    ) -> list[R]:
        """Run a task for each item, and return the results in order.

        After the first failure, or an interrupt, no further task is begun. With `finish`, tasks that have begun are
        finished first, because they change something: an ID would be lost otherwise.

        Raises:
            AntError: the first failure.

        """
        if len(items) < 2 and not finish:  # in a thread, an interrupt does not end a task
            return [work(self.client, item) for item in items]
        parallel = min(self.parallel, len(items))
        task = partial(work, self.client.for_threads(parallel))
        pool = Pool(items, task, parallel=parallel, fail_fast=True)
        values = list[R]()
        try:
            for result in pool.results():
                if isinstance(result, Failed):
                    raise result.error
                values.append(result.value)
        finally:
            if finish:
                pool.finish()
        return values


@contextmanager
def connected(
    flags: Flags, runtime: Runtime, parallel: int, connect: Connect = connect
) -> Iterator[Connection]:
    """Yield a connection to the API. IDs that a user typed need `connect_by_name`: they may be names."""
    settings = load_settings(runtime, flags)
    note_credential_choice(settings, runtime)
    if is_local(settings.connection.base_url):
        parallel = 1  # it would not be faster, and this keeps the order of the files when environments are created
    with connect(settings.connection, runtime) as client:
        yield Connection(client, parallel, settings.connection.base_url, settings.chosen_profile)
