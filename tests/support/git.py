"""A small checkout of git's, with commits that look like Carrel."""

import subprocess
from pathlib import Path

README = "---\nsdk: docker\napp_port: 7860\n---\n# Carrel\n"
_IDENTITY = ["-c", "user.name=A Keeper", "-c", "user.email=keeper@example.com", "-c", "commit.gpgsign=false"]


class Repository:
    """A repository in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._git("init", "-q", "-b", "main")

    def commit(self, **files: str) -> str:
        """Write files, named with ``__`` for slashes and ``_dot_`` for dots, commit them; return the hash."""
        for name, content in files.items():
            path = self.folder / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        self._git("add", "-A")
        self._git(*_IDENTITY, "commit", "-q", "-m", "A change")
        return self._git("rev-parse", "HEAD").strip()

    def carrel(self, version: str = "1") -> str:
        """Commit something that looks like Carrel."""
        return self.commit(
            README_dot_md=README,
            Dockerfile=f"FROM x\nARG COMMIT=unknown\nENV V={version}\n",
            cli__main_dot_py=f"VERSION = {version}\n",
            tests__test_x_dot_py="",
            secret_dot_env="KEY=hidden",
        )

    def _git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, capture_output=True, text=True, check=True
        )
        return done.stdout
