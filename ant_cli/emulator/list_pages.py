"""Pages of a list: newest first, with cursors that name a position instead of a number of items.

A cursor has the sequence number of the last item that was shown. Items that are added or deleted meanwhile shift
nothing: the next page begins after that item, even if the item itself is gone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from ant_cli.emulator.errors import InvalidRequest

BEFORE_THE_FIRST = 2**62
PREFIX = "page_"
CURSOR = re.compile(r"(?P<list>.+) (?P<sequence>[0-9]{1,18})", re.ASCII)


def cursor(list_name: str, sequence: int) -> str:
    """Return the cursor of the page that follows `sequence`."""
    return PREFIX + f"{list_name} {sequence}".encode().hex()


def sequence_of(list_name: str, page: str | None, start: int = BEFORE_THE_FIRST) -> int:
    """Return the sequence number after which a page begins; `start` without a cursor."""
    if page is None:
        return start
    match = CURSOR.fullmatch(_decoded(page))
    if match is None or match["list"] != list_name:
        raise InvalidRequest("page: not a cursor of this list; pass the next_page of an earlier response.")
    return int(match["sequence"])


def _decoded(page: str) -> str:
    try:
        return bytes.fromhex(page.removeprefix(PREFIX)).decode()
    except ValueError:
        return ""


def page_of(list_name: str, rows: Sequence[tuple[int, str]], limit: int) -> str:
    """Return the response body for `rows` of sequence number and document.

    The query asked for one row more than `limit`, to find out whether there is another page.
    """
    shown = rows[:limit]
    next_page = cursor(list_name, shown[-1][0]) if len(rows) > limit else None
    return f'{{"data":[{",".join(document for _, document in shown)}],"next_page":{json.dumps(next_page)}}}'
