"""`ant emulator env`, `status` and `stop`: the emulators that run."""

from __future__ import annotations

from collections.abc import Collection

from ant_cli.commands import print_result, print_text
from ant_cli.commands.emulator_control import make_key
from ant_cli.commands.emulator_registry import (
    ANY_KEY,
    RunningEmulator,
    find_running,
    wait_for_end,
    wait_for_one,
    wait_for_some,
)
from ant_cli.errors import AntError, CredentialError, exclude_each_other
from ant_cli.errors.command_line import command_line
from ant_cli.operations.parsers import whole_number
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.process import identity_of, terminate
from ant_cli.runtime.shell import FAILING_COMMAND, set_variable

_STOP_SECONDS = 20


def env(runtime: Runtime, _: Flags, *, environment_id: str = "", port: str = "", wait: str) -> None:
    """Print variables that point clients to the running emulator, for a shell to evaluate."""
    try:
        emulator = wait_for_one(runtime, port, whole_number(0, 3600)("--wait", wait))
        exported = {variables.BASE_URL: emulator.base_url}
        if not emulator.has_key:
            exported[variables.API_KEY] = ANY_KEY
        if environment_id:
            exported |= _worker_variables(runtime, emulator, environment_id)
    except AntError:
        # `eval "$(ant emulator env)" && worker` must not run the worker with the variables that the shell has now.
        print_text(runtime, FAILING_COMMAND)
        raise
    for name, value in exported.items():
        print_text(runtime, set_variable(name, value))
    if emulator.has_key:
        runtime.say("Note: it was started with its own key; put that into ANTHROPIC_API_KEY.")


def _worker_variables(
    runtime: Runtime, emulator: RunningEmulator, environment_id: str
) -> dict[str, str]:
    """Return the variables of an environment's workers, with a key that the emulator makes for them."""
    api_key = runtime.environ.get(variables.API_KEY, "") if emulator.has_key else ANY_KEY
    if not api_key:
        raise CredentialError(
            "the emulator was started with its own key.", "Put that into ANTHROPIC_API_KEY."
        )
    flags = Flags({"base_url": emulator.base_url, "api_key": api_key})
    made = make_key(runtime, flags, environment_id)
    return {
        variables.ENVIRONMENT_ID: made["environment_id"],
        variables.ENVIRONMENT_KEY: made["environment_key"],
    }


def status(runtime: Runtime, flags: Flags) -> None:
    """List the emulators that run."""
    emulators = wait_for_some(runtime)
    lines = [
        f"{emulator.base_url}  pid {emulator.pid}  {emulator.database}" for emulator in emulators
    ]
    shown = RunningEmulator._fields[:-1]  # only `stop` needs the last one
    print_result(
        runtime,
        flags,
        "\n".join(lines),
        [dict(zip(shown, each, strict=False)) for each in emulators],
    )


def stop(
    runtime: Runtime,
    _: Flags,
    *,
    port: str = "",
    all: bool = False,  # noqa: A002 - named as the flag is
) -> None:
    """Stop the running emulator when the requests in progress are done."""
    if all and port:
        raise exclude_each_other("--all", "--port")
    found = wait_for_some(runtime) if all else [wait_for_one(runtime, port)]
    known = [emulator for emulator in found if identity_of(emulator.pid) == emulator.identity]
    for emulator in known:
        terminate(emulator.pid)
    wait_for_end(set(known), runtime, _STOP_SECONDS)
    for emulator in known:
        runtime.say(f"Stopped the emulator at {emulator.base_url}.")
    left = (set(found) - set(known)) & set(find_running(runtime))
    if left:
        raise _not_stopped(left)


def _not_stopped(emulators: Collection[RunningEmulator]) -> AntError:
    """Return the error for emulators whose process IDs may be those of other processes here."""
    urls = ", ".join(sorted(emulator.base_url for emulator in emulators))
    return AntError(
        f"not stopped: {urls}. No process here is known to be "
        "this emulator: it may run in another container or on another machine, or an older ant started it.",
        f"Stop it where it was started: {command_line('emulator stop')}, or Ctrl-C",
    )
