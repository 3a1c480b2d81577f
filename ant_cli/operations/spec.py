"""The two words of the program's vocabulary: a parameter, and an operation made of parameters.

Everything that the command line knows of the API is written as rows of these. Flags, help, completion,
requests, documentation and the contract tests are derived from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Place = Literal["path", "query", "header", "body", "setting"]

FlagWords = str | list[str]
Flags = Mapping[str, FlagWords]
"""The words of each flag that was typed, by its parameter's name. A boolean's word is true or false."""


def flag_of(name: str) -> str:
    """Return the long flag of a parameter, with its dashes."""
    return "--" + name.replace("_", "-")


class Param(NamedTuple):
    """One parameter: what the API calls it, where in the request it goes, and what it may hold.

    `type` is `str`, `int`, `float`, `bool`, `dict` (a structured value, in YAML or JSON) or `list` (a flag
    that may be repeated, each time with one string). A `setting` is for the program and is never sent.
    """

    name: str
    place: Place
    type: type
    help: str
    required: bool = False
    nullable: bool = False
    """The word `null` stands for JSON null."""
    wire: str = ""
    """The name in the request, where it is not `name`."""
    aliases: tuple[str, ...] = ()
    """Further keys under which piped input may hold it."""
    short: str = ""
    """A one-letter flag, with its dash."""
    guard: bool = False
    """The server compares it with its state, which the request changes. After a time-out, when the request may
    have been carried out, it must not be repeated with the same value."""
    choices: tuple[str, ...] = ()
    """What completion and help offer. Not a check: the server, or the setting, knows what is right."""

    @property
    def flag(self) -> str:
        """The long flag, with its dashes."""
        return flag_of(self.name)

    @property
    def wire_name(self) -> str:
        """The name in the request."""
        return self.wire or self.name

    @property
    def input_keys(self) -> tuple[str, ...]:
        """The keys under which piped input may hold it, the best first."""
        return (self.wire_name, *self.aliases)

    @property
    def takes_value(self) -> bool:
        """Whether the word after the flag belongs to it."""
        return self.type is not bool


class Operation(NamedTuple):
    """One endpoint of the API, and so one command."""

    group: str
    """The first word of the command, such as `beta:environments`."""
    name: str
    """The second word."""
    method: str
    path: str
    """The path below the base URL, with `{name}` for each path parameter."""
    summary: str
    """What it does, in one line."""
    params: tuple[Param, ...]
    examples: tuple[tuple[str, str], ...]
    """What it is for, and the command line after `ant`."""
    positional: Param | None = None
    """The path parameter that may also be given without its flag."""
    paginated: bool = False
    """The answer is a page of items, which may name a next one."""
    partial_update: bool = False
    """It changes the fields that are given, so that a request without any makes no sense."""
    done: str = ""
    """A sentence for people about what was done, with the ID as `{id}`; empty where the answer says it."""
    notes: str = ""
    """What else the help page says."""
    lost_answer: str = ""
    """The command that shows whether a change was made whose answer was lost, with `{name}` of parameters."""

    @property
    def has_body(self) -> bool:
        """Whether the request has a JSON body, even if it is `{}`."""
        return any(param.place == "body" for param in self.params)

    @property
    def command(self) -> str:
        """The command as it is typed after `ant`."""
        return f"{self.group} {self.name}"

    def placed(self, place: Place) -> list[Param]:
        """Return its parameters that go to one place."""
        return [param for param in self.params if param.place == place]
