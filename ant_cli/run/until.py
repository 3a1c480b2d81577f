"""`--until`: a request is sent again and again, until conditions hold for the response."""

from __future__ import annotations

import re
from collections.abc import Callable
from time import monotonic, sleep
from typing import NamedTuple

from ant_cli.errors import BadValue, NetworkError, UsageError, see_help
from ant_cli.http.response import Response
from ant_cli.operations.global_flags import EVERY, FOR, UNTIL
from ant_cli.operations.spec import Flags, Operation
from ant_cli.output.item_filter import Condition, make_condition
from ant_cli.output.printer import check_json
from ant_cli.output.progress import Progress
from ant_cli.runtime import Runtime

_EVERY_DEFAULT = "2s"
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|)", re.ASCII)
_UNIT_SECONDS = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


class Outcome(NamedTuple):
    """The last response, and the error to raise after it was printed, if the conditions did not hold in time."""

    response: Response
    error: NetworkError | None


class Waiting(NamedTuple):
    """What is waited for, and how."""

    condition: Condition
    every_s: float
    limit_s: float | None
    """None for no limit."""

    def wait(self, send: Callable[[], Response], progress: Progress, runtime: Runtime) -> Outcome:
        """Send the request until the conditions hold, or the time is up.

        Raises:
            ResponseError: if a response is not JSON.
            APIError, NetworkError: as the client does.

        """
        now, pause = runtime.now or monotonic, runtime.sleep or sleep
        end = None if self.limit_s is None else now() + self.limit_s
        while True:
            response = send()
            check_json(response.body)
            if self.condition(response.body):
                return Outcome(response, None)
            if end is not None and now() + self.every_s > end:
                problem = f"the condition of {UNTIL.flag} did not hold within {self.limit_s:g} s."
                return Outcome(response, NetworkError(problem))  # a time-out, to scripts
            with progress.waiting_for(f"the condition of {UNTIL.flag}"):
                pause(self.every_s)


def waiting_of(operation: Operation, flags: Flags, inputs: int) -> Waiting:
    """Return what is to be waited for.

    Raises:
        UsageError: if a flag has a value that can't be used, or needs --until, or there are several inputs.

    """
    if UNTIL.name not in flags:
        param = EVERY if EVERY.name in flags else FOR
        raise UsageError(f"{param.flag} needs {UNTIL.flag}.", see_help(operation.command))
    if inputs > 1:
        raise UsageError(f"{UNTIL.flag} waits for one object, but there are {inputs} inputs.")
    limit = flags.text(FOR.name)
    return Waiting(
        make_condition(UNTIL.flag, flags.list(UNTIL.name)),
        _seconds(EVERY.flag, flags.text(EVERY.name) or _EVERY_DEFAULT),
        None if limit is None else _seconds(FOR.flag, limit),
    )


def _seconds(flag: str, text: str) -> float:
    match = _DURATION.fullmatch(text)
    seconds = float(match[1]) * _UNIT_SECONDS[match[2]] if match else 0.0
    if not 0.01 <= seconds <= 10_000_000:
        raise BadValue(flag, f"must be a duration such as 500ms, 2s, 10m or 1h, got {text!r}")
    return seconds
