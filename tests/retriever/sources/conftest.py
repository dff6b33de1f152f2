"""What tests of data sources share: a small site, and the room that has it as its source ``docs``."""

from collections.abc import AsyncIterator

import pytest

from tests.support.site import Site, html, serving_site, sitemap
from tests.support.sources_room import SourcesRoom


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """Two pages and their sitemap; a file whose tests need another site has its own fixture."""
    async with serving_site() as served:
        served.pages |= {
            "/sitemap.xml": sitemap(served.url("/a"), served.url("/b")),
            "/a": html("Apples grow."),
            "/b": html("Bees hum."),
        }
        yield served


@pytest.fixture
async def room(site: Site) -> AsyncIterator[SourcesRoom]:
    """The parts of data sources; nothing is synced yet."""
    opened = SourcesRoom()
    await opened.source(site)
    yield opened
    await opened.close()
