"""The picture of a session at a terminal, for the README: the program's output as SVG, for light and dark pages.

The commands run in this process, against an emulator with a seed and a clock of its own: each run draws the same.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import chdir, closing
from html import escape
from pathlib import Path

from ant_cli.emulator import Emulator
from ant_cli.http.in_process import EmulatorTransport
from ant_cli.main import main
from ant_cli.runtime import Runtime
from ant_cli.runtime.streams import Stderr, Stdin, Stdout

_SHOWN = ("beta:environments list", "apply . --yes")
"""The commands of the picture. The second one shows a plan, and carries it out."""
_IN_ORDER = "--parallel=1"
"""Makes `apply` carry out one step after the other, so that its lines have the same order each time."""
_URL = "http://127.0.0.1:8080"
_COLUMNS = 80
_HOUR = 3600
_FILES: tuple[Mapping[str, str], ...] = (
    {"edge": "name: edge\nconfig: {type: self_hosted}\n"},
    {"data": "name: data\nconfig: {type: cloud, packages: {pip: [pandas, numpy]}}\n"},
    {
        "data": "name: data\nconfig: {type: cloud, packages: {pip: [pandas, polars]}}\nmetadata: {team: data}\n",
        "web": "name: web\nconfig: {type: cloud, networking: {type: limited}}\n",
    },
)
"""The files that are written one hour after the other. All but the last ones are applied before the picture."""

_TITLE = "ant at a terminal"
_CLASSES = {
    1: "bold",
    2: "dim",
    31: "red",
    32: "green",
    33: "yellow",
    34: "blue",
    35: "magenta",
    36: "cyan",
}
"""The class of each style that the program uses, by its number in an escape sequence."""
_LIGHT = {
    "page": "#ffffff",
    "text": "#1f2328",
    "red": "#cf222e",
    "green": "#116329",
    "yellow": "#7d4e00",
    "blue": "#0550ae",
    "magenta": "#8250df",
    "cyan": "#1b7c83",
}
_DARK = {
    "page": "#0d1117",
    "text": "#e6edf3",
    "red": "#ff7b72",
    "green": "#3fb950",
    "yellow": "#d29922",
    "blue": "#58a6ff",
    "magenta": "#bc8cff",
    "cyan": "#39c5cf",
}
_FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_SIZE, _ADVANCE, _LINE, _MARGIN = 14, 8.4, 20, 16
"""The size of the font, the width of a character, the height of a line, and the space around all, in pixels."""


def session_picture() -> str:
    """Return the SVG of a session that lists environments, shows what would change, and changes it."""
    lines = _played().rstrip("\n").split("\n")
    plain = "\n".join(_plain(line) for line in lines)
    width, height = round(_COLUMNS * _ADVANCE) + 2 * _MARGIN, len(lines) * _LINE + 2 * _MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" role="img" aria-labelledby="title" aria-describedby="text">',
            f'<title id="title">{_TITLE}</title>',
            f'<desc id="text">{escape(plain)}</desc>',
            "<style>",
            f"text {{ font: {_SIZE}px {_FONT}; white-space: pre }}",
            ".bold { font-weight: bold } .dim { fill-opacity: 0.65 }",
            *_colours(_LIGHT),
            "@media (prefers-color-scheme: dark) {",
            *_colours(_DARK),
            "}",
            "</style>",
            f'<rect class="page" x="1" y="1" width="{width - 2}" height="{height - 2}" rx="8" stroke="#8b949e"/>',
            *(_text(line, number) for number, line in enumerate(lines, 1) if line),
            "</svg>\n",
        ]
    )


class _Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


class _Shared(EmulatorTransport):
    """Leads to an emulator that the commands of the session share."""

    def __init__(self, emulator: Emulator) -> None:
        self._base_url = _URL
        self._emulator = emulator

    def close(self) -> None:
        """Leave it open for the next command."""


def _played() -> str:
    """Return what the terminal gets in the session."""
    seconds = 1_800_000_000
    screen = _Terminal()

    def run(command: str) -> None:
        screen.write(f"$ ant {command}\n".encode())
        streams = Stdin(None), Stdout(screen), Stderr(screen)
        words = [*command.split(), *([_IN_ORDER] if command.startswith("apply") else [])]
        if main(words, Runtime(*streams, environ, _Shared(emulator), now=lambda: seconds)):
            raise RuntimeError(screen.getvalue().decode())

    with (
        closing(Emulator(":memory:", clock=lambda: seconds * 1_000_000, seed=1)) as emulator,
        tempfile.TemporaryDirectory() as folder,
        chdir(folder),
    ):
        environ = {
            "ANTHROPIC_BASE_URL": _URL,
            "ANTHROPIC_API_KEY": "sk-ant-emulator",
            "ANTHROPIC_CONFIG_DIR": f"{folder}/config",
            "COLUMNS": str(_COLUMNS),
        }
        Path("environments").mkdir()
        for position, files in enumerate(_FILES, 1):
            for name, text in files.items():
                Path("environments", f"{name}.yaml").write_text(text, "utf-8")
            if position < len(_FILES):
                run("apply . --yes")
                seconds += _HOUR
        screen.seek(0)
        screen.truncate()
        for command in _SHOWN:
            run(command)
    return screen.getvalue().decode()


def _colours(theme: Mapping[str, str]) -> Iterator[str]:
    """Yield the rules of a theme, the one of all text first."""
    yield f".page {{ fill: {theme['page']} }} text {{ fill: {theme['text']} }}"
    yield " ".join(
        f".{name} {{ fill: {theme[name]} }}" for name in _CLASSES.values() if name in theme
    )


def _text(line: str, number: int) -> str:
    """Return a line with its styles. It is as wide as in a terminal in every font."""
    parts = re.split(r"\x1b\[(\d+)m", line)
    spans, style = [_span(parts[0], 0)], 0
    for style_text, text in zip(parts[1::2], parts[2::2], strict=True):
        style = int(style_text)
        spans.append(_span(text, style))
    length = f"{len(_plain(line)) * _ADVANCE:g}"
    return (
        f'<text x="{_MARGIN}" y="{_MARGIN + number * _LINE - 5}" textLength="{length}" xml:space="preserve">'
        f"{''.join(spans)}</text>"
    )


def _span(text: str, style: int) -> str:
    """Return a part of a line in one style."""
    return (
        f'<tspan class="{_CLASSES[style]}">{escape(text)}</tspan>'
        if text and style
        else escape(text)
    )


def _plain(line: str) -> str:
    return re.sub(r"\x1b\[\d+m", "", line)
