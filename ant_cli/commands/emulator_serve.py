"""`ant emulator start`, `status`, `stop` and `env`: serve the emulator, and find running ones.

Each of the current user's emulators has a file on this machine, which it keeps locked while it runs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

from ant_cli.commands import print_result, print_text
from ant_cli.commands.emulator_control import make_key
from ant_cli.commands.emulator_log import log_to, remove_old_logs
from ant_cli.errors import AntError, CredentialError, UsageError, exclude_each_other, os_error_text
from ant_cli.http.in_process import open_emulator
from ant_cli.operations.parsers import whole_number
from ant_cli.operations.spec import Flags, flag_name
from ant_cli.runtime import Runtime, variables
from ant_cli.runtime.extras import install_hint
from ant_cli.runtime.process import identity_of, in_background, own_command, terminate
from ant_cli.runtime.shell import FAILING_COMMAND, set_variable
from ant_cli.runtime.storage import append, is_locked, locked, make_private
from ant_cli.runtime.trusted_files import FileRule, open_trusted, read_to_limit
from ant_cli.settings.local_emulator import IN_MEMORY, LOCAL, database_path, state_folder
from ant_cli.settings.rows import check_secret

ANY_KEY = "sk-ant-emulator"
"""A key for clients that require one, for an emulator that accepts any."""


# Serving


def start(runtime: Runtime, flags: Flags, **options: Any) -> None:
    """Serve the emulator over HTTP until Ctrl-C; print its base URL as soon as it listens.

    Apart from the host, the port and --detach, the flags are the options of the emulator.
    """
    api_key = _key_to_send(options["host"], flags, runtime)
    if "seed" in options and options.setdefault("database", IN_MEMORY) != IN_MEMORY:
        raise UsageError(
            "--seed needs --database :memory:, because the next run would use the same IDs again."
        )
    options["database"] = database = options.get("database") or database_path(
        LOCAL, runtime.environ
    )
    file = database if database == IN_MEMORY else os.path.realpath(database)
    for other in _find_running(runtime) if file != IN_MEMORY else ():
        # allowed, but often by mistake: each one shows what the other has changed
        if other.database == file:
            runtime.say(f"Note: the emulator at {other.base_url} serves the same file, {file}.")
    import_server()  # before it is needed, so that the error is the same with --detach
    if options.get("until_stdin_closes") and runtime.stdin.taken:
        hint = "Give the key in ANT_EMULATOR_API_KEY."
        raise exclude_each_other("--until-stdin-closes", "--api-key-stdin", hint=hint)
    if options.pop("detach", False):
        if options.pop("until_stdin_closes", False):
            raise exclude_each_other("--until-stdin-closes", "--detach")
        url = _start_in_background(runtime, options, api_key)
        print_result(runtime, flags, url, {"base_url": url})
    else:
        _serve(runtime, flags, options, api_key, file)


def _serve(
    runtime: Runtime, flags: Flags, options: dict[str, Any], api_key: str, file: str
) -> None:
    """Serve in this process until a signal arrives. AntError if it can't listen at the address.

    An emulator that ends with its stdin belongs to the program that started it, so no command finds it.
    """
    host, port = options.pop("host"), options.pop("port")
    ends_with_stdin = options.pop("until_stdin_closes", False)
    with ExitStack() as stack:
        log = stack.enter_context(log_to(options.pop("log_file", ""), runtime))
        emulator = stack.enter_context(
            closing(open_emulator(runtime, api_key=api_key or None, **options))
        )

        def announce(url: str) -> None:
            if not ends_with_stdin:
                own = RunningEmulator(
                    url, os.getpid(), bool(api_key), file, identity_of(os.getpid())
                )
                register(own, stack, runtime)
            print_result(runtime, flags, url, {"base_url": url})
            runtime.say("The emulator listens there. Stop it with Ctrl-C.")
            if ends_with_stdin:
                threading.Thread(target=_stop_after_stdin, args=(runtime,), daemon=True).start()

        try:
            import_server().serve(emulator, host, port, announce, log)
            if runtime.stderr.is_terminal:
                runtime.say("")  # Ctrl-C left the cursor behind ^C
        except (OSError, UnicodeError) as error:  # UnicodeError: a host that can't be a name at all
            why = (
                os_error_text(error).partition(" (while ")[0]
                if isinstance(error, OSError)
                else "not a host name"
            )
            raise AntError(f"the emulator can't listen at {host}:{port}: {why}.") from None


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


_CHUNK = 65_536


def _start_in_background(runtime: Runtime, options: dict[str, Any], api_key: str) -> str:
    """Start an emulator as a separate process, and return its base URL as soon as it listens.

    The key is passed on in a pipe, because others can read the arguments while the emulator runs. PYTHONPATH names
    where this process finds its modules: in a file made by shiv or pex, Python would not find them by itself.

    Raises:
        AntError: if it does not start. The error has its output.

    """
    log = Path(
        options.setdefault("log_file", str(_registry_folder(runtime) / f"{time.time_ns()}.log"))
    )
    flags = [f"{flag_name(name)}={value}" for name, value in options.items()]
    try:
        make_private(_registry_folder(runtime))
        remove_old_logs(_registry_folder(runtime))
        stderr = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    except OSError as error:
        raise AntError(f"the emulator can't write {log}: {os_error_text(error)}.") from None
    environ = {
        name: text for name, text in runtime.environ.items() if not name.startswith("ANT_EMULATOR_")
    }
    if api_key:
        flags.append("--api-key-stdin")
    begun = log.stat().st_size
    with os.fdopen(stderr, "ab"):
        process: subprocess.Popen[str] = subprocess.Popen(
            own_command("emulator", "start", "--format", "auto", *flags),
            stdin=subprocess.PIPE if api_key else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
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
    output = log.read_bytes()[begun:].decode("utf-8", "replace").strip()
    if url:
        process.returncode = 0  # keeps Popen from warning that the process still runs
        for note in (line for line in output.splitlines() if line.startswith("Note: ")):
            runtime.say(note)
        runtime.say(f"The emulator has started. Its log: {log}. To stop it: ant emulator stop")
        return url
    raise AntError(f"the emulator did not start. It says:\n{output}")


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


# Finding the ones that run


_OWN = FileRule(10_000)


class RunningEmulator(NamedTuple):
    """A served emulator."""

    base_url: str
    pid: int
    has_key: bool
    database: str
    identity: str = ""
    """Makes its process ID unique: containers may share a home folder, and each has its own process IDs."""

    @property
    def port(self) -> str:
        """The port at which it listens."""
        return self.base_url.rpartition(":")[2]


def register(emulator: RunningEmulator, stack: ExitStack, runtime: Runtime) -> None:
    """Keep the file of an emulator until the stack is closed. If it can't be written, a note says so."""
    try:
        # The process ID is not enough: another container may have a process with the same ID, and so hold the lock.
        path = _registry_folder(runtime) / f"{emulator.pid}-{os.urandom(4).hex()}"
        make_private(_registry_folder(runtime))
        file = stack.enter_context(locked(path))
        stack.callback(file.truncate, 0)  # an empty file is removed with its lock
        append(file, json.dumps(emulator._asdict()).encode())
    except (OSError, UsageError) as error:  # the emulator works without the file
        why = f"{path}: {os_error_text(error)}." if isinstance(error, OSError) else str(error)
        runtime.say(f"Note: `ant emulator env` won't find this emulator; {why}")


def _find_running(runtime: Runtime) -> list[RunningEmulator]:
    """Return the running emulators, sorted by port. The files of killed ones are removed."""
    emulators = [_read(path) for path in sorted(_registry_folder(runtime).glob("*.lock"))]
    return sorted(filter(None, emulators), key=lambda emulator: int(emulator.port))


def _registry_folder(runtime: Runtime) -> Path:
    """Return the folder with a file for each emulator. It is for the current user only."""
    return state_folder(runtime.environ) / "emulators"


def _read(path: Path) -> RunningEmulator | None:
    """Return the emulator of a file; None if it is no longer running."""
    try:
        with open_trusted(str(path), _OWN) as file:
            emulator = RunningEmulator(**json.loads(read_to_limit(file, _OWN)))
            int(emulator.port)
            if is_locked(file):
                return emulator
    except (
        OSError,
        RecursionError,
        TypeError,
        ValueError,
    ):  # the file is gone, or not from an emulator
        return None
    with suppress(OSError):  # another command may be removing the file, too
        path.unlink()
    return None


def env(runtime: Runtime, _: Flags, *, environment_id: str = "", port: str = "", wait: str) -> None:
    """Print variables that point clients to the running emulator, for a shell to evaluate."""
    try:
        emulator = _the_one(runtime, port, whole_number(0, 3600)("--wait", wait))
        exported = {variables.BASE_URL: emulator.base_url}
        if not emulator.has_key:
            exported[variables.API_KEY] = ANY_KEY
        if environment_id:
            exported |= _worker_variables(runtime, emulator, environment_id)
    except AntError:
        # `eval "$(ant emulator env)" && worker` must not run the worker with the variables that the shell has now.
        print_text(runtime, FAILING_COMMAND)
        raise
    for name, value in exported.items():
        print_text(runtime, set_variable(name, value))
    if emulator.has_key:
        runtime.say("Note: it was started with its own key; put that into ANTHROPIC_API_KEY.")


def _worker_variables(
    runtime: Runtime, emulator: RunningEmulator, environment_id: str
) -> dict[str, str]:
    """Return the variables of an environment's workers, with a key that the emulator makes for them."""
    api_key = runtime.environ.get(variables.API_KEY, "") if emulator.has_key else ANY_KEY
    if not api_key:
        raise CredentialError(
            "the emulator was started with its own key.", "Put that into ANTHROPIC_API_KEY."
        )
    flags = Flags({"base_url": emulator.base_url, "api_key": api_key})
    made = make_key(runtime, flags, environment_id)
    return {
        variables.ENVIRONMENT_ID: made["environment_id"],
        variables.ENVIRONMENT_KEY: made["environment_key"],
    }


def status(runtime: Runtime, flags: Flags) -> None:
    """List the emulators that run."""
    emulators = _running(runtime)
    lines = [
        f"{emulator.base_url}  pid {emulator.pid}  {emulator.database}" for emulator in emulators
    ]
    shown = RunningEmulator._fields[:-1]  # only `stop` needs the last one
    print_result(
        runtime,
        flags,
        "\n".join(lines),
        [dict(zip(shown, each, strict=False)) for each in emulators],
    )


def stop(
    runtime: Runtime,
    _: Flags,
    *,
    port: str = "",
    all: bool = False,  # noqa: A002 - named as the flag is
) -> None:
    """Stop the running emulator when the requests in progress are done."""
    if all and port:
        raise exclude_each_other("--all", "--port")
    found = _running(runtime) if all else [_the_one(runtime, port)]
    emulators = [emulator for emulator in found if identity_of(emulator.pid) == emulator.identity]
    for emulator in emulators:
        terminate(emulator.pid)
    deadline = time.monotonic() + _STOP_SECONDS
    while set(emulators) & set(_find_running(runtime)):
        if time.monotonic() > deadline:
            raise AntError(
                f"the emulator still runs {_STOP_SECONDS} seconds after it was asked to stop."
            )
        time.sleep(LOOK_AGAIN_SECONDS)
    for emulator in emulators:
        runtime.say(f"Stopped the emulator at {emulator.base_url}.")
    if elsewhere := (set(found) - set(emulators)) & set(_find_running(runtime)):
        urls = ", ".join(sorted(each.base_url for each in elsewhere))
        raise AntError(
            f"not stopped: {urls}. No process here is known to be "
            "this emulator: it may run in another container or on another machine, or an older ant started it.",
            "Stop it where it was started: ant emulator stop, or Ctrl-C",
        )


_STOP_SECONDS = 20
LOOK_AGAIN_SECONDS = 0.05


def _the_one(runtime: Runtime, port: str, wait_s: float = 0) -> RunningEmulator:
    """Return the only running emulator, or the one at the port; wait for it to start.

    Raises:
        AntError: if no such emulator runs.
        UsageError: if there are several.

    """
    found = _running(runtime, port, wait_s)
    if len(found) > 1:
        listed = ", ".join(f"--port {emulator.port}" for emulator in found)
        raise UsageError(f"{len(found)} emulators are running.", f"Name one of them: {listed}")
    return found[0]


def _running(runtime: Runtime, port: str = "", wait_s: float = 0) -> list[RunningEmulator]:
    """Return the running emulators, or only the one at the port; wait for one to start. AntError without one."""
    deadline = time.monotonic() + wait_s
    while not (found := [each for each in _find_running(runtime) if port in ("", each.port)]):
        if time.monotonic() >= deadline:
            place = f" at port {port}" if port else ""
            raise AntError(f"no emulator is running{place}.", "Start one: ant emulator start")
        time.sleep(LOOK_AGAIN_SECONDS)
    return found
