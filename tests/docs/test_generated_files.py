"""Generated files: the completion scripts, and the manual pages."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import generate as generator
import pytest
from manual_pages import ESCAPES, manual_page, manual_pages

from ant_cli.help.catalog import catalog
from ant_cli.operations import OPERATIONS
from ant_cli.settings.rows import GLOBAL_FLAGS
from tests.helpers.processes import run_process

ROOT = Path(__file__).parents[2]
GENERATED = generator.generated()
PAGES = manual_pages(catalog())
MAN_PAGES = sorted(path for path in GENERATED if path.suffix == ".1")


def test_the_generated_files_are_current(capsys):
    """They are generated from the commands, so a change of a command must update them."""
    generator.main(["--check"])
    assert capsys.readouterr() == ("", "")


def test_outdated_generated_files_are_listed_and_can_be_written(tmp_path: Path):
    """One file differs, one is missing, and one is the page of a command that no longer exists."""
    generator.main([], tmp_path)
    assert all((tmp_path / path).read_text("utf-8") == text for path, text in GENERATED.items())
    (tmp_path / "completions" / "ant.fish").write_text("#")
    man = tmp_path / "ant_cli" / "help" / "man"
    (man / "ant-auth.1").rename(man / "ant-old.1")
    with pytest.raises(SystemExit) as caught:
        generator.main(["--check"], tmp_path)
    names = [str(Path("ant_cli/help/man", page)) for page in ("ant-auth.1", "ant-old.1")]
    named = ", ".join([*names, str(Path("completions/ant.fish"))])
    assert caught.value.code == f"Not current: {named}\nTo write them: {generator.COMMAND}"
    generator.main([], tmp_path)
    generator.main(["--check"], tmp_path)
    assert not (man / "ant-old.1").exists()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.command)
def test_the_manual_page_of_a_group_describes_each_command_completely(operation):
    """A chapter has the flags of a command, its request and its examples."""
    page = PAGES[f"ant-{operation.group.replace(':', '-')}"]
    chapter = page.partition(f"\n.SH {roff(f'ant {operation.command}').upper()}\n")[2].partition(
        "\n.SH "
    )[0]
    for param in operation.params:
        assert roff(param.flag) in chapter
    assert roff(f"{operation.method} {operation.path}") in chapter
    assert all(roff(purpose) in chapter for purpose, _ in operation.examples)


def roff(text):
    return text.translate(ESCAPES)


def test_every_command_is_in_a_manual_page():
    """Those of groups are in the page of their group."""
    titles = {
        line for page in PAGES.values() for line in page.splitlines() if line.startswith(".SH ")
    }
    for command in catalog().walk():
        if command.path and not command.subcommands:
            assert f".SH {roff(f'ant {command.full_name}').upper()}" in titles


def test_the_text_of_a_global_flag_is_in_one_manual_page():
    """A change of it changes one page."""
    for param in GLOBAL_FLAGS:
        assert [name for name, page in PAGES.items() if roff(param.help) in page] == ["ant-flags"]


def test_the_main_manual_page_has_exit_codes_and_variables():
    """Users look for them there."""
    page = PAGES["ant"]
    assert ".SH EXIT CODES" in page
    assert "ANTHROPIC_API_KEY" in page


def test_the_manual_pages_are_valid():
    """`man` has no warnings, and the first section has the form that `whatis` expects."""
    if shutil.which("man") is None or shutil.which("groff") is None:
        pytest.skip("man is not installed: apt-get install -y man-db groff")
    environ = {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "MANWIDTH": "100",
        "HOME": "/nonexistent",
    }
    command = ["man", "--warnings", "--local-file", *(str(ROOT / path) for path in MAN_PAGES)]
    done = run_process(command, environ, check=True)
    assert done.stderr == ""
    shown = " ".join(done.stdout.split())
    assert [path.stem for path in MAN_PAGES if f" NAME {path.stem} - " not in shown] == []


def test_the_name_section_of_a_manual_page_has_only_the_name():
    """The introduction of a topic is under DESCRIPTION, because `whatis` shows everything under NAME."""
    for path in MAN_PAGES:
        sections = GENERATED[path].split("\n.SH ")
        assert sections[1].startswith("NAME\n")
        assert sections[1].count("\n") == 1
        assert len(sections) > 3


def test_roff_requests_in_a_page_are_escaped():
    """Lines that begin like requests, backslashes and quotes are printed."""
    page = manual_page(
        "ant-x",
        "# ant x\n\nDo `it`.\n\n## Part\n\n    .exit\n    'x' \\n\n\n### Less\n\n.so\n",
        "`ant`(1)",
    )
    assert page.splitlines()[1:] == [
        '.TH ANT-X 1 "" "ant" "Manual of ant"',
        ".SH NAME",
        r"ant\-x \- Do \fBit\fR",
        ".SH PART",
        ".PP",
        ".RS 4",
        ".nf",
        r"\&.exit",
        r"\(aqx\(aq \en",
        ".fi",
        ".RE",
        ".SS Less",
        ".PP",
        r"\&.so",
        ".SH SEE ALSO",
        r"\fBant\fR(1)",
    ]
