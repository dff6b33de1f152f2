"""Slow clients at the gateway: what the others notice of five hundred of each kind."""

from bench import candidates
from bench.claims import CARREL, SLOW_KINDS
from bench.figures import Sample, percentile
from bench.load.probes import ProbeLoad
from bench.load.slow import SlowLoad
from bench.stage import staged
from bench.traffic import GET_PATH, request_head, with_token
from bench.workloads.running import run
from bench.workloads.setting import Setting

SLOW = 500
PROBES = 20
RATE = 400
"""Requests a second of the other clients, all together."""


def measure(setting: Setting) -> None:
    """Measure the other clients, without slow ones and with each kind."""
    upstream = candidates.constant(setting.folder)
    gateway = candidates.candidate(CARREL, upstream=upstream.port, folder=setting.folder)
    with (
        staged([gateway], upstreams=[upstream], folder=setting.folder, seed=setting.seed) as stage,
        stage.alone(CARREL),
    ):
        headers = with_token(candidates.visitor_token(gateway.port))
        quiet = run(_probed(setting, gateway.port, None, headers))
        setting.results.add("no slow clients", CARREL, quiet)
        for kind in SLOW_KINDS:
            slow = SlowLoad(gateway.port, kind, headers)
            sample = run(_probed(setting, gateway.port, slow, headers))
            setting.results.add(f"{kind} x {SLOW}", CARREL, sample)


async def _probed(setting: Setting, port: int, slow: SlowLoad | None, headers: dict[str, str]) -> Sample:
    probes = ProbeLoad(port, request_head("GET", GET_PATH, headers))
    try:
        if slow is not None:
            await slow.start(SLOW)
        await probes.open(PROBES)
        tally = await probes.run(rate=RATE, seconds=setting.seconds + 1)
        figures = {
            "rate": tally.answered / (setting.seconds + 1),
            "p50_us": percentile(tally.latencies_us, 0.5),
            "p99_us": percentile(tally.latencies_us, 0.99),
        }
        if slow is not None:
            figures |= {"held": float(slow.held), "returned": float(slow.returned)}
        return Sample(figures, tally.errors)
    finally:
        probes.close()
        if slow is not None:
            await slow.stop()
