"""The settings each service will read, known before it is started."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic_settings import BaseSettings

from cli.supervision import launch
from cli.supervision.layout import Layout

_S = TypeVar("_S", bound=BaseSettings)


def settings_of(cls: type[_S], name: str, inherited: Mapping[str, str], layout: Layout) -> _S:
    """Return the settings that program ``name`` will read.

    Raises
    ------
    ValidationError
        If the program would refuse them.
    SettingsError
        If one is to be JSON and is not.
    """
    own = launch.environment(name, inherited, layout)
    given: dict[str, Any] = {
        field: own[field.upper()] for field in cls.model_fields if own.get(field.upper())
    }
    return cls(**given)
