"""Environments of the server as files: their content and their names."""

from __future__ import annotations

import itertools
import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ant_cli.apply.comparison import hash_of_body
from ant_cli.apply.declarations import (
    Declaration,
    choose_file,
    export,
    folded_name,
    read_declaration,
    safe_name,
)
from ant_cli.gjson import json_text
from ant_cli.input.validation import json_schema
from ant_cli.input.values import encode, parse
from tests.conftest import needs_posix

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
        ("prn", "prn_"),
        ("nul.txt", "nul_.txt"),
        ("aux.x.y", "aux_.x.y"),
        ("com1", "com1_"),
        ("COM\u00b9", "COM\u00b9_"),
        ("lpt\u00b2.txt", "lpt\u00b2_.txt"),
        ("LPT\u00b3", "LPT\u00b3_"),
        ("lpt9", "lpt9_"),
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


@pytest.mark.parametrize(
    ("one", "other", "file"),
    [
        ("a b", "A/B", "A-B-2.yaml"),
        ("ma\u00dfe", "MASSE", "MASSE-2.yaml"),
        ("\u00fcber", "U\u0308ber", "\u00dcber-2.yaml"),
        ("\ufb01n", "fin", "fin-2.yaml"),
    ],
)
def test_names_that_are_one_file_on_some_system_get_different_files(one, other, file):
    """On macOS and Windows, case does not count, nor does the way in which an accent is written."""
    folder, taken = Path("environments"), {}
    first = choose_file(folder, {"name": one}, taken)
    taken[folded_name(first.name)] = 1
    second = choose_file(folder, {"name": other}, taken)
    assert second.name == file


def test_the_files_of_environments_with_the_same_name_are_counted_and_skip_taken_names():
    """Also if another environment has the name that the next number would give."""
    folder, taken, names = Path("environments"), {}, []
    for name in ("a", "A", "a-3", "a", "b", "a"):
        names.append(choose_file(folder, {"name": name}, taken).name)
        taken[folded_name(names[-1])] = 1
    assert names == ["a.yaml", "A-2.yaml", "a-3.yaml", "a-4.yaml", "b.yaml", "a-5.yaml"]


def test_all_environments_whose_names_are_one_file_on_macos_are_exported(team):
    """`--all` takes each once, so the second would overwrite the first."""
    for name in ("ma\u00dfe", "masse"):
        team.by_hand("create", "--name", name, "--config", "{type: cloud}")
    assert team.ant("export", "--all").exit == 0
    names = [unicodedata.normalize("NFC", path.name) for path in Path("environments").iterdir()]
    assert len({name.casefold() for name in names}) == 2


# A run that is killed

KILL_BEFORE_RENAME = """
import os
from ant_cli.runtime import storage
rename, left = storage._take_place, [{number}]
def kill(draft, path):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), 9)
    rename(draft, path)
storage._take_place = kill
"""


@needs_posix("SIGKILL")
@pytest.mark.parametrize("number", range(1, 7))
def test_an_export_that_was_killed_is_continued_by_the_same_command(team, number):
    """Each file is recorded with it, and one that an export has written needs no --force."""
    for name in "abc":
        team.by_hand("create", "--name", name, "--config", "{type: cloud}")
    with team.program("export", "--all", code=KILL_BEFORE_RENAME.format(number=number)) as run:
        run.communicate()
    assert run.returncode == -9
    again = team.ant("export", "--all")
    assert again.exit == 0, again.stderr
    assert len(team.ids()) == 3
    assert team.diff(".") == 0


@needs_posix("SIGKILL")
def test_a_file_that_somebody_edited_after_a_killed_export_is_not_overwritten(team):
    """Only what the export would write itself needs no --force."""
    team.by_hand("create", "--name", "a", "--config", "{type: cloud}")
    with team.program("export", "a", code=KILL_BEFORE_RENAME.format(number=2)) as run:
        run.communicate()
    path = Path("environments/a.yaml")
    path.write_text(path.read_text() + "description: Mine.\n")
    result = team.ant("export", "a")
    assert (result.exit, "To overwrite: --force" in result.stderr) == (2, True)
    assert "Mine." in path.read_text()


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
