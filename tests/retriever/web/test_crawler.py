"""A good guest: robots.txt, pace, patience, and redirects that are looked at anew."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from retriever.web.connection import Connection
from retriever.web.crawler import AT_ONCE_A_HOST, MAX_REDIRECTS, ROBOTS_BAD_FOR_S, Crawler
from retriever.web.replies import FetchError
from tests.support.site import Answer, Site, html, redirect, serving_site
from tests.support.waiting import eventually


class Clock:
    """A clock that goes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        if seconds:
            self.slept.append(round(seconds, 3))
            self.now += seconds


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving_site() as served:
        yield served


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def crawler(clock: Clock) -> AsyncIterator[Crawler]:
    opened = Crawler(Connection(allow_loopback=True), delay_s=0, sleep=clock.sleep, clock=clock)
    yield opened
    await opened.close()


async def body(crawler: Crawler, address: str) -> bytes:
    return (await crawler.fetch(address, headers={}, limit=10_000)).body


async def why(crawler: Crawler, address: str) -> FetchError:
    with pytest.raises(FetchError) as caught:
        await body(crawler, address)
    return caught.value


async def test_robots_is_asked_once_and_honoured(site: Site, crawler: Crawler) -> None:
    """What robots.txt forbids is not asked for."""
    site.pages |= {
        "/robots.txt": Answer(b"User-agent: *\nDisallow: /private"),
        "/a": html("a"),
        "/private/b": html("b"),
    }
    assert b"a" in await body(crawler, site.url("/a"))
    assert "robots.txt" in str(await why(crawler, site.url("/private/b")))
    assert [asked.path for asked in site.asked] == ["/robots.txt", "/a"]


async def test_robots_that_cannot_be_read_forbids_all(site: Site, crawler: Crawler, clock: Clock) -> None:
    """A server that fails on robots.txt is left alone for a while; one without it is open."""
    site.pages |= {"/robots.txt": Answer(status=500), "/a": html("a")}
    error = await why(crawler, site.url("/a"))
    assert error.temporary
    assert not error.is_gone
    assert "/a" not in site.paths()
    site.pages["/robots.txt"] = Answer(status=403)
    asked = len(site.asked)
    for _ in range(3):
        assert "cannot be read" in str(await why(crawler, site.url("/a")))
    assert len(site.asked) == asked, "not once for each page"
    clock.now += ROBOTS_BAD_FOR_S + 1
    assert await body(crawler, site.url("/a"))


async def test_a_long_robots_is_read_from_its_beginning(site: Site, crawler: Crawler) -> None:
    """One of any length does not shut a site: what is read of it holds."""
    rules = b"User-agent: *\nDisallow: /private\n" + b"# and so on\n" * 60_000
    site.pages |= {"/robots.txt": Answer(rules), "/a": html("a"), "/private": html("b")}
    assert await body(crawler, site.url("/a"))
    assert "robots.txt does not allow it" in str(await why(crawler, site.url("/private")))


@pytest.mark.parametrize("to", ["/elsewhere", "file:///etc/passwd", "/robots.txt"])
async def test_robots_may_redirect(site: Site, crawler: Crawler, to: str) -> None:
    """Redirects of robots.txt are followed; those that lead nowhere forbid nothing."""
    site.pages |= {"/robots.txt": redirect(to), "/a": html("a")}
    site.pages["/elsewhere"] = Answer(b"User-agent: *\nDisallow: /a")
    if to == "/elsewhere":
        assert "robots.txt" in str(await why(crawler, site.url("/a")))
    else:
        assert await body(crawler, site.url("/a"))


async def test_robots_out_of_reach_is_said(crawler: Crawler) -> None:
    """A host that nobody answers for is reported with its robots.txt."""
    error = await why(crawler, "http://127.0.0.1:9999/a")
    assert "robots.txt of 127.0.0.1 cannot be read" in str(error)


async def test_failures_pass(site: Site, crawler: Crawler, clock: Clock) -> None:
    """500 twice, then the page: it is had, after two pauses that grow."""
    site.pages["/a"] = [Answer(status=500), Answer(b"x", cut=0), html("a")]
    assert await body(crawler, site.url("/a"))
    assert clock.slept == [0.5, 2.0]


async def test_failures_that_stay_are_said(site: Site, crawler: Crawler) -> None:
    """After the last attempt the reason is that of the last answer."""
    site.pages |= {"/a": Answer(status=503), "/b": Answer(b"xx", cut=1), "/c": Answer(status=404)}
    error = await why(crawler, site.url("/a"))
    assert (str(error), error.temporary, error.status) == ("the server answered 503", True, 503)
    assert "connection broke" in str(await why(crawler, site.url("/b")))
    assert (await why(crawler, site.url("/c"))).is_gone
    assert site.paths() == ["/a"] * 3 + ["/b"] * 3 + ["/c"]


async def test_retry_after_is_honoured(site: Site, crawler: Crawler, clock: Clock) -> None:
    """The whole host is paused for as long as it asks; who asks for an hour is not waited for."""
    busy = Answer(status=429, headers={"retry-after": "7"})
    site.pages["/a"] = [busy, html("a")]
    assert await body(crawler, site.url("/a"))
    assert clock.slept == [7.0]
    site.pages["/b"] = Answer(status=429, headers={"retry-after": "3600"})
    assert (await why(crawler, site.url("/b"))).status == 429
    assert site.paths().count("/b") == 1


async def test_pages_of_a_host_have_their_pace(site: Site, clock: Clock) -> None:
    """The delay of the settings, or the longer one that robots.txt asks for."""
    site.pages |= {"/a": html("a"), "/b": html("b")}
    site.pages["/robots.txt"] = Answer(b"User-agent: *\nCrawl-delay: 9")
    crawler = Crawler(Connection(allow_loopback=True), delay_s=2.0, sleep=clock.sleep, clock=clock)
    for path in ("/a", "/b"):
        await body(crawler, site.url(path))
    assert clock.slept == [2.0, 9.0]
    await crawler.close()


async def test_few_pages_at_once(site: Site, crawler: Crawler) -> None:
    """However many are wanted, a host is asked for a few at a time."""
    site.gate = asyncio.Event()
    site.pages |= {f"/{n}": html("x") for n in range(10)}
    fetching = [asyncio.ensure_future(body(crawler, site.url(f"/{n}"))) for n in range(10)]
    await eventually(lambda: len(site.paths()) >= AT_ONCE_A_HOST)
    site.gate.set()
    await asyncio.gather(*fetching)
    assert site.most_at_once == AT_ONCE_A_HOST


async def test_redirects_are_followed_and_told(site: Site, crawler: Crawler) -> None:
    """A page is known by where it was in the end."""
    site.pages |= {"/a": redirect("b", 301), "/b": redirect(site.url("/c"), 308), "/c": html("c")}
    reply = await crawler.fetch(site.url("/a"), headers={}, limit=10_000)
    assert str(reply.url) == site.url("/c")


@pytest.mark.parametrize(
    "to",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:10.0.0.1]/",
        "http://2852039166/",
        "http://0x0a.1/",
        "http://user@127.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:70/",
        "",
    ],
)
async def test_redirects_to_what_is_not_fetched(site: Site, crawler: Crawler, to: str) -> None:
    """Each hop is looked at as if it were the first."""
    site.pages["/a"] = Answer(status=302, headers={"location": to} if to else {})
    error = await why(crawler, site.url("/a"))
    assert not error.is_gone
    assert any(said in str(error) for said in ("redirects", "not a public address"))


async def test_redirects_end(site: Site, crawler: Crawler) -> None:
    """A circle is left after a few rounds, and robots.txt holds on every hop."""
    site.pages["/a"] = redirect("/a")
    assert f"more than {MAX_REDIRECTS} times" in str(await why(crawler, site.url("/a")))
    assert len(site.paths()) == MAX_REDIRECTS + 1


async def test_a_redirect_to_nowhere_is_said(site: Site, crawler: Crawler) -> None:
    """A redirect without an address is not asked for again and again."""
    site.pages |= {"/a": Answer(status=302), "/b": redirect(" ")}
    for path in ("/a", "/b"):
        assert "without saying where" in str(await why(crawler, site.url(path)))
    assert site.paths() == ["/a", "/b"]


async def test_redirects_heed_robots(site: Site, crawler: Crawler) -> None:
    """A redirect does not lead past robots.txt."""
    site.pages |= {
        "/robots.txt": Answer(b"User-agent: Carrel\nDisallow: /private"),
        "/a": redirect("/private"),
        "/private": html("x"),
    }
    assert "robots.txt" in str(await why(crawler, site.url("/a")))


async def test_no_address_is_no_page(crawler: Crawler) -> None:
    """What is no address is refused with the reason."""
    assert "http" in str(await why(crawler, "file:///etc/passwd"))


async def test_a_page_takes_its_time_and_no_more(site: Site) -> None:
    """With all its pauses a page is bounded."""
    site.pages |= {"/robots.txt": Answer(b"User-agent: *\nCrawl-delay: 60"), "/a": html("a")}
    crawler = Crawler(Connection(allow_loopback=True), delay_s=0, longest_s=1.0)
    assert await body(crawler, site.url("/a"))
    error = await why(crawler, site.url("/a"))
    assert "too long" in str(error)
    assert error.temporary
    await crawler.close()


class Held:
    """A sink in memory."""

    def __init__(self) -> None:
        self.came = b"before"

    async def begin(self) -> None:
        self.came = b""

    async def write(self, piece: bytes) -> None:
        self.came += piece


async def test_a_file_the_owner_named_is_downloaded(site: Site, crawler: Crawler) -> None:
    """Without asking robots.txt, through redirects, again after what passes; with what was said of it."""
    site.pages |= {
        "/robots.txt": Answer(b"User-agent: *\nDisallow: /"),
        "/a.zip": redirect("/b.zip"),
        "/b.zip": [Answer(status=503), Answer(b"PK half", cut=3), Answer(b"PK whole", headers={"etag": "1"})],
    }
    sink = Held()
    reply = await crawler.download(site.url("/a.zip"), headers={"if-none-match": "0"}, limit=1000, into=sink)
    assert (reply.status, reply.headers["etag"], sink.came) == (200, "1", b"PK whole")
    asked = site.asked[-1].headers
    assert (asked["if-none-match"], asked["accept-encoding"]) == ("0", "identity")
    assert [asked.path for asked in site.asked] == ["/a.zip", "/b.zip", "/b.zip", "/b.zip"]
    site.pages["/a.zip"] = redirect("ftp://x/")
    with pytest.raises(FetchError, match="redirects to what is not fetched"):
        await crawler.download(site.url("/a.zip"), headers={}, limit=1000, into=sink)
