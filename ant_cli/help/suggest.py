"""What was meant by an unknown flag, argument or command: by habit of other tools, or with a mistake."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import takewhile

from ant_cli.errors import UsageError, shortened
from ant_cli.errors.suggestions import SYNONYMS
from ant_cli.operations import OFFICIAL_COMMANDS
from ant_cli.operations.spec import Operation, Texts
from ant_cli.runtime.light_typing import TYPE_CHECKING, NamedTuple
from ant_cli.runtime.redaction import may_be_key
from ant_cli.runtime.shell import quote

if TYPE_CHECKING:
    from ant_cli.help.command_row import Command

_LIMIT = 3
"""The most commands to suggest."""
_CUTOFF = 0.7
"""How similar a command must be, from 0 to 1."""
_CREATE, _UPDATE, _LIST = "*environments create", "*environments update", "*environments list"
_ONE = "*environments retrieve|*environments delete|*environments archive|*work stats|*work list|*work poll"
_FIELDS = f"{_CREATE}|{_UPDATE}"
_FILES = "apply|diff"
_PACKAGES = "--*apt *|--*cargo *|--*gem *|--*go *|--*npm *|--*pip *"
_COPY = "ant beta:environments retrieve <ID> | ant beta:environments create --name <NAME>"
_DASHES = "\u2013\u2014-"


class _Row(NamedTuple):
    words: str
    """Patterns of what is typed, separated by bars: a flag, maybe with its value, or a command with arguments."""
    command: str
    """Patterns of the commands after which a flag is typed, as typed after `ant`; * for all."""
    instead: str
    """A flag, a command, or a sentence. <NAME> stands for the next value, if any; <command> for the command;
    <word> for the last part of the flag."""


# What people type by the habit of other tools (kubectl, gh, aws, terraform, docker), and what to type here

_FLAGS = (
    _Row("--json*|-j", "*", "--format json"),
    _Row("--yaml", "*", "--format yaml"),
    _Row("-o name|--output name", "*", "--transform name -r"),
    _Row("-o wide|--output wide", "*", "--format table"),
    _Row("-o *|--output *|--output-format *|--out *", "*", "--format <FORMAT>"),
    _Row("--jq*|--query*|--template*", "*", "--transform <PATH>"),
    _Row("-q*", "*", "A part of the result: --transform PATH. Notes are hidden by 2> /dev/null"),
    _Row("--quiet|--silent|-s", "beta:*", "Notes go to stderr: 2> /dev/null hides them."),
    _Row("--verbose*|-v*|--trace", "beta:*", "--debug"),
    _Row("--no-color*|--color*", "*", "Colour is off with the variable NO_COLOR=1"),
    _Row(
        "--no-verify-ssl|--insecure*|-k*", "*", "Certificates are checked. Your own authority: SSL_CERT_FILE=FILE"
    ),
    _Row("--region*", "*", "There are no regions. --base-url chooses another server."),
    _Row("-y|--force|--auto-approve|--no-prompt|--no-input", "*", "--yes"),
    _Row("-n *", _CREATE, "--name <NAME>"),
    _Row("-n*|--namespace*|--project*|--workspace *", "*", "--workspace-id <ID>"),
    _Row("--max-results*|-L*|--count*|--top*", _LIST, "--max-items <NUMBER>"),
    _Row("--no-paginate|--one-page", _LIST, "One page: --format raw. A shorter list: --max-items NUMBER"),
    _Row(
        "--all|--paginate", _LIST, "A list follows every page; --max-items N ends it, --include-archived adds more."
    ),
    _Row("-a|--archived*|--state archived|--status archived|--show-archived", _LIST, "--include-archived"),
    _Row(
        "-A|--all-namespaces",
        _LIST,
        "The list has all environments of the workspace; --include-archived adds more.",
    ),
    _Row("--state *|--status *", "*list", "--filter 'state==\"<STATE>\"'"),
    _Row("--type *", _LIST, "--filter 'config.type==\"<TYPE>\"'"),
    _Row("--name *", _LIST, "--filter 'name==\"<NAME>\"'"),
    _Row("--search *|--grep *", "*list", "--filter 'name%\"*<TEXT>*\"'"),
    _Row("-l*|--selector*|--label*|--tag*", _LIST, "--filter 'metadata.KEY==\"VALUE\"'"),
    _Row("--show-labels", _LIST, "--columns id,name,metadata"),
    _Row("--sort*|--order*", "*list", "Sort with jq: --slurp | jq 'sort_by(.name)'"),
    _Row("-w", "*", "--watch"),
    _Row("--wait*", "*", "Wait with --until CONDITION, as in: work list ENVIRONMENT_ID --until idle"),
    _Row("--no-headers|--noheaders", "*list", "For scripts: --format jsonl, or the IDs alone: --transform id -r"),
    _Row("--name *|--id *", _ONE, "ant <command> <ID>"),
    _Row("--filter *", f"{_UPDATE}|{_ONE}", "ant beta:environments list --filter <CONDITION> | ant <command>"),
    _Row("--all", f"{_UPDATE}|{_ONE}", "ant beta:environments list | ant <command>"),
    _Row("--type *", _FIELDS, "--config.type <TYPE>"),
    _Row("--label*|--tag*|-l*|--env *", _FIELDS, "--metadata <KEY=VALUE>"),
    _Row("--metadata.*", _FIELDS, "--metadata <word>=<VALUE>"),
    _Row("--packages *", _CREATE, "--config.packages '{pip: [<PACKAGE>]}'"),
    _Row("--packages *", _UPDATE, "--add packages.pip=<PACKAGE>"),
    _Row(_PACKAGES, _CREATE, "--config.packages '{<word>: [<PACKAGE>]}'"),
    _Row(_PACKAGES, _UPDATE, "--add packages.<word>=<PACKAGE>"),
    _Row("--image*", "*", "An environment has packages, no image: --config.packages '{apt: [NAME], pip: [NAME]}'"),
    _Row("--network*", "*", "--config.networking '{type: limited, allowed_hosts: [HOST]}'"),
    _Row("--set*", _CREATE, "Each field has a flag of its own; a metadata key is --metadata KEY=VALUE"),
    _Row("--cli-input-json *|--from-file *|--input *", _FIELDS, "--file <FILE>"),
    _Row("--target *|-f*|--file*|--filename*", _FILES, "ant <command> --only <FILE>"),
    _Row("--with-token", "auth login", "--api-key-stdin"),
    _Row("-s *|--shell *", "completion", "ant completion <SHELL>"),
)
_COMMANDS = (
    _Row("get env *|get environment *|get environments *|inspect *", "*", "ant beta:environments retrieve <ID>"),
    _Row(
        "get env|get envs|get environment|get environments|describe-environments", "*", "ant beta:environments list"
    ),
    _Row("get-all|list-all|images|ps|output", "*", "ant beta:environments list"),
    _Row("label *|annotate *|tag *|metadata *", "*", "ant beta:environments update <ID> --metadata <KEY=VALUE>"),
    _Row("wait *", "*", "ant beta:environments retrieve <ID> --until 'CONDITION'"),
    _Row("watch *", "*", "ant beta:environments retrieve <ID> --watch"),
    _Row("watch", "*", "ant beta:environments list --watch"),
    _Row("clone *|copy *|duplicate *", "*", _COPY),
    _Row("unarchive*|restore*", "*", f"Archived environments can't be restored. To make a copy: {_COPY}"),
    _Row("prune", "*", "ant beta:environments list --filter 'created_at<now-30d' | ant beta:environments archive"),
    _Row("start", "beta:worker", "ant beta:worker poll"),
    _Row("worker start*", "*", "ant beta:worker poll"),
    _Row("run *", "*", "ant beta:worker poll"),
    _Row("logs *", "*", "ant beta:environments:work list <ENVIRONMENT_ID>"),
    _Row("use *|select *|config use-context *", "*", "ant profile activate <NAME>"),
    _Row("config get-contexts", "*", "ant profile list"),
    _Row("show", "profile", "ant profile get"),
    _Row("list", "auth", "ant profile list"),
    _Row("switch", "auth", "ant profile activate"),
    _Row("config view", "*", "ant profile get"),
    _Row("config current-context|info|configure list|whoami", "*", "ant auth status"),
    _Row("configure*|init", "*", "ant auth login"),
    _Row("import *", "*", "ant export <NAME>"),
    _Row("refresh|state *", "*", "ant diff ."),
    _Row("fmt", "*", "ant apply --validate ."),
    _Row("validate", "*", "ant apply --validate"),
    _Row("explain *", "*", "ant help fields"),
    _Row("topics|api-resources", "*", "ant help"),
)


def flag_instead(name: str, value: str, command: str) -> str:
    """Return what to type in place of an unknown flag and its value; empty if nothing is known.

    It is a flag, a command that begins with `ant`, or a sentence.
    """
    long = name if name.startswith("--") or len(name) == 2 else f"-{name}"  # one dash is enough for a long flag
    found = _instead(_FLAGS, [long, value] if value else [long], command)
    return found or (_instead(_FLAGS, [name[:2], name[2:]], command) if long != name else "")


def argument_instead(args: Sequence[str], flags: Texts, operation: Operation) -> str:
    """Return what to type in place of unexpected arguments of an operation; empty if nothing is known."""
    arg, command = args[0], f"ant {operation.command}"
    key, equals, value = arg.partition("=")
    fields = [param.name for param in operation.fields_in("body")]
    if arg.startswith(("\u2013", "\u2014")):  # a word processor has joined two hyphens to a dash
        return " ".join([f"--{arg.lstrip(_DASHES)}", *map(quote, args[1:2])])
    if equals and key in operation.lists:
        return f"--add {quote(arg)}"
    if equals and key in fields:
        return f"--{key} {quote(value)}"
    if equals and "metadata" in fields:
        return f"--metadata {quote(key.removeprefix('metadata.'))}={quote(value)}"
    metadata = flags.get("metadata") or []
    if metadata and metadata[-1].isidentifier():
        return f"--metadata {metadata[-1]}={quote(arg)}"
    if operation.creates and os.path.isfile(arg):  # noqa: PTH113 - Path.is_file() may raise
        return f"{command} --file {quote(arg)}"
    if operation.creates and "name" not in flags:
        return f"{command} --name {quote(arg)}"
    if operation.paginated and not operation.positional:
        return f"{command.removesuffix('list')}retrieve {quote(arg)}"
    return ""


def _instead(rows: Sequence[_Row], typed: Sequence[str], command: str) -> str:
    line = " ".join(typed)
    for row in rows:
        if not any(_fits(command, pattern) for pattern in row.command.split("|")):
            continue
        for pattern in row.words.split("|"):
            if _fits(line, pattern) or (typed and _fits(typed[0], pattern)):
                length = len(pattern.removesuffix(" *").split(" "))
                known = {"<command>": command, "<word>": re.split(r"[-.]", typed[0])[-1]}
                return _filled(row.instead, iter(typed[length:]), known)
    return ""


def _fits(text: str, pattern: str) -> bool:
    """Whether a text matches a pattern. Compiling the pattern costs most, so its beginning is compared first."""
    return text.startswith(pattern.partition("*")[0]) and (pattern == "*" or fnmatchcase(text, pattern))


def _filled(text: str, values: Iterator[str], known: Mapping[str, str]) -> str:
    """Return a text with values in their places, except those that may be keys, or need quotes within quotes."""
    takes_keys = known["<command>"].startswith(("auth", "profile"))

    def value_of(place: re.Match[str]) -> str:
        if place[0] in known:
            return known[place[0]]
        typed = next(values, "")
        if not typed or (takes_keys and may_be_key(typed)) or ("'" in text and re.search(r"[^\w.,:@/+-]", typed)):
            return place[0].strip("<>")
        return quote(shortened(typed))

    return re.sub("<[A-Za-z_=]+>", value_of, text)


# Commands


def unknown_command(args: Sequence[str]) -> UsageError:
    """Return the error for the arguments of an unknown command. The first arguments may be existing groups."""
    from ant_cli.help.catalog import longest_match  # late, like the next one: few mistakes are about commands

    group = longest_match(args)
    rest = args[len(group.path) :]
    similar = suggestion(rest, group)
    sentence = "" if similar.endswith("?") else similar.strip()
    typed = repr(shortened(rest[0])) if similar else group.quoted(rest[0])
    place = f" for 'ant {group.full_name}'" if group.path else ""
    help_command = " ".join(["ant", *group.path, "--help"])
    return UsageError(
        f"unknown command {typed}{place}.{'' if sentence else similar}",
        sentence or f"Run `{help_command}` to see the commands.",
    )


def suggestion(args: Sequence[str], group: Command) -> str:
    """Return " Did you mean `ant ...`?" for the commands that may have been meant; empty if none is similar.

    For a command that there can't be, it is a sentence that says why.
    """
    words = list(takewhile(lambda arg: not arg.startswith("-"), args[:6]))
    if instead := _instead(_COMMANDS, words, group.full_name):
        return f" Did you mean `{instead}`?" if instead.startswith("ant ") else f" {instead}"
    commands = [f"`ant {command}`" for command in _similar_commands(args, group)]
    return f" Did you mean {' or '.join(commands)}?" if commands else ""


def _similar_commands(args: Sequence[str], group: Command) -> list[str]:
    """Return the commands that may have been meant by the arguments after a group, or after `ant`.

    A command may be written with other separators, without its group or after another one, by its name in another
    tool, or with a mistake.
    """
    from ant_cli.help.catalog import catalog

    arguments = takewhile(lambda arg: not arg.startswith("-"), args[:4])
    literal = [part for name in arguments for part in _parts(shortened(name))]
    typed = [SYNONYMS.get(part, part) for part in literal]
    if group.path and (similar := _mistyped(typed[:1], _by_end(1, [item.full_name for item in group.subcommands]))):
        return similar
    commands = [*catalog().walk()][1:]
    names = [command.full_name for command in commands]
    for command in commands:
        parts = _parts(command.full_name)
        if typed == parts or (not command.subcommands and typed[: len(parts)] == parts):
            return [command.full_name]
    if not group.path and (swapped := _by_end(2, names).get(" ".join(typed[1::-1]))):
        return swapped  # a verb before its object, as in kubectl
    official = [name for name in OFFICIAL_COMMANDS if name.count(":") == 1]
    leaves = [command.full_name for command in commands if not command.subcommands]
    for length in range(len(typed), 1, -1):  # one word means little
        ends = _by_end(length, [*leaves, *official])
        if exact := ends.get(" ".join(literal[:length])) or ends.get(" ".join(typed[:length])):
            return exact[:_LIMIT]
    for length in range(len(typed), 0, -1):
        official = [name for name in OFFICIAL_COMMANDS if name.count(":") <= length]
        if similar := _mistyped(typed[:length], _by_end(length, [*names, *official])):
            return similar[:_LIMIT]
    return []


def _by_end(length: int, names: Sequence[str]) -> dict[str, list[str]]:
    """Return the names of commands by their last parts."""
    names_by_end: dict[str, list[str]] = {"--version": ["--version"]}
    for name in names:
        names_by_end.setdefault(" ".join(_parts(name)[-length:]), []).append(name)
    return names_by_end


def _mistyped(typed: Sequence[str], commands: Mapping[str, list[str]]) -> list[str]:
    """Return the commands with the most similar names."""
    from difflib import get_close_matches  # late, as above

    nearest = get_close_matches(" ".join(typed).lower(), commands, n=1, cutoff=_CUTOFF)
    return [command for name in nearest for command in commands[name]]


def _parts(command: str) -> list[str]:
    """Return the parts of a command, with any separators."""
    return command.replace(":", " ").split()
