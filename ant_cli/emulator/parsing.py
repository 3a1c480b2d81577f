"""Parse the body of a request as one of the types in `models`, and say in a sentence what is wrong with it."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails, ValidationError

from ant_cli.emulator.errors import InvalidRequest

MOST_PROBLEMS = 5
UNIONS = {"config", "networking"}
SENTENCES = {
    "extra_forbidden": "is not a field of this request",
    "missing": "is required",
    "model_type": "must be an object",
    "union_tag_not_found": "is required",
}


def parse(model: type[BaseModel], body: bytes, field: str = "") -> Any:
    """Return the body, or the JSON in one of its fields, as `model`. A missing body is an empty object."""
    with suppress(RecursionError, ValueError):  # pydantic explains these better
        json.loads(body, object_pairs_hook=_check_keys)
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False)
        sentences = (_sentence(problem, field) for problem in problems[:MOST_PROBLEMS])
        raise InvalidRequest("; ".join(sentences) + ".") from None


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
    steps = [str(step) for step in problem["loc"]]
    path = [
        step
        for before, step in pairwise(["", *steps])
        if before not in UNIONS and not step.startswith(("user.", "["))
    ]
    return [*path, "type"] if problem["type"].startswith("union_tag") else path
