"""Fetch a secret to which a profile only refers. A run that has its key already does not import this."""

from __future__ import annotations

from ant_cli.errors import BadValue, CredentialError
from ant_cli.runtime import Runtime
from ant_cli.settings.validators import check_new_secret


def fetch_secret(form: str, reference: str, source: str, runtime: Runtime) -> str:
    """Return the secret that `reference` refers to, and register it for redaction.

    Args:
        form: `command` if the reference is a command that prints the secret, `keyring` if it is an entry of the
            operating system's credential store.
        reference: The command, or the name of the entry.
        source: The profile's key, as messages name it.
        runtime: Its stderr redacts the secret; a command inherits its environment.

    Raises:
        CredentialError: if there is no secret, or it can't be used.

    """
    if form == "command":
        from ant_cli.settings.key_command import run_command

        secret = run_command(reference, source, runtime)
    else:
        from ant_cli.settings.credential_store import read_key

        secret = read_key(reference, source)
    runtime.stderr.register_secret(secret.strip())
    try:
        return check_new_secret(f"what {source} gives", secret)
    except BadValue as error:
        raise CredentialError(error.message, error.hint) from None
