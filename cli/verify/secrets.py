"""The secrets this machine knows, to be looked for in what a deployment answers; they are sent nowhere."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from cli.supervision import secrets
from cli.supervision.layout import Layout


class KnownSecrets(BaseSettings):
    """Every secret that the environment may hold. An empty string means unset."""

    model_config = SettingsConfigDict(
        frozen=True, env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    admin_api_key: SecretStr | None = None
    session_secret: SecretStr | None = None
    internal_token: SecretStr | None = None
    database_url: SecretStr | None = None
    qdrant_api_key: SecretStr | None = None
    cohere_api_key: SecretStr | None = None
    redis_url: SecretStr | None = None
    hf_token: SecretStr | None = None

    def by_name(self) -> dict[str, str]:
        """Return each secret that is set, several of one variable apart, passwords without their address."""
        found: dict[str, str] = {}
        for field in type(self).model_fields:
            secret: SecretStr | None = getattr(self, field)
            told = secret.get_secret_value() if secret is not None else ""
            name = field.upper()
            if name.endswith("_URL"):
                found |= {f"the password of {name}": password} if (password := _password(told)) else {}
            else:
                parts = [part.strip() for part in told.split(",") if part.strip()]
                found |= {
                    name if place == 0 else f"{name} ({place + 1})": part for place, part in enumerate(parts)
                }
        return found


def kept(data_dir: Path) -> dict[str, str]:
    """Return the secrets that were made, in ``data_dir``, as far as they can be read."""
    found: dict[str, str] = {}
    for name in secrets.GENERATED:
        try:
            told = secrets.read(Layout(data_dir), name)
        except (OSError, UnicodeDecodeError):
            continue
        if told:
            found[f"{name} of the data folder"] = told
    return found


def _password(url: str) -> str:
    try:
        return unquote(urlsplit(url).password or "")
    except ValueError:
        return ""
