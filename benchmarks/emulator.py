"""Measure a served emulator: requests per second of `retrieve` and of poll+ack, with 1, 8 and 32 clients.

python benchmarks/emulator.py [--seconds 2] [--rounds 3] [--python PATH]

Server and clients are separate processes. Each client keeps one connection and uses a plain socket, so that the
server is what is measured. Figures are medians of the rounds.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from urllib.parse import urlsplit

HEADERS = {
    "x-api-key": "benchmark",
    "anthropic-version": "2023-06-01",
    "anthropic-beta": "managed-agents-2026-04-01",
}
CLIENTS = (1, 8, 32)
SERVE = """
import sys
from ant_cli.emulator import Emulator
from ant_cli.emulator.http_server import serve
serve(Emulator(sys.argv[1]), "127.0.0.1", 0, lambda url: print(url, flush=True), lambda line: None)
"""


class Client:
    """One connection for requests without a body."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = "".join(f"{name}: {text}\r\n" for name, text in HEADERS.items())

    def send(self, method: str, path: str) -> bytes:
        """Send a request, and return the response's body."""
        self._socket.sendall(
            f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n{self._head}\r\n".encode()
        )
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._received()
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        while len(body) < length:
            body += self._received()
        if b" 200 " not in head.partition(b"\r\n")[0]:
            sys.exit(f"{method} {path}: {head!r}")
        return body

    def _received(self) -> bytes:
        data = self._socket.recv(65536)
        if not data:
            sys.exit("The server closed the connection.")
        return data


def retrieve(client: Client, environment_id: str) -> None:
    """Send one `retrieve`."""
    client.send("GET", f"/v1/environments/{environment_id}?beta=true")


def poll_and_ack(client: Client, environment_id: str) -> None:
    """Take an item from the queue."""
    work = f"/v1/environments/{environment_id}/work"
    item = json.loads(client.send("GET", f"{work}/poll?beta=true"))
    if item is None:
        sys.exit("The queue is empty.")
    client.send("POST", f"{work}/{item['id']}/ack?beta=true")


CASES = {"retrieve": retrieve, "poll+ack": poll_and_ack}


def run_client(
    case: str,
    address: tuple[str, int],
    environment_id: str,
    seconds: float,
    barrier: Barrier,
    counts: multiprocessing.Queue[int],
) -> None:
    """Repeat a case for some seconds, and report how often."""
    client = Client(address)
    barrier.wait()
    end, count = time.perf_counter() + seconds, 0
    while time.perf_counter() < end:
        CASES[case](client, environment_id)
        count += 1
    counts.put(count)


def measure(
    case: str, clients: int, address: tuple[str, int], environment_id: str, seconds: float
) -> float:
    """Return how often per second a number of clients complete a case."""
    barrier, counts = multiprocessing.Barrier(clients), multiprocessing.Queue()
    arguments = (case, address, environment_id, seconds, barrier, counts)
    processes = [multiprocessing.Process(target=run_client, args=arguments) for _ in range(clients)]
    for process in processes:
        process.start()
    total = sum(counts.get() for _ in processes)
    for process in processes:
        process.join()
    return total / seconds


def send_json(address: tuple[str, int], path: str, body: object) -> dict:
    """Send a request with a body, and return the response."""
    connection = http.client.HTTPConnection(*address)
    connection.request("POST", path, json.dumps(body), HEADERS)
    response = json.loads(connection.getresponse().read())
    connection.close()
    return response


def main() -> None:
    """Start a server, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--python", default=sys.executable, help="the interpreter that has the emulator"
    )
    options = parser.parse_args()
    print(
        "| clients | "
        + " | ".join(CASES)
        + " |\n| --- | "
        + " | ".join("---" for _ in CASES)
        + " |"
    )
    for clients in CLIENTS:
        cells = []
        for case in CASES:
            figures = [one_round(options, case, clients) for _ in range(options.rounds)]
            cells.append(f"{statistics.median(figures):,.0f}")
        print(f"| {clients} | " + " | ".join(cells) + " |", flush=True)


def one_round(options: argparse.Namespace, case: str, clients: int) -> float:
    """Measure a case on a fresh database."""
    with tempfile.TemporaryDirectory() as folder:
        command = [options.python, "-c", SERVE, str(Path(folder, "emulator.db"))]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            parts = urlsplit(server.stdout.readline().strip())
            address = (parts.hostname, parts.port)
            body = {"name": "bench", "config": {"type": "self_hosted"}}
            environment_id = send_json(address, "/v1/environments?beta=true", body)["id"]
            if case == "poll+ack":
                send_json(
                    address, f"/_emulator/environments/{environment_id}/enqueue", {"count": 10_000}
                )
            return measure(case, clients, address, environment_id, options.seconds)
        finally:
            server.kill()
            server.wait()
            server.stdout.close()


if __name__ == "__main__":
    main()
