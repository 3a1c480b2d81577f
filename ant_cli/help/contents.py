"""The top-level groups and commands of `ant` by purpose, each with a summary.

The first help page lists them, and their rows take their summaries from here.
"""

from __future__ import annotations

SUMMARY = "The Managed Agents environments API at the command line."
SECTIONS = {
    "Work with the API": {
        "beta:environments": "Manage environments, the templates for sandboxes.",
        "beta:environments:work": "Process the work queue of a self-hosted environment.",
        "beta:worker": "Run the work of a self-hosted environment.",
        "apply": "Create and update environments to match files.",
        "diff": "Show what `ant apply` would change.",
        "edit": "Change an environment in your editor.",
        "export": "Write environments to files that `ant apply` reads.",
        "schema": "Print JSON schemas, for editors and checks.",
    },
    "Log in, and switch between accounts": {
        "auth": "Log in, log out, and see which key is used and why.",
        "profile": "Manage profiles (named keys and settings).",
    },
    "Try and test without an account": {
        "emulator": "Run the built-in emulator of the API, and inject faults.",
    },
    "Get help": {
        "completion": "Print a shell completion script.",
        "help": "Show help on a topic, or on a command.",
    },
}
SUMMARIES = {name: summary for section in SECTIONS.values() for name, summary in section.items()}
"""What each top-level command or group does, in one sentence."""
NOTES = {
    "beta:environments:work": (
        "Workers call this themselves. By hand, use it to inspect a queue or to develop a worker."
    ),
}
"""Further text of the pages of a group's commands."""
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
