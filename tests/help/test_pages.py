"""Help: every level and every topic has a page, and every example runs."""

from __future__ import annotations

import itertools
import re
import shlex
from pathlib import Path

import pytest

from ant_cli.completion.scripts import FILES, script
from ant_cli.errors import EXIT_CODES, INTERRUPTED, TERMINATED
from ant_cli.help.catalog import catalog
from ant_cli.help.command_page import flag_row, topic_page
from ant_cli.help.command_row import HELP, VERSION
from ant_cli.help.contents import TOPICS
from ant_cli.help.tool_commands import TOOL_COMMANDS
from ant_cli.input.validation import known_fields
from ant_cli.operations import GROUPS, OPERATIONS
from ant_cli.operations.environments import SERVER_FIELDS
from ant_cli.operations.formats import FORMATS
from ant_cli.operations.shared_flags import FILE
from ant_cli.operations.work import STATS
from ant_cli.settings.rows import FEDERATION, GLOBAL_FLAGS
from tests.helpers.words import FAILURE_CODES, LIST

CLOUD_ID = "env_011CZkZ9X2dpNyB7HsEFoRfW"
"""The environment ID in examples. Those about a queue have env_1 and work_1."""


def words_of(example):
    """Return the words of each command of a line, and the file that the first one reads."""
    parts = [
        list(group) for bar, group in itertools.groupby(shlex.split(example), "|".__eq__) if not bar
    ]
    first, *others = parts
    redirected = first[first.index("<") + 1] if "<" in first else ""
    return [
        first[: first.index("<")] if redirected else first,
        *(words[1:] for words in others),
    ], redirected


@pytest.fixture
def emulator(ant, tmp_path):
    """Run example lines on an emulator that has the objects in the examples; returns their results."""
    base = {"ANTHROPIC_BASE_URL": f"local:{tmp_path}/emulator.db"}

    def run(*words, stdin=None):
        return ant(*words, stdin=stdin, env=base)

    cloud = run(
        "beta:environments", "create", "--name", "cloud", "--transform", "id", "-r"
    ).stdout.strip()
    own = run(
        "beta:environments", "create", "--name", "own", "--config", "{type: self_hosted}"
    ).json["id"]
    work = ant("emulator", "enqueue", own, env=base, network=True).stdout.strip()
    (tmp_path / "env.yaml").write_text("name: from-file\nconfig: {type: cloud}\n")
    (tmp_path / "work.json").write_text(f'{{"id": "{work}", "environment_id": "{own}"}}')
    (tmp_path / "metadata.yaml").write_text("metadata: {owner: ada}\n")

    def play(example, *before):
        names = ((CLOUD_ID, cloud), ("env_1", own), ("work_1", work))
        for name, real in names:
            example = example.replace(name, real)
        commands, file = words_of(example)
        stdin = (tmp_path / file).read_text() if file else None
        for words in commands:
            result = run(*before, *words, stdin=stdin)
            stdin = result.stdout
        return result

    play.prepare = lambda *words: play(shlex.join(words))
    return play


PREPARATIONS = {
    "ack": ("poll",),
    "heartbeat": ("poll", "ack"),
    "stop": ("poll", "ack"),
    "list --until": ("poll", "ack", "stop --force"),
}
"""The commands that a worker runs before an example."""
EXAMPLES = [
    (operation, f"{operation.command} {words}")
    for operation in OPERATIONS
    for _, words in operation.examples
]


@pytest.mark.parametrize(("operation", "example"), EXAMPLES, ids=[words for _, words in EXAMPLES])
def test_every_example_runs(emulator, operation, example):
    """They run on the emulator, with the IDs of real items instead of the made-up ones."""
    for step in PREPARATIONS.get(operation.name + " --until" * ("--until" in example), ()):
        item = ["env_1"] if step == "poll" else ["--environment-id", "env_1", "work_1"]
        assert emulator.prepare(operation.group, *step.split(), *item).exit == 0
    result = emulator(example)
    assert (result.exit, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("stats", STATS.response_keys[1:]),
        ("heartbeat", ("lease_extended", "ttl_seconds", "state", "last_heartbeat")),
    ],
)
def test_help_explains_the_fields_of_a_response_that_is_no_object_of_its_group(ant, name, fields):
    """Those of an environment and of a work item are in `ant help fields`."""
    text = ant("beta:environments:work", name, "--help").stdout.partition("\nRequired")[0]
    assert all(field in text for field in fields)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.command)
def test_every_command_has_a_page(ant, operation):
    """It has a summary, every flag with its type and allowed values, and the examples."""
    result = ant(*operation.command.split(), "--help")
    assert (result.exit, result.stderr, result.requests) == (0, "", [])
    page = " ".join(result.stdout.split())
    assert operation.summary in page
    for param in (*operation.params, FILE):
        assert f"{param.flag} " in page
        assert not param.choices or f"One of: {', '.join(param.choices)}." in page
    for field in operation.fields:
        assert (
            not (field.nullable and field.takes_value)
            or f"{field.flag} {kind_of(field)}|null" in page
        )
    assert "ant help flags" in page
    assert ("See also: ant help input" in page) is operation.has_body
    assert ("ant help lists" in page) is not operation.has_body
    assert page.count("# ") >= 2
    assert "\x1b" not in result.stdout


def kind_of(param):
    return {str: "TEXT", int: "NUMBER", dict: "YAML"}[param.type]


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_has_a_page(ant, group):
    """It has the summary of each command, and examples. The group alone, --help and `ant help` all show it."""
    page = ant(group).stdout
    assert all(
        operation.summary.split(":")[0] in page
        for operation in OPERATIONS
        if operation.group == group
    )
    assert page.count("  # ") >= 2
    assert page == ant(group, "--help").stdout == ant("help", group).stdout
    assert (
        page
        == ant("--format", "json", "--local", group).stdout
        == ant(group, "--debug", "-h").stdout
    )


def test_the_first_page_names_everything(ant):
    """Groups, tool commands, topics and examples."""
    page = ant("help").stdout
    assert page.startswith("Usage: ant COMMAND [FLAGS]\n")
    assert all(
        f"  {name} " in page
        for name in [*GROUPS, *(command.full_name for command in TOOL_COMMANDS)]
    )
    assert ", ".join(TOPICS) in " ".join(page.split())
    assert page.count("  # ") >= 2
    assert page == ant().stdout == ant("--help").stdout == ant("-h").stdout == ant("--local").stdout


def test_the_first_page_has_the_flags_and_the_sentence_of_every_command(ant):
    """The page is a file, so that it does not load the catalog."""
    page = ant("help").stdout
    found = re.findall(r"^  (\S.*?)  +(\S.*)$", page.partition("\nExamples:\n")[0], re.M)
    commands = [(command.full_name, command.summary + ".") for command in catalog().subcommands]
    assert found == [*commands, *map(flag_row, (VERSION, HELP))]


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_has_a_page(ant, topic):
    """It is plain in a pipe, styled on a terminal, and at most two screens long."""
    plain = ant("help", topic)
    assert (plain.exit, plain.stderr) == (0, "")
    assert "\x1b" not in plain.stdout
    assert not re.search(r"^\s*##?#? ?[A-Z]", plain.stdout, re.MULTILINE)
    assert max(map(len, plain.stdout.splitlines())) <= 80
    assert len(plain.stdout.splitlines()) <= 60
    styled = ant("help", topic, terminal=True).stdout
    assert re.sub(r"\x1b\[\d+m", "", styled) == plain.stdout
    assert styled.startswith("\x1b[1m")


def test_the_topics_are_complete(ant):
    """They list the exit codes, formats, variables and fields of the program."""
    codes = ant("help", "exit-codes").stdout
    (readme,) = re.findall(
        r"^\| failures \| .*",
        Path(__file__).parents[2].joinpath("README.md").read_text("utf-8"),
        re.M,
    )
    assert all(re.search(rf"\b{status}\b", codes) for status in EXIT_CODES)
    for code in {0, INTERRUPTED, TERMINATED, *FAILURE_CODES}:
        assert re.search(rf"^    {code} ", codes, re.M)
        assert f" {code} " in readme or code in (0, INTERRUPTED, TERMINATED)
    fields = ant("help", "fields").stdout
    assert all(re.search(rf"\b{name}\b", fields) for name in (*known_fields(()), *SERVER_FIELDS))
    formats = ant("help", "output").stdout
    assert all(re.search(rf"^    {row.name} ", formats, re.M) for row in FORMATS)
    variables = ant("help", "environment").stdout
    for param in GLOBAL_FLAGS:
        for name in re.findall(r"[A-Z]+(?:_[A-Z]+)+", param.help):
            assert name in variables


def topic_commands():
    """Yield the commands of the topics that can run unchanged."""
    for topic in sorted(TOPICS.keys() - {"flags"}):
        for line in re.findall(r"^    (?:[A-Z_]+=\S* )?ant (beta:env.*)$", topic_page(topic), re.M):
            yield line.split(" > ")[0]


@pytest.mark.parametrize("line", [line for line in topic_commands() if not line.endswith("|")])
def test_every_command_that_a_topic_names_exists(emulator, line):
    """It makes a request that can be sent."""
    result = emulator(line, "--dry-run")
    assert (result.exit, result.stderr) == (0, "")


def test_a_page_on_a_terminal_uses_its_width(ant):
    """The page is styled, and up to 100 columns wide."""
    wide, narrow = (
        ant(*LIST, "--help", terminal=True, env={"COLUMNS": columns}).stdout
        for columns in ("200", "60")
    )
    assert wide.startswith("\x1b[1mUsage:\x1b[0m")
    assert len(wide.splitlines()) < len(narrow.splitlines())
    plain = ant(*LIST, "--help", terminal=True, env={"COLUMNS": "60", "NO_COLOR": "1"}).stdout
    assert "\x1b" not in plain


def test_a_page_in_a_pipe_has_no_colour(ant):
    """It is the same, whatever the variables of the terminal say."""
    forced = ant("auth", "login", "--help", env={"FORCE_COLOR": "1", "COLUMNS": "40"}).stdout
    assert forced == ant("auth", "login", "--help").stdout


def test_examples_are_not_interpreted_as_markup(ant):
    """Brackets are printed."""
    assert "[pandas, numpy]" in ant("beta:environments", "create", "--help", terminal=True).stdout


@pytest.mark.parametrize(
    "command", list(catalog().walk()), ids=lambda command: f"ant {command.full_name}".rstrip()
)
def test_a_help_page_fits_on_48_lines_of_80_columns(ant, command):
    """Nobody has to scroll to find a flag."""
    page = ant("help", *command.path).stdout
    assert max(map(len, page.splitlines())) <= 80
    assert len(page.splitlines()) <= 48


def test_the_flags_of_every_command_have_their_own_page(ant):
    """`ant help flags` describes each of them once."""
    page = " ".join(ant("help", "flags").stdout.split())
    for param in GLOBAL_FLAGS:
        if param not in FEDERATION[1:]:  # the first one names them
            assert f" {param.flag} {param.metavar}".rstrip() + " " + param.help.split()[0] in page
        assert not param.choices or f"One of: {', '.join(param.choices)}." in page


def test_a_help_page_longer_than_the_terminal_goes_through_the_pager(ant):
    """A shorter page is printed directly."""
    pager = {"ANT_PAGER": "no-such-pager-program"}
    short = ant("help", "profile", terminal=True, env={**pager, "LINES": "60"})
    long = ant("help", "profile", terminal=True, env={**pager, "LINES": "10"})
    assert (short.stderr, short.stdout) == ("", long.stdout)
    assert "no-such-pager-program" in long.stderr


@pytest.mark.parametrize(("more_lines", "is_paged"), [(0, True), (1, False)])
def test_a_page_leaves_a_line_of_the_terminal_for_the_prompt(ant, more_lines, is_paged):
    lines = len(ant("help", "profile").stdout.splitlines()) + more_lines
    env = {"ANT_PAGER": "no-such-pager-program", "LINES": str(lines), "COLUMNS": "80"}
    done = ant("help", "profile", terminal=True, env=env)
    assert ("no-such-pager-program" in done.stderr) is is_paged


@pytest.mark.parametrize(
    "words", [("help", "-h"), ("help", "help"), ("help", "help", "--help"), ("help", "-x")]
)
def test_help_has_its_own_page(ant, words):
    """`ant help -h` and `ant help help` show it, for example."""
    assert ant(*words).stdout.startswith("Usage: ant help ")
    assert ant("help", "help", "output").stdout == ant("help", "output").stdout


def test_ant_alone_shows_how_to_begin_at_a_terminal(ant):
    """It has four lines. Each command in them works offline or asks for a key."""
    done = ant(terminal=True)
    assert (done.exit, done.stderr, len(done.stdout.splitlines())) == (0, "", 4)
    commands = [line.split(":  ")[1].split() for line in done.stdout.splitlines()[1:]]
    assert [command[0] for command in commands] == ["ant"] * 3
    assert ant(*commands[1][1:], "--dry-run", replies=[]).exit == 0
    assert ant(*commands[0][1:], "--help").exit == 0
    assert ant(*commands[2][1:]).stdout == ant().stdout


PAGES_OF_WORDS = {
    "The fields of an environment": "config packages",
    "Output: formats, transforms and tables": "columns format formats gjson transform",
    "Variables of the environment": "environment env",
    "Exit codes": "errors",
    "Lists: --filter, --until and --watch": "filter until watch",
    "Handlers of a worker": "handler",
}
"""The words that people look for, by the title of the page that explains them."""


@pytest.mark.parametrize(
    ("word", "title"),
    [(word, title) for title, words in PAGES_OF_WORDS.items() for word in words.split()],
)
def test_a_topic_is_found_by_what_people_call_it(ant, word, title):
    assert ant("help", word).stdout.splitlines()[0] == title


@pytest.mark.parametrize("name", [name for name in TOPICS if "-" in name])
def test_the_name_of_a_topic_may_be_two_words(ant, name):
    """As people write it."""
    assert ant("help", *name.split("-")).stdout == ant("help", name).stdout


def test_a_mistaken_topic_names_the_topics_and_a_mistaken_command_its_group(ant):
    """What follows a whole command does not matter: it may be the rest of a line."""
    refusal = ant("help", "nonsense", "else").refusal
    assert refusal.startswith("ant: unknown topic or command 'nonsense'.\nThe topics are: input, ")
    assert "unknown command 'x' for 'ant beta:environments'" in (
        ant("help", "beta:environments", "x").refusal
    )
    page = ant("beta:environments", "list", "--help").stdout
    assert ant("help", "beta:environments", "list", "x").stdout == page


@pytest.mark.parametrize(
    ("started_as", "program"),
    [
        ("ant", "ant"),
        ("ant-environments", "ant-environments"),
        ("ant-environments.exe", "ant-environments"),
        ("python", "ant"),
    ],
)
def test_a_completion_script_is_for_the_name_under_which_the_program_runs(
    ant, monkeypatch, started_as, program
):
    """`pwsh` is the other name of PowerShell."""
    monkeypatch.setattr("sys.argv", [f"/usr/bin/{started_as}"])
    for shell in FILES:
        assert ant("completion", shell).stdout == script(shell, program)
    assert ant("completion", "pwsh").stdout == script("powershell", program)
    shells = ", ".join([*FILES, "pwsh"])
    assert f"The shells are: {shells}." in ant("completion", "csh").refusal.replace("\n", " ")
