"""`ant emulator start`: serve the emulator over HTTP, in this process or in the background."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

from ant_cli.commands import print_result
from ant_cli.commands.emulator_log import log_to, remove_old_logs
from ant_cli.commands.emulator_registry import (
    RunningEmulator,
    find_running,
    register,
    registry_folder,
)
from ant_cli.errors import AntError, UsageError, exclude_each_other, os_error_text
from ant_cli.errors.command_line import command_line
from ant_cli.http.in_process import open_emulator
from ant_cli.operations.spec import Flags, flag_name
from ant_cli.runtime import Runtime
from ant_cli.runtime.extras import install_hint
from ant_cli.runtime.process import identity_of, in_background, own_command, terminate
from ant_cli.runtime.storage import make_private
from ant_cli.runtime.written_files import EMULATOR_LOG, check_destination, open_stream
from ant_cli.settings.local_emulator import IN_MEMORY, LOCAL, database_path
from ant_cli.settings.rows import check_secret

_CHUNK = 65_536
_VARIABLES = "ANT_EMULATOR_"


class _Serving(NamedTuple):
    """How an emulator is served."""

    host: str
    port: int
    api_key: str
    """The key that clients have to send; empty for any key."""
    file: str
    """Its database, after all links."""
    log_file: str
    """The log; empty for stderr."""
    ends_with_stdin: bool
    """It belongs to the program that started it, so no command finds it."""


def start(runtime: Runtime, flags: Flags, **options: Any) -> None:
    """Serve the emulator over HTTP until Ctrl-C; print its base URL as soon as it listens.

    Apart from the host, the port, the log and how it ends, the flags are the options of the emulator.
    """
    api_key = _key_to_send(options["host"], flags, runtime)
    _check_flags(options, api_key, runtime)
    options["database"] = options.get("database") or database_path(LOCAL, runtime.environ)
    file = _real_database(options["database"])
    _note_others(file, runtime)
    import_server()  # before it is needed, so that the error is the same with --detach
    if options.pop("detach", False):
        url = _start_in_background(runtime, options, api_key)
        print_result(runtime, flags, url, {"base_url": url})
        return
    serving = _Serving(
        options.pop("host"),
        options.pop("port"),
        api_key,
        file,
        options.pop("log_file", ""),
        options.pop("until_stdin_closes", False),
    )
    _serve(runtime, flags, serving, options)


_ONLY_IN_MEMORY = {
    "seed": "the next run would use the same IDs again",
    "worlds": "each API key has a database of its own",
}


def _check_flags(options: dict[str, Any], api_key: str, runtime: Runtime) -> None:
    """Reject flags that exclude each other. With --seed and --worlds, the database is in memory."""
    for name, why in _ONLY_IN_MEMORY.items():
        value = options.get(name)
        if value is None or value is False:  # a seed may be 0
            continue
        if options.setdefault("database", IN_MEMORY) != IN_MEMORY:
            raise UsageError(f"--{name} needs --database :memory:, because {why}.")
    if options.get("worlds") and api_key:
        hint = "With --worlds, each key is accepted and has its own world."
        raise exclude_each_other("--worlds", "--api-key", hint=hint)
    if not options.get("until_stdin_closes"):
        return
    if runtime.stdin.taken:
        hint = "Give the key in ANT_EMULATOR_API_KEY."
        raise exclude_each_other("--until-stdin-closes", "--api-key-stdin", hint=hint)
    if options.get("detach"):
        raise exclude_each_other("--until-stdin-closes", "--detach")


def _real_database(database: str) -> str:
    return database if database == IN_MEMORY else os.path.realpath(database)


def _note_others(file: str, runtime: Runtime) -> None:
    """Note each emulator that serves the same file: allowed, but often by mistake."""
    if file == IN_MEMORY:
        return
    for other in find_running(runtime):
        if other.database == file:
            runtime.say(f"Note: the emulator at {other.base_url} serves the same file, {file}.")


def _serve(runtime: Runtime, flags: Flags, serving: _Serving, options: dict[str, Any]) -> None:
    """Serve in this process until a signal arrives. AntError if it can't listen at the address."""
    server = import_server()
    with ExitStack() as stack:
        log = stack.enter_context(log_to(serving.log_file, runtime))
        emulator = open_emulator(runtime, api_key=serving.api_key or None, **options)
        stack.enter_context(closing(emulator))

        def announce(url: str) -> None:
            if not serving.ends_with_stdin:
                _register_own(url, serving, stack, runtime)
            print_result(runtime, flags, url, {"base_url": url})
            runtime.say("The emulator listens there. Stop it with Ctrl-C.")
            if serving.ends_with_stdin:
                threading.Thread(target=_stop_after_stdin, args=(runtime,), daemon=True).start()

        try:
            server.serve(emulator, serving.host, serving.port, announce, log)
        except (OSError, UnicodeError) as error:  # UnicodeError: a host that can't be a name at all
            raise _cannot_listen(serving, error) from None
        except server.FilesReplaced as error:
            raise AntError(str(error)) from None
        if runtime.stderr.is_terminal:
            runtime.say("")  # Ctrl-C left the cursor behind ^C


def _register_own(url: str, serving: _Serving, stack: ExitStack, runtime: Runtime) -> None:
    pid = os.getpid()
    own = RunningEmulator(url, pid, bool(serving.api_key), serving.file, identity_of(pid))
    register(own, stack, runtime)


def _cannot_listen(serving: _Serving, error: OSError | UnicodeError) -> AntError:
    why = "not a host name"
    if isinstance(error, OSError):
        why = os_error_text(error).partition(" (while ")[0]
    return AntError(f"the emulator can't listen at {serving.host}:{serving.port}: {why}.")


def _stop_after_stdin(runtime: Runtime) -> None:
    """Stop this process when stdin ends. The system closes that pipe, however the program at its other end ends."""
    try:
        with suppress(OSError, ValueError):  # stdin is closed, which is also an end
            while os.read(runtime.stdin.descriptor, _CHUNK):
                pass
        # stdin may be /dev/null by mistake
        runtime.say("The emulator stops, because its stdin has ended.")
    finally:  # even if the message can't be written
        terminate(os.getpid())


def _start_in_background(runtime: Runtime, options: dict[str, Any], api_key: str) -> str:
    """Start an emulator as a separate process, and return its base URL as soon as it listens.

    The key is passed on in a pipe, because others can read the arguments while the emulator runs. The paths are
    passed on in variables, because an argument must be UTF-8. PYTHONPATH names where this process finds its
    modules: in a file made by shiv or pex, Python would not find them by itself.

    Raises:
        AntError: if it does not start. The error has its output.

    """
    log = options.pop("log_file", "") or str(registry_folder(runtime) / f"{time.time_ns()}.log")
    environ = {
        **{name: text for name, text in runtime.environ.items() if not name.startswith(_VARIABLES)},
        f"{_VARIABLES}LOG_FILE": log,
        f"{_VARIABLES}DATABASE": options.pop("database"),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    flags = [f"{flag_name(name)}={value}" for name, value in options.items()]
    if api_key:
        flags.append("--api-key-stdin")
    stderr = _open_log(log, registry_folder(runtime))
    begun = os.fstat(stderr).st_size
    with os.fdopen(stderr, "ab"):
        process: subprocess.Popen[str] = subprocess.Popen(
            own_command("emulator", "start", "--format", "auto", *flags),
            stdin=subprocess.PIPE if api_key else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environ,
            **in_background(),
            text=True,
        )
    try:
        url = _base_url_of(process, api_key)
    # most likely Ctrl-C: nobody knows its address yet, so nobody could stop it
    except BaseException:
        with process:  # which closes its pipes, and waits for its end
            process.kill()
        raise
    if not url:
        process.wait()
        raise AntError(f"the emulator did not start. It says:\n{_output_since(begun, log)}")
    process.returncode = 0  # keeps Popen from warning that the process still runs
    for line in _output_since(begun, log).splitlines():
        if line.startswith("Note: "):
            runtime.say(line)
    runtime.say(
        f"The emulator has started. Its log: {log}. To stop it: {command_line('emulator stop')}"
    )
    return url


def _open_log(log: str, folder: Path) -> int:
    """Open the log of an emulator in the background, which gets its messages, too.

    Raises:
        AntError: if that fails.
        UsageError: if it is a standard stream, which ends before the emulator.

    """
    destination = check_destination(log, EMULATOR_LOG)
    if destination.descriptor is not None:
        raise UsageError(
            f"--log-file {log} is a stream of this command, which ends before the emulator.",
            "Name a file, or leave out --detach.",
        )
    try:
        if destination.state == "stream":
            return open_stream(destination)
        if Path(log).parent == folder:
            make_private(folder)
            remove_old_logs(folder)
        return os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    except OSError as error:
        raise AntError(f"the emulator can't write {log}: {os_error_text(error)}.") from None


def _output_since(begun: int, log: str) -> str:
    """Return what an emulator has written, so far; empty if its log is a device or a pipe."""
    path = Path(log)
    if not path.is_file():
        return ""
    return path.read_bytes()[begun:].decode("utf-8", "replace").strip()


def _base_url_of(process: subprocess.Popen[str], api_key: str) -> str:
    """Give a new emulator its key, and return its base URL when it listens; empty if it ends before."""
    if process.stdin is not None:
        # the process may have failed already
        with suppress(BrokenPipeError), process.stdin as stdin:
            stdin.write(api_key)
    with process.stdout as stdout:  # type: ignore[union-attr] # it is a pipe
        return stdout.readline().strip()


def _key_to_send(host: str, flags: Flags, runtime: Runtime) -> str:
    """Return the key that clients have to send; empty for any key. Raises UsageError if one is required."""
    if api_key := flags.get("api_key") or runtime.environ.get("ANT_EMULATOR_API_KEY"):
        return check_secret("--api-key", api_key)
    if _is_exposed(host):
        raise UsageError(
            f"--host {host} can be reached from other machines, so --api-key is required.",
            "It is the key that clients have to send.",
        )
    return ""


def _is_exposed(host: str) -> bool:
    """Whether other machines can reach an address. Names are assumed to be reachable, except localhost."""
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


def import_server() -> Any:
    """Return the module that serves emulators. UsageError if a package that it needs is not installed."""
    try:
        from ant_cli.emulator import http_server
    except ImportError as error:
        raise UsageError(
            f"serving the emulator needs {error.name}.", install_hint("emulator")
        ) from None
    return http_server
