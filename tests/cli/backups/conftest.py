"""The fixtures of the chat service's database, for what is made of it and put back."""

from tests.chat_ws.conftest import clock, database, stored_history

__all__ = ["clock", "database", "stored_history"]
