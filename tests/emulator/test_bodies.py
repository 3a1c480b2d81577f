"""Which bodies each endpoint accepts, and how it refuses others."""

import pytest

from .api import ENVIRONMENTS, message

TEXT = {"type": "text", "text": "x"}
MESSAGE = {"type": "user.message", "content": [TEXT]}
URL = {"type": "url", "url": "https://example.com/a"}
SOURCES = [
    {"type": "base64", "data": "eA==", "media_type": "image/png"},
    {"type": "file", "file_id": "file_1"},
    {"type": "text", "data": "x", "media_type": "text/plain"},
    URL,
]
BLOCKS = [
    {"type": "image", "source": URL},
    {"type": "document", "source": URL},
    {"type": "redacted"},
    {"type": "search_result", "content": [], "source": "s", "title": "t"},
]


@pytest.fixture
def post(api):
    """Return a function that posts a body to an endpoint, with the members that the endpoint requires."""
    cloud, queue = api.create("cloud"), api.create_queue()
    session = api("POST", "/v1/sessions", {"agent": "a", "environment_id": cloud}).json["id"]
    (item,) = api.enqueue(queue)
    endpoints = {
        "session": ("/v1/sessions", {"agent": "a", "environment_id": cloud}),
        "session update": (f"/v1/sessions/{session}", {}),
        "events": (f"/v1/sessions/{session}/events", {}),
        "scripted": ("/_emulator/sessions", {}),
        "script": ("/_emulator/scripts", {"script": ["terminate"]}),
        "enqueue": (f"/_emulator/environments/{queue}/enqueue", {}),
        "work update": (f"{ENVIRONMENTS}/{queue}/work/{item}", {}),
        "agent": ("/v1/agents", {"name": "a", "model": "m"}),
        "environment": (ENVIRONMENTS, {"name": "a"}),
        "fault": ("/_emulator/faults", {}),
        "clock": ("/_emulator/clock", {}),
    }

    def send(endpoint, **body):
        path, needed = endpoints[endpoint]
        return api("POST", path, needed | body)

    return send


def check(response, why):
    if why is None:
        assert response.status_code == 200, response.text
    else:
        assert why in message(response, 400)


def without(name, document):
    return {key: value for key, value in document.items() if key != name}


# Blocks of content


def of_content(*blocks):
    return {"events": [{"type": "user.message", "content": list(blocks)}]}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block["type"])
def test_a_block_needs_the_members_of_its_type(post, block):
    """The error names the missing member."""
    check(post("events", **of_content(TEXT, block)), None)
    for name in block.keys() - {"type"}:
        why = f"a block of the type {block['type']} needs {name}"
        check(post("events", **of_content(TEXT, without(name, block))), why)


@pytest.mark.parametrize("kind", ["image", "document"])
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source["type"])
def test_a_source_needs_the_members_of_its_type(post, kind, source):
    """Images and documents have the same sources."""
    check(post("events", **of_content({"type": kind, "source": source})), None)
    for name in source.keys() - {"type"}:
        block = {"type": kind, "source": without(name, source)}
        why = f"a source of the type {source['type']} needs {name}"
        check(post("events", **of_content(block)), why)


@pytest.mark.parametrize(
    ("block", "why"),
    [
        ({"type": "text"}, "a block of text needs a text, whose minimum string length is 1"),
        ({"type": "text", "text": ""}, "a block of text needs a text"),
        ({"type": "text", "text": 5}, "a block of text needs a text"),
        ({"type": "document", "source": "x"}, "the source of a block must be an object"),
        ({"type": "song"}, "must be one of text, image, document, redacted, search_result, got"),
        ({"type": ["text"]}, "the type of a block must be one of"),
        ({}, "got None"),
        ({"type": "search_result"}, "search_result needs content and source and title"),
        ({"type": "image", "source": {"type": "song"}}, "the type of a source must be one of"),
    ],
)
def test_a_block_that_cannot_be_is_refused(post, block, why):
    """The error says what is wrong with the block."""
    check(post("events", **of_content(block)), why)


# Steps of a script


WHOLE_CALL = {
    "tool": "a",
    "input": {},
    "expect": {},
    "result": "",
    "evaluated_permission": "ask",
}


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ({"message": ""}, None),
        ({"message": "x", "expect": {}}, "message does not take expect"),
        ({"custom_tool": "a", "result": "", "evaluated_permission": "ask"}, "or result"),
        ({"tool": "", "input": {}}, "tool: "),
        ({"tool": "a", "evaluated_permission": "deny"}, "evaluated_permission: "),
        (WHOLE_CALL, None),
        ({"custom_tool": "a", "input": {}, "expect": {"contains": "x"}}, None),
        ({"tools": []}, "tools: "),
        ({"tools": [{"message": "x"}]}, "tools.0.message: is not a field"),
        ({"event": {"type": "custom"}}, None),
        ({"event": {"type": "Custom"}}, "an event needs a type"),
        ({"event": {"type": 5}}, "an event needs a type such as session.error, got 5"),
        ({"event": {"type": "session.status_idle", "stop_reason": None}}, "needs a stop_reason"),
        ({"event": {"type": "session.status_idle", "stop_reason": {"type": "tired"}}}, "tired"),
        (
            {
                "event": {
                    "type": "session.status_idle",
                    "stop_reason": {"type": "end_turn"},
                    "stop_details": 5,
                }
            },
            "stop_details",
        ),
        (
            {"idle": {"stop_reason": {"type": "requires_action", "event_ids": ["e"] * 101}}},
            "script.0.idle.stop_reason.event_ids: List should have at most 100 items",
        ),
        ({"tools": [{"tool": "a"}] * 100}, None),
        ({"tools": [{"tool": "a"}] * 101}, "tools: "),
        (
            {"idle": {"stop_reason": {"type": "requires_action", "event_ids": ["e"] * 100}}},
            None,
        ),
        *[({"wait": wait}, None) for wait in ("999999ms", "1s", "0m")],
        ({"wait": "1000000s"}, "wait: must be a whole number with its unit, ms, s or m"),
        ({"wait": "1.5s"}, "must be a whole number with its unit"),
        ({"wait": "2h"}, "must be a whole number with its unit"),
        ({"usage": {"active_seconds": -1}}, "active_seconds: "),
        ({"usage": {"active_seconds": float("nan")}}, "active_seconds: "),
        ({"usage": {"input_tokens": -1}}, "input_tokens: "),
        ({"usage": {"cache_creation": {"x": 1}, "list_cost": {}}}, None),
        ({"idle": {}}, None),
        ({"idle": {"stop_details": {"a": 1}}}, None),
        ("idle", None),
        ("thinking", None),
        ({"thinking": False}, "thinking: "),
        ("wait", "script.0: must be an object"),
    ],
)
def test_a_step_has_the_members_of_its_kind(post, step, why):
    """A script is checked when it is added, not when it runs."""
    check(post("script", script=[step]), why)


# Requests


@pytest.mark.parametrize(
    ("endpoint", "body", "why"),
    [
        ("script", {"script": []}, "script: "),
        ("script", {"script": ["thinking"] * 10_000}, None),
        ("script", {"script": ["thinking"] * 10_001}, "script: "),
        ("script", {"times": 0}, "times: "),
        ("script", {"times": 1_000_000}, None),
        ("script", {"times": 1_000_001}, "times: "),
        ("script", {"agent": "a b"}, "agent: must be an ID, without blanks"),
        ("scripted", {"environment_id": ""}, "environment_id: "),
        ("session", {"agent": {"id": "agent_1"}}, None),
        ("session", {"agent": {"id": "agent_1", "version": 0}}, "version: "),
        ("session", {"agent": {"type": "agent_with_overrides", "id": "a", "version": 0}}, "vers"),
        ("session", {"agent": None}, "agent: must be the ID of an agent, or an object"),
        ("session", {"metadata": {"emulator_script": ""}}, "metadata.emulator_script: Input"),
        (
            "session",
            {"metadata": {"emulator_script": '[{"mesage": "x"}]'}},
            "metadata.emulator_script.0.mesage: is not a field of this request",
        ),
        ("session", {"initial_events": [{"type": "user.message", "content": []}]}, "content: "),
        ("session", {"agent": {"type": "agent"}}, "agent.id: is required"),
        ("events", {"events": []}, "events: "),
        ("events", {"events": [{"type": "user.tool_result"}]}, "events.0.tool_use_id: is required"),
        ("events", {"events": [{"type": "system.message"}]}, "events.0.type: is not emulated"),
        ("events", {"events": [{"content": []}]}, "events.0.type: is required"),
        (
            "events",
            {"events": [{"type": "user.interrupt", "session_thread_id": "sthr_1"}]},
            "events.0.session_thread_id: is not emulated",
        ),
        ("session update", {"vault_ids": ["vlt_1"]}, "vault_ids: is not emulated"),
        ("session update", {"agent": {}}, "agent: is not emulated"),
        ("session update", {"metadata": {"k" * 65: "v"}}, "is too long"),
        ("work update", {"metadata": {"k": None}}, None),
        ("events", {"events": [{"type": "user.interrupt"}] * 1_000}, None),
        ("events", {"events": [{"type": "user.interrupt"}] * 1_001}, "events: "),
        ("session", {"initial_events": [MESSAGE] * 50}, None),
        ("session", {"initial_events": [MESSAGE] * 51}, "initial_events: "),
        ("enqueue", {"count": 0}, "count: "),
        ("enqueue", {"count": 10_001}, "count: "),
        ("enqueue", {"count": 1_001}, None),
        ("enqueue", {"session_id": ""}, "session_id: "),
        ("enqueue", {"type": "healthcheck"}, None),
        ("enqueue", {"type": "song"}, "type: "),
        ("environment", {"name": ""}, "name: "),
        ("environment", {"name": "x" * 257}, "name: "),
        ("environment", {"description": "x" * 1024}, None),
        ("environment", {"description": "x" * 1025}, "description: "),
        *[
            ("environment", {"config": {"type": "cloud", "packages": {manager: packages}}}, why)
            for manager in ("apt", "cargo", "gem", "go", "npm", "pip")
            for packages, why in ((["a"], None), (None, None), ([""], f"packages.{manager}.0: "))
        ],
        ("environment", {"name": "x" * 256}, None),
        ("environment", {"config": {"type": "cloud", "packages": {"type": "packages"}}}, None),
        ("environment", {"metadata": {"k": 5}}, "metadata.k: "),
        ("environment", {"config": {}}, "config.type: is required"),
        ("environment", {"config": {"type": "cloud", "networking": {}}}, "config.networking.type"),
        ("clock", {"advance_ms": 0}, None),
        ("clock", {"advance_ms": 10**12}, None),
        ("clock", {"advance_ms": -1}, "advance_ms: "),
        ("clock", {"advance_ms": 10**12 + 1}, "advance_ms: "),
        ("clock", {"now": "2026-01-01T00:00:00"}, "now: "),
        ("clock", {"freeze": "yes"}, "freeze: "),
    ],
)
def test_a_request_has_the_members_of_its_endpoint(post, endpoint, body, why):
    """The limits of each value are checked, too."""
    check(post(endpoint, **body), why)


def resource(kind, **members):
    return {"resources": [{"type": kind, **members}]}


def budget(amount, currency="USD"):
    cost = {"amount": amount, "currency": currency}
    return {"budget": {"type": "limit", "max_list_cost": cost}}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (resource("memory_store", memory_store_id="m", instructions="x" * 4096), None),
        (resource("memory_store", memory_store_id="m", instructions="x" * 4097), "instructions: "),
        *[
            (resource("memory_store", memory_store_id="m", access=access), None)
            for access in ("read_write", "read_only", None)
        ],
        (resource("memory_store", memory_store_id="m", access="write"), "access: "),
        (resource("github_repository", url="u", checkout={"type": "commit", "sha": "a"}), None),
        (resource("github_repository", url="u", checkout={"type": "branch", "name": "a"}), None),
        (resource("github_repository", url="u", checkout={"type": "tag"}), "checkout.type: "),
        (resource("github_repository", url=""), "url: "),
        (budget("0"), None),
        (budget("9" * 18), None),
        (budget("9" * 19), "amount: "),
        (budget("007"), "amount: "),
        (budget("-1"), "amount: "),
        (budget("1", currency="EUR"), "currency: "),
    ],
)
def test_the_resources_and_the_budget_of_a_session_are_checked(post, body, why):
    """Resources and budgets have no effect in the emulator, but must be valid."""
    check(post("session", **body), why)


def tool(kind, **members):
    return {"tools": [{"type": kind, **members}]}


def built_in(**members):
    return tool("agent_toolset_20260401", **members)


def custom(name, **schema):
    return tool("custom", name=name, description="d", input_schema={"type": "object", **schema})


ALL_BUILT_IN = ("bash", "edit", "read", "write", "glob", "grep", "web_fetch", "web_search")
SERVER = {"type": "url", "name": "s", "url": "u"}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (built_in(configs=[{"name": name, "type": name} for name in ALL_BUILT_IN]), None),
        (built_in(configs=[{"name": "web_search", "max_uses": 5}]), None),
        (built_in(default_config={"permission_policy": {"type": "auto"}}), None),
        (built_in(default_config={"permission_policy": {"type": "never"}}), "permission_policy"),
        (built_in(default_config={"name": "bash"}), "name: is not a field"),
        (tool("mcp_toolset", mcp_server_name=""), "mcp_server_name: "),
        (custom("a-b_C9", properties={}), None),
        (tool("mcp_toolset", mcp_server_name="x" * 255), None),
        (tool("mcp_toolset", mcp_server_name="x" * 256), "mcp_server_name: "),
        (tool("mcp_toolset", mcp_server_name="s", configs=[{"name": "x" * 128}]), None),
        (tool("mcp_toolset", mcp_server_name="s", configs=[{"name": "x" * 129}]), "name: "),
        (custom("x" * 128), None),
        (custom("x" * 129), "name: "),
        (custom("a", type="array"), "input_schema.type: "),
        ({"skills": [{"type": "custom", "skill_id": "s"}]}, None),
        ({"skills": [{"type": "anthropic", "skill_id": "s", "version": "1"}]}, None),
        ({"skills": [{"type": "other", "skill_id": "s"}]}, "skills.0.type: "),
        ({"mcp_servers": [SERVER] * 20}, None),
        ({"mcp_servers": [SERVER] * 21}, "mcp_servers: "),
        ({"system": "x" * 100_000}, None),
        ({"system": "x" * 100_001}, "system: "),
        ({"name": ""}, "name: "),
        ({"model": ""}, "model"),
        *[
            ({"model": {"id": "m", "effort": level, "speed": "fast", "inference_geo": "eu"}}, None)
            for level in ("low", "medium", "high", "xhigh", "max", {"type": "xhigh"})
        ],
        ({"model": {"id": "m", "speed": "standard"}}, None),
        ({"model": {"id": "m", "speed": "slow"}}, "speed"),
        ({"model": {"id": "m", "effort": "most"}}, "effort"),
        ({"execution_identity": {"type": "service_account"}}, None),
        ({"execution_identity": {"type": "aws_role", "role_arn": "arn"}}, None),
        ({"execution_identity": {"type": "aws_role", "role_arn": "x" * 2048}}, None),
        ({"execution_identity": {"type": "aws_role", "role_arn": "x" * 2049}}, "role_arn: "),
        ({"execution_identity": {"type": "aws_role"}}, "role_arn: is required"),
        ({"multiagent": {}}, "multiagent: is not emulated"),
        ({"metadata": {"k" * 65: "v"}}, "is too long"),
    ],
)
def test_an_agent_has_the_members_of_the_api(post, body, why):
    """The limits of each value are checked, too."""
    check(post("agent", **body), why)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"delay_ms": 600_000}, None),
        ({"delay_ms": 600_001}, "delay_ms: "),
        ({"body_delay_ms": 600_000}, None),
        ({"body_delay_ms": 600_001}, "body_delay_ms: "),
        ({"delay_ms": -1}, "delay_ms: "),
        ({"body_delay_ms": -1}, "body_delay_ms: "),
        ({"status": 199}, "status: "),
        ({"status": 599}, None),
        ({"status": 600}, "status: "),
        ({"status": 500, "times": 1_000_000}, None),
        ({"status": 500, "times": 1_000_001}, "times: "),
        ({"status": 500, "after": -1}, "after: "),
        ({"status": 500, "after": 1_000_001}, "after: "),
        *[({"status": 500, "method": method}, None) for method in ("GET", "POST")],
        *[
            ({name: number}, why)
            for name in ("cut_after_bytes", "cut_after_events", "error_after_events")
            for number, why in ((-1, f"{name}: "), (1_000_000, None), (1_000_001, f"{name}: "))
        ],
        ({"status": 500, "times": 0}, "times: "),
        ({"status": 500, "after": 1_000_000, "method": "DELETE"}, None),
        ({"status": 500, "method": "PUT"}, "method: "),
        ({"status": 500, "path": "v1"}, "path: must begin with a slash"),
        ({"cut_after_bytes": 0}, None),
        ({"cut_after_events": 0}, None),
        ({"error_after_events": 0}, None),
        ({"cut_after_events": 0, "error_after_events": 0}, "cut_after_events: excludes"),
        ({"disconnect": True, "status": 500}, "status: excludes disconnect"),
        ({"disconnect": True, "cut_after_bytes": 1}, "disconnect: excludes cut_after_bytes"),
        ({"error_after_events": 0, "body_delay_ms": 5}, None),
        ({"cut_after_bytes": 1, "body_delay_ms": 5}, "body_delay_ms: excludes cut_after_bytes"),
        ({"cut_after_bytes": 1, "body": "x"}, "body: needs a status"),
        ({"delay_ms": 1, "error_code": "x"}, "error_code: needs a status"),
        ({"status": 200}, "body: required for the status 200"),
        ({"status": 200, "body": ""}, None),
        ({"disconnect": True, "after_commit": True}, None),
        ({"cut_after_bytes": 1, "after_commit": True}, "after_commit: needs a status"),
        ({"path": "/v1", "path_contains": "", "status": 500}, None),
        ({}, "status: required, unless the fault has delays, disconnect or a cut"),
    ],
)
def test_a_fault_is_one_that_can_happen(post, body, why):
    """Fields that exclude each other are refused."""
    check(post("fault", **body), why)


@pytest.mark.parametrize("body", [5, [], "x"])
@pytest.mark.parametrize("path", ["/_emulator/faults", ENVIRONMENTS])
def test_a_body_that_is_no_object_is_refused(api, path, body):
    assert "body: must be an object" in message(api("POST", path, body), 400)
