"""MDX becomes the text a reader sees, without its program and its components."""

import pytest

from retriever.parsers.mdx import MAX_TAG_CHARS, markdown_of, parse


def text(mdx: str) -> str:
    return parse(mdx).text


def test_imports_and_exports_are_no_text() -> None:
    """Program at the beginning of a block is left out to its end, over empty lines inside of braces."""
    given = (
        "---\ntitle: Front\nlang: en\n---\n"
        "import Tabs from '@theme/Tabs'\nimport {\n  A,\n\n  B,\n} from 'x'\nimport 'style.css'\n\n"
        "export const meta = {\n  a: [1,\n\n2],\n}\n\n# Head\n\nText.\nexport default stays in a paragraph.\n"
    )
    document = parse(given)
    assert document.text == "Head\n\nText. export default stays in a paragraph."
    assert (document.title, document.metadata) == ("Front", {"lang": "en"})
    assert parse(given, title="Given").title == "Given"


def test_prose_that_begins_like_program_stays() -> None:
    """A sentence about imports is a sentence."""
    assert text("import things with care\n\nexport the lamp") == "import things with care\n\nexport the lamp"


def test_components_leave_their_text() -> None:
    """Tags go, over several lines and with braces and quotes inside, and what they enclose is Markdown."""
    given = (
        '<Tabs\n  items={["a", "b>c"]}\n  label="x > y"\n>\n'
        "  <Tab>\n\n    Run it **now**.\n\n    - one\n    - two\n\n  </Tab>\n</Tabs>\n\n"
        "Press <kbd>F1</kbd> for <></>help<br/>.\n"
    )
    assert text(given) == "Run it now.\n\n- one\n- two\n\nPress F1 for help."


def test_expressions_and_comments_are_no_text() -> None:
    """What stands in braces is program; comments, scripts and styles are not seen."""
    given = 'A{" "}lamp{/* hidden */} of {props.x({a: 1})} glass<!-- no --><style>p {"{"} x</style>.'
    assert text(given) == "Alamp of  glass.".replace("  ", " ")
    assert text("<script>alert(1)</script>Seen.") == "Seen."


def test_code_stays_as_it_is() -> None:
    """Fenced code, also within a list, and code in a line keep tags, braces and imports."""
    given = (
        "Use `<Tab>{x}` or ``a`b{y}``.\n\n```js\nimport x from 'y'\n\nconst a = {b: <C/>}\n````\n\n"
        "- item\n\n  ~~~\n  {z}\n  ```\n  ~~~\n\nimport(x)\n\n```\nopen {end}"
    )
    assert text(given) == (
        "Use `<Tab>{x}` or a`b{y}.\n\nimport x from 'y'\n\nconst a = {b: <C/>}\n\n"
        "- item\n\n{z}\n```\n\nopen {end}"
    )


def test_what_is_no_mark_stays() -> None:
    """A comparison, a brace without its other, an escape and a formula are text."""
    given = "a < b, 3 <4, {open, \\{kept\\}, `tick, $\\frac{a}{b}$ and $$\\sum_{i}$$ for $5 {x} $6 <a <b"
    assert (
        text(given) == "a < b, 3 <4, {open, {kept}, `tick, $\\frac{a}{b}$ and $$\\sum_{i}$$ for $5 $6 <a <b"
    )
    assert text("x <!-- open and <script> too, }") == "x <!-- open and too, }"
    assert text('x <a "open') == 'x <a "open'
    assert text("x <a {open") == "x <a {open"


def test_anchors_are_kept() -> None:
    """A custom id is an anchor, not an expression."""
    (section,) = parse("## Set up {props.x} {#set-up-now}\n\nx").sections
    assert (section.heading_path, section.anchor) == (("Set up",), "set-up-now")


def test_indented_text_is_no_code() -> None:
    """In MDX four spaces mean nothing."""
    assert [block.kind for block in parse("<A>\n\n      far in\n</A>\n").blocks] == ["prose"]


@pytest.mark.parametrize(
    "piece", ["<a ", '<a "', "`", "`a` ", "{", "}", "<!--", "<script>", "$\\", "<a {", "```\n", "import {\n"]
)
def test_no_text_takes_time_without_end(piece: str) -> None:
    """Twenty thousand of anything that begins a mark are gone through once."""
    assert isinstance(markdown_of(piece * 20_000), str)
    assert isinstance(markdown_of(piece + "x" * (2 * MAX_TAG_CHARS)), str)
