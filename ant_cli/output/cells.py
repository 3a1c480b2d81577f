"""The cells of a terminal: how many a text fills, and how to cut, pad and wrap it to a number of them."""

from __future__ import annotations

ELLIPSIS = "…"
LEFT_TO_RIGHT = "\u200e"
"""Keeps what follows a Hebrew or Arabic text in its place, on terminals that turn such text round."""
_JOINERS = "\u200d\ufe0e\ufe0f"


def cell_width(text: str) -> int:
    """Return how many cells a text fills: wide characters fill two, combining marks none."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def cut(text: str, width: int) -> str:
    """Return a text that fills at most `width` cells, with an ellipsis where it was cut."""
    if cell_width(text) <= width:
        return text
    if text.isascii():
        return text[: width - 1].rstrip() + ELLIPSIS
    text = text[: 8 * width]  # what is far beyond the end need not be measured
    while text and cell_width(text) > width - 1:
        text = text[:-1]
    return text.rstrip(_JOINERS).rstrip() + ELLIPSIS


def padding(text: str, width: int) -> str:
    """Return what stands between a text and the next column, `width` cells from its start."""
    mark = LEFT_TO_RIGHT if turns_direction(text) else ""
    return mark + " " * max(0, width - cell_width(text))


def turns_direction(text: str) -> bool:
    """Whether a text holds letters that are written from right to left."""
    if text.isascii():
        return False
    import unicodedata

    return any(unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in text)


def wrap(text: str, width: int) -> list[str]:
    """Break a text into lines of at most `width` cells, between words; a longer word has its own line."""
    if cell_width(text) <= width:
        return [text]
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and cell_width(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
