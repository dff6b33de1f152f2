"""Which pages may call."""

import pytest

from gateway.origins import OriginRule, preflight_headers

RULE = OriginRule(["https://docs.test", "https://me-carrel.hf.space"])


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("", "carrel.test"),
        ("https://docs.test", "carrel.test"),
        ("https://me-carrel.hf.space", "carrel.test"),
        ("https://carrel.test", "carrel.test"),
        ("http://carrel.test:7860", "Carrel.test:7860"),
        ("https://carrel.test", "carrel.test:443"),
        ("http://[::1]:80", "[::1]"),
        ("http://[::1]", "[::1]"),
    ],
)
def test_pages_of_ours_may_call(origin: str, host: str) -> None:
    """No page, an allowed one, or one from the very host that is called."""
    assert RULE.allows(origin, host=host)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://evil.test",
        "http://docs.test",
        "https://docs.test:8443",
        "https://docs.test.evil.test",
        "https://me-carrel.hf.space.evil.test",
        "https://carrel.test.evil.test",
        "https://carrel.test:8443",
        "carrel.test",
        "https://docs.test/",
    ],
)
def test_other_pages_may_not(origin: str) -> None:
    """Nothing but the exact origin passes."""
    assert not RULE.allows(origin, host="carrel.test")


def test_a_star_lets_every_page_in() -> None:
    """With ``*``, the answer says ``*`` too: no origin is sent back."""
    rule = OriginRule(["*"])
    assert rule.allows("null", host="carrel.test")
    assert (b"access-control-allow-origin", b"*") in rule.cors_headers("https://x.test", host="carrel.test")


def test_a_page_may_read_what_it_may_ask() -> None:
    """An allowed page is named in the answer; another gets nothing but Vary; no page gets nothing."""
    allowed = dict(RULE.cors_headers("https://docs.test", host="carrel.test"))
    assert allowed[b"access-control-allow-origin"] == b"https://docs.test"
    assert b"X-Request-ID" in allowed[b"access-control-expose-headers"]
    assert b"access-control-allow-credentials" not in allowed
    assert RULE.cors_headers("https://evil.test", host="carrel.test") == [(b"vary", b"Origin")]
    assert RULE.cors_headers("", host="carrel.test") == []


def test_a_preflight_names_methods_and_headers() -> None:
    """What may be sent is said once, for a while."""
    said = dict(preflight_headers("POST, OPTIONS"))
    assert said[b"allow"] == said[b"access-control-allow-methods"] == b"POST, OPTIONS"
    assert b"authorization" in said[b"access-control-allow-headers"]


def test_every_page_may_read_what_is_the_same_for_all() -> None:
    """Whatever its origin."""
    assert (b"access-control-allow-origin", b"*") in RULE.cors_headers(
        "https://evil.test", host="carrel.test", every=True
    )
    assert RULE.cors_headers("", host="carrel.test", every=True) == []
