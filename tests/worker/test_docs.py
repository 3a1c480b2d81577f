"""The files in docs/worker.md, checked with the schemas and tools of the programs that read them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from ant_cli.argv import ToolCall, parse
from ant_cli.worker.exporter import Reading, _metrics, to_numbers
from ant_cli.worker.metrics import Identity, exposition, worker_metrics
from ant_cli.worker.options import EXPORTER_ROWS, POLL_ROWS, RUN_ROWS
from ant_cli.worker.tally import Tally

PAGE = (Path(__file__).parents[2] / "docs" / "worker.md").read_text()
KEDA_KEYS = {
    "url",
    "valueLocation",
    "targetValue",
    "activationTargetValue",
    "format",
    "unsafeSsl",
    "authMode",
    "aggregateFromKubeServiceEndpoints",
    "aggregationType",
}
"""The metadata of a metrics-api trigger in KEDA's documentation."""


def blocks(language):
    """Return the code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def manifest(kind):
    """Return the manifest of a kind."""
    (found,) = [value for value in map(yaml.safe_load, blocks("yaml")) if value.get("kind") == kind]
    return found


def prometheus_file(key):
    """Return the Prometheus file with a top-level key."""
    (found,) = [text for text in blocks("yaml") if key in yaml.safe_load(text)]
    return found


def container(pod):
    """Return the only container of a pod."""
    (found,) = pod["spec"]["containers"]
    return found


def test_the_rules_for_prometheus_name_metrics_that_exist():
    """Their labels have values that occur. An alert for any other metric or label would never fire."""
    served = exposition(
        [
            *worker_metrics(Tally(1), Identity("env_1", "w1")),
            *_metrics("env_1", Reading(0.0, to_numbers({}, 0.0))),
        ]
    ).decode()
    rules = [rule for group in yaml.safe_load(prometheus_file("groups"))["groups"] for rule in group["rules"]]
    selectors = [found for rule in rules for found in re.findall(r"(ant_\w+)(?:\{(\w+=\"\w+\")\})?", rule["expr"])]
    assert len(selectors) == len(rules)
    for name, label in selectors:
        assert re.search(rf"^{name}\{{.*{label}.*\}} ", served, re.MULTILINE), (name, label)


def test_prometheus_scrapes_the_ports_of_the_worker_and_the_exporter_on_the_page():
    """Two programs on one machine can't listen on the same port."""
    jobs = yaml.safe_load(prometheus_file("scrape_configs"))["scrape_configs"]
    (worker, exporter) = [address for job in jobs for each in job["static_configs"] for address in each["targets"]]
    assert f"--listen {worker}" in PAGE
    assert f"--listen {exporter}" in PAGE


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed; other tests check the names")
def test_promtool_accepts_the_configuration_and_the_rules_on_the_page(tmp_path):
    """They are checked unchanged."""
    (tmp_path / "ant-rules.yml").write_text(prometheus_file("groups"))
    (tmp_path / "prometheus.yml").write_text(prometheus_file("scrape_configs"))
    done = subprocess.run(
        ["promtool", "check", "config", "--lint-fatal", "prometheus.yml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "SUCCESS: 4 rules found" in done.stdout


def test_the_deployment_follows_the_schema_of_kubernetes():
    """Unknown fields are mistakes, too."""
    kubernetes_validate.validate(manifest("Deployment"), kubernetes_validate.latest_version(), strict=True)


def test_the_job_of_the_scaled_job_follows_the_schema_of_kubernetes():
    """KEDA creates jobs from this template."""
    template = manifest("ScaledJob")["spec"]["jobTargetRef"]
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "x"}, "spec": template}
    kubernetes_validate.validate(job, kubernetes_validate.latest_version(), strict=True)


def test_the_trigger_of_the_scaled_job_has_the_names_of_kedas_scaler():
    """Its target must be a number other than 0. Like all metadata of triggers, it must be in quotes."""
    (trigger,) = manifest("ScaledJob")["spec"]["triggers"]
    assert trigger["type"] == "metrics-api"
    assert trigger["metadata"].keys() <= KEDA_KEYS
    assert all(isinstance(value, str) for value in trigger["metadata"].values())
    assert float(trigger["metadata"]["targetValue"]) > 0


@pytest.mark.parametrize("kind", ["Deployment", "ScaledJob"])
def test_the_manifests_use_arguments_and_variables_of_the_worker(kind):
    """Their containers have more time to end than the worker needs."""
    spec = manifest(kind)["spec"]
    pod = spec["template"] if kind == "Deployment" else spec["jobTargetRef"]["template"]
    call = parse(["beta:worker", "poll", *container(pod)["args"]])
    assert isinstance(call, ToolCall)
    assert call.flags["handler"] == ["handle"]
    known = {row.variable for row in (*POLL_ROWS, *RUN_ROWS, *EXPORTER_ROWS)}
    assert {variable["name"] for variable in container(pod)["env"]} <= known
    assert pod["spec"]["terminationGracePeriodSeconds"] > 20 + 10


def test_the_dockerfile_starts_the_worker():
    """The handler can be replaced by other arguments."""
    (dockerfile,) = blocks("dockerfile")
    entry, command = re.search(r"ENTRYPOINT (\[.*\])\nCMD (\[.*\])", dockerfile).groups()
    words = [*yaml.safe_load(entry), *yaml.safe_load(command)]
    assert words[0] == "ant"
    assert parse(words[1:]).flags["handler"] == ["handle"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_unit_on_the_page(tmp_path):
    """Its check prints nothing about a valid unit."""
    (unit,) = blocks("ini")
    path = tmp_path / "ant-worker.service"
    path.write_text(unit)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert [line for line in done.stderr.splitlines() if "ant-worker" in line] == []
    assert done.returncode == 0


def test_every_flag_on_the_page_exists():
    """It belongs to one of the three commands."""
    known = {row.param.flag for row in (*POLL_ROWS, *RUN_ROWS, *EXPORTER_ROWS)}
    others = {
        "--rm",
        "--no-cache-dir",
        "--create-home",
        "--chmod",
        "--filter",
        "--transform",
        "--format",
        "--count",
        "--config",
        "--detach",
    }
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE)) <= known | others | {"--name"}


@pytest.fixture
def paste(clean_environ, tmp_path):
    """Run the commands for the emulator with programs of a folder first on PATH."""
    (commands,) = re.findall(r"<!-- emulator -->\n```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)

    def paste(programs):
        environ = {**clean_environ, "HOME": str(tmp_path), "PATH": f"{programs}:/usr/bin:/bin"}
        run = partial(subprocess.run, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False)
        try:
            return run(["sh", "-c", commands])
        finally:
            run(["sh", "-c", "ant emulator stop"])

    return paste


def test_the_commands_for_the_emulator_start_it_and_run_all_items(paste):
    """They work as they are pasted."""
    done = paste(Path(sys.executable).parent)
    assert (done.returncode, done.stderr.count('msg="work item done"')) == (0, 3), done.stderr


def test_without_an_emulator_the_commands_send_nothing_to_an_account(paste, tmp_path):
    """`ant emulator env` prints `false` then."""
    program = tmp_path / "ant"
    program.write_text('#!/bin/sh\necho "$1 $2" >> calls\n[ "$1 $2" = "emulator env" ] && echo false\nexit 2\n')
    program.chmod(0o755)
    assert paste(tmp_path).returncode != 0
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls == ["emulator status", "emulator start", "emulator env", "emulator stop"]
