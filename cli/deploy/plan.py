"""What a deployment is to change: the settings of an env file beside those of the Space, and the files.

Owns that no secret is ever a variable, which anybody can read, and that no value of a secret is shown. Pure.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

FILES = (
    *(".dockerignore", "CHANGELOG.md", "CONTRIBUTING.md", "Dockerfile", "LICENSE", "README.md"),
    *("requirements-model.txt", "requirements-traces.txt", "requirements.txt", "supervisord.conf"),
)
FOLDERS = ("chat_ws", "cli", "docs", "gateway", "retriever", "shared", "web")
"""What of a commit goes to a Space: what the image is made of, and what its page shows. Tests stay here."""
DEPLOYED = "Carrel "
"""What a commit on the Space begins with; the revision follows."""
_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_COMMIT = re.compile(r"^(ARG COMMIT=).*$", re.MULTILINE)
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)


class PlanError(ValueError):
    """Something that must be put right before anything is changed; the text names it and the fix."""


@dataclass(frozen=True)
class Settings:
    """What is set on a Space, by name."""

    secrets: Mapping[str, str]
    variables: Mapping[str, str]


@dataclass(frozen=True)
class Change:
    """One setting that is to be set; ``told`` says what becomes of it, without a secret's value."""

    name: str
    value: str
    is_secret: bool
    told: str


def read_env(text: str) -> dict[str, str]:
    """Return the settings of an env file; those without a value are unset and left out.

    Raises
    ------
    PlanError
        If a line is none of ``NAME=value``, naming its number, never its text.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.fullmatch(stripped)
        if match is None:
            raise PlanError(f"line {number} of the env file is not NAME=value")
        value = _unquoted(match[2])
        if value:
            found[match[1]] = value
    return found


def sorted_out(
    env: Mapping[str, str], *, known: Collection[str], is_secret: Callable[[str], bool]
) -> Settings:
    """Return ``env`` as secrets and variables.

    Raises
    ------
    PlanError
        If there is a name that no service reads, or a value that this kind of place cannot have.
    """
    if unknown := sorted(env.keys() - set(known)):
        raise PlanError(f"no setting of Carrel: {', '.join(unknown)}; docs/settings.md lists them")
    secrets = {name: value for name, value in env.items() if is_secret(name)}
    return Settings(secrets, {name: value for name, value in env.items() if name not in secrets})


def changes(wanted: Settings, there: Settings) -> list[Change]:
    """Return what is to be set, variables that are as they should be left out; nothing is ever removed.

    The values of the secrets of ``there`` are not known to anybody.
    """
    found = []
    for name, value in sorted(wanted.variables.items()):
        if name in there.secrets:
            raise PlanError(
                f"{name} is a secret of the Space: remove it there first, or name it no more here"
            )
        if (old := there.variables.get(name)) != value:
            found.append(
                Change(name, value, False, f"{old} -> {value}" if old is not None else f"new: {value}")
            )
    for name, value in sorted(wanted.secrets.items()):
        if name in there.variables:
            raise PlanError(f"{name} is a public variable of the Space: remove it there, and make a new one")
        told = "set anew (what it is now cannot be read)" if name in there.secrets else "new"
        found.append(Change(name, value, True, told))
    return found


def left_alone(wanted: Settings, there: Settings) -> list[str]:
    """Return the names that are set on the Space and not named in the env file."""
    return sorted(
        (there.secrets.keys() | there.variables.keys()) - wanted.secrets.keys() - wanted.variables.keys()
    )


def is_deployed(path: str) -> bool:
    """Return whether the file ``path`` of a commit goes to the Space."""
    return path in FILES or (path.partition("/")[0] in FOLDERS and "/" in path)


def staged(path: str, content: bytes, *, revision: str) -> bytes:
    """Return the file as it goes to the Space: the Dockerfile knows the revision, to tell it."""
    if path != "Dockerfile":
        return content
    text, count = _COMMIT.subn(rf"\g<1>{revision}", content.decode())
    if count != 1:
        raise PlanError("the Dockerfile has no line ARG COMMIT=, by which the Space tells what it runs")
    return text.encode()


def front_matter(readme: str) -> dict[str, str]:
    """Return what the README tells the platform.

    Raises
    ------
    PlanError
        If it does not say that this is a Docker Space, and on which port it listens.
    """
    match = _FRONT_MATTER.match(readme)
    lines = [line.partition(":") for line in (match[1] if match else "").splitlines()]
    said = {name.strip(): value.strip() for name, _, value in lines}
    if said.get("sdk") != "docker" or not said.get("app_port", "").isdecimal():
        raise PlanError("README.md must begin with front matter that says sdk: docker and app_port: 7860")
    return said


def deployed(titles: Iterable[str]) -> list[str]:
    """Return the revisions that the titles of a Space's commits tell, the newest first, each once."""
    found = [title.removeprefix(DEPLOYED).split()[0] for title in titles if title.startswith(DEPLOYED)]
    return list(dict.fromkeys(found))


def _unquoted(value: str) -> str:
    for quote in "\"'":
        if len(value) >= 2 and value[0] == value[-1] == quote:
            return value[1:-1]
    return value.partition(" #")[0].strip()
