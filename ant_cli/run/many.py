"""Several inputs are several requests (D31). Each is reported exactly once: done, failed, or not sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice

from ant_cli.errors import AntError
from ant_cli.http.client import Client
from ant_cli.http.name_client import NameClient
from ant_cli.http.pool import Pool, Result
from ant_cli.input.request import Request
from ant_cli.operations.spec import Operation
from ant_cli.output.api_error import with_body
from ant_cli.output.printer import check_json
from ant_cli.run.run_plan import RunPlan, Sent
from ant_cli.runtime import Runtime
from ant_cli.runtime.confirmation import confirm
from ant_cli.runtime.signals import delayed_signals

_SHOWN = 3
"""How many objects a question names."""
NAMED = 1000
"""How many unsent inputs are listed by name; the rest are only counted."""


def run_many(plan: RunPlan, runtime: Runtime) -> None:
    """Send the requests of a plan, and print the results in their order.

    Raises:
        AntError: if some failed, or were not sent. Its exit code is that of the failures, or 1 if they differ.
        UsageError: if a flag has a value that can't be used, or the user does not confirm.

    """
    operation, requests, settings = plan.operation, plan.requests, plan.settings
    parallel = min(plan.parallel, requests.count)
    if operation.is_final and not plan.confirmed:
        confirm(_question(plan), runtime, reads_stdin=True)
    report = _Report(plan, runtime)
    with (
        plan.progress.of_many(report.state, requests.count),
        NameClient(settings.connection, runtime, plan.progress) as client,
        delayed_signals() as signals,
    ):
        send = partial(_send, plan)
        pool = Pool(client, requests, send, signals.check, parallel=parallel, fail_fast=plan.fail_fast)
        try:
            pages = report.pages(pool.results())
            plan.printer.print_pages(list(pages) if plan.printer.format.opens_screen else pages)
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


def _question(plan: RunPlan) -> str:
    shown = [
        f"{_label(plan.operation, position, request)} {request.object_name}".rstrip()
        for position, request in enumerate(islice(plan.requests, _SHOWN))
    ]
    more = ", ..." * (plan.requests.count > _SHOWN)
    action = f"{plan.operation.name.capitalize()} {plan.requests.count} objects"
    return f"{action} ({', '.join(shown)}{more}) {plan.where}?"


def _label(operation: Operation, position: int, request: Request) -> str:
    """Return how messages name a request: by ID, or by the number of the input if it has no ID."""
    name = operation.positional.name if operation.positional else ""
    return request.path_params.get(name) or f"input {position + 1}"


def _send(plan: RunPlan, client: Client, request: Request) -> Sent:
    """Send one of the requests, in a thread of the pool.

    Raises:
        AntError: complete with what is known about the outcome.

    """
    with plan.hints.about(request, client):
        sent = plan.send(client, request)
        if sent.response.status != 204:
            check_json(sent.response.body)
        return sent


class _Report:
    """Counts the outcomes of the requests, and reports them to people."""

    def __init__(self, plan: RunPlan, runtime: Runtime) -> None:
        self._plan = plan
        self._runtime = runtime
        self._stderr = runtime.stderr
        self._done = self._unchanged = self._failed = 0
        self._exit_codes = set[int]()
        self._printing: Result | None = None

    def pages(self, results: Iterable[Result]) -> Iterator[list[bytes]]:
        """Yield the bodies to print, one at a time, and report the failures."""
        for result in results:
            if result.error is not None:
                self._fail(result, result.error)
                continue
            if result.value.response.status != 204:
                self._printing = result
                yield [result.value.response.body]
                self._printing = None
            self._count(result)

    def state(self) -> tuple[int, str]:
        """Return how many requests have ended, and how."""
        others = {"unchanged": self._unchanged, "failed": self._failed}
        text = f"{self._plan.operation.past_participle} {self._done} of {self._plan.requests.count}"
        text += "".join(f", {number} {outcome}" for outcome, number in others.items() if number)
        return self._done + self._unchanged + self._failed, text

    def end(self, sent: int, *, fails: bool = True) -> None:
        """Print the summary. Raises AntError with it if it `fails` unless everything was done."""
        count = self._plan.requests.count
        unsent = list(islice(enumerate(self._plan.requests), sent, sent + NAMED))
        rest = count - sent - len(unsent)
        self._name("Not sent", unsent, f" and {rest:,} more" if rest else "")
        summary = f"{self.state()[1]}."
        if fails and self._done + self._unchanged < count:
            code = next(iter(self._exit_codes)) if len(self._exit_codes) == 1 else AntError.exit_code
            raise AntError(summary).with_exit_code(code)
        self._stderr.say(summary.capitalize())

    def account_for(self, finished: list[Result], in_flight: list[tuple[int, Request]]) -> None:
        """Report requests that were sent, but whose results were not printed."""
        results = [*([self._printing] if self._printing else []), *finished]
        for result in results:
            if isinstance(result.error, AntError):
                self._fail(result, result.error)
        done = [result for result in results if result.error is None]
        for result in done:
            self._count(result)
        unprinted = [(result.position, result.item) for result in done if not result.value.is_unchanged]
        self._name(f"{self._plan.operation.past_participle.capitalize()}, but not printed", unprinted)
        if in_flight:
            check = self._plan.hints.check("\nCheck before you repeat them:", in_flight[0][1])
            self._name("In flight, so the outcome is unknown", in_flight, check)

    def _count(self, result: Result) -> None:
        self._unchanged += result.value.is_unchanged
        self._done += not result.value.is_unchanged

    def _fail(self, result: Result, error: BaseException) -> None:
        if not isinstance(error, AntError):
            raise error
        self._failed += 1
        self._exit_codes.add(error.exit_code)
        label = _label(self._plan.operation, result.position, result.item)
        error = with_body(error, self._plan.settings.output, self._runtime, brief=True)
        text = error.report(on_terminal=True) if self._stderr.is_terminal else error.line()
        self._stderr.say(f"{label}: {text}")

    def _name(self, what: str, requests: list[tuple[int, Request]], more: str = "") -> None:
        if requests:
            labels = [_label(self._plan.operation, *request) for request in requests]
            self._stderr.say(f"{what}: {' '.join(labels)}{more}")
