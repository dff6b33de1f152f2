"""A retriever of its own process, for what only a real start, signal or kill can show."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from tests.support.ports import free_ports
from tests.support.retriever_app import TOKEN, signed

READY_WITHIN_S = 60.0


def environment(data: Path, port: int) -> dict[str, str]:
    """What ``python -m retriever`` needs to be told; without the local model, which few tests need."""
    return {
        "INTERNAL_TOKEN": TOKEN,
        "RETRIEVER_PORT": str(port),
        "DATA_DIR": str(data),
        "EMBEDDING_MODEL_DIR": str(data / "none"),
    }


FETCHING = {"FETCH_ALLOW_LOOPBACK": "true", "FETCH_DELAY_S": "0"}
"""For a retriever that reads sites of this machine."""


@asynccontextmanager
async def running(
    data: Path, **settings: str
) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    """A retriever over ``data``, ready, and the owner's client of it; killed at the end, if it still runs."""
    (port,) = free_ports(1)
    env = environment(data, port) | {"PATH": os.environ["PATH"]} | settings
    log = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "retriever", env=env, stdout=log)
    try:
        address = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=address, headers=signed(), timeout=30) as http:
            await _ready(http)
            yield process, http
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _ready(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(READY_WITHIN_S):
        while True:
            try:
                if (await http.get("/health/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
