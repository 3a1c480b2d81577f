"""The operating system's credential store, where a profile may keep its key. Needs the package keyring."""

from __future__ import annotations

from ant_cli.errors import CredentialError
from ant_cli.runtime.extras import install_hint
from ant_cli.runtime.light_typing import Any
from ant_cli.runtime.shell import quote
from ant_cli.settings.profiles import KEYRING

_SERVICE = "ant"
"""The name of this program in the credential store."""


def read_key(reference: str, source: str) -> str:
    """Return the key that is stored under a reference.

    Raises:
        CredentialError: if it is not there, or the store can't be used.

    """
    secret: str | None = _call("get_password", reference)
    if secret is None:
        raise CredentialError(
            f"{source} is no longer in the operating system's credential store.",
            "Store it again: ant auth login --keyring --profile NAME",
        )
    return secret


def store_key(profile_name: str, secret: str) -> str:
    """Store a key, and return a new, unique reference to it.

    Raises:
        CredentialError: if the store can't be used.

    """
    from secrets import token_hex  # late: it imports hashing, and few runs store a key

    reference = f"{KEYRING}{profile_name}-{token_hex(4)}"
    _call("set_password", reference, secret)
    return reference


def check_store() -> None:
    """Check that a key can be stored, before the user enters one. The system may ask for a password.

    Raises:
        CredentialError: if the store can't be used.

    """
    _call("get_password", "")


def delete_keys(*values: object) -> None:
    """Delete the keys to which these values of a profile refer; other values, such as keys, are ignored.

    Raises:
        CredentialError: if some keys may still be there. All others are deleted.

    """
    left: list[str] = []
    problem = ""
    for value in values:
        if isinstance(value, str) and value.startswith(KEYRING):
            try:
                if _call("get_password", value) is not None:
                    _call("delete_password", value)
            except CredentialError as error:
                left.append(value.removeprefix(KEYRING))
                problem = error.message
    if left:
        by_hand = "".join(f"\n  keyring del {_SERVICE} {quote(entry)}" for entry in left)
        raise CredentialError(
            f"a key that was removed from the profiles may still be in the credential store: {problem}",
            f"To delete it there:{by_hand}",
        )


def _call(function: str, reference: str, *secret: str) -> Any:
    """Call a function of keyring for an entry. Raises CredentialError if there is no store, or it is locked."""
    try:
        import keyring
    except ImportError:
        raise CredentialError(
            "the operating system's credential store needs the package keyring.", install_hint("keyring")
        ) from None
    try:
        return getattr(keyring, function)(_SERVICE, reference.removeprefix(KEYRING), *secret)
    except Exception as error:  # noqa: BLE001 - each system's store has its own errors, and keyring passes them on
        why = str(error).rstrip(".!") or type(error).__name__
        raise CredentialError(
            f"the operating system's credential store can't be used: {why}.",
            "Without --keyring, `ant auth login` stores the key in the profiles file, which only you can read.",
        ) from None
