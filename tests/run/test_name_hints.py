"""A name in place of an environment's ID (D45): what is sent, for which environment, and when nothing is."""

from __future__ import annotations

import errno
import json
import threading
from functools import partial

import httpx
import pytest

from tests.conftest import needs_posix
from tests.helpers.streams import Head
from tests.helpers.words import ARCHIVE, LIST, page

NOT_FOUND = httpx.Response(
    404,
    json={"type": "error", "error": {"type": "not_found_error", "message": "no such environment"}},
)
RETRIEVE = ("beta:environments", "retrieve")
DELETE = ("beta:environments", "delete", "--yes")
PROD = "/v1/environments/prod"
FOUND = "/v1/environments/env_2"


def env(item_id: str, name: str, *, archived: bool = False):
    """Return an environment."""
    return {
        "id": item_id,
        "name": name,
        "archived_at": "2026-03-15T10:00:00Z" if archived else None,
    }


live, archived = partial(env, archived=False), partial(env, archived=True)
LISTED = page(live("env_1", "dev"), live("env_2", "prod"), archived("env_3", "prod"))


def sent(result):
    """Return the method and path of each request, without the beta parameter."""
    return [f"{request.method} {request.url.path}" for request in result.requests]


def test_a_name_stands_for_its_environment_if_the_server_knows_no_such_id(ant):
    """The first request is that of the official tool. A pipe gets no note."""
    result = ant(*RETRIEVE, "prod", replies=[NOT_FOUND, LISTED, live("env_2", "prod")])
    assert (result.exit, result.json["id"], result.stderr) == (0, "env_2", "")
    assert sent(result) == [f"GET {PROD}", "GET /v1/environments", f"GET {FOUND}"]
    assert dict(result.requests[1].url.params) == {
        "beta": "true",
        "include_archived": "true",
        "limit": "1000",
    }


@pytest.mark.parametrize(
    ("words", "request_line"),
    [
        (DELETE, f"DELETE {FOUND}"),
        (ARCHIVE, f"POST {FOUND}/archive"),
        (("beta:environments", "update", "--name", "p"), f"POST {FOUND}"),
        (
            ("beta:environments:work", "ack", "work_1", "--environment-id"),
            f"POST {FOUND}/work/work_1/ack",
        ),
        (("emulator", "enqueue"), "POST /_emulator/environments/env_2/enqueue"),
        (("emulator", "key"), "POST /_emulator/environments/env_2/key"),
    ],
)
def test_before_a_change_the_environment_is_read_again(ant, words, request_line):
    """It must still have the name: it may have been renamed since the look."""
    flags = ("--base-url", "http://127.0.0.1:1") if words[0] == "emulator" else ()
    replies = [
        NOT_FOUND,
        LISTED,
        live("env_2", "prod"),
        {"id": "x", "data": [], "environment_id": "env_2", "environment_key": "k"},
    ]
    result = ant(*words, "prod", *flags, replies=replies)
    assert (result.exit, sent(result)[1:]) == (
        0,
        ["GET /v1/environments", f"GET {FOUND}", request_line],
    )


@pytest.mark.parametrize(
    "now", [live("env_2", "other"), archived("env_2", "prod"), {"id": "env_2"}]
)
def test_a_change_is_not_sent_if_the_environment_lost_its_name_meanwhile(ant, now):
    """Nor if it was archived meanwhile: another one may have the name now."""
    result = ant(*DELETE, "prod", replies=[NOT_FOUND, LISTED, now])
    assert (result.exit, sent(result)[2:]) == (6, [f"GET {FOUND}"])
    assert (
        "env_2 was renamed or archived after it was found by the name 'prod', so nothing was sent."
        in result.stderr
    )


def test_a_change_whose_response_was_lost_is_repeated_without_the_check(ant):
    """Its first attempt may have given the environment another name."""
    replies = [NOT_FOUND, LISTED, live("env_2", "prod"), httpx.Response(500), live("env_2", "new")]
    result = ant("beta:environments", "update", "prod", "--name", "new", replies=replies)
    assert (result.exit, sent(result)[3:]) == (0, [f"POST {FOUND}"] * 2)


def test_a_change_that_a_rate_limit_delays_is_checked_again_before_its_next_attempt(ant):
    """It was not made, and by now another environment may have the name."""
    checked, renamed = live("env_2", "prod"), live("env_2", "other")
    replies = [NOT_FOUND, LISTED, checked, httpx.Response(429), renamed]
    result = ant(*DELETE, "prod", replies=replies)
    assert (result.exit, sent(result)[2:]) == (
        6,
        [f"GET {FOUND}", f"DELETE {FOUND}", f"GET {FOUND}"],
    )


@pytest.mark.parametrize(
    ("listed", "hint"),
    [
        (
            page(live("env_1", "dev")),
            "No environment has the name 'prod'. To list them: ant beta:environments list",
        ),
        (page(live("env_1", "prd")), "No environment has the name 'prod'. Did you mean 'prd'?"),
        (page(), "No environment has the name 'prod'."),
        (
            page(live("env_1", "prod"), live("env_2", "prod"), archived("env_3", "prod")),
            "2 environments have the name 'prod': env_1, env_2. Give one of these IDs.",
        ),
        (
            page(archived("env_1", "prod"), archived("env_2", "prod")),
            "have the name 'prod': env_1, env_2.",
        ),
        (page(live("..", "prod")), "No environment has the name 'prod'."),
        (page(archived("env_1", "prd")), "No environment has the name 'prod'. Did you mean 'prd'?"),
    ],
)
def test_nothing_is_changed_unless_exactly_one_environment_has_the_name(ant, listed, hint):
    """Archived environments count only if no other environment has the name."""
    result = ant(*DELETE, "prod", replies=[NOT_FOUND, listed])
    assert (result.exit, len(result.requests)) == (5, 2)
    assert "no such environment" in result.stderr
    assert hint in result.stderr


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("dev,prod", "'dev,prod' is taken as one name. For several, write them apart: dev prod"),
        ("env_1, prod", "For several, write them apart: env_1 prod"),
        ("prod,", "No environment has the name 'prod,'. Did you mean 'prod'?"),
        ("dev my env", "No environment has the name 'dev my env'."),
        ("dev,prd", "No environment has the name 'dev,prd'."),
        (
            "pr*",
            "'pr*' is taken as a name, not as a pattern. To list what matches: "
            "ant beta:environments list --filter 'name%\"pr*\"'",
        ),
        (
            "https://platform.claude.com/workspaces/default/environments/env_01abc?tab=1",
            "Give the ID alone: env_01abc",
        ),
        ("platform.claude.com/environments/env_01abc", "Give the ID alone: env_01abc"),
        ("https://platform.claude.com/environments/env_01abc#tab", "the ID alone: env_01abc"),
        ("env_01abc?tab=1", "No environment has the name 'env_01abc?tab=1'."),
        ("session_1.old", "No environment has the name 'session_1.old'."),
        ("https://example.com/prod", "No environment has the name 'https://example.com/prod'."),
    ],
)
@needs_posix("the quotes of sh")
def test_what_is_no_name_is_answered_with_what_was_most_likely_meant(ant, typed, hint):
    """The server has answered that there is none, and the list says which names exist."""
    listed = page(live("env_1", "dev"), live("env_2", "prod"))
    result = ant(*DELETE, typed, replies=[NOT_FOUND, listed])
    assert (result.exit, len(result.requests)) == (5, 2)
    assert hint in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("typed", ["nope", "no*"])
def test_a_suggested_list_goes_to_the_same_account(ant, typed):
    """That of the active profile may have other environments."""
    result = ant(*DELETE, typed, "--workspace-id", "wrkspc_1", replies=[NOT_FOUND, LISTED])
    assert result.stderr.endswith(" --workspace-id wrkspc_1\n")


@pytest.mark.parametrize("how", ["not printed", "not JSON", "interrupted"])
def test_a_change_by_name_is_checked_by_the_id_that_was_found(ant, how):
    """By then, the environment may have another name, or another environment may have this name."""
    last = {"not printed": {"id": "env_2"}, "not JSON": httpx.Response(200, text="{")}
    stdout = Head(0, errno.ENOSPC) if how == "not printed" else None
    checked = live("env_2", "prod")
    replies = [NOT_FOUND, LISTED, checked, last.get(how, KeyboardInterrupt())]
    result = ant(*ARCHIVE, "prod", replies=replies, stdout=stdout)
    assert ": ant beta:environments retrieve env_2\n" in result.stderr


def test_every_page_is_read_before_a_name_counts_as_unique(ant):
    """The last environment may have the same name as the first."""
    pages = [page(live("env_1", "prod"), after="2"), page(after="3"), page(live("env_2", "prod"))]
    result = ant(*DELETE, "prod", replies=[NOT_FOUND, *pages])
    assert (result.exit, "2 environments" in result.stderr) == (5, True)


@pytest.mark.parametrize(
    "words",
    [
        (*RETRIEVE, "env_1"),
        ("beta:environments:work", "ack", "w", "--environment-id", "env_1"),
        LIST,
    ],
)
def test_no_name_is_looked_for_if_there_is_none(ant, words):
    """The argument has the form of an ID, or there is no argument."""
    result = ant(*words, replies=[NOT_FOUND, page()])
    assert (result.exit, len(result.requests)) == (5, 1)


@pytest.mark.parametrize("status", [400, 403, 409])
def test_no_name_is_looked_for_after_another_error(ant, status):
    """Only a 404 says that the ID does not exist."""
    result = ant(
        *RETRIEVE, "prod", "--max-retries", "0", replies=[httpx.Response(status, json={}), page()]
    )
    assert len(result.requests) == 1


@pytest.mark.parametrize(
    "reply",
    [
        httpx.Response(401),
        httpx.Response(403),
        httpx.Response(404),
        httpx.Response(200, text="<html>"),
        page({"name": "prod"}),
        page(1),
    ],
    ids=["401", "403", "404", "not JSON", "no ID", "not an object"],
)
def test_the_error_stays_that_of_the_request_if_environments_cannot_be_listed(ant, reply):
    """The credential may not be allowed to."""
    result = ant(*RETRIEVE, "prod", replies=[NOT_FOUND, reply])
    alone = ant(*RETRIEVE, "env_1", replies=[NOT_FOUND])
    assert (result.exit, result.stderr) == (5, alone.stderr.replace("env_1", "prod"))


def test_environments_that_cannot_be_listed_are_asked_for_once_in_a_run(ant):
    """The response would be the same for each of the names."""
    replies = [NOT_FOUND, httpx.Response(403), NOT_FOUND, NOT_FOUND]
    result = ant(*ARCHIVE, "dev", "prod", "old", "--parallel", "1", replies=replies)
    assert result.exit == 5
    assert sent(result).count("GET /v1/environments") == 1


@pytest.mark.parametrize(
    ("reply", "code"), [(httpx.Response(500), 7), (ConnectionResetError("no"), 8)]
)
def test_an_outage_during_the_look_is_not_reported_as_a_missing_environment(ant, reply, code):
    """A script would create it again."""
    assert (
        ant(*RETRIEVE, "prod", "--max-retries", "0", replies=[NOT_FOUND, reply, reply]).exit == code
    )


@pytest.mark.parametrize(
    "stdin",
    [
        "dev\nprod\ndev\n",
        "- dev\n- prod\n- dev\n",
        '["dev","prod","dev"]',
        '{"id":"dev"}{"id":"prod"}{"id":"dev"}',
    ],
)
def test_the_environments_are_listed_once_for_all_names_of_a_run(ant, stdin):
    """Each name is sent as an ID before it counts as a name."""
    read = (live("env_1", "dev"), live("env_2", "prod"))
    replies = [NOT_FOUND, LISTED, read[0], NOT_FOUND, read[1], read[0]]
    result = ant(*RETRIEVE, "--parallel", "1", "--format", "jsonl", stdin=stdin, replies=replies)
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == [
        "env_1",
        "env_2",
        "env_1",
    ]
    assert sent(result)[3:] == [f"GET {PROD}", f"GET {FOUND}", "GET /v1/environments/env_1"]


def test_threads_share_the_look(ant):
    """The list arrives when eight names are unknown as IDs, so each thread wants to look."""
    names = [f"name-{number}" for number in range(8)]
    unknown, all_unknown = set(), threading.Event()

    def reply(request):
        last = request.url.path.rpartition("/")[2]
        if last == "environments":
            all_unknown.wait(30)
            return page(*(live(f"env_{name}", name) for name in names))
        if last not in names:
            return live(last, "found")
        unknown.add(last)
        if len(unknown) == len(names):
            all_unknown.set()
        return NOT_FOUND

    result = ant(
        *RETRIEVE,
        "--parallel",
        "8",
        "--transform",
        "id",
        "-r",
        stdin="\n".join(names),
        replies=reply,
    )
    assert (result.exit, result.stdout.split()) == (0, [f"env_{name}" for name in names])
    assert sent(result).count("GET /v1/environments") == 1


def test_a_dry_run_shows_the_name(ant):
    """Nothing is sent, so nothing is known about it."""
    result = ant(*DELETE, "prod", "--dry-run")
    assert result.stdout.startswith(
        "DELETE https://api.anthropic.com/v1/environments/prod?beta=true\n"
    )
    assert result.requests == []


def test_an_edit_of_a_list_reads_and_changes_the_environment_with_the_name(ant):
    """The request that reads is the first one."""
    read = {**live("env_2", "prod"), "config": {"type": "cloud", "packages": {"pip": []}}}
    words = ("beta:environments", "update", "prod", "--add", "packages.pip=polars")
    result = ant(*words, replies=[NOT_FOUND, LISTED, read, read, read])
    assert sent(result)[0] == f"GET {PROD}"
    assert (result.exit, sent(result)[2:]) == (0, [f"GET {FOUND}"] * 2 + [f"POST {FOUND}"])


def test_a_watch_repeats_the_request_for_the_environment_with_the_name(ant):
    """The name is looked up once."""
    until = ("--until", 'description=="x"')
    replies = [
        NOT_FOUND,
        LISTED,
        live("env_2", "prod"),
        {**live("env_2", "prod"), "description": "x"},
    ]
    assert sent(ant(*RETRIEVE, "prod", *until, replies=replies))[2:] == [f"GET {FOUND}"] * 2


def test_the_hint_after_a_lost_response_has_the_id(ant):
    """By then, another environment may have the name."""
    replies = [NOT_FOUND, LISTED, live("env_2", "prod"), httpx.Response(200, text="<html>")]
    result = ant(*DELETE, "prod", replies=replies)
    assert result.stderr.endswith("ant beta:environments retrieve env_2\n")


def test_a_session_of_the_emulator_is_created_for_the_environment_with_the_name(ant):
    """Its request has the ID in the body."""
    ant("--local", "beta:environments", "create", "--name", "edge", "--config.type", "self_hosted")
    result = ant("--local", "emulator", "session", "create", "--environment-id", "edge")
    assert (result.exit, result.stdout.startswith("session_")) == (0, True)


def test_environments_are_listed_once_for_all_names_of_a_run(ant):
    """Also if the list is empty, and if the same name is given again."""
    for listed in (page(), LISTED):
        replies = [NOT_FOUND, listed, *[NOT_FOUND] * 2]
        words = (*ARCHIVE, "other", "another", "other", "--parallel", "1")
        result = ant(*words, replies=replies)
        assert sent(result).count("GET /v1/environments") == 1
        assert result.exit == 5


@pytest.mark.parametrize("status", [401, 403])
def test_an_api_key_that_is_rejected_looks_for_no_name(ant, status):
    """Only to the key of an environment, these statuses may mean that there is no such ID."""
    result = ant(
        "beta:environments:work", "list", "prod", replies=[httpx.Response(status, json={})]
    )
    assert (result.exit, len(result.requests)) == (4, 1)


@needs_posix("the quotes of sh")
def test_each_of_several_unknown_names_gets_the_command_that_lists_the_same_account(ant):
    """The hints are written in threads, which have to know the flags of the run."""
    words = (*ARCHIVE, "nope", "nada", "--parallel", "2", "--workspace-id", "wrkspc_1")
    listed = partial(httpx.Response, 200, json=LISTED)
    result = ant(
        *words,
        replies=lambda request: NOT_FOUND if request.method == "POST" else listed(),
    )
    assert (
        result.stderr.count("To list them: ant beta:environments list --workspace-id wrkspc_1") == 2
    )


def test_an_edit_that_changes_nothing_sends_nothing_to_the_environment_with_the_name(ant):
    """The edit reads the environment, and finds nothing to change."""
    read = {**live("env_2", "prod"), "config": {"type": "cloud", "packages": {"pip": ["polars"]}}}
    words = ("beta:environments", "update", "prod", "--add", "packages.pip=polars")
    result = ant(*words, replies=[NOT_FOUND, LISTED, read])
    assert (result.exit, result.json, sent(result)[2:]) == (0, read, [f"GET {FOUND}"])


def test_the_hint_after_a_lost_response_has_both_ids_of_a_work_item(ant):
    replies = [NOT_FOUND, LISTED, live("env_2", "prod"), httpx.Response(200, text="<html>")]
    result = ant(
        "beta:environments:work", "ack", "work_1", "--environment-id", "prod", replies=replies
    )
    assert result.stderr.endswith(
        "ant beta:environments:work retrieve --environment-id env_2 work_1\n"
    )


def test_a_name_may_have_a_slash(ant):
    """The slash is percent-encoded in the path."""
    listed = page(live("env_2", "team/prod"))
    result = ant(*RETRIEVE, "team/prod", replies=[NOT_FOUND, listed, live("env_2", "team/prod")])
    assert (result.exit, result.json["id"]) == (0, "env_2")
    assert result.requests[0].url.raw_path.startswith(b"/v1/environments/team%2Fprod?")
    assert sent(result)[2:] == [f"GET {FOUND}"]
