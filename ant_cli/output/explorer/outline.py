"""The visible rows of a response, and the cursor: fold, unfold, move, filter, search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ant_cli.output.explorer.tree import Node, walk


class Outline:
    """The visible rows of a list's items, or of one value, and the current row."""

    def __init__(self, *, is_list: bool) -> None:
        self.is_list = is_list
        self.roots: list[Node] = []
        self.rows: list[Node] = []
        self.cursor = 0
        self.wanted: list[str] = []
        """The terms of the filter."""

    def append(self, values: Iterable[bytes]) -> None:
        """Append values."""
        first = len(self.roots)
        new = [Node(value, str(number + 1), number) for number, value in enumerate(values, first)]
        self.roots += new
        for node in new:
            if self.is_list:
                node.prepare_search()  # page by page: with 10,000 items at once, the first search would be slow
            else:
                node.is_open = node.can_open
        if self.is_list:
            self._hide(new)
        self.rows += walk(new, _is_open)

    # The cursor

    @property
    def current(self) -> Node | None:
        """The value under the cursor; None if there are no rows."""
        return self.rows[self.cursor] if self.rows else None

    @property
    def entries(self) -> list[Node]:
        """The nodes that the filter applies to: the items of the list, or the members of the one value."""
        return self.roots if self.is_list else [child for root in self.roots for child in root.children]

    def move(self, distance: int) -> None:
        """Move the cursor down by `distance` rows, or up if it is negative, within the rows."""
        self.cursor = max(0, min(len(self.rows) - 1, self.cursor + distance))

    def go_to(self, node: Node) -> None:
        """Unfold everything that contains the node, and move the cursor to it."""
        parent = node.parent
        while parent:
            parent.is_open = True
            parent = parent.parent
        self._rebuild(node)

    # Folding

    def toggle(self) -> None:
        """Fold or unfold the current value."""
        if self.current and self.current.is_open:
            self._fold(self.current)
        else:
            self._unfold(self.current)

    def descend(self) -> None:
        """Unfold the current value, or go to its first child."""
        if self.current and self.current.is_open:
            self.move(1)
        else:
            self._unfold(self.current)

    def ascend(self) -> None:
        """Fold the current value, or go to its parent."""
        node = self.current
        if node and node.is_open:
            self._fold(node)
        elif node and node.parent:
            while self.rows[self.cursor] is not node.parent:
                self.cursor -= 1

    def unfold_all(self) -> None:
        """Unfold the current value and everything below it."""
        node = self.current
        if node:
            for inner in walk([node], lambda inner: inner.can_open):
                inner.is_open = inner.can_open
            self._rebuild(node)

    def fold_all(self) -> None:
        """Fold everything."""
        if not self.current:
            return
        for node in self.rows:
            node.is_open = False
        self._rebuild(self.current.root)

    def _unfold(self, node: Node | None) -> None:
        if node and node.can_open:
            node.is_open = True
            self.rows[self.cursor + 1 : self.cursor + 1] = walk(node.children, _is_open)

    def _fold(self, node: Node) -> None:
        node.is_open = False
        end = self.cursor + 1
        while end < len(self.rows) and self.rows[end].depth > node.depth:
            end += 1
        del self.rows[self.cursor + 1 : end]

    def _rebuild(self, node: Node | None) -> None:
        """Rebuild the rows, with the cursor on the node, or on the first row if the node is hidden."""
        self.rows = list(walk(self.roots, _is_open))
        self.cursor = next((at for at, row in enumerate(self.rows) if row is node), 0)

    # Filter and search

    def filter(self, text: str) -> None:
        """Show only the entries whose values contain every term of the text."""
        self.wanted = text.casefold().split()
        self._hide(self.entries)
        self._rebuild(self.current)

    @property
    def shown_count(self) -> int:
        """The number of entries that the filter matches."""
        return sum(not node.hidden for node in self.entries)

    def _hide(self, entries: Iterable[Node]) -> None:
        for node in entries:
            node.hidden = bool(self.wanted) and not all(word in node.search_text.values for word in self.wanted)

    def search(self, text: str, *, back: bool = False) -> bool:
        """Move to the next or previous key or value that contains the text. Return whether there is one.

        After the last match it continues with the first.
        """
        match = next(self._matches_around(text.casefold(), back=back), None)
        if match:
            self.go_to(match)
        return match is not None

    def _matches_around(self, text: str, *, back: bool) -> Iterator[Node]:
        """Yield the matches from the cursor once around, item by item."""
        here = self.current
        if not here or not text:
            return
        around = -1 if back else 1
        first = here.root.number
        for distance in range(len(self.roots) + 1):
            root = self.roots[(first + around * distance) % len(self.roots)]
            for node in list(_matches(root, text))[::around]:
                if distance or (node.order < here.order if back else node.order > here.order):
                    yield node


def _is_open(node: Node) -> bool:
    return node.is_open


def _matches(root: Node, text: str) -> Iterator[Node]:
    """Yield the root, and the nodes below it, whose own key or value contains the text."""
    if root.hidden or not _mentions(root, text):
        return
    for node in walk([root], lambda node: _mentions(node, text)):
        in_key = node.parent is not None and text in node.key.casefold()
        if in_key or (not node.can_open and text in node.search_text.values):
            yield node


def _mentions(node: Node, text: str) -> bool:
    return text in node.search_text.values or text in node.search_text.keys
