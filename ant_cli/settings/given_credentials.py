"""Credentials that are given with a command: on stdin, or as arguments, which other users can see."""

from __future__ import annotations

import codecs

from ant_cli.errors import BadValue, UsageError, exclude_each_other
from ant_cli.operations.spec import Flags, flag_name
from ant_cli.runtime import Runtime
from ant_cli.runtime.redaction import REDACTED
from ant_cli.settings.rows import ON_STDIN, SAFER
from ant_cli.settings.validators import check_new_secret, check_secret


def read_credentials(flags: Flags, runtime: Runtime) -> Flags:
    """Return the flags with a credential from stdin as the value of its flag.

    Other values that would be read from stdin are then missing, or a second reader is refused.

    Raises:
        UsageError: if stdin holds no usable credential, or another flag gives one, too.

    """
    wanted = [name for name in ON_STDIN if _is_on(flags, name)]
    if not wanted:
        return Flags({name: value for name, value in flags.items() if name not in ON_STDIN})
    conflicts = [flag_name(name) for name in (*wanted, ON_STDIN[wanted[0]]) if name in flags]
    if len(conflicts) > 1:
        raise exclude_each_other(*sorted(conflicts), hint=f"Use {conflicts[0]}.")
    secret = read_piped_secret(runtime, f"ant ... {flag_name(wanted[0])}")
    return flags.with_values(**{ON_STDIN[wanted[0]]: check_new_secret("the secret on stdin", secret)})


def read_piped_secret(runtime: Runtime, example: str) -> str:
    """Read a secret from stdin to its end, register it, and return it without surrounding white space.

    Raises:
        UsageError: if nothing is piped in, or it can't be a secret.

    """
    if not runtime.stdin.has_input:
        raise UsageError("nothing is piped in.", f"For example: {example} < FILE")
    secret = runtime.stdin.read().removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")
    runtime.stderr.register_secret(secret.strip())
    if secret.strip().startswith(("{", "[", '"')):  # a body, or a string that `jq` printed without `-r`
        raise BadValue("the secret on stdin", "must be bare, not JSON", f"For example: {example} < FILE")
    return check_secret("the secret on stdin", secret)


def note_typed_credential(flags: Flags, runtime: Runtime) -> None:
    """Print a note that other users can see a credential on the command line."""
    typed = [name for name in SAFER if flags.text(name)]
    if typed:
        runtime.hint(
            f"Note: other users of this machine can read the value of {flag_name(typed[0])}. "
            f"Safer: {SAFER[typed[0]]}."
        )


def _is_on(flags: Flags, name: str) -> bool:
    """Return the value of a boolean flag. Its text is not quoted: it may be the secret."""
    try:
        return flags.is_on(name)
    except BadValue:
        problem = f"must be true or false, got {REDACTED}"
    raise BadValue(flag_name(name), problem, "The secret is read from stdin.")
