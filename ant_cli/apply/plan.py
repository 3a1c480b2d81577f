"""The plan: the steps that make the server match the files. Nothing here sends a request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Literal, NamedTuple

from ant_cli.apply.comparison import (
    FieldChange,
    canonical,
    changes_between,
    hash_of_body,
    hash_of_remote,
    hashes_by_name,
    kept_lists,
)
from ant_cli.apply.declarations import YAML, Declaration, name_from
from ant_cli.apply.lockfile import Entry, LockFile, ResourceOrigin, shown_folder
from ant_cli.errors import AntError
from ant_cli.errors.command_line import command_line
from ant_cli.input.values import Value

PlannedAction = Literal["create", "update", "adopt", "archive", "forget", "record", "none"]
"""`adopt` takes over an existing environment, and updates it if it differs. `record` only changes the lock file:
a file was renamed, or the server has what it declares. `forget` removes an entry whose environment is gone."""
Object = dict[str, Value]
"""An environment as the server returned it."""


class Options(NamedTuple):
    """What the flags allow."""

    force: bool = False
    prune: bool = False
    adopt: bool = False
    delete_archived: bool = False
    only: bool = False
    """Only the named files count, not those in the lock file."""
    allow_origin_change: bool = False
    """The server and account may be other than those in the lock file."""


class Step(NamedTuple):
    """The step for one resource."""

    action: PlannedAction
    key: str
    name: str
    id: str
    """The ID of the environment; empty until it is created."""
    body: dict[str, Value]
    """What the file declares; empty if it is gone."""
    remote: Object
    """What the server has; empty if there is nothing, or it no longer exists."""
    changes: tuple[FieldChange, ...] = ()
    """For a new environment, every field that it sets."""
    blocked: str | None = None
    """Why the step can't be carried out, and what would unblock it; None if it can."""
    moved_from: str | None = None
    """The file's key in the lock file, if it was renamed."""
    note: str | None = None
    unblocked_by: Literal["adopt", "delete_archived"] | None = None
    """The option that would unblock it, about which a person may be asked."""
    deletes: str | None = None
    """The ID of the archived environment that keeps the name, and is permanently deleted before."""
    result: str | None = None
    """What became of it, such as `created` or `not started`; None in a plan."""
    error: AntError | None = None
    """Why it failed."""

    @property
    def label(self) -> str:
        """The action for people, to whom a step that only changes the lock file is `unchanged`."""
        if self.action == "record":
            return "rename" if self.moved_from else "unchanged"
        return "unchanged" if self.action == "none" else self.action

    @property
    def fingerprint(self) -> tuple[str, ...]:
        """What must not have changed when a saved plan is carried out."""
        declared = hash_of_body(self.body) if self.body else ""
        on_server = hash_of_remote(self.remote) if self.remote else ""
        moved_from, deletes = self.moved_from or "", self.deletes or ""
        return self.action, self.key, self.id, declared, on_server, moved_from, deletes


class Plan(NamedTuple):
    """All steps of a run."""

    steps: tuple[Step, ...]
    lost: tuple[str, ...] = ()
    """The keys whose files are gone. `--prune` would archive their environments."""
    new: tuple[str, ...] = ()
    """The keys of untracked files, which take no part."""

    @property
    def pending(self) -> tuple[Step, ...]:
        """The steps that do something."""
        return tuple(step for step in self.steps if step.action != "none")

    @property
    def changing(self) -> tuple[Step, ...]:
        """The steps that change more than the lock file."""
        return tuple(step for step in self.steps if step.label != "unchanged")

    @property
    def blocked(self) -> tuple[Step, ...]:
        """The steps that can't be done."""
        return tuple(step for step in self.steps if step.blocked)


class Known(NamedTuple):
    """The facts from which a plan is made."""

    lock: LockFile
    declarations: Mapping[str, Declaration]
    """The declarations of the files, by key."""
    remotes: Mapping[str, Object | None]
    """The server's object for each requested ID, or None."""
    named: Mapping[str, Sequence[Object]] = {}
    """The environments by name, including archived ones."""
    interrupted: Collection[str] = ()
    """The names that a run was creating when it was killed."""
    options: Options = Options()
    untracked: Mapping[str, Declaration] = {}
    """The declarations of untracked files. Of these, only the successor of a file that is gone takes part."""
    new: Collection[str] = ()
    """The keys of the untracked files to point out."""
    target_flags: str = ""
    """The flags for a suggested command that name the lock file, the server and the account, each after a space."""
    origin: ResourceOrigin = ResourceOrigin()
    """The server and account of the run."""
    profile: str | None = None
    """The profile that the user chose or that has the credential."""


def ids_to_read(lock: LockFile, declarations: Mapping[str, Declaration]) -> list[str]:
    """Return the IDs that a plan needs: those of this run's files, and of entries whose files are gone."""
    lost = set(lost_keys(lock, declarations))
    needed = lost | declarations.keys()
    return [entry.id for key, entry in lock.tracked.items() if key in needed]


def lost_keys(lock: LockFile, declarations: Mapping[str, Declaration]) -> list[str]:
    """Return the keys of the entries whose files are gone."""
    without_declaration = [key for key in lock.tracked if key not in declarations]
    return [key for key in without_declaration if not lock.has_file(key)]


def needs_names(known: Known) -> bool:
    """Whether a step gives an environment a new name. Only then does the plan depend on other environments."""
    return any(map(_gives_new_name, make_plan(known).steps))


def _gives_new_name(step: Step) -> bool:
    return step.action == "create" or _is_renamed(step)


def _is_renamed(step: Step) -> bool:
    return any(change.keys == ("name",) for change in step.changes)


def make_plan(known: Known) -> Plan:
    """Return the plan.

    Raises:
        AntError: if the server has none of several environments, which means that the credentials are wrong.

    """
    _check_credentials(known)
    moves = _moves(known)
    successors = {key: known.untracked[key] for key in moves if key in known.untracked}
    declarations = {**known.declarations, **successors}
    steps = [
        _step(declaration, moves.get(key, key), known) for key, declaration in declarations.items()
    ]
    lost = _lost_for_good(moves, known)
    new = tuple(key for key in known.new if key not in moves)
    if not known.options.prune:
        return Plan(tuple(steps), tuple(lost), new)
    steps += [_prune(key, known, new) for key in lost]
    return Plan(tuple(steps), (), new)


def _lost_for_good(moves: Mapping[str, str], known: Known) -> list[str]:
    """Return the keys of the entries whose files are gone and have no successor."""
    replaced = set(moves.values())
    return [key for key in lost_keys(known.lock, known.declarations) if key not in replaced]


def adding_command(known: Known, *flags: str) -> str:
    """Return the command that also applies the new files."""
    command = command_line("apply", *flags, shown_folder(known.lock.path.parent))
    return command + known.target_flags


def _check_credentials(known: Known) -> None:
    if known.options.force or len(known.remotes) < 2:
        return
    if any(known.remotes.values()):
        return
    status, name = command_line("auth status"), known.lock.path.name
    raise AntError(
        f"none of the {len(known.remotes)} environments that {name} tracks exists for the "
        "credentials in use: they may be those of another workspace or account. Nothing was changed.",
        f"Use the right ones with --profile or --workspace-id. To see those in use: {status}",
        f"If none of the environments exists any more, remove their entries from {name}.",
    )


def _moves(known: Known) -> dict[str, str]:
    """Return the old key of each file that was renamed.

    A file was renamed if it is the only successor of one file that is gone. A successor declares the same name. If
    no file does, it is one that differs only in the name, and both names come from those of the files: then the
    environment gets the new name.
    """
    gone = _gone_by_name(known)
    new = _new_declarations(known)
    olds_of: dict[str, list[str]] = {}
    for declaration in new:
        if declaration.name in gone:
            olds_of[declaration.key] = gone.pop(declaration.name)
    names_before = _names_before(gone, known.lock)
    for declaration in new:
        if declaration.key not in olds_of:
            olds_of[declaration.key] = _renamed_olds(declaration, names_before, known.lock)
    return _unambiguous(olds_of)


def _gone_by_name(known: Known) -> dict[str, list[str]]:
    """Return the keys of the files that are gone, by the names of their environments that still exist."""
    gone: dict[str, list[str]] = {}
    for key in lost_keys(known.lock, known.declarations):
        remote = known.remotes[known.lock.entries[key].id]
        if remote is not None and is_alive(remote):
            gone.setdefault(str(remote.get("name")), []).append(key)
    return gone


def _new_declarations(known: Known) -> list[Declaration]:
    """Return the declarations of files that are not in the lock file."""
    declarations = {**known.untracked, **known.declarations}
    return [each for key, each in declarations.items() if key not in known.lock.entries]


def _names_before(gone: Mapping[str, Sequence[str]], lock: LockFile) -> dict[str, str]:
    """Return the names, in canonical form, that the files which are gone gave their environments."""
    olds = [old for olds in gone.values() for old in olds]
    return {old: canonical(name_from(lock.file_of(old))) for old in olds}


def _renamed_olds(
    declaration: Declaration, names_before: Mapping[str, str], lock: LockFile
) -> list[str]:
    """Return the keys of files that declared the same, except for the name, which each has from its file."""
    if declaration.name != name_from(declaration.path):
        return []
    hash_with = hashes_by_name(declaration.body)
    return [old for old, name in names_before.items() if hash_with(name) == lock.entries[old].hash]


def _unambiguous(olds_of: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the old key of each new file: one that it alone succeeds, and that is its only one."""
    claims = Counter(old for olds in olds_of.values() for old in olds)
    only_olds = {key: olds[0] for key, olds in olds_of.items() if len(olds) == 1}
    return {key: old for key, old in only_olds.items() if claims[old] == 1}


def is_alive(remote: Object) -> bool:
    """Whether an environment is not archived."""
    return not remote.get("archived_at")


def _step(declaration: Declaration, tracked_as: str, known: Known) -> Step:
    """Return what to do with a file."""
    entry = known.lock.entries.get(tracked_as)
    if entry is None:
        return _create_or_adopt(declaration, known)
    step = Step("none", declaration.key, declaration.name, entry.id, declaration.body, {})
    if tracked_as != declaration.key:
        step = step._replace(moved_from=tracked_as)
    if not entry.is_ours:
        reason = f"{tracked_as} is of the kind {entry.kind!r} in {known.lock.path.name}"
        return step._replace(
            action="update", blocked=f"{reason}; remove that entry, or rename the file"
        )
    remote = known.remotes.get(entry.id)
    if remote is None or not is_alive(remote):
        return _replacement(step, declaration, remote, known)
    return _tracked(step._replace(remote=remote), declaration, entry, remote, known)


def _tracked(
    step: Step, declaration: Declaration, entry: Entry, remote: Object, known: Known
) -> Step:
    """Return the step for a file in the lock file whose environment exists."""
    is_same_file = declaration.hash == entry.hash
    is_same_remote = hash_of_remote(remote) == entry.remote_hash
    if is_same_file and is_same_remote:
        return step._replace(action="record" if step.moved_from else "none")
    changes = changes_between(declaration.body, remote)
    step = step._replace(note=_kept(declaration, remote))
    if not is_same_file and not changes:
        return step._replace(action="record")
    step = step._replace(action="update", changes=changes)
    reason = _immutable(declaration, remote)
    if reason is None and _is_renamed(step):
        reason = _taken(declaration, known)
    if reason is None and not is_same_remote and not known.options.force:
        reason = _changed_outside(declaration, entry, known)
    return step._replace(blocked=reason)


def _changed_outside(declaration: Declaration, entry: Entry, known: Known) -> str:
    """Return why an environment that somebody else has changed is not updated."""
    way = f"make the same change in {declaration.key}"
    if declaration.path.suffix.lower() in YAML:  # an export writes only YAML
        named = ["--", entry.id] if entry.id.startswith("-") else [entry.id]
        command = command_line("export", *named, "--force")
        way = f"copy it into the file: {command}{known.target_flags}"
    return (
        f"{entry.id} changed outside this config since the last apply; "
        f"re-run with --force to overwrite it, or {way}"
    )


def _immutable(declaration: Declaration, remote: Object) -> str | None:
    """Return why an update is impossible; None if it is possible."""
    new, old = declaration.body.get("config"), remote.get("config")
    if not isinstance(new, dict) or not isinstance(old, dict):
        return None
    if new.get("type") == old.get("type"):
        return None
    return (
        f"config.type can't change from {old.get('type')} to {new.get('type')}; declare another environment, "
        "with another name, in a separate file"
    )


def _kept(declaration: Declaration, remote: Object) -> str | None:
    """Return a note about lists that the file leaves out, so that the server keeps its own."""
    if "config" not in declaration.body:
        return None
    paths = kept_lists(declaration.body, remote)
    if not paths:
        return None
    if len(paths) == 1:
        return f"the server keeps {paths[0]}, because the file leaves it out; write [] to clear it"
    listed = ", ".join(paths)
    return f"the server keeps {listed}, because the file leaves them out; write [] to clear one"


def _taken(declaration: Declaration, known: Known) -> str | None:
    """Return why an environment can't get the name in its file; None if it can. Archived ones keep their names."""
    remote = next(iter(known.named.get(declaration.name, ())), None)
    if remote is None:
        return None
    state = "" if is_alive(remote) else ", which is archived,"
    return f"{remote.get('id', '')}{state} already has this name; choose another name"


def _replacement(step: Step, declaration: Declaration, remote: Object | None, known: Known) -> Step:
    """Return the step for a file whose environment is gone."""
    fresh = _create_or_adopt(declaration, known)
    if fresh.action == "adopt" or fresh.deletes or declaration.name in known.interrupted:
        return fresh
    state = f"{step.id} no longer exists" if remote is None else f"{step.id} is archived"
    if known.options.force:
        return fresh._replace(id=step.id, note=state)
    way = f"re-run with --force to create a replacement, or remove {step.key} from {known.lock.path.name}"
    return fresh._replace(id=step.id, blocked=f"{state}; {way}")


def _create_or_adopt(declaration: Declaration, known: Known) -> Step:
    """Return the step for a file without an environment: create one, or adopt one that has its name."""
    fields = changes_between(declaration.body, {})
    step = Step(
        "create", declaration.key, declaration.name, "", declaration.body, {}, changes=fields
    )
    named = known.named.get(declaration.name, ())
    alive = [remote for remote in named if is_alive(remote)]
    if alive:
        return _adoption(step, declaration, alive, known)
    if named:
        return _without_archived(step._replace(remote=named[0]), known)
    return step


def _adoption(step: Step, declaration: Declaration, alive: Sequence[Object], known: Known) -> Step:
    """Return the step that takes over an existing environment, unless something is in the way."""
    remote = alive[0]
    changes = changes_between(declaration.body, remote)
    identifier = str(remote["id"])
    note = _kept(declaration, remote)
    step = step._replace(action="adopt", id=identifier, remote=remote, changes=changes, note=note)
    reason = (
        _declared_by_another(identifier, known)
        or _several_have_the_name(alive)
        or _immutable(declaration, remote)
    )
    if reason is not None:
        return step._replace(blocked=reason)
    was_ours = declaration.name in known.interrupted and not changes
    if known.options.adopt or was_ours:
        return step
    return step._replace(
        blocked=f"{step.id} already has this name; re-run with --adopt to take it over, or choose another name",
        unblocked_by="adopt",
    )


def _declared_by_another(identifier: str, known: Known) -> str | None:
    for key, entry in known.lock.tracked.items():
        if entry.id == identifier:
            return f"{key} already declares {identifier}, which has this name"
    return None


def _several_have_the_name(alive: Sequence[Object]) -> str | None:
    if len(alive) == 1:
        return None
    ids = ", ".join(str(one["id"]) for one in alive)
    return f"several environments have this name ({ids}); rename all of them except one"


def _without_archived(step: Step, known: Known) -> Step:
    """Return the step that creates an environment with the name of an archived one, which the API can't restore."""
    archived = str(step.remote["id"])
    if known.options.delete_archived:
        return step._replace(
            deletes=archived, note=f"permanently deletes {archived}, which is archived"
        )
    return step._replace(
        deletes=archived,
        blocked=f"{archived}, which is archived, keeps this name and can't be restored; choose another name, or "
        "re-run with --delete-archived to delete it permanently",
        unblocked_by="delete_archived",
    )


def _prune(key: str, known: Known, new: Sequence[str]) -> Step:
    """Return the step for an entry whose file is gone. One of the new files may be its successor."""
    entry = known.lock.entries[key]
    remote = known.remotes.get(entry.id)
    if remote is None:
        step = Step("forget", key, name_from(known.lock.file_of(key)), entry.id, {}, {})
        return step._replace(blocked=_not_forgotten(entry, known))
    step = Step("archive", key, str(remote.get("name", "")), entry.id, {}, remote)
    if not is_alive(remote):
        return step._replace(action="forget", blocked=_not_forgotten(entry, known))
    return step._replace(blocked=_not_archived(key, entry, remote, known, new))


def _not_forgotten(entry: Entry, known: Known) -> str | None:
    """Return why the entry of an environment that is gone is kept: it may belong to another account."""
    if known.options.force or any(known.remotes.values()):
        return None
    return f"{entry.id} does not exist for the credentials in use; re-run with --force to forget it"


def _not_archived(
    key: str, entry: Entry, remote: Object, known: Known, new: Sequence[str]
) -> str | None:
    """Return why an environment is not archived; None if it may be."""
    if hash_of_remote(remote) != entry.remote_hash:
        return (
            f"{entry.id} changed outside this config since the last apply, so it is not archived; "
            f"archive it yourself, or remove {key} from {known.lock.path.name}"
        )
    if not new:
        return None
    command = adding_command(known, "--prune")
    reason = f"a file that is not tracked, such as {new[0]}, may be its successor"
    return f"{reason}; to apply both: {command}"
