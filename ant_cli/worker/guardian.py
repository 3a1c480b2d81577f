"""The guardian: a process that kills the handlers of a worker that was killed, or that is frozen beyond its leases.

So no orphan continues with an item that another worker may get, and the items of a killed worker are queued again
at once. The guardian knows each item from before it is acknowledged until it is settled, and the process ID of its
handler as soon as there is one. If the worker is killed before that, the guardian finds the handler by the ID of
the item in its environment, which Linux shows.
PR_SET_PDEATHSIG would need none of this, but it reaches only the first process of a handler.

Every child of the worker is started and collected here. So the worker can be the first process of a container,
which becomes the parent of all orphans.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from ant_cli.runtime.process import script_command
from ant_cli.worker import guardian_process

_os: Any = os
posix_signal: Any = signal
"""Types are checked for Windows, too, where the worker doesn't start, and these modules lack what it needs."""
_REPLACED_AFTER_S = 0.1
"""A guardian that was killed is not replaced at once: something may kill each as soon as it starts."""


class Fallback(NamedTuple):
    """What the guardian does about an item if this process is killed or stopped."""

    work_id: str
    deadline: float
    """When the guardian kills the handler, by `guardian_time`."""
    lease: str
    """A line of input for the command that ends leases, which the guardian runs if this process is killed."""


class GuardedItem:
    """An item that is guarded, and the first process of its handler while that runs."""

    def __init__(self, exit_: asyncio.Future[int], fallback: Fallback) -> None:
        self.pid = 0
        """Its process ID; 0 before it is known, and after its end."""
        self.exit = exit_
        """Its exit status when it has ended, or the negative number of a signal, as in subprocess."""
        self.fallback = fallback


class Guardian:
    """Starts handlers so that they end with this process. The guardian's process is started when first needed."""

    def __init__(self, end_leases: Sequence[str], environ: Mapping[str, str]) -> None:
        """Collect the exit statuses of all children. There must be a running event loop.

        `end_leases` is the command that ends the leases of the handlers of a worker that was killed.
        """
        self._end_leases = end_leases
        self._environ = environ
        self._loop = asyncio.get_running_loop()
        self._loop.add_signal_handler(posix_signal.SIGCHLD, self._collect)
        self._children: dict[int, GuardedItem] = {}
        self._guarded: set[GuardedItem] = set()
        self._pid = 0
        self._pipe = -1

    def guard(self, fallback: Fallback) -> GuardedItem:
        """Guard an item, whose handler does not run yet, until it is settled."""
        item = GuardedItem(self._loop.create_future(), fallback)
        self._guarded.add(item)
        self._tell_about(item)
        return item

    def start(
        self,
        item: GuardedItem,
        command: Sequence[str],
        environ: Mapping[str, str],
        streams: Sequence[int],
        fallback: Fallback,
    ) -> None:
        """Start the handler of an item as the leader of a session. `streams` are its stdin, stdout and stderr.

        Raises:
            OSError: if the system refuses to start the handler, or a guardian that is needed first.

        """
        self._open_pipe()
        item.fallback = fallback
        item.pid = _spawn(command, environ, streams)
        self._children[item.pid] = item
        self._tell_about(item)

    def prepare(self, item: GuardedItem, fallback: Fallback) -> None:
        """Replace what the guardian does about an item."""
        item.fallback = fallback
        self._tell_about(item)

    def note_end(self, item: GuardedItem) -> None:
        """Guard an item without its handler, which has ended."""
        item.pid = 0

    def forget(self, item: GuardedItem) -> None:
        """Guard an item no longer: it is settled."""
        if item in self._guarded:
            self._guarded.discard(item)
            self._tell(f"{id(item)}\n")

    def end(self, item: GuardedItem) -> None:
        """Kill the handler of an item if it still runs."""
        _kill(item.pid)
        item.pid = 0

    def replace_environment(self, environ: Mapping[str, str]) -> None:
        """End leases with other variables from now on: the guardian is replaced."""
        self._environ = environ
        if self._pid:
            os.kill(self._pid, posix_signal.SIGKILL)

    def close(self) -> None:
        """Kill the handlers that are still running, and end the guardian, which ends their leases."""
        while self._guarded:
            _kill(self._guarded.pop().pid)
        if self._pid:
            os.close(self._pipe)
            with suppress(ChildProcessError):  # it has been collected
                while _os.WIFSTOPPED(_os.waitpid(self._pid, _os.WUNTRACED)[1]):
                    os.kill(self._pid, posix_signal.SIGCONT)
        self._pid = 0

    def _collect(self) -> None:
        """Collect every child that has ended, including those that are not handlers."""
        with suppress(ChildProcessError):  # there are no children
            while (found := _os.waitpid(-1, _os.WNOHANG | _os.WUNTRACED))[0]:
                pid, status = found
                if _os.WIFSTOPPED(status):
                    if pid == self._pid:
                        os.kill(pid, posix_signal.SIGCONT)
                elif pid == self._pid:
                    self._replace()
                elif (item := self._children.pop(pid, None)) and not item.exit.done():
                    item.exit.set_result(_os.waitstatus_to_exitcode(status))

    def _open_pipe(self) -> int:
        """Return the pipe to the guardian. Without one, start a guardian, and tell it about all handlers."""
        if not self._pid:
            reading, self._pipe = os.pipe()
            _os.set_blocking(self._pipe, False)
            try:
                program = script_command(guardian_process.__file__, *self._end_leases)
                self._pid = _spawn(program, self._environ, [reading] * 3)  # it writes nothing
            except BaseException:
                os.close(self._pipe)
                raise
            finally:
                os.close(reading)
            for item in self._guarded:
                self._tell_about(item)
        return self._pipe

    def _tell_about(self, item: GuardedItem) -> None:
        work_id, deadline, lease = item.fallback
        facts = (id(item), item.pid, deadline, f"ANTHROPIC_WORK_ID={work_id}", lease)
        self._tell("\t".join(map(str, facts)) + "\n")

    def _replace(self) -> None:
        os.close(self._pipe)
        self._pid = 0
        self._loop.call_later(_REPLACED_AFTER_S, self._tell, "")  # starts a new guardian

    def _tell(self, line: str) -> None:
        """Write to the guardian. If that fails, a new guardian learns everything."""
        data = line.encode()
        try:
            # on Linux, up to 4 KB are written as a whole
            if os.write(self._open_pipe(), data) < len(data):
                raise BlockingIOError
        except BlockingIOError:  # the guardian does not read, because something has stopped it
            os.kill(self._pid, posix_signal.SIGKILL)
        except OSError:  # the guardian was just killed, or no new one can be started
            pass


def _kill(leader: int) -> None:
    """Kill the session of a handler. 0 is no handler: its group would be that of this process."""
    if leader:
        guardian_process.signal_session(leader, posix_signal.SIGKILL)


def _spawn(command: Sequence[str], environ: Mapping[str, str], streams: Sequence[int]) -> int:
    """Start a process as the leader of a session, and return its ID. Raises OSError if the system refuses."""
    copies = [
        (_os.POSIX_SPAWN_DUP2, descriptor, number) for number, descriptor in enumerate(streams)
    ]
    ignored_by_python = (posix_signal.SIGPIPE, posix_signal.SIGXFSZ)
    pid: int = _os.posix_spawn(
        command[0],
        list(command),
        environ,
        file_actions=copies,
        setsid=True,
        setsigdef=ignored_by_python,
    )
    return pid
