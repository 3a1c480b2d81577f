"""`--config.type` and its siblings: each gives one field of `--config`."""

from __future__ import annotations

import pytest

from tests.helpers.words import CREATE, UPDATE


@pytest.mark.parametrize("command", [CREATE, UPDATE])
@pytest.mark.parametrize(
    ("flags", "config"),
    [
        (("--config.type", "cloud"), {"type": "cloud"}),
        (("--config.type=self_hosted",), {"type": "self_hosted"}),
        (("-config.type", "cloud"), {"type": "cloud"}),
        (
            ("--config.packages", "{pip: [pandas]}", "--config.networking", '{"type": "unrestricted"}'),
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
def test_inner_flags_and_the_outer_flag_build_one_object(ant, command, flags, config):
    """Their order does not matter."""
    assert ant(*command, *flags).body["config"] == config


def test_inner_flags_replace_a_piped_config(ant):
    """As in the official tool, a flag replaces the whole field of the input."""
    body = ant("beta:environments", "create", "--config.type", "cloud", stdin="name: n\nconfig: {future: 1}\n").body
    assert body == {"name": "n", "config": {"type": "cloud"}}


def test_an_inner_flag_is_a_field_to_change(ant):
    """An update with nothing else needs no input and gets no note."""
    assert ant(*UPDATE, "--config.packages", "@packages.yaml").refusal
    assert ant(*UPDATE, "--config.packages", "{pip: [a]}").stderr == ""


def test_an_inner_flag_may_be_a_file(ant, tmp_path):
    """As the outer one."""
    (tmp_path / "packages.yaml").write_text("pip: [a]\n")
    assert ant(*UPDATE, "--config.packages", "@packages.yaml").body == {"config": {"packages": {"pip": ["a"]}}}


@pytest.mark.parametrize(
    ("flags", "parts"),
    [
        (("--config.type", "cloud", "--config", "{type: cloud}"), ["--config.type", "--config that has 'type'"]),
        (("--config.type", "cloud", "--config", "null"), ["--config.type", "--config that is null"]),
        (("--config.packages", "[a]"), ["--config.packages must be keys and values"]),
        (("--config.packages", "{pip: [a"), ["--config.packages, line 1"]),
        (("--config.packagse", "{}"), ["Did you mean '--config.packages'?"]),
    ],
)
def test_flags_that_contradict_each_other_send_nothing(ant, flags, parts):
    """The message names both."""
    refusal = ant(*CREATE, *flags).refusal
    assert all(part in refusal for part in parts)


def test_an_unknown_field_of_an_inner_flag_gets_a_warning(ant):
    """As in `--config`."""
    result = ant(*CREATE, "--config.packages", "{pypi: [a]}")
    assert "'config.packages.pypi' is not a known field" in result.stderr


@pytest.mark.parametrize("name", ["retrieve", "update", "stats", "stop"])
def test_the_workspace_can_be_chosen_for_one_command_of_the_queue(ant, name):
    """As in the official tool."""
    ids = ("env_1",) if name == "stats" else ("--environment-id", "env_1", "work_1")
    more = ("--metadata", "a=b") if name == "update" else ()
    words = ("beta:environments:work", name, *ids, *more, "--workspace-id", "wrkspc_1")
    assert ant(*words).request.headers["anthropic-workspace-id"] == "wrkspc_1"
