"""Descriptions of network errors: what went wrong, what may help, and whether another attempt may succeed."""

from __future__ import annotations

import re
import socket

from ant_cli.http.transport import MalformedResponse
from ant_cli.http.wire import ConnectionClosed
from ant_cli.runtime.light_typing import NamedTuple

_UNTRUSTED = {
    9: "is not valid yet",
    10: "has expired",
    18: "is self-signed",
    19: "is from an issuer that is not known here",
    20: "is from an issuer that is not known here",
    21: "is from an issuer that is not known here",
    62: "is for another host name",
    64: "is for another address",
}
"""Descriptions of certificate problems, by OpenSSL's verification code."""
_TRUST = "To trust another certificate authority, set SSL_CERT_FILE to the file of its certificate."
_NOT_TLS = "Does the server speak TLS at this port? If it does not, the base URL begins with http://."
_CHECK_URL = "Check the base URL and the network."


class NetworkProblem(NamedTuple):
    """A network error as a message, with advice."""

    message: str
    """A part of a sentence, in lower case and without a full stop."""
    hint: str = ""
    permanent: bool = False
    """Every further attempt would fail, too."""


def describe_network_error(error: Exception) -> NetworkProblem:
    """Return what went wrong on the network."""
    if isinstance(error, socket.gaierror):
        return NetworkProblem("the host name is not known", _CHECK_URL)
    if isinstance(error, MalformedResponse):
        return NetworkProblem("the response is not valid HTTP", _CHECK_URL)
    if isinstance(error, ConnectionClosed):
        return NetworkProblem("the server closed the connection without sending a response")
    return NetworkProblem(_without_number(error))


def describe_handshake_error(error: Exception, timeout_s: float) -> NetworkProblem:
    """Return why client and server could not agree on TLS. Another attempt would fail, too."""
    import ssl

    if isinstance(error, ssl.SSLCertVerificationError):
        problem = _UNTRUSTED.get(error.verify_code, "is not trusted")
        why = error.verify_message.rstrip(".")
        return NetworkProblem(f"the server's certificate {problem} ({why})", _TRUST, permanent=True)
    if isinstance(error, TimeoutError):
        why = f"no reply within {timeout_s:g} s"
    elif isinstance(error, ssl.SSLError) and error.reason:
        why = error.reason.replace("_", " ").lower()
    else:
        why = _without_number(error)
    return NetworkProblem(f"the TLS handshake failed ({why})", _NOT_TLS, permanent=True)


def _without_number(error: Exception) -> str:
    """Return the message of an error without its number: `connection refused`."""
    text = re.sub(r"^\[(?:Errno|SSL)[^]]*\] ", "", str(error)) or type(error).__name__
    return text[:1].lower() + text[1:].rstrip(".")  # the rest may be an ID
