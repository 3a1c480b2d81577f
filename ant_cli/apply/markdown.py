"""The plan as Markdown, for a comment on a pull request or the summary of a job.

Names and values come from files and from the server. Outside of code blocks, their punctuation is written as
character references, in which Markdown finds no syntax, and `<code>` keeps GitHub from making them mentions and
links. Within a code block, only a fence could end it, so its own is longer than any in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from ant_cli.apply.comparison import FieldChange
from ant_cli.apply.drawing import (
    SIGNS,
    draw_target,
    list_lines,
    shown_value,
    summary,
    unpainted,
)
from ant_cli.apply.lockfile import shown_path
from ant_cli.apply.plan import Known, Plan, Step
from ant_cli.runtime.sanitize import escape_breaks

_MOST_BYTES = 60_000
"""GitHub takes comments of 65,536 characters, and summaries of 1 MiB. The rest is for the text around the plan."""
_MOST_TABLE_BYTES = 20_000
_MOST_LIST_BYTES = 5_000
_MOST_DIFF_BYTES = 15_000
_MOST_CELL = 200
_MOST_LINE = 2_000

Redact = Callable[[str], str]
"""Hides secrets. It is called before the text is escaped or cut: then it would no longer find them."""


def plan_markdown(plan: Plan, known: Known, redact: Redact, *, verbose: bool) -> str:
    """Return the plan: its target, a summary, a table of the steps, and a folded diff for each."""
    steps = plan.steps if verbose else plan.pending
    parts = [
        f"### Plan for {_code(redact(shown_path(known.lock.path)))}",
        f"Target: {_code(redact(draw_target(known.origin, known.profile)))}",
        summary(plan, unpainted),
        *_list("Left out, because they have mistakes:", known.left_out, redact),
        *_list("In the lock file, but the file is gone:", plan.lost, redact),
    ]
    if steps:
        rows = ["| | Name | Plan | File |", "| --- | --- | --- | --- |", *(_row(step, redact) for step in steps)]
        parts.append("\n".join(_fitting(rows, _MOST_TABLE_BYTES)))
    text = "\n\n".join(parts)
    details = (_details(step, redact) for step in steps if step.fields or step.note or step.blocked)
    return "\n\n".join([text, *_fitting(details, _MOST_BYTES - len(text.encode()))])


def _list(title: str, keys: Iterable[str], redact: Redact) -> Iterator[str]:
    lines = list(_fitting((f"- {_code(redact(key))}" for key in keys), _MOST_LIST_BYTES))
    if lines:
        yield "\n".join([title, "", *lines])


def _row(step: Step, redact: Redact) -> str:
    label = f"**{step.label}, blocked**" if step.blocked else step.label
    file = " to ".join(_code(redact(key)) for key in (step.moved_from, step.key) if key)
    return f"| {SIGNS[step.label][0]} | {_code(redact(step.name))} | {label} | {file} |"


def _details(step: Step, redact: Redact) -> str:
    """Return what a step changes, folded."""
    lines = [f"! blocked: {step.blocked}"] if step.blocked else []
    lines += [f"# {step.note}"] if step.note else []
    lines += [line for change in step.fields for line in _diff(change)]
    shown = [_cut(redact(escape_breaks(line)), _MOST_LINE) for line in lines]
    block = "\n".join(_fitting(shown, _MOST_DIFF_BYTES))
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", block))])
    head = f"<details><summary>{step.label} {_code(redact(step.name))}</summary>"
    return f"{head}\n\n{fence}diff\n{block}\n{fence}\n\n</details>"


def _diff(change: FieldChange) -> Iterator[str]:
    """Yield the lines of a field as those of a diff, which begin with `-` or `+`."""
    old, new, path = change.old, change.new, change.path
    if isinstance(old, list | None) and isinstance(new, list | None) and (old or new):
        yield f"  {path}:"
        for line in list_lines(old or [], new or [], unpainted):
            yield f"{line[0]}   {line[2:]}" if line.startswith(("- ", "+ ")) else f"    {line}"
        return
    if old not in (None, ""):
        yield f"- {path}: {shown_value(old)}"
    if new not in (None, ""):
        yield f"+ {path}: {shown_value(new)}"


def _fitting(parts: Iterable[str], most_bytes: int) -> Iterator[str]:
    """Yield as many parts as fit, and how many do not."""
    used = left = 0
    for part in parts:
        used += len(part.encode()) + 2
        if used <= most_bytes and not left:
            yield part
        else:
            left += 1
    if left:
        yield f"\n\u2026 and {left} more, which `ant diff` shows."


def _code(text: str) -> str:
    """Return a text in which Markdown finds no syntax."""
    shown = _cut(escape_breaks(text), _MOST_CELL)
    return "<code>" + re.sub(r"[!-,.:-@\[-`{-~]", lambda found: f"&#{ord(found[0])};", shown) + "</code>"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}\u2026 ({len(text)} characters)"
