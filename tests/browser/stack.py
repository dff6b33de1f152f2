"""The whole of Carrel with a book in it, a site of another origin, and a network that can be cut."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx

from tests.browser import lighthouse
from tests.support.fake_cohere import KEY, FakeCohere, cohere
from tests.support.in_thread import Elsewhere, in_thread
from tests.support.site import Answer, Site, serving_site
from tests.support.system import Carrel
from tests.support.tcp_proxy import TcpProxy

HTML = {"content-type": "text/html; charset=utf-8"}


@dataclass
class Model:
    """The model that writes answers: what it writes, how fast, and where it stands still."""

    fake: FakeCohere
    _elsewhere: Elsewhere

    def write(self, text: str, *phrases: str, pace_s: float = 0.0) -> None:
        """Have every answer say ``text`` from now on, with ``phrases`` of it cited."""
        self.fake.written, self.fake.phrases, self.fake.pace_s = text, phrases, pace_s

    def hold(self, after: int = 2) -> None:
        """Have answers stand still after so many events, until :meth:`go`."""
        self.fake.holds_after = after
        self._elsewhere.call(self.fake.going.clear)

    def go(self) -> None:
        """Let answers go on."""
        self._elsewhere.call(self.fake.going.set)

    def reset(self) -> None:
        """Be as at the start."""
        self.write("")
        self.fake.chat = ""
        self.fake.holds_after = 2
        self.go()


@dataclass
class Stack:
    """What a test of the pages talks to."""

    carrel: Carrel
    model: Model
    site: Site
    """Of another origin, whose pages may call."""
    network: TcpProxy
    """Between a browser and Carrel: it can be cut."""

    @property
    def site_address(self) -> str:
        """The address of the other site; ``localhost`` is another site than 127.0.0.1 to a browser."""
        return self.site.address.replace("127.0.0.1", "localhost")

    def remove(self, *ids: str) -> None:
        """Remove documents, those that are there."""
        headers = {"x-api-key": self.carrel.admin_key}
        with httpx.Client(base_url=self.carrel.address, headers=headers, timeout=30, trust_env=False) as http:
            for id in ids:
                http.delete(f"/v1/documents/{quote(id, safe='')}")

    @property
    def network_address(self) -> str:
        """Carrel's address, through the network that can be cut."""
        return f"http://127.0.0.1:{self.network.port}"


@contextmanager
def running(folder: Path) -> Iterator[Stack]:
    """Start it all; nothing is left of it afterwards."""
    with ExitStack() as stack:
        fake, elsewhere = stack.enter_context(in_thread(cohere))
        other, _ = stack.enter_context(in_thread(serving_site))
        book = lighthouse.write(folder / "book")
        for file in book.iterdir():
            other.pages[f"/{file.name}"] = Answer(file.read_bytes(), headers=HTML)
        origin = other.address.replace("127.0.0.1", "localhost")
        carrel = Carrel(
            folder, COHERE_API_KEY=KEY, COHERE_BASE_URL=fake.url, ALLOWED_ORIGINS=origin, LIMITS="off"
        )
        stack.callback(carrel.close)
        carrel.start()
        carrel.carrel("ingest", book, "--base-url", f"{origin}/")
        network = stack.enter_context(TcpProxy(int(carrel.env["PORT"])).running())
        yield Stack(carrel, Model(fake, elsewhere), other, network)
