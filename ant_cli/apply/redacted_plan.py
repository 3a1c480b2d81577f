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


class RedactedStep(NamedTuple):
    """A step without secrets. Made by `redact_step`."""

    label: str
    name: str
    id: str
    key: str
    moved_from: str | None
    changes: tuple[FieldChange, ...]
    note: str | None
    blocked: str | None
    result: str | None
    is_new: bool
    """Whether it creates an environment, of which every field is a change."""
    is_pending: bool
    """Whether it does something."""


class RedactedPlan(NamedTuple):
    """A plan without secrets. Made by `redact_plan`."""

    target: str
    """Where it changes something."""
    lock_path: str
    lock_exists: bool
    steps: tuple[RedactedStep, ...]
    lost: tuple[str, ...]

    def steps_to_show(self, *, verbose: bool) -> tuple[RedactedStep, ...]:
        """Return those that do something, or all."""
        return self.steps if verbose else tuple(step for step in self.steps if step.is_pending)


def redact_plan(plan: Plan, known: Known, redact: Redact) -> RedactedPlan:
    """Return a plan without secrets."""
    return RedactedPlan(
        redact(target_of(known)),
        redact(shown_path(known.lock.path)),
        known.lock.exists,
        tuple(redact_step(step, redact) for step in plan.steps),
        tuple(map(redact, plan.lost)),
    )


def redact_step(step: Step, redact: Redact) -> RedactedStep:
    """Return a step without secrets."""

    def redact_if_any(text: str | None) -> str | None:
        return None if text is None else redact(text)

    return RedactedStep(
        step.label,
        redact(step.name),
        redact(step.id),
        redact(step.key),
        redact_if_any(step.moved_from),
        tuple(_redact_change(change, redact) for change in step.changes),
        redact_if_any(step.note),
        redact_if_any(step.blocked),
        step.result,
        step.action == "create",
        step.action != "none",
    )


def _redact_change(change: FieldChange, redact: Redact) -> FieldChange:
    return FieldChange(
        tuple(map(redact, change.keys)),
        redact_values(change.old, redact),
        redact_values(change.new, redact),
    )


def target_of(known: Known) -> str:
    """Return where a plan changes something, as far as it is known."""
    facts = zip(_TARGET_LABELS, (*known.origin, known.profile), strict=True)
    return ", ".join(label + text for label, text in facts if text)
