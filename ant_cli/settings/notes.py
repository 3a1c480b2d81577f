"""Notes that say which credential is used, for a user who may have meant another."""

from __future__ import annotations

from ant_cli.runtime import Runtime
from ant_cli.runtime.redaction import strip_userinfo
from ant_cli.settings.credentials import Provenance
from ant_cli.settings.loading import Settings
from ant_cli.settings.local_emulator import is_local


def note_credential_choice(settings: Settings, runtime: Runtime) -> None:
    """Print which credential is used, and for which server, if the user may have meant another."""
    if not is_local(settings.connection.base_url):
        clauses = (_ambiguity(settings.provenance), _namesake(settings, runtime), describe_destination(settings))
        _print_notes(runtime, *clauses)


def note_ambiguous_credential(provenance: Provenance, runtime: Runtime) -> None:
    """Print which credential is used if the user may have meant another, whatever the server."""
    _print_notes(runtime, _ambiguity(provenance))


def describe_destination(settings: Settings) -> str:
    """Return a clause that says which credential is sent to which server; empty if they come from one place."""
    credential, profile = settings.connection.credential, settings.provenance.profile
    if credential is None or not settings.crosses_origin:
        return ""
    of_profile = f"the {credential.noun} of profile {profile.name!r}"
    source = of_profile if credential.is_of_profile else credential.source
    server = strip_userinfo(settings.connection.base_url)
    return f"{source} is sent to {server} ({settings.provenance.sources['base_url']})"


def _ambiguity(provenance: Provenance) -> str:
    if not provenance.is_ambiguous:
        return ""
    sources = [credential.source for credential in provenance.credentials]
    return f"multiple auth sources ({', '.join(sources)}); using {sources[0]}"


def _namesake(settings: Settings, runtime: Runtime) -> str:
    """Return a clause if the official tool also has a profile with the name of the one in use."""
    profile, credential = settings.provenance.profile, settings.connection.credential
    if profile.official or credential is None or not credential.is_of_profile:
        return ""
    from ant_cli.settings.logins.configs import has_profile  # late: few runs get their key from a profile

    if not has_profile(profile.name, runtime.environ):
        return ""
    return f"the official tool has a profile {profile.name!r}, too; this program's is used"


def _print_notes(runtime: Runtime, *notes: str) -> None:
    if any(notes):
        runtime.hint(f"Note: {'; '.join(filter(None, notes))}. See: ant auth status")
