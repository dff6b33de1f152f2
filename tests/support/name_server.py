"""A name server on this machine: it answers every name with this machine, late, or not at all.

A program that is started through :func:`asking` asks it and nobody else: it gets a mount namespace of its own
(which takes root) with another ``/etc/resolv.conf``.
"""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

ADDRESS = "127.0.53.53"
_A, _NO_ERROR, _SERVER_FAILURE, _RESPONSE = 1, 0x8180, 0x8182, 12
Manner = Literal["well", "slow", "dead", "failing"]


class NameServer:
    """Answers on port 53 of :data:`ADDRESS`, as ``manner`` says."""

    def __init__(self) -> None:
        self.manner: Manner = "well"
        self.slow_s = 2.0
        self.asked = 0
        self._over = threading.Event()

    @contextmanager
    def running(self) -> Iterator["NameServer"]:
        """Answer within the block."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((ADDRESS, 53))
            sock.settimeout(0.1)
            thread = threading.Thread(target=self._serve, args=(sock,), name="names", daemon=True)
            thread.start()
            try:
                yield self
            finally:
                self._over.set()
                thread.join(10)

    def _serve(self, sock: socket.socket) -> None:
        while not self._over.is_set():
            try:
                query, client = sock.recvfrom(512)
            except TimeoutError:
                continue
            self.asked += 1
            if self.manner == "slow":
                threading.Timer(self.slow_s, self._send, (sock, reply(query), client)).start()
            elif self.manner != "dead":
                self._send(sock, reply(query, failing=self.manner == "failing"), client)

    def _send(self, sock: socket.socket, data: bytes, client: tuple[str, int]) -> None:
        if not self._over.is_set():
            sock.sendto(data, client)


def reply(query: bytes, *, failing: bool = False) -> bytes:
    """Return the answer to ``query``: 127.0.0.1 to who asks for an IPv4 address, nothing to others."""
    end = query.index(b"\0", _RESPONSE) + 5
    question = query[_RESPONSE:end]
    found = struct.unpack("!H", question[-4:-2])[0] == _A and not failing
    head = query[:2] + struct.pack("!HHHHH", _SERVER_FAILURE if failing else _NO_ERROR, 1, int(found), 0, 0)
    answer = struct.pack("!HHHIH", 0xC00C, _A, 1, 0, 4) + socket.inet_aton("127.0.0.1")
    return head + question + (answer if found else b"")


def asking(folder: Path) -> tuple[str, ...]:
    """Return what a command is put behind to ask this name server; its files are made in ``folder``."""
    names, switch = folder / "resolv.conf", folder / "nsswitch.conf"
    names.write_text(f"nameserver {ADDRESS}\n")
    switch.write_text("hosts: files dns\n")
    script = (
        f'mount --bind {names} /etc/resolv.conf && mount --bind {switch} /etc/nsswitch.conf && exec "$0" "$@"'
    )
    return ("unshare", "--mount", "--propagation", "private", "sh", "-c", script)
