"""Each failure that the platform is known for is a cause and a fix."""

import pytest

from cli.deploy.failures import DeployError, of_hub, of_stage


@pytest.mark.parametrize(
    ("status", "said", "cause", "fix"),
    [
        (None, "", "cannot be reached", "HF_ENDPOINT"),
        (401, "Invalid credentials", "does not take this token", "set HF_TOKEN"),
        (402, "requires a PRO subscription", "takes PRO", "huggingface.co/pro"),
        (403, "pass create_pr=1", "may not do that", "write access to u/s"),
        (403, "Repository storage limit reached", "storage limit", "free room"),
        (404, "", "finds no u/s", "look at the name"),
        (429, "", "too many requests", "wait a few minutes"),
        (503, "", "answered 503", "status.huggingface.co"),
        (418, "short and stout", "418: short and stout", "words"),
    ],
)
def test_what_the_hub_answers(status: int | None, said: str, cause: str, fix: str) -> None:
    """With what was being done, in one line."""
    failure = of_hub(status, said, doing="uploading", space="u/s")
    assert failure.cause.startswith("uploading: ")
    assert cause in failure.cause
    assert fix in failure.fix
    assert str(DeployError(failure)) == f"{failure.cause}; {failure.fix}"


@pytest.mark.parametrize(
    ("stage", "message", "log", "cause", "fix"),
    [
        ("PAUSED", "Flagged as abusive", [], "for abuse", "website@huggingface.co"),
        ("RUNTIME_ERROR", "Launch timed out, workload was not healthy after 30 min", [], "app_port", "PORT"),
        ("RUNTIME_ERROR", "Memory limit exceeded (16Gi)", ["carrel: x"], "out of memory", "hardware"),
        ("RUNTIME_ERROR", "Scheduling failure: unable to schedule", [], "no room", "wait"),
        ("BUILD_ERROR", "Repository storage limit reached (Max: 1 GB)", [], "full", "new Space"),
        ("RUNTIME_ERROR", "", ["a", "carrel: PORT: is wrong", "b"], "carrel: PORT: is wrong", "env file"),
        ("RUNTIME_ERROR", "Exit code: 1", ["mkdir: Permission denied"], "user 1000", "DATA_DIR"),
        ("RUNTIME_ERROR", "", ["Read-only file system"], "cannot be written", "DATA_DIR"),
        ("RUNTIME_ERROR", "", ["No space left on device"], "disk is full", "QDRANT_URL"),
        ("BUILD_ERROR", "", ["ERROR: No matching distribution found for x"], "requirement", "lock files"),
        ("CONFIG_ERROR", "Missing configuration", [], "Missing configuration", "README.md"),
        ("NO_APP_FILE", "", [], "not as it must be", "README.md"),
        ("BUILD_ERROR", "Job failed with exit code: 1", ["x"], "Job failed", "--rollback"),
        ("RUNTIME_ERROR", "", [], "no reason is given", "--rollback"),
    ],
)
def test_what_a_space_is_ill_with(stage: str, message: str, log: list[str], cause: str, fix: str) -> None:
    """The platform's word counts before the log's, the log's last line before earlier ones."""
    failure = of_stage(stage, message, log)
    assert failure.cause.startswith(f"{stage}: ")
    assert cause in failure.cause
    assert fix in failure.fix
