import asyncio
from contextlib import aclosing

from hypothesis import given
from hypothesis import strategies as st

from chat_ws.run_logs.log import Frame, Gap, RunLog


def frame(number: int) -> Frame:
    return {"sequence_number": number}


def filled(count: int, *, max_bytes: int = 1000, ended: bool = True) -> RunLog:
    log = RunLog(max_bytes=max_bytes)
    for number in range(1, count + 1):
        log.append(frame(number), size=10)
    if ended:
        log.end()
    return log


async def read(log: RunLog, after: int = 0) -> list[int | None]:
    """The numbers that a reader gets; None is a gap."""
    return [None if isinstance(e, Gap) else e["sequence_number"] async for e in log.read(after=after)]


@given(count=st.integers(0, 30), after=st.integers(0, 40), kept=st.integers(1, 40))
def test_a_reader_gets_exactly_the_rest(count: int, after: int, kept: int) -> None:
    """From any number on: what is kept, whole and in order, after one gap where something is gone."""
    log = filled(count, max_bytes=10 * kept)
    got = asyncio.run(asyncio.wait_for(read(log, after), 1))
    first = max(1, count - kept + 1)
    if after + 1 < first:
        assert got == [None, *range(first, count + 1)]
    else:
        assert got == list(range(after + 1, count + 1))


async def test_readers_get_what_comes_later() -> None:
    """Two readers at different places both get every later frame, and end with the run."""
    log = filled(3, ended=False)
    readers = [asyncio.ensure_future(read(log, after)) for after in (0, 2)]
    await asyncio.sleep(0)
    for number in (4, 5):
        log.append(frame(number), size=10)
        await asyncio.sleep(0)
    log.end()
    assert await asyncio.gather(*readers) == [[1, 2, 3, 4, 5], [3, 4, 5]]


async def test_a_slow_reader_is_told_of_the_gap_once() -> None:
    """Frames that go while a reader is busy are one gap, wherever it was."""
    log = filled(3, max_bytes=30, ended=False)
    async with aclosing(log.read(after=0)) as entries:
        assert await anext(entries) == frame(1)
        for number in range(4, 10):
            log.append(frame(number), size=10)
        assert isinstance(await anext(entries), Gap)
        # More goes while the reader takes note of the gap: still the one it was told of.
        log.append(frame(10), size=10)
        log.end()
        assert [entry async for entry in entries] == [frame(8), frame(9), frame(10)]


async def test_the_newest_frame_always_stays() -> None:
    """A frame larger than the bound is kept until the next one comes."""
    log = RunLog(max_bytes=10)
    log.append(frame(1), size=1000)
    assert log.last == 1
    log.append(frame(2), size=1000)
    log.end()
    assert await read(log) == [None, 2]


async def test_an_empty_run_is_over_at_once() -> None:
    """A run that ended without a frame keeps no reader waiting; what asks beyond the end gets nothing."""
    assert await read(filled(0)) == []
    assert await read(filled(3), after=100) == []


@given(count=st.integers(0, 12), after=st.integers(0, 15), kept=st.integers(1, 15), fit=st.integers(0, 15))
def test_a_part_is_what_fits(count: int, after: int, kept: int, fit: int) -> None:
    """From a number on as many as fit, one at least, and none that is gone."""
    log = filled(count, max_bytes=10 * kept)
    rest = [frame(number) for number in range(max(after + 1, log.first), count + 1)]
    assert log.since(after, max_bytes=10 * fit) == rest[: max(1, fit)]


def test_each_change_is_told() -> None:
    """Whoever keeps it elsewhere, too, hears of every frame and of the end, once it is there to be read."""
    told: list[tuple[int, bool]] = []
    log = RunLog(changed=lambda: told.append((log.last, log.ended)))
    log.append(frame(1), size=1)
    log.append(frame(2), size=1)
    log.end()
    assert told == [(1, False), (2, False), (2, True)]
