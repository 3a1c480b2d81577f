"""From argv to the exit status. The one place where errors are caught and printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from ant_cli import __version__
from ant_cli.errors import INTERRUPTED, TERMINATED, AntError, UsageError
from ant_cli.runtime import Runtime
from ant_cli.runtime.process import Terminated, exit_now, handle_sigterm, pause_gc
from ant_cli.runtime.streams import Stderr, Stdin, Stdout

TYPE_CHECKING = False  # as typing has it, whose import alone would double the time of `ant --version`
if TYPE_CHECKING:
    from ant_cli.argv import Call

SECRET_VARIABLES = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_ENVIRONMENT_KEY",
    "ANTHROPIC_WORK_SECRET",
)
SECRET_FLAGS = ("--api-key", "--auth-token", "--environment-key")
URL_VARIABLES = (
    "ANTHROPIC_BASE_URL",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
)


def main(argv: Sequence[str], runtime: Runtime) -> int:
    """Run a command line, print what went wrong on stderr, and return the exit status."""
    return guarded(lambda: dispatch(argv, runtime), argv, runtime)


def guarded(action: Callable[[], None], argv: Sequence[str], runtime: Runtime) -> int:
    """Do what a command line asks for, print what went wrong on stderr, and return the exit status."""
    for secret in secrets_at_hand(argv, runtime.environ):
        runtime.stderr.register_secret(secret)
    try:
        action()
    except AntError as error:
        report(error, runtime)
        return error.exit_code
    except KeyboardInterrupt as signal:
        return status_of(signal)
    except BrokenPipeError:  # whoever read our output has enough of it, as in `| head`
        return 0
    except (OSError, MemoryError) as error:
        report(system_failure(error), runtime)
        return AntError.exit_code
    except Exception as error:  # noqa: BLE001 - no traceback ever reaches a user
        report_bug(error, runtime.stderr)
        return 1
    return 0


def secrets_at_hand(argv: Sequence[str], environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the credentials on the command line and in the environment: error messages quote what can't be used."""
    for name in SECRET_VARIABLES:
        yield environ.get(name, "").strip()
    for position, word in enumerate(argv):
        flag, equals, value = word.partition("=")
        if flag in SECRET_FLAGS:
            yield value if equals else "".join(argv[position + 1 : position + 2])
    urls = [text for text in (*argv, *map(environ.get, URL_VARIABLES)) if text and "@" in text]
    if urls:
        from ant_cli.runtime.redaction import url_secrets

        for url in urls:
            yield from url_secrets(url)


def dispatch(argv: Sequence[str], runtime: Runtime) -> None:
    """Do what a command line says. Each branch imports only what it uses."""
    if list(argv) in (["--version"], ["-v"]):
        show_version(runtime)
        return
    if not argv and runtime.stdout.is_terminal:
        from ant_cli.help.first_steps import show_first_steps

        show_first_steps(runtime)
        return
    if argv and argv[0] == "__complete":
        from ant_cli.completion.ids import complete

        complete(argv[1:], runtime)
        return
    from ant_cli.argv import parse

    execute(parse([as_text(word) for word in argv]), runtime)


def execute(call: Call, runtime: Runtime) -> None:
    """Make a call: run its operation, or its tool command."""
    from ant_cli.argv import ApiCall, ToolCall

    if isinstance(call, ApiCall):
        from ant_cli.run import run

        run(call.operation, call.flags, runtime)
    elif isinstance(call, ToolCall):
        from ant_cli.commands.dispatch import call_tool

        call_tool(call.command, call.flags, runtime)
    else:
        show_version(runtime)


def show_version(runtime: Runtime) -> None:
    """Print the version."""
    runtime.stdout.write(f"ant {__version__}\n".encode())


def as_text(word: str) -> str:
    """Return an argument decoded as UTF-8, whatever the encoding of the locale.

    Raises:
        UsageError: if it is not UTF-8, since something else would be sent in its place.

    """
    if word.isascii() or not any("\udc80" <= character <= "\udcff" for character in word):
        return word
    try:
        return os.fsencode(word).decode()
    except UnicodeError:
        shown = word.encode("utf-8", "backslashreplace").decode()
        raise UsageError(f"the argument {shown} is not text in UTF-8.") from None


def status_of(signal: KeyboardInterrupt) -> int:
    """Return the exit status of a run that a signal ended."""
    return TERMINATED if isinstance(signal, Terminated) else INTERRUPTED


def report(error: AntError, runtime: Runtime) -> None:
    """Print an error, and what may help, as one message."""
    if runtime.stderr.is_terminal:
        from ant_cli.output.messages import error_on_screen

        text = error_on_screen(error, runtime.stderr, runtime.environ)
    else:
        text = "\n".join(part for part in (str(error), error.hint) if part)
    if text:
        runtime.stderr.say(text)


def system_failure(error: OSError | MemoryError) -> AntError:
    """Return the error of a run that lacks memory, a file descriptor, or a permission."""
    if isinstance(error, MemoryError):
        return AntError("there is not enough memory for this.")
    return AntError(f"the operating system refused: {str(error).partition('] ')[2] or error}.")


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


def this_process() -> Runtime:
    """Return what the operating system gave this process; a stream that is closed is None."""
    return Runtime(
        Stdin(sys.stdin.buffer if sys.stdin else None),
        Stdout(getattr(sys.stdout.buffer, "raw", sys.stdout.buffer) if sys.stdout else None),
        Stderr(getattr(sys.stderr.buffer, "raw", sys.stderr.buffer) if sys.stderr else None),
        os.environ,
    )


def entry_point() -> None:
    """Run as the command `ant`. A second interrupt may come while the first one is dealt with."""
    try:
        pause_gc()
        if sys.argv[1:] != ["--version"]:  # which is over before anybody could end it
            handle_sigterm()
        status = main(sys.argv[1:], this_process())
    except KeyboardInterrupt as signal:
        status = status_of(signal)
    exit_now(status)


if __name__ == "__main__":
    entry_point()
