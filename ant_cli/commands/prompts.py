"""How a secret gets in: typed on a terminal that does not show it, or through a pipe."""

from __future__ import annotations

import codecs
import getpass
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ant_cli.errors import UsageError
from ant_cli.runtime import Runtime
from ant_cli.settings.validators import check_secret

Ask = Callable[[str], str]


def key_for_login(typed: str | None, profile: str, runtime: Runtime, *, piped: bool) -> str:
    """Return the key to store.

    Raises:
        UsageError: if there is none, or it can't be a key.

    """
    if typed is not None and piped:
        raise UsageError("--api-key and --api-key-stdin exclude each other.", "Use --api-key-stdin.")
    if typed is not None:
        runtime.stderr.say(
            "Warning: every user of this machine can read the command line, and the shell keeps it. "
            "Safer: --api-key-stdin, or no flag at all."
        )
        return kept_secret("the key", typed, runtime)
    if piped:
        return piped_secret(runtime, "ant auth login --api-key-stdin")
    if runtime.stdin.has_input:
        raise UsageError("something is piped in.", "If it is the key, say so: ant auth login --api-key-stdin")
    return asked_secret(f"API key for profile {profile!r} (not shown): ", runtime, "ant auth login --api-key-stdin")


def secret_for(key: str, runtime: Runtime) -> str:
    """Return a secret for `profile set`, from a pipe if there is one."""
    instead = f"ant profile set {key}"
    if runtime.stdin.has_input:
        return piped_secret(runtime, instead)
    return asked_secret(f"{key} (not shown): ", runtime, instead)


def piped_secret(runtime: Runtime, example: str) -> str:
    """Return the secret in stdin."""
    if not runtime.stdin.has_input:
        raise UsageError("nothing is piped in.", f"For example: {example} < FILE")
    data = runtime.stdin.read().removeprefix(codecs.BOM_UTF8)
    return kept_secret("the secret on stdin", data.decode("utf-8", "replace"), runtime)


def asked_secret(prompt: str, runtime: Runtime, instead: str, ask: Ask = getpass.getpass) -> str:
    """Ask for a secret on the terminal. UsageError if there is none that can hide what is typed.

    Of several lines that are pasted, getpass returns the first and drops the rest unseen, so that this can't be
    told from one line. `auth login` asks the server, which does not take half a key.
    """
    try:
        with warnings.catch_warnings(), ignoring_suspension():
            warnings.simplefilter("error", getpass.GetPassWarning)
            typed = ask(prompt)
    except EOFError:  # Ctrl-D
        runtime.stderr.say("")  # what is said next goes on a line of its own
        raise UsageError("nothing was typed.") from None
    except (getpass.GetPassWarning, OSError):
        raise UsageError("there is no terminal to ask on.", f"Pipe the secret in: {instead} < FILE") from None
    except KeyboardInterrupt:
        runtime.stderr.say("")  # what the shell says next too
        raise
    return kept_secret("the secret", typed, runtime)


@contextmanager
def ignoring_suspension() -> Iterator[None]:
    """Let Ctrl-Z do nothing meanwhile: after `fg`, the shell would have the terminal show what is typed."""
    if sys.platform == "win32":
        yield
        return
    before = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, before)


def kept_secret(source: str, secret: str, runtime: Runtime) -> str:
    """Return a secret that can be used, and is never shown from here on."""
    runtime.stderr.register_secret(secret.strip())
    return check_secret(source, secret)
