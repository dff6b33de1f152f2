"""The Hugging Face Hub, as one deployment uses it, through ``huggingface_hub``; its errors become ours.

The library is imported here alone, and when it is needed: it is installed by ``make deploy-tools``.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from cli.deploy.checks import MOUNT
from cli.deploy.failures import DeployError, Failure, of_hub
from cli.deploy.plan import DEPLOYED, Change, PlanError, Settings

LOG_LINES = 200


@dataclass(frozen=True)
class Account:
    """Whose token it is."""

    name: str
    organisations: tuple[str, ...]
    pays: bool
    """Whether this account may have Docker Spaces of its own."""
    role: str
    """Of the token: read, write, fineGrained; another one for what is no access token."""


@dataclass(frozen=True)
class Runtime:
    """How the Space is."""

    stage: str
    message: str
    volumes: tuple[Any, ...]


class Hub:
    """One Space. Every method raises :class:`DeployError` where the Hub refuses or is away."""

    def __init__(self, space: str, *, token: str, endpoint: str | None = None) -> None:
        try:
            from huggingface_hub import HfApi
        except ImportError:
            raise PlanError("huggingface_hub is not installed: make deploy-tools") from None
        self.space, self.token = space, token
        self._api = HfApi(endpoint=endpoint, token=token)

    def account(self) -> Account:
        """Return whose token it is."""
        said = self._do("looking whose the token is", self._api.whoami)
        auth = said.get("auth") or {}
        role = (auth.get("accessToken") or {}).get("role", "") if auth.get("type") == "access_token" else ""
        organisations = tuple(str(one["name"]) for one in said.get("orgs") or ())
        return Account(str(said["name"]), organisations, bool(said.get("isPro")), str(role))

    def exists(self) -> bool:
        """Return whether the Space is there."""
        return bool(self._do("looking for the Space", self._api.repo_exists, self.space, repo_type="space"))

    def address(self) -> str:
        """Return where the Space is served."""
        info = self._do("looking where the Space is", self._api.space_info, self.space)
        return str(info.host)

    def create(self, *, private: bool) -> None:
        """Make the Space."""
        self._do(
            "creating the Space",
            self._api.create_repo,
            self.space,
            repo_type="space",
            space_sdk="docker",
            private=private,
            exist_ok=True,
        )

    def settings(self) -> Settings:
        """Return what is set; the values of secrets are empty."""
        secrets = self._do("reading the names of secrets", self._api.get_space_secrets, self.space)
        variables = self._do("reading variables", self._api.get_space_variables, self.space)
        return Settings(
            dict.fromkeys(secrets, ""), {name: one.value or "" for name, one in variables.items()}
        )

    def set(self, change: Change) -> None:
        """Set a secret or a variable; the Space restarts by itself."""
        add: Callable[..., object] = (
            self._api.add_space_secret if change.is_secret else self._api.add_space_variable
        )
        self._do(f"setting {change.name}", add, self.space, change.name, change.value)

    def mount(self, bucket: str) -> bool:
        """Mount ``bucket``, made where there is none, beside what is mounted; return whether it was not."""
        from huggingface_hub import Volume

        mounted = self.runtime().volumes
        if any(one.mount_path == MOUNT and one.source == bucket for one in mounted):
            return False
        if any(one.mount_path == MOUNT for one in mounted):
            raise DeployError(
                Failure(f"something else is mounted at {MOUNT}", "unmount it in the Space's settings")
            )
        self._do("creating the bucket", self._api.create_bucket, bucket, private=True, exist_ok=True)
        volumes = [*mounted, Volume(type="bucket", source=bucket, mount_path=MOUNT)]
        self._do("mounting the bucket", self._api.set_space_volumes, self.space, volumes)
        return True

    def upload(self, files: Mapping[str, bytes], *, revision: str) -> None:
        """Make ``files`` all that the Space's repository holds; one commit, none where nothing changed."""
        with tempfile.TemporaryDirectory() as folder:
            for path, content in files.items():
                target = Path(folder) / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            self._do(
                "uploading",
                self._api.upload_folder,
                repo_id=self.space,
                repo_type="space",
                folder_path=folder,
                delete_patterns="*",
                commit_message=f"{DEPLOYED}{revision}",
            )

    def titles(self) -> list[str]:
        """Return the titles of the Space's commits, the newest first."""
        commits = self._do(
            "reading the Space's commits", self._api.list_repo_commits, self.space, repo_type="space"
        )
        return [commit.title for commit in commits]

    def runtime(self) -> Runtime:
        """Return how the Space is."""
        found = self._do("looking how the Space is", self._api.get_space_runtime, self.space)
        return Runtime(str(found.stage), str(found.raw.get("errorMessage") or ""), tuple(found.volumes or ()))

    def restart(self) -> None:
        """Start the Space again, such as one that is paused."""
        self._do("restarting the Space", self._api.restart_space, self.space)

    def log(self, *, build: bool) -> list[str]:
        """Return the last lines of the build's or the Space's own log; none where it cannot be had."""
        try:
            with _translated("reading the log", self.space):
                lines: Iterable[str] = self._api.fetch_space_logs(self.space, build=build)
                return [line.rstrip("\n") for line in islice(lines, 10_000)][-LOG_LINES:]
        except DeployError:
            return []

    def _do(self, doing: str, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        with _translated(doing, self.space):
            return call(*arguments, **named)


@contextmanager
def _translated(doing: str, space: str) -> Iterator[None]:
    from huggingface_hub.errors import HfHubHTTPError

    try:
        yield
    except HfHubHTTPError as error:
        said = error.server_message or str(error).splitlines()[0]
        raise DeployError(of_hub(error.response.status_code, said, doing=doing, space=space)) from error
    except (OSError, TimeoutError) as error:
        raise DeployError(of_hub(None, "", doing=doing, space=space)) from error
    except Exception as error:
        # The library's HTTP client has errors of its own, which are of another package in each version.
        if type(error).__module__.split(".")[0] in ("httpx", "httpx2", "httpcore", "httpcore2", "requests"):
            raise DeployError(of_hub(None, "", doing=doing, space=space)) from error
        raise
