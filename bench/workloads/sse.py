"""Event streams through each relay: what an event costs, how late it is, whether it came whole and alone."""

from contextlib import nullcontext

from bench import candidates
from bench.claims import CARREL, HTTPX, NGINX
from bench.clients.streams import StreamLoad, Watch
from bench.figures import Sample, percentile
from bench.process import Process
from bench.stage import staged
from bench.traffic import HEADERS, with_token
from bench.workloads.running import sampled
from bench.workloads.setting import Setting, metered

_EVERYBODY = (NGINX, CARREL, HTTPX)
DIRECT = "direct"
STREAMS = 200
RATE = 50
_CELL = f"SSE {STREAMS} x {RATE}/s"
_SETTLE_S = 0.5


def measure(setting: Setting) -> None:
    """Measure every candidate, interleaved, and the source itself."""
    source = candidates.events(rate=RATE)
    launches = [candidates.candidate(n, upstream=source.port, folder=setting.folder) for n in _EVERYBODY]
    ports = {launch.name: launch.port for launch in launches}
    with staged(launches, upstreams=[source], folder=setting.folder, seed=setting.seed) as stage:
        with stage.alone(CARREL):
            headers = with_token(candidates.visitor_token(ports[CARREL]))
        for _ in range(setting.repetitions):
            for name in stage.shuffled(_EVERYBODY):
                load = StreamLoad(ports[name], headers)
                with stage.alone(name) as process:
                    sample = sampled(_watched(setting, load, process), what=f"{_CELL}, {name}")
                setting.results.add(_CELL, name, sample)
        direct = sampled(_watched(setting, StreamLoad(source.port, HEADERS), None), what=f"{_CELL}, {DIRECT}")
        setting.results.add(_CELL, DIRECT, direct)


async def _watched(setting: Setting, load: StreamLoad, process: Process | None) -> Sample:
    try:
        await load.open(STREAMS)
        await load.watch(max(_SETTLE_S, setting.warmup_s))
        with metered(process) if process else nullcontext() as meter:
            watch = await load.watch(setting.seconds)
        figures = _figures(watch, setting.seconds)
        if meter is None:
            return Sample(figures, watch.lost)
        return meter.sample(figures, count=watch.events, errors=watch.lost)
    finally:
        await load.close()


def _figures(watch: Watch, seconds: float) -> dict[str, float]:
    return {
        "rate": watch.events / seconds,
        "p50_us": percentile(watch.delays_us, 0.5),
        "p99_us": percentile(watch.delays_us, 0.99),
        "merged": float(watch.merged),
    }
