"""A team with two accounts, each on an emulator: a lock file belongs to one of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from ant_cli.apply import server
from ant_cli.apply.lockfile import LockFile, ResourceOrigin
from ant_cli.emulator import Emulator
from ant_cli.errors import AntError
from tests.apply.conftest import Team
from tests.helpers.emulators import serving

LOCK = Path("claude-lock.json")


@pytest.fixture
def accounts(clean_environ: dict[str, str]) -> Iterator[tuple[Team, Team]]:
    """Serve two accounts on two hosts."""
    with ExitStack() as stack:
        emulators = [
            stack.enter_context(
                closing(Emulator(":memory:", organization_id=name, workspace_id=f"wrkspc_{name}"))
            )
            for name in ("staging", "prod")
        ]
        staging, prod = (
            Team(stack.enter_context(serving(emulator)).url, clean_environ)
            for emulator in emulators
        )
        yield staging, prod


@pytest.mark.parametrize("field", ["organization_id", "workspace_id"])
@pytest.mark.parametrize("name", ["", "ORG"])
def test_an_organization_or_workspace_that_differs_or_is_not_confirmed_is_rejected(
    clean_environ, field, name
):
    """The server may not know it, or a gateway may leave its header out."""
    identity = {"organization_id": "org", "workspace_id": "wrkspc_1"}
    with (
        closing(Emulator(":memory:", **{**identity, field: name})) as emulator,
        serving(emulator) as server,
    ):
        team = Team(server.url, clean_environ)
        team.write("environments/a.yaml")
        LOCK.write_text(
            json.dumps({"origin": {"base_url": server.url, **identity}, "resources": {}})
        )
        result = team.ant("apply", "--yes", ".")
        what = f"tracks resources on {field.removesuffix('_id')} {identity[field]}, but "
        why = "the credentials in use target ORG." if name else f"{server.url} does not confirm it."
        assert (result.exit, f"{what}{why}" in result.stderr) == (1, True), result.stderr
        assert team.server() == {}


@pytest.mark.parametrize(("status", "exit_code"), [(429, 7), (503, 7), (403, 1), (404, 1)])
def test_a_server_that_fails_is_no_other_account(tracked, status, exit_code):
    """A later attempt may succeed, so the error does not suggest another origin. A gateway may have no models."""
    fault = (
        "emulator",
        "fault",
        "--path-contains",
        "models",
        "--times",
        "3",
        "--status",
        str(status),
    )
    assert tracked.ant(*fault).exit == 0
    result = tracked.ant("diff")
    assert (result.exit, "--allow-origin-change" in result.stderr) == (exit_code, exit_code == 1)


def test_a_slash_at_the_end_of_the_recorded_host_is_no_other_host(tracked):
    """The official tool may write one."""
    LOCK.write_text(
        LOCK.read_text().replace(tracked.url, f"{tracked.url.upper().replace('HTTP', 'http')}/")
    )
    assert tracked.diff() == 0


def test_a_moved_account_is_accepted_and_recorded_on_request(accounts):
    """Other fields of the origin, which the official tool may have written, are kept."""
    staging, prod = accounts
    staging.write("environments/a.yaml")
    staging.apply(".")
    prod.by_hand("create", "--name", "a", "--config", "{type: cloud}")
    text = LOCK.read_text().replace(
        staging.ids()["./environments/a.yaml"], prod.server()["a"]["id"]
    )
    LOCK.write_text(text.replace('"origin": {', '"origin": {"region":  "eu",'))
    assert prod.ant("apply", "--yes").exit == 1
    assert prod.ant("apply", "--dry-run", "--allow-origin-change").exit == 0
    assert prod.url not in LOCK.read_text()
    prod.apply("--allow-origin-change")
    origin = {
        "base_url": prod.url,
        "organization_id": "prod",
        "workspace_id": "wrkspc_prod",
        "region": "eu",
    }
    assert json.loads(LOCK.read_text())["origin"] == origin
    assert prod.diff() == 0
    assert staging.diff() == 1


RECORDED = ResourceOrigin("https://API.example/x", "org-1", "wrkspc_1")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, None),
        ({"base_url": "https://api.example/x/"}, None),
        (
            {"base_url": "https://api.example/y"},
            "server https://API.example/x, but the credentials",
        ),
        (
            {"organization_id": "ORG-1"},
            "organization org-1, but the credentials in use target ORG-1.",
        ),
        (
            {"workspace_id": "wrkspc_2"},
            "workspace wrkspc_1, but the credentials in use target wrkspc_2.",
        ),
        (
            {"workspace_id": ""},
            "workspace wrkspc_1, but https://API.example/x does not confirm it.",
        ),
    ],
)
def test_only_the_case_and_a_slash_of_a_server_may_differ_from_the_lock_file(change, why):
    """The case of an ID counts. What the lock file does not have may be anything."""
    current = RECORDED._replace(**change)
    lock = LockFile(LOCK, exists=True, origin=RECORDED)
    server.check_origin(lock._replace(origin=ResourceOrigin()), current)
    if why is None:
        server.check_origin(lock, current)
        return
    with pytest.raises(AntError) as caught:
        server.check_origin(lock, current)
    assert why in caught.value.message


def test_what_a_server_does_not_name_is_left_out_of_the_lock_file():
    """An empty text would be an organization without a name."""
    lock = LockFile(LOCK).with_origin(ResourceOrigin("https://u:p@api.example", "", "wrkspc_1"))
    origin = {"base_url": "https://api.example", "workspace_id": "wrkspc_1"}
    assert json.loads(lock.to_bytes())["origin"] == origin
