import pytest

from tests.helpers.words import API_HEADERS

from .api import ENVIRONMENTS, message


def names(page):
    return [environment["name"] for environment in page["data"]]


def everything(api, path, **query):
    """Return the items of all pages of a list."""
    items, page = [], {"next_page": ""}
    while page["next_page"] is not None:
        page = api("GET", path, page=page["next_page"], **query).json
        items += page["data"]
    return items


def test_lists_are_newest_first_with_twenty_items_by_default(api):
    """This is the size of a page without a limit."""
    for number in range(21):
        api.create(f"e{number}")
    page = api("GET", ENVIRONMENTS).json
    assert names(page) == [f"e{number}" for number in range(20, 0, -1)]
    rest = api("GET", ENVIRONMENTS, page=page["next_page"]).json
    assert names(rest) == ["e0"]
    assert rest["next_page"] is None


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 1000])
def test_following_cursors_returns_every_item_exactly_once(api, limit):
    """This holds for every limit."""
    for number in range(7):
        api.create(f"e{number}")
    assert len(everything(api, ENVIRONMENTS, limit=limit)) == 7
    queue_id = api.create_queue()
    work = api.enqueue(queue_id, count=7)
    listed = everything(api, f"{ENVIRONMENTS}/{queue_id}/work", limit=limit)
    assert [item["id"] for item in listed] == work[::-1]


def test_a_full_last_page_has_no_cursor(api):
    """Otherwise a client would fetch an empty page only to learn that the list has ended."""
    api.create("a")
    api.create("b")
    assert api("GET", ENVIRONMENTS, limit=2).json["next_page"] is None


def test_cursors_stay_valid_while_items_are_created_and_deleted(api):
    """Neither new items nor the deletion of the cursor's item changes the next page."""
    ids = {name: api.create(name) for name in "abcdef"}
    page = api("GET", ENVIRONMENTS, limit=2).json
    assert names(page) == ["f", "e"]
    api.create("g")
    for gone in "ec":
        api("DELETE", f"{ENVIRONMENTS}/{ids[gone]}")
    assert names(api("GET", ENVIRONMENTS, page=page["next_page"]).json) == ["d", "b", "a"]


def test_archived_environments_are_listed_only_with_include_archived(api):
    """Otherwise they are omitted, and not counted for the limit."""
    for name in "abcd":
        api.create(name)
    for environment in api("GET", ENVIRONMENTS).json["data"][1:3]:
        api("POST", f"{ENVIRONMENTS}/{environment['id']}/archive")
    assert names(api("GET", ENVIRONMENTS, limit=2).json) == ["d", "a"]
    assert names(api("GET", ENVIRONMENTS, include_archived="false").json) == ["d", "a"]
    assert names(api("GET", ENVIRONMENTS, include_archived="true").json) == ["d", "c", "b", "a"]


def test_an_empty_query_parameter_means_omitted(api):
    """An empty query parameter is the notation for null."""
    api.create()
    assert len(api("GET", ENVIRONMENTS, limit="", page="", include_archived="").json["data"]) == 1


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        *[
            ({"limit": limit}, "limit")
            for limit in ("0", "1001", "-1", "ten", "1.5", "1e1", " 5", "9" * 40)
        ],
        ({"include_archived": "yes"}, "include_archived"),
        *[
            ({"page": page}, "page")
            for page in ("2", "page_", "page_!!!", "page_YQ==", "page_/w==", "é")
        ],
    ],
)
def test_the_error_for_an_invalid_query_parameter_names_it(api, query, parameter):
    """The parameter is rejected with 400."""
    assert message(api("GET", ENVIRONMENTS, **query), 400).startswith(f"{parameter}: ")


@pytest.mark.parametrize(
    "path",
    [
        ENVIRONMENTS,
        f"{ENVIRONMENTS}/env_1/work",
        f"{ENVIRONMENTS}/env_1/work/poll",
        "/v1/sessions",
        "/v1/sessions/session_1/events",
        "/v1/agents",
        "/v1/files",
        "/v1/models",
        "/v1/models/claude",
        f"{ENVIRONMENTS}/env_1/work/stats",
        "/_emulator/clock",
    ],
)
def test_a_query_parameter_that_is_not_read_is_refused(api, path):
    """An ignored filter would return what the real API does not."""
    headers = {"authorization": "Bearer test", **API_HEADERS}
    refused = message(api("GET", path, headers=headers, name="a"), 400)
    assert refused.startswith(f"name: not emulated for {path}, which takes ")


def test_the_cursor_of_another_list_is_rejected(api):
    """Only the list that returned a cursor accepts it."""
    cursors = {}
    for name in ("a", "b"):
        queue_id = api.create_queue(name)
        api.enqueue(queue_id, count=2)
        path = f"{ENVIRONMENTS}/{queue_id}/work"
        cursors[path] = api("GET", path, limit=1).json["next_page"]
    cursors[ENVIRONMENTS] = api("GET", ENVIRONMENTS, limit=1).json["next_page"]
    for path in cursors:
        for owner, cursor in cursors.items():
            assert api("GET", path, page=cursor).status_code == (200 if owner == path else 400)


def test_of_equal_query_parameters_the_first_one_is_used(api):
    """A second one changes nothing."""
    for number in range(3):
        api.create(f"e{number}")
    assert len(api("GET", ENVIRONMENTS, limit=["1", "2"]).json["data"]) == 1
    assert len(api("GET", ENVIRONMENTS, limit=["2", "1"]).json["data"]) == 2
