"""How a client learns about the server and the account: health, models, and headers."""

import pytest

from ant_cli.emulator import Emulator

from .api import ENVIRONMENTS, HEADERS, Api, message

ORGANIZATION = "anthropic-organization-id"
WORKSPACE = "anthropic-workspace-id"


@pytest.fixture
def workspace_api():
    """Return a client of an emulator that belongs to a workspace."""
    emulator = Emulator(
        ":memory:", organization_id="org_1", workspace_id="wrkspc_1", api_key="secret"
    )
    yield Api(emulator, {**HEADERS, "x-api-key": "secret"})
    emulator.close()


def test_health_needs_no_header_and_no_key(api, workspace_api):
    """GET /healthz succeeds without a key and without any header."""
    for each in (api, workspace_api):
        response = each("GET", "/healthz", headers={})
        assert (response.status_code, response.json) == (200, {"status": "ok"})


def test_health_check_fails_when_the_database_fails(api, emulator):
    """A probe gets an error status while no request can succeed."""
    with emulator._store.write() as transaction:
        transaction.run("DROP TABLE clock")
    assert api("GET", "/healthz", headers={}).status_code == 500


def test_models_list_checks_the_key_and_needs_no_beta_header(workspace_api):
    """The list of models needs a key and a version, but no beta header."""
    headers = {
        name: text for name, text in workspace_api.headers.items() if name != "anthropic-beta"
    }
    page = workspace_api("GET", "/v1/models", headers=headers, limit=1).json
    assert page["has_more"] is False  # a client would request the same page without end
    assert [model["type"] for model in page["data"]] == ["model"]
    assert page["first_id"] == page["last_id"] == page["data"][0]["id"]
    assert message(
        workspace_api("GET", "/v1/models", headers={**headers, "x-api-key": "other"}), 401
    )
    assert message(workspace_api("GET", "/v1/models", headers={"x-api-key": "secret"}), 400)


@pytest.mark.parametrize(
    "path", [ENVIRONMENTS, f"{ENVIRONMENTS}/env_1", "/healthz", "/_emulator/clock", "/nothing"]
)
def test_every_response_names_the_organization_and_the_workspace_of_its_key(
    api, workspace_api, path
):
    """Errors name the organization, too. The workspace is named only if the key belongs to one."""
    headers = workspace_api("GET", path).headers
    assert (headers[ORGANIZATION], headers[WORKSPACE]) == ("org_1", "wrkspc_1")
    assert "ant-emulator" not in headers
    headers = api("GET", path).headers
    assert headers[ORGANIZATION] == "00000000-0000-4000-8000-000000000000"
    assert WORKSPACE not in headers
    assert headers["ant-emulator"] == "API keys are not checked"


def test_a_request_that_names_another_workspace_than_the_key_is_rejected(workspace_api):
    """A request may name the workspace of its key, but no other."""
    for workspace, status in (("wrkspc_1", 200), ("wrkspc_2", 400)):
        headers = {**workspace_api.headers, WORKSPACE: workspace}
        assert workspace_api("GET", ENVIRONMENTS, headers=headers).status_code == status
