"""Whole deployments against a Hub of this machine: what is shown, what is changed, how failures end."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from cli.deploy.command import DONE, FAILED, REFUSED, Options, deploy
from cli.deploy.hub import Hub
from cli.deploy.tree import Checkout
from tests.support.fake_hub import SPACE, TOKEN, FakeHub, serving
from tests.support.git import README, Repository

ENV = "ADMIN_API_KEY=the-owner's-hidden-key\nCOHERE_API_KEY=another-hidden-key\nLOG_LEVEL=debug\n"


@dataclass
class Desk:
    """Somebody who deploys."""

    fake: FakeHub
    repository: Repository
    options: Options
    space: str = SPACE
    verified: list[tuple[str, str]] = field(default_factory=list)
    outcome: int = DONE

    def deploy(self, **named: object) -> int:
        """Deploy with other options than ours."""
        options = replace(self.options, **named)  # type: ignore[arg-type]
        checkout = Checkout(self.repository.folder)
        return deploy(self._hub, checkout, options, verify=self._verify)

    def _hub(self) -> Hub:
        return Hub(self.space, token=TOKEN, endpoint=self.fake.address)

    def _verify(self, address: str, revision: str) -> int:
        self.verified.append((address, revision))
        return self.outcome


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    fake = FakeHub()
    (tmp_path / "env").write_text(ENV)
    (tmp_path / "repository").mkdir()
    repository = Repository(tmp_path / "repository")
    repository.carrel()
    with serving(fake):
        options = Options(env=tmp_path / "env", yes=True, every_s=0.001, timeout_s=10)
        yield Desk(fake, repository, options)


def writes(fake: FakeHub) -> list[tuple[str, str]]:
    """What was asked of the Hub that changes something."""
    return [(method, path) for method, path in fake.requests if method != "GET"]


def test_a_first_deployment(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Made, set, mounted, uploaded, waited for, verified; nothing secret is told."""
    revision = Checkout(desk.repository.folder).revision()
    assert desk.deploy(bucket="keeper/lamps") == DONE
    fake = desk.fake
    assert set(fake.files) == {"README.md", "Dockerfile", "cli/main.py"}
    assert fake.variables == {"LOG_LEVEL": "debug", "BACKUP_DIR": "/data/backups"}
    assert set(fake.secrets) == {"ADMIN_API_KEY", "COHERE_API_KEY", "SESSION_SECRET"}
    assert len(fake.secrets["SESSION_SECRET"]) >= 32
    assert [volume["source"] for volume in fake.volumes] == ["keeper/lamps"]
    assert fake.serves == revision
    assert desk.verified == [(f"{fake.address}/app", revision)]
    told = capsys.readouterr()
    for part in ("to be created", "COHERE_API_KEY: new", "LOG_LEVEL: new: debug", "building", revision[:12]):
        assert part in told.out
    for value in (*fake.secrets.values(), TOKEN):
        assert value not in told.out + told.err


def test_again_changes_what_changed(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """No second Space, no variable set that is as it should be, the secret that was made stays."""
    assert desk.deploy() == DONE
    made = desk.fake.secrets["SESSION_SECRET"]
    desk.repository.carrel("2")
    desk.fake.stages, before = ["RUNNING", "RUNNING_BUILDING", "RUNNING"], len(desk.fake.requests)
    assert desk.deploy() == DONE
    asked = desk.fake.requests[before:]
    assert ("POST", "/api/repos/create") not in asked
    assert ("POST", f"/api/spaces/{SPACE}/variables") not in asked
    assert desk.fake.secrets["SESSION_SECRET"] == made
    assert desk.fake.serves == Checkout(desk.repository.folder).revision()
    assert "left as they are: SESSION_SECRET" in capsys.readouterr().out


def test_a_dry_run_changes_nothing(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """It shows the same."""
    assert desk.deploy(dry_run=True, bucket="keeper/lamps") == DONE
    assert writes(desk.fake) == []
    told = capsys.readouterr().out
    assert "to be created" in told
    assert "nothing was changed" in told


def test_it_asks_before(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --yes; no is no."""
    asked: list[str] = []

    def no(text: str) -> bool:
        asked.append(text)
        return False

    monkeypatch.setattr("cli.deploy.command.typer.confirm", no)
    assert desk.deploy(yes=False) == REFUSED
    assert asked == ["Go on?"]
    assert writes(desk.fake) == []


def test_an_interrupted_one_goes_on(desk: Desk) -> None:
    """The Hub fails in the middle; the second run does what is left."""
    desk.fake.refusals["POST", "variables"] = (400, "away")
    assert desk.deploy() == FAILED
    assert desk.fake.exists
    desk.fake.refusals["POST", "main"] = (400, "oops")
    assert desk.deploy() == FAILED
    assert desk.fake.variables == {"LOG_LEVEL": "debug"}
    assert desk.deploy() == DONE
    assert desk.fake.serves == Checkout(desk.repository.folder).revision()


def test_back_to_the_one_before(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """The commit that was deployed before, from git; settings stay."""
    assert desk.deploy(rollback=True) == REFUSED
    assert "no deployment before" in capsys.readouterr().err
    first = Checkout(desk.repository.folder).revision()
    assert desk.deploy() == DONE
    assert desk.deploy(rollback=True) == REFUSED
    desk.repository.carrel("2")
    desk.fake.stages = ["BUILDING", "RUNNING"]
    assert desk.deploy() == DONE
    (desk.repository.folder / "cli" / "main.py").write_text("not committed")
    desk.fake.stages = ["BUILDING", "RUNNING"]
    assert desk.deploy(rollback=True, env=None) == DONE
    assert desk.fake.serves == first
    assert desk.fake.files["cli/main.py"] == b"VERSION = 1\n"


def test_one_that_sleeps_is_woken(desk: Desk) -> None:
    """By a visit, though the Hub's library does not know the stage."""
    desk.fake.stages = ["RUNNING", "BUILDING", "SLEEPING"]
    assert desk.deploy() == DONE
    assert desk.fake.visits > 0


def test_one_that_is_paused_is_restarted(desk: Desk) -> None:
    """The owner's deployment means that it is to run."""
    desk.fake.stages = ["BUILDING", "PAUSED"]
    assert desk.deploy() == DONE
    assert desk.fake.restarts == 1


Change = Callable[[Desk], object]


def stale(desk: Desk) -> None:
    desk.fake.stages, desk.fake.serves = ["RUNNING"], "old"
    desk.options = replace(desk.options, timeout_s=0.05)


def late(desk: Desk) -> None:
    desk.fake.unready = True
    desk.options = replace(desk.options, timeout_s=0.05)


def ends(stage: str, *, message: str = "", **logs: list[str]) -> Change:
    def change(desk: Desk) -> None:
        desk.fake.stages, desk.fake.message, desk.fake.logs = ["BUILDING", stage], message, logs

    return change


@pytest.mark.parametrize(
    ("change", "cause", "fix"),
    [
        (ends("BUILD_ERROR", build=["No matching distribution found"]), "a requirement", "lock files"),
        (ends("RUNTIME_ERROR", run=["carrel: PORT: is wrong"]), "PORT: is wrong", "env file"),
        (ends("RUNTIME_ERROR", message="workload was not healthy after 30 min"), "app_port", "PORT"),
        (ends("RUNTIME_ERROR", message="Flagged as abusive"), "abuse", "website@huggingface.co"),
        (ends("CONFIG_ERROR", message="Missing configuration in README"), "Missing", "README.md"),
        (stale, "an older revision", "factory reboot"),
        (late, "not ready in time", "--timeout"),
        (
            lambda d: d.fake.refusals.update({("POST", "create"): (402, "x")}),
            "takes PRO",
            "huggingface.co/pro",
        ),
        (lambda d: d.fake.refusals.update({("POST", "main"): (403, "x")}), "may not", "write access"),
    ],
    ids=["build", "settings", "unhealthy", "abuse", "config", "stale", "late", "402", "403"],
)
def test_what_goes_wrong_ends_in_a_cause_and_a_fix(
    desk: Desk, change: Change, cause: str, fix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the last line, below the log where there is one; it is not verified."""
    change(desk)
    assert desk.deploy() == FAILED
    told = capsys.readouterr().err
    last = told.splitlines()[-1]
    assert last.startswith("carrel: ")
    assert cause in last
    assert fix in last
    for line in [*desk.fake.logs.get("build", ()), *desk.fake.logs.get("run", ())]:
        assert f"  | {line}" in told
    assert desk.verified == []


def uncommitted(desk: Desk) -> None:
    (desk.repository.folder / "cli" / "main.py").write_text("changed")


def env(text: str) -> Change:
    def change(desk: Desk) -> None:
        assert desk.options.env is not None
        desk.options.env.write_text(text)

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: setattr(d.fake, "role", "read"), "for reading only"),
        (lambda d: setattr(d, "space", "stranger/lamps"), "who is not in stranger"),
        (lambda d: d.fake.refusals.update({("GET", "whoami-v2"): (401, "x")}), "set HF_TOKEN"),
        (uncommitted, "not committed: cli/main.py"),
        (env("ADMIN_API_KEY=the-owner's-hidden-key\nPROT=1"), "no setting of Carrel: PROT"),
        (env("ADMIN_API_KEY=the-owner's-hidden-key\nPORT=8000"), "app_port is 7860"),
        (env("LOG_LEVEL=debug"), "ADMIN_API_KEY: set it"),
        (lambda d: setattr(d, "options", replace(d.options, env=Path("nowhere"))), "nowhere cannot be read"),
        (lambda d: d.repository.commit(README_dot_md=README.replace("docker", "gradio")), "sdk: docker"),
    ],
)
def test_nothing_is_begun_that_cannot_end_well(
    desk: Desk, change: Change, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Refused before anything is changed, with the fix."""
    change(desk)
    assert desk.deploy() == REFUSED
    assert reason in capsys.readouterr().err
    assert writes(desk.fake) == []


def test_what_may_go_wrong_is_said_before(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """No plan for a Docker Space, a token that may not restart: warned of, and tried."""
    desk.fake.pro, desk.fake.role = False, ""
    assert desk.deploy() == FAILED
    told = capsys.readouterr().err
    assert "has no PRO" in told
    assert "no access token" in told


def test_what_is_served_has_the_last_word(desk: Desk) -> None:
    """The look from outside decides the exit code."""
    desk.outcome = FAILED
    assert desk.deploy() == FAILED
