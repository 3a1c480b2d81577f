"""`ant apply` and `ant diff`: environments as code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

from ant_cli.apply import drawing, plan_data, server
from ant_cli.apply.discovery import Loaded, as_sentence, expand, load
from ant_cli.apply.execution import Execution, Journal, holding
from ant_cli.apply.lockfile import LockFile, default_lock_path, find_lock_path, read_lock, shown_path
from ant_cli.apply.plan import Known, Options, Plan, Step, ids_to_read, make_plan, needs_names
from ant_cli.apply.validation import first_of
from ant_cli.commands.results import print_report, wants_structured
from ant_cli.errors import AntError, OutputError, UsageError
from ant_cli.operations.spec import Flags
from ant_cli.output.api_error import with_body
from ant_cli.output.progress import Progress
from ant_cli.run.hints import target_flags
from ant_cli.runtime import Runtime
from ant_cli.runtime.confirmation import ask, can_ask, is_yes
from ant_cli.runtime.light_typing import Any, NamedTuple
from ant_cli.runtime.shell import quote
from ant_cli.settings.loading import output_settings

_PENDING = 2
"""The exit code that says that there are changes, if `--exit-code` asks for it."""


_PASSING = (6, 7, 8)
"""The exit codes of failures after which the same run may succeed."""


class Job(NamedTuple):
    """One run: its flags, which the rows of `ant apply` and `ant diff` describe, and what follows from them."""

    runtime: Runtime
    global_flags: Flags
    path: tuple[str, ...]
    lock_path: Path
    parallel: int
    options: Options
    yes: bool = False
    dry_run: bool = False
    lock_file: str | None = None
    verbose: bool = False
    exit_code: bool = False
    save_plan: str | None = None
    plan: str | None = None
    validate: bool = False
    strict: bool = False
    upgrade: bool = False
    """Accepted for scripts of the official tool, where it concerns skills."""
    markdown: bool = False
    """`--format markdown`, which is then not in the global flags."""

    @property
    def asks(self) -> bool:
        """Whether a person is asked about what the flags leave open."""
        return not self.yes and can_ask(self.runtime)


def apply(runtime: Runtime, flags: Flags, *, path: Sequence[str] = (), **given: Any) -> None:
    """Create and update the environments on the server to match the files."""
    lock_path = find_lock_path(given.get("lock_file"), Path.cwd(), tuple(expand(path)))
    options = Options(**{name: given.pop(name) for name in given.keys() & set(Options._fields)})
    job = Job(runtime, flags, tuple(path), lock_path, options=options, **given)
    if flags.get("format") == "markdown":
        job = job._replace(global_flags=flags.only(flags.keys() - {"format"}), markdown=True)
    _check_flags(job)
    if job.validate:
        number = _validate(job)
        runtime.stderr.say(f"{number} {'file is' if number == 1 else 'files are'} valid.")
    elif job.plan is not None:
        saved = plan_data.read_plan(job.plan)
        lock_path = find_lock_path(saved.lock_file, Path.cwd())
        _run(job._replace(path=saved.paths, lock_path=lock_path, yes=True, options=saved.options), saved)
    else:
        _run(job)


def diff(runtime: Runtime, flags: Flags, *, path: Sequence[str] = (), **given: Any) -> None:
    """Show what `ant apply` would change: a dry run without questions, whose exit code says whether it would."""
    apply(runtime, flags, path=path, yes=True, dry_run=True, exit_code=True, **given)


def _check_flags(job: Job) -> None:
    """Reject flags that mean nothing together."""
    about_plans = {"--exit-code": job.exit_code, "--save-plan": job.save_plan, "--format markdown": job.markdown}
    for flag, is_given in about_plans.items():
        if is_given and not job.dry_run:
            raise UsageError(f"{flag} needs --dry-run.", "Or use: ant diff")
    if job.markdown and "transform" in job.global_flags:
        raise UsageError("--format markdown can't be combined with --transform.")
    if job.options.only and not job.path:
        raise UsageError("--only needs a path.", "To apply everything in the lock file, leave it out.")
    if job.options.only and job.options.prune:
        raise UsageError("--only and --prune can't be combined: all files count for what is archived.")
    others = (job.path, job.dry_run, job.validate, job.strict, job.lock_file)
    if job.plan is not None and (any(job.options) or any(others)):
        raise UsageError("--plan takes everything from the plan.", "Leave out paths and other flags.")


def _validate(job: Job) -> int:
    """Check the files, also those in folders with a lock file of their own. Return how many are valid."""
    loaded = _load(job, read_lock(job.lock_path))
    _note_files(loaded, job.runtime)
    others = (job._replace(path=(str(path.parent),), lock_path=path) for path in loaded.other_locks)
    return len(loaded.declarations) + sum(map(_validate, others))


def _run(job: Job, saved: plan_data.SavedPlan | None = None) -> None:
    """Show the plan. Unless it is a dry run, ask, and carry it out while holding the lock of the lock file.

    A saved plan was reviewed before: it is carried out as it is, or rejected.

    Raises:
        AntError: if the plan is blocked, and would be carried out or the exit code has to show that; without a
            message, if there are changes and the exit code has to show that.
        UsageError: if a file has mistakes.

    """
    with nullcontext() if job.dry_run else holding(job.lock_path, job.runtime) as journal:
        lock = read_lock(job.lock_path)
        job = _with_untracked(job, lock)
        loaded = _load(job, lock)
        with server.connected(job.global_flags, job.runtime, job.parallel) as workers:
            known = _look_up(lock, loaded, workers, job, journal)
            plan = make_plan(known)
            if saved:
                plan_data.check_unchanged(saved, plan, known.origin)
            else:
                asks = journal is not None and job.asks
                plan = _unblocked(plan, known, job.runtime) if asks else plan
                if job.dry_run or not (job.yes and wants_structured(job.global_flags)):
                    _show_plan(plan, known, job, with_fields=job.verbose or not asks)
                _note(plan, loaded, job.runtime)
            if job.save_plan is not None:
                plan_data.save_plan(job.save_plan, plan, known, job.path, job.runtime.stderr.redact)
            if plan.blocked and (job.exit_code or not job.dry_run):
                lines = [f"  {step.key}: {step.blocked}" for step in plan.blocked]
                raise AntError("\n".join(["refusing to apply. This plan cannot be applied:", *lines]))
            if journal and plan.changing and not (job.yes or _confirmed(plan, known, job)):
                job.runtime.stderr.say("Aborted.")
            elif journal:
                _carry_out(plan, known, journal, workers, job)
    if job.exit_code and plan.changing:
        raise AntError("").with_exit_code(_PENDING)  # a result, not a failure: the plan has been printed


# Before the plan


def _with_untracked(job: Job, lock: LockFile) -> Job:
    """Return the job; without paths, with those of the new files that the user chooses to add."""
    if job.path or not job.asks:
        return job
    try:
        found = load([shown_path(lock.path.parent)], lock.path).declarations
    except UsageError as error:
        _load(job, lock)  # first, the mistakes in tracked files
        job.runtime.stderr.say(f"Note: new files are not offered. {error.message}")
        return job
    declarations = [declaration for key, declaration in found.items() if key not in lock.entries]
    for declaration in declarations:
        job.runtime.stderr.say(f"  {declaration.key} is not tracked yet")
    what = "it" if len(declarations) == 1 else f"these {len(declarations)}"
    if not (declarations and is_yes(ask(f"Add {what} to this apply? (y)es / (n)o", job.runtime))):
        return job
    return job._replace(path=tuple(str(declaration.path) for declaration in declarations))


def _load(job: Job, lock: LockFile) -> Loaded:
    """Read the files of a run: the named ones, and unless these are the only ones, those in the lock file."""
    if not (job.path or lock.exists):
        raise UsageError(
            f"there is no {lock.path.name} here, nor above, and no file was named.",
            f"Name files or folders: ant {'diff' if job.dry_run else 'apply'} .",
        )
    tracked = [shown_path(lock.file_of(key)) for key in lock.tracked if lock.has_file(key)]
    return load([*job.path, *([] if job.options.only else tracked)], lock.path, strict=job.strict)


def _look_up(lock: LockFile, loaded: Loaded, workers: server.Workers, job: Job, journal: Journal | None) -> Known:
    """Fetch the server's objects for the entries of the lock file, and for new names those that have them.

    Raises:
        AntError: if the credentials are for another server or account than the lock file, and that may not change,
            or if a request fails.

    """
    if loaded.other_locks and not (loaded.declarations or loaded.foreign):
        folder = shown_path(loaded.other_locks[0].parent)
        raise UsageError("every folder with files has a lock file of its own.", f"Name one, such as {folder}")
    is_default = default_lock_path(Path.cwd()) == lock.path
    lock_flag = "" if is_default else f" --lock-file {quote(shown_path(lock.path))}"
    progress = Progress(job.runtime)
    with progress.waiting_for(f"{len(loaded.declarations)} environments"):
        origin = server.origin_of(workers)
        if not job.options.allow_origin_change:
            server.check_origin(lock, origin)
        if job.options.allow_origin_change or not lock.origin.base_url:
            lock = lock.with_origin(origin)
        ids = ids_to_read(lock, loaded.declarations)
        known = Known(
            lock,
            loaded.declarations,
            remotes=dict(zip(ids, workers.each(ids, server.retrieve), strict=True)),
            interrupted=journal.interrupted if journal else (),
            options=job.options,
            export_flags=lock_flag + target_flags(job.global_flags),
            origin=origin,
            profile=workers.profile,
        )
        if needs_names(known):
            names = {declaration.name for declaration in loaded.declarations.values()}
            known = known._replace(named=server.find_names(workers.client, names, archived=True))
    return known


# The plan


_UNBLOCKING = {
    "adopt": "Take over existing environments?",
    "delete_archived": "Delete these archived environments for good, so that new ones can have their names?",
}
"""The options that unblock a plan, with the questions for them."""


def _unblocked(plan: Plan, known: Known, runtime: Runtime) -> Plan:
    """Return the plan. The user may let it take over or delete environments that have the names."""
    options = known.options
    for option, question in _UNBLOCKING.items():
        blocked = [step for step in plan.blocked if step.unblocked_by == option]
        for step in blocked:
            runtime.stderr.say(f"  {step.key}: {step.deletes or step.id} has the name {step.name!r}")
        if blocked and is_yes(ask(f"{question} (y)es / (n)o", runtime)):
            options = options._replace(**{option: True})
    return plan if options == known.options else make_plan(known._replace(options=options))


def _show_plan(plan: Plan, known: Known, job: Job, *, with_fields: bool = True) -> None:
    """Print the plan. If nobody reads it to the end, the rest of the run and the exit code are the same."""
    with suppress(BrokenPipeError):
        redact = job.runtime.stderr.redact
        if wants_structured(job.global_flags):
            print_report(job.runtime, job.global_flags, "", plan_data.plan_data(plan, known, "plan"))
            return
        if job.markdown:
            text = drawing.plan_markdown(plan, known, redact, verbose=job.verbose)
        else:
            paint, target = drawing.paint_for(job.runtime), drawing.draw_target(known.origin, known.profile)
            text = drawing.draw_plan(plan, known.lock, paint, verbose=job.verbose, with_fields=with_fields)
            text = redact(f"Target  {target}\n\n{text}")
        job.runtime.stdout.write((text + "\n").encode(), escape=False)


def _confirmed(plan: Plan, known: Known, job: Job) -> bool:
    """Ask whether to apply. If nobody can be asked, refuse, as the official tool does.

    Commands for single objects proceed in that case: see `confirm` in `runtime/`.

    Raises:
        AntError: if nobody can be asked.

    """
    if not job.asks:
        problem = "cannot ask for confirmation without a terminal"
        raise AntError(f"{problem}; re-run with --yes to apply, or --dry-run to see the plan only.")
    target = job.runtime.stderr.redact(drawing.draw_target(known.origin, known.profile))
    while True:
        reply = ask(f"Apply these changes to {target}? (y)es / (n)o / (d)etails", job.runtime)
        if reply not in ("d", "details"):
            return is_yes(reply)
        _show_plan(plan, known, job._replace(verbose=True, global_flags=Flags()))


def _note(plan: Plan, loaded: Loaded, runtime: Runtime) -> None:
    """Print notes about things outside the plan, on stderr."""
    advice = "pass --prune to archive its environment, or restore the file to keep it tracked"
    for key in plan.lost:
        runtime.stderr.say(f"Warning: {key} is in the lock file, but its file is gone; {advice}.")
    for lock_path in loaded.other_locks:
        runtime.stderr.say(f"Warning: {lock_path.parent} is left out, because it has a lock file of its own.")
    if not (plan.steps or plan.lost or loaded.warnings or loaded.foreign or loaded.other_locks):
        runtime.stderr.say("Note: no file of an environment was found; `ant help fields` shows one.")
    _note_files(loaded, runtime)


def _note_files(loaded: Loaded, runtime: Runtime) -> None:
    for warning in first_of(loaded.warnings, "and more"):
        runtime.stderr.say(f"Warning: {as_sentence(warning)}")
    if loaded.foreign:
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(loaded.foreign.items()))
        runtime.hint(f"Note: this tool manages environments only; files of other kinds were left alone ({kinds}).")


# After the plan


def _carry_out(plan: Plan, known: Known, journal: Journal, workers: server.Workers, job: Job) -> None:
    """Carry out a plan, and report: a line for each step, or data at the end.

    The steps are carried out even if the report can't be printed.

    Raises:
        AntError: the first failure of a step.
        OutputError: if the lock file can't be written; or the report, after all steps.

    """
    runtime, flags = job.runtime, job.global_flags
    lock, is_data = known.lock, wants_structured(flags)
    if known.options.allow_origin_change:
        lock.save()
    width, paint = drawing.name_width(plan.changing), drawing.paint_for(runtime)
    report = _Report()

    def print_line(line: str) -> None:
        if plan.changing and not is_data:
            text = runtime.stderr.redact(line) + "\n"
            report.print(lambda: runtime.stdout.write(text.encode(), escape=False))

    def print_result(step: Step) -> None:
        if step.result != "recorded" or step.moved_from:
            print_line(drawing.draw_result(step, width, paint))

    print_line(f"\nApply  {shown_path(lock.path)}")
    execution = Execution(plan.steps, lock, journal, print_result)
    try:
        execution.run(workers)
    except (KeyboardInterrupt, OutputError):
        runtime.stderr.say(_say_failures(execution.steps, flags, runtime))
        raise
    steps = execution.steps
    if is_data:
        data = plan_data.plan_data(plan._replace(steps=steps), known, "apply_result")
        report.print(lambda: print_report(runtime, flags, "", data))
    elif any(step.result not in ("unchanged", "failed", "not started") for step in steps):
        print_line(f"State written to {shown_path(lock.path)}")
    error = next((step.error for step in steps if step.error), None)
    if error:
        raise AntError(_say_failures(steps, flags, runtime)).with_exit_code(error.exit_code)
    if isinstance(report.failure, OutputError):
        raise report.failure.with_hints("All steps were carried out and recorded anyway.")


class _Report:
    """The report on stdout.

    A run that changes the server must not stop halfway because nobody reads its report any more, as in `| grep -q`,
    or it can't be written. After the first part that is lost, nothing more is printed.
    """

    failure: OutputError | BrokenPipeError | None = None

    def print(self, write: Callable[[], None]) -> None:
        """Print a part of the report."""
        if self.failure is None:
            try:
                write()
            except (BrokenPipeError, OutputError) as error:
                self.failure = error


def _say_failures(steps: Sequence[Step], flags: Flags, runtime: Runtime) -> str:
    """Print the failures, one line for each in a log, and return a summary of all results."""
    may_pass = not any(step.error for step in steps)
    for step in steps:
        if step.error:
            error = with_body(step.error, output_settings(flags), runtime, brief=True)
            may_pass |= error.exit_code in _PASSING
            text = error.report(on_terminal=True) if runtime.stderr.is_terminal else error.line()
            runtime.stderr.say(f"{step.key}: {text}")
        elif step.result == "not recorded":
            missing = step.id if step.action in ("create", "adopt") else "its change"
            runtime.stderr.say(f"{step.key}: {missing} is not in the lock file.")
    counts = Counter(step.result for step in steps)
    failed, left, lost = counts["failed"], counts["not started"], counts["not recorded"]
    done = f"{len(steps) - counts['unchanged'] - failed - left - lost} done and recorded, "
    done += f"{lost} done but not recorded, " if lost else ""
    hint = " Run it again to continue." if lost or (may_pass and (left or failed)) else ""
    return f"{done}{failed} failed, {left} not started.{hint}"
