"""What can't be undone never comes by itself: renamed files, changes by others during a run, lost responses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ant_cli.apply import server
from tests.apply.conftest import Meddling

TWO = "config: {type: cloud}\ndescription: two\n"


@pytest.fixture
def tracked(team):
    """Return a team whose environments a, b and c are tracked."""
    team.add(*"abc")
    team.apply(".")
    return team


# Files that were renamed, without a path


@pytest.mark.parametrize(
    ("place", "label"),
    [("environments/renamed.yaml", "update"), ("more/environments/a.yaml", "rename")],
)
@pytest.mark.parametrize("words", [(), ("environments/b.yaml",)], ids=["no path", "another path"])
def test_a_renamed_file_is_found_although_no_path_names_it(tracked, place, label, words):
    """Its environment is not archived. A folder may have been renamed, too."""
    identifier = tracked.ids()["./environments/a.yaml"]
    Path(place).parent.mkdir(parents=True, exist_ok=True)
    Path("environments/a.yaml").rename(place)
    result = tracked.apply("--prune", *words)
    assert "archive" not in result.stdout
    assert f"Resources  ~ 1 to {label}  2 unchanged\n" in result.stdout
    assert tracked.ids()[f"./{place}"] == identifier
    assert len(tracked.server()) == 3


def test_a_moved_file_of_json_is_found_although_no_path_names_it(team):
    """The lock file is JSON, too, and is no environment."""
    team.write("environments/a.json", '{"config": {"type": "cloud"}}')
    assert team.apply(".").exit == 0
    identifier = team.ids()["./environments/a.json"]
    Path("more/environments").mkdir(parents=True)
    Path("environments/a.json").rename("more/environments/a.json")
    assert "~ 1 to rename" in team.apply("--prune").stdout
    assert team.ids() == {"./more/environments/a.json": identifier}


# Changes by others after the plan was made


def colleague(team, *words, name="c"):
    """Return a transport with which somebody changes c before the first change of a run, which is that of a."""
    identifier, turns = team.server()[name]["id"], [words]

    def meddle(_body):
        while turns:
            command, *rest = turns.pop()
            team.by_hand(command, identifier, *rest)

    return Meddling(team, meddle)


@pytest.mark.parametrize("is_saved", [False, True], ids=["apply", "plan"])
@pytest.mark.parametrize(
    ("words", "now"),
    [
        (("update", "--description", "urgent"), "was changed"),
        (("archive",), "was changed"),
        (("delete",), "was deleted"),
    ],
    ids=lambda value: value[0],
)
def test_an_environment_that_others_changed_meanwhile_is_not_overwritten(
    tracked, words, now, is_saved
):
    """The other steps are carried out. The next run shows the difference."""
    for name in "abc":
        tracked.write(f"environments/{name}.yaml", TWO)
    command = ("--yes", "--parallel", "1")
    if is_saved:
        assert tracked.ant("apply", "--dry-run", "--save-plan", "plan.json").exit == 0
        command = ("--plan", "plan.json", "--parallel", "1")
    identifier = tracked.ids()["./environments/c.yaml"]
    result = tracked.ant("apply", *command, transport=colleague(tracked, *words))
    reason = f"{identifier} {now} by others after the plan was made, so it was left as it is."
    assert (result.exit, f"./environments/c.yaml: {reason}" in result.stderr) == (1, True)
    assert "2 done and recorded, 1 blocked, 0 failed, 0 not started.\n" in result.stderr
    there = tracked.server()
    assert there["a"]["description"] == there["b"]["description"] == "two"
    assert "c" not in there or there["c"]["description"] == "urgent"
    assert tracked.ids()["./environments/c.yaml"] == identifier


def test_the_steps_after_one_that_others_were_faster_with_are_carried_out(tracked):
    """The server has not failed, so only this step is blocked."""
    for name in "abc":
        tracked.write(f"environments/{name}.yaml", TWO)
    transport = colleague(tracked, "update", "--description", "urgent", name="b")
    result = tracked.ant("apply", "--yes", "--parallel", "1", transport=transport)
    assert "2 done and recorded, 1 blocked, 0 failed, 0 not started.\n" in result.stderr
    there = {name: one["description"] for name, one in tracked.server().items()}
    assert there == {"a": "two", "b": "urgent", "c": "two"}


def test_an_environment_that_others_changed_meanwhile_is_not_archived(tracked):
    """Somebody uses it. The data says so, too."""
    tracked.write("environments/a.yaml", TWO)
    Path("environments/c.yaml").unlink()
    transport = colleague(tracked, "update", "--description", "urgent")
    result = tracked.ant("apply", "--yes", "--prune", "--format", "json", transport=transport)
    assert (result.exit, result.json["blocked"]) == (1, 1)
    assert [step["result"] for step in result.json["resources"]] == [
        "updated",
        "unchanged",
        "blocked",
    ]
    assert tracked.server()["c"]["description"] == "urgent"


def test_an_archived_environment_that_others_changed_meanwhile_is_not_deleted(tracked, monkeypatch):
    """The plan was made from an older one."""
    tracked.by_hand("archive", tracked.server()["a"]["id"])
    look_up = server.look_up

    def look_up_before(*words):
        known = look_up(*words)
        known.named["a"][0]["updated_at"] = "2020-01-01T00:00:00Z"
        return known

    monkeypatch.setattr(server, "look_up", look_up_before)
    result = tracked.ant("apply", "--yes", "--delete-archived")
    assert (result.exit, "was changed by others after the plan was made" in result.stderr) == (
        1,
        True,
    )
    assert not Path("claude-lock.json.lock").exists(), "the name is still noted as being created"
    assert set(tracked.server(archived=True)) == {*"abc"}


def test_a_forgotten_environment_that_exists_after_all_stays_tracked(tracked, monkeypatch):
    """Its ID is nowhere else."""
    Path("environments/c.yaml").unlink()
    identifier = tracked.ids()["./environments/c.yaml"]
    read = server.retrieve
    turns = [lambda client, one: None if one == identifier else read(client, one)] * 3
    monkeypatch.setattr(
        server, "retrieve", lambda *words: turns.pop()(*words) if turns else read(*words)
    )
    result = tracked.ant("apply", "--yes", "--prune")
    assert (result.exit, f"{identifier} was changed" in result.stderr) == (1, True)
    assert (len(tracked.ids()), "State written" in result.stdout) == (3, False)


@pytest.mark.parametrize("flags", [("--status", "502"), ("--disconnect",)], ids=" ".join)
def test_a_change_of_a_run_whose_response_was_lost_is_its_own(tracked, flags):
    """The look before the next attempt shows that it was made."""
    tracked.write("environments/a.yaml", TWO)
    Path("environments/c.yaml").unlink()
    fault = ("emulator", "fault", "--method", "POST", "--after-commit", "--times", "2", *flags)
    assert tracked.ant(*fault).exit == 0
    result = tracked.apply("--prune")
    assert (result.stdout.count("updated env_"), result.stdout.count("archived env_")) == (1, 1)
    assert tracked.diff() == 0


# In proportion


def test_many_environments_are_listed_once_and_not_read_one_by_one(team):
    """A lock file of others must not cause thousands of requests with the key of a job."""
    for number in range(21):
        team.write(f"environments/e{number}.yaml")
    team.apply(".")
    lock = Path("claude-lock.json")
    content = json.loads(lock.read_text())
    for number in range(100):
        key = f"./environments/gone{number}.yaml"
        content["resources"][key] = {
            **content["resources"]["./environments/e0.yaml"],
            "id": f"env_{number}",
        }
    lock.write_text(json.dumps(content))
    before = len(team.ant("emulator", "requests", "--format", "jsonl").stdout.splitlines())
    assert "21 unchanged" in team.ant("diff").stdout
    after = team.ant("emulator", "requests", "--format", "jsonl").stdout.splitlines()
    assert len(after) - before <= 4


def test_the_entry_of_a_replaced_environment_keeps_nothing_of_the_old_one(tracked):
    """Such as the version of a resource, which another tool has written there. An update keeps it."""
    lock = json.loads(Path("claude-lock.json").read_text())
    lock["resources"]["./environments/a.yaml"]["version"] = "7"
    Path("claude-lock.json").write_text(json.dumps(lock))
    tracked.write("environments/a.yaml", "config: {type: cloud}\ndescription: x\n")
    tracked.apply()
    assert tracked.lock()["./environments/a.yaml"]["version"] == "7"
    tracked.by_hand("delete", tracked.ids()["./environments/a.yaml"], "--yes")
    tracked.apply("--force")
    assert "version" not in tracked.lock()["./environments/a.yaml"]
