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
    """Carry out a plan, and report.

    Raises:
        AntError: the first failure of a step.
        OutputError: if the lock file can't be written; or the report, after all steps.

    """
    lock = known.lock
    if known.moved:
        lock.save()
    report = _StepReport(plan, known, runtime, flags)
    report.begin(shown_path(lock.path))
    execution = Execution(lock, journal, report.add)
    try:
        outcomes = execution.run(plan.steps, workers)
    except (KeyboardInterrupt, OutputError):
        outcomes = execution.outcomes(plan.pending)
        _say_failures(outcomes, outcomes, runtime)
        raise
    report.end(outcomes)
    first = next((outcome for outcome in outcomes if outcome.error), None)
    if first is not None and first.error is not None:
        _say_failures([outcome for outcome in outcomes if outcome is not first], outcomes, runtime)
        raise first.error
    report.raise_error()


class _StepReport:
    """Prints the steps on stdout: lines while they are carried out, or data at the end.

    A run that changes the server must not stop halfway because nobody reads its report any more, as in `| grep -q`,
    or it can't be written. After the first part that is lost, nothing more is printed.
    """

    def __init__(self, plan: Plan, known: Known, runtime: Runtime, flags: Flags) -> None:
        self._plan = plan
        self._known = known
        self._runtime = runtime
        self._flags = flags
        self._is_data = wants_structured(flags)
        self._width = drawing.name_width(plan.changing)
        self._paint = drawing.paint_for(runtime)
        self._failure: OutputError | BrokenPipeError | None = None

    def begin(self, lock_file: str) -> None:
        """Print the name of the file in which the steps are recorded."""
        self._print_line(f"\nApply  {lock_file}")

    def add(self, outcome: StepOutcome) -> None:
        """Print what became of a step."""
        if outcome.result != "recorded" or outcome.step.moved_from:
            self._print_line(drawing.draw_outcome(outcome, self._width, self._paint))

    def end(self, outcomes: Sequence[StepOutcome]) -> None:
        """Print where the steps were recorded, or the whole result as data."""
        if self._is_data:
            data = plan_data.result_data(self._plan, self._known, outcomes)
            self._print(lambda: print_report(self._runtime, self._flags, "", data))
        elif any(outcome.result not in ("failed", "not started") for outcome in outcomes):
            self._print_line(f"State written to {shown_path(self._known.lock.path)}")

    def raise_error(self) -> None:
        """Raise OutputError if the report could not be written. That nobody reads it is not an error."""
        if isinstance(self._failure, OutputError):
            raise self._failure.with_hints("All steps were carried out and recorded anyway.")

    def _print_line(self, line: str) -> None:
        if not self._is_data and self._plan.changing:
            text = self._runtime.stderr.redact(line) + "\n"
            self._print(lambda: self._runtime.stdout.write(text.encode(), escape=False))

    def _print(self, write: Callable[[], None]) -> None:
        if self._failure is None:
            try:
                write()
            except (BrokenPipeError, OutputError) as error:
                self._failure = error


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
