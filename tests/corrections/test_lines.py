"""What people type by the habit of other tools, or with a slip, and the line that the program shows."""

from __future__ import annotations

import itertools
import re
import shlex
import sys
from pathlib import Path

import pytest
import yaml

from ant_cli.argv import parse
from ant_cli.corrections import corrected, written
from ant_cli.corrections.check import may_be_shown
from ant_cli.corrections.line import Step, commands_in, line_of
from ant_cli.corrections.rows import all_rows
from ant_cli.corrections.typed import Typed
from ant_cli.errors import Mistyped, UsageError
from ant_cli.errors.command_line import PIPE
from ant_cli.help.catalog import catalog
from tests.conftest import needs_posix
from tests.helpers.processes import run_process

LINES = yaml.safe_load(Path(__file__).with_name("lines.yaml").read_text("utf-8"))

pytestmark = needs_posix("the quotes of sh")


def answer(ant, typed):
    """Return the last line of the error about a rejected command line."""
    done = ant(*shlex.split(typed))
    assert (done.stdout, done.requests) == ("", [])
    assert done.exit != 0
    _, *hints = done.stderr.splitlines()
    return "\n".join(hints)


@pytest.mark.parametrize(("typed", "shown"), LINES["lines"].items())
def test_a_rejected_line_is_answered_with_one_that_the_program_accepts(ant, typed, shown):
    assert answer(ant, typed) == f"Did you mean: ant {shown}"


@pytest.mark.parametrize(("typed", "sentence"), LINES["sentences"].items())
def test_what_can_not_be_typed_here_is_answered_with_a_sentence(ant, typed, sentence):
    assert answer(ant, typed) == sentence


@pytest.mark.parametrize(("typed", "explained"), LINES["explained"].items())
def test_a_sentence_about_a_command_that_was_not_typed_names_its_help_page(ant, typed, explained):
    command, sentence = explained
    page = f"Run `ant {command} --help` to see what it takes."
    assert answer(ant, typed) == f"{page}\n{sentence}"


@pytest.mark.parametrize(("typed", "page"), LINES["pages"].items())
def test_a_line_that_would_be_a_guess_is_answered_with_a_help_page(ant, typed, page):
    assert answer(ant, typed).startswith(f"Run `ant {page}` to see ")


@pytest.mark.parametrize(
    "line", ["beta:environments retrieve help", "beta:environments update help --description -h"]
)
def test_help_as_an_id_or_a_value_of_a_valid_line_is_sent(ant, line):
    done = ant(*line.split())
    assert done.path == "/v1/environments/help"
    assert done.exit == 0


def test_a_line_with_a_missing_value_keeps_its_own_hint(ant):
    refusal = ant("beta:environments:work", "stop", "env_1").refusal
    assert refusal.endswith("work stop --environment-id env_1 WORK_ID\n")


# What the check rejects: each was shown once


def is_shown(typed, shown):
    return may_be_shown(Step(tuple(shown), CONSUMED), Typed(tuple(typed), {}))


CONSUMED = (
    *(
        "new",
        "delte",
        "rm",
        "activat",
        "tidy",
        "delete",
        "aply",
        "worker",
        "chek",
        "create",
        "list",
    ),
    *("modify", "profile", "set", "get", "completion", "help", "env", "flag"),
)
"""Words in the place of a command, which a correction has replaced: they are not lost."""


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("--profile dev delete data", "beta:environments delete data"),
        ("delete data --dry-run", "beta:environments delete data"),
        ("tidy data", "beta:environments delete data"),
        ("tidy data", "beta:environments archive data"),
        ("tidy env_1 work_1", "beta:environments:work stop --environment-id env_1 work_1"),
        ("tidy", "emulator stop"),
        ("tidy", "emulator reset"),
        ("tidy", "auth logout"),
        ("tidy data --dry-run", "beta:environments delete data --dry-run"),
        ("tidy data --dry-run", "apply data"),
        ("aply -y", "apply --yes --prune"),
        ("delete data", "beta:environments delete data --yes"),
        ("aply", "apply --force"),
        ("diff env.yaml --foo", "apply env.yaml"),
        ("show env.yaml", "apply --plan env.yaml"),
        ("aply", "apply --prune"),
        ("worker chek", "beta:worker check --requeue"),
        ("new demo", "beta:environments create --name demo --name demo2"),
        ("delete a b", "beta:environments delete a"),
        ("create x", "beta:environments create"),
        ("create x --pip y", "beta:environments create --name x --config.packages.pip y"),
        ("modify x", "beta:environments update x"),
        ("new x --pip 5", "beta:environments create --name x --config '{packages: {pip: [5]}}'"),
        (
            "new x --pip y --type self_hosted",
            "beta:environments create --name x --config '{type: self_hosted, packages: {pip: [y]}}'",
        ),
        ("new x --config '{a: b}'", "beta:environments create --name x --config '{a: b}'"),
        ("modify x --config '{typ: cloud}'", "beta:environments update x --config '{typ: cloud}'"),
        ("delete env", "beta:environments delete beta:environments"),
        ("profile set api_key sk-ant-1234567", "profile set api_key sk-ant-1234567"),
        ("profile activat 3f9a2b7c", "profile activate 3f9a2b7c"),
        ("get x --api-key hunter2", "beta:environments retrieve x --api-key hunter2"),
        ("get http://u:pw@h", "beta:environments retrieve http://u:pw@h"),
        ("completion fsh", "completion fsh"),
        ("help delet", "help delet"),
        ("get -f x", "beta:environments retrieve -f x"),
        ("printf help", "printf --help"),
        ("get x --watch --until state==x", "beta:environments retrieve x --watch --until state==x"),
        ("get x --every 5s", "beta:environments retrieve x --every 5s"),
        ("list --every 5s --for 1m", "beta:environments list --every 5s --for 1m"),
        ("get 'a\nb'", "beta:environments retrieve 'a\nb'"),
        (f"get {'x' * 1000}", f"beta:environments retrieve {'x' * 1000}"),
        ("delete 5 5", "beta:environments delete 5"),
    ],
)
def test_a_line_that_does_more_or_less_than_was_typed_is_not_shown(typed, shown):
    assert not is_shown(shlex.split(typed), shlex.split(shown))


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("--profile dev delete data", "--profile dev beta:environments delete data"),
        ("delete data --dry-run", "beta:environments delete data --dry-run"),
        ("delte data", "beta:environments delete data"),
        ("rm data -y", "beta:environments delete data --yes"),
        ("rm data -yse", "beta:environments delete data --yes"),
        ("aply -y", "apply --yes"),
        ("tidy data --dry-run", "apply data --dry-run"),
        (
            "new x --pip 5",
            "beta:environments create --name x --config '{type: cloud, packages: {pip: [\"5\"]}}'",
        ),
        ("profile activat ci", "profile activate ci"),
        ("profile set base-url http://3f9a2b7c", "profile set base_url http://3f9a2b7c"),
        ("list --format JSON", "beta:environments list --format json"),
        ("delete 5 6", "beta:environments delete 6 5"),
        (f"get {'x' * 900}", f"beta:environments retrieve {'x' * 900}"),
    ],
)
def test_a_line_that_does_what_was_typed_is_shown(typed, shown):
    words = tuple(shlex.split(typed))
    assert is_shown(words, shlex.split(shown))


def test_a_variable_may_give_the_id_that_a_line_lacks(ant):
    done = ant("work", "ls", env={"ANTHROPIC_ENVIRONMENT_ID": "env_1"})
    assert done.stderr.endswith("Did you mean: ant beta:environments:work list\n")


def test_a_file_of_a_suggested_line_exists_or_has_the_name_of_one(ant, tmp_path):
    """For other tools, `-f` is --force or --follow."""
    assert answer(ant, "create -f body").startswith("Run `ant beta:environments create --help`")
    (tmp_path / "body").write_text("name: n")
    assert answer(ant, "create -f body") == "Did you mean: ant beta:environments create -f body"


def test_a_blank_argument_is_no_dash_of_a_word_processor(ant):
    assert not answer(ant, "beta:environments list ''").endswith(" --")


def test_only_pipes_of_the_program_itself_are_pipes():
    argv = ("beta:environments", "list", PIPE, "beta:environments", "delete", "|")
    assert list(commands_in(argv)) == [argv[:2], argv[3:]]
    assert written(argv) == "ant beta:environments list | ant beta:environments delete '|'"


# What a correction must not touch


@pytest.mark.parametrize(
    "typed",
    [
        "--profile p rename a b",
        "beta:environments:work ls env_1",
        "beta:environments create --name x --pip numpy",
        "beta:environments delete --older-than 7d --profile p",
    ],
)
def test_the_check_sends_nothing_starts_no_program_and_opens_no_keyring(ant, typed, monkeypatch):
    """The profile has a command for its key, and one in the system's credential store."""
    monkeypatch.setattr("subprocess.Popen", None)
    monkeypatch.setattr("ant_cli.run.load", None)
    monkeypatch.setattr("ant_cli.settings.loading.load", None)
    assert "Did you mean: ant " in ant(*typed.split()).refusal


@pytest.mark.parametrize(
    "typed",
    [
        "auth login HIDDEN7x",
        "auth login --key HIDDEN7x",
        "auth HIDDEN7x",
        "profile HIDDEN+/=",
        "profile set api_key my HIDDEN",
        "profile create p --token HIDDEN",
        "config set api_key HIDDEN7x",
        "rename a b --api-key HIDDEN",
        "beta:environments create -zHIDDEN",
        "beta:environments create --x-api-kye:HIDDEN",
        "login --with-token HIDDEN7x",
    ],
)
def test_no_correction_shows_what_may_be_a_key(ant, typed):
    assert "HIDDEN" not in ant(*typed.split()).stderr


def test_a_word_of_the_program_in_a_wrong_place_is_not_taken_for_a_key(ant):
    assert ant("auth", "print-access-token").stderr == (
        "ant: unknown command 'print-access-token' for 'ant auth'.\n"
        "Did you mean: ant auth print-credentials --access-token\n"
    )


def test_an_error_about_a_value_keeps_its_hint(ant):
    """The hint at the value knows more than a correction of the line."""
    refusal = ant("beta:environments:work", "stop", "--force", "FALSE", "work_1").refusal
    assert refusal.endswith("Write --force=FALSE, or --force alone for true.\n")


def test_a_line_of_growing_length_takes_time_in_proportion(ant):
    assert "unknown command" in ant("x" * 5000).refusal
    assert "unexpected argument" in ant("beta:environments", "list", *["a=b"] * 200).refusal


@pytest.mark.parametrize("line", ["beta:environments list --dry-run", "emulator status", "help"])
def test_a_right_line_imports_nothing_of_this_room(line, clean_environ):
    code = "import sys; from ant_cli.main import main, this_process"
    code += "; main(sys.argv[1:], this_process()); print(*sys.modules, file=sys.stderr)"
    done = run_process([sys.executable, "-c", code, *line.split()], clean_environ, check=True)
    loaded = done.stderr.split()
    assert "ant_cli.main" in loaded
    assert not [name for name in loaded if name.startswith("ant_cli.corrections")]


# The rows


ITEM = "--environment-id env_1 work_1"
BEFORE = {
    "beta:environments create": "--name n",
    "beta:environments retrieve": "env_1",
    "beta:environments update": "--description d env_1",
    "beta:environments:work list": "env_1 --until idle",
    "beta:environments:work poll": "env_1",
    "beta:environments:work stats": "env_1",
    "beta:environments:work retrieve": ITEM,
    "beta:environments:work stop": ITEM,
    "beta:environments:work heartbeat": ITEM,
    "emulator enqueue": "env_1",
}
"""What commands need besides."""
SAMPLES = {
    "NUMBER": ["5", "500"],
    "TIME": ["7d"],
    "PERIOD": ["5s"],
    "PAIR": ["k=v", "pip=v", "packages.pip=v"],
    "LIST": ["a,b"],
    "PAIRS": ["a=b,c=d"],
    "YAML": ["{type: cloud}", "{pip: [a]}", "{type: limited}"],
    "URL": ["http://h"],
    "FILE": ["x.json"],
    "PATH": ["name"],
    "KEY": ["team-"],
    "WORKSPACE": ["wrkspc_1"],
    "FIELD": ["base-url"],
    "SHELL": ["bash"],
    "FORMAT": ["json"],
}


def samples(word):
    """Return what may be typed for a word of a row."""
    kind = re.search("[A-Z]*$", word)[0] if word[0] != "-" else ""
    start = word[: len(word) - len(kind)].removesuffix("*")
    return [start + text for text in SAMPLES.get(kind, [kind.lower()])]


def typed_by(row, pattern):
    """Yield lines that a row answers, with and without what its commands need besides."""
    for command in catalog().walk():
        is_elsewhere = bool(command.path and command.subcommands) and pattern[0].startswith("-")
        if row.is_after(command.full_name) and not is_elsewhere:
            for words in itertools.product(*map(samples, pattern)):
                yield [*command.path, *words]
                for before in itertools.accumulate(
                    BEFORE.get(command.full_name, "").split(), "{} {}".format
                ):
                    yield [*command.path, *before.split(), *words]


@pytest.mark.parametrize("row", all_rows(), ids=lambda row: " ".join(row.typed[0]))
def test_each_row_answers_what_it_is_for(row):
    """After one of its commands at least, in each of the ways in which it is typed."""
    expected = row.instead if row.is_sentence else "Did you mean: ant "
    for pattern in row.typed:
        assert any(expected in hint_for(line) for line in typed_by(row, pattern)), pattern


@pytest.mark.parametrize("row", all_rows(), ids=lambda row: " ".join(row.typed[0]))
def test_each_value_behind_an_arrow_is_typed_before_it(row):
    """Otherwise, the line would have a place where nothing was left out."""
    places = set() if row.is_sentence else set(re.findall(r"\b[A-Z]{3,}\b", row.instead))
    for pattern in row.typed:
        kinds = {re.search("[A-Z]*$", word)[0] for word in pattern}
        sources = {CONVERTED.get(place, place) for place in places}
        assert sources <= kinds


CONVERTED = {"MILLISECONDS": "PERIOD", "SECONDS": "PERIOD", "PAUSE": "PERIOD", "EQUATION": "PAIR"}


def hint_for(argv):
    """Return the hint of a rejected line, which nothing runs."""
    try:
        parse(argv)
    except Mistyped as error:
        return corrected(error, argv, {}).hint
    except UsageError as error:
        return error.hint
    return corrected(Mistyped("a list that is not known"), argv, {}).hint


@pytest.mark.parametrize(
    "row", [row for row in all_rows() if row.is_sentence], ids=lambda row: row.instead[:40]
)
def test_a_command_in_a_sentence_exists(row):
    for line in re.findall(r"\bant ([a-z][^;|,:.]*(?::[a-z:]+[^;|,:.]*)?)", row.instead):
        words = shlex.split(line.replace("'", ""))
        assert line_of(words).command.path, line
