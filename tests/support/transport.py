"""A socket that goes nowhere."""


class Transport:
    """Notes what is done to it."""

    def __init__(self) -> None:
        self.sent = b""
        self.reading = True
        self.aborted = False
        self.closed = False

    def write(self, data: bytes) -> None:
        """Note ``data``."""
        self.sent += data

    def abort(self) -> None:
        """Close at once."""
        self.aborted = True

    def close(self) -> None:
        """Close."""
        self.closed = True

    def is_closing(self) -> bool:
        """Whether it was closed either way."""
        return self.aborted or self.closed

    def pause_reading(self) -> None:
        """Read no more."""
        self.reading = False

    def resume_reading(self) -> None:
        """Read again."""
        self.reading = True
