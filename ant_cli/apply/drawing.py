"""The plan and its result as text for people, and as Markdown for a pull request or the summary of a job.

Colour is only decoration: the text is complete without it.

Names and values come from files and from the server. In Markdown outside of code blocks, their punctuation is
written as character references, which are never syntax, and `<code>` keeps GitHub from making mentions and links of
them. Only a fence could end a code block, so the fence of each block is longer than any in its content.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from ant_cli.apply.comparison import FieldChange
from ant_cli.apply.lockfile import LockFile, ResourceOrigin, shown_path
from ant_cli.apply.plan import Known, Plan, Step
from ant_cli.input.values import Value, encode
from ant_cli.output.style import PLAIN
from ant_cli.runtime.sanitize import escape_breaks, markdown_code
from ant_cli.runtime.screen import cell_width

Paint = Callable[[str, str], str]
"""Returns a text in a style, such as `green`; unchanged if there is no colour."""

_SIGNS = {
    "create": ("+", "green"),
    "adopt": ("~", "yellow"),
    "update": ("~", "yellow"),
    "rename": ("~", "yellow"),
    "archive": ("-", "red"),
    "forget": ("-", "red"),
    "unchanged": (" ", "dim"),
}
"""The signs and colours of the labels of steps, in the order of the summary."""
_RESULT_SIGNS = {"failed": ("!", "red"), "blocked": ("!", "red"), "not started": (" ", "dim")}
_WIDEST_NAME = 60
_UNCHANGED_WORDS = 6
"""How many words of a long run without differences are shown."""
_SHORT_TEXT = 40
"""Longer texts are compared word by word."""
_MOST_COMPARED = 50_000
"""How many pairs of equal items are compared: the time grows with at least their number."""
_TO = " \u2192 "
_MOST_BYTES = 60_000
"""GitHub takes comments of 65,536 characters, and summaries of 1 MiB. The rest is for the text around the plan."""
_MOST_TABLE_BYTES = 20_000
_MOST_LIST_BYTES = 5_000
_MOST_DIFF_BYTES = 15_000
_MOST_CELL = 200
_MOST_LINE = 2_000

Redact = Callable[[str], str]
"""Hides secrets. It is called before the text is escaped or cut, because it would not find them in the result."""


def draw_plan(plan: Plan, lock: LockFile, paint: Paint, *, verbose: bool, with_fields: bool) -> str:
    """Return the plan: a line for each step with the fields that it changes, and a summary."""
    steps = plan.steps if verbose else plan.pending
    head = f"Preview  {shown_path(lock.path)}"
    if plan.steps and not lock.exists:
        head = f"First apply  {shown_path(lock.path)} does not exist yet and will be created"
    lines = [paint(head, "bold")]
    if steps:
        width = name_width(steps)
        lines += ["", paint(f"  \u00b1 {_pad('Name', width)}  Plan", "dim")]
        for step in steps:
            lines += draw_step(step, width, paint, with_fields=with_fields)
    return "\n".join([*lines, "", summary(plan, paint)])


def summary(plan: Plan, paint: Paint) -> str:
    """Return the summary: how many resources would be created, updated, and so on."""
    numbers = Counter(step.label for step in plan.steps)
    unchanged = numbers.pop("unchanged", 0)
    parts = [
        paint(f"{sign} {numbers[label]} to {label}", style)
        for label, (sign, style) in _SIGNS.items()
        if numbers[label]
    ]
    if unchanged:
        parts.append(f"{unchanged} unchanged")
    if plan.blocked:
        parts.append(paint(f"! {len(plan.blocked)} blocked", "red"))
    return "Resources  " + ("  ".join(parts) or "none")


def draw_result(step: Step, width: int, paint: Paint) -> str:
    """Return the line of a step that was carried out."""
    sign, colour = _RESULT_SIGNS.get(step.result) or _SIGNS[step.label]
    name = _pad(escape_breaks(step.name), width)
    return f"  {paint(sign, colour)} {name}  {paint(step.result, colour)} {escape_breaks(step.id)}".rstrip()


def name_width(steps: Sequence[Step]) -> int:
    """Return how many cells wide the column of the names is. A very long name does not widen the other lines."""
    return min(
        max((cell_width(escape_breaks(step.name)) for step in steps), default=0), _WIDEST_NAME
    )


def draw_target(origin: ResourceOrigin, profile: str) -> str:
    """Return where a plan changes something, as far as it is known."""
    labels = ("", "organization ", "workspace ", "profile ")
    known = [
        label + value for label, value in zip(labels, (*origin, profile), strict=True) if value
    ]
    return escape_breaks(", ".join(known))


def draw_step(step: Step, width: int, paint: Paint, *, with_fields: bool) -> Iterator[str]:
    """Yield the line of a step, and those of the fields that it changes; `with_fields` also those of a new one."""
    sign, colour = _SIGNS[step.label]
    file = f"{step.moved_from}{_TO}{step.key}" if step.moved_from else step.key
    about = "  ".join(escape_breaks(text) for text in (file, step.id) if text)
    yield f"  {paint(sign, colour)} {_pad(escape_breaks(step.name), width)}  {paint(step.label, colour)}  {about}"
    for change in step.changes if with_fields or step.action != "create" else ():
        yield from (f"      {line}" for line in draw_change(change, paint))
    if step.note:
        yield f"      {paint('note: ' + escape_breaks(step.note), 'dim')}"
    if step.blocked:
        yield f"      {paint('blocked: ' + escape_breaks(step.blocked), 'red')}"


def draw_change(change: FieldChange, paint: Paint) -> Iterator[str]:
    """Yield the lines of a field that differs: lists by element, long texts by word."""
    old, new, path = change.old, change.new, escape_breaks(change.path)
    if isinstance(old, list | None) and isinstance(new, list | None) and (old or new):
        yield f"{path}:"
        yield from (f"  {line}" for line in _list_lines(old or [], new or [], paint))
    elif isinstance(old, str) and isinstance(new, str) and max(len(old), len(new)) > _SHORT_TEXT:
        yield f"{path}: {_word_diff(old, new, paint)}"
    elif old is None or old == "":
        yield f"{paint('+', 'green')} {path}: {_shown_value(new)}"
    elif new is None or new == "":
        yield f"{paint('-', 'red')} {path}: {_shown_value(old)}"
    else:
        yield f"{path}: {paint(_shown_value(old), 'red')}{_TO}{paint(_shown_value(new), 'green')}"


def _list_lines(old: list[Value], new: list[Value], paint: Paint) -> Iterator[str]:
    """Yield the elements that are removed, added and moved, as the official tool shows them."""
    before, after = ([_shown_value(item, quoted=False) for item in items] for items in (old, new))
    old_positions = {item: position for position, item in reversed([*enumerate(before)])}
    new_items = set(after)
    for tag, i1, i2, j1, j2 in _differences(before, after):
        if tag == "equal":
            continue
        yield from (paint(f"- {item}", "red") for item in before[i1:i2] if item not in new_items)
        for position, item in enumerate(after[j1:j2], j1):
            if item in old_positions:
                yield f"[{old_positions[item]}\u2192{position}] {item} (moved)"
            else:
                yield paint(f"+ {item}", "green")


def _differences(before: list[str], after: list[str]) -> list[tuple[str, int, int, int, int]]:
    """Return the differences as `SequenceMatcher` does; a single one if there are too many equal items for it."""
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    i, j = len(before) - end, len(after) - end
    found = [("replace", start, i, start, j)]
    numbers = Counter(after[start:j])
    if sum(numbers[item] for item in before[start:i]) <= _MOST_COMPARED:
        matcher = SequenceMatcher(None, before[start:i], after[start:j], autojunk=False)
        found = [
            (tag, start + i1, start + i2, start + j1, start + j2)
            for tag, i1, i2, j1, j2 in matcher.get_opcodes()
        ]
    return [("equal", 0, start, 0, start), *found, ("equal", i, len(before), j, len(after))]


def _common(before: list[str], after: list[str]) -> int:
    """Return how many items are the same at the beginning."""
    differing = (at for at, (old, new) in enumerate(zip(before, after, strict=False)) if old != new)
    return next(differing, min(len(before), len(after)))


def _word_diff(old: str, new: str, paint: Paint) -> str:
    """Return a text with its differences marked: [-removed-]{+added+}."""
    before, after = re.findall(r"\S+|\s+", old), re.findall(r"\S+|\s+", new)
    parts = []
    for tag, i1, i2, j1, j2 in _differences(before, after):
        removed, added = escape_breaks("".join(before[i1:i2])), escape_breaks("".join(after[j1:j2]))
        if tag == "equal":
            parts.append(_shortened_run(before[i1:i2]))
            continue
        parts += [paint(f"[-{removed}-]", "red")] if removed else []
        parts += [paint(f"{{+{added}+}}", "green")] if added else []
    return "".join(parts)


def _shortened_run(words: Sequence[str]) -> str:
    if len(words) > 4 * _UNCHANGED_WORDS:
        words = [*words[: 2 * _UNCHANGED_WORDS], "\u2026", *words[-2 * _UNCHANGED_WORDS :]]
    return escape_breaks("".join(words))


def _shown_value(value: Value, *, quoted: bool = True) -> str:
    """Return a value on one line."""
    return escape_breaks(value if isinstance(value, str) and not quoted else encode(value).decode())


def _pad(text: str, width: int) -> str:
    return text + " " * (width - cell_width(text))


# Markdown


def plan_markdown(plan: Plan, known: Known, redact: Redact, *, verbose: bool) -> str:
    """Return the plan: its target, a summary, a table of the steps, and a folded diff for each."""
    steps = plan.steps if verbose else plan.pending
    parts = [
        f"### Plan for {_code(redact(shown_path(known.lock.path)))}",
        f"Target: {_code(redact(draw_target(known.origin, known.profile)))}",
        summary(plan, PLAIN.paint),
    ]
    lost = list(_fitting((f"- {_code(redact(key))}" for key in plan.lost), _MOST_LIST_BYTES))
    if lost:
        parts.append("\n".join(["In the lock file, but the file is gone:", "", *lost]))
    if steps:
        rows = [
            "| | Name | Plan | File |",
            "| --- | --- | --- | --- |",
            *(_row(step, redact) for step in steps),
        ]
        parts.append("\n".join(_fitting(rows, _MOST_TABLE_BYTES)))
    text = "\n\n".join(parts)
    details = (
        _details(step, redact) for step in steps if step.changes or step.note or step.blocked
    )
    return "\n\n".join([text, *_fitting(details, _MOST_BYTES - len(text.encode()))])


def _row(step: Step, redact: Redact) -> str:
    label = f"**{step.label}, blocked**" if step.blocked else step.label
    file = " to ".join(_code(redact(key)) for key in (step.moved_from, step.key) if key)
    return f"| {_SIGNS[step.label][0]} | {_code(redact(step.name))} | {label} | {file} |"


def _details(step: Step, redact: Redact) -> str:
    """Return what a step changes, folded."""
    lines = [f"! blocked: {step.blocked}"] if step.blocked else []
    lines += [f"# {step.note}"] if step.note else []
    lines += [line for change in step.changes for line in _diff(change)]
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
        for line in _list_lines(old or [], new or [], PLAIN.paint):
            yield f"{line[0]}   {line[2:]}" if line.startswith(("- ", "+ ")) else f"    {line}"
        return
    if old not in (None, ""):
        yield f"- {path}: {_shown_value(old)}"
    if new not in (None, ""):
        yield f"+ {path}: {_shown_value(new)}"


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
    return markdown_code(_cut(text, _MOST_CELL))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}\u2026 ({len(text)} characters)"
