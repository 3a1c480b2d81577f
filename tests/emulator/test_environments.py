import gzip

import pytest
from werkzeug.test import Client

from .api import ENVIRONMENTS, message


def test_text_beyond_ascii_is_returned_as_it_was_sent(api):
    """It is not escaped: in a pipe, `ant` prints the bytes that it received."""
    assert '"name":"données 🐜"' in api("GET", f"{ENVIRONMENTS}/{api.create('données 🐜')}").text


def test_a_body_that_can_be_read_in_two_ways_is_rejected(api, emulator):
    """One that has a key twice, in any object of it; and one that is compressed, which is not decoded."""
    twice = b'{"name": "n", "metadata": {"k": "1", "k": "2"}}'
    response = Client(emulator).post(ENVIRONMENTS, data=twice, headers=api.headers)
    assert message(response, 400) == "k: is given 2 times in one object."
    headers = api.headers | {"content-encoding": "gzip"}
    response = Client(emulator).post(
        ENVIRONMENTS, data=gzip.compress(b'{"name": "n"}'), headers=headers
    )
    refused = "content-encoding: 'gzip' is not decoded here; send the body as it is."
    assert message(response, 415) == refused
    assert api("GET", ENVIRONMENTS).json["data"] == []


@pytest.mark.parametrize(
    "text", [b"{", b"\xff", b'{"name":"\\ud800"}', b"[" * 500, b"nonsense", b'""']
)
def test_a_body_that_is_not_json_is_rejected(api, emulator, text):
    """The status of malformed JSON, invalid UTF-8 and lone surrogates is 400."""
    response = Client(emulator).post(ENVIRONMENTS, data=text, headers=api.headers)
    assert message(response, 400)


@pytest.mark.parametrize(
    "host",
    [
        *(
            "https://example.com",
            "example.com:443",
            "example.com/path",
            "*",
            "*example.com",
            "a.*.com",
            "a..b",
        ),
        *(
            ".a",
            "a.",
            "-a.com",
            "[::1]",
            "user@example.com",
            "a b",
            "a" * 64,
            "a\n",
            ".".join(["a" * 60] * 5),
        ),
    ],
)
def test_allowed_hosts_with_scheme_port_path_or_inner_wildcard_are_rejected(api, host):
    """Only a host name with an optional leading wildcard is accepted."""
    networking = {"type": "limited", "allowed_hosts": [host]}
    response = api(
        "POST", ENVIRONMENTS, {"name": "n", "config": {"type": "cloud", "networking": networking}}
    )
    assert message(response, 400).startswith("config.networking.allowed_hosts.0: ")


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
        response = api(
            "POST", path, {"metadata": metadata} | ({"name": "n"} if path == ENVIRONMENTS else {})
        )
        assert problem in message(response, 400), path
        assert response.json["error"]["error_code"] == "invalid_metadata"
    assert api.update(queue, metadata={"k0": None, "k": "v"}).status_code == 200


@pytest.mark.parametrize(("field", "most"), [("name", 256), ("description", 1024)])
def test_a_text_has_a_greatest_length(api, field, most):
    """It is that of the API."""
    assert api("POST", ENVIRONMENTS, {"name": "n", field: "x" * most}).status_code == 200
    refused = message(api("POST", ENVIRONMENTS, {"name": "m", field: "x" * (most + 1)}), 400)
    assert refused == f"{field}: String should have at most {most} characters."


@pytest.mark.parametrize("manager", ["apt", "cargo", "gem", "go", "npm", "pip"])
def test_an_empty_package_is_refused_for_each_manager(api, manager):
    """It would be in the environment, and no package manager could install it."""
    config = {"type": "cloud", "packages": {manager: ["fine", ""]}}
    response = api("POST", ENVIRONMENTS, {"name": "demo", "config": config})
    assert message(response, 400).startswith(f"config.packages.{manager}.1: ")


def test_the_scope_of_an_account_is_refused_with_its_reason(api):
    """As the API does. Null and the default are accepted."""
    why = message(api("POST", ENVIRONMENTS, {"name": "demo", "scope": "account"}), 400)
    assert why.startswith("scope: account is refused in an organization of the API")
    for number, scope in enumerate((None, "organization")):
        assert api.retrieve(api.create(f"demo{number}", scope=scope))["scope"] == "organization"
