"""Additions to errors: whether the change may have been made anyway, and which ID a name stands for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ant_cli.errors import NOT_FOUND, AntError, APIError, OutputError, ResponseError
from ant_cli.http.client import Client
from ant_cli.http.sender import Doubt
from ant_cli.input.request import Request
from ant_cli.operations.spec import Flags, Operation
from ant_cli.runtime.light_typing import TYPE_CHECKING
from ant_cli.runtime.streams import Stderr

if TYPE_CHECKING:
    from ant_cli.http.name_hints import Listings

_UNKNOWN = "This attempt may have succeeded. Check before you repeat it:"
_UNKNOWN_AFTER_RETRY = "This attempt, or one before it, may have succeeded. Check before you repeat it:"
_DONE = "The server made the change anyway. To check:"


class OutcomeHints:
    """Adds these hints to the errors of an operation. Threads may share it.

    Operations that change nothing have no command that shows the outcome, so nothing is added. A 404 for a name
    that was given instead of an ID gets the commands with the ID.
    """

    def __init__(self, operation: Operation, flags: Flags, stderr: Stderr) -> None:
        """Take also the flags of the command line: a suggested command repeats some of them."""
        self._operation = operation
        self._flags = flags
        self._stderr = stderr
        self._listings: Listings = {}

    @contextmanager
    def about(self, request: Request, client: Client) -> Iterator[None]:
        """Add to an error the command that shows whether the change was made. At an interrupt, print it."""
        try:
            yield
        except OutputError as error:
            raise error.with_hints(self._check_hint(request, _DONE)) from None
        except AntError as error:
            if client.doubt or isinstance(error, ResponseError):
                raise error.with_hints(self._check_hint(request, _unknown(client.doubt))) from None
            if isinstance(error, APIError) and error.status == NOT_FOUND:
                raise error.with_hints(*self._name_hints(request, client)) from None
            raise
        except KeyboardInterrupt:
            if client.doubt and (hint := self._check_hint(request, _unknown(client.doubt))):
                self._stderr.say(hint)
            raise

    def _name_hints(self, request: Request, client: Client) -> list[str]:
        from ant_cli.http.name_hints import name_hints

        return name_hints(self._operation, self._flags, request, client, self._listings)

    def _check_hint(self, request: Request, fact: str) -> str:
        if not self._operation.check_command:
            return ""
        from ant_cli.http.target_flags import target_flags
        from ant_cli.runtime.shell import positional, quote

        ids = {name: quote(text) for name, text in request.path_params.items()}
        if param := self._operation.positional:
            ids[param.name] = positional(request.path_params[param.name], param.flag)
        return f"{fact} ant {self._operation.check_command.format(**ids)}{target_flags(self._flags)}"


def _unknown(doubt: Doubt | None) -> str:
    return _UNKNOWN_AFTER_RETRY if doubt and doubt.retried else _UNKNOWN
