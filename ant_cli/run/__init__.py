"""One command of the API from start to finish: settings, requests, client, responses, output."""

from __future__ import annotations

from ant_cli.http.name_client import NameClient
from ant_cli.input.build import build_all
from ant_cli.input.request import Request
from ant_cli.operations.shared_flags import EVERY, FOR, UNTIL, WATCH
from ant_cli.operations.spec import Flags, Operation, Texts
from ant_cli.run.run_plan import RunPlan
from ant_cli.runtime import Runtime
from ant_cli.runtime.light_typing import TYPE_CHECKING
from ant_cli.runtime.sanitize import escape_controls
from ant_cli.settings.loading import load, note_credential_choice

if TYPE_CHECKING:
    from ant_cli.run.repetition import Repetition


def run(operation: Operation, fields: Texts, flags: Flags, runtime: Runtime) -> None:
    """Run an operation and print its result.

    `fields` are the texts that were given for the request.

    Raises:
        AntError: if it fails; the class of the error decides the exit code.

    """
    # 1. The settings. From here on, every secret among them is redacted.
    settings = load(runtime, flags, accepts=operation.accepts)

    # 2. The requests, and the plan of their output. Anything wrong is rejected here, before anything is sent.
    requests = build_all(operation, fields, flags, runtime)
    plan = RunPlan(operation, requests, flags, settings, runtime)
    repetition: Repetition | None = None
    if flags.of(WATCH) or any(param.name in flags for param in (UNTIL, EVERY, FOR)):
        from ant_cli.run.repetition import Repetition

        repetition = Repetition(plan, flags, runtime)
    if not requests.count:
        return
    if settings.dry_run:
        _print_dry_run(plan, runtime)
        return

    # 3. A note, if the user may have meant another credential or server.
    note_credential_choice(settings, runtime)

    # 4. Several inputs are several requests, and a watch repeats its request: both have their own modules.
    if requests.count > 1:
        from ant_cli.run.many import run_many

        run_many(plan, runtime)
    elif repetition and repetition.watches:
        repetition.watch()
    else:
        _run_one(plan, requests.first, repetition, runtime)


def _run_one(plan: RunPlan, request: Request, repetition: Repetition | None, runtime: Runtime) -> None:
    # 5. Ask for confirmation before a change that can't be undone.
    if plan.operation.is_final and not plan.confirmed:
        from ant_cli.runtime.confirmation import confirm

        ids = " ".join(request.path_params.values())
        name = f" ({request.object_name})" if request.object_name else ""
        confirm(f"{plan.operation.name.capitalize()} {ids}{name} {plan.where}?", runtime)

    # 6. The client. If the profile only refers to a secret, the client fetches it.
    with (
        NameClient(plan.settings.connection, runtime, plan.progress) as client,
        plan.hints.about(request, client),
    ):
        # 7. The response, or each page of a list, is printed as soon as it is complete.
        if repetition:
            repetition.print_awaited(client)
        elif plan.operation.paginated and not plan.printer.format.is_response:
            plan.printer.print_pages(plan.progress.count_items(plan.pages(client)))
        else:
            response = plan.send(client, request).response
            if response.status != 204:
                plan.printer.print_one(response.body)

    # 8. For people, a sentence that says what was done. Scripts use the exit status.
    if request.success_message and runtime.stdout.is_terminal:
        runtime.stderr.say(request.success_message)


def _print_dry_run(plan: RunPlan, runtime: Runtime) -> None:
    from ant_cli.http.debug_log import dry_run_text

    if plan.requests.count > 1 and not plan.settings.connection.debug:
        count = 0
        for request in plan.dry_run():
            count += 1
            parts = (plan.operation.name, *request.path_params.values(), request.object_name)
            body = runtime.stderr.redact_body(request.body if request.body and request.body != b"{}" else b"")
            line = runtime.stderr.redact("  ".join(filter(None, (*parts, body.decode(errors="replace")))))
            runtime.stdout.write(f"{escape_controls(line)}\n".encode())
        runtime.stderr.say(f"{count} request{'s' * (count != 1)} {plan.where}. --debug shows each of them in full.")
        return
    for number, request in enumerate(plan.dry_run()):
        text = runtime.stderr.redact_body(dry_run_text(request, plan.settings.connection))
        runtime.stdout.write(b"\n" * bool(number) + text)
