"""The type of the body of each endpoint that takes JSON.

Only requests with a body import this module, so a read never loads pydantic.
"""

from __future__ import annotations

from typing import Any

from ant_cli.emulator import agent_models, models, paths, session_models
from ant_cli.emulator.models import Model

BODIES: dict[tuple[str, str], type[Model]] = {
    ("POST", paths.ENVIRONMENTS): models.EnvironmentCreateParams,
    ("POST", paths.ENVIRONMENT): models.EnvironmentUpdateParams,
    ("POST", paths.ITEM): models.WorkUpdateRequest,
    ("POST", paths.ITEM + "/stop"): models.WorkStopRequest,
    ("POST", paths.SESSIONS): session_models.SessionCreateParams,
    ("POST", paths.SESSION): session_models.SessionUpdateParams,
    ("POST", paths.SESSION + "/events"): session_models.SendEventsRequest,
    ("POST", paths.AGENTS): agent_models.AgentCreateParams,
    ("POST", paths.ADMIN + "/scripts"): session_models.ScriptRequest,
    ("POST", paths.ADMIN + "/sessions"): session_models.SessionRequest,
    ("POST", paths.ADMIN_ENVIRONMENT + "/enqueue"): models.EnqueueRequest,
    ("POST", paths.ADMIN + "/faults"): models.FaultRequest,
    ("POST", paths.ADMIN + "/clock"): models.ClockRequest,
}


def schema_of(method: str, path: str) -> dict[str, Any] | None:
    """Return the JSON Schema of the body of an endpoint; None if it takes none."""
    model = BODIES.get((method, path))
    return model.model_json_schema() if model else None
