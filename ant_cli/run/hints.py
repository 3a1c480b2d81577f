"""Hints for failed requests: how to see whether the change was made, and the ID that a name stands for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from itertools import islice

from ant_cli.errors import NOT_FOUND, AntError, APIError, OutcomeUnknown, OutputError
from ant_cli.gjson import json_text
from ant_cli.http.client import Client
from ant_cli.input.request import Request, request_of
from ant_cli.operations.environments import ENVIRONMENT_ID, LIST
from ant_cli.operations.shared_flags import LARGEST_PAGE
from ant_cli.operations.spec import Flags, Operation, flag_name
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.runtime.shell import positional, quote
from ant_cli.runtime.streams import Stderr

_UNKNOWN = "This command may have succeeded. Check before you repeat it:"
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
    """Adds the command that shows whether a change was made to the errors of an operation. Threads may share it."""

    def __init__(self, operation: Operation, target: str, stderr: Stderr) -> None:
        """Take also the `target_flags` of the command line."""
        self._operation = operation
        self._target = target
        self._stderr = stderr

    @contextmanager
    def about(self, request: Request) -> Iterator[None]:
        """Add hints to an error that is raised inside. At an interrupt, print the hint."""
        try:
            yield
        except OutputError as error:
            raise error.with_hints(self.check(_DONE, request)) from None
        except AntError as error:
            if error.outcome_unknown:
                raise error.with_hints(self.check(_UNKNOWN, request)) from None
            raise
        except OutcomeUnknown:
            if hint := self.check(_UNKNOWN, request):
                self._stderr.say(hint)
            raise

    def check(self, fact: str, request: Request) -> str:
        """Return the hint with the command that shows the outcome of a request; empty if it changes nothing."""
        operation = self._operation
        if not operation.check_command:
            return ""
        ids = {name: quote(text) for name, text in request.path_params.items()}
        if param := operation.positional:
            ids[param.name] = positional(request.path_params[param.name], param.flag)
        return f"{fact} ant {operation.check_command.format(**ids)}{self._target}"

    def on_404(self, request: Request, client: Client) -> AbstractContextManager[None]:
        """Add hints to a 404 that is raised inside, if the request has a name in place of an environment's ID."""
        name = request.path_params.get(ENVIRONMENT_ID.name, "")
        # The suggested command does not repeat the fields of a body.
        label = "With the same input" if self._operation.has_body else "Its command"
        return hints_on_404(name, client, partial(self._command, request), label)

    def _command(self, request: Request, environment_id: str) -> str:
        """Return the command with an environment's ID in place of its name."""
        operation = self._operation
        ids = {**request.path_params, ENVIRONMENT_ID.name: environment_id}
        *others, argument = operation.params_in("path")
        flags = [f"{param.flag} {quote(ids[param.name])}" for param in others]
        return " ".join(["ant", operation.command, *flags, quote(ids[argument.name])]) + self._target


@contextmanager
def hints_on_404(
    name: str, client: Client, command: Callable[[str], str], label: str = "Its command"
) -> Iterator[None]:
    """Add hints to a 404 that is raised inside, if `name` is the name of an environment instead of its ID.

    They are the commands with the ID, which are not run: names are not unique, and may belong to another
    environment tomorrow.
    """
    try:
        yield
    except APIError as error:
        if error.status != NOT_FOUND or not name or re.fullmatch(_ID, name, re.ASCII):
            raise
        hints = list[str]()
        with suppress(Exception):  # the user did not ask for this request
            ids = list(_ids_of(name, client.hasty()))
            hints = [f"{name!r} is the name of {found}. {label}: {command(found)}" for found in ids]
        raise error.with_hints(*hints) from None


def _ids_of(name: str, client: Client) -> Iterator[str]:
    from ant_cli.http.pagination import follow_pages  # late: only mistakes need it

    request = request_of(LIST, {"include_archived": "true", "limit": str(LARGEST_PAGE)})
    for page in islice(follow_pages(client, request, None), _PAGES):
        for members in map(json_text.members, page):
            environment_id = json_text.string(members["id"])
            if json_text.string(members["name"]) == name and re.fullmatch(_SAFE_ID, environment_id, re.ASCII):
                yield environment_id
