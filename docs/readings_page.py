"""The page of our readings of the API: what rests on each, how to confirm it, and what was found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_FOLDER = Path(__file__).parents[1] / "tests" / "contract"
_START = """# Readings of the API

Where the API's reference says nothing, we have read something into it. These are the readings on which rules of
[the worker](worker-faults.md) rest, and those that only [the emulator](emulator.md#our-reading) follows.
`python docs/generate.py` writes this page from the files in `tests/contract/`.

## How to confirm them

One person with an account needs about an hour, most of it for what is done by hand.

1. Take a workspace for tests, with an API key, and create an agent there. `nox -s contract` sends it no message.
2. In the Console, create a self-hosted environment for this alone, and a key for it. It is archived at the end.
3. In a checkout, after `pip install -e '.[dev]'`:
   ```sh
   export ANTHROPIC_API_KEY=sk-ant-api03-...   # of the workspace
   export ANT_CONTRACT_AGENT=agent_01...
   export ANT_CONTRACT_ENVIRONMENT_ID=env_01... ANT_CONTRACT_ENVIRONMENT_KEY=sk-ant-oat01-...
   nox -s contract -- --record
   ```
   It prints for each reading whether it holds, deletes what it has created, and writes what it has found into
   `tests/contract/results.yaml`.
4. Do what the second table says *by hand*, and add the results to that file, in the same form.
5. Run `python docs/generate.py`, which puts the results into the last column, and commit both files. If a reading
   differs, open an issue: what rests on it may be wrong.
"""


def readings_page() -> str:
    """Return the page."""
    results: dict[str, Any] = _load("results.yaml") or {}
    worker, emulator = _load("worker.yaml"), _load("readings.yaml")
    lines = [_START, "## Readings of the worker", ""]
    lines += ["| reading | rests on it | confirmed |", "| --- | --- | --- |"]
    for row in worker:
        reading = row["reading"]
        lines.append(
            f"| {_cell(reading)} | {_cell(row['rule'])} | {_result(results.get(reading))} |"
        )
    lines += ["", "## Readings of the emulator", "", _summary(emulator), ""]
    lines += ["| reading | how | confirmed |", "| --- | --- | --- |"]
    lines += _emulator_rows(emulator, results)
    return "\n".join(lines) + "\n"


def _emulator_rows(readings: dict[str, Any], results: dict[str, Any]) -> Iterator[str]:
    for reading, steps in readings.items():
        how = steps if isinstance(steps, str) else _steps(len(steps))
        yield f"| {_cell(reading)} | {_cell(how)} | {_result(results.get(reading))} |"


def _summary(readings: dict[str, Any]) -> str:
    notes = [steps for steps in readings.values() if isinstance(steps, str)]
    by_hand = sum("by hand" in note.lower() for note in notes)
    never = sum(note.startswith("nothing can show") for note in notes)
    elsewhere = len(notes) - by_hand - never
    automatic = len(readings) - len(notes)
    return (
        f"Of {len(readings)}, `nox -s contract` shows {automatic}, and {elsewhere} more by readings of the worker; "
        f"{by_hand} are by hand, and nothing can show {never}."
    )


def _steps(count: int) -> str:
    return "a request" if count == 1 else f"{count} requests"


def _result(result: dict[str, str] | None) -> str:
    if result is None:
        return "not yet"
    shown = f"{result['result']}, {result['date']}"
    return f"{shown}: {_cell(result['why'])}" if "why" in result else shown


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("](#", "](emulator.md#")


def _load(name: str) -> Any:
    return yaml.safe_load((_FOLDER / name).read_text("utf-8"))
