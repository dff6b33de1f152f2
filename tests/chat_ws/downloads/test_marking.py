"""Numbers of sources in an answer's Markdown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat_ws.downloads.marking import marked
from shared.contracts.retriever import Citation, CitationSource


def source(name: str) -> CitationSource:
    return CitationSource(document_id=name, passage_id="p", title=name, url="", quote="")


def cited(start: int, end: int, *names: str) -> Citation:
    return Citation(start=start, end=end, text="", sources=[source(name) for name in names])


@pytest.mark.parametrize(
    ("content", "citations", "text", "names"),
    [
        ("One.", [], "One.", ""),
        ("One two.", [cited(0, 3, "a")], r"One\[1\] two.", "a"),
        ("One two.", [cited(4, 7, "b"), cited(0, 3, "a")], r"One\[1\] two\[2\].", "ab"),
        ("One two.", [cited(0, 3, "a", "b"), cited(4, 7, "a")], r"One\[1\]\[2\] two\[1\].", "ab"),
        ("One two.", [cited(0, 7, "a"), cited(4, 7, "a", "b")], r"One two\[1\]\[2\].", "ab"),
        ("One\n\ntwo", [cited(0, 5, "a")], "One\\[1\\]\n\ntwo", "a"),
        ("😀 é", [cited(0, 1, "a")], r"😀\[1\] é", "a"),
        ("One", [cited(0, 99, "a"), cited(-5, -1, "b")], r"\[1\]One\[2\]", "ba"),
        ("One", [cited(0, 3)], "One", ""),
    ],
)
def test_a_number_stands_where_its_citation_ends(
    content: str, citations: list[Citation], text: str, names: str
) -> None:
    """Sources are numbered in the order of the text, each once; offsets that lead nowhere break nothing."""
    found, sources = marked(content, citations)
    assert (found, "".join(one.document_id for one in sources)) == (text, names)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("```\ncode\n```\nafter", "```\ncode\n```\n\n\\[1\\]\nafter"),
        ("a\n\n~~~~ py\n```\ncode\n~~~~~ \nafter", "a\n\n~~~~ py\n```\ncode\n~~~~~ \n\n\\[1\\]\nafter"),
        ("```\ncode\n```", "```\ncode\n```\n\n\\[1\\]"),
        ("```\ncode", "```\ncode\n```\n\n\\[1\\]"),
        ("   ```\ncode\n``` x\n````", "   ```\ncode\n``` x\n````\n\n\\[1\\]"),
    ],
)
def test_a_number_stands_behind_code(content: str, text: str) -> None:
    """Never inside a fenced block; one that the text does not close is closed."""
    assert marked(content, [cited(0, content.index("code") + 4, "a")])[0] == text


def test_a_number_never_opens_or_spoils_a_fence() -> None:
    """A citation that ends with the line before a block, or in inline code, is no part of a block."""
    assert marked("a\n```\nb\n```", [cited(0, 2, "a")])[0] == "a\\[1\\]\n```\nb\n```"
    assert marked("```b``` c\nd", [cited(0, 9, "a")])[0] == "```b``` c\\[1\\]\nd"


def test_a_block_without_an_end_is_closed() -> None:
    """What comes after the answer in the file is no code, cited or not."""
    assert marked("a\n```\nb", [])[0] == "a\n```\nb\n```"
    assert marked("a\n```\nb", [cited(0, 1, "a")])[0] == "a\\[1\\]\n```\nb\n```"


@given(
    st.text(st.sampled_from("ab `~\n"), max_size=40),
    st.lists(st.tuples(st.integers(-2, 50), st.integers(-2, 50), st.sampled_from("xyz")), max_size=5),
)
def test_the_text_stays_what_it_is(content: str, spans: list[tuple[int, int, str]]) -> None:
    """Without the numbers, and but for a block's end, it is what it was; each source is numbered once."""
    text, sources = marked(content, [cited(start, end, name) for start, end, name in spans])
    for number in range(1, len(sources) + 1):
        assert f"\\[{number}\\]" in text
        text = text.replace(f"\n\n\\[{number}\\]", "").replace(f"\\[{number}\\]", "")
    assert sorted(one.document_id for one in sources) == sorted({name for _, _, name in spans})
    kept = content.replace("\n", "")
    rest = text.replace("\n", "")
    assert rest.startswith(kept)
    assert set(rest[len(kept) :]) <= {"`", "~"}
