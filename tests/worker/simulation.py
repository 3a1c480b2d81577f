"""Workers in simulated time: a server by the rules of the emulator, a gateway with faults, and handlers.

Everything else is the worker's own code. Hours take seconds, and a run is the same each time.

Run by hand: python -m tests.worker.simulation --items 10000
"""

from __future__ import annotations

import argparse
import asyncio
import contextvars
import io
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from math import ceil
from typing import Any, NamedTuple
from unittest.mock import patch

from ant_cli.errors import AntError, APIError, NetworkError
from ant_cli.http.retries import outcome_unknown
from ant_cli.operations.spec import Flags
from ant_cli.settings.loading import load
from ant_cli.worker import context as context_module
from ant_cli.worker import handler_run as handler_run_module
from ant_cli.worker import item_run as item_run_module
from ant_cli.worker import lease as lease_module
from ant_cli.worker import orphans as orphans_module
from ant_cli.worker import supervisor as supervisor_module
from ant_cli.worker.context import WorkerContext
from ant_cli.worker.guardian import GuardedItem
from ant_cli.worker.lease import NO_HEARTBEAT, LeftItem
from ant_cli.worker.log import LogView, WorkerLog
from ant_cli.worker.make_it_so import make_it_so
from ant_cli.worker.orphans import OrphanGiveBack
from ant_cli.worker.supervisor import Supervisor
from ant_cli.worker.work_api import TIMEOUT_S
from tests.conftest import KEY, make_runtime
from tests.helpers.fault_proxy import NO_FAULT, Choose, Fault
from tests.worker.conftest import poll_options

_LEASE_S, _RECLAIM_S = 300.0, 5.0
_OWNER: contextvars.ContextVar[str] = contextvars.ContextVar("owner")
"""The name of the worker to which a task belongs."""


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock moves when nothing else is left to do."""

    def __init__(self) -> None:
        super().__init__()
        self._simulated_s = 1000.0
        self.tasks_of: dict[str, set[asyncio.Task[Any]]] = defaultdict(set)
        self.set_task_factory(self._start)  # type: ignore[arg-type]
        select = self._selector.select  # type: ignore[attr-defined]

        def skip(timeout: float | None = None) -> Any:
            if timeout is None:
                raise AssertionError("every task waits for something that never comes")
            self._simulated_s += timeout
            return select(0)

        self._selector.select = skip  # type: ignore[attr-defined]

    def time(self) -> float:
        """Return the simulated time."""
        return self._simulated_s

    def _start(self, loop: Any, work: Any, **more: Any) -> asyncio.Task[Any]:
        task = asyncio.Task(work, loop=loop, **more)
        owned = self.tasks_of[_OWNER.get("")]
        owned.add(task)
        task.add_done_callback(owned.discard)
        return task


@dataclass
class Item:
    """An item on the server."""

    id: str
    state: str = "queued"
    handed_out_at: float | None = None
    lease_until: float = 0.0
    heartbeat: str | None = None
    acknowledged_at: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)


class Refusal(Exception):
    """A response with an error status."""

    def __init__(self, status: int, body: object = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = json.dumps(body).encode()


class Server:
    """The queue of an environment."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self._now = loop.time
        self.items: dict[str, Item] = {}
        self.open: dict[str, Item] = {}
        """The items that are not stopped, the oldest first."""
        self.unfinished: set[str] = set()
        """The sessions whose agents are at work."""
        self.requests: Counter[str] = Counter()
        self._beats = 0

    def enqueue(self, count: int) -> list[str]:
        """Put items in the queue."""
        ids = [f"work_{number}" for number in range(len(self.items), len(self.items) + count)]
        for work_id in ids:
            self.items[work_id] = self.open[work_id] = Item(work_id)
        return ids

    def item(self, work_id: str) -> Item:
        """Return an item as it is now: its lease may have ended."""
        item = self.items[work_id]
        if item.state in ("starting", "active", "stopping") and self._now() >= item.lease_until:
            if item.state == "stopping":
                self._stop(item)
            else:
                item.state, item.handed_out_at, item.heartbeat = "queued", None, None
        return item

    def poll(self) -> Any:
        """Hand out the oldest item."""
        for work_id in list(self.open):
            item = self.item(work_id)
            is_out = (
                item.handed_out_at is not None and self._now() < item.handed_out_at + _RECLAIM_S
            )
            if item.state == "queued" and not is_out:
                item.handed_out_at = self._now()
                return self._shown(item)
        return None

    def acknowledge(self, work_id: str) -> Any:
        """Take an item out of the queue."""
        item = self.item(work_id)
        if item.state != "queued":
            raise Refusal(409)
        item.state, item.lease_until = "starting", self._now() + _LEASE_S
        item.acknowledged_at = f"A{self._now()}"
        return self._shown(item)

    def heartbeat(self, work_id: str, expected: str, ttl_s: int, *_: object) -> Any:
        """Extend the lease."""
        item = self.item(work_id)
        if item.state in ("stopping", "stopped"):
            return self._lease(item, extended=False)
        if item.state == "queued" or expected != (item.heartbeat or NO_HEARTBEAT):
            current = {"current_state": self._lease(item, extended=False)}
            raise Refusal(412, {"error": {"details": current}})
        self._beats += 1
        item.state, item.heartbeat = "active", f"B{self._beats}"
        item.lease_until = self._now() + ttl_s
        return self._lease(item, extended=True)

    def _lease(self, item: Item, *, extended: bool) -> Any:
        left_s = ceil(max(item.lease_until - self._now(), 0.0))
        return {
            "state": item.state,
            "last_heartbeat": item.heartbeat or "",
            "ttl_seconds": left_s,
            "lease_extended": extended,
        }

    def stop(self, work_id: str) -> Any:
        """Stop an item."""
        self._stop(self.item(work_id))
        return self._shown(self.items[work_id])

    def _stop(self, item: Item) -> None:
        item.state = "stopped"
        self.open.pop(item.id, None)

    def update(self, work_id: str, metadata: dict[str, str | None]) -> Any:
        """Merge metadata."""
        merged = {**self.item(work_id).metadata, **metadata}
        self.items[work_id].metadata = {key: text for key, text in merged.items() if text}

    def session(self, session_id: str) -> Any:
        """Return a session: its agent is at work, or has nothing to do."""
        return {"status": "running" if session_id in self.unfinished else "idle"}

    def latest_events(self, _session_id: str) -> Any:
        """Return the events that show whether an idle session waits: none."""
        return []

    def newest_items(self) -> Any:
        """Return all items, the newest first."""
        return [self._shown(item) for item in reversed(self.items.values())]

    def running(self) -> int:
        """Return how many items run."""
        return 0

    def _shown(self, item: Item) -> Any:
        data = {"type": "session", "id": f"session_{item.id}"}
        shown = {"id": item.id, "state": item.state, "acknowledged_at": item.acknowledged_at}
        return {**shown, "data": data, "metadata": dict(item.metadata)}


@dataclass
class Plan:
    """What a handler does."""

    seconds: float = 1.0
    status: int = 0
    first_beat_s: float | None = None
    """When it sends its first heartbeat, as an official one does; None if it sends none."""
    stops: bool = True
    """Whether one that sends heartbeats stops its item at its end."""


class Ledger:
    """What the handlers have done."""

    def __init__(self) -> None:
        self.started: Counter[str] = Counter()
        self.finished: Counter[str] = Counter()
        self.refused: list[str] = []
        """The items whose handlers' heartbeats were refused."""
        self.overlaps: list[str] = []
        self.running: Counter[str] = Counter()
        self.hits: Counter[str] = Counter()
        """How often a kill has hit a worker that had the item."""


class SimulatedHandler:
    """A handler."""

    def __init__(
        self, guarded: GuardedItem, item: Any, plan: Plan, worker: SimulatedWorker
    ) -> None:
        self.guarded = guarded
        self.exit: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.was_overdue = False
        self.has_output = True
        self._worker = worker
        self._id = item["id"]
        self._plan = plan
        self._doing = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        ledger, server = self._worker.ledger, self._worker.server
        ledger.started[self._id] += 1
        if ledger.running[self._id]:
            ledger.overlaps.append(self._id)
        ledger.running[self._id] += 1
        status = -9
        try:
            status = await self._run_plan(server)
            ledger.finished[self._id] += status == 0 and self._id not in ledger.refused
        finally:
            ledger.running[self._id] -= 1
            if not self.exit.done():
                self.exit.set_result(status)

    async def _run_plan(self, server: Server) -> int:
        if self._plan.first_beat_s is None:
            await asyncio.sleep(self._plan.seconds)
            return self._plan.status
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._plan.first_beat_s)
        expected, until = NO_HEARTBEAT, loop.time() + self._plan.seconds
        try:
            while True:
                expected = server.heartbeat(self._id, expected, 60)["last_heartbeat"]
                await asyncio.sleep(min(30.0, until - loop.time()))
                if loop.time() >= until:
                    break
        except Refusal:
            self._worker.ledger.refused.append(self._id)
        if self._plan.stops:
            server.stop(self._id)
        return self._plan.status

    def send(self, _number: object) -> None:
        """End it: it does not handle signals."""
        self._doing.cancel()

    kill = end = lambda self: self._doing.cancel()

    async def finish(self, guardian: Any, *, kill_rest: bool) -> None:
        """Forget its process."""
        del kill_rest
        guardian.note_end(self.guarded)

    def last_words(self, _clean: object) -> str:
        """Return its last lines."""
        return ""


class SimulatedGuardian:
    """A guardian that knows the items of its worker, and gives them back if that is killed."""

    def __init__(self) -> None:
        self.guarded: dict[int, GuardedItem] = {}
        self.is_frozen = False

    def guard(self, fallback: Any) -> GuardedItem:
        """Guard an item."""
        item = GuardedItem(asyncio.get_running_loop().create_future(), fallback)
        self.guarded[id(item)] = item
        return item

    def prepare(self, item: GuardedItem, fallback: Any) -> None:
        """Replace what is done about an item."""
        if not self.is_frozen:
            item.fallback = fallback

    def note_end(self, item: GuardedItem) -> None:
        """Do nothing: there is no process."""

    def forget(self, item: GuardedItem) -> None:
        """Guard an item no longer."""
        if not self.is_frozen:
            self.guarded.pop(id(item), None)

    def close(self) -> None:
        """Do nothing: there is no process."""

    @property
    def leases(self) -> list[dict[str, Any]]:
        """What is given back."""
        return [json.loads(item.fallback.lease) for item in self.guarded.values()]


class SimulatedWorker:
    """A worker."""

    def __init__(
        self,
        name: str,
        server: Server,
        ledger: Ledger,
        plan: Callable[[str], Plan],
        choose: Choose,
        **flags: str,
    ) -> None:
        self.name = name
        self.server = server
        self.ledger = ledger
        self.plan = plan
        self._choose = choose
        self._log = io.BytesIO()
        runtime = make_runtime({"ANTHROPIC_AUTH_TOKEN": KEY}, stderr=self._log)
        log = WorkerLog(runtime.stderr, LogView(runtime, "json").line, {})
        options = poll_options(worker_id=name, **flags)
        with patch.object(context_module, "Guardian", lambda *_: SimulatedGuardian()):
            connection = load(runtime, Flags()).connection
            self.context = WorkerContext(options, ["handler"], connection, runtime, log)
        self.guardian: Any = self.context.guardian
        self.context.server_time = asyncio.get_running_loop().time
        self.context.call = self._call  # type: ignore[method-assign]
        self.context.simulated = self  # type: ignore[attr-defined]
        context = contextvars.copy_context()
        context.run(_OWNER.set, name)
        self.supervisor = Supervisor(self.context)
        loop = asyncio.get_running_loop()
        self.task = loop.create_task(self.supervisor.run(), context=context)
        self.was_killed = False

    @property
    def log(self) -> list[dict[str, Any]]:
        """The events of the log."""
        return [json.loads(line) for line in self._log.getvalue().decode().splitlines()]

    def events(self, message: str) -> list[dict[str, Any]]:
        """Return the events with this message."""
        return [event for event in self.log if event["msg"] == message]

    async def _call(self, function: Any, *args: Any) -> Any:
        kind = {"acknowledge": "ack"}.get(function.__name__, function.__name__)
        timeout_s = args[3] if kind == "heartbeat" else TIMEOUT_S
        return await send(self.server, self._choose, kind, function.__name__, args, timeout_s)

    def terminate(self) -> None:
        """Send the first signal."""
        self.supervisor._begin_next_stage("SIGTERM")

    async def kill(self) -> None:
        """Kill the worker with its handlers. A moment later, its guardian gives its items back."""
        self.was_killed = True
        self.guardian.is_frozen = True
        self.ledger.hits.update(lease["work_id"] for lease in self.guardian.leases)
        loop: Any = asyncio.get_running_loop()
        doomed = list(loop.tasks_of[self.name])
        for task in doomed:
            task.cancel()
        await asyncio.wait(doomed)
        if not self.context.shutdown.terminating.done():
            self.context.shutdown.terminating.set_result(None)
        await asyncio.sleep(0.2)
        await asyncio.gather(*map(self._give_back, self.guardian.leases))

    async def _give_back(self, lease: dict[str, Any]) -> None:
        change = OrphanGiveBack(LeftItem(**lease), self.context)
        await make_it_so(change, self.context, self.context.log)


async def send(
    server: Server, choose: Choose, kind: str, name: str, args: tuple[Any, ...], timeout_s: float
) -> Any:
    """Send a request through the gateway. It arrives although its sender does not wait for it."""
    server.requests[kind] += 1
    fault = choose(server.requests[kind], kind)
    loop = asyncio.get_running_loop()
    arrived: asyncio.Future[Any] = loop.create_future()

    def act() -> None:
        try:
            result = getattr(server, name)(*args)
        except Refusal as refusal:
            result = refusal
        if not arrived.done():
            arrived.set_result(result)

    loop.call_later(fault.latency_s / 2, act if not fault.refusal else lambda: None)
    try:
        async with asyncio.timeout(timeout_s):
            if not fault.refusal:
                result = await arrived
            await asyncio.sleep(fault.latency_s / 2)
    except TimeoutError:
        raise NetworkError("no response in time").with_unknown_outcome() from None
    if fault.refusal:
        raise _error(fault.refusal)
    if fault.loses:
        raise NetworkError("the connection was closed").with_unknown_outcome()
    if fault.conflict:  # not in the API's form
        raise _error(409).with_unknown_outcome()
    if isinstance(result, Refusal):
        raise _error(result.status, result.body)
    return result


def _error(status: int, body: bytes = b"") -> AntError:
    error = APIError("POST x", status, "", body, "")
    return error.with_unknown_outcome() if outcome_unknown(status) else error


@asynccontextmanager
async def _started(
    context: Any, guarded: GuardedItem, _environ: object, item: Any, fallback: Any, _log: object
) -> AsyncIterator[SimulatedHandler]:
    worker: SimulatedWorker = context.simulated
    guarded.fallback = fallback
    handler = SimulatedHandler(guarded, item, worker.plan(item["id"]), worker)
    try:
        yield handler
    finally:
        handler.end()


class Simulation:
    """Workers of one queue."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self.server = Server(loop)
        self.ledger = Ledger()
        self.workers: list[SimulatedWorker] = []
        self.now = loop.time

    def start(
        self,
        *,
        plan: Plan | Callable[[str], Plan] | None = None,
        choose: Choose = lambda _number, _kind: NO_FAULT,
        **flags: str,
    ) -> SimulatedWorker:
        """Start a worker."""
        given = plan or Plan()
        find = (lambda _id: given) if isinstance(given, Plan) else given
        name = f"w{len(self.workers) + 1}"
        worker = SimulatedWorker(name, self.server, self.ledger, find, choose, **flags)
        self.workers.append(worker)
        return worker

    async def until(self, condition: Callable[[], bool], limit_s: float) -> None:
        """Wait for a condition. A test fails if it does not hold within a time."""
        end = self.now() + limit_s
        while not condition():
            assert self.now() < end, self.states()
            await asyncio.sleep(0.05)

    async def until_done(self, limit_s: float) -> None:
        """Wait until all items are stopped."""
        await self.until(lambda: not self.server.open, limit_s)

    def states(self) -> Counter[str]:
        """Return how many items have each state."""
        return Counter(self.server.item(work_id).state for work_id in self.server.items)

    async def close(self) -> None:
        """End the workers."""
        for worker in self.workers:
            if not (worker.was_killed or worker.task.done()):
                worker.terminate()
                await asyncio.wait([worker.task])
            worker.context.close()


def simulate(story: Callable[[Simulation], Any], seed: int = 58) -> Simulation:
    """Let a story happen in simulated time, and return what is left."""
    random.seed(seed)
    with (
        asyncio.Runner(loop_factory=SimulatedLoop) as runner,
        patch.object(handler_run_module.Handler, "started", _started),
        patch.object(supervisor_module, "signal_handlers", lambda _: nullcontext()),
    ):

        async def tell() -> Simulation:
            loop: Any = asyncio.get_running_loop()
            simulation = Simulation(loop)
            with ExitStack() as clocks:
                for module in (lease_module, item_run_module, orphans_module):
                    clocks.enter_context(patch.object(module, "guardian_time", loop.time))
                await story(simulation)
                await simulation.close()
            return simulation

        return runner.run(tell())


def each_third_lost(latency_s: float = 0.0) -> Choose:
    """Return the choice of a gateway that loses every sixth answer, and refuses every other sixth request by a 409.

    Polls are left alone: an item whose poll was lost is handed out again.
    """

    def choose(number: int, kind: str) -> Fault:
        if kind == "poll" or number % 3:
            return Fault(latency_s)
        if number % 2:
            return Fault(latency_s, refusal=409)
        return Fault(latency_s, loses=True)

    return choose


class Attack(NamedTuple):
    """The outcome of a fleet whose workers are killed."""

    states: Counter[str]
    finished: int
    """How many items were done at least once."""
    runs: int
    kills: int
    overlaps: list[str]
    """The items of which two runs overlapped."""
    unexplained: list[str]
    """The items that ran more often than kills have hit them."""
    hours: float


def attacked_fleet(items: int, heartbeat: str, *, latency_s: float = 3.0, seed: int = 58) -> Attack:
    """Run four workers until all items are done. Requests are slow, answers get lost, and workers are killed."""
    kills, began = [0], [0.0]

    async def story(simulation: Simulation) -> None:
        began[0] = simulation.now()
        simulation.server.enqueue(items)
        flags = {"heartbeat": heartbeat, "concurrency": "8"}
        choose = each_third_lost(latency_s)

        def plan(_work_id: str) -> Plan:
            return Plan(random.uniform(1.0, 40.0))

        for _ in range(4):
            simulation.start(plan=plan, choose=choose, **flags)
        while simulation.server.open:
            await asyncio.sleep(60)
            alive = [worker for worker in simulation.workers if not worker.was_killed]
            await random.choice(alive).kill()
            kills[0] += 1
            simulation.start(plan=plan, choose=choose, **flags)

    done = simulate(story, seed)
    ledger = done.ledger
    unexplained = [
        work_id for work_id, count in ledger.started.items() if count - 1 > ledger.hits[work_id]
    ]
    runs, finished = sum(ledger.started.values()), len(ledger.finished)
    hours = (done.now() - began[0]) / 3600
    return Attack(
        done.states(), finished, runs, kills[0], ledger.overlaps, unexplained, round(hours, 1)
    )


def main() -> None:
    """Run the fleet of the command line, and print the outcome."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--latency", type=float, default=3.0)
    parser.add_argument("--heartbeat", default="auto")
    parser.add_argument("--seed", type=int, default=58)
    given = parser.parse_args()
    attack = attacked_fleet(given.items, given.heartbeat, latency_s=given.latency, seed=given.seed)
    sys.stdout.write(f"{attack}\n")


if __name__ == "__main__":
    main()
