"""Hide the secrets of this process from the programs that it runs, which belong to the same user.

They could read its environment and, on Linux, its memory and open files below /proc.
"""

from __future__ import annotations

import copy
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence

from ant_cli.runtime import Runtime

_PIPE = "ANT_WORKER_SECRETS_PIPE"
"""The descriptor from which a process that was started again reads its secrets. Only this module sets it."""
_PR_SET_DUMPABLE = 4


def receive_secrets(runtime: Runtime) -> Runtime:
    """Return the runtime with the variables that `hide_secrets` took out of the environment."""
    if runtime.environ is not os.environ or _PIPE not in os.environ:
        return runtime
    _protect_memory()
    with open(int(os.environ.pop(_PIPE)), "rb") as pipe:  # noqa: PTH123 - a descriptor, not a path
        received: dict[str, str] = json.load(pipe)
    for secret in received.values():
        runtime.redactor.register(secret)
    found = copy.copy(runtime)
    found.environ = {**os.environ, **received}
    return found


def hide_secrets(
    runtime: Runtime, unused: Sequence[str], used: Sequence[str], typed: Mapping[str, str]
) -> None:
    """Start this program again without these secrets in its environment and arguments, and protect its memory.

    Other processes see the environment and the arguments that a process was started with. The values of `used`
    variables, and those `typed` as flags, by variable, are handed over to `receive_secrets` in a file without a
    name: a pipe would take only 64 KiB. The new process does not get the `unused` ones at all.
    """
    if runtime.environ is not os.environ or os.name == "nt":
        return
    hidden = [name for name in (*unused, *used) if os.environ.get(name)]
    if not (hidden or typed):
        _protect_memory()
        return
    handed_over = {**{name: os.environ[name] for name in used if name in hidden}, **typed}
    descriptor = _nameless_file(json.dumps(handed_over).encode())
    os.set_inheritable(descriptor, True)  # noqa: FBT003 - it takes no keyword
    kept = {name: text for name, text in os.environ.items() if name not in hidden}
    program = [sys.executable, *_without(sys.orig_argv[1:], list(typed.values()))]
    os.execve(program[0], program, {**kept, _PIPE: str(descriptor)})  # noqa: S606 - no shell is wanted


def _nameless_file(content: bytes) -> int:
    """Return the descriptor of a file in memory; on other systems than Linux, of one that was deleted at once."""
    if sys.platform == "linux":
        descriptor = os.memfd_create("secrets")
    else:
        with tempfile.TemporaryFile() as deleted:
            descriptor = os.dup(deleted.fileno())
    with open(descriptor, "wb", closefd=False) as file:
        file.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _without(argv: Sequence[str], values: Sequence[str]) -> Iterator[str]:
    """Yield arguments without the flags that have these values. What follows `--` is the handler's."""
    end = argv.index("--") if "--" in argv else len(argv)
    for argument, following in zip(argv[:end], (*argv[1:end], ""), strict=True):
        if not {argument, following, argument.partition("=")[2]} & set(values):
            yield argument
    yield from argv[end:]


def _protect_memory() -> None:
    """Let no other process of this user read the memory, the environment and the open files of this one."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
