"""Hints for failed requests: how to see whether the change was made, and the ID that a name stands for."""

from __future__ import annotations

import re
from _thread import allocate_lock  # what `threading.Lock` is, without the rest of that module
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import islice

from ant_cli.errors import NOT_FOUND, AntError, APIError, OutputError, ResponseError
from ant_cli.gjson import json_text
from ant_cli.http.client import Client
from ant_cli.http.sender import Doubt
from ant_cli.input.request import Request, request_of
from ant_cli.operations.environments import ENVIRONMENT_ID, LIST
from ant_cli.operations.spec import Flags, Operation, flag_name
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.runtime.shell import positional, quote
from ant_cli.runtime.streams import Stderr

_UNKNOWN = "This attempt may have succeeded. Check before you repeat it:"
_UNKNOWN_AFTER_RETRY = "This attempt, or one before it, may have succeeded. Check before you repeat it:"
_DONE = "The server made the change anyway. To check:"

_TARGETS = ("profile", "base_url", "workspace_id")
"""The flags, besides `--local`, that choose a server or an account and are no secret."""

_ID = r"env_\w+"
_SAFE_ID = r"\w[\w-]*"
"""An ID that needs no quotes, and is no flag. Nothing else from a server becomes part of a suggested command."""
_PAGES = 10
"""The most pages of environments to search."""


def target_flags(flags: Flags) -> str:
    """Return the given flags that choose the server, the profile and the workspace, each after a space.

    A suggested command repeats them, so that it goes where the failed one went.
    """
    chosen = {name: value for name in _TARGETS if (value := flags.text(name))}
    local = " --local" if flags.is_on("local") else ""
    return local + "".join(f" {flag_name(name)} {quote(strip_userinfo(value))}" for name, value in chosen.items())


class OutcomeHints:
    """Adds hints to the errors of an operation. Threads may share it.

    If a change may have been made, the hint is the command that shows it. A 404 for a name that was given instead
    of an environment's ID gets the commands with the ID. They are not run: names are not unique, and may belong to
    another environment tomorrow.
    """

    def __init__(self, operation: Operation, target: str, stderr: Stderr) -> None:
        """Take also the `target_flags` of the command line."""
        self._operation = operation
        self._target = target
        self._stderr = stderr
        self._names = EnvironmentNames()

    @contextmanager
    def about(self, request: Request, client: Client) -> Iterator[None]:
        """Add hints to an error that is raised inside. At an interrupt, print the hint."""
        try:
            yield
        except OutputError as error:
            raise error.with_hints(self.check(_DONE, request)) from None
        except AntError as error:
            if client.doubt or isinstance(error, ResponseError):
                raise error.with_hints(self.check(_unknown(client.doubt), request)) from None
            if isinstance(error, APIError) and error.status == NOT_FOUND:
                raise error.with_hints(*self._name_hints(request, client)) from None
            raise
        except KeyboardInterrupt:
            if client.doubt and (hint := self.check(_unknown(client.doubt), request)):
                self._stderr.say(hint)
            raise

    def check(self, fact: str, request: Request | None = None) -> str:
        """Return the hint with the command that shows the outcome of a request, or of any with the operation.

        It is empty for operations that change nothing.
        """
        operation = self._operation
        if not operation.check_command:
            return ""
        ids = {param.name: param.name.upper() for param in operation.params_in("path")}
        if request:
            ids = {name: quote(text) for name, text in request.path_params.items()}
            if param := operation.positional:
                ids[param.name] = positional(request.path_params[param.name], param.flag)
        return f"{fact} ant {operation.check_command.format(**ids)}{self._target}"

    def _name_hints(self, request: Request, client: Client) -> list[str]:
        label = "With the same input" if self._operation.has_body else "Its command"
        name = request.path_params.get(ENVIRONMENT_ID.name, "")
        return hints_of_name(name, client, partial(self._command, request), label, self._names)

    def _command(self, request: Request, environment_id: str) -> str:
        """Return the command with an environment's ID in place of its name."""
        operation = self._operation
        ids = {**request.path_params, ENVIRONMENT_ID.name: environment_id}
        argument = operation.positional.name if operation.positional else ""
        others = [
            f"{param.flag} {quote(ids[param.name])}"
            for param in operation.params_in("path")
            if param.name != argument
        ]
        return " ".join(["ant", operation.command, *others, quote(ids[argument])]) + self._target


def _unknown(doubt: Doubt | None) -> str:
    return _UNKNOWN_AFTER_RETRY if doubt and doubt.retried else _UNKNOWN


class EnvironmentNames:
    """The IDs of environments by name, which are listed when they are first needed. Threads may share it."""

    def __init__(self) -> None:
        self._ids: dict[str, list[str]] | None = None
        self._listing = allocate_lock()

    def ids(self, name: str, client: Client) -> list[str]:
        """Return the IDs of the environments with a name; none if they can't be listed."""
        with self._listing:
            if self._ids is None:
                self._ids = {}
                with suppress(Exception):  # the user did not ask for this request
                    self._ids = _list(client.hasty())
        return self._ids.get(name, [])


def _list(client: Client) -> dict[str, list[str]]:
    from ant_cli.http.pagination import follow_pages  # late: only mistakes need it

    request = request_of(LIST, {"include_archived": "true", "limit": "100"})
    ids_by_name: dict[str, list[str]] = {}
    for page in islice(follow_pages(client, request, None), _PAGES):
        for item in page:
            members = json_text.members(item)
            environment_id = json_text.string(members["id"])
            if re.fullmatch(_SAFE_ID, environment_id, re.ASCII):
                ids_by_name.setdefault(json_text.string(members["name"]), []).append(environment_id)
    return ids_by_name


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
    names: EnvironmentNames | None = None,
) -> list[str]:
    """Return hints with a command for the ID of each environment that has this name; none for an ID."""
    if not name or re.fullmatch(_ID, name, re.ASCII):
        return []
    ids = (names or EnvironmentNames()).ids(name, client)
    commands = list(map(command, ids))
    if len(ids) == 1:
        return [f"{name!r} is the name of {ids[0]}. {label}: {commands[0]}"]
    return [f"{name!r} is the name of {len(ids)} environments.", *commands] if ids else []
