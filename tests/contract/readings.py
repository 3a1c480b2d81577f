"""Check against the API what docs/emulator.md has only read into its reference: `nox -s contract`.

ANTHROPIC_API_KEY is a key of a workspace for tests; ANT_CONTRACT_AGENT the ID of an agent there, without which the
readings of sessions and their work are skipped. None sends it a message. What this creates, it deletes, and nothing
else: environments whose names begin with `ant-contract-`, in upper case, too, and their sessions.
"""

import json
import os
import re
import secrets
import sys
import time
from pathlib import Path

import httpx
import yaml

from tests.helpers.words import API_HEADERS

READINGS = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
GONE = (200, 404)


class Verdict(Exception):
    """Why a reading does not hold: `differs` or `skipped`, and a sentence."""


class Server(dict):
    """A server, and the variables of steps, which are made when one first needs them."""

    def __init__(self, client, agent, sleep):
        name = f"ant-contract-{secrets.token_hex(4)}"
        super().__init__(name=name, NAME=name.upper(), long="x" * 513)
        self.client, self.agent, self.sleep, self.created = client, agent, sleep, []

    def __missing__(self, variable):
        if variable != "env" and not self.agent:
            raise Verdict("skipped", "needs ANT_CONTRACT_AGENT")
        queue = {"name": f"{self['name']}-queue", "config": {"type": "self_hosted"}}
        request, body = {
            "env": lambda: ("POST environments", queue),
            "session": lambda: (
                "POST sessions",
                {"agent": self.agent, "environment_id": self["env"]},
            ),
            "work": lambda: (
                self["session"] and f"GET environments/{self['env']}/work/poll?block_ms=999",
                None,
            ),
        }[variable]()
        made = self.send(request, body)
        if not made.is_success or made.json() is None:
            raise Verdict("differs", f"{request}: {made.status_code} {made.text}")
        self[variable] = made.json()["id"]
        return self[variable]

    def send(self, request, body=None, headers=None):
        """Send a request, and remember what it created."""
        method, path = request.split(" ", 1)
        data = json.dumps(body) if isinstance(body, dict) else body
        headers = {"content-type": "application/json"} | (headers or {})
        url = f"/v1/{path}{'&' if '?' in path else '?'}beta=true"
        response = self.client.request(method, url, content=data, headers=headers)
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
                if (found := find(seen, path)) != expected:
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


def verdict(steps, client, agent, sleep):
    """Return whether a reading holds, differs or is skipped, and why."""
    server, found = Server(client, agent, sleep), ("holds", "")
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


def main():
    """Print each reading, and whether it holds. The exit status is 1 if one differs."""
    if not (api_key := os.environ.get("ANTHROPIC_API_KEY")):
        sys.exit("ANTHROPIC_API_KEY is not set. It has to be a key of a workspace for tests.")
    verdicts = set()
    with connect(
        os.environ.get("ANTHROPIC_BASE_URL") or "https://api.anthropic.com", api_key
    ) as client:
        for name, steps in READINGS.items():
            found, why = verdict(steps, client, os.environ.get("ANT_CONTRACT_AGENT"), time.sleep)
            sys.stdout.write(f"{found:8} {name}{why and f' ({why})'}\n")
            verdicts.add(found)
    sys.exit("differs" in verdicts)


if __name__ == "__main__":
    main()
