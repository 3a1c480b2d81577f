"""Serve a database for a test, in a process that can be killed: `serve.py DATABASE PORT [LEASE_SECONDS]`."""

import sys

from ant_cli.emulator import Emulator
from ant_cli.emulator.http_server import serve


def say(text: str) -> None:
    """Print one line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Print the base URL when the server listens, and `stopped` after a graceful end."""
    lease_s = int(sys.argv[3]) if len(sys.argv) > 3 else 300
    emulator = Emulator(sys.argv[1], lease_seconds=lease_s)
    serve(emulator, "127.0.0.1", int(sys.argv[2]), say, lambda _line: None)
    emulator.close()
    say("stopped")


if __name__ == "__main__":
    main()
