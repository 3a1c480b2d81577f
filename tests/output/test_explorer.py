"""The explorer: its tree, its rows, and its screen in textual's test driver."""

from __future__ import annotations

import asyncio
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.strip import Strip

from ant_cli.errors import ResponseError
from ant_cli.gjson import apply, parse
from ant_cli.output.explorer import full_screen
from ant_cli.output.explorer.application import Choice, Explorer
from ant_cli.output.explorer.feed import Feed
from ant_cli.output.explorer.full_screen import ExplorerResult, explore, missing_requirement
from ant_cli.output.explorer.keys import ALWAYS, BROWSING, help_text
from ant_cli.output.explorer.outline import Outline
from ant_cli.output.explorer.tree import (
    MAX_VIEW,
    Node,
    in_a_row,
    in_full,
    path_of,
    search_text_of,
    text_to_copy,
    walk,
)
from ant_cli.output.explorer.widgets import Line, pieces_of
from ant_cli.output.terminal import cell_width
from ant_cli.runtime import Runtime
from tests.conftest import make_runtime

ITEM = {"id": "env_1", "config": {"type": "cloud", "hosts": ["a.b", "c"]}, "name": "demo", "note": None}


def texts(*values: Any) -> list[bytes]:
    return [json.dumps(value, ensure_ascii=False).encode() for value in values]


def outline_of(*values: Any, is_list: bool = True) -> Outline:
    outline = Outline(is_list=is_list)
    outline.append(texts(*values))
    return outline


def names(count: int, start: int = 0) -> list[Any]:
    return [{"name": f"n{number}"} for number in range(start, start + count)]


def current_path(outline: Outline) -> str:
    assert outline.current
    return path_of(outline.current)


# Paths

KEY = st.text(
    st.sampled_from('.|\\*?#@!{}[]()<>=%",:~ _-0a\n') | st.characters(exclude_categories=["Cs"]), max_size=4
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3),
    max_leaves=12,
)


@given(JSON)
def test_the_path_of_a_row_selects_its_value_with_transform(value):
    """With `--transform`, the path of any row returns the row's text."""
    (text,) = texts(value)
    for node in walk([Node(text, "", 0)], lambda node: node.can_open):
        assert apply(parse(path_of(node)), text) == node.raw


@given(JSON)
def test_the_path_of_a_row_begins_with_the_transform(value):
    """The path of a row selects from the response, not from the result of `--transform`."""
    (whole,) = texts({"a": {"b": value}})
    for node in walk([Node(texts(value)[0], "", 0)], lambda node: node.can_open):
        assert apply(parse(path_of(node, "a.b")), whole) == node.raw


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
    node = Node(texts(value)[0], "", 0)
    for key in keys:
        node = next(child for child in node.children if child.key == key)
    assert path_of(node) == path


# Wording


@pytest.mark.parametrize(
    ("text", "row"),
    [
        (b'"a\\nb\\tc"', '"a␊b␉c"'),
        (b'"\\u001b[31m\\u202e"', '"␛[31m\\u202e"'),
        (b'"\\ud83d"', '"\\ud83d"'),
        (b"1.50e+0400", "1.50e+0400"),
        (b'{"a": {"x": 1}, "id": "i", "b": [1, 2], "c": [], "d": {}}', '{id: "i", a: {1}, b: [2], c: [], d: {}}'),
        (b'{"": {"a": 1}}', '{"": {1}}'),
        (b'[null, true, "x", [1]]', '[null, true, "x", [1]]'),
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


def test_a_value_shown_in_full_keeps_its_lines_and_escapes_controls():
    """A string of several lines is shown on several lines."""
    assert in_full(b'"a\\nb\\u0007"') == "a\nb␇"
    assert in_full(b'{"a":1.0}') == '{\n  "a": 1.0\n}'


def test_filters_match_values_and_searches_match_keys_and_values():
    """Keys are not part of the text for a filter."""
    words = search_text_of(b'{"Key" : "V\\u00c9", "k": [1.50, null, "x:y"]}')
    assert words.values.split() == ["vé", "1.50", "null", '"x:y"']
    assert words.keys.split() == ['"key"', ":", '"k":']


# Rows


def test_unfolding_shows_the_members_of_a_value_and_folding_hides_them():
    """Other rows do not change."""
    outline = outline_of(ITEM, ITEM)
    outline.toggle()
    assert [row.key for row in outline.rows] == ["1", "id", "config", "name", "note", "2"]
    outline.move(2)
    outline.descend()
    outline.descend()
    assert current_path(outline) == "config.type"
    outline.descend()
    assert current_path(outline) == "config.type"
    outline.ascend()
    outline.ascend()
    assert [row.key for row in outline.rows] == ["1", "id", "config", "name", "note", "2"]
    outline.ascend()
    outline.toggle()
    assert [row.key for row in outline.rows] == ["1", "2"]


def test_one_key_unfolds_everything_and_another_folds_it():
    """After folding everything, the cursor is on the item."""
    outline = outline_of(ITEM, ITEM)
    outline.move(1)
    outline.unfold_all()
    assert len(outline.rows) == 10
    outline.move(3)
    outline.fold_all()
    assert [row.key for row in outline.rows] == ["1", "2"]
    assert outline.cursor == 1


def test_a_single_object_is_unfolded_at_first():
    """Its members are visible at once."""
    assert [row.key for row in outline_of(ITEM, is_list=False).rows] == ["1", "id", "config", "name", "note"]


def test_a_filter_keeps_items_with_every_word_and_the_cursor_on_its_item():
    """Words match in any order and case; items of later pages are filtered, too."""
    outline = outline_of({"name": "Blue one"}, {"name": "red"}, {"name": "one BLUE two"})
    outline.move(2)
    outline.filter("blue one")
    assert [row.key for row in outline.rows] == ["1", "3"]
    assert outline.cursor == 1
    outline.append(texts({"name": "one red"}, {"name": "one, blue"}))
    assert [row.key for row in outline.rows] == ["1", "3", "5"]
    assert outline.shown_count == 3
    outline.filter("")
    assert len(outline.rows) == 5


def test_keys_do_nothing_while_a_filter_matches_no_row():
    """Without a row, no key raises an exception."""
    outline = outline_of(ITEM)
    outline.filter("zebra")
    assert outline.current is None
    for act in (outline.toggle, outline.descend, outline.ascend, outline.unfold_all, outline.fold_all):
        act()
    assert not outline.search("demo")
    outline.filter("")
    assert outline.current is not None


def test_a_filter_of_a_single_object_selects_its_members():
    """A response that is not a list can be filtered, too."""
    outline = outline_of({"a": "red", "b": "blue"}, is_list=False)
    outline.filter("red")
    assert [row.key for row in outline.rows] == ["1", "a"]


def test_a_search_finds_folded_values_and_wraps_around():
    """Keys and values match, in the order of the screen."""
    outline = outline_of(ITEM, {"name": "x", "hosts": 1}, ITEM)
    found = []
    for _ in range(4):
        assert outline.search("HOSTS")
        found.append((outline.current.root.key, current_path(outline)))
    assert found == [("1", "config.hosts"), ("2", "hosts"), ("3", "config.hosts"), ("1", "config.hosts")]
    assert outline.search("hosts", back=True)
    assert outline.current.root.key == "3"
    assert outline.search("a.b")
    assert current_path(outline) == "config.hosts.0"
    assert not outline.search("zebra")


def test_a_search_finds_the_only_match_again():
    """With one match, the next match is the same."""
    outline = outline_of({"name": "x"})
    assert outline.search("x")
    assert outline.search("x")
    assert outline.search("x", back=True)
    assert current_path(outline) == "name"


# The feed


def test_an_error_of_a_later_page_ends_the_feed_and_is_kept():
    """An exception in the thread that fetches pages is not lost."""

    def pages() -> Iterator[list[bytes]]:
        yield [b"1"]
        raise ResponseError("no page")

    feed = Feed(pages())
    assert feed.next_page() == [b"1"]
    assert feed.has_more
    assert feed.next_page() == []
    assert not feed.has_more
    assert isinstance(feed.error, ResponseError)


def test_one_page_is_fetched_at_a_time():
    """Pages therefore arrive in order."""
    came: list[list[bytes]] = []
    arrived = threading.Event()

    def take(page: list[bytes]) -> None:
        came.append(page)
        arrived.set()

    feed = Feed(iter([[b"1"], [b"2"]]))
    feed.fetch(take)
    feed.fetch(take)
    assert arrived.wait(5)
    assert came == [[b"1"]]
    assert feed.is_busy


# The prompt's line


@pytest.mark.parametrize(
    ("keys", "before", "after"),
    [
        ([("insert", "x")], "one twox", ""),
        ([("insert", "x\ny\n")], "one twox y", ""),
        ([("move", -2), ("insert", "x")], "one tx", "wo"),
        ([("move", -99), ("move", 1)], "o", "ne two"),
        ([("move", 99)], "one two", ""),
        ([("to_start",)], "", "one two"),
        ([("to_start",), ("to_end",)], "one two", ""),
        ([("erase", -1)], "one tw", ""),
        ([("move", -1), ("erase", 1)], "one tw", ""),
        ([("erase", 1)], "one two", ""),
        ([("erase_word",)], "one ", ""),
        ([("erase_word",), ("erase_word",), ("erase_word",)], "", ""),
        ([("move", -1), ("erase_before",)], "", "o"),
        ([("move", -1), ("erase_after",)], "one tw", ""),
    ],
)
def test_the_prompt_has_the_editing_keys_of_a_shell(keys, before, after):
    """Text is changed at the cursor."""
    line = Line()
    line.begin("one two")
    for how, *by in keys:
        getattr(line, how)(*by)
    assert (line.before, line.after, line.text) == (before, after, before + after)


# The screen


@dataclass
class Seen:
    """The screen, and the chosen value."""

    app: Explorer
    strips: list[Strip]
    bottom: str
    status: str
    footer: str
    prompt: Strip
    page: str
    choice: Choice | None

    @property
    def rows(self) -> list[str]:
        """The rows as a user reads them."""
        return [strip.text.rstrip() for strip in self.strips]


def press(
    values: list[Any],
    *keys: str,
    is_list: bool = True,
    pages: Iterator[list[bytes]] = iter(()),  # noqa: B008 - it is empty
    size: tuple[int, int] = (80, 24),
    **options: Any,
) -> Seen:
    """Press keys in the explorer with some values, and return the screen."""
    app = Explorer(outline_of(*values, is_list=is_list), Feed(pages), **options)

    async def session() -> Seen:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            for key in keys:
                await loaded(app)
                await enter(pilot, key)
            await loaded(app)
            await pilot.pause()
            strips = [app.rows.render_line(y) for y in range(app.rows.size.height)]
            prompt = app.prompt.render_line(0)
            page = app.page.text if app.page.display else ""
            bottom = app.footer.render_line(0).text
            return Seen(app, strips, bottom, app.status.text, app.footer.text, prompt, page, app.return_value)

    return asyncio.run(session())


BURST = {"/": "slash", "\r": "enter", "\x1b": "escape", "?": "question_mark"}
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
    await pilot.pause()


async def loaded(app: Explorer) -> None:
    """Wait for the page that is being fetched."""
    while app.feed.is_busy:
        await asyncio.sleep(0)


def test_an_error_is_shown_once_and_only_after_the_prompt_is_closed():
    """A user who is typing is not interrupted."""

    def broken() -> Iterator[list[bytes]]:
        assert typed.wait(5)
        raise ResponseError("no page")
        yield []

    async def session() -> None:
        app = Explorer(outline_of(ITEM), Feed(broken()))
        async with app.run_test() as pilot:
            await enter(pilot, "burst:/de")
            typed.set()
            await loaded(app)
            await enter(pilot, "burst:mo")
            assert (app.prompt.line.text, app.page.display) == ("demo", False)
            assert app.status.text == "item 1 of 1 the list is incomplete"
            await enter(pilot, "enter")
            assert (app.page.text, app.path) == ("no page", "name")
            await enter(pilot, "burst:q/\r")
            assert not app.page.display

    typed = threading.Event()
    asyncio.run(session())


def test_the_first_screen_of_a_list_has_rows_a_title_and_a_footer():
    """The status line has the position, and the footer the path and the key that quits."""
    seen = press([ITEM, ITEM])
    assert seen.rows[:3] == [
        '▸   1 {name: "demo", id: "env_1", config: {2}, note: null}',
        '▸   2 {name: "demo", id: "env_1", config: {2}, note: null}',
        "",
    ]
    assert seen.status == "item 1 of 2"
    assert seen.footer == "@this ? keys  q quit"


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
    assert seen.footer.startswith("config.type ")


def test_arrow_and_vi_keys_move_the_cursor_within_the_rows():
    """The cursor stays on the screen."""
    moves = [("k", 0), ("j", 1), ("down", 2), ("up", 1), ("k", 0), ("pagedown", 21), ("ctrl+d", 31), ("ctrl+u", 21)]
    moves += [("pageup", 0), ("G", 99), ("j", 99), ("home", 0), ("end", 99), ("g", 0)]

    async def session() -> None:
        app = Explorer(outline_of(*names(100)), Feed(iter(())))
        async with app.run_test() as pilot:
            for key, row in moves:
                await enter(pilot, key)
                assert app.outline.cursor == row, key
                assert f'"n{row}"' in app.rows.render_line(row - app.rows.scroll_offset.y).text
                assert 0 <= row - app.rows.scroll_offset.y < app.rows.size.height

    asyncio.run(session())


def test_only_the_rows_on_the_screen_are_formatted():
    """The number of visible rows decides the cost, even in a list of 10,000 items."""
    seen = press(names(10_000), "G", "g", "G")
    assert seen.rows[-2:] == ['▸  9999 {name: "n9998"}', '▸ 10000 {name: "n9999"}']
    laid_out = [node for node in seen.app.outline.roots if node._summary is not None]
    assert len(laid_out) <= 2 * len(seen.rows)
    assert seen.status == "item 10,000 of 10,000"


def test_the_next_page_is_fetched_when_the_cursor_comes_near_the_end():
    """At first, only enough pages to fill the screen are fetched."""
    pages = iter([texts(*names(30, 10)), texts(*names(30, 40)), texts(*names(30, 70))])
    seen = press(names(10), "k", pages=pages)
    assert seen.status == "item 1 of 40+"
    pages = iter([texts(*names(30, 10)), texts(*names(30, 40))])
    seen = press(names(10), "k", "G", "G", "G", "G", pages=pages)
    assert seen.status == "item 70 of 70"


def test_one_key_loads_all_pages():
    """The rest of the list is fetched."""
    pages = iter([texts(*names(30, 30 * number)) for number in range(1, 6)])

    async def session() -> None:
        app = Explorer(outline_of(*names(30)), Feed(pages))
        async with app.run_test() as pilot:
            await pilot.press("A")
            while app.feed.has_more or app.feed.is_busy:
                await pilot.pause()
            await pilot.pause()
            assert app.status.text == "item 1 of 180"

    asyncio.run(session())


def test_an_error_of_a_later_page_is_shown_and_can_be_dismissed():
    """Loaded items stay, and the status line says that the list is incomplete."""

    def broken() -> Iterator[list[bytes]]:
        raise ResponseError("GET: 500 \x1b[31m")
        yield []

    seen = press([ITEM], "j", pages=broken())
    assert seen.page == "GET: 500 ␛[31m"
    seen = press([ITEM], "j", "escape", "l", pages=broken())
    assert seen.status == "item 1 of 1 the list is incomplete"
    assert seen.rows[1] == '    id: "env_1"'


def test_a_filter_is_applied_while_it_is_typed():
    """Enter keeps the filter, and Esc removes it."""
    seen = press(names(30), "f", "n", "2")
    assert len([row for row in seen.rows if row]) == 11
    assert seen.status == 'item 3 of 30 · "n2" in 11'
    assert seen.footer.endswith("filter: Enter keep, Esc show all")
    assert press(names(30), "f", "text:n29", "enter", "j").status == 'item 30 of 30 · "n29" in 1'
    assert press(names(30), "f", "text:n29", "escape").status == "item 30 of 30"
    assert press(names(30), "f", "text:n29", "enter", "escape").status == "item 30 of 30"
    assert press(names(30), "f", "text:n2", "down", "down", "up").status == 'item 21 of 30 · "n2" in 11'


def test_a_filter_without_a_match_is_explained_on_the_empty_screen():
    """No key fails there."""
    seen = press(names(3), "f", "text:x", "enter", "y", "v", "p", "space", "n", "j")
    assert seen.status == 'nothing · "x" in 0'
    assert seen.footer == "? keys  q quit"


def test_a_filter_loads_pages_until_the_screen_is_full():
    """Items that are not loaded yet may match."""
    pages = iter([texts(*names(100, 100 * number)) for number in range(1, 4)])
    seen = press(names(100), "f", "text:n39", pages=pages)
    assert seen.status == 'item 40 of 400 · "n39" in 11'


def test_a_search_moves_to_the_match_and_n_to_the_next_one():
    """Folded values are unfolded; N moves to the previous match."""
    seen = press([ITEM, ITEM], "slash", "text:cloud", "enter")
    assert seen.footer.startswith("config.type")
    assert seen.status == "item 1 of 2"
    assert press([ITEM, ITEM], "slash", "text:cloud", "enter", "n").status == "item 2 of 2"
    assert press([ITEM] * 3, "slash", "text:cloud", "enter", "N").status == "item 3 of 3"


def test_a_search_without_a_match_leaves_the_cursor_and_prints_a_message():
    """An empty search repeats the last one, and Esc cancels."""
    assert press([ITEM], "slash", "text:zoo", "enter").status == 'item 1 of 1 no "zoo"'
    assert press([ITEM], "slash", "enter").status == "item 1 of 1"
    assert press([ITEM], "slash", "text:cloud", "escape", "n").status == "item 1 of 1"


def test_keys_that_arrive_together_act_like_single_keys():
    """Keys after / are part of the search text, and the page of a string has its own keys."""
    burst = press(names(30), "burst:/n29\rk?q\x1b", "k")
    assert (burst.status, burst.page, burst.choice) == ("item 29 of 30", "", None)
    assert press(names(30), "burst:fn29\rvqj").status == 'item 30 of 30 · "n29" in 1'
    assert press(names(30), "burst:fn29\x1bjj").status == "item 30 of 30"
    assert press([{"a": 1}], "burst:pq").choice == Choice(value=b'{"a": 1}')
    assert press(names(30), "burst:/pqY").app.prompt.line.text == "pqY"


def test_a_paste_is_text_in_a_prompt_and_ignored_elsewhere():
    """In a prompt, its lines are joined."""
    seen = press(names(3), "text:jjq")
    assert (seen.status, seen.choice) == ("item 1 of 3", None)
    assert press(names(3), "question_mark", "text:q").page == help_text()
    assert press(names(3), "slash", "text:n2\n", "enter").status == "item 3 of 3"
    assert press([{"a": "x y"}, {"a": "y x"}], "f", "text:y\r\nx").status == 'item 1 of 2 · "y x" in 2'


def test_the_prompt_shows_the_end_of_its_text_and_the_cursor():
    """The character at the cursor is in reverse video."""

    def shown(*keys: str) -> tuple[str, str]:
        strip = press([ITEM], "slash", *keys, size=(20, 10)).prompt
        (cursor,) = [segment.text for segment in strip if segment.style and segment.style.reverse]
        assert strip.cell_length == 20
        return strip.text.strip(), cursor

    assert shown("text:abc") == ("abc", " ")
    assert shown("text:abc", "left") == ("abc", "c")
    assert shown("text:" + "a" * 30 + "b") == ("…" + "a" * 15 + "b", " ")
    assert shown("text:" + "日本" * 20 + "\x1b", "left", "left") == ("…日本日本日本日本␛", "本")


def test_enter_shows_a_string_in_full_and_esc_returns():
    """Enter on a string opens a page."""
    long = "word " * 100
    seen = press([{"a": long}], "l", "j", "enter")
    assert seen.page == long
    seen = press([{"a": long}], "l", "j", "enter", "j", "k", "G", "g", "space", "pageup", "escape")
    assert seen.page == ""
    assert seen.rows[1].endswith("…")
    assert press([{"a": 1}], "v").page == '{\n  "a": 1\n}'


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        ("", [""]),
        ("one two", ["one two"]),
        ("one two three", ["one two ", "three"]),
        ("0123456789abc d", ["0123456789", "abc d"]),
        ("    01234567", ["    ", "01234567"]),
        ("日本日本日本", ["日本日本日", "本"]),
        ("x日本日本日本", ["x日本日本", "日本"]),
    ],
)
def test_a_long_line_is_wrapped_between_words(line, pieces):
    """A word that is too long is broken, and no text is lost."""
    assert list(pieces_of(line, 10)) == pieces


@given(st.text(st.sampled_from("a b日\u0301👩\u200d"), max_size=60), st.integers(2, 12))
def test_no_piece_of_a_wrapped_line_is_wider_than_the_screen(line, width):
    """The pieces together are the line."""
    pieces = list(pieces_of(line, width))
    assert "".join(pieces) == line
    assert max(map(cell_width, pieces)) <= width


def test_a_string_in_full_uses_the_whole_width_and_is_rewrapped_on_resize():
    """Lines start at the left edge, and tabs are spaces."""

    async def session() -> None:
        app = Explorer(outline_of("\ta\n" + "word " * 20), Feed(iter(())))
        async with app.run_test(size=(80, 24)) as pilot:
            await enter(pilot, "v")
            await pilot.pause()
            shown = [app.page.render_line(y).text.rstrip() for y in range(4)]
            assert shown == ["         a", " word" * 15, " word" * 5, ""]
            await pilot.resize_terminal(42, 24)
            await pilot.pause()
            assert app.page.render_line(1).text.rstrip() == " word" * 8

    asyncio.run(session())


@pytest.mark.parametrize(("key", "copied"), [("y", "a.b"), ("Y", "config.hosts.0")])
def test_one_key_copies_the_value_and_another_the_path(key, copied):
    """A string is copied without its quotes, and the path in the form for `--transform`."""
    seen = press([ITEM], "e", "G", "k", "k", "k", key)
    assert seen.app.clipboard == copied
    assert seen.status == f"item 1 of 1 copied: {copied}"


def test_the_status_line_shows_only_the_length_of_a_long_copy():
    """The whole string is copied."""
    seen = press(["x" * 5000], "y")
    assert seen.app.clipboard == "x" * 5000
    assert seen.status == "item 1 of 1 copied 5,000 characters"


@pytest.mark.parametrize(
    ("key", "choice"),
    [
        ("p", Choice(value=b'"a.b"')),
        ("P", Choice(value=b'"config.hosts.0"', is_raw=True)),
        ("q", Choice()),
        ("ctrl+c", Choice(interrupted=True)),
    ],
)
def test_the_explorer_quits_with_or_without_a_value_or_path_to_print(key, choice):
    """One key quits. Others also print the value or its path."""
    assert press([ITEM], "e", "G", "k", "k", "k", key).choice == choice


def test_the_help_page_names_every_key_and_fits_80_by_24():
    """The help page needs no scrolling."""
    assert press([ITEM], "question_mark").page == help_text()
    assert press([ITEM], "question_mark", "q").page == ""
    lines = help_text().split("\n")
    assert len(lines) <= 22
    assert max(map(len, lines)) <= 78
    assert all(key.meaning in help_text() for key in (*BROWSING, *ALWAYS))


def test_a_click_moves_to_a_row_and_a_second_click_unfolds_it():
    """The mouse works as in other programs."""

    async def session() -> None:
        app = Explorer(outline_of(*names(5)), Feed(iter(())))
        async with app.run_test() as pilot:
            await pilot.click(app.rows, offset=(4, 2))
            assert app.outline.cursor == 2
            await pilot.click(app.rows, offset=(4, 2))
            assert app.outline.rows[3].key == "name"
            await pilot.click(app.rows, offset=(4, 15))
            assert app.outline.cursor == 2

    asyncio.run(session())


def test_the_wheel_moves_the_cursor_and_loads_pages():
    """Otherwise the next key would scroll back to the old position of the cursor."""

    async def session() -> None:
        app = Explorer(outline_of(*names(30)), Feed(iter([texts(*names(30, 30))])))
        async with app.run_test() as pilot:
            for down in (True, True, True, False):
                wheel = events.MouseScrollDown if down else events.MouseScrollUp
                app.post_message(wheel(None, 1, 2, 0, 0, 0, shift=False, meta=False, ctrl=False))
                await pilot.pause()
            await loaded(app)
            assert app.outline.cursor == 6
            assert len(app.outline.rows) == 60

    asyncio.run(session())


def test_the_cursor_row_stays_visible_when_the_window_shrinks():
    """The smaller window shows the current row."""

    async def session() -> None:
        app = Explorer(outline_of(*names(100)), Feed(iter(())))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("pagedown")
            await pilot.resize_terminal(40, 10)
            await pilot.pause()
            assert 0 <= app.outline.cursor - app.rows.scroll_offset.y < app.rows.size.height

    asyncio.run(session())


def test_no_row_with_wide_characters_or_deep_values_exceeds_the_screen():
    """The width of a character is counted in cells."""
    deep: Any = "日本語" * 40
    for _ in range(30):
        deep = {"キー": deep}
    seen = press([deep], "e", "G", size=(40, 12))
    assert {strip.cell_length for strip in seen.strips} == {40}


def test_a_long_path_is_truncated_at_its_beginning():
    """The last keys are the most important."""
    deep: Any = 1
    for number in range(30):
        deep = {f"key{number}": deep}
    seen = press([deep], "e", "G", size=(40, 12))
    path, *way_out = seen.bottom.split()
    assert path.startswith("…")
    assert path.endswith("key1.key0")
    assert way_out == ["?", "keys", "q", "quit"]


def test_the_path_of_a_key_longer_than_the_row_shows_its_end():
    """A single key may be wider than the row."""
    deep: Any = 1
    for number in range(100):
        deep = {f"long_key_{number}": deep}
    assert press([deep], "e", "G").bottom.split()[0].endswith(".long_key_1.long_key_0")


def test_a_string_shown_in_full_can_be_copied_and_printed():
    """The footer of the page names these keys."""
    assert press([{"a": 1}], "v", "y").app.clipboard == '{\n  "a": 1\n}'
    assert press([{"a": 1}], "v", "Y").status == "item 1 of 1 copied: @this"
    assert press([{"a": 1}], "v", "p").choice == Choice(value=b'{"a": 1}')


@pytest.mark.parametrize("colour", [True, False])
def test_the_screens_have_the_same_text_without_colour(colour):
    """Without colour no row has a colour."""
    seen = press([ITEM], "e", colour=colour)
    styles = [segment.style for strip in seen.strips for segment in strip if segment.style]
    assert any(style.color for style in styles) is colour
    assert seen.rows[:2] == ["▾   1 {4}", '    id: "env_1"']


# Opening and closing the explorer


class Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


def process_of(stdout: io.BytesIO, **environ: str) -> Runtime:
    return make_runtime(environ, Terminal(), stdout, Terminal())


def opened(keys: list[str], pages: Iterator[list[bytes]], **options: Any) -> ExplorerResult:
    """Open the explorer as a command does, press keys, and return the result."""

    async def pilot_it(pilot: Any) -> None:
        await pilot.press(*keys)

    def run(app: Explorer) -> Choice | None:
        return app.run(headless=True, size=(80, 24), auto_pilot=pilot_it)

    return explore(pages, process_of(Terminal()), is_list=True, run=run, **options)


def test_the_explorer_returns_the_value_or_path_that_was_chosen():
    """A value has the received bytes. A path includes the transform, and is printed without quotes."""
    page = texts({"a": ["x"]})
    assert opened(["p"], iter([page])) == (b'{"a": ["x"]}', False, None)
    assert opened(["e", "G", "P"], iter([page]), path="b") == (b'"b|a.0"', True, None)
    assert opened(["q"], iter([page])) == (b"", False, None)


def test_the_screen_of_an_empty_list_says_that_it_is_empty():
    """An empty screen is explained."""
    assert press([]).status == "an empty list"


def test_the_explorer_opens_for_an_empty_list():
    """An empty list is a result."""
    assert opened(["j", "p", "P", "q"], iter([])) == (b"", False, None)


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


def test_the_printer_prints_the_chosen_value_and_then_raises_the_error(ant, monkeypatch):
    """A shell learns from the exit status that the list was incomplete."""
    result = ExplorerResult(b'{"id":  1}', is_raw=False, error=ResponseError("the list broke off."))
    monkeypatch.setattr(full_screen, "explore", lambda *_, **__: result)
    monkeypatch.setattr(full_screen, "missing_requirement", lambda _: "")
    done = ant("beta:environments", "list", "--format", "explore", terminal=True, env={"NO_COLOR": "1"})
    assert (done.exit, done.stdout) == (1, '{\n  "id": 1\n}\n')
    assert "the list broke off" in done.stderr


@pytest.mark.parametrize(
    ("fault", "raised"),
    [(lambda _: 1 / 0, ZeroDivisionError), (lambda app: app.panic("as textual's own threads do"), RuntimeError)],
)
def test_an_unexpected_exception_is_raised_and_not_printed_by_textual(
    capfd: pytest.CaptureFixture[str], fault, raised
):
    """The program reports it with redacted secrets. The traceback of textual would show local variables."""

    def broken(app: Explorer) -> Choice | None:
        app.action_help = lambda: fault(app)

        async def pilot_it(_: Any) -> None:
            app.post_message(events.Key("question_mark", "?"))

        return app.run(headless=True, size=(80, 24), auto_pilot=pilot_it)

    with pytest.raises(raised):
        explore(iter([texts(1)]), process_of(Terminal()), is_list=True, run=broken)
    assert capfd.readouterr() == ("", "")


def test_notes_on_stderr_are_printed_after_the_explorer_is_closed():
    """They do not disturb the screen, and are not lost."""
    stderr = Terminal()
    process = make_runtime({}, Terminal(), Terminal(), stderr)

    def run(_: Explorer) -> Choice:
        process.stderr.say("Note: retrying")
        assert stderr.getvalue() == b""
        return Choice()

    explore(iter([texts(1)]), process, is_list=True, run=run)
    assert stderr.getvalue() == b"Note: retrying\n"


def test_missing_requirements_of_the_explorer_are_named():
    """All three streams must be terminals, and TERM must not be dumb."""
    assert missing_requirement(process_of(Terminal())) == ""
    assert missing_requirement(process_of(Terminal(), TERM="dumb")) == "a terminal"
    assert missing_requirement(process_of(io.BytesIO())) == "a terminal"


@pytest.mark.parametrize(("terminal", "used"), [(False, "json"), (True, "pretty")])
def test_without_a_terminal_the_explorer_prints_the_response_with_a_note(ant, terminal, used):
    """Here stdin is a pipe. The note gives the reason and the format that is used instead."""
    result = ant("beta:environments", "retrieve", "env_1", "--format", "explore", replies=[ITEM], terminal=terminal)
    assert result.stderr == f"Note: the format explore needs a terminal; {used} is used instead.\n"
    again = ant("beta:environments", "retrieve", "env_1", "--format", used, replies=[ITEM], terminal=terminal)
    assert (result.exit, result.stdout) == (0, again.stdout)
