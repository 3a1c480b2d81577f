"""A console of Windows, with stand-ins for its functions."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace

import pytest

from ant_cli import main
from ant_cli.runtime import process


@pytest.mark.parametrize(("knows_escapes", "term"), [(1, "xterm"), (0, "dumb")])
def test_a_legacy_console_gets_no_escape_sequences(monkeypatch, knows_escapes, term):
    """Its mode can't be set: Windows 8.1 and the legacy console of later ones know no escape sequences."""
    console = SimpleNamespace(
        GetStdHandle=lambda number: number,
        GetConsoleMode=lambda *_: 1,
        SetConsoleMode=lambda *_: knows_escapes,
    )
    terminal = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=console), raising=False)
    monkeypatch.setattr(
        process, "sys", SimpleNamespace(platform="win32", stdout=terminal, stderr=terminal)
    )
    monkeypatch.setenv("TERM", "xterm")
    assert main.this_process().environ["TERM"] == term
