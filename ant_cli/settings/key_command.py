"""`api_key_command`: a command whose output is the key."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Mapping
from threading import Thread

from ant_cli.errors import CredentialError, os_error_text
from ant_cli.runtime import Runtime, variables
from ant_cli.settings.rows import split_command

_TIMEOUT_S = 10.0
"""How long a command may take to print a key."""
_OUTPUT_LIMIT = 65_536
"""The most bytes that a command may print. A key is much shorter."""
_GRACE_S = 1.0
"""How long to wait for the rest of a stopped command's output. Its children may keep the pipe open."""
_SEE_COMMAND = "To see the command, and to try it by hand: ant profile get api_key_command --profile NAME"


def run_command(command: str, source: str, runtime: Runtime, timeout_s: float = _TIMEOUT_S) -> str:
    """Run a command without a shell and return its output. Its stderr goes to the user.

    Its output may be a secret even if it fails, so no message quotes it. It inherits the environment unchanged: if
    that had a key or token, it would have won over the profile, and the command would not be run.

    Raises:
        CredentialError: if it can't be run, fails, takes too long, prints too much, or would run itself.

    """
    args = split_command(source, command)
    running = runtime.environ.get(variables.KEY_COMMANDS, "").splitlines()
    if source in running:
        raise CredentialError(f"{source} runs ant, which would run it again endlessly.", _SEE_COMMAND)
    args[0] = shutil.which(args[0], path=runtime.environ.get("PATH")) or args[0]
    environ = {**runtime.environ, variables.KEY_COMMANDS: "\n".join([*running, source])}
    try:
        output = _run(args, environ, timeout_s)
    except subprocess.TimeoutExpired:
        problem = f"{source} took longer than {timeout_s:g} s and was stopped."
        raise CredentialError(problem, _SEE_COMMAND) from None
    except subprocess.CalledProcessError as error:
        raise CredentialError(f"{source} failed with status {error.returncode}.", _SEE_COMMAND) from None
    except (OSError, ValueError) as error:
        raise CredentialError(f"{source} can't be run: {args[0]}: {os_error_text(error)}.") from None
    if len(output) > _OUTPUT_LIMIT:
        raise CredentialError(f"{source} prints more than a key.", _SEE_COMMAND)
    return output.decode("utf-8", "replace")


def _run(args: list[str], environ: Mapping[str, str], timeout_s: float) -> bytes:
    """Run a command and return its output. If it prints more than the limit, it is stopped.

    Raises:
        TimeoutExpired: if it takes longer.
        CalledProcessError: if it fails.
        OSError, ValueError: if it can't be run.

    """
    deadline = time.monotonic() + timeout_s
    child = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environ)
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
        if len(output[0]) <= _OUTPUT_LIMIT and (status := child.wait(max(0.0, deadline - time.monotonic()))):
            raise subprocess.CalledProcessError(status, args)
        return output[0]
    finally:
        child.kill()
        child.wait()
        if reader.is_alive():
            reader.join(_GRACE_S)
        if child.stdout and not reader.is_alive():
            child.stdout.close()
