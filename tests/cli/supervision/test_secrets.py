"""cli.supervision.secrets"""

from pathlib import Path

from cli.supervision import secrets
from cli.supervision.layout import Layout


def test_each_secret_is_made_once(tmp_path: Path) -> None:
    """What is not set is made, differs from the others, and stays the same at the next start."""
    layout = Layout(tmp_path)
    secrets.ensure(layout, {})
    first = [secrets.read(layout, name) for name in secrets.GENERATED]

    secrets.ensure(layout, {})

    assert [secrets.read(layout, name) for name in secrets.GENERATED] == first
    assert len(set(first)) == len(first)
    assert min(map(len, first)) >= 40


def test_only_we_may_read_them(tmp_path: Path) -> None:
    """Files are 0600 in a folder that is 0700."""
    layout = Layout(tmp_path)
    secrets.ensure(layout, {})

    modes = {path.stat().st_mode & 0o777 for path in layout.secrets.iterdir()}

    assert modes == {0o600}
    assert layout.secrets.stat().st_mode & 0o777 == 0o700


def test_a_secret_that_is_set_is_not_made(tmp_path: Path) -> None:
    """What the owner chose is not written down; an empty value counts as unset."""
    layout = Layout(tmp_path)

    secrets.ensure(layout, {"ADMIN_API_KEY": "chosen by the owner", "SESSION_SECRET": ""})

    assert secrets.read(layout, "ADMIN_API_KEY") == ""
    assert secrets.read(layout, "SESSION_SECRET") != ""


def test_a_half_written_secret_is_made_anew(tmp_path: Path) -> None:
    """What a crash left of a first start is not taken for a secret."""
    layout = Layout(tmp_path)
    layout.secrets.mkdir()
    (layout.secrets / "admin_api_key.new").write_text("half")

    secrets.ensure(layout, {})

    assert len(secrets.read(layout, "ADMIN_API_KEY")) >= 40
    assert sorted(path.name for path in layout.secrets.iterdir()) == [
        "admin_api_key",
        "internal_token",
        "session_secret",
    ]
