"""`ant edit`: change an environment in the user's editor."""

from __future__ import annotations

from contextlib import suppress

from ant_cli.apply import server
from ant_cli.apply.drawing import draw_step, name_width, paint_for
from ant_cli.apply.edit_session import EditSession
from ant_cli.apply.editor import choose_editor, edited_file
from ant_cli.apply.exporting import safe_name
from ant_cli.apply.kinds import ENVIRONMENT
from ant_cli.apply.plan import Object, Step
from ant_cli.commands.lock_session import connected
from ant_cli.commands.results import wants_structured
from ant_cli.http.client import Client
from ant_cli.input.values import Value, encode
from ant_cli.operations.spec import Flags
from ant_cli.output.printer import Printer
from ant_cli.run.hints import hints_on_404, target_flags
from ant_cli.runtime import Runtime
from ant_cli.settings.loading import output_settings


def edit(runtime: Runtime, flags: Flags, *, environment_id: str, dry_run: bool = False) -> None:
    """Open an environment in the editor, and send the changes."""
    command = choose_editor(runtime)
    is_data = wants_structured(flags)
    printer = Printer(output_settings(flags), runtime, is_list=False)

    def show(step: Step, update: dict[str, Value]) -> None:
        if not is_data:
            _show_plan(step, runtime)
        elif dry_run:
            printer.print_one(encode(update))

    with connected(flags, runtime, 1) as (workers, _):
        client = workers.client
        remote = _read(client, environment_id, flags)
        with edited_file(f"{safe_name(environment_id) or ENVIRONMENT}.yaml", command, runtime) as file:
            edited = EditSession(remote, file, client, runtime.stderr, show, dry_run=dry_run).run()
    if edited is None:
        return
    if is_data:
        printer.print_one(encode(edited))
    runtime.stderr.say(f"Updated {edited['id']}.")


def _read(client: Client, environment_id: str, flags: Flags) -> Object:
    """Return the environment. If a name was given instead of an ID, the error names the ID."""
    with hints_on_404(environment_id, client, lambda found_id: f"ant edit {found_id}{target_flags(flags)}"):
        return server.read(client, environment_id)


def _show_plan(step: Step, runtime: Runtime) -> None:
    lines = draw_step(step, name_width([step]), paint_for(runtime), with_fields=False)
    with suppress(BrokenPipeError):  # what the user has written is sent, whether or not anybody reads this
        runtime.stdout.write(("\n".join(lines) + "\n").encode(), escape=False)
