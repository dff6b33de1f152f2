"""Whether a service of this machine answers; as a program the health check of the image.

``python -m cli.supervision.alive`` looks at what runs in this container: the gateway, or SERVICE.
"""

import http.client
import os
import sys
from collections.abc import Mapping

PORTS = {"gateway": ("PORT", 7860), "retriever": ("RETRIEVER_PORT", 8001), "chat_ws": ("CHAT_PORT", 8002)}
"""The variable of each service's port, and its default."""
TIMEOUT_S = 4.0


def answers_http(port: int, path: str = "/health/live", *, timeout_s: float) -> bool:
    """Whether a service of this machine answers ``path`` with 200 in time."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def is_alive(environment: Mapping[str, str]) -> bool:
    """Whether what ``environment`` has run here answers; what has no port is taken for alive."""
    service = environment.get("SERVICE") or "gateway"
    if service not in PORTS:
        return True
    variable, default = PORTS[service]
    return answers_http(int(environment.get(variable) or default), timeout_s=TIMEOUT_S)


if __name__ == "__main__":
    sys.exit(not is_alive(os.environ))
