"""The values of a response as textual's tree: fold, unfold, search."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import BindingType
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from ant_cli.output.explorer.tree import SIZES, Value, key_in_a_row

_KEY = Style(color="cyan", bold=True)
_DIM = Style(dim=True)
_LITERAL = Style(color="magenta")
_STYLES = {"null": _DIM, "number": _LITERAL, "true": _LITERAL, "false": _LITERAL}
"""The styles of scalars. Only the terminal's own colours, because they suit its background."""
_NO_LABEL = Text()
"""The label of every node: the tree renders only the rows on the screen, from their values."""


class Rows(Tree[Value]):
    """The items of a list, or one value, as rows. The members of a value are added when it is first unfolded."""

    FOCUS_ON_CLICK = False
    BINDINGS: ClassVar[list[BindingType]] = [
        ("down,j", "cursor_down", "next row"),
        ("up,k", "cursor_up", "previous row"),
        ("pagedown,ctrl+f,ctrl+d", "page_down", "next screen"),
        ("pageup,ctrl+b,ctrl+u", "page_up", "previous screen"),
        ("home,g", "scroll_home", "first row"),
        ("end,G", "scroll_end", "last row so far"),
        ("enter,space", "open", "fold, unfold, or view text"),
        ("right,l", "descend", "unfold, then go inside"),
        ("left,h", "ascend", "fold, then go outside"),
        ("e", "unfold_all", "unfold all below"),
    ]

    def __init__(self, whole: Value | None = None) -> None:
        """Take the only value, if this is not a list."""
        super().__init__(_NO_LABEL, whole)
        self.show_guides = self.auto_expand = False
        self.guide_depth = 2
        self.is_list = whole is None
        self.show_root = not self.is_list
        self.root.expand()
        self.values: list[Value] = []
        """The items of the list, or the members of the only value."""
        self._extend(whole.members if whole else [])

    def append(self, items: Iterable[bytes]) -> None:
        """Append items of the list."""
        self._extend([Value(raw, str(number + 1), number) for number, raw in enumerate(items, len(self.values))])
        if self.is_mounted and not self.cursor_node:
            self.cursor_line = 0

    def _extend(self, values: list[Value]) -> None:
        for value in values:
            _ = value.search_text  # page by page: with 10,000 items at once, the first search would be slow
        self.values += values
        self._add(self.root, values)

    @property
    def current(self) -> Value | None:
        """The value under the cursor; None if there are no rows."""
        return self.cursor_node.data if self.cursor_node and (self.show_root or self.root.children) else None

    # What textual asks

    def get_label_width(self, node: TreeNode[Value]) -> int:  # noqa: ARG002 - textual's
        """Return the width of a row: it is never wider than the screen."""
        return self.size.width

    def render_label(self, node: TreeNode[Value], base_style: Style, style: Style) -> Text:  # noqa: ARG002 - as above
        """Return the text of a row after its indentation."""
        value = node.data
        if value is None:
            return _NO_LABEL
        row = Text(("▾ " if node.is_expanded else "▸ ") if value.can_open else "  ")
        if value.parent:
            row.append(f"{key_in_a_row(value.key)}: ", _KEY)
        elif self.is_list:
            row.append(f"{value.key:>{max(3, len(str(len(self.values))))}} ", _DIM)
        if node.is_expanded and value.can_open:
            row.append(SIZES[value.json_type].format(len(node.children)), _DIM)
        else:
            row.append(value.summary, _STYLES.get(value.json_type))
        if node is self.cursor_node:
            row = Text(row.plain)
        room = self.size.width - self.guide_depth * (len(value.place) - 1)
        row.truncate(max(room, 0), overflow="ellipsis", pad=True)
        row.stylize_before(style)
        return row

    def on_mount(self) -> None:
        """Go to the first row."""
        self.cursor_line = 0

    def on_resize(self) -> None:
        """Keep the cursor on the screen."""
        self.scroll_to_line(self.cursor_line, animate=False)

    def on_tree_node_selected(self, event: Tree.NodeSelected[Value]) -> None:
        """Fold or unfold a row that was clicked."""
        self._toggle(event.node)

    # Folding

    def action_descend(self) -> None:
        """Unfold the current value, or go to its first member."""
        node = self.cursor_node
        if node and node.is_expanded:
            self.action_cursor_down()
        elif node:
            self._toggle(node)

    def action_ascend(self) -> None:
        """Fold the current value, or go to the value that contains it."""
        node = self.cursor_node
        if node and node.is_expanded:
            node.collapse()
        elif node and node.parent and node.parent.data:
            self.move_cursor(node.parent)

    async def action_open(self) -> None:
        """Fold or unfold the current value; show a scalar in full."""
        if self.cursor_node and self.current and self.current.can_open:
            self._toggle(self.cursor_node)
        else:
            await self.run_action("app.view")

    def action_unfold_all(self) -> None:
        """Unfold the current value and everything below it."""
        nodes = [self.cursor_node] if self.cursor_node else []
        while nodes:
            node = nodes.pop()
            if members := self._members(node):
                nodes += members
                node.expand()

    def _toggle(self, node: TreeNode[Value]) -> None:
        if node.is_expanded:
            node.collapse()
        elif self._members(node):
            node.expand()

    def _add(self, parent: TreeNode[Value], values: Iterable[Value]) -> None:
        for value in values:
            parent.add(_NO_LABEL, value)

    def _members(self, node: TreeNode[Value]) -> list[TreeNode[Value]]:
        if node.data and not node.children:
            self._add(node, node.data.members)
        return list(node.children)

    @property
    def _item(self) -> TreeNode[Value] | None:
        """The item that contains the current value."""
        node = self.cursor_node if self.root.children else None
        while node and node.parent and not node.parent.is_root:
            node = node.parent
        return node

    def _go_to(self, node: TreeNode[Value]) -> None:
        parent = node.parent
        while parent:
            parent.expand()
            parent = parent.parent
        _ = self.last_line  # textual numbers the rows only when they are asked for
        self.move_cursor(node)

    # Search

    def search(self, text: str, *, back: bool = False) -> bool:
        """Move to the next or previous key or value that contains the text. Return whether there is one.

        After the last match it continues with the first.
        """
        item, here = self._item, self.current
        if not item or not here or not text:
            return False
        step = -1 if back else 1
        items = list(self.root.children)[::step]
        at = items.index(item) if item in items else 0
        for number, each in enumerate([*items[at:], *items[: at + 1]]):
            for node in list(self._matches([each], text.casefold()))[::step]:
                place = node.data.place if node.data else ()
                if number or (place < here.place if back else place > here.place):
                    self._go_to(node)
                    return True
        return False

    def _matches(self, nodes: Iterable[TreeNode[Value]], text: str) -> Iterator[TreeNode[Value]]:
        """Yield the matches among the nodes and below them, folded ones too."""
        for node in nodes:
            if node.data and node.data.matches(text):
                yield node
            if node.data and text in node.data.search_text:
                yield from self._matches(self._members(node), text)
