"""The readable view of one value: plain in a pipe, aligned on a terminal."""

from __future__ import annotations

import json

import pytest

from ant_cli.operations.formats import BY_NAME
from ant_cli.output.rendering import make_renderer
from ant_cli.output.style import PLAIN, Style
from tests.output.screens.scenes import NOW, WHOLE

STYLE = Style(width=60, height=24, colour=False, clock=lambda: NOW)


def view(value, style=STYLE):
    return make_renderer(BY_NAME["pretty"], style=style)(
        [json.dumps(value, ensure_ascii=False).encode()]
    ).decode()


def test_in_a_pipe_a_value_follows_its_key():
    """Nested values are indented, lists are numbered, and empty values are words."""
    value = {"a": 1, "b": {"c": "x\ny"}, "d": [1, {"e": None}], "f": [], "g": ""}
    assert (
        view(value, PLAIN)
        == "a: 1\nb:\n  c: x\n     y\nd:\n  1. 1\n  2.\n    e: null\nf: (none)\ng: (none)\n"
    )


def test_in_a_pipe_the_lines_of_a_text_are_below_each_other_and_empty_ones_stay_empty():
    """Spaces at the end of a line would only show in a diff."""
    assert view({"a": {"bc": "x\n\ny\n"}}, PLAIN) == "a:\n  bc: x\n\n      y\n\n"
    assert view({"a": "x\n- y\n z"}, PLAIN) == "a: x\n   - y\n    z\n"


def test_in_a_pipe_a_name_has_no_control_characters():
    """The output of a pipe may be shown at a terminal later."""
    assert view({"a\x1b[2J": {"\x9b": 1}}, PLAIN) == "a␛[2J:\n  \\u009b: 1\n"


def test_on_a_terminal_all_values_are_in_one_column():
    """The depth makes no difference."""
    assert view({"a": 1, "bcd": {"ef": "x", "g": [1]}}) == "a    1\nbcd  ef=x\n  g  1\n"
    assert view({"a": 1, "bcd": {"ef": "x, y"}}) == "a     1\nbcd\n  ef  x, y\n"


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (None, "(none)"),
        ("", "(none)"),
        ([], "(none)"),
        ({}, "(none)"),
        (False, "false"),
        (0, "0"),
        ("-", "-"),
    ],
)
def test_empty_values_are_shown_as_words(value, word):
    """Nobody has to guess whether a value is missing."""
    assert view({"key": value}) == f"key  {word}\n"


@pytest.mark.parametrize("type_", [["environment"], {"a": 1}, 5, None])
@pytest.mark.parametrize("name", ["pretty", "table"])
def test_a_type_that_is_no_text_is_shown_as_any_other_value(name, type_):
    """A server, or --transform, may return anything."""
    value = json.dumps({"type": type_, "id": "env_1"}).encode()
    assert "env_1" in make_renderer(BY_NAME[name], style=STYLE)([value]).decode()


def test_only_labels_ages_and_empty_values_have_a_style():
    """A value that is dim looks unimportant."""
    shown = view(
        {"config": {"type": "cloud", "size": 1}, "a": [], "b": "x"}, STYLE._replace(colour=True)
    )
    assert shown == (
        "\x1b[1mconfig\x1b[0m  cloud, size=1\n"
        "\x1b[1ma\x1b[0m       \x1b[2m(none)\x1b[0m\n"
        "\x1b[1mb\x1b[0m       x\n"
    )


def test_times_are_exact_and_relative():
    """The exact time can be copied, and the relative one is easy to understand."""
    assert (
        view({"created_at": "2026-03-14T11:30:00Z"})
        == "created_at  2026-03-14T11:30:00Z (3 h ago)\n"
    )
    assert view({"last_heartbeat": "2026-03-14T11:30:00Z"}).endswith("(3 h ago)\n")
    assert view({"name": "2026-03-14T11:30:00Z"}) == "name  2026-03-14T11:30:00Z\n"


def test_the_state_of_a_nested_item_has_a_colour():
    """Items are nested in a list."""
    shown = view({"a": {"state": "active", "b": "c, d"}}, STYLE._replace(colour=True))
    assert "\x1b[32mactive\x1b[0m" in shown


def test_plain_lists_are_on_one_line():
    """Other lists are numbered."""
    assert view({"pip": ["pandas==2.2.0", "numpy"]}) == "pip  pandas==2.2.0, numpy\n"
    assert view({"pip": ["a,b", "c"]}) == "pip\n  1.  a,b\n  2.  c\n"
    assert view({"l": [{"a": 1}, []]}) == "l\n  1.  a=1\n  2.  (none)\n"


def lines(value, **style):
    return view(value, STYLE._replace(**style)).splitlines()


def test_the_members_of_other_objects_keep_their_order():
    """A transform may have chosen it."""
    assert view({"scope": "s", "name": "n", "type": "t"}) == "scope  s\nname   n\ntype   t\n"


ORDER = "name id state archived_at description zone config a metadata scope created_at updated_at"


@pytest.mark.parametrize(
    ("kind", "is_known"),
    [
        ("environment", True),
        ("work", True),
        ("work_queue_stats", True),
        ("work_heartbeat", True),
        ("environment_deleted", False),
    ],
)
def test_the_important_members_of_a_known_resource_come_first_and_its_type_is_left_out(
    kind, is_known
):
    """Unknown members keep their order in between."""
    members = {name: f"the {name}" for name in reversed(ORDER.split())}
    members |= {"zone": members.pop("zone"), "config": members.pop("config"), "type": kind}
    members |= {"a": members.pop("a")}
    names = [row.split()[0] for row in lines(members)]
    assert names == (ORDER.split() if is_known else list(members))


def test_times_that_say_nothing_are_left_out():
    """Other null members are shown, because somebody may look for them."""
    item = {"type": "work", "a": None, "b_at": None, "created_at": "soon", "updated_at": "soon"}
    assert view(item) == "a           (none)\ncreated_at  soon\n"
    assert "updated_at  later\n" in view(item | {"updated_at": "later"})
    assert "b_at" in view(item | {"type": "other"})


@pytest.mark.parametrize(
    ("length", "shown"),
    [(31, "net  limited, a={}\n"), (32, "net  limited\n  a  {}\n")],
)
def test_members_are_next_to_the_name_of_their_object_only_if_they_fit_there(length, shown):
    """On a screen of 60 cells, 18 are reserved for names."""
    text = "x" * length
    assert view({"net": {"type": "limited", "a": text}}) == shown.format(text)


@pytest.mark.parametrize(
    ("members", "shown"),
    [
        ({"type": "\x1b[2J", "a": 1}, "m  ␛[2J, a=1\n"),
        ({"type": "m", "a": 1}, "m  a=1\n"),
        ({"type": "m"}, "m\n"),
        ({"type": 5, "a": 1}, "m  type=5, a=1\n"),
        ({"type": "", "a": 1}, "m  type=(none), a=1\n"),
        ({"a.b-c_d": "x", "e": ""}, "m  a.b-c_d=x, e=(none)\n"),
        ({"a b": "x"}, "m\n  a b  x\n"),
        ({"a": "b=c"}, "m\n  a  b=c\n"),
        ({"a": "x\ny"}, "m\n  a  x\n     y\n"),
        ({"a": "x, y", "l": [], "k": []}, "m\n  a      x, y\n  empty  l, k\n"),
        ({"a": 1, "l": [{"b": 2}]}, "m       a=1\n  l\n    1.  b=2\n"),
    ],
)
def test_a_nested_object_has_what_is_clear_on_its_line_and_a_row_for_everything_else(
    members, shown
):
    """Every member is shown exactly once."""
    assert view({"m": members}) == shown


def test_the_type_of_a_nested_object_is_next_to_its_name():
    """Its short scalars are there, too, if all of them fit."""
    assert view({"config": {"type": "self_hosted"}}) == "config  self_hosted\n"
    assert (
        view({"net": {"type": "limited", "a": True, "b": None}})
        == "net  limited, a=true, b=(none)\n"
    )
    assert view({"net": {"type": "limited", "a": "x" * 60}}).splitlines()[0] == "net  limited"
    assert view({"m": {"a=b": "c"}}) == "m\n  a=b  c\n"
    assert view({"m": {"a": "b, c=d"}}) == "m\n  a  b, c=d\n"


def test_several_empty_lists_are_one_row():
    """An environment has seven package managers, most of them without packages."""
    shown = view({"packages": {"type": "packages", "apt": [], "pip": ["numpy"], "npm": []}})
    assert shown == "packages\n  pip    numpy\n  empty  apt, npm\n"
    assert (
        view({"packages": {"apt": [], "pip": ["numpy"]}})
        == "packages\n  apt  (none)\n  pip  numpy\n"
    )


def test_an_empty_queue_is_described_as_empty():
    """`never` would be wrong, because there may have been work before."""
    shown = view({"type": "work_queue_stats", "depth": 0, "oldest_queued_at": None})
    assert shown == "depth             0\noldest_queued_at  (none)\n"
    assert view({"last_heartbeat": ""}) == "last_heartbeat  (none)\n"


def test_a_pipe_gets_every_member_in_the_order_of_the_response():
    """Leaving out, reordering and folding members is only for people at a terminal."""
    shown = view({"type": "work", "b": {"type": "t"}, "created_at": None, "id": "i"}, PLAIN)
    assert shown == "type: work\nb:\n  type: t\ncreated_at: null\nid: i\n"


def test_the_lines_of_a_long_string_are_aligned():
    """It is broken between words."""
    start, more = "description  ", "\n" + " " * 13
    shown = start + " ".join(["word"] * 9) + more + "word word word end" + more + "x\n"
    assert view({"description": "word " * 12 + "end\nx"}) == shown


def test_on_a_narrow_screen_lines_are_not_broken():
    """The terminal breaks them better."""
    assert view({"key": "word " * 9}, STYLE._replace(width=20)) == "key  " + "word " * 9 + "\n"


@pytest.mark.parametrize(("width", "is_broken"), [(25, True), (24, False)])
def test_a_value_is_broken_if_it_has_room_for_twenty_cells(width, is_broken):
    """The name and the space after it take five cells."""
    shown = view({"key": "word " * 5 + "end"}, STYLE._replace(width=width))
    first = "word word word word" if is_broken else "word " * 5 + "end"
    assert shown.splitlines()[0] == f"key  {first}"


def test_a_very_long_name_pushes_only_its_own_value():
    """The other values stay aligned."""
    assert view({"k" * 40: 1, "a": 2}) == "k" * 40 + "  1\na  2\n"


def test_a_tab_in_a_name_is_visible_and_moves_no_value():
    """A terminal decides how wide a tab is."""
    assert view({"a\tb": 1, "abcd": 2}) == "a␉b   1\nabcd  2\n"


def test_terminal_sequences_in_names_and_values_are_escaped():
    """This includes keys, each of which stays on one line."""
    assert view({"a\x1b\nb": "\x1b[2J\x07\u202e"}) == "a␛␊b  ␛[2J␇\\u202e\n"


@pytest.mark.parametrize(
    ("value", "shown"), [("text", "text\n"), (7, "7\n"), (None, "(none)\n"), (["a", "b"], "a, b\n")]
)
def test_a_bare_value_is_shown_without_a_key(value, shown):
    """A --transform may return one."""
    assert view(value) == shown
    coloured = view(value, STYLE._replace(colour=True))
    assert coloured == (shown if value is not None else "\x1b[2m(none)\x1b[0m\n")


def test_objects_have_an_empty_line_between_them():
    """The same holds for the items of a list."""
    assert (
        make_renderer(BY_NAME["pretty"], style=STYLE)([b'{"a":1}', b'{"a":2}']) == b"a  1\n\na  2\n"
    )


def test_no_part_of_a_value_is_lost():
    """Every string in it is on the screen."""
    shown = " ".join(view(WHOLE).split())
    assert all(
        word in shown
        for word in ("pandas==2.2.0", "allow_mcp_servers", "Ask ada.", "github.com", "organization")
    )


@pytest.mark.parametrize("key", ["last_heartbeat", "latest_heartbeat_at", "stopped_at"])
def test_members_that_are_times_have_their_age(key):
    """Their names say what they are."""
    assert view({key: "2026-03-14T14:18:00Z"}) == f"{key}  2026-03-14T14:18:00Z (42 min ago)\n"
    assert "ago" not in view({"note": "2026-03-14T14:18:00Z"})


def test_a_time_inside_an_object_has_its_age_too():
    """The name counts, and not what stands before it on its line."""
    value = {"data": {"note": "a, b", "started_at": "2026-03-14T14:18:00Z", "l": [{"x": 1}]}}
    assert "    started_at  2026-03-14T14:18:00Z (42 min ago)" not in view(value)
    assert "  started_at  2026-03-14T14:18:00Z (42 min ago)\n" in view(value)


def test_lists_whose_texts_would_be_unclear_on_one_line_have_a_row_for_each():
    """An empty text, a comma or a null can't be told apart between commas."""
    for inner in ("", "a,b", None):
        shown = view({"l": ["x", inner]})
        assert [row.split()[0] for row in shown.splitlines()] == ["l", "1.", "2."]
    assert view({"l": ["x", 0, False]}) == "l  x, 0, false\n"


def test_the_width_of_labels_does_not_depend_on_rows_without_a_text():
    """Nor on a label that is longer than 32 cells."""
    value = {"a": "1", "nothing_next_to_it": {"b": {"c": "x, y"}}}
    assert view(value) == "a      1\nnothing_next_to_it\n  b\n    c  x, y\n"
    assert view({"a": "1", "l" * 33: "2", "b" * 32: "3"}) == (
        f"{'a':<32}  1\n{'l' * 33}  2\n{'b' * 32}  3\n"
    )
