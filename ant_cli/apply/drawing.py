"""The plan and its result as text for people, and as Markdown for a pull request or the summary of a job.

Colour is only decoration: the text is complete without it.

Names and values come from files and from the server. In Markdown outside of code blocks, their punctuation is
written as character references, which are never syntax, and `<code>` keeps GitHub from making mentions and links of
them. Only a fence could end a code block, so the fence of each block is longer than any in its content.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from ant_cli.apply.comparison import FieldChange
from ant_cli.apply.redacted_plan import RedactedPlan, RedactedStep
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
"""How many words are shown at each end of a long run without differences."""
_SHORT_TEXT = 40
"""Longer texts are compared word by word."""
_MOST_COMPARED = 50_000
"""How many pairs of equal items are compared: the time grows with at least their number."""
_LIKE_JSON = re.compile(r'|["\[{].*|-?[0-9][0-9.eE+-]*|true|false|null')
"""A text that looks like another value, or like nothing."""
_TO = " \u2192 "
_MOST_BYTES = 60_000
"""GitHub takes comments of 65,536 characters, and summaries of 1 MiB. The rest is for the text around the plan."""
_MOST_TABLE_BYTES = 20_000
_MOST_LIST_BYTES = 5_000
_MOST_DIFF_BYTES = 15_000
_MOST_CELL = 200
_MOST_LINE = 2_000


def draw_plan(plan: RedactedPlan, paint: Paint, *, verbose: bool, with_fields: bool) -> str:
    """Return the plan: its target, a line for each step with the fields that it changes, and a summary."""
    steps = plan.steps_to_show(verbose=verbose)
    lines = [f"Target  {escape_breaks(plan.target)}", "", paint(_head_of(plan), "bold")]
    if steps:
        width = name_width(steps)
        lines += ["", paint(f"  \u00b1 {_pad('Name', width)}  Plan", "dim")]
        for step in steps:
            lines += draw_step(step, width, paint, with_fields=with_fields)
    return "\n".join([*lines, "", summary(plan, paint)])


def _head_of(plan: RedactedPlan) -> str:
    if plan.steps and not plan.lock_exists:
        return f"First apply  {plan.lock_path} does not exist yet and will be created"
    return f"Preview  {plan.lock_path}"


def summary(plan: RedactedPlan, paint: Paint) -> str:
    """Return the summary: how many resources would be created, updated, and so on."""
    numbers = Counter(step.label for step in plan.steps)
    unchanged = numbers.pop("unchanged", 0)
    blocked = sum(step.blocked is not None for step in plan.steps)
    parts = [
        paint(f"{sign} {numbers[label]} to {label}", style)
        for label, (sign, style) in _SIGNS.items()
        if numbers[label]
    ]
    if unchanged:
        parts.append(f"{unchanged} unchanged")
    if blocked:
        parts.append(paint(f"! {blocked} blocked", "red"))
    return "Resources  " + ("  ".join(parts) or "none")


def draw_result(step: RedactedStep, width: int, paint: Paint) -> str:
    """Return the line of a step that was carried out."""
    outcome = step.result or ""
    sign, colour = _RESULT_SIGNS.get(outcome) or _SIGNS[step.label]
    name = _pad(escape_breaks(step.name), width)
    result = paint(outcome, colour)
    return f"  {paint(sign, colour)} {name}  {result} {escape_breaks(step.id)}".rstrip()


def name_width(steps: Iterable[RedactedStep]) -> int:
    """Return how many cells wide the column of the names is. A very long name does not widen the other lines."""
    widest = max((cell_width(escape_breaks(step.name)) for step in steps), default=0)
    return min(widest, _WIDEST_NAME)


def draw_step(step: RedactedStep, width: int, paint: Paint, *, with_fields: bool) -> Iterator[str]:
    """Yield the line of a step, and those of the fields that it changes; `with_fields` also those of a new one."""
    sign, colour = _SIGNS[step.label]
    name = _pad(escape_breaks(step.name), width)
    about = "  ".join(escape_breaks(text) for text in (_file_of(step), step.id) if text)
    yield f"  {paint(sign, colour)} {name}  {paint(step.label, colour)}  {about}"
    if with_fields or not step.is_new:
        for change in step.changes:
            yield from (f"      {line}" for line in draw_change(change, paint))
    if step.note:
        yield f"      {paint('note: ' + escape_breaks(step.note), 'dim')}"
    if step.blocked:
        yield f"      {paint('blocked: ' + escape_breaks(step.blocked), 'red')}"


def _file_of(step: RedactedStep) -> str:
    return f"{step.moved_from}{_TO}{step.key}" if step.moved_from else step.key


def draw_change(change: FieldChange, paint: Paint) -> Iterator[str]:
    """Yield the lines of a field that differs: lists by element, long texts by word."""
    old, new = change.old, change.new
    path = escape_breaks(change.path)
    if _is_of_lists(change):
        yield f"{path}:"
        yield from (f"  {line}" for line in _list_lines(old, new, paint))
    elif isinstance(old, str) and isinstance(new, str) and _are_long(old, new):
        yield f"{path}: {_word_diff(old, new, paint)}"
    else:
        yield _value_line(path, old, new, paint)


def _value_line(path: str, old: Value, new: Value, paint: Paint) -> str:
    before, after = _shown_value(old), _shown_value(new)
    if _is_missing(old):
        return f"{paint('+', 'green')} {path}: {after}"
    if _is_missing(new):
        return f"{paint('-', 'red')} {path}: {before}"
    return f"{path}: {paint(before, 'red')}{_TO}{paint(after, 'green')}"


def _is_of_lists(change: FieldChange) -> bool:
    """Whether a list is compared with a list, or with nothing."""
    return isinstance(change.old, list | None) and isinstance(change.new, list | None)


def _are_long(old: str, new: str) -> bool:
    """Whether two texts are compared word by word. One that is empty is added or removed as a whole."""
    return max(len(old), len(new)) > _SHORT_TEXT


def _is_missing(value: Value) -> bool:
    return value is None or value == ""


def _list_lines(old: Any, new: Any, paint: Paint) -> Iterator[str]:
    """Yield the elements that are removed, added and moved, as the official tool shows them. None counts as []."""
    runs = [run for run in _differences(_elements(old), _elements(new)) if not run.is_equal]
    old_positions = _moves(runs)
    moved = set(old_positions.values())
    for run in runs:
        for position, item in enumerate(run.before, run.old_position):
            if position not in moved:
                yield paint(f"- {item}", "red")
        for position, item in enumerate(run.after, run.position):
            old_position = old_positions.get(position)
            if old_position is None:
                yield paint(f"+ {item}", "green")
            elif old_position != position:
                yield f"[{old_position}\u2192{position}] {item} (moved)"


def _moves(runs: Sequence[_Run]) -> dict[int, int]:
    """Return the old position of each element that left one place and came to another, by its new position."""
    left: dict[str, deque[int]] = {}
    for run in runs:
        for position, item in enumerate(run.before, run.old_position):
            left.setdefault(item, deque()).append(position)
    moves = {}
    for run in runs:
        for position, item in enumerate(run.after, run.position):
            if left.get(item):
                moves[position] = left[item].popleft()
    return moves


def _elements(items: Any) -> list[str]:
    return [_shown_element(item) for item in items or ()]


def _shown_element(item: Value) -> str:
    """Return an element on one line, so that no other looks the same. Most texts need no quotes for that."""
    if isinstance(item, str) and not _needs_quotes(item):
        return item
    return _shown_value(item)


def _needs_quotes(text: str) -> bool:
    if text.strip() != text or escape_breaks(text) != text:
        return True
    return _LIKE_JSON.fullmatch(text) is not None


class _Run(NamedTuple):
    """Items of a list, or words of a text, that are the same, or were replaced."""

    before: list[str]
    after: list[str]
    old_position: int
    """The index of the first item of `before`."""
    position: int
    """The index of the first item of `after`."""

    @property
    def is_equal(self) -> bool:
        """Whether nothing was replaced."""
        return self.before == self.after


def _differences(before: list[str], after: list[str]) -> Iterator[_Run]:
    """Yield the runs of two lists. Only what is between their common beginning and end is compared."""
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    old_end, new_end = len(before) - end, len(after) - end
    yield _Run(before[:start], after[:start], 0, 0)
    yield from _compared(before[start:old_end], after[start:new_end], start)
    yield _Run(before[old_end:], after[new_end:], old_end, new_end)


def _compared(before: list[str], after: list[str], start: int) -> Iterator[_Run]:
    """Yield the runs that `SequenceMatcher` finds; a single one if there are too many equal items for it."""
    if not _may_compare(before, after):
        yield _Run(before, after, start, start)
        return
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for _, i1, i2, j1, j2 in matcher.get_opcodes():
        yield _Run(before[i1:i2], after[j1:j2], start + i1, start + j1)


def _may_compare(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether so few items are equal that comparing them does not take long."""
    numbers = Counter(after)
    return sum(numbers[item] for item in before) <= _MOST_COMPARED


def _common(before: list[str], after: list[str]) -> int:
    """Return how many items are the same at the beginning."""
    for at, (old, new) in enumerate(zip(before, after, strict=False)):
        if old != new:
            return at
    return min(len(before), len(after))


def _word_diff(old: str, new: str, paint: Paint) -> str:
    """Return a text with its differences marked: [-removed-]{+added+}."""
    before, after = re.findall(r"\S+|\s+", old), re.findall(r"\S+|\s+", new)
    parts = []
    for run in _differences(before, after):
        if run.is_equal:
            parts.append(_shortened_run(run.before))
            continue
        removed = escape_breaks("".join(run.before))
        added = escape_breaks("".join(run.after))
        if removed:
            parts.append(paint(f"[-{removed}-]", "red"))
        if added:
            parts.append(paint(f"{{+{added}+}}", "green"))
    return "".join(parts)


def _shortened_run(words: Sequence[str]) -> str:
    shown = 2 * _UNCHANGED_WORDS  # the spaces between words count
    if len(words) > 2 * shown:
        words = [*words[:shown], "\u2026", *words[-shown:]]
    return escape_breaks("".join(words))


def _shown_value(value: Value) -> str:
    """Return a value on one line."""
    return escape_breaks(encode(value).decode())


def _pad(text: str, width: int) -> str:
    return text + " " * (width - cell_width(text))


# Markdown


def plan_markdown(plan: RedactedPlan, *, verbose: bool) -> str:
    """Return the plan: its target, a summary, a table of the steps, and a folded diff for each."""
    steps = plan.steps_to_show(verbose=verbose)
    parts = [
        f"### Plan for {_code(plan.lock_path)}",
        f"Target: {_code(plan.target)}",
        summary(plan, PLAIN.paint),
        *_lost_part(plan),
        *_table_part(steps),
    ]
    text = "\n\n".join(parts)
    details = (_details(step) for step in steps if step.changes or step.note or step.blocked)
    return "\n\n".join([text, *_fitting(details, _MOST_BYTES - len(text.encode()))])


def _lost_part(plan: RedactedPlan) -> Iterator[str]:
    if plan.lost:
        lost = _fitting((f"- {_code(key)}" for key in plan.lost), _MOST_LIST_BYTES)
        yield "\n".join(["In the lock file, but the file is gone:", "", *lost])


def _table_part(steps: Sequence[RedactedStep]) -> Iterator[str]:
    if steps:
        rows = ["| | Name | Plan | File |", "| --- | --- | --- | --- |", *map(_row, steps)]
        yield "\n".join(_fitting(rows, _MOST_TABLE_BYTES))


def _row(step: RedactedStep) -> str:
    label = f"**{step.label}, blocked**" if step.blocked else step.label
    file = " to ".join(_code(key) for key in (step.moved_from, step.key) if key)
    sign, _ = _SIGNS[step.label]
    return f"| {sign} | {_code(step.name)} | {label} | {file} |"


def _details(step: RedactedStep) -> str:
    """Return what a step changes, folded."""
    lines = [_cut(escape_breaks(line), _MOST_LINE) for line in _diff_of(step)]
    block = "\n".join(_fitting(lines, _MOST_DIFF_BYTES))
    longest = max((len(run) for run in re.findall("`+", block)), default=0)
    fence = "`" * max(3, longest + 1)
    head = f"<details><summary>{step.label} {_code(step.name)}</summary>"
    return f"{head}\n\n{fence}diff\n{block}\n{fence}\n\n</details>"


def _diff_of(step: RedactedStep) -> Iterator[str]:
    if step.blocked:
        yield f"! blocked: {step.blocked}"
    if step.note:
        yield f"# {step.note}"
    for change in step.changes:
        yield from _diff(change)


def _diff(change: FieldChange) -> Iterator[str]:
    """Yield the lines of a field as those of a diff, which begin with `-` or `+`."""
    if _is_of_lists(change):
        yield f"  {change.path}:"
        yield from map(_diff_line, _list_lines(change.old, change.new, PLAIN.paint))
        return
    if not _is_missing(change.old):
        yield f"- {change.path}: {_shown_value(change.old)}"
    if not _is_missing(change.new):
        yield f"+ {change.path}: {_shown_value(change.new)}"


def _diff_line(line: str) -> str:
    """Return the line of an element with its sign at the beginning."""
    if line.startswith(("- ", "+ ")):
        return f"{line[0]}   {line[2:]}"
    return f"    {line}"


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
    if len(text) <= most:
        return text
    return f"{text[:most]}\u2026 ({len(text)} characters)"
