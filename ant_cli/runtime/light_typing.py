"""Names of `typing`, without its import: with it, `ant --help` needs a third more instructions.

Type checkers see the names of `typing`. At run time `NamedTuple` makes the same classes without compiling the text
of each annotation. The other names have no meaning, because annotations are not evaluated. A module whose
annotations a library evaluates, as pydantic and Typer do, imports `typing`.
"""

from __future__ import annotations

from collections import namedtuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import (
        Any,
        BinaryIO,
        Literal,
        NamedTuple,
        NoReturn,
        Protocol,
        Self,
        TypeVar,
        assert_never,
    )
else:

    class _NamedTupleMaker(type):
        """Turns the body of a class into a named tuple with its fields, defaults, methods and docstring."""

        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, object]) -> type:
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = tuple(body.pop("__annotations__", ()))
            defaults = [body.pop(field) for field in fields if field in body]
            made = namedtuple(name, fields, defaults=defaults, module=body["__module__"])
            for attribute, value in body.items():
                setattr(made, attribute, value)
            return made

    class NamedTuple(metaclass=_NamedTupleMaker):
        """The base of a class whose annotated fields make a tuple."""

    class Protocol:
        """The base of an interface, which may be generic. In an alias, it stands for every type."""

        def __class_getitem__(cls, _arguments: object) -> type:
            return cls

    def TypeVar(_name: str, **_options: object) -> type:  # noqa: N802 - a name of `typing`
        """Return what stands for every type."""
        return Protocol

    def assert_never(value: object) -> None:
        """Let a type check fail if some value is not handled by the branches before."""
        raise AssertionError(value)

    Any = BinaryIO = Literal = NoReturn = Self = Protocol
