"""What the commands that talk to a running Carrel read from the environment."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.settings import HttpUrl, Port


class CliSettings(BaseSettings):
    """Where the server is and what opens it. An empty string in the environment means unset."""

    model_config = SettingsConfigDict(
        frozen=True, env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    carrel_url: HttpUrl | None = None
    """The server's address; without it the one on this machine is meant."""
    port: Port = 7860
    """Of the server on this machine."""
    admin_api_key: SecretStr | None = None
    """The owner's key; without it the one in the data folder is used, for a server on this machine."""
    data_dir: Path = Path("data")

    @property
    def server(self) -> str:
        """The address of the server that is meant."""
        return self.carrel_url or f"http://127.0.0.1:{self.port}"
