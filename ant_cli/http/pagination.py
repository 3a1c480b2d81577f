"""Pagination: the pages of a list, fetched one by one as they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import quote

from ant_cli.errors import ResponseError, shortened
from ant_cli.gjson import json_text
from ant_cli.http.response import Response
from ant_cli.http.transport import LONGEST_URL
from ant_cli.input.request import Request, has_lone_surrogate

Items = list[bytes]
"""The items of a page, each as the JSON that was received."""


class LastPage(Items):
    """The items of a page after which no other follows."""


_MOST_VALUES = 500_000
"""The most values of a page. The API's have a thousandth of that for each item, and at most 1,000 items.

Each takes two bytes at least, so the values of a short page aren't counted: that would take 7 % of a long list.
"""
_LONGEST_CURSOR = LONGEST_URL - 10_000
"""The longest cursor, percent-encoded, that fits into a URL with everything else."""
_MOST_EMPTY_PAGES = 200
"""The most pages in a row without an item. Servers that filter a page after its query send some."""


def follow_pages(
    send: Callable[[Request], Response],
    request: Request,
    max_items: int | None,
    is_wanted: Callable[[bytes], bool] | None = None,
) -> Iterator[Items]:
    """Yield the wanted items page by page, at most `max_items` of them; without `is_wanted`, all items.

    A page that is not needed is not fetched.

    Raises:
        ResponseError: if a response is not a page, or the list does not end.
        APIError, NetworkError: as `send` does, which is that of a client.

    """
    trail = _Trail(dict(request.query).get("page"))
    left = max_items
    while left != 0:
        response = send(request)
        if response.status == 204:
            return
        items, cursor = _parse_page(response.body)
        selected = list(filter(is_wanted, items)) if is_wanted else items
        wanted = selected[:left]
        left = None if left is None else left - len(wanted)
        if not cursor or left == 0:
            yield LastPage(wanted)
            return
        yield wanted
        trail.add(items, cursor)
        query = [(name, value) for name, value in request.query if name != "page"]
        request = request._replace(query=(*query, ("page", cursor)))


class _Trail:
    """The pages so far. A cursor may be long, so only its hash is kept."""

    def __init__(self, first_cursor: str | None) -> None:
        self._followed = {hash(first_cursor)}
        self._empty_pages = 0

    def add(self, items: Items, cursor: str) -> None:
        """Add a page, and the cursor of the next one. Raises ResponseError if the list does not end."""
        self._empty_pages = 0 if items else self._empty_pages + 1
        if self._empty_pages == _MOST_EMPTY_PAGES:
            raise _endless(f"{_MOST_EMPTY_PAGES} pages in a row had no items.")
        if hash(cursor) in self._followed:
            raise _endless(f"next_page {shortened(cursor)!r} was followed before.")
        self._followed.add(hash(cursor))


def _endless(why: str) -> ResponseError:
    return ResponseError(f"the list does not end: {why}")


def _parse_page(body: bytes) -> tuple[Items, str]:
    """Return the items of a page, and the cursor of the next page; it is empty after the last.

    Raises:
        ResponseError: if it is not a page.

    """
    try:
        page = json_text.members(body, shallow=True)
        data = page.pop("data")
        # Parsed, a value takes many times its size.
        if len(data) > 2 * _MOST_VALUES and data.count(b",") > _MOST_VALUES:
            raise _not_a_page(f"It has more than {_MOST_VALUES:,} values.")
        items = json_text.elements(data, shallow=True)
        for member in page.values():  # an item is checked when it is used
            json_text.check_depth(member)
        next_page = page.get("next_page", b"null")
        cursor = "" if next_page == b"null" else json_text.string(next_page)
    except KeyError:
        raise _not_a_page("It has no `data`.") from None
    except json_text.JSONTextError as error:
        raise _not_a_page(str(error)) from None
    if has_lone_surrogate(cursor):  # no request could send it back
        raise _not_a_page("Its next_page contains a lone surrogate.")
    if len(quote(cursor)) > _LONGEST_CURSOR:
        raise _not_a_page("Its next_page is too long for a URL.")
    return [*map(bytes, items)], cursor


def _not_a_page(problem: str) -> ResponseError:
    """Return the error for a response that is not a page."""
    return ResponseError(f"the server's response is not a page of a list. {problem}")
