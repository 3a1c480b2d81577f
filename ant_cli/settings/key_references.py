"""Keys that a profile only refers to: a command prints them, or the operating system's credential store has them.

The credential store needs the package keyring.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from secrets import token_hex
from threading import Thread
from typing import Any, NamedTuple

from ant_cli.errors import CredentialError, os_error_text
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.extras import install_hint
from ant_cli.runtime.shell import find_program, quote
from ant_cli.settings.profiles import KEYRING, shown
from ant_cli.settings.rows import split_command

_TIMEOUT_S = 10.0
"""How long a command may take to print a key."""
_OUTPUT_LIMIT = 65_536
"""The most bytes that a command may print. A key is much shorter."""
_GRACE_S = 1.0
"""How long to wait for the rest of a stopped command's output. Its children may keep the pipe open."""
_SEE_COMMAND = (
    "To see the command, and to try it by hand: ant profile get api_key_command --profile NAME"
)
_SERVICE = "ant"
"""The name of this program in the credential store."""


# Commands


class KeyCommand(NamedTuple):
    """`api_key_command`: a command that prints a key."""

    line: str

    def describe(self, _base_url: str, _runtime: Runtime) -> str:
        """Return where the key comes from, for people."""
        return f"runs `{shown('api_key_command', self.line.strip())}`"

    def fetch(self, source: str, runtime: Runtime, timeout_s: float = _TIMEOUT_S) -> str:
        """Run the command without a shell and return its output. Its stderr goes to the user.

        Its output may be a secret even if it fails, so no message quotes it. It inherits the environment, which has
        no key or token: one would have won over the profile, and the command would not be run.

        Raises:
            CredentialError: if it can't be run, fails, takes too long, prints too much, or would run itself.

        """
        args = split_command(source, self.line)
        running = runtime.environ.get(variables.KEY_COMMANDS, "").splitlines()
        if source in running:
            raise CredentialError(
                f"{source} runs ant, which would run it again endlessly.", _SEE_COMMAND
            )
        program = find_program(args[0], runtime.environ)
        if not program:
            raise CredentialError(
                f"{source} can't be run: {args[0]!r} was not found.", _SEE_COMMAND
            )
        environ = {**runtime.environ, variables.KEY_COMMANDS: "\n".join([*running, source])}
        return _output_of([program, *args[1:]], environ, source, timeout_s).decode(
            "utf-8", "replace"
        )


def _output_of(args: list[str], environ: Mapping[str, str], source: str, timeout_s: float) -> bytes:
    """Run a command and return its output. If it prints more than the limit, or takes longer, it is stopped."""
    deadline = time.monotonic() + timeout_s
    try:
        child = subprocess.Popen(
            args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environ
        )
    except (OSError, ValueError) as error:
        raise CredentialError(
            f"{source} can't be run: {args[0]}: {os_error_text(error)}."
        ) from None
    output: list[bytes] = []

    def read() -> None:
        output.append(child.stdout.read(_OUTPUT_LIMIT + 1) if child.stdout else b"")

    # A thread reads, because not every system can wait for a pipe with a timeout.
    reader = Thread(target=read, daemon=True)
    try:
        reader.start()
        reader.join(timeout_s)
        if reader.is_alive():
            raise subprocess.TimeoutExpired(args, timeout_s)
        if len(output[0]) > _OUTPUT_LIMIT:
            raise CredentialError(f"{source} prints more than a key.", _SEE_COMMAND)
        if status := child.wait(max(0.0, deadline - time.monotonic())):
            ended = "failed with status" if status > 0 else "was ended by signal"
            raise CredentialError(f"{source} {ended} {abs(status)}.", _SEE_COMMAND)
        return output[0]
    except subprocess.TimeoutExpired:
        problem = f"{source} took longer than {timeout_s:g} s and was stopped."
        raise CredentialError(problem, _SEE_COMMAND) from None
    finally:
        child.kill()
        child.wait()
        if reader.is_alive():
            reader.join(_GRACE_S)
        if child.stdout and not reader.is_alive():
            child.stdout.close()


# The credential store


class KeyringEntry(NamedTuple):
    """A key in the operating system's credential store."""

    reference: str

    def describe(self, _base_url: str, _runtime: Runtime) -> str:
        """Return where the key is, for people."""
        return f"in the credential store, as {self.reference.strip()}"

    def fetch(self, source: str, _runtime: Runtime) -> str:
        """Return the key. Raises CredentialError if it is not there, or the store can't be used."""
        secret: str | None = _call("get_password", self.reference)
        if secret is None:
            raise CredentialError(
                f"{source} is no longer in the operating system's credential store.",
                "Store it again: ant auth login --keyring --profile NAME",
            )
        return secret


def store_key(profile_name: str, secret: str) -> str:
    """Store a key, and return a new, unique reference to it. Raises CredentialError if the store can't be used."""
    reference = f"{KEYRING}{profile_name}-{token_hex(4)}"
    _call("set_password", reference, secret)
    return reference


def check_store() -> None:
    """Check that a key can be stored, before the user enters one. The system may ask for a password.

    Raises:
        CredentialError: if the store can't be used.

    """
    _call("get_password", "")


def delete_keys(*values: object) -> None:
    """Delete the keys to which these values of a profile refer; other values, such as keys, are ignored.

    Raises:
        CredentialError: if some keys may still be there. All others are deleted.

    """
    left: list[str] = []
    problem = ""
    for value in values:
        if isinstance(value, str) and value.startswith(KEYRING):
            try:
                if _call("get_password", value) is not None:
                    _call("delete_password", value)
            except CredentialError as error:
                left.append(value.removeprefix(KEYRING))
                problem = error.message
    if left:
        by_hand = "".join(f"\n  keyring del {_SERVICE} {quote(entry)}" for entry in left)
        raise CredentialError(
            f"a key that was removed from the profiles may still be in the credential store: {problem}",
            f"To delete it there:{by_hand}",
        )


def _call(function: str, reference: str, *secret: str) -> Any:
    """Call a function of keyring for an entry. Raises CredentialError if there is no store, or it is locked."""
    try:
        import keyring
    except ImportError:
        raise CredentialError(
            "the operating system's credential store needs the package keyring.",
            install_hint("keyring"),
        ) from None
    try:
        return getattr(keyring, function)(_SERVICE, reference.removeprefix(KEYRING), *secret)
    except Exception as error:  # noqa: BLE001 - each system's store has its own errors, and keyring passes them on
        why = str(error).rstrip(".!") or type(error).__name__
        raise CredentialError(
            f"the operating system's credential store can't be used: {why}.",
            "Without --keyring, `ant auth login` stores the key in the profiles file, which only you can read.",
        ) from None
