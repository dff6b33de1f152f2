"""The files of the pages."""

import gzip
from pathlib import Path

import pytest
from starlette.requests import Request

from gateway.own.static import load, page_policy
from tests.support.gateway_server import gateway

FILES = {
    "index.html": "<p>chat</p>" * 20,
    "admin.html": "<p>desk</p>" * 20,
    "widget.js": "import './assets/part-1a.js';" * 5,
    "client.js": "export {};",
    "assets/part-1a.js": "let part = 1;" * 20,
    "assets/page-2b.css": "p { margin: 0; }" * 20,
    "assets/part-1a.js.map": "{}",
}
TYPES = {"/": "text/html", "/admin": "text/html", "/assets/page-2b.css": "text/css"}


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A folder as the build leaves it."""
    (tmp_path / "assets").mkdir()
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    return tmp_path


def asked(**headers: str) -> Request:
    """A request with ``headers``."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": raw})


def test_each_file_is_served_with_its_type(web: Path) -> None:
    """Pages, scripts and what they load are there, typed and tagged; what no page loads is not."""
    files = load(web)
    assert set(files) == {
        *("/", "/admin", "/widget.js", "/client.js"),
        *("/assets/part-1a.js", "/assets/page-2b.css"),
    }
    for path, file in files.items():
        response = file.response(asked())
        assert response.status_code == 200
        assert response.media_type == TYPES.get(path, "text/javascript")


def test_how_long_each_is_kept(web: Path) -> None:
    """Pages are asked for each time, names that stay soon again, names that tell the content never."""
    kept = {path: file.response(asked()).headers["cache-control"] for path, file in load(web).items()}
    assert kept["/"] == kept["/admin"] == "no-cache"
    assert kept["/widget.js"] == kept["/client.js"] == "public, max-age=600, stale-while-revalidate=86400"
    assert kept["/assets/part-1a.js"] == "public, max-age=31536000, immutable"


def test_pages_are_under_their_policy(web: Path) -> None:
    """Both pages; who shows the chat page in a frame is the owner's choice; of the desk it is not."""
    files = load(web, framed_by=["https://docs.test"])
    assert (
        files["/"].response(asked()).headers["content-security-policy"].endswith("hf.space https://docs.test")
    )
    assert files["/admin"].response(asked()).headers["content-security-policy"] == page_policy()
    assert "content-security-policy" not in files["/widget.js"].response(asked()).headers


def test_without_built_files_the_page_says_how_they_are_built(tmp_path: Path) -> None:
    """It is a page all the same, under the same policy, and no script is there."""
    files = load(tmp_path)
    assert set(files) == {"/", "/admin"}
    response = files["/"].response(asked())
    assert b"make web" in response.body
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")


async def test_over_the_wire(web: Path) -> None:
    """Every file, also by HEAD; scripts may be loaded by every page; what is not there is named."""
    async with gateway(web_dir=web) as door:
        for path in load(web):
            assert (await door.ask("GET", path, "")).status == 200
            head = await door.ask("HEAD", path, "")
            assert (head.status, head.body) == (200, b"")
        foreign = "Origin: https://foreign.test\r\n"
        for path in ("/widget.js", "/assets/part-1a.js"):
            assert (await door.ask("GET", path, foreign)).get("access-control-allow-origin") == "*"
        assert (await door.ask("GET", "/", foreign)).get("access-control-allow-origin") is None
        missing = await door.ask("GET", "/assets/old-3c.js", "")
        assert (missing.status, missing.json["code"]) == (404, "not_found")
        assert "another version" in missing.json["detail"]


@pytest.mark.parametrize("known", ["{}", "W/{}", '"other", {}'])
def test_a_file_that_is_known_is_not_sent_again(known: str, web: Path) -> None:
    """A client that has the file is told so; one that has another gets it."""
    file = load(web)["/"]
    response = file.response(asked(if_none_match=known.format(file.etag.removeprefix("W/"))))
    assert (response.status_code, response.body) == (304, b"")
    assert file.response(asked(if_none_match='"other"')).status_code == 200


def test_a_changed_file_has_another_tag(web: Path) -> None:
    """The tag is the content's."""
    before = load(web)["/"].etag
    (web / "index.html").write_text("new")
    assert load(web)["/"].etag != before


@pytest.mark.parametrize(
    ("origins", "ancestors"),
    [
        ([], "'self' https://huggingface.co https://*.hf.space"),
        (
            ["https://b.test", "https://a.test"],
            "'self' https://huggingface.co https://*.hf.space https://a.test https://b.test",
        ),
        (["*"], "*"),
    ],
)
def test_who_may_show_the_page_in_a_frame(origins: list[str], ancestors: str) -> None:
    """The platform, and the pages that may call."""
    policy = page_policy(origins)
    assert policy.endswith(f"frame-ancestors {ancestors}")
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy


@pytest.mark.parametrize(
    ("accepted", "taken"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("x-gzipped", False),
        ("", False),
    ],
)
async def test_a_file_is_compressed_for_who_takes_that(accepted: str, taken: bool, web: Path) -> None:
    """The same file either way, and caches are told that there are two."""
    async with gateway(web_dir=web) as door:
        plain = await door.ask("GET", "/assets/part-1a.js", "")
        answer = await door.ask("GET", "/assets/part-1a.js", f"Accept-Encoding: {accepted}\r\n")
    assert (answer.get("content-encoding") == "gzip") == taken
    assert (gzip.decompress(answer.body) if taken else answer.body) == plain.body
    assert answer.get("vary") == "Accept-Encoding"
    assert len(answer.body) < len(plain.body) or not taken


def test_what_is_not_smaller_is_sent_as_it_is(web: Path) -> None:
    """Compressing a few bytes makes them more."""
    assert not load(web)["/client.js"].compressed
