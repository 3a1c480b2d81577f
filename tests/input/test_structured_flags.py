"""`--metadata key=value` next to YAML and JSON (D35)."""

from __future__ import annotations

import json

import pytest

from tests.helpers.words import CREATE, UPDATE

WORK_UPDATE = ("beta:environments:work", "update", "--environment-id", "env_1", "work_1")


def metadata(*texts):
    """Return arguments that give each value to --metadata."""
    return [word for text in texts for word in ("--metadata", text)]


@pytest.mark.parametrize("command", [CREATE, UPDATE, WORK_UPDATE])
def test_each_key_can_be_given_as_key_equals_value(ant, command):
    """The flag is repeated, and the order is kept."""
    body = ant(*command, *metadata("team=data", "app/tier.x=1")).body
    assert list(body["metadata"].items()) == [("team", "data"), ("app/tier.x", "1")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("k=1", "1"),
        ("k=true", "true"),
        ("k=017", "017"),
        ("k=a=b,c=d", "a=b,c=d"),
        ("k=https://host/?q=1", "https://host/?q=1"),
        ("k={a,b", "{a,b"),
        ("k= a # b ", " a # b "),
        ("k=one\ntwo: 2", "one\ntwo: 2"),
        ("k='quoted'", "'quoted'"),
        ("k=\\@home", "@home"),
        ("k=@nobody", "@nobody"),
        ("k=~", "~"),
        ("k=Null", "Null"),
        ("größe=ü", "ü"),
        ("team-a=1", "1"),
        ("k={a: [", "{a: ["),
    ],
)
def test_a_value_after_the_equals_sign_is_an_unchanged_string(ant, text, value):
    """It is not parsed as YAML or as a number."""
    assert ant(*CREATE, "--metadata", text).body["metadata"] == {text.partition("=")[0]: value}


def test_a_value_after_the_equals_sign_may_be_a_file_or_stdin(ant, tmp_path):
    """D10 applies to it, as to the strings of YAML on the command line."""
    (tmp_path / "notes.txt").write_text("a: b=c\n")
    result = ant(*CREATE, *metadata("notes=@notes.txt", "piped=@-"), stdin="from a pipe")
    assert result.body["metadata"] == {"notes": "a: b=c\n", "piped": "from a pipe"}


@pytest.mark.parametrize("command", [UPDATE, WORK_UPDATE])
def test_an_empty_value_deletes_the_key_in_an_update(ant, command):
    """Null deletes a key in both updates of the API. An empty string does so in only one of them."""
    assert ant(*command, *metadata("tier=", "team=x")).body["metadata"] == {
        "tier": None,
        "team": "x",
    }


def test_keys_are_added_to_the_last_yaml_or_json(ant):
    """Of several mappings, the last one is used, as in the official tool. Its position does not matter."""
    texts = ("a=1", "{lost: x}", "{b: null}", "c=3")
    assert ant(*UPDATE, *metadata(*texts)).body["metadata"] == {"b": None, "a": "1", "c": "3"}


def test_keys_are_added_to_a_file_of_metadata(ant, tmp_path):
    """The file is read in the same way without additional keys."""
    (tmp_path / "m.yaml").write_text("team: data\n")
    assert ant(*CREATE, *metadata("@m.yaml", "tier=1")).body["metadata"] == {
        "team": "data",
        "tier": "1",
    }


def test_a_value_that_starts_with_an_at_sign_is_the_name_of_a_file(ant, tmp_path):
    """This holds even if it contains an equals sign, because a file name may have one."""
    (tmp_path / "a=b.yaml").write_text("team: data\n")
    assert ant(*CREATE, *metadata("@a=b.yaml")).body["metadata"] == {"team": "data"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("note=see: this", {"note=see": "this"}),
        ("a=:", {"a=": None}),
        ("{a=b: c}", {"a=b": "c"}),
        ('{"a=b": "c"}', {"a=b": "c"}),
        ("team: a=b", {"team": "a=b"}),
    ],
)
def test_a_yaml_mapping_with_equals_signs_is_still_a_mapping(ant, text, value):
    """The official tool sends the same."""
    assert ant(*UPDATE, "--metadata", text).body["metadata"] == value


def test_yaml_that_looks_like_key_equals_value_gets_a_note(ant):
    """The note says how to write the alternative."""
    noted = ant(*UPDATE, "--metadata", "note=see: this").stderr
    assert "is YAML with the key 'note=see'." in noted
    hint = noted.rpartition("--metadata '")[2].partition("'")[0]
    assert json.loads(hint) == {"note": "see: this"}
    assert ant(*UPDATE, "--metadata", '{"a=b": "c"}').stderr == ""


def test_only_yaml_next_to_a_pair_is_ambiguous(ant):
    """Next to another mapping, it is the last one."""
    done = ant(*UPDATE, *metadata("{a: b}", "note=see: this"))
    assert done.body["metadata"] == {"note=see": "this"}
    assert "is YAML with the key 'note=see'." in done.stderr
    refusal = ant(*UPDATE, *metadata("a=b", "note=see: this")).refusal
    assert "For the key 'note': --metadata '{\"note\":\"see: this\"}'" in refusal
    assert "For the key 'note=see': --metadata '{\"note=see\":\"this\"}'" in refusal
