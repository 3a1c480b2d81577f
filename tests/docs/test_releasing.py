"""RELEASING.md, and the workflow that it describes."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

GITHUB = Path(__file__).parents[2] / ".github"
PAGE = (GITHUB / "RELEASING.md").read_text()
JOBS = yaml.safe_load((GITHUB / "workflows" / "release.yml").read_text())["jobs"]
TRUSTED = {name: job for name, job in JOBS.items() if "id-token" in job.get("permissions", {})}
"""The jobs that have the identity of the workflow, with which files are signed and published."""


def test_a_job_that_signs_or_publishes_runs_no_code_of_the_repository():
    """A dependency that was taken over would run with its rights."""
    assert TRUSTED.keys() == {"attest", "publish"}
    for job in TRUSTED.values():
        assert all("uses" in step and "checkout" not in step["uses"] for step in job["steps"])


def test_nothing_is_published_before_all_tests_have_passed_and_the_files_are_signed():
    """Each job waits for the one before it."""
    assert JOBS["build"]["needs"] == ["ci", "tests"]
    assert JOBS["attest"]["needs"] == "build"
    assert JOBS["publish"]["needs"] == "attest"


def test_the_page_names_what_the_workflow_uses():
    """A person sets up the environment by it, and finds the bill of materials."""
    assert f"environment `{JOBS['publish']['environment']['name']}`" in PAGE
    (sbom,) = {
        step["with"]["sbom-path"]
        for step in JOBS["attest"]["steps"]
        if "sbom-path" in step.get("with", {})
    }
    assert f"`{sbom}`" in PAGE


def test_that_nothing_is_released_is_said_once_and_linked_once():
    """After the first release, these sentences have to go."""
    root = GITHUB.parent
    pages = [root / "README.md", *root.glob("docs/**/*.md"), *GITHUB.glob("*.md")]
    words = r"(?i)not\s+released\s+yet|no package index"
    saying = [page.name for page in pages if re.search(words, page.read_text())]
    assert sorted(saying) == ["README.md", "RELEASING.md"]
