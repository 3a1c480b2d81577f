"""The recipes of docs/ci.md: each is valid YAML, and sets everything that `ant` needs to log in."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from ant_cli.settings.rows import GLOBAL_FLAGS, VARIABLES
from tests.helpers.federation import ASSERTION, bearers, grant
from tests.helpers.servers import ScriptedServer, response

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "ci.md").read_text()
GITHUB, GITLAB, KUBERNETES = map(yaml.safe_load, re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
"""What `shell: bash` means on GitHub."""
AUDIENCE = "https://api.anthropic.com"


@pytest.fixture
def log_in(federated):
    """Run a command line of a recipe with only its variables, and check that it logs in."""

    def run(words, variables):
        nothing = dict.fromkeys(("ANTHROPIC_FEDERATION_RULE_ID", "ANTHROPIC_ORGANIZATION_ID"))
        env = {**nothing, "ANTHROPIC_IDENTITY_TOKEN_FILE": None, **variables}
        result = federated(*words[1:], env=env, replies=[grant(), {"data": []}])
        assert (words[0], result.exit, bearers(result)) == ("ant", 0, ["", "1"])
        sent = json.loads(result.requests[0].content)
        assert sent["federation_rule_id"] == "fdrl_..."
        assert sent["service_account_id"] == "svac_..."
        return sent["assertion"]

    return run


def test_the_recipe_for_gitlab_logs_in(log_in):
    """GitLab declares the identity token under the name of the variable."""
    job = GITLAB["environments"]
    assert job["id_tokens"] == {"ANTHROPIC_IDENTITY_TOKEN": {"aud": AUDIENCE}}
    variables = job["variables"] | dict.fromkeys(job["id_tokens"], ASSERTION)
    assert log_in(shlex.split(job["script"][0]), variables) == ASSERTION


def test_the_recipe_for_kubernetes_logs_in(log_in, tmp_path):
    """The variable names the file of the mounted volume."""
    pod = KUBERNETES["spec"]["template"]["spec"]
    (container,), (volume,) = pod["containers"], pod["volumes"]
    (mount,), (source,) = container["volumeMounts"], volume["projected"]["sources"]
    assert mount["name"] == volume["name"]
    assert source["serviceAccountToken"]["audience"] == AUDIENCE
    assert source["serviceAccountToken"]["expirationSeconds"] >= 600  # the minimum of Kubernetes
    variables = {item["name"]: item["value"] for item in container["env"]}
    path = f"{mount['mountPath']}/{source['serviceAccountToken']['path']}"
    assert variables["ANTHROPIC_IDENTITY_TOKEN_FILE"] == path
    (tmp_path / "projected").write_text(ASSERTION)
    variables["ANTHROPIC_IDENTITY_TOKEN_FILE"] = str(tmp_path / "projected")
    assert log_in(container["command"], variables) == ASSERTION


@pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "curl", "jq"))), reason="the recipe needs bash, curl and jq"
)
def test_the_recipe_for_github_logs_in(log_in, clean_environ, tmp_path):
    """Its step fetches the identity token from the address that GitHub gives to a job with this permission."""
    assert GITHUB["permissions"]["id-token"] == "write"
    job = GITHUB["jobs"]["environments"]
    _, fetch, use = job["steps"]
    (tmp_path / "runner").mkdir()
    with ScriptedServer(response({"value": ASSERTION})) as server:
        subprocess.run(
            [*BASH, fetch["run"]],
            env={
                "PATH": clean_environ["PATH"],
                "ACTIONS_ID_TOKEN_REQUEST_URL": f"{server.url}/token?api-version=2.0",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job",
                "RUNNER_TEMP": str(tmp_path / "runner"),
                "GITHUB_ENV": str(tmp_path / "env"),
            },
            check=True,
        )
    assert server.lines == [f"GET /token?api-version=2.0&audience={AUDIENCE} HTTP/1.1"]
    assert b"Authorization: Bearer of-the-job\r\n" in server.requests[0]
    assert (tmp_path / "runner" / "identity-token").stat().st_mode & 0o777 == 0o600
    exported = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    assert log_in(shlex.split(use["run"]), job["env"] | exported) == ASSERTION


def test_the_page_about_credentials_names_variables_and_flags_that_exist():
    """A recipe with a wrong name could not log in."""
    rows = re.findall(r"\| `(--[\w-]+)` \| `(\w+)` \|", (DOCS / "credentials.md").read_text())
    assert len(rows) == 6
    flags = {param.flag: VARIABLES.get(param.name) for param in GLOBAL_FLAGS}
    assert {flag: flags.get(flag) for flag, _ in rows} == dict(rows)
