"""The environments API on your own machine: `Emulator` is a WSGI application over one SQLite file."""

from ant_cli.emulator.app import Emulator
from ant_cli.emulator.errors import Disconnected, UnusableDatabase

__all__ = ["Disconnected", "Emulator", "UnusableDatabase"]
