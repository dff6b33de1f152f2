"""Text is found by the terms that people use for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retriever.language.tokens import MAX_TOKEN_CHARS, term_set, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The owners owned it", ["owner", "own"]),
        ("What's Rust’s don't", ["rust", "dont"]),
        ("snake_case_name", ["snakecasenam", "snake", "case", "name"]),
        (
            "HTTPServer2 base64Encode",
            ["httpserver2", "http", "server", "2", "base64encod", "base", "64", "encod"],
        ),
        ("Vec::push", ["vecpush", "vec", "push"]),
        ("std.io.Read e-mail", ["stdioread", "std", "io", "read", "email", "mail"]),
        (
            "a/my_notes.txt",
            ["amynotestxt", "mynotestxt", "mynot", "note", "txt"],
        ),
        ("C++ and C#", ["c++", "c", "c#", "c"]),
        (".NET", [".net", "net"]),
        ("__init__ ___", ["init"]),
        ("utf8 17th v1 10mg", ["utf8", "utf", "8", "17th", "v1", "1", "10mg", "10", "mg"]),
        ("1.2.3 v2.0 3.5mg 1,000.5 1,5", ["1.2.3", "1.2", "2.0", "3.5", "mg", "1000.5", "1", "5"]),
        ("1-23 12-3", ["1-23", "1", "23", "12-3", "12", "3"]),
        ("DNAs IT US", ["dna", "it", "us"]),
        ("TNF-α", ["tnfalpha", "tnf", "alpha"]),
        ("café ÉCOLE l’eau", ["cafe", "ecol", "eau"]),
        ("ＡＢＣ", ["abc"]),
        ("日本語", ["日本", "本語"]),
        ("語", ["語"]),
        ("abc東京 de", ["abc", "東京", "de"]),
        ("ภาษาไทย", ["ภาษา", "ษาไท", "ไทย"]),
        ("", []),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    """Words are stemmed, identifiers whole and in parts, unspaced scripts in pairs, stop words left out."""
    assert list(terms(text)) == expected


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("def get_content_charset(self):", "getContentCharset"),
        ("def get_content_charset(self):", "get content charset"),
        ("getContentCharset()", "GET_CONTENT_CHARSET"),
        ("getContentCharset()", "getcontentcharset"),
        ("class HTTPServer2:", "http server"),
        ("use std::collections::HashMap;", "HashMap"),
        ("os.path.join(a)", "os.path.join"),
        ("logging.handlers.SysLogHandler", "SysLogHandler"),
        ("error[E0382]: use of moved value", "E0382"),
        ("ORA-00942: table does not exist", "ora-00942"),
        ("/etc/nginx/nginx.conf", "nginx.conf"),
        (r"C:\Users\bob\notes.txt", "notes.txt"),
        ("see https://docs.example.com/a-b", "docs.example.com"),
        ("write to bob@example.com", "bob@example.com"),
        ("a state-of-the-art method", "state of the art"),
        ("down-regulated genes", "downregulated"),
        ("an e-mail", "emails"),
        ("the U.S. army", "US"),
        ("released as 3.11.4", "python 3.11"),
        ("it needs 10mg", "10 mg"),
        ("1,000 genomes", "1000"),
        ("β-catenin", "beta-catenin"),
        ("written in C++", "C++"),
        ("the naïve café", "naive cafe"),
        ("die Straße", "STRASSE"),
        ("İstanbul ve Isparta", "istanbul ısparta"),
        ("L'ÉCOLE d'aujourd'hui", "école"),
        ("владельцы книг", "владельцев"),
        ("всё ещё", "все еще"),
        ("η γλώσσα", "ΓΛΩΣΣΑ"),
        ("والكِتَابُ الجديد", "كتاب"),
        ("إدارة أحمد", "ادارة احمد"),
        ("العربية", "عربيه"),
        ("کتاب‌ها در ایران", "كتاب"),
        ("हिन्दी भाषा", "हिंदी"),
        ("बड़े मकानों में", "मकान"),
        ("सड़क", "सड़क"),
        ("२०२४ में", "2024"),
        ("我们喝茶的习惯", "习惯"),
        ("東京都に住んでいます", "東京"),
        ("ﾃﾞｰﾀﾍﾞｰｽ", "データベース"),
        ("데이터베이스를 만든다", "데이터베이스"),
        ("ฉันชอบกินข้าวผัด", "กินข้าว"),
        ("ភាសាខ្មែរ", "ខ្មែរ"),
        ("in\u00advisible text\u200bbreak", "invisible textbreak"),
        ("שָׁלוֹם", "שלום"),
    ],
)
def test_found(text: str, query: str) -> None:
    """All that a question names is found in a text that writes it in another way."""
    assert term_set(query) & term_set(text)
    assert not {term for term in term_set(query) if len(term) > 2} - term_set(text) - {"python"}


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("section 3 of 5", "3.5"),
        ("1-23", "12-3"),
        ("it is for us", "IT US"),
        ("a net of rope", ".NET"),
        ("vitamin C", "C++"),
        ("日本", "本日"),
    ],
)
def test_not_taken_for_another(text: str, query: str) -> None:
    """What looks alike and is another thing is told apart by its whole term."""
    assert next(terms(query)) not in term_set(text)


@given(st.text(max_size=300))
def test_any_text_has_bounded_terms(text: str) -> None:
    """Whatever stands in a text, its terms are neither empty nor long."""
    assert all(0 < len(term) <= MAX_TOKEN_CHARS for term in terms(text))


WORDS = st.lists(st.from_regex(r"[a-z]{3,8}", fullmatch=True), min_size=2, max_size=5)


@given(WORDS, st.sampled_from(["_", "-", ".", "::", "/", "->", "@"]))
def test_an_identifier_is_found_by_its_parts_and_in_another_style(parts: list[str], joint: str) -> None:
    """The words of a name are among its terms, and each style has the same whole."""
    name = joint.join(parts)
    assert set(terms(" ".join(parts))) <= term_set(name)
    styles = ["".join(part.capitalize() for part in parts), "_".join(parts).upper(), "".join(parts)]
    assert all(next(terms(name)) in term_set(style) for style in styles)


def test_terms_are_bounded() -> None:
    """A word of any length gives terms of bounded length."""
    long = (
        "x" * 10_000 + " " + "Ab_" * 5_000 + " " + "1." * 5_000 + "1 ." + "y" * 500 + " v" + "1" * 500 + ".2"
    )
    assert all(len(term) <= MAX_TOKEN_CHARS for term in terms(long))


def test_the_distinct_terms() -> None:
    """A text's set of terms holds each once."""
    assert term_set("fox den fox") == {"fox", "den"}
