"""Trust: which certificate authorities are trusted to identify a server."""

from __future__ import annotations

import os
import re
import ssl
import sys
from collections.abc import Mapping
from typing import NamedTuple

from ant_cli.errors import UsageError, os_error_text

BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # Alpine, BSD
)
"""Where systems keep their authorities, for Pythons whose bundled OpenSSL has other defaults."""
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
"""The file names by which OpenSSL looks up an authority in a folder."""


class Trust(NamedTuple):
    """A set of certificate authorities."""

    source: str
    """What it is, for the debug log."""
    file: str | None = None
    folder: str | None = None
    """A folder is faster than a file: its files are read only when a server names their authority."""


def _find_trust(environ: Mapping[str, str]) -> Trust | None:
    """Return the authorities to trust: those of the variables, else OpenSSL's, else certifi's.

    None stands for the operating system's own verifier, on Windows and macOS.
    """
    given = _given_trust(environ)
    if given:
        return given
    if sys.platform in ("win32", "darwin"):
        return None
    return _default_trust()


def _given_trust(environ: Mapping[str, str]) -> Trust | None:
    """Return the authorities that the variables name, if they name any."""
    file, folder = environ.get("SSL_CERT_FILE") or None, environ.get("SSL_CERT_DIR") or None
    names = [name for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if environ.get(name)]
    if not names:
        return None
    return Trust(f"{file or folder} ({' and '.join(names)})", file, folder)


def _default_trust() -> Trust:
    """Return the authorities of the operating system, where OpenSSL or other systems keep them; else certifi's."""
    defaults = ssl.get_default_verify_paths()
    folder = defaults.openssl_capath
    if _has_authorities(folder):
        return Trust(f"{folder} (operating system)", folder=folder)
    for bundle in (defaults.openssl_cafile, *BUNDLES):
        if os.path.isfile(bundle):
            return Trust(f"{bundle} (operating system)", file=bundle)
    import certifi

    file = certifi.where()
    return Trust(f"{file} (certifi: the operating system has none)", file=file)


def _has_authorities(folder: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(_HASHED.fullmatch(entry.name) for entry in entries)
    except OSError:
        return False


def describe_trust(environ: Mapping[str, str]) -> str:
    """Return where the certificate authorities come from, for the debug log."""
    trust = _find_trust(environ)
    return trust.source if trust else "the operating system's verifier"


def tls_context(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Return the TLS settings of a connection.

    Raises:
        UsageError: if SSL_CERT_FILE or SSL_CERT_DIR can't be used.

    """
    trust = _find_trust(environ)
    if trust is None:
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    folders = trust.folder.split(os.pathsep) if trust.folder else []
    if folders and not any(map(os.path.isdir, folders)):
        raise UsageError("SSL_CERT_DIR can't be used: there is no such folder.")
    try:
        context = ssl.create_default_context(cafile=trust.file, capath=trust.folder)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"SSL_CERT_FILE or SSL_CERT_DIR can't be used: {os_error_text(error)}."
        ) from None
    # A name constraint of the authority applies to subject alternative names only, so no other name counts.
    context.hostname_checks_common_name = False
    return context
