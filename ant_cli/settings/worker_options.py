"""The worker's own flags, their environment variables, and their values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Generic, Literal, Self, TypeVar, overload

from ant_cli.errors import BadValue, MissingFlag, UsageError, os_error_text
from ant_cli.operations.parsers import Parse, duration, one_of, whole_number
from ant_cli.operations.spec import Flags, Setting
from ant_cli.settings.rows import (
    ENVIRONMENT_KEY_PLACE,
    check_secret,
    environment_key,
    header,
    is_api_key,
)

T = TypeVar("T")
C = TypeVar("C", bound=str)
EX_CONFIG = 78
"""The exit status (of `sysexits.h`) of `beta:worker run` if something that it needs is missing."""
HeartbeatMode = Literal["auto", "always", "never"]
Address = tuple[str, int]
"""Host and port."""
_OFFICIAL = (
    "environment_id",
    "environment_key",
    "worker_id",
    "session_id",
    "work_id",
    "work_secret_file",
)
"""The flags that the official worker also has. Their variables are the official ones."""
_VARIABLES_ONLY = ("metadata_key", "retry_delay")
"""Options without a flag: a secret, which others could read in the arguments, and what few people change."""
_NOT_SHOWN = ("", "0", "false", "auto")
"""Defaults that help does not show, because they say nothing new."""


class Option(Generic[T]):
    """An option of a command: on the class its row, on an object of the class its value."""

    def __init__(self, row: Setting, unset: T) -> None:
        self.row = row
        """The row. It gets its name from the class."""
        self.unset = unset
        """The value without a flag, a variable and a default."""

    def __set_name__(self, _owner: type, name: str) -> None:
        prefix = "ANTHROPIC" if name in _OFFICIAL else "ANT_WORKER"
        self.row = self.row._replace(name=name, variable=f"{prefix}_{name.upper()}")

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object, owner: type) -> Self | T:
        """Return the option of a class. An object has the value itself, in its `__dict__`."""
        if instance is None:
            return self
        raise AttributeError(self.row.name)


class Options:
    """The options of a command. An object has a value for each `Option` of its class."""

    def __init__(self, **values: Any) -> None:
        """Take the value of each option. Raises TypeError if one is missing or unknown."""
        names = {option.row.name for option in _options_of(type(self))}
        if wrong := names ^ values.keys():
            raise TypeError(f"missing or unknown options: {', '.join(sorted(wrong))}")
        vars(self).update(values)

    def __repr__(self) -> str:
        """Return the values. Keys are redacted."""
        values = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({values})"

    def replaced(self, **changes: Any) -> Self:
        """Return the options with other values for some of them."""
        return type(self)(**{**vars(self), **changes})


OptionsT = TypeVar("OptionsT", bound=Options)


def _options_of(kind: type[Options]) -> Iterator[Option[Any]]:
    return (member for member in vars(kind).values() if isinstance(member, Option))


def _row(parse: Parse | None, default: str, help_text: str, **more: Any) -> Setting:
    return Setting("", str, help_text, default=default, parse=parse)._replace(**more)


def _text(parse: Parse, help_text: str) -> Option[str]:
    return Option(_row(parse, "", help_text), "")


def _required(parse: Parse, help_text: str) -> Option[str]:
    return Option(_row(parse, "", f"{help_text} Required.", required=True), "")


def _file(default: str, help_text: str) -> Option[str]:
    return Option(_row(None, default, help_text, completes="file"), "")


def _time(default: str, help_text: str, parse: Parse = duration) -> Option[float]:
    return Option(_row(parse, default, help_text, value_name="TIME"), 0.0)


def _number(low: int, high: int, default: str, help_text: str) -> Option[int]:
    return Option(_row(whole_number(low, high), default, help_text, type=int), 0)


def _choice(choices: tuple[C, ...], help_text: str) -> Option[C]:
    row = _row(one_of(choices), choices[0], help_text, choices=choices)
    return Option(row, choices[0])


def _switch(help_text: str) -> Option[bool]:
    return Option(_row(None, "", help_text, type=bool), unset=False)


class _Key(str):
    """A key that a debugger does not show."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "[redacted]"


def _key(source: str, text: str) -> str:
    return _Key(check_secret(source, text))


def _environment_key(source: str, text: str) -> str:
    return _Key(environment_key(source, text))


def _key_to_check(source: str, text: str) -> str:
    """Return a key for `beta:worker check`, which says what is wrong with an API key."""
    return _key(source, text) if is_api_key(text) else _environment_key(source, text)


def _lease(source: str, text: str) -> float:
    seconds = duration(source, text)
    if not 1 <= seconds <= 300 or seconds != int(seconds):
        raise BadValue(source, f"must be whole seconds from 1s to 300s, got {text!r}")
    return seconds


def _address(source: str, text: str) -> Address:
    host, _, port = text.rpartition(":")
    if not host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        raise BadValue(source, f"must be ADDRESS:PORT, such as 127.0.0.1:9464, got {text!r}")
    return host.strip("[]"), int(port)


def _listener(help_text: str) -> Option[Address]:
    return Option(_row(_address, "127.0.0.1:9464", help_text), ("127.0.0.1", 9464))


_ENVIRONMENT_ID = _required(header, "The environment whose work is taken.")
_KEY_FILE = _file("", "A file with its key.")
_KEY_HELP = "Its key; safer: ANTHROPIC_ENVIRONMENT_KEY."
_OPTIONAL_KEY = _text(_environment_key, _KEY_HELP)
_KEY_TO_CHECK = _text(_key_to_check, _KEY_HELP)
_ON_WORK = _file("", "A handler without arguments, or the word in-process.")
_WORKDIR = _file(".", "The folder in which sessions run.")
_FOLDERS_HELP = "Run each session in its own folder, WORKDIR/SESSION_ID."
_MAX_IDLE = _time("1m", "The longest idle time of a session.")
_CONCURRENT_CALLS = _number(1, 1000, "1", "How many tools of a session run at once.")
_LOG_FORMAT = _choice(("auto", "plain", "text", "json"), "Format of the log.")
_UNRESTRICTED_PATHS = _switch("Has no effect: file tools stay below --workdir.")


class PollOptions(Options):
    """The options of `beta:worker poll`, each with its row. Durations are in seconds."""

    environment_id = _ENVIRONMENT_ID
    environment_key = _required(_environment_key, _KEY_HELP)
    environment_key_file = _KEY_FILE
    worker_id = _text(header, "A name for this worker, unique in the environment.")
    on_work = _ON_WORK
    workdir = _WORKDIR
    max_idle = _MAX_IDLE
    max_concurrent_calls = _CONCURRENT_CALLS
    log_format = _LOG_FORMAT
    session_folders: Option[bool | None] = Option(
        _row(None, "", f"{_FOLDERS_HELP} The default if several items may run at once.", type=bool),
        None,
    )
    concurrency = _number(1, 1000, "1", "How many items run at once.")
    heartbeat: Option[HeartbeatMode] = _choice(("auto", "always", "never"), "Who holds the leases.")
    lease = _time("45s", "The length of a lease.", _lease)
    retry_delay = _time("10s", "The first pause of a failed item.")
    attempts = _number(1, 1000, "5", "Give an item up after this many failures.")
    metadata_key = _text(_key, "An API key, to count them in the item's metadata.")
    no_auto_stop = _switch("Don't stop the item after exit status 0.")
    item_timeout = _time("0", "The time limit of a handler.")
    drain_timeout = _time("20s", "Time to finish items after a signal.")
    kill_timeout = _time("70s", "The time from SIGTERM to SIGKILL.")
    exit_when_idle = _time("0", "Exit if idle this long; 1 if an item is not done.")
    max_items = _number(0, 999_999_999, "0", "Exit after this many items; 1 if one is not done.")
    listen: Option[Address | None] = Option(
        _row(_address, "", "Serve metrics and health checks at ADDRESS:PORT."), None
    )
    unrestricted_paths = _UNRESTRICTED_PATHS

    @property
    def has_session_folders(self) -> bool:
        """Whether each session has its own folder. By default, those that may run at once do not share one."""
        return self.concurrency > 1 if self.session_folders is None else self.session_folders


class SessionOptions(Options):
    """The options of `beta:worker run`, each with its row."""

    session_id = _required(header, "The session to run.")
    work_id = _required(header, "Its work item.")
    environment_id = _ENVIRONMENT_ID
    environment_key = _OPTIONAL_KEY
    environment_key_file = _KEY_FILE
    work_secret_file = _file("", "A file with the item's secret, in place of the key.")
    workdir = _WORKDIR
    session_folders = _switch(_FOLDERS_HELP)
    max_idle = _MAX_IDLE
    max_concurrent_calls = _CONCURRENT_CALLS
    log_format = _LOG_FORMAT
    unrestricted_paths = _UNRESTRICTED_PATHS


class ExporterOptions(Options):
    """The options of `beta:worker exporter`, each with its row."""

    environment_id = _required(header, "The environment; separate several with commas.")
    environment_key = _OPTIONAL_KEY
    environment_key_file = _KEY_FILE
    listen = _listener("Where to serve, as ADDRESS:PORT.")
    cache = _time("5s", "How long statistics are kept.")


class CheckOptions(Options):
    """The options of `beta:worker check`, each with its row."""

    environment_id = _ENVIRONMENT_ID
    environment_key = _KEY_TO_CHECK
    environment_key_file = _KEY_FILE
    on_work = _ON_WORK
    listen = _listener("Where a worker may serve its state, as ADDRESS:PORT.")


def rows_of(kind: type[Options]) -> tuple[Setting, ...]:
    """Return the rows of one of these classes."""
    return tuple(option.row for option in _options_of(kind))


def command_flags(kind: type[Options]) -> tuple[Setting, ...]:
    """Return the flags of a command: without their defaults, which come after the variables."""
    return tuple(_command_flag(row) for row in rows_of(kind) if row.name not in _VARIABLES_ONLY)


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


def read_key_file(path: str) -> str:
    """Return the environment's key in a file. Raises UsageError as `read_secret_file` does."""
    flag = "--environment-key-file"
    return _environment_key(flag, read_secret_file(flag, path))


def read_options(
    kind: type[OptionsT], flags: Flags, environ: Mapping[str, str], command: str
) -> OptionsT:
    """Return the options: each from its flag, its variable, or its default, in this order.

    Raises:
        MissingFlag: if one that is required is not given.
        UsageError: if the value of a variable can't be used.

    """
    values = _values_of(kind, flags, environ)
    if "environment_key" in flags:
        values["environment_key_file"] = ""
    elif values.get("environment_key_file"):
        values["environment_key"] = read_key_file(values["environment_key_file"])
    if missing := [row for row in rows_of(kind) if row.required and not values[row.name]]:
        raise _missing(missing, command)
    return kind(**values)


def _values_of(kind: type[Options], flags: Flags, environ: Mapping[str, str]) -> dict[str, Any]:
    from ant_cli.settings.selection import resolve  # late: help needs only the rows

    found = resolve(rows_of(kind), flags, environ)
    values: dict[str, Any] = {}
    for option in _options_of(kind):
        source = found[option.row.name]
        is_unset = source.origin == "default" and not option.row.default
        values[option.row.name] = option.unset if is_unset else source.value
    return values


def _missing(rows: list[Setting], command: str) -> UsageError:
    error = MissingFlag([f"{row.flag} ({row.variable})" for row in rows], command)
    needs_key = any(row.name == "environment_key" for row in rows)
    return error.with_hints(ENVIRONMENT_KEY_PLACE) if needs_key else error
