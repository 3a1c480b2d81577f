"""What `ant` alone prints at a terminal: how to begin. In a pipe it prints the page of all commands."""

from __future__ import annotations

from ant_cli.runtime import Runtime

_FIRST_STEPS = """\
ant: the Managed Agents environments API at the command line.
Log in:                  ant auth login
Or try it offline:       ant --local beta:environments create --name demo
All commands and flags:  ant help
"""


def show_first_steps(runtime: Runtime) -> None:
    """Print the first steps."""
    runtime.stdout.write(_FIRST_STEPS.encode())
