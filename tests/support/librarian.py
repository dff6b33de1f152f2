"""The owner, who puts documents in whatever happens and keeps a ledger of what was acknowledged."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

_TYPES = {"Content-Type": "text/markdown"}


@dataclass
class Librarian:
    """Puts one version after another of a few documents, each again until it is acknowledged."""

    address: str
    admin_key: str
    pause_s: float = 0.5
    count: int = 4
    acknowledged: dict[str, int] = field(default_factory=dict)
    """The last acknowledged version of each document."""
    seen: Counter[str] = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)
    _versions: int = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Put until ``stop`` is set; the last version is seen to its acknowledgement."""
        async with self._http() as http:
            while not stop.is_set():
                self._versions += 1
                await self._put(http, f"ledger-{self._versions % self.count}.md", self._versions)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), self.pause_s)

    async def _put(self, http: httpx.AsyncClient, id: str, version: int) -> None:
        while True:
            try:
                answer = await http.put(f"/v1/documents/{id}", content=_text(id, version), headers=_TYPES)
            except httpx.TransportError:
                self.seen["connection lost"] += 1
            else:
                if answer.is_success:
                    self.acknowledged[id] = version
                    self.seen["documents kept"] += 1
                    return
                if answer.status_code not in (429, 500, 503, 504, 507):
                    self.surprises.append(f"{id}: {answer.status_code} {answer.text}")
                    return
                self.seen[f"document refused {answer.status_code}"] += 1
            await asyncio.sleep(0.2)

    async def audit(self) -> list[str]:
        """Return how what is stored differs from what was acknowledged."""
        problems = list(self.surprises)
        async with self._http() as http:
            for id, version in self.acknowledged.items():
                answer = await http.get(f"/v1/documents/{id}")
                if answer.status_code != 200:
                    problems.append(f"{id}: acknowledged, and answered {answer.status_code}")
                    continue
                text = " ".join(chunk["text"] for chunk in answer.json()["chunks"])
                if f"version {version} " not in text:
                    problems.append(f"{id}: version {version} was acknowledged, stored is {text!r}")
        return problems

    def _http(self) -> httpx.AsyncClient:
        headers = {"X-API-Key": self.admin_key}
        return httpx.AsyncClient(base_url=self.address, headers=headers, timeout=20, trust_env=False)


def _text(id: str, version: int) -> str:
    return f"# The ledger {id}\n\nThis is version {version} of the ledger of the lighthouse.\n"
