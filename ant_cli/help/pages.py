"""Help pages: the catalog as text."""

from __future__ import annotations

from ant_cli.help.command_row import HELP, Command, argument_name, help_text
from ant_cli.help.contents import TOPICS, text_of
from ant_cli.help.layout import Layout
from ant_cli.operations.spec import Param
from ant_cli.settings.rows import GLOBAL_FLAGS

REQUIRED = "Required, also from stdin or --file"
BODY = "Fields, also from stdin or --file"
ARGUMENTS = "Arguments"
FLAGS = "Flags"
GLOBAL = "Global flags"


def command_page(command: Command, layout: Layout) -> str:
    """Return the help page of a command, or of a group."""
    arguments = ((argument_name(param), param.help) for param in command.arguments)
    parts = [
        f"{layout.heading('Usage')} {synopsis(command)}",
        layout.paragraphs(command.help),
        layout.section("Commands", ((item.path[-1], item.summary + ".") for item in command.subcommands)),
        "" if command.operation else layout.section(ARGUMENTS, arguments),
        *(layout.section(title, map(flag_row, flags)) for title, flags in flag_sections(command).items()),
        _global_flags(command, layout),
        "\n".join(map(layout.inline, command.notes.split("\n"))),
        layout.examples(command.examples),
        *_references(command),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def synopsis(command: Command) -> str:
    """Return the usage line of a command."""
    names = ["COMMAND"] if command.subcommands else []
    return " ".join(["ant", *command.path, *names, "[FLAGS]", *map(argument_name, command.arguments)])


def flag_sections(command: Command) -> dict[str, tuple[Param, ...]]:
    """Return the flags of a command by section: the required ones, those of the body, and the others."""
    operation = command.operation
    required = tuple(param for param in command.flags if operation and param.required)
    body = tuple(param for param in command.flags if param.location == "body" and param not in required)
    others = tuple(param for param in command.flags if param not in (*required, *body))
    return {REQUIRED: required, BODY: body, FLAGS: (*others, HELP)}


def flag_row(param: Param) -> tuple[str, str]:
    """Return a flag as typed, and its help."""
    return f"{', '.join(reversed(param.names))} {param.metavar}".rstrip(), help_text(param)


def topic_page(topic: str, layout: Layout) -> str:
    """Return the help page of a topic."""
    if topic == "flags":
        title = layout.paint(TOPICS[topic].removesuffix("."), "bold")
        return f"{title}\n\n{layout.section(GLOBAL, map(flag_row, GLOBAL_FLAGS))}\n"
    title, _, text = text_of(topic).removeprefix("# ").partition("\n")
    lines = [
        layout.heading(line.removeprefix("## ")) if line.startswith("## ") else layout.inline(line)
        for line in text.split("\n")
    ]
    return "\n".join([layout.paint(title, "bold"), *lines])


def _global_flags(command: Command, layout: Layout) -> str:
    """Return which global flags a command takes; `ant help flags` describes them."""
    if not command.global_flags:
        return ""
    if command.takes_all_global_flags:
        names = "--format, --transform, --profile, --local and others"
    else:
        names = ", ".join(param.flag for param in command.global_flags)
    lines = layout.paragraphs(f"{names} (`ant help flags`)")
    return f"{layout.heading(GLOBAL)}\n{lines}"


def _references(command: Command) -> list[str]:
    if command.subcommands:
        return [f"More examples: ant {command.full_name} COMMAND --help"]
    if command.operation:
        topics = (
            "ant help input, ant help output" if command.operation.has_body else "ant help output, ant help lists"
        )
        return [f"See also: {topics}, ant help exit-codes"]
    return []
