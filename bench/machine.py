"""The machine: whether it can be measured on, and what it is, for the head of a report."""

import os
import platform
import resource
import shutil
import subprocess
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from bench.process import CannotMeasureError
from bench.stage import LOAD_CORE

_TOOLS = {"wrk": "wrk", "nginx": "nginx-light", "caddy": "caddy", "taskset": "util-linux"}
_LIBRARIES = ("uvicorn", "uvloop", "httptools", "fastapi", "httpx", "websockets")
_OPEN_FILES = 16_384


def require() -> None:
    """Raise :class:`CannotMeasureError` unless the tools are there and there are two cores."""
    missing = [package for tool, package in _TOOLS.items() if shutil.which(tool) is None]
    if missing:
        raise CannotMeasureError(f"missing tools: install the Debian packages {' '.join(missing)}")
    if len(os.sched_getaffinity(0)) < 2:
        raise CannotMeasureError("two cores are needed: one for the candidate, one for load and upstream")


def settle() -> None:
    """Put this process, which is the load, on its core, and let it and its children open many sockets."""
    os.sched_setaffinity(0, {LOAD_CORE})
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def describe() -> dict[str, str]:
    """Return what was measured on, and with which versions."""
    load = os.getloadavg()[0]
    return {
        "cpu": f"{os.cpu_count()} x {cpu_model()}",
        "kernel": platform.release(),
        "python": platform.python_version(),
        **{library: version(library) for library in _LIBRARIES},
        "sniffio": "installed" if find_spec("sniffio") else "not installed",
        "nginx": _said("nginx", "-v").rpartition("/")[2],
        "caddy": _said("caddy", "version").split()[0],
        "wrk": _said("wrk", "-v").split()[1],
        "load at start": f"{load:.2f}",
    }


def cpu_model() -> str:
    """Return what the kernel calls the processor."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown")


def _said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    return (done.stdout + done.stderr).strip() or "unknown unknown"
