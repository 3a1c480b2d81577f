"""Whether a line may be shown: the program accepts it, and it does what was typed, not more and not less.

Nothing is sent, no file and no stdin is read, no program is started and no credential is looked for.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping

from ant_cli.argv import ApiCall, ToolCall, parse
from ant_cli.corrections.arguments import is_of_other_program, lines_printed_by
from ant_cli.corrections.line import Argv, Step, commands_in, line_of
from ant_cli.corrections.rows import is_file_name
from ant_cli.corrections.slips import objects_in
from ant_cli.corrections.typed import Typed, is_unwritable
from ant_cli.errors import UsageError
from ant_cli.help.catalog import longest_match
from ant_cli.help.command_row import HELP, HELP_COMMAND
from ant_cli.help.contents import OTHER_NAMES, TOPICS
from ant_cli.operations import GROUPS
from ant_cli.operations.ids import OBJECT_NAMES, is_of_other_object
from ant_cli.operations.shared_flags import EDITS, FILE, FILTER, IDLE, UNTIL, repeats
from ant_cli.operations.spec import Field, Text
from ant_cli.runtime import Runtime
from ant_cli.runtime.streams import Stderr, Stdin, Stdout

_PLACES: dict[type, str] = {dict: "KEY=VALUE"}
"""What stands for a value of the input, by its type."""


def may_be_shown(step: Step, typed: Typed) -> bool:
    """Whether a line is accepted, and does what was typed."""
    first, *others = commands_in(step.argv)
    own, inputs = [first, *others], 1
    if is_of_other_program(first):
        own, inputs = others, lines_printed_by(first)
    if is_unwritable(step.argv):
        return False
    for command in own:
        has_input = command in others
        if not is_accepted(command, typed.environ, has_input=has_input, inputs=inputs):
            return False
        if _names_other_object(command) or typed.is_exceeded(command):
            return False
        if typed.is_overridden(command):
            return False
    if typed.shows_secret(step.argv, own):
        return False
    return not typed.is_lost(step.argv, step.consumed, own)


def help_page(argv: Argv) -> Argv | None:
    """Return the line of the help page that a line shows; None if it shows none.

    Flags alone show that of `ant` itself: it counts only if `--help` is one of them.
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


def _names_other_object(command: Argv) -> bool:
    """Whether an argument is the ID of something else, several IDs, or the name of a group, which no object has."""
    words = line_of(command).words
    if not GROUPS.keys().isdisjoint(words):
        return True
    return any(
        is_of_other_object(text, name) or objects_in(text) != [text] or _is_server(text)
        for name, text in _objects_of(command)
    )


def _is_server(text: str) -> bool:
    """Whether a text names a server or an emulator's file, as no object is named."""
    return "://" in text or text.startswith("local:") or text.endswith(".db")


def _objects_of(command: Argv) -> Iterator[tuple[str, str]]:
    """Yield the IDs in a command that is accepted, each with the name of its flag or argument."""
    call = parse(command)
    given: Mapping[str, Text] = {}
    if isinstance(call, ApiCall):
        given = call.texts
    if isinstance(call, ToolCall):
        given = call.flags
    for name in OBJECT_NAMES.intersection(given):
        text = given[name]
        for each in [text] if isinstance(text, str) else text:
            yield name, each


# What the program accepts


def is_accepted(
    argv: Argv, environ: Mapping[str, str], *, has_input: bool = False, inputs: int = 1
) -> bool:
    """Whether the program accepts a line. With input from a pipe, that gives the ID and what else is missing.

    The pipe may have several inputs.
    """
    try:
        call = parse(argv)
        if isinstance(call, ToolCall):
            return not call.notes and _is_known_tool_call(call)
        if isinstance(call, ApiCall):
            request = _Request(call, environ, has_input=has_input, inputs=inputs)
            return not call.notes and request.can_be_sent
    except UsageError:
        return False
    return True


def _is_known_tool_call(call: ToolCall) -> bool:
    """Whether the page of `help` exists, and each argument of another command is one of its choices."""
    if call.command == HELP_COMMAND:
        return _page_of(call) not in (None, (HELP.flag,))
    for param in call.command.arguments:
        text = call.flags.get(param.name)
        if param.choices and text is not None and text not in param.choices:
            return False
    return True


def _page_of(call: ToolCall) -> Argv | None:
    """Return the line that shows a page of help; None if there is no such page."""
    topic = tuple(call.flags.of(HELP_COMMAND.settings[0]))
    name = "-".join(topic)
    if name in TOPICS or name in OTHER_NAMES:
        return ("help", *topic)
    if longest_match(topic).path != topic:
        return None
    return (*topic, HELP.flag)


class _Request:
    """The request of a call of the API."""

    def __init__(
        self, call: ApiCall, environ: Mapping[str, str], *, has_input: bool, inputs: int
    ) -> None:
        self._call = call
        self._environ = environ
        self._quiet = Runtime(Stdin(None), Stdout(None), Stderr(None), environ)
        self._file = call.flags.of(FILE)
        self._has_input = has_input or bool(self._file)
        self._inputs = inputs
        fields = call.operation.fields
        self._given = [field for field in fields if field.name in call.texts]
        self._missing = [field for field in fields if field.required and self._is_missing(field)]

    def _is_missing(self, field: Field) -> bool:
        return field.name not in self._call.texts and not self._environ.get(field.variable)

    @property
    def can_be_sent(self) -> bool:
        """Whether it has what it needs. Only values that are not texts are looked at: others are accepted."""
        if not (self._may_read_file and self._is_complete and self._has_known_edits):
            return False
        self._check_conditions()
        self._check_repetition()
        return self._reads_values or self._has_only_texts or self._can_be_built

    @property
    def _may_read_file(self) -> bool:
        """Whether the value of `--file` may be meant as one: for other tools, `-f` is `--force` or `--follow`."""
        name = self._file
        return not name or is_file_name(name) or os.path.isfile(name)

    @property
    def _is_complete(self) -> bool:
        if self._has_input:
            return True
        return not self._missing and self._changes_something

    @property
    def _changes_something(self) -> bool:
        if not self._call.operation.partial_update:
            return True
        has_field = any(field.location == "body" for field in self._given)
        return has_field or any(setting.name in self._call.flags for setting in EDITS)

    @property
    def _has_known_edits(self) -> bool:
        """Whether edits name lists or keys of metadata, which `run/` looks at."""
        for setting in EDITS:
            for text in self._call.flags.of(setting):
                name = text.partition("=")[0].removeprefix("config.")
                if name not in self._call.operation.lists and not name.startswith("metadata."):
                    return False
        return True

    def _check_conditions(self) -> None:
        """Raise UsageError if a text is not a condition, which only `run/` can tell."""
        for setting, is_awaited in ((FILTER, False), (UNTIL, True)):
            texts = self._call.flags.of(setting)
            if is_awaited and self._call.operation.busy_states:
                texts = [text for text in texts if text != IDLE]
            if texts:
                from ant_cli.run.conditions import Condition  # late: 6 ms, and few lines have one

                Condition(
                    setting.flag, texts, self._quiet, self._call.operation, is_awaited=is_awaited
                )

    def _check_repetition(self) -> None:
        """Raise UsageError if the flags of a repetition exclude each other, or there are several inputs."""
        if repeats(self._call.flags):
            from ant_cli.run.repetition import check_together  # late: 7 ms, and few lines have one

            check_together(self._call.operation, self._call.flags, inputs=self._inputs)

    @property
    def _reads_values(self) -> bool:
        """Whether a value is in a file, which is not read here."""
        texts = list[str]()
        for field in self._given:
            text = self._call.texts[field.name]
            texts += [text] if isinstance(text, str) else text
        return any(text.startswith("@") for text in texts)

    @property
    def _has_only_texts(self) -> bool:
        return all(field.type in (str, list) and not field.choices for field in self._given)

    @property
    def _can_be_built(self) -> bool:
        """Whether it can be built, without a warning, and the server takes a new environment."""
        from ant_cli.input.build import build_all  # late: 10 ms, and most lines have only texts
        from ant_cli.input.validation import check

        call, said = self._call, list[str]()
        self._quiet.stderr.log = lambda text, _: said.append(text)
        texts = dict(call.texts)
        for field in self._missing:
            texts[field.name] = _PLACES.get(field.type, field.name)
        request = build_all(call.operation, texts, call.flags, self._quiet).first
        if any(text.startswith("Warning:") for text in said):
            return False
        if not call.operation.creates:
            return True
        body = json.loads(request.body or b"{}")
        return not check(body)
