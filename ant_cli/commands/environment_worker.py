"""`ant beta:worker`: take work from a self-hosted environment and run it on this machine."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any, TypeVar

from ant_cli.commands.hidden_secrets import hide_secrets, receive_secrets
from ant_cli.errors import UsageError, exclude_each_other
from ant_cli.errors.command_line import command_line
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime
from ant_cli.runtime.variables import ENVIRONMENT_KEY, METADATA_KEY, OF_ORGANIZATION, WORK_SECRET
from ant_cli.settings.credentials import note_typed_credential
from ant_cli.settings.loading import load
from ant_cli.settings.rows import SAFER, VARIABLES
from ant_cli.settings.worker_options import (
    CheckOptions,
    ExporterOptions,
    PollOptions,
    SessionOptions,
    read_options,
    rows_of,
)

OptionsT = TypeVar("OptionsT", PollOptions, SessionOptions, ExporterOptions, CheckOptions)
_SECRETS = ("environment_key", "environment_key_file", "work_secret_file")
"""What may take the place of the item's secret."""
_REMOVED = "ANT_WORKER_PASS_API_KEY"


def poll(
    runtime: Runtime,
    flags: Flags,
    *,
    environment: str = "",
    handler: Sequence[str] = (),
    **given: Any,
) -> None:
    """Take work from an environment, and run a handler for each item, until a signal."""
    runtime = _prepared(runtime, "work-poller", given)
    given |= environment_flag(environment, given)
    _reject_passing_keys(runtime.environ)
    if present := [name for name in OF_ORGANIZATION if runtime.environ.get(name)]:
        runtime.hint(
            f"Note: {' and '.join(present)} is not passed on to handlers, and the worker does not use it. "
            "A worker's host needs only the environment's key."
        )
    hide_secrets(runtime, OF_ORGANIZATION, [METADATA_KEY], _typed_secrets(given))
    options = options_of(PollOptions, Flags(given), runtime, "beta:worker poll")
    _check_poll(options, handler)
    _note_unused(options, runtime)

    # late: `hide_secrets` may start this program again
    from ant_cli.worker.supervisor import run_worker

    connection = load(runtime, flags, has_own_credential=True).connection
    run_worker(options, handler, connection, runtime)


def _check_poll(options: PollOptions, handler: Sequence[str]) -> None:
    """Reject what would be noticed only after an item was claimed."""
    if not re.fullmatch(r"env_\w+", options.environment_id):
        flags = ("--transform", "id", "-r")
        find = command_line("beta:environments retrieve", options.environment_id, *flags)
        raise UsageError(
            f"{options.environment_id!r} is not the ID of an environment (env_...), and its key finds no names.",
            f"To find the ID of a name, with an API key: {find}",
        )
    runs_here = not handler and options.on_work in ("", "in-process")
    if runs_here and not Path(options.workdir).is_dir():
        raise UsageError(f"--workdir is not a folder: {options.workdir}.")


def run(runtime: Runtime, flags: Flags, **given: Any) -> None:
    """Run one claimed item in this process."""
    runtime = _prepared(runtime, "session", given)
    # A session's tools could read them.
    hide_secrets(runtime, OF_ORGANIZATION, [ENVIRONMENT_KEY, WORK_SECRET], _typed_secrets(given))
    runtime.environ = _with_item(given, runtime)
    options = options_of(SessionOptions, Flags(given), runtime, "beta:worker run")
    _note_unused(options, runtime)

    from ant_cli.worker.sdk_session import run_session

    connection = load(runtime, flags, has_own_credential=True).connection
    run_session(options, connection.base_url, connection.workspace_id, runtime)


def exporter(runtime: Runtime, flags: Flags, **given: Any) -> None:
    """Serve the statistics of queues until a signal."""
    from ant_cli.worker.exporter import serve_statistics

    options = options_of(ExporterOptions, Flags(given), runtime, "beta:worker exporter")
    serve_statistics(options, load(runtime, flags).connection, runtime)


def options_of(kind: type[OptionsT], flags: Flags, runtime: Runtime, command: str) -> OptionsT:
    """Return the options of a command. The key that they may have from a file is redacted from now on."""
    options = read_options(kind, flags, runtime.environ, command)
    runtime.redactor.register(options.environment_key)
    return options


def environment_flag(environment: str, given: Mapping[str, Any]) -> dict[str, str]:
    """Return the flag that the argument ENVIRONMENT stands for, if any. Raises UsageError if it can't be one."""
    if "/" in environment:
        raise UsageError(
            f"{environment!r} is not the ID of an environment.", "A handler goes after --."
        )
    if environment and "environment_id" in given:
        raise exclude_each_other("ENVIRONMENT", "--environment-id")
    return {"environment_id": environment} if environment else {}


def _reject_passing_keys(environ: Mapping[str, str]) -> None:
    """Reject a variable of earlier versions: a handler must not lose its key without a word."""
    if environ.get(_REMOVED, "").strip():
        with_key = "ANTHROPIC_API_KEY=$HANDLER_KEY exec ./handle.sh"
        handler = command_line("beta:worker poll -- sh -c", with_key)
        raise UsageError(
            f"{_REMOVED} is no longer supported: a session's tools could read the key.",
            f"Unset it. A handler that needs a key gets it by a name of its own: HANDLER_KEY=... {handler}",
        )


def _prepared(runtime: Runtime, component: str, given: Mapping[str, Any]) -> Runtime:
    """Return the runtime with its hidden secrets. If the log is JSON, every message is JSON from now on."""
    runtime = copy(receive_secrets(runtime))
    if (given.get("log_format") or runtime.environ.get("ANT_WORKER_LOG_FORMAT")) == "json":
        from ant_cli.worker.log import log_all  # late: most logs are text

        log_all(runtime, component)
    note_typed_credential(Flags(given), runtime)
    return runtime


def _with_item(given: Mapping[str, Any], runtime: Runtime) -> dict[str, str]:
    """Return the variables, plus those of the item on stdin if the flags and the variables lack a value."""
    environ = {name: text for name, text in runtime.environ.items() if text.strip()}
    if _has_all(given, environ) or not runtime.stdin.has_input:
        return environ
    return _read_item(runtime) | environ


def _has_all(given: Mapping[str, Any], environ: Mapping[str, str]) -> bool:
    """Whether the flags and the variables give everything that a session needs."""
    rows = rows_of(SessionOptions)
    known = {row.name for row in rows if given.get(row.name) or row.variable in environ}
    if WORK_SECRET not in environ and known.isdisjoint(_SECRETS):
        return False
    return all(row.name in known for row in rows if row.required)


def _read_item(runtime: Runtime) -> dict[str, str]:
    """Return the variables of the item on stdin. Raises UsageError if there is something else."""
    # late: most sessions get all their values in variables
    from ant_cli.http.response import json_object
    from ant_cli.worker.context import item_variables
    from ant_cli.worker.handler import secrets_of_item

    item = json_object(runtime.stdin.read())
    if item is None:
        raise UsageError("standard input is not a work item, which is a JSON object.")
    for secret in secrets_of_item(item):
        runtime.redactor.register(secret)
    values = item_variables(item)
    return {name: text for name, text in values.items() if isinstance(text, str)}


def _note_unused(options: PollOptions | SessionOptions, runtime: Runtime) -> None:
    if options.unrestricted_paths:  # guides for other workers use it
        runtime.hint("Note: --unrestricted-paths has no effect: file tools stay below --workdir.")


def _typed_secrets(given: Mapping[str, Any]) -> dict[str, str]:
    """Return the secrets that were given as flags, by their variables."""
    return {VARIABLES[name]: given[name] for name in SAFER if given.get(name)}
