"""What following a site costs: ``python -m bench.sync [--pages N]``.

A site on this machine is taken in by the retriever's own routes with an empty embedded index, then synced
again: nothing changed with dates in the list, nothing changed with ETags alone, and 4 % changed. The site is
in the same process, so the figures are a lower bound.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bench.served import service

WORDS = ("lamp", "keeper", "storm", "brass", "lens", "oil", "wick", "tower", "signal", "fog", "stair", "tide")
WORDS_A_PAGE = 600


@dataclass
class Site:
    """Pages by number; each has an ETag, and a date in the sitemap while ``dated``."""

    pages: int
    dated: bool = True
    versions: dict[int, int] = field(default_factory=dict)
    address: str = ""
    asked: int = 0
    sent: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests until it ends."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                writer.write(self._answer(head.split(" ", 2)[1], head))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, path: str, head: str) -> bytes:
        if path == "/sitemap.xml":
            return _answer(self._list(), "content-type: application/xml")
        if not path.startswith("/page/"):
            return _answer(b"", "", status="404 Not Found")
        number = int(path.rpartition("/")[2])
        version = self.versions.get(number, 1)
        self.asked += 1
        tag = f'etag: "{version}"'
        if f'if-none-match: "{version}"' in head:
            return f"HTTP/1.1 304 Not Modified\r\n{tag}\r\n\r\n".encode()
        self.sent += 1
        return _answer(_page(number, version), f"content-type: text/html\r\n{tag}")

    def _list(self) -> bytes:
        dates = {n: f"<lastmod>2026-01-{self.versions.get(n, 1):02}</lastmod>" for n in range(self.pages)}
        entries = (
            f"<url><loc>{self.address}/page/{n}</loc>{date if self.dated else ''}</url>"
            for n, date in dates.items()
        )
        return f"<urlset>{''.join(entries)}</urlset>".encode()


def main() -> None:
    """Print a line for each sync."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pages", type=int, default=500)
    asyncio.run(measured(parser.parse_args().pages))


async def measured(pages: int) -> None:
    """Sync four times, each under other conditions."""
    with tempfile.TemporaryDirectory() as data:
        settings: dict[str, Any] = {"fetch_allow_loopback": True, "fetch_delay_s": 0}
        async with serving(Site(pages)) as site, service(Path(data), **settings) as http:
            body = {"kind": "sitemap", "url": f"{site.address}/sitemap.xml"}
            (await http.put("/v1/data-sources/bench", json=body)).raise_for_status()
            await _sync(http, site, "first")
            await _sync(http, site, "nothing changed, by dates")
            site.dated = False
            await _sync(http, site, "nothing changed, by ETags")
            site.dated = True
            await _sync(http, site, "dates again")
            site.versions |= dict.fromkeys(range(0, pages, 25), 2)
            await _sync(http, site, "4 % changed, by dates")


async def _sync(http: httpx.AsyncClient, site: Site, name: str) -> None:
    asked, sent, began = site.asked, site.sent, time.perf_counter()
    job = (await http.post("/v1/data-sources/bench/sync")).json()
    while job["status"] in ("queued", "running"):
        await asyncio.sleep(0.01)
        job = (await http.get(f"/v1/ingestion-jobs/{job['id']}")).json()
    took = time.perf_counter() - began
    counts = {key: number for key, number in job["counts"].items() if number}
    print(
        f"{name}: {took:.2f} s, {site.pages / took:.0f} pages/s, {site.asked - asked} asked, "
        f"{site.sent - sent} sent, {job['status']} {counts}",
        flush=True,
    )


@asynccontextmanager
async def serving(site: Site) -> AsyncIterator[Site]:
    """Serve ``site`` on a free port."""
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield site


def _answer(body: bytes, headers: str, *, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\n{headers}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


def _page(number: int, version: int) -> bytes:
    rng = random.Random(number)
    paragraphs = "".join(f"<p>{' '.join(rng.choices(WORDS, k=60))}.</p>" for _ in range(WORDS_A_PAGE // 60))
    title = f"Page {number}, version {version}"
    main = f"<main><h1>{title}</h1>{paragraphs}</main>"
    return f"<html><head><title>{title}</title></head><body>{main}</body></html>".encode()


if __name__ == "__main__":
    main()
