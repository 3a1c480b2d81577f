"""A plan shows every difference of a list: its lines lead from the old list to the new one."""

from __future__ import annotations

import re
from collections import Counter
from itertools import product

import pytest

from ant_cli.apply import drawing
from ant_cli.apply.comparison import FieldChange
from ant_cli.gjson.json_text import Number
from ant_cli.output.style import PLAIN

ODD = ["", " ", "a\n", "a\\n", "1", Number("1"), "true", True, "null", None, "[1]", [Number("1")]]
"""Values that some ways to write them would make the same."""
FEW = [list(items) for length in range(5) for items in product("abc", repeat=length)]
"""All lists of up to four elements, of which some are equal."""
MANY = [
    ["a"] * 300,
    ["a"] * 299,
    ["a"] * 299 + ["b"],
    [*"abc"] * 200,
    [*"cba"] * 200,
    [*"bca"] * 200,
    ["b", *["a"] * 299, "c"],
]
"""Lists with so many equal elements that they are not compared pair by pair."""


def lines_of(old, new):
    """Return the lines below the name of a list."""
    head, *lines = drawing.draw_change(FieldChange(("hosts",), old, new), PLAIN.paint)
    assert head == "hosts:"
    return [line.removeprefix("  ") for line in lines]


def shown(element):
    """Return an element as a plan shows it."""
    (line,) = lines_of([], [element])
    return line.removeprefix("+ ")


def check(old, new):
    """Assert that a reader who knows the old list can tell the new one's elements, and what moved."""
    removed, added = Counter(), Counter()
    moves = set()
    for line in lines_of(old, new):
        if match := re.fullmatch(r"\[(\d+)→(\d+)\] (.*) \(moved\)", line):
            start, end = int(match[1]), int(match[2])
            assert old[start] == new[end] == match[3]
            moves.add((start, end))
        else:
            (removed if line[0] == "-" else added)[line[2:]] += 1
    assert not removed & added
    assert Counter(old) - removed + added == Counter(new)
    assert all(start != end for start, end in moves)
    for element in {old[start] for start, _ in moves}:  # equal ones do not pass each other
        ends = [end for start, end in sorted(moves) if old[start] == element]
        assert ends == sorted(ends)
    assert bool(removed or added or moves) is (old != new)


def test_a_duplicate_that_is_removed_or_added_is_shown():
    """An element that is still in the list can be gone from one place."""
    assert lines_of(["a", "a", "b"], ["a", "b"]) == ["- a"]
    assert lines_of(["a", "b"], ["a", "b", "a"]) == ["+ a"]
    assert lines_of(["a", "b", "c"], ["c", "a", "b"]) == ["[2→0] c (moved)"]
    assert lines_of(["a", "b", "a"], ["a", "a", "b", "b"]) == ["[2→1] a (moved)", "+ b"]


def test_every_difference_of_two_lists_is_shown():
    """Whatever is removed, added, moved or repeated."""
    for old, new in product(FEW, FEW):
        if old or new:
            check(old, new)


@pytest.mark.parametrize("old", MANY, ids=lambda items: f"{len(items)}{''.join(items[:3])}")
def test_a_difference_of_long_lists_is_shown(old):
    """Even where there is no time to find the shortest way from one to the other."""
    for new in MANY:
        check(old, new)


def test_different_elements_never_look_the_same():
    """A text that looks like another value is quoted."""
    assert lines_of(["1"], [Number("1")]) == ['- "1"', "+ 1"]
    assert lines_of(["numpy", ""], ["3to2"]) == ["- numpy", '- ""', "+ 3to2"]
    assert lines_of([" a"], ["a"]) == ['- " a"', "+ a"]
    assert lines_of(["a\n"], ["a\\n"]) == [r'- "a\n"', r"+ a\n"]
    assert len(set(map(shown, ODD))) == len(ODD)


# Texts, word by word

LONG = "The base image of the analysis, with pandas and numpy."


@pytest.mark.parametrize(
    ("new", "line"),
    [
        (
            LONG.replace(" and numpy", ""),
            "The base image of the analysis, with [-pandas and numpy.-]{+pandas.+}",
        ),
        (LONG.replace("base ", ""), "The [-base -]image of the analysis, with pandas and numpy."),
        (
            LONG.replace("base", "new base"),
            "The {+new +}base image of the analysis, with pandas and numpy.",
        ),
        (
            LONG.replace("base", "old"),
            "The [-base-]{+old+} image of the analysis, with pandas and numpy.",
        ),
    ],
)
def test_words_that_are_added_removed_or_replaced_are_marked(new, line):
    """What is only removed has nothing in its place."""
    change = FieldChange(("description",), LONG, new)
    assert list(drawing.draw_change(change, PLAIN.paint)) == [f"description: {line}"]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("a" * 40, "b", f'description: "{"a" * 40}" \u2192 "b"'),
        ("a" * 41, "b", f"description: [-{'a' * 41}-]{{+b+}}"),
        ("b", "a" * 41, f"description: [-b-]{{+{'a' * 41}+}}"),
    ],
)
def test_a_text_of_more_than_40_characters_is_compared_word_by_word(old, new, line):
    """It may be the old one or the new one."""
    change = FieldChange(("description",), old, new)
    assert list(drawing.draw_change(change, PLAIN.paint)) == [line]


@pytest.mark.parametrize("count", [11, 12, 13, 60])
def test_a_long_run_of_equal_words_is_shown_by_its_ends(count):
    """Six words are left at each end. A run that would hardly become shorter is whole."""
    words = [f"word-{number}" for number in range(count)]
    old, new = " ".join([*words, "old"]), " ".join([*words, "new"])
    (line,) = drawing.draw_change(FieldChange(("description",), old, new), PLAIN.paint)
    assert line.endswith(f"word-{count - 1} [-old-]{{+new+}}")
    assert line.startswith("description: word-0 word-1 word-2 word-3 word-4 word-5 ")
    assert ("\u2026" in line) is (2 * count > 24)
    assert ("word-6 " in line) is (2 * count <= 24)
