"""The plan of a run: everything that the user asked for, checked before anything is sent."""

from __future__ import annotations

import re

from ant_cli.errors import UsageError
from ant_cli.http.response import Response
from ant_cli.input.values import to_text
from ant_cli.operations.shared_flags import EDITS, FAIL_FAST, FILTER, LIMIT, MAX_ITEMS, PARALLEL, UNTIL, YES
from ant_cli.operations.spec import Flags, Operation
from ant_cli.output.printer import Printer, check_json
from ant_cli.output.progress import Progress
from ant_cli.run.hints import OutcomeHints, target_flags
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import TYPE_CHECKING, NamedTuple
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.settings.loading import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ant_cli.http.client import Client
    from ant_cli.input.build import Requests
    from ant_cli.input.request import Request
    from ant_cli.run.conditions import Condition
    from ant_cli.run.list_edits import EditedUpdate

_ARCHIVED = r'state==?"?archived"?|archived(_at)?(!=null|[<>].*)?'
"""Filters that select archived environments only."""


class Sent(NamedTuple):
    """The outcome of a request."""

    response: Response
    is_unchanged: bool = False
    """There was nothing to change, and this is the response that was read."""


class RunPlan:
    """What a run sends, and how it prints the results."""

    def __init__(
        self, operation: Operation, requests: Requests, flags: Flags, settings: Settings, runtime: Runtime
    ) -> None:
        """Raise UsageError for anything that can't be used, or can't be combined."""
        self.operation = operation
        self.settings = settings
        self.requests = requests
        """One for each input, with the values from flags, a file and stdin in their places."""
        self.shows_archived = self.requests.fields.get("include_archived") is True
        self.progress = Progress(runtime)
        empty_message = operation.empty_message
        if empty_message and FILTER.name in flags:  # there may be other items
            empty_message = f"{empty_message.removesuffix('.')} match {FILTER.flag}."
        self.printer = Printer(
            settings.output,
            runtime,
            is_list=operation.paginated or self.requests.count > 1,
            empty_message=empty_message,
            shows_archived=self.shows_archived,
            before_pager=self.progress.disable,
            may_page=operation.paginated,
        )
        self.is_wanted = _item_condition(self, flags, runtime)
        """Whether `--filter` selects an item; None if all are wanted."""
        self.edited: EditedUpdate | None = None
        """Applies the changes of `--add` and `--remove`."""
        if any(param.name in flags for param in EDITS):
            from ant_cli.run.list_edits import EditedUpdate

            self.edited = EditedUpdate(flags, operation.lists, self.requests, runtime)
        self.confirmed = flags.of(YES)
        """`--yes`: nothing is asked."""
        self.fail_fast = flags.of(FAIL_FAST)
        """Of several requests, none is sent after the first failure."""
        self.max_items: int | None = flags.of(MAX_ITEMS)
        """None for no limit."""
        offered = (param for param in operation.params if param.name == PARALLEL.name)
        self.parallel: int = flags.of(next(offered, PARALLEL))  # a poll does not offer it
        """How many requests are sent at once."""
        self.hints = OutcomeHints(operation, target_flags(flags), runtime.stderr)

    def fetch(self, client: Client) -> list[bytes]:
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

    def pages(self, client: Client) -> Iterator[list[bytes]]:
        """Yield the items of a list page by page, without those that were not asked for."""
        from ant_cli.http.pagination import follow_pages

        return follow_pages(client, self.requests.first, self.max_items, self.is_wanted)

    def send(self, client: Client, request: Request) -> Sent:
        """Send a request, with the changes of `--add` and `--remove`, and return the response."""
        if self.edited is None:
            return Sent(client.send(request))
        refresh = self.edited.refresh(client, request)
        return Sent(client.send(request, refresh), refresh.is_unchanged)

    @property
    def where(self) -> str:
        """Which server and profile the requests are for, for messages."""
        connection = self.settings.connection
        profile = f" with profile {connection.profile_name!r}" if connection.profile_name else ""
        return f"at {strip_userinfo(connection.base_url)}{profile}"

    def dry_run(self) -> Iterable[Request]:
        """Return what would be sent. To apply changes, it reads each object."""
        return self.edited.dry_run(self.requests, self.settings) if self.edited else self.requests


def _item_condition(plan: RunPlan, flags: Flags, runtime: Runtime) -> Condition | None:
    operation, fields, prints_response = plan.operation, plan.requests.fields, plan.printer.format.is_response
    if prints_response and operation.paginated:
        if MAX_ITEMS.name in flags:
            runtime.stderr.say(f"Note: {MAX_ITEMS.flag} is not used: --format raw prints one response unchanged.")
        for param in (FILTER, UNTIL):
            if param.name in flags:
                raise UsageError(f"{param.flag} is about items, but --format raw prints the response unchanged.")
    elif (
        LIMIT.name in fields and MAX_ITEMS.name not in flags and operation.paginated and runtime.stderr.is_terminal
    ):
        ending = f"{MAX_ITEMS.flag} {to_text(fields[LIMIT.name])} ends the list."
        runtime.stderr.say(f"Note: {LIMIT.flag} is the size of a page, and all pages are fetched; {ending}")
    if FILTER.name not in flags:
        return None
    from ant_cli.run.conditions import make_condition

    texts = flags.of(FILTER)
    if any(re.fullmatch(_ARCHIVED, text) for text in texts) and not plan.shows_archived:
        runtime.stderr.say("Note: archived environments are listed only with --include-archived.")
    return make_condition(FILTER.flag, texts, runtime, operation.group)
