"""`ant auth status` and `ant auth token`: show which credential is used and why, and print it for other tools."""

from __future__ import annotations

from ant_cli.commands.auth.status_report import auth_report, report_text
from ant_cli.commands.results import print_report
from ant_cli.help.tool_rows import PROFILE, REQUEST
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime
from ant_cli.settings.credentials import fetched, no_credential
from ant_cli.settings.loading import load
from ant_cli.settings.notes import note_ambiguous_credential
from ant_cli.settings.profiles import read_store


def status(runtime: Runtime, flags: Flags, *, check: bool = False) -> None:
    """Show every source of a credential, which one is used, and why. Exit 4 without a credential."""
    store = read_store(runtime)
    asked = flags.only((*PROFILE, *REQUEST))
    settings = load(runtime, asked, store)
    report = auth_report(settings, asked, runtime, store)
    print_report(runtime, flags, report_text(report), report.to_json())
    if report.problem:
        raise report.problem
    if check:
        from ant_cli.commands.auth.verification import verify  # late: needed only with --check

        verify(settings, runtime)


def token(runtime: Runtime, flags: Flags) -> None:
    """Print the credential in use, and nothing else, for other tools."""
    settings = load(runtime, flags)
    note_ambiguous_credential(settings.provenance, runtime)
    credential = settings.connection.credential
    if credential is None:
        raise no_credential(settings.connection.profile_name, runtime)
    if credential.rule is None:
        secret = fetched(credential, runtime).secret
    else:
        from ant_cli.http.client import access_token
        from ant_cli.output.api_error import rendered_errors

        with rendered_errors(settings.output, runtime.stderr):
            secret = access_token(settings.connection, runtime).secret
    runtime.stdout.write(secret.encode() + b"\n")
