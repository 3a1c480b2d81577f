"""The alerts, the dashboard and the expressions of docs/worker, held to the metrics and to Prometheus' own tool."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from ant_cli.worker.exporter import Reading, _metrics, of_lists, to_numbers
from ant_cli.worker.metrics import Tally, WorkerMetrics

DOCS = Path(__file__).parents[2] / "docs"
FOLDER = DOCS / "worker"
RULES = {
    rule["alert"]: rule
    for rule in yaml.safe_load((FOLDER / "ant-rules.yml").read_text())["groups"][0]["rules"]
}
DASHBOARD = json.loads((FOLDER / "ant-dashboard.json").read_text())
FOR_SCALING = re.search(r"```promql\n(.*)\n```", (FOLDER / "README.md").read_text())[1]
CONFIGURATIONS = [
    yaml.safe_load((FOLDER / f"prometheus{name}.yml").read_text()) for name in ("", "-pods")
]
EXPRESSIONS = {
    **{name: rule["expr"] for name, rule in RULES.items()},
    **{
        f"{panel['title']} {at['refId']}": at["expr"]
        for panel in DASHBOARD["panels"]
        for at in panel["targets"]
    },
    "scaling": FOR_SCALING,
}
QUIET = {
    'ant_worker_items_total{outcome="dead_letter"}': "0x80",
    'ant_worker_items_total{outcome="failed"}': "0+1x80",
    'ant_worker_items_total{outcome="given_back"}': "0+9x80",
    'ant_worker_items_total{outcome="lost"}': "0x80",
    'ant_worker_items_total{outcome="succeeded"}': "0+20x80",
    'ant_worker_items_total{outcome="timed_out"}': "0x80",
    'ant_worker_heartbeats_total{outcome="error"}': "0x80",
    'ant_worker_heartbeats_total{outcome="lost"}': "0x80",
    "ant_worker_slots{}": "4x80",
    "ant_worker_slots_used{}": "3x80",
    "ant_worker_outage{}": "0x80",
    "ant_worker_draining{}": "0x80",
    "ant_worker_last_poll_timestamp_seconds{}": "0+15x80",
    "ant_worker_unconfirmed{}": "0x80",
    "ant_worker_oldest_item_timestamp_seconds{}": "0x80",
    'ant_worker_metadata_writes_total{outcome="failed"}': "0x80",
    'ant_worker_metadata_writes_total{outcome="written"}': "0+1x80",
    "ant_work_queue_oldest_age_seconds{}": "200x80",
    "ant_work_queue_unheld{}": "0x80",
    "ant_work_queue_dead_letters{}": "0x80",
    'kube_job_status_failed{job_name="ant-worker-old"}': "1x80",
    'kube_job_status_failed{job_name="ant-worker-new"}': "0x80",
    'kube_job_status_failed{job_name="backup"}': "0x60 1x20",
    "ant_work_stats_up{}": "1x80",
    'up{job="ant-worker"}': "1x80",
}
"""The series of a fleet in which nothing is wrong, though some items fail; a value every 15 seconds."""
FIRES = {
    "AntDeadLetters": {'ant_worker_items_total{outcome="dead_letter"}': "0x60 1x20"},
    "AntItemsLost": {'ant_worker_items_total{outcome="lost"}': "0x60 1x20"},
    "AntItemsUnfinished": {'ant_worker_items_total{outcome="unfinished"}': "0x60 1x20"},
    "AntItemsFail": {'ant_worker_items_total{outcome="failed"}': "0+3x80"},
    "AntItemsTimeOut": {'ant_worker_items_total{outcome="timed_out"}': "0x60 1x20"},
    "AntLeasesLost": {'ant_worker_heartbeats_total{outcome="lost"}': "0x60 1x20"},
    "AntHeartbeatsFail": {'ant_worker_heartbeats_total{outcome="error"}': "0+1x80"},
    "AntPollsFail": {"ant_worker_last_poll_timestamp_seconds{}": "0x80"},
    "AntOutage": {"ant_worker_outage{}": "1x80"},
    "AntStopsFail": {"ant_worker_unconfirmed{}": "1x80"},
    "AntItemRunsLong": {"ant_worker_oldest_item_timestamp_seconds{}": "-14000x80"},
    "AntMetadataFails": {
        'ant_worker_metadata_writes_total{outcome="failed"}': "0x60 1x20",
    },
    "AntItemsUnheld": {"ant_work_queue_unheld{}": "1x80"},
    "AntDeadLettersOfJobs": {"ant_work_queue_dead_letters{}": "1x80"},
    "AntJobFailed": {'kube_job_status_failed{job_name="ant-worker-new"}': "0x60 1x20"},
    "AntQueueWaits": {"ant_work_queue_oldest_age_seconds{}": "301x80"},
    "AntStatisticsMissing": {"ant_work_stats_up{}": "0x80"},
    "AntDown": {'up{job="ant-worker"}': "0x80"},
    "AntNothingReports": dict.fromkeys((name for name in QUIET if name.startswith("ant_")), ""),
    "": {"ant_worker_last_poll_timestamp_seconds{}": "0x80", "ant_worker_slots_used{}": "4x80"},
}
"""What has to change for each alert. None fires when a busy worker does not poll."""

OF_OTHERS = ("AntDown", "AntJobFailed")
"""The alerts on metrics of Prometheus and of kube-state-metrics."""

needs_promtool = pytest.mark.skipif(
    not shutil.which("promtool"),
    reason="promtool, of Debian's package prometheus, is not installed",
)


def served():
    """Return the metrics of a worker and an exporter as text."""
    own = {"environment_id": "env_1", "worker_id": "w1"}
    lists = of_lists([{"metadata": {"ant_dead_letter": "x"}}], 0.0)
    numbers = {**to_numbers({"running": 1}, 0.0), **lists}
    of_queue = _metrics({"env_1": Reading(0.0, numbers)})
    return (WorkerMetrics(own).text(Tally(1)) + of_queue).decode()


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression_names_metrics_and_labels_that_exist(name):
    """Any other would never fire, or show an empty panel."""
    selectors = re.findall(
        r"(ant_\w+)(?:\{(.*?)\})?",
        EXPRESSIONS[name].replace(', environment_id=~"$environment"', ""),
    )
    assert selectors or name in OF_OTHERS
    for metric, given in selectors:
        for label, values in re.findall(r'(\w+)(?:=|!=|=~)"(.*?)"', given):
            for value in ["env_1"] if values == "$environment" else values.split("|"):
                assert re.search(
                    rf'^{metric}\{{.*{label}="{value}".*\}} ', served(), re.MULTILINE
                ), (metric, label)
        assert re.search(rf"^{metric}\{{", served(), re.MULTILINE), metric


@pytest.mark.parametrize("name", RULES)
def test_an_alert_has_a_severity_a_summary_and_a_page_that_exists(name):
    """A person who is woken by it reads them first."""
    rule = RULES[name]
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"]["summary"].endswith(".")
    page, _, anchor = rule["annotations"]["page"].partition("#")
    titles = re.findall("^#+ (.*)$", (DOCS / page).read_text(), re.MULTILINE)
    assert anchor in [re.sub(r"[^a-z -]", "", title.lower()).replace(" ", "-") for title in titles]


@pytest.mark.parametrize("alert", FIRES)
@needs_promtool
def test_prometheus_fires_each_alert_for_its_reason_and_no_other(alert, tmp_path):
    """The series are those of a quiet fleet, with one difference."""
    place = 'instance="i1", worker_id="w1"'
    labels = f'environment_id="env_1", {place}'
    series = {
        name.replace("{}", f"{{{labels}}}")
        if "{}" in name
        else name.replace("}", f", {labels}}}"): values
        for name, values in {**QUIET, **FIRES[alert]}.items()
        if values
    }
    shown = f'alertname="{alert}"' + ("" if alert == "AntNothingReports" else f", {place}")
    firing = [{"labels": f"{{{shown}}}", "value": 1}] if alert else []
    question = {
        "expr": 'count by (alertname, instance, worker_id) (ALERTS{alertstate="firing"})',
        "eval_time": "20m",
        "exp_samples": firing,
    }
    ask_prometheus(tmp_path, "15s", series, question)


@needs_promtool
@pytest.mark.parametrize(("started_at", "fires"), [("0x80", False), ("60x80", True)])
def test_prometheus_takes_a_worker_without_items_for_idle_not_for_one_that_hangs(
    started_at, fires, tmp_path
):
    """It says 0, which is more than four hours ago for ever."""
    series = {'ant_worker_oldest_item_timestamp_seconds{worker_id="w1"}': started_at}
    question = {
        "expr": 'count(ALERTS{alertname="AntItemRunsLong", alertstate="firing"})',
        "eval_time": "5h",
        "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
    }
    ask_prometheus(tmp_path, "5m", series, question)


def ask_prometheus(folder, interval, series, question):
    """Assert what the rules say about series, by Prometheus' own test tool."""
    given = [{"series": name, "values": values} for name, values in series.items()]
    test = {
        "rule_files": [str(FOLDER / "ant-rules.yml")],
        "evaluation_interval": interval,
        "tests": [{"interval": interval, "input_series": given, "promql_expr_test": [question]}],
    }
    (folder / "test.yml").write_text(yaml.safe_dump(test))
    done = subprocess.run(
        ["promtool", "test", "rules", folder / "test.yml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_prometheus_reads_the_expressions_of_the_dashboard(tmp_path):
    """Grafana fills in its variables first."""
    rules = [
        {
            "record": "a",
            "expr": expression.replace("$__rate_interval", "1m").replace("$environment", "env_1"),
        }
        for expression in EXPRESSIONS.values()
    ]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "a", "rules": rules}]}))
    done = subprocess.run(
        ["promtool", "check", "rules", "--lint=none", tmp_path / "rules.yml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", [name for name in RULES if "ant_worker_" in EXPRESSIONS[name]])
def test_an_alert_about_a_worker_says_which_one_and_where(name):
    """An outage may be that of one machine among many. Two alerts are not about one worker."""
    summary = RULES[name]["annotations"]["summary"]
    named = "{{ $labels.worker_id }} ({{ $labels.instance }})" in summary
    assert named is (name not in ("AntDeadLettersOfJobs", "AntNothingReports"))


def test_all_alerts_are_tested_and_the_panels_do_not_overlap():
    """Grafana moves panels that do."""
    assert FIRES.keys() - {""} == RULES.keys()
    places = sorted((panel["gridPos"]["y"], panel["gridPos"]["x"]) for panel in DASHBOARD["panels"])
    assert all(before != after for before, after in pairwise(places))
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places) >= 8


def test_an_alert_for_what_is_down_looks_at_the_jobs_that_prometheus_scrapes():
    """Pods get the names of the jobs from their label."""
    here, pods = CONFIGURATIONS
    jobs = [job["job_name"] for job in here["scrape_configs"]]
    assert RULES["AntDown"]["expr"] == f'up{{job=~"{"|".join(jobs)}"}} == 0'
    relabeled = {
        rule.get("target_label"): rule["source_labels"]
        for rule in pods["scrape_configs"][0]["relabel_configs"]
    }
    assert relabeled["job"] == ["__meta_kubernetes_pod_label_app"]
    manifests = "".join(path.read_text() for path in (FOLDER / "kubernetes").rglob("*.yaml"))
    assert set(re.findall(r"labels: \{app: (.*)\}", manifests)) == set(jobs)
    assert all(each["rule_files"] == ["ant-rules.yml"] for each in CONFIGURATIONS)


def test_the_expression_for_prometheus_has_a_value_when_no_worker_runs():
    """A sum without any series has no value, and neither has what it is added to: nothing would ever start."""
    text = (FOLDER / "kubernetes" / "scaled-object" / "scaled-object.yaml").read_text()
    assert re.search(r"query: (.*)", text)[1] == FOR_SCALING
    of_workers = re.findall(r"ant_worker_\w+", FOR_SCALING)
    assert of_workers
    for name in of_workers:
        assert f"(sum({name}) or vector(0))" in FOR_SCALING
