"""HTTP: small GETs and POSTs of 4 KB, at 1, 32 and 256 connections."""

from bench import candidates
from bench.claims import CADDY, CARREL, HTTPX, NGINX
from bench.clients import wrk
from bench.figures import Sample
from bench.stage import Stage, staged
from bench.traffic import GET_PATH, HEADERS, POST_PATH, with_token
from bench.workloads.setting import Setting, metered

DIRECT = "direct"
_EVERYBODY = (NGINX, CARREL, CADDY, HTTPX)
_REQUESTS = {"GET": ("GET", GET_PATH, 0), "POST 4 KB": ("POST", POST_PATH, 4096)}
_WHO = {1: (NGINX, CARREL), 32: _EVERYBODY, 256: (NGINX, CARREL)}


def measure(setting: Setting) -> None:
    """Measure every cell, candidates interleaved."""
    upstream = candidates.constant(setting.folder)
    launches = [candidates.candidate(n, upstream=upstream.port, folder=setting.folder) for n in _EVERYBODY]
    ports = {launch.name: launch.port for launch in launches}
    with staged(launches, upstreams=[upstream], folder=setting.folder, seed=setting.seed) as stage:
        with stage.alone(CARREL):
            headers = with_token(candidates.visitor_token(ports[CARREL]))
        for _ in range(setting.repetitions):
            for kind in _REQUESTS:
                for connections, who in _WHO.items():
                    for name in stage.shuffled(who):
                        _one(setting, stage, name, ports[name], kind, connections, headers)
        _direct(setting, upstream.port)


def _one(
    setting: Setting,
    stage: Stage,
    name: str,
    port: int,
    kind: str,
    connections: int,
    headers: dict[str, str],
) -> None:
    with stage.alone(name) as process:
        if setting.warmup_s >= 1:  # wrk knows whole seconds only
            _load(port, kind, connections, setting.warmup_s, headers)
        with metered(process) as meter:
            done = _load(port, kind, connections, setting.seconds, headers)
    sample = meter.sample(_figures(done), count=done.requests, errors=done.errors)
    setting.results.add(f"{kind} c={connections}", name, sample)


def _direct(setting: Setting, port: int) -> None:
    """Ask the service itself: what the load can do, so that no candidate is measured against its end."""
    for connections in (1, 32):
        done = _load(port, "GET", connections, setting.seconds, HEADERS)
        setting.results.add(f"GET c={connections}", DIRECT, Sample(_figures(done), done.errors))


def _load(port: int, kind: str, connections: int, seconds: float, headers: dict[str, str]) -> wrk.Done:
    method, path, size = _REQUESTS[kind]
    return wrk.run(
        f"http://127.0.0.1:{port}{path}",
        method=method,
        body_bytes=size,
        connections=connections,
        seconds=seconds,
        headers=headers,
    )


def _figures(done: wrk.Done) -> dict[str, float]:
    rate = done.requests / done.seconds
    return {"rate": rate, "p50_us": float(done.p50_us), "p99_us": float(done.p99_us)}
