"""A support bot, as its author would write it: a session for each chat, tools of its own, and a person who allows.

It handles what sessions do: errors that are retried, turns that end early, streams that break, sessions that end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

Tool = Callable[..., str]


class NoReply(Exception):
    """The agent stopped before it was done."""


class Bot:
    """Replies to messages, with one session for each chat."""

    def __init__(
        self,
        client: Any,
        environment_id: str,
        tools: Mapping[str, Tool],
        may_call: Callable[[str, Any], bool],
    ) -> None:
        self._client = client
        self._sessions = client.beta.sessions
        self._environment_id = environment_id
        self._tools = tools
        self._may_call = may_call
        self._agent = client.beta.agents.create(name="support", model="claude-opus-4-5")
        self._chats: dict[str, str] = {}

    def reply(self, chat: str, text: str) -> str:
        """Return the agent's reply to a message."""
        session_id = self._session_of(chat)
        content = [{"type": "text", "text": text}]
        return self._turn(chat, session_id, [{"type": "user.message", "content": content}])

    def end(self, chat: str) -> None:
        """Forget a chat, here and at the API."""
        self._sessions.delete(self._chats.pop(chat))

    def interrupt(self, chat: str) -> None:
        """Stop what the agent is doing."""
        self._sessions.events.send(self._chats[chat], events=[{"type": "user.interrupt"}])

    def _session_of(self, chat: str) -> str:
        if chat not in self._chats:
            session = self._sessions.create(
                agent=self._agent.id,
                environment_id=self._environment_id,
                title=chat,
                metadata={"chat": chat},
            )
            self._chats[chat] = session.id
        return self._chats[chat]

    def _turn(self, chat: str, session_id: str, events: list[Any]) -> str:
        """Send events, and follow the session until the turn is over. A stream that breaks is opened again."""
        seen: set[str] = set()
        said: list[str] = []
        calls: dict[str, Any] = {}
        broken = 0
        while True:
            try:
                with self._sessions.events.stream(session_id) as stream:
                    if events:
                        sent = self._sessions.events.send(session_id, events=events)
                        seen.update(event.id for event in sent.data)
                        events = []
                    missed = self._sessions.events.list(session_id) if broken else ()
                    for event in chain(missed, stream):
                        if event.id in seen:
                            continue
                        seen.add(event.id)
                        answers = self._handle(chat, event, said, calls)
                        if answers is None:
                            return "".join(said)
                        if answers:
                            sent = self._sessions.events.send(session_id, events=answers)
                            seen.update(event.id for event in sent.data)
            except NoReply:
                raise
            except Exception as error:
                broken += 1
                if broken > 2:
                    raise NoReply("the stream breaks again and again") from error
                continue
            raise NoReply("the stream ended")

    def _handle(
        self, chat: str, event: Any, said: list[str], calls: dict[str, Any]
    ) -> list[Any] | None:
        """Return the answers to an event; None at the end of the turn. Raises NoReply if it ended early."""
        if event.type == "agent.message":
            said.extend(block.text for block in event.content)
        if event.type in ("agent.tool_use", "agent.custom_tool_use", "agent.mcp_tool_use"):
            calls[event.id] = event
        if event.type == "session.error" and event.error.retry_status.type == "terminal":
            raise NoReply(event.error.message)
        if event.type in ("session.status_terminated", "session.deleted"):
            self._chats.pop(chat, None)
            raise NoReply("the session has ended")
        if event.type != "session.status_idle":
            return []
        if event.stop_reason.type == "requires_action":
            waiting = [calls.pop(each) for each in event.stop_reason.event_ids if each in calls]
            return [self._answer(call) for call in waiting]
        if event.stop_reason.type != "end_turn":
            raise NoReply(event.stop_reason.type)
        return None

    def _answer(self, call: Any) -> dict[str, Any]:
        """Return the result of a tool, or what a person says about a call."""
        if call.type != "agent.custom_tool_use":
            result = "allow" if self._may_call(call.name, call.input) else "deny"
            return {"type": "user.tool_confirmation", "tool_use_id": call.id, "result": result}
        try:
            text, is_error = self._tools[call.name](**call.input), False
        except Exception as error:  # noqa: BLE001 - whatever a tool raises is its result
            text, is_error = f"{type(error).__name__}: {error}", True
        return {
            "type": "user.custom_tool_result",
            "custom_tool_use_id": call.id,
            "is_error": is_error,
            "content": [{"type": "text", "text": text}],
        }
