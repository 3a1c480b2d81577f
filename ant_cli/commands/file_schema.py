"""`ant schema`: the JSON schema of the files of `ant apply`."""

from __future__ import annotations

import json

from ant_cli.apply.environment_file import json_schema
from ant_cli.commands.results import print_result
from ant_cli.operations.spec import Flags
from ant_cli.runtime import Runtime


def print_schema(runtime: Runtime, flags: Flags) -> None:
    """Print the JSON schema of an environment's file."""
    schema = json_schema()
    print_result(runtime, flags, json.dumps(schema, indent=2), schema)
