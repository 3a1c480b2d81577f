r"""YAML 1.2 text for libyaml, which reads YAML 1.1.

In YAML 1.2, U+0085, U+2028 and U+2029 are ordinary characters and not line breaks, `\ud83d\ude00` is one character,
a `?` before a character is part of a plain scalar, and an anchor's name may contain nearly everything. Before
parsing, each of these is replaced by a stand-in of (nearly always) equal length that does not occur in the text and
is an ordinary character or name to libyaml. In the parsed values, the originals are put back. So their place does
not matter: within quotes, they are unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count

from ant_cli.runtime.light_typing import NamedTuple

_STAND_IN_LIMIT = 100
"""How many colons may get stand-ins. Each of them costs another run of the parser."""
_LINE_SEPARATORS = ("\x85", "\u2028", "\u2029")
_PRIVATE_USE = range(0xE000, 0xF900)

# Most texts have none of these, so the patterns are compiled when they are used.
_SURROGATE_PAIR = r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
_QUESTION_MARK = r"\?(?=[^ \t\r\n,\[\]{}])"
_NAME = r"""(?<![^ \t\r\n,\[\]{}])([&*])([^ \t\r\n,\[\]{}"'\\]+)"""
_SIMPLE_NAME = r"[0-9A-Za-z_-]+"
_PRIVATE_ESCAPE = r"\\(?:u|U0000)([e-fE-F][0-9a-fA-F]{3})"
_STAND_IN = r"([\ue000-\uf8ff])\1|[\ue000-\uf8ff]|(\\u[ef][0-9a-f]{3})\2|(?<=[&*])[0-9A-Za-z_-]+"


class TooManyCharacters(Exception):
    """The text uses every character that could be a stand-in."""


class Compatible(NamedTuple):
    """A text that libyaml can read, and the meaning of its stand-ins."""

    text: str
    originals: dict[str, str]
    unused: Iterator[str]
    """The characters that are still available as stand-ins."""

    def restore(self, text: str) -> str:
        """Put the originals back into a value, or into the name of an anchor."""
        if not self.originals:
            return text
        return self.originals.get(text) or re.sub(_STAND_IN, self._original, text)

    def with_colon_as_text(self, position: int) -> Compatible | None:
        """Return the text with a colon as part of a plain scalar, if a line separator precedes it on its line.

        To libyaml, such a colon is an error, because it would begin a second mapping on the line. None without a
        separator.
        """
        before = self.text[self.text.rfind("\n", 0, position) + 1 : position]
        is_text = any(self.originals.get(character) in _LINE_SEPARATORS for character in before)
        if not is_text or len(self.originals) >= _STAND_IN_LIMIT:
            return None
        stand_in = _next(self.unused)
        text = self.text[:position] + stand_in + self.text[position + 1 :]
        return Compatible(text, {**self.originals, stand_in: ":"}, self.unused)

    def _original(self, match: re.Match[str]) -> str:
        stand_ins = match[0]
        return self.originals.get(stand_ins) or "".join(self.originals.get(part, part) for part in stand_ins)


def make_compatible(text: str) -> Compatible:
    """Return the text for libyaml.

    Raises:
        TooManyCharacters: if there are too many different characters to stand in for.

    """
    originals: dict[str, str] = {}
    unused = _unused_characters(text)
    for character in filter(text.__contains__, _LINE_SEPARATORS):
        originals[stand_in := _next(unused)] = character
        text = text.replace(character, stand_in)
    text = _replace_surrogate_pairs(text, originals, unused)
    if "?" in text and re.search(_QUESTION_MARK, text):
        originals[stand_in := _next(unused)] = "?"
        text = re.sub(_QUESTION_MARK, stand_in, text)
    if "&" in text or "*" in text:
        text = _replace_names(text, originals)
    return Compatible(text, originals, unused)


def _unused_characters(text: str) -> Iterator[str]:
    """Yield private-use characters that are not in the text, neither literally nor as escapes."""
    used = set(text)
    if "\\" in text:
        used |= {chr(int(code, 16)) for code in re.findall(_PRIVATE_ESCAPE, text)}
    return (character for character in map(chr, _PRIVATE_USE) if character not in used)


def _next(unused: Iterator[str]) -> str:
    for character in unused:
        return character
    raise TooManyCharacters("too many different characters are written as surrogate pairs")


def _replace_surrogate_pairs(text: str, originals: dict[str, str], unused: Iterator[str]) -> str:
    """Replace each pair by a doubled escape: two characters within double quotes, and unchanged elsewhere."""
    stand_ins: dict[str, str] = {}

    def replace(match: re.Match[str]) -> str:
        backslashes, high, low = match.groups()
        pair = rf"\u{high}\u{low}"
        if pair not in stand_ins:
            character = _next(unused)
            stand_ins[pair] = rf"\u{ord(character):04x}" * 2
            originals[stand_ins[pair]] = pair
            originals[character * 2] = chr(0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF))
        return backslashes + stand_ins[pair]

    return re.sub(_SURROGATE_PAIR, replace, text) if "\\u" in text else text


def _replace_names(text: str, originals: dict[str, str]) -> str:
    """Replace the names of anchors that libyaml would reject, or read only in part."""
    stand_ins: dict[str, str] = {}
    prefix = next(name for number in count() if (name := f"_{number:x}_") not in text)

    def replace(match: re.Match[str]) -> str:
        sign, name = match.groups()
        if re.fullmatch(_SIMPLE_NAME, name) or name.endswith(":"):  # `&a: b` is left to be rejected
            return match[0]
        if name not in stand_ins:
            number = f"{len(stand_ins):x}"
            stand_ins[name] = prefix + number.rjust(len(name) - len(prefix), "_")
            originals[stand_ins[name]] = re.sub(_STAND_IN, lambda part: originals.get(part[0], part[0]), name)
        return sign + stand_ins[name]

    return re.sub(_NAME, replace, text)
