"""A loopback server that looks like the API to `ant`, with one environment, and lists of any length.

python server.py [--items 10000] [--page-size 100] [--delay-ms 0] [--tls FILE]

Prints its base URL and serves until it is killed. `/v1/environments` is a list in pages. The base URL may
have the path `/N/SIZE`, which means N items in pages of SIZE. Responses are built once and kept, so that the
client is what is measured.
"""

from __future__ import annotations

import argparse
import functools
import json
import socketserver
import ssl
import time
from urllib.parse import parse_qs, urlsplit

OPTIONS = argparse.Namespace(items=10_000, page_size=100, delay_ms=0, tls=None)


def environment(number: int) -> dict[str, object]:
    """Return an environment in the form of the API, about 700 bytes of JSON."""
    return {
        "id": f"env_{number:024d}",
        "archived_at": None,
        "config": {
            "networking": {
                "allow_mcp_servers": False,
                "allow_package_managers": True,
                "allowed_hosts": ["api.example.com", "*.example.org"],
                "type": "limited",
            },
            "packages": {
                "apt": ["curl"],
                "cargo": [],
                "gem": [],
                "go": [],
                "npm": ["express@4.18.0"],
                "pip": ["pandas==2.2.0", "numpy"],
                "type": "packages",
            },
            "type": "cloud",
        },
        "created_at": "2026-03-15T10:00:00.000000Z",
        "description": f"Environment {number}, with packages for data analysis.",
        "metadata": {"team": "data", "number": str(number)},
        "name": f"environment-{number}",
        "type": "environment",
        "updated_at": "2026-03-15T10:00:00.000000Z",
        "scope": "organization",
    }


@functools.cache
def page(items: int, size: int, start: int) -> bytes:
    """Return one page of a list as JSON."""
    end = min(start + size, items)
    following = f"page_{end}" if end < items else None
    body = {"data": [environment(number) for number in range(start, end)], "next_page": following}
    return json.dumps(body).encode()


@functools.cache
def one() -> bytes:
    """Return one environment as JSON."""
    return json.dumps(environment(1)).encode()


def answer(method: str, target: str) -> bytes:
    """Return the body of a response: a page of the list, or one environment."""
    parts = urlsplit(target)
    words = parts.path.strip("/").split("/")
    items, size = OPTIONS.items, OPTIONS.page_size
    if words[0].isdigit():
        items, size, words = int(words[0]), int(words[1]), words[2:]
    if len(words) > 2 or method != "GET":
        return one()
    cursor = parse_qs(parts.query).get("page", ["page_0"])[0]
    return page(items, size, int(cursor.removeprefix("page_")))


class Handler(socketserver.StreamRequestHandler):
    """Handles the requests of one connection."""

    def handle(self) -> None:
        """Read requests, whose bodies are ignored, and respond until the client disconnects."""
        while request_line := self.rfile.readline():
            length = 0
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            self.rfile.read(length)
            time.sleep(OPTIONS.delay_ms / 1000)
            method, target = request_line.decode().split()[:2]
            body = answer(method, target)
            head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
            self.wfile.write(head.encode() + body)


class Server(socketserver.ThreadingTCPServer):
    """One thread for each connection."""

    daemon_threads = True
    allow_reuse_address = True


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--items", type=int, default=OPTIONS.items)
    parser.add_argument("--page-size", type=int, default=OPTIONS.page_size)
    parser.add_argument("--delay-ms", type=int, default=OPTIONS.delay_ms)
    parser.add_argument("--tls", metavar="FILE", help="a key with its certificates, to speak TLS")
    parser.parse_args(namespace=OPTIONS)
    with Server(("127.0.0.1", 0), Handler) as server:
        scheme = "http"
        if OPTIONS.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(OPTIONS.tls)
            # The thread of the connection does the handshake.
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
            scheme = "https"
        print(f"{scheme}://127.0.0.1:{server.server_address[1]}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
