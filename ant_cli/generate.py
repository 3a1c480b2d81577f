"""`python -m ant_cli.generate`: write what is generated into the working tree, scripts and reference."""

from __future__ import annotations

from pathlib import Path

from ant_cli.completion.scripts import SHELLS, script
from ant_cli.help.catalog import vocabulary
from ant_cli.help.reference_files import pages

ROOT = Path(__file__).parents[1]


def generated() -> dict[Path, str]:
    """Return the text of every generated file, by its path below the working tree."""
    root = vocabulary()
    scripts = {Path("completions", shell.file): script(name, root) for name, shell in SHELLS.items()}
    return scripts | {Path("ant_cli", "help", path): text for path, text in pages(root).items()}


def write(folder: Path = ROOT) -> None:
    """Write every generated file, and remove the pages of commands that no longer exist."""
    for page in folder.glob("ant_cli/help/man/*.1"):
        page.unlink()
    for path, text in generated().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8", newline="\n")


if __name__ == "__main__":
    write()
