"""The passes about arguments: words that the command does not take, or takes in another form."""

from __future__ import annotations

from collections.abc import Iterator

from ant_cli.argv import DASHES
from ant_cli.corrections.line import Argv, Line, Role, Sentence, Step
from ant_cli.corrections.rows import is_file_name, word_rows
from ant_cli.corrections.slips import is_noun, noun, objects_in, split_words
from ant_cli.errors.command_line import PIPE, Operator
from ant_cli.help.command_row import HELP
from ant_cli.operations.formats import BY_NAME as FORMATS
from ant_cli.operations.ids import ENVIRONMENT, ITEM, is_of_other_object
from ant_cli.operations.shared_flags import ADD, FILE
from ant_cli.operations.spec import Operation, Param, flag_name
from ant_cli.settings.rows import SETTINGS

PRINTF = Operator("printf")
"""Another program, which prints a line for each ID."""
_COLUMNS, _FORMAT = SETTINGS["columns"], SETTINGS["format"]
_METADATA = "metadata"
_TAKES_STDIN = "JSON and YAML are read from stdin, or with --file FILE."


def is_of_other_program(command: Argv) -> bool:
    """Whether a command of a pipe is that of the other program. A typed `printf` is a word like any other."""
    return bool(command) and command[0] is PRINTF


def lines_printed_by(command: Argv) -> int:
    """Return how many lines the other program prints: one for each word after its format."""
    return len(command) - 2


def argument_steps(line: Line) -> Iterator[Step | Sentence]:
    """Yield what may have been meant by the words after a command, the likeliest first."""
    yield from _columns(line)
    yield from word_rows(line)
    yield from _help(line)
    yield from _dashes(line)
    yield from _joined(line)
    yield from _nouns(line)
    operation = line.command.operation
    if operation is not None:
        yield from _about_request(line, operation)


def _about_request(line: Line, operation: Operation) -> Iterator[Step | Sentence]:
    yield from _flag_names(line)
    yield from _pairs(line, operation)
    yield from _split_pairs(line)
    yield from _outer_id(line, operation)
    if operation.has_body:
        yield from _file(line)
    yield from _format(line)
    if operation.creates:
        yield from _name(line)
    if operation.paginated and operation.positional is None:
        yield from _object(line, operation)
    if operation.acts_on_several and not operation.takes_several_ids:
        yield from _several_ids(line, operation)


def _help(line: Line) -> Iterator[Step]:
    """Read `create help` as a question."""
    if "help" in line.words:
        yield Step(line.with_rest(HELP.flag), ("help",))


def _dashes(line: Line) -> Iterator[Step]:
    """Read a dash of a word processor as the two hyphens that it has joined."""
    for at, text in line.numbered:
        if text.startswith(DASHES):
            yield line.replacing(at, "--" + text.lstrip("-" + "".join(DASHES)))


def _columns(line: Line) -> Iterator[Step]:
    """Join the columns in `--columns id name` and, if the command has no arguments, in `--columns=id name`."""
    roles = [Role.VALUE] if line.command.arguments else [Role.VALUE, Role.FLAG]
    for at, part in enumerate(line.parts):
        following = line.following(at)
        if part.param == _COLUMNS and part.role in roles and following:
            names = ",".join([part.text, *following])
            yield line.replacing(at, names, count=1 + len(following))


def _joined(line: Line) -> Iterator[Step]:
    """Take `env/demo`, `env_1/work_1` and `env_1,env_2` apart."""
    nouns, rest = list[str](), list(line.rest)
    for at, text in reversed(line.numbered):
        found = objects_in(text)
        if found != [text] and not is_file_name(text):
            nouns += [word for word in split_words(text) if is_noun(word)]
            rest[at : at + 1] = found
    if rest != list(line.rest):
        yield Step(line.with_rest(*rest), tuple(nouns))


def _nouns(line: Line) -> Iterator[Step]:
    """Leave out the kind of the object in `rm environment demo`, or the name of a group."""
    for number, (at, text) in enumerate(line.numbered):
        is_first = number == 0 and len(line.words) > 1
        if noun(text) and (is_first or ":" in text):
            yield line.replacing(at, consumed=(text,))


def _flag_names(line: Line) -> Iterator[Step]:
    """Read `max-items 5` as a flag without its dashes."""
    for at, text in line.numbered:
        param = line.known.get(f"--{text}")
        if param is not None and (not param.takes_value or _has_value_after(line, at)):
            yield line.replacing(at, f"--{text}")


def _has_value_after(line: Line, at: int) -> bool:
    """Whether a word follows that is not the name of another flag: `update ID name --yes` has no value."""
    following = line.parts[at + 1 : at + 2]
    return any(part.role is Role.WORD and f"--{part.text}" not in line.known for part in following)


def _pairs(line: Line, operation: Operation) -> Iterator[Step]:
    """Read `name=demo` as a field, `packages.pip=polars` as an element, `team=data` as a key of metadata."""
    fields = [field.name for field in operation.fields]
    for at, text in line.numbered:
        key, equals, value = text.partition("=")
        if not equals:
            continue
        if key in operation.lists:
            yield line.replacing(at, ADD.flag, text)
        elif key in fields:
            yield line.replacing(at, flag_name(key), value)
        elif f"config.{key}" in fields:
            yield line.replacing(at, f"--config.{key}", value)
        elif _METADATA in fields and key.partition(".")[0] in (key, _METADATA):
            yield line.replacing(at, flag_name(_METADATA), text.removeprefix("metadata."))


def _split_pairs(line: Line) -> Iterator[Step]:
    """Join `--metadata team data`, which has a space in place of `=`."""
    for at, part in enumerate(line.parts):
        if part.role is not Role.VALUE or part.param is None:
            continue
        following = line.following(at)
        if following and part.param.takes_pairs and part.text.isidentifier():
            yield line.replacing(at, f"{part.text}={following[0]}", count=2)


def _outer_id(line: Line, operation: Operation) -> Iterator[Step]:
    """Give `stop edge work_1` the flag for the ID of the environment."""
    outer = operation.fields_in("path")[:-1]
    if not outer or outer[0] in line.params:
        return
    # a single word is the item's ID, unless it is that of an environment
    if len(line.words) == 1 and not line.words[0].startswith(ENVIRONMENT):
        return
    for at, text in line.numbered[:1]:
        if not text.startswith(ITEM):
            yield line.replacing(at, outer[0].flag, text)


def _file(line: Line) -> Iterator[Step | Sentence]:
    """Read `create env.yaml` or `create @env.yaml` as a file; `create '{...}'` is what it would have."""
    for at, text in line.numbered:
        name = text.removeprefix("@")
        if name != text or is_file_name(text):
            yield line.replacing(at, FILE.flag, name)
        elif text.startswith(("{", "[")):
            yield Sentence(_TAKES_STDIN)


def _format(line: Line) -> Iterator[Step]:
    """Read `list json` as a format."""
    for at, text in line.numbered:
        if text in FORMATS:
            yield line.replacing(at, _FORMAT.flag, text)


def _name(line: Line) -> Iterator[Step]:
    """Read `create demo` as a name."""
    for at, text in line.numbered[:1]:
        if line.known["--name"] not in line.params and _may_be_name(text):
            yield line.replacing(at, "--name", text)


def _may_be_name(text: str) -> bool:
    """Whether a text is no pair, no file and no body."""
    return "=" not in text and not is_file_name(text) and not text.startswith(("@", "{", "["))


def _object(line: Line, operation: Operation) -> Iterator[Step]:
    """Read `list demo` as a request for the object `demo`. In `list max-items=5`, the word is a parameter."""
    if not any("=" in text for text in line.words):
        yield Step((*line.before, operation.group, "retrieve", *line.rest))


def _several_ids(line: Line, operation: Operation) -> Iterator[Step]:
    """Give several IDs to a command that reads on its stdin."""
    name = operation.positional.name if operation.positional else ""
    is_mixed = any(
        objects_in(text) != [text] or is_of_other_object(text, name) for text in line.words
    )
    if len(line.words) > 1 and not is_mixed:
        others = line.without(line.places)
        yield Step((PRINTF, "%s\\n", *line.words, PIPE, *line.with_rest(*others)))


def places_for_missing(line: Line) -> Iterator[Step]:
    """Yield the line with a place for each value that was left out, such as ENVIRONMENT_ID."""
    if line.ends_in_flag:
        return
    operation = line.command.operation
    if operation is None:
        required = [param for param in line.command.arguments if param.required]
        missing = [_place(param) for param in required[len(line.words) :]]
    else:
        missing = _missing_in(line, operation)
    if missing:
        yield Step((*line.argv, *missing))


def _missing_in(line: Line, operation: Operation) -> list[str]:
    """Return the flags and the ID that a request lacks. The ID that needs no flag comes last."""
    words = list[str]()
    for field in operation.fields:
        if not field.required or field in line.params:
            continue
        if field != operation.positional:
            words += [field.flag, _place(field)]
        elif not line.words:
            words.append(_place(field))
    return words


def _place(param: Param) -> str:
    return param.name.upper()
