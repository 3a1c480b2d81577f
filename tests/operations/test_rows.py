"""The rows describe what there is: the emulator takes their fields, and the program reads their settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

import ant_cli
from ant_cli.emulator import credentials
from ant_cli.emulator.models import EnvironmentCreateParams, EnvironmentUpdateParams
from ant_cli.emulator.routes import match
from ant_cli.operations import OPERATIONS
from ant_cli.operations.environments import CREATE, UPDATE
from ant_cli.settings.rows import ON_STDIN, SETTINGS

PACKAGE = Path(ant_cli.__file__).parent
ROWS = {
    PACKAGE / "settings/rows.py",
    PACKAGE / "runtime/variables.py",
    *PACKAGE.glob("operations/*"),
}


KINDS = {
    credentials.API_KEY: "API key",
    credentials.ENVIRONMENT_KEY: "environment key",
    credentials.ITEM_SECRET: "item secret",
}


@pytest.mark.parametrize(
    ("operation", "model"), [(CREATE, EnvironmentCreateParams), (UPDATE, EnvironmentUpdateParams)]
)
def test_the_emulator_takes_the_fields_of_an_environment(operation, model):
    """A field of a row that it does not take could not be tried. It rejects what is not one of the choices."""
    fields = operation.fields_in("body")
    assert {field.wire_name.partition(".")[0] for field in fields} == set(model.model_fields)
    for field in fields:
        if field.choices and field.name in model.model_fields:
            with pytest.raises(ValidationError, match=rf"\n{field.name}\n"):
                model.model_validate({"name": "demo", field.name: "neither"})


@pytest.mark.parametrize(
    ("operation", "model"), [(CREATE, EnvironmentCreateParams), (UPDATE, EnvironmentUpdateParams)]
)
def test_a_field_may_be_null_if_the_emulator_takes_null(operation, model):
    """The help of the command shows it: `--scope TEXT|null`."""
    for field in operation.fields_in("body"):
        if field.name in model.model_fields:
            given = {"name": "demo", "config": {"type": "cloud"}, field.name: None}
            assert is_valid(model, given) is field.nullable, field.name


def is_valid(model, given):
    try:
        model.model_validate(given)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: f"{each.group} {each.name}")
def test_the_emulator_reads_the_query_parameters_of_an_operation(operation):
    """All of them, and no other one: what the emulator ignores could not be tried."""
    path = re.sub(r"\{\w+\}", "id", operation.path)
    route, _ = match(path, operation.method)
    sent = {field.wire_name for field in operation.fields_in("query")}
    assert sent == set(route.parameters)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: f"{each.group} {each.name}")
def test_an_operation_accepts_the_credentials_that_the_emulator_takes(operation):
    path = re.sub(r"\{\w+\}", "id", operation.path)
    route, _ = match(path, operation.method)
    assert {KINDS[kind] for kind in route.takes} == {*operation.accepts}
    assert route.has_body is operation.has_body


def test_the_program_reads_every_setting():
    """By the constant of its row, by its name, or as an attribute. A flag that nothing reads would do nothing."""
    source = "".join(path.read_text("utf-8") for path in {*PACKAGE.rglob("*.py")} - ROWS)
    names = {
        setting.name for operation in OPERATIONS for setting in operation.settings
    } | SETTINGS.keys()
    read = {name for name in names if re.search(rf'\b{name.upper()}\b|\.{name}\b|"{name}"', source)}
    assert names - read - ON_STDIN.keys() == set()
