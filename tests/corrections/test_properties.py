"""What holds for every correction: known good lines, with any of the slips that people make."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ant_cli.argv import ApiCall, ToolCall, parse
from ant_cli.corrections import corrected
from ant_cli.corrections.check import is_accepted
from ant_cli.corrections.slips import FAMILIES
from ant_cli.errors import Mistyped, UsageError
from tests.conftest import needs_posix

pytestmark = needs_posix("the quotes of sh")

VALUES = ("data", "my env", "it's", "a;b", "$x", "3", "help me", "a|b", "tmp-*")
GOOD = (
    ("beta:environments", "list", "--max-items", "5"),
    ("beta:environments", "list", "--filter", 'name=="{}"'),
    ("beta:environments", "retrieve", "{}"),
    ("beta:environments", "retrieve", "{}", "--transform", "config.type"),
    ("beta:environments", "create", "--name", "{}", "--description", "{}"),
    ("beta:environments", "create", "--name", "{}", "--config", "{{type: cloud}}"),
    ("beta:environments", "update", "{}", "--name", "{}"),
    (
        "beta:environments",
        "update",
        "{}",
        "--metadata",
        "team=data",
        "--add",
        "packages.pip=polars",
    ),
    ("beta:environments", "delete", "{}"),
    ("beta:environments", "delete", "{}", "x2", "--yes"),
    ("beta:environments", "archive", "{}"),
    ("beta:environments:work", "list", "{}"),
    ("beta:environments:work", "stop", "--environment-id", "{}", "work_1"),
    ("beta:environments:work", "stop", "--environment-id", "{}", "work_1", "--force"),
    ("beta:environments:work", "ack", "--environment-id", "{}", "work_1"),
    ("beta:worker", "check", "{}"),
    ("apply", "{}"),
    ("diff", "{}", "--strict"),
    ("export", "{}", "--directory", "envs"),
    ("profile", "activate", "work"),
    ("profile", "delete", "work"),
    ("emulator", "fault", "--status", "529", "--times", "2"),
    ("emulator", "enqueue", "{}", "--count", "5"),
    ("emulator", "stop", "--port", "8080"),
)
"""Lines that the program accepts, with places for values."""
TARGETS = (
    (),
    ("--profile", "dev"),
    ("--base-url", "http://h"),
    ("--local",),
    ("--workspace-id", "w"),
)
FINAL = {"delete", "archive", "stop", "reset", "logout"}
DECISIONS = {"--yes", "--force", "--prune", "--requeue"}
NOUNS = {"beta:environments": "env", "beta:environments:work": "work", "beta:worker": "worker"}


def misspelled(draw, word):
    """A letter is missing, doubled or replaced, or two have changed places."""
    at = draw(st.integers(1 + word.startswith("--") * 2, len(word) - 1))
    return draw(
        st.sampled_from(
            [
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
                word[:at] + "q" + word[at + 1 :],
                word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
            ]
        )
    )


def slip_in_command(draw, line):
    places = [at for at in (0, 1) if len(line[at]) > 1 and (line[at].isalpha() or ":" in line[at])]
    assume(places)
    at = draw(st.sampled_from(places))
    return (*line[:at], misspelled(draw, line[at]), *line[at + 1 :])


def synonym(draw, line):
    family = next((family for family in FAMILIES if line[1] in family), {line[1]})
    return (line[0], draw(st.sampled_from(sorted(family))), *line[2:])


def noun_and_verb_swapped(draw, line):
    words = (line[1], NOUNS.get(line[0], line[0]))
    return (*draw(st.permutations(words)), *line[2:])


def verb_alone(_, line):
    return line[1:]


def slip_in_flag(draw, line):
    flags = [at for at, word in enumerate(line) if word.startswith("--")]
    assume(flags)
    at = draw(st.sampled_from(flags))
    return (*line[:at], misspelled(draw, line[at]), *line[at + 1 :])


def missing_dashes(draw, line):
    flags = [at for at, word in enumerate(line) if word.startswith("--")]
    assume(flags)
    at = draw(st.sampled_from(flags))
    return (*line[:at], line[at].lstrip("-"), *line[at + 1 :])


def flag_in_front(_, line):
    at = next((at for at, word in enumerate(line) if word.startswith("--")), None)
    assume(at is not None)
    return (*line[at:], *line[:at])


def joined_value(draw, line):
    """`--flag=value`, and a slip in the command."""
    at = next((at for at, word in enumerate(line) if word.startswith("--")), None)
    assume(at is not None and line[at + 1 : at + 2])
    joined = (*line[:at], f"{line[at]}={line[at + 1]}", *line[at + 2 :])
    return slip_in_command(draw, joined)


def help_somewhere(draw, line):
    at = draw(st.integers(0, len(line)))
    return (*line[:at], draw(st.sampled_from(["help", "--help", "-h"])), *line[at:])


SLIPS = (
    slip_in_command,
    synonym,
    noun_and_verb_swapped,
    verb_alone,
    slip_in_flag,
    missing_dashes,
    flag_in_front,
    joined_value,
    help_somewhere,
)


@st.composite
def mistyped(draw):
    """Return a good line, the same line with one or two slips, and the values in it."""
    good = draw(st.sampled_from(GOOD))
    value = st.sampled_from(VALUES)
    values = [draw(value) for word in good if word == "{}"]
    filled = iter(values)
    line = tuple(next(filled) if word == "{}" else word.format("n") for word in good)
    target = draw(st.sampled_from(TARGETS))
    extra = draw(st.sampled_from([(), ("--dry-run",)]))
    typed = line
    for slip in draw(st.lists(st.sampled_from(SLIPS), min_size=1, max_size=2)):
        assume(len(typed) > 1)
        typed = slip(draw, typed)
    at_end = draw(st.booleans())
    takes_flags = is_accepted((*target, *line, *extra), {})
    assume(takes_flags)
    return (*typed, *target, *extra) if at_end else (*target, *typed, *extra), values, target, extra


def hint_for(argv):
    """Return the hint of a rejected line; None if it is accepted, or is wrong in another way."""
    try:
        parse(argv)
    except Mistyped as error:
        return corrected(error, argv, {}).hint
    except UsageError:
        return None
    return None


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(mistyped())
def test_a_correction_keeps_what_was_typed_and_does_not_do_more(case):
    typed, values, target, extra = case
    hint = hint_for(typed) or ""
    assume(hint.startswith("Did you mean: "))
    values = [value for value in values if any(value in word for word in typed)]
    words = shlex.split(hint.removeprefix("Did you mean: "))
    commands = split_at(words, "|", typed)
    if shows_help(commands[0]):
        assert len(commands) == 1
        asked = any(similar(word.strip("-"), "help") or word == "-h" for word in typed)
        assert asked or not values
        return
    for command in commands:
        assert command[0] in ("ant", "printf")
        call = parse(command[1:]) if command[0] == "ant" else None
        assert call is None or not call.notes
        assert call is None or all(word in command for word in target)
    assert all(any(value in word for word in words) for value in values)
    assert set(extra) <= set(words)
    for decision in DECISIONS & set(words):
        assert any(similar(word.lstrip("-"), decision[2:]) for word in typed if word[0] == "-")
    name = commands[-1][2 + len(target)] if commands[-1][1] in target else commands[-1][2]
    assert name not in FINAL or any(similar(word, name) for word in typed)


def split_at(words, pipe, typed):
    """Return the commands of a pipe."""
    commands = [[]]
    for word in words:
        if word == pipe and pipe not in typed:
            commands.append([])
        else:
            commands[-1].append(word)
    return commands


def similar(word, name):
    """Whether a typed word has most letters of a command, or means the same."""
    family = next((family for family in FAMILIES if name in family), {name})
    return word.lower() in family or len(set(name) & set(word)) >= len(set(name)) - 1


def shows_help(command):
    """Whether a command shows a page of help."""
    call = parse(command[1:]) if command[0] == "ant" else None
    return isinstance(call, ToolCall) and call.command.path == ("help",)


@settings(max_examples=200)
@given(st.data(), st.sampled_from(GOOD), st.sampled_from(["help", "--help", "-h"]))
def test_help_in_a_line_with_a_slip_in_its_command_is_answered_with_help(data, good, asked):
    line = slip_in_command(data.draw, tuple(word.format("data") for word in good))
    at = data.draw(st.sampled_from([0, 1, 2]))
    hint = hint_for((*line[:at], asked, *line[at:]))
    assert hint is None or "--help" in hint or "ant help" in hint


@settings(max_examples=200)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [
                    "ant",
                    "list",
                    "rm",
                    "env",
                    "|",
                    "--",
                    "-",
                    "-x",
                    "--name",
                    "help",
                    "demo",
                    "--yes",
                    "a=b",
                    "@f",
                    "{a: b}",
                    "--config",
                ]
            ),
            st.text(max_size=5),
        ),
        max_size=7,
    )
)
def test_any_words_have_an_answer(argv):
    """No argument list is too odd: the error has a hint, and what it shows is accepted."""
    hint = hint_for(argv)
    assert hint is None or hint
    if hint and hint.startswith("Did you mean: ant "):
        assert hint.isprintable()


@pytest.mark.parametrize("line", GOOD, ids=" ".join)
def test_the_lines_are_accepted(line):
    call = parse([word.format("n") for word in line])
    assert not isinstance(call, ApiCall) or not call.notes
