"""The flags that several commands of the API share: those of every command, of lists, and of repeated requests."""

from __future__ import annotations

from ant_cli.operations.parsers import item_count, pause, whole_number
from ant_cli.operations.spec import Param

FILE = Param("file", "setting", str, "Read the input from this file; - is stdin.", short="-f")
BETA = Param(
    "beta", "header", list, "A beta version, in place of the default. May be repeated.", wire="anthropic-beta"
)

LARGEST_PAGE = 1000
"""The highest `limit` of a list of the API."""
LIMIT = Param("limit", "query", int, f"Items per page, 1 to {LARGEST_PAGE}; every page is fetched anyway.")
PAGE = Param("page", "query", str, "Start at this cursor, the next_page of an earlier response.", nullable=True)
MAX_ITEMS = Param("max_items", "setting", int, "Stop after this many items; -1 for all of them.", parse=item_count)
FILTER = Param(
    "filter",
    "setting",
    list,
    "List items that match: 'name%\"tmp-*\"', 'created_at<now-7d'. Repeat it for several conditions.",
)
SLURP = Param("slurp", "setting", bool, "Collect all items, and print them as one JSON array.")
LISTING = (LIMIT, PAGE, FILTER, MAX_ITEMS, SLURP)

UNTIL = Param(
    "until",
    "setting",
    list,
    "Repeat until this holds: 'state==\"archived\"'. May be repeated; all must hold.",
    value_name="CONDITION",
)
WATCH = Param("watch", "setting", bool, "Repeat the request, and mark what changed.")
EVERY = Param("every", "setting", str, "The time between requests.", value_name="TIME", default="2s", parse=pause)
FOR = Param(
    "for", "setting", str, "Stop after this time; --until then exits with 8.", value_name="TIME", parse=pause
)
WATCHING = (WATCH, EVERY, FOR)
WAITING = (UNTIL, *WATCHING)
UNTIL_IN_LIST = UNTIL._replace(
    help="Repeat until this holds for the list: '#==0', '#.name==\"demo\"'. May be repeated."
)
LIST_WAITING = (UNTIL_IN_LIST, *WATCHING)
PARALLEL = Param(
    "parallel",
    "setting",
    int,
    "Requests at once, if there are several inputs.",
    default="8",
    parse=whole_number(1, 256),
)
FAIL_FAST = Param("fail_fast", "setting", bool, "With several inputs: send nothing after the first failure.")
YES = Param("yes", "setting", bool, "Do not ask for confirmation at a terminal.")
MANY = (PARALLEL, FAIL_FAST)
MANY_CREATED = (PARALLEL._replace(default="1"), FAIL_FAST)

ADD = Param(
    "add", "setting", list, "Add to a list or set a key: packages.pip=polars; repeated.", value_name="PATH=TEXT"
)
REMOVE = Param(
    "remove", "setting", list, "Remove from a list: packages.pip=pandas, or metadata.KEY.", value_name="PATH"
)
SET = Param("set", "setting", list, "Set a package or a key: packages.pip=pandas==2.3.", value_name="PATH=TEXT")
EDITS = (ADD, REMOVE, SET)
