"""Which files of an archive are documents, and under which id and address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retriever.documents.submissions import document_id as checked
from retriever.sources.archive.selection import Selection, address, document_id, select, template_problem
from retriever.sources.archive.survey import Entry, Survey
from shared.contracts.data_sources import DataSourceRequest


def selected(*names: str | Entry, **fields: object) -> Selection:
    entries = [Entry(name, "d") if isinstance(name, str) else name for name in names]
    request = DataSourceRequest.model_validate({"kind": "archive"} | fields)
    return select(Survey(entries, others=1, tops={"repo-main"}), request, "docs")


def test_a_document_is_named_by_its_path() -> None:
    """Below the folder around everything."""
    found = selected("repo-main/guide/lamps.md", url_template="https://x.org/{stem}.html")
    chosen = found.documents["guide/lamps.md"]
    assert (chosen.name, chosen.path) == ("repo-main/guide/lamps.md", "guide/lamps.md")
    assert (chosen.document_id, chosen.media_type) == ("docs/guide/lamps.md", "text/markdown")
    assert (chosen.url, chosen.problem) == ("https://x.org/guide/lamps.html", "")
    assert found.passed_over == 1


def test_what_is_left_out() -> None:
    """Hidden files, what others wrote, JSON that nobody named."""
    names = [".git/a.md", ".github/b.md", "node_modules/x/README.md", "a/.b.md", "package.json", "a.md"]
    found = selected(*(f"repo-main/{name}" for name in names))
    assert list(found.documents) == ["a.md"]
    assert found.passed_over == 6
    found = selected(*(f"repo-main/{name}" for name in names), include=["/*.JSON", "/*.json"])
    assert list(found.documents) == ["package.json"]


def test_patterns_are_of_the_path_or_the_address() -> None:
    """As for pages; exclude wins."""
    names = ["repo-main/docs/a.md", "repo-main/docs/old/b.md", "repo-main/README.md"]
    found = selected(*names, include=["/docs/**"], exclude=["/docs/old/**"])
    assert (list(found.documents), found.passed_over) == (["docs/a.md"], 3)
    found = selected(*names, include=["https://x.org/README"], url_template="https://x.org/{stem}")
    assert list(found.documents) == ["README.md"]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("../a.md", "leads out"),
        ("a/../../b.md", "leads out"),
        ("/etc/a.md", "leads out"),
        ("C:/a.md", "leads out"),
        ("C:\\a.md", "leads out"),
        ("a\\b.md", "folders"),
        ("a//b.md", "folders"),
        ("a/./b.md", "folders"),
        ("a\nb.md", "folders"),
        ("a\u202eb.md", "folders"),
    ],
)
def test_names_that_are_none(path: str, why: str) -> None:
    """They are told, and never a document."""
    found = selected(f"repo-main/{path}")
    assert found.documents == {}
    ((name, reason),) = found.failures
    assert why in reason
    assert name.isprintable()


def test_what_is_there_twice_counts_once() -> None:
    """The first one, and it is said."""
    found = selected(Entry("repo-main/a.md", "1"), Entry("repo-main/a.md", "2"))
    assert len(found.documents) == 1
    assert found.failures == [("a.md", "the archive holds it twice: the first one counts")]


def test_a_problem_is_the_document_s() -> None:
    """It is chosen, so that what stood before stays, and says why it is not taken in."""
    found = selected(Entry("repo-main/a.md", problem="it is a link"))
    assert found.documents["a.md"].problem == "it is a link"
    assert found.failures == []
    path = "x" * 150 + ".md"
    long = selected(f"repo-main/{path}", url_template="https://x.org/" + "{path}" * 20).documents[path]
    assert (long.url, long.problem) == ("", "its address would have more than 2000 characters")


def test_the_tag_is_of_content_and_address() -> None:
    """Another of either is another tag."""
    tags = {
        selected(Entry("repo-main/a.md", digest), **said).documents["a.md"].tag
        for digest in ("1", "2")
        for said in ({}, {"url_template": "https://x.org/{path}"}, {"url_template": "https://y.org/{path}"})
    }
    assert len(tags) == 6


@pytest.mark.parametrize(
    "path", ["a.md", "guide/Getting started.md", "日本/Käse (1).md", "a+b=c,@d.md", "CHANGELOG-1.0_x.md"]
)
def test_plain_paths_stand_in_ids_as_they_are(path: str) -> None:
    """Letters of any language, digits, spaces and a few marks."""
    assert document_id("docs", path) == f"docs/{path}" == checked(f"docs/{path}")


@pytest.mark.parametrize(
    "path", ["a%2fb.md", "a~b.md", "a;b.md", " a.md", "x" * 301 + ".md", "#?.md", "a/ b.md"]
)
def test_odd_paths_end_in_a_hash(path: str) -> None:
    """What readers of an address may understand differently is told apart by a hash."""
    found = document_id("docs", path)
    assert found.startswith("docs/")
    assert found[-17] == "~"
    assert checked(found) == found


@given(st.lists(st.text(min_size=1, max_size=400), min_size=2, max_size=2, unique=True))
def test_ids_tell_paths_apart(paths: list[str]) -> None:
    """Two paths never share an id; every path has one that can be an id."""
    known = [path for path in paths if all(ord(char) < 0xD800 or ord(char) > 0xDFFF for char in path)]
    assert len({document_id("docs", path) for path in known}) == len(known)


def test_addresses() -> None:
    """A path is encoded, an address without a template is none."""
    assert address(None, "a.md") == ""
    assert address("https://x.org/{path}", "a/b c.md") == "https://x.org/a/b%20c.md"
    assert address("/docs/{stem}/", "a/b.md") == "/docs/a/b/"
    assert address("/{stem}", "LICENSE") == "/LICENSE"


def test_templates() -> None:
    """They name the place of the path, and begin as addresses do."""
    assert template_problem("https://x.org/{stem}.html") == template_problem("/docs/{path}") == ""
    assert "{stem}" in template_problem("https://x.org/")
    assert "http" in template_problem("javascript:{path}")
