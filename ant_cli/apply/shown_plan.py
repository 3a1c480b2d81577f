"""A plan as it may be shown: without secrets, which the server may have put into any text.

Drawing takes nothing else. A text is redacted before it is escaped or cut, because a secret would not be found in
the result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ant_cli.apply.comparison import FieldChange
from ant_cli.apply.lockfile import shown_path
from ant_cli.apply.plan import Known, Plan, Step
from ant_cli.runtime.redaction import redact_values

Redact = Callable[[str], str]
"""Hides secrets."""
_TARGET_LABELS = ("", "organization ", "workspace ", "profile ")


class ShownStep(NamedTuple):
    """A step without secrets. Made by `show_step`."""

    label: str
    name: str
    id: str
    key: str
    moved_from: str
    changes: tuple[FieldChange, ...]
    note: str
    blocked: str
    result: str
    is_new: bool
    """Whether it creates an environment, of which every field is a change."""
    is_pending: bool
    """Whether it does something."""


class ShownPlan(NamedTuple):
    """A plan without secrets. Made by `show_plan`."""

    target: str
    """Where it changes something."""
    lock_path: str
    lock_exists: bool
    steps: tuple[ShownStep, ...]
    lost: tuple[str, ...]

    def steps_to_show(self, *, verbose: bool) -> tuple[ShownStep, ...]:
        """Return those that do something, or all."""
        return self.steps if verbose else tuple(step for step in self.steps if step.is_pending)


def show_plan(plan: Plan, known: Known, redact: Redact) -> ShownPlan:
    """Return a plan without secrets."""
    return ShownPlan(
        redact(target_of(known)),
        redact(shown_path(known.lock.path)),
        known.lock.exists,
        tuple(show_step(step, redact) for step in plan.steps),
        tuple(map(redact, plan.lost)),
    )


def show_step(step: Step, redact: Redact) -> ShownStep:
    """Return a step without secrets."""
    return ShownStep(
        step.label,
        redact(step.name),
        redact(step.id),
        redact(step.key),
        redact(step.moved_from),
        tuple(_shown_change(change, redact) for change in step.changes),
        redact(step.note),
        redact(step.blocked),
        step.result,
        step.action == "create",
        step.action != "none",
    )


def _shown_change(change: FieldChange, redact: Redact) -> FieldChange:
    return FieldChange(
        tuple(map(redact, change.keys)),
        redact_values(change.old, redact),
        redact_values(change.new, redact),
    )


def target_of(known: Known) -> str:
    """Return where a plan changes something, as far as it is known."""
    facts = zip(_TARGET_LABELS, (*known.origin, known.profile), strict=True)
    return ", ".join(label + text for label, text in facts if text)
