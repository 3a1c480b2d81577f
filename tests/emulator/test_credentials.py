"""Which kind of credential each endpoint takes, and what the credentials that the emulator issues open."""

from contextlib import closing

import pytest

from ant_cli.emulator import Emulator
from ant_cli.emulator.credentials import environment_key
from ant_cli.operations import OPERATIONS
from tests.helpers.words import API_HEADERS

from .api import ENVIRONMENTS, HEADERS, Api, bearer, message, token_of

API_KEY = API_HEADERS | {"x-api-key": "any"}


ENVIRONMENT_KEY = bearer("sk-ant-oat01-any")


@pytest.fixture
def item(api, queue):
    """Return an item of its queue, with the secret that a worker gets."""
    api.enqueue(queue)
    return api.poll(queue)


def make_key(api, environment_id):
    return api("POST", f"/_emulator/environments/{environment_id}/key").json["environment_key"]


@pytest.mark.parametrize(
    "operation", OPERATIONS, ids=lambda row: f"{row.group.rpartition(':')[2]} {row.name}"
)
def test_each_endpoint_accepts_the_kinds_of_credentials_that_its_row_names(
    api, queue, item, operation
):
    """The emulator and the rows state the same rule, independently of each other."""
    path = operation.path.format(environment_id=queue, work_id=item["id"])
    kinds = {
        "API key": API_KEY,
        "environment key": ENVIRONMENT_KEY,
        "item secret": bearer(token_of(item["secret"])),
    }
    body = {} if operation.has_body else None
    accepted = {
        kind
        for kind, headers in kinds.items()
        if api(operation.method, path, body, headers=headers).status_code != 403
    }
    assert accepted == set(operation.accepts)


def test_one_of_two_credentials_is_enough(api, queue):
    """An API key gives access to a queue also next to an environment key of another one."""
    foreign = bearer(make_key(api, api.create_queue("other")))
    poll = f"{ENVIRONMENTS}/{queue}/work/poll"
    assert api("GET", poll, headers=foreign).status_code == 403
    assert api("GET", poll, headers=foreign | API_KEY).status_code == 200


def test_a_refusal_names_the_credential_to_use(api, queue, item):
    """It is a 403 of the API: the credential exists, but is of the wrong kind."""
    path = f"{ENVIRONMENTS}/{queue}/work"
    assert message(api("GET", path, headers=API_KEY), 403) == (
        "This endpoint takes an environment key (authorization: Bearer), not an API key (x-api-key). "
        "To get one: ant emulator key ENVIRONMENT_ID"
    )
    path += f"/{item['id']}"
    for headers, given in (
        (ENVIRONMENT_KEY, "an environment key"),
        (bearer(token_of(item["secret"])), "the secret of a work item"),
    ):
        assert message(api("GET", path, headers=headers), 403) == (
            f"This endpoint takes an API key (x-api-key), not {given} (authorization: Bearer). "
            "Without --api-key, any text is an API key, such as sk-ant-emulator."
        )


def test_any_other_text_as_a_bearer_token_is_the_kind_of_key_that_is_needed(api, queue, item):
    """The SDKs send API keys so, and people write any text as a key."""
    for token in ("test", "k", "my-anthropic-api-key", "sk-ant-emulator"):
        for path in ("", "/work", f"/work/{item['id']}"):
            assert (
                api("GET", f"{ENVIRONMENTS}/{queue}{path}", headers=bearer(token)).status_code
                == 200
            )
    with closing(Emulator(":memory:", api_key="test")) as emulator:
        strict = Api(emulator, bearer("test"))
        assert strict("GET", ENVIRONMENTS).status_code == 200
        work = f"{ENVIRONMENTS}/{strict.create_queue()}/work"
        assert strict("GET", work, headers=bearer("test")).status_code == 403
        assert strict("GET", ENVIRONMENTS, headers=bearer("k")).status_code == 401


def test_a_refused_request_changes_nothing(api, queue, item):
    """The credential is checked before the request has an effect, and before a fault is used up."""
    api("POST", "/_emulator/faults", {"path_contains": "/work/", "status": 500})
    path = f"{ENVIRONMENTS}/{queue}/work/{item['id']}"
    assert api("POST", path, {"metadata": {"k": "v"}}, headers=ENVIRONMENT_KEY).status_code == 403
    assert api("GET", path).status_code == 500
    assert api("GET", path).json["metadata"] == {}


def test_a_request_with_two_credentials_needs_one_of_the_right_kind(api, queue):
    """A client may send its API key with every request."""
    both = API_KEY | ENVIRONMENT_KEY
    for path in (f"{ENVIRONMENTS}/{queue}", f"{ENVIRONMENTS}/{queue}/work"):
        assert api("GET", path, headers=both).status_code == 200


def test_a_secret_of_no_item_is_refused_next_to_a_key_that_the_endpoint_does_not_take(
    api, queue, item
):
    """The API key is valid, but work is listed for workers only."""
    unknown = bearer(token_of(item["secret"])[:-1] + "!")
    for headers in (unknown, API_KEY | unknown):
        refused = message(api("GET", f"{ENVIRONMENTS}/{queue}/work", headers=headers), 403)
        assert refused.startswith("There is no work item with this secret")


def test_the_emulator_makes_a_key_for_an_environment(api, queue):
    """It is the same each time, and is refused for other environments and their sessions."""
    key = make_key(api, queue)
    assert make_key(api, queue) == key
    other = api.create_queue("other")
    assert api("GET", f"{ENVIRONMENTS}/{queue}/work/stats", headers=bearer(key)).status_code == 200
    refused = message(api("GET", f"{ENVIRONMENTS}/{other}/work/stats", headers=bearer(key)), 403)
    assert refused.endswith(
        "environment key (authorization: Bearer) belongs to another environment or work item."
    )
    session = api("POST", "/_emulator/sessions", {"environment_id": other}).json["id"]
    assert api("GET", f"/v1/sessions/{session}", headers=bearer(key)).status_code == 403
    assert (
        api("GET", f"/v1/sessions/{session}", headers=bearer(make_key(api, other))).status_code
        == 200
    )


def test_a_secret_is_refused_for_another_item(api, queue, item):
    """A worker that mixes up two items gets an error."""
    other = api.enqueue(queue)[0]
    headers = bearer(token_of(item["secret"]))
    assert "belongs to another" in message(
        api("POST", f"{ENVIRONMENTS}/{queue}/work/{other}/stop", {}, headers=headers), 403
    )


def test_an_emulator_with_a_key_accepts_the_environment_keys_that_it_made():
    """They open only the work of their environment; a key that another emulator made is unknown."""
    with closing(Emulator(":memory:", api_key="secret")) as emulator:
        api = Api(emulator, HEADERS | {"x-api-key": "secret"})
        queue = api.create_queue()
        key = make_key(api, queue)
        stats = f"{ENVIRONMENTS}/{queue}/work/stats"
        assert api("GET", stats, headers=bearer(key)).status_code == 200
        assert api("GET", f"{ENVIRONMENTS}/{queue}/work", headers=bearer(key)).status_code == 200
        assert api("GET", f"{ENVIRONMENTS}/{queue}", headers=bearer(key)).status_code == 403
        assert api("POST", "/_emulator/reset", headers=bearer(key)).status_code == 401
        with closing(Emulator(":memory:", api_key="other")) as stranger:
            foreign = Api(stranger, HEADERS | {"x-api-key": "other"})
            name = foreign.create_queue()
            assert (
                foreign("GET", f"{ENVIRONMENTS}/{name}/work/stats", headers=bearer(key)).status_code
                == 401
            )
        forged = environment_key(queue, "")
        assert api("GET", stats, headers=bearer(forged)).status_code == 401


def test_an_emulator_with_a_key_gives_workers_the_agents_and_files():
    """As one without a key does: they belong to no environment. Their lists are for the account."""
    with closing(Emulator(":memory:", api_key="secret")) as emulator:
        api = Api(emulator, HEADERS | {"x-api-key": "secret"})
        queue = api.create_queue()
        api.enqueue(queue)
        agent = api("POST", "/v1/agents", {"name": "a", "model": "claude-opus-4-5"}).json["id"]
        for token in (make_key(api, queue), token_of(api.poll(queue)["secret"])):
            assert api("GET", f"/v1/agents/{agent}", headers=bearer(token)).status_code == 200
            assert api("GET", "/v1/models", headers=bearer(token)).status_code == 200
            assert api("GET", "/v1/files/none/content", headers=bearer(token)).status_code == 404
            assert api("GET", "/v1/agents", headers=bearer(token)).status_code == 403
            assert api("GET", "/v1/agents", headers=bearer(f"{token}0")).status_code == 401


def test_any_credential_is_accepted_everywhere_if_asked_for(clock):
    """Suites that use one key for everything run with `any_credential`. A credential is still required."""
    with closing(Emulator(":memory:", clock=clock, any_credential=True)) as emulator:
        api = Api(emulator)
        queue = api.create_queue()
        (item,) = api.enqueue(queue)
        for path in ("", "/work", f"/work/{item}"):
            for headers in (API_KEY, ENVIRONMENT_KEY):
                assert (
                    api("GET", f"{ENVIRONMENTS}/{queue}{path}", headers=headers).status_code == 200
                )
            assert (
                api("GET", f"{ENVIRONMENTS}/{queue}{path}", headers=API_HEADERS).status_code == 401
            )


def test_in_process_nothing_is_refused():
    """There is no credential in the process of a command."""
    with closing(Emulator(":memory:", require_credential=False)) as emulator:
        api = Api(emulator)
        queue = api.create_queue()
        (item,) = api.enqueue(queue)
        for path in ("/work", f"/work/{item}"):
            assert (
                api("GET", f"{ENVIRONMENTS}/{queue}{path}", headers=API_HEADERS).status_code == 200
            )
