"""Reading to the end of a file or of standard input."""

from __future__ import annotations

import os
from unittest.mock import Mock

from ant_cli.runtime.reading import read_limited
from tests.conftest import needs_posix


@needs_posix("pipes that do not block")
def test_a_non_blocking_pipe_without_data_is_waited_for():
    """Another process that shares the pipe has made it so."""
    reading, writing = os.pipe()
    os.close(writing)
    with open(reading, "rb") as pipe:  # noqa: PTH123 - a descriptor, not a path
        read = Mock(side_effect=[None, b"a", b""])
        assert (
            read_limited(Mock(fileno=pipe.fileno, isatty=lambda: False, read=read), "stdin") == b"a"
        )
