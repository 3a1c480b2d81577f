"""The passes about flags: one that the command does not have, and the value of one that it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ant_cli.corrections.line import Line, Part, Role
from ant_cli.corrections.rows import flag_rows, is_plain
from ant_cli.corrections.steps import Sentence, Step
from ant_cli.errors.suggestions import nearest
from ant_cli.gjson import json_text
from ant_cli.help.command_row import HELP, Command
from ant_cli.operations.environments import PACKAGE_MANAGERS
from ant_cli.operations.spec import Param

_SHORTEST_BEGINNING = 6
"""The fewest characters of a flag, with its dashes, that are recognized as its beginning."""
_NETWORK_FLAGS = ("--networking", "--network", "--network-type", "--network-policy")
_HOST_FLAGS = ("--allowed-hosts", "--allowed-host", "--allow-hosts", "--allow-host", "--hosts")
_PACKAGE_FLAGS = ("--packages", "--package", "--pkg")
_TYPE_FLAGS = ("--type", "--config-type")
_YES = ("yes", "on", "y", "enabled")
_NO = ("no", "off", "n", "disabled")


def unknown_flag_steps(line: Line, *, is_first: bool) -> Iterator[Step | Sentence]:
    """Yield what may have been meant by the first flag that the command does not have, the likeliest first."""
    parts = line.parts
    at = next(at for at, part in enumerate(parts) if part.role is Role.UNKNOWN)
    if any(part.param is not None and part.param.name == HELP.name for part in parts):
        yield Step(line.with_rest(HELP.flag))
    if is_first:
        yield from _program_steps(line, parts, at)
    if line.command.operation is not None and line.command.operation.creates:
        yield from _config_steps(line, parts)
    yield from renamed(line, at)
    yield from flag_rows(line, at)
    yield from _beginnings(line, parts[at], at)


def known_flag_steps(line: Line) -> Iterator[Step | Sentence]:
    """Yield what may have been meant by the flags that the command has."""
    for at, part in enumerate(line.parts):
        if part.role is Role.FLAG and part.param is not None:
            yield from flag_rows(line, at)
            yield from _boolean_steps(line, at, part, part.param)
            yield from _choice_steps(line, at, part.param)


def _replacing(line: Line, at: int, *words: str, count: int = 1) -> Step:
    """Return the line with other words in place of some."""
    return Step(line.with_rest(*line.rest[:at], *words, *line.rest[at + count :]))


def _program_steps(line: Line, parts: Sequence[Part], at: int) -> Iterator[Step]:
    """Yield the line with `--` before the command line of another program, whose flag it is."""
    if not takes_program(line.command):
        return
    before = len(line.command.arguments) - 1
    words = [place for place, part in enumerate(parts) if part.role is Role.WORD]
    if len(words) > before and words[before] < at:
        start = words[before]
        yield Step(line.with_rest(*line.rest[:start], "--", *line.rest[start:]))


def takes_program(command: Command) -> bool:
    """Whether the command line of another program may follow after `--`."""
    return any(param.help.startswith("After --") for param in command.arguments)


def renamed(line: Line, at: int) -> Iterator[Step]:
    """Yield the line with the flag that has one slip in its name."""
    part = line.parts[at]
    dashed = part.flag if part.flag.startswith("--") else f"-{part.flag}"
    names = [name for name in line.known if name.startswith("--")]
    if found := nearest(dashed, names):
        yield _replacing(line, at, _with_value(found, part))


def _beginnings(line: Line, part: Part, at: int) -> Iterator[Step]:
    """Yield the line with the only flag that begins with what was typed."""
    names = [name for name in line.known if name.startswith(part.flag)]
    if len(names) == 1 and len(part.flag) >= _SHORTEST_BEGINNING:
        yield _replacing(line, at, _with_value(names[0], part))


def _with_value(flag: str, part: Part) -> str:
    return f"{flag}={part.value}" if "=" in part.text else flag


def _boolean_steps(line: Line, at: int, part: Part, param: Param) -> Iterator[Step]:
    """Yield the line with the value of a boolean as it is written here: `--watch=yes` is `--watch`."""
    if param.takes_value or "=" not in part.text:
        return
    if part.value.lower() in _YES:
        yield _replacing(line, at, part.flag)._replace(consumed=(part.value,))
    if part.value.lower() in _NO:
        yield _replacing(line, at, f"{part.flag}=false")._replace(consumed=(part.value,))


def _choice_steps(line: Line, at: int, param: Param) -> Iterator[Step]:
    """Yield the line with the choice that has one slip."""
    parts = line.parts
    is_joined = "=" in parts[at].text
    place = at if is_joined else at + 1
    if not param.choices or place >= len(parts):
        return
    typed = parts[at].value if is_joined else parts[place].text
    found = "" if typed in param.choices else nearest(typed, param.choices)
    if found:
        text = f"{parts[at].flag}={found}" if is_joined else found
        yield _replacing(line, place, text)._replace(consumed=(typed,))


# Parts of the config of a new environment


def _config_steps(line: Line, parts: Sequence[Part]) -> Iterator[Step]:
    """Yield the line with one `--config` in place of all flags for parts of it, such as `--pip numpy`."""
    config = _Config()
    kept = list[str]()
    texts = iter(enumerate(parts))
    for at, part in texts:
        value = part.value or _following(parts, at)
        if part.role is not Role.UNKNOWN or not config.take(part.flag, value):
            kept.append(part.text)
        elif "=" not in part.text:
            next(texts)
    if not config.members:
        return
    if any(text.startswith("--config.type") for text in kept):
        flags = [(f"--config.{name}", _yaml(value)) for name, value in config.members.items()]
        yield Step(line.with_rest(*kept, *(word for pair in flags for word in pair)))
    elif not any(text.startswith("--config") for text in kept):
        whole = {"type": "cloud", **config.members}
        yield Step(line.with_rest(*kept, "--config", _yaml(whole)))


def _following(parts: Sequence[Part], at: int) -> str:
    following = parts[at + 1 : at + 2]
    return following[0].text if following and following[0].role is Role.WORD else ""


class _Config:
    """The config that flags of other tools describe."""

    def __init__(self) -> None:
        self.members: dict[str, object] = {}
        self._packages: dict[str, list[str]] = {}
        self._network: dict[str, object] = {}

    def take(self, flag: str, value: str) -> bool:
        """Take a flag with its value. Return whether it is one for a part of the config."""
        name = flag if flag.startswith("--") else f"-{flag}"
        manager = _manager(name)
        if not value or value.startswith("{"):
            return False
        if name in _TYPE_FLAGS:
            self.members["type"] = value.replace("-", "_")
        elif name in _NETWORK_FLAGS:
            self._take_network(value)
        elif name in _HOST_FLAGS:
            self._take_hosts(value)
        elif manager:
            self._add(manager, value)
        elif name in _PACKAGE_FLAGS:
            first, equals, rest = value.partition("=")
            self._add(first, rest) if equals and first in PACKAGE_MANAGERS else self._add(
                "pip", value
            )
        else:
            return False
        return True

    def _add(self, manager: str, value: str) -> None:
        self._packages.setdefault(manager, []).extend(_elements(value))
        self.members["packages"] = self._packages

    def _take_network(self, value: str) -> None:
        self._network["type"] = value
        self.members["networking"] = self._network

    def _take_hosts(self, value: str) -> None:
        self._network.setdefault("type", "limited")
        self._network["allowed_hosts"] = _elements(value)
        self.members["networking"] = self._network


def _elements(value: str) -> list[str]:
    """Return the elements of a list that was typed with commas, maybe in brackets."""
    return [element.strip() for element in value.strip("[]").split(",")]


def _manager(flag: str) -> str:
    """Return the package manager that a flag names: `--pip`, `--pip-packages`; empty if it names none."""
    first = flag.removeprefix("--").partition("-")[0]
    return first if first in PACKAGE_MANAGERS else ""


def _yaml(value: object) -> str:
    """Return a value in YAML on one line, as people write it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_yaml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    text = str(value)
    return text if is_plain(text) else json_text.quote(text).decode()
