"""A boolean flag means the same everywhere, in each spelling of its value."""

from __future__ import annotations

import httpx
import pytest

from ant_cli.operations.spec import Flags
from ant_cli.settings.worker_options import PollOptions, read_options
from tests.conftest import flags_of
from tests.helpers.words import KEY, LIST, NO_KEY, page

ON = ("true", "True", "TRUE", "1", "t", "T")
OFF = ("false", "False", "FALSE", "0", "f", "F")
PAGE = page({"id": "env_1", "name": "demo", "type": "environment", "config": {"type": "cloud"}})
GONE = httpx.Response(404, json={"error": {"type": "not_found_error", "message": "gone"}})


@pytest.mark.parametrize(("texts", "value"), [(ON, True), (OFF, False)], ids=["on", "off"])
def test_a_boolean_flag_is_read_as_the_official_tool_reads_it(texts, value):
    """The value may be a digit, a letter, or the word in three spellings."""
    assert [flags_of(debug=text)["debug"] for text in texts] == [value] * len(texts)


@pytest.mark.parametrize(("texts", "shown"), [(ON, True), (OFF, False)], ids=["on", "off"])
@pytest.mark.parametrize("words", [LIST, (*LIST, "--watch")], ids=["list", "watch"])
def test_a_table_has_a_column_for_archived_environments_if_they_were_requested(
    ant, monkeypatch, words, texts, shown
):
    """The request says true or false, whichever spelling the flag has."""
    monkeypatch.setenv("TERM", "xterm")
    for text in texts:
        done = ant(*words, f"--include-archived={text}", terminal=True, replies=[PAGE, GONE])
        assert ("ARCHIVED" in done.stdout) == shown, text
        assert done.requests[0].url.params["include_archived"] == str(shown).lower()


@pytest.mark.parametrize(("texts", "value"), [(ON, True), (OFF, False)], ids=["on", "off"])
def test_a_variable_of_the_worker_takes_what_its_flag_takes(texts, value):
    """The variable replaces the flag."""
    flags = Flags({"environment_id": "env_1", "environment_key": KEY})
    for text in texts:
        found = read_options(PollOptions, flags, {"ANT_WORKER_NO_AUTO_STOP": text}, "")
        assert found.no_auto_stop is value, text


def test_a_credential_is_read_from_stdin_with_each_spelling_of_the_flag(ant):
    """With a false value, stdin is not read as a credential."""
    for text in ON:
        done = ant(
            f"--api-key-stdin={text}", *LIST, stdin="secret-of-the-pipe", env=NO_KEY, replies=[PAGE]
        )
        assert [request.headers["x-api-key"] for request in done.requests] == [
            "secret-of-the-pipe"
        ], text
    for text in OFF:
        done = ant(f"--api-key-stdin={text}", "beta:environments", "create", stdin='{"name": "n"}')
        assert done.body == {"name": "n"}, text
