"""Settings and credentials: where each one comes from, and the profiles that store some.

Before they are loaded, the secrets in argv and the environment are registered, because any error may quote an
argument. `exposed_secrets` finds them. This module has few imports, because every command uses it, even
`ant --version`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ant_cli.runtime import variables
from ant_cli.runtime.secret_names import is_secret_name


def exposed_secrets(argv: Sequence[str], environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the secrets in the environment, in URLs, and after anything like a flag for a key or token."""
    for variable in environ:
        if variable.startswith(("ANTHROPIC_", "ANT_WORKER_", "ANT_EMULATOR_")) and is_secret_name(
            variable
        ):
            yield environ[variable].strip()
    for position, arg in enumerate(argv):
        for separator in "=:":
            name, found, value = arg.partition(separator)
            is_yaml = separator == ":" and value.startswith(" ")  # whose values are data
            if found and is_secret_name(name) and not is_yaml:
                yield value.strip()
        asks_for_it = arg.lstrip("-") == "access-token" and "print-credentials" in argv
        if arg.startswith("-") and is_secret_name(arg) and not asks_for_it:
            yield from map(str.strip, argv[position + 1 : position + 2])
    proxies = (*variables.PROXIES, *map(str.upper, variables.PROXIES))
    texts = (
        *argv,
        *(arg.partition("=")[2] for arg in argv),
        *map(environ.get, (variables.BASE_URL, *proxies)),
    )
    urls = [text for text in texts if text and "@" in text]
    if urls:
        from ant_cli.runtime.redaction import url_secrets

        for url in urls:
            yield from url_secrets(url)
