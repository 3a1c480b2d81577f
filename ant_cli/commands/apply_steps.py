"""Carry out a plan, and report on it. Steps are carried out even if the report can't be printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from ant_cli.apply import drawing, plan_data
from ant_cli.apply.execution import Execution, Journal, StepOutcome
from ant_cli.apply.lockfile import shown_path
from ant_cli.apply.plan import Known, Plan
from ant_cli.apply.server import Workers
from ant_cli.commands.results import print_report, wants_structured
from ant_cli.errors import OutputError
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime


def carry_out(plan: Plan, known: Known, journal: Journal, workers: Workers, runtime: Runtime, flags: Flags) -> None:
    """Carry out a plan, and report: a line for each step, or data at the end.

    Raises:
        AntError: the first failure of a step.
        OutputError: if the lock file can't be written; or the report, after all steps.

    """
    lock, is_data = known.lock, wants_structured(flags)
    if known.moved:
        lock.save()
    width, paint = drawing.name_width(plan.changing), drawing.paint_for(runtime)
    report = _Report(runtime, has_lines=bool(plan.changing) and not is_data)

    def add(outcome: StepOutcome) -> None:
        if outcome.result != "recorded" or outcome.step.moved_from:
            report.print_line(drawing.draw_outcome(outcome, width, paint))

    report.print_line(f"\nApply  {shown_path(lock.path)}")
    execution = Execution(lock, journal, add)
    try:
        outcomes = execution.run(plan.steps, workers)
    except (KeyboardInterrupt, OutputError):
        outcomes = execution.outcomes(plan.pending)
        _say_failures(outcomes, outcomes, runtime)
        raise
    if is_data:
        data = plan_data.result_data(plan, known, outcomes)
        report.print(lambda: print_report(runtime, flags, "", data))
    elif any(outcome.result not in ("failed", "not started") for outcome in outcomes):
        report.print_line(f"State written to {shown_path(lock.path)}")
    first = next((outcome for outcome in outcomes if outcome.error), None)
    if first is not None and first.error is not None:
        _say_failures([outcome for outcome in outcomes if outcome is not first], outcomes, runtime)
        raise first.error
    if isinstance(report.failure, OutputError):
        raise report.failure.with_hints("All steps were carried out and recorded anyway.")


class _Report:
    """Prints the steps on stdout.

    A run that changes the server must not stop halfway because nobody reads its report any more, as in `| grep -q`,
    or it can't be written. After the first part that is lost, nothing more is printed.
    """

    def __init__(self, runtime: Runtime, *, has_lines: bool) -> None:
        self._runtime = runtime
        self._has_lines = has_lines
        self.failure: OutputError | BrokenPipeError | None = None

    def print_line(self, line: str) -> None:
        """Print a line for people, if the report has any."""
        if self._has_lines:
            text = self._runtime.stderr.redact(line) + "\n"
            self.print(lambda: self._runtime.stdout.write(text.encode(), escape=False))

    def print(self, write: Callable[[], None]) -> None:
        """Print a part of the report."""
        if self.failure is None:
            try:
                write()
            except (BrokenPipeError, OutputError) as error:
                self.failure = error


def _say_failures(shown: Sequence[StepOutcome], outcomes: Sequence[StepOutcome], runtime: Runtime) -> None:
    """Print the failures to show, and a summary of all outcomes."""
    for outcome in shown:
        if outcome.error:
            text = outcome.error.report(on_terminal=runtime.stderr.is_terminal)
            runtime.stderr.say(f"{outcome.step.key}: {text}")
        elif outcome.result == "not recorded":
            runtime.stderr.say(f"{outcome.step.key}: {outcome.id} is not in the lock file.")
    counts = Counter(outcome.result for outcome in outcomes)
    failed, left, lost = counts["failed"], counts["not started"], counts["not recorded"]
    done = f"{len(outcomes) - failed - left - lost} done and recorded, "
    done += f"{lost} done but not recorded, " if lost else ""
    hint = " Run it again to continue." if left or failed or lost else ""
    runtime.stderr.say(f"{done}{failed} failed, {left} not started.{hint}")
