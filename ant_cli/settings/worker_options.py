"""The worker's own flags, their environment variables, and their values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeVar

from ant_cli.errors import BadValue, MissingFlag, UsageError, os_error_text
from ant_cli.operations.parsers import Parse, duration, one_of, whole_number
from ant_cli.operations.spec import Flags, Setting
from ant_cli.settings.rows import ENVIRONMENT_KEY_PLACE, check_secret, environment_key, header

T = TypeVar("T")
EX_CONFIG = 78
"""The exit status (of `sysexits.h`) of `beta:worker run` if something that it needs is missing."""
HeartbeatMode = Literal["auto", "always", "never"]
_OFFICIAL = (
    "environment_id",
    "environment_key",
    "worker_id",
    "session_id",
    "work_id",
    "work_secret_file",
)
"""The flags that the official worker also has. Their variables are the official ones."""
_VARIABLES_ONLY = ("metadata_key", "pass_api_key", "retry_delay")
"""Options without a flag: a secret, which others could read in the arguments, and what few people change."""
_NOT_SHOWN = ("", "0", "false", "auto")
"""Defaults that help does not show, because they say nothing new."""


def _row(parse: Parse | None, default: str, help_text: str, **more: Any) -> Any:
    """Return the row of an option, in the place of a field's default. `rows_of` adds the field's name."""
    return Setting("", str, help_text, default=default, parse=parse)._replace(**more)


def _required(parse: Parse, help_text: str) -> Any:
    return _row(parse, "", f"{help_text} Required.", required=True)


def _file(default: str, help_text: str) -> Any:
    return _row(None, default, help_text, completes="file")


def _time(default: str, help_text: str) -> Any:
    return _row(duration, default, help_text, value_name="TIME")


def _number(low: int, high: int, default: str, help_text: str) -> Any:
    return _row(whole_number(low, high), default, help_text, type=int)


def _choice(choices: tuple[str, ...], help_text: str) -> Any:
    return _row(one_of(choices), choices[0], help_text, choices=choices)


def _switch(help_text: str) -> Any:
    return _row(None, "", help_text, type=bool)


class _Key(str):
    """A key that a debugger does not show."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "[redacted]"


def _key(source: str, text: str) -> str:
    return _Key(check_secret(source, text))


def _environment_key(source: str, text: str) -> str:
    return _Key(environment_key(source, text))


def _lease(source: str, text: str) -> float:
    seconds = duration(source, text)
    if not 1 <= seconds <= 300 or seconds != int(seconds):
        raise BadValue(source, f"must be whole seconds from 1s to 300s, got {text!r}")
    return seconds


def _address(source: str, text: str) -> tuple[str, int]:
    """Return host and port."""
    host, _, port = text.rpartition(":")
    if not host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        raise BadValue(source, f"must be ADDRESS:PORT, such as 127.0.0.1:9464, got {text!r}")
    return host.strip("[]"), int(port)


_ENVIRONMENT_ID = _required(header, "The environment whose work is taken.")
_KEY_FILE = _file("", "A file with its key.")
_KEY_HELP = "Its key; safer: ANTHROPIC_ENVIRONMENT_KEY."
_OPTIONAL_KEY = _row(_environment_key, "", _KEY_HELP)
_KEY_TO_CHECK = _OPTIONAL_KEY._replace(parse=_key)
"""Not rejected here, because `beta:worker check` says what is wrong with it."""
_ON_WORK = _file("", "A handler without arguments, or the word in-process.")
_WORKDIR = _file(".", "The folder in which sessions run.")
_MAX_IDLE = _time("1m", "The longest idle time of a session.")
_LOG_FORMAT = _choice(("auto", "plain", "text", "json"), "Format of the log.")


_UNRESTRICTED_PATHS = _switch("Has no effect: file tools stay below --workdir.")


class PollOptions(NamedTuple):
    """The options of `beta:worker poll`, each with its row. Durations are in seconds."""

    environment_id: str = _ENVIRONMENT_ID
    environment_key: str = _required(_environment_key, _KEY_HELP)
    environment_key_file: str = _KEY_FILE
    worker_id: str = _row(header, "", "A name for this worker, unique in the environment.")
    on_work: str = _ON_WORK
    workdir: str = _WORKDIR
    max_idle: float = _MAX_IDLE
    log_format: str = _LOG_FORMAT
    concurrency: int = _number(1, 1000, "1", "How many items run at once.")
    heartbeat: HeartbeatMode = _choice(("auto", "always", "never"), "Who holds the leases.")
    lease: float = _row(_lease, "45s", "The length of a lease.", value_name="TIME")
    retry_delay: float = _time("10s", "The first pause of a failed item.")
    attempts: int = _number(1, 1000, "5", "Give an item up after this many failures.")
    metadata_key: str = _row(_key, "", "An API key, to count them in the item's metadata.")
    no_auto_stop: bool = _switch("Don't stop the item after exit status 0.")
    pass_api_key: bool = _switch("Leave API keys in the handler's environment.")
    item_timeout: float = _time("0", "The time limit of a handler.")
    drain_timeout: float = _time("20s", "Time to finish items after a signal.")
    kill_timeout: float = _time("10s", "The time from SIGTERM to SIGKILL.")
    exit_when_idle: float = _time("0", "Exit if idle this long; 1 if an item is not done.")
    max_items: int = _number(
        0, 999_999_999, "0", "Exit after this many items; 1 if one is not done."
    )
    listen: tuple[str, int] | Literal[""] = _row(
        _address, "", "Serve metrics and health checks at ADDRESS:PORT."
    )
    unrestricted_paths: bool = _UNRESTRICTED_PATHS


class SessionOptions(NamedTuple):
    """The options of `beta:worker run`, each with its row."""

    session_id: str = _required(header, "The session to run.")
    work_id: str = _required(header, "Its work item.")
    environment_id: str = _ENVIRONMENT_ID
    environment_key: str = _OPTIONAL_KEY
    environment_key_file: str = _KEY_FILE
    work_secret_file: str = _file("", "A file with the item's secret, in place of the key.")
    workdir: str = _WORKDIR
    max_idle: float = _MAX_IDLE
    log_format: str = _LOG_FORMAT
    unrestricted_paths: bool = _UNRESTRICTED_PATHS


class ExporterOptions(NamedTuple):
    """The options of `beta:worker exporter`, each with its row."""

    environment_id: str = _required(header, "The environment; separate several with commas.")
    environment_key: str = _OPTIONAL_KEY
    environment_key_file: str = _KEY_FILE
    listen: tuple[str, int] = _row(_address, "127.0.0.1:9464", "Where to serve, as ADDRESS:PORT.")
    cache: float = _time("5s", "How long statistics are kept.")


class CheckOptions(NamedTuple):
    """The options of `beta:worker check`, each with its row."""

    environment_id: str = _ENVIRONMENT_ID
    environment_key: str = _KEY_TO_CHECK
    environment_key_file: str = _KEY_FILE
    on_work: str = _ON_WORK
    listen: tuple[str, int] = _row(
        _address, "127.0.0.1:9464", "Where a worker may serve its state, as ADDRESS:PORT."
    )


def rows_of(options: Any) -> tuple[Setting, ...]:
    """Return the rows of one of these classes."""
    return tuple(
        row._replace(
            name=name,
            variable=f"{'ANTHROPIC' if name in _OFFICIAL else 'ANT_WORKER'}_{name.upper()}",
        )
        for name, row in options._field_defaults.items()
    )


def command_flags(options: Any) -> tuple[Setting, ...]:
    """Return the flags of a command: without their defaults, which come after the variables."""
    return tuple(_command_flag(row) for row in rows_of(options) if row.name not in _VARIABLES_ONLY)


def _command_flag(row: Setting) -> Setting:
    note = "" if row.default in _NOT_SHOWN else f" [default: {row.default}]"
    return row._replace(required=False, default="", help=row.help + note)


def read_secret_file(flag: str, path: str) -> str:
    """Return the secret in a file. Raises UsageError if it can't be read, is empty, or is open to every user."""
    from ant_cli.runtime.trusted_files import FileRule, read_trusted  # late, as below

    # In a container, a secret may belong to another user, and `<(command)` is a pipe.
    mounted = FileRule(100_000, forbidden=0o006, owner="anyone", may_be_link=True, may_be_pipe=True)
    try:
        secret = read_trusted(path, mounted).decode("utf-8", "replace")
    except OSError as error:
        problem = f"{flag} can't be read: {path}: {os_error_text(error)}."
        raise UsageError(problem, getattr(error, "hint", "")) from None
    return check_secret(f"the file {path} of {flag}", secret)


def read_options(options: type[T], flags: Flags, environ: Mapping[str, str], command: str) -> T:
    """Return the options: each from its flag, its variable, or its default, in this order.

    Raises:
        MissingFlag: if one that is required is not given.
        UsageError: if the value of a variable can't be used.

    """
    from ant_cli.settings.selection import resolve  # late: help needs only the rows

    rows = rows_of(options)
    values = {name: source.value for name, source in resolve(rows, flags, environ).items()}
    if values.get("environment_key_file") and "environment_key" not in flags:
        key = read_secret_file("--environment-key-file", values["environment_key_file"])
        values["environment_key"] = _environment_key("--environment-key-file", key)
    if missing := [
        f"{row.flag} ({row.variable})" for row in rows if row.required and not values[row.name]
    ]:
        place = ENVIRONMENT_KEY_PLACE if "environment_key" in " ".join(missing).lower() else ""
        raise MissingFlag(missing, command).with_hints(place)
    return options(**values)
