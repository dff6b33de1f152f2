"""Documents of every media type over HTTP, each parsed in a process: asked about, cited, refused."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retriever.app import make_parsing
from retriever.parsers.registry import PARSERS
from shared.contracts.retriever import GroundedAnswer
from tests.support.nasty import (
    DOCX,
    HEADING,
    docx,
    encrypted_pdf,
    many_pages,
    notebook,
    paragraph,
    pdf,
    styled,
)
from tests.support.retriever_app import built, client

FACT = "The wick of the lamp is trimmed every four hours."
BEFORE = "A lens is made of rings of glass."
QUESTION = {"messages": [{"role": "user", "content": "When is the wick trimmed?"}]}
MARKDOWN = f"# Manual\n\n{BEFORE}\n\n## Care\n\n{FACT}\n"
SOUND: dict[str, tuple[str | bytes, str]] = {
    "text/markdown": (MARKDOWN, "care"),
    "text/mdx": (f"import X from 'x'\n\n# Manual\n\n{BEFORE}\n\n## Care\n\n<X>\n  {FACT}\n</X>\n", "care"),
    "text/html": (f"<h1>Manual</h1><p>{BEFORE}</p><h2 id=tending>Care</h2><p>{FACT}</p>", "tending"),
    "text/plain": (f"{BEFORE}\n\n{FACT}", ""),
    "text/x-rst": (f"Manual\n======\n\n{BEFORE}\n\nCare\n----\n\n{FACT}\n", "care"),
    "application/pdf": (pdf([[BEFORE], [FACT[:20], FACT[21:]]], outline=[("Care", 1)]), "page=2"),
    DOCX: (
        docx(
            styled("Manual", "H1") + paragraph(BEFORE) + styled("Care", "H2") + paragraph(FACT),
            styles=HEADING,
        ),
        "care",
    ),
    "application/x-ipynb+json": (
        notebook(
            {"cell_type": "markdown", "source": f"# Manual\n\n{BEFORE}"},
            {"cell_type": "markdown", "source": ["## Care\n", f"{FACT}"]},
        ),
        "care",
    ),
    "application/json": (json.dumps({"title": "Manual", "url": "/lamp", "text": MARKDOWN}), "care"),
}


NOISY = notebook({"cell_type": "code", "source": "x", "outputs": [{"text": "y\n" * 10**6}]})


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with client(built(make_parsing=make_parsing, parse_timeout_s=20)) as opened:
        yield opened


async def put(
    http: httpx.AsyncClient, content: str | bytes, media_type: str, **params: str
) -> httpx.Response:
    body = content.encode() if isinstance(content, str) else content
    headers = {"content-type": media_type}
    return await http.put("/v1/documents/lamp", content=body, headers=headers, params=params)


@pytest.mark.parametrize("media_type", PARSERS)
async def test_a_question_is_answered_from_every_kind(http: httpx.AsyncClient, media_type: str) -> None:
    """A document of each kind is taken in, answers a question in its words, and is cited at the place."""
    content, anchor = SOUND[media_type]
    created = await put(http, content, media_type, url="https://x.org/lamp")
    assert created.status_code == 201, created.text
    assert created.json()["media_type"] == media_type
    assert (await put(http, content, media_type, url="https://x.org/lamp")).status_code == 204
    answer = GroundedAnswer.model_validate((await http.post("/v1/answer", json=QUESTION)).json())
    assert FACT in answer.answer
    assert answer.citations[0].sources[0].url.startswith(f"https://x.org/lamp#{anchor}")


@pytest.mark.parametrize(
    ("content", "media_type", "status", "said"),
    [
        (encrypted_pdf(), "application/pdf", 422, "encrypted with a password"),
        (pdf([[]]), "application/pdf", 422, "OCR"),
        (many_pages(100_000), "application/pdf", 413, "100000 pages"),
        (b"\xd0\xcf\x11\xe0" + bytes(99), DOCX, 422, "save it as .docx"),
        (docx("", prologue="<!DOCTYPE a>"), DOCX, 422, "declares entities"),
        (docx(" " * 70_000_000), DOCX, 413, "unpacks"),
        ("[" * 500_000, "application/json", 422, "not JSON"),
        ("<div>" * 100_000, "text/html", 422, "nested deeper"),
        ("> " * 300_000 + "x", "text/markdown", 422, "no readable text"),
        (NOISY, "application/x-ipynb+json", 201, ""),
    ],
)
async def test_monsters_are_refused_or_read_in_bounds(
    http: httpx.AsyncClient, content: str | bytes, media_type: str, status: int, said: str
) -> None:
    """Bombs, scans and nesting without end get their clear refusal, and the service goes on."""
    response = await put(http, content, media_type)
    assert response.status_code == status, response.text
    assert said in response.json().get("detail", "")
    assert (await put(http, MARKDOWN, "text/markdown")).status_code in (200, 201)


async def test_too_little_memory_is_said() -> None:
    """A document beyond the memory that was set is refused by its name; a smaller one is read."""
    app = built(make_parsing=make_parsing, parse_memory_bytes=128 * 1024 * 1024)
    async with client(app) as http:
        response = await put(http, "- *a* [b](c)\n" * 200_000, "text/markdown")
        assert response.status_code == 413
        assert "PARSE_MEMORY_BYTES" in response.json()["detail"]
        assert (await put(http, MARKDOWN, "text/markdown")).status_code == 201


PIECES = st.sampled_from(
    b'# a\n|\n\n|- |> |```|<div>|</p>|{|}|[|](|\t|`|*|.. note::|:x:`|===\n|{"text":|"|\\ud800|%PDF-1.4\n'
    b'|1 0 obj\n|PK\x03\x04|import |---\n|&amp;|\xff\xfe|\x00|\xe2\x80\xae|<!--|$$|{"cells":['.split(b"|")
)
ANYTHING = st.one_of(st.binary(max_size=400), st.lists(PIECES, max_size=40).map(b"".join))


def mutated(data: st.DataObject, content: str | bytes) -> bytes:
    """A sound file with a few bytes changed, or the end cut off."""
    out = bytearray(content.encode() if isinstance(content, str) else content)
    for _ in range(data.draw(st.integers(0, 6))):
        out[data.draw(st.integers(0, len(out) - 1))] = data.draw(st.integers(0, 255))
    return bytes(out[: data.draw(st.sampled_from([None, None, -1, -40, len(out) // 2]))])


@pytest.mark.parametrize("media_type", PARSERS)
async def test_any_bytes_give_a_document_or_a_refusal(http: httpx.AsyncClient, media_type: str) -> None:
    """Whatever comes in the name of a media type is read or refused, never a fault of ours."""
    statuses: set[int] = set()

    @given(st.data())
    @settings(max_examples=100, database=None)
    def contents(data: st.DataObject) -> None:
        drawn.append(data.draw(ANYTHING) if data.draw(st.booleans()) else mutated(data, SOUND[media_type][0]))

    drawn: list[bytes] = []
    contents()
    for content in drawn:
        response = await put(http, content, media_type)
        assert response.status_code in (200, 201, 204, 413, 422), (content, response.text)
        if response.status_code >= 400:
            assert response.json()["code"] == "invalid_request"
        statuses.add(response.status_code)
    assert len(statuses) > 1
