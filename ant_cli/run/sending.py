"""How the requests of a run are sent: a list page by page, an update with the changes of `--add` and `--remove`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ant_cli.errors import AntError, OutcomeUnknown, OutputError, UsageError
from ant_cli.errors.command_line import command_line, quote
from ant_cli.gjson.json_text import scalar_text
from ant_cli.http.names import NameClient
from ant_cli.http.pagination import follow_pages
from ant_cli.http.response import Response
from ant_cli.input.build import Requests
from ant_cli.input.request import Request
from ant_cli.operations.shared_flags import EDITS, FILTER, LIMIT, MAX_ITEMS, UNTIL
from ant_cli.operations.spec import Flags, Operation, flag_name
from ant_cli.output.printer import check_json
from ant_cli.runtime import Runtime
from ant_cli.runtime.redaction import strip_userinfo

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
    """Return the words of `target_words`, each after a space."""
    return "".join(f" {quote(word)}" for word in target_words(flags))


def target_words(flags: Flags) -> list[str]:
    """Return the given flags that choose the server, the profile and the workspace.

    A suggested command repeats them, so that it goes where the failed one went.
    """
    words = ["--local"] if flags.get("local") else []
    for name in _TARGETS:
        value = flags.get(name)
        if value:
            words += (flag_name(name), strip_userinfo(value))
    return words


class Sent:
    """The outcome of a request."""

    def __init__(self, response: Response, *, is_unchanged: bool = False) -> None:
        self.response = response
        self.is_unchanged = is_unchanged
        """There was nothing to change, and this is the response that was read."""


class Sending:
    """The requests of a run, and how they are sent. Threads may share it."""

    def __init__(
        self,
        operation: Operation,
        requests: Requests,
        edits: Sequence[Edit],
        condition: Condition | None,
        flags: Flags,
        say: Callable[[str], None],
    ) -> None:
        self.operation = operation
        self.requests = requests
        """One for each input, with the values from flags, a file and stdin in their places."""
        self.edits = edits
        """The changes of `--add`, `--remove` and `--set`."""
        self.condition = condition
        """The condition of `--filter`, which selects items; None if all are wanted."""
        self.flags = flags
        self.say = say

    def label(self, position: int, request: Request) -> str:
        """Return how messages name a request: by ID, or by the number of the input if it has no ID."""
        identifier = request.path_params.get(self.operation.id_name)
        return identifier or f"input {position + 1}"

    def send(self, client: NameClient, request: Request) -> Sent:
        """Send a request, with the changes of `--add` and `--remove`, and return the response."""
        if not self.edits:
            return Sent(client.send(request))
        from ant_cli.run.list_edits import FreshUpdate  # late, with `edits`: 0.7 ms

        update = FreshUpdate(self.edits, client, request, self.say)
        response = client.send(request, update.prepare)
        return Sent(response, is_unchanged=update.is_unchanged)

    def pages(self, client: NameClient) -> Iterator[list[bytes]]:
        """Yield the items of a list page by page, without those that were not asked for."""
        most = self.flags.of(MAX_ITEMS)
        yield from follow_pages(client.send, self.requests.first, most, self.condition)
        if self.condition:
            self.condition.note_unseen_keys()

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
            if not error.outcome_unknown:
                raise
            hint = self.how_to_check(_UNKNOWN, client.as_sent(request))
            raise error.with_hints(hint) from None
        except OutcomeUnknown:
            hint = self.how_to_check(_UNKNOWN, client.as_sent(request))
            if hint:
                self.say(hint)
            raise

    def how_to_check(self, fact: str, request: Request) -> str:
        """Return the hint with the command that shows the outcome of a request; empty if it changes nothing."""
        if not self.operation.check_command:
            return ""
        command, *words = self.operation.check_command
        ids = self._words_of_ids(request)
        arguments = [argument for word in words for argument in ids.get(word, (word,))]
        arguments += target_words(self.flags)
        return f"{fact} {command_line(command, *arguments)}"

    def _words_of_ids(self, request: Request) -> dict[str, tuple[str, ...]]:
        """Return what stands in a command line for `{name}` of each ID."""
        words: dict[str, tuple[str, ...]]
        words = {f"{{{name}}}": (text,) for name, text in request.path_params.items()}
        last = self.operation.positional
        if last is not None:
            text = request.path_params[last.name]
            if text.startswith("-"):  # it follows its own flag, which takes any text
                words[f"{{{last.name}}}"] = (last.flag, text)
        return words


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
    if operation.paginated and prints_response:
        _check_flags_of_raw(flags, runtime)
    elif operation.paginated:
        _note_page_size(requests, flags, runtime)
    edits: Sequence[Edit] = ()
    if any(setting.name in flags for setting in EDITS):
        from ant_cli.run.edits import parse_edits  # late, as above

        edits = parse_edits(flags, operation.lists, requests.typed, runtime)
    condition = _condition_of(operation, requests, flags, runtime)
    return Sending(operation, requests, edits, condition, flags, runtime.say)


def _condition_of(
    operation: Operation, requests: Requests, flags: Flags, runtime: Runtime
) -> Condition | None:
    if FILTER.name not in flags:
        return None
    from ant_cli.run.conditions import Condition  # late: 6 ms

    _note_archived(requests, flags, runtime)
    return Condition(FILTER.flag, flags.of(FILTER), runtime, operation, is_awaited=False)


def _check_flags_of_raw(flags: Flags, runtime: Runtime) -> None:
    """Reject flags about items, and note those that are not used: a response is printed as it is."""
    if MAX_ITEMS.name in flags:
        runtime.say(
            f"Note: {MAX_ITEMS.flag} is not used: --format raw prints one response unchanged."
        )
    for setting in (FILTER, UNTIL):
        if setting.name in flags:
            raise UsageError(
                f"{setting.flag} is about items, but --format raw prints the response unchanged."
            )


def _note_page_size(requests: Requests, flags: Flags, runtime: Runtime) -> None:
    """Note that `--limit` does not end a list, as people may expect."""
    size = requests.typed.get(LIMIT.name)
    if size is None or MAX_ITEMS.name in flags:
        return
    ending = f"{MAX_ITEMS.flag} {scalar_text(size)} ends the list."
    runtime.say(f"Note: {LIMIT.flag} is the size of a page, and all pages are fetched; {ending}")


def _note_archived(requests: Requests, flags: Flags, runtime: Runtime) -> None:
    """Note that a filter selects archived environments, which are not listed."""
    if requests.typed.get("include_archived") is True:
        return
    if any(re.fullmatch(_ARCHIVED, text) for text in flags.of(FILTER)):
        runtime.say("Note: archived environments are listed only with --include-archived.")
