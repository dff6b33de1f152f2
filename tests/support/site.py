"""A small web site on this machine, as bad as it is told to be, that remembers what it was asked."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

from tests.support.streams import stream_server


@dataclass(frozen=True)
class Asked:
    """A request as it came; header names in lower case."""

    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """What is answered: a body, cut after ``cut`` bytes or never ended, whatever its length is said to be.

    Header names are in lower case.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    hangs: bool = False


Behaviour = Answer | Callable[[Asked], Answer] | list[Answer]
"""An answer, what makes one, or answers in their order, the last again and again."""


def html(text: str, *, title: str = "A page") -> Answer:
    """A page of HTML."""
    body = f"<html><head><title>{title}</title></head><body><main><p>{text}</p></main></body></html>"
    return Answer(body.encode(), headers={"content-type": "text/html; charset=utf-8"})


def redirect(to: str, status: int = 302) -> Answer:
    """A redirect."""
    return Answer(status=status, headers={"location": to})


def sitemap(*entries: str | tuple[str, str], index: bool = False) -> Answer:
    """A sitemap of addresses, or of addresses with their dates."""
    inner, outer = ("sitemap", "sitemapindex") if index else ("url", "urlset")
    pairs = [entry if isinstance(entry, tuple) else (entry, "") for entry in entries]
    items = "".join(
        f"<{inner}><loc>{loc}</loc>" + (f"<lastmod>{date}</lastmod>" if date else "") + f"</{inner}>"
        for loc, date in pairs
    )
    body = (
        f'<?xml version="1.0"?><{outer} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{items}</{outer}>'
    )
    return Answer(body.encode(), headers={"content-type": "application/xml"})


def bomb(megabytes: int) -> bytes:
    """A gzip file of zeros."""
    return gzip.compress(bytes(megabytes * 1024 * 1024), 9)


def tagged(answer: Answer, etag: str) -> Callable[[Asked], Answer]:
    """Answer 304 to whoever has it already."""

    def behave(asked: Asked) -> Answer:
        if asked.headers.get("if-none-match") == etag:
            return Answer(status=304, headers={"etag": etag})
        return Answer(answer.body, headers={**answer.headers, "etag": etag})

    return behave


class Site:
    """What is served under which path (with its query); what is not there is 404."""

    def __init__(self) -> None:
        self.pages: dict[str, Behaviour] = {}
        self.asked: list[Asked] = []
        self.address = ""
        self.most_at_once = 0
        self.gate: asyncio.Event | None = None
        """Where set, answers to all but robots.txt and lists wait for it."""
        self.holds: Callable[[Asked], bool] | None = None
        """Where set, requests for which it is true are never answered."""
        self._now = 0
        self._over = asyncio.Event()

    def paths(self) -> list[str]:
        """The paths that were asked for, robots.txt left out."""
        return [asked.path for asked in self.asked if asked.path != "/robots.txt"]

    def url(self, path: str) -> str:
        """The address of ``path``."""
        return self.address + path

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in head[1:] if line)
        asked = Asked(head[0].split(" ")[1], {name.lower(): value.strip() for name, _, value in fields})
        self.asked.append(asked)
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        if self.gate is not None and not asked.path.endswith((".txt", ".xml")):
            await self.gate.wait()
        if self.holds is not None and asked.path[1:].isdecimal() and self.holds(asked):
            await self._over.wait()
        answer = self._answer(asked)
        self._now -= 1
        headers = {"content-length": str(len(answer.body))} | dict(answer.headers)
        lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + answer.body[: answer.cut])
        await writer.drain()
        if answer.hangs:
            await self._over.wait()
        return answer.cut is None and not answer.hangs

    def _answer(self, asked: Asked) -> Answer:
        found = self.pages.get(asked.path, Answer(status=404))
        if isinstance(found, list):
            return found.pop(0) if len(found) > 1 else found[0]
        return found(asked) if callable(found) else found

    def end(self) -> None:
        """Let go of what hangs."""
        self._over.set()
        if self.gate is not None:
            self.gate.set()


@asynccontextmanager
async def serving_site() -> AsyncIterator[Site]:
    """Serve a site on a free port."""
    site = Site()
    async with stream_server(site._serve) as port:
        site.address = f"http://127.0.0.1:{port}"
        try:
            yield site
        finally:
            site.end()
