"""cli.verify.deployed: page, HEAD, version, and a certificate over real TLS."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from cli.verify.deployed import certificate, check
from cli.verify.outside import Outside
from tests.support.certificate import write_certificate
from tests.support.cli_server import serving
from tests.support.deployment import COMMIT, Deployment


def colours(deployment: Deployment, commit: str = "") -> dict[str, str]:
    with serving(deployment) as url:
        outside = Outside(url)
        found: dict[str, str] = {finding.name: finding.colour for finding in check(outside, commit=commit)}
        outside.close()
    return found


def test_a_good_deployment() -> None:
    """Four green lines; a revision that is wanted is the one that runs."""
    assert set(colours(Deployment(), commit=COMMIT).values()) == {"green"}


def test_head_is_asked_for_itself() -> None:
    """A deployment that takes GET alone is red in that line only."""
    found = colours(Deployment({"HEAD /": httpx.Response(405)}))

    assert {name for name, colour in found.items() if colour == "red"} == {"HEAD /"}


@contextmanager
def tls(folder: Path) -> Iterator[tuple[str, Path]]:
    """A server that shakes hands and hangs up; give its address and its certificate."""
    certificate_file, key_file = write_certificate(folder, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, key_file)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)

        def shake_hands() -> None:
            client, _ = listening.accept()
            try:
                context.wrap_socket(client, server_side=True).close()
            except OSError:
                client.close()

        thread = threading.Thread(target=shake_hands)
        thread.start()
        yield f"https://localhost:{listening.getsockname()[1]}", certificate_file
        thread.join()


def test_a_certificate_that_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How long it is good is told."""
    with tls(tmp_path) as (url, file):
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        found = certificate(url)

    assert found.colour in ("green", "yellow")
    assert "days" in found.found


def test_a_certificate_of_a_stranger_is_red(tmp_path: Path) -> None:
    """Nobody has signed it."""
    with tls(tmp_path) as (url, _):
        found = certificate(url)

    assert (found.colour, "not accepted" in found.found) == ("red", True)


def test_no_tls_where_it_is_said_to_be() -> None:
    """Plain HTTP on the port of an https address."""
    with serving(Deployment()) as url:
        assert certificate(url.replace("http", "https")).colour == "red"


def test_plain_http() -> None:
    """Right on this machine, and nowhere else; nobody is asked for it."""
    assert certificate("http://127.0.0.1:1").colour == "green"
    assert certificate("http://docs.example").colour == "yellow"
