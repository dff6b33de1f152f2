"""Files of every kind, made in code: sound ones, and such as no word processor ever made."""

import json
import zipfile
from collections.abc import Sequence
from io import BytesIO

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
