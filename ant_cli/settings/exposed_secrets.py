"""Secrets in argv and the environment. They are registered first, because any error may quote an argument.

It has few imports, because every command does this, even `ant --version`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ant_cli.runtime import variables

_SECRET_NAMES = frozenset(
    (
        "accesstoken",
        "anthropicapikey",
        "anthropicauthtoken",
        "anthropicidentitytoken",
        "anthropickey",
        "anthropictoken",
        "apikey",
        "apitoken",
        "auth",
        "authkey",
        "authorization",
        "authtoken",
        "bearer",
        "environmentkey",
        "identitytoken",
        "key",
        "password",
        "secret",
        "secretkey",
        "token",
        "xapikey",
    )
)
"""Simplified names of flags, variables and headers whose value is a secret, whether `ant` has them or not."""
_DASHES = dict.fromkeys(map(ord, "-_\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}"))


def exposed_secrets(argv: Sequence[str], environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the secrets in the environment, in URLs, and after anything like a flag for a key or token."""
    for name in variables.SECRETS:
        yield environ.get(name, "").strip()
    for position, arg in enumerate(argv):
        name, separator, value = _split(arg)
        if _simplified(name) in _SECRET_NAMES:
            if separator:
                yield value.strip()
            elif arg.startswith("-") and not (arg == "--access-token" and "print-credentials" in argv):
                yield from argv[position + 1 : position + 2]
    proxies = (*variables.PROXIES, *map(str.upper, variables.PROXIES))
    urls = [text for text in (*argv, *map(environ.get, (variables.BASE_URL, *proxies))) if text and "@" in text]
    if urls:
        from ant_cli.runtime.redaction import url_secrets

        for url in urls:
            yield from url_secrets(url)


def _split(arg: str) -> tuple[str, str, str]:
    """Split an argument at its first = or colon. A colon before a space is YAML, whose values are data."""
    parts = (arg.partition("="), arg.partition(":"))
    return min(
        (part for part in parts if not part[2].startswith(" ")),
        key=lambda part: len(part[0]),
        default=(arg, "", ""),
    )


def _simplified(name: str) -> str:
    """Return a name in lower case, without dashes and underscores of any kind."""
    return name.lower().translate(_DASHES)
