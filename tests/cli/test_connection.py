import threading
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from cli import connection
from cli.settings import CliSettings
from shared.clients.gateway import GatewayClient
from shared.errors import UpstreamUnavailableError
from tests.support.cli_server import Carrel, serving


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CARREL_URL", "PORT", "ADMIN_API_KEY", "DATA_DIR"):
        monkeypatch.setenv(name, "")


def keep_key(folder: Path, key: str = "kept-key") -> None:
    (folder / "secrets").mkdir(parents=True)
    (folder / "secrets" / "admin_api_key").write_text(f"{key}\n")


def test_the_option_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address given on the command line replaces the one of the environment."""
    monkeypatch.setenv("CARREL_URL", "https://one.test")
    assert connection.settings(None).server == "https://one.test"
    assert connection.settings("https://two.test/").server == "https://two.test"


def test_a_key_that_is_set_is_used(tmp_path: Path) -> None:
    """ADMIN_API_KEY comes before any file."""
    keep_key(tmp_path)
    settings = CliSettings(admin_api_key=SecretStr("set"), data_dir=tmp_path)
    assert connection.admin_key(settings) == "set"


def test_the_kept_key_is_found(tmp_path: Path) -> None:
    """Without ADMIN_API_KEY the one in the data folder opens this machine's server."""
    keep_key(tmp_path / "data")
    assert connection.require_key(CliSettings(data_dir=tmp_path / "data")) == "kept-key"


def test_the_kept_key_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative data folder is looked for where the command runs, then beside the program."""
    here, program = tmp_path / "here", tmp_path / "program"
    here.mkdir()
    monkeypatch.chdir(here)
    keep_key(program / "data")
    assert connection.admin_key(CliSettings(), beside=program) == "kept-key"
    keep_key(here / "data", "nearer")
    assert connection.admin_key(CliSettings(), beside=program) == "nearer"


def test_the_kept_key_stays_on_this_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A server elsewhere never gets the key of this machine's data folder; what to do is said."""
    keep_key(tmp_path)
    settings = CliSettings(data_dir=tmp_path, carrel_url="https://carrel.test")
    assert connection.admin_key(settings) == ""
    with pytest.raises(SystemExit):
        connection.require_key(settings)
    assert capsys.readouterr().err == "carrel: set ADMIN_API_KEY to the admin key of https://carrel.test\n"


def test_no_key_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where no key is found the command ends with what to set."""
    with pytest.raises(SystemExit) as ended:
        connection.require_key(CliSettings(data_dir=tmp_path))
    assert ended.value.code == 2
    assert "set ADMIN_API_KEY" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["folder", "binary"])
def test_a_key_that_cannot_be_read_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    """A damaged key file is named instead of being passed over."""
    keep_key(tmp_path)
    path = tmp_path / "secrets" / "admin_api_key"
    path.unlink()
    if damage == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"\xff\xfe")
    with pytest.raises(SystemExit):
        connection.admin_key(CliSettings(data_dir=tmp_path))
    assert str(path) in capsys.readouterr().err


def test_a_client_reaches_the_server() -> None:
    """The client talks to the address of the settings, with the key and our name."""
    carrel = Carrel()
    with serving(carrel) as url, connection.connect(CliSettings(carrel_url=url), key="secret-key") as client:
        assert client.put_document("a.md", b"# A", media_type="text/markdown") == "created"
    assert carrel.requests[0].headers["x-api-key"] == "secret-key"
    assert carrel.requests[0].headers["user-agent"].startswith("carrel/")


def test_a_proxy_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment is left out for a server on this machine."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    with serving(Carrel()) as url, connection.connect(CliSettings(carrel_url=url)) as client:
        assert client.ready()


def test_an_address_that_is_none_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """An address that cannot be parsed ends the command naming the variable."""
    with pytest.raises(SystemExit), connection.connect(CliSettings(carrel_url="http://a b:x/")):
        pass
    assert capsys.readouterr().err.startswith("carrel: CARREL_URL: ")


def test_out_of_reach_says_what_to_do() -> None:
    """The line names the address, the reason and the command that starts the server."""
    said = connection.out_of_reach(CliSettings(), UpstreamUnavailableError("The server cannot be reached"))
    assert said.startswith("http://127.0.0.1:7860: the server cannot be reached; start it with `carrel up`")


def test_work_is_done_once_there_is_a_server(capsys: pytest.CaptureFixture[str]) -> None:
    """Work waits for a server that is not ready yet; without any server it is not begun."""
    began: list[GatewayClient] = []

    def work(client: GatewayClient) -> int:
        began.append(client)
        return connection.SOME_FAILED

    def patiently(url: str) -> int:
        settings = CliSettings(carrel_url=url, admin_api_key=SecretStr("k" * 32))
        return connection.patiently(settings, work, stop=threading.Event())

    assert patiently("http://127.0.0.1:9") == connection.NOTHING_TRIED
    assert (began, "carrel up" in capsys.readouterr().err) == ([], True)
    with serving(Carrel(health=httpx.Response(503))) as url:
        assert patiently(url) == connection.SOME_FAILED
    assert (len(began), "not ready yet" in capsys.readouterr().err) == (1, True)
