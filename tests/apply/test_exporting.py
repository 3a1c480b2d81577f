"""Environments of the server as files: their content and their names."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ant_cli.apply.comparison import hash_of_body
from ant_cli.apply.declarations import Declaration, choose_file, export, read_declaration, safe_name
from ant_cli.gjson import json_text
from ant_cli.input.validation import json_schema
from ant_cli.input.values import encode, parse

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
NAME = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
PACKAGES = st.dictionaries(
    st.sampled_from(["apt", "cargo", "gem", "go", "npm", "pip"]),
    st.lists(NAME, max_size=3),
    max_size=6,
)
HOSTS = st.lists(
    st.sampled_from(["example.com", "*.example.com", "a-b.example", "bücher.example"]), max_size=3
)
NETWORK = st.one_of(
    st.just({"type": "unrestricted"}),
    st.fixed_dictionaries(
        {
            "type": st.just("limited"),
            "allowed_hosts": HOSTS,
            "allow_package_managers": st.sampled_from([True]),
            "allow_mcp_servers": st.booleans(),
        }
    ),
)
CONFIG = st.one_of(
    st.just({"type": "self_hosted"}),
    st.fixed_dictionaries(
        {
            "type": st.just("cloud"),
            "networking": NETWORK,
            "packages": PACKAGES.map(lambda packages: {**packages, "type": "packages"}),
        }
    ),
)
ENVIRONMENTS = st.fixed_dictionaries(
    {
        "id": st.just("env_1"),
        "type": st.just("environment"),
        "archived_at": st.none(),
        "created_at": st.just("2026-03-15T10:00:00Z"),
        "updated_at": st.just("2026-03-15T10:00:00Z"),
        "name": NAME,
        "description": st.none() | TEXT,
        "metadata": st.dictionaries(TEXT, NAME, max_size=3),
        "config": CONFIG,
        "scope": st.just("organization"),
        "state": st.just("active"),
    }
)
"""Objects of the server with any strings."""


@given(ENVIRONMENTS)
def test_an_exported_file_declares_the_exported_environment(tmp_path_factory, remote):
    """This holds even for strings that look like other values in YAML."""
    folder = tmp_path_factory.mktemp("export") / "environments"
    folder.mkdir()
    exported = export(json_text.decode(json.dumps(remote).encode()))
    assert exported.problems == ()
    assert exported.left_out == ()
    path = choose_file(folder, remote, ())
    path.write_text(exported.text, encoding="utf-8", newline="")
    found = read_declaration(path, "./x.yaml", str(folder), named=False)
    assert isinstance(found, Declaration), found
    assert found.hash == hash_of_body(exported.body)
    assert found.body["name"] == remote["name"]


def test_fields_that_a_file_can_not_declare_are_left_out_and_named():
    """The server may have fields that this tool does not know."""
    remote = {
        "id": "env_1",
        "state": "active",
        "name": "a",
        "unheard_of": "eu",
        "scope": "organization",
        "config": {"type": "cloud", "gpu": True, "packages": {"type": "packages", "conda": ["x"]}},
    }
    exported = export(remote)
    assert exported.body == {"name": "a", "config": {"type": "cloud"}}
    assert exported.left_out == ("config.gpu", "config.packages.conda", "unheard_of")
    assert exported.problems == ()
    assert remote["config"]["gpu"]


def test_a_field_of_the_schema_is_exported(monkeypatch):
    """One that the API gets is a row there."""
    monkeypatch.setitem(json_schema()["properties"], "unheard_of", {"type": ["string"]})
    exported = export({"name": "a", "unheard_of": "eu"})
    assert (exported.body, exported.left_out) == ({"name": "a", "unheard_of": "eu"}, ())


def test_a_field_that_only_another_type_of_network_has_is_left_out():
    """A file with it would be rejected."""
    exported = export(
        {
            "name": "a",
            "config": {
                "type": "cloud",
                "networking": {"type": "unrestricted", "allowed_hosts": ["x"]},
            },
        }
    )
    assert exported.body["config"]["networking"] == {"type": "unrestricted"}
    assert (exported.left_out, exported.problems) == (("config.networking.allowed_hosts",), ())


def test_the_scope_is_declared_for_self_hosted_environments_only():
    """The API accepts it only for these."""
    assert (
        export({"name": "a", "scope": "account", "config": {"type": "self_hosted"}}).body["scope"]
        == "account"
    )
    assert (
        "scope" not in export({"name": "a", "scope": "account", "config": {"type": "cloud"}}).body
    )


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("data", "data"),
        ("../../x", "x"),
        ("/etc/passwd", "etc-passwd"),
        ("a/b\\c", "a-b-c"),
        ("..", "env_1"),
        ("", "env_1"),
        ("CON", "CON_"),
        ("nul.txt", "nul_.txt"),
        ("aux.x.y", "aux_.x.y"),
        ("com1", "com1_"),
        (".git", "git"),
        ("a\x1b[31m\n\0b", "a-31m-b"),
        ("C:\\x", "C-x"),
        ("übung 1", "übung-1"),
        ("x" * 500, "x" * 100),
        ("\u4e2d" * 100, "\u4e2d" * 33),
        ("e\u0301" * 100, "\u00e9" * 50),
        ("a. ", "a"),
        ("\u202etxt", "txt"),
    ],
)
def test_a_name_from_the_server_is_not_a_path(name, stem):
    """Whatever the name contains, the file is in the folder."""
    assert choose_file(Path("environments"), {"name": name, "id": "env_1"}, ()) == Path(
        f"environments/{stem}.yaml"
    )


@given(st.text())
def test_no_name_leads_out_of_the_folder(name):
    """It does not lead to a hidden file or to a device either."""
    file = choose_file(Path("environments"), {"name": name, "id": name}, ())
    assert file.parent == Path("environments")
    assert file.name.endswith(".yaml")
    assert not file.name.startswith((".", "-"))
    assert len(file.name.encode()) <= 110
    assert safe_name(file.stem) == file.stem or len(file.stem.encode()) > 100


def test_names_that_differ_in_case_only_get_different_files():
    """On many file systems, the two names would mean the same file."""
    folder = Path("environments")
    first = choose_file(folder, {"name": "a b"}, ())
    second = choose_file(folder, {"name": "A/B"}, {first.name.lower(): 1})
    assert (first.name, second.name) == ("a-b.yaml", "A-B-2.yaml")


@pytest.mark.parametrize("letter", ["a", "\u00e9", "\u4e2d", "\U0001f600", "\U00020000"])
def test_an_environment_with_a_long_name_is_exported_with_all_others(team, letter):
    """File systems count bytes, not characters. A letter beyond ASCII has up to four."""
    for name in (letter * 100, letter * 101):
        team.by_hand("create", "--name", name, "--config", "{type: cloud}")
    result = team.ant("export", "--all")
    assert result.exit == 0, result.stderr
    assert team.diff(".") == 0
    assert len(team.ids()) == 2


def test_outside_the_folder_of_environments_the_file_name_states_the_kind():
    """Otherwise `ant apply` would not recognize the file."""
    assert choose_file(Path("infra"), {"name": "a"}, ()) == Path("infra/environment_a.yaml")


_numbers = itertools.count()
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "description": TEXT,
        "metadata": st.dictionaries(
            st.text(st.characters(codec="utf-8"), min_size=1, max_size=9), TEXT, max_size=3
        ),
        "config": CONFIG,
    },
)
"""Files with any strings, some without optional fields."""


@settings(
    max_examples=10,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(BODIES, NAME)
def test_apply_over_export_over_apply_is_a_fixed_point(team, body, name):
    """An exported file declares the state of the server, and exporting that again gives the same file."""
    for path in Path.cwd().rglob("*"):
        if path.is_file():
            path.unlink()
    name = f"{name}{next(_numbers)}"
    source = team.write(
        "environments/a.json", encode(parse(json.dumps({**body, "name": name}), "body")).decode()
    )
    team.apply(".")
    assert team.diff(".") == 0
    created = team.server()[name]

    source.unlink()
    Path("claude-lock.json").unlink()
    assert team.ant("export", created["id"]).exit == 0
    (file,) = Path("environments").iterdir()
    text = file.read_bytes()
    assert team.diff(".") == 0

    Path("claude-lock.json").unlink()
    team.apply(".", "--adopt")
    assert team.server()[name] == created
    assert team.diff(".") == 0

    assert team.ant("export", created["id"], "--force").exit == 0
    file.unlink()
    assert team.ant("export", created["id"]).exit == 0
    assert file.read_bytes() == text
