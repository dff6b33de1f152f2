"""The Space as the public meets it: which revision it tells, and whether it is ready.

The last word on a deployment. Private Spaces take the token of the Hub, which is sent to a Space's own
address over https, and to this machine, and nowhere else.
"""

from urllib.parse import urlsplit

import httpx

from cli.deploy.waiting import Seen

_TIMEOUT = httpx.Timeout(20, connect=5)


class Served:
    """What is served at ``address``."""

    def __init__(self, address: str, *, token: str, transport: httpx.BaseTransport | None = None) -> None:
        headers = {"authorization": f"Bearer {token}"} if _may_have_token(address) else {}
        self.address = address
        self._http = httpx.Client(
            base_url=address, headers=headers, timeout=_TIMEOUT, trust_env=False, transport=transport
        )

    def seen(self, stage: str) -> Seen:
        """Return what is seen of it, the Hub saying that it is in ``stage``."""
        try:
            version = self._http.get("/version")
            revision = str(version.json().get("commit", "")) if version.status_code == 200 else ""
            return Seen(stage, revision, self._http.get("/health/ready").status_code == 200)
        except (httpx.HTTPError, ValueError, AttributeError):
            return Seen(stage)

    def visit(self) -> None:
        """Wake it: whoever asks for the page does that."""
        self.seen("")

    def close(self) -> None:
        """Give back the connection."""
        self._http.close()


def _may_have_token(address: str) -> bool:
    parts = urlsplit(address)
    host = parts.hostname or ""
    return (parts.scheme == "https" and host.endswith(".hf.space")) or host == "127.0.0.1"
