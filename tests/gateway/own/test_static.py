"""The chat page's files."""

import re
from pathlib import Path

import pytest
from starlette.requests import Request

from gateway.own.static import PAGE_POLICY, load
from gateway.routing import PAGE_FILES

WEB = Path(__file__).parents[3] / "web"


def asked(**headers: str) -> Request:
    """A request with ``headers``."""
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": raw})


@pytest.mark.parametrize("path", PAGE_FILES)
def test_each_file_is_served_with_its_type(path: str) -> None:
    """Every file of the page is there, typed, tagged and under the page's policy."""
    response = load(WEB)[path].response(asked())
    suffix = Path(PAGE_FILES[path]).suffix
    assert response.status_code == 200
    assert response.media_type == {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}[suffix]
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["content-security-policy"] == PAGE_POLICY


@pytest.mark.parametrize("known", ["{}", "W/{}", '"other", {}'])
def test_a_file_that_is_known_is_not_sent_again(known: str) -> None:
    """A client that has the file is told so; one that has another gets it."""
    file = load(WEB)["/"]
    response = file.response(asked(if_none_match=known.format(file.etag)))
    assert (response.status_code, response.body) == (304, b"")
    assert file.response(asked(if_none_match='"other"')).status_code == 200


def test_a_changed_file_has_another_tag(tmp_path: Path) -> None:
    """The tag is the content's."""
    for name in PAGE_FILES.values():
        (tmp_path / name).write_text("new")
    (tmp_path / "odd").touch()
    assert load(tmp_path)["/"].etag != load(WEB)["/"].etag


def test_the_page_keeps_to_its_policy() -> None:
    """No inline script or style, no foreign address, nothing but textContent for text from outside."""
    page = (WEB / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page)
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page)
    for script in WEB.glob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", script.read_text()
        )


def test_the_page_may_be_shown_by_the_platform() -> None:
    """The frame of the platform's page is allowed, and nobody else's."""
    assert "frame-ancestors 'self' https://huggingface.co https://*.hf.space" in PAGE_POLICY
    assert "unsafe" not in PAGE_POLICY


def test_the_page_asks_only_for_files_that_are_served() -> None:
    """What the page and its scripts load is in the route table."""
    page = (WEB / "index.html").read_text()
    loaded = {f"/{name}" for name in re.findall(r'(?:src|href)="([a-z]+\.(?:js|css))"', page)}
    for script in WEB.glob("*.js"):
        loaded |= {f"/{name}" for name in re.findall(r'from "\./([a-z]+\.js)"', script.read_text())}
    assert loaded == set(PAGE_FILES) - {"/"}
