"""Sessions tokens: a worker gets one with a work item. It is valid only for that item and its session."""

from __future__ import annotations

import base64
import json
import re

from ant_cli.emulator.store import Store

PREFIX = "sk-ant-sst01-"
ITEM_PATH = re.compile(r"/v1/environments/[^/]+/work/(?P<work>[^/]+)(?:/heartbeat|/stop)?")
SESSION_PATH = re.compile(r"/v1/sessions/(?P<session>[^/]+)(?:/.*)?")


def new_token() -> str:
    """Return a fresh sessions token."""
    import secrets  # late: it imports OpenSSL's hashes, which a list does not need

    return PREFIX + secrets.token_urlsafe(24)


def secret_of(sessions_token: str) -> str:
    """Return the `secret` of a work item: JSON with the token, in URL-safe base64 without padding."""
    payload = json.dumps({"sessions_token": sessions_token})
    return base64.urlsafe_b64encode(payload.encode()).decode().rstrip("=")


def opens(store: Store, path: str, token: str) -> bool:
    """Whether `token` is the sessions token of the work item in the path, or of the session's work."""
    if not token.startswith(PREFIX):
        return False
    with store.read() as reader:
        if item := ITEM_PATH.fullmatch(path):
            query = "SELECT 1 FROM work WHERE id = ? AND sessions_token = ?"
            return reader.one(query, item["work"], token) is not None
        if session := SESSION_PATH.fullmatch(path):
            query = "SELECT 1 FROM work WHERE session_id = ? AND sessions_token = ?"
            return reader.one(query, session["session"], token) is not None
    return False
