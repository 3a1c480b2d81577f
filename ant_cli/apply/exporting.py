"""Environments on the server as files for `ant apply`. Data from the server is never trusted as a path."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from pathlib import Path

from ant_cli.apply.comparison import declared_part
from ant_cli.apply.declarations import ENVIRONMENT, kind_by_path
from ant_cli.apply.plan import Object
from ant_cli.apply.validation import check, first_of
from ant_cli.input.values import Value, encode
from ant_cli.output.yaml_writer import to_yaml
from ant_cli.runtime.light_typing import Any, NamedTuple

SCHEMA_LINE = "# yaml-language-server: $schema=https://platform.claude.com/schemas/ant/beta/environment.json\n"
"""Lets editors check and complete the file."""
_LONGEST_NAME = 100
"""In bytes: file systems allow 255, with the kind, a number and the ending."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names of devices on Windows, with any extension."""


class Exported(NamedTuple):
    """An environment as a file."""

    body: dict[str, Value]
    left_out: tuple[str, ...]
    """The fields of the server's object that a file can't declare."""
    problems: tuple[str, ...]
    """The fields that `ant apply` would not accept."""

    @property
    def text(self) -> str:
        """The content of the file."""
        return SCHEMA_LINE + to_yaml(encode(self.body))


def export(remote: Object) -> Exported:
    """Return the body with which a file declares the environment's current state."""
    there = declared_part(remote)
    config: Any = there.get("config")
    fields = ["description", "config", "metadata"]
    if isinstance(config, dict) and config.get("type") == "self_hosted":
        fields.append("scope")  # the API accepts it only for these
    body: dict[str, Any] = {field: there[field] for field in fields if field in there}
    unknown = [mistake.path for mistake in check(body) if mistake.known]
    for *around, name in unknown:
        part: Any = body
        for key in around:
            part = part[key]
        del part[name]
    if isinstance(config, dict) and isinstance(config.get("packages"), dict):
        config["packages"].pop("type", None)  # they need none
    body = {"name": there.get("name"), **declared_part(body)}
    left_out = tuple(".".join(map(str, path)) for path in unknown)
    return Exported(body, left_out, tuple(map(str, first_of(check(body)))))


def choose_file(folder: Path, remote: Object, taken: Collection[str]) -> Path:
    """Return a file name for an environment: based on its name, safe, and not taken.

    `taken` are names of files in lower case.
    """
    stem = safe_name(str(remote.get("name", ""))) or safe_name(str(remote.get("id", ""))) or ENVIRONMENT
    if kind_by_path(folder / "x.yaml") != ENVIRONMENT:
        stem = f"{ENVIRONMENT}_{stem}"
    number, name = 1, f"{stem}.yaml"
    while name.lower() in taken:
        number += 1
        name = f"{stem}-{number}.yaml"
    return folder / name


def safe_name(text: str) -> str:
    """Return a text as a file name that is safe on every system; empty if no character of it is safe."""
    safe = re.sub(r"[^\w.-]+", "-", unicodedata.normalize("NFC", text))
    name = safe.encode()[:_LONGEST_NAME].decode(errors="ignore").strip("-. ")
    return f"{name}_" if _RESERVED.fullmatch(name) else name
