"""Measure `ant` and another program in alternation, and print tables of median ratios.

python benchmarks/run.py [--ant PATH] [--official PATH] [--rounds N] [--only WORD]

The other program is the official tool if its path is given, and otherwise a script of a few lines with httpx.
Absolute times depend on the machine and the hour, but ratios of alternating runs do not.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import certifi
import trustme

HERE = Path(__file__).resolve().parent
RETRIEVE = "import httpx, sys\nr = httpx.get(sys.argv[1] + '/v1/environments/env_1?beta=true')\nprint(r.text)"
LIST = """
import httpx, json, sys
with httpx.Client() as client:
    page = None
    while True:
        params = {"beta": "true"} | ({"page": page} if page else {})
        answer = client.get(sys.argv[1] + "/v1/environments", params=params).json()
        for item in answer["data"]:
            print(json.dumps(item))
        if not (page := answer["next_page"]):
            break
"""


@dataclass(frozen=True)
class Program:
    """A program with its input on stdin."""

    words: list[str]
    stdin: Path | None = None
    exit_code: int = 0


@dataclass(frozen=True)
class Run:
    """The figures of one run."""

    seconds: float
    processor_s: float
    peak_mib: float


_LAUNCHER = """
import os, sys, time
nowhere = os.open(os.devnull, os.O_WRONLY)
begun = time.perf_counter()
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, nowhere, 1)])
_, status, usage = os.wait4(pid, 0)
took = time.perf_counter() - begun
print(os.waitstatus_to_exitcode(status), took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""
"""Starts a program from a small process: the peak includes the memory of the parent until it has started."""


def measure(program: Program) -> Run:
    """Run a program once, and discard its output."""
    launcher = [sys.executable, "-ISc", _LAUNCHER, *program.words]
    with (program.stdin or Path(os.devnull)).open("rb") as stdin:
        stderr = subprocess.DEVNULL if program.exit_code else None
        figures = subprocess.run(
            launcher,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment(),
            check=True,
        )
    code, seconds, processor_s, peak = map(float, figures.stdout.split())
    if code != program.exit_code:
        sys.exit(f"{program.words} ended with {code:.0f}")
    return Run(seconds, processor_s, peak / (1 << 20 if sys.platform == "darwin" else 1 << 10))


def environment() -> dict[str, str]:
    """Return the environment of a run: a key, and no variables of the user."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("ANTHROPIC_")}
    return kept | {
        "ANTHROPIC_API_KEY": "benchmark",
        "ANTHROPIC_CONFIG_DIR": str(HERE / "no-profiles"),
    }


def in_turn(programs: dict[str, Program], rounds: int) -> dict[str, Run]:
    """Run each program once per round, and return the medians."""
    runs: dict[str, list[Run]] = {name: [] for name in programs}
    for program in programs.values():
        measure(program)  # loads the files into memory first
    for _ in range(rounds):
        for name, program in programs.items():
            runs[name].append(measure(program))
    return {
        name: Run(
            statistics.median(run.seconds for run in done),
            statistics.median(run.processor_s for run in done),
            max(run.peak_mib for run in done),
        )
        for name, done in runs.items()
    }


class Bench:
    """The programs to compare."""

    def __init__(self, ant: str, official: str | None, url: str, tls_url: str) -> None:
        self.ant = ant
        self.python = str(Path(ant).with_name("python"))
        self.official = official
        self.url = url
        self.tls_url = tls_url

    def ant_does(self, *words: str, base: str = "", stdin: Path | None = None) -> Program:
        """Return a run of `ant`."""
        return Program([self.ant, *words, "--base-url", self.url + base], stdin)

    def other_does(self, *words: str, base: str = "", script: str) -> Program:
        """Return a run of the official tool, or of the script that replaces it."""
        if self.official:
            return Program([self.official, *words, "--base-url", self.url + base])
        return Program([self.python, "-c", script, self.url + base])

    @property
    def other(self) -> str:
        """The name of the other program in tables."""
        return "official tool" if self.official else "httpx script"


def start_up(bench: Bench, rounds: int) -> None:
    """Print the times of short commands, and those of an empty Python and the 3-line script."""
    retrieve = ("beta:environments", "retrieve", "env_1")
    create = ("beta:environments", "create")
    programs = {
        "python -c pass": Program([bench.python, "-c", "pass"]),
        "3-line httpx script": Program([bench.python, "-c", RETRIEVE, bench.url]),
        "ant retrieve": bench.ant_does(*retrieve),
        "ant list (one page)": bench.ant_does(
            "beta:environments", "list", "--format", "jsonl", base="/20/20"
        ),
        "ant create, config in YAML": bench.ant_does(
            *create, "--name", "n", "--config", "{type: cloud}"
        ),
        "ant create, YAML on stdin": bench.ant_does(*create, stdin=HERE / "environment.yaml"),
        "ant --local list": Program(
            [bench.ant, "--base-url", "local::memory:", "beta:environments", "list"]
        ),
        "ant auth status": Program([bench.ant, "auth", "status"]),
        "ant --version": Program([bench.ant, "--version"]),
        "ant --help": Program([bench.ant, "--help"]),
        "ant beta:environments create --help": Program(
            [bench.ant, "beta:environments", "create", "--help"]
        ),
        "ant, usage error": Program([bench.ant, "beta:environments", "creat"], exit_code=2),
    }
    if bench.official:
        programs["official tool, retrieve"] = bench.other_does(*retrieve, script="")
    runs = in_turn(programs, rounds)
    empty, script = runs["python -c pass"], runs["3-line httpx script"]
    heading(
        "Start-up", ("", "ms", "x pass", "x script", "processor time, ms", "x pass", "x script")
    )
    for name, run in runs.items():
        ratios = (f"{run.seconds / empty.seconds:.2f}", f"{run.seconds / script.seconds:.2f}")
        own_time = (
            f"{run.processor_s / empty.processor_s:.2f}",
            f"{run.processor_s / script.processor_s:.2f}",
        )
        row(name, f"{run.seconds * 1000:.0f}", *ratios, f"{run.processor_s * 1000:.0f}", *own_time)


def over_tls(bench: Bench, rounds: int) -> None:
    """Print the time of `retrieve` over TLS, with a complete bundle of authorities."""
    retrieve = ("beta:environments", "retrieve", "env_1")
    programs = {
        "3-line httpx script": Program([bench.python, "-c", RETRIEVE, bench.tls_url]),
        "ant retrieve": Program([bench.ant, *retrieve, "--base-url", bench.tls_url]),
    }
    if bench.official:
        programs["official tool, retrieve"] = Program(
            [bench.official, *retrieve, "--base-url", bench.tls_url]
        )
    runs = in_turn(programs, rounds)
    script = runs["3-line httpx script"]
    heading("Over TLS", ("", "ms", "x httpx script", "processor time, ms", "x httpx script"))
    for name, run in runs.items():
        row(
            name,
            f"{run.seconds * 1000:.0f}",
            f"{run.seconds / script.seconds:.2f}",
            f"{run.processor_s * 1000:.0f}",
            f"{run.processor_s / script.processor_s:.2f}",
        )


def bulk(bench: Bench, rounds: int) -> None:
    """Print the time and the memory of lists."""
    heading("Bulk", ("", "ant, s", f"{bench.other}, s", "ratio", "ant's peak, MiB"))
    for items, size in ((10_000, 100), (10_000, 1000), (100_000, 1000)):
        for name in ("jsonl", "yaml", "json", "table"):
            words = ("beta:environments", "list", "--format", name)
            base = f"/{items}/{size}"
            official = words if name != "table" else (*words[:-1], "pretty")
            programs = {
                "ant": bench.ant_does(*words, base=base),
                "other": bench.other_does(*official, base=base, script=LIST),
            }
            runs = in_turn(programs, max(1, rounds // (3 if items > 10_000 else 1)))
            ant, other = runs["ant"], runs["other"]
            ratio = f"{ant.seconds / other.seconds:.2f}"
            row(
                f"{items:,} in pages of {size:,}, {name}",
                *(f"{ant.seconds:.2f}", f"{other.seconds:.2f}", ratio, f"{ant.peak_mib:.0f}"),
            )


def first_item(bench: Bench, rounds: int) -> None:
    """Print the time of the first item and of the whole list. Pages are printed as they arrive."""
    heading("First item", ("", "first, s", "all, s"))
    words = bench.ant_does(
        "beta:environments", "list", "--format", "jsonl", base="/10000/100"
    ).words
    firsts, alls = [], []
    for _ in range(rounds):
        begun = time.perf_counter()
        with subprocess.Popen(words, stdout=subprocess.PIPE, env=environment()) as process:
            process.stdout.readline()
            firsts.append(time.perf_counter() - begun)
            process.stdout.read()
        alls.append(time.perf_counter() - begun)
    row(
        "10,000 in pages of 100",
        f"{statistics.median(firsts):.2f}",
        f"{statistics.median(alls):.2f}",
    )


def big_input(bench: Bench, rounds: int) -> None:
    """Print the time of reading large input. Nothing is sent."""
    heading("Input", ("", "s"))
    with tempfile.TemporaryDirectory() as folder:
        yaml, json = Path(folder, "keys.yaml"), Path(folder, "body.json")
        yaml.write_text(
            "name: n\nmetadata:\n" + "".join(f"  key{n}: value {n}\n" for n in range(100_000))
        )
        members = ",".join(f'"key{n}": "{"x" * 80}"' for n in range(100_000))
        json.write_text(f'{{"name": "n", "metadata": {{{members}}}}}')
        for name, path in (("100,000 keys of YAML", yaml), ("10 MB of strict JSON", json)):
            program = bench.ant_does("beta:environments", "create", "--dry-run", stdin=path)
            row(name, f"{in_turn({'ant': program}, rounds)['ant'].seconds:.2f}")


def many(bench: Bench, rounds: int) -> None:
    """Print the time of 500 archives in one process, and in 500 processes with `xargs`."""
    one_each = bench.official or bench.ant
    name = "official tool" if bench.official else "ant"
    heading("500 archives", ("server's time", "one process, s", f"{name} under", "s", "ratio"))
    with tempfile.TemporaryDirectory() as folder:
        ids = Path(folder, "ids.txt")
        ids.write_text("".join(f"env_{number:024d}\n" for number in range(500)))
        for delay_ms in (0, 20, 100):
            with serving("--delay-ms", str(delay_ms)) as url:
                archive = ["beta:environments", "archive", "--base-url", url]
                programs = {"ant": Program([bench.ant, *archive, "--parallel", "32"], ids)}
                for processes in ("-P1", "-P8", "-P32"):
                    words = ["xargs", "-n1", processes, one_each, *archive, "--environment-id"]
                    programs[f"xargs {processes}"] = Program(words, ids)
                runs = in_turn(programs, max(1, rounds // (5 if delay_ms == 0 else 15)))
            own = runs.pop("ant").seconds
            for under, run in runs.items():
                row(
                    f"{delay_ms} ms",
                    f"{own:.2f}",
                    under,
                    f"{run.seconds:.2f}",
                    f"{own / run.seconds:.2f}",
                )


def heading(title: str, columns: tuple[str, ...]) -> None:
    """Print the head of a Markdown table."""
    print(f"\n### {title}\n")
    row(*columns)
    row(*("---" for _ in columns))


def row(*cells: str) -> None:
    """Print a row of a table."""
    print("| " + " | ".join(cells) + " |", flush=True)


PARTS: dict[str, Callable[[Bench, int], None]] = {
    "start-up": start_up,
    "tls": over_tls,
    "bulk": bulk,
    "first-item": first_item,
    "input": big_input,
    "many": many,
}


def main() -> None:
    """Start the server, and print every table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ant", default=str(HERE.parent / ".venv" / "bin" / "ant"), metavar="PATH")
    parser.add_argument("--official", metavar="PATH", help="the official tool, to compare with")
    parser.add_argument("--rounds", type=int, default=15, metavar="N")
    parser.add_argument("--only", choices=PARTS, metavar="WORD", help=f"one of {', '.join(PARTS)}")
    options = parser.parse_args()

    with (
        tempfile.TemporaryDirectory() as folder,
        serving() as url,
        serving("--tls", certificate(folder)) as tls_url,
    ):
        bench = Bench(options.ant, options.official, url, tls_url)
        for name, part in PARTS.items():
            if options.only in (None, name):
                part(bench, options.rounds)


@contextmanager
def serving(*args: str) -> Iterator[str]:
    """Start the loopback server, and return its base URL."""
    command = [sys.executable, str(HERE / "server.py"), *args]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def certificate(folder: str) -> str:
    """Return the file of a key with its certificate.

    Every program trusts its authority as well as those of certifi.
    """
    authority, path = trustme.CA(), Path(folder, "server.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(path))
    bundle = Path(folder, "bundle.pem")
    bundle.write_bytes(Path(certifi.where()).read_bytes() + authority.cert_pem.bytes())
    os.environ["SSL_CERT_FILE"] = str(bundle)
    return str(path)


if __name__ == "__main__":
    main()
