"""Tables: plain in a pipe, and fitted to the screen on a terminal."""

from __future__ import annotations

import json

import pytest

from ant_cli.errors import UsageError
from ant_cli.output.cells import cell_width, cut, padding, wrap
from ant_cli.output.formats import renderer
from ant_cli.output.look import Look, shows_colour
from ant_cli.output.times import relative
from tests.screens.scenes import ENVIRONMENTS, NOW, WORK, environment

WIDE = Look(width=160, height=24, colour=False, now=NOW)
COLOURED = WIDE._replace(colour=True)


def texts(items):
    return [json.dumps(item, ensure_ascii=False).encode() for item in items]


def table(items, columns="", look=None, warn=lambda _: None, *, is_list=True):
    draw = renderer("table", columns, is_list=is_list, look=look, warn=warn)
    return draw(texts(items)).decode()


def titles(shown):
    return shown.splitlines()[0].split()


# In a pipe


def test_a_piped_table_has_every_column_and_whole_values():
    """What awk and cut see does not depend on any screen: no cell is cut, times are as they came."""
    shown = table(ENVIRONMENTS)
    assert titles(shown) == ["ID", "NAME", "TYPE", "NETWORK", "SCOPE", "CREATED", "ARCHIVED"]
    assert "longer than a screen has room for" in shown
    assert "2026-03-14T14:59:58Z" in shown
    assert "\x1b" not in shown


def test_a_piped_table_has_a_dash_for_what_is_missing():
    """A cell is never empty, so that columns can be counted."""
    row = table(ENVIRONMENTS[1:2]).splitlines()[1].split()
    assert row == [
        "env_011CZkZ9X2dpNyB7HsEFoR02",
        "edge",
        "self_hosted",
        "-",
        "account",
        "2026-03-14T14:18:00Z",
        "-",
    ]


def test_titles_come_once_and_widths_stay():
    """Pages continue the table."""
    draw = renderer("table", is_list=True)
    first, none, second = draw(texts(ENVIRONMENTS[:1])), draw([]), draw(texts(ENVIRONMENTS[1:2]))
    assert (first.count(b"NAME"), none, second.count(b"NAME")) == (1, b"", 0)
    assert first.splitlines()[1].index(b"cloud") == second.index(b"self_hosted")


def test_an_object_without_known_columns_has_its_members_as_rows():
    """Statistics are read from top to bottom."""
    assert table([{"depth": 3, "pending": [1, 2]}], is_list=False) == "NAME     VALUE\ndepth    3\npending  [1,2]\n"


@pytest.mark.parametrize("look", [None, WIDE])
def test_unknown_items_have_their_keys_as_columns(look):
    """So have the results of --transform, and a bare value has one column."""
    assert table([{"a.b": 1, "c": None}], look=look) == "A.B  C\n1    -\n"
    assert table([7, "x\ny"], look=look) == "VALUE\n7\nx y\n"


# Columns that the user chooses


@pytest.mark.parametrize("look", [None, WIDE])
def test_columns_may_be_titles_in_any_case(look):
    """NETWORK, or network, is the value that the table shows under it."""
    shown = table(ENVIRONMENTS[:1], "id,Network,SCOPE", look)
    assert titles(shown) == ["ID", "NETWORK", "SCOPE"]
    assert shown.splitlines()[1].split()[1:] == ["unrestricted", "organization"]


def test_a_path_that_exists_is_stronger_than_a_title():
    """The path type is that of the resource; the title TYPE is that of its configuration."""
    assert table(ENVIRONMENTS[:1], "type") == "TYPE\nenvironment\n"
    assert table(ENVIRONMENTS[:1], "TYPE") == "TYPE\ncloud\n"


def test_columns_may_be_any_path():
    """Commas inside of brackets belong to the path."""
    assert (
        table(ENVIRONMENTS[:1], "{id,name}|name, config.type")
        == "{ID,NAME}|NAME  CONFIG.TYPE\ndata-analysis   cloud\n"
    )


@pytest.mark.parametrize("look", [None, WIDE])
@pytest.mark.parametrize(
    ("column", "meant"), [("naem", "name"), ("creatd", "created"), ("config.tpye", "config.type"), ("Nmae", "name")]
)
def test_a_column_that_leads_nowhere_gets_the_nearest(look, column, meant):
    """It is said once; the table comes all the same."""
    said = []
    shown = table(ENVIRONMENTS[:2], f"id,{column}", look, said.append)
    assert said == [f"Warning: --columns: {column!r} leads nowhere in what came. Did you mean {meant!r}?"]
    assert len(shown.splitlines()) == 3


def test_a_column_of_plain_values_has_no_titles_to_mean():
    """A list of numbers knows no keys."""
    said = []
    table([1, 2], "name", None, said.append)
    assert said == ["Warning: --columns: 'name' leads nowhere in what came."]


def test_a_column_that_is_no_path_is_refused():
    """Before anything is sent."""
    with pytest.raises(UsageError, match="--columns"):
        renderer("table", "a.{", is_list=True)


# On a terminal


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (160, ["ID", "NAME", "TYPE", "NETWORK", "SCOPE", "CREATED", "ARCHIVED"]),
        (100, ["ID", "NAME", "TYPE", "NETWORK", "CREATED", "ARCHIVED"]),
        (80, ["ID", "NAME", "TYPE", "CREATED", "ARCHIVED"]),
        (70, ["ID", "NAME", "CREATED", "ARCHIVED"]),
        (60, ["ID", "NAME", "CREATED"]),
        (50, ["ID", "NAME"]),
        (20, ["ID", "NAME"]),
    ],
)
def test_the_least_important_columns_give_way(width, shown):
    """ID and name stay on any screen."""
    assert titles(table(ENVIRONMENTS, look=WIDE._replace(width=width))) == shown


@pytest.mark.parametrize("width", [50, 60, 80, 100, 160])
def test_no_line_is_wider_than_the_screen(width):
    """Names are cut, with an ellipsis, before a line would break."""
    lines = table(ENVIRONMENTS, look=WIDE._replace(width=width)).splitlines()
    assert max(map(cell_width, lines)) <= width


def test_every_row_begins_its_columns_in_the_same_cell():
    """Wide characters, emoji, combining marks and right-to-left names are measured in cells."""
    lines = table(ENVIRONMENTS, look=WIDE).splitlines()
    starts = {cell_width(line[: line.index("cloud")]) for line in lines if "cloud" in line}
    assert len(starts) == 1


def test_a_later_page_may_widen_a_column():
    """A longer name is shown whole if there is room."""
    draw = renderer("table", is_list=True, look=WIDE)
    draw(texts(ENVIRONMENTS[:1]))
    assert b"longer than a screen has room for" in draw(texts(ENVIRONMENTS[4:5]))


def test_chosen_columns_are_cut_but_never_left_out():
    """Who names a column wants to see it."""
    shown = table(ENVIRONMENTS, "id,name,created_at,scope", WIDE._replace(width=40))
    assert titles(shown) == ["ID", "NAME", "CREATED_…", "SCOPE"]
    assert max(map(cell_width, shown.splitlines())) <= 40


def test_a_screen_without_room_breaks_its_lines():
    """Something of each cell is left."""
    assert table([{"a": "vwxyz", "b": "vwxyz"}], look=WIDE._replace(width=2)) == "A     B\nvwx…  vwx…\n"


def test_columns_without_anything_are_left_out_in_colour():
    """A dim row says that it is archived; without colour the column has to."""
    assert "ARCHIVED" not in titles(table(ENVIRONMENTS[:2], look=COLOURED).replace("\x1b", " "))
    assert "ARCHIVED" in table(ENVIRONMENTS[:2], look=WIDE)


def test_archived_rows_are_dim_and_states_coloured():
    """Colour says what one looks for."""
    archived = table(ENVIRONMENTS[-1:], look=COLOURED).splitlines()[1]
    assert archived.startswith("\x1b[2menv_")
    work = table(WORK, look=COLOURED)
    assert "\x1b[33mqueued\x1b[0m" in work
    assert "\x1b[32mactive\x1b[0m" in work


def test_what_the_server_says_is_never_obeyed():
    """Escape sequences, bells and direction controls show."""
    shown = table(ENVIRONMENTS[5:6], look=COLOURED._replace(width=160))
    assert "␛[31mred␇ herring\\u202e" in shown
    assert "\x1b[31m" not in shown


def test_a_name_that_looks_like_a_time_stays_one():
    """Only columns of times are relative."""
    item = environment(1, "2024-03-01T15:00:00Z", "2024-03-01T15:00:00Z")
    assert "2024-03-01T15:00:00Z  cloud" in table([item], look=WIDE)


def test_forced_colour_in_a_pipe_leaves_times_and_columns():
    """Nobody's screen decides there."""
    shown = table(ENVIRONMENTS, look=COLOURED._replace(is_terminal=False, width=1_000_000))
    assert "SCOPE" in shown
    assert "2026-03-14T14:59:58Z" in shown
    assert "\x1b[1m" in shown


# Times, cells and colour


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("2026-03-14T15:00:00Z", "just now"),
        ("2026-03-14T14:59:01.123456789Z", "just now"),
        ("2026-03-14T14:59:00Z", "1 min ago"),
        ("2026-03-14T16:00:00+02:00", "1 h ago"),
        ("2026-03-13T15:00:00Z", "1 d ago"),
        ("2026-02-01T15:00:00Z", "1 mo ago"),
        ("2020-02-01T15:00:00Z", "6 y ago"),
        ("2026-03-14T15:00:30Z", "in 30 s"),
        ("2026-03-14T15:05:00Z", "in 5 min"),
        ("2026-13-14T15:05:00Z", ""),
        ("yesterday", ""),
    ],
)
def test_times_are_said_as_people_do(time, words):
    """What is no time is left alone."""
    assert relative(time, NOW) == words


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("short", 5, "short"),
        ("longer", 5, "long…"),
        ("two words", 5, "two…"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("x" * 10_000, 3, "xx…"),
        ("é" * 10_000, 3, "éé…"),
        ("👩\u200d👩\u200d👧 family", 3, "👩\u200d👩\u200d👧…"),
    ],
)
def test_a_text_is_cut_at_a_cell(text, width, shown):
    """Never in the middle of a wide character."""
    assert cut(text, width) == shown
    assert cell_width(shown) <= width


def test_right_to_left_text_does_not_turn_what_follows():
    """A mark without a width stands after it."""
    assert padding("שלום", 6) == "\u200e  "
    assert padding("日本", 6) == "  "


def test_lines_break_between_words():
    """A word that is longer than the line has its own."""
    assert wrap("a bc unbreakable d", 5) == ["a bc", "unbreakable", "d"]


@pytest.mark.parametrize(
    ("environ", "terminal", "colour"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"CLICOLOR": "0"}, True, False),
        ({"CLICOLOR": "1"}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"CLICOLOR_FORCE": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb", "CLICOLOR": "0"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ],
)
def test_the_environment_decides_on_colour(environ, terminal, colour):
    """NO_COLOR is the strongest word."""
    assert shows_colour(environ, is_terminal=terminal) is colour
