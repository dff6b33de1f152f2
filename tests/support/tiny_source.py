"""The tiny model as it might be published: in a folder, on a server, in a package."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from retriever.embedding.folder import sha256
from retriever.embedding.making.sources import Published
from tests.support.ports import free_ports
from tests.support.tiny_model import tiny_files

PACKAGE = "tiny_model-1.0-py3-none-any.whl"


def published(*, address: str | None = None, package_sha256: str = "0" * 64) -> Published:
    """Return the tiny model's pins; without an ``address`` nobody answers there."""
    return Published(
        name="tiny",
        digests={name: sha256(content) for name, content in tiny_files().items()},
        address=address or f"http://127.0.0.1:{free_ports(1)[0]}/",
        package="tiny-model==1.0",
        package_sha256=package_sha256,
        package_folder="tiny_model/model",
    )


def write_files(folder: Path) -> Path:
    """Write the files into ``folder`` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in tiny_files().items():
        (folder / name).write_bytes(content)
    return folder


def write_package(folder: Path) -> str:
    """Write a package with the files into ``folder``; return its sha256."""
    told = "tiny_model-1.0.dist-info"
    with zipfile.ZipFile(folder / PACKAGE, "w") as package:
        for name, content in tiny_files().items():
            package.writestr(f"tiny_model/model/{name}", content)
        package.writestr("tiny_model/__init__.py", "raise SystemExit('nobody runs this')")
        package.writestr(f"{told}/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        package.writestr(f"{told}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        package.writestr(f"{told}/RECORD", "")
    return sha256((folder / PACKAGE).read_bytes())


def use_packages_of(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Let pip find packages in ``folder`` and nowhere else."""
    patch.setenv("PIP_CONFIG_FILE", "/dev/null")
    patch.setenv("PIP_NO_INDEX", "1")
    patch.setenv("PIP_FIND_LINKS", str(folder))


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve ``folder`` on this machine; yields the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
