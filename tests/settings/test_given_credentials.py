"""Credentials on stdin, or on the command line, where other users can see them."""

from __future__ import annotations

import tempfile

import pytest

from ant_cli.argv import params_of
from ant_cli.errors import BadValue
from ant_cli.help.tool_commands import TOOL_COMMANDS
from ant_cli.operations import OPERATIONS
from ant_cli.operations.spec import Operation
from ant_cli.runtime import variables
from ant_cli.runtime.redaction import REDACTED
from ant_cli.settings import exposed_secrets
from ant_cli.settings.credentials import read_credentials
from ant_cli.settings.rows import ON_STDIN, SAFER, VARIABLES
from tests.conftest import flags_of, make_runtime
from tests.helpers.words import ARCHIVE, CREATE, LIST, NO_KEY

SECRET = "secret-of-the-pipe"


@pytest.mark.parametrize(
    ("flag", "header", "value"),
    [
        ("--api-key-stdin", "x-api-key", SECRET),
        ("--auth-token-stdin", "authorization", f"Bearer {SECRET}"),
    ],
)
@pytest.mark.parametrize("data", [SECRET, f"{SECRET}\n", f" \t{SECRET} \r\n\n", f"\ufeff{SECRET}"])
def test_a_credential_on_stdin_is_sent_trimmed_and_wins_over_variables(
    ant, flag, header, value, data
):
    """All of stdin is the credential, as in the official tool. Like a credential in a flag, it comes first."""
    done = ant(flag, *LIST, stdin=data)
    request = done.request
    assert request.headers[header] == value
    assert "x-api-key" not in request.headers or flag == "--api-key-stdin"
    assert SECRET not in done.stderr


REFUSED = [
    (("--api-key-stdin", *LIST), None, "nothing is piped in"),
    (("--api-key-stdin", *LIST), "", "the secret on stdin is empty"),
    (("--api-key-stdin", *LIST), " \n", "the secret on stdin is empty"),
    (("--api-key-stdin", *LIST), f"{SECRET}\nx-api-key: y", "contains a character that no key has"),
    (("--api-key-stdin", *LIST), f"{SECRET} y", "contains a space"),
    (("--api-key-stdin", *CREATE), f'{{"name":"{SECRET}"}}', "must be bare, not JSON"),
    (("--api-key-stdin", *CREATE), f'\n {{"name":"{SECRET}"}}', "must be bare, not JSON"),
    (("--auth-token-stdin", *LIST), f'["{SECRET}"]', "must be bare, not JSON"),
    (("--auth-token-stdin", *LIST), f'"{SECRET}"', "must be bare, not JSON"),
    (("--api-key-stdin", *LIST), b"\xff\xfe", "contains a character that no key has"),
    (
        ("--api-key-stdin", *LIST, "--api-key", "k"),
        SECRET,
        "--api-key and --api-key-stdin can't be used together",
    ),
    (
        ("--auth-token-stdin", *LIST, "--auth-token=k"),
        SECRET,
        "--auth-token and --auth-token-stdin can't be",
    ),
    (
        ("--api-key-stdin", "--auth-token-stdin", *LIST),
        SECRET,
        "--api-key-stdin and --auth-token-stdin can't be",
    ),
    (
        (f"--api-key-stdin={SECRET}", *LIST),
        None,
        "--api-key-stdin must be true or false, got [redacted]",
    ),
    (("--api-key-stdin", "beta:environments", "create"), SECRET, "--name is required"),
    (
        ("--api-key-stdin", "beta:environments", "create", "-f", "-"),
        SECRET,
        "can be read only once",
    ),
    (
        ("--api-key-stdin", "beta:environments", "create", "--name", "@-"),
        SECRET,
        "can be read only once",
    ),
    (("--api-key-stdin", "beta:environments", "retrieve"), SECRET, "--environment-id is required"),
    (("--api-key-stdin", *ARCHIVE), SECRET, "--environment-id is required"),
    (
        ("--api-key-stdin", "emulator", "session", "create", "--script", "-"),
        SECRET,
        "can be read only once",
    ),
]


@pytest.mark.parametrize(("words", "stdin", "message"), REFUSED, ids=range(len(REFUSED)))
def test_a_credential_on_stdin_can_not_be_combined_with_another_use_of_stdin_or_credential(
    ant, words, stdin, message
):
    """With another credential, a body, a file, or IDs, it is a usage error, and nothing is sent."""
    refusal = ant(*words, stdin=stdin).refusal
    assert message in refusal
    assert SECRET not in refusal


def test_auth_status_and_token_know_the_credential_on_stdin(ant):
    """It is a separate source."""
    done = ant("auth", "status", "--api-key-stdin", stdin=SECRET, env=NO_KEY)
    assert "(API key, from --api-key-stdin)" in done.stdout
    assert (
        ant("auth", "token", "--auth-token-stdin", stdin=SECRET, env=NO_KEY).stdout == f"{SECRET}\n"
    )
    unread = ant("auth", "status", "--api-key-stdin=false", "--api-key", SECRET, env=NO_KEY)
    assert "(API key, from --api-key)" in unread.stdout


NOTE = "Note: other users of this machine can read the value of {}. Safer: {}.\n"


@pytest.mark.parametrize(
    ("words", "flag", "safer"),
    [
        (("--api-key", "k-0001"), "--api-key", "ANTHROPIC_API_KEY or --api-key-stdin"),
        (("--auth-token=t-0001",), "--auth-token", "ANTHROPIC_AUTH_TOKEN or --auth-token-stdin"),
        (
            ("--identity-token", "jwt-0001", "--dry-run"),
            "--identity-token",
            "--identity-token-file",
        ),
        (
            ("--api-key", "k-0001", "--api-key", "k-0002"),
            "--api-key",
            "ANTHROPIC_API_KEY or --api-key-stdin",
        ),
    ],
)
def test_a_credential_on_the_command_line_causes_one_note(ant, words, flag, safer):
    """`ps` shows the credential, and the shell stores it."""
    done = ant(*LIST, *words, env=NO_KEY)
    assert (done.exit, done.stderr) == (0, NOTE.format(flag, safer))
    assert ant(*LIST, *words, env={**NO_KEY, "ANT_NO_HINTS": "1"}).stderr == ""


@pytest.mark.parametrize("command", ["poll", "run", "exporter"])
def test_an_environment_key_on_the_command_line_causes_one_note(ant, command):
    """It is the credential of a worker."""
    done = ant("beta:worker", command, "--environment-key", "k-0001", env=NO_KEY)
    assert done.exit == (78 if command == "run" else 2)
    assert done.stderr.startswith(NOTE.format("--environment-key", "ANTHROPIC_ENVIRONMENT_KEY"))
    assert done.stderr.count("Note: ") == 1


def test_a_key_of_a_login_or_an_emulator_is_not_to_be_in_a_variable(ant):
    """Neither command reads its key from a variable. The key of an emulator is not secret."""
    login = ant("auth", "login", "--no-verify", "--api-key", "k-0001", env=NO_KEY)
    assert login.stderr.startswith(NOTE.format("--api-key", "--api-key-stdin"))
    assert login.stderr.count("Note: ") == 1
    emulator = ant("emulator", "start", "--api-key", "k-0001", "--log-file", "none/x", env=NO_KEY)
    assert "Note: " not in emulator.stderr


def test_every_flag_that_is_redacted_as_a_secret_is_in_the_list_of_secret_flags():
    """The list says which flags cause a note and are registered. Redaction knows them by their names."""
    commands = (*OPERATIONS, *(command for tool in TOOL_COMMANDS for command in tool.walk()))
    flags = {
        param.name: param.flag
        for command in commands
        for param in (
            params_of(command)
            if isinstance(command, Operation)
            else (*command.flags, *command.global_flags)
        )
        if param.takes_value
    }
    found = {
        name
        for name, flag in flags.items()
        if [*exposed_secrets([flag, SECRET], {})][-1:] == [SECRET]
    }
    assert found == SAFER.keys()
    assert set(ON_STDIN.values()) <= SAFER.keys()


@pytest.mark.parametrize(
    "variable",
    [
        *(VARIABLES[name] for name in SAFER if name in VARIABLES),
        *(
            variables.IDENTITY_TOKEN,
            variables.ENVIRONMENT_KEY,
            variables.WORK_SECRET,
            variables.METADATA_KEY,
        ),
    ],
)
def test_the_credential_in_a_variable_is_redacted_in_the_first_error(ant, variable):
    """Even a usage error, which reads no settings, may quote it."""
    refusal = ant(*LIST, SECRET, env={**NO_KEY, variable: SECRET}).refusal
    assert SECRET not in refusal
    assert REDACTED in refusal


@pytest.mark.parametrize("words", [("--base-url", "{}"), ("--base-url={}",), ("-base-url={}",)])
def test_the_password_of_a_base_url_is_redacted_in_the_first_error_however_the_flag_is_written(
    ant, words
):
    """The error quotes the argument after it, which may have the password, too."""
    given = [word.format(f"http://ada:{SECRET}@h") for word in words]
    refusal = ant(*LIST, *given, f"extra-{SECRET}", env=NO_KEY).refusal
    assert SECRET not in refusal
    assert f"extra-{REDACTED}" in refusal


def test_a_variable_that_is_no_credential_is_not_redacted(ant):
    """An error may need it."""
    result = ant(*LIST, "team-data", env={variables.PROFILE: "team-data", **NO_KEY})
    assert "unexpected argument 'team-data'" in result.stderr


def test_a_credential_that_is_not_on_the_command_line_causes_no_note(ant):
    """It may be in a variable or on stdin."""
    for done in (ant(*LIST), ant(*LIST, "--api-key-stdin", stdin=SECRET, env=NO_KEY)):
        assert (done.exit, done.stderr) == (0, "")
    worker = ant("beta:worker", "poll", env={**NO_KEY, "ANTHROPIC_ENVIRONMENT_KEY": "k-0001"})
    assert worker.refusal.startswith("ant: ")


def test_a_secret_on_stdin_is_registered_even_if_it_is_rejected():
    """Later output, such as a response that echoes the secret, does not show it."""
    with tempfile.TemporaryFile() as file:
        file.write(f"{SECRET} and more\n".encode())
        file.seek(0)
        runtime = make_runtime({}, file)
        with pytest.raises(BadValue):
            read_credentials(flags_of(api_key_stdin=True), runtime)
    assert runtime.redactor.redact(f"x {SECRET} and more") == "x [redacted]"
