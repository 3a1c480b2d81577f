"""GJSON: JSON as bytes, and paths into it. A library that uses nothing of this program except `light_typing`.

`parse` compiles a path, `apply` evaluates it; `json_text` handles JSON without paths.
"""

from __future__ import annotations

from ant_cli.runtime.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ant_cli.gjson.evaluate import apply
    from ant_cli.gjson.parser import BadPath, parse
    from ant_cli.gjson.steps import GJSONPath, plain_keys

__all__ = ["BadPath", "GJSONPath", "apply", "parse", "plain_keys"]

_HOMES = {
    "BadPath": "parser",
    "GJSONPath": "steps",
    "apply": "evaluate",
    "parse": "parser",
    "plain_keys": "steps",
}


def __getattr__(name: str) -> object:
    """Import names on first use: most runs need only `json_text`, and no paths."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ant_cli.runtime.late_import import import_named

    return import_named(f"{__name__}.{_HOMES[name]}:{name}")
