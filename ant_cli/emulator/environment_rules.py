"""Environments: the six endpoints and their rules.

An environment is stored as the JSON of its response, so a read returns it unchanged.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ant_cli.emulator.call import Call, Listing
from ant_cli.emulator.errors import Conflict, EmulatorError, InvalidRequest, to_compact_json
from ant_cli.emulator.store import Row, Transaction, rfc3339

SQL_FIND = "SELECT * FROM environments WHERE id = ?"
LIST = Listing(
    "SELECT sequence, document FROM environments WHERE archived <= ?",
    options=("include_archived",),
)
SQL_DELETE = (
    "DELETE FROM work WHERE environment_id = ?",
    "DELETE FROM queues WHERE environment_id = ?",
    "DELETE FROM workers WHERE environment_id = ?",
    "DELETE FROM events WHERE session_id IN (SELECT id FROM sessions WHERE environment_id = ?)",
    "DELETE FROM sessions WHERE environment_id = ?",
    "DELETE FROM environments WHERE id = ?",
)
SQL_UNFINISHED = (
    "SELECT count(*), min(id), state FROM work WHERE environment_id = ? AND state <> 'stopped'"
)


def find(transaction: Transaction, environment_id: str) -> Row:
    """Return the environment. Raises EmulatorError with status 404 if it does not exist."""
    row: Row | None = transaction.one(SQL_FIND, environment_id)
    if row is None:
        message = f"environment_id: there is no environment {environment_id!r}."
        raise EmulatorError(404, message, "environment_not_found")
    return row


# Leases have no timer. Every request that looks at work first expires those that have run out. From outside, that
# is the same as expiring them on time.


SQL_END = """UPDATE work SET state = 'stopped', stopped_at = lease_until, lease_until = NULL
         WHERE lease_until <= ? AND state = 'stopping'"""
"""A worker that was asked to stop and no longer responds has stopped. The item must not start again elsewhere."""
SQL_REQUEUE = """UPDATE work SET state = 'queued', lapsed_at = lease_until,
             lapsed_heartbeat_at = latest_heartbeat_at, handed_out_at = NULL, acknowledged_at = NULL,
             started_at = NULL, latest_heartbeat_at = NULL, lease_until = NULL WHERE lease_until <= ?"""


@contextmanager
def environment_transaction(call: Call) -> Iterator[tuple[Transaction, Row]]:
    """Begin a transaction on the call's environment, after expiring leases. 404 without one.

    Items with an expired lease return to the queue, as if no worker had ever had them.
    """
    with call.store.write() as transaction:
        environment = find(transaction, call.ids["environment_id"])
        transaction.run(SQL_END, transaction.now)
        transaction.run(SQL_REQUEUE, transaction.now)
        yield transaction, environment


def create(call: Call) -> str:
    """Create an environment."""
    params = call.body
    config = _merged_config(
        CONFIGS[params.config.type if params.config else "cloud"], params.config
    )
    check_metadata(params.metadata or {})
    plain = _plain_fields(params)
    with call.store.write() as transaction:
        now = rfc3339(transaction.now)
        environment = {
            "id": transaction.ids.new_id("env"),
            "archived_at": None,
            "config": config,
            "created_at": now,
            "description": plain["description"],
            "metadata": params.metadata or {},
            "name": params.name,
            "type": "environment",
            "updated_at": now,
            "scope": plain["scope"],
            "state": "active",
            **plain,
        }
        _check_name(transaction, environment)
        document = to_compact_json(environment)
        transaction.add(
            "environments",
            id=environment["id"],
            name=params.name,
            kind=config["type"],
            document=document,
        )
    return document


def list_environments(call: Call) -> str:
    """Return a page of environments, the newest first."""
    include_archived = call.choice("include_archived", "false", ("true", "false")) == "true"
    with call.store.read() as transaction:
        return call.page(LIST, transaction, "environments", include_archived)


def retrieve(call: Call) -> str:
    """Return one environment."""
    with call.store.read() as transaction:
        return str(find(transaction, call.ids["environment_id"])["document"])


def update(call: Call) -> str:
    """Change the fields in the body, and keep the others."""
    params = call.body
    with environment_transaction(call) as (transaction, stored):
        if stored["archived"]:
            message = f"environment_id: {stored['id']} is archived and cannot change."
            raise InvalidRequest(message, "environment_archived")
        environment = json.loads(stored["document"])
        merged = environment["metadata"] | (params.metadata or {})
        metadata = {key: value for key, value in merged.items() if value}
        check_metadata(metadata)
        environment |= {
            "config": _merged_config(environment["config"], params.config),
            "metadata": metadata,
            "name": params.name or environment["name"],
            "updated_at": rfc3339(transaction.now),
            **_plain_fields(params, environment),
        }
        _check_name(transaction, environment)
        document = to_compact_json(environment)
        transaction.change("environments", stored, name=environment["name"], document=document)
    return document


def _plain_fields(params: Any, stored: Mapping[str, Any] = {}) -> dict[str, Any]:
    """Return the fields to store that need no rule. Null stands for the default.

    A field that the body leaves out keeps its stored value. An environment of an older version gets the fields that
    it lacks by its next update: a read returns it as it is.
    """
    given = params.model_dump(
        exclude={"config", "metadata", "name", *(stored.keys() - params.model_fields_set)}
    )
    return {
        key: type(params).model_fields[key].default if value is None else value
        for key, value in given.items()
    }


def _check_name(transaction: Transaction, environment: dict[str, Any]) -> None:
    query = "SELECT id FROM environments WHERE name = ? AND id <> ?"
    other = transaction.one(query, environment["name"], environment["id"])
    if other:
        raise Conflict(f"name: {environment['name']!r} is taken by {other[0]}; names are unique.")


MOST_KEYS, LONGEST_KEY, LONGEST_VALUE = 16, 64, 512
"""The limits of metadata that the API documents for sessions and agents; for environments it publishes none."""
RESERVED_KEYS = "anthropic"


def check_metadata(metadata: Mapping[str, str]) -> None:
    """Reject metadata with too many keys, too long ones or values, or reserved keys. The message names each."""
    problems = []
    if len(metadata) > MOST_KEYS:
        problems.append(f"at most {MOST_KEYS} keys are allowed, got {len(metadata)}")
    for key, value in metadata.items():
        if len(key) > LONGEST_KEY or len(value) > LONGEST_VALUE:
            most = f"{LONGEST_KEY} characters in a key and {LONGEST_VALUE} in a value"
            problems.append(f"{key[:LONGEST_KEY]!r} is too long: at most {most}")
        if key.startswith(RESERVED_KEYS):
            problems.append(
                f"{key[:LONGEST_KEY]!r} is reserved, as all keys that begin with {RESERVED_KEYS!r} are"
            )
    if problems:
        raise InvalidRequest(f"metadata: {'; '.join(problems)}.", "invalid_metadata")


def archive(call: Call) -> str:
    """Archive an environment for good. Repeating it changes nothing."""
    with environment_transaction(call) as (transaction, stored):
        if stored["archived"]:
            return str(stored["document"])
        now = rfc3339(transaction.now)
        environment = json.loads(stored["document"]) | {
            "archived_at": now,
            "updated_at": now,
            "state": "archived",
        }
        document = to_compact_json(environment)
        transaction.change("environments", stored, archived=1, document=document)
    return document


def delete(call: Call) -> str:
    """Delete an environment with its finished work and its sessions, unless it has unfinished work."""
    with environment_transaction(call) as (transaction, stored):
        unfinished, item, state = transaction.one(SQL_UNFINISHED, stored["id"])
        if unfinished:
            way = "archive it first, to allow the queue to drain"
            if stored["archived"]:
                way = f"stop them with force, such as {item}, which is {state}"
            raise Conflict(
                f"environment_id: {stored['id']} has unfinished work items: {unfinished}; {way}."
            )
        for statement in SQL_DELETE:
            transaction.run(statement, stored["id"])
    return json.dumps({"id": stored["id"], "type": "environment_deleted"})


# Configurations


NETWORKS: dict[str, dict[str, Any]] = {
    "unrestricted": {"type": "unrestricted"},
    "limited": {
        "allow_mcp_servers": False,
        "allow_package_managers": False,
        "allowed_hosts": [],
        "type": "limited",
    },
}
"""The network policies of each type, with the defaults of their fields."""
PACKAGES = {"apt": [], "cargo": [], "gem": [], "go": [], "npm": [], "pip": [], "type": "packages"}
CONFIGS: dict[str, dict[str, Any]] = {
    "cloud": {"networking": NETWORKS["unrestricted"], "packages": PACKAGES, "type": "cloud"},
    "self_hosted": {"type": "self_hosted"},
}
"""The configurations of each type, with the defaults of their fields."""


def _merged_config(old: dict[str, Any], params: Any) -> dict[str, Any]:
    """Return `old` with the fields of a `config` that are not null. The type never changes."""
    given = params.model_dump(exclude_none=True) if params else {"type": old["type"]}
    if given["type"] != old["type"]:
        raise InvalidRequest(
            f"config.type: cannot change from {old['type']!r} to {given['type']!r}; create another environment.",
            "invalid_config_type_change",
        )
    config = old | given
    if "networking" in given:
        before, networking = old["networking"], given["networking"]
        same_type = networking["type"] == before["type"]
        config["networking"] = (before if same_type else NETWORKS[networking["type"]]) | networking
    if "packages" in given:
        config["packages"] = old["packages"] | given["packages"]
    _check_packages(config)
    return config


def _check_packages(config: dict[str, Any]) -> None:
    """Reject packages that can't be installed, because limited networking can't reach the registries."""
    if config["type"] == "self_hosted" or config["networking"].get("allow_package_managers", True):
        return
    for manager, packages in config["packages"].items():
        if packages and manager != "type":
            raise InvalidRequest(
                f"config.packages.{manager}: packages under limited networking need "
                "config.networking.allow_package_managers to be true."
            )
