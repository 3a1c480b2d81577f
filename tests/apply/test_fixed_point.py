"""Apply, export, apply: nothing changes after the first time."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ant_cli.input.values import encode, parse
from tests.apply.test_exporting import CONFIG, TEXT

_numbers = itertools.count()
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "description": TEXT,
        "metadata": st.dictionaries(
            st.text(st.characters(codec="utf-8"), min_size=1, max_size=9), TEXT, max_size=3
        ),
        "config": CONFIG,
    },
)
"""Files with any strings, some without optional fields."""


@settings(
    max_examples=10,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(BODIES, TEXT)
def test_apply_over_export_over_apply_is_a_fixed_point(team, body, name):
    """An exported file declares the state of the server, and exporting that again gives the same file."""
    for path in Path.cwd().rglob("*"):
        if path.is_file():
            path.unlink()
    name = f"{name}{next(_numbers)}"
    source = team.write("environments/a.json", encode(parse(json.dumps({**body, "name": name}), "body")).decode())
    team.apply(".")
    assert team.diff(".") == 0
    created = team.server()[name]

    source.unlink()
    Path("claude-lock.json").unlink()
    assert team.ant("export", created["id"]).exit == 0
    (file,) = Path("environments").iterdir()
    text = file.read_bytes()
    assert team.diff(".") == 0

    Path("claude-lock.json").unlink()
    team.apply(".", "--adopt")
    assert team.server()[name] == created
    assert team.diff(".") == 0

    assert team.ant("export", created["id"], "--force").exit == 0
    file.unlink()
    assert team.ant("export", created["id"]).exit == 0
    assert file.read_bytes() == text
