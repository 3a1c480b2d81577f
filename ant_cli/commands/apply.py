"""`ant apply` and `ant diff`: environments as code."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ant_cli.apply import drawing, plan_data
from ant_cli.apply.discovery import Loaded, as_sentence, expand
from ant_cli.apply.lockfile import LockFile, find_lock_path, read_lock
from ant_cli.apply.markdown import plan_markdown
from ant_cli.apply.plan import HintFlags, Options, Plan
from ant_cli.apply.preparation import Facts, load_files, look_up, plan_for, untracked
from ant_cli.apply.server import MOST_WORKERS, Workers
from ant_cli.apply.validation import MOST_MISTAKES
from ant_cli.commands.apply_steps import carry_out
from ant_cli.commands.lock_session import connected, holding
from ant_cli.commands.results import print_report, wants_structured
from ant_cli.errors import AntError, PendingChanges, UsageError
from ant_cli.operations.spec import Flags
from ant_cli.output.progress import Progress
from ant_cli.run.hints import target_flags
from ant_cli.runtime import Runtime
from ant_cli.runtime.confirmation import ask, can_ask, is_yes
from ant_cli.runtime.light_typing import NamedTuple
from ant_cli.runtime.shell import quote
from ant_cli.settings.loading import Settings
from ant_cli.settings.validators import check_whole_number

_NO_TERMINAL = (
    "cannot ask for confirmation without a terminal; re-run with --yes to apply, or --dry-run to see the plan only."
)


class Job(NamedTuple):
    """One run: which files, with which lock file, and how."""

    runtime: Runtime
    flags: Flags
    """The global flags."""
    paths: tuple[str, ...]
    lock_path: Path
    options: Options
    parallel: int
    yes: bool = False
    verbose: bool = False
    strict: bool = False
    markdown: bool = False


def apply(
    runtime: Runtime,
    flags: Flags,
    *,
    path: Sequence[str] = (),
    yes: bool = False,
    dry_run: bool = False,
    only: bool = False,
    force: bool = False,
    lock_file: str | None = None,
    prune: bool = False,
    adopt: bool = False,
    delete_archived: bool = False,
    verbose: bool = False,
    exit_code: bool = False,
    save_plan: str | None = None,
    plan: str | None = None,
    allow_origin_change: bool = False,
    parallel: str,
    validate: bool = False,
    strict: bool = False,
    upgrade: bool = False,  # noqa: ARG001 - accepted for scripts of the official tool, where it concerns skills
) -> None:
    """Create and update the environments on the server to match the files."""
    if (exit_code or save_plan) and not dry_run:
        raise UsageError(f"{'--exit-code' if exit_code else '--save-plan'} needs --dry-run.", "Or use: ant diff")
    with _failing_with_one(when=exit_code):
        markdown = _wants_markdown(flags)
        if markdown and not dry_run:
            raise UsageError("--format markdown needs --dry-run.", "Or use: ant diff")
        job = Job(
            runtime=runtime,
            flags=flags.only(flags.keys() - {"format"}) if markdown else flags,
            paths=tuple(path),
            lock_path=find_lock_path(lock_file, Path.cwd(), tuple(expand(path))),
            options=Options(force, prune, adopt, delete_archived, only, allow_origin_change),
            parallel=check_whole_number("--parallel", parallel, 1, MOST_WORKERS),
            yes=yes,
            verbose=verbose,
            strict=strict,
            markdown=markdown,
        )
        _check_only(job)
        if plan is not None and (path or any(job.options) or dry_run or validate or strict or lock_file):
            raise UsageError("--plan takes everything from the plan.", "Leave out paths and other flags.")
        if validate:
            number = _validate(job)
            runtime.stderr.say(f"{number} {'file is' if number == 1 else 'files are'} valid.")
        elif plan is not None:
            _apply_saved(plan, job)
        elif dry_run:
            _preview(_with_untracked(job), save_to=save_plan, exit_code=exit_code)
        else:
            _apply(job)


def diff(
    runtime: Runtime,
    flags: Flags,
    *,
    path: Sequence[str] = (),
    only: bool = False,
    lock_file: str | None = None,
    prune: bool = False,
    verbose: bool = False,
    parallel: str,
    strict: bool = False,
) -> None:
    """Show what `ant apply` would change: a dry run without questions, whose exit code says whether it would."""
    apply(
        runtime,
        flags,
        path=path,
        yes=True,
        dry_run=True,
        only=only,
        lock_file=lock_file,
        prune=prune,
        verbose=verbose,
        exit_code=True,
        parallel=parallel,
        strict=strict,
    )


def _wants_markdown(flags: Flags) -> bool:
    """Whether the plan is wanted as Markdown, which is no format for other results."""
    if (flags.text("format") or "").lower() != "markdown":
        return False
    if "transform" in flags:
        raise UsageError("--format markdown can't be combined with --transform.")
    return True


def _check_only(job: Job) -> None:
    if job.options.only and not job.paths:
        raise UsageError("--only needs a path.", "To apply everything in the lock file, leave it out.")
    if job.options.only and job.options.prune:
        raise UsageError("--only and --prune can't be combined: all files count for what is archived.")


@contextmanager
def _failing_with_one(*, when: bool) -> Iterator[None]:
    """Give errors about files the exit code 1, because 2 means that there are changes."""
    try:
        yield
    except UsageError as error:
        if not when:
            raise
        raise error.with_exit_code(AntError.exit_code) from None


# Without a change


def _validate(job: Job) -> int:
    """Check the files, also those in folders with a lock file of their own. Return how many are valid."""
    loaded = _load(job, read_lock(job.lock_path))
    loaded.raise_for_mistakes()
    _note_files(loaded, job.runtime)
    others = (job._replace(paths=(str(path.parent),), lock_path=path) for path in loaded.other_locks)
    return len(loaded.declarations) + sum(map(_validate, others))


def _preview(job: Job, *, save_to: str | None, exit_code: bool) -> None:
    """Show the plan. Raises PendingChanges if there are changes and the exit code has to show that."""
    lock = read_lock(job.lock_path)
    loaded = _load(job, lock)
    if save_to is not None:
        loaded.raise_for_mistakes()
    job = _without_prune(job, loaded)
    with connected(job.flags, job.runtime, job.parallel) as (workers, settings):
        facts = _look_up(lock, loaded, workers, settings, job)
        plan = plan_for(facts, job.options, workers)
    _show_plan(plan, facts, job)
    _note(plan, loaded, job.runtime)
    if save_to is not None:
        plan_data.save_plan(save_to, _saved(job, facts, plan), job.runtime.stderr.redact)
    if exit_code and plan.blocked:
        raise _blocked(plan)
    _check_that_all_are_used(loaded)
    if exit_code and plan.changing:
        raise PendingChanges


def _saved(job: Job, facts: Facts, plan: Plan) -> plan_data.SavedPlan:
    paths = tuple(str(Path(path).absolute()) for path in job.paths)
    steps = tuple(step.fingerprint for step in plan.steps)
    return plan_data.SavedPlan(paths, str(job.lock_path), job.options, facts.origin, steps)


def _show_plan(plan: Plan, facts: Facts, job: Job, *, with_fields: bool = True) -> None:
    """Print the plan. If nobody reads it to the end, the rest of the run and the exit code are the same."""
    with suppress(BrokenPipeError):
        redact = job.runtime.stderr.redact
        if wants_structured(job.flags):
            print_report(job.runtime, job.flags, "", plan_data.plan_data(plan, facts))
            return
        if job.markdown:
            text = plan_markdown(plan, facts, redact, verbose=job.verbose)
        else:
            paint, target = drawing.paint_for(job.runtime), drawing.draw_target(facts.origin, facts.profile)
            text = drawing.draw_plan(plan, facts.known.lock, paint, verbose=job.verbose, with_fields=with_fields)
            text = redact(f"Target  {target}\n\n{text}")
        job.runtime.stdout.write((text + "\n").encode(), escape=False)


# With changes


def _apply(job: Job, saved: plan_data.SavedPlan | None = None) -> None:
    """Show the plan, ask, and carry it out, while holding the lock of the lock file.

    A saved plan was reviewed before: it is carried out as it is, or rejected.
    """
    with holding(job.lock_path, job.runtime) as journal:
        lock = read_lock(job.lock_path)
        job = _with_untracked(job)
        loaded = _load(job, lock)
        if saved:
            loaded.raise_for_mistakes()
        job = _without_prune(job, loaded)
        with connected(job.flags, job.runtime, job.parallel) as (workers, settings):
            facts = _look_up(lock, loaded, workers, settings, job, journal.interrupted)
            plan = _plan_and_unblock(facts, job, workers)
            if saved:
                plan_data.check_unchanged(saved, plan, facts.origin)
            else:
                if not wants_structured(job.flags) or not job.yes:
                    is_asked = bool(plan.changing) and not job.yes and can_ask(job.runtime)
                    _show_plan(plan, facts, job, with_fields=job.verbose or not is_asked)
                _note(plan, loaded, job.runtime)
            if plan.blocked:
                raise _blocked(plan)
            if plan.changing and not (job.yes or _confirmed(plan, facts, job)):
                job.runtime.stderr.say("Aborted.")
            else:
                carry_out(plan, facts, journal, workers, job.runtime, job.flags)
    _check_that_all_are_used(loaded)


def _apply_saved(file: str, job: Job) -> None:
    """Carry out a saved plan exactly, or refuse."""
    saved = plan_data.read_plan(file)
    lock_path = find_lock_path(saved.lock_file, Path.cwd())
    _apply(job._replace(paths=saved.paths, lock_path=lock_path, options=saved.options, yes=True), saved)


# Questions at a terminal


def _with_untracked(job: Job) -> Job:
    """Return the job; without paths, with those of the new files that the user chooses to add."""
    if job.paths or job.yes or not can_ask(job.runtime):
        return job
    declarations = untracked(read_lock(job.lock_path))
    if not declarations:
        return job
    for declaration in declarations:
        job.runtime.stderr.say(f"  {declaration.key} is not tracked yet")
    what = "it" if len(declarations) == 1 else f"these {len(declarations)}"
    if not is_yes(ask(f"Add {what} to this apply? (y)es / (n)o", job.runtime)):
        return job
    return job._replace(paths=tuple(str(declaration.path) for declaration in declarations))


_UNBLOCKING = {
    "adopt": "Take over existing environments?",
    "delete_archived": "Delete these archived environments for good, so that new ones can have their names?",
}
"""The options that unblock a plan, with the questions for them."""


def _plan_and_unblock(facts: Facts, job: Job, workers: Workers) -> Plan:
    """Return the plan. At a terminal, the user may let it take over or delete environments that have the names."""
    plan = plan_for(facts, job.options, workers)
    if job.yes or not can_ask(job.runtime):
        return plan
    options = job.options
    for option, question in _UNBLOCKING.items():
        blocked = [step for step in plan.blocked if step.unblocked_by == option]
        for step in blocked:
            job.runtime.stderr.say(f"  {step.key}: {step.deletes or step.id} has the name {step.name!r}")
        if blocked and is_yes(ask(f"{question} (y)es / (n)o", job.runtime)):
            options = options._replace(**{option: True})
    return plan if options == job.options else plan_for(facts, options, workers)


def _confirmed(plan: Plan, facts: Facts, job: Job) -> bool:
    """Ask whether to apply. If nobody can be asked, refuse, as the official tool does.

    Commands for single objects proceed in that case: see `confirm` in `runtime/`.

    Raises:
        AntError: if nobody can be asked.

    """
    if not can_ask(job.runtime):
        raise AntError(_NO_TERMINAL)
    target = job.runtime.stderr.redact(drawing.draw_target(facts.origin, facts.profile))
    while True:
        reply = ask(f"Apply these changes to {target}? (y)es / (n)o / (d)etails", job.runtime)
        if reply not in ("d", "details"):
            return is_yes(reply)
        _show_plan(plan, facts, job._replace(verbose=True, flags=Flags()))


# What both share


def _load(job: Job, lock: LockFile) -> Loaded:
    return load_files(job.paths, lock, only=job.options.only, strict=job.strict)


def _look_up(
    lock: LockFile,
    loaded: Loaded,
    workers: Workers,
    settings: Settings,
    job: Job,
    interrupted: Collection[str] = (),
) -> Facts:
    if loaded.other_locks and not (loaded.declarations or loaded.foreign):
        folder = drawing.shown_path(loaded.other_locks[0].parent)
        raise UsageError("every folder with files has a lock file of its own.", f"Name one, such as {folder}")
    progress = Progress(job.runtime.stderr, job.runtime.environ)
    with progress.waiting_for(f"{len(loaded.declarations)} environments"):
        return look_up(
            lock,
            loaded,
            workers,
            settings,
            interrupted,
            hints=HintFlags(target_flags(job.flags), _lock_flag(job)),
            allow_origin_change=job.options.allow_origin_change,
        )


def _lock_flag(job: Job) -> str:
    if find_lock_path(None, Path.cwd()) == job.lock_path:
        return ""
    return f" --lock-file {quote(drawing.shown_path(job.lock_path))}"


def _without_prune(job: Job, loaded: Loaded) -> Job:
    """Return the job; without --prune if a file was left out: an entry whose file is gone may have moved there."""
    if not (loaded.error and job.options.prune):
        return job
    job.runtime.stderr.say("Warning: --prune archives nothing while a file has mistakes: it may have been renamed.")
    return job._replace(options=job.options._replace(prune=False))


def _check_that_all_are_used(loaded: Loaded) -> None:
    if loaded.error:
        raise UsageError("files with mistakes were left out.", "Correct them, and run the command again.")


def _blocked(plan: Plan) -> AntError:
    lines = [f"  {step.key}: {step.blocked}" for step in plan.blocked]
    return AntError("\n".join(["refusing to apply. This plan cannot be applied:", *lines]))


def _note(plan: Plan, loaded: Loaded, runtime: Runtime) -> None:
    """Print notes about things outside the plan, on stderr."""
    advice = "pass --prune to archive its environment, or restore the file to keep it tracked"
    if loaded.error:
        advice = "it may be one of those with mistakes, under another name"
    for key in plan.lost:
        runtime.stderr.say(f"Warning: {key} is in the lock file, but its file is gone; {advice}.")
    for lock_path in loaded.other_locks:
        runtime.stderr.say(f"Warning: {lock_path.parent} is left out, because it has a lock file of its own.")
    _note_files(loaded, runtime)


def _note_files(loaded: Loaded, runtime: Runtime) -> None:
    if loaded.error:
        runtime.stderr.say(f"Warning: files with mistakes are left out: {loaded.error.message}")
    for warning in loaded.warnings[:MOST_MISTAKES]:
        runtime.stderr.say(f"Warning: {as_sentence(warning)}")
    if len(loaded.warnings) > MOST_MISTAKES:
        runtime.stderr.say("Warning: and more.")
    if loaded.foreign:
        kinds = ", ".join(f"{number} {kind}" for kind, number in sorted(loaded.foreign.items()))
        runtime.hint(f"Note: this tool manages environments only; files of other kinds were left alone ({kinds}).")
