"""What each operation is: whether it has a body, takes several IDs, and how often it may be sent."""

from __future__ import annotations

import pytest

from ant_cli.operations import GROUPS, OPERATIONS, find, is_official
from ant_cli.operations.environments import has_id_form

ENV, WORK = "beta:environments", "beta:environments:work"
FACTS = {
    f"{ENV} create": "POST - body creates",
    f"{ENV} list": "GET - paginated",
    f"{ENV} retrieve": "GET environment_id several-inputs",
    f"{ENV} update": "POST environment_id body partial several-ids several-inputs",
    f"{ENV} delete": "DELETE environment_id final several-ids several-inputs",
    f"{ENV} archive": "POST environment_id final several-ids several-inputs",
    f"{WORK} retrieve": "GET work_id several-inputs",
    f"{WORK} poll": "GET environment_id claims",
    f"{WORK} ack": "POST work_id several-ids several-inputs",
    f"{WORK} heartbeat": "POST work_id several-ids several-inputs",
    f"{WORK} stop": "POST work_id body several-ids several-inputs",
    f"{WORK} list": "GET environment_id paginated",
    f"{WORK} update": "POST work_id body several-ids several-inputs",
    f"{WORK} stats": "GET environment_id several-inputs",
}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.command)
def test_an_operation_has_these_facts(operation):
    facts = {
        "body": operation.has_body,
        "creates": operation.creates,
        "paginated": operation.paginated,
        "claims": operation.claims,
        "final": operation.final,
        "partial": operation.partial_update,
        "several-ids": operation.takes_several_ids and operation.positional is not None,
        "several-inputs": operation.acts_on_several,
    }
    names = [name for name, holds in facts.items() if holds]
    shown = " ".join([operation.method, operation.id_name or "-", *names])
    assert shown == FACTS[operation.command]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.command)
def test_the_flags_of_an_operation_are_its_fields_its_settings_and_its_headers(operation):
    """In this order. None is left out, and its ID is the last one in the path."""
    headers = [field for field in operation.fields if field.location == "header"]
    others = [field for field in operation.fields if field.location != "header"]
    assert [*operation.params] == [*others, *operation.settings, *headers]
    ids = [field.name for field in operation.fields if field.location == "path"]
    assert operation.id_name == "".join(ids[-1:])
    assert [f"{{{name}}}" in operation.path for name in ids] == [True] * len(ids)


def test_a_command_is_found_by_its_two_words():
    assert all(find(each.group, each.name) is each for each in OPERATIONS)
    assert find(ENV, "stats") is None
    assert find(WORK, "create") is None


def test_the_known_keys_of_a_group_are_those_of_its_objects():
    assert "created_at" in GROUPS[ENV].known_keys
    assert {"id", "environment_id", "name", "metadata", "state"} <= set(GROUPS[ENV].known_keys)
    assert {"work_id", "secret", "force"} <= set(GROUPS[WORK].known_keys)
    assert not {"limit", "page", "anthropic-beta", "config.type"} & set(GROUPS[ENV].known_keys)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("messages", True),
        ("beta:agents", True),
        ("beta:agents:versions", True),
        ("beta:agents:list", False),
        ("beta:agentsx", False),
        ("agents", False),
        ("messages:create", False),
        ("beta:environments", False),
        ("@manpages", True),
        ("", False),
    ],
)
def test_a_resource_of_the_official_tool_is_known_by_its_beginning(name, expected):
    assert is_official(name) is expected


def test_every_resource_of_the_official_tool_is_handed_over_and_no_verb_is():
    """The official tool has a help page for each resource. A verb is a separate word after a resource."""
    names = (
        "completions messages models beta:agents beta:deployment-runs beta:deployments beta:dreams "
        "beta:files beta:memory-stores beta:messages beta:models beta:sessions beta:skills "
        "beta:tunnels beta:user-profiles beta:vaults @manpages"
    )
    verbs = (
        "create retrieve update list delete archive cancel count-tokens download pause run "
        "unpause upload"
    )
    assert [name for name in names.split() if not is_official(name)] == []
    assert [verb for verb in verbs.split() if is_official(f"beta:files:{verb}")] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("env_1", True),
        ("env_A_b2", True),
        ("env_", False),
        ("env_1 b", False),
        ("env_é", False),
        ("my-env_1", False),
        ("work_1", False),
    ],
)
def test_only_an_id_of_an_environment_has_its_form(text, expected):
    """Anything else may be a name, which is looked up."""
    assert has_id_form(text) is expected
