"""The store of the official tool, in the form in which that tool writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NOW = 1_790_000_000
"""Seconds since 1970, of the tests' clock."""
TOKEN = "plain-login-token"
REFRESH = "plain-refresh-token"
WHO = {
    "organization_uuid": "org-1",
    "organization_name": "Example",
    "account_email": "ada@example.com",
    "workspace_id": "wrkspc_1",
    "workspace_name": "Default",
}


class OfficialStore:
    """A folder with the profiles and logins of the official tool."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def config(self, name: str) -> Path:
        """Return the file of a profile."""
        return self.folder / "configs" / f"{name}.json"

    def credentials(self, name: str) -> Path:
        """Return the file of a profile's tokens."""
        return self.folder / "credentials" / f"{name}.json"

    def file(self, kind: str) -> Path:
        """Return a file of the profile called default: `config` or `credentials`, or the file for `active`."""
        if kind == "active":
            return self.folder / "active_config"
        return self.config("default") if kind == "config" else self.credentials("default")

    def activate(self, text: str) -> None:
        """Write the name of the active profile."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / "active_config").write_text(text)

    def log_in(
        self, name: str = "default", *, expires_at: Any = None, token: Any = TOKEN, **config: Any
    ) -> None:
        """Write a profile with a login that is valid for another hour."""
        authentication = {"type": "user_oauth", "client_id": "client-1", "scope": "user:profile"}
        self.write_config(name, {"authentication": authentication, **config})
        self.write_credentials(
            name,
            {
                "version": "1.0",
                "type": "oauth_token",
                "access_token": token,
                "expires_at": NOW + 3600 if expires_at is None else expires_at,
                "refresh_token": REFRESH,
                **WHO,
            },
        )

    def federate(self, authentication: Any = None, **config: Any) -> None:
        """Write a profile with a federation."""
        rule = {
            "type": "oidc_federation",
            "federation_rule_id": "fdrl_1",
            "identity_token": {"source": "file", "path": "/run/token"},
            **(authentication or {}),
        }
        self.write_config("default", {"authentication": rule, "organization_id": "org-1", **config})

    def write_config(self, name: str, document: Any) -> None:
        """Write the file of a profile."""
        self._write(self.config(name), {"version": "1.0", **document}, 0o755, 0o644)

    def write_credentials(self, name: str, document: Any) -> None:
        """Write the file of a profile's tokens."""
        self._write(self.credentials(name), document, 0o700, 0o600)

    def _write(self, path: Path, document: Any, folder_mode: int, mode: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(folder_mode)
        path.write_text(document if isinstance(document, str) else json.dumps(document, indent=2))
        path.chmod(mode)
