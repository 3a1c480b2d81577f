"""Measure `ant apply` with many files, against an emulator on loopback: `python benchmarks/apply.py [FILES]`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from ant_cli.emulator import Emulator
from ant_cli.emulator.http_server import Server

ANT = (sys.executable, "-m", "ant_cli")


def timed(what: str, *words: str, folder: Path, url: str) -> None:
    """Run `ant` in a separate process, and print the time that it took."""
    began = time.perf_counter()
    done = subprocess.run(
        [*ANT, *words],
        cwd=folder,
        env={**os.environ, "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "bench"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    print(
        f"{what:44} {time.perf_counter() - began:6.2f} s   exit {done.returncode} {done.stderr.strip()[:200]}"
    )


def main(arguments: Sequence[str]) -> None:
    """Measure creating, a plan without changes, and single `create` commands for comparison."""
    number = int(arguments[0]) if arguments else 500
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "environments").mkdir()
        for count in range(number):
            text = f"config: {{type: cloud, packages: {{pip: [pandas, numpy]}}}}\ndescription: Number {count}\n"
            (folder / "environments" / f"bench-{count:04}.yaml").write_text(text)
        emulator = Emulator(folder / "emulator.db")
        server = Server(emulator, "127.0.0.1", 0, lambda _line: None)
        threading.Thread(target=server.http.run, daemon=True).start()
        timed(
            f"{number} files: check only", "apply", "--validate", ".", folder=folder, url=server.url
        )
        timed(f"{number} files: create all", "apply", "--yes", ".", folder=folder, url=server.url)
        timed(f"{number} files: a plan without changes", "diff", folder=folder, url=server.url)
        began = time.perf_counter()
        for count in range(10):
            words = (
                "beta:environments",
                "create",
                "--name",
                f"single-{count}",
                "--config",
                "{type: cloud}",
            )
            timed(f"one create ({count + 1} of 10)", *words, folder=folder, url=server.url)
        each = (time.perf_counter() - began) / 10
        print(f"{number} creates, one after another, would take  {each * number:6.1f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
