"""The names of flags, variables, headers and members whose value is a credential.

This module has no imports, because every command looks at the names of its arguments, even `ant --version`.
"""

from __future__ import annotations

MEMBERS = ("secret", "access_token", "refresh_token", "id_token")
"""The members of responses: the first of a work item, the others of a token exchange."""
_NAMES = frozenset(
    (
        *(
            "accesstoken",
            "apikey",
            "apitoken",
            "auth",
            "authkey",
            "authorization",
            "authtoken",
            "bearer",
        ),
        *(
            "cookie",
            "cookie2",
            "environmentkey",
            "identitytoken",
            "key",
            "password",
            "secret",
            "secretkey",
        ),
        *("token", "worksecret", "metadatakey", "antworkermetadatakey"),
    )
)
"""Simplified names of flags, variables and headers, whether `ant` has them or not."""
_DASHES = dict.fromkeys(map(ord, "-_\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}"))


def is_secret_name(name: str) -> bool:
    """Whether a flag, a variable, a header or a key of a profile with this name holds a credential."""
    return name.lower().translate(_DASHES).removeprefix("anthropic").removeprefix("x") in _NAMES
