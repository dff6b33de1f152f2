"""Connects to every address in the settings, once, and says nothing there."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from psycopg2.extensions import parse_dsn

from cli.doctor.configuration import Configuration
from cli.doctor.verdicts.reach import Endpoint, Reached, verdict
from cli.findings import Finding
from retriever.qdrant import port_of

_TIMEOUT_S = 4.0
_PORTS = {"http": 80, "https": 443, "redis": 6379, "rediss": 6379}


def endpoints(configuration: Configuration) -> list[Endpoint]:
    """Return what the settings lead to outside of Carrel; sockets of this machine are left out."""
    return [*_of_the_database(configuration), *_of_the_retriever(configuration), *_of_redis(configuration)]


def check(endpoint: Endpoint, *, on_space: bool, timeout_s: float = _TIMEOUT_S) -> Finding:
    """Return whether ``endpoint`` can be connected to."""
    return verdict(endpoint, connect(endpoint.host, endpoint.port, timeout_s=timeout_s), on_space=on_space)


def connect(host: str, port: int, *, timeout_s: float) -> Reached:
    """Connect and hang up, to addresses of version 4 first."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return Reached("unknown")
    found.sort(key=lambda one: one[0] != socket.AF_INET)
    only_ipv6 = all(one[0] == socket.AF_INET6 for one in found)
    last = Reached("unreachable")
    for family, kind, protocol, _, address in found[:2]:
        began = time.monotonic()
        with socket.socket(family, kind, protocol) as sock:
            sock.settimeout(timeout_s)
            try:
                sock.connect(address)
            except ConnectionRefusedError:
                last = Reached("refused", only_ipv6=only_ipv6)
            except TimeoutError:
                last = Reached("silent", only_ipv6=only_ipv6)
            except OSError:
                last = Reached("unreachable", only_ipv6=only_ipv6)
            else:
                return Reached("connected", (time.monotonic() - began) * 1000, only_ipv6)
    return last


def _of_the_database(configuration: Configuration) -> Iterator[Endpoint]:
    if configuration.chat is None or configuration.embedded_database:
        return
    told = parse_dsn(configuration.chat.database_url.get_secret_value())
    hosts, ports = told.get("host", "").split(","), str(told.get("port", "5432")).split(",")
    for place, host in enumerate(hosts):
        if host and not host.startswith("/"):
            name = "DATABASE_URL" if len(hosts) == 1 else f"DATABASE_URL, host {place + 1}"
            yield Endpoint(name, host, int(ports[place if len(ports) > 1 else 0] or 5432))


def _of_the_retriever(configuration: Configuration) -> Iterator[Endpoint]:
    settings = configuration.retriever
    if settings is None:
        return
    if settings.qdrant_url:
        yield _web("QDRANT_URL", settings.qdrant_url, port_of(settings.qdrant_url))
    if settings.cohere_api_key:
        yield _web("COHERE_BASE_URL", settings.cohere_base_url, None)


def _of_redis(configuration: Configuration) -> Iterator[Endpoint]:
    for settings in (configuration.gateway, configuration.chat):
        secret = settings.redis_url if settings else None
        if secret is not None:
            url = urlsplit(secret.get_secret_value())
            if url.scheme != "unix":
                yield Endpoint("REDIS_URL", url.hostname or "", url.port or _PORTS[url.scheme])
            return


def _web(variable: str, url: str, port: int | None) -> Endpoint:
    """Return where ``url`` is, or the proxy that the environment puts before it."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = port or parts.port or _PORTS[parts.scheme]
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if proxy and not proxy_bypass(host):
        with suppress(ValueError):
            via = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
            if via.hostname:
                return Endpoint(
                    variable, via.hostname, via.port or 80, through=f"{parts.scheme.upper()}_PROXY"
                )
    return Endpoint(variable, host, port)


def line_of(variable: str) -> str:
    """Return the name of the line that says whether ``variable`` can be reached."""
    return Endpoint(variable, "", 0).line
