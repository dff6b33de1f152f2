"""Chunks are exact slices of a section, of bounded size, that together hold all of it."""

import itertools

from retriever.chunking import MAX_CHARS, ChunkSpan, chunk
from retriever.parsers.markdown import parse
from retriever.parsers.structure import ParsedDocument

SENTENCE = "The quick brown fox number {} jumps over the lazy dog near the river bank today."


def prose(count: int) -> str:
    return " ".join(SENTENCE.format(number) for number in range(count))


def checked(document: ParsedDocument) -> list[ChunkSpan]:
    """The chunks of ``document``, after checking what holds for every document."""
    chunks = chunk(document)
    covered: set[int] = set()
    for number, piece in enumerate(chunks):
        assert piece.ordinal == number
        assert document.text[piece.start : piece.end] == piece.text
        assert 0 < len(piece.text) <= MAX_CHARS
        section = document.sections[piece.section]
        assert section.start <= piece.start < piece.end <= section.end
        assert (piece.heading_path, piece.anchor) == (section.heading_path, section.anchor)
        covered.update(range(piece.start, piece.end))
    for one, other in itertools.pairwise(chunks):
        if one.section == other.section:
            assert one.start < other.start
            assert set(document.text[one.end : other.start]) <= {"\n"}
    for section in document.sections:
        rest = {document.text[at] for at in range(section.start, section.end) if at not in covered}
        assert rest <= {"\n"}
    return chunks


def test_small_sections_are_chunks_of_their_own() -> None:
    """A heading with one line under it is still a chunk, and none crosses a heading."""
    chunks = checked(parse("# A\n\nOne line.\n\n## B\n\nAnother.\n"))
    assert [piece.text for piece in chunks] == ["One line.", "Another."]


def test_long_sections_are_cut_between_paragraphs_with_an_overlap() -> None:
    """A long section becomes chunks of about a thousand characters that share their last sentences."""
    chunks = checked(parse("\n\n".join(prose(5) for _ in range(10))))
    assert len(chunks) > 3
    assert all(len(piece.text) > 700 for piece in chunks[:-1])
    assert all(other.start < one.end for one, other in itertools.pairwise(chunks))


def test_a_short_rest_joins_the_last_chunk() -> None:
    """What is left of a section goes into the last chunk where it fits."""
    (only,) = checked(parse(f"{prose(12)}\n\nA short rest."))
    assert only.text.endswith("A short rest.")


def test_small_units_overlap_whole() -> None:
    """List items are repeated whole, not cut."""
    items = "\n".join(f"- item number {number} of the list of things to do" for number in range(60))
    chunks = checked(parse(items))
    assert all(piece.text.startswith("- item") for piece in chunks)
    assert chunks[1].start < chunks[0].end


def test_a_paragraph_longer_than_a_chunk_is_cut() -> None:
    """One endless paragraph, with or without sentences, is cut without losing a character."""
    assert len(checked(parse(prose(60)))) > 4
    assert len(checked(parse("x" * 5000))) > 4


def test_code_is_kept_whole_where_it_fits_and_marked() -> None:
    """Code that fits stays in one piece, longer code is cut; both are told from prose by their offsets."""
    code = "\n".join(f"line_{number} = {number}" for number in range(60))
    short, *rest = checked(parse(f"Before.\n\n```\n{code[:900]}\n```\n\n{prose(4)}\n"))
    (span,) = short.code
    assert short.text[span[0] : span[1]] == code[:900].rstrip()
    assert all(not piece.code for piece in rest)
    long = checked(parse(f"```\n{code}\n{code}\n{code}\n```\n"))
    assert len(long) > 2
    assert all(piece.code[0] == (0, len(piece.text)) for piece in long)


def test_an_overlap_never_makes_a_chunk_too_large() -> None:
    """Where the next block fills a chunk by itself, nothing is repeated."""
    chunks = checked(parse(f"{prose(9)}\n\n```\n{'y' * 1150}\n```\n"))
    assert len(chunks[-1].text) == 1150


def test_code_is_not_repeated() -> None:
    """A chunk that ends in code is not overlapped."""
    code = "\n".join(f"line_{number} = {number}" for number in range(55))
    first, second = checked(parse(f"```\n{code}\n```\n\n{prose(8)}\n"))[:2]
    assert second.start >= first.end


def table(rows: int) -> str:
    lines = "\n".join(f"| lamp {number} | burns {number} litres of oil |" for number in range(rows))
    return f"| lamp | oil |\n|---|---|\n{lines}"


def test_a_table_is_kept_whole_where_it_fits() -> None:
    """A table that fits into a chunk is not cut between its rows, nor are rows of it repeated."""
    chunks = checked(parse(f"{prose(9)}\n\n{table(25)}\n\n{prose(9)}"))
    (holding,) = [piece for piece in chunks if "lamp 0 |" in piece.text]
    assert "lamp | oil" in holding.text
    assert "lamp 24 |" in holding.text
    assert sum("lamp 24" in piece.text for piece in chunks) == 1


def test_a_table_larger_than_a_chunk_is_cut_between_rows() -> None:
    """No row of a long table is cut in two."""
    chunks = checked(parse(table(200)))
    assert len(chunks) > 4
    assert all(line.startswith("lamp") for piece in chunks for line in piece.text.split("\n"))
