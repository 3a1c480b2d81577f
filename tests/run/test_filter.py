"""`--filter`: show the items of a list that match conditions."""

from __future__ import annotations

import re
import shlex

import httpx
import pytest

from ant_cli.operations import GROUPS, environments
from ant_cli.operations.spec import Group
from ant_cli.run.conditions import Condition
from tests.conftest import make_runtime, needs_posix
from tests.helpers.words import RETRIEVE, page

LIST = ("beta:environments", "list", "--format", "jsonl", "--transform", "id", "-r")
PAGES = [
    page(
        {"id": "a", "name": "tmp-1", "state": "active", "config": {"type": "cloud"}, "n": 1},
        {
            "id": "b",
            "name": "tmp-2",
            "state": "archived",
            "config": {"type": "self_hosted"},
            "n": 2,
        },
        after="p2",
    ),
    page({"id": "c", "name": "prod", "state": "active", "config": {"type": "cloud"}, "n": 3}),
]


@pytest.mark.parametrize(
    "expression", ["archived_at==null", 'description!="x"', 'config.networking.type!="limited"']
)
def test_a_known_field_may_be_missing_in_the_first_item(ant, expression):
    """It is null: an API may leave out fields without a value."""
    result = ant(*LIST, "--filter", expression, replies=PAGES)
    assert (result.exit, result.stdout.split(), result.stderr) == (0, ["a", "b", "c"], "")


def test_a_list_that_is_repeated_notes_a_key_of_metadata_once(ant):
    """The first listing has it."""
    words = (*LIST, "--filter", "metadata.keep==null", "--until", "#==2")
    stderr = ant(*words, replies=[page({"id": "a"}), page({"id": "a"}, {"id": "b"})]).stderr
    assert stderr.count("no listed item has metadata.keep") == 1


def test_the_note_about_a_key_of_metadata_names_ten_keys(ant):
    """A server may send any number of them."""
    metadata = {"x" * 200: ""} | {f"k{number}": "" for number in range(11)} | {"keeps": ""}
    stderr = ant(
        *LIST, "--filter", "metadata.keep==null", replies=[page({"id": "a", "metadata": metadata})]
    ).stderr
    assert (
        f"Did you mean 'keeps'? The keys are: {'x' * 97}..., k0, k1, k2, k3, k4, k5, k6, k7, k8, ...\n"
        in stderr
    )


KEPT = page(
    {"id": "true", "metadata": {"keep": "true"}},
    {"id": "false", "metadata": {"keep": "false"}},
    {"id": "null", "metadata": {"keep": None}},
    {"id": "none", "metadata": {}},
)


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ('metadata.keep!="true"', ["false", "null", "none"]),
        ('metadata.keep=="true"', ["true"]),
        ('metadata.keep!%"t*"', ["false", "null", "none"]),
        ("metadata.keep==null", ["null", "none"]),
        ("metadata.keep!=null", ["true", "false"]),
        ("metadata.keep<x", ["true", "false"]),
        ("metadata.keep", ["true", "false", "null"]),
    ],
)
def test_a_missing_value_is_null(ant, expression, ids):
    """As everywhere (D9). `!=` and `!%` are the opposites of `==` and `%`."""
    assert ant(*LIST, "--filter", expression, replies=[KEPT]).stdout.split() == ids


INSTALLED = page(
    {"id": "two", "config": {"packages": {"pip": ["pandas", "polars==1.2"]}}},
    {"id": "one", "config": {"packages": {"pip": ["numpy"]}}},
    {"id": "empty", "config": {"packages": {"pip": []}}},
    {"id": "none", "config": {"type": "self_hosted"}},
)


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ('config.packages.pip%"polars*"', ["two"]),
        ("config.packages.pip==numpy", ["one"]),
        ('config.packages.pip!%"polars*"', ["one", "empty", "none"]),
        ("config.packages.pip!=pandas", ["one", "empty", "none"]),
        ("config.packages.pip==null", ["none"]),
        ("config.packages.pip>o", ["two"]),
    ],
)
def test_a_comparison_with_a_list_holds_if_it_holds_for_an_element(ant, expression, ids):
    """And the opposite holds if the comparison holds for no element."""
    assert ant(*LIST, "--filter", expression, replies=[INSTALLED]).stdout.split() == ids


NOW = 1_793_520_000.0
"""2026-11-01T08:00:00Z."""
AGES = page(
    {"id": "new", "created_at": "2026-11-01T07:59:00Z", "archived_at": None, "name": "2026-10-01"},
    {"id": "hours", "created_at": "2026-10-31T20:00:00.123456789+02:00", "name": "abc"},
    {
        "id": "week",
        "created_at": "2026-10-25T08:00:00Z",
        "archived_at": "2026-10-31T00:00:00Z",
        "name": "now",
    },
    {"id": "old", "created_at": "2025-11-01T00:00:00Z", "archived_at": "soon", "name": "now-7d"},
)


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ("created_at<now-7d", ["old"]),
        ("created_at<=now-7d", ["week", "old"]),
        ("created_at>now-7d", ["new", "hours"]),
        ("created_at<now-12h30m", ["hours", "week", "old"]),
        ("created_at<now-1.5d", ["week", "old"]),
        ("created_at > now", []),
        ("created_at<now+1m", ["new", "hours", "week", "old"]),
        ("created_at>=2026-10-31", ["new", "hours"]),
        ("created_at<2026-10-31T20:00:00+02:00", ["week", "old"]),
        ('created_at>="2026-10-31T17:59:59Z"', ["new", "hours"]),
        ("created_at==2026-10-25T10:00:00+02:00", ["week"]),
        ('created_at%"2026-10-*"', ["hours", "week"]),
        ("archived_at<now", ["week"]),
        ("archived_at!=null", ["week", "old"]),
        ("archived_at==null", ["new", "hours"]),
        ('name=="now"', ["week"]),
        ('name=="now-7d"', ["old"]),
        ("name<now", ["new"]),
        ("name>2026-09-01", ["new"]),
        ('name<"2026-11"', ["new"]),
        ('name<"2026-10-01T00:00:00Z"', ["new"]),
        ("name==now-x", []),
    ],
)
def test_times_are_compared_as_times(ant, expression, ids):
    """Also with other offsets. `now` is a time except in quotes."""
    result = ant(*LIST, "--filter", expression, replies=[AGES], now=lambda: NOW)
    assert (result.exit, result.stdout.split()) == (0, ids), result.stderr


@pytest.mark.parametrize(
    ("date", "ids"),
    [
        ("Sun, 01 Nov 2026 08:00:00 GMT", ["old"]),  # the clocks agree on the second
        ("Sun, 01 Nov 2026 08:00:01 GMT", ["week", "old"]),
        ("Mon, 02 Nov 2026 00:00:00 GMT", ["week", "old"]),
        ("Sat, 01 Nov 2025 00:00:00 GMT", []),
        ("Sun, 31 Feb 2027 00:00:00 GMT", ["old"]),  # not a date, as the next one
        ("tomorrow", ["old"]),
    ],
)
def test_now_is_the_time_of_the_server_where_it_sends_one(ant, date, ids):
    """So a computer whose clock is wrong cleans up what it should. With two pages, the later date counts."""
    pages = [
        httpx.Response(200, json=AGES | {"next_page": "p"}),
        httpx.Response(200, json=AGES, headers={"date": date}),
    ]
    result = ant(*LIST, "--filter", "created_at<now-7d", replies=pages, now=lambda: NOW)
    assert (result.exit, result.stdout.split()) == (0, ["old", *ids]), result.stderr


@needs_posix("a time zone that a test can set")
def test_a_date_is_midnight_utc_in_every_time_zone(ant, time_zone):
    """A clean-up does the same on every machine."""
    time_zone("EST5")
    result = ant(*LIST, "--filter", "created_at>=2026-10-31", replies=[AGES], now=lambda: NOW)
    early = ant(
        *LIST, "--filter", "created_at>2026-11-01T07:58:59", replies=[AGES], now=lambda: NOW
    )
    assert (result.stdout.split(), early.stdout.split()) == (["new", "hours"], ["new"])


@pytest.mark.parametrize(
    "expression",
    [
        *("created_at<7d", 'created_at<"now-7d"', "created_at<now-7", "created_at<now-a"),
        *("created_at>yesterday", "created_at>2026", "created_at>=2026-13-01", "created_at!=x"),
        *("created_at==2026-11-01", "created_at==now", "created_at==now-7d", "metadata.tried_at<5"),
    ],
)
def test_a_value_that_is_not_a_time_is_rejected_where_a_time_is_compared(ant, expression):
    """`created_at<7d` is true for every time as a text. The error has an example."""
    refusal = ant(*LIST, "--filter", expression).refusal
    path = re.split("[<>=!]", expression)[0]
    assert f"{path}<now-7d (more than 7 days ago)" in " ".join(refusal.split())


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        ("name:demo", 'name=="demo"'),
        ("name: my env", 'name=="my env"'),
        ("name:tmp-*", 'name%"tmp-*"'),
        ("config.type:cloud", 'config.type=="cloud"'),
        ("name:tmp-?", 'name%"tmp-?"'),
        ("name:-1.5", "name==-1.5"),
        ('state:"active"', 'state=="active"'),
        (
            "config.networking.allowed_hosts:a.example",
            'config.networking.allowed_hosts=="a.example"',
        ),
        ("description:null", "description==null"),
    ],
)
@needs_posix("the quotes of sh")
def test_a_colon_after_a_field_is_answered_with_the_comparison(ant, expression, written):
    """The text would ask for a member of this name, and select nothing."""
    refusal = ant(*LIST, "--filter", expression).refusal
    assert refusal.startswith(f"ant: --filter {expression!r} compares nothing.\nWrite ")
    assert shlex.split(refusal)[-1] == written


def test_a_colon_after_a_time_is_answered_with_comparisons_of_times(ant):
    """No time is equal to a day."""
    refusal = ant(*LIST, "--filter", "created_at:2026-11-01").refusal
    assert "created_at>=2026-11-01T08:00:00Z, or a day: created_at%" in refusal


@pytest.mark.parametrize("expression", ["metadata.app:tier", "app:tier", "x.name:y", "name:x==y"])
def test_a_key_with_a_colon_that_is_no_field_can_be_asked_for(ant, expression):
    """Keys of metadata may have any characters."""
    assert ant(*LIST, "--filter", expression, replies=PAGES).exit == 0


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ('packages.pip%"pol*"', ["a"]),
        ("packages.pip!=polars", ["b"]),
        ("networking.allowed_hosts==pypi.org", ["b"]),
    ],
)
def test_a_list_of_the_config_needs_no_config_before_it(ant, expression, found):
    """So it is named by --add and --columns."""
    items = page(
        {"id": "a", "config": {"packages": {"pip": ["polars"]}}},
        {"id": "b", "config": {"networking": {"allowed_hosts": ["pypi.org"]}}},
    )
    result = ant(*LIST, "--filter", expression, replies=[items])
    assert (result.stdout.split(), result.stderr) == (found, "")


@pytest.mark.parametrize(
    ("expression", "member"),
    [
        ("status==active", "state"),
        ("title==x", "name"),
        *((f"{word}.team==x", "metadata") for word in ("label", "labels", "tag", "tags")),
    ],
)
def test_the_name_that_other_tools_have_for_a_member_is_answered_with_the_one_that_exists(
    ant, expression, member
):
    """A word for the same thing is no slip."""
    items = page({"id": "a", "name": "n", "state": "active", "metadata": {}})
    assert (
        f"Did you mean {member!r}?\n" in ant(*LIST, "--filter", expression, replies=[items]).stderr
    )


def test_a_word_of_other_tools_that_is_a_key_of_metadata_is_taken_as_one(ant):
    """Somebody may have called it so."""
    items = page({"id": "a", "metadata": {"status": "on"}})
    stderr = ant(*LIST, "--filter", "status==on", replies=[items]).stderr
    assert "For a key of metadata: metadata.status\n" in stderr


def test_filters_come_before_max_items(ant):
    """The first match may be on the second page. Later pages are not fetched."""
    assert ant(*LIST, "--filter", 'name=="prod"', "--max-items", "1", replies=PAGES).stdout == "c\n"
    first = ant(*LIST, "--filter", 'state=="active"', "--max-items", "1", replies=PAGES)
    assert (first.stdout, len(first.requests)) == ("a\n", 1)


@pytest.mark.parametrize(
    "expression",
    [
        *("n==", 'state=="active', "state~active)", "a==1)#|#(b==2", "a==1)|@this|#(b", "{a"),
        *(
            "name!='prod'",
            "name!=\u2018prod\u2019",
            "name!=\u201cprod\u201d",
            "\u201cname\u201d!=prod",
        ),
        *("'name'!=prod", '"name"!=prod', 'name!="prod', 'name!="prod"x', 'name!="prod" "x"'),
        *('name!="prod"&&n>1', 'name!="prod" and n>1', 'name!="prod" or n>1', 'name!="prod"|n'),
        *('name!="prod";n', "name!=prod&&n>1", "name!=prod||n>1", "name!=prod,n", "name!=prod|n"),
        *(
            "name!=prod;n",
            "name!=prod n",
            "name!==prod",
            'name!=="prod"',
            'name==="prod"',
            'name=~"prod"',
        ),
        *(
            "name=~*",
            "name<>prod",
            'name!=["prod"]',
            "name!=~prod",
            "name==~null",
            "n==~*",
            "name in prod",
        ),
        *(
            'name in ["a","b"]',
            'name not in "prod"',
            "name and n",
            "n)",
            "n]>1",
            "name}",
            "name&&n",
        ),
        *(
            "name~prod",
            "name\u201f==prod",
            "name||n",
            "name,n",
            "'|'",
            '"|"',
            '#(name=="x")',
            '#(name=="x")#',
            '{"name":"prod"}',
        ),
        *("[name,n]", "@this", "..name", ".name", '.name!="prod"', 'select(.name=="prod")'),
        *('contains(name,"prod")', "length(name)!=4", "!=~true", "!=null", "n>=null"),
    ],
)
def test_a_condition_that_could_match_more_than_was_meant_is_a_usage_error(ant, expression):
    """The output of a filter may be piped into `archive`."""
    refusal = ant(*LIST, "--filter", expression, replies=PAGES).refusal
    hint = 'Write strings in double quotes: name!="prod"; for several conditions, give several --filter flags.'
    assert hint in " ".join(refusal.split())


VALUES = page(
    {"id": "null", "v": None, "w": {"a.b": True, "c d": "x"}, "l": []},
    {"id": "seven", "v": 7, "w": {"a.b": False}, "l": ["p", "q", {"type": "t", "network": "u"}]},
    {"id": "text", "v": "null", "at": "2026-01-02T03:04:05Z"},
    {"id": "quote", "v": "a \"b\" && 'c'", "w": {}},
    {"id": "missing"},
)


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ("v==null", ["null", "missing"]),
        ("v=null", ["null", "missing"]),
        (" v == null ", ["null", "missing"]),
        ("v!=null", ["seven", "text", "quote"]),
        ('v=="null"', ["text"]),
        ("v%null", ["text"]),
        ("v==7", ["seven"]),
        ("v<=-0.5e+1", []),
        ("v", ["null", "seven", "text", "quote"]),
        ("w.a\\.b", ["null", "seven"]),
        ("w.a\\.b==true", ["null"]),
        ("w.c\\ d==x", ["null"]),
        ("w|@keys|#>=2", ["null"]),
        ("l.#>1", ["seven"]),
        ("l.#.type==t", ["seven"]),
        ("l.#.network==u", ["seven"]),
        ("@this.v==7", ["seven"]),
        ('v=="a\nb"', []),
        ("v==a@b/c", []),
        ('l.#(=="q")', ["seven"]),
        ('v=="a \\"b\\" && \'c\'"', ["quote"]),
        ('v!%"a *"', ["null", "seven", "text", "missing"]),
        ("id%?e*", ["seven", "text"]),
        ("at>=2026-01-02T00:00:00Z", ["text"]),
    ],
)
def test_conditions_have_the_comparisons_of_gjson_and_null(ant, expression, ids):
    """Null is JSON null, which includes a missing value."""
    result = ant(*LIST, "--filter", expression, replies=[VALUES])
    assert (result.exit, result.stdout.split()) == (0, ids), result.stderr


@pytest.mark.parametrize(
    ("expression", "part"),
    [("id%ex", '"*ex*"'), ("id%?ex?", ""), ("id%e*", ""), ("id%null", ""), ("id==e", "")],
)
def test_a_pattern_without_a_star_or_a_question_mark_is_noted(ant, expression, part):
    """The pattern may be meant to match a part of a text."""
    stderr = ant(*LIST, "--filter", expression, replies=[VALUES]).stderr
    assert ("because it has no *" in stderr) is (part != "")
    assert part in stderr


def test_null_in_a_query_of_a_transform_is_a_string_as_in_gjson(ant):
    """Only conditions treat null specially."""
    reply = {"id": "env_1", "l": [{"v": None}, {"v": "null"}]}
    flags = ("--format", "jsonl", "--transform", "l.#(v==null)#")
    result = ant(*RETRIEVE, *flags, replies=[reply])
    assert (result.exit, result.stdout) == (0, '[{"v":"null"}]\n')


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ('depth=="x"', [0]),
        ("depth==x", [0]),
        ('depth<"x"', []),
        ('depth>="x"', [0, 7]),
        ('depth=="7"', [7]),
    ],
)
def test_a_string_that_is_not_a_number_compares_as_0_with_a_number_as_in_gjson(
    ant, expression, found
):
    """GJSON in Go parses the string as a number, and ignores the failure."""
    items = [{"depth": 0}, {"depth": 7}, {"depth": "y"}]
    result = ant(
        "beta:environments", "list", "--filter", expression, "--slurp", replies=[page(*items)]
    )
    assert [item["depth"] for item in result.json if item["depth"] != "y"] == found


def test_a_group_needs_no_columns(monkeypatch):
    """A new group of commands may have none."""
    monkeypatch.setitem(GROUPS, "beta:notes", Group("beta:notes", "Keep notes.", (), "note", ""))
    wanted = Condition(
        "--filter",
        ['txt=="x"'],
        make_runtime({}),
        environments.LIST._replace(group="beta:notes"),
        is_awaited=False,
    )
    assert (wanted(b'{"txt":"x"}'), wanted(b'{"txt":"y"}')) == (True, False)


def test_two_conditions_on_one_mistyped_member_are_one_warning(ant):
    """The second one says nothing new."""
    result = ant(*LIST, "--filter", "stat!=a", "--filter", "stat!=b", replies=PAGES)
    assert result.exit == 2
    result = ant(*LIST, "--filter", "stat==a", "--filter", "stat==b", replies=PAGES)
    assert (result.exit, result.stdout) == (0, "")
    assert result.stderr.count("Warning: --filter: there is no 'stat' in the response.") == 1


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        ("created_at<2020-01-01", ["a", "b"]),
        ("created_at>=1970-01-01", ["a", "b", "c"]),
        ("created_at<=1970-01-01T00:00:00Z", ["a"]),
        ("created_at>now-1d", []),
        ("metadata==null", ["c"]),
        ("metadata!=null", ["a", "b", "number"]),
        ("metadata", ["a", "b", "number"]),
    ],
)
def test_a_time_or_an_object_may_be_as_small_as_there_is(ant, condition, ids):
    """The first second of 1970 is a time, and an empty object is an object."""
    items = [
        {"id": "a", "created_at": "1970-01-01T00:00:00Z", "metadata": {}},
        {"id": "b", "created_at": "2019-12-31T23:59:59Z", "metadata": {"k": "v"}},
        {"id": "c", "created_at": "2020-01-01T00:00:00Z"},
        {"id": "number", "created_at": 1_900_000_000, "metadata": {}},
    ]
    result = ant(*LIST, "--filter", condition, replies=[page(*items)])
    assert (result.exit, result.stdout.split(), result.stderr) == (0, ids, "")


@pytest.mark.parametrize(
    ("flags", "is_noted"),
    [
        ((), True),
        (("--include-archived",), False),
        (("--include-archived=false",), True),
    ],
)
@pytest.mark.parametrize(
    "condition",
    [
        *("archived_at!=null", "archived!=null", "archived_at", "archived"),
        *("archived_at<now-7d", "archived_at>=2026-01-01"),
        *("state=archived", "state==archived", 'state=="archived"'),
    ],
)
def test_a_filter_on_archived_environments_says_that_they_are_not_listed(
    ant, flags, is_noted, condition
):
    """Otherwise an empty list looks like the answer."""
    stderr = ant(*LIST, *flags, "--filter", condition, replies=PAGES).stderr
    assert ("archived environments are listed only with --include-archived" in stderr) is is_noted


@pytest.mark.parametrize("condition", ["archived_at==null", "state!=archived", "name==archived"])
def test_a_filter_that_selects_other_environments_has_no_note_about_archived_ones(ant, condition):
    """The other environments are in the list."""
    assert "archived environments" not in ant(*LIST, "--filter", condition, replies=PAGES).stderr


MISTYPED = {"id": "a", "colour": "red", "on": False, "n": 1, "config": {"packages": {"pip": []}}}


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("color==red", "there is no 'color' in the response. Did you mean 'colour'?"),
        ("descripton==x", "there is no 'descripton' in the response. Did you mean 'description'?"),
        ("on.x==1", "'on' is not an object, so it has no 'x'."),
        ("n.x==1", "'n' is not an object, so it has no 'x'."),
        ("id.x==1", "'id' is not an object, so it has no 'x'."),
        ("config==x", "'config' is an object. Compare a member of it: config.type"),
        (
            "config.packages==x",
            "'config.packages' is an object. Compare a member of it: config.packages.apt",
        ),
    ],
)
def test_a_warning_says_what_is_wrong_with_a_path(ant, condition, problem):
    """The members are those of the first item, and those that the API has."""
    result = ant(*LIST, "--filter", condition, replies=[page(MISTYPED)])
    assert (result.exit, result.stderr) == (0, f"Warning: --filter: {problem}\n")


def test_the_first_item_that_is_an_object_shows_whether_a_member_is_mistyped(ant):
    """The items before it have no members."""
    result = ant(*LIST, "--filter", "stat!=a", replies=[page(3, {"id": "a", "state": "active"})])
    assert (result.exit, result.stdout) == (2, "")
    assert "there is no 'stat' in the response. Did you mean 'state'?" in result.stderr


def test_ten_keys_of_metadata_are_all_of_them(ant):
    """Dots at the end would mean that there are more. `metadata.keep.x` is about the key `keep`, too."""
    metadata = {f"k{number}": "" for number in range(10)}
    items = page({"id": "a", "metadata": metadata})
    for condition in ("metadata.keep==null", "metadata.keep.x==null"):
        stderr = ant(*LIST, "--filter", condition, replies=[items]).stderr
        assert "no listed item has metadata.keep." in stderr
        assert stderr.endswith(" k8, k9.\n")


def test_the_type_of_all_objects_is_left_out_also_in_quotes(ant):
    """No other condition is needed in its place."""
    refusal = ant(*LIST, "--filter", 'type=="environment"').refusal
    assert refusal.endswith("every object has the type 'environment'.\nLeave it out.\n")


def test_a_condition_without_a_comparison_asks_whether_there_is_something(ant):
    """A query for all matches always finds a list, so it would select everything."""
    items = [{"id": "a", "l": [{"x": 1}]}, {"id": "b", "l": [{"x": 2}]}, {"id": "c"}]
    result = ant(*LIST, "--filter", "l.#(x==1)", replies=[page(*items)])
    assert result.stdout.split() == ["a"]
    assert "is not a condition" in ant(*LIST, "--filter", "l.#(x==1)#").refusal


def test_the_error_about_items_that_can_not_be_read_has_the_reason(ant):
    """The exit code is that of a response that is not what the API sends."""
    deep = '{"data": [{"id": "a", "name": ' + "[" * 700 + "]" * 700 + "}]}"
    condition = 'name.@pretty:{"sortKeys":true}=="x"'
    result = ant(*LIST, "--filter", condition, replies=[httpx.Response(200, text=deep)])
    assert (result.exit, result.stdout) == (1, "")
    assert "the server's response can't be read. The JSON is nested too deeply" in result.stderr
