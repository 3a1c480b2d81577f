"""The explorer in a real pseudo-terminal: tests send keys as bytes, and check what remains on the screen."""

from __future__ import annotations

import re
import signal
import sys

import pytest

from ant_cli.runtime.extras import install_command
from tests.helpers.processes import ANT
from tests.helpers.servers import Act, response
from tests.helpers.terminals import PATIENCE_S
from tests.helpers.words import LIST, page

pytestmark = pytest.mark.slow

RETRIEVE = ("beta:environments", "retrieve", "env_2")
PROD = {"id": "env_1", "name": "prod-eu"}
TEST = {"id": "env_2", "name": "test"}
CHOSEN = '{\n  "id": "env_2",\n  "name": "test"\n}\n'
WITHOUT_TEXTUAL = (
    sys.executable,
    "-c",
    "import sys; sys.modules['textual'] = None; from ant_cli.__main__ import entry_point; entry_point()",
)


@pytest.fixture
def explore(in_terminal):
    """Open the explorer with the response of a loopback server, and wait for the first screen."""
    return lambda *replies, words=LIST, until="q quit", **more: in_terminal(
        *replies, words=(*words, "--format", "explore"), until=until, **more
    )


def test_a_bracketed_paste_is_text_in_the_prompt_and_ignored_elsewhere(explore):
    """Terminals send bracketed pastes to programs that request them."""
    session = explore(response(page(TEST, PROD, TEST)))
    session.type("\x1b[200~jq\x1b[201~/\x1b[200~prod\x1b[201~\r")
    session.wait_for("item 2 of 3")
    session.type("q")
    assert session.end() == (0, "")


@pytest.mark.parametrize(
    ("keys", "printed"), [("jp", '{\n  "id": "env_2",\n  "name": "test"\n}\n'), ("jljP", "id\n")]
)
def test_a_chosen_value_is_printed_below_the_shell_prompt(explore, keys, printed):
    """Nothing else remains of the screen."""
    session = explore(response(page(PROD, TEST)))
    session.type(keys)
    assert session.end() == (0, printed)


COLOUR = re.compile(r"\x1b\[(?:\d+;)*[34][0-8][;m]")


@pytest.mark.parametrize("variable", ["TERM=xterm", "NO_COLOR=", "NO_COLOR=1", "CLICOLOR=0"])
def test_rows_have_colours_unless_the_environment_says_no(explore, clean_environ, variable):
    """Only the colours of the terminal's own theme are used. An empty variable is as good as none."""
    clean_environ.update([variable.split("=")])
    session = explore(response(page(PROD, TEST)))
    session.type("l")
    session.wait_for("1 {2}")
    session.wait_for('name: "prod-eu"')
    assert bool(COLOUR.findall(session.sent)) == (variable in ("TERM=xterm", "NO_COLOR="))
    assert "38;" not in session.sent
    session.type("q")
    assert session.end() == (0, "")


def test_copied_text_is_sent_to_the_terminal_by_osc_52(explore):
    """This works through ssh, too."""
    session = explore(response(page(PROD, TEST)))
    session.type("jY")
    session.wait_for("copied: @this")
    assert session.has_sent(b"\x1b]52;c;QHRoaXM=\x07")
    session.type("q")
    assert session.end() == (0, "")


def test_quitting_does_not_wait_for_a_page(explore):
    """The server does not respond."""
    session = explore(response(page(PROD, TEST, after="page_2")), (Act.STALL,))
    session.type("j")
    session.wait_for("item 2 of 2+ · loading…")
    session.type("q")
    assert session.end() == (0, "")


@pytest.mark.parametrize(
    ("how", "number"),
    [("\x03", signal.SIGINT), (signal.SIGINT, signal.SIGINT), (signal.SIGTERM, signal.SIGTERM)],
    ids=["key", "INT", "TERM"],
)
def test_interrupts_end_the_explorer_and_restore_the_terminal(explore, how, number):
    """The interrupt may be a key or a signal, even while a page is fetched."""
    session = explore(response(page(PROD, TEST, after="page_2")), (Act.STALL,))
    if isinstance(how, str):
        session.type(how)
    else:
        session.process.send_signal(how)
    assert session.end() == (-number, "")


def test_ctrl_z_suspends_the_explorer_and_fg_restores_the_screen(explore):
    """In between, the terminal belongs to the shell."""
    session = explore(response(page(PROD, TEST)))
    session.type("j")
    session.wait_for("item 2 of 2")
    session.type("\x1a")
    session.wait_for_stop()
    session.process.send_signal(signal.SIGCONT)
    session.wait_for("item 2 of 2")
    session.type("q")
    assert session.end() == (0, "")


def test_the_explorer_ends_when_its_terminal_is_closed(explore):
    """This also holds with nohup, where no signal could end the explorer."""
    session = explore(
        response(page(PROD, TEST)), program=("sh", "-c", "trap '' HUP; exec \"$@\"", "sh", *ANT)
    )
    session.hang_up()
    assert session.process.wait(PATIENCE_S) == -signal.SIGHUP


@pytest.mark.parametrize("size", [(1, 1), (2, 12), (4, 20)])
def test_the_explorer_survives_a_window_of_any_size(explore, size):
    """When it is large enough again, the screen is complete."""
    session = explore(response(page(PROD, TEST)))
    session.resize(*size)
    session.type("jl/prod\r?qvv/xyz\r")
    session.resize(24, 80)
    session.wait_for('no "xyz"')
    session.type("q")
    assert session.end() == (0, "")


def test_without_textual_the_explorer_names_the_package_to_install(explore):
    """The package is optional. The response is printed anyway."""
    session = explore(response(TEST), words=RETRIEVE, program=WITHOUT_TEXTUAL, until="Note")
    status, shown = session.end()
    command = install_command("explore")
    note = f"Note: the format explore needs textual (`{command}`); pretty is used instead."
    assert status == 0
    assert command in shown, "it is not broken"
    assert " ".join(shown.split()) == f"id env_2 name test {note}"
