"""Looks at memory, file handles and ports of this machine, or of the container that it is."""

import resource
from pathlib import Path

from cli.doctor.configuration import Configuration
from cli.doctor.verdicts.machine import handles, memory, ports
from cli.findings import Finding
from cli.starting import port_problem

_MEMINFO = Path("/proc/meminfo")
_CGROUPS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)
"""What a container may take, and takes: of either version of cgroups."""


def check(configuration: Configuration, *, in_use: bool) -> list[Finding]:
    """Return what there is to say of the machine."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return [
        memory(available(), in_use=in_use),
        handles(most if most != resource.RLIM_INFINITY else 1 << 20),
        ports({} if in_use else taken(configuration), in_use=in_use),
    ]


def available(meminfo: Path = _MEMINFO, cgroups: tuple[tuple[Path, Path], ...] = _CGROUPS) -> int | None:
    """Return the bytes that may still be taken, by the machine and by the container's own limit."""
    told = [_of_the_machine(meminfo), *(_of_the_container(*files) for files in cgroups)]
    return min((amount for amount in told if amount is not None), default=None)


def taken(configuration: Configuration) -> dict[str, int]:
    """Return the ports, by variable, that cannot be listened on."""
    gateway, retriever, chat = configuration.gateway, configuration.retriever, configuration.chat
    wanted: list[tuple[str, str, int]] = []
    if gateway is not None:
        wanted.append(("PORT", gateway.host, gateway.port))
    if retriever is not None:
        wanted.append(("RETRIEVER_PORT", retriever.bind_host, retriever.retriever_port))
    if chat is not None:
        wanted.append(("CHAT_PORT", chat.bind_host, chat.chat_port))
    return {variable: port for variable, host, port in wanted if port_problem(host, port) is not None}


def _of_the_machine(meminfo: Path) -> int | None:
    try:
        lines = meminfo.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), None)


def _of_the_container(most: Path, now: Path) -> int | None:
    try:
        limit, used = most.read_text().strip(), now.read_text().strip()
    except OSError:
        return None
    return max(0, int(limit) - int(used)) if limit.isdecimal() and used.isdecimal() else None
