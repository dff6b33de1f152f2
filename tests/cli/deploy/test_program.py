"""What the command is made of, and the command itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.deploy.plan import PlanError
from cli.deploy.program import checkout, hub, verify
from tests.support.fake_hub import SPACE, TOKEN, FakeHub, serving


def test_the_hub_wants_a_token_and_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are said with what is right."""
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with pytest.raises(PlanError, match="set HF_TOKEN"):
        hub(SPACE)()
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert hub(SPACE)().space == SPACE
    with pytest.raises(PlanError, match="user/space"):
        hub("lamps")()


def test_the_checkout_is_ours() -> None:
    """The one this program stands in."""
    assert checkout()._folder == Path(__file__).parents[3]


def test_the_look_from_outside(capsys: pytest.CaptureFixture[str]) -> None:
    """What it knows, it says."""
    assert verify("http://127.0.0.1:1", "abc") == 0
    assert "abc" in capsys.readouterr().out


def test_the_command(tmp_path: Path) -> None:
    """Through the real command line and library as far as the token, which is for reading only."""
    with serving(FakeHub(role="read")) as address:
        carrel = Path(sys.executable).with_name("carrel")
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "HF_TOKEN": TOKEN, "HF_ENDPOINT": address}
        done = subprocess.run(
            [carrel, "deploy", SPACE, "--dry-run"],
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("carrel: the token is for reading only")
