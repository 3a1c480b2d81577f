"""Read secrets from a hidden prompt or a pipe. Each is registered for redaction."""

from __future__ import annotations

import getpass
import signal
import sys
import warnings
from collections.abc import Callable

from ant_cli.errors import UsageError
from ant_cli.runtime import Runtime
from ant_cli.runtime.signals import signal_handlers
from ant_cli.settings.given_credentials import read_piped_secret
from ant_cli.settings.validators import check_secret

_Ask = Callable[[str], str]


def secret_for_set(key: str, runtime: Runtime) -> str:
    """Read the secret for `profile set`, from stdin if something is piped in. Raises UsageError without one."""
    instead = f"ant profile set {key}"
    if runtime.stdin.has_input:
        return read_piped_secret(runtime, instead)
    return prompt_secret(f"{key} (not shown): ", runtime, instead)


def prompt_secret(prompt: str, runtime: Runtime, instead: str, ask: _Ask = getpass.getpass) -> str:
    """Ask for a secret on the terminal, without echo.

    If several lines are pasted, getpass returns the first and discards the rest, so that can't be noticed here. But
    `auth login` verifies the key, and the server rejects half of one.

    Raises:
        UsageError: if nothing is entered, or no terminal can hide the input.

    """
    try:
        ignored: dict[int, int] = {}
        if sys.platform != "win32":  # after Ctrl-Z, the shell would turn echo back on with `fg`
            ignored = {signal.SIGTSTP: signal.SIG_IGN}
        with warnings.catch_warnings(), signal_handlers(ignored):
            warnings.simplefilter("error", getpass.GetPassWarning)
            typed = ask(prompt)
    except EOFError:  # Ctrl-D
        runtime.stderr.say("")  # further output starts on a new line
        raise UsageError("nothing was entered.") from None
    except (getpass.GetPassWarning, OSError):
        raise UsageError("there is no terminal to ask on.", f"Pipe the secret in: {instead} < FILE") from None
    except KeyboardInterrupt:
        runtime.stderr.say("")  # for the shell
        raise
    runtime.stderr.register_secret(typed.strip())
    return check_secret("the secret", typed)


def reject_typed_secret(key: str, value: str, runtime: Runtime) -> UsageError:
    """Register a secret that was given as an argument, and return the error for it."""
    runtime.stderr.register_secret(value)
    return UsageError(
        f"{key} is not accepted on the command line, which other users can read.",
        f"Pipe it in: ant profile set {key} < FILE. The one that you typed is now in the shell's history.",
    )
