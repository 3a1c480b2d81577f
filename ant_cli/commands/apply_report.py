"""What a run of `ant apply` reports: a line for each step or data, and what has failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from ant_cli.apply import drawing
from ant_cli.apply.plan import Plan, Step
from ant_cli.apply.redacted_plan import redact_step
from ant_cli.commands import print_report, wants_structured
from ant_cli.commands.apply_view import View
from ant_cli.errors import EXIT_CODES, OutputError
from ant_cli.output.api_error import say_failure
from ant_cli.output.style import style_of
from ant_cli.settings.loading import error_output

_NOT_RECORDED = ("unchanged", "failed", "not started", "not recorded", "blocked")
"""The results of steps after which the lock file has nothing new."""


class Report:
    """The report on stdout: lines for people, or data.

    A run that changes the server must not stop halfway because its report can't be written, or nobody reads it any
    more, as in `| grep -q`. After the first failure, nothing more is printed.
    """

    def __init__(self, plan: Plan, view: View) -> None:
        self._view = view
        self._is_data = wants_structured(view.flags)
        self._has_lines = bool(plan.changing) and not self._is_data
        redact = view.runtime.redactor.redact
        self._width = drawing.name_width(redact_step(step, redact) for step in plan.changing)
        self._paint = style_of(view.runtime.stdout, view.runtime).paint
        self.failure: OutputError | BrokenPipeError | None = None

    def print_line(self, line: str) -> None:
        """Print a line for people."""
        if self._has_lines:
            text = self._view.runtime.redactor.redact(line) + "\n"
            self._print(lambda: self._view.runtime.stdout.write(text.encode(), escape=False))

    def print_result(self, step: Step) -> None:
        """Print the line of a step that was carried out, unless only the lock file was changed."""
        if step.result != "recorded" or step.moved_from:
            shown = redact_step(step, self._view.runtime.redactor.redact)
            self.print_line(drawing.draw_result(shown, self._width, self._paint))

    def print_data(self, data: dict[str, Any]) -> None:
        """Print the result as data."""
        if self._is_data:
            self._print(lambda: print_report(self._view.runtime, self._view.flags, "", data))

    def _print(self, write: Callable[[], None]) -> None:
        if self.failure is None:
            try:
                write()
            except (BrokenPipeError, OutputError) as error:
                self.failure = error


def say_failures(steps: Sequence[Step], view: View) -> str:
    """Print the failures, one line for each in a log, and return a summary of all results."""
    for step in steps:
        _say_failure(step, view)
    return _summary(steps)


def _say_failure(step: Step, view: View) -> None:
    if step.error:
        say_failure(step.key, step.error, error_output(view.flags), view.runtime)
    elif step.blocked:
        view.runtime.say(f"{step.key}: {step.blocked}.")
    elif step.result == "not recorded":
        missing = step.id if step.action in ("create", "adopt") else "its change"
        view.runtime.say(f"{step.key}: {missing} is not in the lock file.")


def _summary(steps: Sequence[Step]) -> str:
    counts = Counter(step.result for step in steps)
    recorded = len(steps) - sum(counts[result] for result in _NOT_RECORDED)
    parts = [f"{recorded} done and recorded"]
    if counts["not recorded"]:
        parts.append(f"{counts['not recorded']} done but not recorded")
    if counts["blocked"]:
        parts.append(f"{counts['blocked']} blocked")
    parts += [f"{counts['failed']} failed", f"{counts['not started']} not started"]
    text = f"{', '.join(parts)}."
    return f"{text} Run it again to continue." if _may_continue(steps) else text


def _may_continue(steps: Sequence[Step]) -> bool:
    """Whether the same command may do what this run did not."""
    results = {step.result for step in steps}
    if "not recorded" in results:
        return True
    if results.isdisjoint(("failed", "not started")):
        return False
    errors = [step.error for step in steps if step.error]
    may_pass = [error.may_pass or error.exit_code == EXIT_CODES[409] for error in errors]
    return any(may_pass) or not errors
