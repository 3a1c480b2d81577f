"""From argv to the exit status. Errors that end a run are caught and printed here."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn

from ant_cli import __version__
from ant_cli.errors import INTERRUPTED, TERMINATED, AntError, APIError, Mistyped, UsageError
from ant_cli.runtime import Runtime
from ant_cli.runtime.process import Terminated, escapes_work, exit_now, handle_sigterm
from ant_cli.runtime.streams import Stderr, Stdin, Stdout
from ant_cli.settings import exposed_secrets

if TYPE_CHECKING:
    from ant_cli.argv import ApiCall, CommandCall, ToolCall
    from ant_cli.operations.spec import Flags

_FIRST_PAGE: tuple[list[str], ...] = ([], ["--help"], ["-h"], ["help"])
"""The command lines that show the help page of `ant` itself, which does not need the catalog."""


def main(argv: Sequence[str], runtime: Runtime) -> int:
    """Run a command line, report any error on stderr, and return the exit status."""
    return guarded(lambda: _dispatch(argv, runtime), argv, runtime)


def guarded(action: Callable[[], None], argv: Sequence[str], runtime: Runtime) -> int:
    """Run `action` for a command line, report any error on stderr, and return the exit status."""
    for secret in exposed_secrets(argv, runtime.environ):
        runtime.redactor.register(secret)
    try:
        action()
    except AntError as error:
        _report(error, runtime)
        return error.exit_code
    except KeyboardInterrupt as signal:
        return _signal_exit_status(signal)
    except BrokenPipeError:  # the reader of stdout has closed it, as in `| head`
        return 0
    except (OSError, MemoryError) as error:
        _report(_os_error(error), runtime)
        return AntError.exit_code
    except Exception as error:  # noqa: BLE001 - no traceback ever reaches a user
        if _is_thread_limit(error):
            _report(_thread_error(), runtime)
            return AntError.exit_code
        _report_bug(error, runtime)
        return 1
    return 0


def _dispatch(argv: Sequence[str], runtime: Runtime) -> None:
    """Run a command line. Each branch imports only what it uses."""
    if list(argv) in (["--version"], ["-v"]):
        _show_version(runtime)
        return
    if not argv and runtime.stdout.is_terminal:
        from ant_cli.help.contents import FIRST_STEPS

        runtime.stdout.write(FIRST_STEPS.encode())
        return
    if list(argv) in _FIRST_PAGE:
        from ant_cli.help.contents import first_page
        from ant_cli.help.layout import show

        show(first_page(), runtime)
        return
    if argv and argv[0] == "__complete":
        from ant_cli.completion import complete

        complete(argv[1:], runtime)
        return
    run_line([_decode_arg(arg) for arg in argv], runtime)


def run_line(argv: Sequence[str], runtime: Runtime) -> None:
    """Run the command of a line.

    Raises:
        AntError: if it fails. If the line is mistyped, the error has the line that was meant.

    """
    from ant_cli.argv import parse

    try:
        execute(parse(argv), runtime)
    except Mistyped as error:
        from ant_cli.corrections import corrected  # late: 12 ms, and few lines are mistyped

        raise corrected(error, argv, runtime.environ) from None


def execute(call: CommandCall, runtime: Runtime) -> None:
    """Make a call: run its operation, or its tool command."""
    from ant_cli.argv import ApiCall, OfficialCall, ToolCall

    if isinstance(call, ApiCall | ToolCall):
        for note in call.notes:
            runtime.say(note)
        try:
            _execute(call, runtime)
        except APIError as error:
            from ant_cli.output.api_error import with_body
            from ant_cli.settings.loading import error_output

            raise with_body(error, error_output(call.flags), runtime) from None
    elif isinstance(call, OfficialCall):
        from ant_cli.commands.official import hand_over

        hand_over(call.name, call.argv, runtime)
    else:
        _show_version(runtime)


def _execute(call: ApiCall | ToolCall, runtime: Runtime) -> None:
    from ant_cli.argv import ApiCall

    if isinstance(call, ApiCall):
        from ant_cli.run import run

        run(call.operation, call.texts, _read_given(call.flags, runtime), runtime)
        return
    from ant_cli.commands import call_tool

    flags = _read_given(call.flags, runtime, note=call.command.notes_typed_secret)
    call_tool(call.command, flags, runtime)


def _read_given(flags: Flags, runtime: Runtime, *, note: bool = True) -> Flags:
    """Return the flags, with a credential from stdin if one asks for it. Note a credential in the arguments."""
    from ant_cli.settings.rows import ON_STDIN, SAFER

    if not any(name in flags for name in (*SAFER, *ON_STDIN)):
        return flags
    from ant_cli.settings.credentials import note_typed_credential, read_credentials

    if note:
        note_typed_credential(flags, runtime)
    return read_credentials(flags, runtime)


def _show_version(runtime: Runtime) -> None:
    """Print the version."""
    runtime.stdout.write(f"ant {__version__}\n".encode())


def _decode_arg(arg: str) -> str:
    """Decode an argument as UTF-8, independent of the locale's encoding.

    Raises:
        UsageError: if it is not UTF-8, because something else would be sent instead.

    """
    if arg.isascii() or not any("\udc80" <= character <= "\udcff" for character in arg):
        return arg
    try:
        return os.fsencode(arg).decode()
    except UnicodeError:
        quoted = arg.encode("utf-8", "backslashreplace").decode()
        raise UsageError(f"the argument {quoted} is not text in UTF-8.") from None


def _signal_exit_status(signal: KeyboardInterrupt) -> int:
    """Return the exit status after SIGINT or SIGTERM."""
    return TERMINATED if isinstance(signal.__cause__ or signal, Terminated) else INTERRUPTED


def _report(error: AntError, runtime: Runtime) -> None:
    """Print an error and its hints as one message. In a log, API errors begin as in the official tool."""
    on_terminal = runtime.stderr.is_terminal
    if text := error.report(on_terminal=on_terminal):
        text = text if isinstance(error, APIError) and not on_terminal else f"ant: {text}"
        runtime.say(text, is_error=True)


def _os_error(error: OSError | MemoryError) -> AntError:
    """Return the error for a lack of memory, file descriptors or permissions."""
    if isinstance(error, MemoryError):
        return AntError("there is not enough memory for this.")
    return AntError(f"the operating system refused: {str(error).partition('] ')[2] or error}.")


def _is_thread_limit(error: Exception) -> bool:
    """Whether the system has refused a thread. Python has no class for that error."""
    return isinstance(error, RuntimeError) and str(error) == "can't start new thread"


def _thread_error() -> AntError:
    return AntError(
        "the operating system refused another thread.",
        "Raise the limit on processes or memory: see `ulimit -a`, or the limits of the container.",
    )


def _report_bug(error: Exception, runtime: Runtime) -> None:
    """Report an unexpected exception: where it was raised, and what to do."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f"{frame.tb_frame.f_globals.get('__name__')}:{frame.tb_lineno}" if frame else "?"
    runtime.say(
        f"ant: this is a bug in ant {__version__}: {type(error).__name__} at {where}: {error}\n"
        "Please report it with the command that you ran, but without your key."
    )


def this_process() -> Runtime:
    """Return the streams and the environment of this process; a closed stream is None."""
    return Runtime(
        Stdin(sys.stdin.buffer if sys.stdin else None),
        Stdout(getattr(sys.stdout.buffer, "raw", sys.stdout.buffer) if sys.stdout else None),
        Stderr(getattr(sys.stderr.buffer, "raw", sys.stderr.buffer) if sys.stderr else None),
        os.environ if escapes_work() else {**os.environ, "TERM": "dumb"},
    )


def run_process(handle_interrupts: Callable[[], None]) -> NoReturn:
    """Run the command line of this process. A second interrupt may arrive while the first one is handled.

    `handle_interrupts` makes Ctrl-C raise KeyboardInterrupt, which is caught from then on.
    """
    try:
        handle_interrupts()
        handle_sigterm()
        status = main(sys.argv[1:], this_process())
    except KeyboardInterrupt as signal:
        status = _signal_exit_status(signal)
    exit_now(status)
