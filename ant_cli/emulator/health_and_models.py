"""The two endpoints that clients call first: `/healthz`, and `/v1/models` with their key."""

from __future__ import annotations

import json

from ant_cli.emulator.call import Call
from ant_cli.emulator.store import Store

MODELS = (
    ("claude-opus-4-5-20251101", "Claude Opus 4.5", "2025-11-01T00:00:00Z"),
    ("claude-sonnet-4-5-20250929", "Claude Sonnet 4.5", "2025-09-29T00:00:00Z"),
    ("claude-haiku-4-5-20251001", "Claude Haiku 4.5", "2025-10-01T00:00:00Z"),
)
"""ID, name and date of the models in the list. None can be used."""


def health(store: Store, call: Call) -> str:  # noqa: ARG001 - a handler takes both
    """Report that the emulator is up and its database can be read."""
    with store.read() as reader:
        reader.one("SELECT offset FROM clock")
    return json.dumps({"status": "ok"})


def list_models(store: Store, call: Call) -> str:  # noqa: ARG001 - a handler takes both
    """Return the first `limit` models."""
    limit = call.number("limit", 20, 1, 1000)
    data = [
        {"type": "model", "id": model, "display_name": name, "created_at": date, "lifecycle": "active"}
        for model, name, date in MODELS[:limit]
    ]
    page = {"data": data, "has_more": limit < len(MODELS), "first_id": data[0]["id"], "last_id": data[-1]["id"]}
    return json.dumps(page)
