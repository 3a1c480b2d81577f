"""The pytest plugin, where its tests and its emulators run in this process, which is quick."""

from __future__ import annotations

import os
import subprocess
import warnings
from collections import Counter, deque
from contextlib import ExitStack, closing, contextmanager, suppress
from types import SimpleNamespace

import pytest

from ant_cli import pytest_plugin
from ant_cli.emulator import Emulator
from ant_cli.pytest_plugin import AntEmulator, AntEmulatorWarning, _Emulators
from tests.emulator.api import connected, send
from tests.helpers.emulators import serving

HEADERS = {
    "x-api-key": "any",
    "anthropic-version": "2023-06-01",
    "anthropic-beta": "managed-agents-2026-04-01",
}


@pytest.fixture
def starts(monkeypatch):
    """Serve emulators by threads of this process. Returns how often one was started, by its flags."""
    starts = Counter()

    @contextmanager
    def served(flags):
        starts[flags] += 1
        with closing(Emulator(":memory:")) as emulator, serving(emulator, threads=4) as server:
            yield AntEmulator(server.url, "sk-ant-emulator")

    monkeypatch.setattr(pytest_plugin, "_served", served)
    return starts


@pytest.fixture
def emulators(starts):  # noqa: ARG001 - it replaces how one is served
    """Return the emulators of a process of tests."""
    with ExitStack() as stack:
        yield _Emulators(stack)


# The emulators of a process


def test_emulators_that_are_used_at_the_same_time_are_different_ones(emulators, starts):
    """Also for a second test that needs two, which uses those of the first again."""
    for _ in range(2):
        with emulators.empty(()) as one, emulators.empty(()) as two:
            assert one.url != two.url
            assert emulators.used == [one, two]
        assert emulators.used == []
    assert starts == {(): 2}


def test_an_emulator_is_used_again_only_with_the_same_flags(emulators, starts):
    """And is empty then."""

    def use(flags):
        with emulators.empty(flags) as emulator:
            assert emulator.report() == []
            emulator.script([{"message": "Hi."}], times=2)

    for flags in ((), ("--seed=1",)) * 2:
        with pytest.warns(AntEmulatorWarning, match="2 of its times are left"):
            use(flags)
    assert starts == {(): 1, ("--seed=1",): 1}


def test_an_emulator_whose_user_failed_is_used_again_and_warns_of_nothing(emulators, starts):
    """The failure says enough."""
    for _ in range(2):
        with suppress(ZeroDivisionError), emulators.empty(()) as emulator:
            emulator.fault(status=503)
            raise ZeroDivisionError
        assert emulators.used == []
    assert starts == {(): 1}


def test_a_finding_is_a_warning_and_a_stub_of_a_list_an_error():
    """Each finding by itself; the rest of a report is for a test that fails."""
    findings = [
        {"kind": kind, "message": f"about {kind}"}
        for kind in (
            *("expectation_failed", "late_stream", "unused_fault", "unused_script"),
            *("script_ended", "session_error"),
        )
    ]
    emulator = SimpleNamespace(report=lambda: findings)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pytest_plugin._warn(emulator)
    assert [str(each.message) for each in caught] == [
        *("about expectation_failed", "about late_stream", "about unused_fault"),
        "about unused_script",
    ]
    assert {each.category for each in caught} == {AntEmulatorWarning}
    findings[:] = [{"kind": "stub_of_list", "message": text} for text in ("one", "two")]
    with pytest.raises(pytest.fail.Exception, match=r"^one\ntwo$"):
        pytest_plugin._warn(emulator)


def test_an_emulator_that_is_gone_has_no_findings():
    """The test has noticed it already."""

    def report():
        raise ConnectionRefusedError

    pytest_plugin._warn(SimpleNamespace(report=report))


# What the methods send


def test_respond_answers_one_path_or_those_that_contain_a_text(emulators):
    """Again and again, with a status that may be another one."""
    with emulators.empty(()) as emulator:
        emulator.respond("/v1/vaults", {"data": [], "next_page": None}, method="GET")
        emulator.respond(path="/v1/skills/1", body={"id": "1"}, status=201, times=2)
        faults = emulator.control("GET", "faults")["data"]
        emulator.control("DELETE", "faults")
    kept = ("path", "path_contains", "method", "status", "times", "body")
    assert [tuple(each[name] for name in kept) for each in faults] == [
        (None, "/v1/vaults", "GET", 200, 1_000_000, '{"data": [], "next_page": null}'),
        ("/v1/skills/1", "", None, 201, 2, '{"id": "1"}'),
    ]


def test_a_script_may_be_any_sequence(emulators):
    """Not only a list."""
    with emulators.empty(()) as emulator:
        emulator.script(deque([{"message": "Hi."}, "terminate"]), agent="agent_1")
        (finding,) = emulator.report()
        emulator.control("POST", "reset")
    assert finding["kind"] == "unused_script"


def test_work_and_a_key_are_returned_as_they_were_made(emulators):
    """The requests are those of the test, the oldest first, without those of the fixture."""
    queue = {"name": "queue", "config": {"type": "self_hosted"}}
    with emulators.empty(()) as emulator:
        with connected(emulator.url) as connection:
            _, made = send(connection, "POST", "/v1/environments", queue)
            send(connection, "GET", "/v1/environments")
        items = emulator.enqueue(made["id"], count=2, session_id="session_1")
        assert [item["data"]["id"] for item in items] == ["session_1"] * 2
        assert emulator.environment_key(made["id"]).startswith(f"sk-ant-oat01-{made['id']}-")
        assert [each["method"] for each in emulator.requests()] == ["POST", "GET"]


def test_the_clock_is_only_looked_at_without_fields(emulators):
    """A field that is false or 0 is one."""
    with emulators.empty(()) as emulator:
        assert emulator.clock()["frozen"] is False
        stopped = emulator.clock(freeze=True)
        assert stopped["frozen"] is True
        assert emulator.clock() == stopped
        moved = emulator.clock(advance_ms=1000)
        assert (moved["now"] > stopped["now"], emulator.clock()) == (True, moved)
        assert emulator.clock(freeze=False)["frozen"] is False


def test_the_error_of_a_control_endpoint_names_the_endpoint(emulators):
    """It is a mistake of the test."""
    with emulators.empty(()) as emulator:
        with pytest.raises(ValueError, match=r"^POST /_emulator/scripts: script: "):
            emulator.script([])
        with pytest.raises(ValueError, match=r"^POST /_emulator/environments/env_1/key: "):
            emulator.environment_key("env_1")
        with pytest.raises(ValueError, match=r"^POST /_emulator/environments/env_1/enqueue: "):
            emulator.enqueue("env_1", count=2)
        assert emulator.requests() == []


# How one is served


class Process:
    """A process that prints a line, and has written errors."""

    def __init__(self, line, error=b""):
        self.stdout = SimpleNamespace(readline=lambda: line)
        self._error = error
        self.words, self.options = (), {}
        self.has_ended = False

    def start(self, words, **options):
        """Start it."""
        self.words, self.options = words, options
        options["stderr"].write(self._error)
        return self

    def wait(self):
        """Wait for its end."""

    def __enter__(self):
        """Use it."""
        return self

    def __exit__(self, *_):
        """End it."""
        self.has_ended = True


def test_an_emulator_is_served_in_memory_without_the_variables_of_another(monkeypatch):
    """It ends with the stdin that this process holds, and its URL is the line that it prints."""
    process = Process(b"http://127.0.0.1:8080\n")
    monkeypatch.setattr(subprocess, "Popen", process.start)
    monkeypatch.setenv("ANT_EMULATOR_PORT", "8080")
    monkeypatch.setenv("OTHER", "kept")
    with pytest_plugin._served(("--seed=1",)) as emulator:
        assert (emulator.url, emulator.api_key) == ("http://127.0.0.1:8080", "sk-ant-emulator")
        assert not process.has_ended
    assert process.has_ended
    assert [word for word in process.words if word.startswith("--")] == [
        *("--until-stdin-closes", "--database=:memory:", f"--log-file={os.devnull}"),
        *("--format=auto", "--seed=1"),
    ]
    assert (process.options["stdin"], process.options["stdout"]) == (subprocess.PIPE,) * 2
    environ = process.options["env"]
    assert ("ANT_EMULATOR_PORT" in environ, environ["OTHER"]) == (False, "kept")
    assert process.options["start_new_session"] is True


def test_an_emulator_that_does_not_start_fails_the_test_with_what_it_says(monkeypatch):
    """Without a traceback through the plugin."""
    process = Process(b"", "ant: no waitress é\n".encode())
    monkeypatch.setattr(subprocess, "Popen", process.start)
    served = pytest_plugin._served(())
    with pytest.raises(pytest.fail.Exception, match=r"^ant: no waitress é\n$") as raised:
        served.__enter__()
    assert (raised.value.pytrace, process.has_ended) == (False, True)


# The fixtures

pytest_plugins = ("pytester",)


@pytest.fixture
def outcomes(pytester, starts):
    """Return a function that runs tests, and returns the outcomes and what was printed."""

    def run(text, ini=""):
        pytester.makeini(f"[pytest]\nfilterwarnings = default\n{ini}")
        pytester.makepyfile(text)
        off = ("hypothesispytest", "xdist", "cacheprovider", "faulthandler")
        flags = [word for name in off for word in ("-p", f"no:{name}")]
        done = pytester.runpytest_inprocess("--strict-markers", "-rP", *flags)
        return done.parseoutcomes(), done.stdout.str()

    run.starts = starts
    return run


def test_the_flags_of_an_emulator_are_from_the_ini_file_the_nearest_marker_and_the_call(outcomes):
    """The nearest wins. Words such as true are those of a command line, and an empty one counts as unset."""
    found, shown = outcomes(
        """
        import pytest

        @pytest.mark.ant_emulator(seed=0, lease_seconds=2)
        class TestIt:
            @pytest.mark.ant_emulator(lease_seconds=3, strict_streams=True, any_credential=False)
            def test_marked(self, ant_emulator): pass
            def test_of_class(self, ant_emulator): pass

        def test_plain(ant_emulator_factory):
            ant_emulator_factory()
            ant_emulator_factory(workspace_id=None, organization_id="org_2", seed="5")

        @pytest.mark.ant_emulator(workspace_id="")
        def test_reset(ant_emulator): pass
        """,
        "ant_emulator_lease_seconds = 7\nant_emulator_organization_id = org_1\n"
        "ant_emulator_workspace_id = wrkspc_1",
    )
    assert found == {"passed": 4}, shown
    ids = ("--organization-id=org_1", "--workspace-id=wrkspc_1")
    assert [*outcomes.starts] == [
        ("--lease-seconds=3", "--strict-streams=true", "--any-credential=false", *ids),
        ("--lease-seconds=2", "--seed=0", *ids),
        ("--lease-seconds=7", *ids),
        ("--lease-seconds=7", "--seed=5", "--organization-id=org_2"),
        ("--lease-seconds=7", "--organization-id=org_1"),
    ]


def test_an_option_that_there_is_not_is_an_error_of_the_test(outcomes):
    """Of a marker, by keyword or not, and of a call. Several are one error."""
    found, shown = outcomes(
        """
        import pytest

        @pytest.mark.ant_emulator(speed=2, color=1)
        def test_keyword(ant_emulator): pass

        @pytest.mark.ant_emulator("fast")
        def test_word(ant_emulator): pass

        def test_call(ant_emulator_factory):
            ant_emulator_factory(size=1)
        """
    )
    assert found == {"errors": 2, "failed": 1}
    assert [word in shown for word in ("got color.", "got 'fast'.", "got size.")] == [True] * 3
    assert not outcomes.starts


def test_clients_find_the_emulator_of_a_test_and_the_real_ones_again_after_it(
    outcomes, monkeypatch
):
    """No variable of the real API is there meanwhile, for a test as for a module."""
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "real")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "real")
    found, shown = outcomes(
        """
        import os

        def found():
            return {name: text for name, text in os.environ.items() if name.startswith("ANTHROPIC_")}

        REAL = {"ANTHROPIC_AUTH_TOKEN": "real", "ANTHROPIC_API_KEY": "real"}

        def test_before(): assert found() == REAL

        def test_one(ant_emulator):
            assert found() == {"ANTHROPIC_BASE_URL": ant_emulator.url, "ANTHROPIC_API_KEY": "sk-ant-emulator"}

        def test_after(): assert found() == REAL

        def test_factory(ant_emulator_factory):
            ant_emulator_factory()
            assert found() == REAL

        def test_module(ant_emulator_module):
            assert found()["ANTHROPIC_BASE_URL"] == ant_emulator_module.url
            ant_emulator_module.clock(freeze=True)

        def test_same_module(ant_emulator_module):
            assert ant_emulator_module.clock()["frozen"]
        """
    )
    assert found == {"passed": 6}, shown


def test_a_test_that_fails_shows_the_requests_and_the_findings_of_its_emulators(outcomes):
    """One that passes shows nothing, and one without an emulator has no section."""
    found, shown = outcomes(
        """
        import urllib.error, urllib.request

        def send(emulator, path):
            request = urllib.request.Request(emulator.url + path, headers={"x-api-key": "k"})
            try:
                urllib.request.urlopen(request).close()
            except urllib.error.HTTPError as error:
                error.close()  # its connection would be open until a collection in another test
                raise

        def test_fails(ant_emulator, ant_emulator_factory):
            other = ant_emulator_factory()
            other.fault(path="/v1/other", status=503)
            send(ant_emulator, "/v1/models?limit=1")

        def test_passes(ant_emulator):
            pass

        def test_fails_without(): assert False
        """
    )
    assert found == {"failed": 2, "passed": 1, "warnings": 1}
    assert shown.count("Captured ant_emulator call") == 2
    assert "GET  /v1/models  400  req_" in shown
    assert "unused_fault: A fault for any method /v1/other applied to no request." in shown


def test_a_call_that_the_emulator_rejects_is_shown_by_the_line_of_the_test(outcomes):
    """The code of the plugin says nothing about the mistake."""
    found, shown = outcomes(
        """
        def test_fault(ant_emulator):
            ant_emulator.fault(status=1)

        def test_script(ant_emulator):
            ant_emulator.script([{"messages": "?"}])

        def test_respond(ant_emulator):
            ant_emulator.respond("/v1/", status=1)

        def test_control(ant_emulator):
            ant_emulator.control("POST", "faults", status=1)
        """
    )
    assert found == {"failed": 4}
    assert "pytest_plugin.py" not in shown


def test_a_fixture_that_fails_shows_the_requests_too(outcomes):
    """The fixture fails before the test begins."""
    _, shown = outcomes(
        """
        import pytest

        @pytest.fixture
        def begins(ant_emulator):
            ant_emulator.fault(path="/v1/other", status=503)
            raise ZeroDivisionError

        def test_it(begins): pass
        """
    )
    assert "Captured ant_emulator setup" in shown
    assert "unused_fault: A fault for any method /v1/other applied to no request." in shown


def test_a_test_that_fails_although_its_emulator_is_gone_says_so(outcomes):
    """In place of the requests."""
    _, shown = outcomes(
        """
        def test_fails(ant_emulator):
            ant_emulator.url = "http://127.0.0.1:9"
            assert False
        """
    )
    assert "The emulator does not respond: [Errno " in shown
