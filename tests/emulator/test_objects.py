"""Agents and files, kept and returned: what an application creates before its sessions, by the official SDK."""

import json

import pytest

from ant_cli.emulator.multipart import parts_of

from .api import message

TOOLS = [
    {
        "type": "agent_toolset_20260401",
        "default_config": {"permission_policy": {"type": "always_ask"}},
        "configs": [{"name": "bash", "enabled": False}, {"name": "web_search"}],
    },
    {"type": "mcp_toolset", "mcp_server_name": "docs", "configs": [{"name": "search"}]},
    {
        "type": "custom",
        "name": "weather",
        "description": "The weather.",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
]
FULL = {
    "name": "reviewer",
    "model": {"id": "claude-opus-4-5", "effort": "high"},
    "description": "Reviews.",
    "system": "Review.",
    "mcp_servers": [{"type": "url", "name": "docs", "url": "https://docs.example.com"}],
    "skills": [{"type": "anthropic", "skill_id": "xlsx"}],
    "tools": TOOLS,
    "metadata": {"team": "a"},
}


def test_an_agent_is_returned_as_it_was_created_until_it_is_archived(anthropic, client):
    """The SDK accepts every form of it strictly."""
    agents = client.beta.agents
    plain = agents.create(name="plain", model="claude-opus-4-5")
    agent = agents.create(**FULL)
    assert agent == agents.retrieve(agent.id) == agents.retrieve(agent.id, version=1)
    assert (agent.version, agent.description, agent.metadata) == (1, "Reviews.", {"team": "a"})
    assert (agent.model.effort.type, plain.model.speed) == ("high", "standard")
    built_in, mcp, custom = agent.tools
    bash, search = built_in.configs
    assert (bash.enabled, bash.permission_policy.type) == (False, "always_ask")
    assert (search.enabled, mcp.configs[0].permission_policy.type) == (True, "always_allow")
    assert custom.input_schema.properties == {"city": {"type": "string"}}
    assert [each.id for each in agents.list(limit=1)] == [agent.id, plain.id]
    assert [each.id for each in agents.list(created_at_gte="2100-01-01T00:00:00Z")] == []
    archived = agents.archive(plain.id)
    assert archived.archived_at == agents.archive(plain.id).archived_at is not None
    assert [each.id for each in agents.list()] == [agent.id]
    assert len(list(agents.list(include_archived=True))) == 2
    with pytest.raises(anthropic.NotFoundError, match="there is no agent 'agent_none'"):
        agents.retrieve("agent_none")
    for refused in (
        lambda: agents.update(agent.id, name="x"),
        lambda: agents.versions.list(agent.id),
    ):
        with pytest.raises(
            anthropic.NotFoundError, match=f"not emulated.* --path /v1/agents/{agent.id}"
        ):
            refused()


def test_a_session_has_the_agent_that_it_was_created_with(anthropic, client):
    """As it is, or with overrides; one that was not created here is accepted, too."""
    cloud = client.beta.environments.create(name="cloud").id
    agent = client.beta.agents.create(**FULL)

    def start(asked):
        return client.beta.sessions.create(agent=asked, environment_id=cloud).agent

    assert (start(agent.id).name, start(agent.id).tools) == ("reviewer", agent.tools)
    asked = {"type": "agent_with_overrides", "id": agent.id, "system": None, "model": "claude-x"}
    changed = start({**asked, "tools": []})
    assert (changed.system, changed.model.id, changed.tools) == (None, "claude-x", [])
    assert (changed.name, changed.skills) == ("reviewer", agent.skills)
    assert start({"type": "agent", "id": "agent_of_elsewhere", "version": 3}).version == 3
    with pytest.raises(anthropic.BadRequestError, match="has the version 1 only"):
        start({"type": "agent", "id": agent.id, "version": 2})
    client.beta.agents.archive(agent.id)
    with pytest.raises(anthropic.BadRequestError, match="is archived"):
        start(agent.id)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"name": None}, "name: "),
        ({"model": {"effort": "high"}}, "model"),
        ({"tools": [{"type": "custom", "name": "a b"}]}, "tools.0"),
        ({"tools": [{"type": "agent_toolset_20260401", "configs": [{"name": "fly"}]}]}, "name: "),
        ({"mcp_servers": ["x"]}, "mcp_servers.0"),
        ({"multiagent": {"type": "coordinator", "agents": []}}, "multiagent: is not emulated"),
        ({"colour": "red"}, "colour: is not a field of this request"),
    ],
)
def test_an_agent_that_is_invalid_is_refused(anthropic, client, changed, why):
    """By the field that is wrong."""
    with pytest.raises(anthropic.BadRequestError) as raised:
        client.beta.agents.create(name="a", model="claude-x", extra_body=changed)
    assert why in raised.value.message


def test_a_file_is_returned_with_its_content_until_it_is_deleted(anthropic, client):
    """Binary content, too. Of its name, only the last part is kept."""
    files = client.beta.files
    content = bytes(range(256)) * 9 + b"\r\n--no boundary\r\n\r\n"
    file = files.upload(file=("dir/a \u00e4.bin", content, "image/png"), expires_in_seconds=3_600)
    text = files.upload(file=("b.txt", b""))
    assert (file.filename, file.mime_type, file.size_bytes) == (
        "a \u00e4.bin",
        "image/png",
        len(content),
    )
    assert (file.expires_at - file.created_at).total_seconds() == 3_600
    assert files.retrieve_metadata(file.id) == file
    response = files.download(file.id)
    assert (response.read(), response.headers["content-type"]) == (content, "image/png")
    assert [each.id for each in files.list(limit=1)] == [text.id, file.id]
    assert [each.id for each in files.list(ids=[file.id, "file_none"])] == [file.id]
    assert files.delete(file.id).type == "file_deleted"
    with pytest.raises(anthropic.NotFoundError, match="there is no file"):
        files.download(file.id)
    with pytest.raises(anthropic.BadRequestError, match="expires_in_seconds: must be"):
        files.upload(file=("a", b"x"), expires_in_seconds=5)


@pytest.mark.parametrize(
    ("content_type", "body", "why"),
    [
        ("application/json", b"{}", "content-type: must be multipart/form-data"),
        ("multipart/form-data; boundary=b", b"", "body: must be of 1 to 100 parts"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--", "body: a part has no name"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\ncontent-disposition: form-data; name="other"\r\n\r\nx\r\n--b--',
            "file: is required",
        ),
    ],
)
def test_a_body_that_is_no_form_with_a_file_is_refused(emulator, content_type, body, why):
    """And never a server error."""
    from werkzeug.test import Client

    from .api import HEADERS

    headers = {**HEADERS, "content-type": content_type}
    response = Client(emulator).post("/v1/files", data=body, headers=headers)
    assert message(response, 400).startswith(why)


def test_a_form_has_a_greatest_number_of_parts():
    """The rest would be split without end."""
    part = b'--b\r\ncontent-disposition: form-data; name="f"\r\n\r\nx\r\n'
    assert set(parts_of("multipart/form-data; boundary=b", part * 100 + b"--b--")) == {"f"}
    with pytest.raises(Exception, match="1 to 100 parts"):
        parts_of("multipart/form-data; boundary=b", part * 101 + b"--b--")


def test_a_reset_removes_agents_files_and_scripts(api):
    """As everything that a test creates."""
    api("POST", "/v1/agents", {"name": "a", "model": "m"})
    api("POST", "/_emulator/scripts", {"script": ["terminate"]})
    api("POST", "/_emulator/reset")
    assert api("GET", "/v1/agents").json["data"] == []
    assert json.loads(api("GET", "/_emulator/report").text)["data"] == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"system": None, "skills": [], "tools": [], "mcp_servers": [], "description": None}),
        ({"system": ""}, {"system": None}),
        ({"model": "m"}, {"model": {"speed": "standard", "id": "m"}}),
        ({"model": {"id": "m", "speed": "fast"}}, {"model": {"speed": "fast", "id": "m"}}),
        (
            {"model": {"id": "m", "effort": {"type": "low"}}},
            {"model": {"speed": "standard", "id": "m", "effort": {"type": "low"}}},
        ),
        (
            {"skills": [{"type": "custom", "skill_id": "s", "version": "1"}]},
            {"skills": [{"version": "1", "type": "custom", "skill_id": "s"}]},
        ),
        (
            {"skills": [{"type": "custom", "skill_id": "s"}]},
            {"skills": [{"version": "latest", "type": "custom", "skill_id": "s"}]},
        ),
        (
            {
                "tools": [
                    {
                        "type": "agent_toolset_20260401",
                        "default_config": {"enabled": False},
                        "configs": [{"name": "bash", "enabled": True}],
                    }
                ]
            },
            {
                "tools": [
                    {
                        "type": "agent_toolset_20260401",
                        "default_config": {
                            "enabled": False,
                            "permission_policy": {"type": "always_allow"},
                        },
                        "configs": [
                            {
                                "type": "bash",
                                "enabled": True,
                                "permission_policy": {"type": "always_allow"},
                                "name": "bash",
                            }
                        ],
                    }
                ]
            },
        ),
    ],
)
def test_the_parts_of_an_agent_have_their_defaults(api, given, expected):
    """What was given wins."""
    agent = api("POST", "/v1/agents", {"name": "a", "model": "m", **given}).json
    assert {name: agent[name] for name in expected} == expected


def test_an_agent_is_archived_once(api, clock):
    """At one time, and a session has none of its times."""
    agent = api("POST", "/v1/agents", {"name": "a", "model": "m", "metadata": {"k": "v"}}).json
    cloud = api.create()
    sent = {"agent": agent["id"], "environment_id": cloud}
    snapshot = api("POST", "/v1/sessions", sent).json["agent"]
    assert agent.keys() - snapshot.keys() == {"archived_at", "created_at", "metadata", "updated_at"}
    first = api("POST", f"/v1/agents/{agent['id']}/archive").json
    clock.advance(ms=1)
    assert api("POST", f"/v1/agents/{agent['id']}/archive").json == first
    assert first["updated_at"] == first["archived_at"]


def upload(api, disposition, data=b"x", **fields):
    """Upload a file, with the headers of its part as they are."""
    from werkzeug.test import Client

    from .api import HEADERS

    parts = [disposition.encode() + b"\r\n\r\n" + data]
    for name, text in fields.items():
        parts.append(f'content-disposition: form-data; name="{name}"\r\n\r\n{text}'.encode())
    body = b"".join(b"--B\r\n" + part + b"\r\n" for part in parts) + b"--B--\r\n"
    headers = {**HEADERS, "content-type": 'Multipart/Form-Data; charset=utf-8; boundary="B"'}
    return Client(api.emulator).post("/v1/files", data=body, headers=headers)


@pytest.mark.parametrize(
    ("disposition", "name", "media_type"),
    [
        ('x: form-data; filename="a.txt"; name="file"', "a.txt", "application/octet-stream"),
        ('x: form-data; name="file"; filename="ä.txt"', "ä.txt", "application/octet-stream"),
        ('x: form-data; name="file"; filename="C:\\d\\a.txt"', "a.txt", "application/octet-stream"),
        ('x: form-data; name="file"; filename="d/"', "d", "application/octet-stream"),
        ('x: form-data; name="file"; filename=""', "unnamed", "application/octet-stream"),
        ('x: form-data; name="file"', "unnamed", "application/octet-stream"),
        ('x: form-data;name="file"\r\nContent-Type: text/css', "unnamed", "text/css"),
        ('x: form-data; name="file"\r\nCONTENT-TYPE:\ttext/css', "unnamed", "text/css"),
    ],
)
def test_the_name_and_the_type_of_a_file_are_read_from_its_part(api, disposition, name, media_type):
    """In any case and order."""
    file = upload(api, disposition).json
    assert (file["filename"], file["mime_type"]) == (name, media_type)


@pytest.mark.parametrize(
    ("seconds", "is_valid"),
    [("3599", False), ("3600", True), ("7776000", True), ("7776001", False)]
    + [(text, False) for text in ("", "-3600", "3600.5", "²", "9" * 5_000)],
)
def test_a_file_lives_from_an_hour_to_ninety_days(api, seconds, is_valid):
    """In whole seconds."""
    response = upload(api, 'x: form-data; name="file"', expires_in_seconds=seconds)
    assert response.status_code == (200 if is_valid else 400)
    if is_valid:
        assert response.json["expires_at"] > response.json["created_at"]


def test_the_headers_of_a_part_are_read_to_their_limit(api):
    """So each takes a limited time."""
    assert upload(api, f'x: {"y" * 8_100}; name="file"').status_code == 200
    assert "has no name" in message(upload(api, f'x: {"y" * 8_200}; name="file"'), 400)
