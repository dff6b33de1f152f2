"""What is asked of everybody: the routes and the headers of a browser on Carrel's page.

All candidates get the same bytes; only the gateway looks at the token.
"""

from collections.abc import Sequence

HEADERS = {
    "Accept": "application/json, text/plain, */*",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "en-GB,en;q=0.8,de;q=0.5",
    "Cache-Control": "no-cache",
    "Referer": "http://docs.example.com/guide/getting-started",
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "same-origin",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
}
GET_PATH = "/v1/conversations"
POST_PATH = "/v1/search"
SOCKET_PATH = "/v1/chat"
EVENTS_PATH = "/v1/runs/run_bench/events"
LARGE_PATH = "/v1/conversations/large"
"""Answered with LARGE_BYTES, for clients that read slowly."""
LARGE_BYTES = 4 * 1024 * 1024
WHOLE_BODY_PATH = "/v1/answer"
"""Answered only when the whole body is there, for clients that send slowly."""
SUBPROTOCOL = "carrel.v1"


def with_token(token: str) -> dict[str, str]:
    """Return the headers of a visitor with ``token``."""
    return {**HEADERS, "Authorization": f"Bearer {token}"}


def request_head(method: str, path: str, headers: dict[str, str]) -> bytes:
    """Return the head of a request, ending in its empty line."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode("latin-1")


def upgrade_head(path: str, headers: dict[str, str], *, protocols: Sequence[str] = (SUBPROTOCOL,)) -> bytes:
    """Return the head of a WebSocket handshake; compression is not offered."""
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol": ", ".join(protocols),
    }
    return request_head("GET", path, {**headers, **upgrade})
