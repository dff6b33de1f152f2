"""Faults of a :class:`~tests.support.wired.Wired` system, each a block within which it lasts; by name."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from tests.support.fake_cohere import Failure
from tests.support.wired import Wired

Fault = Callable[[Wired], Iterator[None]]
"""Breaks before its ``yield``, heals after it."""


def strikes(name: str, how: signal.Signals) -> Fault:
    """A process is sent a signal; it comes back by itself."""

    def fault(ways: Wired) -> Iterator[None]:
        # It may be on its way back from the fault before.
        if (pid := ways.carrel.pids().get(name)) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, how)
        yield

    return fault


def misbehaves(name: str, **manners: object) -> Fault:
    """A way has bad manners (see ``tcp_proxy.Manners``) until it heals."""

    def fault(ways: Wired) -> Iterator[None]:
        ways.ways[name].behave(**manners)
        yield
        ways.ways[name].heal()

    return fault


def stalls(name: str) -> Fault:
    """A way is half-open until it heals."""
    return misbehaves(name, stalled=frozenset(("up", "down")))


def breaks(name: str) -> Fault:
    """A way refuses, and what is open is reset."""

    def fault(ways: Wired) -> Iterator[None]:
        ways.ways[name].behave(refusing=True)
        ways.ways[name].reset()
        yield
        ways.ways[name].heal()

    return fault


def resets(name: str) -> Fault:
    """What is open is reset once."""

    def fault(ways: Wired) -> Iterator[None]:
        ways.ways[name].reset()
        yield

    return fault


def cohere_fails(failure: Failure) -> Fault:
    """Cohere fails in one way, whatever it is asked."""

    def fault(ways: Wired) -> Iterator[None]:
        cohere = ways.cohere
        cohere.chat = cohere.condense = cohere.rerank = cohere.embed = failure
        yield
        cohere.chat = cohere.condense = cohere.rerank = cohere.embed = ""

    return fault


def postgres_restarts(ways: Wired) -> Iterator[None]:
    """The database is killed, and started again in the end."""
    ways.postgres.stop(signal.SIGKILL)
    yield
    ways.hand.submit(ways.postgres.start).result()


def redis_is_lost(ways: Wired) -> Iterator[None]:
    """Redis is killed, and started again in the end."""
    ways.redis.kill()
    yield
    ways.redis.start()


def redis_hangs(ways: Wired) -> Iterator[None]:
    """Redis is frozen, and thaws in the end."""
    ways.redis.signal(signal.SIGSTOP)
    yield
    ways.redis.signal(signal.SIGCONT)


_WAYS = ("chat_ws", "retriever", "postgres", "redis", "cohere")
_PROCESSES = ("gateway", "retriever", "chat_ws")
FAULTS: dict[str, Fault] = {
    **{f"way to {name} half-open": stalls(name) for name in _WAYS},
    **{f"way to {name} refused": breaks(name) for name in _WAYS},
    **{f"way to {name} reset": resets(name) for name in _WAYS},
    **{f"way to {name} slow": misbehaves(name, latency_s=0.3) for name in _WAYS},
    **{f"{name} SIGKILL": strikes(name, signal.SIGKILL) for name in (*_PROCESSES, "watchdog")},
    **{f"{name} SIGSTOP": strikes(name, signal.SIGSTOP) for name in _PROCESSES},
    "postgres SIGKILL": postgres_restarts,
    "redis SIGKILL": redis_is_lost,
    "redis SIGSTOP": redis_hangs,
    "cohere unavailable": cohere_fails("unavailable"),
    "cohere breaks off": cohere_fails("cut"),
    "cohere silent": cohere_fails("slow"),
}


def lasting(fault: Fault, ways: Wired) -> AbstractContextManager[None]:
    """Return ``fault`` of ``ways`` as a block."""
    return contextmanager(fault)(ways)
