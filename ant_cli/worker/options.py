"""The worker's own flags, their environment variables, and their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ant_cli.errors import BadValue, MissingFlag, UnknownName
from ant_cli.input.durations import parse_duration
from ant_cli.operations.spec import Flags, Param, boolean
from ant_cli.operations.value_kinds import ValueKind
from ant_cli.runtime.light_typing import Literal, NamedTuple
from ant_cli.settings.validators import check_header, check_secret, check_whole_number

Parse = Callable[[str, str], object]
"""Parses a text. The first argument is the flag or variable, as messages name it. Raises UsageError."""

HeartbeatMode = Literal["auto", "always", "never"]
_OFFICIAL_VARIABLES = {
    "environment_id": "ANTHROPIC_ENVIRONMENT_ID",
    "environment_key": "ANTHROPIC_ENVIRONMENT_KEY",
    "worker_id": "ANTHROPIC_WORKER_ID",
    "session_id": "ANTHROPIC_SESSION_ID",
    "work_id": "ANTHROPIC_WORK_ID",
    "work_secret_file": "ANTHROPIC_WORK_SECRET_FILE",
}
"""The variables of the flags that the official worker also has."""
_COMPLETES = {"on_work": ValueKind.FILE, "workdir": ValueKind.FILE, "work_secret_file": ValueKind.FILE}


class FlagRow(NamedTuple):
    """A flag of the worker: its parameter, its default, and how its text is parsed."""

    param: Param
    parse: Parse
    default: str | None = None
    """None for a required flag; empty if there is no default value."""
    nothing: object = ""
    """The value of a flag that is not given and has no default."""

    @property
    def variable(self) -> str:
        """The environment variable that is read if the flag is not given."""
        name = self.param.name
        return _OFFICIAL_VARIABLES.get(name, f"ANT_WORKER_{name.upper()}")


def _text(_source: str, text: str) -> str:
    return text


def _one_of(*choices: str) -> Parse:
    def parse(source: str, text: str) -> str:
        if text not in choices:
            raise UnknownName("value", text, choices, f"{source} takes: {', '.join(choices)}.", where=source)
        return text

    return parse


def _whole(low: int, high: int) -> Parse:
    return lambda source, text: check_whole_number(source, text, low, high)


def _lease(source: str, text: str) -> float:
    seconds = parse_duration(source, text)
    if not 1 <= seconds <= 300 or seconds != int(seconds):
        raise BadValue(source, f"must be whole seconds from 1s to 300s, got {text!r}")
    return seconds


def _address(source: str, text: str) -> tuple[str, int]:
    """Return host and port. Empty text means no address: the port is -1."""
    if not text:
        return "", -1
    host, _, port = text.rpartition(":")
    if not host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        raise BadValue(source, f"must be ADDRESS:PORT, such as 127.0.0.1:9464, got {text!r}")
    return host.strip("[]"), int(port)


def _row(
    name: str, parse: Parse, default: str | None, help_text: str, type_: type = str, choices: tuple[str, ...] = ()
) -> FlagRow:
    completes = _COMPLETES.get(name) or (ValueKind.CHOICE if choices else None if type_ is bool else ValueKind.FREE)
    if default is None:
        help_text += " Required."
    elif default not in ("", "0", "false", "auto"):
        help_text += f" [default: {default}]"
    value_name = "TIME" if parse in (parse_duration, _lease) else ""
    param = Param(name, "setting", type_, help_text, choices=choices, completes=completes, value_name=value_name)
    return FlagRow(param, parse, default)


_LOG_FORMATS = ("auto", "plain", "text", "json")
_HEARTBEAT_MODES = ("auto", "always", "never")
_ON_FAILURE = ("retry", "stop")

ENVIRONMENT_ID = _row("environment_id", check_header, None, "The environment whose work is taken.")
ENVIRONMENT_KEY = _row("environment_key", check_secret, None, "Its key; safer: ANTHROPIC_ENVIRONMENT_KEY.")
WORKDIR = _row("workdir", _text, ".", "The folder in which sessions run.")
_MAX_IDLE = _row("max_idle", parse_duration, "1m", "The longest idle time of a session.")
LOG_FORMAT = _row(
    "log_format",
    _one_of(*_LOG_FORMATS),
    "auto",
    "Format of the log.",
    choices=_LOG_FORMATS,
)
_LISTEN = _row("listen", _address, "", "Serve metrics and health checks at ADDRESS:PORT.")._replace(
    nothing=("", -1)
)

POLL_ROWS = (
    ENVIRONMENT_ID,
    ENVIRONMENT_KEY,
    _row("worker_id", check_header, "", "A name for this worker, unique in the environment."),
    _row("on_work", _text, "", "A handler without arguments, or the word in-process."),
    WORKDIR,
    _MAX_IDLE,
    LOG_FORMAT,
    _row("concurrency", _whole(1, 1000), "1", "How many items run at once.", int),
    _row(
        "heartbeat",
        _one_of(*_HEARTBEAT_MODES),
        "auto",
        "Who holds the leases.",
        choices=_HEARTBEAT_MODES,
    ),
    _row("lease", _lease, "45s", "The length of a lease."),
    _row("attempts", _whole(1, 1000), "3", "Give an item up after this many failures.", int),
    _row("metadata_key", check_secret, "", "An API key, to count them in the item's metadata."),
    _row("on_failure", _one_of(*_ON_FAILURE), "retry", "After a failure.", choices=_ON_FAILURE),
    _row("no_auto_stop", boolean, "false", "Don't stop the item after exit status 0.", bool),
    _row("pass_api_key", boolean, "false", "Leave API keys in the handler's environment.", bool),
    _row("item_timeout", parse_duration, "0", "The time limit of a handler."),
    _row("drain_timeout", parse_duration, "20s", "Time to finish items after a signal."),
    _row("kill_timeout", parse_duration, "10s", "The time from SIGTERM to SIGKILL."),
    _row("exit_when_idle", parse_duration, "0", "Exit after this time without work."),
    _row("max_items", _whole(0, 999_999_999), "0", "Exit after this many items.", int),
    _LISTEN,
)
"""The flags of `beta:worker poll`."""

RUN_ROWS = (
    _row("session_id", check_header, None, "The session to run."),
    _row("work_id", check_header, None, "Its work item."),
    ENVIRONMENT_ID,
    ENVIRONMENT_KEY._replace(default=""),
    _row("work_secret_file", _text, "", "A file with the item's secret, in place of the key."),
    WORKDIR,
    _MAX_IDLE,
    LOG_FORMAT,
)
"""The flags of `beta:worker run`."""

EXPORTER_ROWS = (
    _row("environment_id", check_header, None, "The environment; separate several with commas."),
    ENVIRONMENT_KEY._replace(default=""),
    _row("listen", _address, "127.0.0.1:9464", "Where to serve, as ADDRESS:PORT."),
    _row("cache", parse_duration, "5s", "How long statistics are kept."),
)
"""The flags of `beta:worker exporter`."""


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
    listen: tuple[str, int]
    """Host and port; port -1 for none."""

    def __repr__(self) -> str:
        """Return a representation without the keys."""
        return f"PollOptions(environment_id={self.environment_id!r})"


def read_options(
    rows: tuple[FlagRow, ...], flags: Flags, environ: Mapping[str, str], command: str
) -> dict[str, object]:
    """Return the value of each row by its name: from its flag, its variable, or its default, in this order.

    Raises:
        MissingFlag: if one without a default is not given.
        UsageError: if one has a value that can't be used.

    """
    missing = [row for row in rows if row.default is None and not _given(row, flags, environ)[1]]
    if missing:
        names = [f"{row.param.flag} ({row.variable})" for row in missing]
        raise MissingFlag(names, command)
    return {row.param.name: _value(row, flags, environ) for row in rows}


def _value(row: FlagRow, flags: Flags, environ: Mapping[str, str]) -> object:
    source, text = _given(row, flags, environ)
    return row.parse(source, text) if source != "default" or text else row.nothing


def _given(row: FlagRow, flags: Flags, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the source of a value and its text. Empty variables are treated as unset."""
    typed = flags.text(row.param.name)
    if typed is not None:
        return row.param.flag, typed
    if text := environ.get(row.variable):
        return row.variable, text
    return "default", row.default or ""
