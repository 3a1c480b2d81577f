"""`--filter` and `--until`: conditions on values of a response."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ant_cli.errors import ResponseError, UsageError
from ant_cli.gjson import json_text

Condition = Callable[[bytes], bool]


def make_condition(flag: str, expressions: Sequence[str]) -> Condition:
    """Return the function that says whether all expressions hold for a JSON value.

    Raises:
        UsageError: if an expression is not the comparison of a GJSON query.

    """
    if not expressions:
        return lambda _: True
    from ant_cli.gjson.conditions import holds, parse_condition
    from ant_cli.gjson.parser import BadPath

    conditions = []
    for expression in expressions:
        try:
            conditions.append(parse_condition(expression))
        except BadPath as error:
            raise UsageError(
                f"{flag} {expression!r} is not a condition: {error}.",
                f'Write texts in double quotes: name!="prod"; several conditions are several {flag} flags.',
            ) from None

    def condition(value: bytes) -> bool:
        try:
            return all(holds(each, value) for each in conditions)
        except json_text.JSONTextError as error:
            raise ResponseError(f"the server's response can't be read. {error}") from None
        except BadPath as error:  # that it multiplies the value shows only during evaluation
            raise UsageError(f"{flag}: {error}.") from None

    return condition
