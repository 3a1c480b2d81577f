"""The plan as data: for scripts, and saved in a file, to be carried out later exactly as shown."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ant_cli.apply.lockfile import FILE_NAME, ResourceOrigin, check_stays_inside
from ant_cli.apply.plan import Known, Options, Plan, Step
from ant_cli.errors import AntError, OutputError, UsageError, os_error_text
from ant_cli.errors.command_line import command_line
from ant_cli.runtime import Runtime
from ant_cli.runtime.reading import decode, read_file
from ant_cli.runtime.storage import PRIVATE_IF_NEW, replace_file
from ant_cli.runtime.written_files import (
    SAVED_PLAN,
    Destination,
    check_destination,
    write_stream,
)

VERSION = 1
STDOUT = "-"
_STDOUT_DESCRIPTOR = 1


class SavedPlan(NamedTuple):
    """A plan that was saved in a file."""

    paths: tuple[str, ...]
    """The files and folders of the run."""
    lock_file: str
    options: Options
    origin: ResourceOrigin
    steps: tuple[tuple[str, ...], ...]
    """The fingerprints of the steps."""


def plan_data(plan: Plan, known: Known, kind: Literal["plan", "apply_result"]) -> dict[str, Any]:
    """Return a plan, or its result, as data for JSON."""
    target = {**known.origin._asdict(), "profile": known.profile}
    # what a server does not name is empty in the lock file
    shown_target = {name: text or None for name, text in target.items()}
    return {
        "type": kind,
        "target": shown_target,
        "lock_file": str(known.lock.path),
        "changes": len(plan.changing),
        "blocked": len(plan.blocked),
        "resources": [_step_data(step) for step in plan.steps],
        "lost": list(plan.lost),
    }


def _step_data(step: Step) -> dict[str, Any]:
    changes = [
        {"path": change.path, "old": change.old, "new": change.new} for change in step.changes
    ]
    data: dict[str, Any] = {
        "key": step.key,
        "kind": "environment",
        "name": step.name,
        "id": step.id or None,
        "action": step.action,
        "changes": changes,
    }
    optional = {
        "moved_from": step.moved_from,
        "deletes": step.deletes,
        "blocked": step.blocked,
        "note": step.note,
        "result": step.result,
        "error": step.error.full_message if step.error else None,
    }
    return data | {name: text for name, text in optional.items() if text is not None}


def choose_destination(file: str, lock_path: Path) -> Destination:
    """Return where to save a plan; `-` is stdout.

    Raises:
        UsageError: if a link leads out of the repository, or if the file is anything but an earlier plan.

    """
    if file == STDOUT:
        return Destination(file, "stream", _STDOUT_DESCRIPTOR)
    check_stays_inside(Path(file), Path.cwd(), follows_link=True)
    destination = check_destination(file, SAVED_PLAN)
    is_lock_file = os.path.realpath(lock_path) == destination.path
    if is_lock_file or Path(destination.path).name.casefold() == FILE_NAME:
        raise UsageError(
            f"the plan can't be written to {file}: it is the name of a lock file.",
            f"Name another place: {SAVED_PLAN.name}",
        )
    return destination


def is_stdout(destination: Destination) -> bool:
    """Whether a plan is saved to stdout, where nothing else may be then."""
    return destination.descriptor == _STDOUT_DESCRIPTOR


def save_plan(file: str, plan: Plan, known: Known, paths: Sequence[str], runtime: Runtime) -> None:
    """Write a plan to a file, without secrets: the server may have put some into IDs and headers.

    Raises:
        UsageError: as `choose_destination` does, since the file may have changed since.
        OutputError: if the file can't be written.

    """
    destination = choose_destination(file, known.lock.path)
    data = _data_to_save(plan, known, paths)
    content = runtime.redactor.redact(json.dumps(data, indent=2)).encode() + b"\n"
    try:
        if is_stdout(destination):
            runtime.stdout.write(content)
        elif destination.state == "stream":
            write_stream(destination, content)
        else:
            replace_file(Path(destination.path), content, PRIVATE_IF_NEW)
    except OSError as error:
        raise OutputError(f"the plan can't be written to {file}: {os_error_text(error)}.") from None


def _data_to_save(plan: Plan, known: Known, paths: Sequence[str]) -> dict[str, Any]:
    absolute_paths = [str(Path(path).absolute()) for path in paths]
    return {
        "version": VERSION,
        "paths": absolute_paths,
        "lock_file": str(known.lock.path),
        "options": known.options._asdict(),
        "origin": known.origin._asdict(),
        "steps": [step.fingerprint for step in plan.steps],
    }


def read_plan(file: str) -> SavedPlan:
    """Read a plan that `save_plan` wrote.

    Raises:
        UsageError: if it can't be read, or is not one.

    """
    try:
        data = json.loads(decode(read_file(file, "--plan"), file))
        if data["version"] != VERSION:
            raise UsageError(
                f"{file} is a plan of another version of this tool.", "Make it again: --save-plan"
            )
        return _parse_plan(data)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UsageError(
            f"{file} is not a plan.",
            f"Make one: {command_line('apply --dry-run --save-plan FILE')}",
        ) from None


def _parse_plan(data: Any) -> SavedPlan:
    """Return a plan from its data. If that is something else, raises what Python does about missing parts."""
    options = {name: bool(value) for name, value in data["options"].items()}
    origin = {name: str(value) for name, value in data["origin"].items()}
    steps = [_parse_fingerprint(step) for step in data["steps"]]
    return SavedPlan(
        tuple(map(str, data["paths"])),
        str(data["lock_file"]),
        Options(**options),
        ResourceOrigin(**origin),
        tuple(steps),
    )


def _parse_fingerprint(step: Any) -> tuple[str, ...]:
    action, key, *rest = step
    return str(action), str(key), *map(str, rest)


def check_unchanged(saved: SavedPlan, plan: Plan, origin: ResourceOrigin) -> None:
    """Reject a plan if the files or the server have changed since it was saved.

    Raises:
        AntError: with the keys of the steps that differ.

    """
    if origin != saved.origin:
        raise AntError("the plan was made for another server, organization or workspace.")
    differing = {step.fingerprint for step in plan.steps}.symmetric_difference(saved.steps)
    if differing:
        lines = sorted({f"  {key}" for _, key, *_ in differing})
        raise AntError(
            "\n".join(["files or environments have changed since the plan was saved:", *lines]),
            f"Nothing was changed. Make a new plan: {command_line('apply --dry-run --save-plan FILE')}",
        )
