"""`--filter`: show the items of a list that match conditions."""

from __future__ import annotations

import pytest

LIST = ("beta:environments", "list", "--format", "jsonl", "--transform", "id", "-r")
PAGES = [
    {
        "data": [
            {"id": "a", "name": "tmp-1", "state": "active", "config": {"type": "cloud"}, "n": 1},
            {"id": "b", "name": "tmp-2", "state": "archived", "config": {"type": "self_hosted"}, "n": 2},
        ],
        "next_page": "p2",
    },
    {
        "data": [{"id": "c", "name": "prod", "state": "active", "config": {"type": "cloud"}, "n": 3}],
        "next_page": None,
    },
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
        ('zzz.a!="prod"', "Warning: --filter: there is no 'zzz' in the response.\n"),
        ('config.zzz=="cloud"', ""),
        ("missing", ""),
    ],
)
def test_a_comparison_with_a_member_that_no_item_has_gets_a_warning(ant, expression, warning):
    """The name may be mistyped. Nested members get no warning, because not every item has them."""
    result = ant(*LIST, "--filter", expression, "--filter", expression, replies=PAGES)
    assert (result.exit, result.stderr) == (0, warning)
    numbers = ant(*LIST, "--filter", expression, replies=[{"data": [1], "next_page": None}])
    assert (numbers.exit, numbers.stderr) == (0, "")  # only objects have members that could have been meant


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
    result = ant(*LIST, "--filter", expression)
    assert (result.exit, result.requests, result.stdout) == (2, [], "")
    assert "--filter" in result.stderr


@pytest.mark.parametrize(
    "expression",
    [
        "name!='prod'",
        "name!=\u2018prod\u2019",
        "name!=\u201cprod\u201d",
        "\u201cname\u201d!=prod",
        "'name'!=prod",
        '"name"!=prod',
        'name!="prod',
        'name!="prod"x',
        'name!="prod" "x"',
        'name!="prod"&&n>1',
        'name!="prod" and n>1',
        'name!="prod" or n>1',
        'name!="prod"|n',
        'name!="prod";n',
        "name!=prod&&n>1",
        "name!=prod||n>1",
        "name!=prod,n",
        "name!=prod|n",
        "name!=prod;n",
        "name!=prod n",
        "name!==prod",
        'name!=="prod"',
        'name==="prod"',
        'name=~"prod"',
        "name=~*",
        "name<>prod",
        'name!=["prod"]',
        "name!=~prod",
        "name in prod",
        'name in ["a","b"]',
        'name not in "prod"',
        "name and n",
        "name&&n",
        "name||n",
        "name,n",
        "'|'",
        '"|"',
        '#(name=="x")',
        '#(name=="x")#',
        '{"name":"prod"}',
        "[name,n]",
        "@this",
        "..name",
        "!=~true",
        "!=null",
        "n>=null",
    ],
)
def test_a_condition_that_could_match_more_than_was_meant_is_a_usage_error(ant, expression):
    """The output of a filter may be piped into `archive`."""
    result = ant(*LIST, "--filter", expression, replies=PAGES)
    assert (result.exit, result.requests, result.stdout) == (2, [], "")
    hint = 'Write strings in double quotes: name!="prod"; for several conditions, give several --filter flags.'
    assert hint in " ".join(result.stderr.split())


VALUES = {
    "data": [
        {"id": "null", "v": None, "w": {"a.b": True, "c d": "x"}, "l": []},
        {"id": "seven", "v": 7, "w": {"a.b": False}, "l": ["p", "q"]},
        {"id": "text", "v": "null", "at": "2026-01-02T03:04:05Z"},
        {"id": "quote", "v": "a \"b\" && 'c'", "w": {}},
        {"id": "missing"},
    ],
    "next_page": None,
}


@pytest.mark.parametrize(
    ("expression", "ids"),
    [
        ("v==null", ["null"]),
        ("v=null", ["null"]),
        (" v == null ", ["null"]),
        ("v!=null", ["seven", "text", "quote"]),
        ('v=="null"', ["text"]),
        ("v%null", ["text"]),
        ("v==~null", ["null", "missing"]),
        ("v!=~null", ["seven", "text", "quote"]),
        ("v==~*", ["null", "seven", "text", "quote"]),
        ("v==7", ["seven"]),
        ("v<=-0.5e+1", []),
        ("v", ["null", "seven", "text", "quote"]),
        ("w.a\\.b", ["null", "seven"]),
        ("w.a\\.b==true", ["null"]),
        ("w.a\\.b==~false", ["seven", "text", "quote", "missing"]),
        ("w.c\\ d==x", ["null"]),
        ("w|@keys|#>=2", ["null"]),
        ("l.#>1", ["seven"]),
        ('l.#(=="q")', ["seven"]),
        ('v=="a \\"b\\" && \'c\'"', ["quote"]),
        ('v!%"a *"', ["text"]),
        ("id%?e*", ["seven", "text"]),
        ("at>=2026-01-02T00:00:00Z", ["text"]),
    ],
)
def test_conditions_have_the_comparisons_of_gjson_and_null(ant, expression, ids):
    """Only `==null` and `!=null` differ from GJSON: they compare with JSON null, never with a missing value."""
    result = ant(*LIST, "--filter", expression, replies=[VALUES])
    assert (result.exit, result.stdout.split()) == (0, ids), result.stderr


def test_null_in_a_query_of_a_transform_is_a_string_as_in_gjson(ant):
    """Only conditions treat null specially."""
    reply = {"id": "env_1", "l": [{"v": None}, {"v": "null"}]}
    flags = ("--format", "jsonl", "--transform", "l.#(v==null)#")
    result = ant("beta:environments", "retrieve", "env_1", *flags, replies=[reply])
    assert (result.exit, result.stdout) == (0, '[{"v":"null"}]\n')


def test_a_filter_can_not_be_combined_with_raw_responses(ant):
    """`raw` prints the unchanged response."""
    result = ant("beta:environments", "list", "--format", "raw", "--filter", "id")
    assert (result.exit, result.requests) == (2, [])


@pytest.mark.parametrize(
    ("expression", "found"),
    [('depth=="x"', [0]), ("depth==x", [0]), ('depth<"x"', []), ('depth>="x"', [0, 7]), ('depth=="7"', [7])],
)
def test_a_string_that_is_not_a_number_compares_as_0_with_a_number_as_in_gjson(ant, expression, found):
    """GJSON in Go parses the string as a number, and ignores the failure."""
    items = [{"depth": 0}, {"depth": 7}, {"depth": "y"}]
    result = ant("beta:environments", "list", "--filter", expression, "--slurp", replies=[{"data": items}])
    assert [item["depth"] for item in result.json if item["depth"] != "y"] == found
