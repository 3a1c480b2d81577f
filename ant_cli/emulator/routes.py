"""Routes: which function answers which request. An endpoint is a row."""

from collections.abc import Callable

from werkzeug.routing import Map, Rule

from ant_cli.emulator import admin, environments, faults, queue, work
from ant_cli.emulator.call import Call
from ant_cli.emulator.store import Store

Handler = Callable[[Store, Call], str]

ENVIRONMENTS = "/v1/environments"
ENVIRONMENT = ENVIRONMENTS + "/<environment_id>"
WORK = ENVIRONMENT + "/work"
ITEM = WORK + "/<work_id>"
ADMIN = "/_emulator"

API: tuple[tuple[str, str, Handler], ...] = (
    ("POST", ENVIRONMENTS, environments.create),
    ("GET", ENVIRONMENTS, environments.show),
    ("GET", ENVIRONMENT, environments.retrieve),
    ("POST", ENVIRONMENT, environments.update),
    ("DELETE", ENVIRONMENT, environments.delete),
    ("POST", ENVIRONMENT + "/archive", environments.archive),
    ("GET", WORK, work.show),
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
    ("GET", ADMIN + "/faults", faults.show),
    ("DELETE", ADMIN + "/faults", faults.clear),
    ("GET", ADMIN + "/clock", admin.show_clock),
    ("POST", ADMIN + "/clock", admin.move_clock),
)
ROUTES = Map(
    [Rule(path, methods=[method], endpoint=handler) for method, path, handler in API + OWN],
    merge_slashes=False,
).bind("emulator")
