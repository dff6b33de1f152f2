"""A body's limit is that of its path."""

import pytest

from gateway.bodies import Bodies

BODIES = Bodies(each=10, archive=20)


def test_an_archive_has_room_of_its_own() -> None:
    """The archive of a data source, and an exported index, by their whole path."""
    assert BODIES.most(b"/v1/data-sources/docs/archive") == 20
    assert BODIES.most(b"/v1/index/import") == 20


@pytest.mark.parametrize(
    "path",
    [
        b"/",
        b"/v1/data-sources/docs",
        b"/v1/data-sources//archive",
        b"/v1/data-sources/a/b/archive",
        b"/v1/documents/docs/archive",
        b"/v1/data-sources/docs/%61rchive",
        b"/v1/data-sources/docs/archive/",
        b"/v1/index/import/",
        b"/v1/documents/index/import",
    ],
)
def test_everything_else_has_the_common_one(path: bytes) -> None:
    """Also what only looks like it."""
    assert BODIES.most(path) == 10
