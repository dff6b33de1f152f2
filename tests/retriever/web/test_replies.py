"""Replies and the reasons why there are none."""

from retriever.web.replies import FetchError


def test_gone_is_what_the_server_says_is_gone() -> None:
    """404 and 410 say that there is no such page; a failure says nothing of it."""
    assert FetchError("x", status=404).is_gone
    assert FetchError("x", status=410).is_gone
    assert not FetchError("x", status=500, temporary=True).is_gone
    assert not FetchError("x").is_gone
