"""The row types: a field of a request, a setting of the program, and an operation with both.

Everything that the command line knows about the API is a row of one of these types. Flags, help, completion,
requests, documentation and the contract tests are derived from them.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from ant_cli.operations.parsers import Parse, boolean

VALUE_NAMES = {str: "TEXT", list: "TEXT", dict: "YAML", int: "NUMBER", float: "NUMBER"}
"""The placeholder for a flag's value in help, by its type; a boolean has none."""

CredentialType = Literal["API key", "environment key", "item secret"]
"""A type of credential of the API. The access token of a login or of a federation stands for an API key."""
CREDENTIAL_TYPES: tuple[CredentialType, ...] = ("API key", "environment key", "item secret")

Location = Literal["path", "query", "header", "body"]
"""Where in the request a field goes, as OpenAPI's `in`."""

ValueKind = Literal["free", "text", "file", "profile", "boolean", "plain", "id", "emulator_id"]
"""What completion offers for a value: nothing if `free`, files after @ if `text`, IDs if `id`. `emulator_id` never
queries the real API. A `boolean` takes =true or =false, and `plain` takes no value."""

Text = str | list[str]
"""The text of a flag or an argument; a list if it may be repeated."""

Texts = Mapping[str, Text]
"""The texts of a command line, by the name of their field or setting."""


def flag_name(name: str) -> str:
    """Return the long flag of a field or a setting, with its dashes."""
    return "--" + name.replace("_", "-")


class Param:
    """What a field of a request and a setting of the program share: a flag, and what help and completion say of it.

    It has no storage: `Field` and `Setting` are the rows.
    """

    __slots__ = ()
    name: str
    type: type
    """`str`, `int`, `float`, `bool`, `dict` (a structured value, in YAML or JSON) or `list` (a flag that may be
    repeated, each time with one string)."""
    help: str
    required: bool
    choices: tuple[str, ...]
    """What completion and help offer. Other values are not rejected here: the server, or the parser, decides."""
    default: str
    """The value, as text, if none is given. Help shows it. If a default is not text, `help` describes it."""
    short: str = ""
    """A one-letter flag, with its dash."""
    value_name: str = ""
    """The placeholder for its value in help, if not that of its type; for an argument, its name in help."""
    completes: ValueKind | None = None
    """What completion offers for it, if its choices, name and type are not enough to decide."""
    may_be_blank: bool
    """Whether an empty text is a valid value."""

    @property
    def names(self) -> tuple[str, ...]:
        """The long flag, and the short one if there is one."""
        return (self.flag, self.short) if self.short else (self.flag,)

    @property
    def spellings(self) -> tuple[str, ...]:
        """Everything that is accepted as its flag: one dash is enough for a long one, as in the official tool."""
        return (*self.names, self.flag[1:])

    @property
    def metavar(self) -> str:
        """The placeholder for its value in help; empty for a boolean."""
        return self.value_name or VALUE_NAMES.get(self.type, "")

    @property
    def flag(self) -> str:
        """The long flag, with its dashes."""
        return flag_name(self.name)

    @property
    def takes_pairs(self) -> bool:
        """Whether a value may be one `key=value` of several."""
        return False

    @property
    def repeatable(self) -> bool:
        """Whether it may be given several times, and every value is used."""
        return self.type is list or self.takes_pairs

    @property
    def takes_value(self) -> bool:
        """Whether the argument after the flag belongs to it."""
        return self.type is not bool


class _FieldRow(NamedTuple):
    """What the row of a field has."""

    name: str
    location: Location
    type: type
    help: str
    required: bool = False
    nullable: bool = False
    """Whether the text `null` means JSON null."""
    wire: str = ""
    """The name in the request, if it is not `name`."""
    aliases: tuple[str, ...] = ()
    """Other keys that piped input may use for it."""
    variable: str = ""
    """The environment variable that gives an ID if neither the command line nor the input does."""
    key_values: Literal["", "new", "patch"] = ""
    """Whether a structured value has only texts, so that it may also be given as `key=value` for each key; in a
    patch, `key=` deletes the key. A text such as `@notes.txt` then stands for the contents of a file."""
    choices: tuple[str, ...] = ()
    default: str = ""


class Field(_FieldRow, Param):
    """A field of a request: a part of its path, query, headers or body, which the API defines.

    Its value is JSON, which `input/` makes from the text of a flag, or finds in the input.
    """

    __slots__ = ()
    may_be_blank = True

    @property
    def outer(self) -> str:
        """The structured field that it is a part of, such as `config` for `config.type`; empty for all others."""
        return self.name.rpartition(".")[0]

    @property
    def metavar(self) -> str:
        """The placeholder for its value in help; empty for a boolean."""
        name = super().metavar
        return f"{name}|null" if name and self.nullable else name

    @property
    def wire_name(self) -> str:
        """The name in the request."""
        return self.wire or self.name

    @property
    def input_keys(self) -> tuple[str, ...]:
        """The keys that piped input may use for it, the preferred one first."""
        return (self.wire_name, *self.aliases)

    @property
    def inner(self) -> str:
        """Its name within `outer`."""
        return self.name.rpartition(".")[2]

    @property
    def takes_pairs(self) -> bool:
        """Whether a value may be one `key=value` of several."""
        return bool(self.key_values)


class _SettingRow(NamedTuple):
    """What the row of a setting has."""

    name: str
    type: type
    help: str
    required: bool = False
    short: str = ""
    variable: str = ""
    """The environment variable that gives its value if the command line does not."""
    in_profile: bool = False
    """Whether a profile may have it, under its name."""
    parse: Parse | None = None
    """The parser of its text; None for a text that is its own value."""
    choices: tuple[str, ...] = ()
    default: str = ""
    value_name: str = ""
    completes: ValueKind | None = None


class Setting(_SettingRow, Param):
    """A setting of the program, which is never sent; or an argument of a tool command."""

    __slots__ = ()
    may_be_blank = False

    @property
    def default_value(self) -> Any:
        """Its value if it is not given."""
        if self.default:
            return self.value_of("default", self.default)
        return _UNSET.get(self.type)

    def value_of(self, source: str, text: Text) -> Any:
        """Return the value of a text, or the list of values of several texts.

        Raises:
            UsageError: if its parser rejects it. The message names the text by `source`.

        """
        parse = self.parse or (boolean if self.type is bool else None)
        if parse is None:
            return text
        if isinstance(text, str):
            return parse(source, text)
        return [parse(source, each) for each in text]


_UNSET: dict[type, Any] = {bool: False, str: "", list: ()}
"""The values of settings that are neither given nor have a default, by their types; None for numbers."""


class Flags(dict[str, Any]):
    """The values of settings that were given, by name. Nobody changes them."""

    def __repr__(self) -> str:
        """Return the names only: a value may be a secret."""
        return f"Flags({', '.join(self)})"

    def of(self, setting: Setting) -> Any:
        """Return the value of a setting; its default if it was not given."""
        return self.get(setting.name, setting.default_value)

    def only(self, names: Iterable[str]) -> "Flags":
        """Return the flags with these names."""
        kept = frozenset(names)
        return Flags({name: value for name, value in self.items() if name in kept})

    def with_values(self, **values: Any) -> "Flags":
        """Return the flags with these values added; they replace those of the same name."""
        return Flags(self, **values)


def values_of(texts: Texts, settings: Iterable[Setting]) -> Flags:
    """Return the values of the settings among these texts. Texts of fields are left out.

    Raises:
        UsageError: if a text can't be used; for the first one, in the order in which they were given.

    """
    rows = {setting.name: setting for setting in settings}
    values = dict[str, Any]()
    for name, text in texts.items():
        row = rows.get(name)
        if row is not None:
            values[name] = row.value_of(row.flag, text)
    return Flags(values)


class Example(NamedTuple):
    """What a command is for, and its command line."""

    purpose: str
    line: str


class Operation(NamedTuple):
    """One endpoint of the API, which is one command."""

    group: str
    """The first part of the command, such as `beta:environments`."""
    name: str
    """The second part of the command."""
    method: str
    path: str
    """The path below the base URL, with `{name}` for each field in it."""
    summary: str
    """What it does, in one line."""
    fields: tuple[Field, ...]
    settings: tuple[Setting, ...]
    """The settings of this command, without those that every command has."""
    examples: tuple[Example, ...]
    """Their lines have only the arguments after the command."""
    implied_types: Mapping[str, str] = {}
    """The `type` of a structured field that one of its parts implies if nothing gives it."""
    paginated: bool = False
    """The response is a page of items, which may name the next page."""
    final: bool = False
    """It can't be undone: a user at a terminal is asked to confirm it, unless `--yes` is given."""
    partial_update: bool = False
    """It changes only the fields that are given, so a request without fields makes no sense."""
    lists: tuple[str, ...] = ()
    """The lists below `config` that `--add` and `--remove` change."""
    creates: bool = False
    """It creates an object. Sent twice, it creates two, because the API has no idempotency keys."""
    claims: bool = False
    """It takes an item from a queue, so that others don't get it, although its method is GET."""
    past_participle: str = "done"
    """What was done to the objects, as in `archived 498 of 500`."""
    success_message: str = ""
    """A sentence for people that says what was done, with the ID as `{id}`; empty if the response shows it."""
    forced_message: str = ""
    """The same sentence for a request whose field `force` is true."""
    precondition: str = ""
    """The field that the server compares with a state that the request changes. A request that timed out, and may
    have been processed, must not be sent again with the same value."""
    busy_states: tuple[str, ...] = ()
    """The states of items that `--until idle` waits for to end."""
    empty_message: str = ""
    """A sentence for people about a list without items."""
    server_fields: tuple[str, ...] = ()
    """Fields of returned objects that only the server sets. They are dropped from piped input (D34)."""
    response: str = ""
    """What the fields of its response mean, unless the response is an object of its group."""
    response_keys: tuple[str, ...] = ()
    """The keys of its response, unless the response is an object of its group."""
    accepts: tuple[CredentialType, ...] = ("API key",)
    """The types of credentials that the API accepts for it: those that its reference names, or does not mention."""
    check_command: tuple[str, ...] = ()
    """A command that shows whether the change was made, and its words, for lost responses. `{name}` is an ID."""

    @property
    def params(self) -> tuple[Param, ...]:
        """Its fields and settings, in the order of its help: headers come last."""
        headers = [field for field in self.fields if field.location == "header"]
        others = [field for field in self.fields if field.location != "header"]
        return (*others, *self.settings, *headers)

    @property
    def positional(self) -> Field | None:
        """The field in the path that may also be given without its flag: the last one."""
        return next(reversed(self.fields_in("path")), None)

    @property
    def id_name(self) -> str:
        """The name of the positional field; empty if it has no ID in its path."""
        return self.positional.name if self.positional else ""

    @property
    def has_body(self) -> bool:
        """Whether the request has a JSON body, even if it is `{}`."""
        return any(field.location == "body" for field in self.fields)

    @property
    def takes_several_ids(self) -> bool:
        """Whether it may have several IDs as arguments (D31).

        Commands that only read take several IDs from stdin only, and reject a second argument, as the official
        tool does.
        """
        return self.method != "GET"

    @property
    def acts_on_several(self) -> bool:
        """Whether it may have several inputs that name existing objects (D31)."""
        if self.paginated or self.claims:
            return False
        return self.positional is not None

    @property
    def command(self) -> str:
        """The command, as typed after `ant`."""
        return f"{self.group} {self.name}"

    def fields_in(self, location: Location) -> list[Field]:
        """Return the fields that go to one location, without those that are a part of another one."""
        return [field for field in self.fields if field.location == location and not field.outer]


class Group(NamedTuple):
    """A group of commands, and what its objects are."""

    name: str
    """The first part of its commands."""
    help: str
    operations: tuple[Operation, ...]
    object_type: str
    """The value of the field `type` of its objects."""
    subtype_path: str
    """The field that tells types of them apart."""

    @property
    def known_keys(self) -> list[str]:
        """The known keys of its objects: IDs, fields that are sent, and those of the server."""
        known = dict[str, None]()
        for operation in self.operations:
            known |= dict.fromkeys(operation.server_fields)
            for field in (*operation.fields_in("path"), *operation.fields_in("body")):
                known |= dict.fromkeys(field.input_keys)
        return list(known)
