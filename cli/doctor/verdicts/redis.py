"""What is to be said of a Redis server."""

from collections.abc import Mapping
from typing import Any

from cli.findings import Finding

GROUP = "Redis"
SERVER = "Redis server"
_OLDEST = (6, 2)


def failed(kind: str, *, needs: tuple[str, ...]) -> Finding:
    """Return the line of a server that does not let us in; ``kind`` is ``refused`` or anything else."""
    if kind == "refused":
        fix = "correct user and password in REDIS_URL; characters such as @ / ? # are escaped"
        return Finding(GROUP, SERVER, "red", "it refuses the password of REDIS_URL, or wants one", fix, needs)
    fix = "see that it runs, and that REDIS_URL says rediss:// where it speaks TLS"
    return Finding(GROUP, SERVER, "red", "it does not answer", fix, needs)


def verdict(told: Mapping[str, Any], *, ms: float) -> Finding:
    """Return the line of a server that ``told`` of itself (its INFO) and answers in ``ms``."""
    version = str(told.get("redis_version", ""))
    said = f"Redis {version} answers in {ms:.1f} ms"
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if numbers < _OLDEST:
        return Finding(GROUP, SERVER, "red", said, "upgrade it: 6.2 is the oldest that will do")
    if told.get("redis_mode") == "cluster":
        return Finding(GROUP, SERVER, "red", f"{said}, as a cluster", "give the address of one server")
    policy = str(told.get("maxmemory_policy", ""))
    if told.get("maxmemory") and policy not in ("volatile-ttl", ""):
        fix = "set maxmemory-policy to volatile-ttl: what goes early is a gap to whoever resumes"
        return Finding(GROUP, SERVER, "yellow", f"{said}, and with its memory full does {policy}", fix)
    if ms > 100:
        fix = "requests wait for it, 250 ms at most: put it near this machine"
        return Finding(GROUP, SERVER, "yellow", said, fix)
    return Finding(GROUP, SERVER, "green", said)
