"""The agent of a session: it follows a script in place of a model.

A step that calls a tool makes the session wait for the tool's result, or for a person who allows the call. `idle`
makes it wait for a message from the user. A result that the step does not expect ends the session with an error
that names the step. A message after the last step is answered by `ANSWER`.

No timer runs the steps. They happen when somebody looks at the session, as if they had happened on time.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from ant_cli.emulator import findings, work
from ant_cli.emulator.errors import InvalidRequest
from ant_cli.emulator.store import (
    MICROSECONDS_PER_MS,
    MICROSECONDS_PER_SECOND,
    Row,
    Transaction,
    rfc3339,
)

Event = dict[str, Any]

TOOLS = {"tool": "agent.tool_use", "custom_tool": "agent.custom_tool_use"}
"""The event that a step emits to call a tool."""
CONFIRMATION = "user.tool_confirmation"
ANSWERS = {"user.custom_tool_result": "custom_tool_use_id"} | dict.fromkeys(
    ("user.tool_result", CONFIRMATION), "tool_use_id"
)
"""The events that a call waits for, and the field that names the call."""
ANSWERED = "-"
"""Takes the place of a call's ID when the call no longer waits, while the session waits for other calls."""
UNCONFIRMED = "?"
"""Precedes the ID of a call that waits for a person's permission."""
OF_EVENT = "*"
"""Precedes an ID that the stop reason of a script names. Any answer with this ID is accepted."""
MARKS = (ANSWERED, UNCONFIRMED, OF_EVENT)
RUNNING = "session.status_running"
IDLE = "session.status_idle"
TERMINATED = "session.status_terminated"
DELETED = "session.deleted"
ERROR = "session.error"
STATUSES = {RUNNING: "running", "session.status_rescheduled": "rescheduling"}
"""The status that a session gets by an event of its script, while the turn goes on."""
END_TURN = {"type": "end_turn"}
ANSWER = '[{"message": "Done."}]'
"""The script of a turn for which the session has no step."""
SQL_UNFINISHED = "SELECT 1 FROM work WHERE session_id = ? AND state <> 'stopped' LIMIT 1"
SQL_NEXT_MESSAGE = (
    "SELECT * FROM events WHERE session_id = ? AND is_queued ORDER BY sequence LIMIT 1"
)

HEAD_START = 200 * MICROSECONDS_PER_MS
"""How long due steps wait for a stream, so that a client can open one. With a stopped clock, they don't wait."""
WAIT = r"(?P<count>[0-9]{1,6})(?P<unit>ms|s|m)"
UNITS = {"ms": MICROSECONDS_PER_MS, "s": MICROSECONDS_PER_SECOND, "m": 60 * MICROSECONDS_PER_SECOND}


# Events


def emit(transaction: Transaction, session: Row, fields: Event) -> Event:
    """Add an event with these fields to a session, and return it. The report of a test names each error."""
    event = _added(transaction, session, fields)
    if event["type"] == ERROR:
        error = json.dumps(event.get("error"), ensure_ascii=False)
        findings.note(transaction, findings.SESSION_ERROR, f"{session['id']}: {error}")
    return event


def _added(
    transaction: Transaction, session: Row, fields: Event, *, is_queued: bool = False
) -> Event:
    first = {
        "id": fields.get("id") or transaction.ids.new_id("sevt"),
        "type": fields["type"],
        "processed_at": None if is_queued else rfc3339(transaction.now),
    }
    event = first | fields
    transaction.add(
        "events",
        session_id=session["id"],
        type=event["type"],
        document=json.dumps(event),
        is_queued=is_queued,
    )
    return event


def saved(transaction: Transaction, session: Row, **columns: object) -> Row:
    """Change columns of a session, and return it."""
    return transaction.change("sessions", session, updated_at=transaction.now, **columns)


def is_running(session: Row) -> bool:
    """Whether a turn is in progress, so that it has a next step."""
    return session["resume_at"] is not None


# The steps


class _Turn:
    """A turn while its steps are carried out."""

    def __init__(self, transaction: Transaction, session: Row) -> None:
        self.transaction = transaction
        self.session = session
        self.done: int = session["step"]
        """How many steps of the script are done, including the current one."""

    def emit(self, fields: Event) -> Event:
        return emit(self.transaction, self.session, fields)

    def save(self, **columns: object) -> None:
        self.session = saved(self.transaction, self.session, **columns)


def catch_up(transaction: Transaction, session: Row, patience: int = HEAD_START) -> Row:
    """Carry out the steps that have been due for `patience`."""
    if transaction.moment.is_frozen or transaction.strict_streams:
        patience = 0
    while is_running(session) and session["resume_at"] + patience <= transaction.now:
        session = advance(transaction, session)
    return session


def advance(transaction: Transaction, session: Row) -> Row:
    """Carry out steps until one has to wait, or the turn ends."""
    turn = _Turn(transaction, session)
    for step in steps_of(session["script"])[turn.done :]:
        turn.done += 1
        goes_on = _STEPS[kind_of(step)](turn, step)
        if not goes_on:
            return turn.session
    return go_idle(transaction, turn.session, turn.done)


@lru_cache(maxsize=8)
def steps_of(script: str) -> list[Event]:
    """Return the steps of a script, which nobody changes. With a cache: each of its turns looks at them."""
    steps: list[Event] = json.loads(script)
    return steps


def kind_of(step: Event) -> str:
    """Return the member of a step that says what it does."""
    return next(kind for kind in _STEPS if kind in step)


# Each carries out a step, and returns whether the next step follows at once.


def _say(turn: _Turn, step: Event) -> bool:
    turn.emit({"type": "agent.message", "content": _text(step["message"])})
    return True


def _think(turn: _Turn, _: Event) -> bool:
    turn.emit({"type": "agent.thinking"})
    return True


def _set_usage(turn: _Turn, step: Event) -> bool:
    figures = json.loads(turn.session["figures"])
    figures["usage"] = figures.get("usage", {}) | step["usage"]
    turn.save(figures=json.dumps(figures))
    return True


def _wait(turn: _Turn, step: Event) -> bool:
    count, unit = re.fullmatch(WAIT, step["wait"]).groups()  # type: ignore[union-attr] # checked when it was read
    resume_at = turn.session["resume_at"] + int(count) * UNITS[unit]
    turn.save(step=turn.done, resume_at=resume_at)
    return False


def _play(turn: _Turn, step: Event) -> bool:
    """Emit an event as it is. One that ends a turn or a session does so."""
    event = step["event"]
    if event["type"] == IDLE:
        turn.session = _end_turn(turn, event)
        return False
    if event["type"] == TERMINATED:
        turn.session = terminate(turn.transaction, turn.session, turn.done, event)
        return False
    turn.emit(event)
    if status := STATUSES.get(event["type"]):
        turn.save(status=status)
    return True


def _idle(turn: _Turn, step: Event) -> bool:
    given = {} if step["idle"] is True else step["idle"]
    turn.session = _end_turn(turn, given)
    return False


def _end_turn(turn: _Turn, given: Event) -> Row:
    """End a turn with the members of a `session.status_idle` event."""
    calls = [OF_EVENT + event_id for event_id in _named_calls(given)]
    return go_idle(turn.transaction, turn.session, turn.done, calls, given)


def _terminate(turn: _Turn, _: Event) -> bool:
    turn.session = terminate(turn.transaction, turn.session, turn.done)
    return False


def _skip(_: _Turn, __: Event) -> bool:
    """Leave out a step that only a session of an older version may have."""
    return True


def _call_tools(turn: _Turn, step: Event) -> bool:
    calls = [_call(turn.transaction, turn.session, tool) for tool in _tools_of(step)]
    if set(calls) == {ANSWERED}:
        return True
    turn.session = go_idle(turn.transaction, turn.session, turn.done, calls)
    return False


_STEPS: dict[str, Callable[[_Turn, Event], bool]] = {
    "message": _say,
    "thinking": _think,
    "event": _play,
    "usage": _set_usage,
    "wait": _wait,
    "idle": _idle,
    "terminate": _terminate,
    **dict.fromkeys(("tools", *TOOLS), _call_tools),
    "stats": _skip,
}
"""What each kind of step does."""


def _text(text: str) -> list[Event]:
    return [{"type": "text", "text": text}]


def _tools_of(step: Event) -> list[Event]:
    """Return the tools that a step calls at once."""
    if "tools" in step:
        return list(step["tools"])
    return [step] if step.keys() & TOOLS.keys() else []


def _call(transaction: Transaction, session: Row, tool: Event) -> str:
    """Call a tool, and return the ID of the call if it waits for a result, with a mark if it waits for a person."""
    kind = next(kind for kind in TOOLS if kind in tool)
    event = {"type": TOOLS[kind], "name": tool[kind], "input": tool.get("input") or {}}
    permission = tool.get("evaluated_permission", "allow")
    if kind == "tool":
        event |= {
            "evaluated_permission": permission,
            "evaluation": {"type": f"always_{permission}"},
        }
    call_id = str(emit(transaction, session, event)["id"])
    if permission == "ask":
        return UNCONFIRMED + call_id
    return _waits(transaction, session, tool, call_id)


def _waits(transaction: Transaction, session: Row, tool: Event, call_id: str) -> str:
    """Return the ID of an allowed call, which waits for a worker; `ANSWERED` if the script has its result."""
    if "result" not in tool:
        return call_id
    result = {"tool_use_id": call_id, "content": _text(tool["result"]), "is_error": False}
    emit(transaction, session, {"type": "agent.tool_result", **result})
    return ANSWERED


# Turns


def begin(transaction: Transaction, session: Row) -> Row:
    """Begin a turn, or continue it. If a worker has to call a tool in it, there is a work item."""
    session = _with_steps(transaction, session)
    emit(transaction, session, {"type": RUNNING})
    rest = steps_of(session["script"])[session["step"] :]
    if needs_worker(rest) and transaction.one(SQL_UNFINISHED, session["id"]) is None:
        # No worker has the session, or will get it, to call the tool.
        work.add(transaction, session["environment_id"], session["id"], secret=True)
    active = session["active"] - transaction.now
    return saved(
        transaction,
        session,
        status="running",
        waits_for=None,
        resume_at=transaction.now,
        active=active,
    )


def _with_steps(transaction: Transaction, session: Row) -> Row:
    """Return a session with a step to carry out: every message is answered, also after the end of the script."""
    if session["step"] < len(steps_of(session["script"])):
        return session
    if session["waits_for"]:  # the last step was the call
        return session
    if session["is_scripted"]:
        ended = f"{session['id']}: a message after the end of the script was answered with 'Done.'"
        findings.note(transaction, findings.SCRIPT_ENDED, ended)
    return saved(transaction, session, script=ANSWER, step=0, is_scripted=False)


def needs_worker(steps: Iterable[Event]) -> bool:
    """Whether a worker has to call a tool before the turn ends."""
    for step in steps:
        if any("tool" in tool and "result" not in tool for tool in _tools_of(step)):
            return True
        if _ends_turn(step):
            return False
    return False


def _ends_turn(step: Event) -> bool:
    """Whether the turn ends with a step. One that makes the session wait for calls does not end it."""
    if "terminate" in step:
        return True
    event = step.get("event", {})
    if event.get("type") == TERMINATED:
        return True
    if event.get("type") == IDLE:
        return not _named_calls(event)
    return "idle" in step and not _named_calls(step["idle"])


def _named_calls(idle: Any) -> Sequence[str]:
    """Return the calls in the stop reason of a step or an event, for which the session then waits."""
    if idle is True:
        return ()
    ids: Sequence[str] = idle.get("stop_reason", END_TURN).get("event_ids", ())
    return ids


def go_idle(
    transaction: Transaction,
    session: Row,
    step: int,
    calls: Sequence[str] = (),
    given: Mapping[str, Any] = {},
) -> Row:
    """End the turn, or wait for the results of calls. A message that has arrived meanwhile begins the next turn."""
    emit(transaction, session, {**_idle_event(calls), **given})
    session = _stopped(transaction, session, "idle", step=step, waits_for=" ".join(calls) or None)
    if calls:
        return session
    message = transaction.one(SQL_NEXT_MESSAGE, session["id"])
    if message is None:
        return session
    document = json.loads(message["document"]) | {"processed_at": rfc3339(transaction.now)}
    transaction.change("events", message, is_queued=False, document=json.dumps(document))
    return begin(transaction, session)


def _idle_event(calls: Sequence[str]) -> Event:
    ids = [_id_of(call) for call in calls if call != ANSWERED]
    reason = {"type": "requires_action", "event_ids": ids} if ids else END_TURN
    return {"type": IDLE, "stop_reason": reason, "stop_details": None}


def _id_of(call: str) -> str:
    return call.removeprefix(UNCONFIRMED).removeprefix(OF_EVENT)


def repeat_idle(transaction: Transaction, session: Row) -> None:
    """Emit `session.status_idle` for the calls that remain, as the API does after a part of the results."""
    emit(transaction, session, _idle_event(session["waits_for"].split()))


def terminate(
    transaction: Transaction, session: Row, step: int, given: Mapping[str, Any] = {}
) -> Row:
    """End the session for good."""
    emit(transaction, session, {"type": TERMINATED, **given})
    return _stopped(transaction, session, "terminated", step=step)


def _stopped(transaction: Transaction, session: Row, status: str, **columns: object) -> Row:
    """Note that the agent stops. While it runs, `active` is its earlier running time minus its start time."""
    active = session["active"]
    if is_running(session):
        active += transaction.now
    return saved(transaction, session, status=status, resume_at=None, active=active, **columns)


# Events of the user


def receive(transaction: Transaction, session: Row, fields: Event) -> tuple[Row, Event]:
    """Add an event of the user, and continue with the script if the session waits for it.

    Raises:
        InvalidRequest: if the session has ended, or no call waits for the event.

    """
    if session["status"] == "terminated":
        raise InvalidRequest(f"session_id: {session['id']} is terminated and takes no more events.")
    kind = fields["type"]
    is_busy = is_running(session) or session["waits_for"] is not None
    is_queued = kind == "user.message" and is_busy
    event = _added(transaction, session, fields, is_queued=is_queued)
    if kind in ANSWERS:
        session = _answered(transaction, session, event)
    elif kind == "user.message" and not is_queued:
        session = begin(transaction, session)
    elif kind == "user.interrupt" and is_busy:
        session = _interrupted(transaction, session)
    return session, event


def _interrupted(transaction: Transaction, session: Row) -> Row:
    """End the turn. Its other steps are left out, so that they are not a part of the next one."""
    steps = steps_of(session["script"])
    step = session["step"]
    # a step at which the turn has ended already, to wait for its calls, is not the end of the next turn
    while step < len(steps) and not _ends_turn(steps[step]):
        step += 1
    return go_idle(transaction, session, min(step + 1, len(steps)))


class _Answer(NamedTuple):
    """A result or a confirmation, and the call that it is for."""

    event: Event
    call_id: str
    calls: list[str]
    """All calls of the step, with their marks."""
    number: int
    """The place of the call among them."""

    @property
    def is_confirmation(self) -> bool:
        return bool(self.event["type"] == CONFIRMATION)


def _answered(transaction: Transaction, session: Row, event: Event) -> Row:
    """Continue with the result of a call, or with the permission for it."""
    answer = _find_call(session, event)
    waits = ANSWERED
    if not answer.calls[answer.number].startswith(OF_EVENT):
        tool = _tool_of(session, answer)
        if answer.is_confirmation:
            waits = _confirmed(transaction, session, tool, answer)
        elif problem := _mismatch(tool.get("expect", {}), event):
            step = f"Step {session['step']} ({json.dumps(tool, ensure_ascii=False)})"
            return _failed(transaction, session, f"{step}: {problem}")
    answer.calls[answer.number] = waits
    if set(answer.calls) == {ANSWERED}:
        return begin(transaction, session)
    return saved(transaction, session, waits_for=" ".join(answer.calls))


def _find_call(session: Row, event: Event) -> _Answer:
    """Return the answer with its call. Raises InvalidRequest if the session does not wait for it."""
    kind = event["type"]
    call_id = event[ANSWERS[kind]]
    calls = (session["waits_for"] or "").split()
    mark = UNCONFIRMED if kind == CONFIRMATION else ""
    for call in (mark + call_id, OF_EVENT + call_id):
        if call in calls and not call_id.startswith(MARKS):
            return _Answer(event, call_id, calls, calls.index(call))
    what = kind.rpartition("_")[2]
    raise InvalidRequest(f"events: {session['id']} does not wait for a {what} of {call_id!r}.")


def _tool_of(session: Row, answer: _Answer) -> Event:
    """Return the tool of a call. Raises InvalidRequest if its result has another type than the answer."""
    step = steps_of(session["script"])[session["step"] - 1]
    tool = _tools_of(step)[answer.number]
    kind = answer.event["type"]
    if ("tool" in tool) != (ANSWERS[kind] == "tool_use_id"):
        raise InvalidRequest(
            f"events: the result of {answer.call_id!r} has another type than {kind}."
        )
    return tool


def _confirmed(transaction: Transaction, session: Row, tool: Event, answer: _Answer) -> str:
    """Return what an asked call waits for after the decision about it."""
    if answer.event["result"] == "deny":
        return ANSWERED
    if answer.event.get("deny_message"):
        raise InvalidRequest("deny_message: only for the result deny.")
    return _waits(transaction, session, tool, answer.call_id)


def _failed(transaction: Transaction, session: Row, message: str) -> Row:
    """End a session whose tool did not return what the script expects."""
    error = {"type": "unknown_error", "message": message, "retry_status": {"type": "terminal"}}
    _added(transaction, session, {"type": ERROR, "error": error})
    findings.note(transaction, findings.EXPECTATION, f"{session['id']}: {message}")
    return terminate(transaction, session, session["step"])


def _mismatch(expected: Event, result: Event) -> str | None:
    """Return why a result is not as expected; None if it is."""
    is_error = bool(result.get("is_error"))
    blocks = result.get("content", ())
    text = "".join(block["text"] for block in blocks if block["type"] == "text")
    if expected.get("is_error") not in (None, is_error):
        return f"expected is_error to be {json.dumps(not is_error)}; the text is {text!r}."
    if expected.get("text") not in (None, text):
        return f"expected the text {expected['text']!r}, got {text!r}."
    part = expected.get("contains")
    if part is not None and part not in text:
        return f"expected text that contains {part!r}, got {text!r}."
    return None
