"""From argv to the exit status. The one place where errors are caught and printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ant_cli import __version__
from ant_cli.errors import INTERRUPTED, AntError, UsageError
from ant_cli.startup import leave, pause_collection
from ant_cli.streams import Process, Stderr, Stdin, Stdout


def main(argv: Sequence[str], process: Process) -> int:
    """Carry out a command line, print what went wrong on stderr, and return the exit status."""
    try:
        dispatch(argv, process)
    except AntError as error:
        report(error, process.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has enough of it, as in `| head`
        return 0
    except Exception as error:  # noqa: BLE001 - no traceback ever reaches a user
        report_bug(error, process.stderr)
        return 1
    return 0


def dispatch(argv: Sequence[str], process: Process) -> None:
    """Do what a command line says. Each branch imports only what it uses."""
    if list(argv) == ["--version"]:
        process.stdout.write(f"ant {__version__}\n".encode())
        return
    refuse_broken_text(argv)
    from ant_cli.argv import Call, read

    call = read(argv)
    if isinstance(call, Call):
        from ant_cli.run import run

        run(call.operation, call.flags, process)
    else:
        from ant_cli.app import run_app

        run_app(call.words, process)


def refuse_broken_text(argv: Sequence[str]) -> None:
    """Refuse words that are not text in the locale's encoding: they would be sent as something else."""
    for word in argv:
        if not word.isascii() and any("\udc80" <= character <= "\udcff" for character in word):
            shown = word.encode("utf-8", "backslashreplace").decode()
            raise UsageError(f"the argument {shown} is not text in UTF-8.")


def report(error: AntError, stderr: Stderr) -> None:
    """Print an error, and what may help, as one message."""
    stderr.say("\n".join(part for part in (str(error), error.hint) if part))


def report_bug(error: Exception, stderr: Stderr) -> None:
    """Print an exception that nobody expected: where it happened and how to report it."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f"{frame.tb_frame.f_globals.get('__name__')}:{frame.tb_lineno}" if frame else "?"
    stderr.say(
        f"ant: this is a bug in ant {__version__}: {type(error).__name__} at {where}: {error}\n"
        "Please report it with the command that you ran, but without your key."
    )


def this_process() -> Process:
    """Return what the operating system gave this process; a stream that is closed is None."""
    return Process(
        Stdin(sys.stdin.buffer if sys.stdin else None),
        Stdout(sys.stdout.buffer if sys.stdout else None),
        Stderr(sys.stderr.buffer if sys.stderr else None),
        os.environ,
    )


def entry_point() -> None:
    """Run as the command `ant`."""
    pause_collection()
    leave(main(sys.argv[1:], this_process()))
