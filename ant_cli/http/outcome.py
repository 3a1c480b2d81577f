"""What an error says in addition: whether the change may have been made anyway, and which ID a name stands for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ant_cli.errors import AntError, APIError, OutputError, ResponseError
from ant_cli.http.client import Client
from ant_cli.input.request import Request
from ant_cli.operations.spec import Operation
from ant_cli.runtime.streams import Stderr

NOT_FOUND = 404
_UNKNOWN = "This attempt may have succeeded. Check before you repeat it:"
_UNKNOWN_AFTER_RETRY = "This attempt, or one before it, may have succeeded. Check before you repeat it:"
_DONE = "The server made the change anyway. To check:"


@contextmanager
def outcome_hints(operation: Operation, request: Request, client: Client, stderr: Stderr) -> Iterator[None]:
    """Add to an error, or print at an interrupt, the command that shows whether the change was made.

    Operations that change nothing have no such command, so nothing is added. A 404 about a name that was given in
    place of an ID gets the commands with the ID.
    """
    try:
        yield
    except OutputError as error:
        raise error.with_hints(_check_hint(operation, request, _DONE)) from None
    except AntError as error:
        if client.outcome_unknown or isinstance(error, ResponseError):
            raise error.with_hints(_check_hint(operation, request, _unknown(client))) from None
        if isinstance(error, APIError) and error.status == NOT_FOUND:
            from ant_cli.http.name_hints import name_hints

            raise error.with_hints(*name_hints(operation, request, client)) from None
        raise
    except KeyboardInterrupt:
        hint = _check_hint(operation, request, _unknown(client))
        if hint and (client.in_flight or client.outcome_unknown):
            stderr.say(hint)
        raise


def _unknown(client: Client) -> str:
    return _UNKNOWN_AFTER_RETRY if client.retried else _UNKNOWN


def _check_hint(operation: Operation, request: Request, fact: str) -> str:
    if not operation.check_command:
        return ""
    from shlex import quote

    ids = {name: quote(text) for name, text in request.path_params.items()}
    return f"{fact} ant {operation.check_command.format(**ids)}"
