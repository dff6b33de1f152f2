"""What the gateway asks its services for itself, when somebody wants the whole of something."""

import asyncio
import time

from gateway.upstream.pool import Pool, get
from shared.auth import Principal, Role, signed_headers
from shared.errors import CarrelError

MAX_BYTES = 4 * 1024 * 1024
_GATEWAY = Principal(id="gateway", role=Role.SERVICE)


async def ask(
    pool: Pool, target: str, *, internal_token: str, timeout_s: float, max_bytes: int = MAX_BYTES
) -> tuple[int, bytes] | None:
    """Return the status and the body that the service of ``pool`` answers for ``target``.

    Nothing when it does not answer, not in time, or more than ``max_bytes``: the whole is told without it.
    """
    headers = signed_headers(_GATEWAY, token=internal_token, now=time.time())
    try:
        async with asyncio.timeout(timeout_s):
            return await get(pool, target, headers=headers.items(), max_bytes=max_bytes)
    except (CarrelError, TimeoutError):
        return None
