"""Measure what each library would add to a `retrieve`, and what the Typer tree adds to a `list`.

python benchmarks/libraries.py [--ant PATH] [--rounds N]

A library is imported before the same command runs, in alternation with runs without it. The README has the figures.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from run import HERE, RETRIEVE, Program, heading, in_turn, row, serving

LIBRARIES = {
    "Typer": "import typer",
    "httpx": "import httpx",
    "pydantic, with the emulator's models": "import ant_cli.emulator.models",
    "rich, for the widths of cells": "from rich.cells import cell_len",
    "rich, its console": "import rich.console",
    "msgspec": "import msgspec.json",
    "PyYAML": "import yaml",
    "tomli-w": "import tomli_w",
    "greenlet": "import greenlet",
}
RUN = "from ant_cli.__main__ import entry_point; entry_point()"
TREE = "from ant_cli.app import app; app()"


def of_libraries(python: str, url: str, rounds: int) -> None:
    """Print how much longer a `retrieve` takes with each library."""
    words = ["beta:environments", "retrieve", "env_1", "--base-url", url]
    programs = {"none": Program([python, "-c", RUN, *words])}
    for name, statement in LIBRARIES.items():
        programs[name] = Program([python, "-c", f"{statement}\n{RUN}", *words])
    runs = in_turn(programs, rounds)
    without = runs.pop("none").processor_s
    heading("A `retrieve` that imports a library, too", ("", "ms of the processor", "x"))
    row("without", f"{without * 1000:.0f}", "1.00")
    for name, run in runs.items():
        more = (run.processor_s - without) * 1000
        row(name, f"+{more:.0f}", f"{run.processor_s / without:.2f}")


def of_tree(python: str, url: str, rounds: int) -> None:
    """Print how long a `list` of one page takes by the command line, by the Typer tree, and by a script."""
    words = ["beta:environments", "list", "--format", "jsonl", "--base-url", f"{url}/20/20"]
    runs = in_turn(
        {
            "by the command line": Program([python, "-c", RUN, *words]),
            "by the Typer tree": Program([python, "-c", TREE, *words]),
            "`retrieve` as a script of 3 lines with httpx": Program([python, "-c", RETRIEVE, url]),
            "`python -c pass`": Program([python, "-c", "pass"]),
        },
        rounds,
    )
    first = next(iter(runs.values())).processor_s
    heading("A `list` of one page", ("", "ms of the processor", "x"))
    for name, run in runs.items():
        row(name, f"{run.processor_s * 1000:.0f}", f"{run.processor_s / first:.2f}")


def main() -> None:
    """Start the server, and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ant", default=str(HERE.parent / ".venv" / "bin" / "ant"), metavar="PATH")
    parser.add_argument("--rounds", type=int, default=15, metavar="N")
    options = parser.parse_args()
    python = str(Path(options.ant).with_name("python"))
    with serving() as url:
        of_libraries(python, url, options.rounds)
        of_tree(python, url, options.rounds)


if __name__ == "__main__":
    main()
