"""Compares this machine's clock with what a configured endpoint says the time is."""

import time
from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx

from cli.doctor.configuration import Configuration
from cli.doctor.verdicts.machine import clock
from cli.findings import Finding
from retriever.qdrant import port_of

_TIMEOUT_S = 4.0


def check(configuration: Configuration) -> list[Finding]:
    """Return what there is to say of the clock."""
    whose = ""
    for variable, url in _addresses(configuration):
        whose = variable
        if (skew := skew_s(url)) is not None:
            return [clock(skew, whose=variable)]
    return [clock(None, whose=whose)]


def skew_s(url: str) -> float | None:
    """Return how many seconds our clock is ahead of the host of ``url``; None where it tells no time."""
    try:
        before = time.time()
        # Whatever the answer is, it has a Date (RFC 9110, section 6.6.1).
        response = httpx.head(url, timeout=_TIMEOUT_S)
        middle = (before + time.time()) / 2
        told: datetime = parsedate_to_datetime(response.headers["date"])
        # It names whole seconds: half of one is what it is behind on average.
        return middle - told.timestamp() - 0.5
    except (httpx.HTTPError, KeyError, ValueError):
        return None


def _addresses(configuration: Configuration) -> list[tuple[str, str]]:
    retriever, gateway = configuration.retriever, configuration.gateway
    found: list[tuple[str, str]] = []
    if retriever is not None and retriever.cohere_api_key is not None:
        found.append(("COHERE_BASE_URL", retriever.cohere_base_url))
    if retriever is not None and retriever.qdrant_url:
        url = httpx.URL(retriever.qdrant_url).copy_with(port=port_of(retriever.qdrant_url))
        found.append(("QDRANT_URL", str(url)))
    if gateway is not None and gateway.public_base_url:
        found.append(("PUBLIC_BASE_URL", gateway.public_base_url))
    return found
