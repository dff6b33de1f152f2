import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as LostError

from shared.redis import pool


async def test_nothing_is_opened_before_it_is_needed_and_nothing_is_tried_twice() -> None:
    """Making a pool asks nobody; a server that is not there is one error, within the deadline."""
    connections = pool("redis://127.0.0.1:1/0", connections=2, deadline_s=0.5)
    client = Redis(connection_pool=connections)
    try:
        assert connections.max_connections == 2
        with pytest.raises(LostError):
            await client.ping()
    finally:
        await client.aclose(close_connection_pool=True)


async def test_a_url_may_hold_a_password() -> None:
    """What the address says is what connections are made with."""
    connections = pool("redis://:pass%40word@127.0.0.1:1/3", connections=1, deadline_s=0.5)
    assert (connections.connection_kwargs["password"], connections.connection_kwargs["db"]) == (
        "pass@word",
        3,
    )
    await connections.aclose()
