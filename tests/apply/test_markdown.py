"""`ant diff --format markdown`: a plan for a comment on a pull request, whose values come from anybody."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

from markdown_it import MarkdownIt

HOSTILE = (
    "x|y `c` <b>@team #12 [l](http://evil.example) "
    "![i](http://evil.example/i) **b** </code></summary></details>"
)
FENCES = "a\n```\n</details>\n\n# big\n~~~~\n``````````\n@team"
COMMENT = 65_536
"""The most characters of a comment on GitHub."""


class Tags(HTMLParser):
    """The tags of a page, and its text outside of code."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.open: list[str] = []
        self.outside = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):  # noqa: ARG002 - HTMLParser passes it
        self.opened.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "code" not in self.open:
            self.outside += data


def rendered(markdown: str) -> Tags:
    """Return what a browser would show."""
    return Tags(MarkdownIt("commonmark").enable("table").render(markdown))


def environment(**fields):
    return json.dumps({"type": "environment", "config": {"type": "cloud"}, **fields})


def test_values_can_not_break_out_of_the_markdown(team):
    """Outside of code there is nothing of them: no tag, link, image, mention or heading."""
    body = environment(name=HOSTILE, description=FENCES, metadata={HOSTILE[:60]: FENCES})
    team.write("environments/a.json", body)
    markdown = team.ant("diff", ".", "--format", "markdown").stdout
    assert "\n```````````diff\n" in markdown  # longer than the longest in the values
    page = rendered(markdown)
    assert page.open == []
    tags = {
        "h3",
        "p",
        "code",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "details",
        "summary",
        "pre",
    }
    assert set(page.opened) == tags
    assert page.opened.count("details") == page.opened.count("pre") == page.opened.count("h3") == 1
    for part in ("team", "evil", "big", "12"):
        assert part not in page.outside


def test_a_large_plan_fits_in_a_comment_and_says_what_it_leaves_out(team):
    """Neither many environments nor long values exceed the limit."""
    for number in range(300):
        team.write(f"environments/{number:03}.json", environment(description="\U0001f600" * 40))
    team.write(
        "environments/0-long.json",
        environment(description="\U0001f600" * 1_000, metadata={"k": "v" * 500}),
    )
    result = team.ant("diff", ".", "--format", "markdown")
    assert 40_000 < len(result.stdout.encode()) < COMMENT
    assert result.stdout.count("more, which `ant diff` shows.\n") == 2
    page = rendered(result.stdout)
    assert page.open == []
    assert page.opened.count("tr") + page.opened.count("details") > 100


def test_one_long_change_is_shown_in_part_and_leaves_room_for_the_others(team):
    """Alone, it would take the whole comment."""
    packages = [f"package-{number}-{'x' * 30}" for number in range(2_000)]
    config = {"type": "cloud", "packages": {"type": "packages", "pip": packages}}
    team.write("environments/0-long.json", environment(name="long", config=config))
    team.write("environments/1-short.json", environment(name="short", description="a short one"))
    shown = team.ant("diff", ".", "--format", "markdown").stdout
    assert "package-99-" in shown
    assert shown.count("more, which `ant diff` shows.\n```") == 1
    assert "a short one" in shown


def test_a_long_list_of_files_that_are_gone_fits_in_a_comment(team):
    """The summary comes after it, and must be in the comment."""
    team.write("environments/a.json", environment(name="a"))
    team.apply(".")
    lock = Path("claude-lock.json")
    content = json.loads(lock.read_text())
    ((key, entry),) = content["resources"].items()
    gone = {f"./{number}{'x' * 200}.json": entry | {"id": f"env_{number}"} for number in range(500)}
    lock.write_text(json.dumps(content | {"resources": gone | {key: entry}}))
    assert len(team.ant("diff", ".", "--format", "markdown").stdout) < COMMENT


def test_a_long_value_is_cut_and_says_how_long_it_is(team):
    team.write("environments/a.md", "---\ntype: environment\n---\n" + "word " * 2_000)
    assert "\u2026 (10" in team.ant("diff", ".", "--format", "markdown").stdout


def test_secrets_are_hidden_before_they_are_escaped_or_cut(team):
    """Afterwards, the redactor would not find them."""
    key = "correct_horse.battery_staple"
    cut = "x" * 1_970 + key
    team.write("environments/a.json", environment(name=f"n {key}", description=cut))
    result = team.ant("diff", ".", "--format", "markdown", ANTHROPIC_API_KEY=key)
    assert result.exit == 2
    assert "correct" not in result.stdout
