"""The guard: keeps web pages away from a served emulator that accepts any key.

A browser on this machine can send requests to loopback for any page that it shows. Such a request can be recognized
by its `Host`, if the page's own name points to this machine (DNS rebinding), or by its `Origin` or
`Sec-Fetch-Site`, if the page is from elsewhere, as with a plain form. An emulator with a key needs no guard,
because pages don't know the key.
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from ant_cli.emulator.errors import EmulatorError
from ant_cli.runtime.light_typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

HOST = re.compile(
    r"(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[^\s:@/?#\[\]]+))(?::[0-9]*)?", re.ASCII | re.IGNORECASE
)
"""A host name or an address, and a port that doesn't matter."""
OWN_SITES = ("same-origin", "none")
"""The values of `sec-fetch-site` for requests that were not caused by another page."""


def refuse_browsers(environ: WSGIEnvironment, bound_host: str) -> None:
    """Reject a request that a web page may have caused.

    Raises:
        EmulatorError: status 403, if `Host` is neither loopback nor `bound_host`, or the origin is foreign.

    """
    host = environ.get("HTTP_HOST", "")
    if not _is_own(host, bound_host):
        raise EmulatorError(
            403, f"host: {host!r} is not this emulator; without a key it serves loopback addresses only."
        )
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None and origin.lower() != f"http://{host}".lower():
        raise EmulatorError(403, f"origin: {origin!r} is foreign; without a key no web page may use this emulator.")
    site = environ.get("HTTP_SEC_FETCH_SITE", "none")
    if site not in OWN_SITES:
        raise EmulatorError(
            403, f"sec-fetch-site: {site!r} is foreign; without a key no web page may use this emulator."
        )


def _is_own(host: str, bound_host: str) -> bool:
    parts = HOST.fullmatch(host)
    if parts is None:
        return False
    name = (parts["address"] or parts["name"]).lower()
    if name in ("localhost", bound_host.lower()):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
