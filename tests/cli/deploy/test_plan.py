"""What a deployment would change, without a secret in what is told."""

from pathlib import Path

import pytest

from cli.deploy.plan import (
    FILES,
    FOLDERS,
    Change,
    PlanError,
    Settings,
    changes,
    deployed,
    front_matter,
    is_deployed,
    left_alone,
    read_env,
    sorted_out,
    staged,
)

ROOT = Path(__file__).parents[3]
NOTHING = Settings({}, {})


def test_an_env_file_is_read() -> None:
    """As docker and shells do: comments, quotes, exports; what is empty is unset."""
    text = """
    # a comment
    PORT=7860
    export COHERE_API_KEY = "a # key"
    SESSION_SECRET='it''s'
    ALLOWED_ORIGINS=https://a.example # ours
    EMPTY=
    """
    assert read_env(text) == {
        "PORT": "7860",
        "COHERE_API_KEY": "a # key",
        "SESSION_SECRET": "it''s",
        "ALLOWED_ORIGINS": "https://a.example",
    }


def test_a_line_that_is_none_is_named_by_its_number() -> None:
    """What stands in it may be a secret."""
    with pytest.raises(PlanError, match="line 2 of the env file") as caught:
        read_env("PORT=1\nsecret key")
    assert "secret key" not in str(caught.value)


def test_secrets_are_never_variables() -> None:
    """Names decide; a name that nobody reads is most likely mistyped."""
    env = {"KEY": "k", "PORT": "1"}
    assert sorted_out(env, known={"KEY", "PORT"}, is_secret=lambda n: n == "KEY") == Settings(
        {"KEY": "k"}, {"PORT": "1"}
    )
    with pytest.raises(PlanError, match="no setting of Carrel: PORT"):
        sorted_out(env, known={"KEY"}, is_secret=lambda _: False)


def test_what_is_to_be_set() -> None:
    """Equal variables are left out, secrets cannot be compared; no value of one is told."""
    wanted = Settings({"NEW": "hidden", "OLD": "hidden"}, {"A": "1", "B": "2", "C": "3"})
    there = Settings({"OLD": "", "OTHER": ""}, {"A": "1", "B": "0", "D": "4"})
    found = changes(wanted, there)
    assert found == [
        Change("B", "2", False, "0 -> 2"),
        Change("C", "3", False, "new: 3"),
        Change("NEW", "hidden", True, "new"),
        Change("OLD", "hidden", True, "set anew (what it is now cannot be read)"),
    ]
    assert not any("hidden" in change.told for change in found)
    assert left_alone(wanted, there) == ["D", "OTHER"]


def test_what_is_of_the_other_kind_there() -> None:
    """A secret that is a public variable is leaked already; a variable that is a secret cannot be set."""
    with pytest.raises(PlanError, match="KEY is a public variable"):
        changes(Settings({"KEY": "k"}, {}), Settings({}, {"KEY": "k"}))
    with pytest.raises(PlanError, match="PORT is a secret"):
        changes(Settings({}, {"PORT": "1"}), Settings({"PORT": ""}, {}))
    assert changes(NOTHING, NOTHING) == []


@pytest.mark.parametrize("path", ["Dockerfile", "cli/deploy/plan.py", "web/chat.js", "docs/api.md"])
def test_what_goes_to_a_space(path: str) -> None:
    """What the image is made of, and what its page shows."""
    assert is_deployed(path)


@pytest.mark.parametrize("path", [".env", "tests/conftest.py", "bench/a.py", "data/x", "models/m", "", "cli"])
def test_what_stays_here(path: str) -> None:
    """Secrets, data, tests."""
    assert not is_deployed(path)


def test_the_image_finds_all_it_takes() -> None:
    """Whatever .dockerignore lets in is deployed, but for the model's files, which a build downloads."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    taken = {line[1:] for line in lines if line.startswith("!")} - {"models/source"}
    assert all(name in FOLDERS or is_deployed(name) for name in taken)
    assert {"Dockerfile", ".dockerignore", "README.md"} <= set(FILES)


def test_the_dockerfile_knows_the_revision() -> None:
    """So that what is served tells what was built, not what was said later."""
    own = staged("Dockerfile", (ROOT / "Dockerfile").read_bytes(), revision="abc123")
    assert b"\nARG COMMIT=abc123\n" in own
    assert staged("README.md", b"ARG COMMIT=x", revision="abc") == b"ARG COMMIT=x"
    with pytest.raises(PlanError, match="ARG COMMIT="):
        staged("Dockerfile", b"FROM x\n", revision="abc")


def test_the_readme_tells_the_platform() -> None:
    """Ours does; one that does not is no Docker Space."""
    assert front_matter((ROOT / "README.md").read_text())["app_port"] == "7860"
    for readme in ("# Carrel", "---\nsdk: gradio\napp_port: 7860\n---\n", "---\nsdk: docker\n---\n"):
        with pytest.raises(PlanError, match="front matter"):
            front_matter(readme)


def test_what_was_deployed() -> None:
    """The newest first, each once; other commits do not count."""
    titles = ["Carrel bbb", "Update README.md", "Carrel bbb", "Carrel aaa", "initial commit"]
    assert deployed(titles) == ["bbb", "aaa"]
