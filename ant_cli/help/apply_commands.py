"""The rows of `ant apply`, `ant diff`, `ant edit`, `ant export` and `ant schema`."""

from __future__ import annotations

from ant_cli.help.command_row import REQUEST, argument, arguments, boolean_flag, group, number_flag, text_flag, tool

NOTES = """\
Commit claude-lock.json. `ant help config` describes the files."""

_EDIT_NOTES = """\
The editor is $VISUAL, $EDITOR, vi or nano. If the text has mistakes, it is
opened again with a note above each; if you leave it unchanged, the edit is
abandoned and the text is kept. If the environment has changed meanwhile, the
text is opened again with both changes. Only a change during the update itself
is not noticed."""

_CONNECTION = ("profile", *REQUEST)
_DATA = ("format", "transform", "raw_output")
_PATHS = arguments("path", "Files, folders and patterns, besides the files in the lock file.", "PATH", "file")
_LOCK_FILE = text_flag("lock_file", "The lock file. [default: the nearest one above]", "FILE", "file")
_ONLY = boolean_flag("only", "Only the named files, not all in the lock file.")
_PRUNE = boolean_flag("prune", "Archive environments whose files are gone.")
_VERBOSE = boolean_flag("verbose", "Show unchanged environments and all fields.", short="-v", completes="plain")
_STRICT = boolean_flag("strict", "Reject unknown fields and empty files.")
_PARALLEL = number_flag("parallel", "Requests at once.", (1, 64), "8")

_APPLY = tool(
    "apply",
    "Create and update environments to match files.",
    "apply:apply",
    ("all files below this folder", "ant apply ."),
    ("exactly what was reviewed", "ant apply --dry-run --save-plan plan.json . && ant apply --plan plan.json"),
    arguments=(_PATHS,),
    flags=(
        boolean_flag("yes", "Apply without asking.", short="-y"),
        boolean_flag("dry_run", "Show the plan and change nothing."),
        _ONLY,
        boolean_flag("exit_code", "With --dry-run: exit with 2 for changes, 1 if blocked."),
        boolean_flag("adopt", "Take over environments of the same names."),
        boolean_flag("delete_archived", "Delete archived ones of the same names for good."),
        boolean_flag("force", "Overwrite outside changes, and recreate what is gone."),
        _PRUNE,
        boolean_flag("allow_origin_change", "Accept and record another host or account."),
        _LOCK_FILE,
        text_flag("save_plan", "With --dry-run: save the plan in a file.", "FILE", "file"),
        text_flag("plan", "Apply a saved plan, if nothing has changed since.", "FILE", "file"),
        boolean_flag("validate", "Check the files and send nothing."),
        _STRICT,
        boolean_flag("upgrade", "No effect: in the official tool, it upgrades skills."),
        _PARALLEL,
        _VERBOSE,
    ),
    takes=(*_CONNECTION, *_DATA),
    notes=NOTES,
    reports_changes=True,
)

_DIFF = tool(
    "diff",
    "Show what `ant apply` would change. The exit code is 0 without changes, 2 with changes, and 1 if "
    "the plan is blocked or a file has mistakes.",
    "apply:diff",
    ("all files below this folder", "ant diff ."),
    ("a comment for a pull request", "ant diff --format markdown . > plan.md"),
    ("in a script", 'ant diff . > plan.txt; test $? -ne 1 || echo "blocked"'),
    arguments=(_PATHS,),
    flags=(_ONLY, _PRUNE, _LOCK_FILE, _STRICT, _PARALLEL, _VERBOSE),
    takes=(*_CONNECTION, *_DATA),
    reports_changes=True,
)

_EXPORT = tool(
    "export",
    "Write environments to files that `ant apply` reads. They are added to the lock file.",
    "export:export_files",
    ("all of them", "ant export --all"),
    ("one, by its name", "ant export data --directory environments"),
    arguments=(arguments("environment", "IDs and names.", "ID | NAME"),),
    flags=(
        boolean_flag("all", "Every environment that is not archived."),
        text_flag("directory", "Where to write new files.", "FOLDER", "file", default="environments"),
        boolean_flag("force", "Overwrite files that exist."),
        _LOCK_FILE,
    ),
    takes=(*_CONNECTION, *_DATA),
)

_EDIT = tool(
    "edit",
    "Change an environment in your editor.",
    "edit:edit",
    ("one environment", "ant edit env_1"),
    ("in an editor that returns before its window is closed", "EDITOR='code --wait' ant edit env_1"),
    ("only show what would change", "ant edit env_1 --dry-run"),
    arguments=(argument("environment_id", "The environment's ID.", "id"),),
    flags=(boolean_flag("dry_run", "Show what would change and send nothing."),),
    takes=(*_CONNECTION, *_DATA),
    notes=_EDIT_NOTES,
)

SCHEMA = group(
    "schema",
    "Print JSON schemas, for editors and checks.",
    tool(
        "schema environment",
        "Print the JSON schema of an environment's file.",
        "export:print_schema",
        ("for an editor", "ant schema environment > environment.schema.json"),
        ("the fields of a cloud config", "ant schema environment --transform '$defs.cloud.properties.@keys'"),
        takes=_DATA,
    ),
)

APPLY_COMMANDS = (_APPLY, _DIFF, _EDIT, _EXPORT, SCHEMA)
