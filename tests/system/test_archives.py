"""A repository's archive from the command line to an answer, through the whole of Carrel."""

import os
from pathlib import Path

import httpx
import pytest

from tests.support.archives import targz
from tests.support.system import Carrel

pytestmark = pytest.mark.system
FOGHORN = "# The foghorn\n\nA foghorn sounds twice a minute when the bay cannot be seen.\n"


def test_an_archive_is_synced_and_answers(carrel: Carrel, tmp_path: Path) -> None:
    """Larger than any other body may be; the second time only what changed; gone with its source."""
    file = tmp_path / "signals.tar.gz"
    picture = os.urandom(14_000_000)
    file.write_bytes(
        targz({"docs/foghorn.md": FOGHORN, "docs/bell.md": "# Bell\n\nA bell.", "x.png": picture})
    )
    first = carrel.carrel("sync", file, "--url-template", "https://signals.example/{stem}.html")
    assert first.stdout.startswith("signals: 2 files wanted, 2 taken in, 0 unchanged, 0 removed, 0 failed")
    answer = carrel.carrel("ask", "How often does a foghorn sound?").stdout
    assert "twice a minute" in answer
    assert "https://signals.example/docs/foghorn.html" in answer
    file.write_bytes(targz({"docs/foghorn.md": FOGHORN}, top="signals-2/"))
    again = carrel.carrel("sync", file)
    assert again.stdout.startswith("signals: 1 files wanted, 0 taken in, 1 unchanged, 1 removed, 0 failed")
    file.write_bytes(b"PK\x03\x04 cut")
    broken = carrel.carrel("sync", file, code=1)
    assert "the sync has failed: the archive cannot be read" in broken.stderr
    assert "twice a minute" in carrel.carrel("ask", "How often does a foghorn sound?").stdout
    key = {"x-api-key": carrel.admin_key}
    gone = httpx.delete(f"{carrel.address}/v1/data-sources/signals", headers=key, timeout=30, trust_env=False)
    assert gone.status_code == 204
