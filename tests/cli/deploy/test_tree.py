"""Only what is committed is deployed, and of that only what belongs there."""

from pathlib import Path

import pytest

from cli.deploy.plan import PlanError
from cli.deploy.tree import Checkout
from tests.support.git import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def test_a_commits_files(repository: Repository) -> None:
    """As committed, not as they lie around; the Dockerfile tells the commit."""
    first = repository.carrel()
    second = repository.carrel("2")
    (repository.folder / "cli" / "main.py").write_text("changed")
    (repository.folder / "cli" / ".env").write_text("KEY=hidden")
    checkout = Checkout(repository.folder)
    files = checkout.files(first)
    assert set(files) == {"README.md", "Dockerfile", "cli/main.py"}
    assert files["cli/main.py"] == b"VERSION = 1\n"
    assert f"ARG COMMIT={first}".encode() in files["Dockerfile"]
    assert checkout.revision() == checkout.revision("main") == second


def test_what_is_not_committed(repository: Repository) -> None:
    """Of what would be deployed; the rest is nobody's business."""
    repository.carrel()
    checkout = Checkout(repository.folder)
    assert checkout.changed() == []
    (repository.folder / "cli" / "main.py").write_text("changed")
    (repository.folder / "web").mkdir()
    (repository.folder / "web" / "new.js").write_text("new")
    (repository.folder / "tests" / "test_x.py").write_text("changed")
    assert checkout.changed() == ["cli/main.py", "web/new.js"]


def test_what_cannot_be_deployed(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No such commit, no Carrel in it, no checkout, no git: each with what to do."""
    other = repository.commit(notes_dot_txt="mine")
    checkout = Checkout(repository.folder)
    with pytest.raises(PlanError, match="no commit v9"):
        checkout.revision("v9")
    with pytest.raises(PlanError, match="no commit of Carrel"):
        checkout.files(other)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(PlanError, match="run this in a git checkout"):
        checkout.changed()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PlanError, match="git is not installed"):
        checkout.changed()
