"""The stand-ins for `typing` behave like `typing`, as far as the program uses it."""

from __future__ import annotations

import typing

import pytest

from ant_cli.runtime import light_typing


def rows(named_tuple: type) -> type:
    """Return a class with everything that the program's rows have."""

    class Row(named_tuple):
        """A row."""

        name: str
        kind: typing.Literal["a", "b"] = "a"
        aliases: tuple[str, ...] = ()

        @property
        def flag(self) -> str:
            return f"--{self.name}"

    return Row


@pytest.fixture(params=[light_typing.NamedTuple, typing.NamedTuple], ids=["light", "typing"])
def row_type(request) -> type:
    return rows(request.param)


def test_a_named_tuple_has_fields_defaults_methods_and_a_docstring(row_type):
    row = row_type("wait", aliases=("w",))
    assert row == ("wait", "a", ("w",))
    assert (row.name, row.kind, row.flag) == ("wait", "a", "--wait")
    assert row_type._fields == ("name", "kind", "aliases")
    assert row_type.__doc__ == "A row."
    assert row_type.__module__ == __name__
    assert row._replace(kind="b") == ("wait", "b", ("w",))
    assert repr(row) == "Row(name='wait', kind='a', aliases=('w',))"


def test_a_named_tuple_is_immutable_and_has_no_other_attributes(row_type):
    row = row_type("wait")
    with pytest.raises(AttributeError):
        row.name = "other"
    with pytest.raises(AttributeError):
        row.other = 1


def test_a_field_without_a_default_must_be_given(row_type):
    with pytest.raises(TypeError, match="name"):
        row_type()
