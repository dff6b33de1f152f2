"""HTML becomes the text that a browser shows, without the frame around it."""

import pytest

from retriever.parsers.html import MAX_NESTING, parse
from shared.errors import InvalidRequestError


def text(body: str) -> str:
    return parse(f"<body>{body}</body>").text


def test_only_the_main_content_is_read() -> None:
    """Navigation, header, footer, scripts and what is outside of main are no text."""
    page = (
        "<title>T</title><header>Site</header><nav>Menu</nav><main><h1>Head</h1><p>Text <b>bold</b>.</p>"
        "<script>x()</script><style>p{}</style><aside>Ads</aside></main><footer>Legal</footer>"
    )
    assert parse(page).text == "Head\n\nText bold."


def test_without_a_main_the_frame_of_the_page_goes() -> None:
    """Where there is no main or more than one article, the body is read without its header and footer."""
    page = (
        "<body><header>Site</header><article>One</article><article>Two</article><footer>Legal</footer></body>"
    )
    assert parse(page).text == "One\n\nTwo"
    assert text("<main> </main><p>Real</p>") == "Real"


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>x</p>",
        '<p aria-hidden="true">x</p>',
        '<p style="color:red; DISPLAY : none">x</p>',
        '<p style="font-size:0">x</p>',
        '<p style="visibility: hidden">x</p>',
        "<!-- x -->",
        "<template>x</template>",
        "<noscript>x</noscript>",
    ],
)
def test_what_a_browser_hides_is_no_text(hidden: str) -> None:
    """Text that a reader of the page would not see is not read either."""
    assert text(f"{hidden}<p>seen</p>") == "seen"


def test_small_text_is_not_hidden() -> None:
    """A size below one is a size."""
    assert text('<p style="font-size: 0.9em">seen</p>') == "seen"


def test_headings_and_their_anchors() -> None:
    """The anchor is the heading's id, that of a link in it, or that of the section it heads; signs go."""
    page = (
        '<h1 id="a">A<a class="headerlink" href="#a">¶</a></h1><p>x</p>'
        '<h2><a name="b"></a>B #</h2><p>x</p>'
        '<section id="c"><h2>C</h2><p>x</p><h2>D</h2><p>x</p></section>'
        '<h2 id=""><a href="/e" id="">E</a></h2><p>x</p>'
    )
    document = parse(page)
    assert [(s.heading_path[-1], s.anchor) for s in document.sections] == [
        ("A", "a"),
        ("B", "b"),
        ("C", "c"),
        ("D", ""),
        ("E", ""),
    ]


def test_lists_tables_code_and_quotations() -> None:
    """Items, rows and code are blocks of their kind, and a quotation ends its headings."""
    body = (
        "<h1>T</h1><ul><li>one<ol><li>in</li></ol></li><li><p>two</p><p>more</p></li></ul><li>stray</li>"
        "<table><tr><th>a</th><td><p>b</p> c</td></tr></table><pre><code>x = 1\n  y</code></pre>"
        "<blockquote><h2>Q</h2><p>in</p></blockquote><p>out</p><td>cell</td>"
    )
    document = parse(f"<body>{body}</body>")
    assert document.text == (
        "T\n\n- one\n  1. in\n- two\nmore\n- stray\n\na | b c\n\nx = 1\n  y\n\nQ\n\nin\n\nout\n\ncell"
    )
    assert [s.heading_path for s in document.sections] == [("T",), ("T", "Q"), ("T",)]
    assert [b.kind for b in document.blocks if b.kind in ("row", "code")] == ["row", "code"]


def test_the_title() -> None:
    """A given title wins over the first h1, that over the title tag, that over another heading."""
    page = "<title> Tag </title><h2>Two</h2><h1>One</h1>"
    assert parse(page, title="Given").title == "Given"
    assert parse(page).title == "One"
    assert parse("<title>Tag</title><h2>Two</h2>").title == "Tag"
    assert parse("<h2>Two</h2>").title == "Two"


def test_a_deep_page_is_refused_and_a_script_is_not_counted() -> None:
    """Nesting that no page has is refused before the tree is built; tags in a script do not count."""
    with pytest.raises(InvalidRequestError, match="nested"):
        parse("<div>" * (MAX_NESTING + 1))
    script = "<script>" + "<div>" * (MAX_NESTING + 1) + "</script>"
    assert text(f"{script}</div><p>fine</p>") == "fine"


def test_an_empty_page() -> None:
    """A page without a body has no text."""
    assert parse("").text == ""
    assert parse("<frameset></frameset>").text == ""
