"""Credentials: which kinds there are, and what those that the emulator issues give access to.

An API key is sent as `x-api-key`, or as a bearer token, as the newer SDKs do. The form of a bearer token shows its
kind. Any other text counts as the kind that a request needs, because users of the SDKs write any text as key.
The emulator has no logins, so it issues no access tokens.

Environment keys are not stored: they consist of the environment's ID and a checksum of it that needs the API key.
"""

import base64
import json
import re
from collections.abc import Sequence
from enum import Enum, auto
from typing import NamedTuple

from ant_cli.emulator.call import Call
from ant_cli.emulator.errors import EmulatorError
from ant_cli.emulator.store import TOKEN_PREFIX, Transaction

API_KEY = "an API key (x-api-key)"
ENVIRONMENT_KEY = "an environment key (authorization: Bearer)"
ITEM_SECRET = "the secret of a work item (authorization: Bearer)"  # noqa: S105 - the name of a kind
EVERY_KIND = (API_KEY, ENVIRONMENT_KEY, ITEM_SECRET)
NO_KNOWN_KIND = "a bearer token without the form of a key"  # it stands for any kind
REMEDIES = {
    API_KEY: "Without --api-key, any text is an API key, such as sk-ant-emulator.",
    ENVIRONMENT_KEY: "To get one: ant emulator key ENVIRONMENT_ID",
}
"""What to do if a credential of the kind that an endpoint usually takes is missing."""

GONE = "There is no work item with this secret: perhaps it was deleted with its session."
KEY_PREFIX = "sk-ant-oat01-"
FORMS = {TOKEN_PREFIX: ITEM_SECRET, KEY_PREFIX: ENVIRONMENT_KEY, "sk-ant-api": API_KEY}
"""The kind of a bearer token that begins with each prefix."""
MADE_KEY = KEY_PREFIX + r"(?P<environment>env_[0-9A-Za-z]+)-[0-9a-f]{32}"
ENVIRONMENT_PATH = r"/v1/environments/(?P<environment>[^/]+)(?:/.*)?"
ITEM_PATH = r"/v1/environments/[^/]+/work/(?P<id>[^/]+)(?:/heartbeat|/stop)?"
LIST_PATH = r"/v1/environments/(?P<id>[^/]+)/work"
SESSION_PATH = r"/v1/sessions/(?P<id>[^/]+)(?:/.*)?"
SHARED_PATH = r"/v1/(?:agents|files|memory_stores|models|skills|vaults)(?:/.*)?"
"""The paths that belong to no environment. Each credential that the emulator has issued gives access to them."""
COLUMNS = ((ITEM_PATH, "id"), (SESSION_PATH, "session_id"), (LIST_PATH, "environment_id"))
"""The paths that a sessions token gives access to, and the column of `work` for the ID in them."""


class Access(Enum):
    """What a credential has to do with the path of its request. The kind is another question."""

    GRANTED = auto()
    FOREIGN = auto()
    """It belongs to another environment, work item or session."""
    GONE = auto()
    """It is the secret of no work item that exists."""
    UNKNOWN = auto()
    """It is neither the emulator's key nor issued by the emulator. Without a key, the emulator accepts it."""


class SentCredential(NamedTuple):
    """A credential of a request."""

    kind: str
    """One of `EVERY_KIND`, or `NO_KNOWN_KIND`."""
    access: Access


def credentials_of(call: Call) -> list[SentCredential]:
    """Return the credentials of a request. It may have both an API key and a bearer token."""
    scheme, _, token = call.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    api_key = call.environ.get("HTTP_X_API_KEY", "")
    sent = ((API_KEY, api_key), (_kind_of(bearer), bearer))
    return [_read(call, kind, secret) for kind, secret in sent if secret]


def _kind_of(bearer: str) -> str:
    for prefix, kind in FORMS.items():
        if bearer.startswith(prefix):
            return kind
    return NO_KNOWN_KIND


def _read(call: Call, kind: str, secret: str) -> SentCredential:
    if _is_same(secret, call.api_key):
        return SentCredential(API_KEY, Access.GRANTED)
    if kind == ITEM_SECRET:
        return SentCredential(kind, _access_of_token(call, secret))
    if kind == ENVIRONMENT_KEY:
        return SentCredential(kind, _access_of_key(call, secret))
    return SentCredential(kind, Access.UNKNOWN)


def check_access(known: Sequence[SentCredential], takes: tuple[str, ...]) -> None:
    """Reject credentials of other kinds than an endpoint takes, or for another environment, work item or session.

    The status is 403 and not 401, because a 401 means that nobody has such a credential.
    """
    taken = [credential for credential in known if credential.kind in (*takes, NO_KNOWN_KIND)]
    if not taken:
        message = f"This endpoint takes {takes[0]}, not {known[0].kind}. {REMEDIES[takes[0]]}"
        raise EmulatorError(403, message)
    if all(credential.access is Access.FOREIGN for credential in taken):
        raise EmulatorError(403, f"{taken[0].kind} belongs to another environment or work item.")
    if all(credential.access is Access.GONE for credential in taken):
        raise EmulatorError(403, GONE)


def is_issued(reader: Transaction, secret: str) -> bool:
    """Whether the database has the work item of a secret, or the environment of a key."""
    if secret.startswith(TOKEN_PREFIX):
        return reader.one(SQL_ISSUED, secret) is not None
    made = re.fullmatch(MADE_KEY, secret)
    return made is not None and reader.one(SQL_ENVIRONMENT, made["environment"]) is not None


SQL_ISSUED = "SELECT 1 FROM work WHERE sessions_token = ? LIMIT 1"
SQL_ENVIRONMENT = "SELECT 1 FROM environments WHERE id = ?"


def secret_of(sessions_token: str) -> str:
    """Return the `secret` of a work item: JSON with the token, in URL-safe base64 without padding."""
    payload = json.dumps({"sessions_token": sessions_token})
    return base64.urlsafe_b64encode(payload.encode()).decode().rstrip("=")


def environment_key(environment_id: str, api_key: str) -> str:
    """Return the key of an environment, for an emulator with this API key; empty if it has none."""
    import hmac  # late: 3 ms of a command with `--local`, which needs no key

    checksum = hmac.digest(api_key.encode(), environment_id.encode(), "sha256").hex()[:32]
    return f"{KEY_PREFIX}{environment_id}-{checksum}"


# What a credential gives access to: an environment key to its environment, a sessions token to its work item, both
# to their sessions, and to what belongs to no environment.


def _access_of_key(call: Call, key: str) -> Access:
    made = re.fullmatch(MADE_KEY, key)
    if made is None or not _is_same(key, environment_key(made["environment"], call.api_key)):
        return Access.UNKNOWN
    if re.fullmatch(SHARED_PATH, call.path):
        return Access.GRANTED
    if session := re.fullmatch(SESSION_PATH, call.path):
        return _access_by_work(
            call, "environment_id", made["environment"], "session_id", session["id"]
        )
    in_path = re.fullmatch(ENVIRONMENT_PATH, call.path)
    is_own = in_path is not None and in_path["environment"] == made["environment"]
    return Access.GRANTED if is_own else Access.FOREIGN


def _access_of_token(call: Call, token: str) -> Access:
    with call.store.read() as reader:
        if not is_issued(reader, token):
            return Access.GONE
    if re.fullmatch(SHARED_PATH, call.path):
        return Access.GRANTED
    for pattern, column in COLUMNS:
        if found := re.fullmatch(pattern, call.path):
            return _access_by_work(call, "sessions_token", token, column, found["id"])
    return Access.FOREIGN


def _access_by_work(call: Call, column: str, value: str, id_column: str, identifier: str) -> Access:
    """Return the access that the items of work give which have both values."""
    with call.store.read() as reader:
        query = f"SELECT 1 FROM work WHERE {id_column} = ? AND {column} = ?"  # noqa: S608 - names of columns
        found = reader.one(query, identifier, value)
    return Access.FOREIGN if found is None else Access.GRANTED


def _is_same(secret: str, expected: str) -> bool:
    """Compare two secrets in a time that does not depend on how much of them is equal."""
    if not expected:
        return False
    import hmac  # late, as above

    return hmac.compare_digest(secret.encode(), expected.encode())
