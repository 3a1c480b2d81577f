"""Commands that only the official tool has: it runs them if it is installed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from ant_cli.operations import OFFICIAL_RESOURCES

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the programs of these tests are shell scripts"
)

OFFICIAL = """#!/bin/sh
# A stand-in for github.com/anthropics/anthropic-cli
printf '%s\\n' "$@" "base=$ANTHROPIC_BASE_URL" "official=$ANT_OFFICIAL"
cat
exit 7
"""
APACHE = '#!/bin/sh\n# Licensed to the Apache Software Foundation\ntouch "$HOME/apache-ran"\n'
THIS_ONE = (
    "#!/home/anthropic/venv/bin/python\nfrom ant_cli.__main__ import entry_point\nentry_point()\n"
)


@pytest.fixture
def run(clean_environ, tmp_path):
    """Run `ant` in a process of its own, with programs called `ant` in folders on PATH."""

    def run(*args, programs=(), stdin="", **environ):
        folders = []
        for number, text in enumerate(programs):
            program = tmp_path / f"bin-{number}" / "ant"
            program.parent.mkdir(exist_ok=True)
            program.write_bytes(text if isinstance(text, bytes) else text.encode())
            program.chmod(0o755)
            folders.append(str(program.parent))
        environ = {"HOME": str(tmp_path), "PATH": ":".join([*folders, "/usr/bin:/bin"]), **environ}
        return subprocess.run(
            [sys.executable, "-m", "ant_cli", *args],
            env={**clean_environ, **environ},
            cwd=environ.pop("folder", None),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_command_of_the_official_tool_is_handed_over_with_its_arguments_input_and_exit_status(
    run,
):
    """Nothing is read or printed by this one, wherever the global flags are."""
    done = run(
        "--format",
        "json",
        "beta:agents",
        "create",
        "--name",
        "x y",
        programs=[OFFICIAL],
        stdin="piped",
    )
    assert (
        done.stdout == "--format\njson\nbeta:agents\ncreate\n--name\nx y\nbase=\nofficial=\npiped"
    )
    assert (done.returncode, done.stderr) == (7, "")


def test_the_help_of_an_official_command_is_the_official_one(run):
    """`ant help models` shows no page of this one."""
    assert run("help", "models", programs=[OFFICIAL]).stdout.startswith("models\n--help\n")


def test_a_program_that_calls_this_one_again_finds_no_official_tool(run):
    """Otherwise, both would call each other without end."""
    caller = '#!/bin/sh\n# A stand-in for anthropics/anthropic-cli\nprintf "official=${ANT_OFFICIAL-unset}"\n'
    assert run("models", "list", programs=[caller]).stdout == "official="


@pytest.mark.parametrize("url", ["local:demo.db", "local:", "http://127.0.0.1:1"])
@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--local",),
        ("--base-url", "local:demo.db"),
        ("--base-url=local:",),
        ("--base-url", "http://h"),
    ],
)
def test_a_command_for_the_emulator_is_not_handed_over(run, words, url):
    """The official tool would send it to the API, where `delete` is for good. A flag wins over the variable."""
    done = run(*words, "models", "delete", programs=[OFFICIAL], ANTHROPIC_BASE_URL=url)
    if "http" in (words[-1] if words else url):
        assert done.stdout.endswith(f"models\ndelete\nbase={url}\nofficial=\n")
    else:
        assert (done.returncode, done.stdout) == (2, "")
        assert "the emulator has no 'models'.\nTo use the API: leave out --local" in done.stderr
    assert run(*words, "models", "--help", programs=[OFFICIAL], ANTHROPIC_BASE_URL=url).stdout


def test_apache_ant_and_this_program_are_not_taken_for_the_official_tool(run, tmp_path):
    """The official tool may come after them on PATH."""
    found = run("models", "list", programs=[APACHE, THIS_ONE, OFFICIAL])
    assert found.returncode == 7
    wrapper = '#!/bin/sh\n# keys of anthropic are in the vault\ntouch "$HOME/apache-ran"\n'
    others = [APACHE, THIS_ONE, wrapper, b"\x7fELF" + bytes(100), b""]
    missing = run("models", "list", programs=others)
    assert missing.returncode == 2
    assert not (tmp_path / "apache-ran").exists()


def test_a_file_that_may_not_be_executed_does_not_hide_the_official_tool(run, tmp_path):
    """Such as an unpacked archive. A shell goes on to the next folder of PATH, too."""
    (tmp_path / "ant").write_text(OFFICIAL)
    (tmp_path / "ant").chmod(0o644)
    found = run("models", "list", programs=[OFFICIAL], PATH=f"{tmp_path}:{tmp_path / 'bin-0'}")
    assert found.returncode == 7


def test_a_pipe_on_path_is_not_read(run, tmp_path):
    """It might never have a writer."""
    os.mkfifo(tmp_path / "ant", 0o755)
    assert run("models", "list", PATH=str(tmp_path)).returncode == 2


def test_the_official_binary_is_recognized_by_its_module(run):
    """A native program can't be executed here, so the system refuses to start it."""
    done = run(
        "models",
        "list",
        programs=[
            b"\x7fELF" + bytes(50_000) + b"tenant_client github.com/anthropics/anthropic-cli"
        ],
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "Exec format error" in done.stderr


@pytest.mark.parametrize(
    "name", [*OFFICIAL_RESOURCES, "messages:batches", "beta:sessions:threads:events"]
)
def test_without_the_official_tool_its_commands_are_named_as_such(ant, name):
    """They are never answered with a command of this one, which may do something else."""
    refusal = ant(name, "create", "--name", "x", env={"ANT_OFFICIAL": ""}).refusal
    assert f"'{name}' is a command of the official `ant`" in refusal
    assert "ant help official" in refusal
    assert "Did you mean" not in refusal


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("beta agents list", "beta:agents"),
        ("beta:agent list", "beta:agents"),
        ("agents list", "beta:agents"),
        ("beta:session list", "beta:sessions"),
        ("model list", "models"),
    ],
)
def test_a_mistyped_command_of_the_official_tool_leads_to_it(ant, line, meant):
    """A suggestion from this one would be another resource."""
    done = ant(*line.split(), env={"ANT_OFFICIAL": ""})
    assert done.exit == 2
    assert f"Did you mean: ant {meant} list\n" in done.stderr
    assert "environments" not in done.stderr


def test_a_path_in_a_variable_wins_over_path_and_an_empty_one_turns_it_off(run, tmp_path):
    """Both are what the user said."""
    elsewhere = tmp_path / "official"
    elsewhere.write_text(OFFICIAL.replace("exit 7", "exit 9"))
    elsewhere.chmod(0o755)
    assert run("models", "list", programs=[OFFICIAL], ANT_OFFICIAL=str(elsewhere)).returncode == 9
    assert run("models", "list", programs=[OFFICIAL], ANT_OFFICIAL="").returncode == 2


def test_a_variable_that_names_no_file_is_a_usage_error(run, tmp_path):
    """A folder is no program, either."""
    for path in (tmp_path / "missing", tmp_path):
        done = run("models", "list", programs=[OFFICIAL], ANT_OFFICIAL=str(path))
        assert (done.returncode, done.stdout) == (2, "")
        assert (
            f"ANT_OFFICIAL must be the path of the official `ant`; there is no file {path}."
            in done.stderr
        )


def test_a_program_in_the_working_folder_is_not_run(run, tmp_path):
    """A relative entry of PATH means another folder in every repository."""
    (tmp_path / "ant").write_text(OFFICIAL)
    (tmp_path / "ant").chmod(0o755)
    assert run("models", "list", PATH=".::/usr/bin", folder=tmp_path).returncode == 2


def test_the_official_tool_ends_by_the_signal_of_a_closed_pipe(run):
    """Python ignores SIGPIPE. If the program inherited that, `ant models list | head` would end with an error."""
    done = run("models", programs=["#!/bin/sh\n# anthropics/anthropic-cli\nkill -PIPE $$\n"])
    assert done.returncode == -signal.SIGPIPE


class HandedOver(BaseException):
    """What a test raises in place of the start of the official tool."""


@pytest.fixture
def handed(ant, monkeypatch, tmp_path):
    """Run `ant` in this process; return what would be executed, or None and the result."""
    official = tmp_path / "official"
    official.write_text(OFFICIAL)
    official.chmod(0o755)

    def execute(program, argv, environ):
        raise HandedOver(program, argv, environ)

    def run(*words, env={}):  # noqa: B006 - it is only read
        before = signal.getsignal(signal.SIGPIPE)
        try:
            result = ant(*words, env={"ANT_OFFICIAL": str(official), **env})
        except HandedOver as handed:
            return handed.args
        finally:
            signal.signal(signal.SIGPIPE, before)
        return None, result.refusal, {}

    monkeypatch.setattr("ant_cli.commands.official.os.execve", execute)
    return run


@pytest.mark.parametrize(
    ("words", "url", "is_handed_over"),
    [
        ((), "", True),
        ((), "local:", False),
        (("--base-url", "http://h"), "local:", True),
        (("--base-url", "local:a", "--base-url", "http://h"), "", True),
        (("--base-url", "http://h", "--base-url=local:a"), "", False),
        (("--base-url=http://h?a=b",), "local:", True),
        (("--name=--base-url", "local:"), "", False),
        (("--local", "--help"), "local:", True),
        (("--local",), "http://h", False),
    ],
)
def test_the_last_base_url_decides_whether_a_command_is_for_the_emulator(
    handed, tmp_path, words, url, is_handed_over
):
    """Help may be shown in any case."""
    program, argv, environ = handed("models", "list", *words, env={"ANTHROPIC_BASE_URL": url})
    assert (program is not None) is is_handed_over
    if is_handed_over:
        assert argv == [str(tmp_path / "official"), "models", "list", *words]
        assert (environ["ANT_OFFICIAL"], environ["ANTHROPIC_BASE_URL"]) == ("", url)
    else:
        assert "the emulator has no 'models'." in argv


def test_the_first_official_tool_on_path_is_found(handed, tmp_path):
    """Relative folders and other programs of this name don't count."""
    folders = [tmp_path / name for name in ("apache", "first", "second")]
    for folder, text in zip(folders, (APACHE, OFFICIAL, OFFICIAL), strict=True):
        folder.mkdir()
        (folder / "ant").write_text(text)
        (folder / "ant").chmod(0o755)
    (tmp_path / "ant").write_text(OFFICIAL)
    (tmp_path / "ant").chmod(0o755)
    path = os.pathsep.join([".", "", *map(str, folders)])
    program, *_ = handed("models", "list", env={"ANT_OFFICIAL": None, "PATH": path})
    assert program == str(tmp_path / "first" / "ant")
