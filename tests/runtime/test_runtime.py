"""What a run gets from its surroundings: who can be asked, colour, the time at the server, and messages."""

from __future__ import annotations

import errno
import io
import os
import threading
from contextlib import suppress
from itertools import product
from pathlib import Path
from unittest.mock import Mock

import pytest

from ant_cli.errors import OutputError, UsageError
from ant_cli.runtime import ServerClock, background_writer, http_date
from ant_cli.runtime.background_writer import BackgroundWriter, written_in_background
from ant_cli.runtime.confirmation import ask, can_ask, confirm, is_yes
from ant_cli.runtime.hosts import is_loopback
from ant_cli.runtime.redactor import Redactor
from ant_cli.runtime.streams import Stderr, Stdin, Stdout
from tests.conftest import Screen, make_runtime, needs_posix

YES_OR_NO = [True, False]


def runtime_at(*, stdin=False, stdout=False, stderr=False, environ=None, **seams):
    """Return a runtime of which some streams are terminals."""
    streams = (Screen(terminal=is_one) for is_one in (stdin, stdout, stderr))
    return make_runtime(environ or {}, *streams, **seams)


def said(runtime):
    return runtime.stderr._file.text()


# Questions


@pytest.mark.parametrize(("stdin", "stdout", "stderr"), [*product(YES_OR_NO, repeat=3)])
def test_a_person_can_be_asked_if_stderr_and_stdin_are_terminals_wherever_results_go(
    stdin, stdout, stderr
):
    """`ant ... | jq` still asks, and `ant ... 2> log` does not. IDs from stdin leave the terminal for the reply."""
    runtime = runtime_at(stdin=stdin, stdout=stdout, stderr=stderr)
    assert can_ask(runtime) is (stdin and stderr)
    assert can_ask(runtime, reads_stdin=True) is stderr


@pytest.mark.parametrize(
    ("reply", "is_agreed"),
    [
        (" Y \n", True),
        ("YES\n", True),
        ("n\n", False),
        ("\n", False),
        ("yep\n", False),
        ("ye\n", False),
    ],
)
def test_only_y_and_yes_agree_in_any_case_and_with_space_around(reply, is_agreed):
    """Anything else is a no."""
    runtime = runtime_at(stdin=True, stderr=True, ask=lambda _question: reply)
    assert is_yes(ask("Delete?", runtime)) is is_agreed
    if is_agreed:
        confirm("Delete?", runtime)
        return
    with pytest.raises(UsageError, match=r"nothing was sent\.") as caught:
        confirm("Delete?", runtime)
    assert caught.value.hint == "To skip the question: --yes"


def test_a_change_of_objects_from_stdin_is_questioned_at_the_terminal():
    """In this case, only stderr has to be a terminal."""
    runtime = runtime_at(stderr=True, ask=lambda _question: "n")
    with pytest.raises(UsageError, match=r"nothing was sent\."):
        confirm("Delete?", runtime, reads_stdin=True)


def test_a_change_is_not_questioned_if_nobody_can_be_asked():
    """A script means what it says."""
    questions = []
    confirm("Delete?", runtime_at(stderr=True, ask=questions.append))
    confirm("Delete?", runtime_at(stdin=True, stdout=True, ask=questions.append))
    assert questions == []


def raising(error):
    def reply(_question):
        raise error

    return reply


def test_ctrl_d_is_an_empty_reply_and_ctrl_c_ends_the_run_both_on_a_new_line():
    """The question is still on the line of the cursor."""
    runtime = runtime_at(stdin=True, stderr=True, ask=raising(EOFError))
    assert (ask("Delete?", runtime), said(runtime)) == ("", "\n")
    runtime = runtime_at(stdin=True, stderr=True, ask=raising(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        ask("Delete?", runtime)
    assert said(runtime) == "\n"


def test_a_question_without_a_terminal_names_the_flag_that_skips_it():
    """Such as in a container, where stderr is one, but the process has none of its own."""
    with pytest.raises(UsageError, match="no terminal to ask on") as caught:
        ask("Delete?", runtime_at(stderr=True, ask=raising(OSError("none"))))
    assert caught.value.hint == "To skip the question: --yes"


# Colour


@pytest.mark.parametrize("is_terminal", YES_OR_NO)
@pytest.mark.parametrize("no_colour", ["", "1"])
@pytest.mark.parametrize("forced", ["", "0", "false", "1"])
@pytest.mark.parametrize("variable", ["FORCE_COLOR", "CLICOLOR_FORCE"])
@pytest.mark.parametrize(("clicolor", "term"), [*product(["", "0", "1"], ["xterm", "dumb"])])
def test_no_color_wins_over_force_color_which_wins_over_clicolor_and_term(
    is_terminal, no_colour, forced, variable, clicolor, term
):
    """Nothing makes colour in a pipe."""
    environ = {"NO_COLOR": no_colour, variable: forced, "CLICOLOR": clicolor, "TERM": term}
    runtime = runtime_at(stdout=is_terminal, stderr=not is_terminal, environ=environ)
    expected = is_terminal and not no_colour
    if expected and forced != "1":
        expected = clicolor != "0" and term != "dumb"
    assert runtime.shows_colour(runtime.stdout) is expected


# The time at the server

DATE = "Tue, 22 Sep 2026 13:33:20 GMT"
AT = 1_790_084_000.0


def test_the_time_of_a_header_is_that_of_http_and_nothing_else():
    """What a proxy makes of it is no time."""
    assert http_date(DATE) == AT
    assert http_date("Thu, 01 Jan 1970 00:00:00 GMT") == 0
    for text in (
        "",
        DATE[5:],
        f"{DATE} ",
        DATE.replace("GMT", "UTC"),
        DATE.replace("Sep", "Foo"),
        DATE.replace("22", "32"),
    ):
        assert http_date(text) is None


@pytest.mark.parametrize(
    ("local", "ahead"),
    [
        (AT, 0),
        (AT + 0.9, 0),
        (AT + 1, 0),
        (AT + 1.5, -0.5),
        (AT - 0.5, 1.5),
        (AT - 3600, 3601),
        (AT + 3600, -3599),
    ],
)
def test_the_clock_of_the_server_is_that_of_its_latest_response(local, ahead):
    """Its header has whole seconds. If both agree on the second, this computer's is as good."""
    times = [local]
    clock = ServerClock(lambda: times[0])
    assert clock.now() == local
    clock.take(DATE)
    times[0] += 10
    assert clock.now() == pytest.approx(local + 10 + ahead)
    times[0] += 10
    assert clock.now() == pytest.approx(local + 20 + ahead), "it is kept"
    clock.take("")
    assert clock.now() == pytest.approx(local + 20), "a response without a date has no time"


# Messages


def test_a_message_is_wrapped_for_the_terminal_it_is_on_and_redacted_before_that():
    """Results may go to a file. A secret with a space would not be found on two lines."""
    text = "The password is correct horse, and nobody may know."
    runtime = runtime_at(stderr=True, environ={"COLUMNS": "23"})
    runtime.redactor.register("correct horse")
    runtime.say(text)
    assert said(runtime) == "The password is\n[redacted], and nobody\nmay know.\n"
    runtime = runtime_at(stdout=True, environ={"COLUMNS": "23"})
    runtime.say(text)
    assert said(runtime) == f"{text}\n"


def test_a_message_fits_the_terminal_of_stderr_also_if_stdout_is_a_wider_one(monkeypatch):
    """Without COLUMNS, each terminal has a width of its own."""

    class Numbered(Screen):
        def __init__(self, number):
            super().__init__(terminal=True)
            self.fileno = lambda: number

    columns = {7: 80, 8: 12}
    monkeypatch.setattr("os.get_terminal_size", lambda descriptor: (columns[descriptor], 24))
    runtime = make_runtime({}, None, Numbered(7), Numbered(8))
    runtime.say("Add it to this apply?")
    assert said(runtime) == "Add it to\nthis apply?\n"


def test_a_message_is_either_an_event_of_the_log_or_a_line():
    """A log of JSON has no other lines."""
    events = []
    runtime = runtime_at(stderr=True)
    runtime.stderr.log = lambda *event: events.append(event)
    runtime.say("one")
    runtime.say("two", is_error=True)
    assert (events, said(runtime)) == ([("one", False), ("two", True)], "")


def test_hints_are_silenced_by_a_variable_and_messages_are_not():
    """Whoever sets it has read them."""
    hint = "To create one: here"
    for value, lines in (("", f"{hint}\nx\n"), ("1", "x\n")):
        runtime = runtime_at(environ={"ANT_NO_HINTS": value})
        runtime.hint(hint)
        runtime.say("x")
        assert said(runtime) == lines


# Secrets of responses


def body_of(*secrets):
    return ("[" + ",".join(f'{{"secret":"{secret}"}}' for secret in secrets) + "]").encode()


def test_the_secrets_of_several_responses_are_redacted_in_later_text():
    """The latest fifty: a server may send any number."""
    redactor = Redactor()
    redactor.register("registered-1")
    redactor.redact_body(body_of("received-a"))
    assert redactor.redact_body(body_of("received-b", "registered-1")) == body_of(
        *["[redacted]"] * 2
    )
    shown = redactor.redact("received-a received-b registered-1")
    assert shown == "[redacted] [redacted] [redacted]"
    redactor.redact_body(body_of(*(f"more-secret-{number}" for number in range(10, 59))))
    assert redactor.redact("received-a received-b") == "received-a [redacted]"
    assert redactor.redact("registered-1 more-secret-10") == "[redacted] [redacted]"
    redactor.redact_body(body_of("received-b"))
    redactor.redact_body(body_of("one-more-secret"))
    assert redactor.redact("received-b more-secret-10") == "[redacted] more-secret-10", (
        "it was received again"
    )


@pytest.mark.parametrize(("count", "is_shown"), [(50, True), (51, False)])
def test_a_body_with_more_secrets_than_can_be_redacted_is_not_shown(count, is_shown):
    """Each of them slows down every message."""
    body = body_of(*(f"secret-number-{number:02}" for number in range(count)))
    shown = Redactor().redact_body(body)
    assert b"secret-number" not in shown
    assert (shown == b"[redacted: it contains 51 secrets]") is (not is_shown)


def test_a_long_body_is_shown_in_part_without_a_part_of_a_secret_at_its_end():
    """Where it is cut may be the middle of one."""
    redactor = Redactor()
    redactor.register("a-secret-that-is-cut")
    body = b"x" * 100_000 + b"a-secret-that-is-cut" + b"y" * 100
    assert redactor.redact_body(body, 100_010) == b"x" * 50_010
    assert redactor.redact_body(body, len(body)) == b"x" * 100_000 + b"[redacted]" + b"y" * 100


def test_the_bytes_of_a_body_that_is_no_text_stay_as_they_are():
    """Only the secrets in the body are replaced."""
    body = b'\xff{"secret": "received-1"}\xfe'
    assert Redactor().redact_body(body) == body.replace(b"received-1", b"[redacted]")


def test_an_empty_secret_redacts_nothing():
    """A variable may be empty."""
    redactor = Redactor()
    redactor.register("")
    assert redactor.redact("text") == "text"


# Streams


def test_a_stream_is_what_it_was_after_a_failure_inside_of_a_context():
    """Later output would be lost, or go to a file that is closed."""
    screen, other, lines = Screen(terminal=False), io.BytesIO(), []
    stderr = Stderr(screen)
    contexts = (
        lambda: stderr.redirected(other),
        lambda: stderr.in_background(lambda *text: lines.append(text)),
        lambda: stderr.written_by(lambda _write: None),
    )
    for context in contexts:
        with suppress(KeyError), context():
            stderr.write("inside")
            raise KeyError
    stderr.write("after")
    assert (screen.text(), other.getvalue(), len(lines)) == ("after", b"inside", 1)


def test_the_writer_around_another_one_is_used_again_after_it():
    """A live line may be drawn within another."""
    screen, calls = Screen(terminal=True), []

    def around(name):
        return lambda write: (calls.append(name), write())

    stderr = Stderr(screen)
    with stderr.written_by(around("outer")):
        with stderr.written_by(around("inner")):
            stderr.write("a")
        stderr.write("b")
    stderr.write("c")
    assert (calls, screen.text()) == (["inner", "outer"], "abc")


with Path(os.devnull).open("rb") as CLOSED:
    pass
BROKEN = Mock(
    fileno=Mock(side_effect=OSError("bad")),
    read=Mock(side_effect=OSError(errno.EISDIR, "Is a directory")),
    write=Mock(side_effect=OSError("bad")),
)


@pytest.mark.parametrize("file", [None, CLOSED, BROKEN], ids=["none", "closed", "broken"])
def test_a_stream_that_is_closed_or_broken_has_no_input_and_takes_no_messages(file):
    """A service may be started without these streams. Only a command that needs the input fails."""
    stdin = Stdin(file)
    assert (stdin.has_input, stdin.beginning_of_file()) == (False, "")
    with pytest.raises(UsageError, match=r"^standard input (is closed|can't be read: .+)\.$"):
        stdin.read()
    Stderr(file).write("nobody reads it")
    assert Stdin(None).read_line() == ""


def test_the_beginning_of_a_file_that_is_no_text_is_empty(tmp_path):
    """The beginning is only needed for a hint."""
    (tmp_path / "file").write_bytes(b"\xff\xfe")
    with (tmp_path / "file").open("rb", buffering=0) as file:
        assert Stdin(file).beginning_of_file() == ""


def test_a_line_that_was_typed_may_have_any_bytes(monkeypatch):
    """Bytes that are not UTF-8 are replaced, so that this reply is not taken for a yes."""
    monkeypatch.setattr("ant_cli.runtime.signals.wait_for_input", lambda _: None)
    stdin = Stdin(Mock(fileno=lambda: 0, readline=lambda: b"\xffy\n"))
    assert stdin.read_line() == "\ufffdy\n"


@needs_posix("pipes that do not block")
def test_nothing_that_was_written_stays_in_a_buffer():
    """A signal that ends the program would lose the content of a buffer."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with open(writing, "wb") as buffered, open(reading, "rb", buffering=0) as pipe:  # noqa: PTH123 - descriptors
        Stdout(buffered).write(b"result")
        assert pipe.read(10) == b"result"


def test_a_secret_with_a_control_character_is_redacted_before_that_is_escaped():
    """The secret would not be found after the escaping."""
    screen = Screen(terminal=False)
    stderr = Stderr(screen)
    stderr.redactor.register("pass\x1bword")
    stderr.write("<pass\x1bword>")
    assert screen.text() == "<[redacted]>"


def test_stdin_is_read_once_and_has_no_more_input_then(tmp_path):
    """Two arguments may ask for it."""
    path = tmp_path / "file"
    path.write_text("text")
    with path.open("rb") as file:
        stdin = Stdin(file)
        assert stdin.has_input
        assert stdin.read() == b"text"
        assert not stdin.has_input
        with pytest.raises(UsageError, match="can be read only once"):
            stdin.read()


@needs_posix("pipes that can be waited for")
@pytest.mark.parametrize(
    ("written", "is_closed", "is_silent"),
    [(b"", False, True), (b"x", False, False), (b"", True, False)],
)
def test_a_pipe_is_silent_if_neither_data_nor_its_end_arrives_in_time(
    written, is_closed, is_silent
):
    """The stdin of a CI job may be a pipe that nobody ever writes to."""
    reading, writing = os.pipe()
    os.write(writing, written)
    with open(writing, "wb") as other, open(reading, "rb") as pipe:  # noqa: PTH123 - descriptors
        if is_closed:
            other.close()
        assert Stdin(pipe, patience_s=0.01).stays_silent() is is_silent
    assert not Stdin(None).stays_silent()


@needs_posix("pipes that can be waited for")
def test_data_that_arrives_a_little_later_is_waited_for():
    """The program that writes to the pipe may have started at the same time."""
    reading, writing = os.pipe()
    later = threading.Timer(0.02, os.write, [writing, b"x"])
    with open(writing, "wb"), open(reading, "rb") as pipe:  # noqa: PTH123 - descriptors
        later.start()
        assert not Stdin(pipe).stays_silent()
        later.join()


@pytest.mark.parametrize(
    ("is_terminal", "term", "expected"),
    [(True, "xterm", True), (True, None, True), (True, "dumb", False), (False, "xterm", False)],
)
def test_a_text_is_replaced_only_on_a_terminal_that_can_do_that(is_terminal, term, expected):
    """The terminal in an editor may not be able to move the cursor."""
    environ = {"TERM": term} if term else {}
    assert Stdout(Screen(terminal=is_terminal)).can_redraw(environ) is expected


def test_the_beginning_of_a_file_is_looked_at_from_where_it_would_be_read(tmp_path):
    """`(read line; ant ...) < FILE` has read some of it."""
    path = tmp_path / "file"
    path.write_text("one\ntwo\n")
    with path.open("rb", buffering=0) as file:
        file.readline()
        stdin = Stdin(file)
        assert stdin.beginning_of_file() == "two\n"
        assert stdin.read() == b"two\n"


@pytest.mark.parametrize(
    ("failure", "raised"),
    [
        (BrokenPipeError(), BrokenPipeError),
        (OSError(errno.ENOSPC, "no space left"), OutputError),
        (ValueError("write to closed file"), OutputError),
    ],
)
def test_a_reader_who_has_left_is_told_apart_from_a_result_that_can_not_be_written(failure, raised):
    """`head` leaves when it has enough, which is no error."""
    with pytest.raises(raised):
        Stdout(Mock(write=Mock(side_effect=failure))).write(b"x")


class Slow(Screen):
    """A pipe that takes three bytes at a time."""

    def write(self, data):
        return super().write(bytes(data[:3]))


def test_what_a_pipe_takes_in_parts_is_written_whole():
    """A slow reader is no reason to lose something."""
    file = Slow(terminal=False)
    Stdout(file).write(b"0123456789")
    assert file.text() == "0123456789"


@pytest.mark.parametrize(("is_terminal", "escape"), [*product(YES_OR_NO, repeat=2)])
def test_control_characters_are_escaped_on_a_terminal_only_and_unless_asked_otherwise(
    is_terminal, escape
):
    """A file gets the bytes as they are."""
    file = Screen(terminal=is_terminal)
    Stdout(file).write(b"\x1b[1m", escape=escape)
    assert file.text() == ("\u241b[1m" if is_terminal and escape else "\x1b[1m")


# Hosts


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("api.localhost", True),
        ("127.0.0.1", True),
        ("127.1", True),
        ("127.9.9.9", True),
        ("0.0.0.0", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::", True),
        ("fe80::1%lo", False),
        ("localhost.example", False),
        ("mylocalhost", False),
        ("10.0.0.1", False),
        ("128.0.0.1", False),
        ("example.com", False),
        ("\uff11\uff12\uff17.1", True),
        ("127\u30020\u30020\u30021", True),
        ("\u00fc" * 70, False),
    ],
)
def test_this_machine_is_known_by_each_of_its_names_and_addresses(host, is_here):
    """What is sent there needs no proxy, and nobody can read it on the way."""
    assert is_loopback(host) is is_here


# Texts of several threads


def test_texts_that_arrive_at_the_same_time_are_counted_one_after_the_other(monkeypatch):
    """Otherwise a note about texts that were left out could come twice, or at the wrong place."""
    is_inside, second_is_done = threading.Event(), threading.Event()
    texts = []
    writer = BackgroundWriter(texts.append, str)
    append_note = writer._append_note

    def slowly():
        monkeypatch.setattr(writer, "_append_note", append_note)
        is_inside.set()
        second_is_done.wait(0.1)  # if the other thread can go on now, it overtakes this one
        append_note()

    def second():
        is_inside.wait()
        writer.put(lambda: "second", 0, bulk=False)
        second_is_done.set()

    monkeypatch.setattr(writer, "_append_note", slowly)
    other = threading.Thread(target=second)
    other.start()
    writer.put(lambda: "first", 0, bulk=False)
    other.join()
    assert writer.close(60)
    assert texts == ["first", "second"]


def test_what_was_said_before_a_failure_is_written_and_later_texts_at_once():
    """The error is the next of them."""
    screen = Screen(terminal=False)
    stderr = Stderr(screen)
    with suppress(KeyError), written_in_background(stderr, str):
        stderr.write("before, ")
        raise KeyError
    assert screen.text() == "before, "
    stderr.write("after")
    assert screen.text() == "before, after"


class Stuck(Screen):
    """A pipe that nobody reads, until it is too late."""

    def __init__(self):
        super().__init__(terminal=False)
        self.is_read = threading.Event()

    def write(self, data):
        self.is_read.wait(5)
        return super().write(data)


def test_after_a_reader_who_does_not_read_nothing_waits_for_it_any_more(monkeypatch):
    """Otherwise the program would never end."""
    monkeypatch.setattr(background_writer, "_PATIENCE_AT_END_S", 0.01)
    pipe = Stuck()
    stderr = Stderr(pipe)
    with written_in_background(stderr, str):
        stderr.write("first")
    stderr.write("later")
    pipe.is_read.set()
    assert "later" not in pipe.text()
