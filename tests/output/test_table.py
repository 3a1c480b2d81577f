"""Tables: plain in a pipe, and fitted to the screen on a terminal."""

from __future__ import annotations

import csv
import io
import json

import httpx
import pytest

from ant_cli.http.pagination import LastPage
from ant_cli.operations.formats import BY_NAME
from ant_cli.output.delimited import DELIMITERS
from ant_cli.output.rendering import make_renderer
from ant_cli.output.style import PLAIN, Style, style_of
from ant_cli.output.times import relative_time
from ant_cli.runtime.screen import cell_width, padding, truncate, wrap
from ant_cli.runtime.streams import Stdout
from tests.conftest import Screen, make_runtime
from tests.helpers.words import LIST, RETRIEVE, page
from tests.output.screens.scenes import ENVIRONMENTS, NOW, environment, work

WIDE = Style(width=160, height=24, colour=False, clock=lambda: NOW)
COLOURED = WIDE._replace(colour=True)


def texts(items):
    return [json.dumps(item, ensure_ascii=False).encode() for item in items]


def table(items, columns="", style=PLAIN, warn=lambda _: None, *, is_list=True, **options):
    draw = make_renderer(
        BY_NAME["table"], columns, is_list=is_list, style=style, warn=warn, **options
    )
    return draw(texts(items)).decode()


def titles(shown):
    return shown.splitlines()[0].split()


# In a pipe


def test_a_piped_table_has_every_column_and_whole_values():
    """The input of awk and cut does not depend on a screen: no cell is truncated, and times are unchanged."""
    shown = table(ENVIRONMENTS)
    assert titles(shown) == ["ID", "NAME", "TYPE", "NETWORK", "SCOPE", "CREATED", "ARCHIVED"]
    assert "longer than a screen has room for" in shown
    assert "2026-03-14T14:59:58Z" in shown
    assert "\x1b" not in shown


def test_a_table_in_markdown_has_its_titles_once_and_no_syntax_of_its_values():
    """It may become a comment on GitHub, and anybody may have named an environment."""
    render = make_renderer(BY_NAME["markdown"], "name,id", is_list=True, style=COLOURED)
    assert [render(texts([{"name": name}])).decode() for name in ("a|b", "@team\n")] == [
        "| <code>NAME</code> | <code>ID</code> |\n| --- | --- |\n| <code>a&#124;b</code> | <code>-</code> |\n",
        "| <code>&#64;team</code> | <code>-</code> |\n",
    ]


def test_the_titles_are_printed_once_and_widths_stay_the_same():
    """Later pages continue the table."""
    draw = make_renderer(BY_NAME["table"], is_list=True)
    first, none, second = draw(texts(ENVIRONMENTS[:1])), draw([]), draw(texts(ENVIRONMENTS[1:2]))
    assert (first.count(b"NAME"), none, second.count(b"NAME")) == (1, b"", 0)
    assert first.splitlines()[1].index(b"cloud") == second.index(b"self_hosted")


@pytest.mark.parametrize("style", [PLAIN, WIDE])
def test_unknown_items_have_their_keys_as_columns(style):
    """The same holds for the results of --transform. A list of bare values has one column."""
    assert table([{"a.b": 1, "c": None}], style=style) == "A.B  C\n1    -\n"
    assert table([7, "x\ny"], style=style) == "VALUE\n7\nx y\n"


# Chosen columns


def test_titles_have_no_control_characters():
    """Titles are keys from the server, or paths from the command line."""
    assert table([{"id": "e", "\x1b]0;x\x07\nk": 1}]).splitlines()[0] == "ID  ␛]0;X␇ K"
    assert "\x1b" not in table([{"id": "e"}], "id,\x1b[31mX")


def test_a_title_has_precedence_over_a_path():
    """TYPE is the type of the configuration, as in every table. A path of several keys is no title."""
    assert table(ENVIRONMENTS[:1], "type") == table(ENVIRONMENTS[:1], "TYPE") == "TYPE\ncloud\n"
    assert table(ENVIRONMENTS[:1], "@this.type") == "@THIS.TYPE\nenvironment\n"


def test_columns_may_be_any_path():
    """Commas inside brackets are part of the path."""
    shown = table(ENVIRONMENTS[:1], "{id,name}|name, config.type")
    assert shown == "{ID,NAME}|NAME  CONFIG.TYPE\ndata-analysis   cloud\n"
    assert table([7], "@this,#") == "@THIS  #\n7      -\n"


PACKED = environment(
    1,
    "packed",
    "2026-03-14T14:18:00Z",
    {"type": "cloud", "packages": {"type": "packages", "apt": [], "pip": ["pandas", "polars"]}},
)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("packages", "pip=pandas,polars"),
        ("packages.pip", "pandas,polars"),
        ("config.packages.pip", "pandas,polars"),
        ("packages.apt", "-"),
    ],
)
def test_the_packages_of_an_environment_are_named_without_config(column, cell):
    """So they are by `--add`. Empty lists are left out of a cell."""
    said = []
    assert table([PACKED], column, PLAIN, said.append).splitlines()[1] == cell
    assert said == []


def test_a_member_of_the_item_has_precedence_over_a_member_of_its_config():
    """It is what the path means everywhere else."""
    item = PACKED | {"packages": "here"}
    assert table([item], "packages").splitlines()[1] == "here"
    nested = PACKED | {"packages": {"pip": "there"}}
    assert table([nested], "packages.pip").splitlines()[1] == "there"
    assert table([{"type": "work", "config": PACKED["config"]}], "packages") == "PACKAGES\n-\n"


def test_chosen_columns_of_times_and_states_look_as_those_of_a_table():
    """What a value is follows from its key, however the column was named."""
    item = {
        "type": "work",
        "name": "active",
        "state": "active",
        "data": {"state": "queued"},
        "acknowledged_at": "2026-03-14T14:18:00Z",
    }
    shown = table([item], "acknowledged_at,name,data.state,state", COLOURED).splitlines()[1]
    assert shown == "42 min ago       active  \x1b[33mqueued\x1b[0m      \x1b[32mactive\x1b[0m"


@pytest.mark.parametrize(
    ("state", "number"),
    [("queued", 33), ("starting", 36), ("active", 32), ("stopping", 35), ("stopped", 2)],
)
def test_each_state_of_a_work_item_has_its_colour(state, number):
    """An unknown state has no colour."""
    rows = table([{"state": state}, {"state": "other"}], style=COLOURED).splitlines()[1:]
    assert rows == [f"\x1b[{number}m{state}\x1b[0m", "other"]


@pytest.mark.parametrize("style", [PLAIN, WIDE])
def test_a_cell_with_json_shows_no_control_characters(style):
    """They may change the direction of what follows, also in a pipe."""
    shown = table([{"id": "a", "x": [{"k": "\u202e\x9b"}]}], style=style)
    assert "\u202e" not in shown
    assert "\x9b" not in shown
    assert r"\u202e" in shown


def test_zero_and_false_are_values():
    """Only what is missing or empty is a dash."""
    assert (
        table([{"a": 0, "b": False, "c": 0.0, "d": "0"}]) == "A  B      C    D\n0  false  0.0  0\n"
    )


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ({"pip": ["a", "b"], "apt": []}, "pip=a,b"),
        ({"type": "packages", "pip": ["a"], "npm": ["b"]}, "pip=a npm=b"),
        ({"type": "packages", "pip": []}, "-"),
        ({"type": "self_hosted"}, '{"type":"self_hosted"}'),
        ({"pip": ["a"], "n": 0}, '{"pip":["a"],"n":0}'),
        ({"pip": ["a"], "n": ""}, '{"pip":["a"],"n":""}'),
        ({"pip": ["a"], "n": None}, '{"pip":["a"],"n":null}'),
        ({"pip": ["a"], "n": {}}, '{"pip":["a"],"n":{}}'),
        ({"pip": ["a,b"]}, '{"pip":["a,b"]}'),
        ({"pip": ["a\nb"]}, "pip=a b"),
    ],
)
def test_an_object_of_lists_is_shown_by_their_names_and_any_other_one_as_json(value, cell):
    """Only empty lists are left out."""
    assert table([{"a": value}]).splitlines()[1] == cell


@pytest.mark.parametrize("blank", [" ", "", "\u3000", "\n", None, [], {}, {"a": []}])
def test_a_cell_is_never_blank(blank):
    """Programs like awk count the cells, and people see that there is nothing."""
    assert table([{"id": "a", "x": blank, "y": 1}]) == "ID  X  Y\na   -  1\n"


def test_a_time_that_is_none_is_shown_as_it_is():
    """A later API may send a word."""
    item = {"type": "work", "id": "a", "created_at": "soon"}
    assert table([item], "id,created_at", WIDE) == "ID  CREATED_AT\na   soon\n"


def test_archived_items_are_dim_except_for_the_colour_of_a_state():
    """They are in the way if somebody looks for the others."""
    old = {"id": "a", "state": "active", "archived_at": "2026-03-14T14:18:00Z"}
    first, second = table(
        [old, {"id": "b", "archived_at": None}], "id,state", COLOURED
    ).splitlines()[1:]
    assert first == "\x1b[2ma\x1b[0m   \x1b[32mactive\x1b[0m"
    assert second == "b   \x1b[2m-\x1b[0m"


def test_columns_that_were_chosen_by_their_titles_are_never_left_out():
    """The user has asked for them, however narrow the screen is."""
    shown = table(ENVIRONMENTS, "id,type,network,scope,created,archived", WIDE._replace(width=40))
    assert len(titles(shown)) == 6


def test_an_item_with_more_than_fifty_members_has_fifty_columns_and_a_note():
    """With fifty, nothing is left out, and there is no note."""
    for count, notes in ((50, 0), (51, 1)):
        said = []
        shown = table([{f"k{number}": 1 for number in range(count)}], warn=said.append)
        assert (len(titles(shown)), len(said)) == (50, notes)


@pytest.mark.parametrize(("key", "is_whole"), [("id", True), ("agent_id", True), ("paid", False)])
def test_ids_are_narrowed_last_whatever_comes_before_them(key, is_whole):
    """A word that only ends with these letters is not an ID."""
    item = {"note": "n" * 30, key: "x" * 30}
    narrow = WIDE._replace(width=42)
    assert table([item], style=narrow).splitlines()[1].endswith("x" * 30) is is_whole
    below = {"type": "work", "note": "n" * 30, "data": {key: "x" * 30}}
    row = table([below], f"note,data.{key}", narrow).splitlines()[1]
    assert row.endswith("x" * 30) is is_whole


def test_a_warning_about_a_column_looks_at_all_of_the_first_items():
    """A member may be missing in some of them. A longer path is no suggestion for its beginning."""
    said = []
    table([{"id": "a"}, {"id": "b", "note": 1}], "note", warn=said.append)
    assert said == []
    for column in ("name.first", "name.a"):
        said.clear()
        table([{"name": "a"}], column, warn=said.append, is_list=False)
        assert said == [f"Warning: --columns: {column!r} matches nothing in the response."]


# For other programs


# For other programs


def delimited(name, columns, *pages, style=PLAIN):
    draw = make_renderer(BY_NAME[name], columns, is_list=True, style=style)
    return "".join(draw(texts(page)).decode() for page in pages)


def test_csv_has_titles_once_and_values_as_in_json():
    """A program reads it: nothing is truncated, and times are timestamps."""
    pages = [{"name": 'a "b", c', "n": 1.50, "on": True}], [{"name": "x\ny", "n": None}]
    assert delimited("csv", "name,n,on", *pages) == ('NAME,N,ON\n"a ""b"", c",1.5,true\n"x\ny",,\n')


def test_tsv_has_tabs_between_values():
    """A value with a tab is quoted."""
    assert delimited("tsv", "name,tags", [{"name": "a\tb", "tags": ["x", "y"]}]) == (
        'NAME\tTAGS\n"a\tb"\t"[""x"",""y""]"\n'
    )


@pytest.mark.parametrize("name", ["csv", "tsv"])
def test_a_csv_reader_finds_the_values_that_were_sent(name):
    """Lone carriage returns, quotes and spaces come back, and numbers have all their digits."""
    values = ["a\rb", "a\r\nb", "'", '"', " lead", "", "日本語", "=1+1"]
    printed = delimited(name, "v", [{"v": value} for value in values])
    rows = csv.reader(io.StringIO(printed, newline=""), delimiter=DELIMITERS[name])
    assert [row[0] if row else "" for row in rows] == ["V", *values]
    nested = delimited(name, "v", [{"v": {"a": [1, "x"]}}, {"v": ["x"]}, {}]).splitlines()
    cells = [row[0] for row in csv.reader(nested[1:], delimiter=DELIMITERS[name]) if row]
    assert cells == ['{"a":[1,"x"]}', '["x"]', ""]
    draw = make_renderer(BY_NAME[name], "v", is_list=True)
    assert draw([b'{"v": 1.000000000000000000001e2}']) == b"V\n1.000000000000000000001e2\n"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (0, "0"),
        (False, "false"),
        ("", ""),
        (None, ""),
        ([], "[]"),
        ({}, "{}"),
        (1.50, "1.5"),
        (" ", " "),
    ],
)
def test_a_cell_of_csv_is_empty_only_for_what_is_missing_or_empty(value, cell):
    """Zero is a number."""
    assert delimited("csv", "id,x", [{"id": "a", "x": value}]) == f"ID,X\na,{cell}\n"


def test_csv_on_a_terminal_has_no_control_characters():
    """Anybody may have named an environment."""
    assert "\x1b" not in delimited("csv", "name", [{"name": "\x1b[31m"}], style=WIDE)


@pytest.mark.parametrize("style", [PLAIN, WIDE])
@pytest.mark.parametrize(
    ("column", "meant"),
    [
        ("naem", "name"),
        ("creatd", "created"),
        ("Nmae", "name"),
        ("names", "name"),
        ("metadta", "metadata"),
    ],
)
def test_a_column_that_matches_nothing_gets_a_suggestion(style, column, meant):
    """There is one note, and the table is printed."""
    said = []
    shown = table(ENVIRONMENTS[:2], f"id,{column}", style, said.append)
    assert said == [
        f"Warning: --columns: {column!r} matches nothing in the first items. Did you mean {meant!r}?"
    ]
    assert len(shown.splitlines()) == 3


def test_a_column_of_plain_values_gets_no_suggestion():
    """The items of a list of numbers have no keys."""
    said = []
    table([None, 2], "name", PLAIN, said.append)
    assert said == ["Warning: --columns: 'name' matches nothing in the first items."]


# On a terminal


TEN_MINUTES_AGO = "2026-03-14T14:50:00Z"


@pytest.mark.parametrize(
    ("items", "least"),
    [
        (
            [environment(1, "n", TEN_MINUTES_AGO, id="env_567890", scope=scope) for scope in "ab"],
            {
                "ID NAME TYPE NETWORK SCOPE CREATED ARCHIVED": 101,
                "ID NAME TYPE NETWORK CREATED ARCHIVED": 87,
                "ID NAME TYPE CREATED ARCHIVED": 73,
                "ID NAME CREATED ARCHIVED": 60,
                "ID NAME CREATED": 48,
            },
        ),
        (
            [
                work(1, "active", TEN_MINUTES_AGO, **reason)
                | {"id": "work_67890", "data": {"id": "sesn_6789012"}}
                for reason in ({}, {"ant_dead_letter": "it failed three times"})
            ],
            {
                "ID STATE SESSION CREATED HEARTBEAT DEAD LETTER": 73,
                "ID STATE CREATED HEARTBEAT DEAD LETTER": 59,
                "ID STATE CREATED DEAD LETTER": 47,
                "ID STATE DEAD LETTER": 31,
            },
        ),
        (
            [
                work(1, "active", TEN_MINUTES_AGO, ant_dead_letter="why")
                | {"id": "work_67890", "data": {"id": "sesn_6789012"}}
            ],
            {"ID STATE SESSION CREATED HEARTBEAT DEAD LETTER": 71},
        ),
    ],
    ids=["environments", "work", "work with a short reason"],
)
def test_the_least_important_columns_are_left_out_first(items, least):
    """A column needs room for its longest word, which may be on another page."""
    widths = {}
    for width in range(200, 29, -1):
        shown = table(items, style=WIDE._replace(width=width), shows_archived=True)
        widths[" ".join(titles(shown))] = width
    assert {titled: widths[titled] for titled in least} == least


SHORT_NAMES = [environment(number, f"e{number}", "2026-03-14T14:18:00Z") for number in (1, 2)]
EVERY_COLUMN = ["ID", "NAME", "TYPE", "NETWORK", "CREATED"]


@pytest.mark.parametrize(
    ("width", "kind", "shown", "left_out"),
    [
        (80, LastPage, EVERY_COLUMN, None),
        (67, LastPage, EVERY_COLUMN, None),
        (60, LastPage, ["ID", "NAME", "TYPE", "CREATED"], "NETWORK"),
        (80, list, ["ID", "NAME", "TYPE", "CREATED"], None),
        (60, list, ["ID", "NAME"], "TYPE, NETWORK, CREATED"),
    ],
)
def test_room_for_longer_values_is_reserved_only_if_another_page_follows(
    width, kind, shown, left_out
):
    """A list of one page is as narrow as its values. Below 80 columns, a note says what is left out."""
    said = []
    style = WIDE._replace(width=width)
    draw = make_renderer(BY_NAME["table"], is_list=True, style=style, warn=said.append)
    lines = draw(kind(texts(SHORT_NAMES))).decode()
    assert titles(lines) == shown
    assert [note.partition("for ")[2].partition(".")[0] for note in said] == list(
        filter(None, [left_out])
    )


def test_every_row_starts_its_columns_in_the_same_cell():
    """The width of wide characters, emoji, combining marks and right-to-left names is counted in cells."""
    lines = table(ENVIRONMENTS, style=WIDE).splitlines()
    starts = {cell_width(line[: line.index("cloud")]) for line in lines if "cloud" in line}
    assert len(starts) == 1


def test_a_later_page_may_widen_a_column():
    """A longer name is shown completely if there is room."""
    draw = make_renderer(BY_NAME["table"], is_list=True, style=WIDE)
    draw(texts(ENVIRONMENTS[:1]))
    assert b"longer than a screen has room for" in draw(texts(ENVIRONMENTS[4:5]))


def test_chosen_columns_are_truncated_but_never_left_out():
    """The user has asked for them. IDs are whole as long as another column can be narrower."""
    shown = table(ENVIRONMENTS, "id,name,created_at,scope", WIDE._replace(width=50))
    assert titles(shown) == ["ID", "NAME", "CREA…", "SCOPE"]
    assert max(map(cell_width, shown.splitlines())) <= 50
    assert shown.splitlines()[1].startswith("env_011CZkZ9X2dpNyB7HsEFoR01  ")


def test_a_column_of_ids_is_narrowed_after_all_others():
    """People copy IDs, whatever they are IDs of."""
    item = {"type": "work", "environment_id": "env_" + "e" * 20, "note": "n" * 40}
    row = table([item], "note,environment_id", WIDE._replace(width=34)).splitlines()[1]
    assert row.endswith("  env_" + "e" * 20)


def test_a_column_that_was_chosen_by_its_title_is_narrowed_before_an_id():
    """It is as flexible as one that was chosen by its path."""
    lines = table(ENVIRONMENTS, "id,created,network", WIDE._replace(width=50)).splitlines()
    assert lines[1].startswith("env_011CZkZ9X2dpNyB7HsEFoR01  just now")
    assert max(map(cell_width, lines)) <= 50


QUEUED = {"type": "work", "id": "work_01AbCdEfGh", "state": "queued", "data": {"id": "session_1"}}


@pytest.mark.parametrize(
    ("item", "width", "row"),
    [
        (QUEUED, 24, "work_01AbCdEfGh  queued"),
        (QUEUED, 22, "work_01AbCdEf…  queued"),
        (ENVIRONMENTS[0] | {"name": "a" * 30}, 36, "env_011CZkZ9X2dpNyB7HsEFoR01  aaaaa…"),
        (ENVIRONMENTS[0] | {"name": "a" * 30}, 34, "env_011CZkZ9X2dpNyB7HsEFoR01  aaa…"),
        (ENVIRONMENTS[0] | {"name": "a" * 30}, 33, "env_011CZkZ9X2dpNyB7HsEFoR…  aaa…"),
    ],
)
def test_a_column_is_narrowed_where_least_is_lost(item, width, row):
    """First room that no cell uses, then words down to four cells, and IDs last."""
    assert table([item], style=WIDE._replace(width=width)).splitlines()[1] == row


def test_a_narrow_table_of_an_object_keeps_both_columns_readable():
    """The value of a member is not narrowed before its name."""
    shown = table(
        [{"oldest_queued_at": "2026-03-14T14:18:00Z"}], style=WIDE._replace(width=22), is_list=False
    )
    assert shown.splitlines()[1] == "oldest_qu…  2026-03-1…"


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (8, "A    B\nvw…  vw…\n"),
        (4, "A  B\n…  …\n"),
        (3, "A\nvw…\n"),
        (2, "A\nv…\n"),
        (1, "A\n…\n"),
    ],
)
def test_a_screen_without_room_truncates_every_cell(width, shown):
    """If there is no room for a cell of each column, the last ones are not shown."""
    assert table([{"a": "vwxyz", "b": "vwxyz"}], style=WIDE._replace(width=width)) == shown


def self_hosted(number, **fields):
    return environment(
        number,
        f"analytics-workers-{number}",
        "2026-03-14T14:18:00Z",
        {"type": "self_hosted"},
        **fields,
    )


def cloud(number, **fields):
    return environment(number, f"b{number}", "2026-03-14T14:18:00Z", **fields)


def drawn(pages, style, **options):
    """Return the pages of a list in the order of their output."""
    draw = make_renderer(BY_NAME["table"], is_list=True, style=style, **options)
    return "".join(draw(texts(page)).decode() for page in pages)


NEWEST_FIRST = [
    [cloud(number) for number in range(10, 30)],
    [self_hosted(number) for number in range(3)],
]
LONG_WORDS = [
    *NEWEST_FIRST,
    [
        cloud(31, scope="of a kind that is new", created_at="not a time"),
        environment(32, "x" * 500, "-"),
    ],
    [
        environment(
            33, "日本語" * 50, "2026-03-14T14:18:00Z", {"type": "serverless_on_a_distant_planet"}
        )
    ],
]


@pytest.mark.parametrize(
    "pages", [[ENVIRONMENTS], NEWEST_FIRST, NEWEST_FIRST[::-1], LONG_WORDS, LONG_WORDS[::-1]]
)
def test_no_page_is_wider_than_the_screen(pages):
    """The first page decides the widths, and later pages may have longer values."""
    for width in (*range(1, 30), 40, 50, 60, 70, 79, 80, 81, 94, 100, 108, 120, 160):
        lines = drawn(pages, WIDE._replace(width=width)).splitlines()
        assert max(map(cell_width, lines)) <= width, width


@pytest.mark.parametrize("width", [80, 94, 108])
def test_room_is_reserved_for_values_of_later_pages(width):
    """On each page, known words and times are complete, and enough of the names is shown."""
    shown = drawn(NEWEST_FIRST, WIDE._replace(width=width))
    assert shown.count("self_hosted  ") == 3
    assert shown.count("analytics-wo") == 3
    assert shown.count("42 min ago") == 23
    assert titles(shown) == titles(drawn(NEWEST_FIRST[::-1], WIDE._replace(width=width)))


def test_values_of_later_pages_stay_under_their_titles():
    """If there is room for all known words, they do not move the columns after them."""
    lines = drawn([[self_hosted(1)], [cloud(2)], [self_hosted(3)]], WIDE).splitlines()
    assert len({line.index("42 min ago") for line in lines[1:]} | {lines[0].index("CREATED")}) == 1


@pytest.mark.parametrize(("width", "moved"), [(80, 0), (94, 0), (108, 0), (160, 36)])
def test_a_long_name_on_a_later_page_takes_only_free_room(width, moved):
    """Otherwise it is truncated, so that the columns after it stay under their own titles."""
    pages = [[cloud(1)], [environment(2, "n" * 60, "2026-03-14T14:18:00Z")]]
    titled, first, later = drawn(pages, WIDE._replace(width=width)).splitlines()
    assert first.index("cloud") == titled.index("TYPE")
    assert later.index("cloud") == titled.index("TYPE") + moved


def test_an_unknown_word_is_truncated_before_an_id():
    """Users copy IDs."""
    last = drawn(LONG_WORDS, WIDE._replace(width=80)).splitlines()[-1]
    assert last.startswith("env_011CZkZ9X2dpNyB7HsEFoR33  日本")
    assert " serverless…  " in last


def test_terminal_sequences_in_keys_are_escaped():
    """A title is escaped like a cell."""
    odd = {"\x1b[31mred\nherring": 1}
    assert table([odd], style=COLOURED) == "\x1b[1m␛[31MRED HERRING\x1b[0m\n1\n"
    assert "\n␛[31mred herring  1\n" in table([odd], style=COLOURED, is_list=False)


@pytest.mark.parametrize("style", [WIDE, COLOURED])
def test_a_column_that_is_empty_at_first_is_kept_for_later_pages(style):
    """NETWORK is empty for self-hosted environments. ARCHIVED is kept if archived items were requested."""
    old = cloud(9, archived_at="2025-12-24T18:00:00Z")
    shown = drawn(
        [[self_hosted(number) for number in range(3)], [cloud(8), old]], style, shows_archived=True
    )
    assert shown.count("unrestricted") == 2
    assert "2 mo ago" in shown


def test_a_terminal_shows_archived_only_if_archived_items_were_requested_or_there_is_one():
    """Otherwise the column would have only dashes."""
    assert "ARCHIVED" not in titles(table(ENVIRONMENTS[:6], style=WIDE))
    assert "ARCHIVED" in titles(table(ENVIRONMENTS[:6], style=WIDE, shows_archived=True))
    assert "ARCHIVED" in titles(table(ENVIRONMENTS, style=WIDE))
    assert "ARCHIVED" in titles(table(ENVIRONMENTS[:6], "id,archived", WIDE))


def test_a_terminal_shows_the_scope_only_if_it_varies():
    """Most organizations have only one scope."""
    same = [environment(number, "n", "2026-03-14T14:18:00Z") for number in range(3)]
    assert "SCOPE" not in titles(table(same, style=WIDE))
    assert "SCOPE" in titles(table([*same, ENVIRONMENTS[1]], style=WIDE))
    assert "SCOPE" in titles(table(same, "id,scope", WIDE))


@pytest.mark.parametrize("kind", [list, LastPage])
def test_a_long_name_replaces_the_network_column(kind):
    """At 80 columns, the name is what identifies an environment, also in a list of one page."""
    draw = make_renderer(BY_NAME["table"], is_list=True, style=WIDE._replace(width=80))
    item = environment(1, "n" * 40, "2026-03-14T14:18:00Z")
    lines = draw(kind(texts([item]))).decode().splitlines()
    assert lines[0].split() == ["ID", "NAME", "TYPE", "CREATED"]
    assert "n" * 24 in lines[1]


@pytest.mark.parametrize("style", [PLAIN, WIDE])
@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (["pandas"], "pandas"),
        (["pandas", "numpy", 3], "pandas,numpy,3"),
        ([], "-"),
        (["a,b"], '["a,b"]'),
        ([""], '[""]'),
        ([None], "[null]"),
        ([["a"]], '[["a"]]'),
        (["a\nb"], "a b"),
    ],
)
def test_a_list_of_strings_is_shown_without_json_syntax(style, value, cell):
    """JSON is used if it would not be clear where a string ends."""
    assert table([{"a": value}], style=style).splitlines()[1] == cell


def test_wide_names_align_in_a_pipe():
    """A Japanese name of six characters takes twelve cells."""
    lines = table(ENVIRONMENTS[:3]).splitlines()
    assert (
        len({cell_width(line[: line.index(kind)]) for line, kind in zip(lines, KINDS, strict=True)})
        == 1
    )


KINDS = ("TYPE", "cloud", "self_hosted", "cloud")


def test_relative_times_depend_on_when_a_page_is_printed():
    """A list may wait for minutes between two pages, so an item may be newer than the command."""
    times = iter([NOW, NOW + 300.0])
    style = WIDE._replace(clock=lambda: next(times))
    shown = drawn(
        [
            [environment(1, "a", "2026-03-14T15:00:00Z")],
            [environment(2, "b", "2026-03-14T15:00:00Z")],
        ],
        style,
    )
    assert [line.split("  ")[-1].strip() for line in shown.splitlines()] == [
        "CREATED",
        "just now",
        "5 min ago",
    ]


@pytest.mark.parametrize("width", [40, 60])
def test_a_lone_surrogate_is_as_wide_as_its_escape(width):
    """It takes six cells, which matters when a name is truncated."""
    broken = (
        '{"type": "environment", "id": "env_1", "name": "'
        + r"\ud83d" * 9
        + '", "created_at": null}'
    )
    shown = make_renderer(BY_NAME["table"], is_list=True, style=WIDE._replace(width=width))(
        [broken.encode()]
    ).decode()
    assert r"\ud83d" in shown
    assert max(map(cell_width, shown.splitlines())) <= width


def test_a_name_that_looks_like_a_time_is_shown_unchanged():
    """Only columns of times are relative."""
    item = environment(1, "2024-03-01T15:00:00Z", "2024-03-01T15:00:00Z")
    assert "2024-03-01T15:00:00Z      cloud" in table([item], style=WIDE)


# Times, cells and colour


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("2026-03-14T15:00:00Z", "just now"),
        ("2026-03-14T14:59:51.123456789Z", "just now"),
        ("2026-03-14T14:59:50Z", "10 s ago"),
        ("2026-03-14T14:59:01.123456789Z", "58 s ago"),
        ("2026-03-14T14:59:00Z", "1 min ago"),
        ("2026-03-14T16:00:00+02:00", "1 h ago"),
        ("2026-03-13T15:00:00Z", "1 d ago"),
        ("2026-03-14T14:00:01Z", "59 min ago"),
        ("2026-03-14T14:00:00Z", "1 h ago"),
        ("2026-03-13T15:00:01Z", "23 h ago"),
        ("2026-02-12T15:00:01Z", "29 d ago"),
        ("2026-02-12T15:00:00Z", "1 mo ago"),
        ("2025-03-14T15:00:01Z", "12 mo ago"),
        ("2025-03-14T15:00:00Z", "1 y ago"),
        ("2026-02-01T15:00:00Z", "1 mo ago"),
        ("2020-02-01T15:00:00Z", "6 y ago"),
        ("2026-03-14T15:00:30Z", "just now"),
        ("2026-03-14T15:05:00Z", "in 5 min"),
        ("2026-13-14T15:05:00Z", ""),
        ("20260314", ""),
        ("yesterday", ""),
    ],
)
def test_times_are_shown_as_people_say_them(time, words):
    """Values that are not a time are unchanged."""
    assert relative_time(time, NOW) == words


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("short", 5, "short"),
        ("longer", 5, "long…"),
        ("two words", 5, "two…"),
        ("longer", 1, "…"),
        ("longer", 0, ""),
        ("longer", -3, ""),
        ("日本語", 0, ""),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("x" * 10_000, 3, "xx…"),
        ("é" * 10_000, 3, "éé…"),
        ("👩\u200d👩\u200d👧 family", 3, "👩\u200d👩\u200d👧…"),
    ],
)
def test_a_string_is_truncated_between_cells(text, width, shown):
    """A wide character is never split."""
    assert truncate(text, width) == shown
    assert cell_width(shown) <= max(width, 0)


def test_right_to_left_text_does_not_reverse_what_follows():
    """A mark without a width follows it."""
    assert padding("שלום", 6) == "\u200e  "
    assert padding("日本", 6) == "  "


def test_lines_break_between_words():
    """A word that is longer than a line has its own line."""
    assert wrap("a bc unbreakable d", 5) == ["a bc", "unbreakable", "d"]


@pytest.mark.parametrize(
    ("style", "number"),
    [
        *{"bold": 1, "dim": 2}.items(),
        *zip(["red", "green", "yellow", "blue", "magenta", "cyan"], range(31, 37), strict=True),
    ],
)
def test_a_style_has_its_number_of_ecma_48(style, number):
    assert COLOURED.paint("x", style) == f"\x1b[{number}mx\x1b[0m"


@pytest.mark.parametrize(
    ("environ", "colour"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"CLICOLOR": "0"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "dumb", "FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb", "CLICOLOR": "0"}, True),
        ({"CLICOLOR_FORCE": "1", "TERM": "dumb"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_the_environment_decides_about_the_colour_of_a_terminal(environ, colour):
    """NO_COLOR has precedence, and a pipe has no colour."""
    terminal, pipe = Stdout(Screen(terminal=True)), Stdout(Screen(terminal=False))
    runtime = make_runtime(environ)
    assert (runtime.shows_colour(terminal), runtime.shows_colour(pipe)) == (colour, False)
    assert (style_of(terminal, runtime).colour, style_of(pipe, runtime)) == (colour, PLAIN)


def test_a_relative_time_is_relative_to_the_clock_of_the_server(ant):
    """The clock of this machine may be wrong."""
    item = {"type": "work", "id": "w", "state": "active", "created_at": "2001-02-03T04:00:00Z"}
    headers = {"date": "Sat, 03 Feb 2001 04:05:00 GMT"}
    for words, reply in ((RETRIEVE, item), ((*LIST, "--columns", "created"), page(item))):
        result = ant(
            *words, replies=[httpx.Response(200, json=reply, headers=headers)], terminal=True
        )
        assert "5 min ago" in result.stdout
