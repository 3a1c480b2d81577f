"""Random sequences of requests, compared with a short model."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from ant_cli.emulator import Emulator

from .api import ENVIRONMENTS, Api
from .manual_clock import ManualClock

LEASE = 300_000
NAMES = st.sampled_from(["a", "b", "c", "d"])


class Machine(RuleBasedStateMachine):
    """The model: environments are dicts in order of creation, work is a dict of dicts in order of arrival."""

    environments = Bundle("environments")
    work = Bundle("work")

    def __init__(self):
        super().__init__()
        self.clock = ManualClock(0)
        self.emulator = Emulator(":memory:", clock=self.clock)
        self.api = Api(self.emulator)
        self.known = {}
        self.items = {}

    def teardown(self):
        """Close the database."""
        self.emulator.close()

    def expire(self):
        """Update the model to the time of the clock."""
        for item in self.items.values():
            if item["state"] in ("starting", "active", "stopping") and item["lease"] <= self.clock():
                ended = item["state"] == "stopping"
                item.update(state="stopped" if ended else "queued", handed=None, beat=None)

    def taken(self, name, by=None):
        """Return whether another environment has this name."""
        return any(known["name"] == name for key, known in self.known.items() if key != by)

    @rule(target=environments, name=NAMES, kind=st.sampled_from(["cloud", "self_hosted", "self_hosted"]))
    def create(self, name, kind):
        """Create an environment, or get a conflict if the name is used."""
        response = self.api("POST", ENVIRONMENTS, {"name": name, "config": {"type": kind}})
        if self.taken(name):
            assert response.status_code == 409
            return multiple()
        assert response.json["description"] is None
        self.known[response.json["id"]] = {"name": name, "kind": kind, "archived": False, "metadata": {}}
        return response.json["id"]

    @rule(key=environments, name=NAMES, metadata=st.dictionaries(NAMES, st.sampled_from(["x", "", None])))
    def update(self, key, name, metadata):
        """Rename an environment and merge metadata."""
        response = self.api.update(key, name=name, metadata=metadata)
        known = self.known.get(key)
        if known is None:
            assert response.status_code == 404
        elif known["archived"]:
            assert response.status_code == 400
        elif self.taken(name, by=key):
            assert response.status_code == 409
        else:
            merged = {**known["metadata"], **metadata}
            known.update(name=name, metadata={key: value for key, value in merged.items() if value})
            assert response.json["metadata"] == known["metadata"]

    @rule(key=environments)
    def archive(self, key):
        """Archive an environment."""
        response = self.api("POST", f"{ENVIRONMENTS}/{key}/archive")
        assert response.status_code == (200 if key in self.known else 404)
        if key in self.known:
            self.known[key]["archived"] = True

    @rule(key=consumes(environments))
    def delete(self, key):
        """Delete an environment without unfinished work."""
        self.expire()
        response = self.api("DELETE", f"{ENVIRONMENTS}/{key}")
        mine = [work for work, item in self.items.items() if item["environment"] == key]
        if any(self.items[work]["state"] != "stopped" for work in mine):
            assert response.status_code == 409
            return
        assert response.status_code == 200
        del self.known[key]
        for work in mine:
            del self.items[work]

    @rule(target=work, key=environments, count=st.integers(1, 3))
    def enqueue(self, key, count):
        """Put work in a queue."""
        response = self.api("POST", f"/_emulator/environments/{key}/enqueue", {"count": count})
        known = self.known.get(key)
        if known is None or known["kind"] == "cloud" or known["archived"]:
            assert response.status_code == (404 if known is None else 400)
            return multiple()
        added = [item["id"] for item in response.json["data"]]
        for work in added:
            self.items[work] = {"environment": key, "state": "queued", "handed": None, "beat": None}
        return multiple(*added)

    @rule(key=environments, reclaim=st.sampled_from([None, 1, 1_000]))
    def poll(self, key, reclaim):
        """Poll, and expect the item of the model."""
        query = {} if reclaim is None else {"reclaim_older_than_ms": reclaim}
        response = self.api("GET", f"{ENVIRONMENTS}/{key}/work/poll", **query)
        if self.known.get(key, {"kind": "cloud"})["kind"] == "cloud":
            assert response.status_code == (400 if key in self.known else 404)
            return
        self.expire()
        before = self.clock() - (5_000 if reclaim is None else reclaim) * 1_000
        free = [
            work
            for work, item in self.items.items()
            if item["environment"] == key and item["state"] == "queued"
            if item["handed"] is None or item["handed"] < before
        ]
        assert (response.json or {}).get("id") == next(iter(free), None)
        if free:
            self.items[free[0]]["handed"] = self.clock()

    def act(self, work, action, body=None, **query):
        """Act on an existing item, and return the item of the model, too."""
        self.expire()
        item = self.items.get(work)
        response = self.api.act(item["environment"], work, action, body, **query) if item else None
        return item, response

    @rule(work=work)
    def acknowledge(self, work):
        """Acknowledge an item."""
        item, response = self.act(work, "ack")
        if item and item["state"] == "queued":
            assert response.status_code == 200
            item.update(state="starting", lease=self.clock() + LEASE * 1_000)
        elif item:
            assert response.status_code == 409

    @rule(work=work, right=st.booleans(), ttl=st.integers(1, 300))
    def heartbeat(self, work, right, ttl):
        """Send a heartbeat with a correct or wrong last heartbeat."""
        beat = self.items.get(work, {"beat": None})["beat"]
        expected = (beat or "NO_HEARTBEAT") if right else "wrong"
        query = {"expected_last_heartbeat": expected, "desired_ttl_seconds": ttl}
        item, response = self.act(work, "heartbeat", **query)
        if item is None:
            return
        if item["state"] in ("stopping", "stopped"):
            assert response.json["lease_extended"] is False
        elif item["state"] == "queued" or expected != (item["beat"] or "NO_HEARTBEAT"):
            assert response.status_code == 412
        else:
            last = response.json["last_heartbeat"]
            assert item["beat"] is None or last > item["beat"]
            item.update(state="active", beat=last, lease=self.clock() + ttl * 1_000_000)

    @rule(work=work, force=st.booleans())
    def stop(self, work, force):
        """Stop an item."""
        item, response = self.act(work, "stop", {"force": force})
        if item is None:
            return
        assert response.status_code == 200
        at_once = force or item["state"] in ("queued", "stopped")
        item["state"] = "stopped" if at_once else "stopping"

    @rule(ms=st.sampled_from([1, 999, 5_000, 5_001, 60_000, LEASE]))
    def time_passes(self, ms):
        """Move the clock."""
        self.clock.advance(ms=ms)

    @rule(limit=st.integers(1, 4), include_archived=st.booleans())
    def list_environments(self, limit, include_archived):
        """Follow the pages of the list."""
        shown = [key for key, known in self.known.items() if include_archived or not known["archived"]]
        listed, page = [], ""
        while page is not None:
            query = {"limit": limit, "page": page, "include_archived": str(include_archived).lower()}
            answer = self.api("GET", ENVIRONMENTS, **query).json
            listed += [environment["id"] for environment in answer["data"]]
            page = answer["next_page"]
        assert listed == shown[::-1]

    @invariant()
    def work_is_as_the_model_says(self):
        """Compare every queue after each step."""
        self.expire()
        for key, known in self.known.items():
            path = f"{ENVIRONMENTS}/{key}/work"
            mine = {work: item for work, item in self.items.items() if item["environment"] == key}
            listed = self.api("GET", path, limit=100)
            if known["kind"] == "cloud" or known["archived"]:
                assert listed.status_code == 404
            else:
                states = [(work, item["state"]) for work, item in mine.items()]
                assert [(item["id"], item["state"]) for item in listed.json["data"]][::-1] == states[-100:]
            queued = [item["handed"] for item in mine.values() if item["state"] == "queued"]
            stats = self.api.stats(key)
            assert stats["depth"] == queued.count(None)
            assert stats["pending"] == len(queued) - queued.count(None)
            assert self.api.retrieve(key)["name"] == known["name"]


Machine.TestCase.settings = settings(
    max_examples=50, stateful_step_count=30, suppress_health_check=list(HealthCheck)
)
TestMachine = Machine.TestCase
