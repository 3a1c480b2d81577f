"""Several inputs are several requests (D31). Each is reported exactly once: done, failed, or not sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice

from ant_cli.errors import AntError
from ant_cli.http.names import NameClient
from ant_cli.http.pool import Done, Failed, Pool
from ant_cli.input.request import Request
from ant_cli.operations.shared_flags import FAIL_FAST, PARALLEL
from ant_cli.output.api_error import say_failure
from ant_cli.output.printer import Printer, check_json
from ant_cli.output.progress import Progress
from ant_cli.run.sending import Sending, Sent
from ant_cli.runtime import Runtime
from ant_cli.runtime.signals import delayed_signals
from ant_cli.settings.loading import ErrorOutput

NAMED = 1000
"""How many unsent inputs are listed by name; the rest are only counted."""
_REPEATED = 20
"""How many inputs a hint names that are to be sent again."""


def run_many(
    sending: Sending,
    client: NameClient,
    printer: Printer,
    progress: Progress,
    errors: ErrorOutput,
    runtime: Runtime,
) -> None:
    """Send the requests, and print the results in their order.

    Raises:
        AntError: if some failed, or were not sent. Its exit code is that of the failures, or 1 if they differ.

    """
    operation, requests, flags = sending.operation, sending.requests, sending.flags
    offered = (row for row in operation.settings if row.name == PARALLEL.name)
    report = _Report(sending, errors, runtime)
    with progress.of_many(report.state, requests.count), delayed_signals() as signals:
        parallel = min(flags.of(next(offered, PARALLEL)), requests.count)  # `poll` has no such flag
        send = partial(_send, sending, client.for_threads(parallel))
        fail_fast = flags.of(FAIL_FAST)
        pool = Pool(requests, send, signals.check, parallel=parallel, fail_fast=fail_fast)
        try:
            pages = report.pages(pool.results())
            printer.print_pages(list(pages) if printer.format.opens_screen else pages)
        except BrokenPipeError:  # the reader of stdout has left, as `head` does
            if operation.method == "GET" and not operation.claims:
                pool.stop()
                raise
            report.account_for(*pool.stop())
        except BaseException:
            report.account_for(*pool.stop())
            report.end(pool.begun, fails=False)
            raise
        report.end(pool.begun)


def _send(sending: Sending, client: NameClient, request: Request) -> Sent:
    """Send one of the requests, in a thread of the pool.

    Raises:
        AntError: complete with what is known about the outcome.

    """
    with sending.hinting(request, client):
        sent = sending.send(client, request)
        if sent.response.status != 204:
            check_json(sent.response.body)
        return sent


_Result = Done[Request, Sent] | Failed[Request]


class _Report:
    """Counts the outcomes of the requests, and reports them to people."""

    def __init__(self, sending: Sending, errors: ErrorOutput, runtime: Runtime) -> None:
        self._sending = sending
        self._participle = sending.operation.past_participle
        self._errors = errors
        self._runtime = runtime
        self._done = self._unchanged = self._failed = 0
        self._not_done: list[int] = []
        """The positions of requests that failed, and were certainly not carried out."""
        self._exit_codes = set[int]()
        self._printing: Done[Request, Sent] | None = None

    def pages(self, results: Iterable[_Result]) -> Iterator[list[bytes]]:
        """Yield the bodies to print, one at a time, and report the failures."""
        for result in results:
            if isinstance(result, Failed):
                self._fail(result)
                continue
            if result.value.response.status != 204:
                self._printing = result
                yield [result.value.response.body]
                self._printing = None
            self._count(result)

    def state(self) -> tuple[int, str]:
        """Return how many requests have ended, and how."""
        parts = [f"{self._participle} {self._done} of {self._sending.requests.count}"]
        if self._unchanged:
            parts.append(f"{self._unchanged} unchanged")
        if self._failed:
            parts.append(f"{self._failed} failed")
        ended = self._done + self._unchanged + self._failed
        return ended, ", ".join(parts)

    def end(self, sent: int, *, fails: bool = True) -> None:
        """Print the summary. Raises AntError with it if it `fails` unless everything was done."""
        requests = self._sending.requests
        unsent = list(islice(enumerate(requests), sent, sent + NAMED))
        rest = requests.count - sent - len(unsent)
        more = f" and {rest:,} more" if rest else ""
        self._name("Not sent", unsent, more)
        _, state = self.state()
        summary = f"{state}."
        if fails and self._done + self._unchanged < requests.count:
            error = AntError(summary, self._how_to_repeat(sent))
            raise error.with_exit_code(self._exit_code())
        self._runtime.say(summary.capitalize())

    def _exit_code(self) -> int:
        """Return the exit code of the failures; 1 if they differ, or nothing failed."""
        if len(self._exit_codes) == 1:
            return next(iter(self._exit_codes))
        return AntError.exit_code

    def _how_to_repeat(self, sent: int) -> str:
        """Return a hint for creates: the same command would create again what exists now, or conflict with it."""
        rest = [*self._not_done, *range(sent, self._sending.requests.count)]
        if not (self._sending.operation.creates and self._done and rest):
            return ""
        named = [str(position + 1) for position in rest[:_REPEATED]]
        numbers = ", ".join(named)
        if len(rest) > _REPEATED:
            numbers += f" and {len(rest) - _REPEATED:,} more"
        word = "input" if len(rest) == 1 else "inputs"
        return f"To create the rest, send only {word} {numbers} again: the others exist now."

    def account_for(self, finished: list[_Result], in_flight: list[tuple[int, Request]]) -> None:
        """Report requests that were sent, but whose results were not printed."""
        results = [self._printing, *finished] if self._printing else finished
        unprinted = list[tuple[int, Request]]()
        for result in results:
            if isinstance(result, Done):
                self._count(result)
                if not result.value.is_unchanged:
                    unprinted.append((result.position, result.item))
            elif isinstance(result.error, AntError):
                self._fail(result)
        self._name(f"{self._participle.capitalize()}, but not printed", unprinted)
        if in_flight:
            check = self._sending.how_to_check("\nCheck before you repeat them:", in_flight[0][1])
            self._name("In flight, so the outcome is unknown", in_flight, check)

    def _count(self, result: Done[Request, Sent]) -> None:
        if result.value.is_unchanged:
            self._unchanged += 1
        else:
            self._done += 1

    def _fail(self, result: Failed[Request]) -> None:
        error = result.error
        if not isinstance(error, AntError):
            raise error
        self._failed += 1
        if not error.outcome_unknown:
            self._not_done.append(result.position)
        self._exit_codes.add(error.exit_code)
        label = self._sending.label(result.position, result.item)
        say_failure(label, error, self._errors, self._runtime)

    def _name(self, what: str, requests: list[tuple[int, Request]], more: str = "") -> None:
        if not requests:
            return
        labels = [self._sending.label(*request) for request in requests]
        self._runtime.say(f"{what}: {' '.join(labels)}{more}")
