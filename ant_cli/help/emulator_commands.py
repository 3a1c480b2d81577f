"""The rows of `ant emulator`."""

from __future__ import annotations

from functools import partial

from ant_cli.help import command_row as row
from ant_cli.operations.shared_flags import YES
from ant_cli.operations.spec import Setting
from ant_cli.settings.rows import header

NOTES = """\
It behaves as the API's reference and recordings of the API show: fields and
their order, types, headers and errors of all 14 endpoints, and of the parts of
sessions that applications and workers need. Any number of processes may share
one emulator.

It has no models, no sandboxes and no rate limits. A session's agent follows a
script. Unless `start` is given a key, it accepts any key of the right kind, but
only from this machine, not from web pages."""

_WORK_TYPES = ("session", "healthcheck")
_NO_SECRET = row.boolean_flag(
    "no_secret", "Leave out the secret that the API's polls return with the work."
)
_METADATA = Setting(
    "metadata",
    list,
    "Keys and values of each item: team=data, repeated, or {team: data}.",
    value_name="YAML",
    completes="text",
)
# Texts: on a mistake, `emulator env` first prints a command for `eval` that fails.
_PORT = Setting("port", int, "The port of the emulator, if several are running.")
_WAIT = Setting("wait", int, "Seconds to wait for one to start, from 0 to 3600.", default="0")

_VARIABLES = "ANT_EMULATOR_"
"""The prefix of the variables of `start`."""

_BEHAVIOUR = (
    row.number_flag("port", "The port; 0 for any free one.", 0, 65535, "0"),
    row.number_flag("lease_seconds", "How long a lease lasts by default.", 1, 300, "300"),
    row.text_flag(
        "organization_id", "The organization ID in the headers of responses.", parse=header
    ),
    row.text_flag(
        "workspace_id",
        "The workspace of the key; its ID is in the headers of responses.",
        parse=header,
    ),
    row.boolean_flag("any_credential", "Accept any kind of credential in every request."),
    row.number_flag(
        "seed", "The same IDs and secrets in each run; the database is in memory.", 0, 999_999_999
    ),
    row.boolean_flag(
        "strict_streams", "Send no event from before a stream was opened, like the real API."
    ),
    row.boolean_flag("worlds", "Give each API key a world of its own, for tests at the same time."),
    row.text_flag("log_file", "Write the log to this file, 10 MB at most.", "FILE", "file"),
)

_control = partial(row.tool, takes=(*row.PROFILE, *row.REQUEST, *row.RESULT))
"""Return a command that sends a request to an emulator, and prints the result."""

_SESSION = row.group(
    "emulator session",
    "Create sessions whose agent follows a script, and show their events.",
    _control(
        "emulator session create",
        "Create a session whose agent follows a script, and put its work in the queue.",
        "emulator_control:create_session",
        ("with the agent's steps in a file", "ant emulator session create --script script.yaml"),
        (
            "check the result of a tool, then end the session",
            "echo '[{tool: bash, expect: {contains: x}}, terminate]' | ant emulator session create --script -",
        ),
        flags=(
            row.text_flag("environment_id", "A self-hosted environment. [default: the newest]"),
            row.text_flag(
                "script", "A YAML or JSON file with the agent's steps; - for stdin.", "FILE", "file"
            ),
            row.text_flag("title", "The title of the session."),
            _METADATA._replace(help="Keys and values of the session."),
            _NO_SECRET,
        ),
    ),
    _control(
        "emulator session show",
        "Print the events of a session, the oldest first.",
        "emulator_control:show_session",
        ("every event, a line each", "ant emulator session show session_1"),
        (
            "the results of its tools",
            "ant emulator session show session_1 --transform content --format jsonl",
        ),
        arguments=(row.argument("session_id", "A session."),),
    ),
)

_SCRIPT = _control(
    "emulator script",
    "Give a script to the next session that an application creates.",
    "emulator_control:add_script",
    ("the agent's steps in a file", "ant emulator script script.yaml"),
    (
        "for the next two sessions of an agent",
        "echo '[{message: Hello.}]' | ant emulator script - --agent agent_1 --times 2",
    ),
    arguments=(
        row.argument("file", "A YAML or JSON file with the agent's steps; - for stdin.", "file"),
    ),
    flags=(
        row.text_flag("agent", "The ID of an agent. [default: any agent]"),
        row.number_flag("times", "How many sessions get it.", 1, 1_000_000, "1"),
    ),
)

EMULATOR = row.group(
    "emulator",
    "Run the built-in emulator of the API, and inject faults.",
    row.tool(
        "emulator start",
        "Serve the emulator until Ctrl-C. Its base URL is printed as soon as it listens.",
        "emulator_serve:start",
        ("on any free port", "ant emulator start"),
        (
            "in the background, keeping nothing",
            "ant emulator start --port 8080 --database :memory: --detach",
        ),
        flags=(
            row.text_flag("host", "The address to listen on.", default="127.0.0.1"),
            row.text_flag(
                "database",
                "The file of its data; :memory: keeps nothing. [default: the file of --local]",
                completes="file",
            ),
            *_BEHAVIOUR,
            row.boolean_flag("detach", "Serve in the background; `ant emulator stop` ends it."),
            row.boolean_flag(
                "until_stdin_closes",
                "Stop when stdin ends, as it does with the program that started it.",
            ),
        ),
        takes=("format", "api_key", "api_key_stdin"),
        variables=_VARIABLES,
        notes=f"""\
Each flag may come from a variable, such as {_VARIABLES}PORT for --port.
A service container of a CI system can't be given flags.""",
        notes_typed_secret=False,
    ),
    row.tool(
        "emulator exec",
        "Run a command with its own emulator, and exit with its status.",
        "emulator_exec:run_command",
        ("a test suite", "ant emulator exec -- pytest"),
        (
            "with a log that explains failures",
            "ant emulator exec --log-file emulator.log -- npm test",
        ),
        arguments=(
            row.arguments(
                "command", "After --: the command, with its arguments.", completes="file"
            ),
        ),
        flags=_BEHAVIOUR,
        notes="""\
The emulator is in memory. The command finds it by ANTHROPIC_BASE_URL and
ANTHROPIC_API_KEY; other variables that begin with ANTHROPIC_ are removed. All
processes of the command end with it.""",
    ),
    row.tool(
        "emulator env",
        "Print variables that point a shell to the running emulator.",
        "emulator_running:env",
        ("point this shell's clients to the emulator", 'eval "$(ant emulator env)"'),
        (
            "run a single program on it, once it is up",
            '(eval "$(ant emulator env --wait 10)" && python worker.py)',
        ),
        (
            "for workers, with the ID and a key of an environment",
            'eval "$(ant emulator env env_1)"',
        ),
        arguments=(
            row.argument(
                "environment_id",
                "An environment: also print its ID and a key.",
                "emulator_id",
                required=False,
            ),
        ),
        flags=(_PORT, _WAIT),
    ),
    row.tool(
        "emulator status",
        "List the running emulators.",
        "emulator_running:status",
        ("the running emulators, with their databases", "ant emulator status"),
        ("their base URLs, for a script", "ant emulator status --transform base_url -r"),
        takes=row.RESULT,
    ),
    row.tool(
        "emulator stop",
        "Stop the running emulator when the requests in progress are done.",
        "emulator_running:stop",
        ("the running emulator", "ant emulator stop"),
        ("one of several", "ant emulator stop --port 8080"),
        flags=(_PORT, row.boolean_flag("all", "Stop every running emulator.")),
    ),
    _SCRIPT,
    _SESSION,
    _control(
        "emulator enqueue",
        "Put work in a queue, as a new session does in the real service.",
        "emulator_control:enqueue",
        (
            "five work items in the queue of an environment",
            "ant --local emulator enqueue env_1 --count 5",
        ),
        (
            "one with metadata, and its ID",
            "work=$(ant --local emulator enqueue env_1 --metadata team=data)",
        ),
        arguments=(row.argument("environment_id", "A self-hosted environment.", "emulator_id"),),
        flags=(
            row.text_flag("session_id", "The session of all items. [default: a new one for each]"),
            row.number_flag("count", "How many work items.", 1, 10_000, "1"),
            _METADATA,
            row.text_flag("type", "The type of the work.", choices=_WORK_TYPES, default="session"),
            _NO_SECRET,
        ),
    ),
    _control(
        "emulator key",
        "Print a key for the workers of an environment.",
        "emulator_control:key",
        ("a key", "ant --local emulator key env_1"),
        (
            "for the workers of this shell",
            "export ANTHROPIC_ENVIRONMENT_KEY=$(ant --local emulator key env_1)",
        ),
        arguments=(row.argument("environment_id", "A self-hosted environment.", "emulator_id"),),
    ),
    _control(
        "emulator requests",
        "Print the last 1,000 requests of a served emulator, the oldest first.",
        "emulator_control:requests",
        (
            "a line each, with the reason of an error",
            "ant emulator requests --base-url http://127.0.0.1:8080",
        ),
        (
            "the failed ones, with their bodies",
            "ant emulator requests --base-url http://127.0.0.1:8080 --format jsonl | jq 'select(.status != 200)'",
        ),
        flags=(row.boolean_flag("clear", "Remove them from the journal."),),
    ),
    _control(
        "emulator clock",
        "Show the clock, or move it, so that leases run out without waiting.",
        "emulator_control:clock",
        ("show its time", "ant --local emulator clock"),
        (
            "five minutes later: leases have run out",
            "ant --local emulator clock --advance-ms 300000",
        ),
        flags=(
            row.number_flag(
                "advance_ms", "How many milliseconds to move it forward.", 0, 999_999_999
            ),
            row.text_flag("now", "The time to set, such as 2026-03-15T10:00:00Z."),
            row.boolean_flag("freeze", "Stop it at this time. --freeze=false lets it run."),
        ),
    ),
    row.tool(
        "emulator reset",
        "Delete everything: environments, work, sessions and faults.",
        "emulator_control:reset",
        ("the emulator of --local", "ant --local emulator reset"),
        (
            "a served emulator, between two tests",
            "ant emulator reset --base-url http://127.0.0.1:8080",
        ),
        flags=(YES,),
        takes=(*row.PROFILE, *row.REQUEST),
    ),
    _control(
        "emulator fault",
        "Make the next requests fail, to see how your program handles it.",
        "emulator_control:fault",
        (
            "two polls that fail",
            "ant --local emulator fault --path-contains work/poll --status 529 --times 2",
        ),
        (
            "a change whose response is lost",
            "ant emulator fault --method POST --after-commit --disconnect",
        ),
        flags=(
            row.text_flag("path", "Only this path."),
            row.text_flag("path_contains", "Only paths that contain this."),
            row.text_flag("method", "Only GET, POST or DELETE."),
            row.number_flag("status", "The status of the response.", 200, 599),
            row.text_flag("error_code", "Its error code."),
            row.text_flag("body", "Its whole body."),
            Setting("header", list, "A header of it: 'name: value'."),
            row.number_flag("times", "How many requests fail.", 1, 1_000_000, "1"),
            row.number_flag("delay_ms", "Delay of the response.", 0, 600_000, "0"),
            row.boolean_flag("disconnect", "Close the connection without a response."),
            row.boolean_flag("after_commit", "Fail after the change is made."),
            row.number_flag("after", "How many succeed first.", 0, 1_000_000, "0"),
            row.number_flag("body_delay_ms", "Pause within a body.", 0, 600_000),
            row.number_flag("cut_after_bytes", "Cut a body.", 0, 1_000_000),
            row.number_flag("cut_after_events", "Cut a stream.", 0, 1_000_000),
            row.number_flag("error_after_events", "End a stream by an error.", 0, 1_000_000),
            row.boolean_flag("list", "List the remaining faults."),
            row.boolean_flag("clear", "Remove all faults."),
        ),
    ),
    notes=NOTES,
)
