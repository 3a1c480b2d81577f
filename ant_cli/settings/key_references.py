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
from ant_cli.errors.command_line import command_line, quote
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.extras import install_hint
from ant_cli.runtime.shell import find_program
from ant_cli.settings.profiles import shown
from ant_cli.settings.rows import KEYRING, split_command

_TIMEOUT_S = 10.0
"""How long a command may take to print a key."""
_OUTPUT_LIMIT = 65_536
"""The most bytes that a command may print. A key is much shorter."""
_GRACE_S = 1.0
"""How long to wait for the rest of a stopped command's output. Its children may keep the pipe open."""
_SERVICE = "ant"
"""The name of this program in the credential store."""


# Commands


class KeyCommand(NamedTuple):
    """`api_key_command`: a command that prints a key."""

    line: str
    profile: str = "NAME"
    """The name of the profile that has it, for hints."""

    @property
    def _hint(self) -> str:
        to_see = command_line("profile get api_key_command", "--profile", self.profile)
        return f"To see the command, and to try it by hand: {to_see}"

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
                f"{source} runs ant, which would run it again endlessly.", self._hint
            )
        program = find_program(args[0], runtime.environ)
        if not program:
            raise CredentialError(f"{source} can't be run: {args[0]!r} was not found.", self._hint)
        environ = {**runtime.environ, variables.KEY_COMMANDS: "\n".join([*running, source])}
        child = _start([program, *args[1:]], environ, source)
        try:
            output = _output_of(child, timeout_s)
        except _Failed as failed:
            raise CredentialError(f"{source} {failed}.", self._hint) from None
        return output.decode("utf-8", "replace")


class _Failed(Exception):
    """Why a command printed no key."""


def _start(args: list[str], environ: Mapping[str, str], source: str) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environ)
    except (OSError, ValueError) as error:
        why = os_error_text(error)
        raise CredentialError(f"{source} can't be run: {args[0]}: {why}.") from None


def _output_of(child: subprocess.Popen[bytes], timeout_s: float) -> bytes:
    """Return the output of a command. If it prints more than the limit, or takes longer, it is stopped.

    Raises:
        _Failed: if there is no output that can be used.

    """
    deadline = time.monotonic() + timeout_s
    output: list[bytes] = []

    def read() -> None:
        output.append(child.stdout.read(_OUTPUT_LIMIT + 1) if child.stdout else b"")

    # A thread reads, because not every system can wait for a pipe with a timeout.
    reader = Thread(target=read, daemon=True)
    try:
        reader.start()
        reader.join(timeout_s)
        if reader.is_alive():
            raise _Failed(_took_longer(timeout_s))
        if len(output[0]) > _OUTPUT_LIMIT:
            raise _Failed("prints more than a key")
        status = child.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise _Failed(_took_longer(timeout_s)) from None
    finally:
        _stop(child, reader)
    if status > 0:
        raise _Failed(f"failed with status {status}")
    if status < 0:
        raise _Failed(f"was ended by signal {-status}")
    return output[0]


def _took_longer(timeout_s: float) -> str:
    return f"took longer than {timeout_s:g} s and was stopped"


def _stop(child: subprocess.Popen[bytes], reader: Thread) -> None:
    """Stop a command and its reader, if they are still running."""
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
    profile: str = "NAME"
    """The name of the profile that has it, for hints."""

    def describe(self, _base_url: str, _runtime: Runtime) -> str:
        """Return where the key is, for people."""
        return f"in the credential store, as {self.reference.strip()}"

    def fetch(self, source: str, _runtime: Runtime) -> str:
        """Return the key. Raises CredentialError if it is not there, or the store can't be used."""
        secret: str | None = _call("get_password", self.reference)
        if secret is None:
            raise CredentialError(
                f"{source} is no longer in the operating system's credential store.",
                f"Store it again: {command_line('auth login --keyring', '--profile', self.profile)}",
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
        log_in = command_line("auth login")
        raise CredentialError(
            f"the operating system's credential store can't be used: {why}.",
            f"Without --keyring, `{log_in}` stores the key in the profiles file, which only you can read.",
        ) from None
