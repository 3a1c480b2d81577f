"""Hints for a 404 if a name was given instead of an environment's ID: which environment has that name.

The command is not sent to that environment: names are not unique, and may belong to another one tomorrow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from threading import Lock

from ant_cli.errors import NOT_FOUND, APIError
from ant_cli.gjson import json_text
from ant_cli.http.client import Client
from ant_cli.http.pagination import follow_pages
from ant_cli.http.target_flags import target_flags
from ant_cli.input.request import Request, request_of
from ant_cli.operations.environments import COLLECTION, ENVIRONMENT_ID, LIST
from ant_cli.operations.spec import Flags, Operation

_ID = re.compile(r"env_\w+", re.ASCII)
_SAFE_ID = re.compile(r"\w[\w-]*", re.ASCII)
"""An ID that needs no quotes, and is no flag. Nothing else from a server becomes part of a suggested command."""
_PAGES = 10
"""The most pages of environments to search."""
_LIST = request_of(LIST, {"include_archived": "true", "limit": "100"})

Listings = dict[str, dict[str, list[str]]]
"""IDs by name, for each path of a collection. Only collections that an error needed are listed."""
_LISTING = Lock()
"""Held while environments are listed. Other threads wait for the result."""


def name_hints(
    operation: Operation, flags: Flags, request: Request, client: Client, listings: Listings
) -> list[str]:
    """Return hints with the corrected commands for environments whose name was given instead of their ID.

    The environments are listed once for each `listings`, and only if the argument does not look like an ID. If
    that fails, there are no hints.
    """
    label = "With the same input" if operation.has_body else "Its command"
    name = request.path_params.get(ENVIRONMENT_ID.name, "")
    target = target_flags(flags)
    return hints_of_name(
        name, client, lambda environment_id: _command(operation, request, environment_id) + target, label, listings
    )


@contextmanager
def hints_on_404(name: str, client: Client, command: Callable[[str], str]) -> Iterator[None]:
    """Add hints with the corrected command to a 404 that is raised inside; none if `name` is empty."""
    try:
        yield
    except APIError as error:
        if error.status != NOT_FOUND:
            raise
        raise error.with_hints(*hints_of_name(name, client, command)) from None


def hints_of_name(
    name: str,
    client: Client,
    command: Callable[[str], str],
    label: str = "Its command",
    listings: Listings | None = None,
) -> list[str]:
    """Return hints with a command for the ID of each environment that has this name."""
    if not name or _ID.fullmatch(name):
        return []
    ids = _ids_by_name(client, {} if listings is None else listings).get(name, [])
    commands = list(map(command, ids))
    if len(ids) == 1:
        return [f"{name!r} is the name of {ids[0]}. {label}: {commands[0]}"]
    return [f"{name!r} is the name of {len(ids)} environments.", *commands] if ids else []


def _ids_by_name(client: Client, listings: Listings) -> dict[str, list[str]]:
    with _LISTING:
        if COLLECTION not in listings:
            listings[COLLECTION] = {}
            with suppress(Exception):  # the user did not ask for this request
                listings[COLLECTION] = _list(client.hasty())
    return listings[COLLECTION]


def _list(client: Client) -> dict[str, list[str]]:
    ids_by_name: dict[str, list[str]] = {}
    for page in islice(follow_pages(client, _LIST, None), _PAGES):
        for item in page:
            members = json_text.members(item)
            environment_id = json_text.string(members["id"])
            if _SAFE_ID.fullmatch(environment_id):
                ids_by_name.setdefault(json_text.string(members["name"]), []).append(environment_id)
    return ids_by_name


def _command(operation: Operation, request: Request, environment_id: str) -> str:
    """Return the command with an environment's ID in place of its name."""
    from ant_cli.runtime.shell import quote

    ids = {**request.path_params, ENVIRONMENT_ID.name: environment_id}
    argument = operation.positional.name if operation.positional else ""
    others = [
        f"{param.flag} {quote(ids[param.name])}" for param in operation.params_in("path") if param.name != argument
    ]
    return " ".join(["ant", operation.command, *others, quote(ids[argument])])
