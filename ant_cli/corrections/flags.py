"""The passes about flags: one that the command does not have, and the value of one that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ant_cli.corrections.line import Line, Part, Role, Sentence, Step
from ant_cli.corrections.rows import flag_rows
from ant_cli.errors.suggestions import nearest
from ant_cli.gjson import json_text
from ant_cli.help.command_row import HELP, Command
from ant_cli.operations.environments import PACKAGE_MANAGERS

_SHORTEST_BEGINNING = 6
"""The fewest characters of a flag, with its dashes, that are recognized as its beginning."""
_NETWORK_FLAGS = ("networking", "network", "network-type", "network-policy")
_HOST_FLAGS = ("allowed-hosts", "allowed-host", "allow-hosts", "allow-host", "hosts")
_PACKAGE_FLAGS = ("packages", "package", "pkg")
_TYPE_FLAGS = ("type", "config-type")
_YES = ("yes", "on", "y", "enabled", "client", "server")
"""The last two are from `kubectl --dry-run=client`."""
_NO = ("no", "off", "n", "disabled")
_PLAIN = r"[A-Za-z0-9][\w.+=<>~/-]*"
"""A value that needs no quotes in YAML."""


def unknown_flag_steps(line: Line, at: int, *, is_first: bool) -> Iterator[Step | Sentence]:
    """Yield what may have been meant by the first flag that the command does not have, the likeliest first."""
    operation = line.command.operation
    if HELP in line.params:
        yield Step(line.with_rest(HELP.flag))
    if is_first and _takes_program(line.command):
        yield from _program(line, at)
    if operation is not None and operation.creates:
        yield from _config_steps(line)
    yield from renamed(line, at)
    yield from flag_rows(line, at)
    yield from _beginning(line, at)


def known_flag_steps(line: Line) -> Iterator[Step | Sentence]:
    """Yield what may have been meant by the flags that the command has."""
    for at, part in enumerate(line.parts):
        if part.role is not Role.FLAG or part.param is None:
            continue
        yield from flag_rows(line, at)
        if part.param.choices:
            yield from _choice(line, at, part.param.choices)
        elif not part.param.takes_value:
            yield from _boolean(line, at)


def _takes_program(command: Command) -> bool:
    """Whether the command line of another program may follow after `--`."""
    return any(param.help.startswith("After --") for param in command.arguments)


def _program(line: Line, at: int) -> Iterator[Step]:
    """Yield the line with `--` before the command line of another program, whose flag it is."""
    others = line.numbered[len(line.command.arguments) - 1 :]
    if others and others[0][0] < at:
        start, text = others[0]
        yield line.replacing(start, "--", text)


def renamed(line: Line, at: int) -> Iterator[Step]:
    """Yield the line with the flag whose name was typed with a slip."""
    part = line.parts[at]
    dashed = "--" + part.flag.lstrip("-")
    names = [name for name in line.known if name.startswith("--")]
    if found := nearest(dashed, names):
        yield line.replacing(at, _with_value(found, part))


def _beginning(line: Line, at: int) -> Iterator[Step]:
    """Yield the line with the only flag that begins with what was typed."""
    part = line.parts[at]
    names = [name for name in line.known if name.startswith(part.flag)]
    if len(names) == 1 and len(part.flag) >= _SHORTEST_BEGINNING:
        yield line.replacing(at, _with_value(names[0], part))


def _with_value(flag: str, part: Part) -> str:
    return f"{flag}={part.value}" if "=" in part.text else flag


def _boolean(line: Line, at: int) -> Iterator[Step]:
    """Yield the line with the value of a boolean as it is written here: `--watch=yes` is `--watch`."""
    part = line.parts[at]
    if part.value.lower() in _YES:
        yield line.replacing(at, part.flag, consumed=(part.value,))
    if part.value.lower() in _NO:
        yield line.replacing(at, f"{part.flag}=false", consumed=(part.value,))


def _choice(line: Line, at: int, choices: Sequence[str]) -> Iterator[Step]:
    """Yield the line with the choice that was typed with a slip."""
    part = line.parts[at]
    typed = part.value or "".join(line.rest[at + 1 : at + 2])
    found = nearest(typed, choices)
    if not found or typed in choices:
        return
    if part.value:
        yield line.replacing(at, f"{part.flag}={found}", consumed=(typed,))
    else:
        yield line.replacing(at + 1, found, consumed=(typed,))


# Parts of the config of a new environment


def _config_steps(line: Line) -> Iterator[Step]:
    """Yield the line with one `--config` in place of all flags for parts of it, such as `--pip numpy`."""
    config, kept = dict[str, Any](), list[str]()
    parts = iter(enumerate(line.parts))
    for at, part in parts:
        value = part.value or "".join(line.following(at)[:1])
        found = _part_of_config(part.flag, value) if part.role is Role.UNKNOWN else {}
        _merge(config, found)
        if not found:
            kept.append(part.text)
        elif "=" not in part.text:
            next(parts)
    if not config:
        return
    if any(text.startswith("--config.type") for text in kept):
        for name, value in config.items():
            kept += [f"--config.{name}", _yaml(value)]
        yield Step(line.with_rest(*kept))
    else:
        whole = {"type": "cloud", **config}
        yield Step(line.with_rest(*kept, "--config", _yaml(whole)))


def _part_of_config(flag: str, value: str) -> dict[str, Any]:
    """Return the part of a config that a flag of another tool describes; empty if it is not about one."""
    name = flag.lstrip("-")
    elements = [element.strip() for element in value.strip("[]").split(",")]
    manager = name.partition("-")[0]
    if not value or value.startswith("{"):
        return {}
    if name in _TYPE_FLAGS:
        return {"type": value.replace("-", "_")}
    if name in _NETWORK_FLAGS:
        return {"networking": {"type": value}}
    if name in _HOST_FLAGS:
        return {"networking": {"type": "limited", "allowed_hosts": elements}}
    if manager in PACKAGE_MANAGERS:
        return {"packages": {manager: elements}}
    if name not in _PACKAGE_FLAGS:
        return {}
    first, equals, rest = value.partition("=")
    if equals and first in PACKAGE_MANAGERS:
        return _part_of_config(first, rest)
    return {"packages": {"pip": elements}}


def _merge(config: dict[str, Any], part: Mapping[str, Any]) -> None:
    """Add a part to a config. Lists grow."""
    for key, value in part.items():
        old = config.get(key)
        if isinstance(old, dict):
            _merge(old, value)
        elif isinstance(old, list):
            old += value
        else:
            config[key] = value


def _yaml(value: object) -> str:
    """Return a value in YAML on one line, as people write it."""
    if isinstance(value, dict):
        members = [f"{key}: {_yaml(each)}" for key, each in value.items()]
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    text = str(value)
    return text if is_plain(text) else json_text.quote(text).decode()


def is_plain(value: str) -> bool:
    """Whether a value needs no quotes in YAML."""
    return re.fullmatch(_PLAIN, value) is not None
