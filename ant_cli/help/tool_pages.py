"""The ends of the help pages of our own commands: notes, and examples to copy."""

from __future__ import annotations

from ant_cli.help.layout import Example, examples
from ant_cli.help.topics import TOPICS

NOTES = {
    "emulator": """\
Faithful to the API, as its reference describes it and as it was recorded:
  The fields and their order, types, headers and errors of all 14 endpoints,
  and what a worker needs of sessions. What it answered survives a killed
  process, and any number of processes may share it.

Not like the real service:
  No models, no sandboxes, no rate limits. A session's agent follows a script.
  Any key will do, unless `start` is given one; without one, only this machine
  is answered, and no web page.

All of its rules, and which of them are a reading: docs/emulator.md""",
    "completion": "Add the line for your shell to its start-up file, and open a new shell.",
    "help": f"Topics: {', '.join(TOPICS)}",
}

EXAMPLES: dict[str, tuple[Example, ...]] = {
    "auth": (
        ("log in: you are asked for the key, and it is not shown", "ant auth login"),
        ("is there a key, and does the server accept it?", "ant auth status --check"),
    ),
    "auth login": (
        ("you are asked for the key; it is checked, and stored", "ant auth login"),
        (
            "in a script, from a password manager, under a name",
            "op read op://vault/anthropic/key | ant auth login --profile ci --api-key-stdin",
        ),
        (
            "from a file, where there is no network yet",
            "ant auth login --profile ci --api-key-stdin --no-verify < key.txt",
        ),
    ),
    "auth status": (
        ("which key is used, and why", "ant auth status"),
        ("in a script: go on only if the server accepts the key", "ant auth status --check > /dev/null || exit 4"),
        ("only the base URL, for a script", "ant auth status --transform base_url.value -r"),
    ),
    "auth token": (
        ("give the key to one program alone", "ANTHROPIC_API_KEY=$(ant auth token) python worker.py"),
        (
            "give the key of a profile to a CI service",
            "ant auth token --profile ci | gh secret set ANTHROPIC_API_KEY",
        ),
    ),
    "auth logout": (
        ("forget the key of the active profile", "ant auth logout"),
        ("forget one, and keep the profile's other settings", "ant auth logout --profile ci"),
        ("forget all of them, as the last step of a CI job", "ant auth logout --all"),
    ),
    "profile": (
        ("a profile for the emulator, which needs no key", "ant profile create dev --base-url local:"),
        ("use a profile from now on", "ant profile activate dev"),
        ("use another one for one command", "ant --profile work beta:environments list"),
    ),
    "profile list": (
        ("their names; a * marks the active one", "ant profile list"),
        ("with their settings", "ant profile list --format table --columns name,base_url,workspace_id"),
        ("their names, for a script", "ant profile list --transform name -r"),
    ),
    "profile get": (
        ("all settings of the active profile", "ant profile get"),
        ("one setting of another", "ant profile get base_url --profile work"),
    ),
    "profile set": (
        ("act in a workspace", "ant profile set workspace_id wrkspc_1"),
        (
            "have a program print the key, instead of storing it",
            "ant profile set api_key_command 'op read op://vault/anthropic/key'",
        ),
        ("replace a key with the one in a file", "ant profile set api_key --profile ci < key.txt"),
    ),
    "profile unset": (
        ("go back to the API itself", "ant profile unset base_url"),
        ("go back to the default time-out", "ant profile unset timeout --profile ci"),
    ),
    "profile activate": (
        ("use a profile from now on", "ant profile activate work"),
        ("choose one from a list", 'ant profile activate "$(ant profile list --transform name -r | fzf)"'),
    ),
    "profile create": (
        ("for the emulator, which needs no key", "ant profile create dev --base-url local:"),
        (
            "with a key that a program prints when it is needed",
            "ant profile create ops --api-key-command 'op read op://vault/anthropic/key'",
        ),
    ),
    "profile rename": (
        ("give the first profile a better name", "ant profile rename default personal"),
        (
            "keep the old profile while you try a new key",
            "ant profile rename ci ci-old && ant auth login --profile ci",
        ),
    ),
    "profile delete": (
        ("one profile, with its key", "ant profile delete ci"),
        (
            "all whose names begin with tmp-",
            "ant profile list --transform name -r | grep ^tmp- | xargs -n 1 ant profile delete",
        ),
    ),
    "emulator": (
        ("a queue with work, without a server", "ant --local emulator enqueue env_1 --count 5"),
        (
            "two polls in a row that fail",
            "ant --local emulator fault --path-contains work/poll --status 529 --times 2",
        ),
    ),
    "emulator start": (
        ("on any free port", "ant emulator start"),
        (
            "in a CI job: in the background, keeping nothing",
            "ant emulator start --port 8080 --database :memory: --detach",
        ),
    ),
    "emulator status": (
        ("the emulators that run, with their databases", "ant emulator status"),
        ("their base URLs, for a script", "ant emulator status --transform base_url -r"),
    ),
    "emulator stop": (
        ("the emulator that runs", "ant emulator stop"),
        ("one of several", "ant emulator stop --port 8080"),
    ),
    "emulator env": (
        ("point this shell's clients to the emulator", 'eval "$(ant emulator env)"'),
        ("run a single program on it, once it is up", '(eval "$(ant emulator env --wait 10)" && python worker.py)'),
    ),
    "emulator session": (
        (
            "a session that calls a tool",
            "echo '[{tool: bash, input: {command: ls}}]' | ant emulator session create --script -",
        ),
        ("what became of it", "ant emulator session show session_1"),
    ),
    "emulator session create": (
        ("what the agent does is in a file", "ant emulator session create --script script.yaml"),
        (
            "a result that the script checks, and the end of the session",
            "echo '[{tool: bash, expect: {contains: x}}, terminate]' | ant emulator session create --script -",
        ),
    ),
    "emulator session show": (
        ("every event, a line each", "ant emulator session show session_1"),
        ("the results of its tools", "ant emulator session show session_1 --transform content --format jsonl"),
    ),
    "emulator clock": (
        ("what time it is there", "ant --local emulator clock"),
        ("five minutes later: leases have run out", "ant --local emulator clock --advance-ms 300000"),
    ),
    "emulator enqueue": (
        ("five work items in the queue of an environment", "ant --local emulator enqueue env_1 --count 5"),
        (
            "one with metadata, and its ID for what follows",
            "work=$(ant --local emulator enqueue env_1 --metadata '{team: data}')",
        ),
    ),
    "emulator reset": (
        ("the emulator of --local", "ant --local emulator reset"),
        ("a served emulator, between two tests", "ant emulator reset --base-url http://127.0.0.1:8080"),
    ),
    "emulator fault": (
        (
            "two polls in a row that fail",
            "ant --local emulator fault --path-contains work/poll --status 529 --times 2",
        ),
        ("a slow network for the next twenty requests", "ant --local emulator fault --delay-ms 500 --times 20"),
        (
            "the third heartbeat fails",
            "ant --local emulator fault --path-contains heartbeat --after 2 --status 500",
        ),
        ("the faults that are still to come", "ant --local emulator fault --list"),
    ),
    "completion": (
        ("bash: in ~/.bashrc", 'eval "$(ant completion bash)"'),
        ("zsh: in ~/.zshrc, after compinit", "source <(ant completion zsh)"),
        ("fish: in ~/.config/fish/config.fish", "ant completion fish | source"),
        ("PowerShell: in $PROFILE", "ant completion pwsh | Out-String | Invoke-Expression"),
    ),
    "help": (
        ("a topic", "ant help exit-codes"),
        ("a command", "ant help beta:environments create"),
    ),
}
"""The examples of each command: what each is for, and the line."""


def end_of(command: str) -> str:
    """Return what stands below the options, or the commands, of a page."""
    parts = [NOTES.get(command), examples(EXAMPLES[command])]
    return "\n\n".join(part for part in parts if part)
