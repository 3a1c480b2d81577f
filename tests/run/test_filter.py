"""`--filter`: show the items of a list that match conditions."""

from __future__ import annotations

import re

import httpx
import pytest

from ant_cli.operations import GROUPS, environments
from ant_cli.operations.spec import Group
from ant_cli.run.conditions import Condition
from tests.conftest import make_runtime, needs_posix
from tests.helpers.words import RETRIEVE, page

LIST = ("beta:environments", "list", "--format", "jsonl", "--transform", "id", "-r")
WORK = "beta:environments:work"
PAGES = [
    page(
        {"id": "a", "name": "tmp-1", "state": "active", "config": {"type": "cloud"}, "n": 1},
        {"id": "b", "name": "tmp-2", "state": "archived", "config": {"type": "self_hosted"}, "n": 2},
        after="p2",
    ),
    page({"id": "c", "name": "prod", "state": "active", "config": {"type": "cloud"}, "n": 3}),
]


@pytest.mark.parametrize(
    ("expressions", "ids"),
    [
        (['state=="active"'], ["a", "c"]),
        (['name%"tmp-*"'], ["a", "b"]),
        (['config.type=="cloud"'], ["a", "c"]),
        (["n>1"], ["b", "c"]),
        (['state=="active"', 'name%"tmp-*"'], ["a"]),
        (['name=="nobody"'], []),
        (["missing"], []),
    ],
)
def test_a_list_shows_the_items_for_which_every_filter_holds(ant, expressions, ids):
    """Filters use GJSON's query syntax, and apply to every page."""
    flags = [part for expression in expressions for part in ("--filter", expression)]
    result = ant(*LIST, *flags, replies=PAGES)
    assert (result.exit, result.stdout.split(), len(result.requests)) == (0, ids, 2)


@pytest.mark.parametrize(
    ("expression", "warning"),
    [
        ('nmae=="prod"', "Warning: --filter: there is no 'nmae' in the response. Did you mean 'name'?\n"),
        ('zzz.a=="prod"', "Warning: --filter: there is no 'zzz' in the response.\n"),
        ('config.zzz=="cloud"', ""),
        (
            "missing",
            "Warning: --filter: there is no 'missing' in the response. For a key of metadata: metadata.missing\n",
        ),
        ("created_at", ""),
        ("config.zzz", ""),
    ],
)
def test_a_condition_on_a_member_that_no_item_has_gets_a_warning(ant, expression, warning):
    """The name may be mistyped. Nested members get no warning, because not every item has them."""
    result = ant(*LIST, "--filter", expression, "--filter", expression, replies=PAGES)
    assert (result.exit, result.stderr) == (0, warning)
    numbers = ant(*LIST, "--filter", expression, replies=[page(1)])
    assert (numbers.exit, numbers.stderr) == (0, "")  # only objects have members that could have been meant


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ('nmae!="prod"', "'nmae' in the response. Did you mean 'name'?"),
        ("zzz==null", "'zzz'"),
        ('zzz.a!%"tmp-*"', "'zzz'"),
        ('config.typ!="cloud"', "'config.typ' in the response. Did you mean 'type'?"),
    ],
)
def test_a_comparison_that_every_item_without_a_mistyped_member_passes_is_an_error(ant, expression, name):
    """Everything would be selected, and archived in the next command."""
    result = ant(*LIST, "--filter", expression, replies=PAGES)
    assert (result.exit, result.stdout, len(result.requests)) == (2, "", 1)
    assert f"--filter: there is no {name}" in result.stderr


@pytest.mark.parametrize(
    "expression", ["archived_at==null", 'description!="x"', 'config.networking.type!="limited"']
)
def test_a_known_field_may_be_missing_in_the_first_item(ant, expression):
    """It is null: an API may leave out fields without a value."""
    result = ant(*LIST, "--filter", expression, replies=PAGES)
    assert (result.exit, result.stdout.split(), result.stderr) == (0, ["a", "b", "c"], "")


NESTED = page({"id": "a", "name": "x", "n": 1, "metadata": {"team": "core"}, "config": {"type": "cloud"}})
BELOW_A_TEXT = "'name' is not an object, so it has no 'x'.\n"
AN_OBJECT = "'metadata' is an object. Compare a member of it: metadata.team\n"


@pytest.mark.parametrize(
    ("expression", "status", "message"),
    [
        ('name.x!="a"', 2, f"ant: --filter: {BELOW_A_TEXT}"),
        ("name.x==null", 2, f"ant: --filter: {BELOW_A_TEXT}"),
        ("name.x==a", 0, f"Warning: --filter: {BELOW_A_TEXT}"),
        ("n.x!=1", 2, "ant: --filter: 'n' is not an object, so it has no 'x'.\n"),
        ("metadata.team.x!=a", 2, "ant: --filter: 'metadata.team' is not an object, so it has no 'x'.\n"),
        ("metadata.team.*!=a", 2, "ant: --filter: 'metadata.team' is neither an object nor a list.\n"),
        ("metadata==a", 0, f"Warning: --filter: {AN_OBJECT}"),
        ("metadata!=a", 2, f"ant: --filter: {AN_OBJECT}"),
        ("config==cloud", 0, "Warning: --filter: 'config' is an object. Compare a member of it: config.type\n"),
        ("metadata!=null", 0, ""),
        ("metadata.*==core", 0, ""),
        ("metadata|@values==core", 0, ""),
    ],
)
def test_a_condition_that_no_value_at_its_path_can_meet_is_named(ant, expression, status, message):
    """A text has no members, and an object equals no text: `!=` would select everything."""
    result = ant(*LIST, "--filter", expression, replies=[NESTED])
    assert (result.exit, result.stderr) == (status, message)


@pytest.mark.parametrize("metadata", [{}, {"team.lead": "x"}, {"my team": "x"}])
def test_a_condition_on_an_object_without_a_plain_key_names_the_form_of_a_key(ant, metadata):
    """No item has metadata yet, or the key would need a backslash: without it, `!=` selects everything."""
    result = ant(*LIST, "--filter", "metadata==a", replies=[page({"id": "a", "metadata": metadata})])
    assert result.stderr.endswith("Compare a member of it: metadata.KEY\n")


TEAMS = [
    page({"id": "a", "metadata": {"team": "core"}}, {"id": "b", "metadata": {"keep": "true"}}, after="p2"),
    page({"id": "c"}, {"id": "d", "metadata": None}),
]


@pytest.mark.parametrize(
    ("expressions", "missing"),
    [
        (['metadata.kepp!="true"'], "metadata.kepp. Did you mean 'keep'? The keys are: team, keep."),
        (['metadata.zzz=="1"', "metadata.zzz!=null"], "metadata.zzz. The keys are: team, keep."),
        (['metadata.keep!="true"', 'metadata.team!="x"', 'name!="x"'], ""),
    ],
)
def test_a_key_of_metadata_that_no_listed_item_has_is_noted_once_after_the_list(ant, expressions, missing):
    """One letter wrong, and `!=` selects everything, which the next command in the pipe archives."""
    flags = [part for expression in expressions for part in ("--filter", expression)]
    result = ant(*LIST, *flags, replies=TEAMS)
    note = f"Note: --filter: no listed item has {missing}\n" if missing else ""
    assert (result.exit, result.stderr, len(result.requests)) == (0, note, 2)


def test_a_key_of_metadata_that_is_like_a_field_is_named_as_a_key(ant):
    """For `stage`, a similar field is `state`."""
    listed = page({"id": "a", "metadata": {"stage": "x"}})
    stderr = ant(*LIST, "--filter", "stage==x", replies=[listed]).stderr
    assert stderr.endswith("there is no 'stage' in the response. For a key of metadata: metadata.stage\n")


def test_a_path_of_jq_is_not_taken_for_a_key_of_metadata(ant):
    """`metadata.metadata["keep"]` is no key of any item either, so `!=` selects everything."""
    result = ant(*LIST, "--filter", 'metadata["keep"]!="true"', replies=TEAMS)
    assert (result.exit, "metadata.metadata" in result.stderr) == (2, False)
    assert "there is no 'metadata[\"keep\"]' in the response.\nThe fields are: " in result.stderr


def test_a_list_that_is_repeated_notes_a_key_of_metadata_once(ant):
    """The first listing has it."""
    words = (*LIST, "--filter", "metadata.keep==null", "--until", "#==2")
    stderr = ant(*words, replies=[page({"id": "a"}), page({"id": "a"}, {"id": "b"})]).stderr
    assert stderr.count("no listed item has metadata.keep") == 1


def test_a_list_without_metadata_has_no_keys_to_name(ant):
    """An empty list gets no note."""
    result = ant(*LIST, "--filter", "metadata.keep!=null", replies=[page({"id": "a"})])
    assert result.stderr == "Note: --filter: no listed item has metadata.keep.\n"
    assert ant(*LIST, "--filter", "metadata.keep!=null", replies=[page()]).stderr == ""


def test_the_note_about_a_key_of_metadata_names_ten_keys(ant):
    """A server may send any number of them."""
    metadata = {"x" * 200: ""} | {f"k{number}": "" for number in range(11)} | {"keeps": ""}
    stderr = ant(*LIST, "--filter", "metadata.keep==null", replies=[page({"id": "a", "metadata": metadata})]).stderr
    assert f"Did you mean 'keeps'? The keys are: {'x' * 97}..., k0, k1, k2, k3, k4, k5, k6, k7, k8, ...\n" in stderr


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
    {"id": "week", "created_at": "2026-10-25T08:00:00Z", "archived_at": "2026-10-31T00:00:00Z", "name": "now"},
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
    early = ant(*LIST, "--filter", "created_at>2026-11-01T07:58:59", replies=[AGES], now=lambda: NOW)
    assert (result.stdout.split(), early.stdout.split()) == (["new", "hours"], ["new"])


@pytest.mark.parametrize(
    "expression",
    [
        *("created_at<7d", 'created_at<"now-7d"', "created_at<now-7", "created_at<now-a"),
        *("created_at>yesterday", "created_at>2026", "created_at>=2026-13-01", "created_at!=x"),
        *("created_at==2026-11-01", "created_at==now", "metadata.tried_at<5", "name==now"),
    ],
)
def test_a_value_that_is_not_a_time_is_rejected_where_a_time_is_compared(ant, expression):
    """`created_at<7d` is true for every time as a text. The error has an example."""
    refusal = ant(*LIST, "--filter", expression).refusal
    path = re.split("[<>=!]", expression)[0]
    assert f"{path}<now-7d (more than 7 days ago)" in " ".join(refusal.split())


NETWORKS = page(
    {"id": "new", "created_at": "2026-11-01T08:00:00Z", "config": {"networking": {"type": "limited"}}},
    {"id": "old", "created_at": "2026-10-01T08:00:00Z", "config": {"networking": {"type": "unrestricted"}}},
)


@pytest.mark.parametrize("expression", ["network==limited", "NETWORK!=unrestricted", "created>=2026-10-31"])
def test_a_filter_may_name_a_column_by_its_title(ant, expression):
    """As in --columns. Times are compared as times."""
    result = ant(*LIST, "--filter", expression, replies=[NETWORKS])
    assert (result.stdout, result.stderr) == ("new\n", "")


@needs_posix("its quotes in hints")
@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ((*LIST, "--filter", "type==cloud"), "Write config.type==cloud\n"),
        ((*LIST, "--filter", 'TYPE!="cloud"'), "Write 'config.type!=\"cloud\"'\n"),
        ((*LIST, "--filter", "type==environment"), "Leave it out.\n"),
        ((*LIST, "--until", "#.type==cloud"), "Write '#.config.type==cloud'\n"),
        ((WORK, "list", "env_1", "--filter", "type==session"), "Write data.type==session\n"),
        ((*LIST, "--filter", "name=demo*"), "For a pattern: 'name%\"demo*\"'\n"),
        ((*LIST, "--filter", "name!=demo*"), "For a pattern: 'name!%\"demo*\"'\n"),
        ((*LIST, "--filter", "demo*"), "Write 'name%\"demo*\"'\n"),
        ((WORK, "list", "env_1", "--filter", "work_*"), "Write 'id%\"work_*\"'\n"),
    ],
)
def test_a_filter_that_selects_all_or_nothing_is_rejected_with_the_one_that_was_meant(ant, words, hint):
    """Every object of a kind has the same type, and a * is part of a pattern only after %."""
    assert ant(*words).refusal.endswith(hint)


@pytest.mark.parametrize(
    ("words", "note"),
    [
        (("--filter", 'name=="tmp-*"'), "compares the * itself. For a pattern: 'name%\"tmp-*\"'\n"),
        (("--filter", 'name!%"tmp"'), "because it has no *. For a part of it: 'name!%\"*tmp*\"'\n"),
        (("--filter", "state==archived"), "archived environments are listed only with --include-archived.\n"),
        (("--filter", "archived_at<now-7d"), "listed only with --include-archived.\n"),
        (("--filter", "archived_at!=null", "--include-archived"), ""),
        (("--filter", "archived_at==null"), ""),
    ],
)
def test_a_filter_that_may_select_nothing_gets_a_note(ant, words, note):
    """Quotes are for an exact text."""
    result = ant(*LIST, *words, replies=PAGES)
    assert result.exit == 0
    assert result.stderr[-len(note) :] == note if note else result.stderr == ""


def test_filters_come_before_max_items(ant):
    """The first match may be on the second page. Later pages are not fetched."""
    assert ant(*LIST, "--filter", 'name=="prod"', "--max-items", "1", replies=PAGES).stdout == "c\n"
    first = ant(*LIST, "--filter", 'state=="active"', "--max-items", "1", replies=PAGES)
    assert (first.stdout, len(first.requests)) == ("a\n", 1)


@pytest.mark.parametrize(
    "expression",
    ["n==", "", " ", 'state=="active', "state~active)", "a==1)#|#(b==2", "a==1)|@this|#(b", "{a"],
)
def test_a_mistake_in_a_filter_is_a_usage_error(ant, expression):
    """Nothing is sent."""
    assert "--filter" in ant(*LIST, "--filter", expression).refusal


@pytest.mark.parametrize(
    "expression",
    [
        *("name!='prod'", "name!=\u2018prod\u2019", "name!=\u201cprod\u201d", "\u201cname\u201d!=prod"),
        *("'name'!=prod", '"name"!=prod', 'name!="prod', 'name!="prod"x', 'name!="prod" "x"'),
        *('name!="prod"&&n>1', 'name!="prod" and n>1', 'name!="prod" or n>1', 'name!="prod"|n'),
        *('name!="prod";n', "name!=prod&&n>1", "name!=prod||n>1", "name!=prod,n", "name!=prod|n"),
        *("name!=prod;n", "name!=prod n", "name!==prod", 'name!=="prod"', 'name==="prod"', 'name=~"prod"'),
        *("name=~*", "name<>prod", 'name!=["prod"]', "name!=~prod", "name==~null", "n==~*", "name in prod"),
        *('name in ["a","b"]', 'name not in "prod"', "name and n", "n)", "n]>1", "name}", "name&&n"),
        *("name||n", "name,n", "'|'", '"|"', '#(name=="x")', '#(name=="x")#', '{"name":"prod"}'),
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
    {"id": "seven", "v": 7, "w": {"a.b": False}, "l": ["p", "q"]},
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


def test_null_in_a_query_of_a_transform_is_a_string_as_in_gjson(ant):
    """Only conditions treat null specially."""
    reply = {"id": "env_1", "l": [{"v": None}, {"v": "null"}]}
    flags = ("--format", "jsonl", "--transform", "l.#(v==null)#")
    result = ant(*RETRIEVE, *flags, replies=[reply])
    assert (result.exit, result.stdout) == (0, '[{"v":"null"}]\n')


def test_a_filter_can_not_be_combined_with_raw_responses(ant):
    """`raw` prints the unchanged response."""
    assert ant("beta:environments", "list", "--format", "raw", "--filter", "id").refusal


@pytest.mark.parametrize(
    ("expression", "found"),
    [('depth=="x"', [0]), ("depth==x", [0]), ('depth<"x"', []), ('depth>="x"', [0, 7]), ('depth=="7"', [7])],
)
def test_a_string_that_is_not_a_number_compares_as_0_with_a_number_as_in_gjson(ant, expression, found):
    """GJSON in Go parses the string as a number, and ignores the failure."""
    items = [{"depth": 0}, {"depth": 7}, {"depth": "y"}]
    result = ant("beta:environments", "list", "--filter", expression, "--slurp", replies=[page(*items)])
    assert [item["depth"] for item in result.json if item["depth"] != "y"] == found


def test_a_group_needs_no_columns(monkeypatch):
    """A new group of commands may have none."""
    monkeypatch.setitem(GROUPS, "beta:notes", Group("beta:notes", "Keep notes.", (), "note", ""))
    wanted = Condition(
        "--filter", ['txt=="x"'], make_runtime({}), environments.LIST._replace(group="beta:notes"), is_awaited=False
    )
    assert (wanted(b'{"txt":"x"}'), wanted(b'{"txt":"y"}')) == (True, False)
