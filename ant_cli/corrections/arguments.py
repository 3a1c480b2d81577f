"""The passes about arguments: words that the command does not take, or takes in another form."""

from __future__ import annotations

from collections.abc import Iterator

from ant_cli.corrections.flags import takes_program
from ant_cli.corrections.line import Argv, Line, Role
from ant_cli.corrections.rows import is_file_name, word_rows
from ant_cli.corrections.slips import noun
from ant_cli.corrections.steps import Sentence, Step
from ant_cli.errors.command_line import PIPE, Operator
from ant_cli.help.command_row import HELP
from ant_cli.operations.formats import BY_NAME as FORMATS
from ant_cli.operations.spec import Field, Operation
from ant_cli.settings.rows import SETTINGS

PRINTF = Operator("printf")
"""Another program, which prints a line for each ID."""
FORMAT = SETTINGS["format"]
_DASHES = "\u2013\u2014\u2212-"
_METADATA = "metadata"


def argument_steps(line: Line) -> Iterator[Step | Sentence]:
    """Yield what may have been meant by the words after a command, the likeliest first."""
    words = _Words(line)
    yield from word_rows(line)
    yield from words.help()
    yield from words.dashes()
    yield from words.columns()
    yield from words.nouns()
    if line.command.operation is None:
        yield from words.programs()
        return
    operation = line.command.operation
    yield from words.flag_names()
    yield from words.pairs(operation)
    yield from words.outer_ids(operation)
    yield from words.files(operation)
    yield from words.formats()
    yield from words.names(operation)
    yield from words.objects_of_lists(operation)
    yield from words.several_ids(operation)


def places_for_missing(line: Line) -> Iterator[Step]:
    """Yield the line with a place for each value that was left out, such as ENVIRONMENT_ID."""
    given = {part.param.name for part in line.parts if part.param is not None}
    words = [part.text for part in line.parts if part.role is Role.WORD]
    operation = line.command.operation
    if operation is None:
        missing = [param.name.upper() for param in line.command.arguments if param.required]
        yield Step((*line.with_rest(*line.rest), *missing[len(words) :]))
        return
    last = operation.positional
    has_last = last is not None and bool(words)
    required = [
        field
        for field in operation.fields
        if field.required and field.name not in given and not (field == last and has_last)
    ]
    flags = [word for field in required if field != last for word in (field.flag, _place(field))]
    ids = [_place(field) for field in required if field == last]
    if required:
        yield Step((*line.with_rest(*line.rest), *flags, *ids))


def _place(field: Field) -> str:
    return field.name.upper()


class _Words:
    """The words after a command."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._parts = line.parts
        self._places = [at for at, part in enumerate(self._parts) if part.role is Role.WORD]
        self._texts = [self._parts[at].text for at in self._places]

    def _replacing(self, at: int, *words: str, count: int = 1, consumed: Argv = ()) -> Step:
        """Return the line with other words in place of some."""
        rest = self._line.rest
        return Step(self._line.with_rest(*rest[:at], *words, *rest[at + count :]), consumed)

    def _each(self) -> Iterator[tuple[int, str]]:
        return zip(self._places, self._texts, strict=True)

    def help(self) -> Iterator[Step]:
        """`create help` asks for help."""
        if "help" in self._texts:
            yield Step(self._line.with_rest(HELP.flag), ("help",))

    def dashes(self) -> Iterator[Step]:
        """Read a dash of a word processor as the two hyphens that it has joined."""
        for at, text in self._each():
            if text[0:1] in _DASHES[:-1]:
                yield self._replacing(at, f"--{text.lstrip(_DASHES)}")

    def columns(self) -> Iterator[Step]:
        """`--columns id name` names the columns with spaces between them."""
        for at, part in enumerate(self._parts):
            if part.param is not None and part.param.name == "columns" and part.role is Role.VALUE:
                following = self._words_from(at + 1)
                if following:
                    joined = ",".join([part.text, *following])
                    yield self._replacing(at, joined, count=1 + len(following))

    def _words_from(self, start: int) -> list[str]:
        """Return the words that follow each other from a position."""
        found = list[str]()
        for part in self._parts[start:]:
            if part.role is not Role.WORD:
                break
            found.append(part.text)
        return found

    def programs(self) -> Iterator[Step]:
        """Put `--` before the words behind the arguments, which are those of another program."""
        before = len(self._line.command.arguments) - 1
        if takes_program(self._line.command) and len(self._places) > before:
            start = self._places[before]
            rest = self._line.rest
            yield Step(self._line.with_rest(*rest[:start], "--", *rest[start:]))

    def nouns(self) -> Iterator[Step]:
        """`rm environment demo` names the kind of the object."""
        if len(self._texts) > 1 and noun(self._texts[0]):
            yield self._replacing(self._places[0], consumed=(self._texts[0],))
        for at, text in self._each():
            if ":" in text and noun(text):
                yield self._replacing(at, consumed=(text,))

    def flag_names(self) -> Iterator[Step]:
        """`max-items 5` is a flag without its dashes."""
        for at, text in self._each():
            param = self._line.known.get(f"--{text}")
            if param is not None and not text.startswith("-"):
                yield self._replacing(at, param.flag)

    def pairs(self, operation: Operation) -> Iterator[Step]:
        """`name=demo` gives a field, `packages.pip=polars` an element of a list, `team=data` a key of metadata."""
        fields = [field.name for field in operation.fields if field.location == "body"]
        for at, text in self._each():
            key, equals, value = text.partition("=")
            if not equals or not key:
                continue
            if key.removeprefix("config.") in operation.lists:
                yield self._replacing(at, "--add", text.removeprefix("config."))
            elif key in fields:
                yield self._replacing(at, f"--{key}", value)
            elif f"config.{key}" in fields:
                yield self._replacing(at, f"--config.{key}", value)
            elif _METADATA in fields and key.partition(".")[0] in (key, _METADATA):
                pair = text.removeprefix(f"{_METADATA}.")
                yield self._replacing(at, f"--{_METADATA}", pair)
        yield from self._split_pairs()

    def _split_pairs(self) -> Iterator[Step]:
        """`--metadata team data` has a space in place of `=`."""
        for at, part in enumerate(self._parts[:-1]):
            is_key = part.role is Role.VALUE and part.param is not None and part.param.takes_pairs
            if is_key and part.text.isidentifier() and self._parts[at + 1].role is Role.WORD:
                yield self._replacing(at, f"{part.text}={self._parts[at + 1].text}", count=2)

    def outer_ids(self, operation: Operation) -> Iterator[Step]:
        """`stop edge work_1` gives the ID of the environment without its flag."""
        fields = operation.fields_in("path")
        if len(fields) < 2 or len(self._texts) < 2:
            return
        outer = fields[0]
        is_inner = self._texts[0].startswith("work_")
        if not is_inner and all(part.param != outer for part in self._parts):
            yield self._replacing(self._places[0], outer.flag, self._texts[0])

    def files(self, operation: Operation) -> Iterator[Step | Sentence]:
        """`create env.yaml` or `create @env.yaml` names a file; `create '{...}'` is what it would have."""
        if not operation.has_body:
            return
        for at, text in self._each():
            name = text.removeprefix("@")
            if name != text or is_file_name(text):
                yield self._replacing(at, "--file", name)
            elif text.startswith(("{", "[")):
                yield Sentence("JSON and YAML are read from stdin, or with --file FILE.")

    def formats(self) -> Iterator[Step]:
        """`list json` names the format."""
        for at, text in self._each():
            if text in FORMATS and FORMAT.flag in self._line.known:
                yield self._replacing(at, FORMAT.flag, text)

    def names(self, operation: Operation) -> Iterator[Step]:
        """`create demo` gives the name."""
        has_name = any(part.param is not None and part.param.name == "name" for part in self._parts)
        if operation.creates and not has_name:
            for at, text in list(self._each())[:1]:
                if "=" not in text:
                    yield self._replacing(at, "--name", text)

    def objects_of_lists(self, operation: Operation) -> Iterator[Step]:
        """`list demo` shows one object."""
        if operation.paginated and operation.positional is None:
            path = (operation.group, "retrieve")
            yield Step((*self._line.before, *path, *self._line.rest))

    def several_ids(self, operation: Operation) -> Iterator[Step]:
        """Give several IDs to a command that reads on its stdin."""
        if operation.acts_on_several and not operation.takes_several_ids and len(self._texts) > 1:
            others = [part.text for part in self._parts if part.role is not Role.WORD]
            ids = (PRINTF, "%s\\n", *self._texts)
            yield Step((*ids, PIPE, *self._line.with_rest(*others)))
