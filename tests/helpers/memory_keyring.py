"""An operating system's credential store for tests."""

from __future__ import annotations

from keyring.backend import KeyringBackend


class Memory(KeyringBackend):
    """A credential store that is empty again after the test."""

    priority = 1

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]
