"""Objects that rows name by text, so that their modules are imported only when they are used."""

from __future__ import annotations

import sys
from collections.abc import Callable

from ant_cli.runtime.light_typing import Any


def import_function(path: str) -> Callable[..., Any]:
    """Return the function that `package.module:function` names, and import its module.

    `importlib.import_module` would do, but `importlib` imports `warnings`, which nothing else needs at a start.
    """
    module, _, name = path.partition(":")
    __import__(module)
    function: Callable[..., Any] = getattr(sys.modules[module], name)
    return function
