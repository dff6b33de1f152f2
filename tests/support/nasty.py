"""Files of every kind, made in code: sound ones, and such as no word processor ever made."""

import gzip
import json
import zipfile
from collections.abc import Sequence
from io import BytesIO

from tests.support import archives as made

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
Line = str | tuple[float, str] | None
"""A line of 11 points, one of another size, or an empty one."""


def pdf(
    pages: Sequence[Sequence[Line]],
    *,
    outline: Sequence[tuple[str, int]] = (),
    title: str = "",
    font: str = "Helvetica",
    trailer: str = "",
) -> bytes:
    """Return a PDF of these lines, with an outline of (title, page from 0)."""
    objects: list[bytes] = [f"<< /Type /Font /Subtype /Type1 /BaseFont /{font} >>".encode()]
    tree = 2 * len(pages) + 2
    kids = []
    for lines in pages:
        stream = _stream(lines)
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
        objects.append(
            b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F1 1 0 R >> >> >>" % (tree, len(objects))
        )
        kids.append(len(objects))
    objects.append(
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(b"%d 0 R" % kid for kid in kids), len(kids))
    )
    root = len(objects) + 1
    objects += _outline(outline, kids, root)
    catalog = len(objects) + 1
    marks = b" /Outlines %d 0 R" % root if outline else b""
    objects.append(b"<< /Type /Catalog /Pages %d 0 R%s >>" % (tree, marks))
    objects.append(b"<< /Title (%s) >>" % _escaped(title))
    return _file(objects, b"/Root %d 0 R /Info %d 0 R %s" % (catalog, catalog + 1, trailer.encode()))


def _stream(lines: Sequence[Line]) -> bytes:
    stream = b"BT\n"
    y = 750
    for line in lines:
        size, text = line if isinstance(line, tuple) else (11.0, line or "")
        shown = text.lstrip(" ")
        x = 72 + int((len(text) - len(shown)) * 0.6 * size)
        stream += b"/F1 %g Tf 1 0 0 1 %d %d Tm (%s) Tj\n" % (size, x, y, _escaped(shown))
        y -= 14
    return stream + b"ET"


def _escaped(text: str) -> bytes:
    return text.encode("latin-1").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _outline(outline: Sequence[tuple[str, int]], kids: Sequence[int], root: int) -> list[bytes]:
    if not outline:
        return []
    last = root + len(outline)
    objects = [b"<< /Type /Outlines /First %d 0 R /Last %d 0 R /Count %d >>" % (root + 1, last, len(outline))]
    for place, (title, page) in enumerate(outline, start=root + 1):
        before = b" /Prev %d 0 R" % (place - 1) if place > root + 1 else b""
        after = b" /Next %d 0 R" % (place + 1) if place < last else b""
        target = b" /Dest [%d 0 R /Fit]" % kids[page] if page >= 0 else b""
        parts = (_escaped(title), root, target, before, after)
        objects.append(b"<< /Title (%s) /Parent %d 0 R%s%s%s >>" % parts)
    return objects


def _file(objects: Sequence[bytes], trailer: bytes) -> bytes:
    out = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    return out + b"trailer << /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start)


def many_pages(count: int) -> bytes:
    """Return a small PDF that has one page ``count`` times."""
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>"
    kids = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b"3 0 R " * count, count)
    return _file([b"<< /Type /Catalog /Pages 2 0 R >>", kids, page], b"/Root 1 0 R")


def encrypted_pdf() -> bytes:
    """Return a PDF that cannot be opened without its password."""
    key = "AB" * 32
    lock = f"/Encrypt << /Filter /Standard /V 1 /R 2 /O <{key}> /U <{key}> /P -4 >> /ID [<00> <00>]"
    return pdf([["Locked."]], trailer=lock)


def zipped(parts: dict[str, str | bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP file of ``parts``."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def docx(body: str, *, styles: str = "", numbering: str = "", title: str = "", prologue: str = "") -> bytes:
    """Return a DOCX file of this body; ``w:`` is Word's namespace."""
    parts: dict[str, str | bytes] = {
        "word/document.xml": f'{prologue}<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>',
        "docProps/core.xml": f"<c><title>{title}</title><creator>N</creator></c>",
    }
    if styles:
        parts["word/styles.xml"] = f'<w:styles xmlns:w="{W}">{styles}</w:styles>'
    if numbering:
        parts["word/numbering.xml"] = f'<w:numbering xmlns:w="{W}">{numbering}</w:numbering>'
    return zipped(parts)


def paragraph(text: str, properties: str = "") -> str:
    """Return a paragraph of Word."""
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def styled(text: str, style: str) -> str:
    """Return a paragraph of Word in a style."""
    return paragraph(text, f'<w:pStyle w:val="{style}"/>')


HEADING = (
    '<w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/></w:style>'
    '<w:style w:styleId="H2"><w:name w:val="Heading 2"/></w:style>'
)


def notebook(*cells: dict[str, object], **metadata: object) -> str:
    """Return a Jupyter notebook of format 4."""
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells})


def corpus() -> dict[str, list[bytes]]:
    """Return files of each media type: a sound one, and what somebody might send to hurt."""
    found: dict[str, list[str | bytes]] = {
        "text/markdown": [
            "# A\n\ntext `code` [link](x)\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```py\nx = 1\n```\n\n"
            "- one\n  - two\n",
            "> " * 500 + "deep",
            "[" * 5_000,
            "*" * 5_000 + "a",
            "- " * 500 + "a",
            "`" * 3_000 + "a" + "`" * 2_999,
            "|" * 3_000 + "\n" + "|-" * 3_000,
            "[a]: <b\n" * 500 + "[a]" * 500,
            "---\na: " + "[" * 2_000 + "\n---\ntext\n",
            "&" + "a" * 5_000 + ";" + "&#x110000;&#0;&#xd800;",
        ],
        "text/mdx": [
            "import X from 'y'\n\n# A\n\n<X a={b}>\n  text {c}\n</X>\n",
            "{" * 3_000 + "a" + "}" * 2_999,
            "<A>" * 1_000 + "text" + "</A>" * 999,
            "export const a = `${" * 500,
            "<A b={'" + '"' * 3_000 + "'}/>text",
        ],
        "text/html": [
            "<title>t</title><h1 id=a>A</h1><p>text<pre>code</pre><table><tr><td>1<td>2</table>"
            "<ul><li>one</ul>",
            "<b>" * 600 + "text",
            "<table>" * 300 + "text",
            "<p hidden>no</p><p style='display:none'>no</p><p aria-hidden=true>no</p><p>yes</p>",
            "<svg><title><p>text</svg><math><mtext></mtext></math><template><p>no</template><p>yes",
            "<a " + "b " * 5_000 + ">text</a>",
            "<!--" + "-" * 5_000 + "text",
            "<p>" + "&lt;" * 2_000 + "&#x202e;&#8203;&#xd800;&#0;",
            "<meta charset=utf-7>+ADw-script+AD4-",
            "<select><option>" * 300 + "text",
        ],
        "text/plain": ["a line.\n\nanother\n", "\n" * 5_000 + "a", "\u202ea\u200b\ufeff\x00b", "a" * 20_000],
        "text/x-rst": [
            "A\n=\n\ntext ``code`` :ref:`b`\n\n.. note:: c\n\n.. code:: py\n\n   x = 1\n\n* one\n",
            ".. include:: /etc/passwd\n\n.. raw:: html\n   :file: /etc/passwd\n\ntext\n",
            ".. csv-table::\n   :file: /etc/passwd\n\n.. csv-table::\n   :url: http://127.0.0.1/\n\ntext\n",
            ".. |a| replace:: |b|\n.. |b| replace:: |a|\n\n|a| text\n",
            "".join(f"{' ' * depth}* a\n\n" for depth in range(60)),
            "+" + "-+" * 300 + "\n|" + " |" * 300 + "\n+" + "-+" * 300 + "\n",
            "A\n=\n\nB\n-\n\nC\n~\n\nD\n^\n\nE\n*\n\nF\n+\n\nG\n#\n\ntext\n\nH\n=\n",
            "`" * 2_000 + "a_ " * 200,
        ],
        "application/pdf": [
            pdf([["A line of text.", (20.0, "Heading"), "Another."], ["Second page."]], outline=[("A", 0)]),
            pdf([["a"]], outline=[("A", -1), ("B", 0)], title="(\\) t"),
            encrypted_pdf(),
            many_pages(50),
            pdf([["a"]]).replace(b"/Parent 4 0 R", b"/Parent 3 0 R"),
            pdf([["a"]]).replace(b"/Count 1", b"/Count 999999999"),
            pdf([["a"]]).replace(b"startxref\n", b"startxref\n-"),
            pdf([["a"]])[:-300],
            b"%PDF-1.7\n" + b"1 0 obj\n" * 500,
        ],
        DOCX: [
            docx(styled("A", "H1") + paragraph("text"), styles=HEADING, title="t"),
            docx("<w:tbl><w:tr><w:tc>" * 40 + paragraph("a") + "</w:tc></w:tr></w:tbl>" * 40),
            docx(paragraph("a"), prologue='<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'),
            docx(paragraph("&b;")),
            docx(
                styled("a", "A"),
                styles='<w:style w:styleId="A"><w:basedOn w:val="B"/></w:style>'
                '<w:style w:styleId="B"><w:basedOn w:val="A"/></w:style>',
            ),
            zipped({"../../word/document.xml": "a", "word/document.xml": ""}),
            zipped({"word/document.xml": b"\xff\xfe\x00<"}),
            docx(paragraph("a"))[:-30],
        ],
        "application/x-ipynb+json": [
            notebook(
                {"cell_type": "markdown", "source": "# A"},
                {"cell_type": "code", "source": ["x"], "outputs": []},
            ),
            notebook(
                {"cell_type": "code", "source": {"a": 1}, "outputs": [{"data": {"text/plain": 1}}, None, 7]}
            ),
            notebook({"cell_type": ["a"], "source": None}),
            json.dumps(
                {
                    "nbformat": 3,
                    "worksheets": [{"cells": [{"cell_type": "heading", "level": "9", "source": "a"}]}],
                }
            ),
            "[" * 2_000,
            '{"cells": 1, "nbformat": 4}',
        ],
        "application/json": [
            json.dumps({"title": "t", "url": "/a", "text": "# A\n\ntext", "metadata": {"a": ["b", 1, True]}}),
            '{"text": "\\ud800\\u0000 a", "title": "\\u202e"}',
            '{"text": "a", "metadata": {"a": 1e999, "b": NaN}}',
            '{"text": "a", "text": 1}',
            '{"a":' * 2_000,
            '{"text": "a", "metadata": {"n": ' + "9" * 5_000 + "}}",
        ],
    }
    return {
        media_type: [one.encode("utf-8", "surrogatepass") if isinstance(one, str) else one for one in files]
        for media_type, files in found.items()
    }


def archives() -> list[bytes]:
    """Return archives of repositories: sound ones, and such as nobody packs."""
    files = {"docs/a.md": "# A\n\ntext\n", "b.txt": "text"}
    nested = zipped({"inner.zip": zipped({"a.md": "a"})})
    slips = zipped({"../../a.md": "a", "/etc/b.md": "b", "c\\..\\d.md": "c", "e\x00.md": "e", "f.md/": "f"})
    bomb = zipped({"a.md": b"\0" * 2_000_000})
    linked = made.tar(files, links={"passwd.md": "/etc/passwd", "up.md": "../../../x.md"})
    return [
        zipped(dict(files)),
        made.tar(files),
        made.targz(files),
        nested,
        slips,
        bomb,
        linked,
        made.tar(files)[:-700],
        gzip.compress(made.tar(files))[:-9],
        made.tar({"a" * 300 + ".md": "a"}),
        b"PK\x05\x06" + bytes(18),
    ]


def compressed() -> list[bytes]:
    """Return compressed bodies: a sound one, several in one, a bomb, a cut one, empty ones without end."""
    sound = gzip.compress(b"text " * 40, mtime=0)
    bomb = gzip.compress(bytes(4_000_000), mtime=0)
    return [sound, sound * 3, bomb, sound[:-5], gzip.compress(b"", mtime=0) * 200, b"plain"]
