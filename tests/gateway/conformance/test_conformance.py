"""RFC 6455 against the echo service alone and through the gateway: what comes of each case is the same.

The cases have the numbers and the meaning of the Autobahn test suite's; how they are sent is our own.
"""

from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.gateway.conformance import frames, texts, volumes
from tests.gateway.conformance.case import Case
from tests.support.gateway_server import OWNER, gateway
from tests.support.websocket_echo import echoing
from tests.support.websocket_wire import Outcome, wire

CASES = [*frames.CASES, *texts.CASES, *volumes.CASES]
HEADERS = f"{OWNER}Sec-WebSocket-Protocol: carrel.v1\r\n"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ports() -> AsyncIterator[tuple[int, int]]:
    """The echo service, and the gateway in front of it."""
    async with (
        echoing() as alone,
        gateway(chat_url=f"http://127.0.0.1:{alone}", limits="off") as door,
    ):
        yield alone, door.port


async def outcome(port: int, case: Case) -> Outcome:
    """Play ``case`` against whoever listens on ``port``."""
    async with wire(port, HEADERS) as socket:
        assert socket.answer["sec-websocket-protocol"] == "carrel.v1"
        return await socket.play(case.steps)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.id} {case.says}")
async def test_the_gateway_is_as_right_as_its_service(case: Case, ports: tuple[int, int]) -> None:
    """The service alone does what the case asks for, and through the gateway the same comes of it."""
    alone, through = ports
    expected = await outcome(alone, case)
    assert any(expected.fits(one) for one in (*case.right, *case.allowed)), expected
    found = await outcome(through, case)
    assert any(found.fits(one) for one in (*case.right, *case.allowed)), found
    assert found.like(expected)


def test_each_case_has_a_number_of_its_own() -> None:
    """No case hides another, and every group is there."""
    numbers = Counter(case.id for case in CASES)
    assert max(numbers.values()) == 1
    assert {number.split(".")[0] for number in numbers} == {"1", "2", "3", "4", "5", "6", "7", "9", "10"}
