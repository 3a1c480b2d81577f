"""Environments: the six endpoints and their rules.

An environment is stored as the JSON of its response, so a read returns it unchanged.
"""

from __future__ import annotations

import json

from ant_cli.emulator import list_pages
from ant_cli.emulator.call import Call
from ant_cli.emulator.clock import rfc3339
from ant_cli.emulator.errors import Conflict, EmulatorError, InvalidRequest
from ant_cli.emulator.identifiers import new_id
from ant_cli.emulator.leases import expire_leases
from ant_cli.emulator.store import Store, Transaction
from ant_cli.runtime.light_typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ant_cli.emulator.models import (
        CloudConfig,
        Environment,
        EnvironmentCreateParams,
        EnvironmentUpdateParams,
        SelfHostedConfig,
    )

LIST = "environments"
SQL_FIND = "SELECT id, kind, archived, document FROM environments WHERE id = ?"
SQL_LIST = """SELECT sequence, document FROM environments
          WHERE sequence < ? AND archived <= ? ORDER BY sequence DESC LIMIT ?"""
SQL_ADD = "INSERT INTO environments (id, name, kind, document) VALUES (?, ?, ?, ?)"
SQL_DELETE = (
    "DELETE FROM work WHERE environment_id = ?",
    "DELETE FROM workers WHERE environment_id = ?",
    "DELETE FROM events WHERE session_id IN (SELECT id FROM sessions WHERE environment_id = ?)",
    "DELETE FROM sessions WHERE environment_id = ?",
    "DELETE FROM environments WHERE id = ?",
)
SQL_CHANGE = "UPDATE environments SET name = ?, archived = ?, document = ? WHERE id = ?"


class StoredEnvironment(NamedTuple):
    """A stored environment."""

    id: str
    config_type: str
    archived: int
    document: str


def find(transaction: Transaction, environment_id: str) -> StoredEnvironment:
    """Return the environment. Raises EmulatorError with status 404 if it does not exist."""
    row = transaction.one(SQL_FIND, environment_id)
    if row is None:
        message = f"environment_id: there is no environment {environment_id!r}."
        raise EmulatorError(404, message, "environment_not_found")
    return StoredEnvironment._make(row)


def create(store: Store, call: Call) -> str:
    """Create an environment."""
    # The models are imported only when a body is read: pydantic would double the start-up time of everything else.
    from ant_cli.emulator import config_rules, models

    params = models.parse(models.EnvironmentCreateParams, call.body)
    config = config_rules.new_config(params.config)
    with store.write() as transaction:
        environment = _new(params, config, rfc3339(transaction.now))
        _check_name(transaction, environment)
        document = environment.model_dump_json()
        transaction.run(SQL_ADD, environment.id, environment.name, config.type, document)
    return document


def _new(params: EnvironmentCreateParams, config: CloudConfig | SelfHostedConfig, now: str) -> Environment:
    from ant_cli.emulator import models

    return models.Environment(
        id=new_id("env"),
        archived_at=None,
        config=config,
        created_at=now,
        description=params.description,
        metadata=params.metadata or {},
        name=params.name,
        type="environment",
        updated_at=now,
        scope=params.scope or "organization",
        state="active",
    )


def list_environments(store: Store, call: Call) -> str:
    """Return a page of environments, the newest first."""
    limit = call.number("limit", 20, 1, 100)
    below = list_pages.sequence_of(LIST, call.text("page"))
    include_archived = call.flag("include_archived")
    with store.read() as transaction:
        rows = transaction.all(SQL_LIST, below, include_archived, limit + 1)
    return list_pages.page_of(LIST, rows, limit)


def retrieve(store: Store, call: Call) -> str:
    """Return one environment."""
    with store.read() as transaction:
        return find(transaction, call.environment_id).document


def update(store: Store, call: Call) -> str:
    """Change the fields in the body, and keep the others."""
    from ant_cli.emulator import models

    params = models.parse(models.EnvironmentUpdateParams, call.body)
    with store.write() as transaction:
        stored = find(transaction, call.environment_id)
        if stored.archived:
            message = f"environment_id: {stored.id} is archived and cannot change."
            raise InvalidRequest(message, "environment_archived")
        environment = models.Environment.model_validate_json(stored.document)
        changed = _changed(environment, params, rfc3339(transaction.now))
        _check_name(transaction, changed)
        document = changed.model_dump_json()
        transaction.run(SQL_CHANGE, changed.name, 0, document, stored.id)
    return document


def _changed(old: Environment, params: EnvironmentUpdateParams, now: str) -> Environment:
    from ant_cli.emulator.config_rules import merged_config

    metadata = {**old.metadata, **(params.metadata or {})}
    describes = "description" in params.model_fields_set
    return old.model_copy(
        update={
            "config": merged_config(old.config, params.config),
            "description": params.description if describes else old.description,
            "metadata": {key: value for key, value in metadata.items() if value},
            "name": params.name or old.name,
            "scope": params.scope or old.scope,
            "updated_at": now,
        }
    )


def _check_name(transaction: Transaction, environment: Environment) -> None:
    query = "SELECT id FROM environments WHERE name = ? AND id <> ?"
    other = transaction.one(query, environment.name, environment.id)
    if other:
        raise Conflict(f"name: {environment.name!r} is taken by {other[0]}; names are unique.")


def archive(store: Store, call: Call) -> str:
    """Archive an environment for good. Repeating it changes nothing."""
    with store.write() as transaction:
        stored = find(transaction, call.environment_id)
        if stored.archived:
            return stored.document
        now = rfc3339(transaction.now)
        environment = json.loads(stored.document) | {"archived_at": now, "updated_at": now, "state": "archived"}
        document = json.dumps(environment, ensure_ascii=False, separators=(",", ":"))
        transaction.run(SQL_CHANGE, environment["name"], 1, document, stored.id)
    return document


def delete(store: Store, call: Call) -> str:
    """Delete an environment with its finished work and its sessions, unless it has unfinished work."""
    with store.write() as transaction:
        stored = find(transaction, call.environment_id)
        expire_leases(transaction)
        query = "SELECT count(*) FROM work WHERE environment_id = ? AND state <> 'stopped'"
        unfinished = (transaction.one(query, stored.id) or (0,))[0]
        if unfinished:
            raise Conflict(
                f"environment_id: {stored.id} has {unfinished} unfinished work items; "
                "archive it first, to allow the queue to drain."
            )
        for statement in SQL_DELETE:
            transaction.run(statement, stored.id)
    return json.dumps({"id": stored.id, "type": "environment_deleted"})
