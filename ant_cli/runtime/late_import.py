"""Objects that rows refer to by name, so that their modules are imported only when they are used."""

from __future__ import annotations

import sys

from ant_cli.runtime.light_typing import Any


def import_named(path: str) -> Any:
    """Return the object that `package.module:name` names, and import its module.

    `importlib.import_module` would work, but it imports `warnings`, which help and usage errors don't need.
    """
    module, _, name = path.partition(":")
    __import__(module)
    return getattr(sys.modules[module], name)
