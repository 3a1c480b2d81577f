"""Carry out a plan. The lock file is saved after each success, so no ID is lost if the process is killed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Lock, RLock
from typing import BinaryIO

from ant_cli.apply import server
from ant_cli.apply.comparison import changes_between, hash_of_body, hash_of_remote, update_body
from ant_cli.apply.declarations import ENVIRONMENT
from ant_cli.apply.lockfile import Entry, LockFile, shown_path
from ant_cli.apply.plan import Object, Step, is_alive
from ant_cli.errors import AntError, OutputError, UsageError, os_error_text
from ant_cli.http.client import Sends
from ant_cli.input.values import Value
from ant_cli.runtime import Runtime
from ant_cli.runtime.storage import append, locked
from ant_cli.runtime.trusted_files import others_may
from ant_cli.runtime.written_files import LOCK_FILE, check_destination

_DONE = {"create": "created", "update": "updated", "adopt": "adopted", "record": "recorded"}
_LONGEST_JOURNAL = 1_000_000
_LAST = ("archive", "forget")
"""The actions that are carried out last."""


class Journal:
    """The names of environments that are being created, in the lock of the lock file, where they survive a kill."""

    def __init__(self, file: BinaryIO) -> None:
        """Read the names that an earlier run may have left in the locked file.

        Raises:
            UsageError: if no run has written the file, such as one that came with a repository.

        """
        self._file = file
        self._guard = RLock()  # requests end at the same time; `begin` calls `end`
        file.seek(0)
        content = file.read(_LONGEST_JOURNAL + 1)
        if not _is_from_a_run(content, os.fstat(file.fileno())):
            raise _not_from_a_run(file.name)
        self.interrupted = frozenset(_names(content))
        """The names that a run was creating when it was killed, or whose outcome is unknown."""
        self._open = list(self.interrupted)

    def begin(self, name: str) -> None:
        """Record that a name is being created, before the request is sent. Raises OutputError if that fails."""
        line = b"\n%b\n" % json.dumps(name).encode()  # the last line may be incomplete
        with self._guard:
            self._open.append(name)
            try:
                append(self._file, line)
                os.fsync(self._file.fileno())
            except OSError as error:
                self.end(name)
                raise OutputError(
                    f"{self._file.name} can't be written: {os_error_text(error)}."
                ) from None

    def end(self, name: str) -> None:
        """Forget a name whose outcome is known."""
        with self._guard:
            self._open = [other for other in self._open if other != name]
            if not self._open:
                self._file.truncate(0)


@contextmanager
def holding(lock_path: Path, runtime: Runtime) -> Iterator[Journal]:
    """Keep other runs from changing the lock file.

    Raises:
        OutputError: if the folder of the lock file can't be written to.
        UsageError: if something else is in place of the journal, such as a link in a repository, or if the lock
            file is read-only.

    """
    name = Path(f"{lock_path}.lock")

    def announce() -> None:
        runtime.say(f"Waiting for another run that holds {shown_path(lock_path)} ...")

    with ExitStack() as stack:
        try:
            file = stack.enter_context(locked(lock_path, announce))
        except OSError as error:
            if name.is_symlink() or name.is_fifo() or name.is_socket():
                raise _not_from_a_run(str(name)) from None
            raise OutputError(f"{name} can't be written: {os_error_text(error)}.") from None
        journal = Journal(file)
        check_destination(str(lock_path), LOCK_FILE)
        yield journal


def _is_from_a_run(content: bytes, facts: os.stat_result) -> bool:
    """Whether a run may have written a journal. One with two names is somebody's file, which it would empty."""
    if facts.st_nlink > 1:
        return False
    if not content:
        return True
    return len(content) <= _LONGEST_JOURNAL and not others_may(facts, 0o077)


def _not_from_a_run(name: str) -> UsageError:
    """Return the error for something in place of the journal that no run has written."""
    return UsageError(f"{name} was not written by ant.", "Remove it, also from version control.")


def _names(content: bytes) -> Iterator[str]:
    for line in content.splitlines():
        with suppress(ValueError, RecursionError):  # a line is incomplete after a kill
            yield str(json.loads(line))


def _not_started(step: Step) -> Step:
    return step._replace(result="unchanged" if step.action == "none" else "not started")


def _why_left(step: Step, changed: server.Changed) -> str:
    state = "was changed" if changed.now else "was deleted"
    reason = f"{step.id or step.deletes} {state} by others after the plan was made, so it was left as it is"
    return f"{reason}. To see the difference, run the command again"


def _forget(client: Sends, step: Step) -> Step:
    """Return a step that needs no change, because its environment is gone. Raises Changed if it is not."""
    now = server.retrieve(client, step.id)
    if now is not None and is_alive(now):
        raise server.Changed(now)
    return step._replace(result="already gone")


def _find_created(client: Sends, body: dict[str, Value], error: AntError) -> Object:
    """Return the environment that a request with a lost response has created; without one, raise its error."""
    name = str(body["name"])
    candidates: list[Object] = []
    with suppress(AntError):  # the server may still not respond
        candidates = server.by_name(server.list_all(client)).get(name, [])
    if len(candidates) == 1 and not changes_between(body, candidates[0]):
        return candidates[0]
    raise error.with_hints(
        f"{name!r} may have been created: run the same command again, which looks for it by its name.",
    ) from None


class Execution:
    """One run of a plan."""

    def __init__(
        self,
        steps: Sequence[Step],
        lock: LockFile,
        journal: Journal,
        report: Callable[[Step], None],
    ) -> None:
        """`report` is called with each step that was carried out."""
        self.lock = lock
        """The lock file: that before the run, until a step is recorded."""
        self._journal = journal
        self._report = report
        self._guard = Lock()
        self._failed = False
        self._steps = {step.key: _not_started(step) for step in steps}
        self._unrecorded: set[str] = set()
        """The keys of steps that were carried out, but not recorded in the lock file."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps with their results so far."""
        return tuple(map(self._with_result, self._steps.values()))

    def _with_result(self, step: Step) -> Step:
        if step.key in self._unrecorded:
            return step._replace(result="not recorded")
        return step

    def run(self, connection: server.Connection) -> None:
        """Carry out the steps. After the first failure, no further step is begun.

        Raises:
            OutputError: if the lock file can't be written.
            KeyboardInterrupt: if the user interrupts. Steps that have begun are finished and recorded first.

        """
        for step in self.steps:
            if step.action == "none":  # a killed run may have created it, but it is recorded
                self._journal.end(step.name)
        pending = [step for step in self.steps if step.action != "none"]
        for is_last in (False, True):
            group = [step for step in pending if (step.action in _LAST) is is_last]
            connection.each(group, self._carry_out, finish=True)

    def _carry_out(self, client: Sends, step: Step) -> None:
        if self._failed:
            return
        try:
            step = self._send(client, step)
        except server.Changed as changed:
            step = step._replace(result="blocked", blocked=_why_left(step, changed))
        except AntError as error:
            self._failed = True
            step = step._replace(result="failed", error=error)
        with self._guard:
            self._steps[step.key] = step
            try:
                if step.error is None and step.result != "blocked":
                    self._record(step)
            finally:
                self._report(step)

    def _send(self, client: Sends, step: Step) -> Step:
        """Make the change, and return the step with its result and the new object on the server."""
        if step.action == "archive":
            existed = server.archive(client, step.remote)
            return step._replace(result="archived" if existed else "already gone")
        if step.action == "forget":
            return _forget(client, step)
        if step.action == "create":
            remote = self._create(client, step.body, step.remote)
        elif step.changes:
            remote = server.update(client, step.remote, update_body(step.body, step.remote))
        else:
            remote = step.remote
        return step._replace(result=_DONE[step.action], id=str(remote["id"]), remote=remote)

    def _create(self, client: Sends, body: dict[str, Value], archived: Object) -> Object:
        """Create an environment, in place of an archived one. If the response is lost, find it by its name."""
        name = str(body["name"])
        self._journal.begin(name)
        try:
            if archived:
                server.delete(client, archived)
            return server.create(client, body)
        except server.Changed:
            self._journal.end(name)
            raise
        except AntError as error:
            if error.outcome_unknown:
                return _find_created(client, body, error)
            self._journal.end(name)
            raise

    def _record(self, step: Step) -> None:
        """Save a successful step in the lock file."""
        lock = self.lock
        old_key = step.moved_from or step.key
        old = lock.entries.get(old_key)
        if step.moved_from or step.action in _LAST:
            lock = lock.without(old_key)
        if step.body:
            kept = old.members if old and step.action != "create" else {}
            entry = Entry(
                ENVIRONMENT, step.id, hash_of_body(step.body), hash_of_remote(step.remote), kept
            )
            lock = lock.with_entry(step.key, entry)
        self.lock = lock
        self._unrecorded.add(step.key)
        lock.save()
        self._unrecorded.clear()  # the lock file has all steps so far
        self._journal.end(step.name)
