"""Real shells with the completion, which find an `ant` that records its arguments."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.helpers.processes import run_process

SCRIPTS = Path(__file__).parents[2] / "completions"
REAL_ANT = Path(sys.executable).parent / "ant"
RECORDER = r"""#!/bin/sh
printf '%s\n' "$*" >>"$HOME/calls"
case $2 in
  environment_id | emulator_environment_id) printf 'env_1\tdata: "a" %%B $(date) \\ it'\''s\nenv_2\tother\n' ;;
  work_id) printf 'work_1\tqueued\n' ;;
esac
"""
PROFILES = 'active = "work"\n\n[profiles.home]\nbase_url = "local:"\n\n[profiles."my.team"]\n[profiles.work]\n'
HARD_NAME = "a: $(touch oops)\n`touch oops`'\""
"""A name that must neither break a shell nor be run by it."""


def needs(shell: str) -> None:
    """Skip the test if the shell is not installed."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed: apt-get install -y {shell}")


@dataclass
class ShellSandbox:
    """A folder with some files, a home, and an `ant` on the path."""

    folder: Path
    environ: dict[str, str]

    @property
    def calls(self) -> list[str]:
        """The arguments of each call of `ant`."""
        log = self.folder / "calls"
        return log.read_text().splitlines() if log.exists() else []

    def name_environments(self, **names: str) -> None:
        """Let `ant` list environments with these names, in the order of their IDs."""
        (self.folder / "names").write_text(
            "".join(f"{key}\t{name}\n" for key, name in names.items())
        )
        (self.folder / "bin" / "ant").write_text('#!/bin/sh\ncat "$HOME/names"\n')

    def install_second_name(self) -> None:
        """Install the program under the name that it has next to another `ant`."""
        (self.folder / "bin" / "ant-environments").symlink_to(REAL_ANT)

    def use_real_ant(self) -> str:
        """Put the real `ant` on the path, with an emulator that has one environment; return its ID."""
        ant = self.folder / "bin" / "ant"
        ant.unlink()
        ant.symlink_to(REAL_ANT)
        self.environ["ANTHROPIC_BASE_URL"] = f"local:{self.folder / 'emulator.db'}"
        create = [
            ant,
            "beta:environments",
            "create",
            "--config",
            "{type: cloud}",
            "--transform",
            "id",
            "-r",
        ]
        command = [*create, "--name", HARD_NAME]
        done = run_process(command, self.environ, check=True)
        return done.stdout.strip()


@pytest.fixture
def sandbox(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, clean_environ: dict[str, str]
) -> ShellSandbox:
    folder = tmp_path / "sandbox"
    (folder / "bin").mkdir(parents=True)
    (folder / "my files").mkdir()
    (folder / "env.yaml").touch()
    (folder / "env two.yaml").touch()
    (folder / "bin" / "ant").write_text(RECORDER)
    (folder / "bin" / "ant").chmod(0o755)
    config = folder / "config"
    config.mkdir()
    (config / "profiles.toml").write_text(PROFILES)
    (config / "profiles.toml").chmod(0o600)
    environ = {
        **clean_environ,
        "HOME": str(folder),
        "ANTHROPIC_CONFIG_DIR": str(config),
        "PATH": f"{folder / 'bin'}:{clean_environ['PATH']}",
        "COMPDUMP": str(tmp_path_factory.getbasetemp() / "zcompdump"),
        "TERM": "xterm",
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "160",
        "LINES": "50",
    }
    return ShellSandbox(folder, environ)
