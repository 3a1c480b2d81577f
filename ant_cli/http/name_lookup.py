"""The environments that a name may stand for, and what to say about a name that stands for none or several."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ant_cli.errors.command_line import command_line, shell_line
from ant_cli.errors.suggestions import did_you_mean
from ant_cli.http.client import Sends
from ant_cli.http.pagination import follow_pages
from ant_cli.http.response import json_object
from ant_cli.input.request import is_id, request_of
from ant_cli.input.values import encode
from ant_cli.operations.environments import LIST, has_id_form
from ant_cli.operations.shared_flags import FILTER, LARGEST_PAGE

_OTHER_ID = r"(agent|file|sesn|session|work|wrkspc)_\w+"


class Environment(NamedTuple):
    """What is needed of an environment to find it by its name."""

    id: str
    name: str
    is_archived: bool


def summarize(raw: bytes) -> Environment:
    """Return what is needed of an environment. Raises KeyError if it is not one."""
    found = json_object(raw) or {}
    is_archived = found.get("archived_at") is not None
    return Environment(str(found["id"]), str(found["name"]), is_archived)


def list_all(client: Sends) -> list[Environment]:
    """Return all environments. Raises KeyError if an item of the list is not one, and errors as the client does."""
    request = request_of(LIST, {"include_archived": "true", "limit": str(LARGEST_PAGE)})
    pages = follow_pages(client.send, request, None)
    environments = [summarize(item) for page in pages for item in page]
    return [environment for environment in environments if is_id(environment.id)]


def candidates_for(name: str, listed: Sequence[Environment]) -> list[Environment]:
    """Return the environments that have the name; archived ones only if there are no others."""
    candidates = [each for each in listed if each.name == name]
    live = [each for each in candidates if not each.is_archived]
    return live or candidates


# Hints


def hint_about(
    name: str,
    candidates: Sequence[Environment],
    listed: Sequence[Environment],
    target: Sequence[str],
) -> str:
    """Return what to write instead of a name that does not stand for exactly one environment."""
    if candidates:
        ids = ", ".join(environment.id for environment in candidates)
        return (
            f"{len(candidates)} environments have the name {name!r}: {ids}. Give one of these IDs."
        )
    if re.fullmatch(_OTHER_ID, name):
        return f"{name!r} looks like the ID of another object: that of an environment begins with env_."
    other = _other_reading(name, listed, target)
    if other:
        return other
    guess = did_you_mean(name, [environment.name for environment in listed])
    to_list = command_line(LIST.command, *target)
    return f"No environment has the name {name!r}.{guess} To list them: {to_list}"


def _other_reading(name: str, listed: Sequence[Environment], target: Sequence[str]) -> str:
    """Return a hint if a text is a URL with an ID, names that exist, or a pattern; otherwise empty."""
    identifier = _id_in_url(name)
    if identifier:
        return f"Give the ID alone: {identifier}"
    several = _several(name, listed)
    if several:
        apart = shell_line(*several)
        return f"{name!r} is taken as one name. For several, write them apart: {apart}"
    if "*" in name:
        matching = f"name%{encode(name).decode()}"
        to_list = command_line(LIST.command, FILTER.flag, matching, *target)
        return f"{name!r} is taken as a name, not as a pattern. To list what matches: {to_list}"
    return ""


def _id_in_url(text: str) -> str | None:
    """Return the ID of an environment in a URL, such as one of the Console."""
    for part in re.split("[/?#]", text):
        if "/" in text and has_id_form(part):
            return part
    return None


def _several(text: str, listed: Sequence[Environment]) -> list[str]:
    """Return the IDs and names in a text that has nothing else; empty if it is not about several."""
    parts = list(filter(None, re.split(r"[,\s]+", text)))
    known = {each.id for each in listed} | {each.name for each in listed}
    return parts if len(parts) > 1 and known.issuperset(parts) else []
