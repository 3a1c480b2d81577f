"""`ant beta:worker check`: what it concludes from each answer to each credential. Nothing is served."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from ant_cli.commands import worker_check
from ant_cli.errors import AntError
from ant_cli.worker.listener import Listener, ServedPage, text_page
from ant_cli.worker.work_api import WorkAPI
from tests.helpers.words import NO_KEY, page

METADATA_KEY = "sk-ant-api03-of-the-workers"
WORKER_KEY = "sk-ant-oat01-0123456789-wxyz"
ENVIRONMENT = {"id": "env_1", "type": "environment", "name": "queue", "archived_at": None}
STATS = {"depth": 0, "pending": 0, "oldest_queued_at": None, "workers_polling": 1}
REFUSALS = pytest.mark.parametrize("status", [401, 403, 404])


def refusal(status, message="no", **error):
    """Return the response of the API to a request that it refuses."""
    body = {"type": "error", "error": {"type": "x_error", "message": message, **error}}
    return httpx.Response(status, json=body)


class Api:
    """Answers each question by the credential with which it is asked."""

    def __init__(self, **answers):
        """Take the answers that differ: to `account`, `metadata`, `items` and `stats`."""
        self._answers = {
            "account": ENVIRONMENT,
            "metadata": ENVIRONMENT,
            "items": page(),
            "stats": STATS,
            **answers,
        }
        self.asked = []

    def __call__(self, request):
        question = self._question_of(request)
        self.asked.append(question)
        answer = self._answers[question]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    def _question_of(self, request):
        if request.url.path.endswith("/stats"):
            return "stats"
        if request.url.path.endswith("/work"):
            return "items"
        is_for_metadata = request.headers.get("x-api-key") == METADATA_KEY
        return "metadata" if is_for_metadata else "account"


@pytest.fixture
def check(ant):
    """Return a function that checks an environment by these answers, and returns the report and the questions."""

    def run(*words, place="env_1", env=None, ask=None, **answers):
        api = Api(**answers)
        variables = {
            "ANTHROPIC_ENVIRONMENT_KEY": WORKER_KEY,
            "ANT_WORKER_LISTEN": "127.0.0.1:1",
            "NO_COLOR": "1",
        }
        done = ant(
            *("beta:worker", "check", place, "--max-retries", "0", "--format", "json", *words),
            *("--", "true"),
            env={**variables, **(env or {})},
            replies=api,
            terminal=ask is not None,
            ask=ask,
        )
        report = done.json if done.stdout else {}
        return SimpleNamespace(
            exit=done.exit,
            stderr=done.stderr,
            report=report,
            asked=api.asked,
            causes=[finding["cause"] for finding in report.get("findings", [])],
            steps=[finding["next_step"] for finding in report.get("findings", [])],
        )

    return run


WITH_METADATA = {"ANT_WORKER_METADATA_KEY": METADATA_KEY}
NOTHING_WAITS = "The queue is empty: no session waits for a worker."


def test_each_question_is_asked_once_with_its_own_credential(check):
    """An API key can't list work, and an environment's key can't retrieve the environment."""
    done = check(env=WITH_METADATA)
    assert done.asked == ["account", "items", "stats", "metadata"]
    assert (done.exit, done.causes) == (0, [NOTHING_WAITS])
    assert done.report["takes_metadata_key"] is True
    assert done.report["dead_letters"] == []


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_a_key_for_metadata_that_is_blank_is_none(check, blank):
    """A variable of a template may be empty."""
    done = check(env={"ANT_WORKER_METADATA_KEY": blank})
    assert "metadata" not in done.asked
    assert done.report["takes_metadata_key"] is None


def test_a_key_for_metadata_may_have_a_line_break(check):
    """It was read from a file."""
    done = check(env={"ANT_WORKER_METADATA_KEY": f"{METADATA_KEY}\n"})
    assert done.report["takes_metadata_key"] is True


@REFUSALS
def test_a_key_for_metadata_that_is_refused_is_a_note(check, status):
    """Work is done nevertheless, but dead letters are not listed."""
    done = check(env=WITH_METADATA, metadata=refusal(status))
    assert done.report["takes_metadata_key"] is False
    assert done.report["dead_letters"] is None
    assert done.exit == 0
    (cause, step) = (done.causes[0], done.steps[0])
    assert cause.startswith(f"The server does not take ANT_WORKER_METADATA_KEY: {status} ")
    assert step.startswith("Workers with this key count failures only in their memory")


@pytest.mark.parametrize("status", [400, 429, 503])
def test_another_error_says_nothing_about_the_key_for_metadata(check, status):
    """The server may be overloaded."""
    done = check(env=WITH_METADATA, metadata=refusal(status))
    assert (done.report["takes_metadata_key"], done.causes) == (None, [NOTHING_WAITS])


@REFUSALS
def test_a_refusal_of_the_environment_key_says_where_to_get_another(check, status):
    """Then the API key reads the statistics."""
    done = check(items=refusal(status))
    assert done.asked == ["account", "items", "stats"]
    assert done.causes[0].startswith("The environment does not accept this environment key")
    assert done.causes[0].endswith(": no")
    assert done.steps[0].endswith("and set ANTHROPIC_ENVIRONMENT_KEY.")
    assert (done.report["may_poll"], done.report["running"]) == (False, None)
    assert done.report["queue"] == STATS


def test_the_key_of_a_file_is_redacted_in_what_the_server_says(check):
    """The key is neither in a variable nor in a flag."""
    Path("key").write_text("correct-horse-staple\n")
    Path("key").chmod(0o600)
    words = ("--environment-key-file", "key")
    done = check(*words, items=refusal(401, "not a key: correct-horse-staple"))
    assert done.causes[0].endswith(": not a key: [redacted]")


def test_an_empty_list_of_work_shows_that_the_key_may_poll(check):
    """It is no missing list."""
    done = check()
    assert done.report["may_poll"] is True
    assert done.report["waiting"] == done.report["running"] == []


@pytest.mark.parametrize("status", [400, 402, 409])
def test_another_refusal_says_nothing_of_the_environment_key(check, status):
    """Another key would not help."""
    done = check(items=refusal(status))
    assert done.causes[0].startswith(f"The server refuses: {status} ")
    assert "Console" not in done.steps[0]
    assert "ant beta:environments list" not in done.steps[0]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_overloaded_server_says_nothing_about_a_credential(check, status):
    """What it says twice is one finding."""
    done = check(account=refusal(status), items=refusal(status))
    assert done.causes[0].startswith("The environment could not be read: ")
    assert done.causes[1].startswith("The queue could not be read: ")
    assert "Try again later: this says nothing about the credential." in done.steps[1]
    assert done.exit == 1


def test_what_the_server_says_twice_about_one_subject_is_one_finding(check):
    """The list of work and the statistics fail alike."""
    done = check(items=refusal(503), stats=refusal(503))
    assert done.asked == ["account", "items", "stats"]
    assert sum(cause.startswith("The queue could not") for cause in done.causes) == 1


@REFUSALS
def test_a_refused_api_key_is_not_used_for_the_statistics(check, status):
    """The environment's key reads them. If that is refused, too, nothing else is asked."""
    done = check(account=refusal(status))
    assert done.asked == ["account", "items", "stats"]
    assert done.causes[0].startswith(f"The server refuses: {status} ")
    assert done.steps[0].endswith("To see all: ant beta:environments list")
    both = check(account=refusal(status), items=refusal(status))
    assert both.asked == ["account", "items"]
    assert both.report["queue"] is None


def test_without_an_environment_key_the_api_key_reads_the_statistics(check):
    """The items stay unknown."""
    done = check(env={"ANTHROPIC_ENVIRONMENT_KEY": None})
    assert done.asked == ["account", "stats"]
    assert (done.report["has_key"], done.report["may_poll"]) == (False, False)
    assert "There is no environment key: no worker can start here." in done.causes


@pytest.mark.parametrize("odd", [[], {}, {"id": 1}, {"id": ".."}, {"id": ""}])
def test_an_answer_that_is_no_environment_is_none(check, odd):
    """Its ID would be a part of the next path."""
    done = check(account=odd)
    assert done.report["environment"] == {"id": "env_1"}
    assert done.asked == ["account", "items", "stats"]


def test_a_name_without_an_api_key_can_not_be_asked_about(check):
    """Only an API key finds its ID."""
    done = check(place="queue", env=dict(NO_KEY))
    assert done.asked == []
    assert done.causes == ["'queue' is a name, whose ID only an API key can find."]
    assert done.steps == ["Give the ID, which begins with env_, or set ANTHROPIC_API_KEY."]


def test_a_name_that_an_api_key_does_not_find_is_not_asked_about_as_an_id(check):
    """The environment's key would be refused, which would seem to be its fault."""
    done = check(place="queue", account=refusal(404))
    assert "items" not in done.asked
    assert len([cause for cause in done.causes if "queue" in cause or "refuses" in cause]) == 1


@pytest.mark.parametrize("asks", ["account", "items", "stats", "metadata"])
def test_a_server_that_does_not_respond_is_the_only_problem(check, asks):
    """Whichever question it is that gets no response."""
    done = check(env=WITH_METADATA, **{asks: ConnectionResetError()})
    problems = [cause for cause in done.causes if "server" in cause]
    assert len(problems) == 1
    assert problems[0].startswith("The server does not respond: ")
    assert "Check the base URL and the network." in done.steps
    assert done.asked[-1] == asks
    assert done.exit == 1


def test_a_server_that_stops_responding_is_the_only_problem_whatever_it_said_before(check):
    """An earlier error response may have the same cause."""
    done = check(account=refusal(503), items=ConnectionResetError())
    assert [cause.partition(":")[0] for cause in done.causes] == ["The server does not respond"]


def test_a_check_of_the_emulator_in_this_process_needs_no_keys(ant):
    """The emulator accepts every credential, so the check reads the work without a key."""
    local = ("--base-url", "local:emulator.db")
    env = dict.fromkeys(("ANTHROPIC_API_KEY", "ANTHROPIC_ENVIRONMENT_KEY"))
    made = ant(
        *("beta:environments", "create", "--name", "queue", "--config", "{type: self_hosted}"),
        *local,
        env=env,
    )
    words = ("beta:worker", "check", "queue", *local, "--format", "json", "--", "true")
    done = ant(*words, env={**env, "ANT_WORKER_LISTEN": "127.0.0.1:1"})
    report = done.json
    assert report["environment"] == made.json
    assert (report["has_key"], report["may_poll"], report["waiting"]) == (True, True, [])
    causes = [finding["cause"] for finding in report["findings"]]
    assert causes == ["No worker has polled in the last 30 seconds.", NOTHING_WAITS]
    words = ("beta:worker", "check", "env_no", *local, "--format", "json", "--", "true")
    (finding,) = ant(*words, env=env).json["findings"]
    assert finding["cause"].startswith("The server refuses: 404 ")


@pytest.mark.parametrize("place", [".", "..", "env_\x01"])
def test_an_environment_that_can_not_be_in_a_path_is_a_usage_error(check, place):
    """It is no finding about the server."""
    done = check(place=place)
    assert (done.exit, done.report, done.asked) == (2, {}, [])


@pytest.mark.parametrize("status", [400, 403, 404])
def test_an_archived_environment_is_known_by_the_error_of_its_list_of_work(check, status):
    """The key is right: such an environment still hands out what waits."""
    archived = refusal(status, "Environment env_1 is archived.")
    done = check(env=dict(NO_KEY), items=archived)
    assert (done.report["archived"], done.report["may_poll"]) == (True, True)
    assert done.asked == ["items", "stats"]
    assert [cause for cause in done.causes if "archived" in cause] == done.causes


def test_an_archived_environment_is_known_by_its_time(check):
    """Whatever its list of work is."""
    done = check(account={**ENVIRONMENT, "archived_at": "2026-03-15T10:00:00Z"})
    assert done.report["archived"] is True


def test_the_start_command_has_the_id_that_was_found_for_a_name(ant):
    """A worker's key finds no names."""

    class Named(Api):
        def __call__(self, request):
            if request.url.path.endswith("/queue"):
                return refusal(404)
            if request.url.path.endswith("/environments"):
                return httpx.Response(200, json=page(ENVIRONMENT))
            return super().__call__(request)

    env = {"ANTHROPIC_ENVIRONMENT_KEY": WORKER_KEY, "ANT_WORKER_LISTEN": "127.0.0.1:1"}
    api = Named(stats={**STATS, "workers_polling": 0})
    done = ant("beta:worker", "check", "queue", "--", "true", env=env, replies=api)
    assert "Start one: ant beta:worker poll env_1 -- true\n" in done.stdout


# Items


def item(**members):
    """Return an item of the list of work."""
    return {"id": "work_1", "state": "queued", "data": {}, "metadata": {}, **members}


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"ant_last_error": "no disk"}, "no disk"),
        (
            {"ant_dead_letter": "5 attempts failed", "ant_last_error": "no disk"},
            "5 attempts failed",
        ),
        ({}, None),
        (None, None),
    ],
)
def test_the_reason_of_an_item_is_that_of_its_end_or_else_of_its_last_failure(
    check, metadata, reason
):
    """A dead letter has both."""
    report = check(items=page(item(metadata=metadata))).report
    shown = [*report["waiting"], *(report["dead_letters"] or [])]
    assert [each["reason"] for each in shown] == [reason]


def ago(seconds):
    """Return a time as the API writes it."""
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


def test_an_item_of_the_report_has_these_members(check):
    """The members say what the item is, who holds it, and why it waits."""
    found = item(
        data={"type": "session", "id": "session_1"},
        created_at="2020-01-01T00:00:00Z",
        metadata={"ant_last_error": "no disk", "ant_retry_at": "2125-11-29T00:00:00Z"},
        secret="not-for-people",
    )
    assert check(items=page(found)).report["waiting"] == [
        {
            "id": "work_1",
            "state": "queued",
            "data": {"type": "session", "id": "session_1"},
            "created_at": "2020-01-01T00:00:00Z",
            "taken_at": None,
            "last_sign_at": None,
            "lease_ends_within_seconds": None,
            "retry_at": "2125-11-29T00:00:00Z",
            "reason": "no disk",
        }
    ]


def test_a_report_has_these_members(check):
    """A monitor finds each member, even if its value is unknown."""
    assert check().report.keys() == {
        *("environment", "archived", "has_key", "may_poll", "takes_metadata_key", "queue"),
        *("worker_here", "outage", "unconfirmed_stops_here", "dead_letters_here"),
        "failed_metadata_writes_here",
        *("waiting", "running", "unheld", "dead_letters", "given_back"),
        *("handler", "findings", "works"),
    }


def test_a_dead_letter_is_listed_although_the_key_for_metadata_is_not_taken_any_more(check):
    """The metadata of the item says that it is a dead letter, whichever worker has written that."""
    dead = item(state="stopped", metadata={"ant_dead_letter": "5 attempts failed"})
    done = check(env=WITH_METADATA, metadata=refusal(401), items=page(dead))
    assert [each["id"] for each in done.report["dead_letters"]] == ["work_1"]


@pytest.mark.parametrize(
    ("retry_at", "is_paused"),
    [
        ("2125-11-29T00:00:00Z", True),
        ("2020-11-29T00:00:00Z", False),
        ("soon", False),
        (-60, True),
        (1, False),
    ],
)
def test_only_a_pause_that_is_not_over_is_shown(check, retry_at, is_paused):
    """An item that runs again may still have ant_retry_at. A number is the age of that time in seconds."""
    if isinstance(retry_at, int):
        retry_at = ago(retry_at)
    report = check(items=page(item(metadata={"ant_retry_at": retry_at}))).report
    assert report["waiting"][0]["retry_at"] == (retry_at if is_paused else None)


def test_the_last_sign_of_an_item_is_its_heartbeat_or_else_its_acknowledgement(check):
    """Its lease can end no later than five minutes after it."""
    running = item(
        state="active",
        acknowledged_at="2020-01-01T00:00:00Z",
        latest_heartbeat_at="2020-01-01T00:10:00Z",
    )
    taken = item(
        id="work_2",
        state="active",
        acknowledged_at="2020-01-01T00:00:00Z",
        latest_heartbeat_at=None,
    )
    first, second = check(items=page(running, taken)).report["running"]
    assert first["last_sign_at"] == "2020-01-01T00:10:00Z"
    assert first["taken_at"] == "2020-01-01T00:00:00Z"
    assert second["last_sign_at"] == "2020-01-01T00:00:00Z"
    assert first["lease_ends_within_seconds"] == second["lease_ends_within_seconds"] == 0


@pytest.mark.parametrize(
    ("state", "taken", "seen", "left"),
    [
        ("active", 200, 100, 200),
        ("stopping", 200, 100, 200),
        ("starting", 200, None, 100),
        ("active", 500, 299, 1),
        ("active", 500, 301, 0),
    ],
)
def test_a_lease_ends_at_most_five_minutes_after_the_last_sign(check, state, taken, seen, left):
    """Without a heartbeat, the last sign is the acknowledgement."""
    members = {"acknowledged_at": ago(taken), "latest_heartbeat_at": seen and ago(seen)}
    (found,) = check(items=page(item(state=state, **members))).report["running"]
    assert max(left - 10, 0) <= found["lease_ends_within_seconds"] <= left


def test_an_item_that_waits_again_shows_when_it_was_held_last_but_no_lease(check):
    """It has none."""
    waiting = item(acknowledged_at="2020-01-01T00:00:00Z")
    (found,) = check(items=page(waiting)).report["waiting"]
    assert (found["taken_at"], found["lease_ends_within_seconds"]) == (None, None)
    assert found["last_sign_at"] == "2020-01-01T00:00:00Z"


# Giving back


def abandoned(*ids):
    """Return items that nobody seems to hold."""
    return page(
        *(
            item(id=work_id, state="starting", acknowledged_at="2020-01-01T00:00:00Z")
            for work_id in ids
        )
    )


def test_without_items_that_nobody_holds_there_is_nothing_to_give_back(check):
    """So nobody is asked, and nothing is read again."""
    done = check("--requeue", ask=pytest.fail)
    assert (done.exit, done.report["given_back"]) == (0, [])
    assert done.asked == ["account", "items", "stats"]


def test_only_what_was_given_back_is_reported(check, monkeypatch):
    """The other one has a heartbeat by now. Both are asked about once more."""
    monkeypatch.setattr(WorkAPI, "give_back", lambda _api, work_id: work_id == "work_2")
    done = check("--requeue", "--yes", items=abandoned("work_1", "work_2"))
    assert done.report["given_back"] == ["work_2"]
    assert done.asked == ["account", "items", "stats"] * 2


def test_every_item_that_nobody_holds_is_given_back(check, monkeypatch):
    """This includes items that the page for people does not list."""
    ids = [f"work_{number}" for number in range(12)]
    monkeypatch.setattr(WorkAPI, "give_back", lambda _api, _work_id: True)
    assert check("--requeue", "--yes", items=abandoned(*ids)).report["given_back"] == ids


def test_nothing_is_given_back_without_the_flag_for_that(check, monkeypatch):
    """--yes only answers the question that --requeue asks."""
    monkeypatch.setattr(WorkAPI, "give_back", pytest.fail)
    done = check("--yes", items=abandoned("work_1"))
    assert (done.exit, done.report["given_back"]) == (1, [])


def test_nothing_is_given_back_unless_a_person_agrees(check, monkeypatch):
    """The question names each item."""
    monkeypatch.setattr(WorkAPI, "give_back", pytest.fail)
    questions = []
    done = check(
        "--requeue",
        ask=lambda question: questions.append(question) or "n",
        items=abandoned("work_1", "work_2"),
    )
    assert (done.exit, done.report) == (2, {})
    assert len(questions) == 1
    assert questions[0].startswith("Return work_1 work_2 to the queue? ")


# The handler, and the worker on this machine


@pytest.mark.parametrize("words", [("--on-work", "./No"), ("--", "./No")])
def test_a_handler_that_was_given_and_can_not_start_blocks_although_a_worker_polls(ant, words):
    """The handler may follow --on-work or --. The message begins with a capital letter."""
    env = {"ANTHROPIC_ENVIRONMENT_KEY": WORKER_KEY, "ANT_WORKER_LISTEN": "127.0.0.1:1"}
    done = ant("beta:worker", "check", "env_1", *words, env=env, replies=Api())
    assert done.exit == 1
    assert "! The handler './No' is not a program that can be run.\n" in done.stdout


def test_an_answer_that_is_not_of_the_api_has_the_hint_of_its_error(check):
    """It is no refusal."""
    done = check(account=httpx.Response(200, text="<html>"))
    assert done.causes[0].startswith("The environment could not be read: ")
    assert done.steps[0]


METRICS = """# HELP ant_worker_slots Items that can run at once.
ant_worker_slots{environment_id="env_1",worker_id="w\\"1\\\\"} 4.0
ant_worker_outage{environment_id="env_1",worker_id="w1"} 1.0
ant_worker_items_total{environment_id="env_1",outcome="dead_letter",worker_id="w1"} 1.5e+06
ant_worker_items_total{environment_id="env_2",outcome="dead_letter",worker_id="w1"} 7.0
ant_worker_items_total{environment_id="env_1",outcome="failed",worker_id="w1"} 3.0
ant_worker_metadata_writes_total{environment_id="env_1",outcome="written",worker_id="w1"} 9.0
ant_worker_metadata_writes_total{environment_id="env_1",outcome="failed",worker_id="w1"} 2.0
"""


def says(monkeypatch, metrics, readyz="ok\n"):
    """Return what a worker with these pages says about itself."""
    pages = {"/metrics": metrics, "/readyz": readyz}
    monkeypatch.setattr(worker_check, "_page", lambda _host, _port, path: pages[path])
    return worker_check._what_worker_says("127.0.0.1", 9464, "env_1")


def test_the_numbers_of_the_worker_here_are_those_of_its_environment(monkeypatch):
    """Each by its outcome."""
    assert says(monkeypatch, METRICS, " outage:\n x\n") == {
        "worker_here": "outage: x",
        "outage": True,
        "dead_letters_here": 1_500_000,
        "unconfirmed_stops_here": 0,
        "failed_metadata_writes_here": 2,
    }


def test_a_worker_here_that_does_not_say_whether_it_is_ready_is_not(monkeypatch):
    """Its other page has come."""
    found = says(monkeypatch, METRICS.replace("} 1.0", "} 0.0"), "")
    assert (found["worker_here"], found["outage"]) == ("no answer", False)


@pytest.mark.parametrize(
    "metrics",
    [
        "",
        "<html>",
        METRICS.replace("env_1", "env_3"),
        "".join(line for line in METRICS.splitlines(keepends=True) if "slots" not in line),
        METRICS.replace("ant_worker_slots{", "x ant_worker_slots{"),
    ],
)
def test_what_is_not_the_page_of_a_worker_of_this_environment_says_nothing(monkeypatch, metrics):
    """Anything may listen there."""
    assert set(says(monkeypatch, metrics).values()) == {None}


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_worker_may_serve_its_pages_at_an_address_of_either_version(host):
    """The address is in brackets in a URL then."""
    try:
        listener = Listener(host, 0, lambda path: text_page(f"at {path}"))
    except AntError:
        pytest.skip("this machine has no such address")
    port = int(listener.url.rpartition(":")[2])
    try:
        assert worker_check._page(host, port, "/readyz") == "at /readyz\n"
    finally:
        listener.close()


def test_a_page_that_is_not_text_is_shown_as_far_as_it_is():
    """Any program may listen there, and a worker that is not ready must not be reported as absent."""
    pages = {"/readyz": ServedPage(200, "text/plain", b"polling \xff fails\n")}
    with closing(Listener("127.0.0.1", 0, pages.get)) as listener:
        port = int(listener.url.rpartition(":")[2])
        assert worker_check._page("127.0.0.1", port, "/readyz") == "polling \ufffd fails\n"


def test_a_worker_here_that_counts_less_has_counted_nothing(monkeypatch):
    """A worker of an earlier version has fewer metrics."""
    metrics = METRICS.splitlines(keepends=True)
    assert says(monkeypatch, "".join(metrics[:2])) == {
        "worker_here": "ok",
        "outage": False,
        "dead_letters_here": 0,
        "unconfirmed_stops_here": 0,
        "failed_metadata_writes_here": 0,
    }


@pytest.mark.parametrize("host", ["[", "a b", "a..b", "127.0.0.1"])
def test_a_host_at_which_nothing_can_serve_has_no_pages(host):
    """It is no bug of the check."""
    assert worker_check._page(host, 1, "/readyz") == ""
