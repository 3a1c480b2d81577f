"""`--watch` in a pipe: a line of JSON for each change."""

from __future__ import annotations

from ant_cli.gjson import json_text
from ant_cli.output.differences import Change, Part, differences, item_parts, object_parts
from ant_cli.output.printer import Printer, Transform
from ant_cli.runtime.light_typing import TYPE_CHECKING
from ant_cli.settings.loading import OutputSettings

if TYPE_CHECKING:
    from ant_cli.output.progress import Progress
    from ant_cli.runtime import Runtime


class WatchLines:
    """Prints lines, each of which is complete."""

    def __init__(
        self, transform: Transform, output: OutputSettings, progress: Progress, runtime: Runtime, *, is_list: bool
    ) -> None:
        """Disable the progress line: it would get between the lines, which appear at any time."""
        progress.disable()
        self._runtime = runtime
        self._is_list = is_list
        self._transform = transform
        plain = output._replace(format="jsonl", columns="", transform="")
        self._printer = Printer(plain, runtime, is_list=True, may_page=False)
        self._parts: dict[str, Part[bytes]] = {}
        self._fails = False

    def show(self, values: list[bytes]) -> None:
        """Print the changes of a list, or an object that has changed; the first time, everything."""
        parts = (item_parts if self._is_list else object_parts)(values, self._transform)
        changes = differences(self._parts, parts)
        known = {**self._parts, **parts}
        self._parts, self._fails = parts, False
        if changes:
            self._printer.print_pages([[self._line(change, known[key].shown) for key, change in changes.items()]])

    def _line(self, change: Change, value: bytes) -> bytes:
        return b'{"change":%s,"item":%s}' % (json_text.quote(change), value) if self._is_list else value

    def failed(self, problem: str, delay_s: float) -> None:
        """Print a note, once for consecutive failures."""
        if not self._fails:
            self._runtime.stderr.say(f"Note: {problem.removesuffix('.')}. Asking again in {delay_s:g} s.")
        self._fails = True
