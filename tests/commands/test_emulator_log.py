"""The log of a served emulator: in a file of limited size, or wherever its path leads to."""

from __future__ import annotations

import errno
import os
import subprocess
import threading
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from ant_cli.commands import emulator_log
from ant_cli.errors import UsageError
from tests.conftest import Screen, make_runtime, needs_linux, needs_posix
from tests.helpers.processes import ANT, started


@needs_posix("open files that can be renamed")
def test_the_log_of_an_emulator_is_limited_and_has_no_secrets(tmp_path, monkeypatch):
    """The oldest lines go, and what a client sent can't change the terminal that shows the log."""
    monkeypatch.setattr(emulator_log, "_MOST_BYTES", 400)
    runtime = make_runtime({})
    runtime.redactor.register("correct-horse-battery")
    path = tmp_path / "emulator.log"
    sizes = []
    with emulator_log.log_to(str(path), runtime) as log:
        for number in range(100):
            log(f"2026-12-01T{number:08} \x1b correct-horse-battery")
            sizes.append(sum(file.stat().st_size for file in tmp_path.iterdir()))
    assert (300 < max(sizes) <= 400, min(sizes[10:]) > 150) == (True, True)
    kept = [
        *path.with_name("emulator.log.1").read_text().splitlines(),
        *path.read_text().splitlines(),
    ]
    assert kept[-1].startswith("2026-12-01T00000099 ")
    assert not [text for text in ("\x1b", "horse") if text in kept[-1]]
    assert 0 < sum(map(len, kept)) < 400
    with (
        pytest.raises(UsageError, match="can't be written"),
        emulator_log.log_to(str(tmp_path), runtime),
    ):
        pass


def lines_of(path, count, runtime):
    """Write numbered lines to a log, and return what it had to say about them."""
    with emulator_log.log_to(str(path), runtime) as log:
        for number in range(count):
            log(f"2026-12-01T{number:08}")
    return runtime.stderr.text()


@pytest.fixture
def say(monkeypatch):
    """Return a runtime for a log of at most 400 bytes, whose notes can be read."""
    monkeypatch.setattr(emulator_log, "_MOST_BYTES", 400)
    screen = Screen(terminal=False)
    runtime = make_runtime({}, None, None, screen)
    runtime.stderr.text = screen.text
    return runtime


def test_a_log_in_a_file_that_cannot_be_renamed_grows_on_and_says_so_once(
    tmp_path, monkeypatch, say
):
    """Such as one that is mounted into a container by itself, whose rename is refused."""

    def refuse(*_):
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(Path, "replace", refuse)
    path = tmp_path / "emulator.log"
    assert lines_of(path, 100, say) == (
        f"Note: the log {path} can't be rotated: device or resource busy.\n"
    )
    assert len(path.read_text().splitlines()) == 100


def test_a_log_that_goes_on_counts_what_it_has_already(tmp_path, say):
    """It is rotated by the size of its file, and not by what this run adds."""
    path = tmp_path / "emulator.log"
    lines_of(path, 10, say)
    assert [file.name for file in tmp_path.iterdir()] == ["emulator.log"]
    lines_of(path, 1, say)
    assert path.read_text() == "2026-12-01T00000000\n"
    assert len(path.with_name("emulator.log.1").read_text().splitlines()) == 10


@needs_linux("/proc")
def test_a_log_closes_its_files_and_others_can_only_read_them(tmp_path, say):
    """Whatever the umask allows: a log is served to people, and nobody else writes it."""
    before = len([*Path("/proc/self/fd").iterdir()])
    umask = os.umask(0)
    try:
        lines_of(tmp_path / "emulator.log", 100, say)
    finally:
        os.umask(umask)
    assert len([*Path("/proc/self/fd").iterdir()]) == before
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o644}


def test_a_line_waits_for_the_one_that_another_thread_writes(tmp_path, say, monkeypatch):
    """They come from many threads, and one of them may be rotating the file."""
    waited = []

    def write(descriptor, data):
        if not waited:
            other = threading.Thread(target=log, args=("2026-12-01T second",))
            waited.append(other)
            other.start()
            other.join(0.05)
            assert other.is_alive()
        return os.write(descriptor, data)

    monkeypatch.setattr(emulator_log, "os", SimpleNamespace(**vars(os) | {"write": write}))
    path = tmp_path / "emulator.log"
    with emulator_log.log_to(str(path), say) as log:
        log("2026-12-01T first")
        waited[0].join()
    assert path.read_text() == "2026-12-01T first\n2026-12-01T second\n"


@pytest.mark.parametrize("foreign", ["emulator.log", "emulator.log.1"])
def test_a_log_that_goes_into_somebody_elses_file_is_not_rotated(tmp_path, say, foreign):
    """Its first half would be renamed, and the second time be lost."""
    notes = tmp_path / foreign
    notes.write_text("What we decided on Monday.\n")
    lines_of(tmp_path / "emulator.log", 100, say)
    assert notes.read_text().startswith("What we decided on Monday.\n")
    assert len((tmp_path / "emulator.log").read_text().splitlines()) >= 100


@needs_posix("links")
def test_a_log_behind_a_link_is_rotated_where_it_is(tmp_path, say):
    """The link stays."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "logs" / "emulator.log")
    lines_of(tmp_path / "link", 100, say)
    assert (tmp_path / "link").is_symlink()
    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == [
        "emulator.log",
        "emulator.log.1",
    ]


@needs_linux("/dev/full")
def test_a_full_disk_costs_the_log_but_no_request_and_the_emulator_ends_well(clean_environ):
    """The first line that can't be written is a note; a traceback for each would fill the rest."""
    words = ("emulator", "start", "--database", ":memory:", "--log-file", "/dev/full")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with started([*ANT, *words], env=clean_environ, **pipes) as process:
        url = process.stdout.readline().strip()
        for _ in range(3):
            assert httpx.get(f"{url}/healthz", trust_env=False).status_code == 200
        process.terminate()
        errors = process.stderr.read()
    assert process.returncode == 0
    assert errors.splitlines()[1:] == [
        "Note: the log can't be written to /dev/full: no space left on device."
    ]


@needs_posix("descriptors")
def test_a_log_to_stdout_goes_on_where_stdout_is(clean_environ, tmp_path):
    """A second open file would begin at the start of the one to which stdout is redirected, and rename that."""
    words = ("--log-file", "/dev/stdout", "--", *ANT, "beta:environments", "list")
    output = tmp_path / "output"
    with output.open("wb") as file:
        file.write(b"first\n")
        file.flush()
        command = [*ANT, "emulator", "exec", *words]
        done = subprocess.run(command, env=clean_environ, stdout=file, check=False)
    first, line = output.read_text().splitlines()
    assert (done.returncode, first, "GET /v1/environments 200" in line) == (0, "first", True)
