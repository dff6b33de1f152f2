import re
from importlib.resources import files
from pathlib import Path

import pytest

from chat_ws.database.queries import functions, load, migrations, parse, tables


def test_queries_are_found_by_name() -> None:
    """The text between two names is the first one's query; what stands before the first is nobody's."""
    text = "-- of ours\n-- name: one\n-- Says what.\nSELECT 1;\n\n-- name: two\nSELECT 2;\n"
    assert parse(text) == {"one": "-- Says what.\nSELECT 1;", "two": "SELECT 2;"}


def test_every_query_spells_its_columns_out() -> None:
    """No query takes whatever columns there are, and each says what it is for."""
    queries = load()
    assert len(queries) > 10
    for name, sql in queries.items():
        assert "*" not in sql, name
        assert sql.startswith("-- "), name


def test_names_are_used_once() -> None:
    """A second query of the same name would hide the first."""
    text = (files("chat_ws.database") / "sql/queries.sql").read_text("utf-8")
    names = re.findall(r"^-- name: (\w+)$", text, re.MULTILINE)
    assert sorted(names) == sorted(load())


def test_migrations_come_in_order() -> None:
    """They are numbered from 1 without a gap, and say when they are meant to run."""
    found = migrations()
    assert [migration.number for migration in found] == list(range(1, len(found) + 1))
    assert found[0].name == "0001_pre_conversations.sql"
    assert "CREATE TABLE" in found[0].sql


def test_what_is_no_migration_is_left_alone(tmp_path: Path) -> None:
    """Only numbered files that say pre or post are migrations."""
    for name in ("0002_post_b.sql", "0001_pre_a.sql", "notes.txt", "0003_later_c.sql"):
        (tmp_path / name).write_text("SELECT 1")
    assert [migration.name for migration in migrations(tmp_path)] == ["0001_pre_a.sql", "0002_post_b.sql"]


@pytest.mark.parametrize(
    "names",
    [("0002_pre_a.sql",), ("0001_pre_a.sql", "0003_pre_b.sql"), ("0001_pre_a.sql", "0001_post_b.sql")],
)
def test_numbers_without_a_gap_are_given_once(tmp_path: Path, names: tuple[str, ...]) -> None:
    """A migration that was forgotten, or one that another of its number hides, is an error, not a schema."""
    for name in names:
        (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(ValueError, match="1, 2, 3"):
        migrations(tmp_path)


def test_what_migrations_make_is_known() -> None:
    """Tables and functions by their names, which a restore makes anew."""
    assert tables() == ["conversations", "messages", "runs", "feedback", "replicas"]
    assert functions() == ["carrel_words"]
