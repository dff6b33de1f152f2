"""Slow clients at the gateway: what the others notice of five hundred of each kind."""

import asyncio
import time

from bench import candidates
from bench.claims import CARREL, SLOW_KINDS
from bench.clients.probes import ProbeLoad
from bench.clients.slow import SlowLoad
from bench.figures import Sample, percentile
from bench.process import Process
from bench.stage import staged
from bench.traffic import GET_PATH, request_head, with_token
from bench.workloads.running import sampled
from bench.workloads.setting import Setting

SLOW = 500
PROBES = 20
RATE = 400
"""Requests a second of the other clients, all together."""
_WINDOW_S = 0.25
_QUIET = 0.2
_SETTLE_S = 12.0


def measure(setting: Setting) -> None:
    """Measure the other clients, without slow ones and with each kind."""
    upstream = candidates.constant(setting.folder)
    gateway = candidates.candidate(CARREL, upstream=upstream.port, folder=setting.folder)
    with (
        staged([gateway], upstreams=[upstream], folder=setting.folder, seed=setting.seed) as stage,
        stage.alone(CARREL) as process,
    ):
        headers = with_token(candidates.visitor_token(gateway.port))
        quiet = sampled(_probed(setting, process, None, headers), what="no slow clients")
        setting.results.add("no slow clients", CARREL, quiet)
        for kind in SLOW_KINDS:
            slow = SlowLoad(gateway.port, kind, headers)
            sample = sampled(_probed(setting, process, slow, headers), what=kind)
            setting.results.add(f"{kind} x {SLOW}", CARREL, sample)


async def _probed(
    setting: Setting, process: Process, slow: SlowLoad | None, headers: dict[str, str]
) -> Sample:
    figures: dict[str, float] = {}
    probes = ProbeLoad(process.port, request_head("GET", GET_PATH, headers))
    try:
        if slow is not None:
            await slow.start(SLOW)
            figures["settled_s"] = await _settled(process)
        await probes.open(PROBES)
        tally = await probes.run(rate=RATE, seconds=setting.seconds + 1)
        figures |= {
            "rate": tally.answered / (setting.seconds + 1),
            "p50_us": percentile(tally.latencies_us, 0.5),
            "p99_us": percentile(tally.latencies_us, 0.99),
            "memory_mb": process.memory_kb() / 1024,
        }
        if slow is not None:
            figures |= {"held": float(slow.held), "returned": float(slow.returned)}
        return Sample(figures, tally.errors)
    finally:
        probes.close()
        if slow is not None:
            await slow.stop()


async def _settled(process: Process) -> float:
    """Wait until ``process`` is idle again, and return how long that took, in seconds.

    Slow readers are fast ones until every buffer on their way is full; that is a burst of downloads, which
    costs any proxy seconds, and not what is measured here.
    """
    began = time.perf_counter()
    used = 1.0
    while used > _QUIET and time.perf_counter() - began < _SETTLE_S:
        before = process.cpu_s()
        await asyncio.sleep(_WINDOW_S)
        used = (process.cpu_s() - before) / _WINDOW_S
    return time.perf_counter() - began
