"""Objects that rows name by text, so that their modules are imported only when they are used."""

from __future__ import annotations

import sys

from ant_cli.runtime.light_typing import Any


def import_named(path: str) -> Any:
    """Return the object that `package.module:name` names, and import its module.

    `importlib.import_module` would do, but `importlib` imports `warnings`, which help and usage errors do without.
    """
    module, _, name = path.partition(":")
    __import__(module)
    return getattr(sys.modules[module], name)
