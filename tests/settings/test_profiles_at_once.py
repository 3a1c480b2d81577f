"""The profiles file with many processes at once: it is valid, and has the last acknowledged state."""

from __future__ import annotations

import copy
import fcntl
import signal
import stat
import tempfile
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.profile_workers import Workers

pytestmark = pytest.mark.slow

START = 'active = "shared"\n[profiles.shared]\n' + "".join(f"[profiles.own-{worker}]\n" for worker in range(3))
SPELLINGS = {"api_key": "sk-ant-{}", "base_url": "http://{}", "workspace_id": "wrkspc_{}"}
"""The value of each key. Every value is used once, so that it shows who wrote it, and when."""

KEYS = st.sampled_from([*SPELLINGS])
WHERE = st.sampled_from(["own", "shared"])
COMMANDS = st.one_of(
    st.tuples(st.just("set"), WHERE, KEYS),
    st.tuples(st.just("unset"), WHERE, KEYS),
    st.tuples(st.just("login"), st.just("own")),
    st.tuples(st.just("activate"), WHERE),
    st.tuples(st.sampled_from(["create", "delete"]), st.just("extra")),
    st.tuples(st.just("list")),
)
DEATHS = st.none() | st.none() | st.none() | st.integers(1, 14)
"""The number of the call for a file at which the process of a command is killed. There are about that many."""
WORKERS = st.lists(st.lists(st.tuples(COMMANDS, DEATHS), max_size=6), min_size=2, max_size=3)


@pytest.fixture(scope="module")
def workers():
    """Processes that carry out commands at the same time."""
    with Workers() as workers:
        yield workers


def command_line(command, worker, number):
    """Return the command line of a worker's n-th command."""
    kind, *rest = command
    name = f"{rest[0]}-{worker}" if rest and rest[0] != "shared" else "shared"
    value = SPELLINGS[rest[1] if len(rest) > 1 else "api_key"].format(f"{worker}.{number}")
    words = {
        "set": ["profile", "set", "--profile", name, *rest[1:], *([] if rest[1:] == ["api_key"] else [value])],
        "unset": ["profile", "unset", "--profile", name, *rest[1:]],
        "login": ["auth", "login", "--profile", name, "--no-verify", "--api-key-stdin"],
    }
    return words.get(kind, ["profile", kind, *([name] if rest else [])]), value


class Model:
    """What one worker may rely on: profiles that nobody else changes, and its last write to a shared one."""

    def __init__(self):
        self.profiles = {"own": {}}
        self.shared = {}
        """By key of the shared profile; and, by "active", which profile is the active one."""

    def carry_out(self, command, worker, value):
        """Make a change, and return the expected exit status."""
        kind, where, key = (*command, None, None)[:3]
        place = self.shared if where == "shared" else self.profiles.get(where, {})
        if kind in ("set", "unset", "login"):
            place[key or "api_key"] = None if kind == "unset" else value
            if kind == "login" and not place.get("base_url"):
                place["base_url"] = "https://api.anthropic.com"
        elif kind == "activate":
            self.shared["active"] = "shared" if where == "shared" else f"own-{worker}"
        elif kind == "create":
            if "extra" in self.profiles:
                return 2
            self.profiles["extra"] = {}
        elif kind == "delete":
            return 4 if self.profiles.pop("extra", None) is None else 0
        return 0

    def content(self, worker):
        """Return the worker's own profiles in the file."""
        return {
            f"{name}-{worker}": {key: value for key, value in profile.items() if value is not None}
            for name, profile in self.profiles.items()
        }


def possible_ends(worker, commands, outcome):
    """Return the possible states after a worker: the one that it acknowledged, or that after one more command."""
    model = Model()
    killed = outcome["status"] == -signal.SIGKILL
    assert killed or (outcome["status"], len(outcome["acknowledged"])) == (0, len(commands))
    for number, (status, said) in enumerate(outcome["acknowledged"]):
        _, value = command_line(commands[number][0], worker, number)
        assert model.carry_out(commands[number][0], worker, value) == status, said
    if not killed:
        return [model]
    number, after = len(outcome["acknowledged"]), copy.deepcopy(model)
    command, _ = commands[number]
    after.carry_out(command, worker, command_line(command, worker, number)[1])
    return [model, after]


@settings(max_examples=60)
@given(lists=WORKERS)
def test_the_file_has_what_any_process_last_acknowledged(workers, lists):
    """Processes edit the file at the same time and are killed at random; the file can be edited afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "profiles.toml"
        path.write_text(START)
        path.chmod(0o600)
        jobs = []
        for worker, commands in enumerate(lists):
            lines = [command_line(command, worker, number) for number, (command, _) in enumerate(commands)]
            jobs.append(
                [
                    {"words": words, "stdin": value, "dies_at": death}
                    for (words, value), (_, death) in zip(lines, commands, strict=True)
                ]
            )
        outcomes = workers.run(jobs, {"ANTHROPIC_CONFIG_DIR": folder})
        ends = [possible_ends(worker, *facts) for worker, facts in enumerate(zip(lists, outcomes, strict=True))]
        check(tomllib.loads(path.read_text()), ends)
        nothing_is_in_the_way(workers, path)


def check(document, ends):
    """Check that the file is a possible result of these workers, in any order."""
    profiles = document["profiles"]
    for worker, models in enumerate(ends):
        mine = {name: profile for name, profile in profiles.items() if name.endswith(f"-{worker}")}
        assert mine in [model.content(worker) for model in models]
    for key in (*SPELLINGS, "active"):
        value = document["active"] if key == "active" else profiles["shared"].get(key)
        untouched = "shared" if key == "active" else None
        first = {untouched} if all(key not in models[0].shared for models in ends) else set()
        written = {model.shared[key] for models in ends for model in models if key in model.shared}
        assert value in first | written


def nothing_is_in_the_way(workers, path):
    """Check that remaining files are private, that no lock is held, and that the next change removes leftovers."""
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    lock = path.with_name("profiles.toml.lock")
    if lock.exists():
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    status, said = workers.run_one(["profile", "create", "last"], {"ANTHROPIC_CONFIG_DIR": str(path.parent)})
    assert status == 0, said
    assert "last" in tomllib.loads(path.read_text())["profiles"]
    assert sorted(file.name for file in path.parent.iterdir()) == ["profiles.toml"]
