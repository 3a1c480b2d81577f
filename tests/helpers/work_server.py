"""A server that has the same response for each call of a worker."""

from __future__ import annotations

import ssl

from tests.helpers.servers import Reply, ScriptedServer, response

ITEM = {
    "id": "work_1",
    "environment_id": "env_1",
    "state": "queued",
    "data": {"type": "session", "id": "sesn_1"},
    "metadata": {},
}


class WorkServer(ScriptedServer):
    """Sends the given response for paths that end with a certain string, and the item for all others."""

    def __init__(self, tls: ssl.SSLContext | None = None, **replies: object) -> None:
        super().__init__(response(ITEM), tls=tls)
        self._by_end = replies

    def _script(self, request: bytes) -> Reply:
        path = request.split(b" ")[1].partition(b"?")[0].decode()
        reply = self._by_end.get(path.rpartition("/")[2], ITEM)
        return (response(reply),)

    def count(self, end: str) -> int:
        """Return the number of requests to paths with this end."""
        return sum(f"/{end}?" in line for line in self.lines)
