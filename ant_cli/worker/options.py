"""The worker's own flags, their environment variables, and their values."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ant_cli.errors import BadValue, MissingFlag, UnknownName
from ant_cli.operations.spec import Flags, Param, ValueKind, boolean
from ant_cli.runtime.light_typing import Any, Literal, NamedTuple
from ant_cli.settings.rows import Check, Setting
from ant_cli.settings.validators import check_header, check_secret, check_whole_number

HeartbeatMode = Literal["auto", "always", "never"]
_OFFICIAL = ("environment_id", "environment_key", "worker_id", "session_id", "work_id", "work_secret_file")
"""The flags that the official worker also has. Their variables are the official ones."""
_NOT_SHOWN = ("", "0", "false", "auto")
"""Defaults that help does not show: they say nothing, or what the flag is for."""


def _row(
    name: str,
    check: Check,
    default: str,
    help_text: str,
    type_: type = str,
    completes: ValueKind | None = "free",
    **more: Any,
) -> Setting:
    param = Param(name, "setting", type_, help_text, default=default, completes=completes, **more)
    prefix = "ANTHROPIC" if name in _OFFICIAL else "ANT_WORKER"
    return Setting(param, check, f"{prefix}_{name.upper()}", in_profile=False, safer="", is_global=False)


def _required(name: str, check: Check, help_text: str) -> Setting:
    return _row(name, check, "", f"{help_text} Required.", required=True)


def _file(name: str, default: str, help_text: str) -> Setting:
    def check(source: str, text: str, _: str) -> str:
        if not text:
            raise BadValue(source, "is empty")
        return text

    return _row(name, check, default, help_text, completes="file")


def _time(name: str, default: str, help_text: str) -> Setting:
    return _row(name, _duration, default, help_text, value_name="TIME")


def _number(name: str, low: int, high: int, default: str, help_text: str) -> Setting:
    return _row(name, lambda source, text, _: check_whole_number(source, text, low, high), default, help_text, int)


def _choice(name: str, choices: tuple[str, ...], help_text: str) -> Setting:
    def check(source: str, text: str, _: str) -> str:
        if text not in choices:
            raise UnknownName("value", text, choices, f"{source} takes: {', '.join(choices)}.", where=source)
        return text

    return _row(name, check, choices[0], help_text, completes="choices", choices=choices)


def _switch(name: str, help_text: str) -> Setting:
    return _row(name, lambda source, text, _: boolean(source, text), "false", help_text, bool, None)


def _duration(source: str, text: str, _: str) -> float:
    from ant_cli.input.values import parse_duration  # late: help needs only the rows

    return parse_duration(source, text)


def _lease(source: str, text: str, default: str) -> float:
    seconds = _duration(source, text, default)
    if not 1 <= seconds <= 300 or seconds != int(seconds):
        raise BadValue(source, f"must be whole seconds from 1s to 300s, got {text!r}")
    return seconds


def _address(source: str, text: str, _: str) -> tuple[str, int]:
    """Return host and port."""
    host, _, port = text.rpartition(":")
    if not host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        raise BadValue(source, f"must be ADDRESS:PORT, such as 127.0.0.1:9464, got {text!r}")
    return host.strip("[]"), int(port)


_ENVIRONMENT_ID = _required("environment_id", check_header, "The environment whose work is taken.")
_KEY_HELP = "Its key; safer: ANTHROPIC_ENVIRONMENT_KEY."
_OPTIONAL_KEY = _row("environment_key", check_secret, "", _KEY_HELP)
_WORKDIR = _file("workdir", ".", "The folder in which sessions run.")
_MAX_IDLE = _time("max_idle", "1m", "The longest idle time of a session.")
_LOG_FORMAT = _choice("log_format", ("auto", "plain", "text", "json"), "Format of the log.")

POLL_ROWS = (
    _ENVIRONMENT_ID,
    _required("environment_key", check_secret, _KEY_HELP),
    _row("worker_id", check_header, "", "A name for this worker, unique in the environment."),
    _file("on_work", "", "A handler without arguments, or the word in-process."),
    _WORKDIR,
    _MAX_IDLE,
    _LOG_FORMAT,
    _number("concurrency", 1, 1000, "1", "How many items run at once."),
    _choice("heartbeat", ("auto", "always", "never"), "Who holds the leases."),
    _row("lease", _lease, "45s", "The length of a lease.", value_name="TIME"),
    _number("attempts", 1, 1000, "3", "Give an item up after this many failures."),
    _row("metadata_key", check_secret, "", "An API key, to count them in the item's metadata."),
    _choice("on_failure", ("retry", "stop"), "After a failure."),
    _switch("no_auto_stop", "Don't stop the item after exit status 0."),
    _switch("pass_api_key", "Leave API keys in the handler's environment."),
    _time("item_timeout", "0", "The time limit of a handler."),
    _time("drain_timeout", "20s", "Time to finish items after a signal."),
    _time("kill_timeout", "10s", "The time from SIGTERM to SIGKILL."),
    _time("exit_when_idle", "0", "Exit after this time without work."),
    _number("max_items", 0, 999_999_999, "0", "Exit after this many items."),
    _row("listen", _address, "", "Serve metrics and health checks at ADDRESS:PORT."),
)
"""The flags of `beta:worker poll`."""

RUN_ROWS = (
    _required("session_id", check_header, "The session to run."),
    _required("work_id", check_header, "Its work item."),
    _ENVIRONMENT_ID,
    _OPTIONAL_KEY,
    _file("work_secret_file", "", "A file with the item's secret, in place of the key."),
    _WORKDIR,
    _MAX_IDLE,
    _LOG_FORMAT,
)
"""The flags of `beta:worker run`."""

EXPORTER_ROWS = (
    _required("environment_id", check_header, "The environment; separate several with commas."),
    _OPTIONAL_KEY,
    _row("listen", _address, "127.0.0.1:9464", "Where to serve, as ADDRESS:PORT."),
    _time("cache", "5s", "How long statistics are kept."),
)
"""The flags of `beta:worker exporter`."""


def command_flags(rows: tuple[Setting, ...]) -> tuple[Param, ...]:
    """Return the flags of a command: without their defaults, which come after the variables."""
    return tuple(_command_flag(row.param) for row in rows)


def _command_flag(param: Param) -> Param:
    note = "" if param.default in _NOT_SHOWN else f" [default: {param.default}]"
    return param._replace(required=False, default="", help=param.help + note)


class PollOptions(NamedTuple):
    """The options of `beta:worker poll`. Durations are in seconds."""

    environment_id: str
    environment_key: str
    worker_id: str
    on_work: str
    workdir: str
    max_idle: float
    log_format: str
    concurrency: int
    heartbeat: HeartbeatMode
    lease: float
    attempts: int
    metadata_key: str
    """An API key to write metadata with; empty for none."""
    on_failure: Literal["retry", "stop"]
    no_auto_stop: bool
    pass_api_key: bool
    item_timeout: float
    """0 for no limit."""
    drain_timeout: float
    kill_timeout: float
    exit_when_idle: float
    """0 for never."""
    max_items: int
    """0 for no limit."""
    listen: tuple[str, int] | Literal[""]
    """Host and port; empty for none."""

    def __repr__(self) -> str:
        """Return a representation without the keys."""
        return f"PollOptions(environment_id={self.environment_id!r})"


def read_options(
    rows: tuple[Setting, ...], flags: Flags, environ: Mapping[str, str], command: str
) -> dict[str, Any]:
    """Return the value of each row by its name: from its flag, its variable, or its default, in this order.

    Raises:
        MissingFlag: if one that is required is not given.
        UsageError: if one has a value that can't be used.

    """
    from ant_cli.settings.selection import resolve  # late: help needs only the rows

    found = resolve(rows, flags, environ)
    required = {row.name: f"{row.param.flag} ({row.variable})" for row in rows if row.param.required}
    if missing := [name for row, name in required.items() if not found[row].value]:
        raise MissingFlag(missing, command)
    return {name: resolved.value for name, resolved in found.items()}
