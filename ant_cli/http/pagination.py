"""The pages of a list, fetched one by one as they are asked for."""

from __future__ import annotations

from collections.abc import Iterator

from ant_cli.errors import AnswerError
from ant_cli.gjson import json_text
from ant_cli.http.client import Client
from ant_cli.input.request import Request, has_lone_surrogate

Items = list[bytes]
"""The items of a page, each as the JSON text that came."""


def follow_pages(client: Client, request: Request, max_items: int | None) -> Iterator[Items]:
    """Yield the items page by page, `max_items` of them at most; no page is fetched that is not needed.

    Raises:
        AnswerError: if an answer is not a page, or names a next page that was fetched before.
        APIError, NetworkError: as the client does.

    """
    seen = {dict(request.query).get("page")}
    left = max_items
    while left is None or left > 0:
        response = client.send(request)
        if response.status == 204:
            return
        items, cursor = split(response.body)
        yield items[:left]
        left = None if left is None else left - len(items)
        if not cursor:
            return
        if cursor in seen and (left is None or left > 0):
            raise AnswerError(f"the list does not end: next_page {cursor!r} was followed before.")
        seen.add(cursor)
        request = at_page(request, cursor)


def at_page(request: Request, cursor: str) -> Request:
    """Return the request for another page of the same list."""
    query = [(name, value) for name, value in request.query if name != "page"]
    return request._replace(query=(*query, ("page", cursor)))


def split(body: bytes) -> tuple[Items, str]:
    """Return the items of a page and the cursor of the next one, which is empty after the last.

    Raises:
        AnswerError: if it is not a page.

    """
    try:
        page = json_text.members(body)
        items = json_text.elements(page["data"])
        next_page = page.get("next_page", b"null")
        cursor = "" if next_page == b"null" else json_text.string(next_page)
    except KeyError:
        raise no_page("It has no `data`.") from None
    except json_text.JSONTextError as error:
        raise no_page(str(error)) from None
    if has_lone_surrogate(cursor):  # which no request can send back
        raise no_page("Its next_page holds half a character (a lone surrogate).")
    return items, cursor


def no_page(problem: str) -> AnswerError:
    """Return the error about an answer that is no page."""
    return AnswerError(f"the server's answer is not a page of a list. {problem}")
