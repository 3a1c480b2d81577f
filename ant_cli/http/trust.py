"""Trust: which certificate authorities vouch for a server."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping

from ant_cli.errors import UsageError


def tls_context(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Return the TLS settings, from the same variables as httpx. UsageError if they can't be used."""
    file, folder = environ.get("SSL_CERT_FILE"), environ.get("SSL_CERT_DIR")
    if not file and not folder:
        import certifi

        file = certifi.where()
    folders = folder.split(os.pathsep) if folder else []
    if folders and not any(map(os.path.isdir, folders)):
        raise UsageError("SSL_CERT_DIR can't be used: there is no such folder.")
    try:
        return ssl.create_default_context(cafile=file or None, capath=folder or None)
    except (OSError, ValueError) as error:
        raise UsageError(f"SSL_CERT_FILE or SSL_CERT_DIR can't be used: {error}.") from None
