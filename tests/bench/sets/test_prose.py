"""Sections and pages are asked by what they say of themselves, without that in their documents."""

from pathlib import Path

from bench.sets.prose import MIN_CHARS, by_description, by_first_paragraph, by_heading

LONG = "word " * MIN_CHARS
PAGE = """<page xmlns="http://projectmallard.org/1.0/"><info><desc>{desc}</desc></info>
<title>{title}</title><p>{text}</p><steps><item><p>{desc} step</p></item></steps></page>"""


def test_sections_by_their_headings(tmp_path: Path) -> None:
    """A heading that stands once is a query; one in a fence or that stands twice is none."""
    (tmp_path / "a.md").write_text(
        f"# The `Fox` Den\n\n{LONG}\n```\n# no heading\n```\n## Twice Told\n{LONG}\n## Twice Told\n{LONG}"
    )
    documents, queries = by_heading(tmp_path)
    assert [(query.text, query.right) for query in queries] == [("The Fox Den", ("s0",))]
    assert len(documents) == 3
    assert "Den" not in documents[0].text
    assert "no heading" in documents[0].text


def test_pages_by_their_descriptions(tmp_path: Path) -> None:
    """A page is asked by its description; one that was not translated is left out."""
    for folder, texts in {"C": ("Fox", "Den", LONG), "xx": ("Fuchs", "Bau", f"Wort {LONG}")}.items():
        (tmp_path / folder).mkdir()
        desc, title, text = texts
        (tmp_path / folder / "a.page").write_text(PAGE.format(desc=desc, title=title, text=text))
        (tmp_path / folder / "b.page").write_text(PAGE.format(desc="Same", title="Same", text=LONG))
    documents, queries = by_description(tmp_path / "xx", tmp_path / "C")
    assert [(query.text, query.right) for query in queries] == [("Fuchs", ("a",))]
    assert documents[0].title == "Bau"
    assert documents[0].text.startswith("Wort word")
    assert documents[0].text.endswith("\n\nFuchs step")


def test_help_pages_by_their_first_paragraph(tmp_path: Path) -> None:
    """The first paragraph is the query; a page in letters from a to z alone was not translated."""
    html = '<div id="DisplayArea"><h1>T</h1><p class="paragraph">{}</p><p class="paragraph">{}</p></div>'
    (tmp_path / "a.html").write_text(html.format("ne dir\u200b bu", "şey " * MIN_CHARS))
    (tmp_path / "b.html").write_text(html.format("what it is", LONG))
    documents, queries = by_first_paragraph(tmp_path)
    assert [(query.text, query.right) for query in queries] == [("ne dir bu", ("a.html",))]
    assert (documents[0].title, documents[0].text.split()[0]) == ("T", "şey")
