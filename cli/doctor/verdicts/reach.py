"""What it means that an address of the settings can, or cannot, be connected to."""

from dataclasses import dataclass
from typing import Literal

from cli.findings import Colour, Finding

GROUP = "network"
OPEN_PORTS = (80, 443, 8080)
"""What Hugging Face Spaces let out, as they document it."""
_SLOW_MS = 500


@dataclass(frozen=True)
class Endpoint:
    """Where one setting leads."""

    variable: str
    host: str
    port: int
    through: str = ""
    """The variable that names the proxy in between, whose host and port these are."""

    @property
    def line(self) -> str:
        """The name of its line."""
        return f"reach of {self.variable}"


@dataclass(frozen=True)
class Reached:
    """How connecting to it ended."""

    outcome: Literal["connected", "unknown", "refused", "silent", "unreachable"]
    ms: float = 0.0
    only_ipv6: bool = False
    """Whether its name has addresses of version 6 alone."""


def verdict(endpoint: Endpoint, reached: Reached, *, on_space: bool) -> Finding:
    """Return the line of one endpoint; the host is not told, since it may be part of a secret."""
    documented = endpoint.port in OPEN_PORTS
    via = f" through the proxy of {endpoint.through}" if endpoint.through else ""
    if reached.outcome == "connected":
        colour: Colour = "yellow" if reached.ms > _SLOW_MS else "green"
        told, fix = f"port {endpoint.port} connects in {reached.ms:.0f} ms{via}", ""
        if colour == "yellow":
            fix = f"it is far away or busy: choose a region nearer to this machine for {endpoint.variable}"
        if on_space and not documented:
            colour, fix = "yellow", f"it works today, but {_documented()}"
        return Finding(GROUP, endpoint.line, colour, told, fix)
    told, fix = _failure(endpoint, reached)
    if reached.only_ipv6:
        fix = "its name has IPv6 addresses only, which many places do not reach: use the provider's pooler"
    elif reached.outcome in ("silent", "unreachable") and not documented:
        fix = f"{fix}; {_documented()}"
    return Finding(GROUP, endpoint.line, "red", f"{told}{via}", fix)


def _failure(endpoint: Endpoint, reached: Reached) -> tuple[str, str]:
    variable, port = endpoint.variable, endpoint.port
    match reached.outcome:
        case "unknown":
            return "its host name is not known", f"look for a slip in the host of {variable}"
        case "refused":
            return f"port {port} refuses", f"start what {variable} names, or correct its port"
        case "silent":
            return (
                f"port {port} does not answer",
                f"open port {port} in the firewalls on the way to {variable}",
            )
        case _:
            return f"port {port} cannot be reached", f"see that this machine has a way to {variable}"


def _documented() -> str:
    ports = ", ".join(map(str, OPEN_PORTS))
    return f"Hugging Face Spaces document outgoing ports {ports} only: use one of them where the provider can"
