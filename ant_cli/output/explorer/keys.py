"""The keys of the explorer: what they do while browsing, typing or reading; and the help page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Key(NamedTuple):
    """Keys that do the same; the action is one of the app's, in textual's notation."""

    keys: str
    """As textual calls them."""
    action: str
    shown: str = ""
    meaning: str = ""
    """What the help page says."""


BROWSING = (
    Key("down,j", "move(1)", "↓ j", "next row"),
    Key("up,k", "move(-1)", "↑ k", "previous row"),
    Key("pagedown,ctrl+f", "page(1)", "PgDn ^F", "next screen"),
    Key("pageup,ctrl+b", "page(-1)", "PgUp ^B", "previous screen"),
    Key("ctrl+d", "page(0.5)", "^D", "half a screen down"),
    Key("ctrl+u", "page(-0.5)", "^U", "half a screen up"),
    Key("home,g", "first", "Home g", "first row"),
    Key("end,G", "last", "End G", "last row so far"),
    Key("enter,space", "outline('toggle')", "Enter Spc", "fold, unfold, or view text"),
    Key("right,l", "outline('inward')", "→ l", "unfold, then go inside"),
    Key("left,h", "outline('outward')", "← h", "fold, then go outside"),
    Key("e", "outline('unfold_all')", "e", "unfold all below"),
    Key("c", "outline('fold_all')", "c", "fold everything"),
    Key("slash", "search", "/", "search, folded values too"),
    Key("n", "search_on(1)", "n", "next match"),
    Key("N", "search_on(-1)", "N", "previous match"),
    Key("f", "filter", "f", "show only what has these words"),
    Key("escape", "show_all", "Esc", "show everything again"),
    Key("A", "load_all", "A", "load all pages"),
    Key("v", "view", "v", "view the whole value"),
    Key("y", "copy_value", "y", "copy the value"),
    Key("Y", "copy_path", "Y", "copy its path for --transform"),
    Key("p", "print_value", "p", "quit and print the value"),
    Key("P", "print_path", "P", "quit and print its path"),
    Key("question_mark", "help", "?", "this page"),
    Key("q", "leave", "q", "quit"),
)
TYPING = (
    Key("enter", "accept"),
    Key("escape", "give_up"),
    Key("down", "move(1)"),
    Key("up", "move(-1)"),
    Key("left,ctrl+b", "edit('move', -1)"),
    Key("right,ctrl+f", "edit('move', 1)"),
    Key("home,ctrl+a", "edit('to_start')"),
    Key("end,ctrl+e", "edit('to_end')"),
    Key("backspace,ctrl+h", "edit('erase', -1)"),
    Key("delete,ctrl+d", "edit('erase', 1)"),
    Key("ctrl+w", "edit('erase_word')"),
    Key("ctrl+u", "edit('erase_before')"),
    Key("ctrl+k", "edit('erase_after')"),
)
"""In the prompt, as in a shell; printable characters are typed."""
READING = (
    Key("escape,q,enter,left,h,v,question_mark", "close_page"),
    Key("down,j", "scroll('scroll_down')"),
    Key("up,k", "scroll('scroll_up')"),
    Key("pagedown,space,ctrl+d,ctrl+f", "scroll('scroll_page_down')"),
    Key("pageup,ctrl+u,ctrl+b", "scroll('scroll_page_up')"),
    Key("home,g", "scroll('scroll_home')"),
    Key("end,G", "scroll('scroll_end')"),
    *(key for key in BROWSING if key.action in ("copy_value", "copy_path", "print_value", "print_path")),
)
"""While a page of text is shown."""
ALWAYS = (
    Key("ctrl+z", "suspend_process", "^Z", "suspend"),
    Key("ctrl+c", "interrupt", "^C", "end, as interrupted"),
)
"""In every mode."""


class Mode(NamedTuple):
    """A mode: browsing, typing or reading."""

    hint: str
    """What the bottom line says about its keys."""
    actions: Mapping[str, str]
    """What each key does."""
    is_typing: bool = False


def mode_of(hint: str, table: Iterable[Key], *, is_typing: bool = False) -> Mode:
    """Return a mode with the keys of a table, and those of every mode."""
    actions = {name: key.action for key in (*table, *ALWAYS) for name in key.keys.split(",")}
    return Mode(hint, actions, is_typing)


BROWSE = mode_of("? keys  q quit", BROWSING)
SEARCH = mode_of("search: Enter go, Esc back", TYPING, is_typing=True)
FILTER = mode_of("filter: Enter keep, Esc show all", TYPING, is_typing=True)
READ = mode_of("Esc back", READING)


def help_text() -> str:
    """Return the page of all keys, in two columns: it fits a screen of 80 by 24."""
    lines = [f"{key.shown:<9} {key.meaning}" for key in (*BROWSING, *ALWAYS)]
    half = (len(lines) + 1) // 2
    return "\n".join(
        f"{left:<38}{right}".rstrip() for left, right in zip(lines[:half], [*lines[half:], ""], strict=False)
    )
