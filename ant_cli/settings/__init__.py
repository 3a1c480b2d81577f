"""Settings and credentials: where each one comes from, and the profiles that store some.

Before they are loaded, the secrets in argv and the environment are registered, because any error may quote an
argument. `exposed_secrets` finds them. This module has few imports, because every command uses it, even
`ant --version`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ant_cli.runtime import variables
from ant_cli.runtime.secret_names import is_secret_name

_PREFIXES = ("ANTHROPIC_", "ANT_WORKER_", "ANT_EMULATOR_")
"""How the variables begin that may hold a secret of this program."""


def exposed_secrets(argv: Sequence[str], environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the secrets in the environment, in URLs, and after anything like a flag for a key or token."""
    own = {name: text for name, text in environ.items() if name.startswith(_PREFIXES)}
    yield from _named_secrets(own)
    yield from _typed_secrets(argv)
    proxies = (*variables.PROXIES, *map(str.upper, variables.PROXIES))
    urls = (environ.get(name, "") for name in (variables.BASE_URL, *proxies))
    yield from _url_secrets([*argv, *(arg.partition("=")[2] for arg in argv), *urls])


def secrets_in(values: Mapping[str, object]) -> Iterator[str]:
    """Yield the secrets among settings: those whose name says so, and the passwords in URLs."""
    texts = {name: str(value) for name, value in values.items()}
    yield from _named_secrets(texts)
    yield from _url_secrets(texts.values())


def _named_secrets(texts: Mapping[str, str]) -> Iterator[str]:
    return (text.strip() for name, text in texts.items() if is_secret_name(name))


def _typed_secrets(argv: Sequence[str]) -> Iterator[str]:
    for position, arg in enumerate(argv):
        for separator in "=:":
            name, found, value = arg.partition(separator)
            is_yaml = separator == ":" and value.startswith(" ")  # a value in YAML is data
            if found and is_secret_name(name) and not is_yaml:
                yield value.strip()
        asks_for_it = arg.lstrip("-") == "access-token" and "print-credentials" in argv
        if arg.startswith("-") and is_secret_name(arg) and not asks_for_it:
            yield from map(str.strip, argv[position + 1 : position + 2])


def _url_secrets(texts: Iterable[str]) -> Iterator[str]:
    urls = [text for text in texts if "@" in text]
    if urls:
        from ant_cli.runtime.redaction import url_secrets  # late: `--version` has no URL

        for url in urls:
            yield from url_secrets(url)
