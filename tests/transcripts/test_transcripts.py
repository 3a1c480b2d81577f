"""Sessions at a shell: each file has command lines, and everything that they print.

The commands of a file run one after the other in an empty folder. Those that name no emulator get an empty page.

    # A comment.
    $ cat > env.yaml <<EOF
    name: demo
    EOF
    $ export ANTHROPIC_BASE_URL=local:demo.db
    $ ant beta:environments create -f env.yaml --transform id -r
      env_1
    $ ANSWERS=n ant beta:environments delete env_1
    ? Delete env_1 at local:demo.db? [y/N]
    ! ant: nothing was sent.
    ! To skip the question: --yes
    [exit 2]

What is on stdout has two spaces before it, what is on stderr `! `, and a question `? `. IDs are numbered, and times
are hidden. `/here` is the folder, and `/home` that of the user. A command with ANSWERS runs at a terminal without
colour. `< FILE` and `<<EOF` give a command its stdin, `| head -3` shows its first lines; `export` (with
an empty value, it unsets), `cat FILE`, `cat > FILE <<EOF` (a file that only the user can read), `rm`, `mv`, `mkdir`
and `chmod MODE FILE` are the only other commands.

    $ request POST /v1/sessions '{"agent": "a", "environment_id": "env_1"}' | id status
      200
      {"id": "session_1", "status": "idle"}

asks the emulator of ANTHROPIC_BASE_URL as an SDK does. It prints the status, and the object, error or each item of
a list, or only these members of it. Times in 2030 are not hidden: a session can set its clock.

A file that begins with `# POSIX: ...` is not played on Windows, for this reason.

After an intended change, write the files again with ANT_WRITE_TRANSCRIPTS=1, and review the differences.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from ant_cli.emulator import Emulator
from tests.emulator.api import Api

FOLDER = Path(__file__).parent
_VARIABLE = re.compile(r"(\w+)=(.*)", re.DOTALL)
_ID = re.compile(r"\b([a-z]+)_01[0-9A-Za-z]{22}\b")
_HIDDEN = {
    r"\b(?!2030)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)": "TIME",
    r"sk-ant-(\w+)-[\w-]+": r"sk-ant-\1-KEY",
    r"\beyJzZXNzaW9uc190b2tlbiI6[\w-]+": "SECRET",
    r"\bant-edit-\w+": "ant-edit-1",
    r"\b(seconds\"?[=:] ?|sleep=)[\d.]+": r"\1N",
    r"(?<=ant-cli-python/)\S+": "VERSION",
    r"(?<=lease ends within )\d+": "N",
    r"\bsha256:[0-9a-f]{64}|\b[0-9a-f]{64}\b": "HASH",
}


def blocks(text: str) -> Iterator[tuple[list[str], str]]:
    """Yield the lines of each command or comment, and the text after `<<EOF`. The output is left out."""
    # empty lines of the output
    lines = iter(re.sub(r"\n+(?=\n(?:[^$#\n]|$))", "", text).splitlines())
    for line in lines:
        if line.startswith("$ ") and line.endswith("<<EOF"):
            body = list(iter(lambda: next(lines), "EOF"))
            yield [line, *body, "EOF"], "".join(f"{each}\n" for each in body)
        elif line.startswith(("$ ", "#")) or not line:
            yield [line], ""


def with_slashes(text: str) -> str:
    """Return a text with slashes in place of backslashes on Windows, whose paths have those."""
    return text.replace("\\\\", "/").replace("\\", "/") if sys.platform == "win32" else text


class Session(ExitStack):
    """Plays the commands of a file.

    It keeps its emulator open until the end: the last one to close a database waits for the disk.
    """

    def __init__(self, ant, home: str) -> None:
        super().__init__()
        self._ant = ant
        self._paths = {Path.cwd().as_posix(): "/here", Path(home).as_posix(): "/home"}
        self._environ: dict[str, str | None] = {}
        self._ids: dict[str, str] = {}
        self._opened: Emulator | None = None

    def play(self, line: str, heredoc: str) -> list[str]:
        """Run a command line, and return what it prints."""
        words = [self._real(word) for word in shlex.split(line.removesuffix("<<EOF"))]
        given = dict(match.groups() for word in words if (match := _VARIABLE.fullmatch(word)))
        if words[0] == "export":
            self._environ |= {name: text or None for name, text in given.items()}
        elif words[0] == "cat" and ">" not in words:
            return self._lines("  ", Path(words[1]).read_text("utf-8"))
        elif words[0] == "cat":
            Path(words[-1]).parent.mkdir(parents=True, exist_ok=True)
            Path(words[-1]).touch(0o600)
            Path(words[-1]).write_text(self._real(heredoc))
        elif words[0] == "chmod":
            Path(words[2]).chmod(int(words[1], 8))
        elif words[0] in ("rm", "mv", "mkdir"):
            {"rm": Path.unlink, "mv": Path.rename, "mkdir": Path.mkdir}[words[0]](
                *map(Path, words[1:])
            )
        elif words[0] == "request":
            return self._request(*words[1:])
        else:
            return self._run(words, heredoc)
        return []

    def _request(self, method: str, path: str, *words: str) -> list[str]:
        path, _, query = path.partition("?")
        end = words.index("|") if "|" in words else len(words)
        response = Api(self._emulator())(
            method, path, *map(json.loads, words[:end]), **parse_qs(query)
        )
        found = response.json if response.status_code == 200 else response.json["error"]
        rows = found["data"] if isinstance((found or {}).get("data"), list) else [found]
        picked = [
            {name: row[name] for name in words[end + 1 :] if name in row} or row for row in rows
        ]
        shown = [
            str(response.status_code),
            *(json.dumps(row, ensure_ascii=False) for row in picked),
        ]
        return self._lines("  ", "\n".join(shown))

    def _emulator(self) -> Emulator:
        if self._opened is None:
            path = str(self._environ["ANTHROPIC_BASE_URL"]).removeprefix("local:")
            self._opened = self.enter_context(closing(Emulator(path)))
        return self._opened

    def _run(self, words: list[str], heredoc: str) -> list[str]:
        start = words.index("ant")
        environ = self._environ | dict(word.split("=", 1) for word in words[:start])
        answers = environ.pop("ANSWERS", None)
        words = words[start + 1 :]
        most = None
        if words[-3:-1] == ["|", "head"]:
            *words, _, _, count = words
            most = int(count.removeprefix("-"))
        stdin: str | Path | None = self._real(heredoc) or None
        if "<" in words:
            *words, _, path = words
            stdin = Path(path)
        replies, asked = iter((answers or "").split(",")), list[str]()

        def reply(question: str) -> str:
            asked.append(f"? {self._hidden(question)}".rstrip())
            return next(replies)

        result = self._ant(
            *words,
            stdin=stdin,
            env={"NO_COLOR": "1", "COLUMNS": "100", "ANT_PAGER": "", **environ},
            network=any(
                "local" in text for text in (*words, environ.get("ANTHROPIC_BASE_URL") or "")
            ),
            terminal=answers is not None,
            ask=None if answers is None else reply,
        )
        if environ.get("ANTHROPIC_BASE_URL") == "local:demo.db" and Path("demo.db").exists():
            self._emulator()
        shown = [*self._lines("  ", result.stdout)[:most], *self._lines("! ", result.stderr)]
        return [*asked, *shown, *([f"[exit {result.exit}]"] if result.exit else [])]

    def _lines(self, mark: str, text: str) -> list[str]:
        return [f"{mark}{line}".rstrip() for line in self._hidden(text).splitlines()]

    def _real(self, text: str) -> str:
        """Return a text with the real paths, and the real IDs in place of the numbered ones."""
        for path, shown in self._paths.items():
            text = re.sub(rf"(?<![\w/]){shown}\b", path, text)
        for real, shown in self._ids.items():
            text = re.sub(rf"\b{shown}\b", real, text)
        return text

    def _hidden(self, text: str) -> str:
        """Return a text without what differs from run to run, or between systems."""
        text = with_slashes(text)
        for path, shown in self._paths.items():
            text = text.replace(path, shown)
        for real, kind in ((match[0], match[1]) for match in _ID.finditer(text)):
            number = 1 + sum(shown.startswith(f"{kind}_") for shown in self._ids.values())
            self._ids.setdefault(real, f"{kind}_{number}")
        text = _ID.sub(lambda match: self._ids[match[0]], text)
        for real, shown in self._ids.items():
            text = re.sub(rf"\b{real[-6:]}\b", shown, text)  # a worker shows the end of an ID
        for pattern, shown in _HIDDEN.items():
            text = re.sub(pattern, shown, text)
        return text


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_a_session_prints_what_its_transcript_shows(path, ant, clean_environ, monkeypatch):
    written, lines = path.read_text("utf-8"), list[str]()
    if sys.platform == "win32" and written.startswith("# POSIX: "):
        pytest.skip(f"this test needs {written[2:].partition('.')[0]}")
    monkeypatch.setattr("tempfile.tempdir", clean_environ["HOME"])
    with Session(ant, clean_environ["HOME"]) as session:
        for block, heredoc in blocks(written):
            lines += block
            lines += (
                session.play(block[0].removeprefix("$ "), heredoc)
                if block[0].startswith("$ ")
                else []
            )
    shown = "\n".join(lines) + "\n"
    if os.environ.get("ANT_WRITE_TRANSCRIPTS"):
        path.write_text(shown, "utf-8")
    assert with_slashes(shown).splitlines() == with_slashes(written).splitlines()
