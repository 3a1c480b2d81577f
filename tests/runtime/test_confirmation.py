"""Questions at a terminal: the values in them are redacted and escaped, like in all output for people."""

from __future__ import annotations

import ctypes
import io
import operator
import os
import select
import signal
import sys
from collections import deque
from contextlib import closing
from functools import partial

import pytest

from ant_cli.runtime.confirmation import ask
from tests.conftest import KEY_BY_PATTERN, make_runtime
from tests.helpers.terminals import Session

ANT = f"'{sys.executable}' -m ant_cli"
IDS = f"env_\u202eexe {KEY_BY_PATTERN}"
SAME_END = "status=$?; test $status -ne 130 || kill -INT $$; exit $status"
CASES = {
    "IDs are arguments": f"{ANT} beta:environments delete {IDS}",
    "IDs are piped in": f"printf '\"%s\"\\n' {IDS} | {ANT} beta:environments delete",
}


@pytest.mark.parametrize("line", CASES.values(), ids=CASES)
@pytest.mark.parametrize(
    ("keys", "status"), [("n\n", 2), ("\x04", 2), ("\x03", -2)], ids=["no", "Ctrl-D", "Ctrl-C"]
)
def test_a_question_is_redacted_and_escaped_and_only_yes_means_yes(
    clean_environ, line, keys, status
):
    """IDs may come from anywhere, so one of them may be a key by mistake."""
    environ = {**clean_environ, "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
    with closing(Session(("sh", "-c", f"{line}; {SAME_END}"), environ)) as session:
        session.wait_for("[y/N] ")
        asked = session.sent
        session.type(keys)
        ended, left = session.end()
    assert "[redacted]" in asked
    assert KEY_BY_PATTERN not in asked + left
    assert "\u202e" not in asked + left
    assert "refused" not in left
    assert (ended, "nothing was sent." in left) == (status, status == 2)


def test_a_ctrl_c_just_before_the_program_waits_for_a_reply_is_not_lost(clean_environ, monkeypatch):
    """Python notices a signal between its own instructions only. None is between the signal and the wait."""
    interrupt, wait = partial(ctypes.PyDLL(None)["raise"], signal.SIGINT), select.select
    results = deque()

    def interrupted_wait(*arguments):
        results.extend(map(operator.call, (interrupt, partial(wait, *arguments))))

    monkeypatch.setattr(select, "select", interrupted_wait)
    ours, theirs = map(io.FileIO, os.openpty())
    with ours, theirs as terminal:
        with pytest.raises(KeyboardInterrupt):
            ask("Delete?", make_runtime(clean_environ, terminal))
        assert results.pop()[0] != [terminal.fileno()]
