"""The paths of the endpoints. `<name>` is an ID."""

from __future__ import annotations

HEALTH = "/healthz"
MODELS = "/v1/models"
AGENTS = "/v1/agents"
FILES = "/v1/files"
OBJECT = "/<id>"
ENVIRONMENTS = "/v1/environments"
ENVIRONMENT = ENVIRONMENTS + "/<environment_id>"
WORK = ENVIRONMENT + "/work"
ITEM = WORK + "/<work_id>"
SESSIONS = "/v1/sessions"
SESSION = SESSIONS + "/<session_id>"
ADMIN = "/_emulator"
ADMIN_ENVIRONMENT = ADMIN + "/environments/<environment_id>"
