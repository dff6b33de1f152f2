"""The chat service's settings."""

import re
from typing import Annotated, Literal

import psycopg2
from psycopg2.extensions import parse_dsn
from pydantic import AfterValidator, Field, SecretStr

from chat_ws.database.address import database_address
from shared.contracts.chat_ws import MAX_FRAME_BYTES, MAX_MESSAGE_CHARS
from shared.settings import HttpUrl, Port, RedisUrl, ServiceSettings


def _postgres_url(value: SecretStr) -> SecretStr:
    address = database_address(value.get_secret_value())
    try:
        parse_dsn(address)
    except psycopg2.ProgrammingError as error:
        # "invalid URI query parameter: ..." names the parameter; any other text may quote what is secret.
        known = re.fullmatch(r'invalid dsn: invalid URI query parameter: "([a-z_]+)"\s*', str(error))
        reason = f"; the driver knows no parameter {known[1]}" if known else ""
        detail = f"is not a PostgreSQL address{reason}; characters such as @ / ? in it are escaped"
        raise ValueError(detail) from None
    return SecretStr(address)


DatabaseUrl = Annotated[SecretStr, AfterValidator(_postgres_url)]
"""The address of a PostgreSQL of version 14 or later, made one that the driver takes."""


class ChatSettings(ServiceSettings):
    """Read once, by ``__main__``."""

    bind_host: str = "127.0.0.1"
    """Where the service listens: this machine only, unless the services run apart."""
    chat_port: Port = 8002
    retriever_url: HttpUrl = "http://127.0.0.1:8001"
    database_url: DatabaseUrl
    database_connections: Annotated[int, Field(ge=1, le=50)] = 8
    """Threads and connections at most; a request beyond them waits its turn, for a bounded time."""
    redis_url: RedisUrl | None = None
    """Where all replicas keep the frames of their runs; without it each for itself."""
    limits: Literal["on", "off"] = "on"
    messages_per_minute: Annotated[int, Field(ge=1)] = 30
    """A connection's questions within any minute; over HTTP a visitor's."""
    max_message_chars: Annotated[int, Field(ge=1, le=MAX_MESSAGE_CHARS)] = MAX_MESSAGE_CHARS
    max_frame_bytes: Annotated[int, Field(ge=1024, le=MAX_FRAME_BYTES)] = MAX_FRAME_BYTES
    max_sockets: Annotated[int, Field(ge=1)] = 2_000
    max_sockets_per_visitor: Annotated[int, Field(ge=1)] = 20
    max_runs: Annotated[int, Field(ge=1, le=200)] = 100
    """Answered at once, each over a connection of its own to the retriever."""
    max_runs_per_visitor: Annotated[int, Field(ge=1)] = 4
    max_runs_queued: Annotated[int, Field(ge=0)] = 500
    max_wait_s: Annotated[float, Field(gt=0)] = 0.2
    """A question whose answer would wait for longer, for others to begin, is not taken."""
    """Wait for their turn; a question beyond them is refused."""
    heartbeat_interval_s: Annotated[float, Field(gt=0, le=55)] = 20.0
    """Silence on a connection is never longer; proxies cut at about 60 s."""
    send_queue_frames: Annotated[int, Field(ge=1)] = 64
    send_queue_bytes: Annotated[int, Field(ge=1024)] = 256 * 1024
    """What waits for one client to take it; beyond either, what is told waits where it is kept."""
    send_stall_s: Annotated[float, Field(gt=0)] = 20.0
    """A client that takes nothing for so long is closed with 1013."""
    resume_window_s: Annotated[float, Field(gt=0)] = 600.0
    """How long a run's events are kept after its end."""
    answer_timeout_s: Annotated[float, Field(gt=0)] = 60.0
    """The retriever's longest silence in the middle of an answer."""
    retention_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    """Conversations that nobody has used for so long are removed; None keeps them."""
    drain_s: Annotated[float, Field(ge=0, le=5)] = 4.0
    """How long running answers may go on after SIGTERM."""
