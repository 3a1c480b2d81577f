"""The plan that follows from files, lock file and server. Nothing is sent in these tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from ant_cli.apply.comparison import (
    FieldChange,
    changes_between,
    hash_of_body,
    hash_of_remote,
    update_body,
)
from ant_cli.apply.declarations import Declaration
from ant_cli.apply.lockfile import Entry, LockFile, ResourceOrigin
from ant_cli.apply.plan import Known, Options, Plan, Step, ids_to_read, make_plan
from ant_cli.apply.redacted_plan import redact_plan

KEY = "./environments/a.yaml"
BODY = {"name": "a", "config": {"type": "cloud", "packages": {"pip": ["pandas"]}}}


def remote_of(body, identifier="env_1", **fields):
    """Return the server's object for a body."""
    config = body.get("config", {})
    return {
        "id": identifier,
        "type": "environment",
        "archived_at": None,
        "name": body["name"],
        "description": body.get("description", ""),
        "metadata": body.get("metadata", {}),
        "scope": "organization",
        "config": {
            "networking": {"type": "unrestricted"},
            **config,
            "packages": {"apt": [], "pip": [], "type": "packages", **config.get("packages", {})},
        },
        **fields,
    }


def declared(body, key=KEY):
    return Declaration(key, Path(key), body)


class World:
    """Files, a lock file and a server that agree until a test changes one of them."""

    def __init__(self, *bodies):
        self.lock = LockFile(Path.cwd() / "claude-lock.json", exists=True)
        self.files = {}
        self.remotes = {}
        self.named = {}
        self.interrupted = ()
        for number, body in enumerate(bodies, 1):
            self.track(body, f"./environments/{body['name']}.yaml", f"env_{number}")

    def track(self, body, key, identifier):
        self.files[key] = declared(body, key)
        self.remotes[identifier] = remote_of(body, identifier)
        entry = Entry(
            "environment", identifier, hash_of_body(body), hash_of_remote(self.remotes[identifier])
        )
        self.lock = self.lock.with_entry(key, entry)

    def plan(self, **options) -> Plan:
        known = Known(
            self.lock, self.files, self.remotes, self.named, self.interrupted, Options(**options)
        )
        return make_plan(known)

    def step(self, **options) -> Step:
        (step,) = self.plan(**options).steps
        return step


def test_a_file_that_matches_the_server_is_only_recorded():
    """Fields that it leaves out, and empty ones, are not a difference."""
    world = World(BODY)
    world.files[KEY] = declared(
        {**BODY, "description": "", "metadata": {}, "scope": "organization"}
    )
    plan = world.plan()
    assert plan.steps[0].action == "record"
    assert plan.changing == ()


def test_a_file_with_the_same_change_as_the_server_is_not_blocked():
    """Both made the same change."""
    world = World(BODY)
    world.files[KEY] = declared({**BODY, "description": "x"})
    world.remotes["env_1"]["description"] = "x"
    assert world.step().action == "record"


def test_an_environment_that_keeps_its_name_is_not_blocked_by_it():
    """Another file is new, so the environments with the names of both are known."""
    world = World(BODY)
    world.files[KEY] = declared({**BODY, "description": "x"})
    world.files["./environments/b.yaml"] = declared({"name": "b"}, "./environments/b.yaml")
    world.named = {"a": [world.remotes["env_1"]]}
    plan = world.plan()
    assert [(step.action, step.blocked) for step in plan.steps] == [
        ("update", None),
        ("create", None),
    ]


def test_the_fingerprint_of_a_step_has_a_text_for_each_part_as_in_plans_of_earlier_versions():
    """A plan may be saved by one version, reviewed, and carried out by the next."""
    world = World()
    body = {"name": "a"}
    world.files[KEY] = declared(body)
    assert world.step().fingerprint == ("create", KEY, "", hash_of_body(body), "", "", "")


@pytest.mark.parametrize("state", [None, "archived"])
def test_a_missing_environment_is_replaced_only_with_force(state):
    """It was archived or deleted by hand."""
    world = World(BODY, {"name": "b"})
    world.remotes["env_1"] = state and remote_of(BODY, archived_at="2026-01-01T00:00:00Z")
    step = world.plan().steps[0]
    assert (step.action, step.id) == ("create", "env_1")
    assert step.blocked.startswith("env_1 is archived; " if state else "env_1 no longer exists; ")
    assert (
        "re-run with --force to create a replacement, or remove ./environments/a.yaml"
        in step.blocked
    )
    assert world.plan(force=True).steps[0].blocked is None


# Existing names


def test_an_environment_that_a_killed_run_created_is_taken_over_if_it_matches_the_file():
    """Its ID never reached the lock file."""
    world = World()
    world.files[KEY] = declared(BODY)
    world.named = {"a": [remote_of(BODY, "env_9")]}
    world.interrupted = {"a"}
    assert (world.step().action, world.step().blocked) == ("adopt", None)
    world.named["a"][0]["description"] = "of somebody else"
    assert "--adopt" in world.step().blocked


def test_an_environment_of_another_file_is_not_taken_over():
    """Otherwise two files would change it in turn."""
    world = World(BODY)
    tracked = world.files.pop(KEY)
    Path("environments").mkdir()
    Path(tracked.key).touch()
    world.files["./b.yaml"] = declared(BODY, "./b.yaml")
    world.named = {"a": [remote_of(BODY)]}
    assert world.step(adopt=True).blocked == (
        "./environments/a.yaml already declares env_1, which has this name"
    )


def test_a_name_of_several_environments_is_blocked():
    """The tool can't know which one is meant."""
    world = World()
    world.files[KEY] = declared(BODY)
    world.named = {"a": [remote_of(BODY, "env_8"), remote_of(BODY, "env_9")]}
    assert world.step(adopt=True).blocked == (
        "several environments have this name (env_8, env_9); rename all of them except one"
    )


def test_an_environment_of_another_type_is_not_taken_over():
    """The API can't change the type, whatever the flags say."""
    world = World()
    world.files[KEY] = declared({"name": "a", "config": {"type": "self_hosted"}})
    world.named = {"a": [remote_of(BODY, "env_9")]}
    assert world.step(adopt=True, force=True).blocked.startswith(
        "config.type can't change from cloud to self_hosted; "
    )


def test_the_reason_of_a_blocked_update_is_what_no_flag_allows_before_what_one_does():
    """Otherwise, a run with that flag would be blocked again."""
    world = World(BODY)
    world.remotes["env_1"]["description"] = "by others"
    world.named = {"b": [remote_of({"name": "b"}, "env_9")]}
    world.files[KEY] = declared({"name": "b", "config": {"type": "self_hosted"}})
    assert world.step().blocked.startswith("config.type can't change from cloud to self_hosted; ")
    world.files[KEY] = declared({**BODY, "name": "b"})
    assert world.step().blocked == "env_9 already has this name; choose another name"
    world.named = {}
    assert world.step().blocked.startswith("env_1 changed outside this config since the last apply")
    assert world.step(force=True).blocked is None


# Archived environments keep their names

ARCHIVED = {"archived_at": "2026-01-01T00:00:00Z"}


def test_the_name_of_an_archived_environment_is_freed_only_on_request():
    """The API can't restore it, and would reject a second one. Force alone deletes nothing."""
    world = World()
    world.files[KEY] = declared(BODY)
    world.named = {"a": [remote_of(BODY, "env_8", **ARCHIVED)]}
    step = world.step(force=True, adopt=True)
    assert (step.action, step.unblocked_by) == ("create", "delete_archived")
    assert step.blocked == (
        "env_8, which is archived, keeps this name and can't be restored; choose another name, or re-run with "
        "--delete-archived to delete it permanently"
    )
    step = world.step(delete_archived=True)
    assert (step.action, step.deletes, step.blocked) == ("create", "env_8", None)
    assert step.note == "permanently deletes env_8, which is archived"
    world.named = {}
    assert world.step(delete_archived=True).fingerprint != step.fingerprint


def test_a_tracked_environment_that_was_archived_is_replaced_by_deleting_it():
    """With another name, it stays."""
    world = World(BODY)
    world.remotes["env_1"] = remote_of(BODY, **ARCHIVED)
    world.named = {"a": [world.remotes["env_1"]]}
    assert world.step(force=True).blocked == (
        "env_1, which is archived, keeps this name and can't be restored; choose another name, or re-run with "
        "--delete-archived to delete it permanently"
    )
    assert (world.step(delete_archived=True).deletes, world.step(delete_archived=True).blocked) == (
        "env_1",
        None,
    )
    world.files[KEY] = declared({**BODY, "name": "b"})
    assert (world.step(force=True).action, world.step(force=True).deletes) == ("create", None)
    assert world.step(force=True).blocked is None


def test_of_two_environments_of_a_name_the_one_that_is_not_archived_is_adopted():
    """A note says which fields the environment keeps."""
    world = World()
    world.files[KEY] = declared({"name": "a", "config": {"type": "cloud"}})
    world.named = {"a": [remote_of(BODY, "env_8", **ARCHIVED), remote_of(BODY, "env_9")]}
    step = world.step(adopt=True)
    assert (step.action, step.id, step.blocked) == ("adopt", "env_9", None)
    assert step.note.startswith("the server keeps config.packages.pip, because ")


def test_a_file_without_a_config_has_no_note_about_lists_that_the_server_keeps():
    """The file declares nothing about packages, so nobody expects that it clears them."""
    world = World()
    world.files[KEY] = declared({"name": "a"})
    world.named = {"a": [remote_of(BODY, "env_9")]}
    step = world.step(adopt=True)
    assert (step.action, step.id, step.note) == ("adopt", "env_9", None)


def test_a_file_is_no_successor_of_one_whose_environment_is_archived():
    """An archived environment can't be changed, so the new file creates one."""
    world = World(BODY)
    del world.files[KEY]
    world.remotes["env_1"] = remote_of(BODY, **ARCHIVED)
    world.files["./environments/z.yaml"] = declared(BODY, "./environments/z.yaml")
    step = world.step()
    assert (step.action, step.id, step.moved_from) == ("create", "", None)


def test_an_environment_that_took_the_place_of_a_deleted_one_is_adopted():
    """Somebody created it again by hand. A second one of this name would be rejected."""
    world = World(BODY)
    world.remotes["env_1"] = None
    world.named = {"a": [remote_of(BODY, "env_9")]}
    assert (world.step(force=True).action, world.step(force=True).unblocked_by) == (
        "adopt",
        "adopt",
    )
    assert (world.step(adopt=True).id, world.step(adopt=True).blocked) == ("env_9", None)


def test_a_replacement_that_a_killed_run_had_begun_needs_no_force():
    """The archived environment is deleted by then."""
    world = World(BODY)
    world.remotes["env_1"] = None
    world.interrupted = {"a"}
    assert (world.step().action, world.step().blocked) == ("create", None)


# Removed files


def test_an_entry_whose_file_exists_but_was_not_named_is_never_archived():
    """Only a removed file removes its environment."""
    world = World(BODY)
    Path("environments").mkdir()
    Path(world.files.pop(KEY).key).touch()
    assert world.plan(prune=True) == Plan(())
    assert ids_to_read(world.lock, world.files) == []


def test_an_entry_is_forgotten_only_if_the_credentials_are_right():
    """A 404 alone may come from another workspace."""
    world = World(BODY)
    del world.files[KEY]
    world.remotes["env_1"] = None
    assert (world.step(prune=True).action, world.step(prune=True).name) == ("forget", "a")
    assert (world.plan().lost, world.plan(prune=True).lost) == ((KEY,), ())
    assert "re-run with --force to forget it" in world.step(prune=True).blocked
    world.track({"name": "b"}, "./b.yaml", "env_2")
    assert [(step.action, step.blocked) for step in world.plan(prune=True).steps] == [
        ("none", None),
        ("forget", None),
    ]


def test_renaming_a_file_renames_its_environment_if_the_name_comes_from_the_file():
    """It is the environment of the removed file. With two candidates, both files create one."""
    world = World(BODY)
    del world.files[KEY]
    world.files["./environments/z.yaml"] = declared({**BODY, "name": "z"}, "./environments/z.yaml")
    step = world.step(prune=True)
    assert (step.action, step.id, step.moved_from) == ("update", "env_1", KEY)
    assert [(change.path, change.old, change.new) for change in step.changes] == [
        ("name", "a", "z")
    ]
    world.files["./environments/y.yaml"] = declared({**BODY, "name": "y"}, "./environments/y.yaml")
    assert [step.action for step in world.plan().steps] == ["create", "create"]


def test_a_file_that_declares_the_name_is_the_renamed_one_whatever_others_look_like_it():
    """The other one creates an environment."""
    world = World(BODY)
    del world.files[KEY]
    world.files["./environments/y.yaml"] = declared({**BODY, "name": "y"}, "./environments/y.yaml")
    world.files["./environments/z.yaml"] = declared(BODY, "./environments/z.yaml")
    moves = [(step.action, step.moved_from) for step in world.plan().steps]
    assert moves == [("create", None), ("record", KEY)]


def test_one_file_in_place_of_two_equal_ones_creates_an_environment():
    """Nobody knows which of the two it was."""
    world = World(BODY, {**BODY, "name": "b"})
    world.files = {
        "./environments/z.yaml": declared({**BODY, "name": "z"}, "./environments/z.yaml")
    }
    assert [step.action for step in world.plan().steps] == ["create"]


def test_a_file_that_states_another_name_is_another_environment():
    """Only a name that comes from the file changes with it."""
    world = World(BODY)
    world.files = {
        "./environments/z.yaml": declared({**BODY, "name": "other"}, "./environments/z.yaml")
    }
    assert [step.action for step in world.plan().steps] == ["create"]


# Changes and updates


@pytest.mark.parametrize(
    ("body", "remote", "changes", "update"),
    [
        ({}, {"description": "x"}, [("description", "x", None)], {"description": None}),
        ({"description": ""}, {"description": None}, [], {"description": ""}),
        (
            {"metadata": {"k": "1"}},
            {"metadata": {"k": "0", "old": "x"}},
            [("metadata.k", "0", "1"), ("metadata.old", "x", None)],
            {"metadata": {"k": "1", "old": None}},
        ),
        (
            {},
            {"metadata": {"old": "x"}},
            [("metadata.old", "x", None)],
            {"metadata": {"old": None}},
        ),
        ({}, {"scope": "account", "config": {"type": "cloud"}}, [], {}),
        (
            {"config": {"type": "cloud", "packages": {"pip": []}}},
            {"config": {"type": "cloud", "packages": {"pip": ["x"], "apt": ["y"]}}},
            [("config.packages.pip", ["x"], [])],
            {"config": {"type": "cloud", "packages": {"pip": []}}},
        ),
        (
            {
                "config": {
                    "type": "cloud",
                    "networking": {"type": "limited", "allow_mcp_servers": False},
                }
            },
            {"config": {"type": "cloud", "networking": {"type": "limited"}}},
            [("config.networking.allow_mcp_servers", None, False)],
            {
                "config": {
                    "type": "cloud",
                    "networking": {"type": "limited", "allow_mcp_servers": False},
                }
            },
        ),
    ],
)
def test_an_update_sends_the_values_of_the_file_and_clears_fields_that_it_leaves_out(
    body, remote, changes, update
):
    """Description and keys of metadata are cleared. Any other field keeps the server's value."""
    body, remote, update = ({"name": "a", **fields} for fields in (body, remote, update))
    assert [
        (change.path, change.old, change.new) for change in changes_between(body, remote)
    ] == changes
    assert update_body(body, remote) == update


def test_a_note_names_every_list_that_a_file_leaves_out(tracked):
    """The server keeps them."""
    packages = "packages: {apt: [curl], pip: [numpy]}"
    tracked.write("environments/a.yaml", f"config: {{type: cloud, {packages}}}\n")
    tracked.apply(".")
    tracked.write("environments/a.yaml", "description: new\nconfig: {type: cloud}\n")
    assert (
        "note: the server keeps config.packages.apt, config.packages.pip, because the file leaves them out; "
        "write [] to clear one" in tracked.ant("diff").stdout
    )


@pytest.mark.parametrize(
    ("declared_there", "on_server", "paths"),
    [
        ({"packages": {}}, {"packages": {"pip": ["x"]}}, ["config.packages"]),
        ({"packages": {"pip": []}}, {"packages": {"pip": ["x"]}}, ["config.packages.pip"]),
        ({"packages": {}}, {}, []),
        ({"packages": {"pip": []}}, {"packages": {"npm": []}}, []),
        ({"networking": "x"}, {"networking": {"type": "limited"}}, ["config.networking"]),
        ({"networking": {"type": "limited"}}, {"networking": "x"}, ["config.networking"]),
        ({"a": 0}, {}, ["config.a"]),
        ({"a": False}, {}, ["config.a"]),
        ({"a": ""}, {}, []),
    ],
)
def test_an_empty_value_is_a_change_only_if_the_server_has_one(declared_there, on_server, paths):
    """Zero and false are values. A map is compared with a map, and with anything else as a whole."""
    body = {"name": "a", "config": {"type": "cloud", **declared_there}}
    remote = {"id": "env_1", "name": "a", "config": {"type": "cloud", **on_server}}
    assert [change.path for change in changes_between(body, remote)] == paths


def test_no_text_of_a_plan_that_is_shown_has_a_secret():
    """A server or a colleague may have put a secret anywhere."""
    secret = "correct-horse-battery"
    change = FieldChange(("metadata", secret), secret, {secret: [secret]})
    step = Step("update", secret, secret, secret, {}, {}, (change,), secret, secret, secret)
    lock = LockFile(Path(f"/{secret}/claude-lock.json"))
    origin = ResourceOrigin(f"https://{secret}", secret, secret)
    known = Known(lock, {}, {}, origin=origin, profile=secret)
    shown = redact_plan(Plan((step,), (secret,)), known, lambda text: text.replace(secret, "-"))
    assert secret not in repr(shown)
    assert shown.target == "https://-, organization -, workspace -, profile -"
