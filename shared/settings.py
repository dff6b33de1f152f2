"""Settings from the environment, read once and refused with one line when they are wrong.

Each service has one frozen class over :class:`ServiceSettings`. A message names the variable and what
would be right; it never holds the value, which may be a secret.
"""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, TypeVar
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

Port = Annotated[int, Field(ge=1, le=65535)]
"""A TCP port."""


def http_url(value: str) -> str:
    """Return an http or https address without a trailing slash; raises ValueError for anything else."""
    if not value.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return value.rstrip("/")


HttpUrl = Annotated[str, AfterValidator(http_url)]
"""An http or https address without a trailing slash."""


_REDIS_FORM = "must be redis://, rediss:// or unix://, such as redis://:password@host:6379/0"
_REDIS_OPTIONS = {"db", "username", "password"}
_REDIS_TLS_OPTIONS = {"ssl_ca_certs", "ssl_cert_reqs"}


def _redis(secret: SecretStr) -> SecretStr:
    """Return ``secret`` when Redis's client can read it; nothing that is said of it holds a part of it."""
    try:
        url = urlsplit(secret.get_secret_value())
        host, path, options = url.hostname, url.path.strip("/"), parse_qs(url.query)
        port_is_wrong = url.port == 0
    except ValueError:
        raise ValueError(_REDIS_FORM) from None
    if url.scheme not in ("redis", "rediss", "unix") or not (path if url.scheme == "unix" else host):
        raise ValueError(_REDIS_FORM)
    database = options.get("db", [""])[0] or ("" if url.scheme == "unix" else path)
    if port_is_wrong or not database.isascii() or (database and not database.isdecimal()):
        raise ValueError("must have numbers for its port and its database")
    known = _REDIS_OPTIONS | (_REDIS_TLS_OPTIONS if url.scheme == "rediss" else set())
    if not options.keys() <= known:
        raise ValueError(f"may have no options but {', '.join(sorted(known))}")
    return secret


RedisUrl = Annotated[SecretStr, AfterValidator(_redis)]
"""The address of a Redis server, which may hold its password."""


class ServiceSettings(BaseSettings):
    """What every service reads. An empty string in the environment means unset."""

    model_config = SettingsConfigDict(
        frozen=True, env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    data_dir: Path = Path("data")
    """Where all state lives: a folder on a local disk."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"
    internal_token: SecretStr = Field(min_length=16)
    """Signs who a request is from, between the gateway and the services."""
    otel_exporter_otlp_endpoint: HttpUrl | None = None
    """Where spans are told, over OTLP and HTTP; unset, none are made."""


_S = TypeVar("_S", bound=BaseSettings)


def load(cls: type[_S], **overrides: Any) -> _S:
    """Read ``cls`` from the environment, or end the process with one line that names what is wrong."""
    try:
        return cls(**overrides)
    except ValidationError as error:
        refuse(describe(error))
    except SettingsError as error:
        # Of a list or table: its text names the field in quotes, and no value.
        refuse(f"{str(error).split(chr(34))[1].upper()}: is not JSON")


def describe(error: ValidationError) -> str:
    """Return what is wrong in one line: each variable's name and the reason, no value."""
    return "; ".join(f"{name}: {reason}" for name, reason in problems(error))


def problems(error: ValidationError) -> list[tuple[str, str]]:
    """Return each variable that is wrong and the reason, no value."""
    return [
        (".".join(str(part) for part in entry["loc"]).upper() or "settings", _reason(entry))
        for entry in error.errors(include_input=False, include_url=False)
    ]


def refuse(reason: str) -> NoReturn:
    """End the process with ``reason`` on one line of standard error and exit code 2."""
    sys.stderr.write(f"carrel: {reason}\n")
    raise SystemExit(2)


def _reason(entry: Any) -> str:
    message = str(entry["msg"]).removeprefix("Value error, ")
    return "is missing" if entry["type"] == "missing" else message[:1].lower() + message[1:]
