"""HTTP load by wrk: a closed loop of so many connections, on the load's core."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.process import CannotMeasureError
from bench.stage import LOAD_CORE

_SCRIPT = Path(__file__).with_name("wrk.lua")
_TIMEOUT_S = 10


@dataclass(frozen=True)
class Done:
    """What wrk says at the end; ``errors``: of sockets, time-outs, answers that are not 2xx or 3xx."""

    requests: int
    seconds: float
    p50_us: int
    p99_us: int
    errors: int


def run(
    url: str, *, method: str, body_bytes: int, connections: int, seconds: float, headers: Mapping[str, str]
) -> Done:
    """Ask for ``url`` over ``connections`` for ``seconds`` (whole ones, at least 1)."""
    command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t", "1", "-c", str(connections)]
    command += ["-d", f"{max(1, round(seconds))}s", "--timeout", f"{_TIMEOUT_S}s", "-s", str(_SCRIPT)]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    command += [url, "--", method, str(body_bytes)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 60)
    last = done.stdout.strip().rpartition("\n")[2]
    if done.returncode or not last.startswith("{"):
        raise CannotMeasureError(f"wrk failed: {(done.stderr + done.stdout)[-500:]}")
    return Done(**json.loads(last))
