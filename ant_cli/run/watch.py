"""`--watch`: repeat a request, and show what has changed, on a screen or as lines of JSON."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

from ant_cli.errors import AntError, APIError, NetworkError, ResponseError, UsageError, exclude_each_other, see_help
from ant_cli.http.observer import Observer
from ant_cli.http.retries import RETRIED
from ant_cli.operations.formats import AUTO_LIST, AUTO_OBJECT
from ant_cli.operations.global_flags import UNTIL, WATCH
from ant_cli.operations.spec import Flags, Operation
from ant_cli.output.api_error import open_client
from ant_cli.output.printer import Transform
from ant_cli.output.terminal import detect_style
from ant_cli.output.watch_lines import WatchLines
from ant_cli.run.rhythm import Rhythm, rhythm_of
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from ant_cli.runtime.process import resume_gc
from ant_cli.settings.loading import OutputSettings, Settings

if TYPE_CHECKING:
    from ant_cli.output.watch_screen import Watched
    from ant_cli.run.run_plan import RunPlan

_LINE_FORMATS = ("json", "jsonl")
"""The formats of a watch that prints a line for each change."""


class Watch(NamedTuple):
    """What a watch was asked for."""

    rhythm: Rhythm
    on_screen: bool
    """Show the latest state on the screen; otherwise print a line for each change."""


class Display(Protocol):
    """Shows what a watch finds."""

    @property
    def observer(self) -> Observer:
        """Receives the waits that the client reports."""

    def show(self, values: list[bytes]) -> None:
        """Show a state: the items of a list, or an object."""

    def failed(self, problem: str, delay_s: float) -> None:
        """Report why there is no new state, and when the next request follows."""


def watch_of(operation: Operation, flags: Flags, inputs: int, settings: Settings, runtime: Runtime) -> Watch:
    """Return what to watch.

    Raises:
        UsageError: if a flag has a value that can't be used, or can't be combined with --watch.

    """
    if UNTIL.name in flags:
        raise exclude_each_other(UNTIL.flag, WATCH.flag, hint=see_help(operation.command))
    if settings.output.slurp:
        raise UsageError(f"--slurp prints at the end of a list, but {WATCH.flag} never ends.")
    if inputs > 1:
        raise UsageError(f"{WATCH.flag} watches one object, but there are {inputs} inputs.")
    on_screen = _is_shown_on_screen(operation, settings.output, runtime)
    if on_screen and settings.connection.debug and runtime.stderr.is_terminal:
        raise UsageError("--debug would write into the screen.", "Write it to a file: 2> debug.log")
    return Watch(rhythm_of(flags), on_screen)


def _is_shown_on_screen(operation: Operation, output: OutputSettings, runtime: Runtime) -> bool:
    """Whether the format is shown on the screen. Raises UsageError if it can't be watched."""
    can_redraw = runtime.stdout.can_redraw(runtime.environ)
    screen_format = AUTO_LIST if operation.paginated else AUTO_OBJECT
    name = output.format if output.format_source == "--format" else "auto"
    if output.columns.strip():
        name = AUTO_LIST
    if name == "auto":
        return can_redraw
    if name in _LINE_FORMATS:
        return False
    if name != screen_format or not can_redraw:
        screen = f"; at a terminal also {screen_format}"
        raise UsageError(f"{WATCH.flag} can't show the format {name}.", f"Formats: auto, json, jsonl{screen}.")
    return True


def run_watch(plan: RunPlan, watch: Watch, runtime: Runtime) -> None:
    """Send the request until the time is up, somebody interrupts it, or a change can't be printed any more.

    Raises:
        AntError: if the first request fails, or a later one fails and another attempt would fail, too.

    """
    with (
        _display(plan, watch, runtime) as display,
        open_client(plan.settings, runtime, display.observer) as client,
    ):
        resume_gc()
        _repeat(partial(plan.fetch, client), display, watch.rhythm, runtime)


def _display(plan: RunPlan, watch: Watch, runtime: Runtime) -> AbstractContextManager[Display]:
    output, progress, is_list = plan.settings.output, plan.progress, plan.operation.paginated
    transform = Transform("--transform", output.transform)
    style = detect_style(runtime)
    if not watch.on_screen or style is None:
        return WatchLines(transform, output, progress, runtime, is_list=is_list)
    from ant_cli.output.watch_screen import WatchedList, WatchedObject, WatchScreen

    shows_archived = plan.flags.is_on("include_archived")
    watched: Watched[Any] = WatchedObject(transform, style)
    if is_list:
        empty = plan.empty_message
        watched = WatchedList(
            transform, output.columns, runtime.stderr.say, shows_archived=shows_archived, empty=empty
        )
    return WatchScreen(watched, style, watch.rhythm.every_s, progress, runtime)


def _repeat(fetch: Callable[[], list[bytes]], display: Display, rhythm: Rhythm, runtime: Runtime) -> None:
    is_up, has_begun = rhythm.start(runtime), False
    while True:
        delay_s = rhythm.every_s
        try:
            display.show(fetch())
            has_begun = True
        except (APIError, NetworkError, ResponseError) as error:
            if not (has_begun and _may_pass(error)):
                raise
            delay_s = max(delay_s, error.retry_after_s if isinstance(error, APIError) else 0.0)
            display.failed(error.message, delay_s)
        if is_up(delay_s):
            return
        runtime.sleep(delay_s)


def _may_pass(error: AntError) -> bool:
    """Whether a later request may succeed even though the retries of this one failed."""
    return not isinstance(error, APIError) or error.status in RETRIED
