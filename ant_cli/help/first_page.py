"""The help page of `ant` itself. It imports only the contents, not the rows of all commands."""

from __future__ import annotations

from ant_cli.help.contents import EXAMPLES, SUMMARY, TOPICS, sections
from ant_cli.help.layout import Layout, show
from ant_cli.runtime import Runtime

FLAGS = {"-v, --version": "Show the version.", "-h, --help": "Show help."}
_END = "Flags and examples: ant COMMAND --help. With the official ant: ant help official"


def first_page(layout: Layout) -> str:
    """Return the page."""
    parts = (
        f"{layout.heading('Usage')} ant COMMAND [FLAGS]",
        layout.paragraphs(SUMMARY),
        *(layout.section(title, commands) for title, commands in sections().items()),
        layout.section("Flags", FLAGS.items()),
        layout.examples(EXAMPLES),
        f"{layout.heading('Topics')} ant help TOPIC\n{layout.paragraphs(', '.join(TOPICS))}\n{_END}",
    )
    return "\n\n".join(parts) + "\n"


def show_first_page(runtime: Runtime) -> None:
    """Show the page."""
    show(first_page, runtime)
