"""How the requests of a run are sent: a list page by page, an update with the changes of `--add` and `--remove`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from ant_cli.errors import AntError, OutcomeUnknown, OutputError, UsageError
from ant_cli.gjson.json_text import scalar_text
from ant_cli.http.response import Response
from ant_cli.input.build import Requests
from ant_cli.input.request import Request
from ant_cli.names import NameClient
from ant_cli.operations.shared_flags import EDITS, FILTER, LIMIT, MAX_ITEMS, UNTIL
from ant_cli.operations.spec import Flags, Operation, flag_name
from ant_cli.output.printer import check_json
from ant_cli.runtime import Runtime
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.runtime.shell import positional, quote

if TYPE_CHECKING:
    from ant_cli.run.conditions import Condition
    from ant_cli.run.edits import Edit

_ARCHIVED = r'state==?"?archived"?|archived(_at)?(!=null|[<>].*)?'
"""Filters that select archived environments only."""
_UNKNOWN = "This command may have succeeded. Check before you repeat it:"
_DONE = "The server made the change anyway. To check:"
_TARGETS = ("profile", "base_url", "workspace_id")
"""The flags that choose a server or an account, and are not secret; `--local` is another one."""


def target_flags(flags: Flags) -> str:
    """Return the given flags that choose the server, the profile and the workspace, each after a space.

    A suggested command repeats them, so that it goes where the failed one went.
    """
    chosen = {name: value for name in _TARGETS if (value := flags.get(name))}
    local = " --local" if flags.get("local") else ""
    return local + "".join(
        f" {flag_name(name)} {quote(strip_userinfo(value))}" for name, value in chosen.items()
    )


class Sent(NamedTuple):
    """The outcome of a request."""

    response: Response
    is_unchanged: bool = False
    """There was nothing to change, and this is the response that was read."""


class Sending(NamedTuple):
    """The requests of a run, and how they are sent. Threads may share it."""

    operation: Operation
    requests: Requests
    """One for each input, with the values from flags, a file and stdin in their places."""
    edits: Sequence[Edit]
    """The changes of `--add`, `--remove` and `--set`."""
    is_wanted: Condition | None
    """Whether `--filter` selects an item; None if all are wanted."""
    flags: Flags
    say: Callable[[str], None]

    def label(self, position: int, request: Request) -> str:
        """Return how messages name a request: by ID, or by the number of the input if it has no ID."""
        return request.path_params.get(self.operation.id_name) or f"input {position + 1}"

    def send(self, client: NameClient, request: Request) -> Sent:
        """Send a request, with the changes of `--add` and `--remove`, and return the response."""
        if not self.edits:
            return Sent(client.send(request))
        from ant_cli.run.list_edits import FreshUpdate

        update = FreshUpdate(self.edits, client, request, self.say)
        return Sent(client.send(request, update.prepare), update.is_unchanged)

    def pages(self, client: NameClient) -> Iterator[list[bytes]]:
        """Yield the items of a list page by page, without those that were not asked for."""
        from ant_cli.http.pagination import follow_pages

        yield from follow_pages(
            client.send, self.requests.first, self.flags.of(MAX_ITEMS), self.is_wanted
        )
        if self.is_wanted:
            self.is_wanted.note_unseen_keys()

    def fetch(self, client: NameClient) -> list[bytes]:
        """Return the items of a list, or an object, for `--until` and `--watch`.

        Raises:
            ResponseError: if the response is not JSON.
            AntError: as the client does.

        """
        if self.operation.paginated:
            return [item for page in self.pages(client) for item in page]
        body = client.send(self.requests.first).body
        check_json(body)
        return [body]

    @contextmanager
    def hinting(self, request: Request, client: NameClient) -> Iterator[None]:
        """Add a hint to errors: the command that shows whether a change was made. At an interrupt, print it."""
        try:
            yield
        except OutputError as error:
            raise error.with_hints(self.how_to_check(_DONE, client.as_sent(request))) from None
        except AntError as error:
            if error.outcome_unknown:
                raise error.with_hints(
                    self.how_to_check(_UNKNOWN, client.as_sent(request))
                ) from None
            raise
        except OutcomeUnknown:
            if hint := self.how_to_check(_UNKNOWN, client.as_sent(request)):
                self.say(hint)
            raise

    def how_to_check(self, fact: str, request: Request) -> str:
        """Return the hint with the command that shows the outcome of a request; empty if it changes nothing."""
        operation = self.operation
        if not operation.check_command:
            return ""
        ids = {name: quote(text) for name, text in request.path_params.items()}
        if param := operation.positional:
            ids[param.name] = positional(request.path_params[param.name], param.flag)
        return f"{fact} ant {operation.check_command.format(**ids)}{target_flags(self.flags)}"


def make_sending(
    operation: Operation,
    requests: Requests,
    flags: Flags,
    runtime: Runtime,
    *,
    prints_response: bool,
) -> Sending:
    """Return how to send the requests, and print the notes about the flags for it.

    Raises:
        UsageError: if a flag can't be used, or can't be combined with the others or with the input.

    """
    if operation.paginated:
        _check_list_flags(requests, flags, runtime, prints_response=prints_response)
    edits: Sequence[Edit] = ()
    if any(param.name in flags for param in EDITS):
        from ant_cli.run.edits import parse_edits

        edits = parse_edits(flags, operation.lists, requests.typed, runtime)
    is_wanted = (
        _item_condition(operation, requests, flags, runtime) if FILTER.name in flags else None
    )
    return Sending(operation, requests, edits, is_wanted, flags, runtime.say)


def _check_list_flags(
    requests: Requests, flags: Flags, runtime: Runtime, *, prints_response: bool
) -> None:
    if prints_response:
        if MAX_ITEMS.name in flags:
            runtime.say(
                f"Note: {MAX_ITEMS.flag} is not used: --format raw prints one response unchanged."
            )
        for param in (FILTER, UNTIL):
            if param.name in flags:
                raise UsageError(
                    f"{param.flag} is about items, but --format raw prints the response unchanged."
                )
    elif LIMIT.name in requests.typed and MAX_ITEMS.name not in flags:
        ending = f"{MAX_ITEMS.flag} {scalar_text(requests.typed[LIMIT.name])} ends the list."
        runtime.say(
            f"Note: {LIMIT.flag} is the size of a page, and all pages are fetched; {ending}"
        )


def _item_condition(
    operation: Operation, requests: Requests, flags: Flags, runtime: Runtime
) -> Condition:
    from ant_cli.run.conditions import Condition

    texts = flags.of(FILTER)
    if (
        any(re.fullmatch(_ARCHIVED, text) for text in texts)
        and requests.typed.get("include_archived") is not True
    ):
        runtime.say("Note: archived environments are listed only with --include-archived.")
    return Condition(FILTER.flag, texts, runtime, operation, is_awaited=False)
