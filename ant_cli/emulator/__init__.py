"""The environments API on your own machine: `Emulator` is a WSGI application with one SQLite file."""

from ant_cli.emulator.errors import Disconnected, UnusableDatabase
from ant_cli.emulator.wsgi_app import Emulator

__all__ = ["Disconnected", "Emulator", "UnusableDatabase"]
