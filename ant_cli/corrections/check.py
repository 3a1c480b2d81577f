"""Whether a line may be shown: the program accepts it, and it does what was typed, not more and not less.

Nothing is sent, no file and no stdin is read, no program is started and no credential is looked for.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from ant_cli.argv import ApiCall, CommandCall, ToolCall, parse
from ant_cli.corrections.arguments import PRINTF
from ant_cli.corrections.line import Argv, Part, Role, commands_in, line_of, parts_of
from ant_cli.corrections.rows import is_file_name
from ant_cli.corrections.slips import meant, split_words
from ant_cli.corrections.steps import Step
from ant_cli.errors import UsageError
from ant_cli.errors.suggestions import nearest
from ant_cli.help.catalog import longest_match
from ant_cli.help.command_row import HELP, HELP_COMMAND
from ant_cli.help.contents import OTHER_NAMES, TOPICS
from ant_cli.operations import GROUPS
from ant_cli.operations.shared_flags import EDITS, FILE
from ant_cli.operations.spec import Field, Operation, Texts, flag_name
from ant_cli.runtime import Runtime
from ant_cli.runtime.redaction import may_be_key
from ant_cli.runtime.streams import Stderr, Stdin, Stdout
from ant_cli.settings import exposed_secrets

_FINAL = ("delete", "archive", "stop", "reset", "logout")
"""The commands that can't be undone."""
_DECISIONS = ("yes", "force", "prune", "requeue", "delete_archived", "allow_origin_change")
"""The flags that answer a question, or do more than a command does without them."""
_SHORT_YES = "-y"
_PLACES: dict[type, str] = {dict: "KEY=VALUE"}
"""What stands for a value of the input, by its type."""
_LONGEST = 1000
"""A longer line is not shown."""


class Typed(NamedTuple):
    """What was typed, which each line is compared with."""

    argv: Argv
    environ: Mapping[str, str]

    @property
    def has_secret(self) -> bool:
        """Whether a secret is in it."""
        return any(exposed_secrets(self.argv, {}))


def may_be_shown(step: Step, typed: Typed) -> bool:
    """Whether a line is accepted, and does what was typed."""
    commands = list(commands_in(step.argv))
    own = [command for command in commands if command[0] is not PRINTF]
    for command in own:
        is_piped = command is not commands[0]
        if not is_accepted(command, typed.environ, has_input=is_piped):
            return False
    if _is_unwritable(step.argv) or _shows_secret(step.argv, own, typed):
        return False
    if any(_names_group(command) or _is_invented(command, typed) for command in own):
        return False
    return not _is_lost(step, own, typed)


def help_page(argv: Argv) -> Argv | None:
    """Return the line of the help page that a line shows; None if it shows none.

    That of `ant` itself, which flags alone show, has to be asked for.
    """
    try:
        call = parse(argv)
    except UsageError:
        return None
    if not line_of(argv).command.path and HELP.flag not in argv:
        return None
    if not isinstance(call, ToolCall) or call.command != HELP_COMMAND:
        return None
    return _page_of(call)


# What the program accepts


def is_accepted(argv: Argv, environ: Mapping[str, str], *, has_input: bool = False) -> bool:
    """Whether the program accepts a line. With input from a pipe, that gives the ID and what else is missing."""
    try:
        call = parse(argv)
        return _has_no_notes(call) and _can_be_sent(call, environ, has_input=has_input)
    except UsageError:
        return False


def _has_no_notes(call: CommandCall) -> bool:
    return not (isinstance(call, ApiCall | ToolCall) and call.notes)


def _can_be_sent(call: CommandCall, environ: Mapping[str, str], *, has_input: bool) -> bool:
    """Whether the request of a call can be made. Raises UsageError if a value can't be used."""
    if isinstance(call, ToolCall):
        return _is_known_tool_call(call)
    if not isinstance(call, ApiCall):
        return True
    file = call.flags.of(FILE)
    if file and not _may_be_file(file):
        return False
    required = [field for field in call.operation.fields if field.required]
    missing = [field for field in required if _is_missing(field, call.texts, environ)]
    if not (has_input or file) and (missing or not _changes_something(call)):
        return False
    edits = (text for setting in EDITS for text in call.flags.of(setting))
    if not all(_is_edit(text, call.operation) for text in edits):
        return False
    given = [field for field in call.operation.fields if field.name in call.texts]
    reads_files = any(text[:1] == "@" for field in given for text in call.texts[field.name])
    if reads_files or all(field.type in (str, list) and not field.choices for field in given):
        return True
    places = {field.name: _PLACES.get(field.type, field.name) for field in missing}
    return _builds(call._replace(texts={**call.texts, **places}), environ)


def _is_known_tool_call(call: ToolCall) -> bool:
    """Whether there is a page to show, and an argument is one of its choices: its command looks at it later."""
    if call.command == HELP_COMMAND:
        return _page_of(call) not in (None, (HELP.flag,))
    texts = [(param, call.flags.get(param.name)) for param in call.command.arguments]
    return all(text in param.choices for param, text in texts if param.choices and text is not None)


def _page_of(call: ToolCall) -> Argv | None:
    """Return the line that shows a page of help; None if there is no such page."""
    topic = tuple(call.flags.of(HELP_COMMAND.settings[0]))
    name = "-".join(topic)
    if name in TOPICS or name in OTHER_NAMES:
        return ("help", *topic)
    return (*topic, HELP.flag) if longest_match(topic).path == topic else None


def _may_be_file(name: str) -> bool:
    """Whether a value of `--file` may be meant as one: for other tools, `-f` is `--force` or `--follow`."""
    return is_file_name(name) or os.path.isfile(name)


def _is_missing(field: Field, texts: Texts, environ: Mapping[str, str]) -> bool:
    return field.name not in texts and not environ.get(field.variable)


def _changes_something(call: ApiCall) -> bool:
    """Whether a call gives an update a change, or is none."""
    names = {*call.texts, *call.flags}
    changes = [field.name for field in call.operation.fields if field.location == "body"]
    return not call.operation.partial_update or not names.isdisjoint(
        (*changes, *(setting.name for setting in EDITS))
    )


def _is_edit(text: str, operation: Operation) -> bool:
    """Whether a text names a list or a key of metadata, which `run/` looks at when it reads the object."""
    name = text.partition("=")[0].removeprefix("config.")
    return name in operation.lists or name.startswith("metadata.")


def _builds(call: ApiCall, environ: Mapping[str, str]) -> bool:
    """Whether the requests can be built, without a warning, and the server takes a new environment."""
    from ant_cli.input.build import build_all  # late: 10 ms, and most lines have only texts
    from ant_cli.input.validation import check

    said = list[str]()
    runtime = Runtime(Stdin(None), Stdout(None), Stderr(None), environ)
    runtime.stderr.log = lambda text, _: said.append(text)
    request = build_all(call.operation, call.texts, call.flags, runtime).first
    if any(text.startswith("Warning:") for text in said):
        return False
    return not (call.operation.creates and check(json.loads(request.body or b"{}")))


# What was typed


def _is_unwritable(argv: Argv) -> bool:
    text = " ".join(argv)
    return len(text) > _LONGEST or not text.isprintable()


def _shows_secret(argv: Argv, commands: Sequence[Argv], typed: Typed) -> bool:
    """Whether a secret may be in a line. After `auth` and `profile`, any word may be a key."""
    if typed.has_secret or any(exposed_secrets(argv, {})):
        return True
    for command in commands:
        line = line_of(command)
        words = [part.text for part in line.parts if part.role in (Role.WORD, Role.AFTER)]
        is_about_keys = line.command.path[:1] in (("auth",), ("profile",))
        if is_about_keys and any(may_be_key(word) for word in words if not _is_url(word)):
            return True
    return False


def _is_url(text: str) -> bool:
    """Whether a text is a URL. A password in it is found with the other secrets."""
    return text.startswith(("http://", "https://", "local:"))


def _names_group(argv: Argv) -> bool:
    """Whether an argument is the name of a group, which no object has."""
    return any(part.role is Role.WORD and part.text in GROUPS for part in line_of(argv).parts)


def _is_invented(argv: Argv, typed: Typed) -> bool:
    """Whether a line can't be undone, or answers a question, and that was not typed."""
    name = line_of(argv).command.path[-1:]
    parts = parts_of(typed.argv)
    words = {
        word.lower() for part in parts if part.role is Role.WORD for word in split_words(part.text)
    }
    words |= {word.lower() for word in split_words(" ".join(line_of(typed.argv).command.path))}
    if name and name[0] in _FINAL and not meant(words, name[0]):
        return True
    typed_flags = [part.flag for part in parts if part.role in (Role.FLAG, Role.UNKNOWN)]
    decisions = {part.param.name for part in parts_of(argv) if part.param is not None}
    return any(
        name in decisions and not _is_typed(flag_name(name), typed_flags) for name in _DECISIONS
    )


def _is_typed(flag: str, typed_flags: Sequence[str]) -> bool:
    if flag == flag_name("yes") and _SHORT_YES in typed_flags:
        return True
    return any(nearest(f"--{typed.lstrip('-')}", [flag]) for typed in typed_flags)


def _is_lost(step: Step, commands: Sequence[Argv], typed: Typed) -> bool:
    """Whether a word of a typed value, or a flag that the commands know, is not in the line."""
    needed = Counter(_pieces(_values_in(parts_of(typed.argv))))
    kept = Counter(_pieces([*step.argv, *step.consumed]))
    if needed - kept:
        return True
    known = {name: param for command in commands for name, param in line_of(command).known.items()}
    shown = {part.param.name for command in commands for part in parts_of(command) if part.param}
    flags = [part.flag for part in parts_of(typed.argv) if part.role in (Role.FLAG, Role.UNKNOWN)]
    return any(flag in known and known[flag].name not in shown for flag in flags)


def _values_in(parts: Sequence[Part]) -> Iterator[str]:
    """Yield the values and words among arguments."""
    for part in parts:
        if part.role in (Role.FLAG, Role.UNKNOWN):
            yield part.value
        else:
            yield part.text


def _pieces(texts: Iterable[str]) -> Iterator[str]:
    """Yield the letters and the numbers in texts: `5s` has 5 and s."""
    for text in texts:
        for is_word, piece in groupby(text.lower(), _kind_of):
            if is_word:
                yield "".join(piece)


def _kind_of(character: str) -> int:
    """Return 1 for a digit, 2 for a letter, 0 for anything else."""
    if character.isdecimal():
        return 1
    return 2 if character.isalpha() else 0
