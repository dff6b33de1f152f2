"""Asks for the page, its certificate and the version."""

import socket
import ssl
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from cli.findings import Finding
from cli.verify.outside import Outside, is_local
from cli.verify.verdicts.deployed import head, page, tls, version

_TIMEOUT_S = 8.0


def check(outside: Outside, *, commit: str) -> Iterator[Finding]:
    """Yield what there is to say of the deployment."""
    yield certificate(outside.url)
    got = outside.ask("GET", "/")
    yield page(got.status, got.headers.get("content-type", ""), gated=outside.gated)
    asked = outside.ask("HEAD", "/")
    yield head(asked.status, len(asked.body))
    told = outside.ask("GET", "/version")
    yield version(told.status, told.told, commit=commit)


def certificate(url: str) -> Finding:
    """Return the line of the certificate of ``url``."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        return tls(None, "", local=is_local(url), encrypted=False)
    host = parts.hostname or ""
    days, problem = None, ""
    try:
        days = _days_left(host, parts.port or 443)
    except ssl.SSLCertVerificationError as error:
        problem = f"it is not accepted: {error.verify_message}"
    except OSError as error:
        problem = f"no connection over TLS: {type(error).__name__}"
    return tls(days, problem, local=is_local(url), encrypted=True)


def _days_left(host: str, port: int) -> float:
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), timeout=_TIMEOUT_S) as plain,
        context.wrap_socket(plain, server_hostname=host) as sock,
    ):
        told = sock.getpeercert() or {}
    return (ssl.cert_time_to_seconds(str(told["notAfter"])) - time.time()) / 86_400
