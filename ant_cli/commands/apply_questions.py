"""The questions that `ant apply` asks at a terminal."""

from __future__ import annotations

from collections.abc import Callable

from ant_cli.apply.discovery import Loaded, load
from ant_cli.apply.lockfile import LockFile
from ant_cli.apply.plan import Plan
from ant_cli.apply.preparation import Facts, plan_for, untracked
from ant_cli.apply.workers import Workers
from ant_cli.commands.apply_job import Job
from ant_cli.errors import AntError
from ant_cli.runtime import Runtime
from ant_cli.runtime.confirmation import ask, can_ask, is_yes

_NO_TERMINAL = (
    "cannot ask for confirmation without a terminal; re-run with --yes to apply, or --dry-run to see the plan only"
)


def with_untracked(loaded: Loaded, lock: LockFile, job: Job) -> Loaded:
    """Return the files of a run; without paths, including those that the user chooses to add."""
    if job.paths or job.yes or not can_ask(job.runtime):
        return loaded
    declarations = untracked(lock)
    if not declarations:
        return loaded
    for declaration in declarations:
        job.runtime.stderr.say(f"  {declaration.key} is not tracked yet")
    what = "it" if len(declarations) == 1 else f"these {len(declarations)}"
    if not is_yes(ask(f"Add {what} to this apply? (y)es / (n)o", job.runtime)):
        return loaded
    paths = [str(one.path) for one in (*loaded.declarations.values(), *declarations)]
    return load(paths, lock.path)._replace(foreign=loaded.foreign)


def plan_and_adopt(facts: Facts, job: Job, workers: Workers) -> Plan:
    """Return the plan. At a terminal, the user may let it take over existing environments."""
    plan = plan_for(facts, job.options, workers)
    blocked = [step for step in plan.blocked if step.action == "adopt"]
    if not blocked or job.options.adopt or job.yes or not can_ask(job.runtime):
        return plan
    for step in blocked:
        job.runtime.stderr.say(f"  {step.key}: {step.id} has the name {step.name!r} already")
    if not is_yes(ask("Take over existing environments? (y)es / (n)o", job.runtime)):
        return plan
    return plan_for(facts, job.options._replace(adopt=True), workers)


def confirmed(show_details: Callable[[], None], runtime: Runtime) -> bool:
    """Ask whether to apply. If nobody can be asked, refuse, as the official tool does.

    Commands for single objects proceed in that case: see `confirm` in `runtime/`.

    Raises:
        AntError: if nobody can be asked.

    """
    if not can_ask(runtime):
        raise AntError(f"{_NO_TERMINAL}.")
    while True:
        reply = ask("Apply these changes? (y)es / (n)o / (d)etails", runtime)
        if reply not in ("d", "details"):
            return is_yes(reply)
        show_details()
