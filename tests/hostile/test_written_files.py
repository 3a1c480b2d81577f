"""Every flag and setting that names a file to write, with everything that a path may lead to.

What is not the program's own stays as it is: a command rejects it, or writes into it what streams take.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from ant_cli.help.catalog import catalog
from ant_cli.help.command_row import Command
from ant_cli.runtime import written_files
from ant_cli.runtime.written_files import WRITTEN_FILES
from tests.conftest import Result, as_root, needs_posix
from tests.helpers.processes import ANT, run_process
from tests.helpers.words import KEY

LOCAL = {"ANTHROPIC_BASE_URL": "local:emulator.db", "ANTHROPIC_API_KEY": KEY}
SOURCE = b"config: {type: cloud}\n"
NOTES = b"What we decided on Monday.\n"
READS = {"plan", "path", "script", "command", "handler", "file", "workdir", "on_work"}
READS |= {"environment_key_file", "work_secret_file"}
"""The other flags and arguments that name a file: it is read, or it is a program."""


class Case(NamedTuple):
    """How a row of the table is used."""

    name: str
    """The name that the file must have."""
    words: Callable[[str], tuple[str, ...]]
    """A command that writes to the path."""
    env: Callable[[str], dict[str, str]] = lambda _path: {}
    stdin: str | None = None
    is_process: bool = False
    exit_code: int = 2
    """The exit code if the file is rejected."""


FILES = "place/environments"
CASES = {
    "SAVED_PLAN": Case(
        "plan.json", lambda path: ("apply", "--dry-run", "--save-plan", path, FILES)
    ),
    "LOCK_FILE": Case("prod.json", lambda path: ("apply", "--yes", "--lock-file", path, FILES)),
    "EXPORTED": Case(
        "environment_there.yaml",
        lambda path: ("export", "there", "--force", "--directory", str(Path(path).parent)),
    ),
    "EMULATOR_LOG": Case(
        "emulator.log",
        lambda path: ("emulator", "exec", "--log-file", path, "--", *ANT, *LIST_ONE),
        is_process=True,
    ),
    "DATABASE": Case(
        "demo.db", lambda path: ("beta:environments", "list", "--base-url", f"local:{path}")
    ),
    "PROFILES": Case(
        "profiles.toml",
        lambda _path: ("auth", "login", "--profile", "x", "--no-verify", "--api-key-stdin"),
        lambda path: {"ANTHROPIC_CONFIG_DIR": str(Path(path).parent), "ANTHROPIC_API_KEY": ""},
        stdin=KEY,
        exit_code=4,
    ),
}
MODES = {"PROFILES": 0o600}
"""The modes of files that may hold keys, whatever they were."""
LIST_ONE = ("beta:environments", "list", "--limit", "1")


def named_files(command: Command) -> Iterator[str]:
    """Yield the flags and arguments of a command and those below it that name a file."""
    for param in (*command.arguments, *command.flags, *command.global_flags):
        if param.completes == "file":
            yield param.name
    for subcommand in command.subcommands:
        yield from named_files(subcommand)


def test_the_table_has_every_flag_that_names_a_file():
    """A new flag belongs into it, unless the file is only read."""
    rows = {name: row for name, row in vars(written_files).items() if row in WRITTEN_FILES}
    flags = {row.name.split()[0].removeprefix("--").replace("-", "_") for row in rows.values()}
    assert {*named_files(catalog())} - READS == flags - {"ANTHROPIC_CONFIG_DIR"}
    assert rows.keys() == CASES.keys()


def test_the_page_names_each_row_of_the_table():
    """It says what each may replace."""
    page = (Path(__file__).parents[2] / "docs" / "apply.md").read_text("utf-8")
    table = [line for line in page.splitlines() if line.startswith("| `")]
    for row in WRITTEN_FILES:
        assert [line for line in table if line.startswith(f"| `{row.name.split()[0]}`")], row.name


@pytest.fixture
def run(ant, clean_environ, tmp_path, monkeypatch) -> Callable[[Case, str], Result]:
    """Run the command of a case with a path."""
    monkeypatch.chdir(tmp_path)
    Path(FILES).mkdir(parents=True)
    Path(FILES).parent.chmod(0o700)
    Path(FILES, "a.yaml").write_bytes(SOURCE)
    there = ant("beta:environments", "create", "--name", "there", env=LOCAL, network=True)
    assert there.exit == 0

    def run(case: Case, path: str) -> Result:
        env = LOCAL | case.env(path)
        if not case.is_process:
            return ant(*case.words(path), env=env, stdin=case.stdin, network=True)
        done = run_process([*ANT, *case.words(path)], clean_environ | env, timeout=60)
        return Result(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(params=CASES)
def row(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def place(tmp_path, row) -> Path:
    """Return the path that the case names."""
    path: Path = tmp_path / "place" / CASES[row].name
    return path


def assert_rejected(row: str, result: Result) -> None:
    assert result.exit == CASES[row].exit_code, result.stderr
    assert "ant: " in result.stderr


def takes_streams(row: str) -> bool:
    return bool(getattr(written_files, row).may_be_stream)


@as_root
@needs_posix("devices")
@pytest.mark.parametrize("is_link", [False, True])
def test_a_device_stays_a_device(run, row, place, is_link):
    """Root can rename a file over /dev/null, and in a container everybody is root."""
    device = place.with_name("device") if is_link else place
    os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))  # as /dev/null
    if is_link:
        place.symlink_to(device)
    before = device.stat()
    result = run(CASES[row], str(place))
    assert (device.lstat().st_mode, device.stat().st_ino) == (before.st_mode, before.st_ino)
    assert place.is_symlink() == is_link
    if takes_streams(row):
        assert result.exit == 0, result.stderr
    else:
        assert_rejected(row, result)


@as_root
@needs_posix("devices")
def test_nothing_is_written_to_a_disk(run, row, place):
    """It takes bytes as a stream does, but they would replace what is on it."""
    os.mknod(place, stat.S_IFBLK | 0o600, os.makedev(7, 250))  # no such disk
    assert_rejected(row, run(CASES[row], str(place)))
    assert stat.S_ISBLK(place.lstat().st_mode)


@contextmanager
def reader_of(pipe: Path) -> Iterator[int]:
    """Make a pipe that somebody reads."""
    os.mkfifo(pipe)
    descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@needs_posix("pipes")
def test_a_pipe_gets_what_is_written_or_is_rejected(run, row, place):
    """`>(jq .)` is a pipe, too."""
    with reader_of(place) as pipe:
        result = run(CASES[row], str(place))
        assert place.is_fifo()
        if not takes_streams(row):
            assert_rejected(row, result)
            return
        assert result.exit == 0, result.stderr
        assert os.read(pipe, 1) in (b"{", b"2")


def test_a_folder_is_rejected(run, row, place):
    """With what is in it."""
    place.mkdir()
    (place / "kept").touch()
    assert_rejected(row, run(CASES[row], str(place)))
    assert (place / "kept").exists()


@pytest.mark.parametrize("content", [SOURCE, NOTES, b'{"version": 2}', b"\x7fELF\0\xff"])
@pytest.mark.parametrize("is_link", [False, True])
def test_a_file_of_somebody_is_not_lost(run, row, place, content, is_link):
    """It is rejected; a log is added at its end, and --force of an export means that it may go."""
    target = place.with_name("target") if is_link else place
    target.write_bytes(content)
    target.chmod(0o640)
    if is_link:
        place.symlink_to(target)
    result = run(CASES[row], str(place))
    assert stat.S_IMODE(target.stat().st_mode) == MODES.get(row, 0o640)
    if row == "EXPORTED":
        assert (result.exit, target.read_bytes() == content) == (0, is_link)
    elif row == "EMULATOR_LOG":
        assert (result.exit, target.read_bytes().startswith(content)) == (0, True)
    else:
        assert_rejected(row, result)
        assert target.read_bytes() == content


def test_an_empty_file_is_used_and_keeps_its_mode(run, row, place):
    """Such as that of `mktemp`. An empty lock file is rejected, since it has lost its IDs."""
    place.touch()
    place.chmod(0o640)
    result = run(CASES[row], str(place))
    if row == "LOCK_FILE":
        assert_rejected(row, result)
        return
    assert result.exit == 0, result.stderr
    assert stat.S_IMODE(place.stat().st_mode) == MODES.get(row, 0o640)
    if row != "DATABASE":
        assert place.stat().st_size > 0


def test_what_an_earlier_run_has_written_is_used_again_and_keeps_its_mode(run, row, place):
    """A plan replaces an earlier one, whatever its mode is."""
    assert run(CASES[row], str(place)).exit == 0
    place.chmod(0o660 if row == "SAVED_PLAN" else 0o600)
    before = place.stat().st_mode
    assert run(CASES[row], str(place)).exit == 0
    assert place.stat().st_mode == before


@needs_posix("permissions")
def test_a_file_that_is_read_only_stays_as_it_is_even_for_root(run, row, place):
    """Somebody has said so by its mode."""
    assert run(CASES[row], str(place)).exit == 0
    if row == "EXPORTED":
        place.write_bytes(NOTES)
        Path("claude-lock.json").unlink()
    place.chmod(0o444)
    before = place.read_bytes()
    result = run(CASES[row], str(place))
    assert place.read_bytes() == before
    if row != "PROFILES":  # the same key was stored again
        assert_rejected(row, result)


# The plan, which goes where its reader is


@pytest.mark.usefixtures("run")
@needs_posix("descriptors")
@pytest.mark.parametrize("path", ["-", "/dev/stdout"])
def test_a_plan_on_stdout_is_alone_there(clean_environ, tmp_path, path):
    """Also if stdout is redirected to a file, whose beginning a second open file would overwrite."""
    command = [*ANT, "apply", "--dry-run", "--save-plan", path, FILES]
    output = tmp_path / "output"
    with output.open("wb") as file:
        file.write(b"first\n")
        file.flush()
        done = subprocess.run(command, env=clean_environ | LOCAL, stdout=file, check=False)
    first, _, plan = output.read_text().partition("\n")
    assert (done.returncode, first, json.loads(plan)["version"]) == (0, "first", 1)


@pytest.mark.usefixtures("run")
def test_a_plan_on_stdout_has_no_second_format(ant):
    """One of both would be lost."""
    words = ("apply", "--dry-run", "--save-plan", "-", "--format", "json", FILES)
    result = ant(*words, env=LOCAL)
    assert "can't be used together" in result.refusal


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("name", ["claude-lock.json", "Claude-Lock.json", "place/claude-lock.json"])
def test_a_plan_never_becomes_a_lock_file(ant, name):
    """The next run would take it for one without environments."""
    result = ant("apply", "--dry-run", "--save-plan", name, "environments", env=LOCAL)
    assert "it is the name of a lock file" in result.refusal
    assert not Path(name).exists()


@pytest.mark.usefixtures("run")
def test_a_plan_never_replaces_the_lock_file_of_another_name(ant):
    """It is empty only by mistake."""
    words = ("--lock-file", "prod.json", "--save-plan", "prod.json", FILES)
    result = ant("apply", "--dry-run", *words, env=LOCAL)
    assert "it is the name of a lock file" in result.refusal


@pytest.mark.usefixtures("run")
@needs_posix("links")
def test_a_plan_does_not_follow_a_link_out_of_the_repository(ant, tmp_path_factory):
    """A pull request may have put it there. A link that stays in it is followed, and stays a link."""
    outside = tmp_path_factory.mktemp("outside") / "plan.json"
    Path(".git").mkdir()
    Path("out.json").symlink_to(outside)
    Path("in.json").symlink_to("place/plan.json")
    words = ("apply", "--dry-run", FILES, "--save-plan")
    result = ant(*words, "out.json", env=LOCAL)
    assert "out.json can't be used: it is outside" in result.refusal
    assert not outside.exists()
    assert ant(*words, "in.json", env=LOCAL, network=True).exit == 0
    assert Path("in.json").is_symlink()
    assert json.loads(Path("place/plan.json").read_text())["version"] == 1


@pytest.mark.usefixtures("run")
def test_a_saved_plan_is_rejected_as_a_lock_file_by_what_it_is(ant):
    """It has a version, too, and would count as a lock file without environments."""
    words = ("apply", "--dry-run", "--save-plan", "plan.json", FILES)
    assert ant(*words, env=LOCAL, network=True).exit == 0
    Path("plan.json").rename("claude-lock.json")
    result = ant("apply", "--yes", "--prune", "environments", env=LOCAL)
    assert "claude-lock.json is not a lock file: it is a saved plan." in result.refusal
    Path("claude-lock.json").write_text('{"version": 1}')
    result = ant("apply", "--yes", "--prune", "environments", env=LOCAL)
    assert "claude-lock.json is not a lock file: it has no resources." in result.refusal
