"""The Hub through the real library, against a Hub of this machine."""

import sys
from collections.abc import Iterator

import pytest

from cli.deploy.failures import DeployError
from cli.deploy.hub import Account, Hub
from cli.deploy.plan import Change, PlanError, Settings
from tests.support.fake_hub import SPACE, TOKEN, FakeHub, serving

README = b"---\nsdk: docker\n---\n# Carrel\n"


@pytest.fixture
def fake() -> Iterator[FakeHub]:
    made = FakeHub()
    with serving(made):
        yield made


@pytest.fixture
def hub(fake: FakeHub) -> Hub:
    return Hub(SPACE, token=TOKEN, endpoint=fake.address)


def test_whose_the_token_is(fake: FakeHub, hub: Hub) -> None:
    """Name, organisations, plan, and what the token may do; one that is no access token has no role."""
    assert hub.account() == Account("keeper", ("lighthouse",), True, "write")
    fake.role = ""
    assert hub.account().role == ""


def test_a_space_is_made_once(fake: FakeHub, hub: Hub) -> None:
    """A Docker Space, found the next time."""
    assert not hub.exists()
    hub.create(private=True)
    assert hub.exists()
    hub.create(private=True)
    assert hub.address() == f"{fake.address}/app"


def test_settings(fake: FakeHub, hub: Hub) -> None:
    """Secrets are known by name alone."""
    fake.exists = True
    hub.set(Change("COHERE_API_KEY", "hidden", True, ""))
    hub.set(Change("LOG_LEVEL", "debug", False, ""))
    assert (fake.secrets, fake.variables) == ({"COHERE_API_KEY": "hidden"}, {"LOG_LEVEL": "debug"})
    assert hub.settings() == Settings({"COHERE_API_KEY": ""}, {"LOG_LEVEL": "debug"})


def test_a_bucket_is_mounted_beside_others(fake: FakeHub, hub: Hub) -> None:
    """The Hub replaces the whole list, so what was there is told again; another at its place is refused."""
    fake.exists = True
    fake.volumes = [{"type": "model", "source": "a/b", "mountPath": "/model"}]
    assert hub.mount("keeper/lamps")
    assert [volume["mountPath"] for volume in fake.volumes] == ["/model", "/data"]
    assert not hub.mount("keeper/lamps")
    with pytest.raises(DeployError, match="unmount it"):
        hub.mount("keeper/other")


def test_an_upload_is_all_there_is(fake: FakeHub, hub: Hub) -> None:
    """What is not in it goes from the Space; the commit tells the revision."""
    fake.exists = True
    hub.upload({"README.md": README, "cli/a.py": b"1"}, revision="abc")
    hub.upload({"README.md": README, "cli/b.py": b"2"}, revision="def")
    assert fake.files == {"README.md": README, "cli/b.py": b"2"}
    assert hub.titles() == ["Carrel def", "Carrel abc"]


def test_how_it_is(fake: FakeHub, hub: Hub) -> None:
    """The stage, also one that the library does not know, the platform's words, the logs, a restart."""
    fake.exists, fake.stages, fake.message = True, ["SLEEPING"], "zzz"
    fake.logs = {"build": ["one", "two"]}
    assert (hub.runtime().stage, hub.runtime().message) == ("SLEEPING", "zzz")
    assert hub.log(build=True) == ["one", "two"]
    assert hub.log(build=False) == []
    fake.refusals["GET", "build"] = (500, "no log")
    assert hub.log(build=True) == []
    hub.restart()
    assert fake.restarts == 1


@pytest.mark.parametrize(("status", "fix"), [(401, "set HF_TOKEN"), (403, "write access"), (404, "the name")])
def test_refusals_are_explained(fake: FakeHub, hub: Hub, status: int, fix: str) -> None:
    """With what was being done, and the fix; no token in it."""
    fake.exists = True
    fake.refusals["GET", "runtime"] = (status, "no")
    with pytest.raises(DeployError, match="looking how the Space is: ") as caught:
        hub.runtime()
    assert fix in caught.value.failure.fix
    assert TOKEN not in str(caught.value)


def test_no_plan_for_docker(fake: FakeHub, hub: Hub) -> None:
    """The Hub's 402 is said in words."""
    fake.pro = False
    with pytest.raises(DeployError, match="takes PRO"):
        hub.create(private=False)


def test_a_hub_that_is_away() -> None:
    """Whatever HTTP client the library has in this version."""
    with pytest.raises(DeployError, match="cannot be reached"):
        Hub(SPACE, token=TOKEN, endpoint="http://127.0.0.1:9").account()


def test_mistakes_of_ours_are_not_explained_away(fake: FakeHub, hub: Hub) -> None:
    """They are raised as they are."""
    with pytest.raises(AttributeError):
        hub.set(None)  # type: ignore[arg-type]


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said how to install it."""
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(PlanError, match="make deploy-tools"):
        Hub(SPACE, token=TOKEN)
