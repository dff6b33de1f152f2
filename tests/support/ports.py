"""Free ports of this machine."""

import socket


def free_ports(count: int) -> list[int]:
    """Return ``count`` different ports of 127.0.0.1 that nobody listens on."""
    socks = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [sock.getsockname()[1] for sock in socks]
    finally:
        for sock in socks:
            sock.close()
