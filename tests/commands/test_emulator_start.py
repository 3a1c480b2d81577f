"""`ant emulator start`, in this process: nothing listens, and nothing is started in the background."""

from __future__ import annotations

import errno
import io
import os
from contextlib import ExitStack, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from ant_cli.commands import emulator_serve
from ant_cli.commands.emulator_registry import RunningEmulator, register
from ant_cli.errors import UsageError
from ant_cli.help.emulator_commands import _BEHAVIOUR
from tests.conftest import Screen, make_runtime, needs_linux, needs_posix, piped

URL = "http://127.0.0.1:8080"
START = ("emulator", "start")
IN_MEMORY = (*START, "--database", ":memory:")


class FilesReplaced(Exception):
    """What a server raises whose files were replaced."""


class Opened:
    """An emulator that only knows how it was opened."""

    def __init__(self, database, options):
        self.options = {"database": database, **options}
        self.is_closed = False

    def close(self):
        """Close it."""
        self.is_closed = True


class Served:
    """Serves for as long as `meanwhile` takes."""

    FilesReplaced = FilesReplaced

    def __init__(self):
        self.emulator = self.address = self.log = None
        self.meanwhile = lambda: None
        self.fails_with = None

    def open(self, _runtime, database, **options):
        """Open an emulator."""
        self.emulator = Opened(database, options)
        return self.emulator

    def serve(self, emulator, host, port, announce, log):
        """Serve it."""
        assert emulator is self.emulator
        self.address, self.log = (host, port), log
        if self.fails_with is not None:
            raise self.fails_with
        announce(URL)
        self.meanwhile()

    @property
    def options(self):
        """How the emulator was opened."""
        return self.emulator.options


@pytest.fixture
def served(monkeypatch):
    """Return how `start` serves an emulator."""
    served = Served()
    monkeypatch.setattr(emulator_serve, "import_server", lambda: served)
    monkeypatch.setattr(emulator_serve, "open_emulator", served.open)
    return served


# Flags and variables

TEXTS = {
    "port": ("8081", "8082"),
    "lease_seconds": ("7", "8"),
    "organization_id": ("org_1", "org_2"),
    "workspace_id": ("wrkspc_1", "wrkspc_2"),
    "any_credential": ("true", "false"),
    "seed": ("0", "1"),
    "strict_streams": ("true", "false"),
    "worlds": ("true", "false"),
    "log_file": ("one.log", "two.log"),
    "host": ("127.0.0.2", "127.0.0.3"),
    "database": ("one.db", "two.db"),
    "api_key": ("sk-of-the-flag", "sk-of-the-variable"),
}
"""Two texts for each flag of `start` that decides how an emulator is."""


def outcome(served):
    """Return everything that a flag may decide."""
    logs = {name for name in ("one.log", "two.log") if Path(name).exists()}
    return served.options, served.address, logs


@pytest.mark.parametrize("name", TEXTS)
def test_each_flag_of_start_wins_over_its_variable(ant, served, name):
    """And the variable counts if there is no flag; an empty one does not."""
    base = START if name in ("seed", "worlds", "database") else IN_MEMORY
    flag, variable = f"--{name.replace('_', '-')}", f"ANT_EMULATOR_{name.upper()}"
    one, two = TEXTS[name]

    def started(*words, **env):
        for log in Path().glob("*.log"):
            log.unlink()
        done = ant(*base, *words, env=env)
        assert done.exit == 0, done.stderr
        return outcome(served)

    default, by_flag, by_other_flag = (
        started(),
        started(f"{flag}={one}"),
        started(f"{flag}={two}"),
    )
    assert by_flag != by_other_flag
    assert started(**{variable: ""}) == default
    assert started(**{variable: one}) == by_flag
    assert started(**{variable: two}) == by_other_flag
    assert started(f"{flag}={one}", **{variable: two}) == by_flag
    assert started(f"{flag}={two}", **{variable: one}) == by_other_flag


def test_the_flags_of_an_emulator_are_all_tried():
    """A new one needs two texts above."""
    assert {setting.name for setting in _BEHAVIOUR} <= TEXTS.keys()


def test_start_without_flags_serves_the_file_of_local_for_this_machine(ant, served, clean_environ):
    """With the defaults that the help page names."""
    assert ant(*START).exit == 0
    database = str(Path(clean_environ["XDG_STATE_HOME"]) / "ant" / "emulator.db")
    assert served.options == {"database": database, "api_key": None, "lease_seconds": 300}
    assert served.address == ("127.0.0.1", 0)
    assert served.emulator.is_closed


def test_an_empty_seed_and_worlds_are_in_memory_without_a_database_being_named(ant, served):
    """A seed may be 0. An emulator without them is not."""
    assert ant(*START, "--seed", "0").exit == 0
    assert (served.options["database"], served.options["seed"]) == (":memory:", 0)
    assert ant(*START, "--worlds").exit == 0
    assert (served.options["database"], served.options["worlds"]) == (":memory:", True)
    assert ant(*START, "--worlds=false", "--database", "a.db").exit == 0
    assert served.options["database"] == "a.db"
    assert (
        "each API key has a database of its own"
        in ant(*START, "--worlds", "--database", "b").refusal
    )


def test_worlds_exclude_a_key_from_either_source(ant, served):
    """Each key is accepted then. The hint says so."""
    for words, env in (
        (("--api-key", "sk-of-its-own"), {}),
        ((), {"ANT_EMULATOR_API_KEY": "sk-of-its-own"}),
    ):
        refusal = ant(*START, "--worlds", *words, env=env).refusal
        assert "--worlds and --api-key can't be used together.\nWith --worlds, each key" in refusal
    assert served.emulator is None


# Who can reach it


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_an_address_of_this_machine_needs_no_key(ant, served, host):
    """Whichever it is."""
    assert ant(*IN_MEMORY, "--host", host).exit == 0
    assert served.address == (host, 0)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "localhost.example"])
def test_an_address_that_others_can_reach_needs_a_key(ant, served, host):
    """From a flag or a variable."""
    assert "--api-key is required" in ant(*IN_MEMORY, "--host", host).refusal
    assert served.emulator is None
    for words, env in (
        (("--api-key", "sk-of-its-own"), {}),
        ((), {"ANT_EMULATOR_API_KEY": "sk-of-its-own"}),
    ):
        assert ant(*IN_MEMORY, "--host", host, *words, env=env).exit == 0
        assert served.options["api_key"] == "sk-of-its-own"


@pytest.mark.parametrize("source", ["--api-key", "ANT_EMULATOR_API_KEY"])
def test_a_key_that_no_client_can_send_is_rejected_from_either_source(ant, served, source):
    """It would never match."""
    words, env = ((source, "a\nb"), {}) if source.startswith("--") else ((), {source: "a\nb"})
    done = ant(*IN_MEMORY, *words, env=env)
    assert (done.exit, served.emulator) == (2, None)


# While it serves


@pytest.mark.parametrize("key", [None, "sk-of-its-own"])
def test_a_served_emulator_is_registered_with_its_database_until_it_ends(
    ant, served, clean_environ, key
):
    """The path is the real one, and the note says whether it has a key."""
    Path("link.db").symlink_to("real.db")
    shown = []

    def meanwhile():
        shown.append(ant("emulator", "status", "--format", "json").json)
        shown.append(Path(clean_environ["XDG_STATE_HOME"], "ant/emulators").stat().st_mode & 0o777)

    served.meanwhile = meanwhile
    words = ("--api-key", key) if key else ()
    done = ant(*START, "--database", "link.db", *words)
    assert (done.exit, done.stdout) == (0, f"{URL}\n")
    assert done.stderr == "The emulator listens there. Stop it with Ctrl-C.\n"
    assert shown == [
        {
            "base_url": URL,
            "pid": os.getpid(),
            "has_key": bool(key),
            "database": os.path.realpath("real.db"),
        },
        0o700,
    ]
    assert served.options["database"] == "link.db"
    assert ant("emulator", "status").exit == 1


@pytest.mark.usefixtures("served")
def test_start_prints_its_url_as_data_when_asked(ant):
    """For scripts."""
    assert ant(*IN_MEMORY, "--format", "jsonl").stdout == f'{{"base_url":"{URL}"}}\n'


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(("out", "err"), [(True, False), (False, True)])
def test_a_line_after_ctrl_c_is_ended_on_a_terminal(ant, out, err):
    """Only where Ctrl-C was typed: on stderr, whatever stdout is."""
    done = ant(*IN_MEMORY, stdout=Screen(terminal=out), stderr=Screen(terminal=err))
    assert done.stderr.endswith("Ctrl-C.\n\n") is err


def test_the_log_of_a_served_emulator_is_on_stderr_or_in_its_file(ant, served):
    """Not in both."""
    served.meanwhile = lambda: served.log("2026-12-01T a request")
    assert "a request" in ant(*IN_MEMORY).stderr
    assert "a request" not in ant(*IN_MEMORY, "--log-file", "own.log").stderr
    assert Path("own.log").read_text() == "2026-12-01T a request\n"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            OSError(errno.EADDRINUSE, "Address already in use (while attempting to bind)"),
            "the emulator can't listen at 127.0.0.1:8080: address already in use.",
        ),
        (
            UnicodeError("label too long"),
            "the emulator can't listen at 127.0.0.1:8080: not a host name.",
        ),
        (FilesReplaced("The files were replaced."), "The files were replaced."),
    ],
)
def test_an_emulator_that_can_not_be_served_is_closed_with_one_sentence(
    ant, served, error, message
):
    """Nothing is registered."""
    served.fails_with = error
    done = ant(*IN_MEMORY, "--port", "8080")
    assert (done.exit, done.stdout, done.stderr) == (1, "", f"ant: {message}\n")
    assert served.emulator.is_closed
    assert ant("emulator", "status").exit == 1


@pytest.mark.usefixtures("served")
def test_start_notes_each_emulator_that_serves_the_same_file(ant, clean_environ):
    """Under whatever name. Those in memory share nothing."""
    Path("link.db").symlink_to("real.db")
    with ExitStack() as life:
        for port, database in ((1, "real.db"), (2, "other.db"), (3, "real.db")):
            path = os.path.realpath(database)
            running = RunningEmulator(f"http://127.0.0.1:{port}", 2**22 + port, False, path)  # noqa: FBT003 - a field
            register(running, life, make_runtime(clean_environ))
        in_memory = RunningEmulator("http://127.0.0.1:4", 2**22, False, ":memory:")  # noqa: FBT003 - as above
        register(in_memory, life, make_runtime(clean_environ))
        notes = ant(*START, "--database", "link.db").stderr.splitlines()[:-1]
        assert notes == [
            f"Note: the emulator at http://127.0.0.1:{port} serves the same file, {os.path.realpath('real.db')}."
            for port in (1, 3)
        ]
        assert "Note" not in ant(*IN_MEMORY).stderr


# Until stdin closes


def test_an_emulator_that_ends_with_stdin_is_not_registered_and_ends_after_the_last_byte(
    ant, served, monkeypatch
):
    """It belongs to the program that started it."""
    ended, statuses = [], []
    monkeypatch.setattr(emulator_serve, "terminate", ended.append)
    at_once = SimpleNamespace(
        Thread=lambda **its: SimpleNamespace(start=lambda: its["target"](*its["args"]))
    )
    monkeypatch.setattr(emulator_serve, "threading", at_once)
    served.meanwhile = lambda: statuses.append(ant("emulator", "status").exit)
    done = ant(*IN_MEMORY, "--until-stdin-closes", stdin="x" * 100_000)
    assert (done.exit, ended, statuses) == (0, [os.getpid()], [1])
    assert done.stderr.splitlines()[-1] == "The emulator stops, because its stdin has ended."


def test_an_emulator_reads_its_stdin_to_the_end_before_it_stops(clean_environ, monkeypatch):
    """Not only its first part."""
    monkeypatch.setattr(emulator_serve, "_CHUNK", 1)
    ended = []
    with os.fdopen(piped("xyz"), "rb") as stdin:
        monkeypatch.setattr(emulator_serve, "terminate", lambda _: ended.append(stdin.read()))
        emulator_serve._stop_after_stdin(make_runtime(clean_environ, stdin))
    assert ended == [b""]


def test_an_emulator_whose_stdin_is_closed_stops(clean_environ, monkeypatch):
    """That is an end, too. So it is if nothing can be said about it."""

    class Full(io.BytesIO):
        def write(self, _):
            raise OSError(errno.ENOSPC, "No space left on device")

    for stderr in (Screen(terminal=False), Full()):
        ended = []
        monkeypatch.setattr(emulator_serve, "terminate", ended.append)
        with suppress(OSError):
            emulator_serve._stop_after_stdin(make_runtime(clean_environ, None, None, stderr))
        assert ended == [os.getpid()]


@pytest.mark.usefixtures("served")
def test_an_emulator_of_a_user_without_a_home_is_served_with_a_note(ant, monkeypatch):
    """As in a container with an unknown user ID. Only the other commands need the folder."""

    def fail():
        raise RuntimeError

    monkeypatch.setattr(Path, "home", fail)
    done = ant(*IN_MEMORY, env={"XDG_STATE_HOME": None, "HOME": None})
    assert (done.exit, done.stdout) == (0, f"{URL}\n")
    note, _ = done.stderr.splitlines()
    assert note.startswith(
        "Note: `ant emulator env` won't find this emulator; this user has no home"
    )


def test_the_key_of_an_emulator_is_not_read_from_the_stdin_that_ends_it(ant, served):
    """The hint names the variable."""
    words = ("--until-stdin-closes", "--api-key-stdin")
    refusal = ant(*IN_MEMORY, *words, stdin="sk-of-its-own").refusal
    assert "Give the key in ANT_EMULATOR_API_KEY." in refusal
    assert served.emulator is None


# In the background


class Background:
    """A process of /bin/sh in place of the emulator. It writes what it got to a file."""

    script = "echo http://127.0.0.1:8080"

    def command(self, *words):
        """Return the command of the process."""
        self.words = words
        got = 'env > got.env; cat > got.stdin; echo "$@" > got.words; '
        return ["/bin/sh", "-c", f"{got}{self.script}", "sh", *words]

    @property
    def environ(self):
        """The environment that it got."""
        return dict(
            line.split("=", 1) for line in Path("got.env").read_text().splitlines() if "=" in line
        )


@pytest.fixture
def background(monkeypatch):
    """Return what is started in place of an emulator in the background."""
    background = Background()
    monkeypatch.setattr(emulator_serve, "own_command", background.command)
    return background


@needs_posix("/bin/sh")
def test_a_detached_emulator_gets_its_flags_its_key_and_its_files(ant, background, clean_environ):
    """The key on stdin and the paths in variables. The other variables of `start` have been read already."""
    flags = (
        "--detach",
        "--database",
        "own.db",
        "--lease-seconds",
        "7",
        "--api-key",
        "sk-of-its-own",
    )
    env = {"ANT_EMULATOR_PORT": "0", "ANT_EMULATOR_DETACH": "1", "ANT_EMULATOR_API_KEY": "sk-other"}
    done = ant(*START, *flags, "--strict-streams", env=env)
    assert (done.exit, done.stdout) == (0, "http://127.0.0.1:8080\n")
    assert sorted(background.words) == sorted(
        [
            *("emulator", "start", "--format", "auto", "--host=127.0.0.1", "--port=0"),
            *("--lease-seconds=7", "--strict-streams=True", "--api-key-stdin"),
        ]
    )
    assert Path("got.stdin").read_text() == "sk-of-its-own"
    given = {name for name in background.environ if name.startswith("ANT_EMULATOR_")}
    assert given == {"ANT_EMULATOR_LOG_FILE", "ANT_EMULATOR_DATABASE"}
    assert background.environ["ANT_EMULATOR_DATABASE"] == "own.db"
    folder = Path(clean_environ["XDG_STATE_HOME"]) / "ant" / "emulators"
    log = background.environ["ANT_EMULATOR_LOG_FILE"]
    assert Path(log).parent == folder
    assert (Path(log).stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert done.stderr == (
        f"The emulator has started. Its log: {log}. To stop it: ant emulator stop\n"
    )


@needs_posix("/bin/sh")
def test_a_detached_emulator_without_a_key_has_no_stdin(ant, background):
    """It would keep that of the shell open."""
    done = ant(*IN_MEMORY, "--detach", "--log-file", "own.log", "--format", "json")
    assert (done.exit, done.json) == (0, {"base_url": "http://127.0.0.1:8080"})
    assert background.words[4:] == ("--host=127.0.0.1", "--port=0", "--lease-seconds=300")
    assert Path("got.stdin").read_text() == ""
    assert background.environ["ANT_EMULATOR_LOG_FILE"] == "own.log"
    assert "Its log: own.log." in done.stderr


@needs_posix("/bin/sh")
def test_a_detached_start_passes_on_the_notes_of_this_start_only(ant, background):
    """Lines of requests and of earlier starts stay in the log."""
    Path("own.log").write_text("Note: of an earlier start\n")
    background.script = (
        "echo 'Note: of this start' >&2; echo 2026-12-01T >&2; echo http://127.0.0.1:8080"
    )
    done = ant(*IN_MEMORY, "--detach", "--log-file", "own.log")
    first, second = done.stderr.splitlines()
    assert (first, second.startswith("The emulator has started.")) == ("Note: of this start", True)
    assert Path("own.log").read_text().splitlines()[0] == "Note: of an earlier start"


@needs_posix("/bin/sh")
def test_a_detached_start_that_fails_shows_what_the_emulator_said(ant, background):
    """Nothing is printed on stdout, where a script expects a URL."""
    Path("own.log").write_text("ant: an earlier error\n")
    background.script = r"printf 'ant: this \377 error\n' >&2; exit 1"
    done = ant(*IN_MEMORY, "--detach", "--log-file", "own.log", "--api-key", "sk-of-its-own")
    assert (done.exit, done.stdout) == (1, "")
    assert done.stderr == "ant: the emulator did not start. It says:\nant: this \ufffd error\n"


@needs_posix("/bin/sh")
def test_a_detached_emulator_that_ended_before_it_got_its_key_is_a_failed_start(ant, monkeypatch):
    """The broken pipe is no error of its own."""
    program = ["/bin/sh", "-c", "exec <&-; echo 'ant: gone' >&2; exit 1"]
    monkeypatch.setattr(emulator_serve, "own_command", lambda *_: program)
    done = ant(*IN_MEMORY, "--detach", "--log-file", "own.log", "--api-key", "k" * 200_000)
    assert (done.exit, done.stderr.splitlines()[-1]) == (1, "ant: gone")


@needs_posix("/bin/sh")
@pytest.mark.usefixtures("background")
def test_a_detached_emulator_does_not_hold_the_stdin_of_the_shell(ant):
    """What is typed there is for other programs."""
    reads = piped("typed")
    before = os.dup(0)
    os.dup2(reads, 0)
    try:
        assert ant(*IN_MEMORY, "--detach").exit == 0
    finally:
        os.dup2(before, 0)
        for descriptor in (before, reads):
            os.close(descriptor)
    assert Path("got.stdin").read_text() == ""


@needs_linux("/proc")
def test_a_detached_emulator_is_in_a_session_of_its_own(ant, background):
    """It goes on when the terminal is closed."""
    background.script = "cut -d' ' -f6 /proc/$$/stat > got.session; echo http://127.0.0.1:8080"
    assert ant(*IN_MEMORY, "--detach").exit == 0
    assert int(Path("got.session").read_text()) != os.getsid(0)


@needs_posix("/bin/sh")
def test_a_detached_emulator_imports_no_module_from_the_working_directory(
    ant, background, monkeypatch
):
    """An empty entry of the path would be that."""
    monkeypatch.syspath_prepend("")
    assert ant(*IN_MEMORY, "--detach").exit == 0
    assert "" not in background.environ["PYTHONPATH"].split(os.pathsep)


@needs_posix("/bin/sh")
def test_a_detached_start_keeps_the_newest_logs_and_makes_its_own_private(
    ant, background, clean_environ
):
    """They have what clients sent."""
    folder = Path(clean_environ["XDG_STATE_HOME"]) / "ant" / "emulators"
    folder.mkdir(parents=True)
    for number in range(20):
        (folder / f"0{number:02}.log").touch()
        if number % 2:
            (folder / f"0{number:02}.log.1").touch()
    assert ant(*IN_MEMORY, "--detach").exit == 0
    log = Path(background.environ["ANT_EMULATOR_LOG_FILE"])
    kept = [f"0{number:02}.log" for number in range(11, 20)]
    assert sorted(path.name for path in folder.glob("*.log")) == [*kept, log.name]
    assert sorted(path.name for path in folder.glob("*.1")) == [f"{name}.1" for name in kept[::2]]
    assert log.stat().st_mode & 0o777 == 0o600


@needs_posix("/dev/null")
def test_a_detached_emulator_needs_a_place_for_its_log_only(ant, background):
    """If the log can't be written, no emulator starts. With --log-file, the default folder is not needed."""
    nowhere = {"XDG_STATE_HOME": "/dev/null/state"}
    for words, place in (
        ((), "/dev/null/state/ant/emulators/"),
        (("--log-file", "/dev/null/own.log"), "/dev/null/own.log"),
    ):
        done = ant(*IN_MEMORY, "--detach", *words, env=nowhere)
        assert (done.exit, done.stdout) == (2, "")
        assert done.stderr.startswith(f"ant: the log can't be written to {place}")
        assert not hasattr(background, "words")
    done = ant(*IN_MEMORY, "--detach", "--log-file", "own.log", env=nowhere)
    assert (done.exit, done.stdout) == (0, "http://127.0.0.1:8080\n")


@pytest.mark.parametrize("flags", [(), ("--detach",)])
def test_serving_needs_a_package_in_the_background_too(ant, background, monkeypatch, flags):
    """The error is the same, and nothing is started."""

    def fail():
        raise UsageError("serving the emulator needs waitress.")

    monkeypatch.setattr(emulator_serve, "import_server", fail)
    assert "needs waitress" in ant(*IN_MEMORY, *flags).refusal
    assert not hasattr(background, "words")


@pytest.mark.parametrize("path", ["/dev/stdout", "/dev/stderr"])
@needs_posix("descriptors")
def test_a_log_that_would_end_with_the_command_is_rejected_in_the_background(ant, background, path):
    """The emulator would go on without it."""
    refusal = ant(*IN_MEMORY, "--detach", "--log-file", path).refusal
    assert f"--log-file {path} is a stream of this command, which ends before" in refusal
    assert not hasattr(background, "words")
