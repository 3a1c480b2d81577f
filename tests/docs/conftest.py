"""What the pages about `ant apply` and the emulator are tested with."""

from tests.apply.conftest import team, url
from tests.emulator.conftest import database, served, threads

__all__ = ["database", "served", "team", "threads", "url"]
