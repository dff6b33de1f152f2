"""The workflows: what they run exists here, what they use is pinned, and no deployment goes by unverified."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read(path)["jobs"]
    return found


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in jobs(path).values() for step in job.get("steps", ())]


def test_there_are_two() -> None:
    """One for each change, one for each tag."""
    assert [path.name for path in FILES] == ["ci.yml", "deploy.yml"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit(path: Path) -> None:
    """A tag can be moved to other code; its name stands behind the commit for whoever reads."""
    used = re.findall(r"uses: (\S+)(.*)", path.read_text())

    for name, comment in used:
        if not name.startswith("./"):
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", name), name
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), name
    assert used


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_they_may_do_little(path: Path) -> None:
    """They read, hold no credentials on the disk, and end in bounded time."""
    assert read(path)["permissions"] == {"contents": "read"}
    for job in jobs(path).values():
        assert "uses" in job or job["timeout-minutes"] <= 60
    for step in steps(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"] == {"persist-credentials": False}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_from_outside_is_put_into_a_shell(path: Path) -> None:
    """An expression in a script is code of whoever chose its value; secrets are given to one step."""
    for step in steps(path):
        assert "${{" not in step.get("run", "")
    for job in jobs(path).values():
        assert "secrets." not in str(job.get("env", ""))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_they_make_can_be_made(path: Path) -> None:
    """Each target of make exists, unless its step asks first whether it does."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for step in steps(path):
        if "if" not in step:
            assert set(re.findall(r"\bmake ([a-z-]+)", step.get("run", ""))) <= targets


def test_each_change_is_checked_tested_and_built() -> None:
    """In four jobs."""
    done = {name: str(job) for name, job in jobs(FOLDER / "ci.yml").items()}

    assert set(done) == {"check", "test", "browser", "image"}
    for name, command in {"check": "make check", "test": "make test", "image": "make image-test"}.items():
        assert command in done[name]


def test_a_deployment_waits_for_all_of_it_and_is_verified() -> None:
    """On tags alone; the last word is that the Space runs this commit and is well."""
    path = FOLDER / "deploy.yml"
    deploy = jobs(path)["deploy"]
    # YAML 1.1 takes a bare `on` for a truth value.
    triggers = {str(key): value for key, value in read(path).items()}["True"]
    runs = [step["run"] for step in deploy["steps"] if "run" in step and step.get("if") != "failure()"]

    assert set(triggers) == {"push"}
    assert set(triggers["push"]) == {"tags"}
    assert deploy["needs"] == "ci"
    assert jobs(path)["ci"]["uses"] == "./.github/workflows/ci.yml"
    assert "workflow_call" in str(read(FOLDER / "ci.yml"))
    assert re.search(r'carrel verify .* --commit "\$GITHUB_SHA" --wait \d+', runs[-1])
    assert not any("|| true" in run for run in runs)


def test_the_image_takes_the_commit_as_the_deployment_gives_it() -> None:
    """The line it rewrites is in the Dockerfile, once."""
    assert (ROOT / "Dockerfile").read_text().count("\nARG COMMIT=unknown\n") == 1
