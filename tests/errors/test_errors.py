"""Errors: what each one says on a terminal and in a log, and its exit code."""

from __future__ import annotations

import pytest

from ant_cli import errors
from ant_cli.errors import AntError, APIError, NetworkError, UsageError
from ant_cli.errors.command_line import PIPE, Operator, command_line, quote, shell_line
from ant_cli.errors.suggestions import did_you_mean, is_slip, nearest
from tests.conftest import needs_posix


def api_error(status=404, request_id="req_1", **more):
    return APIError("GET /x", status, "Reason", b"secret body", request_id, "try", **more)


def test_hints_are_lines_and_a_changed_error_leaves_the_first_one_as_it_was():
    error = UsageError("message", "one", "", "two", request_line="GET /x")
    assert error.hint == "one\ntwo"
    assert error.with_hints("three", "").hint == "one\ntwo\nthree"
    assert error.with_only_hints("", "three").hint == "three"
    assert error.with_exit_code(9).exit_code == 9
    assert error.with_unknown_outcome().outcome_unknown
    assert type(error.with_exit_code(9)) is UsageError
    assert (error.hint, error.exit_code, error.outcome_unknown) == ("one\ntwo", 2, False)


def test_a_redacted_error_has_no_secret_in_any_of_its_texts():
    error = AntError("a KEY", "b KEY", request_line="c KEY").redacted(
        lambda text: text.replace("KEY", "***")
    )
    assert (error.message, error.hint, error.request_line) == ("a ***", "b ***", "c ***")


def test_an_error_begins_with_the_message_on_a_terminal_and_with_the_request_in_a_log():
    error = AntError("it  failed", "one", "two", request_line="GET /x")
    assert error.report(on_terminal=True) == "it  failed\nGET /x\none\ntwo"
    assert error.report(on_terminal=False) == "GET /x: it  failed\none\ntwo"
    assert error.line() == "GET /x: it failed one two"
    assert str(error) == "GET /x: it  failed"
    assert AntError("m").report(on_terminal=True) == "m"
    assert errors.ExitStatus(3).report(on_terminal=False) == ""
    assert errors.ExitStatus(3).exit_code == 3


@pytest.mark.parametrize(
    ("status", "exit_code"),
    [
        (400, 1), (401, 4), (402, 1), (403, 4), (404, 5), (405, 1), (408, 7), (409, 6), (410, 1), (412, 6),
        (413, 1), (422, 1), (429, 7), (499, 1), (500, 7), (503, 7), (529, 7), (599, 7), (600, 1), (200, 1),
    ],
)  # fmt: skip
def test_the_exit_code_of_an_api_error_follows_from_its_status(status, exit_code):
    error = api_error(status)
    assert error.exit_code == exit_code
    assert error.may_pass == (exit_code == 7)


def test_only_the_server_the_rate_limit_and_the_network_may_pass():
    assert NetworkError("no").may_pass
    for kind in (AntError, UsageError, errors.CredentialError, errors.ResponseError):
        assert not kind("no").may_pass
    assert errors.ResponseError("no").outcome_unknown
    assert not NetworkError("no").outcome_unknown


def test_an_api_error_has_its_body_and_the_id_of_the_request():
    error = api_error(retry_after_s=1.5)
    assert (error.message, error.retry_after_s, error.without_body().body) == (
        "404 Reason",
        1.5,
        b"",
    )
    assert error.body == b"secret body"
    assert str(error) == "GET /x: 404 Reason\nRequest ID: req_1"
    shown = error.with_details("{body}")
    assert str(shown) == "GET /x: 404 Reason\n{body}\nRequest ID: req_1"
    assert shown.report(on_terminal=True) == "404 Reason\n{body}\nGET /x\nRequest ID: req_1\ntry"
    assert str(error.with_details("", "")) == str(error)
    assert str(shown.without_body()) == str(shown)
    assert APIError("GET /x", 599, "", b"", "").message == "599"
    assert api_error(request_id="").report(on_terminal=False) == "GET /x: 404 Reason\ntry"


def test_a_sentence_replaces_the_body_on_a_terminal_and_on_one_line():
    error = api_error().with_details("{body}", "gone (404 x)")
    assert error.report(on_terminal=True) == "gone (404 x)\nGET /x\nRequest ID: req_1\ntry"
    assert error.line() == "GET /x: 404 Reason gone (404 x) Request ID: req_1 try"
    assert api_error().with_details("{ body\n}").line() == (
        "GET /x: 404 Reason { body } Request ID: req_1 try"
    )


def test_the_id_of_a_request_that_the_body_has_is_not_repeated_on_a_terminal():
    error = api_error().with_details('{"request_id": "req_1"}')
    assert "Request ID" not in error.report(on_terminal=True)
    assert "Request ID: req_1" in error.report(on_terminal=False)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--a"], "--a is required."),
        (["--a", "--b"], "--a and --b are required."),
        (["--a", "--b", "--c"], "--a, --b and --c are required."),
    ],
)
def test_missing_flags_are_named_with_the_page_of_the_command(flags, said):
    error = errors.MissingFlag(flags, "x y", "line 2: ")
    assert error.message == f"line 2: {said}"
    assert error.hint == "Run `ant x y --help` to see what it takes."


def test_an_unknown_name_is_quoted_with_its_source_and_a_suggestion():
    error = errors.UnknownName("format", "jsn", ["json", "yaml"], "hint", where="profile")
    assert str(error) == "unknown format 'jsn' (from profile). Did you mean 'json'?"
    assert error.hint == "hint"
    assert str(errors.UnknownName("x", "SECRET", ["a"], shown="[redacted]")) == (
        "unknown x '[redacted]'."
    )
    hidden = errors.UnknownName("format", "jsn", ["json"], shown="[redacted]")
    assert str(hidden) == "unknown format '[redacted]'. Did you mean 'json'?"
    assert str(errors.UnknownName("x", "y" * 200, [])) == f"unknown x '{'y' * 97}...'."
    both = errors.exclude_each_other("--a", "--b", "--c")
    assert (str(both), both.hint) == (
        "--a and --b and --c can't be used together.",
        "Give one of them.",
    )


@pytest.mark.parametrize(
    ("length", "limit", "expected"),
    [(100, 100, 100), (101, 100, 100), (99, 100, 99), (11, 10, 10), (0, 10, 0)],
)
def test_a_text_is_cut_to_its_limit_with_dots(length, limit, expected):
    shown = errors.shortened("x" * length, limit)
    assert len(shown) == expected
    assert shown.endswith("...") == (length > limit)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(2, "No such file or directory", "/path"), "no such file or directory"),
        (OSError("It failed."), "it failed"),
        (ValueError("Embedded null."), "embedded null"),
        (ValueError("Bad UTF-8."), "bad UTF-8"),
        (OSError(2, None), "[Errno 2] None"),
    ],
)
def test_an_error_of_the_system_is_a_sentence_without_number_and_file(error, text):
    assert errors.os_error_text(error) == text


# Suggestions


@pytest.mark.parametrize(
    ("typed", "name", "expected"),
    [
        ("lst", "list", True),
        ("liist", "list", True),
        ("lisst", "list", True),
        ("lits", "list", True),
        ("lizt", "list", True),
        ("lis", "list", True),
        ("lists", "list", True),
        ("ilst", "list", False),
        ("ist", "list", False),
        ("alist", "list", False),
        ("xist", "list", False),
        ("ls", "list", False),
        ("lsti", "list", False),
        ("litsx", "list", False),
        ("lits", "listx", False),
        ("listing", "list", False),
        ("lizz", "list", False),
        ("ab", "abc", True),
        ("acb", "abc", True),
        ("a", "ab", False),
        ("ac", "ab", False),
        ("", "abc", False),
        ("abc", "", False),
    ],
)
def test_a_slip_is_one_letter_after_the_first(typed, name, expected):
    assert is_slip(typed, name) is expected
    changes_letter = len(typed) == len(name) and sorted(typed) != sorted(name)
    assert is_slip(typed, name, may_differ=False) is (expected and not changes_letter)


@pytest.mark.parametrize(
    ("name", "known", "found"),
    [
        ("MAX_ITEMS", ["--max-items"], "--max-items"),
        ("maxitems", ["--max-item", "--max-items"], "--max-items"),
        ("max_Items", ["--max-item", "--max-items"], "--max-items"),
        ("max-itemz", ["--max-item", "--max-items"], "--max-item"),
        ("beta.environments", ["beta:environments"], "beta:environments"),
        ("other", ["--max-items"], ""),
        ("x", [], ""),
    ],
)
def test_the_nearest_name_differs_in_separators_or_by_one_slip(name, known, found):
    """A name that only has other separators is preferred to an earlier one with a slip."""
    assert nearest(name, known) == found


@pytest.mark.parametrize("separator", ["-", "_", ".", ":", " ", ""])
def test_any_separators_may_stand_for_those_of_a_name(separator):
    typed = separator.join(["Beta", "environments", "work"])
    assert nearest(typed, ["beta:environments", "beta:environments:work"]).endswith(":work")


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("md", ["markdown", "mdx"], " Did you mean 'markdown'?"),
        ("md", ["json"], ""),
        ("config", ["configs"], " Did you mean 'configs'?"),
        ("config", ["configs", "profile"], " Did you mean 'profile'?"),
        ("jsn", ["json"], " Did you mean 'json'?"),
        ("jsn", ["yaml"], ""),
    ],
)
def test_a_synonym_is_suggested_if_it_is_known(name, known, said):
    assert did_you_mean(name, known) == said


# Command lines


@needs_posix("the quotes of sh")
@pytest.mark.parametrize(
    ("word", "quoted"),
    [
        ("env_1", "env_1"),
        ("a.b/c:d=e,f%g+h@i-j", "a.b/c:d=e,f%g+h@i-j"),
        ("", "''"),
        ("a b", "'a b'"),
        ("a'b", "'a'\"'\"'b'"),
        ("$HOME", "'$HOME'"),
        ("~", "'~'"),
        ("a\n", "'a\n'"),
        ("é", "'é'"),
        ("|", "'|'"),
        ("a=~b", "'a=~b'"),
        *((f"a{char}b", f"a{char}b") for char in "_@%+=:,./-"),
        *((f"a{char}b", f"'a{char}b'") for char in ' !"#$&()*;<>?[\\]^`{|}~\t\xa0'),
    ],
)
def test_a_word_is_quoted_if_a_shell_would_read_it_in_another_way(word, quoted):
    assert quote(word) == quoted
    assert shell_line("x", word) == f"x {quoted}"
    assert command_line("a b", word, "c d") == f"ant a b {quoted} 'c d'"


@pytest.mark.parametrize(
    ("word", "quoted"),
    [
        ("env_1", "env_1"),
        (r"C:\a.b/c-d", r"C:\a.b/c-d"),
        ("", '""'),
        ("a b", '"a b"'),
        ("a'b", '"a\'b"'),
        ("a=b", '"a=b"'),
        ("it's $HOME", "'it''s $HOME'"),
        ('say "a"', "'say \"a\"'"),
        ("`a`", "'`a`'"),
    ],
)
def test_a_word_is_quoted_for_cmd_and_powershell_on_windows(word, quoted, monkeypatch):
    monkeypatch.setattr("sys.platform", "win32")
    assert quote(word) == quoted


def test_an_operator_is_not_quoted():
    assert shell_line("a", PIPE, "|x", Operator(">"), "f") == "a | '|x' > f"
