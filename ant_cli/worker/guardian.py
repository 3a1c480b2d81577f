"""The guardian: kills the handlers of a worker that was killed, so that no orphan goes on with an item.

It is a small shell that learns from a pipe which handlers run, each the leader of a process group.
When the pipe ends, the worker is gone, however it went, and the groups that are left get SIGKILL.

A handler is started by a shell that first writes its own ID into that pipe and then becomes the handler. So at no
moment does a handler run of which the guardian does not know. Linux has PR_SET_PDEATHSIG for this, but it reaches
only the first process of a handler, and other systems have nothing like it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress

SHELL = "/bin/sh"
_GUARD = """
trap '' INT TERM HUP QUIT
running=' '
while read -r sign group; do
  case $sign in
    +) running="$running$group " ;;
    -) running="${running%%" $group "*} ${running#*" $group "}" ;;
  esac
done
for group in $running; do kill -KILL "-$group"; done 2>/dev/null
"""
_START = """trap '' PIPE; echo "+ $$" || exit 126; trap - PIPE; exec "$@" >&2"""
"""The guardian's pipe is its stdout until the handler takes its place, whose two outputs are one pipe.

Without a guardian no handler starts: 126 gives the item back without counting that as a failure.
"""


class Guardian:
    """Starts handlers so that they end with this process. It starts its shell when it is first needed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def command(self, command: Sequence[str]) -> list[str]:
        """Return the command that registers itself and becomes a handler."""
        return [SHELL, "-c", _START, SHELL, *command]

    def pipe(self) -> int:
        """Return the descriptor that has to be the stdout of a handler's command.

        A guardian that was killed is replaced; the new one does not know of the handlers that run already.
        """
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = subprocess.Popen(
                [SHELL, "-c", _GUARD],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env={"PATH": os.defpath},
            )
        if self._process.stdin is None:  # for the type checker: it was asked for above
            raise ValueError("the guardian has no pipe")
        return self._process.stdin.fileno()

    def forget(self, group: int) -> None:
        """Take a handler that is over from the guardian's list."""
        with suppress(BrokenPipeError):  # it was killed this very moment, and with it its list
            os.write(self.pipe(), f"- {group}\n".encode())

    def close(self) -> None:
        """End the guardian, which kills what still runs."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()
        self._process = None
