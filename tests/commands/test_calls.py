"""The call of a tool command: what its function gets from flags, variables and defaults."""

from __future__ import annotations

import pytest

from ant_cli.errors import BadValue
from ant_cli.help.catalog import catalog

START = ("emulator", "start")
PREFIX = "ANT_EMULATOR_"


@pytest.fixture
def calls(ant, monkeypatch):
    """Run a tool command whose function only records its keywords. Return them, and the result."""

    def run(*words, env=None, fails=False):
        seen = []

        def record(_runtime, flags, **keywords):
            seen.append({**keywords, "flags": dict(flags)})
            if fails:
                raise BadValue("--x", "is not right")

        monkeypatch.setattr("ant_cli.commands._function_of", lambda _: record)
        result = ant(*words, env=env or {})
        return (seen[0] if seen else None), result

    return run


@pytest.mark.parametrize(
    ("name", "flag", "in_variable", "in_flag", "default"),
    [
        ("port", "--port", "4011", "4012", 0),
        ("host", "--host", "0.0.0.0", "::1", "127.0.0.1"),
        ("lease_seconds", "--lease-seconds", "7", "8", None),
        ("seed", "--seed", "3", "0", None),
        ("detach", "--detach", "true", "false", None),
        ("log_file", "--log-file", "a.log", "b.log", None),
    ],
)
def test_a_flag_wins_over_its_variable_and_that_over_the_default(
    calls, name, flag, in_variable, in_flag, default
):
    """An empty variable counts as unset. With the flag, the variable does not matter."""
    variable = PREFIX + name.upper()
    (setting,) = [
        s for c in catalog().walk() if c.path == START for s in c.settings if s.name == name
    ]
    values = {text: setting.value_of(flag, text) for text in (in_variable, in_flag)}
    by_default, _ = calls(*START)
    assert default is None or by_default[name] == default
    assert calls(*START, env={variable: ""})[0] == by_default
    assert calls(*START, env={variable: in_variable})[0][name] == values[in_variable]
    for other in (in_variable, "", "\0"):
        words = (*START, f"{flag}={in_flag}")
        assert calls(*words, env={variable: other})[0][name] == values[in_flag]


def test_a_variable_with_a_wrong_value_is_a_usage_error(calls):
    """It is found before anything starts."""
    seen, result = calls(*START, env={"ANT_EMULATOR_PORT": "high"})
    assert (seen, result.exit) == (None, 2)
    assert "--port" in result.refusal


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("apply", "--dry-run"), 2),
        (("apply", "--dry-run", "--exit-code"), 1),
        (("diff", "x.yaml"), 1),
        (("profile", "list"), 2),
        (("auth", "status"), 2),
    ],
)
def test_a_usage_error_is_told_from_a_change_that_was_found(calls, words, code):
    """With --exit-code, the status 2 has another meaning."""
    seen, result = calls(*words, fails=True)
    assert seen is not None
    assert result.exit == code


def test_global_flags_are_passed_on_apart_from_those_of_the_command(calls):
    """A command hands them to the settings as they are."""
    seen, result = calls("profile", "list", "--format", "yaml", "--transform", "a")
    assert result.exit == 0
    assert seen == {"flags": {"format": "yaml", "transform": "a"}}


@pytest.mark.parametrize(
    ("flags", "shown"),
    [
        ((), "* a\n  bcd\n"),
        (("--format", "auto"), "* a\n  bcd\n"),
        (("--columns", "name"), "NAME\na\nbcd\n"),
        (("--transform", "name"), '"a"\n"bcd"\n'),
        (("--format", "jsonl", "--transform", "{name}"), '{"name":"a"}\n{"name":"bcd"}\n'),
    ],
)
def test_a_result_is_text_unless_a_flag_asks_for_a_format_a_part_or_columns(ant, flags, shown):
    """With a flag, each item of a list is a row or a value."""
    for name in ("a", "bcd"):
        ant("profile", "create", name)
    result = ant("profile", "list", *flags)
    assert (result.exit, result.stdout, result.stderr) == (0, shown, "")
