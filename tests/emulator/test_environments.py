import gzip

import pytest
from werkzeug.test import Client

from .api import ENVIRONMENTS, message
from .response_types import LATER

EMPTY_PACKAGES = {"apt": [], "cargo": [], "gem": [], "go": [], "npm": [], "pip": [], "type": "packages"}


def cloud(**config):
    return {"type": "cloud", **config}


def limited(**networking):
    return cloud(networking={"type": "limited", **networking})


def test_create_with_only_a_name_sets_the_defaults(api):
    """The result is an unrestricted cloud environment, with its fields in the order of the reference."""
    response = api("POST", ENVIRONMENTS, {"name": "demo"})
    environment = response.json
    assert list(environment.items()) == [
        ("id", environment["id"]),
        ("archived_at", None),
        ("config", {"networking": {"type": "unrestricted"}, "packages": EMPTY_PACKAGES, "type": "cloud"}),
        ("created_at", "2026-03-15T10:00:00.000000Z"),
        ("description", None),
        ("metadata", {}),
        ("name", "demo"),
        ("type", "environment"),
        ("updated_at", "2026-03-15T10:00:00.000000Z"),
        ("scope", "organization"),
        ("state", "active"),
        *((name, field.default) for name, field in LATER.items()),
    ]
    assert environment["id"].startswith("env_")
    assert len(environment["id"]) == len("env_") + 24
    assert api.retrieve(environment["id"]) == environment


def test_create_returns_every_field_that_was_given(api):
    """Every field of the body comes back, with defaults for the fields that the body omits."""
    networking = {"type": "limited", "allowed_hosts": ["example.com"], "allow_package_managers": True}
    environment_id = api.create(
        "données 🐜",
        config=cloud(networking=networking, packages={"pip": ["pandas==2.2.0"]}),
        description="d" * 1024,
        metadata={"team": "é"},
        scope="organization",
    )
    environment = api.retrieve(environment_id)
    assert environment["config"]["networking"] == {
        "allow_mcp_servers": False,
        "allow_package_managers": True,
        "allowed_hosts": ["example.com"],
        "type": "limited",
    }
    assert environment["config"]["packages"] == EMPTY_PACKAGES | {"pip": ["pandas==2.2.0"]}
    assert environment["metadata"] == {"team": "é"}
    assert environment["name"] == "données 🐜"
    assert environment["scope"] == "organization"
    assert environment["description"] == "d" * 1024


def test_text_beyond_ascii_is_returned_as_it_was_sent(api):
    """It is not escaped: in a pipe, `ant` prints the bytes that it received."""
    assert '"name":"données 🐜"' in api("GET", f"{ENVIRONMENTS}/{api.create('données 🐜')}").text


def test_create_treats_null_fields_as_omitted(api):
    """A field that is null gets its default."""
    environment_id = api.create(config=None, description=None, metadata=None, scope=None)
    assert api.retrieve(environment_id)["config"]["type"] == "cloud"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "name: is required"),
        ({"name": ""}, "name: "),
        ({"name": "n" * 257}, "name: "),
        ({"name": "a\0b"}, "name: must not contain a NUL"),
        ({"name": None}, "name: "),
        ({"name": 1}, "name: "),
        ({"name": "n", "colour": "red"}, "colour: is not a field"),
        ({"name": "n", "description": "d" * 1025}, "description: "),
        ({"name": "n", "metadata": {"k": 1}}, "metadata.k: "),
        ({"name": "n", "metadata": {"k": None}}, "metadata.k: "),
        ({"name": "n", "metadata": {"config": 1}}, "metadata.config: "),
        ({"name": "n", "scope": "world"}, "scope: "),
        ({"name": "n", "scope": "account"}, "scope: 'account' is not available in API organizations"),
        ({"name": "n", "config": {}}, "config.type: is required"),
        ({"name": "n", "config": {"type": "moon"}}, "config.type: "),
        ({"name": "n", "config": "cloud"}, "config: "),
        ({"name": "n", "config": {"type": "self_hosted", "packages": {}}}, "config.packages: "),
        ({"name": "n", "config": cloud(networking={"type": "open"})}, "config.networking.type: "),
        ({"name": "n", "config": limited(allow_mcp_servers="yes")}, "config.networking.allow_mcp_servers: "),
        ({"name": "n", "config": limited(allowed_hosts=["a", ""])}, "config.networking.allowed_hosts.1: "),
        ({"name": "n", "config": cloud(packages={"pip": "pandas"})}, "config.packages.pip: "),
        ({"name": "n", "config": cloud(packages={"pip": [1]})}, "config.packages.pip.0: "),
        ({"name": "n", "config": cloud(packages={"pip": [""]})}, "config.packages.pip.0: "),
        ({"name": "n", "config": cloud(packages={"brew": []})}, "config.packages.brew: "),
        ([], "body: "),
    ],
)
def test_an_invalid_body_is_rejected_with_the_path_of_the_field(api, body, path):
    """The message starts with the path of the invalid field, and nothing is created."""
    response = api("POST", ENVIRONMENTS, body)
    assert message(response, 400).startswith(path)
    assert response.json["error"]["type"] == "invalid_request_error"
    assert api("GET", ENVIRONMENTS).json["data"] == []


def test_a_body_that_can_be_read_in_two_ways_is_rejected(api, emulator):
    """One that has a key twice, in any object of it; and one that is compressed, which is not decoded."""
    twice = b'{"name": "n", "metadata": {"k": "1", "k": "2"}}'
    response = Client(emulator).post(ENVIRONMENTS, data=twice, headers=api.headers)
    assert message(response, 400) == "k: is given 2 times in one object."
    headers = api.headers | {"content-encoding": "gzip"}
    response = Client(emulator).post(ENVIRONMENTS, data=gzip.compress(b'{"name": "n"}'), headers=headers)
    assert message(response, 415).startswith("content-encoding: 'gzip' is not decoded")
    assert api("GET", ENVIRONMENTS).json["data"] == []


@pytest.mark.parametrize("text", [b"{", b"\xff", b'{"name":"\\ud800"}', b"[" * 500, b"nonsense", b'""'])
def test_a_body_that_is_not_json_is_rejected(api, emulator, text):
    """The status of malformed JSON, invalid UTF-8 and lone surrogates is 400."""
    response = Client(emulator).post(ENVIRONMENTS, data=text, headers=api.headers)
    assert message(response, 400)


@pytest.mark.parametrize(
    "host", ["example.com", "*.example.com", "localhost", "10.0.0.1", "münchen.de", "a-b.c_d.e"]
)
def test_allowed_hosts_are_names_with_an_optional_leading_wildcard(api, host):
    """A host name is valid with or without a wildcard at its start."""
    environment_id = api.create(config=limited(allowed_hosts=[host]))
    assert api.retrieve(environment_id)["config"]["networking"]["allowed_hosts"] == [host]


@pytest.mark.parametrize(
    "host",
    [
        *("https://example.com", "example.com:443", "example.com/path", "*", "*example.com", "a.*.com", "a..b"),
        *(".a", "a.", "-a.com", "[::1]", "user@example.com", "a b", "a" * 64, "a\n", ".".join(["a" * 60] * 5)),
    ],
)
def test_allowed_hosts_with_scheme_port_path_or_inner_wildcard_are_rejected(api, host):
    """Only a host name with an optional leading wildcard is accepted."""
    response = api("POST", ENVIRONMENTS, {"name": "n", "config": limited(allowed_hosts=[host])})
    assert message(response, 400).startswith("config.networking.allowed_hosts.0: ")


def test_the_name_of_an_existing_environment_is_rejected(api):
    """A used name is a conflict, even if its environment is archived. Deleting the environment frees it."""
    first = api.create("taken")
    second = api.create("free")
    refused = api("POST", ENVIRONMENTS, {"name": "taken"})
    assert "taken" in message(refused, 409)
    assert refused.headers["x-should-retry"] == "false"
    assert first in message(api.update(second, name="taken"), 409)
    api("POST", f"{ENVIRONMENTS}/{first}/archive")
    assert message(api("POST", ENVIRONMENTS, {"name": "taken"}), 409)
    api("DELETE", f"{ENVIRONMENTS}/{first}")
    assert api.update(second, name="taken").status_code == 200
    assert api.update(second, name="taken").status_code == 200


@pytest.mark.parametrize("networking", [{"type": "limited"}, {"type": "limited", "allow_package_managers": False}])
def test_packages_under_limited_networking_need_package_managers(api, networking):
    """Packages that could not be installed are rejected, both by create and by update."""
    config = cloud(networking=networking, packages={"npm": ["left-pad"]})
    path = "config.packages.npm: "
    assert message(api("POST", ENVIRONMENTS, {"name": "n", "config": config}), 400).startswith(path)
    environment_id = api.create(config=cloud(packages={"npm": ["left-pad"]}))
    before = api.retrieve(environment_id)
    assert message(api.update(environment_id, config=cloud(networking=networking)), 400).startswith(path)
    assert api.retrieve(environment_id) == before
    allowed = cloud(networking={"type": "limited", "allow_package_managers": True})
    assert api.update(environment_id, config=allowed).status_code == 200
    revoked = limited(allow_package_managers=False)
    assert message(api.update(environment_id, config=revoked), 400).startswith(path)


def test_update_with_an_empty_body_changes_only_updated_at(api, clock):
    """An empty update keeps every field except the time of the update."""
    environment_id = api.create(description="d", metadata={"k": "v"}, config=limited(allowed_hosts=["a.com"]))
    before = api.retrieve(environment_id)
    clock.advance(ms=1)
    nulls = {"name": None, "config": None, "metadata": None, "scope": None}
    for body in ({}, nulls, {"config": {"type": "cloud"}}, {"config": cloud(networking=None, packages=None)}):
        after = api.update(environment_id, **body).json
        assert after == before | {"updated_at": "2026-03-15T10:00:00.001000Z"}


@pytest.mark.parametrize(
    ("before", "update", "after"),
    [
        ({}, {}, (False, False, [])),
        ({"allowed_hosts": ["a"]}, {"allow_mcp_servers": True}, (True, False, ["a"])),
        ({"allowed_hosts": ["a"]}, {"allowed_hosts": []}, (False, False, [])),
        ({"allow_mcp_servers": True}, {"allow_mcp_servers": None, "allowed_hosts": ["b"]}, (True, False, ["b"])),
        ({"allow_package_managers": True}, {"allow_mcp_servers": True}, (True, True, [])),
    ],
)
def test_update_merges_networking_field_by_field(api, before, update, after):
    """Fields of limited networking that are omitted or null keep their values."""
    environment_id = api.create(config=limited(**before))
    networking = api.update(environment_id, config=limited(**update)).json["config"]["networking"]
    names = ("allow_mcp_servers", "allow_package_managers", "allowed_hosts")
    assert networking == dict(zip(names, after, strict=True)) | {"type": "limited"}


def test_update_to_unrestricted_networking_drops_the_limits(api):
    """Unrestricted networking has only its type. A later update to limited starts from the defaults."""
    environment_id = api.create(config=limited(allowed_hosts=["a.com"]))
    config = api.update(environment_id, config=cloud(networking={"type": "unrestricted"})).json["config"]
    assert config["networking"] == {"type": "unrestricted"}
    assert api.update(environment_id, config=limited()).json["config"]["networking"]["allowed_hosts"] == []


def test_update_merges_packages_by_manager(api):
    """A list replaces the list of its package manager, and the other lists are unchanged."""
    environment_id = api.create(config=cloud(packages={"pip": ["a"], "npm": ["b"], "type": "packages"}))
    packages = {"pip": ["c"], "go": ["d"], "npm": None}
    updated = api.update(environment_id, config=cloud(packages=packages)).json
    assert updated["config"]["packages"] == EMPTY_PACKAGES | {"pip": ["c"], "npm": ["b"], "go": ["d"]}


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ({f"k{number}": "v" for number in range(17)}, "at most 16 keys are allowed, got 17"),
        ({"k" * 65: "v"}, "is too long: at most 64 characters in a key"),
        ({"k": "v" * 513}, "'k' is too long: at most 64 characters in a key and 512 in a value"),
        ({"anthropic_id": "v"}, "'anthropic_id' is reserved"),
    ],
)
def test_metadata_beyond_its_limits_is_rejected(api, metadata, problem):
    """The code is `invalid_metadata`, wherever metadata is taken."""
    kept = {f"k{number}": "v" * 512 for number in range(16)}
    queue = api.create("queue", config={"type": "self_hosted"}, metadata=kept)
    (item,) = api.enqueue(queue, metadata=kept)
    for path in (
        ENVIRONMENTS,
        f"{ENVIRONMENTS}/{queue}",
        f"{ENVIRONMENTS}/{queue}/work/{item}",
        f"/_emulator/environments/{queue}/enqueue",
        "/_emulator/sessions",
    ):
        response = api("POST", path, {"metadata": metadata} | ({"name": "n"} if path == ENVIRONMENTS else {}))
        assert problem in message(response, 400), path
        assert response.json["error"]["error_code"] == "invalid_metadata"
    assert api.update(queue, metadata={"k0": None, "k": "v"}).status_code == 200


def test_update_deletes_metadata_keys_set_to_null_or_an_empty_string(api):
    """Other keys of the metadata are merged."""
    environment_id = api.create(metadata={"a": "1", "b": "2", "c": "3"})
    updated = api.update(environment_id, metadata={"a": None, "b": "", "d": "4", "e": None}).json
    assert updated["metadata"] == {"c": "3", "d": "4"}


@pytest.mark.parametrize("description", [None, "", "new"])
def test_update_sets_a_description_to_null_or_to_any_string(api, description):
    """Null unsets a description, an empty string is stored, and an update without the field keeps it."""
    environment_id = api.create(description="d")
    assert api.update(environment_id, name="other").json["description"] == "d"
    assert api.update(environment_id, description=description).json["description"] == description
    assert api.retrieve(environment_id)["description"] == description


@pytest.mark.parametrize("method", ["POST", "DELETE", "GET"])
def test_a_missing_environment_is_404_with_its_error_code(api, method):
    """The error code is next to the message, and in `details`, where the SDKs read it."""
    error = api(method, f"{ENVIRONMENTS}/env_1", {} if method == "POST" else None).json["error"]
    assert list(error) == ["type", "message", "error_code", "details"]
    assert error["error_code"] == error["details"]["error_code"] == "environment_not_found"
    assert "error_code" not in api("POST", ENVIRONMENTS, {"name": ""}).json["error"]


def test_update_cannot_change_the_type_of_an_environment(api):
    """A cloud environment never becomes self-hosted, and vice versa."""
    environment_id = api.create()
    response = api.update(environment_id, config={"type": "self_hosted"})
    assert message(response, 400).startswith("config.type: ")
    assert response.json["error"]["error_code"] == "invalid_config_type_change"
    queue_id = api.create_queue()
    assert message(api.update(queue_id, config={"type": "cloud"}), 400).startswith("config.type: ")
    assert api.update(queue_id, config={"type": "self_hosted"}, name="q2").json["name"] == "q2"
    assert message(api.update(queue_id, scope="account"), 400).startswith("scope: ")


def test_an_archived_environment_can_be_read_and_deleted_but_not_updated(api, clock):
    """Archiving it again keeps the time of the first archiving."""
    environment_id = api.create()
    clock.advance(ms=2)
    archived = api("POST", f"{ENVIRONMENTS}/{environment_id}/archive").json
    assert archived["archived_at"] == archived["updated_at"] == "2026-03-15T10:00:00.002000Z"
    clock.advance(ms=2)
    assert api("POST", f"{ENVIRONMENTS}/{environment_id}/archive").json == archived
    assert api.retrieve(environment_id) == archived
    assert archived["state"] == "archived"
    refused = api.update(environment_id, name="new")
    assert "archived" in message(refused, 400)
    assert refused.json["error"]["error_code"] == "environment_archived"
    assert api("DELETE", f"{ENVIRONMENTS}/{environment_id}").status_code == 200


def test_a_deleted_environment_is_404_at_every_endpoint(api):
    """Delete returns a confirmation. Later requests at every endpoint return 404."""
    environment_id = api.create_queue()
    path = f"{ENVIRONMENTS}/{environment_id}"
    work_id = api.enqueue(environment_id)[0]
    api.act(environment_id, work_id, "stop")
    assert api("DELETE", path).json == {"id": environment_id, "type": "environment_deleted"}
    gone = [("GET", path), ("POST", path), ("DELETE", path), ("POST", path + "/archive")]
    work = [("GET", f"{path}/work"), ("GET", f"{path}/work/poll"), ("GET", f"{path}/work/{work_id}")]
    for method, url in gone + work:
        response = api(method, url, {} if method == "POST" else None)
        assert message(response, 404) == f"environment_id: there is no environment {environment_id!r}."
        assert response.json["error"]["type"] == "not_found_error"


def test_delete_treats_a_stopping_item_with_an_expired_lease_as_stopped(api, clock):
    """This holds although no other request has read the item since its lease expired."""
    environment_id = api.create_queue()
    work_id = api.enqueue(environment_id)[0]
    for action in ("ack", "stop"):
        assert api.act(environment_id, work_id, action).status_code == 200
    clock.advance(ms=300_000)
    assert api("DELETE", f"{ENVIRONMENTS}/{environment_id}").status_code == 200


def test_an_environment_with_unfinished_work_cannot_be_deleted(api):
    """An environment can be deleted when all of its work is stopped."""
    environment_id = api.create_queue()
    work_id = api.enqueue(environment_id)[0]
    path = f"{ENVIRONMENTS}/{environment_id}"
    refused = api("DELETE", path)
    assert "1 unfinished work items; archive it first, to allow the queue to drain" in message(refused, 409)
    assert refused.headers["x-should-retry"] == "false"
    api.begin(environment_id, work_id)
    assert message(api("DELETE", path), 409)
    api.act(environment_id, work_id, "stop")
    api("POST", f"{path}/archive")
    assert message(api("DELETE", path), 409).endswith(f"; stop them, such as {work_id}, which is stopping.")
    api.act(environment_id, work_id, "stop", {"force": True})
    assert api("DELETE", path).status_code == 200
