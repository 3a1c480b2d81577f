"""`update --add` and `--remove`: read the environment, change its lists, and send the difference."""

from __future__ import annotations

import copy
import json
import shlex

import httpx
import pytest

from tests.conftest import needs_posix
from tests.helpers.words import UPDATE

ENVIRONMENT = {
    "id": "env_1",
    "config": {
        "type": "cloud",
        "networking": {
            "type": "limited",
            "allowed_hosts": ["a.example"],
            "allow_package_managers": True,
        },
        "packages": {
            "type": "packages",
            "pip": ["pandas==2.2", "numpy"],
            "npm": [],
            "brew": ["new"],
        },
        "unknown": 1,
    },
    "metadata": {"team": "data", "tier": "1"},
    "name": "n",
    "updated_at": "2026-11-25T10:00:00Z",
}
DONE = {"id": "env_1", "name": "done"}


def environment(**changes):
    """Return the environment with other pip packages, or another field."""
    changed = copy.deepcopy(ENVIRONMENT)
    managers = changes.keys() & {"apt", "cargo", "gem", "go", "npm", "pip"}
    changed["config"]["packages"] |= {name: changes.pop(name) for name in managers}
    return {**changed, **changes}


def packages(**lists):
    """Return the body of an update of these lists of packages."""
    return {"config": {"type": "cloud", "packages": lists}}


@pytest.fixture
def update(ant):
    """Return a function that updates an environment, and returns the result."""

    def run(*words, remote=ENVIRONMENT, ids=UPDATE, replies=None, **options):
        return ant(*ids, *words, replies=[remote, DONE] if replies is None else replies, **options)

    return run


def bodies(result):
    """Return the bodies of the sent requests, None for a read."""
    return [json.loads(request.content) if request.content else None for request in result.requests]


HOSTS = {"type": "limited", "allowed_hosts": ["a.example", "b.example"]}


@pytest.mark.parametrize(
    ("line", "body"),
    [
        (
            "--add packages.pip=polars --remove packages.pip=numpy",
            packages(pip=["pandas==2.2", "polars"]),
        ),
        (
            "--add config.packages.npm=@types/a@22 --add packages.npm=tsx",
            packages(npm=["@types/a@22", "tsx"]),
        ),
        ("--remove packages.pip=pandas==2.2", packages(pip=["numpy"])),
        ("--add packages.apt=ffmpeg", packages(apt=["ffmpeg"])),
        (
            "--add networking.allowed_hosts=b.example --add packages.gem=rails:7.1.0",
            {
                "config": {
                    "type": "cloud",
                    "networking": HOSTS,
                    "packages": {"gem": ["rails:7.1.0"]},
                }
            },
        ),
        ("--add metadata.a.b=c=d", {"metadata": {"a.b": "c=d"}}),
        ("--add metadata.team=x --remove metadata.tier", {"metadata": {"team": "x", "tier": None}}),
        (
            "--add metadata.a=1 --metadata b=2 --name new",
            {"name": "new", "metadata": {"b": "2", "a": "1"}},
        ),
        (
            "--add packages.pip=polars --config '{type: cloud, packages: {npm: [tsx]}}'",
            packages(npm=["tsx"], pip=["pandas==2.2", "numpy", "polars"]),
        ),
    ],
)
def test_an_update_sends_only_what_changes(update, line, body):
    """The API keeps the other fields, including those that this tool does not know."""
    result = update(*shlex.split(line))
    assert (result.exit, result.json) == (0, DONE)
    assert [request.method for request in result.requests] == ["GET", "POST"]
    assert {request.url.path for request in result.requests} == {"/v1/environments/env_1"}
    assert bodies(result) == [None, body]


def test_both_requests_have_the_headers_of_the_update(update):
    """Both have the same beta version, for example."""
    result = update("--add", "packages.pip=polars", "--beta", "other-beta")
    assert [request.headers["anthropic-beta"] for request in result.requests] == ["other-beta"] * 2


GOPLS = "golang.org/x/tools/gopls"


@pytest.mark.parametrize(
    ("manager", "old", "text", "new"),
    [
        ("pip", ["a", "pandas==2.2", "b"], "pandas==2.3", ["a", "pandas==2.3", "b"]),
        (
            "pip",
            ["Scikit_Learn[alldeps] ~= 1.4; python_version > '3'"],
            "scikit-learn",
            ["scikit-learn"],
        ),
        ("pip", ["pandas", "numpy", "pandas>=2"], "pandas == 2.3", ["pandas == 2.3", "numpy"]),
        ("pip", ["pandas @ https://x.example/p.whl"], "pandas(<3)", ["pandas(<3)"]),
        (
            "pip",
            ["pandas-stubs", "geopandas"],
            "pandas<3",
            ["pandas-stubs", "geopandas", "pandas<3"],
        ),
        ("pip", ["git+https://x/a"], "git+https://x/b", ["git+https://x/a", "git+https://x/b"]),
        ("npm", ["@types/node@22", "node"], "@types/node@^24", ["@types/node@^24", "node"]),
        ("npm", ["lodash@npm:lodash-es@4"], "lodash@5", ["lodash@5"]),
        ("npm", ["github:a/b"], "github:a/c", ["github:a/b", "github:a/c"]),
        ("go", [f"{GOPLS}@v0.16"], f"{GOPLS}@latest", [f"{GOPLS}@latest"]),
        ("go", ["golang.org/x/tools@v1"], f"{GOPLS}@v1", ["golang.org/x/tools@v1", f"{GOPLS}@v1"]),
        ("gem", ["rails:7.1.0", "rails-html:1"], "rails -v 7.2", ["rails -v 7.2", "rails-html:1"]),
        ("cargo", ["cargo_edit@0.12"], "cargo-edit", ["cargo-edit"]),
        ("cargo", ["ripgrep=13", "ripgrep-all"], "ripgrep@14", ["ripgrep@14", "ripgrep-all"]),
        ("cargo", ["ripgrep --version 13"], "ripgrep@14", ["ripgrep@14"]),
        ("npm", ["file:a@1.tgz"], "file:a@2.tgz", ["file:a@1.tgz", "file:a@2.tgz"]),
        ("npm", ["tsx", "@a/tsx"], "tsx@4", ["tsx@4", "@a/tsx"]),
        ("pip", ["numpy; python_version > '3'"], "numpy==2", ["numpy==2"]),
        ("pip", ["numpy@https://x.example/n.whl"], "numpy~=2", ["numpy~=2"]),
        ("npm", ["Lodash@4"], "lodash@5", ["Lodash@4", "lodash@5"]),
        ("gem", ["active-record:1"], "active_record:2", ["active-record:1", "active_record:2"]),
        ("pip", ["Ruamel.Yaml==1", "numpy"], "ruamel-yaml", ["ruamel-yaml", "numpy"]),
        ("pip", ["a==1", "b", "a==2"], "a==1", ["a==1", "b"]),
        ("pip", ["b", "a==1", "a==2", "c"], "a==2", ["b", "a==2", "c"]),
        ("apt", ["curl=8.5.0-2", "libc6:i386=2"], "curl/stable", ["curl/stable", "libc6:i386=2"]),
        ("apt", ["libc6:i386=2"], "libc6:amd64=2", ["libc6:i386=2", "libc6:amd64=2"]),
        ("apt", "no list", "curl", ["curl"]),
        ("apt", None, "curl", ["curl"]),
    ],
)
def test_set_puts_a_package_in_place_of_its_other_versions(update, manager, old, text, new):
    """It knows how each package manager writes names and versions, and adds a package that is missing."""
    result = update("--set", f"packages.{manager}={text}", remote=environment(**{manager: old}))
    assert bodies(result)[-1] == packages(**{manager: new})
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("line", "pip"),
    [
        (
            "--add packages.pip=numpy==2 --remove packages.pip=numpy",
            ["pandas==2.2", "numpy==2"],
        ),
        (
            "--add packages.pip=pandas==2.3 --remove packages.pip=pandas==2.2",
            ["numpy", "pandas==2.3"],
        ),
        ("--add packages.pip=numpy --remove packages.pip=numpy", ["pandas==2.2", "numpy"]),
        ("--set packages.pip=x==1 --add packages.pip=x==2", ["pandas==2.2", "numpy", "x==1"]),
        ("--add packages.pip=x --config '{type: cloud, packages: {pip: [y]}}'", ["y", "x"]),
    ],
)
def test_edits_apply_to_the_fields_that_are_set_removals_first_and_set_last(update, line, pip):
    """The order of the flags does not matter."""
    result = update(*shlex.split(line))
    assert (bodies(result)[-1]["config"]["packages"]["pip"], result.stderr) == (pip, "")


WHOLE = {
    **ENVIRONMENT,
    "type": "environment",
    "created_at": "2026-11-25T10:00:00Z",
    "archived_at": None,
}
NOTE = (
    "Note: flags say what to change, so only the ID is used of an object from the server. "
    "Not sent: config, metadata, name.\n"
)


@pytest.mark.parametrize(
    "text", [json.dumps(WHOLE), json.dumps([WHOLE])], ids=["list", "list --slurp"]
)
def test_objects_of_a_list_can_be_piped_into_an_update_with_edits(update, text):
    """They are IDs then: their own fields are not sent."""
    words = ("beta:environments", "update")
    result = update(
        "--add", "packages.pip=polars", "--set", "metadata.team=x", ids=words, stdin=text
    )
    assert result.exit == 0
    changed = packages(pip=["pandas==2.2", "numpy", "polars"])
    assert bodies(result) == [None, {**changed, "metadata": {"team": "x"}}]
    assert result.stderr == NOTE


def test_fields_that_are_piped_with_an_id_are_still_sent_with_an_edit(update):
    """An object of a few fields was written for the update."""
    text = '{"id": "env_1", "type": "environment", "name": "new"}'
    result = update("--add", "packages.pip=polars", ids=("beta:environments", "update"), stdin=text)
    assert bodies(result)[-1]["name"] == "new"
    assert result.stderr == "Note: left out what the server sets: type.\n"


@pytest.mark.parametrize(
    "element",
    [
        "pip=x[a,b]>=2 , <3",
        "pip=x; y<'3,8' and z",
        "pip=x @ https://a.b/x.whl",
        "pip=x(>=2, <3)",
        "pip=x; y in 'a b'",
        "apt=gcc:i386",
        "apt=x=1:2",
        "npm=@a/b@2",
    ],
)
def test_a_comma_or_a_space_within_one_package_is_part_of_it(update, element):
    """Extras, conditions on versions and on the system belong to the package."""
    manager, _, package = element.partition("=")
    assert (
        bodies(update("--add", f"packages.{element}"))[-1]["config"]["packages"][manager][-1]
        == package
    )


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("packages.npm", ["a", "@b/c"]),
        ("packages.pip", ["x[a, b]", "y"]),
        ("packages.pip", ["x>=2, <3", "y==1"]),
        ("networking.allowed_hosts", ["a.example", "*.b.example"]),
    ],
)
@pytest.mark.parametrize("separator", [" ", ", ", ","])
@needs_posix("the quotes of sh")
def test_several_elements_in_one_text_are_answered_with_a_flag_for_each(
    update, name, parts, separator
):
    """Otherwise, the whole text would be one element, which does not exist."""
    refusal = update("--add", f"{name}={separator.join(parts)}", replies=[]).refusal
    written = " ".join(f"--add {name}={shlex.quote(part)}" for part in parts)
    assert refusal.endswith(f"\nWrite {written}\n")


def test_allowed_hosts_can_be_added_in_the_update_that_limits_networking(update):
    """The new type of networking decides."""
    config = {"type": "cloud", "networking": {"type": "unrestricted"}}
    limited = "{type: cloud, networking: {type: limited}}"
    result = update(
        "--add",
        "networking.allowed_hosts=a.b",
        "--config",
        limited,
        remote=environment(config=config),
    )
    assert bodies(result)[-1] == {
        "config": {"type": "cloud", "networking": {"type": "limited", "allowed_hosts": ["a.b"]}}
    }


def test_a_number_in_a_list_keeps_its_digits(update):
    """Elements of an unexpected type are passed through unchanged."""
    remote = httpx.Response(
        200, text='{"id":"env_1","config":{"type":"cloud","packages":{"pip":[1.50,{"a":1e3}]}}}'
    )
    result = update("--add", "packages.pip=x", remote=remote)
    assert b'"pip":[1.50,{"a":1e3},"x"]' in result.requests[1].content


@pytest.mark.parametrize("flag", ["--remove", "--set", "--add"])
def test_elements_that_are_no_strings_are_no_version_of_a_package(update, flag):
    """A later version of the API may have other elements."""
    remote = environment(pip=[5, {"a": 1}, ["x"], None])
    result = update(flag, "packages.pip=x", remote=remote, replies=[remote, DONE])
    assert result.exit == 0
    assert "it has" not in result.stderr


def test_what_is_removed_is_one_version_of_a_package(update):
    """Each version is an element of its own."""
    result = update("--remove", "packages.pip=a", remote=environment(pip=["a", "a==2", "b"]))
    assert bodies(result)[-1] == packages(pip=["a==2", "b"])


@pytest.mark.parametrize("reply", [["no", "object"], httpx.Response(200, text="{")])
def test_a_response_that_is_not_an_object_is_an_error(update, reply):
    """No update is sent."""
    result = update("--add", "packages.pip=x", replies=[reply])
    assert (result.exit, len(result.requests)) == (1, 1)
    assert "not an environment" in result.stderr


def test_every_attempt_reads_again_and_keeps_what_others_changed(update):
    """Somebody else adds a package during the wait before a retry."""
    later = environment(pip=["numpy", "theirs"], updated_at="2026-11-25T10:00:01Z")
    result = update(
        "--add", "packages.pip=ours", replies=[ENVIRONMENT, httpx.Response(503), later, DONE]
    )
    assert result.exit == 0
    sent = [body["config"]["packages"]["pip"] for body in bodies(result) if body]
    assert sent == [["pandas==2.2", "numpy", "ours"], ["numpy", "theirs", "ours"]]


def test_a_change_that_an_earlier_attempt_made_is_not_noted(update):
    """Its response was lost, and the next attempt finds nothing left to do."""
    changed = environment(pip=["pandas==2.2", "numpy", "ours"], updated_at="2026-11-25T10:00:01Z")
    result = update(
        "--add", "packages.pip=ours", replies=[ENVIRONMENT, httpx.Response(503), changed]
    )
    assert (result.exit, "Note" in result.stderr) == (0, False)


def test_a_change_whose_response_was_lost_is_not_made_twice(update):
    """The read before the second attempt shows that the first one succeeded."""
    changed = environment(pip=["pandas==2.2", "numpy", "ours"], updated_at="2026-11-25T10:00:01Z")
    result = update("--add", "packages.pip=ours", replies=[ENVIRONMENT, TimeoutError(), changed])
    assert (result.exit, result.json) == (0, changed)
    assert "already" not in result.stderr
    assert "by other means" not in result.stderr


def test_other_fields_of_a_lost_attempt_are_sent_again_without_a_note_about_others(update):
    """This command itself changed the environment."""
    changed = environment(
        pip=["pandas==2.2", "numpy", "ours"], name="new", updated_at="2026-11-25T10:00:01Z"
    )
    replies = [ENVIRONMENT, TimeoutError(), changed, DONE]
    result = update("--add", "packages.pip=ours", "--name", "new", replies=replies)
    assert bodies(result)[-1] == {"name": "new"}
    assert "by other means" not in result.stderr


@needs_posix("the quotes of sh")
def test_a_dry_run_shows_the_edits_as_they_were_typed_and_sends_nothing(update):
    """What they make of the environment is not known before it is read."""
    edits = ("--add", "packages.pip=polars>=1", "--remove", "metadata.tier")
    result = update(*edits, "--name", "new", "--dry-run", replies=[])
    head, _, body = result.stdout.partition("\n\n")
    assert head.startswith("POST https://api.anthropic.com/v1/environments/env_1?beta=true\n")
    assert body == (
        '{\n  "name": "new"\n}\n--remove metadata.tier\n'
        f"--add packages.pip={shlex.quote('polars>=1')}\n"
    )
    note = "Note: nothing was read, so the changes are shown as they were typed.\n"
    assert (result.exit, result.requests, result.stderr) == (0, [], note)
    alone = update("--add", "packages.pip=polars", "--dry-run", replies=[]).stdout
    assert alone.partition("\n\n")[2] == "--add packages.pip=polars\n"


def test_a_dry_run_of_several_edits_is_a_line_each(update):
    """It needs no credential that a program would have to print."""
    ids = ("beta:environments", "update", "env_1", "env_2")
    result = update("--add", "packages.pip=polars", "--dry-run", ids=ids, replies=[])
    assert (result.exit, result.requests) == (0, [])
    assert result.stdout == (
        "update  env_1  --add packages.pip=polars\nupdate  env_2  --add packages.pip=polars\n"
    )


@pytest.mark.parametrize("ids", [UPDATE, (*UPDATE, "env_2")])
def test_a_dry_run_shows_no_secret_of_an_edit(update, ids):
    """It is known by the name of its key, as in a body of a request."""
    result = update("--set", "metadata.access_token=hunter-two", "--dry-run", ids=ids, replies=[])
    assert "--set metadata.access_token=" in result.stdout
    assert "hunter-two" not in result.stdout + result.stderr


def test_a_note_about_an_edit_shows_no_secret(update):
    """The environment has the same value already."""
    remote = {**ENVIRONMENT, "metadata": {"access_token": "hunter-two"}}
    result = update("--set", "metadata.access_token=hunter-two", remote=remote)
    assert "metadata.access_token is already" in result.stderr
    assert "hunter-two" not in result.stderr


def test_an_edit_needs_no_other_input(update):
    """An empty pipe is not a mistake then (D25)."""
    assert update("--add", "packages.pip=polars", stdin="").exit == 0


def test_the_next_line_of_a_loop_is_not_read_as_part_of_an_edit(update):
    """With --add the command is complete, so an object with another ID is not its input (D31)."""
    refusal = update(
        "--add", "packages.pip=polars", stdin="id: env_2\nname: n\n", replies=[]
    ).refusal
    assert "holds 'env_2', but --environment-id is 'env_1'" in refusal


def test_a_string_from_the_server_in_a_note_can_not_control_the_terminal(update):
    """Elements of lists are untrusted."""
    result = update("--remove", "packages.pip=evil", replies=[environment(pip=["evil==\x1b[2J"])])
    assert "\x1b" not in result.stderr
    assert "evil==" in result.stderr


def test_a_dry_run_of_edits_shows_no_control_characters(ant):
    """They may come from a variable of a CI job."""
    for more in ((), ("--debug",)):
        words = (
            "beta:environments",
            "update",
            "env_1",
            "--set",
            "metadata.a=\x1b[2Jb",
            "--dry-run",
        )
        result = ant(*words, *more)
        assert (result.exit, result.requests) == (0, [])
        assert "\x1b" not in result.stdout + result.stderr
        assert "metadata.a=" in result.stdout
        assert (
            "Note: nothing was read, so the changes are shown as they were typed.\n"
            in result.stderr
        )


def test_a_key_is_removed_by_its_name_alone(ant):
    """An empty value is a value, which may have been meant for --set."""
    words = ("beta:environments", "update", "env_1")
    refusal = ant(*words, "--remove", "metadata.a=").refusal
    assert "removes a key, and takes no value" in refusal
    assert "needs a value" in ant(*words, "--set", "metadata.a=").refusal
    assert "needs a value" in ant(*words, "--set", "metadata.a").refusal


def test_spaces_around_the_name_of_a_list_or_key_are_no_part_of_it(update):
    """Those in a value are."""
    result = update("--add", " packages.pip =polars", remote=environment(pip=[]))
    assert bodies(result)[-1] == packages(pip=["polars"])
    result = update("--set", " metadata.a =b c", remote=environment())
    assert bodies(result)[-1] == {"metadata": {"a": "b c"}}
