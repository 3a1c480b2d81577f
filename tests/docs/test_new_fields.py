"""What `docs/generate.py` adds for a new field of an environment."""

import json
from pathlib import Path

import jsonschema
import pytest
from new_fields import page_with, schema_with

from ant_cli.operations.environments import CREATE
from ant_cli.operations.spec import Field

ROOT = Path(__file__).parents[2] / "ant_cli"
SCHEMA = (ROOT / "input" / "environment.schema.json").read_text("utf-8")
PAGE = (ROOT / "help" / "topics" / "fields.md").read_text("utf-8")
TEXT, TEXTS = {"type": ["string"]}, {"type": ["array"], "items": {"type": ["string"]}}


@pytest.mark.parametrize(
    ("field", "rule", "line"),
    [
        (Field("x", "body", str, "Where."), TEXT, "x: TEXT                         Where."),
        (
            Field("x", "body", bool, "Or not.", nullable=True),
            {"type": ["boolean", "null"]},
            "x: true",
        ),
        (Field("x", "body", int, "How many."), {"type": ["number"]}, "x: NUMBER"),
        (Field("x", "body", list, "Which."), TEXTS, "x: [TEXT]"),
        (
            Field("x", "body", dict, "Pairs."),
            {"type": ["object"], "additionalProperties": {"type": ["string"]}},
            "x: {KEY: TEXT}",
        ),
        (
            Field("x", "body", str, "Which.", nullable=True, choices=("a", "b")),
            {"type": ["string", "null"], "enum": ["a", "b", None]},
            "x: a or b",
        ),
    ],
    ids=lambda value: value.type.__name__ if isinstance(value, Field) else "",
)
def test_a_new_field_gets_a_rule_and_a_line(field, rule, line):
    """They are the last ones, and what was there stays as it is, byte for byte."""
    fields = [*CREATE.fields_in("body"), field]
    schema, page = schema_with(fields, SCHEMA), page_with(fields, PAGE)
    properties = json.loads(schema)["properties"]
    assert properties == json.loads(SCHEMA)["properties"] | {
        "x": {"description": field.help, **rule}
    }
    assert list(properties)[-1] == "x"
    jsonschema.Draft202012Validator.check_schema(json.loads(schema))
    (added,) = set(page.splitlines()) - set(PAGE.splitlines())
    assert added.startswith(f"    {line}")
    assert (schema_with(fields, schema), page_with(fields, page)) == (schema, page)
    assert (schema_with(fields[:-1], SCHEMA), page_with(fields[:-1], PAGE)) == (SCHEMA, PAGE)


def test_a_long_help_text_is_folded():
    """A page of help has 80 columns."""
    page = page_with([Field("x", "body", str, "word " * 30)], PAGE)
    assert max(map(len, page.splitlines())) <= 80
    assert page.count("word") == 30
