import logging

import pytest

from chat_ws.run_logs.link import Link, key_of


async def test_loss_and_return_are_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """However often it fails; what Redis said is not repeated."""
    caplog.set_level(logging.INFO)
    link = Link("redis://127.0.0.1:1/0")
    link.found()
    assert (link.check().status, caplog.text) == ("ok", "")
    for _ in range(3):
        link.failed(ValueError("a password"))
    assert link.check().status == "degraded"
    for _ in range(3):
        link.found()
    assert link.check().status == "ok"
    assert [record.getMessage().split(" (")[0].split(":")[0] for record in caplog.records] == [
        "Redis is lost",
        "Redis is back",
    ]
    assert "a password" not in caplog.text
    await link.redis.aclose(close_connection_pool=True)


def test_keys_are_told_apart_from_other_keys() -> None:
    """All keys of runs begin alike."""
    assert key_of("run_1") == "carrel:run:run_1"
