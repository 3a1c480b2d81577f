"""A credential store of a real operating system: GNOME's, with its own D-Bus."""

from __future__ import annotations

import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from tests.helpers.processes import run_process

SECRET = "sk-ant-api03-kept-by-gnome-wxyz"
SESSION, STORE = "dbus-run-session", "gnome-keyring-daemon"

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, (SESSION, STORE, "timeout"))),
    reason=f"this test needs {SESSION} and {STORE}: apt-get install dbus gnome-keyring",
)
LOCK = "import secretstorage as s; s.get_default_collection(s.dbus_init()).lock()"
UNLOCK = f"printf pw | {STORE} --unlock --components=secrets >/dev/null 2>&1"
PROBE = f"""{UNLOCK} && $PYTHON -c 'import keyring; keyring.set_password("probe", "a", "b")'"""
SCRIPT = f"""
say() {{ echo "$?: $*" >&2; }}
{UNLOCK}
printf "$KEY" | $ANT auth login --keyring --api-key-stdin --no-verify --profile work; say login
$ANT auth token; say token
cp "$ANTHROPIC_CONFIG_DIR/profiles.toml" "$HOME/stored.toml"
$ANT profile rename work office; say rename
$ANT beta:environments list --base-url http://127.0.0.1:9 --max-retries 0; say call
$ANT profile delete office; say delete
$PYTHON -c 'import keyring, sys; print(keyring.get_password("ant", sys.argv[1]))' \
  "$(sed -n 's/.*keyring:\\(.*\\)"/\\1/p' "$HOME/stored.toml")"
printf "$KEY" | $ANT auth login --keyring --api-key-stdin --no-verify --profile home; say login
$PYTHON -c '{LOCK}'; say lock
$ANT auth token; say token
$ANT auth logout; say logout
"""


def in_session(script, environ, limit_s):
    """Run a script with its own D-Bus. Its processes end with it, or when the time is over."""
    return run_process(["timeout", str(limit_s), SESSION, "--", "bash", "-c", script], environ)


def test_a_real_credential_store_keeps_the_key_from_login_to_profile_deletion(clean_environ):
    """While the store is locked, it neither returns nor deletes keys, and the error says so."""
    environ = clean_environ | {
        "ANT": f"{sys.executable} -m ant_cli",
        "PYTHON": sys.executable,
        "KEY": SECRET,
    }
    del environ["ANTHROPIC_API_KEY"]
    if in_session(PROBE, environ, 10).returncode:
        pytest.skip(f"{STORE} can't be used on this machine")
    done = in_session(SCRIPT, environ, 120)  # ten programs in sequence, on a busy machine
    said = done.stderr
    steps = [line for line in said.splitlines() if line.partition(": ")[0].isdigit()]
    assert steps[:5] == ["0: login", "0: token", "0: rename", "8: call", "0: delete"], said
    assert steps[5:] == ["0: login", "0: lock", "4: token", "4: logout"], said
    assert done.stdout == f"{SECRET}\nNone\n"
    stored = tomllib.loads((Path(clean_environ["HOME"]) / "stored.toml").read_text())
    assert stored["profiles"]["work"]["api_key"].startswith("keyring:work-")
    assert "ant: the operating system's credential store can't be used: " in said
    assert "To delete it there:\n  keyring del ant home-" in said
    assert SECRET not in said
