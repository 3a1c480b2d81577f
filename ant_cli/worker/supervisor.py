"""The whole worker: its start, its pollers, a task for each running item, and a shutdown that loses nothing.

It runs on asyncio, because a worker mostly waits for several things at once, each with its own limit. API calls
block, so they are made in greenlets (`on_loop.py`).
"""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack
from types import FrameType
from typing import NamedTuple

from ant_cli.errors import AntError
from ant_cli.http.retries import backoff
from ant_cli.runtime import Runtime
from ant_cli.runtime.background_writer import written_in_background
from ant_cli.runtime.live_line import LiveLine
from ant_cli.runtime.process import own_command
from ant_cli.runtime.signals import signal_handlers
from ant_cli.settings.loading import ConnectionSettings
from ant_cli.settings.worker_options import PollOptions
from ant_cli.worker.context import WorkerContext, wait_for_any
from ant_cli.worker.handler import find_command
from ant_cli.worker.item_run import ItemRun, claim
from ant_cli.worker.log import LogView, WorkerLog
from ant_cli.worker.make_it_so import Verdict, look_at
from ant_cli.worker.metrics import monitored
from ant_cli.worker.work_api import WorkItem, connection_with_key, is_archived, is_permanent

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_DRAINING, _ENDING = "draining: no more work is taken", "ending the handlers"
_STAGES = (_DRAINING, _ENDING, "killing the handlers")
"""What the log says at the beginning of each stage of the shutdown."""
_WITHOUT_HANDLERS = "no handler is running, and the last requests about items are cut off soon"
"""What it says in place of the last two if only requests are left, such as stops that the server refuses."""
_LONGEST_PAUSE_S = 60.0
"""The longest pause after a failed poll, or after an item that could not be run."""
_IDLE_CYCLE_S = 1.0
"""The shortest time between two empty polls. The server usually holds the poll open that long."""
_MOST_POLLS = 4
"""How many polls may be in flight: while there is work, each returns one item."""
_MOST_LOST = 10
"""How many items in a row that other workers win keep this one from being idle. The next item may be its own, but a
server that answers every acknowledgement with a conflict must not keep a job running."""
_MOST_UNSTOPPED = 100
"""How many items may wait for the response to their stop while others run."""
_REFUSAL_CODES = (4, 5)
"""The exit codes of the responses 401, 403 and 404."""
_REFUSED_FOR_S = 60.0
"""How long polls may be refused after one has succeeded. If none has, the key is wrong."""
_LOOK_EVERY = 300
"""After how many empty polls the worker checks whether the environment is archived."""
_LOOK_AT_OUTAGE_S = 30.0
"""How often an idle worker looks at the items on which an outage rests."""
_END_S = 10.0
"""How long requests about items may take after the handlers have ended, or were killed."""
_FRAME_S = 0.5
"""How often the status line is drawn."""


def run_worker(
    options: PollOptions, handler: Sequence[str], connection: ConnectionSettings, runtime: Runtime
) -> None:
    """Run a worker until it ends.

    Args:
        options: Its options.
        handler: The handler that was given after `--`; empty if there was none.
        connection: Where the API is. Its credential is replaced by the environment key.
        runtime: Its environment is that of the handlers, its stderr takes the log.

    Raises:
        UsageError: as `find_command` does; nothing was claimed then.
        AntError: if the server refuses to hand out work.

    """
    command = find_command(handler, options.on_work, runtime.environ)
    # A session writes nothing but its log, all of it to stderr.
    runs_sessions = not command
    view = LogView(runtime, options.log_format, marks_stderr=not runs_sessions)
    if runs_sessions:  # sessions leave the lease and the stop to this worker
        command = _session_command(options, "plain" if view.is_for_people else options.log_format)
        options = options.replaced(no_auto_stop=False, heartbeat="always")
    connection = connection_with_key(
        connection, options.environment_key, runtime.environ, options.metadata_key
    )
    # like the official worker
    worker_id = options.worker_id or f"{socket.gethostname()}-{secrets.token_hex(8)}"
    options = options.replaced(worker_id=worker_id)
    work = _work(options, command, connection, runtime, view, runs_sessions=runs_sessions)
    asyncio.run(work)


async def _work(
    options: PollOptions,
    command: list[str],
    connection: ConnectionSettings,
    runtime: Runtime,
    view: LogView,
    *,
    runs_sessions: bool = False,
) -> None:
    fields = {"component": "work-poller", "environment_id": options.environment_id}
    log = WorkerLog(runtime.stderr, view.line, fields)
    given = (options, command, connection, runtime, log)
    context = WorkerContext(*given, runs_sessions=runs_sessions)
    tally, now = context.tally, asyncio.get_running_loop().time
    began = now()
    with ExitStack() as at_end:
        at_end.enter_context(written_in_background(runtime.stderr, log.note_left_out))
        if view.is_for_people:
            at_end.callback(lambda: log.info(tally.summary(now() - began)))
        if view.has_status:
            status = LiveLine(runtime, lambda: view.status_line(tally.status()), 0.0, _FRAME_S)
            at_end.callback(status.close)
        at_end.callback(context.close)
        with monitored(options, tally):
            await Supervisor(context).run()
    if problem := _what_is_left(context):
        raise AntError(f"{problem}. The log says why.")


def _what_is_left(context: WorkerContext) -> str | None:
    """Return what is not done: any item, for a worker that ends by itself; for others, unconfirmed stops."""
    options, memory = context.options, context.memory
    ends_by_itself = options.exit_when_idle > 0 or options.max_items > 0
    if ends_by_itself and memory.not_done:
        return f"{_items_are(len(memory.not_done))} not done"
    if memory.unstopped:
        return f"{_items_are(len(memory.unstopped))} not confirmed as stopped"
    return None


def _items_are(count: int) -> str:
    return "1 item is" if count == 1 else f"{count} items are"


def _session_command(options: PollOptions, log_format: str) -> list[str]:
    """Return the command of this program that runs one session.

    Each session has its own process: it can be drained or killed, and its memory is returned.
    """
    limits = ("--max-idle", f"{options.max_idle}s")
    calls = ("--max-concurrent-calls", str(options.max_concurrent_calls))
    given = ("--workdir", options.workdir, *limits, *calls, "--log-format", log_format)
    return own_command("beta:worker", "run", *given)


class Polled(NamedTuple):
    """An item that a poll returned."""

    item: WorkItem
    asked_at: float
    """When the poll was sent."""


class Supervisor:
    """Polls while a slot is free, and runs the items that arrive."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._slots = asyncio.Semaphore(context.options.concurrency)
        self._tasks: set[asyncio.Task[None]] = set()
        self._work_waits = asyncio.Event()
        """Set if the last poll returned work, so there may be more."""
        self._polls = 0
        """How many polls are in flight."""
        self._work_came_at = self._loop.time()
        self._failed_polls = 0
        """How many polls have failed in a row."""
        self._poll_failure: AntError | None = None
        """Why the last of them failed; None if polls work."""
        self._failed_items = 0
        """How many items in a row could not be run."""
        self._can_acknowledge = True
        """The server has not refused the last acknowledgement."""
        self._has_won = True
        """The last item that was polled is this worker's."""
        self._is_archived = False
        self._refused_since: float | None = None
        """When the server began to refuse polls; None while it accepts them."""
        self._not_before = 0.0
        """When the next poll may be sent."""
        self._claimed = 0
        """How many items were taken, or are being taken."""
        self._undecided: set[asyncio.Future[None]] = set()
        """For each item that is being acknowledged, when it is known whose it is."""
        self._next_look_at_outage = 0.0
        self._trial: asyncio.Task[None] | None = None
        """The task of the item that shows whether an outage is over."""

    async def run(self) -> None:
        """Work until a signal, a limit, or a permanent error.

        Raises:
            APIError: if the server refuses to hand out work to this worker.

        """
        context = self._context
        with signal_handlers({signal.Signals[name]: self._receive for name in _SIGNALS}):
            self._log_start()
            error = await self._poll_until_the_end()
            await self._drain()
        for task in context.background:
            task.cancel()
        if error:
            raise error

    def _log_start(self) -> None:
        options = self._context.options
        self._context.log.info(
            "polling for work",
            worker_id=options.worker_id,
            concurrency=options.concurrency,
            session_folders=options.has_session_folders,
        )

    async def _poll_until_the_end(self) -> Exception | None:
        """Poll until a signal or a limit, or until it makes no sense. Return the error that says so."""
        options = self._context.options
        # Several polls could return more than --max-items.
        count = 1 if options.max_items else min(options.concurrency, _MOST_POLLS)
        polling = [
            self._loop.create_task(self._keep_polling(is_first=number == 0))
            for number in range(count)
        ]
        draining = self._context.shutdown.draining
        await wait_for_any(*polling, draining)
        for task in polling:
            task.cancel()
        results = await asyncio.gather(*polling, return_exceptions=True)
        # those that were cancelled are no Exception
        error = next((result for result in results if isinstance(result, Exception)), None)
        self._context.key_is_refused = error is not None
        if error or draining.done():
            return error
        return self._end_of_job()

    def _end_of_job(self) -> AntError | None:
        """Log why a job takes no more work. Return the error of its polls if nobody knows whether there is work."""
        options = self._context.options
        if options.max_items and self._claimed >= options.max_items:
            return None
        if self._poll_failure is not None:
            return self._poll_failure.without_body()
        if self._can_acknowledge:
            self._context.log.info("no work; exiting", idle_seconds=options.exit_when_idle)
        else:
            self._context.log.error("the last item could not be acknowledged; exiting")
        return None

    # Polling

    async def _keep_polling(self, *, is_first: bool) -> None:
        """Poll until this worker has to end. It is cancelled when draining begins.

        Each poll returns only one item. So while there is work and a free slot, others are sent.

        Raises:
            APIError: if polling again makes no sense.

        """
        while await self._may_take_more():
            if not is_first:
                await self._work_waits.wait()
            await self._take_slot()
            if is_first and not self._has_won and self._is_idle_for_good():
                return
            if (is_first or self._work_waits.is_set()) and await self._fill_slot():
                continue
            self._slots.release()
            if is_first and self._is_idle_for_good():
                return

    async def _take_slot(self) -> None:
        """Wait for a free slot, and until a poll may be sent."""
        await self._slots.acquire()
        while len(self._tasks) >= self._context.options.concurrency + _MOST_UNSTOPPED:
            await wait_for_any(*self._tasks)
        await self._wait_out_pauses()

    async def _fill_slot(self) -> bool:
        """Poll for an item, and begin it. Return False if there is none that this worker takes now."""
        polled = await self._poll()
        if polled is None:
            return False
        if self._is_left_out(polled.item["id"]):
            self._note_work()
            self._work_waits.clear()
            self._pause(_IDLE_CYCLE_S)
            return False
        self._start(polled)
        return True

    async def _may_take_more(self) -> bool:
        """Whether `--max-items` allows another item. One that another worker has won does not count."""
        limit = self._context.options.max_items
        while limit and self._claimed >= limit:
            if not self._undecided:
                return False
            await wait_for_any(*self._undecided)
        return True

    def _is_left_out(self, work_id: str) -> bool:
        """Whether an item is not taken now: this worker is taking it already, or leaves it to others."""
        until = self._context.memory.left_to_others_until.get(work_id, 0.0)
        return work_id in self._context.taking or self._loop.time() < until

    async def _wait_out_pauses(self) -> None:
        outage = self._context.outage
        if outage.reason:
            self._work_waits.clear()
        while outage.reason and self._trial in self._tasks:
            await wait_for_any(self._trial, timeout_s=outage.proof_s)
        pause_s = max(self._not_before, outage.resumes_at) - self._loop.time()
        if pause_s > 0:
            await asyncio.sleep(pause_s)

    async def _poll(self) -> Polled | None:
        """Poll once. If nothing arrives, the next polls wait."""
        context, began = self._context, self._loop.time()
        self._polls += 1
        try:
            item = await context.call(context.api.poll)
        except AntError as error:
            self._take_failed_poll(error, began)
            return None
        finally:
            self._polls -= 1
        if self._failed_polls:
            context.log.info("polling works again")
        self._failed_polls, self._poll_failure, self._refused_since = 0, None, None
        context.tally.last_poll_at = time.time()
        if item is None:
            if context.tally.polls["empty"] % _LOOK_EVERY == 0 and not self._is_archived:
                context.start(self._look_whether_archived())
            context.tally.polls["empty"] += 1
            self._work_waits.clear()
            self._pause(_IDLE_CYCLE_S - (self._loop.time() - began))
            self._look_at_outage()
            return None
        context.tally.polls["work"] += 1
        self._work_waits.set()
        return Polled(item, began)

    def _take_failed_poll(self, error: AntError, began: float) -> None:
        """Pause after a poll that failed; raise its error if polling again makes no sense."""
        context = self._context
        context.tally.polls["error"] += 1
        self._work_waits.clear()
        if error.exit_code in _REFUSAL_CODES and self._refused_since is None:
            self._refused_since = self._loop.time()
        if is_permanent(error) and not self._may_be_accepted_again(error):
            context.log.error("poll hit permanent 4xx; stopping", error=error)
            raise error.without_body() from None  # the log has its message
        if self._failed_polls == 0:  # log only the first of several failures in a row
            context.log.warn("poll failed, backing off", error=error)
        self._poll_failure = error
        # otherwise another poll failed while this one was in flight
        if began >= self._not_before:
            self._pause(backoff(self._failed_polls, _LONGEST_PAUSE_S))
            self._failed_polls += 1

    def _look_at_outage(self) -> None:
        """From time to time, let an idle worker look at the items on which an outage rests."""
        now = self._loop.time()
        if self._context.outage.reason and not self._tasks and now >= self._next_look_at_outage:
            self._next_look_at_outage = now + _LOOK_AT_OUTAGE_S
            self._context.start(self._end_outage_of_others())

    async def _end_outage_of_others(self) -> None:
        """End the outage if all of its items are stopped: nothing would come that shows whether it is over."""
        context = self._context
        try:
            for work_id in context.outage.rests_on:
                if (await look_at(work_id, context)).get("state") != "stopped":
                    return
        except AntError:
            return
        if context.outage.reason and not self._tasks:
            context.outage.take_emptied_queue()
            context.note_outage()

    async def _look_whether_archived(self) -> None:
        """Log it if the environment is archived. Polls don't show it, but its list of work is refused."""
        try:
            await self._context.call(self._context.api.running)
        except AntError as error:
            self._is_archived = is_archived(error)
            if self._is_archived:
                self._context.log.warn(
                    "the environment is archived: it gets no sessions; waiting items are run"
                )

    def _may_be_accepted_again(self, error: AntError) -> bool:
        """Whether the key is good, because polls were accepted until a moment ago."""
        if error.exit_code not in _REFUSAL_CODES or self._refused_since is None:
            return False
        has_worked = self._context.tally.last_poll_at > 0
        return has_worked and self._loop.time() < self._refused_since + _REFUSED_FOR_S

    def _pause(self, seconds: float) -> None:
        self._not_before = max(self._not_before, self._loop.time() + seconds)

    def _is_idle_for_good(self) -> bool:
        if self._tasks or self._polls > 0:
            return False
        idle_s = self._loop.time() - self._work_came_at
        return 0 < self._context.options.exit_when_idle <= idle_s

    # Items

    def _start(self, polled: Polled) -> None:
        """Handle an item in its own task. It keeps the slot until it ends."""
        self._claimed += 1
        self._context.tally.slots_used += 1
        decided = self._loop.create_future()
        self._undecided.add(decided)
        task = self._loop.create_task(self._handle(polled, decided))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._context.outage.reason:
            self._trial = task

    async def _handle(self, polled: Polled, decided: asyncio.Future[None]) -> None:
        """Handle an item. `decided` is set when it is known whose it is."""
        run: ItemRun | None = None
        try:
            try:
                run = await self._claim(polled, decided)
                if run:
                    await run.run()
            finally:  # free the slot before the item is stopped, which takes a request
                self._context.tally.slots_used -= 1
                self._slots.release()
                if run:
                    self._note_work()
            # let the next poll be sent first: a free slot waits for its response
            await asyncio.sleep(0)
            if run and (pause_s := await run.settle()):
                # the server needs a moment to hand it out again
                self._note_work(pause_s + _IDLE_CYCLE_S)
        except Exception as error:  # noqa: BLE001 - a bug that one item triggers must not end the others
            work_id, problem = polled.item["id"], f"{type(error).__name__}: {error}"
            self._context.log.error("work item failed", work_id=work_id, error=problem)
            self._context.memory.not_done[work_id] = None
            if run:
                run.abandon()
            self._pause_after_trouble()

    async def _claim(self, polled: Polled, decided: asyncio.Future[None]) -> ItemRun | None:
        """Acknowledge an item. Return None if it is not this worker's."""
        try:
            verdict, run = await claim(polled.item, polled.asked_at, self._context)
            self._can_acknowledge = verdict in (Verdict.DONE, Verdict.NOT_OURS)
            self._has_won = verdict is Verdict.DONE
            if verdict is Verdict.NOT_OURS:
                self._claimed -= 1
                if self._failed_items < _MOST_LOST:
                    self._note_work()
        finally:
            self._undecided.discard(decided)
            decided.set_result(None)
        if run:
            self._failed_items = 0
        else:
            self._pause_after_trouble(is_logged=verdict is not Verdict.NOT_OURS)
        return run

    def _note_work(self, pause_s: float = 0.0) -> None:
        """Note that there is work, or will be after a pause: this worker is not idle."""
        self._work_came_at = max(self._work_came_at, self._loop.time() + pause_s)

    def _pause_after_trouble(self, *, is_logged: bool = True) -> None:
        """Pause polling after an item that could not be acknowledged, or run to its end because of a bug."""
        pause_s = backoff(self._failed_items, _LONGEST_PAUSE_S)
        self._failed_items += 1
        if is_logged:
            sleep = round(pause_s, 1)
            self._context.log.warn("backing off after unprocessable work item", sleep=sleep)
        self._pause(pause_s)
        self._work_waits.clear()

    # The end

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._begin_next_stage, signal.Signals(number).name)

    def _begin_next_stage(self, name: str) -> None:
        """Drain at the first signal, end the handlers at the second, kill them at the third."""
        self._context.tally.draining = True
        for stage, message in zip(self._context.shutdown, _STAGES, strict=True):
            if not stage.done():
                self._log_stage(message, name)
                stage.set_result(None)
                break

    def _log_stage(self, message: str, signal_name: str) -> None:
        log, time_left = self._context.log, f"{self._context.options.drain_timeout:g} s"
        if message != _DRAINING:
            message = self._message_of_end(message)
        log.info(message, signal=signal_name, running=self._running, open_items=len(self._tasks))
        may_run = self._running > 0 or len(self._undecided) > 0
        if message == _DRAINING and may_run:
            log.info(f"handlers have {time_left} to finish; a second signal ends them")

    def _message_of_end(self, message: str) -> str:
        """Return a message about the end of handlers, or another one if none is running."""
        return message if self._running > 0 else _WITHOUT_HANDLERS

    @property
    def _running(self) -> int:
        """How many handlers are running. The other open items wait for responses of the server."""
        return len(self._context.tally.started_at)

    async def _drain(self) -> None:
        """Wait for the running items: as long as they take, but after a signal only for a limited time."""
        context, shutdown = self._context, self._context.shutdown
        ended: asyncio.Future[list[BaseException | None]] = asyncio.gather(
            *self._tasks, return_exceptions=True
        )
        await wait_for_any(ended, shutdown.draining)
        await wait_for_any(ended, timeout_s=context.options.drain_timeout)
        if not ended.done() and not shutdown.terminating.done():
            message = f"drain timeout exceeded; {self._message_of_end(_ENDING)}"
            context.log.warn(message, running=self._running, open_items=len(self._tasks))
            shutdown.terminating.set_result(None)
        await wait_for_any(ended, timeout_s=context.options.kill_timeout + _END_S)
        for task in self._tasks:
            task.cancel()
        await ended
