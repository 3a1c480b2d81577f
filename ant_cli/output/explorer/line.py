"""The line that is typed in the prompt, and how keys edit it."""

from __future__ import annotations


class Line:
    """A text with a cursor."""

    def __init__(self) -> None:
        self.before = ""
        self.after = ""
        """What stands before and after the cursor."""

    @property
    def text(self) -> str:
        """All that was typed."""
        return self.before + self.after

    def begin(self, text: str) -> None:
        """Start with a text, and the cursor at its end."""
        self.before, self.after = text, ""

    def insert(self, text: str) -> None:
        """Insert a text at the cursor. Line breaks, which a paste may have, become spaces."""
        self.before += " ".join(text.splitlines())

    def move(self, distance: int) -> None:
        """Move the cursor by characters, to the left if negative."""
        text, at = self.text, max(0, len(self.before) + distance)
        self.before, self.after = text[:at], text[at:]

    def to_start(self) -> None:
        """Move to the start."""
        self.before, self.after = "", self.text

    def to_end(self) -> None:
        """Move to the end."""
        self.before, self.after = self.text, ""

    def erase(self, direction: int) -> None:
        """Erase the character before the cursor, or after it."""
        if direction < 0:
            self.before = self.before[:-1]
        else:
            self.after = self.after[1:]

    def erase_word(self) -> None:
        """Erase the word before the cursor."""
        words = self.before.rstrip()
        self.before = words[: words.rfind(" ") + 1]

    def erase_before(self) -> None:
        """Erase everything before the cursor."""
        self.before = ""

    def erase_after(self) -> None:
        """Erase everything after the cursor."""
        self.after = ""
