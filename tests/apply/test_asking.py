"""What a person at a terminal is asked before anything is applied, and what the replies change."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Screen
from tests.helpers.words import KEY

ADOPT = "Manage these existing environments by the files? (y)es / (n)o"
DELETE = "Delete these archived environments permanently, so that new ones can have their names?"
APPLY = "Apply them? (y)es / (n)o / (d)etails"


@pytest.fixture
def taken(team):
    """Return a team whose files have the names of an environment, and of an archived one."""
    for name in "ab":
        team.by_hand("create", "--name", name, "--config", "{type: cloud}")
    team.by_hand("archive", team.server()["b"]["id"])
    team.add(*"abc")
    return team


def ids(team):
    return {name: one["id"] for name, one in team.server(archived=True).items()}


def test_two_questions_may_both_be_answered_with_yes(taken):
    """The second reply does not take the first one back."""
    before = ids(taken)
    result = taken.ant("apply", ".", typed="y\ny\ny\n")
    asked = [result.stderr.index(question) for question in (ADOPT, DELETE, APPLY)]
    assert asked == sorted(asked)
    for name in "ab":
        assert f"./environments/{name}.yaml: {before[name]} has the name '{name}'" in result.stderr
    now = ids(taken)
    assert (result.exit, set(now)) == (0, {*"abc"})
    assert (now["a"] == before["a"], now["b"] == before["b"]) == (True, False)


@pytest.mark.parametrize(
    ("typed", "left"), [("n\ny\n", "a"), ("\ny\n", "a"), ("yep\ny\n", "a"), ("y\nn\n", "b")]
)
def test_what_a_person_declines_stays_blocked_and_nothing_is_applied(taken, typed, left):
    """The plan says what is in the way. Nothing but yes is yes."""
    before = ids(taken)
    result = taken.ant("apply", ".", typed=typed)
    assert (result.exit, APPLY in result.stderr, ids(taken)) == (1, False, before)
    assert "refusing to apply: 1 blocked; the plan says why." in result.stderr
    assert f"{before[left]}" in result.stdout


def test_with_yes_nothing_is_asked_and_what_is_blocked_stays_so(taken):
    """A script decides by flags."""
    result = taken.ant("apply", "--yes", ".", typed="y\ny\ny\n")
    assert (result.exit, ADOPT in result.stderr) == (1, False)
    assert "refusing to apply: 2 blocked" in result.stderr


def test_the_details_are_shown_on_request_and_the_question_comes_again(tracked):
    """At a terminal, the fields of a new environment are left out at first."""
    tracked.write("environments/b.yaml", "config: {type: cloud}\ndescription: of-b\n")
    result = tracked.ant("apply", ".", typed="d\nn\n")
    assert result.stderr.count(APPLY) == 2
    assert result.stdout.count("of-b") == 1
    assert (result.exit, "Aborted.\n" in result.stderr, set(tracked.server())) == (0, True, {"a"})
    assert "unchanged" in result.stdout
    assert "of-b" in tracked.ant("apply", ".", "--verbose", typed="n\n").stdout
    assert "of-b" in tracked.ant("diff", ".").stdout


def test_ctrl_d_declines_and_the_answer_begins_a_line(tracked):
    """Nothing was typed, so the question is still on the line of the cursor."""
    tracked.add("b")
    result = tracked.ant("apply", ".", typed="")
    assert (result.exit, set(tracked.server())) == (0, {"a"})
    assert result.stderr.endswith(f"{APPLY} \nAborted.\n")


def test_a_change_of_the_lock_file_alone_needs_no_confirmation(tracked):
    """Nothing changes on the server."""
    tracked.write("environments/a.yaml", "config: {type: cloud}\nmetadata: {}\n")
    before = Path("claude-lock.json").read_text()
    assert tracked.ant("diff").exit == 0
    assert tracked.ant("diff", "--format", "json").json["changes"] == 0
    result = tracked.ant("apply", typed="")
    assert (result.exit, "\nApply  " in result.stdout) == (0, False)
    assert Path("claude-lock.json").read_text() != before
    result = tracked.ant("apply", typed="")
    assert (result.exit, APPLY in result.stderr) == (0, False)
    assert tracked.ant("diff").exit == 0


def test_without_a_path_new_files_are_offered_and_with_one_they_are_not(tracked):
    """A person who names files has chosen them."""
    tracked.add("b")
    question = "Add it to this apply? (y)es / (n)o"
    result = tracked.ant("apply", "environments/a.yaml", typed="")
    assert question not in result.stderr
    result = tracked.ant("apply", typed="n\n")
    assert "./environments/b.yaml is not tracked yet" in result.stderr
    assert (question in result.stderr, set(tracked.server())) == (True, {"a"})
    assert "to add it:" not in result.stderr, "it was in the question"
    result = tracked.ant("apply", typed="y\ny\n")
    assert (result.exit, set(tracked.server())) == (0, {"a", "b"})
    tracked.add("c")
    assert "Note: ./environments/c.yaml is not tracked; to add it:" in tracked.ant("diff").stderr
    assert "is not tracked" not in tracked.ant("diff", "environments/a.yaml").stderr


def test_a_diff_and_a_check_of_the_files_ask_nothing(tracked):
    """These commands change nothing. A new file is noted, and at a terminal the diff has all of its fields."""
    tracked.write("environments/b.yaml", "config: {type: cloud}\ndescription: of-b\n")
    result = tracked.ant("diff", typed="")
    assert (result.exit, result.stdout.count("unchanged")) == (0, 1)
    note = "Note: ./environments/b.yaml is not tracked; to add it: ant apply .\n"
    assert result.stderr == note
    assert "of-b" in tracked.ant("diff", ".", typed="").stdout
    assert tracked.ant("apply", "--validate", typed="").stderr == "1 file is valid.\n"


def test_a_saved_plan_has_the_new_files_that_a_person_has_added(tracked):
    """The saved plan is carried out without a question."""
    tracked.add("b")
    saved = tracked.ant("apply", "--dry-run", "--save-plan", "plan.json", typed="y\n")
    assert (saved.exit, "Add it to this apply?" in saved.stderr) == (0, True)
    assert tracked.ant("apply", "--plan", "plan.json", typed="").exit == 0
    assert set(tracked.server()) == {"a", "b"}


def test_a_run_that_changes_nothing_does_not_touch_the_lock_file(team):
    """A first run that fails creates no lock file."""
    team.add("a")
    fault = ("emulator", "fault", "--method", "POST", "--times", "1", "--status", "400")
    assert team.ant(*fault).exit == 0
    lock = Path("claude-lock.json")
    assert (team.ant("apply", "--yes", ".").exit, lock.exists()) == (1, False)
    assert not Path("claude-lock.json.lock").exists(), "the name is still noted as being created"
    team.apply(".")
    before = lock.stat()
    team.apply(".")
    assert lock.stat().st_ino == before.st_ino
    assert lock.stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize("is_terminal", [True, False])
def test_plan_and_results_have_colour_if_stdout_is_a_terminal(tracked, is_terminal):
    """It does not matter that the question is asked at a terminal."""
    tracked.add("b")
    stdout = Screen(terminal=is_terminal)
    result = tracked.ant("apply", ".", typed="y\n", stdout=stdout, TERM="xterm")
    plan, report = result.stdout.split("Apply  ")
    assert ("\x1b[" in plan, "\x1b[" in report) == (is_terminal, is_terminal)


def test_the_results_are_as_wide_as_the_names_that_changed(tracked):
    """A longer name of an unchanged environment does not count."""
    tracked.add("a-very-long-name")
    tracked.apply(".")
    tracked.add("bc", "d")
    fault = ("emulator", "fault", "--method", "POST", "--after", "1", "--status", "400")
    assert tracked.ant(*fault).exit == 0
    result = tracked.ant("apply", "--yes", "--parallel", "1", ".")
    *_, first, second, _ = result.stdout.splitlines()
    assert (first.startswith("  + bc  created env_"), second) == (True, "  ! d   failed")
    assert "1 done and recorded, 1 failed, 0 not started.\n" in result.stderr


@pytest.mark.parametrize("words", [("--format", "json"), ("--format", "yaml")])
def test_data_on_stdout_is_one_document_after_yes_and_the_plan_comes_first_without(tracked, words):
    """A person has to see what is asked about."""
    tracked.add("b")
    result = tracked.ant("apply", ".", *words, typed="y\n", stdout=Screen(terminal=False))
    assert result.exit == 0
    assert result.stdout.count("apply_result") == 1
    assert result.stdout.count('"plan"' if "json" in words else "type: plan") == 1
    tracked.add("c")
    details = tracked.ant("apply", ".", *words, typed="d\nn\n").stdout
    assert details.count("Preview  ./claude-lock.json") == 1, "they are for a person"
    result = tracked.ant("apply", ".", *words, "--yes")
    assert result.stdout.count("apply_result") == 1
    assert result.stdout.count("resources") == 1


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (
            ("diff", "--format", "markdown", "--transform", "x"),
            "can't be combined with --transform",
        ),
        (("apply", "--only"), "--only needs a path."),
        (("apply", "--only", "--prune", "."), "--only and --prune can't be combined"),
        (("apply", "--exit-code"), "--exit-code needs --dry-run."),
        (("apply", "--save-plan", "p"), "--save-plan needs --dry-run."),
        (("apply", "--format", "markdown"), "--format markdown needs --dry-run."),
        *(
            (("apply", "--plan", "p", *more), "--plan takes everything from the plan.")
            for more in (
                ("--force",),
                ("--prune",),
                ("--adopt",),
                ("--delete-archived",),
                ("--allow-origin-change",),
                ("--strict",),
                ("--validate",),
                ("--dry-run",),
                ("--lock-file", "x"),
                ("environments",),
            )
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_flags_that_mean_nothing_together_are_rejected(tracked, words, problem):
    """Nothing is printed or sent. In `ant diff`, the exit code 2 says that there are changes."""
    Path("p").write_text("{}")
    result = tracked.ant(*words)
    expected = 1 if words[0] == "diff" or "--exit-code" in words else 2
    assert (result.exit, result.stdout, problem in result.stderr) == (expected, "", True)


def test_a_plan_on_stdout_leaves_the_warnings_about_its_files_on_stderr(team):
    """The saved plan has none."""
    team.write("environments/a.yaml", "config: {type: cloud}\ncolour: red\n")
    result = team.ant("apply", "--dry-run", "--save-plan", "-", ".")
    assert (result.exit, next(iter(result.json))) == (0, "version")
    assert "Warning: environments/a.yaml, line 2, column 1: colour: unknown field." in result.stderr


def test_a_plan_on_stdout_has_the_exit_code_of_one_that_is_shown(team):
    """A script may save the plan, and learn from the exit code whether there are changes."""
    team.add("a")
    words = ("apply", "--dry-run", "--exit-code", "--save-plan", "-", ".")
    result = team.ant(*words)
    assert (result.exit, next(iter(result.json))) == (2, "version")
    team.apply(".")
    assert team.ant(*words).exit == 0


def test_a_saved_plan_that_is_blocked_is_rejected_with_the_reasons(taken):
    """The plan is not shown again, so they are in no other place."""
    assert taken.ant("apply", "--dry-run", "--save-plan", "plan.json", ".").exit == 0
    result = taken.ant("apply", "--plan", "plan.json")
    assert (result.exit, result.stdout, set(taken.server())) == (1, "", {"a"})
    assert "refusing to apply: 2 blocked:\n  ./environments/a.yaml: env_" in result.stderr
    assert "re-run with --adopt to take it over" in result.stderr


def test_a_saved_plan_is_rejected_if_a_step_is_new_or_gone_or_for_another_account(tracked):
    """Each difference counts, in both directions."""
    tracked.add("b", "c")
    saved = ("apply", "--dry-run", "--save-plan", "plan.json", ".")
    assert tracked.ant(*saved).exit == 0
    Path("environments/c.yaml").unlink()
    result = tracked.ant("apply", "--plan", "plan.json")
    assert (result.exit, "\n  ./environments/c.yaml\n" in result.stderr) == (1, True)
    tracked.add(*"cd")
    result = tracked.ant("apply", "--plan", "plan.json")
    assert (result.exit, "\n  ./environments/d.yaml\n" in result.stderr) == (1, True)
    Path("environments/d.yaml").unlink()
    text = Path("plan.json").read_text()
    Path("plan.json").write_text(text.replace('"workspace_id": "', '"workspace_id": "x'))
    result = tracked.ant("apply", "--plan", "plan.json")
    assert "the plan was made for another server, organization or workspace." in result.stderr
    assert set(tracked.server()) == {"a"}
    Path("plan.json").write_text(text.replace('"version": 1', '"version": 0'))
    assert "plan of another version" in tracked.ant("apply", "--plan", "plan.json").refusal
    Path("plan.json").write_text(text)
    assert tracked.ant("apply", "--plan", "plan.json").exit == 0
    assert set(tracked.server()) == {*"abc"}


def test_a_saved_plan_is_carried_out_from_another_folder(tracked, tmp_path, monkeypatch):
    """Its paths are absolute."""
    tracked.add("b")
    plan = tmp_path / "plan.json"
    assert tracked.ant("apply", "--dry-run", "--save-plan", str(plan), "environments").exit == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert tracked.ant("apply", "--plan", str(plan)).exit == 0
    assert set(tracked.server()) == {"a", "b"}


def test_a_saved_plan_is_carried_out_with_its_lock_file(tracked):
    """Otherwise, the run would use claude-lock.json."""
    Path("mine.json").write_text(Path("claude-lock.json").read_text())
    tracked.add("b")
    saved = ("apply", "--dry-run", "--save-plan", "plan.json", "--lock-file", "mine.json", ".")
    assert tracked.ant(*saved).exit == 0
    assert tracked.ant("apply", "--plan", "plan.json").exit == 0
    assert "./environments/b.yaml" in Path("mine.json").read_text()
    assert list(tracked.ids()) == ["./environments/a.yaml"]


@pytest.mark.parametrize(
    "words",
    [
        ("diff", "."),
        ("apply", "--yes", "."),
        ("apply", "--yes", "--format", "json", "."),
        ("apply", "--dry-run", "--save-plan", "-", "."),
        ("apply", "--dry-run", "--format", "markdown", "."),
    ],
    ids=" ".join,
)
def test_a_key_in_the_names_of_files_is_shown_nowhere(team, words):
    """Others may be able to read the log of a job, or a saved plan."""
    team.write(f"environments/{KEY}.yaml")
    result = team.ant(*words, "--lock-file", f"{KEY}.json")
    assert (result.exit in (0, 2), result.stdout != "") == (True, True)


@pytest.mark.parametrize(
    "name", ["claude-lock.json", "sub/claude-lock.json", "CLAUDE-LOCK.json", "mine.json"]
)
def test_a_plan_takes_the_place_of_no_lock_file(tracked, name):
    """Neither of the run's, nor of one that a later run would find."""
    Path("sub").mkdir()
    Path("mine.json").write_text(Path("claude-lock.json").read_text())
    result = tracked.ant("apply", "--dry-run", "--lock-file", "mine.json", "--save-plan", name)
    assert "can't be written to" in result.refusal
    assert Path("claude-lock.json").read_text() == Path("mine.json").read_text()


# What a note suggests


@pytest.mark.parametrize(
    ("folder", "words", "line"),
    [
        (".", (), "ant apply ."),
        ("environments", (), "ant apply .."),
        (".", ("--lock-file", "claude-lock.json"), "ant apply ."),
        (".", ("--lock-file", "other.json"), "ant apply . --lock-file ./other.json"),
        (
            "environments",
            ("--lock-file", "../other.json"),
            "ant apply .. --lock-file ../other.json",
        ),
        (".", ("--lock-file", "my other.json"), "ant apply . --lock-file './my other.json'"),
        (".", ("--profile", "work"), "ant apply . --profile work"),
    ],
)
def test_a_suggested_command_names_the_lock_file_unless_it_is_found_anyway(
    tracked, profiles, monkeypatch, folder, words, line
):
    """Whoever copies the command must not change other environments than those of the plan."""
    profiles("[profiles.work]\n")
    for name in ("other.json", "my other.json"):
        Path(name).write_text(Path("claude-lock.json").read_text())
    tracked.add("b")
    monkeypatch.chdir(folder)
    note = f"environments/b.yaml is not tracked; to add it: {line}\n"
    assert note in tracked.ant("diff", *words).stderr


def test_a_suggested_command_goes_to_the_emulator_of_the_run(team):
    """The emulator in the process has other environments than the server."""
    team.add("a")
    team.apply("--local", ".")
    team.add("b")
    stderr = team.ant("diff", "--local").stderr
    assert "is not tracked; to add it: ant apply . --local\n" in stderr


def test_the_export_that_a_plan_suggests_has_the_lock_file_of_the_run(tracked):
    """Without --lock-file, the export would write to another lock file."""
    Path("other.json").write_text(Path("claude-lock.json").read_text())
    identifier = tracked.ids()["./environments/a.yaml"]
    tracked.by_hand("update", identifier, "--description", "x")
    tracked.write("environments/a.yaml", "config: {type: cloud}\ndescription: y\n")
    stdout = tracked.ant("diff", "--lock-file", "other.json").stdout
    assert f"ant export {identifier} --force --lock-file ./other.json\n" in stdout


def test_new_files_are_not_pointed_out_to_a_person_who_has_named_others(tracked):
    """This holds even if a file is gone, and a new file may be its successor."""
    tracked.add("b")
    tracked.apply(".")
    Path("environments/a.yaml").unlink()
    tracked.write("environments/c.yaml", "config: {type: cloud}\ndescription: other\n")
    result = tracked.ant("diff", "environments/b.yaml")
    assert "its file is gone" in result.stderr
    assert "is not tracked" not in result.stderr
    tracked.write("more/environments/d.yaml", "config: {type: cloud}\ndescription: other\n")
    for words in ((), ("--prune",)):
        stderr = tracked.ant("diff", *words).stderr
        assert "./environments/c.yaml is not tracked" in stderr
        assert "./more/environments/d.yaml is not tracked" not in stderr, "it is in another folder"


def test_new_files_everywhere_are_offered_to_a_person(tracked):
    """This includes files in folders without tracked files."""
    tracked.write("more/environments/x.yaml")
    tracked.add("b")
    result = tracked.ant("apply", typed="n\n")
    assert "  ./more/environments/x.yaml is not tracked yet\n" in result.stderr
    assert "Add these 2 to this apply? (y)es / (n)o" in result.stderr


@pytest.mark.parametrize(
    ("is_one_gone", "words", "exit_code", "is_noted"),
    [
        (False, (), 0, True),
        (False, ("--prune",), 0, True),
        (False, ("environments/b.yaml",), 0, False),
        (True, (), 0, True),
        (True, ("--prune",), 1, False),
    ],
)
def test_a_mistake_in_a_new_file_matters_only_if_it_may_be_a_successor(
    tracked, is_one_gone, words, exit_code, is_noted
):
    """If such a file were left out, the environment of the file that is gone would be archived."""
    tracked.add("b")
    tracked.apply(".")
    tracked.write("environments/c.yaml", "config: 5\n")
    if is_one_gone:
        Path("environments/a.yaml").unlink()
    result = tracked.ant("diff", *words)
    assert (result.exit, "Note: new files are left out." in result.stderr) == (exit_code, is_noted)
    assert ("c.yaml, line 1" in result.stderr) is (words != ("environments/b.yaml",))


def test_only_leaves_out_the_successor_of_a_file_that_is_gone(tracked):
    """The successor is not among the paths that were named."""
    tracked.add("b")
    tracked.apply(".")
    Path("environments/a.yaml").rename("environments/c.yaml")
    only = tracked.ant("diff", "--only", "environments/b.yaml")
    assert (only.exit, "Resources  1 unchanged" in only.stdout) == (0, True)
    stderr = tracked.ant("diff").stderr
    assert "is not tracked" not in stderr, "it is in the plan"
    assert "its file is gone" not in stderr


def test_a_run_in_which_all_files_are_gone_says_only_that(tracked):
    """The author of the files knows how to declare an environment, so there is no hint about that."""
    Path("environments/a.yaml").unlink()
    result = tracked.ant("diff")
    assert (result.exit, "its file is gone" in result.stderr) == (0, True)
    assert "no file of an environment was found" not in result.stderr


def test_the_kinds_of_other_files_are_counted_in_order_unless_hints_are_off(tracked):
    """The order in which the files are found does not matter."""
    for folder in ("vaults", "z/agents", "deployments", "y/vaults", "skills", "memory_stores"):
        tracked.write(f"more/{folder}/x.yaml", "name: x\n")
    kinds = "1 agent, 1 deployment, 1 memory_store, 1 skill, 2 vault"
    note = f"files of other kinds were left alone ({kinds}).\n"
    assert note in tracked.ant("diff", ".").stderr
    assert note not in tracked.ant("diff", ".", ANT_NO_HINTS="1").stderr


def test_a_folder_with_files_of_other_kinds_is_no_mistake(team):
    """A folder below has a lock file of its own, and this one has nothing to apply."""
    team.write("agents/helper.md", "---\nmodel: x\n---\nHelp.")
    team.write("sub/claude-lock.json", '{"version": 1, "resources": {}}')
    result = team.ant("diff", ".")
    assert (result.exit, "sub is left out, because it has its own lock file" in result.stderr) == (
        0,
        True,
    )
    Path("agents/helper.md").unlink()
    result = team.ant("diff", ".")
    assert "every folder with files has its own lock file." in result.stderr


@pytest.mark.parametrize(
    ("words", "way"),
    [
        (("environments/b.yaml",), "; to leave them out: --only"),
        (("environments/b*.yaml",), "; to leave them out: --only"),
        (("environments/b.yaml", "--only"), None),
        (("environments/b.yaml", "--prune"), "."),
        (("environments",), None),
        ((".",), None),
        ((), None),
    ],
)
def test_changes_of_tracked_files_that_no_path_names_are_noted(tracked, words, way):
    """A folder stands for the files in it."""
    tracked.add("b")
    tracked.write("environments/a.yaml", "config: {type: cloud}\ndescription: x\n")
    stderr = tracked.ant("diff", *words).stderr
    note = f"Note: tracked files that no path names have 1 of the changes{way}\n"
    assert (note in stderr) is (way is not None)
    assert ("that no path names" in stderr) is (way is not None)
