"""`ant apply` and `ant diff`: environments as code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ant_cli.apply import plan_data, server
from ant_cli.apply.discovery import expand
from ant_cli.apply.execution import Execution, Journal, holding
from ant_cli.apply.lockfile import (
    LockFile,
    default_lock_path,
    find_lock_path,
    read_lock,
    shown_path,
)
from ant_cli.apply.plan import Known, Options, Plan, Step, make_plan
from ant_cli.apply.redacted_plan import target_of
from ant_cli.apply.scope import Files, Scope, read_files
from ant_cli.commands import wants_structured
from ant_cli.commands.apply_report import Report, say_failures
from ant_cli.commands.apply_view import View, print_plan, say_notes, say_notes_about_files
from ant_cli.errors import AntError, ExitStatus, OutputError, UsageError, exclude_each_other
from ant_cli.errors.command_line import command_line, quote
from ant_cli.operations.spec import Flags
from ant_cli.output.progress import Progress
from ant_cli.run.sending import target_flags
from ant_cli.runtime import Runtime
from ant_cli.runtime.confirmation import ask, is_yes

_PENDING = 2
"""The exit code that says that there are changes, if `--exit-code` asks for it."""


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
            raise UsageError(f"{flag} needs --dry-run.", f"Or use: {command_line('diff')}")
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
        what = "file is" if number == 1 else "files are"
        runtime.say(f"{number} {what} valid.")
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
    say_notes_about_files(loaded, runtime)
    valid = len(loaded.declarations)
    for path in loaded.other_locks:
        other = scope._replace(paths=(str(path.parent),), lock_path=path)
        valid += _validate(other, runtime)
    return valid


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
        print_plan(plan, known, view)
    say_notes(plan, known, files.loaded, scope, view.runtime)
    if save_plan is not None:
        plan_data.save_plan(save_plan, plan, known, files.scope.paths, view.runtime)
    if sets_exit_code:
        _check_unblocked(plan, is_shown=is_shown)
        if plan.changing:
            raise ExitStatus(_PENDING)


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
                    print_plan(plan, known, view)
                say_notes(plan, known, files.loaded, scope, view.runtime)
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
    if not plan.blocked:
        return
    problem = f"refusing to apply: {len(plan.blocked)} blocked"
    if is_shown:
        raise AntError(f"{problem}; the plan says why.")
    reasons = [f"  {step.key}: {step.blocked}" for step in plan.blocked]
    raise AntError("\n".join([f"{problem}:", *reasons]))


# The plan


_UNBLOCKING = {
    "adopt": "Manage these existing environments by the files?",
    "delete_archived": "Delete these archived environments permanently, so that new ones can have their names?",
}
"""The options that unblock a plan, with the questions for them."""


def _unblocked(plan: Plan, known: Known, view: View) -> Plan:
    """Return the plan, after asking whether it may adopt or delete environments that have the names of new ones."""
    if not view.asks:
        return plan
    options = known.options
    for option, question in _UNBLOCKING.items():
        blocked = [step for step in plan.blocked if step.unblocked_by == option]
        if blocked and _may_unblock(blocked, question, view.runtime):
            options = options._replace(**{option: True})
    if options == known.options:
        return plan
    return make_plan(known._replace(options=options))


def _may_unblock(blocked: Sequence[Step], question: str, runtime: Runtime) -> bool:
    for step in blocked:
        identifier = step.deletes or step.id
        runtime.say(f"  {step.key}: {identifier} has the name {step.name!r}")
    return is_yes(ask(f"{question} (y)es / (n)o", runtime))


def _confirmed(plan: Plan, known: Known, view: View) -> bool:
    """Ask whether to apply. If nobody can be asked, refuse, as the official tool does.

    Commands for single objects proceed in that case: see `confirm` in `runtime/`.

    Raises:
        AntError: if nobody can be asked.

    """
    if not view.asks:
        problem = "cannot ask for confirmation without a terminal"
        raise AntError(f"{problem}; re-run with --yes to apply, or --dry-run to see the plan only.")
    while True:
        view.runtime.say(f"These changes are for {target_of(known)}.")
        reply = ask("Apply them? (y)es / (n)o / (d)etails", view.runtime)
        if reply not in ("d", "details"):
            return is_yes(reply)
        print_plan(plan, known, View(view.runtime, Flags(), verbose=True))


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
    report = Report(plan, view)
    report.print_line(f"\nApply  {shown_path(lock.path)}")
    execution = Execution(plan.steps, lock, journal, report.print_result)
    try:
        execution.run(connection)
    except (KeyboardInterrupt, OutputError):
        runtime.say(say_failures(execution.steps, view))
        raise
    steps = execution.steps
    if execution.lock is not lock:
        report.print_line(f"State written to {shown_path(lock.path)}")
    report.print_data(plan_data.plan_data(plan._replace(steps=steps), known, "apply_result"))
    errors = [step.error for step in steps if step.error]
    if errors:
        raise AntError(say_failures(steps, view)).with_exit_code(errors[0].exit_code)
    if any(step.blocked for step in steps):
        raise AntError(say_failures(steps, view))
    if isinstance(report.failure, OutputError):
        raise report.failure.with_hints("All steps were carried out and recorded anyway.")
