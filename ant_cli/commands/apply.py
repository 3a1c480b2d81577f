"""`ant apply` and `ant diff`: environments as code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from ant_cli.apply import drawing, plan_data, server
from ant_cli.apply.discovery import Loaded, as_sentence, expand
from ant_cli.apply.execution import Execution, Journal, holding
from ant_cli.apply.lockfile import (
    LockFile,
    default_lock_path,
    find_lock_path,
    read_lock,
    shown_path,
)
from ant_cli.apply.plan import Known, Options, Plan, Step, adding_command, make_plan
from ant_cli.apply.scope import Files, Scope, changes_elsewhere, read_files
from ant_cli.commands import print_report, wants_structured
from ant_cli.errors import EXIT_CODES, AntError, OutputError, UsageError, exclude_each_other
from ant_cli.input.validation import first_mistakes
from ant_cli.operations.spec import Flags
from ant_cli.output.api_error import say_failure
from ant_cli.output.progress import Progress
from ant_cli.output.style import style_of
from ant_cli.run.sending import target_flags
from ant_cli.runtime import Runtime
from ant_cli.runtime.confirmation import ask, can_ask, is_yes
from ant_cli.runtime.shell import quote
from ant_cli.settings.loading import error_output

_PENDING = 2
"""The exit code that says that there are changes, if `--exit-code` asks for it."""


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
        return self.flags.get("format") == "markdown"


def apply(
    runtime: Runtime,
    flags: Flags,
    *,
    parallel: int,
    path: Sequence[str] = (),
    lock_file: str | None = None,
    strict: bool = False,
    yes: bool = False,
    verbose: bool = False,
    dry_run: bool = False,
    exit_code: bool = False,
    save_plan: str | None = None,
    plan: str | None = None,
    validate: bool = False,
    upgrade: bool = False,  # noqa: ARG001 - for scripts of the official tool, where it concerns skills
    force: bool = False,
    prune: bool = False,
    adopt: bool = False,
    delete_archived: bool = False,
    only: bool = False,
    allow_origin_change: bool = False,
) -> None:
    """Create and update the environments on the server to match the files."""
    lock_path = find_lock_path(lock_file, Path.cwd(), tuple(expand(path)))
    options = Options(force, prune, adopt, delete_archived, only, allow_origin_change)
    scope = Scope(tuple(path), lock_path, options, strict)
    view = View(runtime, flags, yes, verbose)
    about_plans = {
        "--exit-code": exit_code,
        "--save-plan": save_plan,
        "--format markdown": view.is_markdown,
    }
    for flag, is_given in about_plans.items():
        if is_given and not dry_run:
            raise UsageError(f"{flag} needs --dry-run.", "Or use: ant diff")
    _check_flags(scope, view)
    if plan is not None:
        if any((*options, *path, dry_run, validate, strict, lock_file)):
            raise UsageError(
                "--plan takes everything from the plan.", "Leave out paths and other flags."
            )
        saved = plan_data.read_plan(plan)
        scope = Scope(saved.paths, find_lock_path(saved.lock_file, Path.cwd()), saved.options)
        _apply(scope, view._replace(yes=True), parallel, saved)
    elif validate:
        number = _validate(scope, runtime)
        runtime.say(f"{number} {'file is' if number == 1 else 'files are'} valid.")
    elif dry_run:
        _preview(scope, view, parallel, save_plan, sets_exit_code=exit_code)
    else:
        _apply(scope, view, parallel)


def diff(runtime: Runtime, flags: Flags, *, path: Sequence[str] = (), **given: Any) -> None:
    """Show what `ant apply` would change: a dry run without questions, whose exit code says whether it would."""
    apply(runtime, flags, path=path, yes=True, dry_run=True, exit_code=True, **given)


def _check_flags(scope: Scope, view: View) -> None:
    """Reject flags that mean nothing together."""
    if view.is_markdown and "transform" in view.flags:
        raise UsageError("--format markdown can't be combined with --transform.")
    if scope.options.only and not scope.paths:
        raise UsageError(
            "--only needs a path.", "To apply everything in the lock file, leave it out."
        )
    if scope.options.only and scope.options.prune:
        raise UsageError(
            "--only and --prune can't be combined: what to archive depends on all files."
        )


def _validate(scope: Scope, runtime: Runtime) -> int:
    """Check the files, including those in folders with their own lock file. Return how many are valid."""
    loaded = read_files(scope, read_lock(scope.lock_path), runtime, asks=False).loaded
    _note_files(loaded, runtime)
    others = (
        scope._replace(paths=(str(path.parent),), lock_path=path) for path in loaded.other_locks
    )
    return len(loaded.declarations) + sum(_validate(other, runtime) for other in others)


def _preview(
    scope: Scope, view: View, parallel: int, save_plan: str | None, *, sets_exit_code: bool
) -> None:
    """Show and save the plan. If the exit code shows whether there are changes, raise AntError if there are any."""
    is_shown = save_plan is None or _leaves_stdout(save_plan, scope, view)
    lock = read_lock(scope.lock_path)
    files = read_files(scope, lock, view.runtime, asks=view.asks)
    with server.connected(view.flags, view.runtime, parallel) as connection:
        known = _look_up(files, lock, connection, view)
    plan = make_plan(known)
    if is_shown:
        _show_plan(plan, known, view)
    _note(plan, known, files.loaded, scope, view.runtime)
    if save_plan is not None:
        plan_data.save_plan(save_plan, plan, known, files.scope.paths, view.runtime)
    if sets_exit_code:
        _check_unblocked(plan, is_shown=is_shown)
        if plan.changing:
            # a result, not a failure: the plan has been printed
            raise AntError("").with_exit_code(_PENDING)


def _leaves_stdout(save_plan: str, scope: Scope, view: View) -> bool:
    """Whether stdout is free for the plan as people read it. Rejects a file that a plan must not replace."""
    destination = plan_data.choose_destination(save_plan, scope.lock_path)
    if not plan_data.is_stdout(destination):
        return True
    if "format" in view.flags:
        raise exclude_each_other("--save-plan to standard output", "--format")
    return False


def _apply(
    scope: Scope, view: View, parallel: int, saved: plan_data.SavedPlan | None = None
) -> None:
    """Show the plan, ask, and carry it out, while holding the lock of the lock file.

    A saved plan was reviewed before: it is carried out as it is, or rejected.
    """
    with holding(scope.lock_path, view.runtime) as journal:
        lock = read_lock(scope.lock_path)
        files = read_files(scope, lock, view.runtime, asks=view.asks)
        with server.connected(view.flags, view.runtime, parallel) as connection:
            known = _look_up(files, lock, connection, view)._replace(
                interrupted=journal.interrupted
            )
            plan, is_shown = make_plan(known), False
            if saved:
                plan_data.check_unchanged(saved, plan, known.origin)
            else:
                plan = _unblocked(plan, known, view)
                # then the results are the only document
                is_shown = not (view.yes and wants_structured(view.flags))
                if is_shown:
                    _show_plan(plan, known, view)
                _note(plan, known, files.loaded, scope, view.runtime)
            _check_unblocked(plan, is_shown=is_shown)
            if view.yes or not plan.changing or _confirmed(plan, known, view):
                _carry_out(plan, known, journal, connection, view)
            else:
                view.runtime.say("Aborted.")


# Reading


def _look_up(files: Files, lock: LockFile, connection: server.Connection, view: View) -> Known:
    loaded = files.loaded
    if loaded.other_locks and not (loaded.declarations or loaded.foreign):
        folder = shown_path(loaded.other_locks[0].parent)
        raise UsageError(
            "every folder with files has its own lock file.", f"Name one, such as {folder}"
        )
    is_default = default_lock_path(Path.cwd()) == lock.path
    lock_flag = "" if is_default else f" --lock-file {quote(shown_path(lock.path))}"
    with Progress(view.runtime).waiting_for(f"{len(loaded.declarations)} environments"):
        known = server.look_up(
            connection, lock, loaded.declarations, files.scope.options, files.untracked
        )
    return known._replace(new=files.new, target_flags=lock_flag + target_flags(view.flags))


def _check_unblocked(plan: Plan, *, is_shown: bool) -> None:
    """Reject a blocked plan. The reasons are repeated only if the plan was not shown."""
    if plan.blocked:
        reasons = [f"\n  {step.key}: {step.blocked}" for step in plan.blocked]
        end = "; the plan says why." if is_shown else ":" + "".join(reasons)
        raise AntError(f"refusing to apply: {len(reasons)} blocked{end}")


# The plan


_UNBLOCKING = {
    "adopt": "Manage these existing environments by the files?",
    "delete_archived": "Delete these archived environments permanently, so that new ones can have their names?",
}
"""The options that unblock a plan, with the questions for them."""


def _unblocked(plan: Plan, known: Known, view: View) -> Plan:
    """Return the plan, after asking whether it may adopt or delete environments that have the names of new ones."""
    options, runtime = known.options, view.runtime
    for option, question in _UNBLOCKING.items() if view.asks else ():
        blocked = [step for step in plan.blocked if step.unblocked_by == option]
        for step in blocked:
            runtime.say(f"  {step.key}: {step.deletes or step.id} has the name {step.name!r}")
        if blocked and is_yes(ask(f"{question} (y)es / (n)o", runtime)):
            options = options._replace(**{option: True})
    return plan if options == known.options else make_plan(known._replace(options=options))


def _show_plan(plan: Plan, known: Known, view: View) -> None:
    """Print the plan. If the reader of stdout has left, the run continues."""
    with suppress(BrokenPipeError):
        runtime, redact = view.runtime, view.runtime.redactor.redact
        if view.is_markdown:
            text = drawing.plan_markdown(plan, known, redact, verbose=view.verbose)
        elif wants_structured(view.flags):
            print_report(runtime, view.flags, "", plan_data.plan_data(plan, known, "plan"))
            return
        else:
            with_fields = view.verbose or not view.asks
            style, target = (
                style_of(runtime.stdout, runtime),
                drawing.draw_target(known.origin, known.profile),
            )
            text = drawing.draw_plan(
                plan, known.lock, style.paint, verbose=view.verbose, with_fields=with_fields
            )
            text = redact(f"Target  {target}\n\n{text}")
        runtime.stdout.write((text + "\n").encode(), escape=False)


def _confirmed(plan: Plan, known: Known, view: View) -> bool:
    """Ask whether to apply. If nobody can be asked, refuse, as the official tool does.

    Commands for single objects proceed in that case: see `confirm` in `runtime/`.

    Raises:
        AntError: if nobody can be asked.

    """
    if not view.asks:
        problem = "cannot ask for confirmation without a terminal"
        raise AntError(f"{problem}; re-run with --yes to apply, or --dry-run to see the plan only.")
    target = drawing.draw_target(known.origin, known.profile)
    while True:
        view.runtime.say(f"These changes are for {target}.")
        reply = ask("Apply them? (y)es / (n)o / (d)etails", view.runtime)
        if reply not in ("d", "details"):
            return is_yes(reply)
        _show_plan(plan, known, View(view.runtime, Flags(), verbose=True))


def _note(plan: Plan, known: Known, loaded: Loaded, scope: Scope, runtime: Runtime) -> None:
    """Print notes about things outside the plan, on stderr."""
    for key in plan.lost:
        runtime.say(
            f"Warning: {key} is in the lock file, but its file is gone. Restore it, or name the file that replaces "
            f"it. To archive its environment: {adding_command(known, '--prune')}"
        )
    for key in () if scope.paths else plan.new:
        runtime.say(f"Note: {key} is not tracked; to add it: {adding_command(known)}")
    if scope.paths and not scope.options.only and (number := changes_elsewhere(plan, scope)):
        # not possible with --prune
        without = "." if scope.options.prune else "; to leave them out: --only"
        runtime.say(f"Note: tracked files that no path names have {number} of the changes{without}")
    for lock_path in loaded.other_locks:
        runtime.say(f"Warning: {lock_path.parent} is left out, because it has its own lock file.")
    if not (plan.steps or plan.lost or loaded.warnings or loaded.foreign or loaded.other_locks):
        runtime.say("Note: no file of an environment was found; `ant help fields` shows one.")
    _note_files(loaded, runtime)


def _note_files(loaded: Loaded, runtime: Runtime) -> None:
    for warning in first_mistakes(loaded.warnings, "and more"):
        runtime.say(f"Warning: {as_sentence(warning)}")
    if loaded.foreign:
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(loaded.foreign.items()))
        runtime.hint(
            f"Note: this tool manages environments only; files of other kinds were left alone ({kinds})."
        )


# After the plan


def _carry_out(
    plan: Plan, known: Known, journal: Journal, connection: server.Connection, view: View
) -> None:
    """Carry out a plan, and report: a line for each step, or data at the end.

    The steps are carried out even if the report can't be printed.

    Raises:
        AntError: the first failure of a step.
        OutputError: if the lock file can't be written; or the report, after all steps.

    """
    runtime, lock = view.runtime, known.lock
    if known.options.allow_origin_change:
        lock.save()
    report = _Report(plan, view)
    report.print_line(f"\nApply  {shown_path(lock.path)}")
    execution = Execution(plan.steps, lock, journal, report.print_result)
    try:
        execution.run(connection)
    except (KeyboardInterrupt, OutputError):
        runtime.say(_say_failures(execution.steps, view))
        raise
    steps = execution.steps
    if execution.lock is not lock:
        report.print_line(f"State written to {shown_path(lock.path)}")
    report.print_data(plan_data.plan_data(plan._replace(steps=steps), known, "apply_result"))
    error = next((step.error for step in steps if step.error), None)
    if error or any(step.blocked for step in steps):
        summary = AntError(_say_failures(steps, view))
        raise summary.with_exit_code(error.exit_code) if error else summary
    if isinstance(report.failure, OutputError):
        raise report.failure.with_hints("All steps were carried out and recorded anyway.")


class _Report:
    """The report on stdout: lines for people, or data.

    A run that changes the server must not stop halfway because its report can't be written, or nobody reads it any
    more, as in `| grep -q`. After the first failure, nothing more is printed.
    """

    def __init__(self, plan: Plan, view: View) -> None:
        self._view = view
        self._is_data = wants_structured(view.flags)
        self._has_lines = bool(plan.changing) and not self._is_data
        self._width = drawing.name_width(plan.changing)
        self._paint = style_of(view.runtime.stdout, view.runtime).paint
        self.failure: OutputError | BrokenPipeError | None = None

    def print_line(self, line: str) -> None:
        if self._has_lines:
            text = self._view.runtime.redactor.redact(line) + "\n"
            self._print(lambda: self._view.runtime.stdout.write(text.encode(), escape=False))

    def print_result(self, step: Step) -> None:
        if step.result != "recorded" or step.moved_from:
            self.print_line(drawing.draw_result(step, self._width, self._paint))

    def print_data(self, data: dict[str, Any]) -> None:
        if self._is_data:
            self._print(lambda: print_report(self._view.runtime, self._view.flags, "", data))

    def _print(self, write: Callable[[], None]) -> None:
        if self.failure is None:
            try:
                write()
            except (BrokenPipeError, OutputError) as error:
                self.failure = error


def _say_failures(steps: Sequence[Step], view: View) -> str:
    """Print the failures, one line for each in a log, and return a summary of all results."""
    runtime, may_pass = view.runtime, not any(step.error for step in steps)
    for step in steps:
        if step.error:
            may_pass |= step.error.may_pass or step.error.exit_code == EXIT_CODES[409]
            say_failure(step.key, step.error, error_output(view.flags), runtime)
        elif step.blocked:
            runtime.say(f"{step.key}: {step.blocked}.")
        elif step.result == "not recorded":
            missing = step.id if step.action in ("create", "adopt") else "its change"
            runtime.say(f"{step.key}: {missing} is not in the lock file.")
    counts = Counter(step.result for step in steps)
    failed, left, lost, blocked = (
        counts[name] for name in ("failed", "not started", "not recorded", "blocked")
    )
    done = (
        f"{len(steps) - counts['unchanged'] - failed - left - lost - blocked} done and recorded, "
    )
    done += f"{lost} done but not recorded, " if lost else ""
    done += f"{blocked} blocked, " if blocked else ""
    hint = " Run it again to continue." if lost or (may_pass and (left or failed)) else ""
    return f"{done}{failed} failed, {left} not started.{hint}"
