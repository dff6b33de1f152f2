"""Text is found by the terms that people use for it."""

import pytest

from retriever.language.tokens import MAX_TOKEN_CHARS, term_set, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The owners owned it", ["owner", "own"]),
        ("What's Rust’s don't", ["rust", "dont"]),
        ("snake_case_name", ["snake_case_name", "snake", "case", "name"]),
        ("CamelCase HTTPServer", ["camelcase", "camel", "case", "httpserver", "http", "server"]),
        ("Vec::push", ["vec::push", "vec", "push"]),
        ("std.io.Read e-mail", ["std.io.read", "std", "io", "read", "e-mail", "e", "mail"]),
        ("C++ and C#", ["c++", "c", "c#", "c"]),
        ("__init__ ___", ["__init__", "init", "___"]),
        ("utf8 17th v1", ["utf8", "utf", "8", "17th", "v1", "v", "1"]),
        ("café ÉCOLE", ["cafe", "ecol"]),
        ("ＡＢＣ", ["abc"]),
        ("हिन्दी", ["हिन्दी", "हिन्द*"]),
        ("мир владение", ["мир", "владение", "владе*"]),
        ("日本語", ["日本", "本語"]),
        ("語", ["語"]),
        ("abc東京 de", ["abc", "東京", "de"]),
        ("", []),
    ],
)
def test_terms(text: str, expected: list[str]) -> None:
    """Words are stemmed, identifiers whole and in parts, unspaced scripts in pairs, stop words left out."""
    assert list(terms(text)) == expected


def test_terms_are_bounded() -> None:
    """A word of any length gives terms of bounded length."""
    assert all(len(term) <= MAX_TOKEN_CHARS for term in terms("x" * 10_000 + " " + "Ab_" * 5_000))


def test_the_distinct_terms() -> None:
    """A text's set of terms holds each once."""
    assert term_set("fox den fox") == {"fox", "den"}
