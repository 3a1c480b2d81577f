"""The files in docs/worker and the page, held to each other, to the program, and to the tools that read them."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import yaml

from ant_cli.argv import ToolCall, parse
from ant_cli.errors import UsageError
from ant_cli.operations.spec import Flags
from ant_cli.runtime.variables import BASE_URL, WORK_SECRET
from ant_cli.settings.selection import resolve
from ant_cli.settings.worker_options import (
    ExporterOptions,
    PollOptions,
    SessionOptions,
    read_options,
    rows_of,
)
from ant_cli.worker.context import handler_environment
from ant_cli.worker.exporter import Reading, find_page, to_numbers
from ant_cli.worker.sdk_session import LEASE_HOLDER
from ant_cli.worker.supervisor import _END_S

DOCS = Path(__file__).parents[2] / "docs"
FOLDER = DOCS / "worker"
PATHS = (DOCS / "worker.md", DOCS / "worker-faults.md", FOLDER / "README.md")
PAGES = "".join(path.read_text() for path in PATHS)
UNIT = "ant-worker@.service"
ITEM = {"id": "work_1", "environment_id": "env_1", "data": {"id": "session_1"}, "secret": "s"}
MANIFESTS = {
    (value["kind"], value["metadata"]["name"]): value
    for path in (FOLDER / "kubernetes").rglob("*.yaml")
    if path.name != "kustomization.yaml"
    for value in yaml.safe_load_all(path.read_text())
}
WORKERS, EXPORTER = MANIFESTS["Deployment", "ant-worker"], MANIFESTS["Deployment", "ant-exporter"]
SCALED_JOB, SCALED_OBJECT = (
    MANIFESTS["ScaledJob", "ant-worker"],
    MANIFESTS["ScaledObject", "ant-worker"],
)
PODS = {
    "workers": WORKERS["spec"]["template"]["spec"],
    "exporter": EXPORTER["spec"]["template"]["spec"],
    "job": SCALED_JOB["spec"]["jobTargetRef"]["template"]["spec"],
}


def container(pod):
    """Return the only container of a pod."""
    (found,) = PODS[pod]["containers"]
    return found


def variables(pod):
    """Return the variables of a pod with what they are set to."""
    return {each["name"]: each.get("value", "of the pod") for each in container(pod)["env"]}


def call_of(pod):
    """Return the command that a pod runs: the image's, unless it has one of its own."""
    command = container(pod).get("command", dockerfile()["ENTRYPOINT"])
    assert command[0] == "ant"
    call = parse([*command[1:], *container(pod)["args"]])
    assert isinstance(call, ToolCall)
    return call


def options_of(pod):
    """Return the options of a pod's command."""
    return read_options(options_class(pod), call_of(pod).flags, variables(pod), "").__dict__


def options_class(pod):
    """Return the type of the options of a pod's command."""
    return ExporterOptions if pod == "exporter" else PollOptions


def port_of(pod):
    """Return the only port of a pod."""
    (port,) = container(pod)["ports"]
    return port


def dockerfile():
    """Return the instructions, of which the lists are parsed; RUN and COPY occur more than once, and are joined."""
    text = re.sub(r"\\\n", "", (FOLDER / "Dockerfile").read_text())
    found = {}
    for name, value in re.findall(r"^([A-Z]+) (.*)$", text, re.MULTILINE):
        found[name] = (
            json.loads(value) if value.startswith("[") else f"{found.get(name, '')}{value}\n"
        )
    return found


def unit(name):
    """Return the section [Service] of a unit."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read_string((FOLDER / name).read_text())
    return parser["Service"]


def time_to_end_s(values):
    """Return how long a worker with these variables may take to end."""
    timeouts = [
        row for row in rows_of(PollOptions) if row.name in ("drain_timeout", "kill_timeout")
    ]
    given = {row.variable: values[row.variable] for row in timeouts if row.variable in values}
    return _END_S + sum(found.value for found in resolve(tuple(timeouts), Flags(), given).values())


def test_prometheus_scrapes_the_ports_of_the_unit_and_of_the_exporter():
    """Two programs on one machine can't listen on the same port."""
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    targets = {
        job["job_name"]: job["static_configs"][0]["targets"] for job in config["scrape_configs"]
    }
    (worker,), (exporter,) = targets["ant-worker"], targets["ant-exporter"]
    assert f"--listen {worker.replace('9464', '%i')} " in unit(UNIT)["ExecStart"]
    assert unit("ant-exporter.service")["ExecStart"].endswith(
        f"ant beta:worker exporter --listen {exporter}"
    )
    assert f"ant beta:worker exporter --listen {exporter}`" in PAGES
    assert worker != exporter


@pytest.mark.parametrize("name", ["base", "scaled-object", "scaled-job"])
def test_a_kustomization_names_all_files_of_its_folder_and_the_namespace(name):
    """The two that need KEDA contain the base."""
    folder = FOLDER / "kubernetes" / name
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    files = {path.name for path in folder.iterdir()} - {"kustomization.yaml"}
    assert set(kustomization["resources"]) == files | (set() if name == "base" else {"../base"})
    assert ("Namespace", kustomization["namespace"]) in MANIFESTS


@pytest.mark.parametrize(
    ("scaled", "counted"),
    [(SCALED_JOB, "depth"), (SCALED_OBJECT, "unfinished")],
    ids=["jobs", "workers"],
)
def test_keda_asks_the_exporter_for_a_number_that_it_serves(scaled, counted):
    """The host is the exporter's Service in its namespace. Metadata of triggers, even numbers, are in quotes."""
    (trigger,) = scaled["spec"]["triggers"]
    assert trigger["type"] == "metrics-api"
    assert all(isinstance(value, str) for value in trigger["metadata"].values())
    assert trigger["metadata"]["valueLocation"] == counted
    service = MANIFESTS["Service", "ant-exporter"]
    (namespace,) = [name for kind, name in MANIFESTS if kind == "Namespace"]
    (port,) = service["spec"]["ports"]
    host = f"http://{service['metadata']['name']}.{namespace}:{port['port']}"
    assert trigger["metadata"]["url"].startswith(f"{host}/")
    reading = Reading(0.0, to_numbers({"running": 1}, 0.0))
    page = find_page({"env_1": lambda: reading}, trigger["metadata"]["url"].removeprefix(host))
    assert counted in json.loads(page.body)


def test_a_job_is_started_for_each_waiting_item_also_while_others_run():
    """By default KEDA subtracts the running jobs from the waiting items, which do not contain theirs.

    A job is not one of those that run until its worker is ready: 25 items got 50 jobs on a busy node.
    """
    strategy = {"strategy": "accurate", "pendingPodConditions": ["Ready"]}
    assert SCALED_JOB["spec"]["scalingStrategy"] == strategy
    assert (
        container("job")["readinessProbe"]["periodSeconds"] < SCALED_JOB["spec"]["pollingInterval"]
    )
    assert SCALED_JOB["spec"]["triggers"][0]["metadata"]["targetValue"] == "1"
    assert options_of("job")["max_items"] == 1
    assert options_of("job")["exit_when_idle"] > 0


def test_workers_are_scaled_from_zero_by_the_items_that_one_of_them_runs():
    """It scales the Deployment that there is."""
    assert SCALED_OBJECT["spec"]["minReplicaCount"] == 0
    assert SCALED_OBJECT["spec"]["scaleTargetRef"] == {"name": WORKERS["metadata"]["name"]}
    (trigger,) = SCALED_OBJECT["spec"]["triggers"]
    assert int(trigger["metadata"]["targetValue"]) == options_of("workers")["concurrency"]


@pytest.mark.parametrize("deployment", [WORKERS, EXPORTER], ids=["workers", "exporter"])
def test_a_deployment_and_a_service_select_the_pods_of_the_deployment(deployment):
    """Another label would be rejected, or select nothing."""
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"] == {"matchLabels": labels}
    if deployment is EXPORTER:
        assert MANIFESTS["Service", "ant-exporter"]["spec"]["selector"] == labels


@pytest.mark.parametrize("pod", PODS)
def test_every_pod_is_admitted_by_the_restricted_standard_that_its_namespace_enforces(pod):
    """The user must be a number: a kubelet can't tell whether a name is root."""
    (labels,) = [
        value["metadata"]["labels"] for (kind, _), value in MANIFESTS.items() if kind == "Namespace"
    ]
    assert labels == {"pod-security.kubernetes.io/enforce": "restricted"}
    assert PODS[pod]["securityContext"] == {
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container(pod)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert PODS[pod]["automountServiceAccountToken"] is False
    assert container(pod)["resources"].keys() == {"requests", "limits"}
    user = dockerfile()["USER"].strip()
    assert re.fullmatch("[1-9][0-9]+", user)
    assert f"useradd --uid {user} --gid 0 " in dockerfile()["RUN"]
    assert "chmod -R g=u /home/worker" in dockerfile()["RUN"]


@pytest.mark.parametrize("pod", PODS)
def test_every_pod_sets_variables_that_its_command_reads(pod):
    """Its flags are parsed, and all that are required are given."""
    call = call_of(pod)
    rows = rows_of(options_class(pod))
    assert variables(pod).keys() <= {row.variable for row in rows}
    assert options_of(pod)["environment_id"]
    if pod != "exporter":
        assert call.flags["handler"] == ["handle"]


@pytest.mark.parametrize("pod", PODS)
def test_the_secret_of_a_pod_has_the_names_in_the_environment_file(pod):
    """The same file is read by systemd, Docker and kubectl."""
    (example,) = re.findall(r"cat > ant-worker.env\) <<'END'\n(.*?)END", PAGES, re.DOTALL)
    names = re.findall("^[A-Z_]+", example, re.MULTILINE)
    secrets = [
        each for each in container(pod)["env"] if "secretKeyRef" in each.get("valueFrom", {})
    ]
    optional = [] if pod == "exporter" else ["ANT_WORKER_METADATA_KEY"]
    assert [each["name"] for each in secrets] == names + optional
    for each in secrets:
        more = {"optional": True} if each["name"] in optional else {}
        assert each["valueFrom"]["secretKeyRef"] == {
            "name": "ant-worker",
            "key": each["name"],
            **more,
        }
    assert (
        "create secret generic ant-worker --namespace ant-worker --from-env-file ant-worker.env"
        in PAGES
    )


@pytest.mark.parametrize("pod", PODS)
def test_probes_ask_for_pages_that_are_served_at_the_port_of_the_pod(pod):
    """It listens at all addresses: a probe does not come from inside the pod."""
    assert options_of(pod)["listen"] == ("0.0.0.0", port_of(pod)["containerPort"])
    pages = {"/healthz"} if pod == "exporter" else {"/healthz", "/readyz"}  # tested in tests/worker
    names = ("readinessProbe",) if pod == "job" else ("livenessProbe", "readinessProbe")
    probes = [container(pod)[name]["httpGet"] for name in names]
    for probe in probes:
        assert probe["path"] in pages
        assert probe["port"] == port_of(pod)["name"]
    if pod == "exporter":
        (port,) = MANIFESTS["Service", "ant-exporter"]["spec"]["ports"]
        assert port["targetPort"] == port_of(pod)["name"]


@pytest.mark.parametrize("pod", ["workers", "job"])
def test_a_pod_has_more_time_to_end_than_its_worker_may_take(pod):
    """Otherwise the handlers are killed in the middle of their ends."""
    assert PODS[pod]["terminationGracePeriodSeconds"] > time_to_end_s(variables(pod))


def test_systemd_and_docker_give_a_worker_more_time_to_end_than_it_may_take():
    """Docker's own timeout is 10 seconds."""
    assert int(unit(UNIT)["TimeoutStopSec"]) > time_to_end_s({})
    timeouts = re.findall(r"--stop-timeout (\d+)", PAGES + (FOLDER / "Dockerfile").read_text())
    assert len(timeouts) == 2
    assert min(map(int, timeouts)) > time_to_end_s({})


def test_the_image_starts_the_worker_as_a_user_who_can_write_in_the_folder_of_sessions():
    """The handler can be replaced by other arguments."""
    image = dockerfile()
    assert image["ENTRYPOINT"][0] == "ant"
    assert parse([*image["ENTRYPOINT"][1:], *image["CMD"]]).flags["handler"] == ["handle"]
    assert image["WORKDIR"].strip() == "/home/worker"
    assert "HOME=/home/worker" in image["ENV"].split()
    assert "--create-home worker" in image["RUN"]


def test_the_image_is_built_from_a_wheel_and_a_handler_that_are_there():
    """No index has the package."""
    image = dockerfile()
    wheel, handler = image["COPY"].splitlines()
    assert wheel == "ant_environments-*.whl /tmp/"
    assert '"$(ls -t /tmp/ant_environments-*.whl | head -n 1)[worker]"' in image["RUN"]
    assert '"$(ls -t docs/worker/ant_environments-*.whl | head -n 1)[worker]"' in PAGES
    assert handler == "--chmod=755 handle.sh /usr/local/bin/handle"
    assert "pip wheel --no-deps --wheel-dir docs/worker ." in PAGES
    assert (FOLDER / "handle.sh").stat().st_mode & 0o111


@pytest.mark.parametrize(
    "path",
    ["docs/worker.md", "docs/worker/README.md", "ant_cli/help/topics/worker.md"],
)
def test_a_container_gets_the_variables_without_which_no_session_runs(path):
    """`docker run` passes on none by itself. What is not in this list is in the item on stdin."""
    page = (DOCS.parent / path).read_text()
    (command,) = re.findall(r"docker run (--rm -i --init\s+-e[^`]*?(?:IMAGE|:1))", page)
    assert re.findall(r"-e\s+(\w+)", command) == [BASE_URL, LEASE_HOLDER]


@pytest.mark.parametrize("path", ["docs/worker.md", "ant_cli/help/topics/worker.md"])
def test_the_pages_list_the_variables_that_other_images_need(path):
    """SDKs' workers read no item on stdin. The worker's key stays outside."""
    needed = {row.variable for row in rows_of(SessionOptions) if row.required} | {
        WORK_SECRET,
        BASE_URL,
    }
    lists = re.findall(r"(?:-e\s+\w+\s+)+-e\s+\w+", (DOCS.parent / path).read_text())
    assert needed in [set(re.findall(r"-e\s+(\w+)", words)) for words in lists]
    assert not needed - handler_environment({}, ITEM, 1, {BASE_URL: "http://127.0.0.1"}).keys()


@pytest.mark.parametrize(
    "words", ["LoadCredential", "environment-key-file", "secretName", "ENVIRONMENT_KEY_FILE"]
)
def test_no_file_that_the_tools_of_a_session_could_read_has_the_key(words):
    """They run as the worker's user, who can read credentials of systemd and mounted secrets, but not PID 1."""
    files = [
        path
        for path in FOLDER.rglob("*")
        if path.suffix in (".service", ".yaml") or path.name == "Dockerfile"
    ]
    assert len(files) > 8
    assert not [path.name for path in files if words in re.sub("#.*", "", path.read_text())]


def test_the_handler_in_the_folder_runs_the_session_in_its_own_process():
    """The worker ends that process, so no shell may wait between them."""
    (command,) = re.findall("^exec ant (.*)$", (FOLDER / "handle.sh").read_text(), re.MULTILINE)
    assert " ".join(parse(command.split()).command.path) == "beta:worker run"


@pytest.mark.parametrize(
    "variables",
    [dockerfile()["ENV"], unit(UNIT)["Environment"]],
    ids=["image", "unit"],
)
def test_the_worker_holds_the_lease_from_the_start_for_a_handler_that_leaves_it_there(variables):
    """A session that needed more than 20 seconds to start on a busy node lost it to the worker, and ran again."""
    assert "ANT_WORKER_HEARTBEAT=always" in variables.split()


def test_sessions_under_systemd_write_in_their_home():
    """A dynamic user has no home, and may write only in the unit's state directory."""
    service = unit(UNIT)
    state = service["StateDirectory"]
    assert service["DynamicUser"] == "yes"
    assert service["WorkingDirectory"] == f"%S/{state}"
    assert f"HOME=%S/{state}" in service["Environment"].split()
    assert service["SyslogIdentifier"] == state


def test_a_unit_runs_the_handler_and_is_started_again_unless_a_start_can_not_help():
    """That is a usage error. A key may be accepted again, and is asked for less and less."""
    service = unit(UNIT)
    words = service["ExecStart"].replace("%i", "9471").split()
    assert words[:2] == ["/usr/bin/env", "ant"]
    assert parse(words[2:]).flags["handler"] == ["/usr/local/bin/handle"]
    assert service["RestartPreventExitStatus"] == str(UsageError.exit_code)
    assert (service["Restart"], service["KillMode"]) == ("always", "mixed")
    assert int(service["RestartSec"]) < int(service["RestartMaxDelaySec"])
    assert int(service["TasksMax"]) > 0
    assert service["OOMPolicy"] == "continue"


@pytest.mark.parametrize("name", [UNIT, "ant-exporter.service"])
@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_a_unit_is_as_protected_as_its_handlers_allow(name, tmp_path):
    """The exposure that systemd computes, times ten, was 82 before; 15 is left for what sessions need."""
    path = Path(shutil.copy(FOLDER / name, tmp_path / name.replace("@", "@9471")))
    words = ["systemd-analyze", "security", "--offline=true", "--threshold=15", path]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_pages_link_to_files_that_exist_and_list_all_of_them():
    """The folder's page has a row for each file and each kustomization."""
    for page in PATHS:
        for target in re.findall(r"\]\(([^)#:]+)", page.read_text()):
            assert (page.parent / target).exists(), target
    listed = set(re.findall(r"\]\(([^)]+)\)", (FOLDER / "README.md").read_text()))
    kustomizations = {f"kubernetes/{path.name}" for path in (FOLDER / "kubernetes").iterdir()}
    files = {
        path.name
        for path in FOLDER.iterdir()
        if path.is_file() and path.suffix not in (".md", ".whl")
    }
    assert files | kustomizations <= listed


def test_every_flag_on_the_pages_exists():
    """It belongs to one of the three commands, or to another program."""
    known = {
        row.flag
        for row in (*rows_of(PollOptions), *rows_of(SessionOptions), *rows_of(ExporterOptions))
    }
    others = {
        "--rm",
        "--init",
        "--detach",
        "--filter",
        "--transform",
        "--format",
        "--count",
        "--config",
        "--name",
    }
    others |= {"--force", "--requeue", "--entrypoint"}
    docker_and_kubectl = {"--tag", "--env-file", "--stop-timeout", "--namespace", "--from-env-file"}
    pip_and_systemctl = {"--no-deps", "--wheel-dir", "--now"}
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGES))
    assert flags <= known | others | docker_and_kubectl | pip_and_systemctl


@pytest.fixture
def paste(clean_environ, tmp_path):
    """Run the commands for the emulator with programs of a folder first on PATH."""
    (commands,) = re.findall(
        r"<!-- emulator -->\n```sh\n(.*?)^```", PAGES, re.MULTILINE | re.DOTALL
    )

    def paste(programs):
        environ = {**clean_environ, "HOME": str(tmp_path), "PATH": f"{programs}:/usr/bin:/bin"}
        run = partial(
            subprocess.run, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False
        )
        try:
            return run(["sh", "-c", commands])
        finally:
            run(["sh", "-c", "ant emulator stop"])

    return paste


@pytest.mark.slow
def test_the_commands_for_the_emulator_start_it_and_run_all_items(paste):
    """They work as they are pasted."""
    done = paste(Path(sys.executable).parent)
    assert (done.returncode, done.stderr.count('msg="work item done"')) == (0, 3), done.stderr


def test_without_an_emulator_the_commands_send_nothing_to_an_account(paste, tmp_path):
    """`ant emulator env` prints `false` then."""
    program = tmp_path / "ant"
    program.write_text(
        '#!/bin/sh\necho "$1 $2" >> calls\n[ "$1 $2" = "emulator env" ] && echo false\nexit 2\n'
    )
    program.chmod(0o755)
    assert paste(tmp_path).returncode != 0
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls == ["emulator status", "emulator start", "emulator env", "emulator stop"]
