"""The values of an answer as a tree that grows only where somebody looks, and the GJSON path of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ant_cli.gjson import json_text
from ant_cli.output.explorer.wording import Words, in_a_row, words_of

WHOLE = "@this"
"""The GJSON path of a value itself."""
# More than GJSON needs in a key, so that the path also means the same inside a query or a multipath.
_SPECIAL = re.compile(r'[\\.|*?#@!{}\[\]()<>=%",~]')


class Node:
    """A value: where it stands, and whether what it holds is shown."""

    __slots__ = (
        "_children",
        "_summary",
        "_words",
        "depth",
        "hidden",
        "is_open",
        "key",
        "kind",
        "number",
        "parent",
        "text",
    )

    def __init__(self, text: bytes, key: str, number: int, parent: Node | None = None) -> None:
        """Take the JSON text, the key or index under which it stands, and its place among its siblings."""
        self.text = text
        self.key = key
        self.number = number
        self.parent = parent
        self.depth: int = parent.depth + 1 if parent else 0
        self.kind = json_text.kind(text)
        self.is_open = False
        self.hidden = False
        """The filter leaves it out."""
        self._children: list[Node] | None = None
        self._words: Words | None = None
        self._summary: str | None = None

    @property
    def children(self) -> list[Node]:
        """What it holds; nothing for a scalar."""
        if self._children is None:
            self._children = [
                Node(text, key, number, self) for number, (key, text) in enumerate(_entries(self.text, self.kind))
            ]
        return self._children

    @property
    def can_open(self) -> bool:
        """Whether it holds anything."""
        return self.kind in ("object", "array") and bool(self.children)

    @property
    def words(self) -> Words:
        """What a search or filter looks at."""
        if self._words is None:
            self._words = words_of(self.text)
        return self._words

    @property
    def summary(self) -> str:
        """What stands behind its key in a row."""
        if self._summary is None:
            self._summary = in_a_row(self.text)
        return self._summary

    @property
    def root(self) -> Node:
        """The value of the answer in which it stands."""
        node = self
        while node.parent:
            node = node.parent
        return node

    @property
    def order(self) -> tuple[int, ...]:
        """Sorts the values of an answer as they are shown."""
        numbers = []
        node: Node | None = self
        while node:
            numbers.append(node.number)
            node = node.parent
        return tuple(reversed(numbers))


def _entries(text: bytes, kind: str) -> list[tuple[str, bytes]]:
    if kind == "object":
        return list(json_text.members(text).items())
    if kind == "array":
        return [(str(index), element) for index, element in enumerate(json_text.elements(text))]
    return []


def walk(nodes: list[Node], descend: Callable[[Node], bool]) -> Iterator[Node]:
    """Yield the nodes that no filter hides, each before what it holds, where `descend` says so."""
    stack = nodes[::-1]
    while stack:
        node = stack.pop()
        if not node.hidden:
            yield node
            if descend(node):
                stack += node.children[::-1]


def path_of(node: Node, transform: str = "") -> str:
    """Return what finds the node when it is given to `--transform`, where `transform` was given before."""
    keys: list[str] = []
    while node.parent:
        keys.append(node.key)
        node = node.parent
    keys.reverse()
    path = "".join(_joined(keys))
    if not keys:
        return transform or WHOLE
    if transform or not keys[0]:
        return f"{transform or WHOLE}|{path}"
    return path


def _joined(keys: list[str]) -> Iterator[str]:
    """Yield the steps of a path and what separates them."""
    for number, key in enumerate(keys):
        if number:
            # An empty key leaves two separators side by side, and two dots mean something else.
            yield "." if key and keys[number - 1] else "|"
        yield _SPECIAL.sub(r"\\\g<0>", key)
