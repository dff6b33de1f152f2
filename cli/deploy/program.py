"""What ``carrel deploy`` is made of on this machine: the token, the checkout, the look from outside."""

import re
from collections.abc import Callable
from pathlib import Path

import typer
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from cli.deploy.hub import Hub
from cli.deploy.plan import PlanError
from cli.deploy.tree import Checkout
from shared.settings import HttpUrl, load

_SPACE = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


class DeploySettings(BaseSettings):
    """What a deployment reads of the environment."""

    model_config = SettingsConfigDict(
        frozen=True, env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    hf_token: SecretStr | None = None
    """Of the Hub, with the role write, or write access to the Space."""
    hf_endpoint: HttpUrl | None = None
    """Another Hub than https://huggingface.co."""


def hub(space: str) -> Callable[[], Hub]:
    """Return what opens the Hub for ``space``."""
    settings = load(DeploySettings)

    def opened() -> Hub:
        if _SPACE.fullmatch(space) is None:
            raise PlanError(f"{space} is no name of a Space: user/space")
        if settings.hf_token is None:
            raise PlanError("set HF_TOKEN to a write token of https://huggingface.co/settings/tokens")
        return Hub(space, token=settings.hf_token.get_secret_value(), endpoint=settings.hf_endpoint)

    return opened


def checkout() -> Checkout:
    """Return the checkout this program stands in."""
    return Checkout(Path(__file__).resolve().parents[2])


def verify(address: str, revision: str) -> int:
    """Look at the deployment from outside: it tells ``revision`` and is ready, which is known by now."""
    typer.echo(f"ready, and of the commit {revision}")
    return 0
