"""The process: signals, streams that are closed or full, and an environment that lacks nearly everything."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from pathlib import Path
from unittest.mock import Mock

import pytest

from ant_cli.runtime import signals
from ant_cli.runtime.process import identity_of, own_command, script_command, terminate
from ant_cli.runtime.signals import delayed_signals, signal_handlers
from tests.conftest import needs_linux, needs_posix
from tests.helpers.processes import ANT
from tests.helpers.runs import OK, OUTPUT, needs
from tests.helpers.servers import Act, error, response
from tests.helpers.terminals import Session
from tests.helpers.words import LINES, page

pytestmark = needs_posix("a shell, and signals")

RETRIEVE = "$ANT beta:environments retrieve env_1"
PAGES = ("--help", "--version", "", "beta:environments", "beta:environments create --help")


# Other processes


@pytest.mark.parametrize("where", ["the working folder", "PYTHONPATH"])
def test_a_program_that_is_started_again_runs_no_module_of_the_folder_it_is_started_in(
    clean_environ, tmp_path, where
):
    """The folder may belong to somebody else. A script ignores PYTHONPATH for the same reason."""
    (tmp_path / "ant_cli.py").write_text("print('of somebody else')")
    (tmp_path / "json.py").write_text("print('of somebody else')")
    script = tmp_path / "scripts" / "script.py"
    script.parent.mkdir()
    script.write_text("import json; print('ant')")
    command = own_command("--version")
    environ = clean_environ
    if where == "PYTHONPATH":
        command = script_command(str(script))
        environ = {**clean_environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stdout[:3]) == (0, b"ant")


@needs_linux("/proc")
def test_the_identity_of_a_process_tells_it_from_others_of_its_number_whatever_it_is_called():
    """The number may be used again after a restart of the system, or in another container."""
    identity, name = identity_of(os.getpid()), Path("/proc/self/comm")
    boot, namespace, start = identity.split()
    assert boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert namespace == str(Path("/proc/self/ns/pid").readlink())
    usual = name.read_text()
    try:
        name.write_text("a) b (c")
        assert identity_of(os.getpid()) == identity
    finally:
        name.write_text(usual)
    child = subprocess.Popen(["sleep", "60"])
    try:
        assert int(identity_of(child.pid).split()[2]) >= int(start)
    finally:
        child.kill()
        child.wait()
    assert identity_of(child.pid) == ""


@pytest.mark.parametrize(
    ("error", "is_raised"),
    [(ProcessLookupError(3, "none"), False), (PermissionError(1, "no"), True)],
)
def test_a_process_that_has_ended_needs_no_signal_and_that_of_another_user_gets_none(
    monkeypatch, error, is_raised
):
    """A user who stops an emulator has to learn that it is still running."""
    monkeypatch.setattr(os, "kill", Mock(side_effect=error))
    with pytest.raises(PermissionError) if is_raised else nullcontext():
        terminate(1)


# Signals


SIGNALS = [signal.SIGINT, signal.SIGTERM]
STAGES = {
    "before the first byte": ((Act.STALL,),),
    "inside the headers": ((b"HTTP/1.1 200 OK\r\n", Act.STALL),),
    "inside the body": ((OK[:-3], Act.STALL),),
    "before a retry": (error("429 Too Many", "rate_limit_error", "retry-after: 50"),),
    "before the next page": (response(page(1, after="p")), (Act.STALL,)),
    "while writing to a full pipe": (response({"data": ["x" * 1000] * 2000}),),
}


@pytest.mark.slow
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("stage", STAGES)
def test_a_signal_ends_the_process_at_once_by_that_signal(ant_process, tmp_path, stage, number):
    """It ends at every stage, without a message or a leftover file. Otherwise the process would run for 50 s."""
    running = ant_process(LINES, *STAGES[stage])
    if stage == "while writing to a full pipe":
        assert running.process.stdout.read(1) == b'"'
    result = running.end_by(number)
    assert result.exit == -number
    assert all(line.startswith("Note:") for line in result.stderr.splitlines())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_the_wait_for_stdin(ant_process, number):
    """No request has been sent at that moment."""
    read_end, write_end = os.pipe()
    running = ant_process(("beta:environments", "create"), stdin=read_end, wait=False)
    note = running.process.stderr.readline()
    result = running.end_by(number)
    os.close(read_end)
    os.close(write_end)
    assert (note, result.exit) == (b"Note: waiting for input on stdin.\n", -number)


@pytest.mark.parametrize("program", ["bash", "sh"])
def test_ctrl_c_also_ends_the_shell_loop_around_the_command(ant_process, program):
    """A shell would continue with the next ID if the command exited with a status instead of by the signal."""
    script = 'for id in env_1 env_2; do "$0" -m ant_cli "$@" "$id"; done; echo went on'
    words = ("beta:environments", "delete")
    running = ant_process(words, (Act.STALL,), program=(program, "-c", script, sys.executable))
    os.killpg(running.process.pid, signal.SIGINT)  # like a terminal
    running.process.wait(60)
    assert running.process.returncode == -signal.SIGINT
    assert b"went on" not in running.process.stdout.read()
    assert len(running.server.requests) == 1


def test_sigterm_stays_ignored_if_the_parent_ignored_it(shell):
    """By convention, a shell's trap that ignores a signal also applies to the commands that it runs."""
    script = (
        "import os, signal; from ant_cli.runtime.process import handle_sigterm; handle_sigterm(); "
        "os.kill(os.getpid(), signal.SIGTERM); print('alive')"
    )
    assert shell(f"trap '' TERM; $PYTHON -c {shlex.quote(script)}").stdout == "alive\n"


def test_a_closed_stdout_reader_ends_the_command_silently_with_success(shell):
    """`head` has read enough."""
    page = response({"data": ["x" * 1000] * 1000, "next_page": "p"})
    result = shell("$ANT beta:environments list | head -c 10; exit ${PIPESTATUS[0]}", page)
    assert (result.exit, result.stderr) == (0, "")
    for words in PAGES:
        result = shell(f"$ANT {words} | true; exit ${{PIPESTATUS[0]}}")
        assert (result.exit, result.stderr) == (0, "")


def test_a_single_ctrl_d_ends_typed_input(clean_environ):
    """The end of input is read from the terminal only once."""
    with closing(
        Session((*ANT, "beta:environments", "create", "--file", "-", "--dry-run"), clean_environ)
    ) as session:
        session.type("name: typed\n\x04")
        status, shown = session.end()
    assert (status, '"name": "typed"' in shown) == (0, True)


# Unwritable streams


WRITERS = [*(f"$ANT {words}" for words in PAGES), RETRIEVE, f"{RETRIEVE} --dry-run"]


@pytest.mark.parametrize("script", WRITERS)
def test_a_closed_stdout_is_an_error_for_results_and_help_pages(shell, script):
    """Otherwise the output would be lost silently."""
    result = shell(f"{script} >&-")
    assert (result.exit, result.stderr) == (
        1,
        "ant: standard output is closed, so the result can't be written.\n",
    )


@pytest.mark.parametrize("script", WRITERS)
@needs("/dev/full")
def test_a_full_disk_is_an_error_with_the_operating_systems_reason(shell, script):
    """The output is redirected to a file."""
    result = shell(f"{script} >/dev/full")
    assert (result.exit, result.stderr) == (
        1,
        "ant: the result can't be written to standard output: no space left on device.\n",
    )


@needs("/dev/full")
def test_an_unwritable_result_of_a_change_is_an_error_that_says_it_was_made(shell):
    """The server has made the change."""
    result = shell("$ANT beta:environments create --name n >/dev/full")
    assert (result.exit, len(result.requests)) == (1, 1)
    assert (
        "\nThe server made the change anyway. To check: ant beta:environments list --transform"
        in result.stderr
    )


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full", "2>/dev/null"])
def test_an_unusable_stderr_does_not_change_results_and_exit_codes(shell, redirection):
    """Only the messages are lost."""
    assert shell(f"{RETRIEVE} --debug {redirection}").stdout == OUTPUT
    assert shell(f"{RETRIEVE} --nonsense {redirection}").exit == 2
    assert shell(f"$ANT --help {redirection}").stdout.startswith("Usage")


def test_a_closed_stderr_reader_does_not_change_results_and_exit_codes(shell):
    """Only the messages are lost."""
    result = shell(f"exec 3>&1; ({RETRIEVE} --debug 2>&1 >&3 3>&-; echo $? >&3) | true")
    assert result.stdout == OUTPUT + "0\n"


def test_closed_stdin_stdout_and_stderr_are_an_error_without_a_message(shell):
    """There is no stream left for a message."""
    assert shell(f"{RETRIEVE} <&- >&- 2>&-").exit == 1


def test_output_to_a_full_non_blocking_pipe_is_complete(shell):
    """The program waits until the pipe accepts more."""
    page = response({"data": ["x" * 1000] * 1000})
    script = (
        "$ANT beta:environments list --format jsonl | $PYTHON -c '"
        "import sys; print(len(sys.stdin.buffer.read().split()))'"
    )
    nonblocking = "import os, sys; os.set_blocking(1, False); os.execvp(sys.argv[1], sys.argv[1:])"
    result = shell(script.replace("$ANT", f"$PYTHON -c {shlex.quote(nonblocking)} $ANT"), page)
    assert (result.exit, result.stdout, result.stderr) == (0, "1000\n", "")


@pytest.mark.slow
@pytest.mark.parametrize("unbuffered", [None, "1"])
def test_a_large_result_is_written_completely(shell, unbuffered):
    """This holds for unbuffered Python, too."""
    page = response({"data": ["x" * 1000] * 3000})
    result = shell(
        "$ANT beta:environments list --format jsonl | wc -l",
        page,
        env={"PYTHONUNBUFFERED": unbuffered},
    )
    assert result.stdout.strip() == "3000"


# Environments


@pytest.mark.slow
@pytest.mark.parametrize(
    "env",
    [
        {"HOME": None},
        {"HOME": ""},
        {"HOME": "/nope"},
        {"PATH": None},
        {"TERM": None},
        {"TERM": "nonsense"},
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONWARNINGS": "error"},
        {"PYTHONDEVMODE": "1"},
        {"PYTHONOPTIMIZE": "2"},
        {"COLUMNS": "nonsense", "LINES": "-5"},
    ],
    ids=str,
)
def test_text_passes_unchanged_in_a_minimal_environment(shell, env):
    """The bytes of responses and arguments stay the same in any locale."""
    reply = response('{"id":"ü😀"}'.encode())
    program = {"HOME": None, **env}
    result = shell("$ANT beta:environments create --name nü", reply, env=program)
    assert (result.exit, result.stdout, result.stderr) == (0, '{\n  "id": "ü😀"\n}\n', "")
    assert '{"name":"nü"}'.encode() in result.requests[0]


TABLE = "beta:environments list --format table"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("python", "words", "status"),
    [
        *(
            (options, TABLE, 0)
            for options in ("-O", "-OO", "-I", "-E", "-s", "-B", "-W error", "-bb")
        ),
        ("-X dev -W error", TABLE, 0),
        (
            "-X dev -W error",
            "beta:environments create --name x --config '{type: cloud}' --format yaml",
            0,
        ),
        (
            "-X dev -W error",
            "beta:environments retrieve env_1 --base-url http://ada:hunter2pass@127.0.0.1:1 --max-retries 0",
            8,
        ),
        ("-X dev -W error", "--help", 0),
        ("-X dev -W error", "--local beta:environments list", 0),
        ("-OO", "beta:environments create --name x --config '{type: cloud}' --format yaml", 0),
    ],
)
def test_the_program_runs_with_any_options_of_python(shell, python, words, status):
    """Without assertions, isolated, or with warnings as errors: it leaks nothing, and uses nothing deprecated."""
    pages = response(page({"type": "environment", "id": "x"}, after="p")), response(page())
    result = shell(f"$ANT {words}", *pages, python=python)
    assert result.exit == status
    assert "Warning: " not in result.stderr.replace("Warning: 'a' is not", "")


INTERRUPTED_IMPORT = """
import os, signal, sys
class Interrupt:
    def find_spec(name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt)
from ant_cli.__main__ import entry_point
entry_point()
"""
"""The start of `ant`, with a Ctrl-C when it imports a module."""


@pytest.mark.parametrize(
    "module", ["ant_cli.main", "ant_cli.errors", "ant_cli.argv", "ant_cli.run", "socket"]
)
def test_ctrl_c_while_modules_are_imported_ends_the_process_without_a_message(
    clean_environ, module
):
    """It ends by the signal, so that a loop of a shell ends, too."""
    code = INTERRUPTED_IMPORT.format(module=module)
    words = [sys.executable, "-c", code, *LINES, "--base-url", "http://127.0.0.1:1"]
    done = subprocess.run(
        words, env=clean_environ, capture_output=True, stdin=subprocess.DEVNULL, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")


def test_an_ignored_ctrl_c_stays_ignored_where_signals_are_delayed():
    """`nohup` and background jobs of a script ignore it. Many requests, and `apply`, delay the others."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with delayed_signals() as signals:
            signal.raise_signal(signal.SIGINT)
            signals.check()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_ignored_ctrl_c_stays_ignored_while_modules_are_imported(shell):
    """A shell starts background processes like this."""
    code = INTERRUPTED_IMPORT.format(module="ant_cli.errors")
    assert shell(f"trap '' INT; $PYTHON -c {shlex.quote(code)} --version").stdout.startswith("ant ")


def test_an_argument_that_is_not_valid_text_is_rejected(shell):
    """A different text would be sent."""
    assert "UTF-8" in shell("$ANT beta:environments create --name $'\\xff'").refusal


@pytest.mark.slow
@pytest.mark.parametrize("limit", ["-n 16", "-n 10", "-v 600000", "-u 1"])
def test_the_program_runs_with_few_descriptors_little_memory_and_no_processes(shell, limit):
    """The limits of the operating system are lowered for the run."""
    assert shell(f"ulimit {limit}; exec {RETRIEVE}").stdout == OUTPUT


@pytest.mark.parametrize(
    ("words", "status"),
    [("beta:environments retrieve env_1", 0), ("--help", 0), ("--local beta:environments list", 0)],
)
def test_a_deleted_working_directory_is_not_needed(shell, words, status):
    """No file is read from it."""
    assert shell(f"mkdir gone; cd gone; rmdir ../gone; $ANT {words}").exit == status


@pytest.mark.slow
@pytest.mark.parametrize(
    "env",
    [
        {"HOME": "/dev/null"},
        {"HOME": "/dev/null", "XDG_STATE_HOME": None},
        {"XDG_STATE_HOME": "/dev/null/x"},
    ],
)
def test_an_unwritable_home_stops_only_commands_that_write_there(shell, env):
    """The emulator writes a file; a command of the API does not."""
    assert shell(RETRIEVE, env=env).stdout == OUTPUT
    refusal = shell(
        "$ANT --local beta:environments list", env={"XDG_STATE_HOME": None, **env}
    ).refusal
    assert "can't be used" in refusal


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("beta:environments retrieve env_1", 0),
        ("profile list", 0),
        ("--local beta:environments list", 2),
        ("--base-url local::memory: beta:environments list", 0),
        ("emulator start --database :memory: --host 192.0.2.1 --api-key k", 1),
        ("emulator env", 2),
    ],
)
def test_a_missing_home_stops_only_commands_that_write_there(shell, words, status):
    """Containers may run as a user ID without a passwd entry."""
    nameless = (
        "import os, pwd, sys; os.environ.pop('HOME'); pwd.getpwuid = {}.__getitem__; "
        "from ant_cli.__main__ import entry_point; entry_point()"
    )
    result = shell(
        f"$PYTHON -c {shlex.quote(nameless)} {words}",
        env={"XDG_STATE_HOME": None, "ANTHROPIC_CONFIG_DIR": None},
    )
    assert (result.exit, "no home directory" in result.stderr) == (status, status == 2)


def test_a_large_response_that_is_not_json_is_not_printed_in_part(shell):
    """The error is at its end."""
    body = b'{"data":[' + b",".join([b'"' + b"x" * 10_000 + b'"'] * 2_000) + b"]]"
    result = shell("$ANT beta:environments list --format raw", response(body))
    assert (result.exit, result.stdout, "Not JSON" in result.stderr) == (1, "", True)


@pytest.mark.slow
@pytest.mark.parametrize("number", SIGNALS)
def test_an_interrupt_erases_the_progress_line(in_terminal, number):
    """The terminal shows no progress afterwards."""
    session = in_terminal((Act.STALL,), words=LINES, until="Waiting for")
    session.process.send_signal(number)
    assert session.end()[0] == -number
    assert session.sent.endswith("\r\x1b[K")
    assert "Traceback" not in session.sent


# Handlers of signals


HARMLESS = signal.SIGINT if sys.platform == "win32" else signal.SIGURG
"""A signal that ends no process by itself, so that a mistake fails the test and not its whole run."""


def raise_and_return(number: int, note: list[int]) -> None:
    """Handle a signal by a function that notes it, and send it to this process."""
    with signal_handlers({number: lambda number, _: note.append(number)}):
        signal.raise_signal(number)


@pytest.mark.parametrize("before", [signal.SIG_DFL, signal.SIG_IGN, lambda *_: None])
def test_a_handler_is_replaced_for_a_while_unless_the_signal_is_ignored(before):
    """`nohup` and a shell's background jobs ignore signals for the programs that they start."""
    usual = signal.signal(HARMLESS, before)
    try:
        note: list[int] = []
        raise_and_return(HARMLESS, note)
        assert note == ([] if before is signal.SIG_IGN else [HARMLESS])
        assert signal.getsignal(HARMLESS) == before
    finally:
        signal.signal(HARMLESS, usual)


def test_outside_the_main_thread_no_handler_is_replaced():
    """Python would raise an exception."""
    with ThreadPoolExecutor(1) as pool:

        def replaced() -> dict[int, object]:
            with signal_handlers({signal.SIGINT: signal.SIG_IGN}) as before:
                return before

        assert pool.submit(replaced).result() == {}


def interrupted_work(done: list[str], *, checks: bool) -> None:
    """Do two pieces of work, with a Ctrl-C before the first, and perhaps a check between them."""
    with delayed_signals() as signals:
        signal.raise_signal(signal.SIGINT)
        done.append("first")
        if checks:
            signals.check()
        done.append("second")


@pytest.mark.parametrize(("checks", "expected"), [(True, ["first"]), (False, ["first", "second"])])
def test_a_delayed_signal_is_handled_in_its_usual_way_at_the_next_check(checks, expected):
    """The end is a check, too."""
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted_work(done, checks=checks)
    assert done == expected
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def interrupt_twice(done: list[str]) -> None:
    with delayed_signals():
        signal.raise_signal(signal.SIGINT)
        done.append("after the first")
        signal.raise_signal(signal.SIGINT)
        done.append("after the second")


def test_a_second_signal_is_not_delayed():
    """A person who presses Ctrl-C twice wants to leave."""
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        interrupt_twice(done)
    assert done == ["after the first"]


def test_a_delayed_signal_that_was_handled_does_not_arrive_again(monkeypatch):
    """A second signal would be taken for a second Ctrl-C."""
    monkeypatch.setattr(signals, "_GRACE_S", 0.01)
    received = []
    with (
        signal_handlers({signal.SIGINT: lambda number, _: received.append(number)}),
        delayed_signals() as delayed,
    ):
        signal.raise_signal(signal.SIGINT)
        delayed.check()
        delayed.check()
        threading.Event().wait(0.05)
    assert received == [signal.SIGINT]


def test_ctrl_c_that_the_parent_ignores_does_not_end_many_requests(shell):
    """A shell starts background jobs like this."""
    body = "".join(f"env_{number} " for number in range(5))
    code = INTERRUPTED_IMPORT.format(module="ant_cli.http.pool")
    words = f"beta:environments archive {body} --yes"
    result = shell(f"trap '' INT; $PYTHON -c {shlex.quote(code)} {words}")
    assert result.exit == 0
    assert "Archived 5 of 5." in result.stderr


def test_the_end_of_a_process_waits_for_no_thread():
    """A request that was given up may still wait for its response."""
    thread = "threading.Thread(target=threading.Event().wait).start()"
    code = f"import threading; from ant_cli.runtime.process import exit_now; {thread}; exit_now(3)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 3
