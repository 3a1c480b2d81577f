"""The plan and its result as text for people. Colour is only decoration: the text is complete without it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher

from ant_cli.apply.comparison import FieldChange
from ant_cli.apply.execution import StepOutcome
from ant_cli.apply.lockfile import LockFile, ResourceOrigin, shown_path
from ant_cli.apply.plan import Plan, Step
from ant_cli.gjson.json_text import Number
from ant_cli.input.values import Value
from ant_cli.output.terminal import cell_width, detect_style
from ant_cli.runtime import Runtime
from ant_cli.runtime.sanitize import escape_breaks

Paint = Callable[[str, str], str]
"""Returns a text in a style, such as `green`; unchanged if there is no colour."""

SIGNS = {
    "create": ("+", "green"),
    "adopt": ("~", "yellow"),
    "update": ("~", "yellow"),
    "rename": ("~", "yellow"),
    "archive": ("-", "red"),
    "forget": ("-", "red"),
    "unchanged": (" ", "dim"),
}
"""The signs and colours of the labels of steps, in the order of the summary."""
_RESULT_SIGNS = {"failed": ("!", "red"), "not started": (" ", "dim")}
_WIDEST_NAME = 60
_SHORT_TEXT = 40
"""Longer texts are compared word by word."""
_UNCHANGED_WORDS = 6
"""How many words of a long run without differences are shown."""
_TO = " \u2192 "


def paint_for(runtime: Runtime) -> Paint:
    """Return the function that styles text for stdout."""
    style = detect_style(runtime)
    return style.paint if style else unpainted


def unpainted(text: str, _style: str) -> str:
    """Return a text unchanged."""
    return text


def draw_plan(plan: Plan, lock: LockFile, paint: Paint, *, verbose: bool, with_fields: bool) -> str:
    """Return the plan: a line for each step with the fields that it changes, and a summary."""
    steps = plan.steps if verbose else plan.pending
    head = f"Preview  {shown_path(lock.path)}"
    if not lock.exists:
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
        for label, (sign, style) in SIGNS.items()
        if numbers[label]
    ]
    if unchanged:
        parts.append(f"{unchanged} unchanged")
    if plan.blocked:
        parts.append(paint(f"! {len(plan.blocked)} blocked", "red"))
    return "Resources  " + ("  ".join(parts) or "none")


def draw_outcome(outcome: StepOutcome, width: int, paint: Paint) -> str:
    """Return the line of a step that was carried out."""
    sign, colour = _RESULT_SIGNS.get(outcome.result) or SIGNS[outcome.step.label]
    name = _pad(escape_breaks(outcome.step.name), width)
    return f"  {paint(sign, colour)} {name}  {paint(outcome.result, colour)} {escape_breaks(outcome.id)}".rstrip()


def name_width(steps: Sequence[Step]) -> int:
    """Return how many cells wide the column of the names is. A very long name does not widen the other lines."""
    return min(max((cell_width(escape_breaks(step.name)) for step in steps), default=0), _WIDEST_NAME)


def draw_target(origin: ResourceOrigin, profile: str) -> str:
    """Return where a plan changes something, as far as it is known."""
    labels = ("", "organization ", "workspace ", "profile ")
    known = [label + value for label, value in zip(labels, (*origin, profile), strict=True) if value]
    return escape_breaks(", ".join(known))


def draw_step(step: Step, width: int, paint: Paint, *, with_fields: bool) -> Iterator[str]:
    """Yield the line of a step, and those of the fields that it changes; `with_fields` also those of a new one."""
    sign, colour = SIGNS[step.label]
    file = f"{step.moved_from}{_TO}{step.key}" if step.moved_from else step.key
    about = "  ".join(escape_breaks(text) for text in (file, step.id) if text)
    yield f"  {paint(sign, colour)} {_pad(escape_breaks(step.name), width)}  {paint(step.label, colour)}  {about}"
    for change in step.fields if with_fields else step.changes:
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
        yield from (f"  {line}" for line in list_lines(old or [], new or [], paint))
    elif isinstance(old, str) and isinstance(new, str) and max(len(old), len(new)) > _SHORT_TEXT:
        yield f"{path}: {_word_diff(old, new, paint)}"
    elif old is None or old == "":
        yield f"{paint('+', 'green')} {path}: {shown_value(new)}"
    elif new is None or new == "":
        yield f"{paint('-', 'red')} {path}: {shown_value(old)}"
    else:
        yield f"{path}: {paint(shown_value(old), 'red')}{_TO}{paint(shown_value(new), 'green')}"


def list_lines(old: list[Value], new: list[Value], paint: Paint) -> Iterator[str]:
    """Yield the elements that are removed, added and moved."""
    before, after = (
        [shown_value(item, quoted=False) for item in old],
        [shown_value(item, quoted=False) for item in new],
    )
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        yield from (paint(f"- {item}", "red") for item in before[i1:i2] if item not in after)
        for position, item in enumerate(after[j1:j2], j1):
            if item in before:
                yield f"[{before.index(item)}\u2192{position}] {item} (moved)"
            else:
                yield paint(f"+ {item}", "green")


def _word_diff(old: str, new: str, paint: Paint) -> str:
    """Return a text with its differences marked: [-removed-]{+added+}."""
    before, after = re.findall(r"\S+|\s+", old), re.findall(r"\S+|\s+", new)
    parts = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        gone, come = escape_breaks("".join(before[i1:i2])), escape_breaks("".join(after[j1:j2]))
        if tag == "equal":
            parts.append(_shortened_run(before[i1:i2]))
            continue
        parts += [paint(f"[-{gone}-]", "red")] if gone else []
        parts += [paint(f"{{+{come}+}}", "green")] if come else []
    return "".join(parts)


def _shortened_run(words: Sequence[str]) -> str:
    if len(words) > 4 * _UNCHANGED_WORDS:
        words = [*words[: 2 * _UNCHANGED_WORDS], "\u2026", *words[-2 * _UNCHANGED_WORDS :]]
    return escape_breaks("".join(words))


def shown_value(value: Value, *, quoted: bool = True) -> str:
    """Return a value on one line."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, str) and not quoted:
        return escape_breaks(value)
    return escape_breaks(json.dumps(value, ensure_ascii=False, default=lambda number: number.text))


def _pad(text: str, width: int) -> str:
    return text + " " * (width - cell_width(text))
