"""`--filter` and `--until`: conditions on values of a response."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ant_cli.errors import ResponseError, UsageError
from ant_cli.gjson import json_text
from ant_cli.operations.global_flags import FILTER
from ant_cli.operations.spec import Flags, Operation

Condition = Callable[[bytes], bool]


def make_condition(flag: str, expressions: Sequence[str], warn: Callable[[str], None]) -> Condition:
    """Return a function that says whether all expressions hold for a JSON value.

    `warn` gets a warning if the first value lacks a member that an expression compares: it may be mistyped.

    Raises:
        UsageError: if an expression is not a comparison in GJSON's query syntax.

    """
    if not expressions:
        return lambda _: True
    from ant_cli.gjson.conditions import compared_key, holds, parse_condition
    from ant_cli.gjson.parser import BadPath

    conditions = []
    for expression in expressions:
        try:
            conditions.append(parse_condition(expression))
        except BadPath as error:
            raise UsageError(
                f"{flag} {expression!r} is not a condition: {error}.",
                f'Write strings in double quotes: name!="prod"; for several conditions, give several {flag} flags.',
            ) from None

    unchecked = list(filter(None, map(compared_key, conditions)))

    def condition(value: bytes) -> bool:
        try:
            if unchecked:
                _warn_of_missing(flag, unchecked, value, warn)
                unchecked.clear()
            return all(holds(each, value) for each in conditions)
        except json_text.JSONTextError as error:
            raise ResponseError(f"the server's response can't be read. {error}") from None
        except BadPath as error:  # only the evaluation shows that it multiplies the value
            raise UsageError(f"{flag}: {error}.") from None

    return condition


def empty_message(operation: Operation, flags: Flags) -> str:
    """Return what a terminal shows for a list without items. With `--filter`, there may be other items."""
    message = operation.empty_message
    return f"{message.removesuffix('.')} match {FILTER.flag}." if message and FILTER.name in flags else message


def _warn_of_missing(flag: str, keys: Sequence[str], value: bytes, warn: Callable[[str], None]) -> None:
    if json_text.json_type(value) != "object":
        return
    from ant_cli.errors.suggestions import did_you_mean

    known = json_text.members(value)
    for key in dict.fromkeys(keys):
        if key not in known:
            warn(f"Warning: {flag}: there is no {key!r} in the response.{did_you_mean(key, known)}")
