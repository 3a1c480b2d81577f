"""One operation from start to finish: settings, request, client, pages, output."""

from __future__ import annotations

from ant_cli.errors import AnswerError, AntError, APIError, OutputError
from ant_cli.gjson import json_text
from ant_cli.http.client import Client
from ant_cli.http.request_headers import headers_of
from ant_cli.input.request import Request, build
from ant_cli.operations.spec import Flags, Operation
from ant_cli.output.printer import Printer
from ant_cli.output.progress import Progress
from ant_cli.runtime import Runtime
from ant_cli.runtime.process import resume_gc
from ant_cli.runtime.redaction import secrets_of_url, without_password
from ant_cli.settings.loading import Settings, resolve, where_it_goes
from ant_cli.settings.local_emulator import is_local
from ant_cli.settings.profiles import read_store

IN_DOUBT = "This attempt, or one before it, may have succeeded. Check before you repeat it:"
CARRIED_OUT = "The server made the change anyway. To check:"


def run(operation: Operation, flags: Flags, runtime: Runtime) -> None:
    """Carry out an operation and print its result.

    Raises:
        AntError: if that can't be done; its kind decides the exit code.

    """
    settings = resolve(flags, runtime.environ, read_store(runtime))
    keep_secrets(settings, runtime)
    progress = Progress(runtime.stderr, runtime.environ)
    printer = Printer(settings, runtime, is_list=operation.paginated, before_pager=progress.end)
    request = build(operation, flags, runtime.stdin, runtime.stderr)
    if settings.dry_run:
        runtime.stdout.write(runtime.stderr.without_secrets(describe(request, settings)))
        return
    tell_of_competition(settings, runtime)
    settings = unlock(settings, runtime)
    with Client(settings, runtime, progress) as client:
        resume_gc()
        try:
            send_and_print(operation, request, settings, client, printer, progress)
        except APIError as error:
            from ant_cli.output.api_error import describe_error

            describe_error(error, settings, runtime.stderr)
            hint_at_lost_answer(error, operation, request, client)
            raise
        except AntError as error:
            hint_at_lost_answer(error, operation, request, client)
            raise
        except KeyboardInterrupt:
            if (client.in_flight or client.outcome_unknown) and (words := how_to_check(operation, request)):
                runtime.stderr.say(words)
            raise
    if request.success_message and runtime.stdout.is_terminal:  # scripts have the exit status
        runtime.stderr.say(request.success_message)


def send_and_print(
    operation: Operation,
    request: Request,
    settings: Settings,
    client: Client,
    printer: Printer,
    progress: Progress,
) -> None:
    """Send the request, or one for each page, and print what comes."""
    if operation.paginated and printer.format != "raw":
        from ant_cli.http.pagination import follow_pages

        pages = progress.counted(follow_pages(client, request, settings.max_items))
        if settings.slurp:
            printer.print_array(pages)
        else:
            printer.print_pages(pages)
        return
    response = client.send(request)
    if response.status != 204:
        printer.print_one(response.body)


def keep_secrets(settings: Settings, runtime: Runtime) -> None:
    """Never let a credential, or the password of a base URL, go to stderr."""
    for credential in settings.credentials:
        runtime.stderr.keep_secret(credential.secret)
    for secret in secrets_of_url(settings.base_url):
        runtime.stderr.keep_secret(secret)


def tell_of_competition(settings: Settings, runtime: Runtime) -> None:
    """Say which credential is used, and for which server, if the user may have meant another."""
    if is_local(settings.base_url):
        return
    notes = []
    if settings.credentials_compete:
        sources = ", ".join(credential.source for credential in settings.credentials)
        notes.append(f"multiple auth sources ({sources}); using {settings.credentials[0].source}")
    if settings.credential_strays:
        notes.append(where_it_goes(settings))
    if notes:
        runtime.hint(f"Note: {'; '.join(notes)}. See: ant auth status")


def unlock(settings: Settings, runtime: Runtime) -> Settings:
    """Return the settings with the secret that is used, which a profile may only refer to.

    Raises:
        CredentialError: if it can't be had.

    """
    credential = settings.credential
    if credential is None or credential.form == "text" or is_local(settings.base_url):
        return settings
    from ant_cli.settings.secrets import fetch

    secret = fetch(credential.form, credential.reference, credential.source, runtime)
    unlocked = credential._replace(secret=secret, form="text")
    return settings._replace(credentials=(unlocked, *settings.credentials[1:]))


def describe(request: Request, settings: Settings) -> bytes:
    """Return a request as it would be sent, with its secrets hidden; without a credential if there is none."""
    lines = [f"{request.method} {without_password(settings.base_url + request.target)}"]
    lines += [f"{name}: {value}" for name, value in headers_of(request, settings, attempt=0, hidden=True).items()]
    body = json_text.indent(request.body) + b"\n" if request.body is not None else b""
    return "\n".join([*lines, "", ""]).encode() + body


def hint_at_lost_answer(error: AntError, operation: Operation, request: Request, client: Client) -> None:
    """Add to the hint how to check for a change that this attempt, or an earlier one, may have made."""
    if client.outcome_unknown or isinstance(error, AnswerError | OutputError):
        fact = CARRIED_OUT if isinstance(error, OutputError) else IN_DOUBT
        error.hint = "\n".join(filter(None, (error.hint, how_to_check(operation, request, fact))))


def how_to_check(operation: Operation, request: Request, fact: str = IN_DOUBT) -> str:
    """Return how to find out whether a change was made; empty for operations that make none."""
    if not operation.check_command:
        return ""
    from shlex import quote

    look = operation.check_command.format(**{name: quote(text) for name, text in request.path_params.items()})
    return f"{fact} ant {look}"
