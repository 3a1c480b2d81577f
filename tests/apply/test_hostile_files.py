"""Files of a pull request, which CI reads with a key: what they may link to, and what a mistake in them shows."""

from __future__ import annotations

import errno
import json
import os
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from ant_cli.apply.lockfile import Entry, LockFile
from ant_cli.runtime.trusted_files import NOTHING_FORBIDDEN, FileRule, read_trusted

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need POSIX, or rights on Windows")
SECRET = "purple-monkey-dishwasher"
LOCK = Path("claude-lock.json")
VALID = "config: {type: cloud}\n"


@pytest.fixture
def outside(tmp_path_factory):
    """A folder of the user outside the repository."""
    return tmp_path_factory.mktemp("home")


def track(*keys: str) -> None:
    """Write a lock file that tracks these keys, so that their files are read without being named."""
    lock = LockFile(Path.cwd() / LOCK)
    for number, key in enumerate(keys):
        lock = lock.with_entry(key, Entry("environment", f"env_{number}", "h", "r"))
    lock.save()


def shows_nothing(result) -> bool:
    """Check that a run neither succeeded nor showed or sent the secret."""
    assert result.exit != 0
    assert SECRET not in result.stdout + result.stderr
    return True


RUNS = [("apply", "--dry-run", "--verbose"), ("apply", "--yes"), ("apply", "--validate"), ("diff",)]


@pytest.mark.parametrize("words", RUNS, ids=" ".join)
@pytest.mark.parametrize("how", ["named", "found", "tracked"])
def test_a_link_out_of_the_repository_is_not_read(team, outside, words, how):
    """Its prose would be stored as a description, and be shown in a plan."""
    name = "env.md" if how != "found" else "env.yaml"
    (outside / name).write_text(SECRET if name.endswith("md") else f"description: {SECRET}")
    Path("environments").mkdir()
    Path(f"environments/{name}").symlink_to(outside / name)
    paths = {"named": [f"environments/{name}"], "found": ["."], "tracked": []}[how]
    if how == "tracked":
        track("./environments/env.md")
    result = team.ant(*words, *paths)
    assert shows_nothing(result)
    assert f"environments/{name} can't be used: it is outside {Path.cwd()}.\n" in result.stderr
    assert team.server() == {}


@pytest.mark.parametrize(
    ("place", "target", "why"),
    [
        (".git/config", ".git/config", "it is a link to a hidden file or folder"),
        (".git/notes.md", ".git/notes.md", "it is a link to a hidden file or folder"),
        (".env.md", ".env.md", "it is a link to a hidden file or folder"),
        ("terraform.tfstate", "terraform.tfstate", "whose name does not end in .md or .markdown"),
        ("key.yaml", "key.yaml", "whose name does not end in .md or .markdown"),
        ("notes.md", "environments/../notes.md", None),
        ("notes.MD", "notes.MD", None),
        ("..data/notes.md", "..data/notes.md", None),
    ],
)
def test_a_link_inside_the_repository_may_lead_to_a_visible_file_of_the_same_kind_only(
    team, place, target, why
):
    """CI jobs keep tokens in `.git/config`, and other secrets in files that are not under version control."""
    team.write(place, SECRET)
    Path("environments").mkdir()
    Path("environments/env.md").symlink_to(Path("..") / target)
    result = team.ant("apply", "--validate", "environments/env.md")
    if why:
        assert shows_nothing(result)
        assert why in result.stderr
    else:
        assert (result.exit, result.stderr) == (0, "1 file is valid.\n")


def test_a_link_to_another_folder_of_the_repository_is_followed(team):
    """A repository may have a lock file for each of its projects, and share files among them."""
    Path(".git").mkdir()
    team.write("shared/environments/a.yaml")
    Path("project").mkdir()
    Path("project/environments").symlink_to("../shared/environments")
    Path("project/environment_b.yaml").symlink_to("../shared/environments/a.yaml")
    os.chdir("project")
    for words in (["environments"], ["environments/a.yaml"], ["environment_b.yaml"]):
        assert team.ant("apply", "--validate", *words).exit == 0, words
    shutil.rmtree("../.git")
    for words in (["environments"], ["environments/a.yaml"], ["environment_b.yaml"]):
        result = team.ant("apply", "--validate", *words)
        assert (result.exit, f"{words[0]} can't be used: it is outside" in result.stderr) == (
            2,
            True,
        )


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_worktree_and_a_submodule_end_at_their_own_root(team, kind):
    """There, `.git` is a file."""
    team.write("environments/secret.yaml", f"description: {SECRET}")
    Path(".git").mkdir()
    Path("modules/inner/environments").mkdir(parents=True)
    os.chdir("modules/inner")
    Path(".git").write_text("gitdir: ../../.git/modules/inner") if kind == "file" else Path(
        ".git"
    ).symlink_to("x")
    Path("environments/a.yaml").symlink_to("../../../environments/secret.yaml")
    assert shows_nothing(team.ant("apply", "--validate", "."))


def test_thousands_of_levels_of_folders_are_not_searched(team):
    """They are an error, not a bug, and take no time."""
    team.write("a/" * 100 + "environment_a.yaml", VALID)
    assert team.ant("apply", "--validate", ".").stderr == "1 file is valid.\n"
    for _ in range(200):
        Path("deep").mkdir()
        os.chdir("deep")
    os.chdir(Path(*Path.cwd().parts[: Path.cwd().parts.index("deep")]))
    result = team.ant("apply", "--validate", ".")
    assert (result.exit, result.stderr.count(". has more than 100 levels of folders.")) == (2, 1)


@pytest.mark.parametrize("target", ["/", "..", "/etc"])
def test_a_link_to_a_folder_outside_is_not_searched(team, target):
    """Even the names of the files in it are not shown."""
    Path("environments").symlink_to(target)
    for path in ("environments", "."):
        result = team.ant("apply", "--validate", path)
        assert result.exit == 2
        assert result.stderr.startswith("ant: environments can't be used: it is outside ")
        assert result.stderr.count("\n") == 1
    Path("environments").rename("other")
    assert team.ant("apply", "--validate", ".").stderr == "0 files are valid.\n"


@pytest.mark.parametrize("path", ["environments/" + "a" * 5000 + ".yaml", "environments/\0.yaml"])
def test_a_name_that_no_file_can_have_does_not_exist(team, path):
    """It is an error, not a bug."""
    result = team.ant("apply", "--validate", path)
    assert (result.exit, result.stderr.count("does not exist.")) == (2, 1)


def test_a_link_without_a_target_is_named_as_the_problem(team):
    """Its name exists."""
    Path("environments").mkdir()
    Path("environments/a.yaml").symlink_to("gone.yaml")
    result = team.ant("apply", "--validate", "environments/a.yaml")
    assert result.stderr == "ant: environments/a.yaml can't be used: no such file or directory.\n"


def test_the_repository_is_found_through_a_link_to_a_folder_in_it(team, outside):
    """The user may have named the lock file by another path."""
    Path(".git").mkdir()
    team.write("shared/a.yaml")
    Path("project/environments").mkdir(parents=True)
    Path("project/environments/a.yaml").symlink_to("../../shared/a.yaml")
    (outside / "project").symlink_to(Path.cwd() / "project")
    (outside / "elsewhere").mkdir()
    os.chdir(outside / "elsewhere")
    result = team.ant(
        "apply",
        "--validate",
        "--lock-file",
        "../project/claude-lock.json",
        "../project/environments",
    )
    assert (result.exit, result.stderr) == (0, "1 file is valid.\n")


@pytest.mark.parametrize(
    "words",
    [
        ("apply", "--yes", "--lock-file", "prod/claude-lock.json", "."),
        ("export", "--all", "--lock-file", "prod/claude-lock.json", "--directory", "prod"),
        ("export", "--all", "--directory", "prod"),
        ("apply", "--dry-run", "--save-plan", "prod/plan.json", "."),
    ],
)
def test_nothing_is_written_through_a_link_that_leads_out_of_the_repository(team, outside, words):
    """A pull request may replace a folder that the command line names by a link."""
    Path(".git").mkdir()
    team.by_hand("create", "--name", "there", "--config", "{type: cloud}")
    team.write("environments/a.yaml")
    Path("prod").symlink_to(outside)
    result = team.ant(*words)
    assert (result.exit, "prod can't be used: it is outside" in result.stderr) == (2, True)
    assert list(outside.iterdir()) == []
    assert set(team.server()) == {"there"}


def test_a_saved_plan_is_not_carried_out_through_a_link_that_leads_out_of_the_repository(
    team, outside
):
    """A pull request may replace the folder by a link after the plan was made."""
    Path(".git").mkdir()
    team.write("prod/environments/a.yaml")
    lock_file = ("--lock-file", "prod/claude-lock.json")
    assert team.ant("apply", "--dry-run", "--save-plan", "plan.json", *lock_file, "prod").exit == 0
    Path("prod").rename(outside / "prod")
    Path("prod").symlink_to(outside / "prod")
    result = team.ant("apply", "--plan", "plan.json")
    assert (result.exit, "prod can't be used: it is outside" in result.stderr) == (2, True)
    assert [path.name for path in (outside / "prod").iterdir()] == ["environments"]
    assert team.server() == {}


def test_the_lock_file_of_another_place_can_be_named(team, outside):
    """Its path leads out of the repository itself, or the link is outside, where no pull request can put one."""
    Path("repository/.git").mkdir(parents=True)
    team.write("environments/a.yaml")
    Path("link").symlink_to(outside)
    os.chdir("repository")
    for path in ("../claude-lock.json", f"{outside}/claude-lock.json", "../link/claude-lock.json"):
        result = team.ant("apply", "--validate", "--lock-file", path)
        assert result.stderr.startswith(
            "ant: there is no claude-lock.json here or above, and no file was named.\n"
        )


def test_links_in_a_circle_are_an_error(team):
    """They are followed to no end."""
    Path("environments").mkdir()
    Path("environments/a.yaml").symlink_to("b.yaml")
    Path("environments/b.yaml").symlink_to("a.yaml")
    result = team.ant("apply", "--validate", ".")
    assert (result.exit, result.stderr.count("can't be used: ")) == (2, 2)


def test_a_tracked_file_that_is_now_a_link_without_a_target_is_not_pruned(tracked):
    """Its file is still there, even though it can't be read."""
    Path("environments/a.yaml").unlink()
    Path("environments/a.yaml").symlink_to("gone.yaml")
    assert tracked.ant("apply", "--yes", "--prune").exit == 2
    assert set(tracked.server()) == {"a"}


def test_a_tracked_file_that_is_now_a_link_to_a_folder_is_gone(team):
    """The folder is not searched for other files."""
    team.write("other/environment_b.yaml")
    track("./environments")
    Path("environments").symlink_to("other")
    result = team.ant("apply", "--dry-run", "--format", "json")
    assert (result.exit, json.loads(result.stdout)["lost"]) == (0, ["./environments"])


def test_an_environment_whose_file_is_in_a_folder_that_can_not_be_read_is_not_archived(
    tracked, monkeypatch
):
    """Its file may well be there."""

    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "lstat", refuse)
    Path("environments").rename("moved")
    result = tracked.ant("apply", "--yes", "--prune", "--parallel", "1")
    assert (result.exit, result.stderr) == (2, "ant: ./environments/a.yaml does not exist.\n")
    assert set(tracked.server()) == {"a"}


@pytest.mark.parametrize(
    "key",
    ["./" + "a" * 5000 + ".yaml", "./a/" * 2000 + "b.yaml", "./environments"],
    ids=["long", "deep", "folder"],
)
def test_a_key_that_no_file_can_have_is_a_file_that_is_gone(team, key):
    """The folder of a key is not searched for files."""
    team.write("environments/a.yaml", f"description: {SECRET}")
    track(key)
    result = team.ant("apply", "--dry-run", "--format", "json")
    assert (result.exit, result.stderr.count("its file is gone")) == (0, 1)
    assert SECRET not in result.stdout


# A race: a link is put in place between the check and the opening


RULE = FileRule(100, NOTHING_FORBIDDEN, owner="anyone", may_be_link=True)


@pytest.mark.parametrize("swapped", ["a", "a/b", "a/b/c.yaml"])
def test_a_link_that_is_put_there_after_the_check_is_not_followed(
    tmp_path, outside, monkeypatch, swapped
):
    """Each step from the root of the repository to the file is opened without following links."""
    for base in (tmp_path, outside):
        (base / "a/b").mkdir(parents=True)
        (base / "a/b/c.yaml").write_text(SECRET if base == outside else "harmless")
    path = str(tmp_path / "a/b/c.yaml")
    assert read_trusted(path, RULE, str(tmp_path)) == b"harmless"
    real_path = os.path.realpath
    seen = real_path(path)

    def look_and_swap(name, **options):
        found = real_path(name, **options)
        if found == seen and not (tmp_path / swapped).is_symlink():
            (tmp_path / swapped).rename(tmp_path / "moved")
            (tmp_path / swapped).symlink_to(outside / swapped)
        return found

    monkeypatch.setattr(os.path, "realpath", look_and_swap)
    with pytest.raises(OSError, match=r"symbolic|Not a directory"):
        read_trusted(path, RULE, str(tmp_path))


def test_no_descriptor_stays_open(tmp_path):
    """A run reads many files."""
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/c.yaml").write_text("x")
    before = set(Path("/dev/fd").iterdir())
    for name in ("a/b/c.yaml", "a/b/missing.yaml", "a/missing/c.yaml", "a/b/c.yaml/d"):
        with suppress(FileNotFoundError, NotADirectoryError):
            read_trusted(str(tmp_path / name), RULE, str(tmp_path))
    assert set(Path("/dev/fd").iterdir()) == before


def test_a_pattern_does_not_lead_out_of_the_repository(team, tmp_path_factory):
    """What it matches is checked like a path that was typed."""
    outside = tmp_path_factory.mktemp("outside") / "environments"
    outside.mkdir()
    (outside / "a.yaml").write_text(f"name: {SECRET}")
    Path("linked").symlink_to(outside)
    for pattern in ("linked/*.yaml", "link*", "**/a.yaml"):
        assert shows_nothing(team.ant("apply", "--validate", pattern)), pattern


# What a mistake shows


@pytest.mark.parametrize(
    "text",
    [
        f"token: {SECRET}",
        f"- {SECRET}",
        SECRET,
        f"{SECRET}\nx: y",
        f"config: {{type: {SECRET}}}",
        f"config: {{type: cloud, networking: {{type: {SECRET}}}}}",
        f"config: {{type: cloud, networking: {{type: limited, allowed_hosts: ['https://{SECRET}']}}}}",
        f"config: {{type: cloud, networking: {{type: limited, allowed_hosts: ['{SECRET}:80']}}}}",
        f"config: {{type: cloud, networking: {{type: limited, allowed_hosts: ['{SECRET}/']}}}}",
        f"config: {{type: cloud, networking: {{type: limited, allowed_hosts: ['{SECRET}!']}}}}",
        f"scope: {SECRET}",
        f"config: {SECRET}",
        f"metadata: {{a: {{b: {SECRET}}}}}",
        f"{{password:{SECRET}}}",
        f'{{"password": "{SECRET}"',
        f"password: {SECRET}: {SECRET}",
        f"a: '{SECRET}",
        f"a: *{SECRET.replace('-', '_')}",
        f"machine x login {SECRET}\n\tpassword y",
        f"[default]\naws_secret_access_key = {SECRET}",
        f"? [{SECRET}]\n: 1",
        f"? {SECRET} {SECRET}\n: 1",
        f"a: 1\n{SECRET}{SECRET}{SECRET}: 2",
        f"name: x\ndescription: {SECRET}\nextra: 1",
    ],
)
def test_a_mistake_is_shown_without_the_values_of_the_file(team, text):
    """The file may be a link to another file of the repository, which is not meant to be shown in the log of CI."""
    team.write("environments/a.yaml", text)
    assert shows_nothing(team.ant("apply", "--validate", "--strict", "."))
    result = team.ant("apply", "--validate", ".")
    assert SECRET not in result.stdout + result.stderr
    assert "environments/a.yaml, line " in result.stderr


@pytest.mark.parametrize("number", ["8251077", "1.5e99", "0x7ddf05"])
def test_a_number_in_place_of_text_is_not_shown(team, number):
    """It may be a PIN."""
    team.write("environments/a.yaml", f"metadata:\n  pin: {number}")
    result = team.ant("apply", "--validate", ".")
    assert result.stderr.endswith(
        "line 2, column 3: metadata.pin: must be text, got a number: write it in quotes.\n"
    )


def test_the_name_of_two_environments_is_not_shown(team):
    """Their files are named."""
    team.write("environments/a.yaml", f"name: {SECRET}")
    team.write("environments/b.yaml", f"name: {SECRET}")
    result = team.ant("apply", "--validate", ".")
    assert shows_nothing(result)
    assert "environments/a.yaml declares the same name." in result.stderr


# Time and size


def many(count: int) -> str:
    return "".join(f"unknown{number}: 1\n" for number in range(count))


def test_50_mistakes_are_described(team):
    """This holds for one file, and for all of them. A mistake after 50 unknown fields is found, too."""
    team.write("environments/a.yaml", many(50))
    lines = team.ant("apply", "--validate", "--strict", ".").stderr.splitlines()
    assert (lines[0], len(lines)) == ("ant: there are mistakes in the files:", 51)
    team.write("environments/a.yaml", many(60))
    lines = team.ant("apply", "--validate", "--strict", ".").stderr.splitlines()
    assert (lines[-1], len(lines)) == ("and more mistakes", 52)
    team.write("environments/b.yaml", many(1))
    lines = team.ant("apply", "--validate", "--strict", ".").stderr.splitlines()
    assert (lines[-1], len(lines)) == ("and more mistakes", 52)
    lines = team.ant("apply", "--validate", ".").stderr.splitlines()
    assert lines[-2:] == ["Warning: and more.", "2 files are valid."]
    assert len(lines) == 52
    team.write("environments/a.yaml", f"{many(60)}scope: [world]")
    assert (
        "scope: must be 'organization' or 'account', got a list"
        in team.ant("apply", "--validate", ".").stderr
    )


@pytest.mark.parametrize(
    "text",
    [
        many(9000),
        "metadata:\n" + "".join(f"  a{number}: 1\n" for number in range(9000)),
        "{" + "a: 1, " * 9000 + "}",
    ],
    ids=["unknown fields", "metadata", "one key"],
)
def test_a_file_is_composed_once_for_all_of_its_mistakes(team, monkeypatch, text):
    """Otherwise 17 KB of unknown fields take more than a minute."""
    import yaml

    calls = []
    compose = yaml.compose
    monkeypatch.setattr(
        yaml, "compose", lambda *words, **options: calls.append(1) or compose(*words, **options)
    )
    team.write("environments/a.yaml", text)
    assert team.ant("apply", "--validate", "--strict", ".").exit == 2
    assert len(calls) <= 1


@pytest.mark.parametrize(
    "name", ["a\n::error::x.yaml", "b\x1b]0;x\x07.yaml", "c\u2028.yaml", "d\u202e.md"]
)
@pytest.mark.parametrize("how", ["named", "found"])
def test_a_file_name_with_a_control_character_is_rejected(team, name, how):
    """A line that begins with `::` is a command in the log of a GitHub job, and ESC one for a terminal."""
    team.write(
        f"environments/{name}",
        "---\nconfig: {type: clod}\n---\n" if name.endswith("md") else "config: 1",
    )
    path = f"environments/{name}" if how == "named" else "."
    result = team.ant("apply", "--validate", path)
    assert result.exit == 2
    assert result.stderr.endswith(": its name has a control character.\n")
    assert result.stderr.count("\n") == 1
    assert "\x1b" not in result.stderr


def test_a_file_name_that_is_not_utf_8_is_rejected(team):
    """The lock file could not hold it."""
    team.write("environments/c\udcff.yaml", VALID)
    result = team.ant("apply", "--validate", ".")
    message = "ant: environments/c\\udcff.yaml: its name is not UTF-8.\n"
    assert (result.exit, result.stderr) == (2, message)


def test_a_file_of_another_kind_may_have_any_name(team):
    """It is not managed here."""
    team.write("docs/a\nb.yaml", "x: 1")
    team.write("agents/a\nb.yaml", "x: 1")
    assert team.ant("apply", "--validate", ".").exit == 0


def test_a_name_with_a_lone_surrogate_is_a_mistake(team):
    """It is no character."""
    team.write("environments/a.json", '{"name": "\\ud800"}')
    result = team.ant("apply", "--validate", ".")
    assert result.stderr.endswith(": name: has a lone surrogate, which is not a character.\n")


@pytest.mark.parametrize(
    "fields",
    ['"description": "x\\udc00"', '"metadata": {"a": "\\ud800"}', '"metadata": {"\\ud800": "a"}'],
)
def test_a_lone_surrogate_anywhere_is_a_mistake_of_the_file(team, fields):
    """Otherwise, the plan would fail when it is carried out, perhaps after other changes."""
    team.write("environments/a.json", '{"name": "a", "config": {"type": "cloud"}, ' + fields + "}")
    result = team.ant("apply", "--validate", ".")
    assert result.exit == 2
    assert ": has a lone surrogate, which is not a character.\n" in result.stderr


def test_a_file_in_another_format_is_not_a_bug(team):
    """An archive, an image or a binary may have any name."""
    team.write("environments/a.yaml", VALID)
    for name, data in {
        "zip.yaml": b"PK\x03\x04\0\0",
        "png.json": b"\x89PNG\r\n",
        "nul.md": b"---\n\0\n---\n",
    }.items():
        Path("environments", name).write_bytes(data)
    result = team.ant("apply", "--validate", ".")
    assert (result.exit, result.stderr.count("environments/")) == (2, 3)


def test_a_very_long_name_does_not_widen_the_other_lines_of_a_plan(team):
    """Otherwise a few files fill the log of a job."""
    team.write("environments/long.yaml", f"name: {'n' * 10_000}\n")
    for number in range(20):
        team.write(f"environments/{number}.yaml")
    assert len(team.ant("diff", ".").stdout) < 30_000


@pytest.mark.parametrize("number", ["9" * 4_301, "1e999", "1.50"])
def test_the_data_of_a_plan_has_every_number_as_it_was_written(team, number):
    """Python reads no integer of so many digits, and no float so large."""
    team.write("environments/a.json", f'{{"config": {{"type": "cloud", "x": {number}}}}}')
    result = team.ant("diff", "--format", "jsonl", ".")
    assert (result.exit, f'"new":{number}}}' in result.stdout) == (2, True)
