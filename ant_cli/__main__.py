"""The start of the process: until the program can catch an interrupt, Ctrl-C ends it without a traceback.

Before this module runs, Ctrl-C prints a traceback, which nothing can prevent: Python's own start, and the `re` that
some scripts of pip import, take a quarter of the start of a command.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # `signal` takes longer to import than this module and the next
import gc

TYPE_CHECKING = False  # `typing` takes as long to import as the rest of `ant --version`
if TYPE_CHECKING:
    from typing import NoReturn

_NEW_OBJECTS = 50_000
"""After this many new objects, the garbage collector runs. The start makes fewer; with the usual 700, collections
would take 5 % of it."""


def entry_point() -> NoReturn:
    """Run the command `ant`."""
    handler = _signal.getsignal(_signal.SIGINT)
    # if the parent process ignores SIGINT, it stays ignored
    if handler is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    gc.set_threshold(_NEW_OBJECTS)
    from ant_cli.main import run_process  # late: most of the start is the import of modules

    run_process(lambda: _signal.signal(_signal.SIGINT, handler))


if __name__ == "__main__":
    entry_point()
