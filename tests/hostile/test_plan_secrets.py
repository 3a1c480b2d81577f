"""A plan is redacted once, before it is drawn, and a URL in a file never has a password."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from ant_cli.apply import drawing, plan_data
from ant_cli.apply.comparison import FieldChange
from ant_cli.apply.lockfile import LockFile, ResourceOrigin
from ant_cli.apply.plan import Known, Plan, Step
from ant_cli.apply.redacted_plan import redact_plan
from ant_cli.commands.apply_report import Report
from ant_cli.commands.apply_view import View, print_plan
from ant_cli.operations.spec import Flags
from ant_cli.output.style import PLAIN
from tests.conftest import Screen, make_runtime

CANARY = "correct-horse-battery"
"""A secret that looks like a name."""
PASSWORD = "pass-of-a-gateway"


def changes():
    """Return a change of each kind, with the secret in each of its texts."""
    long = f"{CANARY} {'word ' * 30}"
    values = [
        (None, CANARY),
        (CANARY, None),
        (CANARY, f"other {CANARY}"),
        (long, f"{long} {CANARY}"),
        ([CANARY], [f"{CANARY}-2", CANARY]),
        (None, {CANARY: [{"a": CANARY}]}),
    ]
    return tuple(FieldChange(("metadata", CANARY), old, new) for old, new in values)


@pytest.fixture
def plan() -> Plan:
    """Return a plan with the secret in each of its texts."""
    step = Step("update", f"./{CANARY}.yaml", CANARY, f"env_{CANARY}", {}, {}, changes())
    full = step._replace(
        blocked=CANARY,
        moved_from=f"./old-{CANARY}.yaml",
        note=CANARY,
        deletes=CANARY,
        result="failed",
    )
    return Plan((step, full), (f"./lost-{CANARY}.yaml",), (CANARY,))


@pytest.fixture
def known(tmp_path) -> Known:
    """Return facts with the secret in each of their texts."""
    origin = ResourceOrigin(f"https://h/{CANARY}", CANARY, CANARY)
    return Known(LockFile(tmp_path / f"{CANARY}.json"), {}, {}, origin=origin, profile=CANARY)


@pytest.mark.parametrize("output_format", ["auto", "markdown", "json", "yaml"])
@pytest.mark.parametrize("verbose", [False, True])
def test_a_plan_is_shown_without_secrets_in_every_format(plan, known, output_format, verbose):
    """They may be anywhere in it, since the server may have put them there."""
    screen = Screen(terminal=False)
    runtime = make_runtime({}, None, screen, Screen(terminal=False))
    runtime.redactor.register(CANARY)
    flags = Flags({"format": output_format} if output_format != "auto" else {})
    print_plan(plan, known, View(runtime, flags, verbose=verbose))
    assert "[redacted]" in screen.text()
    assert CANARY not in screen.text()


def test_a_saved_plan_and_the_lines_of_results_have_no_secrets(plan, known, tmp_path, monkeypatch):
    """A plan is often an artifact of a job, which many can read."""
    monkeypatch.chdir(tmp_path)
    screen = Screen(terminal=False)
    runtime = make_runtime({}, None, screen, Screen(terminal=False))
    runtime.redactor.register(CANARY)
    plan_data.save_plan("plan.json", plan, known, ["."], runtime)
    report = Report(plan, View(runtime, Flags()))
    for step in plan.steps:
        report.print_result(step)
    shown = Path("plan.json").read_text() + screen.text()
    assert shown.count("[redacted]") > 10
    assert CANARY not in shown


def test_drawing_knows_no_plan_that_was_not_redacted():
    """A drawing function that took one would be a second way."""
    tree = ast.parse(Path(drawing.__file__).read_text("utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert "ant_cli.apply.plan" not in imported
    assert "ant_cli.apply.redacted_plan" in imported


def test_a_long_secret_is_hidden_before_a_line_is_cut(known):
    """Its beginning would be left otherwise."""
    secret = "s" * 300
    change = FieldChange(("description",), None, "x" * 1_900 + secret)
    plan = Plan((Step("create", "./a.yaml", secret, "", {}, {}, (change,)),))
    shown = redact_plan(plan, known, lambda text: text.replace(secret, "[redacted]"))
    for text in (
        drawing.plan_markdown(shown, verbose=True),
        drawing.draw_plan(shown, PLAIN.paint, verbose=True, with_fields=True),
    ):
        assert "[redacted]" in text
        assert "ssss" not in text


# URLs in files


def environments(request):
    """Respond as an API without environments, which creates each that is sent."""
    if request.method == "POST":
        return {"id": "env_1", "archived_at": None, **json.loads(request.content)}
    return {"data": [], "next_page": None}


def test_no_file_of_apply_has_the_password_of_a_gateway(ant, tmp_path, monkeypatch):
    """The lock file is committed, and a saved plan is an artifact."""
    monkeypatch.chdir(tmp_path)
    Path("environments").mkdir()
    Path("environments/a.yaml").write_text("config: {type: cloud}\n")
    url = f"https://user:{PASSWORD}@gateway.example"
    for words in (
        ("apply", "--dry-run", "--save-plan", "plan.json", "environments"),
        ("apply", "--yes", "environments"),
    ):
        done = ant(*words, "--base-url", url, replies=environments)
        assert done.exit == 0, done.stderr
        assert PASSWORD not in done.stdout + done.stderr
    written = {path.name: path.read_text() for path in tmp_path.rglob("*.*") if path.is_file()}
    assert {"plan.json", "claude-lock.json"} <= written.keys()
    assert [name for name, text in written.items() if PASSWORD in text] == []


def test_no_origin_has_a_password():
    """Whoever makes one: it is compared with those in files, and written to them."""
    assert ResourceOrigin("https://u:p@h/x", "o", "w") == ("https://h/x", "o", "w")
