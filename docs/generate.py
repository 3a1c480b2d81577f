"""`python docs/generate.py`: write the generated files into the working tree: scripts, pages and a picture.

Two files are only completed: they get what a new field of an environment lacks there. One page has a table.
With `--check`, write nothing, and fail if a generated file is not current.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from completion_scripts import filled_template
from credential_tables import page_with_tables
from endings_table import page_with_endings
from manual_pages import first_page, manual_pages
from new_fields import page_with, schema_with
from readings_page import readings_page
from reference_pages import reference_pages
from session_picture import session_picture

from ant_cli.completion.scripts import FILES
from ant_cli.help.catalog import catalog
from ant_cli.operations.environments import CREATE

ROOT = Path(__file__).parents[1]
COMMAND = "python docs/generate.py"
HELP = Path("ant_cli", "help")
REFERENCE = Path("docs", "reference")
CREDENTIALS = Path("docs", "credentials.md")
COMPLETED = {
    Path("ant_cli", "input", "environment.schema.json"): schema_with,
    HELP / "topics" / "fields.md": page_with,
}


def generated() -> dict[Path, str]:
    """Return the content of every generated file, by its path in the working tree."""
    root = catalog()
    files = {HELP / "man" / f"{name}.1": text for name, text in manual_pages(root).items()}
    files |= {REFERENCE / name: text for name, text in reference_pages(root).items()}
    files[HELP / "first_page.md"] = first_page(root)
    files |= {
        Path("completions", name): filled_template(shell, root) for shell, name in FILES.items()
    }
    files[Path("docs", "readings.md")] = readings_page()
    files[Path("docs", "session.svg")] = session_picture()
    files[CREDENTIALS] = page_with_tables((ROOT / CREDENTIALS).read_text("utf-8"))
    faults = Path("docs", "worker-faults.md")
    files[faults] = page_with_endings((ROOT / faults).read_text("utf-8"))
    fields = CREATE.fields_in("body")
    return files | {
        path: complete(fields, (ROOT / path).read_text("utf-8"))
        for path, complete in COMPLETED.items()
    }


def stale(folder: Path = ROOT) -> list[Path]:
    """Return the paths of generated files that are missing or differ, and of pages without a command."""
    files = generated()
    present = {
        path: (folder / path).read_text("utf-8") for path in files if (folder / path).exists()
    }
    leftover = {path.relative_to(folder) for path in _pages(folder)} - files.keys()
    return sorted(leftover | {path for path, text in files.items() if present.get(path) != text})


def write(folder: Path = ROOT) -> None:
    """Write every generated file, and remove the pages of commands that no longer exist."""
    for page in _pages(folder):
        page.unlink()
    for path, text in generated().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8", newline="\n")


def main(arguments: Sequence[str] | None = None, folder: Path = ROOT) -> None:
    """Write the generated files, or with `--check` exit with the names of those that are not current."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="Write the generated files.")
    parser.add_argument(
        "--check", action="store_true", help="write nothing, and fail if one is not current"
    )
    if not parser.parse_args(arguments).check:
        write(folder)
    elif paths := stale(folder):
        sys.exit(f"Not current: {', '.join(map(str, paths))}\nTo write them: {COMMAND}")


def _pages(folder: Path) -> list[Path]:
    return [*(folder / HELP / "man").glob("*.1"), *(folder / REFERENCE).glob("*.md")]


if __name__ == "__main__":
    main()
