"""A Word document becomes what Word shows of it."""

import pytest

from retriever.parsers.word.document import parse
from shared.errors import InvalidRequestError
from tests.support.nasty import HEADING, W, docx, paragraph, styled, zipped

STYLES = HEADING + (
    '<w:style w:styleId="Title"><w:name w:val="Title"/></w:style>'
    '<w:style w:styleId="Code"><w:name w:val="Source Code"/></w:style>'
    '<w:style w:styleId="TOC1"><w:name w:val="toc 1"/></w:style>'
    '<w:style w:styleId="Gone"><w:name w:val="x"/><w:rPr><w:vanish/></w:rPr></w:style>'
    '<w:style w:styleId="Item"><w:name w:val="List"/><w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr>'
    "</w:style>"
)
NUMBERING = (
    '<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
)


def text(body: str) -> str:
    return parse(docx(body, styles=STYLES, numbering=NUMBERING)).text


def item(words: str, list_id: int, level: int = 0) -> str:
    return paragraph(words, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list_id}"/></w:numPr>')


def run(inner: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr>{inner}</w:r>"


def test_headings_by_style_and_by_level() -> None:
    """Headings are known by their style or their own outline level; anchors are those of the names."""
    body = styled("Lamps", "Title") + styled("In the Fog", "H1") + paragraph("Text.")
    body += styled("Lens", "H2") + paragraph("More.")
    body += paragraph("Own", '<w:outlineLvl w:val="0"/>') + paragraph("End.", '<w:outlineLvl w:val="9"/>')
    document = parse(docx(body, styles=STYLES))
    assert [(s.heading_path, s.anchor) for s in document.sections] == [
        (("In the Fog",), "in-the-fog"),
        (("In the Fog", "Lens"), "lens"),
        (("Own",), "own"),
    ]
    assert document.text.endswith("Own\n\nEnd.")


def test_titles() -> None:
    """The given title wins over the file's, that over the first heading."""
    content = docx(styled("Head", "H1") + paragraph("x"), styles=STYLES, title="Own")
    assert (parse(content, title="Given").title, parse(content).title) == ("Given", "Own")
    assert parse(docx(styled("Two", "H2") + styled("One", "H1"), styles=STYLES)).title == "One"
    assert parse(docx(styled("Two", "H2"), styles=STYLES)).title == "Two"


def test_lists() -> None:
    """Items bear their number or a dash, by the paragraph or by its style; number 0 is no list."""
    body = item("one", 1) + item("two", 1) + item("dash", 3, 1) + styled("styled", "Item") + item("none", 0)
    assert text(body) == "1. one\n2. two\n  - dash\n- styled\n\nnone"


def test_tables_are_rows() -> None:
    """A row is a line of its cells; a table in a cell stays in it; empty rows are none."""

    def table(*rows: str) -> str:
        return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>"

    def cell(inner: str) -> str:
        return f"<w:tc>{inner}</w:tc>"

    inner = table(cell(paragraph("x")) + cell(paragraph("y")))
    body = table(
        cell(paragraph("a") + paragraph("b")) + cell(paragraph("c")),
        cell(paragraph("")) + cell(""),
        cell(inner + paragraph("z")) + cell(styled("d", "Code")),
    )
    document = parse(docx(body, styles=STYLES))
    assert document.text == "a b | c\nx | y z | d"
    assert [block.kind for block in document.blocks] == ["row", "row"]


def test_code_is_one_block() -> None:
    """Paragraphs of a style for code are the lines of one block, spaces kept."""
    body = styled("f()", "Code") + styled("  g()", "Code") + paragraph("Text.") + styled("h()", "Code")
    document = parse(docx(body, styles=STYLES))
    assert document.text == "f()\n  g()\n\nText.\n\nh()"
    assert [block.kind for block in document.blocks] == ["code", "prose", "code"]


def test_what_word_does_not_show_is_no_text() -> None:
    """Hidden and tiny runs, deleted and moved text, field codes and lists of contents are left out."""
    hidden = [
        run("<w:t>no</w:t><w:tab/>", "<w:vanish/>"),
        run("<w:t>no</w:t>", '<w:sz w:val="2"/>'),
        run("<w:t>no</w:t>", '<w:rStyle w:val="Gone"/>'),
        run("<w:instrText>no</w:instrText>"),
        f"<w:del>{run('<w:delText>no</w:delText><w:t>no</w:t>')}</w:del>",
        f"<w:moveFrom>{run('<w:t>no</w:t>')}</w:moveFrom>",
    ]
    shown = run(
        "<w:t>yes</w:t>", '<w:vanish w:val="0"/><w:sz w:val="24"/><w:rPrChange><w:vanish/></w:rPrChange>'
    )
    body = f"<w:p>{''.join(hidden)}{shown}</w:p>" + styled("no", "TOC1") + styled("no", "Gone")
    body += paragraph("seen", "<w:rPr><w:vanish/></w:rPr><w:tabs><w:tab/></w:tabs>")
    assert text(body) == "yes\n\nseen"


def test_marks_in_a_line() -> None:
    """Tabs, breaks and hard hyphens are kept as what they are."""
    inner = "<w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/><w:t>d</w:t>"
    assert text(f"<w:p>{run(inner)}</w:p>") == "a b\nc-d"


def test_what_is_inserted_linked_and_boxed_is_text() -> None:
    """Inserted text, links and text boxes are shown; the second form of a box for old programs is not."""
    box = f"<w:txbxContent>{paragraph('Boxed.')}</w:txbxContent>"
    choice = f'<m:A xmlns:m="m"><m:Choice>{box}</m:Choice><m:Fallback>{box}</m:Fallback></m:A>'
    parts = f"<w:ins>{run('<w:t>In </w:t>')}</w:ins><w:hyperlink>{run('<w:t>link.</w:t>')}</w:hyperlink>"
    assert text(f"<w:p>{parts}{run(choice)}</w:p>") == "Boxed.\n\nIn link."


def test_the_main_part_may_be_elsewhere() -> None:
    """The document is the part the package names, not the one that is usual."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    content = zipped(
        {
            "_rels/.rels": f'<R xmlns="r"><Relationship Type="x/other"/>'
            f'<Relationship Type="{kind}" Target="/word/document2.xml"/></R>',
            "word/document2.xml": f'<w:document xmlns:w="{W}">{paragraph("Here.")}</w:document>',
        }
    )
    assert parse(content).text == "Here."


def test_a_package_of_something_else_is_refused() -> None:
    """A spreadsheet, or any ZIP file, is no Word document."""
    with pytest.raises(InvalidRequestError, match="no Word document"):
        parse(zipped({"xl/workbook.xml": "<a/>"}))


def test_elements_out_of_place_do_no_harm() -> None:
    """Cells without rows, text without paragraphs and ends of nothing are passed over."""
    body = "<w:tc/><w:tr/><w:t>lost</w:t><w:br/><w:tbl><w:tc/></w:tbl>" + paragraph("kept")
    assert text(body) == "kept"
