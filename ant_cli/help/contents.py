"""What the first help page says, without importing the rows of all commands."""

from __future__ import annotations

from ant_cli.help.topics import read_page

SUMMARY = "The Managed Agents environments API at the command line."
EXAMPLES = (
    ("try it here, without an account", "ant --local beta:environments create --name demo"),
    ("the environments of your organization", "ant beta:environments list"),
)
FIRST_STEPS = """\
ant: the Managed Agents environments API at the command line.
Log in:                  ant auth login
Or try it offline:       ant --local beta:environments create --name demo
All commands and flags:  ant help
"""
"""What `ant` alone prints at a terminal: how to begin. In a pipe it prints the page of all commands."""


def sections() -> dict[str, list[tuple[str, str]]]:
    """Return the top-level commands and groups, each with its summary, by section.

    They are read from a file that `docs/generate.py` writes from the rows.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    title = ""
    for line in read_page("contents.md").splitlines():
        if line.startswith("## "):
            title = line.removeprefix("## ")
        elif line.startswith("- `"):
            name, _, summary = line.removeprefix("- `").partition("`: ")
            found.setdefault(title, []).append((name, summary))
    return found
