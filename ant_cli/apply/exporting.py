"""Environments on the server as files for `ant apply`. Data from the server is never trusted as a path."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from pathlib import Path

from ant_cli.apply.canonical import declared_part
from ant_cli.apply.kinds import ENVIRONMENT, kind_by_path
from ant_cli.apply.plan import Object
from ant_cli.apply.validation import mistakes_in, more_mistakes
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
    left_out: list[str] = []
    body: dict[str, Any] = {"name": there.get("name")}
    if "description" in there:
        body["description"] = there["description"]
    config = _known_part(there.get("config"), ("config",), left_out)
    if config:
        body["config"] = config
    if "metadata" in there:
        body["metadata"] = there["metadata"]
    if "scope" in there and isinstance(config, dict) and config.get("type") == "self_hosted":
        body["scope"] = there["scope"]  # the API accepts it only for these
    mistakes = mistakes_in(body)
    return Exported(body, tuple(left_out), (*map(str, mistakes.first), *more_mistakes(mistakes.more)))


def _known_part(value: Any, path: tuple[str, ...], left_out: list[str]) -> Any:
    """Return a config with only the fields that files may have."""
    from ant_cli.apply.environment_file import FIELDS

    if not isinstance(value, dict):
        return value
    branch = (*path, str(value.get("type")))
    model = FIELDS.get(path) or FIELDS.get(branch)
    inner = path if path in FIELDS else branch
    if model is None:
        return value
    known = {}
    for key, child in value.items():
        if key not in model.model_fields:
            left_out.append(".".join([*_without_types(path), key]))
        elif key != "type" or path not in FIELDS:  # packages need none
            known[key] = _known_part(child, (*inner, key), left_out)
    return {key: child for key, child in known.items() if child != {}}


def _without_types(path: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(step for step in path if step not in ("cloud", "self_hosted", "limited", "unrestricted"))


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
