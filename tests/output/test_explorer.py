"""The explorer: its tree, its rows, and its screen in textual's test driver."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from ant_cli.errors import ResponseError
from ant_cli.gjson.evaluate import apply
from ant_cli.gjson.json_text import DEEPEST
from ant_cli.gjson.parser import parse
from ant_cli.output.explorer import full_screen
from ant_cli.output.explorer.application import Choice, Explorer
from ant_cli.output.explorer.full_screen import explore, missing_requirement
from ant_cli.output.explorer.tree import MAX_VIEW, Value, in_a_row, in_full, path_of, text_to_copy
from ant_cli.runtime import Runtime
from ant_cli.runtime.process import Terminated
from tests.conftest import Screen, make_runtime, needs_posix
from tests.helpers.words import LIST, RETRIEVE

ITEM = {
    "id": "env_1",
    "config": {"type": "cloud", "hosts": ["a.b", "c"]},
    "name": "demo",
    "note": None,
}

KEYS = Path(__file__).with_name("explorer_keys.txt").read_text("utf-8")
"""The page of the keys."""


def texts(*values: Any) -> list[bytes]:
    return [json.dumps(value, ensure_ascii=False).encode() for value in values]


def names(count: int, start: int = 0) -> list[Any]:
    return [{"name": f"n{number}"} for number in range(start, start + count)]


# Paths

KEY = st.text(
    st.sampled_from('.|\\*?#@!{}[]()<>=%",:~ _-0a\n') | st.characters(exclude_categories=["Cs"]),
    max_size=4,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3),
    max_leaves=12,
)


def all_in(value: Value) -> Iterator[Value]:
    """Yield a value, and all values inside it."""
    yield value
    for member in value.members:
        yield from all_in(member)


@pytest.mark.slow
@given(JSON)
def test_the_path_of_a_row_selects_its_value_with_transform(value):
    """With `--transform`, the path of any row returns the row's text, also below the transform of this run."""
    text, whole = texts(value, {"a": {"b": value}})
    for inner in all_in(Value(text)):
        assert (
            apply(parse(path_of(inner)), text)
            == apply(parse(path_of(inner, "a.b")), whole)
            == inner.raw
        )


@pytest.mark.parametrize(
    ("value", "keys", "path"),
    [
        ({"a": {"b": 1}}, ["a", "b"], "a.b"),
        ({"a.b": [{"c*": 1}]}, ["a.b", "0", "c*"], r"a\.b.0.c\*"),
        ({"": 1}, [""], "@this|"),
        ({"a": {"": {"": {"b": 1}}}}, ["a", "", "", "b"], "a|||b"),
        ({"@this": 1}, ["@this"], r"\@this"),
        ({}, [], "@this"),
    ],
)
def test_special_characters_of_keys_are_escaped_in_paths(value, keys, path):
    """A path looks like one that a user would type."""
    found = Value(texts(value)[0])
    for key in keys:
        found = next(member for member in found.members if member.keys[-1] == key)
    assert path_of(found) == path


@pytest.mark.parametrize("raw", [b"{ }", b"[\n]", b" [] ", b"1", b'"[1]"', b"null"])
def test_nothing_opens_that_has_no_members(raw):
    """Some servers put blanks between brackets."""
    assert not Value(raw).can_open
    assert Value(b'[ "" ]').can_open
    assert Value(b'{"": 1}').can_open


def test_the_path_of_a_whole_value_is_the_transform_of_the_run():
    """Below a transform, a path starts with it."""
    (whole,) = texts({"": {"a": 1}})
    inner = Value(whole).members[0]
    assert (path_of(Value(whole)), path_of(Value(whole), "a.b")) == ("@this", "a.b")
    assert (path_of(inner), path_of(inner, "a.b")) == ("@this|", "a.b|")


# Wording


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (b'"a\\nb\\tc"', '"a␊b␉c"'),
        (b'"\\u001b[31m\\u202e"', '"␛[31m\\u202e"'),
        (b'"\\ud83d"', '"\\ud83d"'),
        (b"1.50e+0400", "1.50e+0400"),
        (
            b'{"a": {"x": 1}, "id": "i", "b": [1, 2], "c": [], "d": {}}',
            '{id: "i", a: {1}, b: [2], c: [], d: {}}',
        ),
        (b'{"": {"a": 1}}', '{"": {1}}'),
        (b'{"a": null, "b": [], "c": 1}', "{c: 1, a: null, b: []}"),
        (b'[null, true, "x", [1]]', '[null, true, "x", [1]]'),
        (b'{"a": 0, "b": false, "c": 1}', "{a: 0, b: false, c: 1}"),
        (b'{"state": "s", "id": "i", "name": "n"}', '{name: "n", id: "i", state: "s"}'),
    ],
)
def test_a_row_shows_a_value_on_one_line(text, row):
    """Numbers are exact, control characters are visible, and identifying members of an object come first."""
    assert in_a_row(text) == row


def test_a_long_string_is_truncated_only_in_its_row():
    """Formatting a row does not take longer for a string that no screen has room for."""
    (text,) = texts("x" * 1_000_000)
    assert len(in_a_row(text)) < 1000
    assert len(text_to_copy(text)) == 1_000_000
    assert MAX_VIEW < len(in_full(text)) < MAX_VIEW + 100
    assert in_full(*texts("x" * 100_000)) == "x" * 100_000
    assert in_full(b'"%b"' % (rb"\u00e9" * 100_000)) == "é" * 100_000
    assert in_a_row(text).endswith("xx"), "a closing quote would say that this is all"
    assert in_a_row(*texts("x" * 490)) == "".join(['"', "x" * 490, '"'])
    assert in_a_row(b"9" * 5000) == "9" * 500
    assert "\x1b" not in in_full(*texts("\x1b" * (MAX_VIEW + 1)))


def test_a_value_shown_in_full_keeps_its_lines_and_escapes_controls():
    """A string of several lines is shown on several lines."""
    assert in_full(b'"a\\nb\\u0007"') == "a\nb␇"
    assert in_full(rb'"\ud83d"') == r"\ud83d"
    assert in_full(b'{"a":1.0}') == '{\n  "a": 1.0\n}'


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("vé", ["Key"]),
        ("k", ["Key", "k"]),
        ("1.5", ["0"]),
        ("null", ["1"]),
        ('"x:y"', ["2"]),
        ('c"d\\', ["2"]),
        ("{}", ["3"]),
        ("[1", []),
    ],
)
def test_a_search_looks_into_keys_and_values(text, keys):
    """In any case, and as they are, not as JSON escapes them."""
    value = Value(b'{"Key" : "V\\u00c9", "k": [1.50, null, "x:y", {}], "": ["", 0, "c\\"d\\\\"]}')
    assert [found.keys[-1] for found in value.find(text)] == keys


# The screen


@dataclass
class Seen:
    """The screen, and the chosen value."""

    app: Explorer
    strips: list[Strip]
    status: str
    footer: str
    prompt: str
    page: str
    clipboard: str
    choice: Choice | None

    @property
    def rows(self) -> list[str]:
        """The rows as a user reads them."""
        return [strip.text.rstrip() for strip in self.strips]

    @property
    def keys(self) -> list[str]:
        """The keys or numbers of the visible rows, in an outline."""
        return [
            row.replace(":", " ").lstrip("▾▸ ").split(" ")[0] for row in self.rows if row.strip()
        ]

    @property
    def path(self) -> str:
        """The path of the current value."""
        return self.footer.partition(" · ")[2]


def lines_of(widget: Widget) -> list[Strip]:
    """Return what a widget shows, line by line."""
    return [widget.render_line(y) for y in range(widget.size.height)]


def screens(
    values: list[Any],
    *steps: Sequence[str],
    is_list: bool = True,
    pages: Iterator[list[bytes]] = iter(()),  # noqa: B008 - it is empty
    size: tuple[int, int] = (80, 24),
) -> list[Seen]:
    """Press the keys of each step in the explorer with some values, and return the screen after each step."""
    app = Explorer(texts(*values), pages, is_list=is_list)

    async def session() -> list[Seen]:
        async with app.run_test(size=size) as pilot:
            await pilot.pause(0)
            return [await step(pilot, keys) for keys in steps]

    async def step(pilot: Any, keys: Sequence[str]) -> Seen:
        for key in keys:
            await loaded(app)
            await enter(pilot, key)
        await loaded(app)
        await settled(pilot)
        return Seen(
            app,
            lines_of(app.rows) if app.rows.display else [],
            str(app.status.content),
            str(app.footer.content),
            lines_of(app.search)[0].text if app.search.display else "",
            str(app.text.content) if app.page.display else "",
            app.clipboard,
            app.return_value,
        )

    return asyncio.run(session())


def press(values: list[Any], *keys: str, **options: Any) -> Seen:
    """Press keys in the explorer with some values, and return the screen."""
    return screens(values, keys, **options)[0]


BURST = {"/": "slash", "\r": "enter", "\x1b": "escape", "?": "question_mark", "\x7f": "backspace"}
"""The names in textual for the keys of a burst that are not letters."""


async def enter(pilot: Any, key: str) -> None:
    """Press a key, paste all of `text:...`, or send all of `burst:...` before the first key is handled.

    This is like `pilot.press`, but with shorter waits.
    """
    what, colon, keys = key.partition(":")
    if colon and what == "text":
        pilot.app.post_message(events.Paste(keys))
    elif colon and what == "burst":
        for character in keys:
            name = BURST.get(character, character)
            pilot.app.post_message(events.Key(name, character))
    else:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
    await pilot.pause(0)


async def settled(pilot: Any) -> None:
    """Wait until what the last key has caused is done: `pilot.pause` alone waits until the processor is idle."""
    for _ in range(2):
        await pilot.pause(0)


async def loaded(app: Explorer) -> None:
    """Wait for the page that is being fetched."""
    while app.is_loading:
        await asyncio.sleep(0)


Script = Callable[[Explorer, Any], Awaitable[None]]


def play(script: Script, values: list[Any], pages: Iterator[list[bytes]] = iter(())) -> None:  # noqa: B008 - empty
    """Run the script of a test with the explorer and textual's pilot."""

    async def session() -> None:
        app = Explorer(texts(*values), pages)
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(pilot)
            await script(app, pilot)

    asyncio.run(session())


def test_an_error_of_a_later_page_does_not_interrupt_a_user_who_is_typing():
    """The status line says that the list is incomplete."""

    def broken() -> Iterator[list[bytes]]:
        assert typed.wait(60)
        raise ResponseError("no page")
        yield []

    async def script(app: Explorer, pilot: Any) -> None:
        await enter(pilot, "burst:/de")
        typed.set()
        await loaded(app)
        await enter(pilot, "burst:mo")
        assert app.search.value == "demo"
        assert app.status.content == "item 1 of 1 · incomplete; q says why"
        await enter(pilot, "enter")
        assert app.path == "name"

    typed = threading.Event()
    play(script, [ITEM], broken())


def test_one_page_is_fetched_at_a_time():
    """Pages therefore arrive in order."""

    def slow() -> Iterator[list[bytes]]:
        assert typed.wait(60)
        yield texts(2)
        yield texts(3)

    async def script(app: Explorer, pilot: Any) -> None:
        await enter(pilot, "burst:jjAj")
        assert app.status.content == "item 1 of 1+ · loading…"
        typed.set()
        while app.has_more:
            await settled(pilot)
        await loaded(app)
        await settled(pilot)
        assert app.status.content == "item 1 of 3"

    typed = threading.Event()
    play(script, [1], slow())


def test_the_first_screen_of_a_list_has_rows_a_title_and_a_footer():
    """The status line has the position, and the footer the path and the key that quits."""
    seen = press([ITEM, ITEM])
    assert seen.rows[:3] == [
        '▸   1 {name: "demo", id: "env_1", config: {2}, note: null}',
        '▸   2 {name: "demo", id: "env_1", config: {2}, note: null}',
        "",
    ]
    assert seen.status == "item 1 of 2"
    assert seen.footer == "? keys  q quit · @this"


def test_the_first_screen_of_a_single_object_shows_its_members():
    """The object is unfolded."""
    seen = press([ITEM], "j", "j", "l", "j", is_list=False)
    assert seen.rows[:6] == [
        "▾ {4}",
        '    id: "env_1"',
        "  ▾ config: {2}",
        '      type: "cloud"',
        '    ▸ hosts: ["a.b", "c"]',
        '    name: "demo"',
    ]
    assert seen.status == "row 4 of 7"
    assert seen.path == "config.type"


def test_unfolding_shows_the_members_of_a_value_and_folding_hides_them():
    """Other rows do not change."""
    unfolded, inside, outside, folded, all_below = screens(
        [ITEM, ITEM], ["enter"], "jjlll", "hh", ["h", "space"], "e"
    )
    assert unfolded.keys == ["1", "id", "config", "name", "note", "2"]
    assert (inside.path, inside.page) == ("config.type", "")
    assert (outside.keys, outside.path) == (unfolded.keys, "config")
    assert folded.keys == ["1", "2"]
    assert all_below.keys == ["1", "id", "config", "type", "hosts", "0", "1", "name", "note", "2"]


def test_keys_do_nothing_in_an_empty_list():
    """Without a row, no key raises an exception."""
    keys = [*"jklhegGnNvyYpP", "space", "enter", "pagedown", "pageup"]
    seen = press([], "slash", "text:demo", "enter", *keys)
    assert (seen.status, seen.choice) == ("an empty list", None)
    assert seen.footer == "? keys  q quit"


def test_arrow_and_vi_keys_move_the_cursor_within_the_rows():
    """The cursor stays on the screen."""
    moves = [
        ("k", 0),
        ("j", 1),
        ("down", 2),
        ("up", 1),
        ("k", 0),
        ("pagedown", 21),
        ("ctrl+d", 42),
        ("ctrl+u", 21),
    ]
    moves += [("pageup", 0), ("G", 99), ("j", 99), ("home", 0), ("end", 99), ("g", 0)]

    async def script(app: Explorer, pilot: Any) -> None:
        for key, row in moves:
            await enter(pilot, key)
            await settled(pilot)
            assert app.status.content == f"item {row + 1} of 100{'+' * app.has_more}", key
            while not any(f'"n{row}"' in line.text for line in lines_of(app.rows)):
                await pilot.pause()  # textual scrolls when it is idle

    play(script, names(100))


def test_every_item_of_later_pages_has_a_row_and_its_number():
    """Pages may be of any size, and a filtered one may be empty."""
    pages = iter([texts("c", "d", "e"), [], texts("f"), texts("g", "h")])
    seen = press(["a", "b"], "j", pages=pages)
    assert [row.strip() for row in seen.rows if row] == [
        f'{number} "{text}"' for number, text in enumerate("abcdefgh", 1)
    ]
    assert seen.status == "item 2 of 8"


def test_a_search_goes_through_all_pages_that_were_loaded():
    """From the last page it continues with the first one, in both directions."""
    pages = iter([texts({"a": "y"}, {"a": "x"}), texts({"b": {"c": ["x"]}})])
    first, *later = screens(
        [{"a": "x"}], ["k", "slash", "text:x", "enter"], "n", "n", "n", "N", pages=pages
    )
    assert (first.status, first.path) == ("item 1 of 4", "a")
    assert [(each.status, each.path) for each in later] == [
        ("item 3 of 4", "a"),
        ("item 4 of 4", "b.c.0"),
        ("item 1 of 4", "a"),
        ("item 4 of 4", "b.c.0"),
    ]


def test_a_value_that_is_unfolded_a_second_time_has_the_same_rows():
    """Its members are added once, whichever key unfolds it, and the same holds for those inside it."""
    first, again, all_below, folded, last = screens(
        [ITEM], ["l"], ["h", "enter"], ["e"], ["h"], ["e", "e"]
    )
    assert first.keys == again.keys == ["1", "id", "config", "name", "note"]
    everything = ["1", "id", "config", "type", "hosts", "0", "1", "name", "note"]
    assert all_below.keys == last.keys == everything
    assert folded.keys == ["1"]


@pytest.mark.parametrize(
    ("value", "row"), [({}, "{}"), ([], "[]"), ("a", '"a"'), (1, "1"), (None, "null")]
)
def test_a_single_value_without_members_is_one_row(value, row):
    """It can be searched and printed. Nothing can be unfolded."""
    seen = press([value], "l", "h", "e", "slash", "text:zoo", "enter", is_list=False)
    assert [text.strip() for text in seen.rows if text] == [row]
    assert seen.status == 'row 1 of 1 · no "zoo"'


@pytest.mark.parametrize("is_list", [True, False])
def test_a_long_row_fills_the_screen_to_its_edge(is_list):
    """At each depth, the last cell shows that the row is longer."""
    value = {"a": {"b": {"c": "x" * 200}, "long": "x" * 200}, "long": "x" * 200}
    seen = press([value], "e", size=(60, 12), is_list=is_list)
    rows = [row for row in seen.rows if "xxx" in row]
    assert [(len(row), row[-1]) for row in rows] == [(60, "…")] * 3


def test_the_numbers_of_a_long_list_are_aligned():
    """They have room for the largest one."""
    assert press([*range(1000)], "k").rows[:2] == ["     1 0", "     2 1"]
    assert press([*range(999)], "k").rows[:2] == ["    1 0", "    2 1"]


def test_the_row_of_the_cursor_has_one_style_and_others_have_coloured_keys():
    """Colours of a text would be hard to read on the colour of the cursor."""
    seen = press([ITEM], "l", "j")

    def colours(row: int) -> set[str]:
        styles = [segment.style for segment in seen.strips[row] if segment.text.strip()]
        return {style.color.name for style in styles if style and style.color}

    assert "cyan" not in colours(1)
    assert "cyan" in colours(2)


def test_literals_have_the_colour_of_their_type():
    """A string has the colour of the terminal's text."""
    seen = press([None, 1, True, False, None, "x"])
    styles = [
        next(segment.style for segment in reversed(strip) if segment.text.strip())
        for strip in seen.strips[1:6]
    ]
    colours = [style.color.name if style.color else None for style in styles]
    assert [colour == "magenta" for colour in colours] == [True, True, True, False, False]
    assert [style.dim for style in styles] == [None, None, None, True, None]


def test_the_keys_that_go_outside_stop_at_the_item():
    """A value without members has nothing to fold, also after everything was unfolded."""
    outside, item, stays = screens([1, {"a": {"b": 1}}], "jejjh", "hh", "hhh")
    assert (outside.path, outside.keys) == ("a", ["1", "2", "a", "b"])
    assert (item.path, item.keys) == ("@this", ["1", "2", "a"])
    assert (stays.status, stays.keys) == ("item 2 of 2", ["1", "2"])


def test_a_search_backwards_finds_the_last_match_of_an_item_first():
    """It is the reverse of a search forwards, also within the item of the cursor."""
    items = [{"a": "x", "b": {"c": "x"}, "d": 1}, {"a": "x", "b": "x"}]
    forth = screens(items, ["slash", "text:x", "enter"], *"nnn")
    back = screens(items, ["slash", "text:x", "enter"], *"NNNN")
    places = [(each.status, each.path) for each in forth]
    assert places == [
        ("item 1 of 2", "a"),
        ("item 1 of 2", "b.c"),
        ("item 2 of 2", "a"),
        ("item 2 of 2", "b"),
    ]
    assert [(each.status, each.path) for each in back] == [places[0], *places[:0:-1], places[0]]


def test_a_search_after_unfolding_goes_to_the_row_of_the_match():
    """The cursor is on the row that the path names, and its key and value are shown there."""
    seen = press([ITEM, ITEM], "e", "j", "slash", "text:demo", "enter", "n")
    assert (seen.path, seen.status) == ("name", "item 2 of 2")
    row = seen.app.rows.cursor_line - seen.app.rows.scroll_offset.y
    assert seen.rows[row].strip() == 'name: "demo"'


@pytest.mark.slow
def test_only_the_rows_on_the_screen_are_formatted():
    """The number of visible rows decides the cost, even in a list of 10,000 items."""
    seen = press(names(10_000), "G", "g", "G")
    assert seen.rows[-2:] == ['▸  9999 {name: "n9998"}', '▸ 10000 {name: "n9999"}']
    laid_out = [node for node in seen.app.rows.root.children if "summary" in vars(node.data)]
    assert len(laid_out) <= 2 * len(seen.rows)
    assert seen.status == "item 10,000 of 10,000"


def test_the_next_page_is_fetched_when_the_cursor_comes_near_the_end():
    """At first, only enough pages to fill the screen are fetched."""
    pages = iter([texts(*names(30, start)) for start in (10, 40, 70)])
    first, last = screens(names(10), "k", "GGGGG", pages=pages)
    assert (first.status, last.status) == ("item 1 of 40+", "item 100 of 100")


def test_one_key_loads_all_pages():
    """The rest of the list is fetched."""
    pages = iter([texts(*names(30, 30 * number)) for number in range(1, 6)])

    async def script(app: Explorer, pilot: Any) -> None:
        await pilot.press("A")
        while app.has_more or app.is_loading:
            await settled(pilot)
        await settled(pilot)
        assert app.status.content == "item 1 of 180"

    play(script, names(30), pages)


def test_loaded_items_stay_after_an_error_of_a_later_page():
    """They can be unfolded."""

    def broken() -> Iterator[list[bytes]]:
        raise ResponseError("GET: 500")
        yield []

    seen = press([ITEM], "j", "l", pages=broken())
    assert seen.status == "item 1 of 1 · incomplete; q says why"
    assert seen.rows[1] == '    id: "env_1"'


def test_the_first_item_of_a_later_page_has_the_cursor_if_there_was_none():
    """With `--filter`, the first pages of a list may be empty."""
    assert press([], "l", pages=iter([[], texts({"a": 1})])).keys == ["1", "a"]


def test_a_search_moves_to_the_match_and_n_to_the_next_one():
    """Folded values are unfolded; N moves to the previous match."""
    first, second, last = screens([ITEM] * 3, ["slash", "text:cloud", "enter"], "n", "NN")
    assert (first.path, first.status) == ("config.type", "item 1 of 3")
    assert (second.status, last.status) == ("item 2 of 3", "item 3 of 3")
    assert press([ITEM], "slash", "text:cloud", "enter", is_list=False).path == "config.type"


def test_a_search_finds_folded_values_and_wraps_around():
    """Keys and values match in any case, in the order of the screen."""
    items = [ITEM, {"name": "x", "Hosts": 1}, ITEM]
    find = [["slash", f"text:{text}", "enter"] for text in ("HOSTS", "a.b", "É")]
    seen = screens(items, find[0], "n", "n", "n", "N", find[1], find[2])
    assert [(each.status, each.path) for each in seen] == [
        ("item 1 of 3", "config.hosts"),
        ("item 2 of 3", "Hosts"),
        ("item 3 of 3", "config.hosts"),
        ("item 1 of 3", "config.hosts"),
        ("item 3 of 3", "config.hosts"),
        ("item 3 of 3", "config.hosts.0"),
        ('item 3 of 3 · no "É"', "config.hosts.0"),
    ]


def test_a_search_finds_what_is_escaped_in_the_json():
    """It looks for what is on the screen."""
    items = [1, {"a": 'say "hi"'}, {"back\\slash": 1}]
    quoted, escaped = screens(
        items, *(["slash", f"text:{text}", "enter"] for text in ('say "hi"', "back\\slash"))
    )
    assert (quoted.path, escaped.status) == ("a", "item 3 of 3")


def test_a_search_finds_the_only_match_again():
    """With one match, the next match is the same."""
    seen = screens([{"name": "x"}], ["slash", "text:x", "enter"], "n", "n", "N", "N")
    assert [(each.path, each.status) for each in seen] == [("name", "item 1 of 1")] * 5


def test_a_search_without_a_match_leaves_the_cursor_and_prints_a_message():
    """An empty search repeats the last one, and Esc cancels."""
    cancelled = ["slash", "text:cloud", "escape", "n"]
    repeated = ["slash", "enter"]
    seen = screens([ITEM], repeated, cancelled, ["slash", "text:zoo", "enter"], repeated)
    assert [each.status for each in seen] == ["item 1 of 1"] * 2 + ['item 1 of 1 · no "zoo"'] * 2
    pages = iter([texts(*names(40, 40)), texts(*names(40, 80))])
    so_far = press(names(40), "slash", "text:n100", "enter", pages=pages)
    assert so_far.status == 'item 1 of 40+ · no "n100" so far; A loads all'


def test_keys_that_arrive_together_act_like_single_keys():
    """Keys after / are part of the search text, and the page of a string has its own keys."""
    bursts = ["/n29\rkk?q\x1b", "/n28\x7f9\r", "/n28\rvqj", "g/n29\x1bjj", "/pqY"]
    seen = screens(names(30), *([f"burst:{keys}"] for keys in bursts))
    assert [each.status for each in seen] == [
        f"item {number} of 30" for number in (29, 30, 30, 3, 3)
    ]
    assert (seen[0].page, seen[0].choice, seen[-1].prompt.strip()) == ("", None, "pqY")
    assert press([{"a": 1}], "burst:pq").choice == Choice(b'{"a": 1}', is_raw=False, error=None)
    assert press([{"a": 1}], "burst:qp").choice == Choice(b"", is_raw=False, error=None)


def test_a_paste_is_text_in_a_prompt_and_ignored_elsewhere():
    """In a prompt, its lines are joined, and no control character reaches the terminal."""
    found = ["escape", "slash", "text:n2\n", "enter"]
    ignored, page, found, prompt = screens(
        names(3), ["text:jjq"], ["v", "text:q"], found, ["slash", "text:a\x1b[2Jb"]
    )
    assert (ignored.status, ignored.choice) == ("item 1 of 3", None)
    assert page.page
    assert found.status == "item 3 of 3"
    assert prompt.prompt.strip() == "a␛[2Jb"
    assert (
        press([{"a": "x y"}, {"a": "y x"}], "slash", "text:y\r\nx", "enter").status == "item 2 of 2"
    )


def test_keys_without_a_character_are_no_part_of_a_search():
    """Such as Ctrl-A, or a function key."""
    seen = press([{"name": "ab"}], "burst:/a\x01", "f5", "burst:b", size=(40, 10))
    assert seen.prompt.strip() == "ab"


def test_the_prompt_has_the_editing_keys_of_a_shell():
    """The end of a long text is visible."""
    edits = [["left", "X"], ["home", "X", "end", "Y"], ["ctrl+w", "X"], ["ctrl+u", "X"]]
    seen = screens([1], *(["escape", "slash", "text:one two", *keys] for keys in edits))
    assert [each.prompt.strip() for each in seen] == ["one twXo", "Xone twoY", "one X", "X"]
    shown = press([1], "slash", "text:" + "a" * 30 + "b", "left", size=(20, 10)).prompt
    assert shown.strip().endswith("aab")


def test_enter_shows_a_string_in_full_and_esc_returns():
    """Enter on a string opens a page."""
    long = "word " * 100
    full, rows = screens([{"a": long}], ["l", "j", "enter"], [*"jkGg", "space", "pageup", "escape"])
    assert (full.page, rows.page) == (long, "")
    assert rows.rows[1].endswith("…")


def test_a_string_in_full_is_wrapped_between_words_on_a_window_of_any_size():
    """No text is lost, and markup is shown as it is. The keys of `less` scroll."""

    async def script(app: Explorer, pilot: Any) -> None:
        await enter(pilot, "v")
        await settled(pilot)
        shown = [line.text.rstrip() for line in lines_of(app.text)]
        assert shown[:4] == [
            "a       b",
            "word " * 14 + "word",
            "word word word word word",
            "[red]日本[/red]",
        ]
        await pilot.resize_terminal(42, 24)
        await settled(pilot)
        assert lines_of(app.text)[1].text.rstrip() == "word " * 7 + "word"
        end = app.text.size.height - app.page.size.height
        moves = {
            "j": 1,
            "k": 0,
            "space": 22,
            "ctrl+u": 0,
            "ctrl+f": 22,
            "ctrl+b": 0,
            "ctrl+d": 22,
            "G": end,
            "g": 0,
        }
        for key, line in moves.items():
            await enter(pilot, key)
            while app.page.scroll_offset.y != line:
                await pilot.pause()  # textual scrolls when it is idle
        assert app.page.size.height == 22, "the page has the whole screen, except for two lines"

    play(script, ["a\tb\n" + "word " * 20 + "\n[red]日本[/red]\n" * 30 + "end"])


def test_each_page_of_a_value_begins_at_its_top():
    """Also after another one was scrolled to its end."""

    async def script(app: Explorer, pilot: Any) -> None:
        for keys in (["v", "G"], ["escape", "j", "v"]):
            for key in keys:
                await enter(pilot, key)
            await settled(pilot)
            while key == "G" and app.page.scroll_offset.y == 0:
                await pilot.pause()  # textual scrolls when it is idle
        await pilot.pause()
        assert app.page.scroll_offset.y == 0
        assert lines_of(app.text)[0].text.strip() == "first of 2"

    play(script, [f"first of {number}" + "\nx" * 60 for number in (1, 2)])


def test_one_key_copies_the_value_and_another_the_path():
    """A string is copied without its quotes, and the path in the form for `--transform`."""
    for seen, copied in zip(screens([ITEM], "eGkkky", "Y"), ("a.b", "config.hosts.0"), strict=True):
        assert (seen.clipboard, seen.status) == (copied, f"item 1 of 1 · copied: {copied}")


def test_a_long_string_is_copied_whole():
    """The status line has room only for its beginning."""
    seen = press(["x" * 5000], "y")
    assert seen.clipboard == "x" * 5000
    assert seen.status == f"item 1 of 1 · copied: {'x' * 500}"
    seen = press(["a\nb\x1b[2J"], "y")
    assert (seen.clipboard, seen.status) == ("a\nb\x1b[2J", "item 1 of 1 · copied: a␊b␛[2J")


@pytest.mark.parametrize(
    ("keys", "choice"),
    [
        ("p", Choice(b'"a.b"', is_raw=False, error=None)),
        ("P", Choice(b'"config.hosts.0"', is_raw=True, error=None)),
        ("q", Choice(b"", is_raw=False, error=None)),
        (["ctrl+c"], None),
        (["slash", "text:x", "ctrl+c"], None),
    ],
)
def test_the_explorer_quits_with_or_without_a_value_or_path_to_print(keys, choice):
    """One key quits. Others also print the value or its path."""
    seen = press([ITEM], *"eGkkk", *keys)
    assert (seen.choice, seen.app.return_code) == (choice, 0 if choice else 1)


def test_the_help_page_names_every_key_and_fits_80_by_24():
    """The help page needs no scrolling."""

    async def script(app: Explorer, pilot: Any) -> None:
        await enter(pilot, "question_mark")
        await settled(pilot)
        assert [line.text.rstrip() for line in lines_of(app.text)] == KEYS.splitlines()
        assert app.page.max_scroll_y == 0
        await enter(pilot, "q")
        assert not app.page.display

    play(script, [ITEM])


def test_a_click_moves_to_a_row_and_unfolds_it():
    """The mouse works as in other programs."""

    async def script(app: Explorer, pilot: Any) -> None:
        await pilot.click(app.rows, offset=(4, 2))
        await settled(pilot)
        assert app.status.content == "item 3 of 5"
        assert lines_of(app.rows)[3].text.strip() == 'name: "n2"'
        await pilot.click(app.rows, offset=(4, 15))
        await settled(pilot)
        assert app.status.content == "item 3 of 5"

    play(script, names(5))


def test_the_wheel_scrolls_and_loads_pages():
    """The mouse alone is enough to see the whole list."""

    async def script(app: Explorer, pilot: Any) -> None:
        for _ in range(9):
            where = app.rows.region
            app.post_message(
                events.MouseScrollDown(
                    app.rows, where.x + 1, where.y + 1, 0, 0, 0, shift=False, meta=False, ctrl=False
                )
            )
            await settled(pilot)
        await loaded(app)
        await settled(pilot)
        assert app.rows.scroll_offset.y > 0
        assert str(app.status.content).startswith("item 1 of 60")

    play(script, names(30), iter([texts(*names(30, 30))]))


def test_the_cursor_row_stays_visible_when_the_window_shrinks():
    """The smaller window shows the current row."""

    async def script(app: Explorer, pilot: Any) -> None:
        await pilot.press("pagedown")
        await pilot.resize_terminal(40, 10)
        await settled(pilot)
        assert any('"n21"' in line.text for line in lines_of(app.rows))

    play(script, names(100))


def test_a_row_is_truncated_at_the_edge_of_the_screen():
    """The width of a character is counted in cells."""
    seen = press([{"キー": {"キー": "日本語" * 40}}], "e", "G", size=(40, 12))
    assert {strip.cell_length for strip in seen.strips} == {40}
    assert 'キー: "日本語' in seen.rows[2]
    assert seen.rows[2].endswith("…")


def test_a_long_path_is_cut_on_the_screen_and_copied_whole():
    """No screen is wider than 500 characters."""
    deep: Any = 1
    for number in range(100):
        deep = {f"long_key_{number}": deep}
    seen = press([deep], "e", "G", "Y")
    assert len(seen.path) == 500
    assert seen.clipboard.endswith(".long_key_1.long_key_0")


def test_a_string_shown_in_full_can_be_copied_and_printed():
    """The keys are those of the rows."""
    viewed, value, path, printed = screens([{"a": 1}], "v", "y", "Y", "p")
    assert viewed.page == value.clipboard == '{\n  "a": 1\n}'
    assert path.status == "item 1 of 1 · copied: @this"
    assert printed.choice == Choice(b'{"a": 1}', is_raw=False, error=None)


def test_control_characters_and_markup_of_the_server_are_visible_text():
    """They are in a key, a value, the path, and the page of the value."""
    search = ["escape", "slash", "text:[red]\x1b", "enter"]
    row, page, missing = screens([{"[b]\x1b": "[red]\x1b]0;x\x07\u202e"}], "ljY", "v", search)
    assert row.clipboard == row.path == r"\[b\]␛"
    assert row.rows[1] == '    [b]␛: "[red]␛]0;x␇\\u202e"'
    assert page.page == "[red]␛]0;x␇\\u202e"
    assert missing.status == 'item 1 of 1 · no "[red]␛"'


# Opening and closing the explorer


def process_of(stdout: io.BytesIO, **environ: str) -> Runtime:
    return make_runtime(environ, Screen(terminal=True), stdout, Screen(terminal=True))


def opened(
    keys: list[str], pages: Iterator[list[bytes]], *, is_list: bool = True, **options: Any
) -> Choice:
    """Open the explorer as a command does, press keys, and return the result."""

    async def pilot_it(pilot: Any) -> None:
        for key in keys:
            await loaded(pilot.app)
            await enter(pilot, key)

    def run(app: Explorer) -> Choice | None:
        return super(Explorer, app).run(headless=True, size=(80, 24), auto_pilot=pilot_it)

    with patch.object(Explorer, "run", run):
        return explore(pages, process_of(Screen(terminal=True)), is_list=is_list, **options)


def test_the_explorer_returns_the_value_or_path_that_was_chosen():
    """A value has the received bytes. A path includes the transform, and is printed without quotes."""
    page = texts({"a": ["x"]})
    assert opened(["p"], iter([page])) == (b'{"a": ["x"]}', False, None)
    assert opened(["e", "G", "P"], iter([page]), path="b") == (b'"b|a.0"', True, None)
    assert opened(["j", "P"], iter([page]), is_list=False) == (b'"a"', True, None)
    assert opened(["q"], iter([page])) == (b"", False, None)


@pytest.mark.slow
@pytest.mark.parametrize("keys", [["e"], ["burst:/bottom\r"]], ids=["unfold", "search"])
def test_a_value_that_is_nested_as_deeply_as_json_can_be_is_unfolded(keys):
    """The deepest row can be viewed and printed, too."""
    deep = b'{"a": ' * DEEPEST + b'"bottom"' + b"}" * DEEPEST
    chosen = opened([*keys, "end", "enter", "escape", "p"], iter([[deep]]))
    assert chosen.value == b'"bottom"'


def test_the_explorer_opens_for_an_empty_list():
    """An empty list is a result."""
    assert opened(["j", "p", "P", "q"], iter([])) == (b"", False, None)


def test_the_progress_ends_after_the_first_page_and_before_the_screen_opens():
    """The line would get into the screen. If there is no page, the error is printed without a screen."""
    seen: list[str] = []

    def pages(*, fails: bool) -> Iterator[list[bytes]]:
        seen.append("page")
        if fails:
            raise ResponseError("no page")
        yield texts(1)

    def run(_: Explorer) -> Choice:
        seen.append("screen")
        return Choice(b"", is_raw=False, error=None)

    runtime = process_of(Screen(terminal=True))
    options: dict[str, Any] = {"is_list": True, "before_screen": lambda: seen.append("ready")}
    with patch.object(Explorer, "run", run):
        explore(pages(fails=False), runtime, **options)
        assert seen == ["page", "ready", "screen"]
        with pytest.raises(ResponseError):
            explore(pages(fails=True), runtime, **options)
    assert seen == ["page", "ready", "screen", "page"]


@pytest.mark.parametrize(
    ("environ", "set_to"), [({"NO_COLOR": "1"}, "1"), ({"NO_COLOR": ""}, None)]
)
def test_the_explorer_has_the_colours_of_other_output(monkeypatch, environ, set_to):
    """Textual knows only its own variable, in which an empty text means that it is set."""
    seen = []

    def run(_: Explorer) -> Choice:
        seen.append(os.environ.get("NO_COLOR"))
        return Choice(b"", is_raw=False, error=None)

    monkeypatch.delenv("NO_COLOR", raising=False)
    with patch.object(Explorer, "run", run):
        explore(iter([texts(1)]), process_of(Screen(terminal=True), **environ), is_list=True)
    assert (seen, os.environ.get("NO_COLOR")) == ([set_to], None)


@needs_posix("SIGTERM")
def test_sigterm_ends_the_explorer_as_it_ends_other_commands():
    """Textual is asked to shut down as by Ctrl-C, but the exit status is that of SIGTERM."""

    def run(_: Explorer) -> None:
        signal.raise_signal(signal.SIGTERM)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    handler = signal.getsignal(signal.SIGTERM)
    try:
        with patch.object(Explorer, "run", run), pytest.raises(Terminated):
            explore(iter([texts(1)]), process_of(Screen(terminal=True)), is_list=True)
        assert signal.getsignal(signal.SIGTERM) == handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_ctrl_c_in_the_explorer_ends_the_run():
    """Ctrl-C does the same outside of the explorer."""
    with pytest.raises(KeyboardInterrupt):
        opened(["ctrl+c"], iter([texts(1)]))


def test_an_error_of_a_later_page_is_returned_with_the_chosen_value():
    """The value is printed before the error ends the run."""
    error = ResponseError("no more")

    def broken() -> Iterator[list[bytes]]:
        yield texts(1)
        raise error

    assert opened(["j", "escape", "p"], broken()) == (b"1", False, error)


@pytest.mark.parametrize(
    ("choice", "exit_code", "stdout", "stderr"),
    [
        (
            Choice(b'{"id":  1}', is_raw=False, error=ResponseError("it broke off.")),
            1,
            '{\n  "id": 1\n}\n',
            "broke off",
        ),
        (Choice(b'"config.type"', is_raw=True, error=None), 0, "config.type\n", ""),
    ],
)
def test_the_printer_prints_the_choice_and_then_raises_the_error(
    ant, monkeypatch, choice, exit_code, stdout, stderr
):
    """A path is printed without quotes, for --transform. The exit status says that the list was incomplete."""
    monkeypatch.setattr(full_screen, "explore", lambda *_, **__: choice)
    monkeypatch.setattr(full_screen, "missing_requirement", lambda _: None)
    done = ant(*LIST, "--format", "explore", terminal=True, env={"NO_COLOR": "1"})
    assert (done.exit, done.stdout, stderr in done.stderr) == (exit_code, stdout, True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (lambda _: 1 / 0, ZeroDivisionError),
        (lambda app: app.panic("as textual's own threads do"), RuntimeError),
    ],
)
def test_an_unexpected_exception_is_raised_and_not_printed_by_textual(
    capfd: pytest.CaptureFixture[str], fault, raised
):
    """The program reports it with redacted secrets. The traceback of textual would show local variables."""

    def broken(app: Explorer) -> Choice | None:
        app.action_help = lambda: fault(app)

        async def pilot_it(_: Any) -> None:
            app.post_message(events.Key("question_mark", "?"))

        return super(Explorer, app).run(headless=True, size=(80, 24), auto_pilot=pilot_it)

    with patch.object(Explorer, "run", broken), pytest.raises(raised):
        explore(iter([texts(1)]), process_of(Screen(terminal=True)), is_list=True)
    assert capfd.readouterr() == ("", "")


@needs_posix("SIGHUP")
@pytest.mark.parametrize("environ", [{}, {"NO_COLOR": ""}])
def test_what_the_explorer_sets_in_the_process_is_restored_when_it_is_closed(monkeypatch, environ):
    """Textual takes colours, the depth of calls, and the end of its terminal from the process as a whole."""

    def state() -> tuple[Any, ...]:
        return (
            os.environ.get("NO_COLOR"),
            sys.getrecursionlimit() > before[1],
            signal.getsignal(signal.SIGHUP),
        )

    def run(_: Explorer) -> Choice:
        assert state() == (None, True, signal.SIG_DFL)
        return Choice(b"", is_raw=False, error=None)

    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, text in environ.items():
        monkeypatch.setenv(name, text)
    before = (None, sys.getrecursionlimit(), None)
    monkeypatch.setattr(Explorer, "run", run)
    old = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        explore(iter([texts(1)]), process_of(Screen(terminal=True)), is_list=True)
        assert state() == (environ.get("NO_COLOR"), False, signal.SIG_IGN)
    finally:
        signal.signal(signal.SIGHUP, old)


def test_notes_on_stderr_are_printed_after_the_explorer_is_closed():
    """They do not disturb the screen, and are not lost."""
    stderr = Screen(terminal=True)
    process = make_runtime({}, Screen(terminal=True), Screen(terminal=True), stderr)

    def run(_: Explorer) -> Choice:
        process.say("Note: retrying")
        assert stderr.getvalue() == b""
        return Choice(b"", is_raw=False, error=None)

    with patch.object(Explorer, "run", run):
        explore(iter([texts(1)]), process, is_list=True)
    assert stderr.getvalue() == b"Note: retrying\n"


def test_missing_requirements_of_the_explorer_are_named():
    """All three streams must be terminals, and TERM must not be dumb."""
    assert missing_requirement(process_of(Screen(terminal=True))) is None
    assert missing_requirement(process_of(Screen(terminal=True), TERM="dumb")) == "a terminal"
    assert missing_requirement(process_of(io.BytesIO())) == "a terminal"


@pytest.mark.parametrize("stream", range(3))
def test_the_explorer_needs_each_of_the_three_streams(stream):
    """It reads keys from one, draws on another, and holds back messages of the third."""
    streams = [Screen(terminal=number != stream) for number in range(3)]
    assert missing_requirement(make_runtime({}, *streams)) == "a terminal"


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ("pip install x", "textual (`pip install x`)"),
        ("", "textual, which this frozen program does not have"),
    ],
)
def test_without_textual_a_command_that_installs_it_is_named(monkeypatch, command, missing):
    """A frozen program can't install anything."""
    monkeypatch.setattr(full_screen, "find_spec", lambda _: None)
    monkeypatch.setattr(full_screen, "install_command", lambda _: command)
    assert missing_requirement(process_of(Screen(terminal=True))) == missing


def test_the_explorer_gets_the_transform_and_prints_strings_as_asked_for(ant, monkeypatch):
    """Paths are relative to --transform. With -r, a chosen string has no quotes."""
    paths = []

    def opened(_pages, _runtime, *, is_list, path, before_screen):
        before_screen()
        paths.append((is_list, path))
        return Choice(b'"x"', is_raw=False, error=None)

    monkeypatch.setattr(full_screen, "explore", opened)
    monkeypatch.setattr(full_screen, "missing_requirement", lambda _: None)
    words = ("--format", "explore", "--transform", "config")
    raw = ant(*LIST, *words, "-r", terminal=True, env={"NO_COLOR": "1"})
    quoted = ant(*RETRIEVE, *words, replies=[ITEM], terminal=True, env={"NO_COLOR": "1"})
    assert (raw.stdout, quoted.stdout) == ("x\n", '"x"\n')
    assert paths == [(True, "config"), (False, "config")]


@pytest.mark.parametrize(("terminal", "used"), [(False, "json"), (True, "pretty")])
def test_without_a_terminal_the_explorer_prints_the_response_with_a_note(ant, terminal, used):
    """Here stdin is a pipe. The note gives the reason and the format that is used instead."""
    result = ant(*RETRIEVE, "--format", "explore", replies=[ITEM], terminal=terminal)
    assert result.stderr == f"Note: the format explore needs a terminal; {used} is used instead.\n"
    again = ant(*RETRIEVE, "--format", used, replies=[ITEM], terminal=terminal)
    assert (result.exit, result.stdout) == (0, again.stdout)
