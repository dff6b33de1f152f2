"""The files of a commit, as git has them: nothing that lies around in the working tree can come along."""

import io
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

from cli.deploy.plan import FILES, FOLDERS, PlanError, is_deployed, staged


class Checkout:
    """The git checkout around ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def revision(self, name: str = "HEAD") -> str:
        """Return the full hash of the commit ``name``."""
        try:
            return self._git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").decode().strip()
        except PlanError:
            raise PlanError(
                f"there is no commit {name} here: fetch it, or run this in a git checkout"
            ) from None

    def changed(self) -> list[str]:
        """Return the files that would go to a Space and are not as in HEAD."""
        listed = self._git("status", "--porcelain", "-z", "--untracked-files=all").decode().split("\0")
        return sorted(entry[3:] for entry in listed if is_deployed(entry[3:]))

    def files(self, revision: str) -> Mapping[str, bytes]:
        """Return the files of ``revision`` as they go to a Space, by path."""
        there = self._git("ls-tree", "--name-only", "-z", revision).decode().split("\0")
        wanted = [name for name in there if name in (*FILES, *FOLDERS)]
        if "Dockerfile" not in wanted or "README.md" not in wanted:
            raise PlanError(f"{revision[:12]} has no Dockerfile or README.md: it is no commit of Carrel")
        packed = self._git("archive", "--format=tar", revision, *wanted)
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            found = {}
            for member in archive:
                file = archive.extractfile(member)
                if file is not None and is_deployed(member.name):
                    found[member.name] = staged(member.name, file.read(), revision=revision)
            return found

    def _git(self, *arguments: str) -> bytes:
        try:
            done = subprocess.run(
                ["git", *arguments],  # noqa: S607 - whichever git there is
                cwd=self._folder,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError:
            raise PlanError("git is not installed, and only a commit is deployed") from None
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip()
            raise PlanError(f"git: {said or 'failed'}; run this in a git checkout of Carrel")
        return done.stdout
