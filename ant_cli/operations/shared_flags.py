"""The flags that several commands of the API share: those of every command, of lists, and of repeated requests."""

from __future__ import annotations

from ant_cli.operations.parsers import item_count, pause, whole_number
from ant_cli.operations.spec import Field, Flags, Setting

FILE = Setting("file", str, "Read the input from this file; - is stdin.", short="-f")
BETA = Field(
    "beta",
    "header",
    list,
    "A beta version, in place of the default. May be repeated.",
    wire="anthropic-beta",
)

LARGEST_PAGE = 1000
"""The highest `limit` of a list of the API."""
LIMIT = Field(
    "limit", "query", int, f"Items per page, 1 to {LARGEST_PAGE}; every page is fetched anyway."
)
PAGE = Field(
    "page",
    "query",
    str,
    "Start at this cursor, the next_page of an earlier response.",
    nullable=True,
)
MAX_ITEMS = Setting(
    "max_items", int, "Stop after this many items; -1 for all of them.", parse=item_count
)
FILTER = Setting(
    "filter",
    list,
    "List items that match: 'name%\"tmp-*\"', 'created_at<now-7d'. Repeat it for several conditions.",
)
SLURP = Setting("slurp", bool, "Collect all items, and print them as one JSON array.")
PAGING = (LIMIT, PAGE)
LISTING = (FILTER, MAX_ITEMS, SLURP)

UNTIL = Setting(
    "until",
    list,
    "Repeat until this holds: 'state==\"archived\"'. May be repeated; all must hold.",
    value_name="CONDITION",
)
WATCH = Setting("watch", bool, "Repeat the request, and print what has changed.")
EVERY = Setting(
    "every", str, "The time between requests.", value_name="TIME", default="2s", parse=pause
)
FOR = Setting(
    "for", str, "Stop after this time; --until then exits with 8.", value_name="TIME", parse=pause
)
WATCHING = (WATCH, EVERY, FOR)
WAITING = (UNTIL, *WATCHING)
IDLE = "idle"
"""The value of `--until` that waits until no item is in a busy state."""
UNTIL_IN_LIST = UNTIL._replace(
    help="Repeat until this holds for the list: '#==0', '#.name==\"demo\"'. May be repeated."
)
LIST_WAITING = (UNTIL_IN_LIST, *WATCHING)
PARALLEL = Setting(
    "parallel",
    int,
    "Requests at once, if there are several inputs.",
    default="8",
    parse=whole_number(1, 256),
)
FAIL_FAST = Setting("fail_fast", bool, "With several inputs: send nothing after the first failure.")
YES = Setting("yes", bool, "Do not ask for confirmation at a terminal.")
MANY = (PARALLEL, FAIL_FAST)
MANY_CREATED = (PARALLEL._replace(default="1"), FAIL_FAST)

ADD = Setting(
    "add",
    list,
    "Add to a list or set a key: packages.pip=polars; repeated.",
    value_name="PATH=TEXT",
)
REMOVE = Setting(
    "remove", list, "Remove from a list: packages.pip=pandas, or metadata.KEY.", value_name="PATH"
)
SET = Setting(
    "set", list, "Set a package or a key: packages.pip=pandas==2.3.", value_name="PATH=TEXT"
)
EDITS = (ADD, REMOVE, SET)


def repeats(flags: Flags) -> bool:
    """Whether a request is to be repeated. `--every` alone is rejected by what repeats it."""
    if flags.of(WATCH):
        return True
    return any(setting.name in flags for setting in (UNTIL, EVERY, FOR))
