"""`--config.type` and its siblings: each gives one field of `--config`."""

from __future__ import annotations

import json

import pytest

from tests.helpers.words import CREATE, UPDATE


@pytest.mark.parametrize(
    ("flags", "config"),
    [
        (("--config.type", "cloud"), {"type": "cloud"}),
        (("--config.type=self_hosted",), {"type": "self_hosted"}),
        (("-config.type", "cloud"), {"type": "cloud"}),
        (
            (
                "--config.packages",
                "{pip: [pandas]}",
                "--config.networking",
                '{"type": "unrestricted"}',
            ),
            {"packages": {"pip": ["pandas"]}, "networking": {"type": "unrestricted"}},
        ),
        (("--config.networking", "null"), {"networking": None}),
        (
            ("--config", "{type: cloud}", "--config.packages", "{npm: ['@types/node']}"),
            {"type": "cloud", "packages": {"npm": ["@types/node"]}},
        ),
        (("--config.type", "cloud", "--config", "{future: 1}"), {"type": "cloud", "future": 1}),
        (("--config.type", "a", "--config.type", "b"), {"type": "b"}),
    ],
)
def test_inner_flags_and_the_outer_flag_build_one_object(ant, flags, config):
    """Their order does not matter. The request has the type that the API asks for (D49)."""
    implied = {} if set(config).isdisjoint({"packages", "networking"}) else {"type": "cloud"}
    assert ant(*CREATE, *flags).body["config"] == implied | config
    assert ant(*UPDATE, *flags).body["config"] == implied | config


@pytest.mark.parametrize("words", [CREATE, UPDATE])
@pytest.mark.parametrize(
    "text", ["", "null", "NULL", "None", "~", "clowd", "two words", "cloud,", "1"]
)
def test_a_type_that_can_be_none_is_rejected_whichever_flag_gives_it(ant, words, text):
    """One check for `--config.type` and `--config`, so an empty variable is noticed by both."""
    one, all_ = ("--config.type", text), ("--config", json.dumps({"type": text}))
    assert "config.type: must be 'cloud' or 'self_hosted'." in ant(*words, *one).refusal
    assert ant(*words, *one).refusal == ant(*words, *all_).refusal


def test_a_type_that_a_newer_api_may_have_is_sent(ant):
    """Its form is that of the known ones."""
    for flags in (("--config.type", "bare_metal.v2"), ("--config", "{type: bare_metal.v2}")):
        assert ant(*CREATE, *flags).body["config"] == {"type": "bare_metal.v2"}


def test_packages_that_a_create_gives_by_their_own_flag_are_those_of_a_cloud_environment(ant):
    """The API rejects a config without a type. Another type that is given stays (D49)."""
    packages = ("--config.packages", "{pip: [pandas]}")
    assert ant(*CREATE, *packages).body["config"] == {
        "type": "cloud",
        "packages": {"pip": ["pandas"]},
    }
    assert ant(*CREATE, *packages, "--config.type", "future").body["config"]["type"] == "future"


FROM_FILE = {"type": "cloud", "packages": {"pip": ["pandas"]}, "future": 1}
SELF_HOSTED = {"type": "self_hosted"}


@pytest.mark.parametrize(
    ("flags", "given", "config"),
    [
        (("--config.type", "cloud"), {"future": 1}, {"type": "cloud", "future": 1}),
        (
            ("--config.networking", "{type: open}"),
            FROM_FILE,
            FROM_FILE | {"networking": {"type": "open"}},
        ),
        (("--config.packages", "{apt: [x]}"), FROM_FILE, FROM_FILE | {"packages": {"apt": ["x"]}}),
        (
            ("--config.packages", "{apt: [x]}"),
            SELF_HOSTED,
            SELF_HOSTED | {"packages": {"apt": ["x"]}},
        ),
        (
            ("--config", "{type: cloud}", "--config.packages", "{}"),
            FROM_FILE,
            {"type": "cloud", "packages": {}},
        ),
        (("--config.type", "cloud"), None, {"type": "cloud"}),
    ],
)
def test_an_inner_flag_sets_one_field_of_a_config_in_a_file_or_a_pipe(
    ant, tmp_path, flags, given, config
):
    """All other fields stay, unless `--config` replaces them (D49)."""
    text = json.dumps({"name": "n", "config": given})
    (tmp_path / "env.json").write_text(text)
    for words in (("beta:environments", "create"), UPDATE):
        assert ant(*words, *flags, stdin=text).body == {"name": "n", "config": config}
        assert ant(*words, *flags, "--file", "env.json").body == {"name": "n", "config": config}


def test_an_inner_flag_of_an_update_stands_for_what_changes_in_an_object_from_the_server(ant):
    """Of the object, only the ID is used, so what others changed since stays."""
    listed = json.dumps({"id": "env_1", "updated_at": "", "name": "n", "config": FROM_FILE})
    result = ant(*UPDATE[:2], "--config.networking", "{type: unrestricted}", stdin=listed)
    assert result.body == {"config": {"type": "cloud", "networking": {"type": "unrestricted"}}}
    assert result.path == "/v1/environments/env_1"
    assert "Not sent: name." in result.stderr


def test_a_config_that_is_not_keys_and_values_is_not_replaced_by_an_inner_flag(ant):
    """It is a mistake in the file."""
    refusal = ant(*UPDATE, "--config.type", "cloud", stdin="config: cloud").refusal
    assert "config: must be keys and values, got text" in refusal


def test_an_inner_flag_is_a_field_to_change(ant):
    """An update with nothing else needs no input and gets no note."""
    assert ant(*UPDATE, "--config.packages", "@packages.yaml").refusal
    assert ant(*UPDATE, "--config.packages", "{pip: [a]}").stderr == ""


def test_an_inner_flag_may_be_a_file(ant, tmp_path):
    """As the outer one."""
    (tmp_path / "packages.yaml").write_text("pip: [a]\n")
    assert ant(*UPDATE, "--config.packages", "@packages.yaml").body["config"]["packages"] == {
        "pip": ["a"]
    }


@pytest.mark.parametrize("name", ["retrieve", "update", "stats", "stop"])
def test_the_workspace_can_be_chosen_for_one_command_of_the_queue(ant, name):
    """As in the official tool."""
    ids = ("env_1",) if name == "stats" else ("--environment-id", "env_1", "work_1")
    more = ("--metadata", "a=b") if name == "update" else ()
    words = ("beta:environments:work", name, *ids, *more, "--workspace-id", "wrkspc_1")
    assert ant(*words).request.headers["anthropic-workspace-id"] == "wrkspc_1"
