"""The keys of the explorer: one table, from which the bindings and the help page are made."""

from __future__ import annotations

from typing import NamedTuple


class Key(NamedTuple):
    """Keys that do the same; the action is one of the app's, in textual's notation."""

    keys: str
    """As textual calls them."""
    action: str
    shown: str
    meaning: str


KEYS = (
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
    Key("slash", "ask('search')", "/", "search, folded values too"),
    Key("n", "search_on(1)", "n", "next match"),
    Key("N", "search_on(-1)", "N", "previous match"),
    Key("f", "ask('filter')", "f", "show only what has these words"),
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


def help_text() -> str:
    """Return the page that tells the keys, in two columns: it fits a screen of 80 by 24."""
    lines = [f"{key.shown:<9} {key.meaning}" for key in KEYS]
    half = (len(lines) + 1) // 2
    return "\n".join(
        f"{left:<38}{right}".rstrip() for left, right in zip(lines[:half], [*lines[half:], ""], strict=False)
    )
