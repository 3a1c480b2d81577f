"""A small HTTP server for monitoring, in its own thread, with a function for each path."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6, SHUT_RDWR
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ant_cli.errors import AntError

_REQUEST_TIMEOUT_S = 10.0
_MOST_CONNECTIONS = 64
"""Each connection takes a file descriptor, and the worker needs those for its requests and handlers."""


class ServedPage(NamedTuple):
    """What is served."""

    status: int
    content_type: str
    body: bytes


def text_page(text: str, status: int = 200) -> ServedPage:
    """Return a page with a line of text."""
    return ServedPage(status, "text/plain; charset=utf-8", f"{text}\n".encode())


def json_page(value: object, status: int = 200) -> ServedPage:
    """Return a page with JSON."""
    return ServedPage(status, "application/json", json.dumps(value).encode())


Find = Callable[[str], ServedPage | None]
"""Returns the page of a path; None if there is no such page."""


class Listener(ThreadingHTTPServer):
    """Serves pages until it is closed."""

    daemon_threads = True
    request_queue_size = _MOST_CONNECTIONS

    def __init__(self, host: str, port: int, find: Find) -> None:
        """Listen. Raises AntError if this address can't be used."""
        self.address_family = AF_INET6 if ":" in host else AF_INET
        self._connections: dict[Any, None] = {}
        self._lock = threading.Lock()
        try:
            super().__init__((host, port), _handler_class(find))
        except (OSError, TypeError) as error:  # TypeError: a host name that can't be encoded
            why = getattr(error, "strerror", None) or "not an address"
            raise AntError(f"nothing can listen at {host}:{port}: {why.lower()}.") from None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """The base URL."""
        name, port = str(self.server_address[0]), self.server_address[1]
        return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"

    def close(self) -> None:
        """Stop serving."""
        self.shutdown()
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Handle a connection in a thread. If there are too many, the oldest is closed as unused."""
        with self._lock:
            self._connections[request] = None
            if len(self._connections) > _MOST_CONNECTIONS:
                oldest = next(iter(self._connections))
                del self._connections[oldest]
                with suppress(OSError):  # its client has left
                    oldest.shutdown(SHUT_RDWR)  # its thread closes it
        try:
            super().process_request(request, client_address)
        # no thread can be started: handlers have used up the processes of this user
        except RuntimeError:
            self.process_request_thread(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        with self._lock:
            self._connections.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, *_: object) -> None:
        """Log nothing: a scraper that disconnected is not worth a message."""


def _handler_class(find: Find) -> type[BaseHTTPRequestHandler]:
    class PageHandler(BaseHTTPRequestHandler):
        timeout = _REQUEST_TIMEOUT_S

        def do_GET(self) -> None:
            try:
                page = find(urlsplit(self.path).path) or text_page("There is nothing here.", 404)
            except Exception as error:  # noqa: BLE001 - a probe without a response says less than one with an error
                page = text_page(f"This page failed: {type(error).__name__}.", 500)
            self.send_response(page.status)
            self.send_header("content-type", page.content_type)
            self.send_header("content-length", str(len(page.body)))
            self.end_headers()
            with suppress(ConnectionError):  # the client has left
                self.wfile.write(page.body)

        def log_message(self, *_: object) -> None:
            """Log nothing: health checks come every few seconds."""

    return PageHandler
