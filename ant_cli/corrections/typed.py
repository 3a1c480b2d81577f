"""Whether a line does what was typed: not more, not less, and without a secret."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ant_cli.corrections.line import FLAGS, Argv, Part, Role, line_of, parts_of
from ant_cli.corrections.slips import meant, split_words
from ant_cli.errors.suggestions import nearest
from ant_cli.operations.spec import Param, flag_name
from ant_cli.runtime.redaction import may_be_key
from ant_cli.settings import exposed_secrets
from ant_cli.settings.rows import GLOBAL_FLAGS

_OF_ONE_VALUE = [flag for flag in GLOBAL_FLAGS if flag.type not in (bool, list)]
_APPLY = "apply"
_FINAL = (_APPLY, "delete", "archive", "stop", "reset", "logout")
"""The commands that can't be undone, or change many environments."""
_MILD = ("dry_run", "validate")
"""The flags with which `ant apply` changes nothing."""
_DECISIONS = ("yes", "force", "prune", "requeue", "delete_archived", "allow_origin_change")
"""The flags that answer a question, or do more than a command does without them."""
_YES, _SHORT_YES = flag_name("yes"), "-y"
_PIECE = r"\d+|[^\W\d_]+"
"""The letters and the numbers of a text: `5s` has 5 and s."""
_LONGEST = 1000
"""A longer line is not shown."""


class Typed:
    """What was typed, with which each line is compared."""

    def __init__(self, argv: Argv, environ: Mapping[str, str]) -> None:
        self.argv = argv
        self.environ = environ
        parts, line = parts_of(argv), line_of(argv)
        values = [_value_of(part) for part in parts]
        self._flags = [part.flag for part in parts if part.role in FLAGS]
        self._globals = _globals_in(parts)
        self._pieces = _pieces(values)
        self._has_secret = any(exposed_secrets(argv, {}))
        text = " ".join([*line.command.path, *line.words])
        words = split_words(text.lower())
        self._words = {*words, "".join(words[:2])}
        """Those in the place of a command, and all others; `log out` is also one word."""

    def shows_secret(self, argv: Argv, commands: Sequence[Argv]) -> bool:
        """Whether a secret may be in a line. After `auth` and `profile`, any word may be a key."""
        if self._has_secret or any(exposed_secrets(argv, {})):
            return True
        return any(_may_show_key(command) for command in commands)

    def is_exceeded(self, command: Argv) -> bool:
        """Whether a command can't be undone, or has a flag that answers a question, and that was not typed."""
        params = [part.param for part in parts_of(command) if part.param is not None]
        given = {param.name for param in params}
        name = "".join(line_of(command).command.path[-1:])
        if name in _FINAL and not meant(self._words, name):
            return name != _APPLY or given.isdisjoint(_MILD)
        decisions = [param.flag for param in params if param.name in _DECISIONS]
        return not all(map(self._has_flag, decisions))

    def is_overridden(self, command: Argv) -> bool:
        """Whether a command has a global flag twice that was typed once, so that one of its values is ignored."""
        given = _globals_in(parts_of(command))
        return any(count > max(self._globals[param], 1) for param, count in given.items())

    def _has_flag(self, flag: str) -> bool:
        if flag == _YES and _SHORT_YES in self._flags:
            return True
        return any(nearest(typed, [flag]) for typed in self._flags)

    def is_lost(self, argv: Argv, consumed: Argv, commands: Sequence[Argv]) -> bool:
        """Whether a word of a typed value, or a flag that the commands know, is neither in a line nor replaced."""
        kept = _pieces((*argv, *consumed))
        if self._pieces - kept:
            return True
        flags = [flag for flag in self._flags if flag not in consumed]
        return any(_lacks(flag, commands) for flag in flags)


def _globals_in(parts: Iterable[Part]) -> Counter[Param | None]:
    """Return the global flags with one value, and how often each is given."""
    return Counter(
        part.param for part in parts if part.role is Role.FLAG and part.param in _OF_ONE_VALUE
    )


def is_unwritable(argv: Argv) -> bool:
    """Whether a line is too long to show, or has characters that are not shown as they are."""
    text = " ".join(argv)
    return len(text) > _LONGEST or not text.isprintable()


def _may_show_key(command: Argv) -> bool:
    line = line_of(command)
    if line.command.path[:1] not in (("auth",), ("profile",)):
        return False
    words = [part.text for part in line.parts if part.role in (Role.WORD, Role.AFTER)]
    names = [word for word in words if not _is_url(word)]
    return any(map(may_be_key, names))


def _is_url(text: str) -> bool:
    """Whether a text is a URL. A password in it is found with the other secrets."""
    return text.startswith(("http://", "https://", "local:"))


def _lacks(flag: str, commands: Sequence[Argv]) -> bool:
    """Whether commands know a flag, but none of them has it."""
    is_known = False
    for command in commands:
        param = line_of(command).known.get(flag)
        if param is None:
            continue
        is_known = True
        if any(part.param == param for part in parts_of(command)):
            return False
    return is_known


def _value_of(part: Part) -> str:
    return part.value if part.role in FLAGS else part.text


def _pieces(texts: Iterable[str]) -> Counter[str]:
    """Return the pieces of texts, and how often each occurs."""
    text = " ".join(texts)
    return Counter(re.findall(_PIECE, text.lower()))
