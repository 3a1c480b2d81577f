"""The keys of the explorer: their actions while browsing, typing or reading; and the help page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ant_cli.runtime.light_typing import NamedTuple


class KeyBinding(NamedTuple):
    """Keys with the same action, which is one of the app's, in textual's notation."""

    keys: str
    """By textual's names."""
    action: str
    shown: str = ""
    meaning: str = ""
    """The text of the help page."""


BROWSING = (
    KeyBinding("down,j", "move(1)", "↓ j", "next row"),
    KeyBinding("up,k", "move(-1)", "↑ k", "previous row"),
    KeyBinding("pagedown,ctrl+f", "page(1)", "PgDn ^F", "next screen"),
    KeyBinding("pageup,ctrl+b", "page(-1)", "PgUp ^B", "previous screen"),
    KeyBinding("ctrl+d", "page(0.5)", "^D", "half a screen down"),
    KeyBinding("ctrl+u", "page(-0.5)", "^U", "half a screen up"),
    KeyBinding("home,g", "first", "Home g", "first row"),
    KeyBinding("end,G", "last", "End G", "last row so far"),
    KeyBinding("enter,space", "outline('toggle')", "Enter Spc", "fold, unfold, or view text"),
    KeyBinding("right,l", "outline('descend')", "→ l", "unfold, then go inside"),
    KeyBinding("left,h", "outline('ascend')", "← h", "fold, then go outside"),
    KeyBinding("e", "outline('unfold_all')", "e", "unfold all below"),
    KeyBinding("c", "outline('fold_all')", "c", "fold everything"),
    KeyBinding("slash", "search", "/", "search, folded values too"),
    KeyBinding("n", "search_on(1)", "n", "next match"),
    KeyBinding("N", "search_on(-1)", "N", "previous match"),
    KeyBinding("f", "filter", "f", "show rows with these words"),
    KeyBinding("escape", "show_all", "Esc", "show everything again"),
    KeyBinding("A", "load_all", "A", "load all pages"),
    KeyBinding("v", "view", "v", "view the whole value"),
    KeyBinding("y", "copy_value", "y", "copy the value"),
    KeyBinding("Y", "copy_path", "Y", "copy its path for --transform"),
    KeyBinding("p", "print_value", "p", "quit and print the value"),
    KeyBinding("P", "print_path", "P", "quit and print its path"),
    KeyBinding("question_mark", "help", "?", "this page"),
    KeyBinding("q", "leave", "q", "quit"),
)
_TYPING = (
    KeyBinding("enter", "accept"),
    KeyBinding("escape", "give_up"),
    KeyBinding("down", "move(1)"),
    KeyBinding("up", "move(-1)"),
    KeyBinding("left,ctrl+b", "edit('move', -1)"),
    KeyBinding("right,ctrl+f", "edit('move', 1)"),
    KeyBinding("home,ctrl+a", "edit('to_start')"),
    KeyBinding("end,ctrl+e", "edit('to_end')"),
    KeyBinding("backspace,ctrl+h", "edit('erase', -1)"),
    KeyBinding("delete,ctrl+d", "edit('erase', 1)"),
    KeyBinding("ctrl+w", "edit('erase_word')"),
    KeyBinding("ctrl+u", "edit('erase_before')"),
    KeyBinding("ctrl+k", "edit('erase_after')"),
)
"""In the prompt, as in a shell; printable characters are typed."""
_READING = (
    KeyBinding("escape,q,enter,left,h,v,question_mark", "close_page"),
    KeyBinding("down,j", "scroll('scroll_down')"),
    KeyBinding("up,k", "scroll('scroll_up')"),
    KeyBinding("pagedown,space,ctrl+d,ctrl+f", "scroll('scroll_page_down')"),
    KeyBinding("pageup,ctrl+u,ctrl+b", "scroll('scroll_page_up')"),
    KeyBinding("home,g", "scroll('scroll_home')"),
    KeyBinding("end,G", "scroll('scroll_end')"),
    *(key for key in BROWSING if key.action in ("copy_value", "copy_path", "print_value", "print_path")),
)
"""While a page of text is shown."""
ALWAYS = (
    KeyBinding("ctrl+z", "suspend_process", "^Z", "suspend"),
    KeyBinding("ctrl+c", "interrupt", "^C", "end, as interrupted"),
)
"""In every mode."""


class Mode(NamedTuple):
    """A mode: browsing, typing or reading."""

    hint: str
    """The text of the bottom line."""
    actions: Mapping[str, str]
    """The action of each key."""
    is_typing: bool = False


def _mode_of(hint: str, table: Iterable[KeyBinding], *, is_typing: bool = False) -> Mode:
    """Return a mode with the keys of a table, and those of every mode."""
    actions = {name: key.action for key in (*table, *ALWAYS) for name in key.keys.split(",")}
    return Mode(hint, actions, is_typing)


BROWSE = _mode_of("? keys  q quit", BROWSING)
SEARCH = _mode_of("search: Enter go, Esc back", _TYPING, is_typing=True)
FILTER = _mode_of("filter: Enter keep, Esc show all", _TYPING, is_typing=True)
READ = _mode_of("Esc back", _READING)


def help_text() -> str:
    """Return the page of all keys, in two columns: it fits a screen of 80 by 24."""
    lines = [f"{key.shown:<9} {key.meaning}" for key in (*BROWSING, *ALWAYS)]
    half = (len(lines) + 1) // 2
    return "\n".join(
        f"{left:<38}{right}".rstrip() for left, right in zip(lines[:half], [*lines[half:], ""], strict=False)
    )
