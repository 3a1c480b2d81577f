"""Credentials that a profile only refers to: a command prints them, or the operating system keeps them.

Neither is on the way of a run whose key is at hand.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Callable, Mapping
from functools import partial
from threading import Thread
from typing import Any

from ant_cli.errors import BadValue, CredentialError
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.extras import install_hint
from ant_cli.runtime.streams import os_error_text
from ant_cli.settings.validators import KEYRING, check_secret, split_command

COMMAND_LIMIT_S = 10.0
"""How long a command may take to print a key."""
OUTPUT_LIMIT = 65_536
"""The most bytes that a command may print: a key is far shorter."""
GRACE_S = 1.0
"""How long the end of a command's output is waited for after the command was stopped: its children may hold it."""
SEE_COMMAND = "To see the command: ant profile get api_key_command --profile NAME"
SERVICE = "ant"
"""The name under which the operating system's credential store keeps our keys."""


def fetch(form: str, reference: str, source: str, runtime: Runtime) -> str:
    """Return the secret that a reference leads to, and keep it out of everything that is shown.

    Raises:
        CredentialError: if there is none, or it can't be used.

    """
    secret = run_command(reference, source, runtime) if form == "command" else from_keyring(reference, source)
    runtime.stderr.register_secret(secret.strip())
    try:
        return check_secret(f"what {source} gives", secret)
    except BadValue as error:
        raise CredentialError(error.message.rstrip(".") + ".", error.hint) from None


# A command


def run_command(command: str, source: str, runtime: Runtime, limit_s: float = COMMAND_LIMIT_S) -> str:
    """Run a command without a shell and return what it prints. Its stderr goes to the user.

    Its output may be a secret even if it fails, so no message repeats it. The environment is passed on as it is:
    a key or token in it would have won over the profile, and no command would be run.
    """
    words = split_command(source, command)
    if not words:
        raise CredentialError(f"{source} is empty.")
    running = runtime.environ.get(variables.KEY_COMMANDS, "").splitlines()
    if source in running:
        raise CredentialError(f"{source} runs ant, which would run it again, without end.", SEE_COMMAND)
    environ = {**runtime.environ, variables.KEY_COMMANDS: "\n".join([*running, source])}
    try:
        status, output = _run(command if os.name == "nt" else words, environ, limit_s)
    except subprocess.TimeoutExpired:
        problem = f"{source} took longer than {limit_s:g} s and was stopped."
        raise CredentialError(problem, _try_it(words[0])) from None
    except (OSError, ValueError) as error:
        raise CredentialError(f"{source} can't be run: {words[0]}: {os_error_text(error)}.") from None
    if status:
        raise CredentialError(f"{source} {_how(status)}.", _try_it(words[0]))
    if len(output) > OUTPUT_LIMIT:
        raise CredentialError(f"{source} prints more than a key.", _try_it(words[0]))
    return output.decode("utf-8", "replace")


def _run(words: str | list[str], environ: Mapping[str, str], limit_s: float) -> tuple[int, bytes]:
    """Run a command, and return its exit status and what it printed.

    Of a longer output than `OUTPUT_LIMIT`, only so much is read as shows that it is too long.

    Raises:
        TimeoutExpired: if it takes longer.
        OSError, ValueError: if it can't be run.

    """
    deadline = time.monotonic() + limit_s
    child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environ)
    output: list[bytes] = []

    def read() -> None:
        output.append(child.stdout.read(OUTPUT_LIMIT + 1) if child.stdout else b"")

    # A thread reads, because not everywhere can one wait for a pipe and a clock at once.
    reader = Thread(target=read, daemon=True)
    reader.start()
    try:
        reader.join(limit_s)
        if reader.is_alive():
            raise subprocess.TimeoutExpired(words, limit_s)
        if len(output[0]) > OUTPUT_LIMIT:
            return 0, output[0]
        return child.wait(max(0.0, deadline - time.monotonic())), output[0]
    finally:
        child.kill()
        child.wait()
        reader.join(GRACE_S)
        if child.stdout and not reader.is_alive():
            child.stdout.close()


def _how(status: int) -> str:
    return f"failed with status {status}" if status > 0 else f"was ended by signal {-status}"


def _try_it(program: str) -> str:
    return f"Run the command by hand to see what {program} wants. {SEE_COMMAND}"


# The operating system's credential store


class NoCredentialStore(CredentialError):
    """This machine has no credential store, or none that this run can get at."""

    def __init__(self) -> None:
        super().__init__(
            "this machine has no credential store that can be used.",
            "Without --keyring, the key goes into the profiles file, which only you can read.",
        )


def from_keyring(reference: str, source: str) -> str:
    """Return the key that the credential store keeps under a reference."""
    try:
        secret: str | None = _keyring(lambda keyring: keyring.get_password(SERVICE, _entry(reference)))
    except NoCredentialStore as error:
        raise CredentialError(
            f"{source} can't be read: {error.message}", "Store a key without it: ant auth login --profile NAME"
        ) from None
    if secret is None:
        raise CredentialError(
            f"{source} is not in the operating system's credential store any more.",
            "Store it again: ant auth login --keyring --profile NAME",
        )
    return secret


def into_keyring(name: str, secret: str) -> str:
    """Keep a key in the credential store, and return the reference to it, which no other key will have."""
    import secrets

    reference = f"{KEYRING}{name}-{secrets.token_hex(4)}"
    _keyring(lambda keyring: keyring.set_password(SERVICE, _entry(reference), secret))
    return reference


def open_keyring() -> None:
    """Make sure that a key can be kept, before one is typed. The system may ask for a password first."""
    _keyring(lambda keyring: keyring.get_password(SERVICE, ""))


def out_of_keyring(*values: object) -> None:
    """Delete the keys to which values refer that no profile holds any more. Most values refer to none.

    Raises:
        CredentialError: if some may still be there. All others are deleted.

    """
    left, problem = [], ""
    for value in values:
        if isinstance(value, str) and value.startswith(KEYRING):
            try:
                _keyring(partial(_delete, entry=_entry(value)))
            except CredentialError as error:
                left.append(_entry(value))
                problem = error.message
    if left:
        by_hand = "".join(f"\n  keyring del {SERVICE} {shlex.quote(entry)}" for entry in left)
        raise CredentialError(
            f"a key that was removed from the profiles may still be kept elsewhere: {problem}",
            f"To delete there what is left:{by_hand}",
        )


def _delete(keyring: Any, entry: str) -> None:
    if keyring.get_password(SERVICE, entry) is not None:
        keyring.delete_password(SERVICE, entry)


def _entry(reference: str) -> str:
    return reference.removeprefix(KEYRING)


def _keyring(use: Callable[[Any], Any]) -> Any:
    """Use the credential store; CredentialError if there is none, or it is locked."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise CredentialError(
            "the operating system's credential store needs the package keyring.",
            install_hint("keyring"),
        ) from None
    try:
        return use(keyring)
    except keyring.errors.NoKeyringError:
        raise NoCredentialStore from None
    except Exception as error:  # noqa: BLE001 - each system's store has errors of its own, and keyring passes them on
        why = str(error).rstrip(".!") or type(error).__name__
        raise CredentialError(f"the operating system's credential store refused: {why}.") from None
