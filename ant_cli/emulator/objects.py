"""Agents and files: kept, and returned as they were given. Nothing acts on them.

One table says what each kind is. An object is stored as the JSON of its response, and a file with its content.
"""

import json
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from ant_cli.emulator.call import Call, Filter, Listing, any_of, times
from ant_cli.emulator.environment_rules import check_metadata
from ant_cli.emulator.errors import EmulatorError, InvalidRequest, to_compact_json
from ant_cli.emulator.store import MICROSECONDS_PER_SECOND, Row, Transaction, rfc3339

if TYPE_CHECKING:
    from ant_cli.emulator.multipart import Part

SQL_FIND = "SELECT * FROM objects WHERE id = ? AND kind = ?"
SQL_LIST = "SELECT * FROM objects WHERE kind = '{}' AND archived <= ?"

SERVICE_ACCOUNT = {"type": "service_account"}
ALLOW = {"enabled": True, "permission_policy": {"type": "always_allow"}}
"""How the tools of a toolset are configured, unless the agent says otherwise."""
UNKNOWN_AGENT = {
    "execution_identity": SERVICE_ACCOUNT,
    "model": {"id": "emulator", "speed": "standard"},
    "name": "scripted agent",
    "type": "agent",
    **dict.fromkeys(("description", "multiagent", "system")),
    **dict.fromkeys(("mcp_servers", "skills", "tools"), ()),
}
"""The agent of a session whose agent was not created here: any ID is accepted."""
OF_AGENT_ONLY = ("archived_at", "created_at", "metadata", "updated_at")
"""The members of an agent that the agent of a session does not have."""


class Kind(NamedTuple):
    """A kind of objects."""

    name: str
    """As in its path."""
    prefix: str
    """The beginning of its IDs."""
    filters: dict[str, Filter]
    has_archive: bool

    @property
    def listing(self) -> Listing:
        """The list of all objects of this kind."""
        options = ("include_archived",) if self.has_archive else ()
        return Listing(SQL_LIST.format(self.name), filters=self.filters, options=options)


AGENTS = Kind(
    "agents",
    "agent",
    {name: each for name, each in times("created_at").items() if name.endswith("e]")},
    has_archive=True,
)
FILES = Kind(
    "files",
    "file",
    {"ids": any_of("id"), "scope_id": Filter("? IS NULL", lambda _, texts: texts[0])},
    has_archive=False,
)


def retrieve_agent(call: Call) -> str:
    """Return an agent as it was created, which is its only version."""
    call.number("version", FIRST_VERSION, FIRST_VERSION)
    with call.store.read() as transaction:
        return str(_find(transaction, AGENTS, call.ids["id"])["document"])


FIRST_VERSION = 1


def retrieve_file(call: Call) -> str:
    """Return the metadata of a file."""
    with call.store.read() as transaction:
        return str(_find(transaction, FILES, call.ids["id"])["document"])


def list_all(kind: Kind) -> Callable[[Call], str]:
    """Return the handler that returns a page of the objects of a kind."""
    listing = kind.listing

    def handler(call: Call) -> str:
        """Return a page of objects, the newest first."""
        include_archived = call.choice("include_archived", "false", ("true", "false")) == "true"
        with call.store.read() as transaction:
            return call.page(listing, transaction, kind.name, include_archived)

    return handler


def _find(transaction: Transaction, kind: Kind, object_id: str) -> Row:
    row: Row | None = transaction.one(SQL_FIND, object_id, kind.name)
    if row is None:
        raise EmulatorError(404, f"{kind.prefix}_id: there is no {kind.prefix} {object_id!r}.")
    return row


def _add(
    transaction: Transaction, kind: Kind, document: dict[str, Any], content: bytes | None = None
) -> str:
    text = to_compact_json(document)
    transaction.add(
        "objects",
        id=document["id"],
        kind=kind.name,
        created_at=transaction.now,
        document=text,
        content=content,
    )
    return text


# Agents


def create_agent(call: Call) -> str:
    """Create an agent, which sessions then have."""
    params = call.body
    check_metadata(params.metadata or {})
    given = _agent_fields(params)
    with call.store.write() as transaction:
        now = rfc3339(transaction.now)
        document = {
            "id": transaction.ids.new_id(AGENTS.prefix),
            "archived_at": None,
            "created_at": now,
            **UNKNOWN_AGENT,
            "metadata": {},
            **given,
            "updated_at": now,
            "version": FIRST_VERSION,
        }
        return _add(transaction, AGENTS, document)


def archive_agent(call: Call) -> str:
    """Archive an agent. Repeating it changes nothing."""
    with call.store.write() as transaction:
        row = _find(transaction, AGENTS, call.ids["id"])
        if row["archived"]:
            return str(row["document"])
        now = rfc3339(transaction.now)
        document = json.loads(row["document"]) | {"archived_at": now, "updated_at": now}
        text = to_compact_json(document)
        transaction.change("objects", row, archived=True, document=text)
        return text


def session_agent(transaction: Transaction, asked: Any) -> dict[str, Any]:
    """Return the agent of a new session: the one with this ID, with what the session overrides."""
    row = transaction.one(SQL_FIND, asked.id, AGENTS.name)
    snapshot = dict(UNKNOWN_AGENT) | {"id": asked.id, "version": asked.version or 1}
    if row is not None:
        _check_agent(row, asked)
        agent = json.loads(row["document"])
        snapshot = {name: value for name, value in agent.items() if name not in OF_AGENT_ONLY}
    return snapshot | _agent_fields(asked)


def _check_agent(row: Row, asked: Any) -> None:
    if row["archived"]:
        raise InvalidRequest(f"agent: {asked.id} is archived and takes no new sessions.")
    if asked.version not in (None, FIRST_VERSION):
        raise InvalidRequest(f"agent.version: {asked.id} has the version 1 only.")


def _agent_fields(params: Any) -> dict[str, Any]:
    """Return the fields of an agent that a request gives, in the form that responses have."""
    fields: dict[str, Any] = params.model_dump(exclude_none=True, exclude={"id", "type", "version"})
    if "system" in params.model_fields_set:
        fields["system"] = params.system or None
    for name, complete in COMPLETED.items():
        if name in fields:
            fields[name] = complete(fields[name])
    return fields


def _complete_model(model: Any) -> dict[str, Any]:
    given = {"id": model} if isinstance(model, str) else dict(model)
    if isinstance(given.get("effort"), str):
        given["effort"] = {"type": given["effort"]}
    return {"speed": "standard"} | given


def _complete_tools(tools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_complete_tool(tool) for tool in tools]


def _complete_tool(tool: dict[str, Any]) -> dict[str, Any]:
    """Return a tool with the defaults of its configuration, as responses have it."""
    if tool["type"] == "custom":
        return tool
    default = ALLOW | (tool.get("default_config") or {})
    configs = [default | each for each in tool.get("configs") or ()]
    if tool["type"] == "agent_toolset_20260401":
        configs = [{"type": each["name"]} | each for each in configs]
    return tool | {"default_config": default, "configs": configs}


def _complete_skills(skills: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"version": "latest"} | skill for skill in skills]


COMPLETED: dict[str, Callable[[Any], Any]] = {
    "model": _complete_model,
    "skills": _complete_skills,
    "tools": _complete_tools,
}
"""The fields that a response has in another form than a request."""


# Files


class Content(NamedTuple):
    """A response that is not JSON."""

    media_type: str
    data: bytes


SHORTEST_LIFE_S, LONGEST_LIFE_S = 3_600, 7_776_000
"""From an hour to ninety days, as documented."""


def upload_file(call: Call) -> str:
    """Keep a file of a `multipart/form-data` body."""
    from ant_cli.emulator.multipart import parts_of  # late: 0.5 ms of each `--local`

    parts = parts_of(call.environ.get("CONTENT_TYPE", ""), call.body)
    if "file" not in parts:
        raise InvalidRequest("file: is required.")
    file = parts["file"]
    name = PurePosixPath(file.filename.replace("\\", "/")).name or "unnamed"
    with call.store.write() as transaction:
        document = {
            "id": transaction.ids.new_id(FILES.prefix),
            "created_at": rfc3339(transaction.now),
            "filename": name,
            "mime_type": file.media_type,
            "size_bytes": len(file.data),
            "type": "file",
            "downloadable": True,
            "expires_at": _end_of_life(parts, transaction.now),
            "scope": None,
        }
        return _add(transaction, FILES, document, file.data)


def _end_of_life(parts: "dict[str, Part]", now: int) -> str | None:
    if "expires_in_seconds" not in parts:
        return None
    text = parts["expires_in_seconds"].data
    seconds = int(text) if text.isdigit() and len(text) < 10 else 0
    if not SHORTEST_LIFE_S <= seconds <= LONGEST_LIFE_S:
        limits = f"{SHORTEST_LIFE_S} to {LONGEST_LIFE_S}"
        raise InvalidRequest(f"expires_in_seconds: must be a whole number from {limits}.")
    return rfc3339(now + seconds * MICROSECONDS_PER_SECOND)


def download_file(call: Call) -> Content:
    """Return the content of a file."""
    with call.store.read() as transaction:
        row = _find(transaction, FILES, call.ids["id"])
    return Content(json.loads(row["document"])["mime_type"], row["content"])


def delete_file(call: Call) -> str:
    """Delete a file."""
    with call.store.write() as transaction:
        row = _find(transaction, FILES, call.ids["id"])
        transaction.run("DELETE FROM objects WHERE id = ?", row["id"])
    return json.dumps({"id": row["id"], "type": "file_deleted"})
