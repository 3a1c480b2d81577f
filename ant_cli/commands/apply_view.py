"""What a run of `ant apply` shows before it changes anything: the plan, and notes about what is outside of it."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from ant_cli.apply import drawing, plan_data
from ant_cli.apply.discovery import Loaded, as_sentence
from ant_cli.apply.plan import Known, Plan, adding_command
from ant_cli.apply.redacted_plan import redact_plan
from ant_cli.apply.scope import Scope, changes_elsewhere
from ant_cli.commands import print_report, wants_structured
from ant_cli.errors.command_line import command_line
from ant_cli.input.validation import first_mistakes
from ant_cli.operations.formats import BY_NAME
from ant_cli.operations.spec import Flags
from ant_cli.output.style import style_of
from ant_cli.runtime import Runtime
from ant_cli.runtime.confirmation import can_ask


class View(NamedTuple):
    """How a run shows what it does, and whether it asks a person about it."""

    runtime: Runtime
    flags: Flags
    """The global flags."""
    yes: bool = False
    verbose: bool = False

    @property
    def asks(self) -> bool:
        """Whether a person is asked about what the flags leave open."""
        return not self.yes and can_ask(self.runtime)

    @property
    def is_markdown(self) -> bool:
        """Whether the plan is printed as text for GitHub."""
        return BY_NAME[self.flags.get("format", "auto")].draws_plan


def print_plan(plan: Plan, known: Known, view: View) -> None:
    """Print the plan. If the reader of stdout has left, the run continues."""
    with suppress(BrokenPipeError):
        if wants_structured(view.flags) and not view.is_markdown:
            data = plan_data.plan_data(plan, known, "plan")
            print_report(view.runtime, view.flags, "", data)
        else:
            text = _plan_text(plan, known, view)
            view.runtime.stdout.write(f"{text}\n".encode(), escape=False)


def _plan_text(plan: Plan, known: Known, view: View) -> str:
    shown = redact_plan(plan, known, view.runtime.redactor.redact)
    if view.is_markdown:
        return drawing.plan_markdown(shown, verbose=view.verbose)
    paint = style_of(view.runtime.stdout, view.runtime).paint
    with_fields = view.verbose or not view.asks
    return drawing.draw_plan(shown, paint, verbose=view.verbose, with_fields=with_fields)


def say_notes(plan: Plan, known: Known, loaded: Loaded, scope: Scope, runtime: Runtime) -> None:
    """Print notes about things outside the plan, on stderr."""
    _say_lost_and_new(plan, known, scope, runtime)
    _say_elsewhere(plan, scope, runtime)
    for lock_path in loaded.other_locks:
        runtime.say(f"Warning: {lock_path.parent} is left out, because it has its own lock file.")
    if not (plan.steps or plan.lost or loaded.warnings or loaded.foreign):
        runtime.say(
            f"Note: no file of an environment was found; `{command_line('help fields')}` shows one."
        )
    say_notes_about_files(loaded, runtime)


def _say_lost_and_new(plan: Plan, known: Known, scope: Scope, runtime: Runtime) -> None:
    for key in plan.lost:
        runtime.say(
            f"Warning: {key} is in the lock file, but its file is gone. Restore it, or name the file that replaces "
            f"it. To archive its environment: {adding_command(known, '--prune')}"
        )
    if scope.paths:  # the user has chosen the files
        return
    for key in plan.new:
        runtime.say(f"Note: {key} is not tracked; to add it: {adding_command(known)}")


def _say_elsewhere(plan: Plan, scope: Scope, runtime: Runtime) -> None:
    """Note changes of files in the lock file that the user may not have in mind."""
    if not scope.paths or scope.options.only:
        return
    number = changes_elsewhere(plan, scope)
    if number == 0:
        return
    way = "." if scope.options.prune else "; to leave them out: --only"  # which excludes --prune
    runtime.say(f"Note: tracked files that no path names have {number} of the changes{way}")


def say_notes_about_files(loaded: Loaded, runtime: Runtime) -> None:
    """Print the warnings about files, and how many of other kinds were left alone."""
    for warning in first_mistakes(loaded.warnings, "and more"):
        runtime.say(f"Warning: {as_sentence(warning)}")
    if loaded.foreign:
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(loaded.foreign.items()))
        runtime.hint(
            f"Note: this tool manages environments only; files of other kinds were left alone ({kinds})."
        )
