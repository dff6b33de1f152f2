"""How each candidate and each upstream is started.

The gateway runs as it does for everybody: its own program with its own settings, all of its duties on, and
every limit that counts requests or connections too high to be met.
"""

import http.client
import json
import os
import secrets
import sys
from pathlib import Path
from string import Template

from bench.claims import CADDY, CARREL, HTTPX, NGINX, WEBSOCKETS
from bench.process import CannotMeasureError, Launch, free_port
from bench.traffic import LARGE_BYTES
from gateway.settings import GatewaySettings

_HERE = Path(__file__).parent
_HIGH = "1000000000"
_HIGHEST_RATE = "864000000/d"
_COUNTED = (
    "max_sockets",
    "max_connections",
    "max_requests",
    "rate_",
    "burst",
    "per_second",
    "per_minute",
    "per_hour",
)
"""What the names of limits on numbers of requests or connections have in them."""


def candidate(name: str, *, upstream: int, folder: Path) -> Launch:
    """Return how the candidate ``name`` is started before the service on port ``upstream``."""
    port = free_port()
    if name == CARREL:
        return _carrel(port, upstream, folder)
    if name == NGINX:
        return _nginx(NGINX, _HERE / "peers/nginx.conf", port, folder, upstream=str(upstream))
    if name == CADDY:
        return _caddy(port, upstream, folder)
    module = {HTTPX: "httpx_proxy", WEBSOCKETS: "websockets_relay"}[name]
    return _module(name, f"bench.peers.{module}", port, "--upstream", str(upstream))


def constant(folder: Path) -> Launch:
    """Return how the service is started that always answers the same."""
    with (folder / "large").open("wb") as large:
        large.truncate(LARGE_BYTES)
    return _nginx("constant", _HERE / "upstreams/constant.conf", free_port(), folder)


def echo() -> Launch:
    """Return how the WebSocket echo is started."""
    return _module("echo", "bench.upstreams.echo", free_port())


def events(*, rate: int) -> Launch:
    """Return how the source of events is started, ``rate`` a second on each stream."""
    return _module("events", "bench.upstreams.events", free_port(), "--rate", str(rate))


def visitor_token(port: int) -> str:
    """Return a visitor token of the gateway on ``port``."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", "/v1/sessions")
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise CannotMeasureError(f"the gateway gave no visitor token: {answer.status} {body.decode()}")
    return str(json.loads(body)["token"])


def _carrel(port: int, upstream: int, folder: Path) -> Launch:
    limits = {
        name.upper(): _HIGHEST_RATE if name.startswith("rate_") else _HIGH
        for name in GatewaySettings.model_fields
        if any(part in name for part in _COUNTED)
    }
    env = {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "DATA_DIR": str(folder / "carrel"),
        "RETRIEVER_URL": f"http://127.0.0.1:{upstream}",
        "CHAT_URL": f"http://127.0.0.1:{upstream}",
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "info",
        "LIMITS": "on",
        **{name: secrets.token_hex(24) for name in ("SESSION_SECRET", "ADMIN_API_KEY", "INTERNAL_TOKEN")},
        **limits,
    }
    return Launch(CARREL, (sys.executable, "-m", "gateway"), port, env)


def _nginx(name: str, template: Path, port: int, folder: Path, **more: str) -> Launch:
    # Its worker would become another user, who may not read our folder.
    user = "user root;" if os.getuid() == 0 else ""
    values = {"user": user, "folder": str(folder), "port": str(port), **more}
    conf = folder / f"{name}-{port}.conf"
    conf.write_text(Template(template.read_text()).substitute(values))
    return Launch(
        name, ("nginx", "-p", str(folder), "-e", "stderr", "-c", str(conf), "-g", "daemon off;"), port
    )


def _caddy(port: int, upstream: int, folder: Path) -> Launch:
    conf = folder / f"Caddyfile-{port}"
    template = Template((_HERE / "peers/Caddyfile").read_text())
    conf.write_text(template.substitute(port=port, upstream=upstream))
    command = ("caddy", "run", "--config", str(conf), "--adapter", "caddyfile")
    return Launch(CADDY, command, port, {"GOMAXPROCS": "1"})


def _module(name: str, module: str, port: int, *arguments: str) -> Launch:
    return Launch(name, (sys.executable, "-m", module, "--port", str(port), *arguments), port)
