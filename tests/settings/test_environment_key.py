"""Which commands use ANTHROPIC_ENVIRONMENT_KEY, and what a refusal of the wrong credential says."""

from __future__ import annotations

import json
from contextlib import closing

import httpx
import pytest

from ant_cli.emulator import Emulator
from ant_cli.emulator.credentials import environment_key
from ant_cli.errors import APIError, CredentialError
from ant_cli.http.access import authenticated
from ant_cli.operations import OPERATIONS, work
from ant_cli.operations.spec import Flags
from ant_cli.settings.loading import load
from ant_cli.settings.rows import mask
from ant_cli.worker.work_api import WorkAPI, connection_with_key
from tests.conftest import flags_of, make_runtime, needs_posix
from tests.helpers.emulators import serving
from tests.helpers.servers import ScriptedServer, error
from tests.helpers.stores import TOKEN
from tests.helpers.words import KEY, NO_KEY, page

ENVIRONMENT_KEY = "sk-ant-oat01-0123456789-wxyz"
WORKER = {**NO_KEY, "ANTHROPIC_ENVIRONMENT_KEY": ENVIRONMENT_KEY}
BOTH = {"ANTHROPIC_ENVIRONMENT_KEY": ENVIRONMENT_KEY}
BEARER, API_KEY = f"Bearer {ENVIRONMENT_KEY}", KEY
ERROR = {"type": "error", "error": {"type": "permission_error", "message": "no"}}
LIST = (work.GROUP, "list", "env_1")
RETRIEVE = (work.GROUP, "retrieve", "work_1", "--environment-id", "env_1")


def command_of(operation):
    """Return a command line of an operation."""
    ids = [f"--{param.name.replace('_', '-')}=env_1" for param in operation.fields_in("path")]
    texts = {param.name: "x" for param in operation.fields_in("body") if param.required}
    texts |= (
        {"metadata": "{a: b}"} if "metadata" in {param.name for param in operation.params} else {}
    )
    flags = [f"--{name}={text}" for name, text in texts.items()]
    return (operation.group, operation.name, *ids, *flags)


def sent(done):
    """Return the credential of the only request."""
    request = done.request
    return request.headers.get("x-api-key") or request.headers.get("authorization")


ACCEPTING = [operation for operation in OPERATIONS if "environment key" in operation.accepts]
REJECTING = [operation for operation in OPERATIONS if "environment key" not in operation.accepts]


@pytest.mark.parametrize("operation", ACCEPTING, ids=lambda operation: operation.name)
def test_a_call_that_accepts_the_environment_key_uses_it_without_an_api_key(ant, operation):
    """With an API key, only the call that rejects API keys uses it."""
    assert sent(ant(*command_of(operation), env=WORKER)) == BEARER
    expected = API_KEY if "API key" in operation.accepts else BEARER
    done = ant(*command_of(operation), env=BOTH)
    assert (sent(done), "Note" in done.stderr) == (expected, False)


@pytest.mark.parametrize("operation", REJECTING, ids=lambda operation: operation.command)
def test_a_call_that_rejects_the_environment_key_is_never_sent_with_it(ant, operation):
    """Without an API key, nothing is sent, and the error says why the environment key is not used."""
    assert (
        sent(ant(*command_of(operation), env=BOTH, replies=[{**page(), "metadata": {}}])) == API_KEY
    )
    done = ant(*command_of(operation), env=WORKER)
    assert (done.exit, done.requests) == (4, [])
    assert (
        "ANTHROPIC_ENVIRONMENT_KEY is not used: the API takes no environment key for this.\n"
        in done.stderr
    )


@pytest.mark.parametrize(
    ("flags", "stdin", "expected"),
    [
        (("--api-key", "sk-ant-other"), None, "sk-ant-other"),
        (("--auth-token", "other"), None, "Bearer other"),
        (("--api-key-stdin",), "sk-ant-other", "sk-ant-other"),
    ],
)
def test_a_credential_on_the_command_line_wins_over_the_environment_key(
    ant, flags, stdin, expected
):
    """The user asked for it."""
    assert sent(ant(*LIST, *flags, env=BOTH, stdin=stdin)) == expected


def test_an_empty_environment_key_is_not_set(ant):
    """As for every variable."""
    assert sent(ant(*LIST, env={"ANTHROPIC_ENVIRONMENT_KEY": " "})) == API_KEY


def test_an_environment_key_that_can_not_be_sent_matters_only_where_it_is_used(ant):
    """A line break in it is a usage error."""
    env = {"ANTHROPIC_ENVIRONMENT_KEY": "line\nbreak"}
    assert ant(*RETRIEVE, env=env, replies=[{}]).exit == 0
    refusal = ant(*LIST, env=env).refusal
    assert refusal.startswith("ant: ANTHROPIC_ENVIRONMENT_KEY contains a character that no key has")
    assert ant("auth", "status", env=env).exit == 0


def test_without_any_credential_each_call_names_the_variables_that_it_takes(ant):
    """The list needs an environment key; a poll takes either."""
    assert ant(*LIST, env=NO_KEY).stderr == (
        "ant: there is no environment key.\nSet ANTHROPIC_ENVIRONMENT_KEY; --local needs none.\n"
        "The environment's page in the Console gives a key; for an emulator: ant emulator key ENVIRONMENT\n"
    )
    polled = ant(work.GROUP, "poll", "env_1", env=NO_KEY)
    assert (polled.exit, "Or set ANTHROPIC_ENVIRONMENT_KEY.\n" in polled.stderr) == (4, True)
    retrieved = ant(*RETRIEVE, env=NO_KEY).stderr
    assert "ENVIRONMENT_KEY" not in retrieved
    assert retrieved.endswith("\nTo create one: https://platform.claude.com, Settings, API keys\n")


@pytest.fixture
def profile(profiles):
    """Return a function that stores and activates a profile."""
    return lambda line: profiles(f'active = "p"\n[profiles.p]\n{line}\n')


def test_a_profiles_key_stays_untouched_if_the_environment_key_is_used(ant, profile, tmp_path):
    """No program that prints a key runs for a call that rejects API keys."""
    profile(f"api_key_command = 'touch {tmp_path}/ran'")
    assert sent(ant(*LIST, env=WORKER)) == BEARER
    done = ant(work.GROUP, "list", "prod", env=WORKER)  # whose name is not looked up either
    assert (done.exit, done.requests) == (4, [])
    assert not (tmp_path / "ran").exists()


def test_a_broken_login_of_the_official_tool_does_not_matter_if_the_environment_key_is_used(
    ant, official
):
    """Its files are not read."""
    official.log_in()
    official.config("default").write_text("broken")
    assert ant(*RETRIEVE, env=WORKER).exit == 4
    assert sent(ant(*LIST, env=WORKER)) == BEARER


def test_a_login_of_the_official_tool_comes_before_the_environment_key_where_either_is_accepted(
    ant, official
):
    """A login counts as an API key, as a profile does."""
    official.log_in(expires_at=10**10)
    assert sent(ant(work.GROUP, "poll", "env_1", env=WORKER)) == f"Bearer {TOKEN}"


def test_a_note_says_that_the_environment_key_is_sent_to_the_server_of_a_profile(ant, profile):
    """As for other variables: the key may be that of another server."""
    profile('base_url = "https://proxy.example"')
    done = ant(*LIST, env=WORKER)
    assert (
        "ANTHROPIC_ENVIRONMENT_KEY is sent to https://proxy.example (base_url of profile 'p')"
        in done.stderr
    )


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_that_the_wrong_credential_explains_names_the_right_one(ant, profile, status):
    """The API does not document the status of such a refusal."""
    done = ant(*LIST, replies=[httpx.Response(status, json=ERROR)])
    hint = "The API takes an environment key for this, not an API key. Set ANTHROPIC_ENVIRONMENT_KEY.\n"
    assert hint in done.stderr
    done = ant(*LIST, "--api-key", KEY, env=BOTH, replies=[httpx.Response(status, json=ERROR)])
    assert "Set ANTHROPIC_ENVIRONMENT_KEY. Leave out --api-key.\n" in done.stderr
    profile(f'api_key = "{KEY}"')
    done = ant(*LIST, env=NO_KEY, replies=[httpx.Response(status, json=ERROR)])
    assert "not an API key. Set ANTHROPIC_ENVIRONMENT_KEY.\n" in done.stderr
    token = {**NO_KEY, "ANTHROPIC_AUTH_TOKEN": ENVIRONMENT_KEY}
    done = ant(*RETRIEVE, env=token, replies=[httpx.Response(status, json=ERROR)])
    message = "If the token is an environment key: the API takes an API key for this. Set ANTHROPIC_API_KEY."
    assert message in done.stderr


@pytest.mark.parametrize(
    ("words", "env"), [(LIST, BOTH), (RETRIEVE, {}), ((work.GROUP, "poll", "env_1"), {})]
)
@pytest.mark.parametrize(("status", "code"), [(401, 4), (404, 5), (500, 7)])
def test_other_refusals_have_no_hint_about_the_type_of_the_credential(
    ant, words, env, status, code
):
    """The right credential was sent, or the status says something else."""
    done = ant(*words, "--max-retries", "0", env=env, replies=[httpx.Response(status, json=ERROR)])
    assert (done.exit, "The API takes" in done.stderr) == (code, False)


def test_the_emulator_in_this_process_refuses_no_credential(ant):
    """Its 404 means that there is no such environment."""
    done = ant(*LIST, "--local")
    assert (done.exit, "The API takes" in done.stderr) == (5, False)


def test_completion_of_work_ids_uses_the_environment_key(ant):
    """It sends the request of `work list`."""
    listed = page({"id": "work_1", "state": "active"})
    words = (work.GROUP, "retrieve", "--environment-id", "env_1", "")
    done = ant("__complete", "work_id", *words, env=BOTH, replies=[listed])
    assert (done.stdout, sent(done)) == ("work_1\tactive\n", BEARER)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_name_in_place_of_an_id_is_looked_up_with_the_api_key(ant, status):
    """The environments are not listed with the environment key that the failed request was sent with.

    Of several other credentials, the API key is used, as in other commands.
    """
    environments = page({"id": "env_01", "name": "prod"})
    gone = httpx.Response(status, json=ERROR)
    env = {**BOTH, "ANTHROPIC_AUTH_TOKEN": "a-token"}
    done = ant(work.GROUP, "list", "prod", env=env, replies=[gone, environments, page()])
    assert [request.headers.get("x-api-key") for request in done.requests] == [None, API_KEY, None]
    assert (done.exit, done.requests[-1].url.path) == (0, "/v1/environments/env_01/work")


@pytest.mark.parametrize("name", ["stats", "list", "poll"])
def test_without_an_api_key_a_name_in_place_of_an_id_is_rejected_before_anything_is_sent(ant, name):
    """The response would be 401, though the environment key is right."""
    done = ant(work.GROUP, name, "queue1", env=WORKER)
    assert (done.exit, done.requests) == (4, [])
    message = "ant: 'queue1' is not the ID of an environment (env_...), and an environment key finds no names.\n"
    assert message in done.stderr
    assert "Give the ID, or set ANTHROPIC_API_KEY.\n" in done.stderr
    created = ant(
        "--local",
        "beta:environments",
        "create",
        "--name",
        "queue1",
        "--config",
        "{type: self_hosted}",
    )
    assert (created.exit, ant("--local", work.GROUP, name, "queue1", env=WORKER).exit) == (0, 0)


def test_a_dry_run_shows_a_bearer_token_without_the_key(ant):
    """It needs no other credential."""
    done = ant(*LIST, "--dry-run", env=WORKER)
    assert (done.exit, "authorization: Bearer [redacted]\n" in done.stdout) == (0, True)
    assert ENVIRONMENT_KEY not in done.stdout + done.stderr


@needs_posix("the worker")
@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("poll", "env_1", "--", "true"), 2),
        # no failure of the item
        (("run", "--environment-id", "env_1", "--session-id", "s", "--work-id", "w"), 78),
        (("exporter", "--environment-id", "env_1"), 2),
    ],
    ids=str,
)
def test_an_api_key_in_place_of_the_environment_key_is_refused_by_the_worker(ant, words, status):
    """Handlers would get it, which can do far more than that of the environment."""
    env = {**NO_KEY, "ANTHROPIC_ENVIRONMENT_KEY": "sk-ant-api03-0123456789-wxyz"}
    done = ant("beta:worker", *words, env=env)
    assert (done.exit, done.stdout, done.requests) == (status, "", [])
    assert (
        "ANTHROPIC_ENVIRONMENT_KEY holds an API key, but has to hold the key of an environment.\n"
        in done.stderr
    )
    assert "for an emulator: ant emulator key ENVIRONMENT\n" in done.stderr
    shown = " ".join(ant("auth", "status", env=env).stdout.split())
    assert "holds an API key, but has to hold the key of an environment" in shown


@pytest.mark.parametrize(
    ("status", "said"), [("401 Unauthorized", "was not accepted"), ("403 Forbidden", "permission")]
)
def test_the_hint_of_a_rejection_names_the_key_that_was_sent(clean_environ, status, said):
    """A worker has two keys, and sends the one that the API takes for the request."""
    with ScriptedServer(error(status)) as server:
        runtime = make_runtime(clean_environ)
        connection = load(
            runtime, flags_of(base_url=server.url), has_own_credential=True
        ).connection
        both = connection_with_key(connection, ENVIRONMENT_KEY, {}, API_KEY)
        with closing(WorkAPI(both, runtime, "env_1")) as api, pytest.raises(APIError) as caught:
            api.update("work_1", {"a": "b"})
    assert caught.value.hint.startswith(f"The key {mask(API_KEY)} (from ANT_WORKER_METADATA_KEY)")
    assert said in caught.value.hint
    assert "environment key" not in caught.value.hint


@needs_posix("the worker")
def test_a_worker_says_where_its_key_comes_from_and_that_it_takes_an_id(ant):
    """An environment's key finds no names."""
    missing = ant("beta:worker", "poll", "env_1", "--", "true").refusal
    assert "--environment-key (ANTHROPIC_ENVIRONMENT_KEY) is required." in missing
    message = "The environment's page in the Console gives a key; for an emulator: ant emulator key ENVIRONMENT\n"
    assert message in missing
    named = ant("beta:worker", "poll", "my queue", "--", "true", env=WORKER).refusal
    assert (
        "'my queue' is not the ID of an environment (env_...), and its key finds no names.\n"
        in named
    )
    assert "ant beta:environments retrieve 'my queue' --transform id -r\n" in named


def test_a_worker_uses_its_key_at_a_server_to_which_that_of_the_profile_is_not_sent(
    clean_environ, profile
):
    """A worker brings its own credential, and the profile has nothing to do with it."""
    profile("api_key = 'k'\nbase_url = 'https://work.example'")
    runtime = make_runtime(
        {**clean_environ, "ANTHROPIC_API_KEY": "", "ANTHROPIC_BASE_URL": "https://other.example"}
    )
    connection = load(runtime, Flags({}), has_own_credential=True).connection
    with pytest.raises(CredentialError, match="is not sent to"):
        authenticated(connection, runtime)
    used = authenticated(connection_with_key(connection, ENVIRONMENT_KEY, {}), runtime)
    assert used.credential.secret == ENVIRONMENT_KEY


def test_each_command_succeeds_on_an_emulator_that_refuses_the_wrong_credential(ant, tmp_path):
    """A shell with both keys can do everything, and one with the environment key what a worker does."""
    with closing(Emulator(tmp_path / "emulator.db")) as emulator, serving(emulator) as server:

        def run(*words, env=BOTH):
            environ = {**env, "ANTHROPIC_ENVIRONMENT_KEY": key}
            done = ant(
                *words, "--base-url", server.url, "--format", "jsonl", env=environ, network=True
            )
            assert done.exit == 0, done.stderr
            return json.loads(done.stdout or "null")

        key = ""
        queue = run(
            "beta:environments", "create", "--name", "q", "--config", "{type: self_hosted}"
        )["id"]
        key = environment_key(queue, "")
        run("emulator", "enqueue", queue)
        item = (
            "--environment-id",
            queue,
            "--work-id",
            run(work.GROUP, "poll", queue, env=WORKER)["id"],
        )
        for name, env in (
            ("ack", WORKER),
            ("heartbeat", WORKER),
            ("retrieve", BOTH),
            ("stop", WORKER),
        ):
            run(work.GROUP, name, *item, env=env)
        run(work.GROUP, "update", *item, "--metadata", "a=b")
        run(work.GROUP, "stats", queue, env=WORKER)
        assert run(work.GROUP, "list", queue, env=WORKER)["metadata"] == {"a": "b"}


# The environment's ID

STATS = (work.GROUP, "stats")
IN_VARIABLE = {"ANTHROPIC_ENVIRONMENT_ID": "env_v"}
ITEM = '{"id": "work_1", "environment_id": "env_1"}'


@pytest.mark.parametrize(
    ("words", "stdin", "path"),
    [
        (STATS, None, "env_v/work/stats"),
        (STATS, "", "env_v/work/stats"),
        ((*STATS, "env_1"), None, "env_1/work/stats"),
        ((*STATS, "--environment-id", "env_1"), None, "env_1/work/stats"),
        (STATS, "env_1\n", "env_1/work/stats"),
        ((work.GROUP, "ack", "work_2"), ITEM, "env_v/work/work_2/ack"),
        ((work.GROUP, "ack"), ITEM, "env_1/work/work_1/ack"),
        ((work.GROUP, "ack"), "work_1\n", "env_v/work/work_1/ack"),
    ],
)
def test_work_commands_use_the_environment_of_the_variable_if_nothing_else_names_one(
    ant, words, stdin, path
):
    """A command that has its ID leaves stdin to the loop around it."""
    done = ant(*words, env=IN_VARIABLE, stdin=stdin)
    assert (done.exit, done.stderr, done.requests[0].url.path) == (
        0,
        "",
        f"/v1/environments/{path}",
    )


def test_a_note_at_a_terminal_names_the_variable_with_the_environment(ant):
    """It may have been set for something else."""
    note = "Note: --environment-id is env_v, from ANTHROPIC_ENVIRONMENT_ID.\n"
    assert note in ant(*STATS, env=IN_VARIABLE, terminal=True).stderr
    assert note not in ant(*STATS, "env_1", env=IN_VARIABLE, terminal=True).stderr


@pytest.mark.parametrize(
    ("words", "env"),
    [
        (("beta:environments", "delete", "--yes"), IN_VARIABLE),
        (STATS, {"ANTHROPIC_ENVIRONMENT_ID": " "}),
    ],
)
def test_an_environment_itself_is_never_taken_from_the_variable(ant, words, env):
    """It would be deleted by a command that lacks an ID. A blank variable is unset."""
    assert (ant(*words, env=env).exit, ant(*words, env=env).requests) == (2, [])


def test_an_api_key_next_to_the_environment_key_is_sent_without_the_space_around_it(ant):
    """The API key is read in the same way as without an environment key."""
    done = ant(*RETRIEVE, env={**WORKER, "ANTHROPIC_API_KEY": f" {API_KEY}\n"})
    assert done.request.headers["x-api-key"] == API_KEY


@pytest.mark.parametrize("words", [RETRIEVE, (work.GROUP, "list", "prod")])
def test_an_api_key_that_can_not_be_sent_is_rejected_only_where_it_is_needed(ant, words):
    """The API key is needed for the request itself, or to look up a name."""
    env = {**WORKER, "ANTHROPIC_API_KEY": "a\x01b"}
    assert "ANTHROPIC_API_KEY" in ant(*words, env=env).refusal
    assert ant(work.GROUP, "list", "env_1", env=env).exit == 0
