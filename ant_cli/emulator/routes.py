"""Routes: which function answers which request. An endpoint is a row.

A path is matched as it was sent, segment by segment, so that an ID with a %2F in it stays one segment.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

from werkzeug.routing import Map, Rule

from ant_cli.emulator import admin, environments, faults, queue, work
from ant_cli.emulator.call import Call
from ant_cli.emulator.store import Store

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Handler = Callable[[Store, Call], str]

ENVIRONMENTS = "/v1/environments"
ENVIRONMENT = ENVIRONMENTS + "/<environment_id>"
WORK = ENVIRONMENT + "/work"
ITEM = WORK + "/<work_id>"
ADMIN = "/_emulator"

API: tuple[tuple[str, str, Handler], ...] = (
    ("POST", ENVIRONMENTS, environments.create),
    ("GET", ENVIRONMENTS, environments.list_environments),
    ("GET", ENVIRONMENT, environments.retrieve),
    ("POST", ENVIRONMENT, environments.update),
    ("DELETE", ENVIRONMENT, environments.delete),
    ("POST", ENVIRONMENT + "/archive", environments.archive),
    ("GET", WORK, work.list_work),
    ("GET", WORK + "/poll", queue.poll),
    ("GET", WORK + "/stats", queue.stats),
    ("GET", ITEM, work.retrieve),
    ("POST", ITEM, work.update),
    ("POST", ITEM + "/ack", work.acknowledge),
    ("POST", ITEM + "/heartbeat", work.heartbeat),
    ("POST", ITEM + "/stop", work.stop),
)
OWN: tuple[tuple[str, str, Handler], ...] = (
    ("POST", ADMIN + "/reset", admin.reset),
    ("POST", ADMIN + "/environments/<environment_id>/enqueue", queue.enqueue),
    ("POST", ADMIN + "/faults", faults.add),
    ("GET", ADMIN + "/faults", faults.list_faults),
    ("DELETE", ADMIN + "/faults", faults.clear),
    ("GET", ADMIN + "/clock", admin.show_clock),
    ("POST", ADMIN + "/clock", admin.move_clock),
)


def _rule(method: str, path: str, handler: Handler) -> Rule:
    rule = Rule(path, methods=[method], endpoint=handler)
    if handler is queue.poll:
        rule.methods = {method}  # werkzeug adds HEAD to GET, and a HEAD would hand out work that nobody gets
    return rule


_ROUTES = Map([_rule(*row) for row in API + OWN], merge_slashes=False).bind("emulator")


def path_of(environ: WSGIEnvironment) -> str:
    """Return the path as it was sent, with each segment percent-encoded in the same way.

    PATH_INFO is decoded already: it is for servers that say nothing else.
    """
    sent = environ.get("REQUEST_URI", "").partition("?")[0]
    if not sent:
        sent = quote(environ.get("PATH_INFO", ""), encoding="latin-1", errors="replace")
    elif not sent.startswith("/"):  # a whole URL, as a proxy is asked
        sent = urlsplit(sent).path
    return "/".join(quote(unquote_to_bytes(segment), safe="") for segment in sent.split("/"))


def match(path: str, method: str) -> tuple[Handler, dict[str, str]]:
    """Return what answers a request, and the IDs in its path. HTTPException if nothing does."""
    handler, ids = _ROUTES.match(path, method)
    return handler, {name: unquote(segment) for name, segment in ids.items()}
