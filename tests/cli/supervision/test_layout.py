"""cli.supervision.layout"""

import os
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from cli.supervision.layout import Layout, private_dir


def test_everything_lies_in_the_data_folder() -> None:
    """Secrets, database, lock and sockets of a short path are in the data folder itself."""
    layout = Layout(Path("/data"))

    paths = [layout.secrets, layout.postgres, layout.lock, layout.run_dir, layout.pidfile, layout.failure]

    assert all(path.is_relative_to("/data") for path in paths)


def test_sockets_of_a_long_path_lie_elsewhere() -> None:
    """A socket's path stays under the kernel's bound, and differs between data folders."""
    first, second = Layout(Path("/" + "a" * 120)), Layout(Path("/" + "b" * 120))

    assert len(str(first.run_dir / ".s.PGSQL.5432.lock")) < 104
    assert first.run_dir != second.run_dir


def test_database_url_names_the_socket_folder() -> None:
    """The folder survives the URL's quoting, whatever characters it has."""
    layout = Layout(Path("/a folder/with%20odd&names"))

    query = parse_qs(urlsplit(layout.database_url).query)

    assert query["host"] == [str(layout.run_dir)]


def test_private_dir_is_ours_alone(tmp_path: Path) -> None:
    """The folder is made with its parents, mode 0700, also when it stood there wide open."""
    path = tmp_path / "a" / "b"
    private_dir(path)
    path.chmod(0o777)

    private_dir(path)

    assert path.stat().st_mode & 0o777 == 0o700


def test_private_dir_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """A folder that another user prepared is not used."""
    foreign = Path("/")
    if os.geteuid() == 0:
        foreign = tmp_path / "foreign"
        foreign.mkdir()
        os.chown(foreign, 12345, 12345)

    with pytest.raises(PermissionError, match="another user"):
        private_dir(foreign)
