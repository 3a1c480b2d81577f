"""Files of environments: which files are read, what they declare, and mistakes, with line and column."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant_cli.apply.declarations import Declaration, kind_by_path
from ant_cli.apply.discovery import Loaded, load
from ant_cli.apply.lockfile import LockFile
from ant_cli.errors import UsageError
from ant_cli.gjson.json_text import Number
from ant_cli.input.validation import check, json_schema, known_fields
from ant_cli.input.yaml_reader import positions_of
from ant_cli.operations.environments import CREATE, PACKAGE_MANAGERS
from tests.conftest import needs_linux


def write(name: str, text: str = "config: {type: cloud}\n") -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def loaded(*paths: str, strict: bool = False) -> Loaded:
    return load(paths, LockFile(Path.cwd() / "claude-lock.json"), strict=strict)


def one(*paths: str) -> Declaration:
    (declaration,) = loaded(*paths).declarations.values()
    return declaration


def mistakes(*paths: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        loaded(*paths, strict=True)
    assert caught.value.exit_code == 2
    lines = caught.value.message.replace(os.sep, "/").splitlines()
    return lines[1:] if lines[0] == "there are mistakes in the files:" else lines


# Finding files


def test_a_file_of_more_than_1_mb_is_rejected():
    """A repository's files may be hostile, and each takes time and memory in proportion to its size."""
    write("environments/large.yaml", "#" * 1_000_001)
    write("environments/just-right.yaml", "#" * 999_990 + "\nname: ab")
    assert mistakes("environments") == [
        "environments/large.yaml can't be used: it is larger than 1 MB."
    ]


def test_a_large_file_of_another_kind_is_left_alone():
    """The lock files of package managers have several megabytes."""
    write("package-lock.json", "[" + "1," * 1_000_000 + "1]")
    write("agents/large.yaml", "#" * 1_000_001)
    write("environments/a.yaml")
    assert loaded(".").foreign == {"agent": 1}


def test_a_folder_gives_its_environments_and_the_number_of_files_of_other_kinds():
    """The folder, the name or a field may state the kind."""
    write("environments/a.yaml")
    write("environment_b.yml")
    write("infra/Environments/up.YAML")
    write("environments/.hidden.yaml")
    write("infra/c.json", '{"type": "environment", "config": {"type": "cloud"}}')
    write("agents/d.md", "---\nmodel: x\n---\nDo it.")
    write("x/vault-e.yaml", "{}")
    write("other.yaml", "version: 3")
    write("broken.yaml", "a: [")
    write("notes.txt", "x")
    found = loaded(".")
    keys = {
        "./environments/a.yaml",
        "./environment_b.yml",
        "./infra/c.json",
        "./infra/Environments/up.YAML",
    }
    assert found.declarations.keys() == keys
    assert found.foreign == {"agent": 1, "vault": 1}


@pytest.mark.parametrize(
    "place",
    [".git", "node_modules", "vendor", "__pycache__", ".venv", "venv", "dist", "build", ".cache"],
)
def test_folders_with_code_of_others_are_skipped(place):
    """They are skipped at any depth, unless they are named."""
    write(f"deep/{place}/environments/a.yaml")
    assert loaded(".").declarations == {}
    assert one(f"deep/{place}").name == "a"


def test_a_file_that_belongs_to_a_skill_is_not_read():
    """A folder with SKILL.md is a single object."""
    write("skills/s/SKILL.md", "---\nname: s\n---\n")
    write("skills/s/environments/a.yaml")
    assert loaded(".").declarations == {}


def test_a_readme_in_the_folder_of_environments_is_not_an_environment():
    """Markdown without front matter is read only if it is named."""
    write("environments/README.md", "\n# About\n\n")
    assert loaded(".").declarations == {}
    assert one("environments/README.md").body == {"name": "README", "description": "# About"}


def test_a_pattern_is_expanded_by_the_program():
    """The shells of Windows expand none, and in quotes, no shell does. A file of that name comes first."""
    for name in ("a", "b", "sub/c", "[d]"):
        write(f"environments/{name}.yaml", "type: environment")
    keys = loaded("environments/?.yaml", "**/c.yaml").declarations.keys()
    assert keys == {"./environments/a.yaml", "./environments/b.yaml", "./environments/sub/c.yaml"}
    assert one("environments/[d].yaml").key == "./environments/[d].yaml"
    assert mistakes("environments/*.json") == ["no file matches environments/*.json."]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("**/*.yaml", {"a", "n/b", "n/m/c"}),
        ("**/**/b.yaml", {"n/b"}),
        ("environments/**", {"a", "n/b", "n/m/c"}),
        ("environments/*", {"a", "n/b", "n/m/c"}),
        ("*/n/?.yaml", {"n/b"}),
        ("env*/**/m/**/c.yaml", {"n/m/c"}),
        ("**/m", {"n/m/c"}),
        ("*/[!a].yaml", set()),
        ("l*/**", set()),
    ],
)
def test_a_pattern_finds_each_file_once_and_follows_no_link(pattern, found):
    """Two links to their own folder would be 2^40 paths."""
    for name in ("a", "n/b", "n/m/c", ".hidden/d", "node_modules/e"):
        write(f"environments/{name}.yaml", "type: environment")
    for link in ("l1", "l2", "environments/l3"):
        Path(link).symlink_to(".", target_is_directory=True)
    if found:
        assert loaded(pattern).declarations.keys() == {
            f"./environments/{name}.yaml" for name in found
        }
    else:
        assert mistakes(pattern) == [f"no file matches {pattern}."]


@pytest.mark.parametrize("part", ["*/", "[a", "**/", "?"])
def test_a_pattern_has_a_sensible_length(part):
    """Its parts are compared with every name."""
    write("environments/a.yaml")
    assert mistakes(part * 16_000) == ["a pattern has more than 1,000 characters."]


def test_a_file_that_is_found_twice_is_read_once():
    """It may be given by its name and by its folder."""
    write("environments/a.yaml")
    assert (
        one("environments/a.yaml", ".", "environments/../environments/a.yaml").key
        == "./environments/a.yaml"
    )


@needs_linux("a disk that does not ignore case")
def test_files_whose_names_differ_in_case_are_two():
    """They are one where the disk ignores case."""
    for name in "aA":
        write(f"environments/{name}.yaml")
    assert len(loaded(".").declarations) == 2


def test_the_lock_file_is_not_a_declaration():
    """This holds for any name of it."""
    write("environments/other.json", '{"version": 1}')
    found = load(["."], LockFile(Path.cwd() / "environments" / "other.json"))
    assert found.declarations == {}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("path", [".", "environments/pipe.yaml"])
def test_a_pipe_does_not_block_the_command(path):
    """There may never be a writer."""
    write("environments/a.yaml")
    os.mkfifo("environments/pipe.yaml")
    assert mistakes(path) == [
        "environments/pipe.yaml can't be used: it is a pipe or a device, not a file."
    ]


def test_a_file_outside_the_folder_of_the_lock_file_is_rejected(tmp_path):
    """Its key would lead out of that folder."""
    write("a/environments/x.yaml")
    with pytest.raises(UsageError, match="is outside"):
        load(["a/environments"], LockFile(tmp_path / "b" / "claude-lock.json"))


@pytest.mark.parametrize("name", ["helper.md", "HELPER.MD"])
@pytest.mark.parametrize("more", [[], ["."]])
@pytest.mark.parametrize("text", ["You are a helper.", "---\nconfig: {type: cloud}\n---\nYou are."])
def test_a_named_prompt_is_an_agent_and_is_ignored(name, more, text):
    """The official tool reads it as an agent, too. Its folder may be named beside it."""
    write(name, text)
    for paths in ([name, *more], [*more, name]):
        found = loaded(*paths)
        assert (found.foreign, found.warnings) == ({"agent": 1}, ())


@pytest.mark.parametrize(
    ("front", "is_warned_about"), [("title: News", False), ("config: {type: cloud}", True)]
)
def test_a_page_with_front_matter_that_only_its_folder_names_is_no_agent(front, is_warned_about):
    """The pages of many web sites have front matter. None is counted as a file that was left alone."""
    write("posts/a.md", f"---\n{front}\n---\nText.\n")
    for path in ("posts", "."):
        found = loaded(path)
        assert (found.foreign, len(found.warnings)) == ({}, int(is_warned_about))


def test_a_file_that_can_not_be_read_is_a_mistake_only_if_it_may_be_an_environment():
    """A named file of another kind is ignored, as it is in a folder. Only the official tool knows what is in it."""
    for path in ("agents/a.yaml", "vault_b.json", "more/c.yaml", "environments/d.yaml"):
        write(path, "a: [")
    for paths in (["agents/a.yaml", "vault_b.json"], ["agents", "vault_b.json"]):
        assert loaded(*paths).foreign == {"agent": 1, "vault": 1}
    assert loaded("more").foreign == {}
    assert [len(mistakes(path)) for path in ("more/c.yaml", "environments")] == [1, 1]


# Declarations


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("environments/staging.yaml", "staging"),
        ("environment_staging.yaml", "staging"),
        ("environment-staging.yaml", "staging"),
        ("environment.staging.yaml", "staging"),
        ("Environment_Staging.yaml", "Staging"),
        ("infra/environment.yaml", "infra"),
        ("environments/v1.2.yaml", "v1.2"),
        ("environments/environmental.yaml", "environmental"),
    ],
)
def test_the_name_of_the_file_is_the_default_name(path, name):
    """The kind is not part of it."""
    write(path)
    assert one(path).body == {"name": name, "config": {"type": "cloud"}}


def test_an_environment_file_in_the_current_folder_has_the_name_of_that_folder(
    tmp_path, monkeypatch
):
    """Its path has no folder from which the name could come."""
    (tmp_path / "billing").mkdir()
    monkeypatch.chdir(tmp_path / "billing")
    write("environment.yaml")
    assert [one(path).name for path in (".", "environment.yaml")] == ["billing", "billing"]


@pytest.mark.parametrize("front", ["", "# none\n", "{}\n", "null\n"])
def test_markdown_whose_front_matter_is_empty_declares_its_prose(front):
    """A file without both is empty, which is a mistake."""
    write("environments/a.md", f"---\n{front}---\nFor all.\n")
    assert one(".").body == {"name": "a", "description": "For all."}
    write("environments/a.md", "---\n# none\n---\n")
    assert mistakes(".") == ["environments/a.md, line 1, column 1: the file is empty."]


def test_the_prose_of_markdown_is_the_description():
    """The rest is front matter."""
    write(
        "environments/a.md",
        "---\nconfig: {type: self_hosted}\n---\n\nFor the\n\n---\n\nworkers.\n\n",
    )
    assert one(".").body == {
        "name": "a",
        "config": {"type": "self_hosted"},
        "description": "For the\n\n---\n\nworkers.",
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "a.yaml",
            "description: |\n  For\n\n  data.\nmetadata:\n  k: >-\n    x\n    y\n  q: 'a\n    b'\n",
        ),
        ("a.md", "---\nmetadata: {k: x}\n---\n\nFor\n\ndata,\nand more.\n"),
        ("a.json", '{\n"description": "For\\r\\ndata."\n}\n'),
    ],
)
def test_a_file_checked_out_with_crlf_is_the_same_environment_as_with_lf(name, text):
    """Git on Windows converts line endings, and a team shares one lock file."""
    hashes = set()
    for ending in ("\n", "\r\n"):
        write(f"environments/{name}")
        Path("environments", name).write_bytes(text.replace("\n", ending).encode())
        declaration = one(".")
        hashes.add(declaration.hash)
    assert len(hashes) == 1
    assert declaration.body.keys() & {"description", "metadata"}


def test_the_schema_that_a_file_names_for_editors_is_not_sent():
    """It is neither unknown nor part of the hash."""
    write(
        "environments/a.json",
        '{"$schema": "./environment.schema.json", "config": {"type": "cloud"}}',
    )
    declaration = one("environments")
    assert (declaration.body, declaration.warnings) == (
        {"name": "a", "config": {"type": "cloud"}},
        (),
    )


def test_the_type_of_the_file_is_not_sent():
    """It only says which command creates the object."""
    write("a.yaml", "type: environment\nname: b\nmetadata: {tier: '1'}")
    assert one("a.yaml").body == {"name": "b", "metadata": {"tier": "1"}}


# Mistakes


def test_every_mistake_of_every_file_is_shown_at_once():
    """Each has the file, line and column, and says what to write instead."""
    write(
        "environments/a.yaml",
        "name: a\nconfig:\n  type: cloud\n  packages:\n    pip: [pandas, 1]\n    conda: [x]\n  networkin: {}\n",
    )
    write(
        "environments/b.json",
        '{\n\t"config": {"type": "cloud", "networking":\n\t\t{"type": "open"}}}',
    )
    write("environments/c.md", "---\nmetadata:\n  tier: 1\ndescription: x\n---\nMore.")
    write("environments/d.yaml", "a: 1\na: 2")
    assert mistakes(".") == [
        "environments/a.yaml, line 5, column 19: config.packages.pip[1]: must be text, got a number:"
        " write it in quotes",
        "environments/a.yaml, line 6, column 5: config.packages.conda: unknown field."
        " The fields are: apt, cargo, gem, go, npm, pip, type.",
        "environments/a.yaml, line 7, column 3: config.networkin: unknown field. Did you mean 'networking'?",
        "environments/b.json, line 3, column 4: config.networking.type: must be 'unrestricted' or 'limited'",
        "environments/c.md, line 4, column 1: description: the text below it is the description, too",
        "environments/d.yaml, line 2, column 1: the key 'a' appears twice",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("config: 3", "column 1: config: must be keys and values, got a number"),
        ("config: {}", "column 1: config.type: is required"),
        (
            "config: {type: 1}",
            "column 10: config.type: must be 'cloud' or 'self_hosted', got a number",
        ),
        (
            "config: {type: self_hosted, packages: {}}",
            "column 29: config.packages: unknown field. The fields are: type",
        ),
        ("name: ''", "column 1: name: must not be empty"),
        (
            "config: {type: cloud, packages: {pip: 3}}",
            "column 34: config.packages.pip: must be a list, got a number: write it in brackets",
        ),
        ("metadata: [a]", "column 1: metadata: must be keys and values, got a list"),
        (
            "metadata: {a: true}",
            "column 12: metadata.a: must be text, got a boolean: write it in quotes",
        ),
        ("scope: world", "column 1: scope: must be 'organization' or 'account'"),
        (
            "id: env_1",
            f"column 1: id: unknown field. The fields are: {', '.join(known_fields(()))}",
        ),
    ],
)
def test_a_wrong_value_is_rejected_with_its_position(text, problem):
    """Types are not guessed."""
    write("environments/a.yaml", text)
    assert mistakes(".") == [f"environments/a.yaml, line 1, {problem}."]


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("$id: x", "column 1: $id: unknown field. The fields are: type, name, description"),
        ("x: {base: &base {type: cloud}}\nconfig: *base", "column 1: x: unknown field."),
        (
            "config: {type: cloud, packages: {pips: [a]}}",
            "column 34: config.packages.pips: unknown field. Did you",
        ),
        (
            "config: {type: cloud, networking: {type: vpn}}",
            "column 36: config.networking.type: must be 'unrest",
        ),
        (
            "config: {type: edge, site: a}",
            "column 10: config.type: must be 'cloud' or 'self_hosted'",
        ),
        ("scope: world", "column 1: scope: must be 'organization' or 'account'"),
    ],
)
def test_what_only_a_newer_api_knows_is_sent_with_a_warning(text, warning):
    """A field that the API gets tomorrow works today. `--strict` rejects it, like a misspelled one."""
    import yaml

    write("environments/a.yaml", text)
    found = loaded(".")
    assert found.declarations["./environments/a.yaml"].body == {"name": "a", **yaml.safe_load(text)}
    (line,) = found.warnings
    assert line.startswith(f"environments/a.yaml, line 1, {warning}")
    assert len(mistakes(".")) == 1


@pytest.mark.parametrize(
    "host",
    ["https://a.example", "a.example/x", "a.example:443", "*", "a b", f"{'a.' * 127}a", "a" * 64],
)
def test_a_host_is_only_a_host_name(host):
    """It has no scheme, port or path."""
    write(
        "environments/a.yaml",
        f"config: {{type: cloud, networking: {{type: limited, allowed_hosts: ['{host}']}}}}",
    )
    assert mistakes(".") == [
        "environments/a.yaml, line 1, column 67: config.networking.allowed_hosts[0]: is not a host name: write one "
        "such as example.com or *.example.com."
    ]


@pytest.mark.parametrize(
    "host", ["example.com", "*.example.com", "localhost", "bücher.example", "a-b.example", "a" * 63]
)
def test_a_host_name_may_have_a_star_in_front(host):
    """Letters beyond ASCII are allowed, too."""
    write(
        "environments/a.yaml",
        f"config: {{type: cloud, networking: {{type: limited, allowed_hosts: ['{host}']}}}}",
    )
    assert one(".").name == "a"


def test_packages_need_a_network_that_allows_their_registries():
    """The API would reject them."""
    text = "config: {type: cloud, networking: {type: limited%s}, packages: {pip: [a]}}"
    write("environments/a.yaml", text % "")
    assert mistakes(".") == [
        "environments/a.yaml, line 1, column 1: config: packages under a limited network need "
        "networking.allow_package_managers: true."
    ]
    write("environments/a.yaml", text % ", allow_package_managers: true")
    assert one(".").name == "a"
    write("environments/a.yaml", (text % "").replace("pip: [a]", "pip: [], type: packages"))
    assert one(".").name == "a"


def test_a_string_that_looks_like_a_file_name_is_a_string():
    """A declaration never reads other files of this machine."""
    write(
        "environments/a.yaml",
        "config: {type: cloud, packages: {npm: ['@types/node']}}\ndescription: '@/etc/passwd'",
    )
    assert one(".").body["description"] == "@/etc/passwd"


# Positions, and the schema


@pytest.mark.parametrize(
    ("text", "path", "position"),
    [
        ("a:\n  - b: 1\n    c: 2", ("a", 0, "c"), (2 + 1, 5)),
        ("x: &x {b: 1}\ny: *x", ("y", "b"), (1, 8)),
        ("x: &x {b: 1}\ny: {<<: *x}", ("y", "b"), (2, 1)),
        ('{"a": "\\/", "b": 1}', ("b",), (1, 13)),
        ("a: 1", ("z",), (1, 1)),
        ("", ("z",), (1, 1)),
        ('{"a": "\\ud83d\\ude00"\x01}', ("a",), (1, 1)),
    ],
)
def test_a_value_has_the_position_at_which_it_is_written(text, path, position):
    """If it is not written, it has the position of its surroundings."""
    assert positions_of(text, [path, path]) == [position, position]


def test_the_schema_accepts_valid_files_and_rejects_others():
    """The same schema checks the files."""
    import jsonschema

    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema).is_valid
    assert check({"type": "environment", "config": {"type": "cloud", "packages": {"pip": ["a"]}}})
    assert check({})
    assert not check({"type": "agent"})
    assert not check({"config": {"type": "cloud", "packages": {"conda": ["a"]}}})
    assert not check({"config": {"type": "clod"}})
    assert json.dumps(schema).count('"description"') > 20


SCALARS = st.sampled_from(
    [None, True, "", "x", "cloud", "self_hosted", "unrestricted", "packages", "account"]
)
ANYTHING = st.one_of(
    SCALARS, st.lists(SCALARS, max_size=2), st.dictionaries(st.sampled_from("ab"), SCALARS)
)


def mostly(right):
    return st.one_of(right, right, right, ANYTHING)


TEXTS = mostly(st.lists(SCALARS.filter(bool), max_size=2))
NETWORKING = st.fixed_dictionaries(
    {"type": mostly(st.just("unrestricted"))}, optional={"allowed_hosts": TEXTS, "x": SCALARS}
)
PACKAGES = st.fixed_dictionaries(
    {}, optional={"pip": TEXTS, "type": mostly(st.just("packages")), "conda": TEXTS}
)
CONFIG = st.fixed_dictionaries(
    {"type": mostly(st.sampled_from(["cloud", "self_hosted"]))},
    optional={"networking": mostly(NETWORKING), "packages": mostly(PACKAGES)},
)
BODIES = st.fixed_dictionaries(
    {"name": mostly(st.just("a"))},
    optional={
        "config": mostly(CONFIG),
        "scope": SCALARS,
        "description": SCALARS,
        "metadata": ANYTHING,
    },
)


@given(BODIES)
def test_a_file_has_no_mistake_exactly_if_an_editor_accepts_it(body):
    """The editor knows the printed schema."""
    import jsonschema

    assert jsonschema.Draft202012Validator(json_schema()).is_valid(body) is (not check(body)), (
        check(body)
    )


def test_a_number_of_the_schema_is_checked(monkeypatch):
    """No field is a number yet."""
    monkeypatch.setitem(json_schema()["properties"], "size", {"type": ["number"]})
    assert check({"size": Number("1")}) == []
    assert list(map(str, check({"size": "1"}))) == ["size: must be a number, got text"]


def test_the_schema_has_the_fields_of_the_flags():
    """Otherwise a field that a flag takes would be unknown in a file, or the other way round."""
    schema = json_schema()
    body = {field.name for field in CREATE.fields_in("body")}
    assert schema["properties"].keys() - {"type"} == body
    packages = schema["$defs"]["cloud"]["properties"]["packages"]["properties"]
    assert packages.keys() - {"type"} == set(PACKAGE_MANAGERS)


@pytest.mark.parametrize(
    ("text", "is_warned_about"),
    [
        ("config: {type: cloud}\n", True),
        ("name: a\nconfig: {type: self_hosted}\n", True),
        ("config: {type: of-something-else}\n", False),
        ("config: 5\n", False),
        ("name: a\n", False),
        ("- config: {type: cloud}\n", False),
        ("services: {web: {}}\nconfig: {type: cloud}\n", False),
    ],
)
def test_only_a_file_without_a_kind_that_would_be_a_valid_environment_is_pointed_out(
    text, is_warned_about
):
    """Many programs have a file with a `config`."""
    write("settings/a.yaml", text)
    found = loaded(".")
    assert found.declarations == {}
    warned = [warning for warning in found.warnings if "looks like an environment" in warning]
    assert (warned != []) is is_warned_about


@pytest.mark.parametrize("stated", ["environment", "Environment", "ENVIRONMENT"])
def test_the_kind_that_a_file_states_may_be_in_any_case(stated):
    """The official tool takes it, too. It is not sent."""
    write("a.yaml", f"type: {stated}\nconfig: {{type: cloud}}\n")
    assert one("a.yaml").body == {"name": "a", "config": {"type": "cloud"}}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("environments/agent_x.yaml", "environment"),
        ("Environments/x.yaml", "environment"),
        ("AGENTS/environment.yaml", "agent"),
        ("a/environment.yaml", "environment"),
        ("a/Environment-x.yaml", "environment"),
        ("a/environment.x.yaml", "environment"),
        ("a/memory_store_x.yaml", "memory_store"),
        ("a/VAULT.md", "vault"),
        ("a/environments.yaml", None),
        ("a/x_environment.yaml", None),
        ("environments/a/x.yaml", None),
    ],
)
def test_the_folder_says_the_kind_of_a_file_or_else_the_beginning_of_its_name(path, kind):
    """Upper and lower case are the same. Only the folder that contains the file counts."""
    assert kind_by_path(Path(path)) == kind


def test_a_file_whose_name_has_brackets_can_be_named():
    """A path is not read as a pattern if there is a file with exactly this name."""
    write("environments/a[1].yaml", "config: {type: cloud}\n")
    write("environments/a1.yaml", "config: {type: cloud}\n")
    assert set(loaded("environments/a[1].yaml").declarations) == {"./environments/a[1].yaml"}
    assert set(loaded("environments/[a-z]1.yaml").declarations) == {"./environments/a1.yaml"}


@pytest.mark.parametrize("line", ["---", "---  ", "---\t"])
def test_space_after_the_lines_around_front_matter_is_no_part_of_them(line):
    """Editors may leave such space. The name of a Markdown file may also end in .markdown."""
    write("environments/a.markdown", f"{line}\nmetadata: {{k: v}}\n{line}\n\nFor data.\n")
    body = {"name": "a", "metadata": {"k": "v"}, "description": "For data."}
    assert one("environments").body == body
