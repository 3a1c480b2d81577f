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


@pytest.mark.parametrize("command", [UPDATE, WORK_UPDATE])
def test_an_empty_value_deletes_the_key_in_an_update(ant, command):
    """Null deletes a key in both updates of the API. An empty string does so in only one of them."""
    assert ant(*command, *metadata("tier=", "team=x")).body["metadata"] == {"tier": None, "team": "x"}


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


@pytest.mark.parametrize(
    ("command", "texts", "parts"),
    [
        (CREATE, ["notes=@gone.txt"], ["--metadata notes: 'gone.txt' can't be read"]),
        (CREATE, ["tier="], ["no value for the key 'tier'", """--metadata '{"tier":""}'"""]),
        (CREATE, ["a=1", "a=2"], ["--metadata has the key 'a' twice"]),
        (CREATE, ["{b: x}", "b=y"], ["--metadata has the key 'b' twice"]),
        (CREATE, ["=x"], ["must be keys and values, got text"]),
        (CREATE, ["my key=1"], ["must be keys and values, got text"]),
        (CREATE, ["app:tier=1"], ["must be keys and values, got text"]),
        (CREATE, ["-a=1"], ["must be keys and values, got text"]),
        (CREATE, ["k=null"], ["may mean null or a string", """For the text: --metadata '{"k":"null"}'"""]),
        (CREATE, ["team:data"], ["--metadata '{team: data}'"]),
        (UPDATE, ["k=null"], ["To delete the key: --metadata k=\n", """--metadata '{"k":"null"}'"""]),
        (UPDATE, ["null", "k=1"], ["is null in one place"]),
        (UPDATE, ["a=1", "note=see: this"], ["""'{"note":"see: this"}'""", """'{"note=see":"this"}'"""]),
        (UPDATE, ["{a=b"], ["--metadata, line 1, column"]),
        (UPDATE, ["[a=b]"], ["a list"]),
    ],
)
def test_an_ambiguous_value_is_rejected_with_a_suggestion(ant, command, texts, parts):
    """The program does not guess what is meant."""
    refusal = ant(*command, *metadata(*texts)).refusal
    assert all(part in refusal for part in parts)


@pytest.mark.parametrize(
    ("words", "stdin", "hint"),
    [
        (("--config", "env.yml"), None, "--config @env.yml"),
        (("--config", "type:cloud"), None, "--config '{type: cloud}'"),
        (("--config", "cloud"), None, "For example: --config '{type: cloud}'"),
        (("--config", "type=cloud"), None, "must be keys and values, got text"),
        ((), "config:\n\ttype: cloud\n", "line 2, column 1: a tab can't indent YAML: write spaces."),
    ],
)
def test_a_config_without_keys_is_answered_with_what_was_most_likely_meant(ant, words, stdin, hint):
    """Libyaml only says that a character can't start a token, and a tab is not seen."""
    assert hint in ant(*CREATE, *words, stdin=stdin).refusal


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
