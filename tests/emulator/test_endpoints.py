"""Which credentials and parameters each endpoint accepts, what it responds, and the codes of its errors."""

import re
from contextlib import closing
from itertools import count

import pytest
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from ant_cli.emulator import Emulator
from ant_cli.emulator.worlds import Worlds
from tests.helpers.words import API_HEADERS

from .api import ENVIRONMENTS, HEADERS, Api, bearer, message, token_of

FAULTS = "/_emulator/faults"
SESSIONS = "/v1/sessions"


# Credentials


@pytest.mark.parametrize(
    ("method", "path", "kinds"),
    [
        ("GET", "/v1/models", "account worker item"),
        ("GET", "/v1/models/x", "account worker item"),
        ("POST", "/v1/sessions", "account"),
        ("GET", "/v1/sessions", "account"),
        ("GET", "/v1/sessions/{session}", "account worker item"),
        ("POST", "/v1/sessions/{session}", "account"),
        ("POST", "/v1/sessions/{session}/archive", "account"),
        ("GET", "/v1/sessions/{session}/events", "account worker item"),
        ("POST", "/v1/sessions/{session}/events", "account worker item"),
        ("DELETE", "/v1/sessions/{session}", "account"),
        ("POST", "/v1/agents", "account"),
        ("GET", "/v1/agents", "account"),
        ("GET", "/v1/agents/x", "account worker item"),
        ("POST", "/v1/agents/x/archive", "account"),
        ("POST", "/v1/files", "account"),
        ("GET", "/v1/files", "account"),
        ("GET", "/v1/files/x", "account worker item"),
        ("GET", "/v1/files/x/content", "account worker item"),
        ("DELETE", "/v1/files/x", "account"),
    ],
)
def test_each_endpoint_of_sessions_agents_and_files_takes_its_kinds_of_credentials(
    api, queue, method, path, kinds
):
    """A worker may read what its session needs, but may not change anything in the account."""
    api.enqueue(queue)
    item = api.poll(queue)
    path = path.format(session=item["data"]["id"])
    body = {} if method == "POST" else None
    given = {
        "account": HEADERS,
        "worker": bearer("sk-ant-oat01-any"),
        "item": bearer(token_of(item["secret"])),
    }
    taken = [
        kind
        for kind, headers in given.items()
        if api(method, path, body, headers=headers).status_code != 403
    ]
    assert " ".join(taken) == kinds


def test_a_bearer_token_with_the_form_of_an_api_key_is_one(api, queue):
    """An API key can't list work, even as a bearer token. The error names the credential that was refused."""
    work = f"{ENVIRONMENTS}/{queue}/work"
    assert api("GET", work, headers=bearer("sk-ant-api03-x")).status_code == 403
    assert api("GET", work, headers=bearer("anything")).status_code == 200
    other = api.create_queue("other")
    key = api("POST", f"/_emulator/environments/{other}/key").json["environment_key"]
    refused = api("GET", work, headers=bearer(key) | {"x-api-key": "any"})
    assert message(refused, 403) == (
        "an environment key (authorization: Bearer) belongs to another environment or work item."
    )


@pytest.mark.parametrize("scheme", ["Basic", "Token", "sk-ant-oat01-x"])
def test_only_a_bearer_token_is_a_credential(api, scheme):
    """Other schemes of the authorization header are refused."""
    headers = API_HEADERS | {"authorization": f"{scheme} sk-ant-api03-x"}
    assert api("GET", ENVIRONMENTS, headers=headers).status_code == 401


# The query


@pytest.mark.parametrize(
    ("path", "query", "why"),
    [
        ("poll", {"block_ms": 1_000}, "block_ms: must be a whole number from 1 to 999, got '1000'"),
        ("poll", {"reclaim_older_than_ms": 10**12}, None),
        ("poll", {"reclaim_older_than_ms": 10**12 + 1}, "reclaim_older_than_ms: "),
        ("poll", {"reclaim_older_than_ms": 0}, "reclaim_older_than_ms: "),
        ("stats", {"x": "1"}, "which takes none."),
        ("", {"order": "asc"}, "order: not emulated for"),
        ("/v1/models", {"before_id": "x", "after_id": "y", "limit": 1}, None),
        ("/v1/models", {"page": "x"}, "which takes limit, after_id, before_id."),
        (ENVIRONMENTS, {"order": "asc"}, "which takes limit, page, include_archived."),
        (ENVIRONMENTS, {"name": ""}, "name: not emulated"),
        (SESSIONS, {"order": "up"}, "order: must be asc or desc, got 'up'"),
        (SESSIONS, {"created_at[lt]": "yesterday"}, "created_at[lt]: must be a time such as"),
        ("/v1/agents", {"created_at[gte]": "2026-01-01T00:00:00Z"}, None),
        ("/v1/agents", {"created_at[gt]": "2026-01-01T00:00:00Z"}, "created_at[gt]: not emulated"),
        ("/v1/agents", {"include_archived": "yes"}, "include_archived: must be true or false"),
        ("/v1/files", {"include_archived": "true"}, "which takes limit, page, ids, scope_id."),
        (
            ENVIRONMENTS,
            {"page": "page_" + f"environments {'9' * 19}".encode().hex()},
            "page: not a cursor of this list",
        ),
    ],
)
def test_an_endpoint_takes_the_parameters_that_it_names(api, queue, path, query, why):
    """Other parameters are refused, and so are values outside of the limits."""
    if not path.startswith("/"):
        path = f"{ENVIRONMENTS}/{queue}/work/{path}".rstrip("/")
    headers = None if path.endswith("/work") else HEADERS
    response = api("GET", path, headers=headers, **query)
    if why is None:
        assert response.status_code == 200
    else:
        assert why in message(response, 400)


@pytest.mark.parametrize(
    ("seconds", "is_valid"), [("1", True), ("300", True), ("301", False), ("0", False)]
)
def test_a_lease_may_be_asked_for_up_to_five_minutes(api, queue, seconds, is_valid):
    """The API accepts 1 to 300 seconds."""
    (work,) = api.enqueue(queue)
    api.act(queue, work, "ack")
    response = api.act(queue, work, "heartbeat", desired_ttl_seconds=seconds)
    assert response.status_code == (200 if is_valid else 400)


def test_a_cursor_belongs_to_its_own_list_and_order(api, queue):
    """Any other list refuses the cursor, and so does the same list in the other order."""
    form = b'--b\r\nx; name="file"\r\n\r\nabc\r\n--b--'
    headers = HEADERS | {"content-type": "multipart/form-data; boundary=b"}
    for number in range(2):
        api("POST", "/v1/agents", {"name": f"a{number}", "model": "m"})
        api("POST", "/_emulator/sessions", {"environment_id": queue, "script": ["terminate"]})
        api("POST", ENVIRONMENTS, {"name": f"e{number}"})
        Client(api.emulator).post("/v1/files", data=form, headers=headers)
    session = api("GET", SESSIONS).json["data"][0]["id"]
    lists = (
        *(ENVIRONMENTS, "/v1/agents", "/v1/files", f"{ENVIRONMENTS}/{queue}/work", SESSIONS),
        f"{SESSIONS}/{session}/events",
    )
    cursors = {path: api("GET", path, limit=1).json["next_page"] for path in lists}
    accepted = {
        path: [owner for owner in lists if api("GET", path, page=cursors[owner]).status_code == 200]
        for path in lists
    }
    assert accepted == {path: [path] for path in lists}
    for path in lists[-2:]:
        other = "asc" if path == SESSIONS else "desc"
        assert api("GET", path, page=cursors[path], order=other).status_code == 400


def test_a_question_mark_in_a_query_belongs_to_the_query(api):
    """Only the first question mark ends the path."""
    response = Client(api.emulator).get("/v1/files?ids=a?b&ids=c", headers=HEADERS)
    assert (response.status_code, response.json["data"]) == (200, [])


def test_a_filter_by_time_is_exact_to_the_microsecond(api, clock, queue):
    """If a filter is given twice, the first value counts."""
    clock.time += 5
    api("POST", "/_emulator/sessions", {"environment_id": queue})
    times = [f"2026-03-15T10:00:00.00000{digit}Z" for digit in (4, 5, 6)]
    found = {
        name: [
            len(api("GET", SESSIONS, **{f"created_at[{name}]": time}).json["data"])
            for time in times
        ]
        for name in ("gt", "gte", "lt", "lte")
    }
    assert found == {"gt": [1, 0, 0], "gte": [1, 1, 0], "lt": [0, 0, 1], "lte": [0, 1, 1]}
    twice = {"created_at[gt]": [times[0], times[2]]}
    assert len(api("GET", SESSIONS, **twice).json["data"]) == 1


# Errors


def test_an_error_has_the_code_of_its_reason(api, queue):
    """Programs decide by this code."""
    gone, cloud = api.create_queue("gone"), api.create("cloud")
    session = api("POST", SESSIONS, {"agent": "a", "environment_id": cloud}).json["id"]
    api("POST", f"{ENVIRONMENTS}/{gone}/archive")
    limit = {"type": "limit", "max_list_cost": {"amount": "1", "currency": "USD"}}
    enqueue = f"/_emulator/environments/{gone}/enqueue"
    for method, path, body, status, code in (
        ("GET", f"{ENVIRONMENTS}/env_none", None, 404, "environment_not_found"),
        ("GET", f"{ENVIRONMENTS}/{cloud}/work", None, 404, "environment_not_found"),
        ("GET", f"{ENVIRONMENTS}/{gone}/work", None, 404, "environment_archived"),
        ("POST", f"{ENVIRONMENTS}/{gone}", {"name": "x"}, 400, "environment_archived"),
        ("POST", enqueue, {}, 400, "environment_archived"),
        ("POST", SESSIONS, {"agent": "a", "environment_id": gone}, 400, "environment_archived"),
        (
            "POST",
            f"{ENVIRONMENTS}/{cloud}",
            {"config": {"type": "self_hosted"}},
            400,
            "invalid_config_type_change",
        ),
        ("POST", f"{SESSIONS}/{session}", {"budget": limit}, 400, "budget_create_only"),
        ("GET", f"{ENVIRONMENTS}/{queue}/work/none", None, 404, None),
    ):
        error = api(method, path, body)
        assert message(error, status)
        assert error.json["error"].get("error_code") == code, path
        assert error.json["error"].get("details", {}).get("error_code") == code, path


@pytest.mark.parametrize("action", ["enqueue", "key"])
def test_an_environment_without_a_queue_has_no_work_and_no_key(api, action):
    """A cloud environment has no queue, and an archived environment takes no new work."""
    cloud, gone = api.create("cloud"), api.create_queue("gone")
    api("POST", f"{ENVIRONMENTS}/{gone}/archive")
    path = "/_emulator/environments/{}/" + action
    refused = message(api("POST", path.format(cloud), {}), 400)
    assert refused.endswith(
        "is a cloud environment; only self-hosted environments have a work queue."
    )
    refused = message(api("POST", path.format(gone), {}), 400)
    assert refused == f"environment_id: {gone} is archived and takes no new sessions."
    refused = message(api("GET", f"{ENVIRONMENTS}/{cloud}/work/poll"), 400)
    assert refused == (
        "Only BYOC and bridge environments support work polling. "
        f"Environment {cloud} is anthropic_cloud."
    )


def test_work_is_found_in_its_own_environment_only(api, queue):
    """The ID of the work item is not enough."""
    (work,) = api.enqueue(queue)
    other = api.create_queue("other")
    for method, action in (("GET", ""), ("POST", "/ack"), ("POST", "/stop"), ("POST", "")):
        response = api(method, f"{ENVIRONMENTS}/{other}/work/{work}{action}")
        assert message(response, 404) == f"work_id: there is no work item '{work}' in {other}."
    assert api.item(queue, work)["state"] == "queued"


@pytest.mark.parametrize(
    "name",
    [
        *("complete", "deployments", "deployment_runs", "dreams", "memory_stores", "messages"),
        *("organizations", "skills", "tunnels", "user_profiles", "vaults"),
    ],
)
def test_what_the_api_has_besides_is_said_not_to_be_emulated(api, name):
    """The error has a command that adds a response. A misspelled path is reported as no endpoint."""
    for path in (f"/v1/{name}", f"/v1/{name}/x/y"):
        for method in ("GET", "POST", "DELETE"):
            stub = f"ant emulator fault --path {path} --method {method} --status 200"
            assert f"not emulated. To give its response: {stub}" in message(api(method, path), 404)
    assert "there is no such endpoint" in message(api("GET", f"/v1/{name}x"), 404)


# Responses


def test_each_time_of_an_item_is_that_of_its_own_event(api, queue, clock):
    """The clock is moved before each event, so that all times differ."""
    (work,) = api.enqueue(queue)
    for second, action in enumerate(("ack", "heartbeat", "heartbeat", "stop"), 1):
        clock.time = 1_773_568_800_000_000 + second * 1_000_000
        api.act(queue, work, action)
    clock.advance(ms=1_000)
    item = api.act(queue, work, "stop", {"force": True}).json
    seconds = {name: int(time[17:19]) for name, time in item.items() if name.endswith("_at")}
    assert seconds == {
        "created_at": 0,
        "acknowledged_at": 1,
        "started_at": 2,
        "latest_heartbeat_at": 3,
        "stop_requested_at": 4,
        "stopped_at": 5,
    }


def test_what_happens_at_once_has_one_time():
    """A request sets all times to the same value, however long the request takes."""
    with closing(Emulator(":memory:", clock=count(10**15, 10**6).__next__)) as emulator:
        api = Api(emulator)
        queue = api.create_queue()
        (work,) = api.enqueue(queue)
        stopped = api.act(queue, work, "stop").json
        assert stopped["stop_requested_at"] == stopped["stopped_at"]
        (work,) = api.enqueue(queue)
        begun = api.begin(queue, work)["last_heartbeat"]
        assert api.item(queue, work)["started_at"] == begun


def test_the_statistics_of_a_queue_are_its_own(api, queue):
    """Items and workers of other environments do not count."""
    other = api.create_queue("other")
    session = {"count": 3, "session_id": "session_1"}
    ids = api.enqueue(other, **session)
    headers = HEADERS | {"anthropic-worker-id": "w1"}
    polled = api("GET", f"{ENVIRONMENTS}/{other}/work/poll", headers=headers).json
    assert (polled["id"], polled["data"]["id"]) == (ids[0], "session_1")
    nothing = {
        "depth": 0,
        "oldest_queued_at": None,
        "pending": 0,
        "type": "work_queue_stats",
        "workers_polling": 0,
    }
    assert (api.stats(queue), api.poll(queue)) == (nothing, None)
    counts = {"depth": 2, "pending": 1, "workers_polling": 1}
    assert api.stats(other) == nothing | counts | {"oldest_queued_at": polled["created_at"]}
    api("POST", "/_emulator/clock", {"advance_ms": 30_000})
    assert api.stats(other)["workers_polling"] == 0


def test_an_item_whose_lease_ran_out_is_as_if_nobody_had_had_it(api, queue, clock):
    """The item is queued again, and the next poll gets it at once."""
    (work,) = api.enqueue(queue)
    api.poll(queue)
    api.begin(queue, work)
    clock.advance(ms=300_000)
    assert (api.stats(queue)["depth"], api.stats(queue)["pending"]) == (1, 0)
    item = api.poll(queue, reclaim_older_than_ms=10**12)
    times = [item[name] for name in ("acknowledged_at", "started_at", "latest_heartbeat_at")]
    assert (item["id"], times) == (work, [None] * 3)


def test_an_environment_is_found_by_its_new_name_only(api, clock):
    """Names are case-sensitive. Each change sets updated_at."""
    first = api.create("a")
    created = api.retrieve(first)
    clock.advance(ms=1_000)
    renamed = api.update(first, name="c").json
    assert (renamed["updated_at"] > created["updated_at"], renamed["created_at"]) == (
        True,
        created["created_at"],
    )
    assert api.create("a") != api.create("A")
    assert "'c' is taken by" in message(api("POST", ENVIRONMENTS, {"name": "c"}), 409)
    clock.advance(ms=1_000)
    archived = api("POST", f"{ENVIRONMENTS}/{first}/archive").json
    assert archived["updated_at"] == archived["archived_at"] > renamed["updated_at"]
    assert (archived["state"], archived["created_at"]) == ("archived", created["created_at"])


def test_an_environment_has_its_defaults(api):
    """An empty description is kept, and does not become null."""
    empty = {manager: [] for manager in ("apt", "cargo", "gem", "go", "npm", "pip")}
    packages = {**empty, "type": "packages"}
    plain = api.retrieve(api.create("plain"))
    assert (plain["description"], plain["metadata"], plain["scope"]) == (None, {}, "organization")
    assert plain["config"] == {
        "networking": {"type": "unrestricted"},
        "packages": packages,
        "type": "cloud",
    }
    limited = {"type": "cloud", "networking": {"type": "limited"}}
    created = api.retrieve(api.create("limited", config=limited, description=""))
    assert created["description"] == ""
    assert created["config"]["networking"] == {
        "allow_mcp_servers": False,
        "allow_package_managers": False,
        "allowed_hosts": [],
        "type": "limited",
    }
    assert api.retrieve(api.create_queue())["config"] == {"type": "self_hosted"}


def test_an_environment_with_work_is_not_deleted_and_says_what_to_do(api, queue):
    """Work in any state except stopped prevents the deletion, even in an archived environment."""
    (work,) = api.enqueue(queue)
    path = f"{ENVIRONMENTS}/{queue}"
    for action in ("ack", "heartbeat", "stop"):
        refused = message(api("DELETE", path), 409)
        assert refused.endswith("items: 1; archive it first, to allow the queue to drain.")
        assert api.act(queue, work, action).status_code == 200
    api("POST", f"{path}/archive")
    refused = message(api("DELETE", path), 409)
    assert refused.endswith(f"stop them with force, such as {work}, which is stopping.")
    api.act(queue, work, "stop", {"force": True})
    assert api("DELETE", path).json == {"id": queue, "type": "environment_deleted"}


def test_an_object_is_found_by_its_kind(api):
    """An agent is not found as a file, and has only version 1."""
    agent = api("POST", "/v1/agents", {"name": "a", "model": "m"}).json
    assert (agent["metadata"], agent["multiagent"], agent["archived_at"]) == ({}, None, None)
    assert (agent["type"], agent["execution_identity"]) == ("agent", {"type": "service_account"})
    assert api("GET", f"/v1/files/{agent['id']}").status_code == 404
    assert api("GET", f"/v1/agents/{agent['id']}", version=1).json == agent
    assert "from 1 to 1" in message(api("GET", f"/v1/agents/{agent['id']}", version=2), 400)
    times = ("2026-03-15T09:59:59Z", "2026-03-15T10:00:00Z", "2026-03-15T10:00:01Z")
    for sign, found in (("gte", [1, 1, 0]), ("lte", [0, 1, 1])):
        query = f"created_at[{sign}]"
        listed = [api("GET", "/v1/agents", **{query: time}).json["data"] for time in times]
        assert [len(agents) for agents in listed] == found
    assert api("GET", "/v1/files").json["data"] == []


def test_a_file_has_its_members_and_no_scope(api, emulator):
    """An uploaded file has no scope, so no filter by scope_id finds it."""
    form = b'--b\r\nx; name="file"; filename="a"\r\n\r\nabc\r\n--b--'
    headers = HEADERS | {"content-type": "multipart/form-data; boundary=b"}
    file = Client(emulator).post("/v1/files", data=form, headers=headers).json
    assert file == {
        "id": file["id"],
        "created_at": "2026-03-15T10:00:00.000000Z",
        "filename": "a",
        "mime_type": "application/octet-stream",
        "size_bytes": 3,
        "type": "file",
        "downloadable": True,
        "expires_at": None,
        "scope": None,
    }
    assert api("GET", "/v1/files", scope_id="x").json["data"] == []
    response = Client(emulator).get(f"/v1/files/{file['id']}/content", headers=HEADERS)
    assert (response.data, response.headers["content-length"]) == (b"abc", "3")


def test_a_tool_has_the_defaults_of_its_type_only(api):
    """A custom tool has no defaults, and a tool of an MCP server has no type."""
    tools = [
        {
            "type": "custom",
            "name": "weather",
            "description": "d",
            "input_schema": {"type": "object"},
        },
        {"type": "mcp_toolset", "mcp_server_name": "docs", "configs": [{"name": "search"}]},
    ]
    custom, mcp = api("POST", "/v1/agents", {"name": "a", "model": "m", "tools": tools}).json[
        "tools"
    ]
    assert custom == tools[0]
    (search,) = mcp["configs"]
    assert search.keys() == {"enabled", "permission_policy", "name"}


def test_the_only_model_has_the_members_of_the_api(api):
    """The capabilities and limits of the model are null."""
    (model,) = api("GET", "/v1/models").json["data"]
    assert model == {
        "type": "model",
        "id": "claude-opus-4-5-20251101",
        "display_name": "Claude Opus 4.5",
        "created_at": "2025-11-01T00:00:00Z",
        "lifecycle": "active",
        "line": "opus",
        "capabilities": None,
        "deprecated_at": None,
        "max_input_tokens": None,
        "max_tokens": None,
        "retires_at": None,
    }
    assert api("GET", f"/v1/models/{model['id']}").json == model
    other = message(api("GET", "/v1/models/x"), 404)
    assert other == f"model: there is only {model['id']}, got 'x'."


def test_the_length_of_a_response_is_that_of_its_bytes(emulator, api):
    """A letter such as é takes two bytes."""
    path = f"{ENVIRONMENTS}/{api.create('données')}"
    body, _, headers = run_wsgi_app(emulator, EnvironBuilder(path, headers=HEADERS).get_environ())
    assert int(headers["content-length"]) == len(b"".join(body))


def test_each_endpoint_of_the_emulator_is_described_in_one_line(api):
    """People read this list."""
    described = [each["description"] for each in api("GET", "/_emulator/").json["data"]]
    assert [text for text in described if not re.fullmatch(r"[A-Z].*\.", text)] == []


# Faults


def test_a_fault_is_listed_as_it_was_added(api):
    """The oldest fault is first, with all of its fields, but not with how often it has happened."""
    asked = {
        "path_contains": "",
        "method": "GET",
        "status": 599,
        "times": 2,
        "delay_ms": 0,
        "disconnect": False,
        "after": 1,
        "body_delay_ms": 0,
        "cut_after_events": None,
        "after_commit": True,
        "body": None,
        "headers": ["x-a: b:c", "X-B:  d "],
        "error_code": "own",
        "cut_after_bytes": None,
        "path": "/v1/vaults",
        "error_after_events": None,
    }
    first = api("POST", FAULTS, asked).json
    assert first == {"id": first["id"], **asked, "type": "fault"}
    assert {type(first["disconnect"]), type(first["after_commit"])} == {bool}
    second = api("POST", FAULTS, {"delay_ms": 1}).json
    assert api("GET", FAULTS).json == {"data": [first, second]}


def test_a_fault_that_lets_requests_pass_happens_also_if_it_is_the_only_one(emulator, api):
    """The status may be unknown, and values of headers may have colons."""
    fault = {"status": 599, "after": 1, "headers": ["x-a: b:c", "X-B:  d "], "path": ENVIRONMENTS}
    api("POST", FAULTS, fault)
    statuses = [api("GET", ENVIRONMENTS).status for _ in range(3)]
    assert statuses == ["200 OK", "599 Unknown", "200 OK"]
    api("POST", FAULTS, fault | {"after": 0})
    given = EnvironBuilder(ENVIRONMENTS, headers=HEADERS).get_environ()
    _, _, headers = run_wsgi_app(emulator, given)
    assert (headers["x-a"], headers["x-b"]) == ("b:c", "d")


@pytest.mark.parametrize("fault", [{"status": 503}, {"disconnect": True}, {"delay_ms": 1_500}])
def test_a_fault_after_the_commit_loses_the_response_only(api, emulator, monkeypatch, fault):
    """With after_commit, the request takes effect. Without it, only a request that is delayed does."""
    waits = []
    monkeypatch.setattr("ant_cli.emulator.faults.time.sleep", waits.append)
    is_lost = "delay_ms" not in fault

    def create(name):
        builder = EnvironBuilder(ENVIRONMENTS, method="POST", json={"name": name}, headers=HEADERS)
        try:
            _, status, _ = run_wsgi_app(emulator, builder.get_environ())
        except ConnectionError:
            return None
        return int(status[:3])

    for after_commit in (True, False):
        api("POST", FAULTS, {**fault, "method": "POST", "after_commit": after_commit})
        assert create(f"after {after_commit}") == (fault.get("status") if is_lost else 200)
    made = [each["name"] for each in api("GET", ENVIRONMENTS).json["data"]]
    assert made == (["after True"] if is_lost else ["after False", "after True"])
    assert api("GET", FAULTS).json["data"] == []
    assert [*filter(None, waits)] == ([] if is_lost else [1.5, 1.5])


def test_a_response_may_be_cut_before_its_first_byte(api, emulator):
    """The client has received the headers by then."""
    api("POST", FAULTS, {"cut_after_bytes": 0})
    given = EnvironBuilder(ENVIRONMENTS, headers=HEADERS).get_environ()
    body, status, _ = run_wsgi_app(emulator, given)
    assert (status, next(body)) == ("200 OK", b"")
    with pytest.raises(ConnectionError, match="cut the response"):
        next(body)
    assert api("GET", FAULTS).json["data"] == []


def test_a_fault_at_the_end_of_a_stream_fails_no_other_request(api):
    """The fault waits for a request of a stream."""
    fault = api("POST", FAULTS, {"error_after_events": 0}).json
    assert api("GET", ENVIRONMENTS).status_code == 200
    assert api("GET", FAULTS).json["data"] == [fault]


@pytest.mark.parametrize("status", [201, 503])
def test_only_a_success_of_a_list_is_checked_to_be_one(api, emulator, status):
    """A success without a list is a mistake in the test, so the client must not retry."""
    fault = {"path": ENVIRONMENTS, "status": status, "body": '{"error": {}}'}
    api("POST", FAULTS, fault)
    response = Client(emulator).get(ENVIRONMENTS, headers=HEADERS)
    assert (response.status_code, response.json) == (status, {"error": {}})
    api("POST", FAULTS, fault | {"status": 200})
    assert api("GET", ENVIRONMENTS).headers["x-should-retry"] == "false"


def test_a_reset_removes_what_the_report_would_name(api):
    """This includes findings about earlier requests."""
    api("POST", FAULTS, {"path": "/v1/vaults", "status": 200, "body": "{}"})
    assert api("GET", "/v1/vaults").status_code == 500
    assert len(api("GET", "/_emulator/report").json["data"]) == 1
    assert api("POST", "/_emulator/reset").json == {"type": "emulator_reset"}
    assert api("GET", "/_emulator/report").json == {"data": [], "type": "report"}


# IDs


def test_the_ids_of_each_kind_follow_from_a_seed_by_themselves():
    """Polls in between change none of these IDs, and each world has its own."""

    def made(key, polls):
        with closing(Worlds(seed=0)) as worlds:
            client, headers = Client(worlds), API_HEADERS | {"x-api-key": key}
            for _ in range(polls):
                client.get(ENVIRONMENTS, headers=headers)
            return client.post(ENVIRONMENTS, json={"name": "a"}, headers=headers).json["id"]

    assert made("one", 0) == made("one", 3) != made("two", 0)


def test_of_two_credentials_the_api_key_names_the_world():
    """A client with both variables in its environment sends both credentials."""
    with closing(Worlds()) as worlds:
        client = Client(worlds)
        key, token = API_HEADERS | {"x-api-key": "one"}, bearer("two")
        client.post(ENVIRONMENTS, json={"name": "a"}, headers=key)
        counts = [
            len(client.get(ENVIRONMENTS, headers=headers).json["data"])
            for headers in (key | token, key, token)
        ]
    assert counts == [1, 1, 0]
