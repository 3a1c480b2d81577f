"""Parse the body of a request as one of the types in `bodies`, and say in a sentence what is wrong with it."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails, ValidationError

from ant_cli.emulator.errors import STUB, InvalidRequest
from ant_cli.emulator.models import NOT_EMULATED

MOST_PROBLEMS = 5
UNIONS = {"agent", "config", "networking", "stop_reason"}
SENTENCES = {
    "extra_forbidden": "is not a field of this request",
    "missing": "is required",
    "model_type": "must be an object",
    "union_tag_not_found": "is required",
}


def parse(model: type[BaseModel], body: bytes, field: str = "", path: str = "") -> Any:
    """Return the body, or the JSON in one of its fields, as `model`. A missing body is an empty object.

    For what is not emulated, the error says how a request to this path can be answered.
    """
    with suppress(RecursionError, ValueError):  # pydantic explains these better
        json.loads(body, object_pairs_hook=_check_keys)
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False)
        text = "; ".join(_sentence(problem, field) for problem in problems[:MOST_PROBLEMS])
        if NOT_EMULATED in text and path:
            text += ". To give the response: " + STUB.format(path=path, method="POST")
        raise InvalidRequest(text + ".") from None


def _check_keys(pairs: list[tuple[str, object]]) -> None:
    """Reject an object that has a key twice: parsers differ in which of the values they use."""
    for key, count in Counter(key for key, _ in pairs).items():
        if count > 1:
            raise InvalidRequest(f"{key}: is given {count} times in one object.")


def _sentence(problem: ErrorDetails, field: str) -> str:
    path = ".".join(filter(None, (field, *_path(problem)))) or "body"
    sentence = SENTENCES.get(problem["type"]) or problem["msg"].removeprefix("Value error, ")
    return f"{path}: {sentence}"


def _path(problem: ErrorDetails) -> list[str]:
    """Return the path in the body, without what pydantic adds to it: the branch of a union, and `[key]`."""
    path = list[str]()
    is_branch = False
    for step in map(str, problem["loc"]):
        is_type_of_event = step.startswith(("user.", "system."))
        if not (is_branch or is_type_of_event or "[" in step):
            path.append(step)
        is_branch = not is_branch and step in UNIONS
    return [*path, "type"] if problem["type"].startswith("union_tag") else path
