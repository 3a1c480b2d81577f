"""The report of `ant auth status`: what `settings.resolve` found, where, and what it passed over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ant_cli.operations.spec import Flags
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.settings.loading import Settings
from ant_cli.settings.local_emulator import is_local
from ant_cli.settings.notes import describe_destination
from ant_cli.settings.profiles import SelectedProfile, Store
from ant_cli.settings.sources import CredentialSource, credential_sources, setting_sources
from ant_cli.settings.validators import mask, shown

KINDS = {"api_key": "API key", "auth_token": "bearer token"}
FORMS = {"command": "runs `{}`", "keyring": "in the credential store, as {}"}


def as_data(settings: Settings, flags: Flags, environ: Mapping[str, str], store: Store) -> dict[str, Any]:
    """Return the report as data."""
    connection, provenance = settings.connection, settings.provenance
    credential = connection.credential
    winner = credential.source if credential else None
    profile = provenance.profile
    return {
        "usable": credential is not None or is_local(connection.base_url),
        "credential": winner,
        "base_url": {
            "value": strip_userinfo(connection.base_url),
            "source": provenance.sources["base_url"],
            "needs_credential": not is_local(connection.base_url),
            "shadows": shadowed(flags, environ, profile),
        },
        "workspace_id": {
            "value": connection.workspace_id or None,
            "source": provenance.sources["workspace_id"],
        },
        "profile": {
            "name": profile.name or None,
            "source": profile.source or None,
            "file": str(store.path) if store.path else None,
            "others": sorted(name for name in store.profiles if name != profile.name),
        },
        "note": describe_destination(settings) if settings.crosses_origin else None,
        "sources": [as_row(place, winner) for place in credential_sources(flags, environ, profile)],
    }


def shadowed(flags: Flags, environ: Mapping[str, str], profile: SelectedProfile) -> list[dict[str, str]]:
    """Return the base URLs that are not used, because one of a higher source is."""
    _, *others = setting_sources("base_url", flags, environ, profile)
    return [
        {"source": other.label, "value": strip_userinfo(other.text)} for other in others if other.label != "default"
    ]


def as_row(place: CredentialSource, winner: str | None) -> dict[str, Any]:
    """Return what there is to say of a place."""
    text = (place.text or "").strip()
    found = "used" if place.label == winner else "shadowed"
    absent = "absent" if place.text is None else "empty"
    value = FORMS[place.form].format(shown("api_key_command", text)) if place.form in FORMS else mask(text)
    return {
        "source": place.label,
        "kind": place.kind,
        "state": found if text else absent,
        "value": value if text else None,
    }


def as_text(data: Mapping[str, Any]) -> str:
    """Return the report for people."""
    lines = [
        f"Credential  {credential_text(data)}",
        *base_url_lines(data["base_url"]),
        f"Workspace   {workspace_text(data['workspace_id'])}",
        f"Profile     {profile_text(data['profile'])}",
        *([f"Note        {data['note']}"] if data["note"] else []),
        "",
        "A credential is looked for in this order, and the first is used:",
    ]
    width = max(len(row["source"]) for row in data["sources"])
    for number, row in enumerate(data["sources"], 1):
        lines.append(f"  {number}. {row['source']:{width}}  {state_text(row, data['credential'])}")
    return "\n".join(lines)


def credential_text(data: Mapping[str, Any]) -> str:
    """Return the credential that is used, and what it is."""
    for row in data["sources"]:
        if row["state"] == "used":
            return f"{row['value']} ({KINDS[row['kind']]}, from {row['source']})"
    return "none" if data["base_url"]["needs_credential"] else "none, and the emulator needs none"


def base_url_lines(base_url: Mapping[str, Any]) -> list[str]:
    """Return the base URL, where it comes from, and those that it shadows."""
    shadows = [f"            shadows {other['source']}: {other['value']}" for other in base_url["shadows"]]
    return [f"Base URL    {base_url['value']} ({base_url['source']})", *shadows]


def workspace_text(workspace: Mapping[str, Any]) -> str:
    """Return the workspace, and where it comes from."""
    return f"{workspace['value']} ({workspace['source']})" if workspace["value"] else "the credential's own"


def profile_text(profile: Mapping[str, Any]) -> str:
    """Return the profile, what named it, and the file; or why there is none."""
    others = f"; others: {', '.join(profile['others'])}" if profile["others"] else ""
    if profile["name"]:
        source = "the active one" if profile["source"] == "active" else f"named by {profile['source']}"
        return f"{profile['name']} ({source}), from {profile['file']}{others}"
    if others:
        return f"none is active{others} ({profile['file']})"
    return f"none ({profile['file'] or 'there is no folder for them'})"


def state_text(row: Mapping[str, Any], winner: str | None) -> str:
    """Return what is at a place, and what becomes of it."""
    texts = {
        "absent": "not given" if row["source"].startswith("--") else "not set",
        "empty": "empty, which counts as not set",
        "used": f"{row['value']}  <- used",
        "shadowed": f"{row['value']}  shadowed by {winner}",
    }
    return texts[row["state"]]
