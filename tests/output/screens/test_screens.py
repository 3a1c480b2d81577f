"""The output on terminals of 80 and of 160 columns, compared with golden files.

The files have visible escape sequences. Light and dark terminals get the same output, with basic colours only.
After an intended change, write the files again with ANT_WRITE_SCREENS=1, and review each of them.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import Screen
from tests.helpers.terminals import PATIENCE_S
from tests.output.screens.scenes import NOW, SCENES, canonical, play

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("utc")]

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[2]
WIDTHS = (80, 160)
NARROW = {
    *(
        "delete",
        "error",
        "first-steps",
        "heartbeat",
        "help-topic",
        "list-columns",
        "list-empty",
        "retrieve-json",
    ),
    *("retrieve-work", "stats", "stats-empty", "usage-error", "watch-stats"),
}
"""The scenes that fit into 80 columns: a wider screen shows the same."""
DRAWN = (
    "list",
    "list-archived",
    "list-empty",
    "retrieve",
    "error",
    "work-list",
    "watch-list",
    "watch-stats",
)
"""The scenes that a real terminal draws, too."""


def golden(name, width, shown):
    """Compare a screen with its file, or write the file."""
    path = FOLDER / f"{name}-{width}.txt"
    if os.environ.get("ANT_WRITE_SCREENS"):
        path.write_text(shown, "utf-8")
    assert shown == path.read_text("utf-8")


def played(name, clean_environ, **environ):
    """Return all output of a scene on the terminal."""
    screen = Screen(terminal=True)
    play(name, screen, screen, {**clean_environ, "TERM": "xterm-256color", **environ})
    return screen.text()


def test_a_screen_has_only_styles_that_light_and_dark_themes_define():
    """Every theme makes bold, dim, and red to cyan readable. White or black would be invisible in some themes."""
    codes = [
        code
        for path in FOLDER.glob("*.txt")
        for code in re.findall(r"␛\[([\d;]*)m", path.read_text("utf-8"))
    ]
    assert set(codes) <= {"0", "1", "2", *map(str, range(31, 37))}


@pytest.mark.parametrize(
    ("name", "width"),
    [(name, width) for name in SCENES for width in WIDTHS if width == 80 or name not in NARROW],
)
def test_a_scene_equals_its_golden_file(name, width, clean_environ):
    """The scenes include lists, objects, errors and help."""
    golden(name, width, canonical(played(name, clean_environ, COLUMNS=str(width))))


def test_a_list_without_colour_equals_its_golden_file(clean_environ):
    """The column ARCHIVED then replaces dim rows."""
    shown = played("list-archived", clean_environ, COLUMNS="80", NO_COLOR="1")
    assert "\x1b" not in shown
    golden("list-archived-no-colour", 80, canonical(shown))


@pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is not installed")
@pytest.mark.parametrize("name", DRAWN)
def test_a_real_terminal_shows_the_same(name, tmp_path):
    """A screen drawn by tmux, which measures characters in its own way, equals the golden file."""
    environ = {
        **os.environ,
        "TMUX_TMPDIR": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
    }
    for variable in ("TMUX", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "COLUMNS", "LINES"):
        environ.pop(variable, None)

    def tmux(*words):
        done = subprocess.run(
            ["tmux", "-u", "-f", "/dev/null", *words],
            env=environ,
            capture_output=True,
            check=True,
            timeout=30,
        )
        return done.stdout.decode()

    program = shlex.join([sys.executable, "-m", "tests.output.screens.scenes", name])
    tmux(
        "new-session",
        "-d",
        "-x",
        "80",
        "-y",
        "24",
        f"{program}; tmux wait-for -S shown; tmux wait-for seen",
    )
    try:
        tmux("wait-for", "shown")
        expected, deadline = (
            (FOLDER / f"{name}-80.txt").read_text("utf-8"),
            time.monotonic() + PATIENCE_S,
        )
        while (
            shown := canonical(tmux("capture-pane", "-e", "-p"))
        ) != expected and time.monotonic() < deadline:
            pass  # tmux may still be reading what the program wrote before it ended
        assert shown == expected
    finally:
        tmux("kill-server")


def test_the_status_of_a_login_equals_its_golden_file(clean_environ, official, monkeypatch):
    """It shows a login of the official tool."""
    monkeypatch.setitem(SCENES, "auth-status", (["auth", "status"], None))
    official.log_in("work", expires_at=int(NOW) + 3600, workspace_id="wrkspc_1")
    official.log_in("home")
    shown = played(
        "auth-status", clean_environ, ANTHROPIC_API_KEY="", ANTHROPIC_PROFILE="work", COLUMNS="80"
    )
    golden(
        "auth-status",
        80,
        canonical(shown.replace(str(official.folder), "/home/ada/.config/anthropic")),
    )
