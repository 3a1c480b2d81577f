"""Bodies: JSON to a model, or an error that names the path of what is wrong."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ant_cli.emulator.errors import InvalidRequest

M = TypeVar("M", bound=BaseModel)
MOST_PROBLEMS = 5
UNIONS = {"config", "networking"}
SENTENCES = {
    "extra_forbidden": "is not a field of this request",
    "missing": "is required",
    "model_type": "must be an object",
    "union_tag_not_found": "is required",
}


def parse(model: type[M], body: bytes) -> M:
    """Return the body as `model`; no body at all is an empty object."""
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False)
        raise InvalidRequest("; ".join(map(_sentence, problems[:MOST_PROBLEMS])) + ".") from None


def _sentence(problem: ErrorDetails) -> str:
    path = ".".join(_path(problem)) or "body"
    said = SENTENCES.get(problem["type"]) or problem["msg"].removeprefix("Value error, ")
    return f"{path}: {said}"


def _path(problem: ErrorDetails) -> list[str]:
    """Return the place in the body, without the branch of a union that pydantic puts into it."""
    place = [str(step) for step in problem["loc"]]
    path = [step for before, step in zip(["", *place], place, strict=False) if before not in UNIONS]
    return [*path, "type"] if problem["type"].startswith("union_tag") else path
