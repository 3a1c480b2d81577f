"""Check against the API what we have only read into its reference: `nox -s contract`. docs/readings.md says how.

ANTHROPIC_API_KEY is a key of a workspace for tests; ANT_CONTRACT_AGENT the ID of an agent there, without which the
readings of sessions and their work are skipped. None sends it a message. What this creates, it deletes, and nothing
else: environments whose names begin with `ant-contract-`, in upper case, too, and their sessions.

ANT_CONTRACT_ENVIRONMENT_ID and ANT_CONTRACT_ENVIRONMENT_KEY are a self-hosted environment that was made for this,
and its key, without which the readings of the worker are skipped. The last one archives it.
"""

import json
import os
import re
import secrets
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import httpx
import yaml

from tests.helpers.words import API_HEADERS

FOLDER = Path(__file__).parent
READINGS = yaml.safe_load((FOLDER / "readings.yaml").read_text(encoding="utf-8"))
WORKER = {
    row["reading"]: row["steps"]
    for row in yaml.safe_load((FOLDER / "worker.yaml").read_text(encoding="utf-8"))
}
RESULTS = FOLDER / "results.yaml"
OF_WORKER = re.compile(r"environments/[^/]+/work(/poll|/[^/]+/(ack|heartbeat|stop))?(\?.*)?")
"""The paths of the requests that a worker sends."""
HEADER = """# What `nox -s contract -- --record` has found, by reading: its result, when, and on which server.
# `python docs/generate.py` puts it into docs/readings.md.
"""
GONE = (200, 404)


class Verdict(Exception):
    """Why a reading does not hold: `differs` or `skipped`, and a sentence."""


class Queue(NamedTuple):
    """An environment for the readings of the worker, and its key."""

    environment_id: str
    key: str


class Server(dict):
    """A server, and the variables of steps, which are made when one first needs them."""

    def __init__(self, client, agent, sleep, queue=None):
        name = f"ant-contract-{secrets.token_hex(4)}"
        super().__init__(name=name, NAME=name.upper(), long="x" * 513)
        self.client, self.agent, self.sleep, self.queue = client, agent, sleep, queue
        self.created = []
        if queue:
            self["env"] = queue.environment_id

    def __missing__(self, variable):
        if variable != "env" and not self.agent:
            raise Verdict("skipped", "needs ANT_CONTRACT_AGENT")
        self[variable] = self._work() if variable == "work" else self._create(variable)["id"]
        return self[variable]

    def _create(self, variable):
        if variable == "env":
            queue = {"name": f"{self['name']}-queue", "config": {"type": "self_hosted"}}
            return self._made("POST environments", queue)
        return self._made("POST sessions", {"agent": self.agent, "environment_id": self["env"]})

    def _work(self):
        """Poll the work item of the session. An environment that was given may have others."""
        session = self["session"]
        while True:
            item = self._made(f"GET environments/{self['env']}/work/poll?block_ms=999")
            if item["data"]["id"] == session:
                return item["id"]

    def _made(self, request, body=None):
        response = self.send(request, body)
        if not response.is_success or response.json() is None:
            raise Verdict("differs", f"{request}: {response.status_code} {response.text}")
        return response.json()

    def send(self, request, body=None, headers=None):
        """Send a request, and remember what it created."""
        method, path = request.split(" ", 1)
        data = json.dumps(body) if isinstance(body, dict) else body
        headers = {"content-type": "application/json"} | (headers or {})
        url = f"/v1/{path}{'&' if '?' in path else '?'}beta=true"
        request = self.client.build_request(method, url, content=data, headers=headers)
        if self.queue and OF_WORKER.fullmatch(path):
            del request.headers["x-api-key"]
            request.headers["authorization"] = f"Bearer {self.queue.key}"
        response = self.client.send(request)
        if method == "POST" and path in ("environments", "sessions") and response.is_success:
            self["id"] = response.json()["id"]
            self.created.insert(0, f"{path}/{self['id']}")
        return response

    def check(self, steps):
        """Send the steps. Raises Verdict at the first one whose response is not as expected, or without steps."""
        if isinstance(steps, str):
            raise Verdict("skipped", steps)
        for step in steps:
            self.sleep(step.get("wait", 0))
            step = json.loads(re.sub(r"\{(\w+)\}", lambda found: self[found[1]], json.dumps(step)))
            response = self.send(step["send"], step.get("body"), step.get("headers"))
            seen = {"status": response.status_code, "headers": response.headers}
            seen["body"] = (
                response.json() if response.text.startswith(("{", "null")) else response.text
            )
            for path, expected in {"status": 200, **step.get("expect", {})}.items():
                if not is_expected(found := find(seen, path), expected):
                    raise Verdict(
                        "differs", f"{step['send']}: {path} is {found!r}, not {expected!r}"
                    )

    def left(self):
        """Delete what was created, the newest first, and return what can't be deleted."""
        for path in self.created:
            if self.send(f"DELETE {path}").status_code not in GONE:  # it may have unfinished work
                self.send(f"POST {path}/archive")
        return [
            path for path in self.created if self.send(f"DELETE {path}").status_code not in GONE
        ]


def find(value, path):
    """Return the value at a path such as `body.data.0`."""
    for key in path.split("."):
        try:
            value = value[int(key) if isinstance(value, list) else key]
        except (LookupError, TypeError):
            return "absent"
    return value


def is_expected(found, expected):
    """Whether a value is the expected one, or in the expected range."""
    if not isinstance(expected, dict):
        return found == expected
    if expected.keys() != {"from", "to"}:
        return found == expected
    return isinstance(found, int) and expected["from"] <= found <= expected["to"]


def verdict(steps, client, agent, sleep, queue=None):
    """Return whether a reading holds, differs or is skipped, and why."""
    server, found = Server(client, agent, sleep, queue), ("holds", "")
    try:
        server.check(steps)
    except Verdict as error:
        found = error.args
    finally:
        left = server.left()
    return ("differs", f"not deleted: {', '.join(left)}") if left else found


def connect(base_url, api_key, **options):
    """Return a client of the API."""
    return httpx.Client(
        base_url=base_url, headers={**API_HEADERS, "x-api-key": api_key}, timeout=60, **options
    )


def all_verdicts(client, agent, sleep, queue):
    """Yield each reading with its verdict and the reason."""
    for name, steps in READINGS.items():
        yield name, *verdict(steps, client, agent, sleep)
    for name, steps in WORKER.items():
        if queue is None:
            yield name, "skipped", "needs ANT_CONTRACT_ENVIRONMENT_ID and ..._KEY"
        else:
            yield name, *verdict(steps, client, agent, sleep, queue)


def queue_of(environ):
    """Return the environment for the readings of the worker; None if it is not given."""
    names = ("ANT_CONTRACT_ENVIRONMENT_ID", "ANT_CONTRACT_ENVIRONMENT_KEY")
    given = [environ.get(name) for name in names]
    return Queue(*given) if all(given) else None


def record(server, found, path=RESULTS):
    """Write what has been found, by reading; a skipped one keeps its earlier result."""
    known = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    today = datetime.now(UTC).date().isoformat()
    for name, result, why in found:
        if result != "skipped":
            known[name] = {"result": result, "date": today, "server": server}
            known[name] |= {"why": why} if why else {}
    path.write_text(HEADER + yaml.safe_dump(known, sort_keys=True, allow_unicode=True))


def main(arguments=()):
    """Print each reading, and whether it holds. The exit status is 1 if one differs."""
    if not (api_key := os.environ.get("ANTHROPIC_API_KEY")):
        sys.exit("ANTHROPIC_API_KEY is not set. It has to be a key of a workspace for tests.")
    server = os.environ.get("ANTHROPIC_BASE_URL") or "https://api.anthropic.com"
    found = []
    with connect(server, api_key) as client:
        agent = os.environ.get("ANT_CONTRACT_AGENT")
        for name, result, why in all_verdicts(client, agent, time.sleep, queue_of(os.environ)):
            sys.stdout.write(f"{result:8} {name}{why and f' ({why})'}\n")
            found.append((name, result, why))
    if "--record" in arguments:
        record(server, found)
    sys.exit(any(result == "differs" for _, result, _ in found))


if __name__ == "__main__":
    main(sys.argv[1:])
