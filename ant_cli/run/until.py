"""`--until`: repeat a request until conditions hold for the object, or for the whole list."""

from __future__ import annotations

from collections.abc import Callable

from ant_cli.errors import NetworkError, UsageError, see_help
from ant_cli.operations import fields_of
from ant_cli.operations.global_flags import EVERY, FOR, UNTIL, WATCH
from ant_cli.operations.spec import Flags, Operation
from ant_cli.output.conditions import Condition, make_condition
from ant_cli.output.progress import Progress
from ant_cli.run.rhythm import Rhythm, rhythm_of
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import NamedTuple

_IDLE = "idle"
"""The value of `--until` that waits until no item is in a busy state."""


class WaitResult(NamedTuple):
    """The last state, and the error to raise after printing it if the conditions did not hold in time."""

    values: list[bytes]
    error: NetworkError | None


class Waiting(NamedTuple):
    """What is waited for, and how."""

    condition: Condition
    description: str
    of_list: bool
    rhythm: Rhythm

    def wait(self, fetch: Callable[[], list[bytes]], progress: Progress, runtime: Runtime) -> WaitResult:
        """Fetch the items of a list, or an object, until the conditions hold, or the time is up.

        Raises:
            UsageError: if the conditions compare a field that does not exist.
            AntError: as `fetch` does.

        """
        is_up = self.rhythm.start(runtime)
        is_first = True
        while True:
            values = fetch()
            if self.condition(b"[" + b",".join(values) + b"]" if self.of_list else values[0]):
                return WaitResult(values, None)
            if is_up(self.rhythm.every_s):
                problem = f"it was not true within {self.rhythm.limit_s:g} s that {self.description}."
                return WaitResult(values, NetworkError(problem))  # a timeout, to scripts
            if is_first:
                runtime.stderr.say(f"Note: waiting until {self.description}.")
            is_first = False
            with progress.waiting_for(f"the condition of {UNTIL.flag}"):
                runtime.sleep(self.rhythm.every_s)


def waiting_of(operation: Operation, flags: Flags, inputs: int, runtime: Runtime) -> Waiting:
    """Return what to wait for.

    Raises:
        UsageError: if a flag has a value that can't be used, or needs --until, or there are several inputs.

    """
    if UNTIL.name not in flags:
        param = EVERY if EVERY.name in flags else FOR
        raise UsageError(f"{param.flag} needs {UNTIL.flag} or {WATCH.flag}.", see_help(operation.command))
    if inputs > 1:
        raise UsageError(f"{UNTIL.flag} waits for one object, but there are {inputs} inputs.")
    expressions, descriptions = list[str](), list[str]()
    for text in flags.list(UNTIL.name):
        if text == _IDLE and operation.busy_states:
            expressions += (f'#.state!="{state}"' for state in operation.busy_states)
            *states, last = operation.busy_states
            descriptions.append(f"no item is {', '.join(states)} or {last}")
        elif text == _IDLE:
            example = "For example: ant beta:environments:work list ENVIRONMENT_ID --until idle"
            raise UsageError(f"{UNTIL.flag} {_IDLE} is for lists of work items.", example)
        else:
            expressions.append(text)
            descriptions.append(text)
    condition = make_condition(
        UNTIL.flag,
        expressions,
        runtime,
        fields_of(operation.group),
        must_compare=True,
        of_list=operation.paginated,
    )
    return Waiting(condition, " and ".join(descriptions), operation.paginated, rhythm_of(flags))
