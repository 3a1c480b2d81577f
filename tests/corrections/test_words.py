"""Words: which command, object or page one of them means, and which one it can't mean."""

from __future__ import annotations

import pytest

from ant_cli.corrections.arguments import is_of_other_program
from ant_cli.corrections.flags import is_plain
from ant_cli.corrections.line import Role, line_of, parts_of, targets_in
from ant_cli.corrections.rows import is_file_name
from ant_cli.corrections.slips import (
    BEGINNING,
    EXACT,
    SLIP,
    SYNONYM,
    fit,
    meant,
    noun,
    objects_in,
    split_words,
)

ENV, WORK = "beta:environments", "beta:environments:work"
NAMES = ("create", "retrieve", "update", "list", "delete", "archive")


@pytest.mark.parametrize(
    ("word", "name", "expected"),
    [
        ("delete", "delete", EXACT),
        ("DELETE", "delete", EXACT),
        ("de-lete", "delete", EXACT),
        ("rm", "delete", SYNONYM),
        ("RM", "delete", SYNONYM),
        ("rm", "archive", None),
        ("shelve", "archive", SYNONYM),
        ("delte", "delete", SLIP),
        ("delets", "delete", SLIP),
        ("del", "delete", SYNONYM),
        ("dele", "delete", BEGINNING),
        ("arc", "archive", BEGINNING),
        ("ar", "archive", None),
        ("list", "delete", None),
        ("upd", "update", BEGINNING),
        ("xpdate", "update", None),
    ],
)
def test_a_word_fits_a_command_by_its_name_its_meaning_or_a_slip(word, name, expected):
    assert fit(word, name, NAMES) == expected


def test_a_different_letter_is_no_slip_in_a_group_that_was_not_named():
    assert fit("lint", "list", NAMES) == SLIP
    assert fit("lint", "list", NAMES, is_implied=True) is None
    assert fit("lsit", "list", NAMES, is_implied=True) == SLIP


def test_a_name_or_a_beginning_of_several_is_no_other_one():
    assert fit("stat", "start", ["start", "stat"]) is None
    assert fit("sta", "start", ["start", "status"]) is None
    assert fit("star", "start", ["start", "status"]) == SLIP


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("env", "environments"),
        ("ENVS", "environments"),
        ("beta:environments", "environments"),
        ("enviroment", "environments"),
        ("environmnets", "environments"),
        ("end", None),
        ("enb", None),
        ("jobs", "work"),
        ("job", "work"),
        ("jobz", None),
        ("qeueu", None),
        ("queu", None),
        ("quueue", "work"),
        ("profle", "profile"),
        ("context", "profile"),
        ("work1", None),
        ("env_1", None),
        ("emulater", "emulator"),
        ("demo", None),
    ],
)
def test_a_noun_may_have_a_slip_if_it_is_long(word, expected):
    assert noun(word) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("env/demo", ["demo"]),
        ("environments/demo", ["demo"]),
        ("env/", ["env/"]),
        ("work/work_1", ["work_1"]),
        ("work/demo", ["work/demo"]),
        ("env_1/work_1", ["env_1", "work_1"]),
        ("env/env_1/work/work_1", ["env_1", "work_1"]),
        ("env_1/demo", ["env_1/demo"]),
        ("a/b/c", ["a/b/c"]),
        ("env_1,env_2", ["env_1", "env_2"]),
        ("a,b", ["a,b"]),
        ("profile/ci", ["profile/ci"]),
        ("demo", ["demo"]),
        ("", [""]),
    ],
)
def test_a_path_of_kinds_names_its_objects(text, expected):
    assert objects_in(text) == expected


@pytest.mark.parametrize(
    ("words", "name", "expected"),
    [
        ({"rm", "demo"}, "delete", True),
        ({"delte"}, "delete", True),
        ({"drpo"}, "delete", True),
        ({"demo"}, "delete", False),
        ({"update"}, "delete", False),
        (set(), "delete", False),
    ],
)
def test_a_command_is_meant_by_its_name_a_synonym_or_a_slip(words, name, expected):
    assert meant(words, name) is expected


def test_words_are_joined_by_any_separator():
    assert split_words("rm-env_x:list.y  z") == ["rm", "env", "x", "list", "y", "z"]


@pytest.mark.parametrize(
    ("text", "is_file", "plain"),
    [
        ("env.yaml", True, True),
        ("a/env.yml", True, True),
        ("x.json", True, True),
        ("x.jsonl", False, True),
        ("yaml", False, True),
        ("pandas==2.3", False, True),
        ("a b", False, False),
        ("-x", False, False),
        ("", False, False),
        ("a:b", False, False),
        ("a\n", False, False),
    ],
)
def test_a_name_of_a_file_and_a_plain_value(text, is_file, plain):
    assert (is_file_name(text), is_plain(text)) == (is_file, plain)


def test_a_word_that_is_another_program_is_none_of_the_users():
    assert not is_of_other_program(("printf", "x"))
    assert not is_of_other_program(())


def roles(*argv):
    return [(part.text, part.role) for part in parts_of(argv)]


def test_each_argument_of_a_line_has_its_role():
    typed = (ENV, "list", "--limit", "5", "-fx", "--page=p", "--foo", "word", "-", "-x", "--", "-y")
    assert roles(*typed) == [
        ("--limit", Role.FLAG),
        ("5", Role.VALUE),
        ("-fx", Role.FLAG),
        ("--page=p", Role.FLAG),
        ("--foo", Role.UNKNOWN),
        ("word", Role.WORD),
        ("-", Role.WORD),
        ("-x", Role.UNKNOWN),
        ("--", Role.AFTER),
        ("-y", Role.AFTER),
    ]
    assert roles("--format", "json", ENV, "--local", "list") == [
        ("--format", Role.FLAG),
        ("json", Role.VALUE),
        ("--local", Role.FLAG),
    ]
    assert roles(ENV, "delete", "--dry-run", "x") == [("--dry-run", Role.FLAG), ("x", Role.WORD)]


def test_a_line_has_its_command_its_words_and_its_flags():
    line = line_of(["--local", WORK, "--format=json", "stop", "a", "--foo", "b", "--force", "c"])
    assert line.command.path == (WORK, "stop")
    assert line.before == ("--local", "--format=json")
    assert line.argv == ("--local", "--format=json", WORK, "stop", "a", "--foo", "b", "--force", "c")  # fmt: skip
    assert (line.words, line.leading_words, line.places) == (["a", "b", "c"], ["a"], [0, 2, 4])
    assert (line.unknown_at, line.following(1), line.following(3)) == (1, ["b"], ["c"])
    assert line.has_flags
    assert line.without([0, 4]) == ["--foo", "b", "--force"]
    step = line.replacing(1, "x", "y", count=2, consumed=("z",))
    assert step.argv[-5:] == ("a", "x", "y", "--force", "c")
    assert step.consumed == ("z",)
    assert not line_of([ENV, "list", "x", "--foo"]).has_flags


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("list", "--profile"), True),
        (("list", "--profile", "p"), False),
        (("list", "--profile=p"), False),
        (("list", "-f"), True),
        (("list", "-fx"), False),
        (("list", "--local"), False),
        (("list", "--foo"), False),
        (("list", "x"), False),
        (("list",), False),
        (("delete", "--", "--profile"), False),
    ],
)
def test_only_a_flag_that_lacks_its_value_ends_a_line(words, expected):
    assert line_of([ENV, *words]).ends_in_flag is expected


def test_the_targets_of_a_line_are_the_flags_of_a_server_or_an_account_with_their_values():
    after = ("--base-url=u", "--limit", "5", "--local", "--workspace-id", "w")
    assert targets_in(("--profile", "p", ENV, "list", *after)) == (
        "--profile",
        "p",
        "--base-url=u",
        "--local",
        "--workspace-id",
        "w",
    )
