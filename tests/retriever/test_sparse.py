"""Vectors carry BM25's part that does not depend on the other documents."""

import pytest

from retriever.sparse import (
    BEGINNING_WEIGHT,
    rarity,
    term_id,
    term_weights,
    text_vector,
    title_vector,
    vector,
)


def test_a_term_has_one_index_for_ever() -> None:
    """The index of a term is part of every stored vector, so it must not change."""
    assert term_id("ownership") == 3244557431
    assert 0 <= term_id("é") < 2**32


def test_frequency_saturates_and_length_counts() -> None:
    """A second mention adds less than the first, and a mention in a longer text is worth less."""
    once, twice = (term_weights(text, average=10)["fox"] for text in ("fox", "fox fox"))
    assert once < twice < 2 * once
    assert term_weights("fox " + "word " * 50, average=10)["fox"] < once


def test_vectors_of_text_and_title() -> None:
    """A chunk's vector has its terms, and a heading told twice counts once."""
    assert text_vector("fox").indices == (term_id("fox"),)
    assert title_vector("Fox", ["Fox", "Den"]) == title_vector("Fox", ["Den"])


def test_terms_that_share_an_index_share_their_weight() -> None:
    """An index stands once in a vector, whatever terms fall on it."""
    assert vector({"fox": 1.0, "den": 0.5}).values == (1.0, 0.5)
    assert vector({}).indices == ()


GERMAN = "Die Einstellung und die anderen Einstellungen"


def test_words_that_inflect_are_found_by_their_beginnings() -> None:
    """A German question finds another form of its word, and the word itself counts more."""
    stored = text_vector(GERMAN)
    asked = vector({"einstellbar": 1.0, "und": 1.0})
    same = dict(zip(asked.indices, asked.values, strict=True))
    assert same[term_id("einst*")] == BEGINNING_WEIGHT
    assert term_id("einst*") in stored.indices
    assert term_id("einstellbar") not in stored.indices


def test_english_has_no_beginnings() -> None:
    """Neither an English text nor a question without other languages' words is found by beginnings."""
    assert "owner*" not in term_weights("the ownership of a value is told to the owner", average=10)
    assert vector({"ownership": 1.0}).indices == (term_id("ownership"),)


def test_other_scripts_always_have_beginnings() -> None:
    """A Russian word needs no others to be known by."""
    assert vector({"владелец": 1.0}).indices == (term_id("владелец"), term_id("владе*"))


def test_rarity_is_what_the_engine_multiplied_by() -> None:
    """The IDF is read back from the score of one text for one term."""
    weight = term_weights("fox den", average=85.0)["fox"]
    assert rarity(3.0 * weight, term="fox", text="fox den") == pytest.approx(3.0)
    assert rarity(3.0, term="absent", text="fox den") == 0.0


def test_rarity_reckons_with_beginnings() -> None:
    """A term that is asked with its beginning is as rare as both together say."""
    text = "владелец книги"
    stored = term_weights(text, average=85.0)
    score = 2.0 * (stored["владелец"] + BEGINNING_WEIGHT * stored["владе*"])
    assert rarity(score, term="владелец", text=text) == pytest.approx(2.0)
