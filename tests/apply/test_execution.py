"""What becomes of each step of a plan, when the server or the files are not as usual."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import Mock

import pytest

from ant_cli.apply import server
from ant_cli.apply.execution import _find_created
from ant_cli.errors import NetworkError
from tests.apply.conftest import Meddling
from tests.conftest import needs_posix

JOURNAL = Path("claude-lock.json.lock")
TWO = "config: {type: cloud}\ndescription: two\n"
BODY = {"name": "a", "config": {"type": "cloud"}}


def changes_of(team, *words):
    """Apply, and return the results and how many changes were sent."""
    bodies = []
    result = team.apply("--format", "json", *words, transport=Meddling(team, bodies.append))
    return [step["result"] for step in result.json["resources"]], len(bodies)


def test_an_adopted_environment_is_changed_to_what_the_file_says(team):
    """One that is as the file says is only recorded."""
    for name in "ab":
        team.by_hand("create", "--name", name, "--config", "{type: cloud}")
    team.add("a")
    team.write("environments/b.yaml", TWO)
    assert changes_of(team, "--adopt", ".") == (["adopted", "adopted"], 1)
    assert team.server()["b"]["description"] == "two"
    assert team.diff(".") == 0


def test_an_environment_that_others_changed_is_only_recorded_if_the_file_says_nothing_else(tracked):
    """An update would be empty, so none is sent. The next run finds nothing to do."""
    identifier = tracked.ids()["./environments/a.yaml"]
    tracked.by_hand(
        "update", identifier, "--metadata", "{}", "--config", "{type: cloud, packages: {pip: [x]}}"
    )
    assert tracked.ant("apply", "--yes").exit == 1
    assert changes_of(tracked, "--force") == (["updated"], 0)
    assert tracked.server()["a"]["config"]["packages"]["pip"] == ["x"]
    assert tracked.diff() == 0


def test_an_archived_environment_whose_file_is_gone_is_forgotten(team):
    """There is nothing left to archive, so nothing is sent."""
    team.add("a", "b")
    team.apply(".")
    team.by_hand("archive", team.ids()["./environments/a.yaml"])
    Path("environments/a.yaml").unlink()
    results, sent = changes_of(team, "--prune")
    assert (sorted(results), sent) == (["already gone", "unchanged"], 0)
    assert list(team.ids()) == ["./environments/b.yaml"]


def test_a_name_of_a_killed_run_that_was_recorded_after_all_is_forgotten(tracked):
    """It was killed between the two writes."""
    JOURNAL.write_bytes(b'\n"a"\n')
    JOURNAL.chmod(0o600)
    tracked.apply()
    assert not JOURNAL.exists()


# After a create whose response was lost


def remote(identifier="env_1", **fields):
    return {"id": identifier, "archived_at": None, **BODY, **fields}


def find(monkeypatch, listed):
    """Look for the environment after a lost response; `listed` returns the environments, or raises."""
    monkeypatch.setattr(server, "list_all", listed)
    return _find_created(Mock(), BODY, NetworkError("the response was lost."))


def test_the_one_environment_of_the_name_is_that_of_a_lost_response(monkeypatch):
    """Others have other names."""
    others = [remote("env_2", name="A"), remote("env_3", name="b"), remote("env_4", name=None)]
    assert find(monkeypatch, lambda _client: [*others, remote()])["id"] == "env_1"


@pytest.mark.parametrize(
    "listed",
    [
        [],
        [remote("env_1"), remote("env_2")],
        [remote("env_1", config={"type": "self_hosted"})],
        [remote("env_1", description="x"), remote("env_2")],
    ],
    ids=["none", "two", "another", "another and one"],
)
def test_a_lost_response_stays_the_error_unless_exactly_one_environment_fits(monkeypatch, listed):
    """The next run asks whether to adopt one."""
    with pytest.raises(NetworkError, match=r"the response was lost\.") as caught:
        find(monkeypatch, lambda _client: listed)
    assert "'a' may have been created: run the same command again" in caught.value.hint


def test_a_lost_response_stays_the_error_if_the_server_does_not_answer_the_search(monkeypatch):
    """It says more than that the server is still down."""

    def fail(_client):
        raise NetworkError("still down.")

    with pytest.raises(NetworkError, match=r"the response was lost\."):
        find(monkeypatch, fail)


def test_an_archived_environment_is_not_taken_for_one_that_was_created(monkeypatch):
    """It keeps its name, and nothing in a list tells when it was made."""
    one = remote(archived_at="2026-01-01T00:00:00Z")
    with pytest.raises(NetworkError):
        find(monkeypatch, lambda _client, *, archived=False: [one] if archived else [])


# What is looked up before a plan


def test_a_lock_file_without_an_origin_gets_that_of_the_first_run(team):
    """An earlier version, or a person, has written it."""
    team.add("a")
    lock = Path("claude-lock.json")
    lock.write_text('{"version": 1, "origin": {}, "resources": {}}')
    team.apply(".")
    assert json.loads(lock.read_text())["origin"]["base_url"] == team.url
    team.write("environments/a.yaml", TWO)
    lock.write_text(lock.read_text().replace(team.url, "http://elsewhere.example"))
    assert team.ant("apply", "--yes", "--allow-origin-change").exit == 0
    assert json.loads(lock.read_text())["origin"]["base_url"] == team.url
    lock.write_text(lock.read_text().replace(team.url, "http://elsewhere.example"))
    assert changes_of(team, "--allow-origin-change") == (["unchanged"], 0)
    assert json.loads(lock.read_text())["origin"]["base_url"] == team.url


@pytest.mark.parametrize("state", ["", ", which is archived,"])
def test_a_renamed_file_that_no_path_names_gets_no_name_that_is_taken(tracked, state):
    """The plan says so, before the server rejects it."""
    tracked.by_hand("create", "--name", "b", "--config", "{type: cloud}")
    identifier = tracked.server()["b"]["id"]
    if state:
        tracked.by_hand("archive", identifier)
    Path("environments/a.yaml").rename("environments/b.yaml")
    result = tracked.ant("diff")
    assert f"blocked: {identifier}{state} already has this name; choose another" in result.stdout
    assert (result.exit, set(tracked.server(archived=True))) == (1, {"a", "b"})


def test_a_key_of_metadata_that_is_called_name_renames_nothing(tracked):
    """The environment keeps its own name."""
    tracked.write("environments/a.yaml", "config: {type: cloud}\nmetadata: {name: x}\n")
    assert changes_of(tracked) == (["updated"], 1)
    assert tracked.server()["a"]["metadata"] == {"name": "x"}


def test_what_was_to_be_archived_after_a_failure_was_not_started(tracked):
    """A step that changes no fields is counted, too."""
    Path("environments/a.yaml").unlink()
    tracked.write("environments/b.yaml", TWO)
    fault = ("emulator", "fault", "--method", "POST", "--times", "1", "--status", "400")
    assert tracked.ant(*fault).exit == 0
    result = tracked.ant("apply", "--yes", "--prune", "--format", "json", "environments")
    assert [step["result"] for step in result.json["resources"]] == ["failed", "not started"]
    assert "0 done and recorded, 1 failed, 1 not started." in result.stderr
    assert not tracked.server()["a"]["archived_at"]


@pytest.mark.parametrize(("flags", "named"), [((), None), (("--profile", "work"), "work")])
def test_the_target_names_a_profile_only_if_it_has_a_part_in_the_run(
    tracked, profiles, flags, named
):
    """The key is that of a variable, and the active profile gives nothing."""
    profiles('active = "work"\n[profiles.work]\ntimeout = 30\n')
    assert tracked.ant("diff", "--format", "json", *flags).json["target"]["profile"] == named


def test_a_run_notes_which_of_two_credentials_it_uses(tracked):
    """The environments may be another organization's."""
    result = tracked.ant("diff", ANTHROPIC_AUTH_TOKEN="other-token")
    sources = "ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN"
    note = f"Note: multiple auth sources ({sources}); using ANTHROPIC_API_KEY."
    assert note in result.stderr


@needs_posix("permissions")
@pytest.mark.parametrize("words", [("apply", "--yes", "."), ("export", "--all")])
def test_a_lock_file_that_is_read_only_is_an_error_before_anything_is_sent(tracked, words):
    """Otherwise what is created could not be recorded."""
    tracked.add("b")
    Path("claude-lock.json").chmod(0o444)
    result = tracked.ant(*words)
    assert (result.exit, "claude-lock.json: it is read-only.\n" in result.stderr) == (2, True)
    assert set(tracked.server()) == {"a"}


def test_one_missing_environment_of_several_is_replaced_on_request_and_the_others_stay(tracked):
    """A single one may have been deleted. If all are gone, the credentials are most likely wrong."""
    tracked.add("b")
    tracked.apply(".")
    tracked.by_hand("delete", tracked.ids()["./environments/a.yaml"], "--yes")
    result = tracked.ant("apply", "--yes")
    assert (result.exit, "no longer exists; re-run with --force" in result.stdout) == (1, True)
    assert changes_of(tracked, "--force") == (["created", "unchanged"], 1)
    for one in tracked.ids().values():
        tracked.by_hand("delete", one, "--yes")
    result = tracked.ant("apply", "--yes")
    assert "none of the 2 environments that claude-lock.json tracks exists" in result.stderr
    Path("environments/b.yaml").unlink()
    result = tracked.ant("apply", "--yes", "--prune")
    assert (result.exit, len(tracked.ids())) == (1, 2)
    assert changes_of(tracked, "--prune", "--force") == (["created", "already gone"], 1)
    assert list(tracked.ids()) == ["./environments/a.yaml"]


def test_an_entry_keeps_what_others_wrote_until_another_environment_takes_its_place(tracked):
    """The official tool may have stored other fields about the old environment."""
    key, lock = "./environments/a.yaml", Path("claude-lock.json")
    data = json.loads(lock.read_text())
    data["resources"][key]["version"] = "7"
    lock.write_text(json.dumps(data))
    tracked.write("environments/a.yaml", TWO)
    tracked.apply()
    assert tracked.lock()[key]["version"] == "7"
    tracked.by_hand("delete", tracked.ids()[key], "--yes")
    tracked.apply("--force")
    assert "version" not in tracked.lock()[key]


def test_a_run_without_a_success_does_not_say_that_its_state_was_written(tracked):
    """Such a run does not change the lock file."""
    tracked.add("b")
    fault = ("emulator", "fault", "--method", "POST", "--times", "1", "--status", "400")
    assert tracked.ant(*fault).exit == 0
    stdout = tracked.ant("apply", "--yes", ".").stdout
    assert ("Apply  ./claude-lock.json\n" in stdout, "State written" in stdout) == (True, False)
    assert "State written to ./claude-lock.json\n" in tracked.apply(".").stdout


def test_a_lock_file_in_a_folder_of_environments_is_not_taken_for_one(tracked):
    """The lock file may have a name like that of an environment's file."""
    lock_file = ("--lock-file", "environments/mine.json")
    Path("environments/mine.json").write_text(Path("claude-lock.json").read_text())
    Path("claude-lock.json").unlink()
    text = Path("environments/mine.json").read_text().replace("./environments/", "./")
    Path("environments/mine.json").write_text(text)
    result = tracked.ant("diff", "environments", *lock_file)
    assert (result.exit, "Resources  1 unchanged" in result.stdout) == (0, True)
    assert tracked.ant("diff", *lock_file).stderr == ""


def test_a_folder_in_place_of_a_tracked_file_means_that_the_file_is_gone(tracked):
    """A link without a target may be a share that is not mounted, so it does not."""
    path = Path("environments/a.yaml")
    path.unlink()
    gone = "Warning: ./environments/a.yaml is in the lock file, but its file is gone."
    assert gone in tracked.ant("diff").stderr
    path.mkdir()
    assert gone in tracked.ant("diff").stderr
    path.rmdir()
    path.symlink_to("nowhere.yaml")
    assert gone not in tracked.ant("diff").stderr


def test_two_paths_without_a_lock_file_share_the_one_of_the_current_folder(team):
    """It is made there, and not in each of them."""
    team.write("one/environments/a.yaml")
    team.write("two/environments/b.yaml")
    team.apply("one", "two")
    assert set(team.ids()) == {"./one/environments/a.yaml", "./two/environments/b.yaml"}
    assert [str(path) for path in Path().rglob("claude-lock.json")] == ["claude-lock.json"]


def test_entries_from_another_repository_are_left_alone(tracked):
    """The official tool notes where they are from. Their files are not here, which means nothing."""
    lock = json.loads(Path("claude-lock.json").read_text())
    entry = lock["resources"]["./environments/a.yaml"]
    for field in ("subpath", "revision"):
        lock["resources"][f"./{field}.yaml"] = {**entry, "id": f"env_{field}", field: "x"}
    lock["resources"]["https://github.com/o/r"] = {**entry, "id": "env_url"}
    lock["resources"]["./agents/b.md"] = {"kind": "agent", "hash": "x"}
    Path("claude-lock.json").write_text(json.dumps(lock))
    result = tracked.ant("apply", "--yes", "--prune")
    assert (result.exit, result.stderr) == (0, "")
    assert "Resources  1 unchanged" in result.stdout
