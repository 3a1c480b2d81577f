"""Hints for failed requests: how to see whether the change was made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ant_cli.errors import AntError, OutcomeUnknown, OutputError
from ant_cli.http.client import Client
from ant_cli.input.request import Request
from ant_cli.operations.spec import Flags, Operation, flag_name
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.runtime.shell import positional, quote

_UNKNOWN = "This command may have succeeded. Check before you repeat it:"
_DONE = "The server made the change anyway. To check:"

_TARGETS = ("profile", "base_url", "workspace_id")
"""The flags, besides `--local`, that choose a server or an account and are no secret."""


def target_flags(flags: Flags) -> str:
    """Return the given flags that choose the server, the profile and the workspace, each after a space.

    A suggested command repeats them, so that it goes where the failed one went.
    """
    chosen = {name: value for name in _TARGETS if (value := flags.get(name))}
    local = " --local" if flags.get("local") else ""
    return local + "".join(f" {flag_name(name)} {quote(strip_userinfo(value))}" for name, value in chosen.items())


class OutcomeHints:
    """Adds the command that shows whether a change was made to the errors of an operation. Threads may share it."""

    def __init__(self, operation: Operation, target: str, say: Callable[[str], None]) -> None:
        """Take also the `target_flags` of the command line."""
        self._operation = operation
        self._target = target
        self._say = say

    @contextmanager
    def about(self, request: Request, client: Client) -> Iterator[None]:
        """Add hints to an error that is raised inside. At an interrupt, print the hint."""
        try:
            yield
        except OutputError as error:
            raise error.with_hints(self.check(_DONE, client.as_sent(request))) from None
        except AntError as error:
            if error.outcome_unknown:
                raise error.with_hints(self.check(_UNKNOWN, client.as_sent(request))) from None
            raise
        except OutcomeUnknown:
            if hint := self.check(_UNKNOWN, client.as_sent(request)):
                self._say(hint)
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
