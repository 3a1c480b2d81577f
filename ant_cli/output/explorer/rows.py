"""The values of a response as textual's tree: fold, unfold, search."""

from __future__ import annotations

from collections.abc import Iterator
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
_LEAST_NUMBER_WIDTH = 3
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
        self.values = whole.members if whole else []
        """The items of the list, or the members of the only value."""
        self._add(self.root.expand(), self.values)

    def append(self, items: list[bytes]) -> None:
        """Append items of the list."""
        values = [Value(raw, (number,)) for number, raw in enumerate(items, len(self.values))]
        self.values += values
        self._add(self.root, values)
        if self.is_mounted and not self.cursor_node:
            self.cursor_line = 0

    @property
    def current(self) -> Value | None:
        """The value under the cursor; None if there are no rows."""
        return self.cursor_node.data if self.cursor_node else None

    # What textual asks

    def get_label_width(self, node: TreeNode[Value]) -> int:  # noqa: ARG002 - textual's
        """Return the width of a row: it is never wider than the screen."""
        return self.size.width

    def render_label(self, node: TreeNode[Value], base_style: Style, style: Style) -> Text:  # noqa: ARG002 - as above
        """Return the text of a row after its indentation."""
        value = node.data
        if value is None:
            return _NO_LABEL
        row = Text(_marker(value, is_expanded=node.is_expanded))
        if value.keys:
            row.append(f"{key_in_a_row(value.keys[-1])}: ", _KEY)
        elif self.is_list:
            row.append(f"{value.place[0] + 1:>{self._number_width}} ", _DIM)
        if node.is_expanded and value.can_open:
            row.append(SIZES[value.json_type].format(len(node.children)), _DIM)
        else:
            row.append(value.summary, _STYLES.get(value.json_type))
        if node is self.cursor_node:
            row = Text(row.plain)
        row.truncate(self._room_for(value), overflow="ellipsis", pad=True)
        row.stylize_before(style)
        return row

    @property
    def _number_width(self) -> int:
        return max(_LEAST_NUMBER_WIDTH, len(str(len(self.values))))

    def _room_for(self, value: Value) -> int:
        """Return the cells of a row after its indentation."""
        depth = len(value.place)
        if self.is_list:
            depth -= 1
        return max(0, self.size.width - self.guide_depth * depth)

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

    def _add(self, parent: TreeNode[Value], values: list[Value]) -> None:
        for value in values:
            parent.add(_NO_LABEL, value)

    def _members(self, node: TreeNode[Value]) -> list[TreeNode[Value]]:
        if node.data and not node.children:
            self._add(node, node.data.members)
        return list(node.children)

    # Search

    def search(self, text: str, *, back: bool = False) -> bool:
        """Move to the next or previous key or value that contains the text. Return whether there is one.

        After the last match it continues with the first.
        """
        here = self.current
        if not (here and self.values and text):
            return False
        for found in self._matches(text.casefold(), here, -1 if back else 1):
            self._go_to(found)
            return True
        return False

    def _matches(self, text: str, here: Value, step: int) -> Iterator[Value]:
        """Yield the values that contain the text, from the cursor on, and at last those before it."""
        start = here.place[0] if here.place else 0
        count = len(self.values)
        for passed in range(count + 1):
            item = self.values[(start + step * passed) % count]
            for found in list(item.find(text))[::step]:
                if passed > 0 or _is_beyond(found, here, step):
                    yield found

    def _go_to(self, value: Value) -> None:
        node = self.root
        for number in value.place:
            node = self._members(node.expand())[number]
        _ = self.last_line  # textual numbers the rows only when they are asked for
        self.move_cursor(node)


def _marker(value: Value, *, is_expanded: bool) -> str:
    if not value.can_open:
        return "  "
    return "▾ " if is_expanded else "▸ "


def _is_beyond(found: Value, here: Value, step: int) -> bool:
    return found.place > here.place if step > 0 else found.place < here.place
