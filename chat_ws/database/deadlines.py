"""What ends a wait on the network: a connection that says nothing by its deadline is shut down.

The server's own timeouts cannot help where nothing comes through any more: a peer that acknowledges and does
not answer, a pooler that hangs. The driver then waits in C for ever, its thread with it; shutting down the
socket under it is what wakes it, with an error.
"""

import contextlib
import math
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

_LOOK_EVERY_S = 0.1


class Connection(Protocol):
    """What has a socket; raises an error of the driver's when it is closed."""

    def fileno(self) -> int: ...


@dataclass(eq=False)
class Watched:
    """One connection at work."""

    connection: Connection
    due: float
    cut: bool = False
    """Whether it was shut down."""


class Deadlines:
    """Watches connections from a thread of its own, which lives while there is something to watch."""

    def __init__(self) -> None:
        self._watched: list[Watched] = []
        self._guard = threading.Condition()
        self._watcher: threading.Thread | None = None
        self._asleep = self._closed = False
        self.passed = 0
        """How many connections were shut down."""

    @contextmanager
    def within(self, connection: Connection, seconds: float | None) -> Iterator[None]:
        """Shut ``connection`` down when the block takes longer than ``seconds``; None lets it.

        Raises
        ------
        TimeoutError
            In the place of the error that this woke the driver with.
        """
        watched = Watched(connection, math.inf if seconds is None else time.monotonic() + seconds)
        with self._guard:
            self._watched.append(watched)
            self._begin()
        try:
            yield
        except Exception as error:
            if watched.cut:
                raise TimeoutError(f"it said nothing for {seconds} s") from error
            raise
        finally:
            # Under the same lock as the shutting down: whoever has it next gets no stranger's deadline.
            with self._guard:
                self._watched.remove(watched)

    def close(self) -> None:
        """End the watching."""
        with self._guard:
            self._closed = True
            self._guard.notify()
            watcher = self._watcher
        if watcher is not None:
            watcher.join()

    def _begin(self) -> None:
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, name="database deadlines", daemon=True)
            self._watcher.start()
        elif self._asleep:
            self._guard.notify()

    def _watch(self) -> None:
        with self._guard:
            while not self._closed:
                # Asleep only when there was nothing to watch: to wake it for each statement would cost more.
                self._asleep = not self._watched
                self._guard.wait(None if self._asleep else _LOOK_EVERY_S)
                self._asleep = False
                now = time.monotonic()
                for watched in self._watched:
                    if watched.due <= now and not watched.cut:
                        watched.cut = True
                        self.passed += 1
                        _shut_down(watched.connection)


def _shut_down(connection: Connection) -> None:
    # A copy of the descriptor, closed again at once: the driver keeps its own. Whatever error: it is closed.
    with contextlib.suppress(Exception), socket.socket(fileno=os.dup(connection.fileno())) as copy:
        copy.shutdown(socket.SHUT_RDWR)
