"""A plan shows every difference of a list: its lines lead from the old list to the new one."""

from __future__ import annotations

import re
from collections import Counter
from itertools import product

import pytest

from ant_cli.apply import drawing
from ant_cli.apply.comparison import FieldChange
from ant_cli.apply.redacted_plan import RedactedPlan, RedactedStep
from ant_cli.gjson.json_text import Number
from ant_cli.output.style import PLAIN

ODD = [
    "",
    " ",
    "a\n",
    "a\\n",
    "a\nb",
    "a\\nb",
    "1",
    Number("1"),
    "-1",
    Number("-1"),
    "true",
    True,
    "null",
    None,
    "[1]",
    [Number("1")],
]
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


def test_control_characters_in_a_difference_of_words_are_escaped():
    """A control character may be a word, or a part of a word."""
    change = FieldChange(("description",), f"{LONG} a\x1b", f"{LONG} b\x1b")
    assert next(drawing.draw_change(change, PLAIN.paint)).endswith("[-a\u241b-]{+b\u241b+}")


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


@pytest.mark.parametrize(
    ("old", "shown"), [(False, "false"), (Number("0"), "0"), ({}, "{}"), ([], "[]")]
)
def test_a_value_that_was_false_zero_or_empty_was_there(old, shown):
    """Only null and an empty text are shown as a field that is added."""
    (line,) = drawing.draw_change(FieldChange(("config", "n"), old, new=True), PLAIN.paint)
    assert line == f"config.n: {shown} \u2192 true"


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


# A plan as a whole

SAME = RedactedStep(
    label="unchanged",
    name="same",
    id="env_7",
    key="./same.yaml",
    moved_from=None,
    changes=(),
    note=None,
    blocked=None,
    result=None,
    is_new=False,
    is_pending=False,
)


def step(label, name, key, **fields):
    """Return a step that does something, for a file without an environment unless `id` is given."""
    return SAME._replace(
        **{"label": label, "name": name, "key": key, "id": "", **fields}, is_pending=True
    )


CHANGES = (
    FieldChange(("description",), "old", None),
    FieldChange(("metadata", "k\x1b"), None, "v"),
    FieldChange(("metadata", "e"), "x", ""),
    FieldChange(("name",), "", "b"),
    FieldChange(("config", "packages", "pip"), None, ["a"]),
    FieldChange(("config", "n"), Number("1"), Number("2")),
)
STEPS = (
    step("archive", "d", "./d.yaml", id="env_5"),
    step("forget", "e", "./e.yaml", id="env_6"),
    step(
        "create",
        "new",
        "./new.yaml",
        is_new=True,
        changes=(FieldChange(("name",), None, "new"),),
        note="env_1 is\u2028archived",
    ),
    step("adopt", "\u4f60\u597d\u2028", "./adopt.yaml", id="env_2", blocked="several\nhave it"),
    step("update", "b\x1b", "./b\x1b.yaml", id="env_3\x1b", changes=CHANGES),
    step("rename", "c", "./to.yaml", id="env_4", moved_from="./from.yaml", note="moved"),
    SAME,
)
PLAN = RedactedPlan(
    "https://x\x1b", "./claude-lock.json", lock_exists=True, steps=STEPS, lost=("./gone.yaml",)
)
DRAWN = """\
Target  https://x\u241b

<bold>Preview  ./claude-lock.json</>

<dim>  \u00b1 Name        Plan</>
  <red>-</> d           <red>archive</>  ./d.yaml  env_5
  <red>-</> e           <red>forget</>  ./e.yaml  env_6
  <green>+</> new         <green>create</>  ./new.yaml
      <dim>note: env_1 is\\u2028archived</>
  <yellow>~</> \u4f60\u597d\\u2028  <yellow>adopt</>  ./adopt.yaml  env_2
      <red>blocked: several\\nhave it</>
  <yellow>~</> b\u241b          <yellow>update</>  ./b\u241b.yaml  env_3\u241b
      <red>-</> description: "old"
      <green>+</> metadata.k\u241b: "v"
      <red>-</> metadata.e: "x"
      <green>+</> name: "b"
      config.packages.pip:
        <green>+ a</>
      config.n: <red>1</> \u2192 <green>2</>
  <yellow>~</> c           <yellow>rename</>  ./from.yaml \u2192 ./to.yaml  env_4
      <dim>note: moved</>
  <dim> </> same        <dim>unchanged</>  ./same.yaml  env_7

Resources  <green>+ 1 to create</>  <yellow>~ 1 to adopt</>  <yellow>~ 1 to update</>  \
<yellow>~ 1 to rename</>  <red>- 1 to archive</>  <red>- 1 to forget</>  1 unchanged  <red>! 1 blocked</>"""
MARKDOWN = """\
### Plan for <code>&#46;/claude-lock&#46;json</code>

Target: <code>https&#58;//x\u241b</code>

Resources  + 1 to create  ~ 1 to adopt  ~ 1 to update  ~ 1 to rename  - 1 to archive  - 1 to forget  \
1 unchanged  ! 1 blocked

In the lock file, but the file is gone:

- <code>&#46;/gone&#46;yaml</code>

| | Name | Plan | File |
| --- | --- | --- | --- |
| - | <code>d</code> | archive | <code>&#46;/d&#46;yaml</code> |
| - | <code>e</code> | forget | <code>&#46;/e&#46;yaml</code> |
| + | <code>new</code> | create | <code>&#46;/new&#46;yaml</code> |
| ~ | <code>\u4f60\u597d&#92;u2028</code> | **adopt, blocked** | <code>&#46;/adopt&#46;yaml</code> |
| ~ | <code>b\u241b</code> | update | <code>&#46;/b\u241b&#46;yaml</code> |
| ~ | <code>c</code> | rename | <code>&#46;/from&#46;yaml</code> to <code>&#46;/to&#46;yaml</code> |

<details><summary>create <code>new</code></summary>

```diff
# env_1 is\\u2028archived
+ name: "new"
```

</details>

<details><summary>adopt <code>\u4f60\u597d&#92;u2028</code></summary>

```diff
! blocked: several\\nhave it
```

</details>

<details><summary>update <code>b\u241b</code></summary>

```diff
- description: "old"
+ metadata.k\u241b: "v"
- metadata.e: "x"
+ name: "b"
  config.packages.pip:
+   a
- config.n: 1
+ config.n: 2
```

</details>

<details><summary>rename <code>c</code></summary>

```diff
# moved
```

</details>"""


def mark(text, style):
    """Return a text with its style in a readable form."""
    return f"<{style}>{text}</>"


def test_a_plan_has_each_kind_of_step_with_its_sign_colour_and_place():
    """Control characters are escaped, and the columns fit wide characters."""
    assert drawing.draw_plan(PLAN, mark, verbose=True, with_fields=False) == DRAWN
    shown = drawing.draw_plan(PLAN, mark, verbose=False, with_fields=True)
    name = '      <green>+</> name: "new"\n      <dim>note: env_1'
    assert ("unchanged</>" in shown, name in shown) == (False, True)


@pytest.mark.parametrize(
    ("steps", "exists", "head"),
    [
        ((), False, "Preview  ./claude-lock.json"),
        (STEPS, False, "First apply  ./claude-lock.json does not exist yet and will be created"),
        (STEPS, True, "Preview  ./claude-lock.json"),
    ],
    ids=["no step", "first", "later"],
)
def test_a_plan_says_whether_the_lock_file_will_be_created(steps, exists, head):
    """Without a step, no lock file is created."""
    plan = PLAN._replace(steps=steps, lock_exists=exists)
    lines = drawing.draw_plan(plan, PLAIN.paint, verbose=False, with_fields=False).splitlines()
    assert lines[2] == head
    assert (lines[-1] == "Resources  none") is (steps == ())


def test_a_plan_as_markdown_has_a_row_and_a_diff_for_each_step():
    """A step without a change or a note has only its row."""
    assert drawing.plan_markdown(PLAN, verbose=False) == MARKDOWN
    row = "| | <code>same</code> | unchanged | <code>&#46;/same&#46;yaml</code> |"
    assert row in drawing.plan_markdown(PLAN, verbose=True).replace("|   |", "| |")


@pytest.mark.parametrize(
    ("result", "line"),
    [
        ("adopted", "<yellow>~</> \u4f60\u597d\\u2028   <yellow>adopted</> env_2\u241b"),
        ("failed", "<red>!</> \u4f60\u597d\\u2028   <red>failed</> env_2\u241b"),
        ("blocked", "<red>!</> \u4f60\u597d\\u2028   <red>blocked</> env_2\u241b"),
        ("not started", "<dim> </> \u4f60\u597d\\u2028   <dim>not started</> env_2\u241b"),
    ],
)
def test_the_line_of_a_result_has_its_own_sign_if_the_step_was_not_done(result, line):
    """Without an ID, the line ends with the result."""
    done = STEPS[3]._replace(result=result, id="env_2\x1b")
    assert drawing.draw_result(done, 11, mark) == f"  {line}"
    assert drawing.draw_result(done._replace(id=""), 11, mark) == f"  {line[:-7]}"


def test_a_very_long_name_does_not_widen_the_other_lines():
    """A name that is longer than the column goes beyond it."""
    steps = [SAME._replace(name="x" * length) for length in (3, 61)]
    short, long = [
        next(drawing.draw_step(each, drawing.name_width(steps), PLAIN.paint, with_fields=True))
        for each in steps
    ]
    assert short == f"    xxx{' ' * 57}  unchanged  ./same.yaml  env_7"
    assert long == f"    {'x' * 61}  unchanged  ./same.yaml  env_7"
