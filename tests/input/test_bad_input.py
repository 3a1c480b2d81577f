"""Bad input: too large, too deep, not text, or missing. An error gives its position before anything is sent."""

from __future__ import annotations

import json
import os

import pytest

from tests.conftest import needs_posix
from tests.helpers.runs import OUTPUT, needs
from tests.helpers.words import CREATE, LIST, UPDATE

BOMB = "k0: &k0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 10)}]\n" for n in range(1, 10)
)
MERGE_BOMB = (
    "k0: &k0 {"
    + ", ".join(f"a{n}: 1" for n in range(1000))
    + "}\n"
    + "".join(f"k{n}: &k{n} {{<<: [*k{n - 1}, *k{n - 1}], b{n}: 1}}\n" for n in range(1, 60))
)
HALVES = ("\\ud800", "\\udbff", "\\udc00", "\\udfff")
"""The first and last lone surrogates, high and low, in JSON notation."""
DEEP_BOMB = "k0: &k0 {}\n" + "".join(
    f"k{n}: &k{n} {'[' * 90}*k{n - 1}{']' * 90}\n" for n in range(1, 40)
)

LEFT_BOMB = "k0: &k0 {}\n" + "".join(
    f"k{n}: &k{n} {'[' * 90}*k{n - 1}{', x]' * 90}\n" for n in range(1, 40)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LEFT_BOMB.encode(), "line 3, column 99: nested deeper than 100"),
        (b"name: \xff\n", "UTF-8"),
        (
            "name: x\n".encode("utf-16"),
            "is text in UTF-16, which must be UTF-8.\nWindows PowerShell",
        ),
        (b"name: a\0b\n", "U+0000"),
        (b"name: !!python/object/apply:os.system [id]\n", "tag"),
        (b"%YAML 3.0\n---\nname: x\n", "YAML"),
        (BOMB.encode(), "aliases stand for more than"),
        (MERGE_BOMB.encode(), "aliases stand for more than"),
        (DEEP_BOMB.encode(), "line 3, column 99: nested deeper than 100"),
        (b'{"config":' + b"[" * 1_000_000 + b"]" * 1_000_000 + b"}", "deeper"),
        (b"config: " + b"[" * 1_000_000, "deeper"),
        (b"- " * 500_000, "deeper"),
        (b"config: {a: 0x" + b"f" * 5000 + b"}", "digits"),
        (b"config: {a: 0o" + b"7" * 9000 + b"}", "digits"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_invalid_input_is_rejected_with_its_position_and_the_reason(ant_over_socket, text, said):
    """The exit code is 2, and nothing is sent."""
    refusal = ant_over_socket(words=CREATE, stdin=text).refusal
    assert said in refusal
    assert len(refusal) < 500


@pytest.mark.parametrize(
    "big",
    [
        "[" + "0," * 50_000 + "]",
        "x" * 600_000,
        "{" + ", ".join(f"k{n:0999}: 1" for n in range(600)) + "}",
    ],
)
def test_aliases_that_add_more_than_a_million_characters_together_are_rejected(ant, big):
    """Each alias alone adds fewer, which would be accepted. A value counts as ten characters more than it has."""
    text = f"metadata:\n  a: &big {big}\n  b: %s\n"
    body = ant(*CREATE, stdin=text % "*big").body["metadata"]
    assert body["a"] == body["b"]
    refusal = ant(*CREATE, stdin=text % "[*big, *big]").refusal
    assert "the aliases stand for more than 1,000,000 characters" in refusal


@pytest.mark.parametrize(
    ("text", "body"),
    [
        (b"name: x\r\ndescription: y\r\n", {"name": "x", "description": "y"}),
        (b"name: x\rdescription: y\r", {"name": "x", "description": "y"}),
        (
            b'{"name":"x","metadata":{"a\\nb":"\\u0000\\r"}}',
            {"name": "x", "metadata": {"a\nb": "\0\r"}},
        ),
        (b'{"name":"' + b"x" * 9_000_000 + b'"}', {"name": "x" * 9_000_000}),
        (b"name: |\n  " + b"x" * 1_000_000 + b"\n", {"name": "x" * 1_000_000 + "\n"}),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_unusual_input_is_sent_unchanged(ant_over_socket, text, body):
    """The input has other line endings, large values, or values that only JSON can express."""
    result = ant_over_socket(
        words=("beta:environments", "create"), stdin=text, more=("--timeout", "30")
    )
    assert (result.exit, result.stdout) == (0, OUTPUT)
    assert json.loads(result.requests[0].partition(b"\r\n\r\n")[2]) == body


def test_a_number_of_5000_digits_is_sent_digit_for_digit(ant_over_socket):
    """The number comes from a flag or from input."""
    digits = "9" * 5000
    result = ant_over_socket(words=CREATE, stdin=f'{{"config": {{"a": {digits}}}}}')
    assert digits.encode() in result.requests[0]
    assert digits.encode() in ant_over_socket(words=(*LIST, "--limit", digits)).requests[0]


def test_a_value_of_a_megabyte_fits_into_a_flag(ant_over_socket):
    """The operating system may set a lower limit."""
    assert ant_over_socket(words=CREATE, more=("--description", "x" * 1_000_000)).exit == 0


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("beta:environments", "retrieve"), '{"id": "\\ud800"}'),
        (("beta:environments:work", "list"), '{"environment_id": "e", "page": "\\ud800"}'),
        (("beta:environments:work", "poll"), '{"id": "e", "anthropic-worker-id": "\\ud800"}'),
        (("beta:environments:work", "poll"), '{"id": "e", "anthropic-worker-id": "a\\r\\nx: y"}'),
        *(
            (("beta:environments", "retrieve"), f'{{"environment_id": "{half}"}}')
            for half in HALVES
        ),
        *(
            (("beta:environments:work", "list"), f'{{"id": "e", "page": "{half}"}}')
            for half in HALVES
        ),
        *(
            (("beta:environments", "retrieve"), f'{{"id": "e", "anthropic-beta": "{half}"}}')
            for half in HALVES
        ),
        (CREATE, '{"anthropic-beta": "a\\nx: y"}'),
        *(
            (
                ("beta:environments", "retrieve"),
                f'{{"id": "e", "anthropic-beta": "a\\u{code:04x}b"}}',
            )
            for code in (0x00, 0x1F, 0x7F, 0x80, 0x85, 0x9F)
        ),
    ],
)
def test_lone_surrogates_and_control_characters_in_urls_and_headers_are_rejected(
    ant_over_socket, words, text
):
    """This includes C1 controls. The error names the argument, and nothing is sent."""
    assert "contains a" in ant_over_socket(words=words, stdin=text).refusal


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"name": "a", "description": "\\ud83d"}', "description"),
        ('{"name": "a", "metadata": {"team": "x\\udc00"}}', "metadata.team"),
        ('{"name": "a", "metadata": {"\\ud83d": "x"}}', "a key of metadata"),
        ('{"name": "a", "\\ud83d": "x"}', "a key"),
        ('{"name": "a", "config": {"z": [1, {"b": ["\\udfff"]}]}}', "config.z[1].b[0]"),
    ],
)
def test_a_lone_surrogate_in_a_body_is_rejected_with_its_field(ant, body, field):
    """The API would reject the whole body, and name no field."""
    said = f"ant: {field} contains a lone surrogate, which can't be sent.\n"
    assert ant(*CREATE[:2], stdin=body).refusal.endswith(said)


KEY_BY_ITS_FORM = "sk-ant-api03-AbCd_efgh-1234"


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (("retrieve", KEY_BY_ITS_FORM), "--environment-id"),
        (("delete", f" {KEY_BY_ITS_FORM}\n"), "--environment-id"),
        (("create", "--name", "sk-ant-oat01-AbCdefgh"), "name"),
        (("list", "--page", KEY_BY_ITS_FORM), "--page"),
    ],
)
def test_a_credential_in_the_place_of_another_value_is_not_sent(ant, words, where):
    """It would be in the logs of servers and proxies. The error does not repeat it."""
    done = ant("beta:environments", *words)
    assert (done.exit, done.requests) == (2, [])
    assert where in done.stderr
    assert "AbCd" not in done.stderr
    assert "ANTHROPIC_API_KEY" in done.stderr


def test_a_credential_in_metadata_is_sent(ant):
    """Whoever gives it a key of its own means it."""
    done = ant("beta:environments", "create", "--name", "x", "--metadata", f"k={KEY_BY_ITS_FORM}")
    assert len(done.requests) == 1


def test_a_lone_surrogate_in_a_flag_is_rejected_though_metadata_that_is_no_text_is_sent(ant):
    """A number is sent with a warning (D48)."""
    assert "metadata.a contains" in ant(*CREATE, "--metadata", '{"a": "\\ud83d"}').refusal


def test_the_error_for_a_lone_surrogate_names_the_document(ant):
    """Nothing is sent for the other documents, either."""
    lines = '{"name": "a"}\n{"name": "b", "description": "\\ud83d"}\n'
    assert "standard input, line 2: description contains" in ant(*CREATE[:2], stdin=lines).refusal


def test_the_line_of_a_document_is_that_of_its_beginning(ant):
    """Blank lines and line breaks within the documents count."""
    text = '\n{"name":\n"a"}\n\n  {"name": 5}\n'
    refusal = ant(*CREATE[:2], stdin=text).refusal
    assert refusal.startswith("ant: standard input, line 5: name: must be text")


def test_a_warning_about_metadata_that_is_no_text_names_the_document_before_anything_is_sent(ant):
    """The others would be created, and a second run would conflict with them."""
    lines = '{"name": "a"}\n{"name": "b", "metadata": {"n": 5}}\n'
    warned = "metadata.n: must be text, got a number: write it in quotes; it is sent unchanged.\n"
    first = ant(*CREATE[:2], "--dry-run", stdin=lines)
    assert first.stderr.startswith(f"Warning: standard input, line 2: {warned}")
    both = ant(*CREATE[:2], "--dry-run", stdin=lines + lines)
    assert both.stderr.startswith(f"Warning: standard input, line 2 and 1 more: {warned}")
    one = ant(*CREATE, "--metadata", "{n: 5}")
    assert (one.stderr, one.body["metadata"]) == (f"Warning: {warned}", {"n": 5})


def test_a_warning_about_an_unknown_field_names_the_documents_that_have_it(ant):
    """It is printed once."""
    lines = '{"name": "a"}\n{"name": "b", "nmae": 5}\n{"name": "c", "nmae": 6}\n{"nmae": 7, "name": "d"}\n'
    said = "'nmae' is not a known field; it is sent unchanged. Did you mean 'name'?\n"
    done = ant(*CREATE[:2], "--dry-run", stdin=lines)
    assert done.stderr.startswith(f"Warning: standard input, line 2 and 2 more: {said}")
    assert done.stderr.count("Warning") == 1


def test_the_characters_of_an_escape_are_a_text_like_any_other(ant):
    """They are no surrogate."""
    assert ant(*CREATE, "--description", r"\ud83d").body["description"] == r"\ud83d"


@pytest.mark.parametrize("code", [0x1F, 0x7F, 0x80, 0x9F])
def test_a_control_character_in_a_header_flag_is_rejected(ant, code):
    """Some servers and proxies read DEL or a C1 control as the end of a line."""
    assert "--beta" in ant(*LIST, "--beta", f"a{chr(code)}b").refusal


@pytest.mark.parametrize("url", ["{url}", "http://ada:hunter2pass@127.0.0.1:{port}"])
def test_a_header_flag_is_sent_in_utf_8(ant_over_socket, url):
    """The official tool sends UTF-8, too. White space around the value is removed."""
    words = ("beta:environments:work", "poll", "env_1", "--anthropic-worker-id", " ü😀 ")
    request = ant_over_socket(words=words, url=url).requests[0]
    assert "anthropic-worker-id: ü😀\r\n".encode() in request.replace(
        b"Anthropic-Worker-Id", b"anthropic-worker-id"
    )


def test_an_id_with_any_printable_character_is_one_path_segment(ant_over_socket):
    """After decoding, the segment is the ID."""
    from urllib.parse import unquote

    name = "".join(map(chr, range(33, 127))) + "ü😀"
    request = ant_over_socket(
        words=("beta:environments", "retrieve", "--environment-id", name)
    ).requests[0]
    target = request.split()[1].decode()
    assert unquote(target.removeprefix("/v1/environments/").partition("?")[0]) == name
    assert target.count("/") == 3


def test_control_characters_in_unknown_keys_are_escaped_in_the_warning(ant_over_socket):
    """The warning is printed on a terminal."""
    result = ant_over_socket(words=CREATE, stdin='{"a\\nb\\u001b[2J\\u202e": 1}', terminal=True)
    assert result.exit == 0
    assert "\x1b[2J" not in result.stderr
    assert "\u202e" not in result.stderr


# Files


@needs_posix("its words for errors")
@pytest.mark.parametrize("flag", ["--file", "--description=@", "--config=@"])
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/", "directory"),
        ("/nope.yaml", "no such file"),
        ("/" + "a" * 5000, "too long"),
        ("./a\ud800", "can't be read"),
    ],
)
def test_an_unreadable_file_is_named_with_its_flag_and_the_reason(
    ant_over_socket, flag, path, said
):
    """The command exits with 2 and sends nothing."""
    words = (flag, path) if flag == "--file" else (flag + path,)
    assert said in ant_over_socket(words=CREATE, more=words).refusal


def test_a_value_too_long_for_a_file_name_is_sent_literally(ant_over_socket):
    """A value with @ that can't be a path is a plain string."""
    assert ant_over_socket(words=CREATE, more=("--description", "@" + "a" * 5000)).exit == 0


@pytest.mark.parametrize("flag", ["--file ", "--description @"])
@needs("/dev/zero")
def test_an_endless_file_is_rejected_after_100_mb(shell, flag):
    """Not more than the limit is read."""
    refusal = shell(f"$ANT beta:environments create --name n {flag}/dev/zero").refusal
    assert "100 MB, which is the limit" in refusal


def test_an_endless_pipe_is_rejected_after_100_mb(shell):
    """The pipe is standard input, or the value of a flag."""
    for words in ("create", "create --name @-"):
        assert (
            "100 MB, which is the limit" in shell(f"yes | $ANT beta:environments {words}").refusal
        )


def test_a_fifo_is_read_like_a_file(shell):
    """Process substitution, `<(command)`, works."""
    script = "mkfifo fifo; echo hello > fifo & $ANT beta:environments create --name n --description @./fifo"
    assert b'"description":"hello\\n"' in shell(script).requests[0]
    assert (
        b'"name":"x"' in shell("$ANT beta:environments create --file <(echo 'name: x')").requests[0]
    )


def test_a_file_that_changes_while_it_is_read_is_read_once(shell):
    """The file's content at one moment is sent or rejected, never a mixture of versions."""
    script = (
        "while :; do echo 'name: one' > file; echo 'name: two' > file; done & "
        "for i in 1 2 3 4; do $ANT beta:environments create --file file > out; S=$?; [ $S -le 2 ] || break; done; "
        "kill $!; exit $S"
    )
    result = shell(script)
    assert result.exit in (0, 2)
    assert all(
        b'"name":"one"' in request or b'"name":"two"' in request for request in result.requests
    )


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "{}", "null"])
def test_an_update_with_an_empty_file_is_rejected(ant, tmp_path, text):
    """The user meant to change something (D25). An empty file is input, like an empty pipe."""
    (tmp_path / "empty.yaml").write_text(text)
    assert ant(*UPDATE, "--file", "empty.yaml").refusal


# Standard input


@pytest.fixture
def input_after(monkeypatch):
    """Let piped input arrive after some seconds on a clock that only this test knows."""

    def delay(seconds: float) -> None:
        def select(readers, writers, _exceptional, timeout=None):
            return (readers if timeout is None or timeout >= seconds else [], writers, [])

        monkeypatch.setattr("select.select", select)

    return delay


def test_input_within_a_second_is_read_even_if_the_flags_are_complete(ant, input_after):
    """Rule D27: a pipe counts as silent only after a whole second."""
    input_after(0.95)
    result = ant(*CREATE, stdin="description: late")
    assert result.body == {"name": "n", "description": "late"}
    assert result.stderr == ""


@needs_posix("select for pipes")
def test_input_that_arrives_later_is_not_waited_for_if_the_flags_are_complete(ant, input_after):
    """Rule D27: an open pipe without data must not block the command, and a note says so."""
    input_after(1.05)
    result = ant(*CREATE, stdin="description: late")
    assert result.body == {"name": "n"}
    assert result.stderr.startswith("Note:")


@needs_posix("select for pipes")
@pytest.mark.parametrize(
    ("words", "env"),
    [
        (("beta:environments:work", "stats"), {"ANTHROPIC_ENVIRONMENT_ID": "env_1"}),
        ((*UPDATE, "--set", "packages.pip=a", "--dry-run"), {}),
        ((*UPDATE, "--name", "n"), {}),
    ],
)
def test_a_variable_or_an_edit_makes_a_command_complete_too(ant, input_after, words, env):
    """Rule D27: nothing is missing, so nobody waits for a silent pipe."""
    input_after(60)
    result = ant(*words, env=env, stdin="name: late")
    assert result.exit == 0
    assert "nothing arrived on stdin within a second" in result.stderr


@needs_posix("select for pipes")
@pytest.mark.parametrize(
    "words", [("update", "env_1"), ("create",), ("create", "--description", "d")]
)
def test_a_command_that_lacks_a_change_or_a_name_waits_for_its_pipe(ant, input_after, words):
    """Rule D27: without that input, the command would have nothing to do."""
    input_after(60)
    result = ant("beta:environments", *words, stdin="name: late")
    assert (result.exit, result.body["name"]) == (0, "late")
    assert "Note: waiting for input on stdin.\n" in result.stderr
    assert result.stderr.startswith("Note: waiting")


@needs_posix("select for pipes")
@pytest.mark.parametrize(
    "words",
    [
        ("update", "env_1", "--add", "packages.pip=x"),
        ("update", "env_1", "--description", "d"),
        ("create", "--name", "n"),
    ],
)
def test_a_command_that_has_its_change_does_not_wait_for_its_pipe(ant, input_after, words):
    """An edit of a list is a change, too."""
    input_after(60)
    done = ant("beta:environments", *words, "--dry-run", stdin="name: late")
    assert "late" not in done.stdout
    assert done.stderr.startswith("Note: nothing arrived on stdin within a second")


@pytest.mark.parametrize(
    ("script", "status", "said"),
    [
        ("$ANT beta:environments retrieve env_1 <&-", 0, ""),
        ("$ANT beta:environments create --name n <&-", 0, ""),
        ("$ANT beta:environments retrieve <&-", 2, "--environment-id is required"),
        ("$ANT beta:environments create --name n -f - <&-", 2, "closed"),
        ("$ANT beta:environments update env_1 0>written", 2, "can't be read"),
        ("$ANT beta:environments retrieve env_1 0>written", 0, ""),
    ],
)
def test_an_unusable_stdin_is_an_error_only_if_it_is_needed(shell, script, status, said):
    """Stdin is closed, or open for writing."""
    result = shell(script)
    assert (result.exit, said in result.stderr) == (status, True)


def test_a_non_blocking_pipe_on_stdin_is_read_to_its_end(ant_process):
    """Another program that shares the pipe may have made it non-blocking."""
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    running = ant_process(
        ("beta:environments", "create", "--description", "d"), stdin=read_end, wait=False
    )
    for part in (b"na", b"me: x"):
        os.write(write_end, part)
    os.close(write_end)
    os.close(read_end)
    assert running.process.wait(60) == 0
    assert b'"name":"x"' in running.server.requests[0]
