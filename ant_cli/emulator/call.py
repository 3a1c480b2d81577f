"""A call: one request as the rules see it, with its query parameters, pages and identifiers.

It is read from WSGI directly: a web framework would double the start of `ant --local`.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, quote, unquote_to_bytes

from ant_cli.emulator.errors import LARGEST_BODY, EmulatorError, InvalidRequest
from ant_cli.emulator.journal import Entry, Journal
from ant_cli.emulator.store import Row, Store, Transaction, rfc3339

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

BOUND_HOST = "ant_emulator.bound_host"
"""In the WSGI environment: the host name or address at which the server listens."""
IS_STOPPING = "ant_emulator.is_stopping"
"""In the WSGI environment: a function that returns whether a stream should end."""
FILES_ARE_REPLACED = "ant_emulator.files_are_replaced"
"""In the WSGI environment: a function that returns whether the files of the emulator were replaced."""
PATIENCE_S = "ant_emulator.patience_s"
"""In the WSGI environment: how many seconds a client in the same process waits for a response, or its next part."""
OCCUPY_THREAD = "ant_emulator.occupy_thread"
"""In the WSGI environment: a function to call before a request waits. EmulatorError is raised if too many wait."""
LOG = "ant_emulator.log"
"""In the WSGI environment: a function that is called with the journal's entry before the response is sent."""


def path_of(environ: "WSGIEnvironment") -> str:
    """Return the path as sent, with each segment percent-encoded in the same way."""
    sent: str | None = environ.get("REQUEST_URI")
    if sent is None:  # a server that tells only the decoded path, in which a %2F is a slash
        sent = quote(environ.get("PATH_INFO", "").encode("latin-1"))
    sent = sent.partition("?")[0]
    return "/".join(quote(unquote_to_bytes(segment), safe="") for segment in sent.split("/"))


COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
WHOLE_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
BEFORE_THE_FIRST = 2**62
LARGEST_PAGE = 1000
"""The highest `limit` of a list."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CURSOR_PREFIX = "page_"
CURSOR = r"(?P<list>.+) (?P<sequence>[0-9]{1,18})"
"""The content of a cursor: the list, and the sequence number of the last item that was shown.

It has no offset, so added or deleted items don't shift the pages: the next page begins after that item, even if it
is gone.
"""


class Call:
    """One request. Its path is matched, and its body read, before a rule gets it."""

    def __init__(
        self, environ: "WSGIEnvironment", store: Store, api_key: str, journal: Journal
    ) -> None:
        self.environ = environ
        self.store = store
        self.journal = journal
        self.api_key = api_key
        """The emulator's API key; empty if it accepts any."""
        self.method: str = environ["REQUEST_METHOD"]
        self.path = path_of(environ)
        self.parameters = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
        self.query = dict(reversed(self.parameters))
        """The query parameters. Of equal names, the first one is used."""
        self.ids: Mapping[str, str] = {}
        """The IDs in the path, by the names in the route."""
        self.body: Any = None
        """The body: an object of the type that the route names, or bytes if it names none."""
        self.arrived: int | None = None
        """When it arrived, by the emulator's clock."""
        self.has_faults = False
        """Whether there are any faults. They need not apply to this request."""
        self.credentials: Sequence[str] = ()
        """The kinds of credentials that it has."""
        self.fault: Row | None = None
        """The fault that applies."""
        self.log: Callable[[Entry], None] = environ.get(LOG, lambda _: None)
        self.occupy_thread: Callable[[], None] = environ.get(OCCUPY_THREAD, lambda: None)
        self.files_are_replaced: Callable[[], bool] = environ.get(FILES_ARE_REPLACED, lambda: False)
        self.is_stopping: Callable[[], bool] = environ.get(IS_STOPPING, lambda: False)

    @cached_property
    def raw_body(self) -> bytes:
        """The body. EmulatorError is raised if it is too large. The server has checked that it is complete."""
        length = int(self.environ.get("CONTENT_LENGTH") or 0)
        if length and (encoding := self.header("content-encoding")):
            raise EmulatorError(
                415, f"content-encoding: {encoding!r} is not decoded here; send the body as it is."
            )
        if length > LARGEST_BODY:
            raise EmulatorError(413, f"body: larger than {LARGEST_BODY} bytes.")
        return bytes(self.environ["wsgi.input"].read(length))

    def header(self, name: str) -> str | None:
        """Return a header of the request. An empty one is treated as left out."""
        return self.environ.get("HTTP_" + name.upper().replace("-", "_")) or None

    def check_parameters(self, known: Sequence[str]) -> None:
        """Reject query parameters that the endpoint does not read: ignored ones make a test pass by mistake."""
        for parameter in self.query:
            name = parameter.removesuffix("[]")
            if name not in known and name != "beta":
                taken = ", ".join(known) if known else "none"
                raise InvalidRequest(
                    f"{parameter}: not emulated for {self.path}, which takes {taken}."
                )

    def text(self, name: str) -> str | None:
        """Return a query parameter. An empty one means null, which is treated as left out."""
        return self.query.get(name) or None

    def number(self, name: str, default: int, high: int) -> int:
        """Return a query parameter that is a whole number from 1 to `high`."""
        text = self.text(name)
        if text is None:
            return default
        value = int(text) if WHOLE_NUMBER.fullmatch(text) else 0
        if not 1 <= value <= high:
            raise InvalidRequest(f"{name}: must be a whole number from 1 to {high}, got {text!r}.")
        return value

    def choice(self, name: str, default: str, choices: Sequence[str]) -> str:
        """Return a query parameter that is one of the choices."""
        text = self.text(name) or default
        if text not in choices:
            raise InvalidRequest(f"{name}: must be {' or '.join(choices)}, got {text!r}.")
        return text

    def page(self, listing: "Listing", transaction: Transaction, name: str, *values: object) -> str:
        """Return the body of the response for a page of a list. `values` are for the placeholders of its query.

        A cursor has the name and the order of its list, so that of another list is rejected.
        """
        limit = self.number("limit", listing.limit, LARGEST_PAGE)
        order = listing.order
        if listing.is_sortable:
            order = self.choice("order", order, ("asc", "desc"))
            name += f" {order}"
        query, given = self._filtered(listing)
        sign, start = ("<", BEFORE_THE_FIRST) if order == "desc" else (">", 0)
        query += f" AND sequence {sign} ? ORDER BY sequence {order} LIMIT ?"
        # One row more than the limit, to find out whether there is another page.
        position = self._page_start(name, start)
        rows = transaction.all(query, *values, *given, position, limit + 1)
        cursor = None
        if len(rows) > limit:
            last = rows[limit - 1]["sequence"]
            cursor = CURSOR_PREFIX + f"{name} {last}".encode().hex()
        documents = ",".join(listing.to_json(row, transaction) for row in rows[:limit])
        return f'{{"data":[{documents}],"next_page":{json.dumps(cursor)}}}'

    def _filtered(self, listing: "Listing") -> tuple[str, list[object]]:
        """Return the query of a list with the conditions that the request asks for, and their values."""
        query = listing.query
        values = list[object]()
        for name, (condition, value_of) in listing.filters.items():
            texts = [text for key, text in self.parameters if key.removesuffix("[]") == name]
            if any(texts):
                query += f" AND {condition}"
                values.append(value_of(name, texts))
        return query, values

    def _page_start(self, list_name: str, start: int) -> int:
        """Return the sequence number after which the requested page begins; `start` without a cursor."""
        page = self.text("page")
        if page is None:
            return start
        try:
            content = bytes.fromhex(page.removeprefix(CURSOR_PREFIX)).decode()
        except ValueError:
            content = ""
        match = re.fullmatch(CURSOR, content)
        if match is None or match["list"] != list_name:
            raise InvalidRequest(
                "page: not a cursor of this list; pass the next_page of an earlier response."
            )
        return int(match["sequence"])


class Filter(NamedTuple):
    """A condition of a list, and a function that makes the value of its `?` from a parameter and its texts."""

    condition: str
    value_of: Callable[[str, Sequence[str]], object]


def any_of(column: str) -> Filter:
    """Return a filter for the objects whose column is one of the given texts."""
    return Filter(f"instr(?, ' ' || {column} || ' ')", lambda _, texts: " ".join(("", *texts, "")))


def times(column: str, *, as_text: bool = False) -> dict[str, Filter]:
    """Return the filters by the time in a column: microseconds, or the text of a timestamp."""

    def value_of(parameter: str, texts: Sequence[str]) -> object:
        moment = _moment_of(parameter, texts[0])
        return rfc3339(moment) if as_text else moment

    return {
        f"created_at[{name}]": Filter(f"{column} {sign} ?", value_of)
        for name, sign in COMPARISONS.items()
    }


def _moment_of(name: str, text: str) -> int:
    try:
        time = datetime.fromisoformat(text)
        return (time - EPOCH) // timedelta(microseconds=1)
    except (TypeError, ValueError):  # TypeError: it has no zone
        example = "2026-03-15T10:00:00Z"
        raise InvalidRequest(f"{name}: must be a time such as {example}, got {text!r}.") from None


class Listing(NamedTuple):
    """A list that is shown in pages."""

    query: str
    """The query, which ends with a condition, so that others can be added to it."""
    to_json: Callable[[Row, Transaction], str] = lambda row, _: str(row["document"])
    limit: int = 20
    order: str = "desc"
    is_sortable: bool = False
    """Whether a request may choose the order."""
    filters: Mapping[str, Filter] = {}
    """The filter for each parameter."""
    options: tuple[str, ...] = ()
    """The other parameters, which the endpoint reads itself."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The query parameters of the endpoint."""
        order = ("order",) if self.is_sortable else ()
        return ("limit", "page", *order, *self.filters, *self.options)
