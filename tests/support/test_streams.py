"""The tests' proxies: when they end, nothing is open any more, whatever their clients do."""

import gc
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.no_head import refusing_head
from tests.support.tcp_proxy import TcpProxy


@contextmanager
def proxy(port: int, *, head: bool) -> Iterator[int]:
    """Stand in front of ``port``, with or without HEAD; give the own port."""
    if head:
        with TcpProxy(port).running() as running:
            yield running.port
    else:
        with refusing_head(port) as address:
            yield int(address.rpartition(":")[2])


@pytest.mark.parametrize("head", [True, False])
@pytest.mark.parametrize("begun", [True, False])
def test_a_client_that_stays_leaves_nothing_open(head: bool, begun: bool) -> None:
    """Begun to be served or not: were anything left, its warning would be an error here."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        with proxy(server.getsockname()[1], head=head) as port:
            client = socket.create_connection(("127.0.0.1", port))
            if begun:
                server.accept()[0].close()
        client.close()
    gc.collect()
