"""`--until`: repeat a request until conditions hold for the response."""

from __future__ import annotations

from collections.abc import Callable
from time import sleep

from ant_cli.errors import NetworkError, UsageError, see_help
from ant_cli.http.response import Response
from ant_cli.operations.global_flags import EVERY, FOR, UNTIL, WATCH
from ant_cli.operations.spec import Flags, Operation
from ant_cli.output.item_filter import Condition, make_condition
from ant_cli.output.printer import check_json
from ant_cli.output.progress import Progress
from ant_cli.run.rhythm import Rhythm, rhythm_of
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import NamedTuple


class WaitResult(NamedTuple):
    """The last response, and the error to raise after printing it if the conditions did not hold in time."""

    response: Response
    error: NetworkError | None


class Waiting(NamedTuple):
    """What is waited for, and how."""

    condition: Condition
    rhythm: Rhythm

    def wait(self, send: Callable[[], Response], progress: Progress, runtime: Runtime) -> WaitResult:
        """Send the request until the conditions hold, or the time is up.

        Raises:
            ResponseError: if a response is not JSON.
            APIError, NetworkError: as the client does.

        """
        pause, is_up = runtime.sleep or sleep, self.rhythm.start(runtime)
        while True:
            response = send()
            check_json(response.body)
            if self.condition(response.body):
                return WaitResult(response, None)
            if is_up(self.rhythm.every_s):
                problem = f"the condition of {UNTIL.flag} did not hold within {self.rhythm.limit_s:g} s."
                return WaitResult(response, NetworkError(problem))  # a timeout, to scripts
            with progress.waiting_for(f"the condition of {UNTIL.flag}"):
                pause(self.rhythm.every_s)


def waiting_of(operation: Operation, flags: Flags, inputs: int, runtime: Runtime) -> Waiting:
    """Return what to wait for.

    Raises:
        UsageError: if a flag has a value that can't be used, or needs --until, or there are several inputs.

    """
    if UNTIL.name not in flags:
        param = EVERY if EVERY.name in flags else FOR
        needed = [needed.flag for needed in (UNTIL, WATCH) if needed in operation.params]
        raise UsageError(f"{param.flag} needs {' or '.join(needed)}.", see_help(operation.command))
    if inputs > 1:
        raise UsageError(f"{UNTIL.flag} waits for one object, but there are {inputs} inputs.")
    condition = make_condition(UNTIL.flag, flags.list(UNTIL.name), runtime.stderr.say)
    return Waiting(condition, rhythm_of(flags))
