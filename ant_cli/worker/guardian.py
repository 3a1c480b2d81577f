"""The guardian: kills the handlers of a worker that was killed, so that no orphan continues with an item.

It is a small shell that learns from a pipe which handlers run, each the leader of a process group.
When the pipe ends, the worker has ended in some way, and the remaining groups get SIGKILL.

A handler is started by a shell that first writes its own ID into that pipe and then becomes the handler. So the
guardian knows every running handler at every moment. Linux has PR_SET_PDEATHSIG for this, but it reaches only the
first process of a handler, and other systems have nothing like it.
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
"""Its stdout is the guardian's pipe until the shell becomes the handler. The handler's two outputs are one pipe.

Without a guardian no handler starts: 126 gives the item back without counting that as a failure.
"""


class Guardian:
    """Starts handlers so that they end with this process. The guardian's shell is started when first needed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def command(self, command: Sequence[str]) -> list[str]:
        """Return the command that registers itself and becomes a handler."""
        return [SHELL, "-c", _START, SHELL, *command]

    def pipe(self) -> int:
        """Return the descriptor to use as the stdout of a handler's command.

        If the guardian was killed, it is replaced. The new one does not know the handlers that are already running.
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
        if self._process.stdin is None:  # for the type checker: it is never None here
            raise ValueError("the guardian has no pipe")
        return self._process.stdin.fileno()

    def forget(self, group: int) -> None:
        """Remove a handler that has ended from the guardian's list."""
        with suppress(BrokenPipeError):  # the guardian was killed at this moment, and its list is gone
            os.write(self.pipe(), f"- {group}\n".encode())

    def close(self) -> None:
        """End the guardian. It kills the handlers that are still running."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait()
        self._process = None
