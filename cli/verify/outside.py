"""A client of a deployment that keeps all it was told, and to which everything is an answer, also none.

Owns the credentials: Carrel's in their own headers, the platform's token in ``X-HF-Authorization``, which a
private Space takes for itself. That token goes to Spaces, or where it was given for by name.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import httpx

from cli.verify.verdicts.deployed import read_object
from shared import __version__

TIMEOUT = httpx.Timeout(30, connect=8)
KEPT_BYTES = 2 * 1024 * 1024
"""Of one answer, to be searched for secrets."""
_LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class Seen:
    """One answer; ``status`` 0 is none, and ``error`` says why."""

    place: str
    """Method and path."""
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    ms: float = 0.0
    error: str = ""

    @property
    def told(self) -> dict[str, Any]:
        """The JSON object in it, or an empty one."""
        return read_object(self.body)


def is_local(url: str) -> bool:
    """Return whether ``url`` is of this machine."""
    return urlsplit(url).hostname in _LOCAL


def on_space(url: str) -> bool:
    """Return whether ``url`` is a Hugging Face Space's."""
    return (urlsplit(url).hostname or "").endswith(".hf.space")


class Outside:
    """Asks the deployment at ``url``; ``gate`` is the platform's token, empty for none."""

    def __init__(self, url: str, *, key: str = "", gate: str = "") -> None:
        self.url, self.key = url, key
        self.headers = {"user-agent": f"carrel-verify/{__version__}"}
        if gate:
            self.headers["x-hf-authorization"] = f"Bearer {gate}"
        self.gated = bool(gate)
        self.tokens: list[str] = []
        """Visitors' tokens that were handed out."""
        self._seen: list[tuple[str, str]] = []
        self._lock = Lock()
        # A proxy from the environment cannot reach this machine's own ports.
        self._http = httpx.Client(
            base_url=url, headers=self.headers, timeout=TIMEOUT, trust_env=not is_local(url)
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        owner: bool = False,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Any = None,
    ) -> Seen:
        """Return the answer to one request, as a visitor with ``token``, as the owner, or as nobody."""
        began = time.monotonic()
        place = f"{method} {path.partition('?')[0]}"
        try:
            response = self._http.request(
                method, path, headers=self._sent(token, owner, headers), content=content, json=json
            )
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            return Seen(place, 0, error=type(error).__name__)
        ms = (time.monotonic() - began) * 1000
        seen = Seen(place, response.status_code, response.headers, response.content, ms)
        self.keep(place, f"{response.headers}\n{response.content[:KEPT_BYTES].decode('utf-8', 'replace')}")
        return seen

    @contextmanager
    def stream(
        self, method: str, path: str, *, token: str, headers: Mapping[str, str], json: Any
    ) -> Iterator[httpx.Response]:
        """Give the answer to one request while it comes.

        Raises
        ------
        httpx.HTTPError
            When it cannot be reached, or breaks off.
        """
        sent = self._sent(token, False, headers)
        with self._http.stream(method, path, headers=sent, json=json) as response:
            yield response

    def keep(self, place: str, text: str) -> None:
        """Keep what was told at ``place``."""
        with self._lock:
            self._seen.append((place, text))

    @property
    def answers(self) -> list[tuple[str, str]]:
        """Everything that was told, with its place."""
        return list(self._seen)

    def _sent(self, token: str, owner: bool, headers: Mapping[str, str] | None) -> dict[str, str]:
        sent = dict(headers or {})
        if token:
            sent["authorization"] = f"Bearer {token}"
        if owner:
            sent["x-api-key"] = self.key
        return sent
