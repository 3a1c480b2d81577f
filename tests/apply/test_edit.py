"""`ant edit`: change an environment in an editor, which is a script here."""

from __future__ import annotations

import copy
import json
import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from ant_cli.apply import editor
from tests.conftest import Screen, needs_posix

ENVIRONMENT = {
    "id": "env_1",
    "type": "environment",
    "archived_at": None,
    "config": {
        "type": "cloud",
        "networking": {"type": "unrestricted"},
        "packages": {
            "type": "packages",
            "apt": [],
            "pip": ["pandas", "numpy"],
            "npm": ["tsx"],
            "brew": ["new"],
        },
    },
    "created_at": "2026-11-25T10:00:00Z",
    "description": "For analysis.",
    "metadata": {"team": "data", "tier": "1"},
    "name": "data",
    "scope": "organization",
    "state": "active",
    "updated_at": "2026-11-25T10:00:00Z",
}
DONE = {**ENVIRONMENT, "updated_at": "2026-11-25T10:00:01Z"}
CONFIRMED = [["#! To give up, leave the text unchanged.\n", ""]]
"""The user's confirmation of a text after a change by others."""
EDITOR = """\
import json, os, pathlib, sys
folder, path = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
turn = len(list(folder.glob("seen-*")))
text = path.read_text("utf-8")
(folder / f"seen-{turn}").write_text(text, "utf-8")
(folder / "path").write_text(str(path))
(folder / "modes").write_text(json.dumps([path.stat().st_mode, path.parent.stat().st_mode]))
steps = json.loads((folder / "steps").read_text())
for old, new in steps[turn] if turn < len(steps) else []:
    assert old in text, old
    text = text.replace(old, new)
path.write_text(text, "utf-8")
"""


def environment(**changes):
    """Return the environment with other pip packages, or other fields, and a later time of its update."""
    changed = copy.deepcopy(DONE)
    if "pip" in changes:
        changed["config"]["packages"]["pip"] = changes.pop("pip")
    return {**changed, **changes}


class Desk:
    """A user with an editor that makes one list of replacements each time it is opened."""

    def __init__(self, ant, folder):
        self._ant = ant
        self.folder = folder
        self.editor = f"{sys.executable} -ES {folder / 'editor.py'} {folder}"
        (folder / "editor.py").write_text(EDITOR)

    def edit(self, *turns, replies=(ENVIRONMENT, ENVIRONMENT, DONE), words=(), **options):
        """Run `ant edit` with replacements for each time that the editor is opened."""
        (self.folder / "steps").write_text(json.dumps(turns))
        options.setdefault("env", {})
        options["env"] = {"EDITOR": self.editor, **options["env"]}
        return self._ant("edit", "env_1", *words, replies=replies, **options)

    def edit_by(self, script, replies=(ENVIRONMENT,)):
        """Run `ant edit` with an editor that is a script of sh."""
        (self.folder / "editor.sh").write_text(f"{script}\n")
        return self.edit(replies=replies, env={"EDITOR": f"sh {self.folder / 'editor.sh'}"})

    @property
    def seen(self):
        """The texts in the editor when it was opened."""
        return [path.read_text("utf-8") for path in sorted(self.folder.glob("seen-*"))]

    @property
    def file(self):
        """The file in the editor."""
        return Path((self.folder / "path").read_text())


@pytest.fixture
def desk(ant, tmp_path, monkeypatch):
    """Return a desk. Files that are kept are in the test's folder."""
    (tmp_path / "kept").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "kept"))
    (tmp_path / "desk").mkdir()
    return Desk(ant, tmp_path / "desk")


def sent(result):
    """Return the methods and the bodies of the requests."""
    return [(request.method, json.loads(request.content or b"null")) for request in result.requests]


def update_of(result):
    """Return the body of the only update, which follows a second read."""
    assert [method for method, _ in sent(result)] == ["GET", "GET", "POST"]
    return sent(result)[-1][1]


# The text in the editor


def test_the_text_has_the_declared_fields_and_the_fields_of_the_server_as_comments(desk):
    """Empty lists are left out, and fields that this tool does not know are named."""
    desk.edit(replies=[ENVIRONMENT])
    lines = desk.seen[0].splitlines()
    assert lines[0].startswith("# yaml-language-server: $schema=https://")
    for line in (
        "# id: env_1",
        "# state: active",
        "# archived_at: null",
        "name: data",
        "description: For analysis.",
    ):
        assert line in lines
    assert "# Kept unchanged: config.packages.brew" in lines
    assert "    pip:\n      - pandas\n      - numpy\n" in desk.seen[0]
    assert "apt:" not in desk.seen[0]
    comments = [line for line in lines if line.startswith("# ") and "$schema" not in line]
    assert max(map(len, comments)) < 80  # an editor would break or truncate longer lines


@needs_posix("permissions")
def test_the_file_is_private_and_removed_at_the_end(desk):
    """Other users on the machine may not be allowed to read its content."""
    desk.edit([["numpy", "polars"]])
    modes = json.loads((desk.folder / "modes").read_text())
    assert [stat.S_IMODE(mode) for mode in modes] == [0o600, 0o700]
    assert desk.file.name == "env_1.yaml"
    assert not desk.file.parent.exists()


def test_strings_from_the_server_control_neither_terminal_nor_editor(desk):
    """Control characters are escaped, and editors look for modelines where no string from the server is."""
    evil = environment(
        name="a\x1b[2J\u202eb",
        description="vim: set modeline:\n# x",
        metadata={"team": "vim: set modeline:\n\n# vim: x"},
        state="vim: ts=1\r\n",
    )
    evil["config"]["packages"]["br\x1b[2Jew\n"] = ["x"]
    result = desk.edit([["pandas", "polars"]], replies=[evil, evil, evil], terminal=True)
    assert result.exit == 0
    assert "\x1b[2J" not in desk.seen[0] + result.stdout + result.stderr
    assert "\u202e" not in desk.seen[0] + result.stdout + result.stderr
    lines = desk.seen[0].splitlines()
    assert "vim" not in "".join(lines[:5] + lines[-5:])


@pytest.mark.parametrize(
    ("config", "line"),
    [({"type": "cloud"}, "# scope: account"), ({"type": "self_hosted"}, "scope: account")],
)
def test_a_field_is_in_the_text_once_either_to_be_changed_or_as_a_comment(desk, config, line):
    """Only a self-hosted environment has a scope that can be changed."""
    desk.edit(replies=[environment(config=config, scope="account")])
    assert [each for each in desk.seen[0].splitlines() if "scope:" in each] == [line]


# The update


@pytest.mark.parametrize(
    ("turn", "body"),
    [
        (
            [["numpy", "polars"]],
            {"config": {"type": "cloud", "packages": {"pip": ["pandas", "polars"]}}},
        ),
        ([["name: data", "name: other"]], {"name": "other"}),
        ([["description: For analysis.\n", ""]], {"description": None}),
        ([["For analysis.", "null"]], {"description": None}),
        ([["  team: data\n", ""]], {"metadata": {"team": None}}),
        ([["  team: data", "  team: x\n  new: y"]], {"metadata": {"team": "x", "new": "y"}}),
        (
            [['metadata:\n  team: data\n  tier: "1"\n', ""]],
            {"metadata": {"team": None, "tier": None}},
        ),
        (
            [["    pip:\n      - pandas\n      - numpy\n", ""]],
            {"config": {"type": "cloud", "packages": {"pip": []}}},
        ),
        (
            [
                [
                    "unrestricted",
                    "limited\n    allowed_hosts: [a.example]\n    allow_package_managers: true",
                ]
            ],
            {
                "config": {
                    "type": "cloud",
                    "networking": {
                        "type": "limited",
                        "allowed_hosts": ["a.example"],
                        "allow_package_managers": True,
                    },
                }
            },
        ),
        ([["name: data", "type: environment\nname: other  # a comment"]], {"name": "other"}),
        ([["name: data", "name: other"], ["    pip:", "    apt: []\n    pip:"]], {"name": "other"}),
        (
            [["  packages:\n    pip:\n      - pandas\n      - numpy\n    npm:\n      - tsx\n", ""]],
            {"config": {"type": "cloud", "packages": {"pip": [], "npm": []}}},
        ),
    ],
)
def test_an_edit_sends_only_the_changed_fields(desk, turn, body):
    """A deleted field is cleared in the way of the API. Lists that this tool does not know are kept."""
    result = desk.edit(turn)
    assert (result.exit, result.stderr) == (0, "Updated env_1.\n")
    assert update_of(result) == body


LIMITED = environment(
    config={
        "type": "cloud",
        "networking": {
            "type": "limited",
            "allow_mcp_servers": True,
            "allowed_hosts": ["a.example"],
        },
    }
)


@pytest.mark.parametrize(
    ("old", "new", "networking"),
    [
        (
            "limited\n    allow_mcp_servers: true\n    allowed_hosts:\n      - a.example\n",
            "unrestricted\n",
            {"type": "unrestricted"},
        ),
        ("- a.example", "- b.example", {"type": "limited", "allowed_hosts": ["b.example"]}),
    ],
)
def test_an_edit_of_a_network_sends_its_type_and_clears_nothing_of_an_old_type(
    desk, old, new, networking
):
    """The API needs the type to know which fields there are. Those of the old type disappear with it."""
    result = desk.edit([[old, new]], replies=[LIMITED, LIMITED, DONE])
    assert update_of(result) == {"config": {"type": "cloud", "networking": networking}}


def test_an_edit_is_sent_even_if_nobody_reads_the_plan(desk, monkeypatch):
    """The user has confirmed it by saving the text."""

    def write(*_, **__):
        raise BrokenPipeError

    monkeypatch.setattr("ant_cli.runtime.streams.Stdout.write", write)
    result = desk.edit([["- numpy", "- polars"]])
    assert (result.exit, result.stderr) == (0, "Updated env_1.\n")
    assert update_of(result)


@pytest.mark.parametrize("is_terminal", [True, False])
def test_the_plan_of_an_edit_has_colour_if_stdout_is_a_terminal(desk, is_terminal):
    """It does not matter whether stderr is a terminal."""
    streams = {
        "stdout": Screen(terminal=is_terminal),
        "stderr": Screen(terminal=not is_terminal),
    }
    result = desk.edit([["- numpy", "- polars"]], env={"TERM": "xterm"}, **streams)
    assert (result.exit, "\x1b[" in result.stdout) == (0, is_terminal)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "null\n"])
def test_an_emptied_text_sends_nothing(desk, text):
    """An empty text does not mean that every field is to be cleared."""
    (desk.folder / "empty").write_text(text)
    result = desk.edit_by(f'cp "{desk.folder / "empty"}" "$1"')
    assert (result.exit, result.stderr) == (0, "The text is empty, so nothing was sent.\n")


@pytest.mark.parametrize(
    "turn",
    [
        [],
        [["name: data", "name:   data # the same"]],
        [["pip:", "apt: []\n    pip:"]],
        [["# scope: organization", "scope: organization"]],
    ],
)
def test_a_text_without_a_change_sends_nothing(desk, turn):
    """Comments and spaces are not a change, nor is a field of the server that is uncommented."""
    result = desk.edit(turn, replies=[ENVIRONMENT])
    assert (result.exit, result.stdout, result.stderr) == (
        0,
        "",
        "Nothing changed, so nothing was sent.\n",
    )


@needs_posix("an editor that is a script of sh")
def test_the_line_breaks_of_windows_are_no_change(desk):
    """An editor there may write them, whatever was in the file. They don't confirm the text after a conflict."""
    script = "sed -i 's/numpy/polars/; s/$/\\r/' \"$1\""
    result = desk.edit_by(script, replies=[ENVIRONMENT, environment(name="theirs")])
    assert (result.exit, len(result.requests)) == (6, 2)


# Mistakes


def test_a_text_in_which_only_a_note_was_deleted_is_opened_again(desk):
    """The mistake is still there. The file that is then left unchanged is given up."""
    note = "#! Nothing was changed yet. Correct it and save. To give up, save it unchanged.\n"
    result = desk.edit([["    pip:", "    pipp:"]], [[note, ""]], replies=[ENVIRONMENT])
    assert note in desk.seen[1]
    assert desk.seen[2] == desk.seen[1]
    assert (result.exit, len(desk.seen)) == (2, 3)


@needs_posix("permissions")
def test_a_text_that_was_given_up_is_kept_without_the_notes(desk):
    """The message says where the file is."""
    result = desk.edit([["    pip:", "    pipp:"]], replies=[ENVIRONMENT])
    assert f"Your text is kept in {desk.file}\n" in result.stderr
    assert "    pipp:\n" in desk.file.read_text()
    assert "#!" not in desk.file.read_text()
    assert stat.S_IMODE(desk.file.stat().st_mode) == 0o600


def test_a_corrected_mistake_is_sent(desk):
    """The notes are not part of the text."""
    result = desk.edit([["    pip:", "    pipp:"]], [["    pipp:\n      - pandas\n", "    pip:\n"]])
    assert result.exit == 0
    assert update_of(result) == {"config": {"type": "cloud", "packages": {"pip": ["numpy"]}}}
    assert not desk.file.parent.exists()


def test_a_rejected_edit_is_opened_again_with_the_message_of_the_server(desk):
    """The message is at the line of the field that it names, and control characters are escaped.

    A correction is sent.
    """
    message = "config.packages.pip: no\x1b[2J such package"
    rejection = httpx.Response(
        400, json={"type": "error", "error": {"type": "e", "message": message}}
    )
    replies = [ENVIRONMENT, ENVIRONMENT, rejection, ENVIRONMENT, DONE]
    result = desk.edit([["numpy", "nompy"]], [["nompy", "polars"]], replies=replies)
    assert result.exit == 0
    again = desk.seen[1].splitlines()
    assert "\x1b" not in desk.seen[1] + result.stderr
    assert again[again.index("    pip:") - 1].startswith(
        "#! The server rejects it: config.packages.pip: no"
    )
    assert sent(result)[-1][1]["config"]["packages"]["pip"] == ["pandas", "polars"]


def test_a_line_separator_in_a_text_is_kept_when_it_is_opened_again(desk):
    """YAML does not end a line there, so the numbers of lines would not fit, either."""
    rejection = httpx.Response(
        400, json={"type": "error", "error": {"type": "e", "message": "config.packages.pip: no"}}
    )
    replies = [ENVIRONMENT, ENVIRONMENT, rejection, ENVIRONMENT, DONE]
    separated = [["For analysis.", '"a\u2028#! b\x85c"']]
    result = desk.edit(separated, [["numpy", "polars"]], replies=replies)
    assert result.exit == 0
    again = desk.seen[1].split("\n")
    assert again[again.index("    pip:") - 1].startswith("#! The server rejects it")
    assert sent(result)[-1][1]["description"] == "a\u2028#! b\x85c"


def test_an_edit_that_the_server_rejects_twice_is_kept(desk):
    """The exit code is that of the server's error. Its message is not where an editor looks for directives."""
    rejection = httpx.Response(
        400, json={"type": "error", "error": {"type": "e", "message": "vim: set modeline:"}}
    )
    result = desk.edit([["numpy", "nompy"]], replies=[ENVIRONMENT, ENVIRONMENT, rejection])
    assert result.exit == 1
    lines = desk.seen[1].splitlines()
    assert "vim" in desk.seen[1]
    assert "vim" not in "".join(lines[:5] + lines[-5:])
    assert "400 Bad Request" in result.stderr
    assert "nompy" in desk.file.read_text()


def test_a_rejection_without_a_valid_error_body_is_handled_like_others(desk):
    """This one is nested too deeply for a parser."""
    rejection = httpx.Response(400, content=b'{"error":' + b"[" * 40_000)
    result = desk.edit([["numpy", "nompy"]], replies=[ENVIRONMENT, ENVIRONMENT, rejection])
    assert result.exit == 1
    assert len(desk.seen) == 2
    assert "nompy" in desk.file.read_text()


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_each_status_that_rejects_the_text_opens_it_again(desk, status):
    """A shorter text may be accepted, or another name."""
    rejection = httpx.Response(status, json={"type": "error", "error": {"message": "no"}})
    replies = [ENVIRONMENT, *[ENVIRONMENT, rejection] * 3]
    result = desk.edit([["numpy", "nompy"]], replies=replies, sleep=lambda _: None)
    assert result.exit != 0
    assert len(desk.seen) == 2
    assert "The server rejects it: no" in desk.seen[1]


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (httpx.Response(401, json={}), 4),
        (httpx.Response(403, json={}), 4),
        (httpx.Response(404, json={}), 5),
        (httpx.Response(429, json={}), 7),
        (httpx.Response(500, json={}), 7),
        (OSError("down"), 8),
    ],
)
def test_a_failure_that_no_correction_can_fix_keeps_the_text(desk, failure, code):
    """The user's work is not lost."""
    replies = [ENVIRONMENT, ENVIRONMENT, *[failure, ENVIRONMENT] * 3]
    result = desk.edit([["numpy", "polars"]], replies=replies)
    assert result.exit == code
    assert len(desk.seen) == 1
    assert f"Your text is kept in {desk.file}" in result.stderr
    assert "polars" in desk.file.read_text()


# Changes by others


def test_a_change_by_others_opens_the_text_again_and_a_change_of_another_field_is_kept(desk):
    """A note shows what they changed. After confirmation, only the user's change is sent."""
    theirs = environment(description="Theirs.")
    result = desk.edit(
        [["numpy", "polars"]], CONFIRMED, replies=[ENVIRONMENT, theirs, theirs, DONE]
    )
    assert result.exit == 0
    assert "changed elsewhere in the meantime, so nothing was sent yet." in result.stderr
    first, again = desk.seen
    assert [line for line in again.splitlines() if not line.startswith("#!")] == first.replace(
        "numpy", "polars"
    ).splitlines()
    assert (
        '#! The environment has been changed elsewhere in the meantime:\n#!   description: "For analysis."'
        in again
    )
    assert (
        "are sent. They overwrite changes of the same\n#! fields. See whether your text still fits, and"
        in again
    )
    assert " delete this line to send it.\n" in again
    assert sent(result)[-1] == (
        "POST",
        {"config": {"type": "cloud", "packages": {"pip": ["pandas", "polars"]}}},
    )


def test_the_changes_of_others_to_the_same_field_are_shown_and_overwritten(desk):
    """The user can add them to the text."""
    theirs = environment(pip=["numpy", "theirs"], name="f\u00fcr alle")
    ours = [["- numpy", "- numpy\n      - ours"], ["name: data", "name: ours"]]
    result = desk.edit(
        ours, [["- ours", "- ours\n      - theirs"]], replies=[ENVIRONMENT, theirs, theirs, DONE]
    )
    for line in (
        '#!   name: "data" \u2192 "f\u00fcr alle"',
        "#!   config.packages.pip:",
        "#!     - pandas",
        "#!     + theirs",
    ):
        assert line in desk.seen[1].splitlines()
    packages = {"pip": ["pandas", "numpy", "ours", "theirs"]}
    assert sent(result)[-1][1] == {
        "name": "ours",
        "config": {"type": "cloud", "packages": packages},
    }


def test_the_plan_after_a_change_by_others_shows_their_values_as_the_old_ones(desk):
    """The first plan shows the values that the user had seen."""
    theirs = environment(name="theirs", description="Theirs.")
    result = desk.edit(
        [["name: data", "name: ours"]], CONFIRMED, replies=[ENVIRONMENT, theirs, theirs, DONE]
    )
    assert result.stdout.count('name: "data" \u2192 "ours"') == 1
    assert result.stdout.count('name: "theirs" \u2192 "ours"') == 1
    assert "description" not in result.stdout


def test_an_unconfirmed_text_is_not_sent(desk):
    """`:q!` in vi leaves it unconfirmed. The exit code is that of a conflict, and the text is kept."""
    theirs = environment(name="theirs")
    result = desk.edit([["numpy", "polars"]], replies=[ENVIRONMENT, theirs])
    assert result.exit == 6
    assert [method for method, _ in sent(result)] == ["GET", "GET"]
    assert "env_1 has been changed elsewhere in the meantime, so nothing was sent." in result.stderr
    assert "polars" in desk.file.read_text()


@pytest.mark.parametrize(
    ("now", "exit_code", "state"),
    [
        (environment(archived_at="2026-11-25T10:00:01Z"), 1, "is archived, so it can't be changed"),
        (httpx.Response(404, json={}), 5, "has been deleted in the meantime"),
    ],
    ids=["archived", "deleted"],
)
def test_an_environment_that_was_archived_meanwhile_ends_the_edit_and_keeps_the_text(
    desk, now, exit_code, state
):
    """No text could be sent."""
    result = desk.edit([["numpy", "polars"]], replies=[ENVIRONMENT, now])
    assert result.exit == exit_code
    assert result.stderr.endswith(f"\nant: env_1 {state}.\n")
    assert "polars" in desk.file.read_text()


def test_a_mistake_after_a_change_by_others_is_opened_again_and_given_up_like_any_other(desk):
    """The note about the change is gone by then: it was read."""
    theirs = environment(description="Theirs.")
    turns = [["numpy", "polars"]], [["pip:", "pipp:"]]
    result = desk.edit(*turns, replies=[ENVIRONMENT, theirs])
    assert (result.exit, len(desk.seen)) == (2, 3)
    assert "changed elsewhere" not in desk.seen[2]


def test_a_change_whose_response_was_lost_is_not_made_twice(desk):
    """The read before the second attempt shows that the first one succeeded."""
    changed = environment(pip=["pandas", "polars"])
    result = desk.edit(
        [["numpy", "polars"]], replies=[ENVIRONMENT, ENVIRONMENT, TimeoutError(), changed]
    )
    assert (result.exit, result.stderr.splitlines()[-1]) == (0, "Updated env_1.")
    assert len(desk.seen) == 1


def test_a_change_by_others_between_two_attempts_is_noticed(desk):
    """Every attempt starts with a read."""
    theirs = environment(name="theirs")
    replies = [ENVIRONMENT, ENVIRONMENT, httpx.Response(503), theirs, theirs, DONE]
    result = desk.edit([["numpy", "polars"]], CONFIRMED, replies=replies)
    assert result.exit == 0
    assert '#!   name: "data" \u2192 "theirs"\n' in desk.seen[1]
    assert sent(result)[-1][1] == {
        "config": {"type": "cloud", "packages": {"pip": ["pandas", "polars"]}}
    }


# Environments that can't be edited


@needs_posix("an editor that is a script of sh")
def test_an_edit_takes_a_name_in_place_of_the_id(ant):
    """Every other command does the same. An unknown ID is not a name, and other errors have other causes."""
    missing = httpx.Response(
        404, json={"type": "error", "error": {"type": "not_found_error", "message": "No."}}
    )
    page = {"data": [{"id": "env_1", "name": "data"}], "next_page": None}
    result = ant("edit", "data", replies=[missing, page, environment()], env={"EDITOR": "true"})
    assert (result.exit, result.stderr) == (0, "Nothing changed, so nothing was sent.\n")
    for word, reply in (("env_9", missing), ("data", httpx.Response(403, json={}))):
        assert len(ant("edit", word, replies=[reply], env={"EDITOR": "false"}).requests) == 1


def test_an_environment_of_an_unknown_type_is_not_opened(desk):
    """If it can't be declared in a file, it can't be edited as a text."""
    result = desk.edit(replies=[environment(config={"type": "quantum"})])
    assert (result.exit, desk.seen) == (1, [])
    problem = "env_1 has fields that can't be edited as text:\n  config.type: must be 'cloud' or 'self_hosted'"
    assert problem in result.stderr


# Editors


def test_visual_wins_over_editor_and_may_have_arguments(desk):
    """Git does the same. An empty variable is ignored."""
    assert desk.edit([["numpy", "x"]], env={"VISUAL": desk.editor, "EDITOR": "false"}).exit == 0
    assert desk.edit([], [["numpy", "x"]], env={"VISUAL": " "}).exit == 0


@pytest.mark.parametrize(("stdin", "stdout"), [(True, False), (False, True), (False, False)])
def test_no_common_editor_is_opened_unless_both_stdin_and_stdout_are_a_terminal(
    desk, stdin, stdout
):
    """It would read what is piped in, or draw into a file."""
    ask = (lambda _question: "") if stdin else None
    result = desk.edit(env={"EDITOR": None}, ask=ask, stdout=Screen(terminal=stdout))
    assert "no editor is set, and there is no terminal to open one on." in result.refusal


@needs_posix("vi or nano")
@pytest.mark.parametrize("name", ["vi", "nano"])
def test_a_common_editor_is_used_at_a_terminal_if_none_is_set(desk, tmp_path, name):
    """It is vi, or else nano."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / name).write_text(f'#!/bin/sh\nexec {desk.editor} "$1"\n')
    (folder / name).chmod(0o755)
    options = {"env": {"EDITOR": "", "PATH": str(folder)}, "terminal": True, "ask": lambda _: "no"}
    assert desk.edit([["numpy", "x"]], **options).exit == 0
    (folder / name).unlink()
    result = desk.edit(replies=[], **options)
    assert result.exit == 2
    assert "no editor is set, and there is no vi or nano." in result.stderr


@needs_posix("an editor that is a script of sh")
def test_an_editor_that_fails_sends_nothing_and_loses_nothing(desk):
    """With `:cq`, for example, vi fails. An unchanged file is removed."""
    failing = f"sh -c '{desk.editor} \"$1\"; exit 3' sh"
    result = desk.edit([["numpy", "polars"]], replies=[ENVIRONMENT], env={"EDITOR": failing})
    assert result.exit == 1
    assert re.search(
        r"^ant: the editor \(\S*sh -c '.+' sh\) ended with status 3, so nothing was sent\.$",
        result.stderr,
        re.M,
    )
    assert "polars" in desk.file.read_text()
    unchanged = desk.edit_by("exit 3")
    assert (unchanged.exit, "kept" in unchanged.stderr) == (1, False)


@needs_posix("an editor that is a script of sh")
def test_ctrl_c_that_ends_the_editor_ends_the_command_and_keeps_the_text(desk, tmp_path):
    """Ctrl-C reaches both processes, and the editor decides whether it ends."""
    result = desk.edit_by('echo "# mine" >> "$1"; kill -INT $PPID; kill -INT $$')
    assert result.exit == 130
    (kept,) = (tmp_path / "kept").glob("*/env_1.yaml")
    assert f"Your text is kept in {kept}" in result.stderr
    assert kept.read_text().endswith("# mine\n")


@needs_posix("an editor that is a script of sh")
def test_a_ctrl_c_that_ended_the_program_in_an_editor_that_is_a_script_ends_the_command(desk):
    """A shell reports such a signal by its exit status, 130."""
    result = desk.edit_by('echo "# mine" >> "$1"; exit 130')
    assert (result.exit, "ended with status" in result.stderr) == (130, False)
    assert "Your text is kept in " in result.stderr


@needs_posix("an editor that is a script of sh")
def test_a_ctrl_c_that_does_not_end_the_editor_is_ignored(desk):
    """vi, for example, continues."""
    before = signal.getsignal(signal.SIGINT)
    editor = 'trap : INT; kill -INT $PPID; exec sed -i s/numpy/x/ "$1"'
    assert desk.edit_by(editor, (ENVIRONMENT, ENVIRONMENT, DONE)).exit == 0
    assert signal.getsignal(signal.SIGINT) is before


@needs_posix("an editor that is a script of sh")
def test_a_deleted_file_is_an_error(desk):
    """There is no text to send."""
    result = desk.edit(replies=[ENVIRONMENT], env={"EDITOR": "rm"})
    assert result.exit == 2
    assert re.fullmatch(
        r"ant: the edited text: '\S+/env_1\.yaml' can't be read: .+\n", result.stderr
    )


@needs_posix("an editor that is a script of sh")
def test_a_text_is_kept_when_the_disk_is_full(desk, monkeypatch):
    """Its mistake can't be marked, and the mark can't be removed."""
    written, write = [], editor.replace_file

    def write_once(path, content):
        if written:
            raise OSError(28, "No space left on device")
        written.append(write(path, content))

    monkeypatch.setattr(editor, "replace_file", write_once)
    result = desk.edit([["    pip:", "    pipp:"]], replies=[ENVIRONMENT])
    assert result.exit == 1
    assert f"Your text is kept in {desk.file}\n" in result.stderr
    assert "    pipp:\n" in desk.file.read_text()


@needs_posix("an editor that is a script of sh")
def test_a_file_that_is_not_text_is_kept(desk, tmp_path):
    """The editor may have written anything."""
    result = desk.edit_by("printf 'name: caf\\351\\n' > \"$1\"")
    assert result.exit == 2
    assert "is not text in UTF-8" in result.stderr
    (kept,) = (tmp_path / "kept").glob("*/env_1.yaml")
    assert f"Your text is kept in {kept}\n" in result.stderr
    assert kept.read_bytes() == b"name: caf\xe9\n"


@needs_posix("an editor that is a script of sh")
def test_an_editor_that_never_fixes_its_mistakes_is_not_opened_forever(desk, monkeypatch):
    """It must be a script: a person would have given up."""
    monkeypatch.setattr("ant_cli.commands.edit.MOST_ROUNDS", 5)
    result = desk.edit_by('echo "wrong_$(wc -l < "$1"): x" >> "$1"')
    assert result.exit == 2
    assert "unknown field" in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="it has no SIGTERM")
def test_sigterm_ends_the_editor_too_and_keeps_the_text(team, tmp_path):
    """The signal ends the process."""
    created = team.ant("beta:environments", "create", "--name", "a", "--transform", "id", "-r")
    ready, script = tmp_path / "ready", tmp_path / "editor.sh"
    os.mkfifo(ready)
    script.write_text(f'#!/bin/sh\necho "# mine" >> "$1"\necho $$ > {ready}\nexec sleep 600\n')
    team.environ |= {"EDITOR": f"sh {script}", "TMPDIR": str(tmp_path)}
    program = team.program("edit", created.stdout.strip())
    editor_id = int(ready.read_text())
    program.send_signal(signal.SIGTERM)
    _, stderr = program.communicate(timeout=30)
    assert program.returncode == -signal.SIGTERM
    (kept,) = tmp_path.glob("ant-edit-*/*.yaml")
    assert f"Your text is kept in {kept}" in stderr.decode()
    assert (
        subprocess.run(["ps", "-p", str(editor_id)], capture_output=True, check=False).returncode
        == 1
    )


@pytest.mark.skipif(sys.platform == "win32", reason="it has no SIGTERM")
def test_a_sigterm_while_the_editor_starts_ends_it_too(team, monkeypatch):
    """The editor has been started, and nobody waits for it yet."""
    created = team.ant("beta:environments", "create", "--name", "a", "--transform", "id", "-r")
    started = []

    class Interrupted(subprocess.Popen):
        def __init__(self, *words, **more):
            super().__init__(*words, **more)
            started.append(self)
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(editor, "subprocess", SimpleNamespace(Popen=Interrupted))
    team.environ["EDITOR"] = "sh -c 'exec sleep 10'"
    assert team.ant("edit", created.stdout.strip()).exit == 143
    assert [one.returncode for one in started] == [-signal.SIGTERM]
