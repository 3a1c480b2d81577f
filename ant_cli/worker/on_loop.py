"""Requests on the event loop, with the client of `http/`, which blocks.

A call is made in a greenlet, which has its own stack. Where the client would block, the greenlet hands over what it
waits for, and continues when the event loop has the result. So the worker's requests follow the same rules as all
others. Handing each to a thread and back would take as long as the request itself on a fast network.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from greenlet import getcurrent, greenlet

from ant_cli.http.direct import DirectTransport, Origin
from ant_cli.http.transport import Attempt
from ant_cli.http.wire import would_block
from ant_cli.runtime import Runtime

if TYPE_CHECKING:
    import socket

    from _typeshed import WriteableBuffer as Buffer

T = TypeVar("T")


async def run_on_loop(function: Callable[..., T], *args: Any) -> T:
    """Call a function in a greenlet. If this is cancelled, the function raises CancelledError where it waits."""
    call = greenlet(function)
    passed = call.switch(*args)
    while not call.dead:
        try:
            result = await passed
        except BaseException as error:  # noqa: BLE001 - the function handles it, or raises it again
            passed = call.throw(error)
        else:
            passed = call.switch(result)
    returned: T = passed
    return returned


def _wait_for(awaitable: Awaitable[T]) -> T:
    """Return the result of an awaitable to a function that `run_on_loop` called."""
    event_loop: Any = getcurrent().parent
    result: T = event_loop.switch(awaitable)
    return result


def runtime_on_loop(runtime: Runtime, executor: Executor) -> Runtime:
    """Return a runtime for clients whose calls are made by `run_on_loop`. The executor opens their connections."""
    runtime = copy(runtime)
    runtime.sleep = lambda seconds: _wait_for(asyncio.sleep(seconds))
    runtime.transport = _LoopTransport(runtime.environ, executor)
    return runtime


class _LoopTransport(DirectTransport):
    def __init__(self, environ: Mapping[str, str], executor: Executor) -> None:
        super().__init__(environ)
        self._executor = executor

    def connect(self, origin: Origin, attempt: Attempt) -> Any:
        loop = asyncio.get_running_loop()
        return _LoopSocket(
            _wait_for(loop.run_in_executor(self._executor, super().connect, origin, attempt))
        )


class _LoopSocket:
    """A connected socket with the methods that `Wire` calls. They are called in a greenlet."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(0)
        self._socket = sock
        self._loop = asyncio.get_running_loop()
        self._timeout_s = 0.0
        self.close = sock.close

    def settimeout(self, seconds: float) -> None:
        self._timeout_s = seconds

    def sendall(self, data: memoryview) -> None:
        while data:
            data = data[self._when_ready(partial(self._socket.send, data), reads=False) :]

    def recv_into(self, buffer: Buffer) -> int:
        return self._when_ready(partial(self._socket.recv_into, buffer), reads=True)

    def _when_ready(self, exchange: Callable[[], int], *, reads: bool) -> int:
        """Exchange data as soon as the socket can. Raises TimeoutError if that takes too long."""
        end = self._loop.time() + self._timeout_s
        while True:
            try:
                return exchange()
            except OSError as error:
                if not (self._timeout_s and would_block(error)):
                    raise
                # TLS may have to receive before it can send
                if not isinstance(error, BlockingIOError):
                    reads = isinstance(error, ssl.SSLWantReadError)
            # a TLS record may never be complete, although its bytes arrive
            if self._loop.time() >= end:
                raise TimeoutError
            self._wait(end, reads=reads)

    def _wait(self, end: float, *, reads: bool) -> None:
        """Wait until the socket can be read, or written to, but not beyond the end."""
        loop, descriptor = self._loop, self._socket.fileno()
        watch, unwatch = (
            (loop.add_reader, loop.remove_reader)
            if reads
            else (loop.add_writer, loop.remove_writer)
        )
        turn = loop.create_future()
        watch(descriptor, _resolve, turn)
        timer = loop.call_at(end, _resolve, turn)
        try:
            _wait_for(turn)
        finally:
            timer.cancel()
            unwatch(descriptor)


def _resolve(turn: asyncio.Future[None]) -> None:
    if not turn.done():  # the time may be up just when the socket is ready
        turn.set_result(None)
