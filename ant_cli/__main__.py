"""Run with `python -m ant_cli`."""

from ant_cli.main import entry_point

entry_point()
