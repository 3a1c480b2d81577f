"""Findings: what the report of a test names, because a test may pass although it happened.

They are added where they happen. A fault or a script that no request used is found at the end.
"""

from __future__ import annotations

import json

from ant_cli.emulator.call import Call
from ant_cli.emulator.store import Transaction

EXPECTATION = "expectation_failed"
LATE_STREAM = "late_stream"
SCRIPT_ENDED = "script_ended"
SESSION_ERROR = "session_error"
STUB_OF_LIST = "stub_of_list"
UNUSED_FAULT = "unused_fault"
UNUSED_SCRIPT = "unused_script"

SQL_FOUND = "SELECT kind, message FROM findings ORDER BY sequence"
SQL_UNUSED_FAULTS = "SELECT * FROM faults WHERE fired = 0 ORDER BY sequence"
SQL_UNUSED_SCRIPTS = "SELECT * FROM scripts WHERE times > 0 ORDER BY sequence"


def note(transaction: Transaction, kind: str, message: str) -> None:
    """Add a finding."""
    transaction.run("INSERT INTO findings (kind, message) VALUES (?, ?)", kind, message)


def report(call: Call) -> str:
    """Return what a test should know at its end: failed expectations, errors of sessions, and what nothing used."""
    with call.store.read() as transaction:
        found = [dict(row) for row in transaction.all(SQL_FOUND)]
        for fault in transaction.all(SQL_UNUSED_FAULTS):
            found.append({"kind": UNUSED_FAULT, "message": _unused_fault(dict(fault))})
        for script in transaction.all(SQL_UNUSED_SCRIPTS):
            found.append({"kind": UNUSED_SCRIPT, "message": _unused_script(dict(script))})
    return json.dumps({"data": found, "type": "report"})


def _unused_fault(fault: dict[str, object]) -> str:
    place = fault["path"] or f"a path with {fault['path_contains']!r}"
    requests = f"{fault['method'] or 'any method'} {place}"
    return f"A fault for {requests} applied to no request."


def _unused_script(script: dict[str, object]) -> str:
    sessions = "any agent"
    if script["agent_id"] is not None:
        sessions = f"the agent {script['agent_id']!r}"
    return f"A script for {sessions} still waits for a session: {script['times']} of its times are left."
