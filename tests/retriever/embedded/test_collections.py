"""Two folders and the file that says which is living. What a collection does is the contract suite's."""

from pathlib import Path

import pytest

from retriever.embedded.collections import EmbeddedCollections, dense_size, living_folder
from retriever.ports import Schema

pytestmark = pytest.mark.integration


async def test_the_living_one_is_known_without_opening_it(tmp_path: Path) -> None:
    """The first folder until a switch, then the one beside it; there is an index once one was made."""
    folder = tmp_path / "q"
    collections = EmbeddedCollections(folder)
    assert (living_folder(folder), await collections.exist()) == (folder, False)
    store = await collections.living()
    await store.ensure(Schema(sparse=("text",)))
    await store.close()
    assert await collections.exist()
    beside = await collections.beside()
    await beside.ensure(Schema(sparse=("text",), dense_size=8))
    await beside.close()
    await collections.switch()
    assert living_folder(folder) == tmp_path / "q-beside"
    assert [dense_size(folder), dense_size(living_folder(folder))] == [None, 8]
    await collections.clear()
    assert not folder.exists()


@pytest.mark.parametrize("told", ["[]", "{}", '{"vectors": 3}', "not json"])
def test_what_is_no_index_has_no_size(tmp_path: Path, told: str) -> None:
    """Another version's files are not guessed at."""
    (tmp_path / "edge_config.json").write_text(told)
    with pytest.raises(ValueError, match=r"another version's|Expecting value"):
        dense_size(tmp_path)


def test_where_there_is_nothing_there_is_no_size(tmp_path: Path) -> None:
    """It is said as the file system says it."""
    with pytest.raises(OSError, match="No such file"):
        dense_size(tmp_path / "none")
