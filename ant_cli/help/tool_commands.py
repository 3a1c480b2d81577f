"""The tool commands as data: those that call no endpoint of the API.

Each row is the only description of its command. Its `function` is imported when the command runs. The rows of
`ant auth`, `ant profile` and `ant emulator` are in their own files.
"""

from __future__ import annotations

from ant_cli.help import command_row as row
from ant_cli.help.account_commands import AUTH, PROFILES
from ant_cli.help.emulator_commands import EMULATOR
from ant_cli.operations.shared_flags import YES
from ant_cli.settings import worker_options as worker

# Environments as files

NOTES = """\
Commit claude-lock.json. `ant help fields` describes the files."""

_EDIT_NOTES = """\
The editor is $VISUAL, $EDITOR, vi or nano. If the text has mistakes, it is
opened again with a note above each; if you leave it unchanged, the edit is
abandoned and the text is kept. If others have changed the environment, the text
is opened again with both changes. Only a change during the update itself is not
noticed."""

_CONNECTION = ("profile", *row.REQUEST)
_DATA = ("format", "transform", "raw_output")
_PATHS = row.arguments(
    "path", "Files, folders and patterns, besides the files in the lock file.", "PATH", "file"
)
_LOCK_FILE = row.text_flag(
    "lock_file", "The lock file. [default: the nearest one above]", "FILE", "file"
)
_ONLY = row.boolean_flag("only", "Only the named files, not all in the lock file.")
_PRUNE = row.boolean_flag("prune", "Archive environments whose files are gone.")
_VERBOSE = row.boolean_flag(
    "verbose", "Show unchanged environments and all fields.", short="-v", completes="plain"
)
_STRICT = row.boolean_flag("strict", "Reject unknown fields.")
_PARALLEL = row.number_flag("parallel", "Requests at once.", 1, 64, "8")

_APPLY = row.tool(
    "apply",
    "Create and update environments to match files. A path adds files to those in the lock file; to apply the "
    "named ones alone, use --only.",
    "apply:apply",
    ("all files below this folder", "ant apply ."),
    (
        "exactly what was reviewed",
        "ant apply --dry-run --save-plan plan.json . && ant apply --plan plan.json",
    ),
    arguments=(_PATHS,),
    flags=(
        row.boolean_flag("yes", "Apply without asking.", short="-y"),
        row.boolean_flag("dry_run", "Show the plan and change nothing."),
        _ONLY,
        row.boolean_flag("exit_code", "With --dry-run: exit with 2 for changes, 1 if blocked."),
        row.boolean_flag("adopt", "Manage existing environments of the same names."),
        row.boolean_flag("delete_archived", "Permanently delete archived ones of the same names."),
        row.boolean_flag("force", "Overwrite outside changes, and recreate what is gone."),
        _PRUNE,
        row.boolean_flag("allow_origin_change", "Accept and record another host or account."),
        _LOCK_FILE,
        row.text_flag("save_plan", "With --dry-run: save the plan; - for stdout.", "FILE", "file"),
        row.text_flag("plan", "Apply a saved plan, if nothing has changed since.", "FILE", "file"),
        row.boolean_flag("validate", "Check the files and send nothing."),
        _STRICT,
        row.boolean_flag("upgrade", "No effect: in the official tool, it upgrades skills."),
        _PARALLEL,
        _VERBOSE,
    ),
    takes=(*_CONNECTION, *_DATA),
    notes=NOTES,
    reports_changes=True,
)

_DIFF = row.tool(
    "diff",
    "Show what `ant apply` would change. The exit code is 0 without changes, 2 with changes, 1 if "
    "the plan is blocked or a file has mistakes, and as usual for a wrong key or no response.",
    "apply:diff",
    ("all files below this folder", "ant diff ."),
    ("a comment for a pull request", "ant diff --format markdown . > plan.md"),
    ("in a script that continues only with a plan", "ant diff . > plan.txt || test $? -eq 2"),
    arguments=(_PATHS,),
    flags=(_ONLY, _PRUNE, _LOCK_FILE, _STRICT, _PARALLEL, _VERBOSE),
    takes=(*_CONNECTION, *_DATA),
    reports_changes=True,
)

_EXPORT = row.tool(
    "export",
    "Write environments to files that `ant apply` reads. They are added to the lock file.",
    "export:export_files",
    ("all of them", "ant export --all"),
    ("one, by its name", "ant export data --directory environments"),
    arguments=(row.arguments("environment", "IDs and names.", "ID | NAME"),),
    flags=(
        row.boolean_flag("all", "Every environment that is not archived."),
        row.text_flag(
            "directory", "Where to write new files.", "FOLDER", "file", default="environments"
        ),
        row.boolean_flag("force", "Overwrite files that exist."),
        _LOCK_FILE,
    ),
    takes=(*_CONNECTION, *_DATA),
)

_EDIT = row.tool(
    "edit",
    "Change an environment in your editor.",
    "edit:edit",
    ("one environment", "ant edit data"),
    (
        "in an editor that returns before its window is closed",
        "EDITOR='code --wait' ant edit env_1",
    ),
    ("only show what would change", "ant edit env_1 --dry-run"),
    arguments=(row.argument("environment_id", "The environment's ID, or its name.", "id"),),
    flags=(row.boolean_flag("dry_run", "Show what would change, and change nothing."),),
    takes=(*_CONNECTION, *_DATA),
    notes=_EDIT_NOTES,
)

_SCHEMA = row.group(
    "schema",
    "Print JSON schemas, for editors and checks.",
    row.tool(
        "schema environment",
        "Print the JSON schema of an environment's file.",
        "export:print_schema",
        ("for an editor", "ant schema environment > environment.schema.json"),
        (
            "the fields of a cloud config",
            "ant schema environment --transform '$defs.cloud.properties.@keys'",
        ),
        takes=_DATA,
    ),
)

# The worker

_WITHOUT_CREDENTIAL = (*row.CONNECTION, *row.PROFILE)
"""The global flags of a worker. Its credential is the environment's key, not one of these."""

_ENVIRONMENT = row.argument("environment", "The environment's ID.", "id", required=False)
_HANDLER = row.arguments(
    "handler", "After --: the program for each item, with its arguments.", completes="file"
)

_WORKER = row.group(
    "beta:worker",
    "Run the work of a self-hosted environment.",
    row.tool(
        "beta:worker poll",
        "Run a handler for each work item, until a signal; see `ant help worker`.",
        "environment_worker:poll",
        (
            "in a container for each item; `ant help worker` has the -e flags",
            "ant beta:worker poll env_1 -- docker run --rm -i --init worker",
        ),
        (
            "by a handler that sends heartbeats itself",
            "ant beta:worker poll env_1 --heartbeat never -- ./handle.sh",
        ),
        arguments=(_ENVIRONMENT, _HANDLER),
        flags=worker.command_flags(worker.PollOptions),
        takes=_WITHOUT_CREDENTIAL,
        notes_typed_secret=False,
    ),
    row.tool(
        "beta:worker run",
        "Run the tools of one claimed item's session in this process; for containers. Values that neither flags "
        "nor variables give are taken from the item on stdin.",
        "environment_worker:run",
        (
            "as a handler, or in a container that has all values in variables",
            "ant beta:worker run --workdir /work",
        ),
        ("with the secret of the item", "ant beta:worker run --work-secret-file /run/secrets/work"),
        flags=worker.command_flags(worker.SessionOptions),
        takes=_WITHOUT_CREDENTIAL,
        notes_typed_secret=False,
        usage_code=worker.EX_CONFIG,
    ),
    row.tool(
        "beta:worker exporter",
        "Serve queue statistics to Prometheus and KEDA, until a signal.",
        "environment_worker:exporter",
        (
            "of one environment: /metrics and /stats",
            "ant beta:worker exporter --environment-id env_1",
        ),
        (
            "of two, to other machines",
            "ant beta:worker exporter --environment-id env_1,env_2 --listen 0.0.0.0:9464",
        ),
        flags=worker.command_flags(worker.ExporterOptions),
        takes=(*row.CREDENTIAL, *_WITHOUT_CREDENTIAL),
    ),
    row.tool(
        "beta:worker check",
        "Show why the work of an environment is not done, and what to do next. It only reads, without --requeue. "
        "The exit code is 0 if work would be done now, else 1.",
        "worker_check:check",
        ("why does it not run?", "ant beta:worker check env_1 -- ./handle.sh"),
        ("in a script", "ant beta:worker check env_1 > /dev/null || echo 'nothing is done'"),
        ("for a monitor", "ant beta:worker check env_1 --format json"),
        arguments=(_ENVIRONMENT, _HANDLER),
        flags=(
            *worker.command_flags(worker.CheckOptions),
            row.boolean_flag(
                "requeue", "Return items that nobody seems to hold. It asks at a terminal."
            ),
            YES,
        ),
        takes=(*row.CREDENTIAL, *_WITHOUT_CREDENTIAL, *row.RESULT),
    ),
)

# Help

SHELLS = ("bash", "zsh", "fish", "powershell")
"""The shells for which there is a completion script."""

_COMPLETION = row.tool(
    "completion",
    "Print a shell completion script.",
    "help:completion",
    ("bash: in ~/.bashrc", 'eval "$(ant completion bash)"'),
    ("zsh: in ~/.zshrc, after compinit", "source <(ant completion zsh)"),
    ("fish: in ~/.config/fish/completions/ant.fish, a new file", "ant completion fish | source"),
    ("PowerShell: in $PROFILE", "ant completion pwsh | Out-String | Invoke-Expression"),
    arguments=(row.argument("shell", f"{', '.join(SHELLS)}, or pwsh.", choices=SHELLS),),
    notes="Add the line for your shell to its start-up file, and open a new shell.",
)

SECTIONS = {
    "Work with the API": (_WORKER, _APPLY, _DIFF, _EDIT, _EXPORT, _SCHEMA),
    "Log in, and switch between accounts": (AUTH, PROFILES),
    "Try and test without an account": (EMULATOR,),
    "Get help": (_COMPLETION, row.HELP_COMMAND),
}
"""The tool commands, by the sections of the first help page. It lists the groups of the API before all of them."""
TOOL_COMMANDS = tuple(command for commands in SECTIONS.values() for command in commands)
