"""`--metadata key=value` next to YAML and JSON (D35)."""

from __future__ import annotations

import json

import pytest

from tests.conftest import needs_posix
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
        ("größe=ü", "ü"),
    ],
)
def test_a_value_after_the_equals_sign_is_an_unchanged_string(ant, text, value):
    """It is not parsed as YAML or as a number."""
    assert ant(*CREATE, "--metadata", text).body["metadata"] == {text.partition("=")[0]: value}


@needs_posix("its quotes in hints")
@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("a=1, b=x y", "the value of 'a' is '1, b=x y'. For several keys: --metadata a=1 --metadata 'b=x y'\n"),
        ("a=1,b", ""),
    ],
)
def test_a_comma_before_another_key_gets_a_note_with_a_flag_for_each(ant, text, note):
    """It is still one value, because values may have commas."""
    result = ant(*CREATE, "--metadata", text)
    assert result.body["metadata"] == {"a": text[2:]}
    assert result.stderr == (note and f"Note: --metadata: {note}")


def test_a_value_after_the_equals_sign_may_be_a_file_or_stdin(ant, tmp_path):
    """D10 applies to it, as to the strings of YAML on the command line."""
    (tmp_path / "notes.txt").write_text("a: b=c\n")
    result = ant(*CREATE, *metadata("notes=@notes.txt", "piped=@-"), stdin="from a pipe")
    assert result.body["metadata"] == {"notes": "a: b=c\n", "piped": "from a pipe"}


def test_a_file_that_a_value_names_must_exist(ant):
    """The message names the key, and nothing is sent."""
    result = ant(*CREATE, *metadata("notes=@gone.txt"), replies=[])
    assert result.exit == 2
    assert "--metadata notes: 'gone.txt' can't be read" in result.stderr


@pytest.mark.parametrize("command", [UPDATE, WORK_UPDATE])
def test_an_empty_value_deletes_the_key_in_an_update(ant, command):
    """Null deletes a key in both updates of the API. An empty string does so in only one of them."""
    assert ant(*command, *metadata("tier=", "team=x")).body["metadata"] == {"tier": None, "team": "x"}


def test_an_empty_value_is_rejected_in_a_create(ant):
    """There is nothing to delete. The message says how to write an empty string."""
    result = ant(*CREATE, "--metadata", "tier=", replies=[])
    assert result.exit == 2
    assert "no value for the key 'tier'" in result.stderr
    assert """--metadata '{"tier":""}'""" in result.stderr


def test_keys_are_added_to_the_last_yaml_or_json(ant):
    """Of several mappings, the last one is used, as in the official tool. Its position does not matter."""
    texts = ("a=1", "{lost: x}", "{b: null}", "c=3")
    assert ant(*UPDATE, *metadata(*texts)).body["metadata"] == {"b": None, "a": "1", "c": "3"}


def test_keys_are_added_to_a_file_of_metadata(ant, tmp_path):
    """The file is read in the same way without additional keys."""
    (tmp_path / "m.yaml").write_text("team: data\n")
    assert ant(*CREATE, *metadata("@m.yaml", "tier=1")).body["metadata"] == {"team": "data", "tier": "1"}


def test_a_value_that_starts_with_an_at_sign_is_the_name_of_a_file(ant, tmp_path):
    """This holds even if it contains an equals sign, because a file name may have one."""
    (tmp_path / "a=b.yaml").write_text("team: data\n")
    assert ant(*CREATE, *metadata("@a=b.yaml")).body["metadata"] == {"team": "data"}


@pytest.mark.parametrize(("texts", "key"), [(("a=1", "a=2"), "a"), (("{b: x}", "b=y"), "b")])
def test_a_key_that_is_given_twice_is_rejected(ant, texts, key):
    """The program does not guess which one is meant."""
    result = ant(*CREATE, *metadata(*texts), replies=[])
    assert result.exit == 2
    assert f"--metadata has the key {key!r} twice" in result.stderr


@pytest.mark.parametrize(
    ("command", "texts", "parts"),
    [
        (CREATE, ["=x"], ["must be keys and values, got text"]),
        (CREATE, ["my key=1"], ["must be keys and values, got text"]),
        (CREATE, ["app:tier=1"], ["must be keys and values, got text"]),
        (CREATE, ["-a=1"], ["must be keys and values, got text"]),
        (CREATE, ["k=null"], ["may mean null or a string", """For the text: --metadata '{"k":"null"}'"""]),
        (UPDATE, ["k=null"], ["To delete the key: --metadata k=\n", """--metadata '{"k":"null"}'"""]),
        (UPDATE, ["null", "k=1"], ["is null in one place"]),
        (UPDATE, ["a=1", "note=see: this"], ["""'{"note":"see: this"}'""", """'{"note=see":"this"}'"""]),
        (UPDATE, ["{a=b"], ["--metadata, line 1, column"]),
        (UPDATE, ["[a=b]"], ["a list"]),
    ],
)
def test_an_ambiguous_value_is_rejected_with_a_suggestion(ant, command, texts, parts):
    """Nothing is sent."""
    result = ant(*command, *metadata(*texts), replies=[])
    assert result.exit == 2
    for part in parts:
        assert part in result.stderr


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


def test_config_is_never_read_as_key_equals_value(ant):
    """Its values are not only strings."""
    result = ant(*CREATE, "--config", "type=cloud", replies=[])
    assert result.exit == 2
    assert "must be keys and values, got text" in result.stderr


@pytest.mark.parametrize(
    ("flag", "text", "hint"),
    [
        ("--config", "env.yml", "--config @env.yml"),
        ("--config", "type:cloud", "--config '{type: cloud}'"),
        ("--metadata", "team:data", "--metadata '{team: data}'"),
        ("--config", "cloud", "For example: --config '{type: cloud}'"),
    ],
)
def test_text_in_place_of_keys_and_values_is_answered_with_what_was_most_likely_meant(ant, flag, text, hint):
    """Nothing is sent."""
    assert hint in ant(*CREATE, flag, text).refusal


def test_a_tab_that_indents_yaml_is_named(ant):
    """Libyaml only says that a character can't start a token, and a tab is not seen."""
    refusal = ant("beta:environments", "create", stdin="name: x\nconfig:\n\ttype: cloud\n").refusal
    assert "line 3, column 1: a tab can't indent YAML: write spaces." in refusal
