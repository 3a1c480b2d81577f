"""The verifier of Windows and macOS, replaced by one that runs on every system."""

from __future__ import annotations

import contextlib
import ssl
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import trustme
from truststore import SSLContext


class SystemVerifier:
    """Trusts all servers. It takes the name of a server as the real ones do: only as a string."""

    def __init__(self) -> None:
        self.names: list[str] = []
        """Those that it was asked about."""
        self.rejects = False

    def verify(
        self, _context: ssl.SSLContext, _chain: list[bytes], *, server_hostname: str
    ) -> None:
        """Raise SSLCertVerificationError if the server is not trusted."""
        self.names.append(server_hostname.encode("ascii").decode())  # as truststore does on macOS
        if self.rejects:
            problem = ssl.SSLCertVerificationError()
            problem.verify_message = "unknown to this system"
            problem.verify_code = -67843  # errSecNotTrusted
            raise problem


def server_context(name: str) -> ssl.SSLContext:
    """Return the settings of a server whose certificate no other verifier trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(name).configure_cert(context)
    return context


@contextlib.contextmanager
def _unverified(context: ssl.SSLContext) -> Iterator[None]:
    """Leave all checks of a handshake to the verifier, as truststore does on Windows and macOS."""
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    yield
    context.verify_mode, context.check_hostname = ssl.CERT_REQUIRED, True


@pytest.fixture
def system_verifier(monkeypatch: pytest.MonkeyPatch) -> SystemVerifier:
    """Let the program verify certificates as on Windows and macOS, by a verifier of the test."""
    verifier = SystemVerifier()
    monkeypatch.setattr("ant_cli.http.trust.sys", SimpleNamespace(platform="darwin"))
    truststore = sys.modules[SSLContext.__module__]
    monkeypatch.setattr(truststore, "_configure_context", _unverified)
    monkeypatch.setattr(truststore, "_verify_peercerts_impl", verifier.verify)
    return verifier
