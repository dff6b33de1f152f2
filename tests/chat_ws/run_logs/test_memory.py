import pytest

from chat_ws.run_logs.memory import MemoryRunLogs, elsewhere
from shared.errors import UpstreamUnavailableError
from tests.support.run_frames import numbers, write


async def test_what_ended_first_makes_room() -> None:
    """Past the bound of all the oldest that has ended goes whole; what runs stays, however large."""
    told: list[str] = []
    logs = MemoryRunLogs(max_bytes=100, total_bytes=120, changed=told.append)
    running = logs.open("running")
    write(running, 1, 5, size=10)
    for number in (1, 2, 3):
        write(logs.open(f"ended_{number}"), 1, 3, size=10, end=True)
    assert logs.run_ids == ["running", "ended_2", "ended_3"]
    assert logs.bytes == 110
    write(running, 6, 10, size=10)
    assert logs.run_ids == ["running"]
    assert (logs.bytes, running.bytes) == (100, 100)
    assert told.count("ended_1") == 4
    assert await numbers(logs.read("running", after=0, live=False)) == list(range(1, 11))


async def test_whoever_reads_what_makes_room_is_told_of_a_gap() -> None:
    """A follower in the middle of a log that goes gets no further frame of it."""
    logs = MemoryRunLogs(total_bytes=10)
    log = logs.open("run")
    write(log, 1, 2, size=1)
    entries = log.read(after=0)
    await anext(entries)
    write(log, 3, 3, size=20, end=True)
    assert logs.find("run") is None
    assert log.gone
    assert await numbers(entries) == [None]


async def test_a_run_of_another_process_cannot_be_followed() -> None:
    """It may be there, so the error says to try again; without waiting there is simply nothing."""
    logs = MemoryRunLogs()
    with pytest.raises(UpstreamUnavailableError) as caught:
        await numbers(logs.read("run", after=0))
    assert caught.value.retryable
    assert caught.value.param == elsewhere().param == "run_id"
    assert await numbers(logs.read("run", after=0, live=False)) == []


async def test_what_is_forgotten_is_not_found() -> None:
    """Its time is over: nothing of it is counted any more, and forgetting it again is harmless."""
    logs = MemoryRunLogs()
    log = logs.open("run")
    write(log, 1, 3)
    for _ in range(2):
        logs.forget("run")
    write(log, 4, 4, end=True)
    assert (logs.run_ids, logs.bytes, log.gone) == ([], 0, True)
    assert logs.check().status == "ok"
