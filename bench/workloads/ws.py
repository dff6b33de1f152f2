"""WebSockets through each relay: what a round trip costs, and what an idle connection weighs."""

from bench import candidates
from bench.claims import CARREL, NGINX, WEBSOCKETS
from bench.clients.sockets import SocketLoad, Tally
from bench.figures import Sample, percentile
from bench.process import Process
from bench.stage import staged
from bench.traffic import with_token
from bench.workloads.running import sampled
from bench.workloads.setting import Setting, metered

_EVERYBODY = (NGINX, CARREL, WEBSOCKETS)
_CELLS = {"WS 50 x 100 B": (50, 100), "WS 20 x 4 KB": (20, 4096)}
RATE = 20_000
"""Round trips a second that are offered to everybody, below what the slowest can carry."""
IDLE = 2_000
_WARM = 20


def measure(setting: Setting) -> None:
    """Measure the cost of round trips, candidates interleaved."""
    echo = candidates.echo()
    launches = [candidates.candidate(n, upstream=echo.port, folder=setting.folder) for n in _EVERYBODY]
    ports = {launch.name: launch.port for launch in launches}
    with staged(launches, upstreams=[echo], folder=setting.folder, seed=setting.seed) as stage:
        with stage.alone(CARREL):
            headers = with_token(candidates.visitor_token(ports[CARREL]))
        for _ in range(setting.repetitions):
            for cell, (connections, size) in _CELLS.items():
                for name in stage.shuffled(_EVERYBODY):
                    load = SocketLoad(ports[name], headers)
                    with stage.alone(name) as process:
                        sample = sampled(
                            _round_trips(setting, load, process, connections, size), what=f"{cell}, {name}"
                        )
                    setting.results.add(cell, name, sample)


async def _round_trips(
    setting: Setting, load: SocketLoad, process: Process, connections: int, size: int
) -> Sample:
    try:
        await load.open(connections)
        await load.run(size=size, rate=RATE, seconds=setting.warmup_s)
        with metered(process) as meter:
            tally = await load.run(size=size, rate=RATE, seconds=setting.seconds)
        return meter.sample(_figures(tally, meter.seconds), count=tally.echoed, errors=tally.errors)
    finally:
        await load.close()


def measure_idle(setting: Setting) -> None:
    """Measure the memory of connections on which nothing happens, and that they are all still there."""
    everybody = _EVERYBODY if setting.whole else (NGINX, CARREL)
    echo = candidates.echo()
    launches = [candidates.candidate(n, upstream=echo.port, folder=setting.folder) for n in everybody]
    with staged(launches, upstreams=[echo], folder=setting.folder, seed=setting.seed) as stage:
        for launch in launches:
            with stage.alone(launch.name) as process:
                token = candidates.visitor_token(launch.port) if launch.name == CARREL else ""
                load = SocketLoad(launch.port, with_token(token))
                sample = sampled(_idle(load, process), what=f"idle, {launch.name}")
            setting.results.add(f"WS idle x {IDLE}", launch.name, sample)


async def _idle(load: SocketLoad, process: Process) -> Sample:
    try:
        await load.open(_WARM)
        await load.once()
        before = process.memory_kb()
        await load.open(IDLE)
        # What making a connection takes is gone once each has been used.
        first = await load.once()
        each = (process.memory_kb() - before) / (IDLE - _WARM)
        second = await load.once()
        return Sample({"kb": each}, max(first.errors, second.errors))
    finally:
        await load.close()


def _figures(tally: Tally, seconds: float) -> dict[str, float]:
    return {
        "rate": tally.echoed / seconds,
        "p50_us": percentile(tally.latencies_us, 0.5),
        "p99_us": percentile(tally.latencies_us, 0.99),
    }
