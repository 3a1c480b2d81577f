"""`--filter`: the items of a list for which conditions hold."""

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
    """In GJSON's query syntax, on every page."""
    flags = [part for expression in expressions for part in ("--filter", expression)]
    result = ant(*LIST, *flags, replies=PAGES)
    assert (result.exit, result.stdout.split(), len(result.requests)) == (0, ids, 2)


def test_filters_come_before_max_items(ant):
    """The first item that is wanted may be on the second page; a page after it is not fetched."""
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


def test_a_filter_and_raw_responses_exclude_each_other(ant):
    """`raw` prints the response as it is."""
    result = ant("beta:environments", "list", "--format", "raw", "--filter", "id")
    assert (result.exit, result.requests) == (2, [])
