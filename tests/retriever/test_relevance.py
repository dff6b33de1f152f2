"""How much of a question is covered, and whether passages are about it."""

from dataclasses import replace

import pytest

from retriever.ranking import Parts, Ranked
from retriever.relevance import APART_OF_FEW, ENOUGH, LIKE, Signs, Weights, about, headings, signs, words


def passage(text: str, *, score: float = 5.0, title: str = "") -> Ranked:
    return Ranked(
        id=text,
        document_id="d",
        revision=1,
        ordinals=(0, 0),
        section=0,
        heading_path=(),
        anchor="",
        start=0,
        end=len(text),
        text=text,
        code=(),
        score=score,
        parts=Parts(text=score),
        title=title,
    )


def test_parts_are_of_the_whole() -> None:
    """A term counts by its rarity, one that stands nowhere more than any; no terms cover nothing."""
    weights = Weights({"x": 1.0, "y": 1.0}, {"x": 2.0})
    assert 0 < weights.part(words("x")) < 0.5
    assert weights.part(words("x y")) == 1.0
    assert Weights({"x": 1.0, "y": 1.0}, {"x": 2.0, "y": 2.0}).many == 0.25
    assert Weights({}, {}).many == 0.0
    assert Weights(dict.fromkeys("bcdefghjklm", 1.0), {}).many == 1.0
    assert Weights({}, {}).part(words("x")) == 0.0


def test_a_word_that_begins_alike_counts_in_part() -> None:
    """Words of one stem are often written differently; short ones must be the same."""
    weights = Weights({"coloni": 1.0}, {"coloni": 2.0})
    assert weights.part(words("they colonised it")) == LIKE
    assert Weights({"cat": 1.0}, {}).part(words("cats and catalogues")) == 1.0
    assert Weights({"cat": 1.0}, {}).part(words("catalogues")) == 0.0


def test_what_stands_nowhere_counts_by_what_it_is() -> None:
    """Two characters that nobody writes side by side are hardly a word; what is joined is its parts."""
    assert Weights({"灯塔": 1.0}, {"灯": 2.0}).total < Weights({"lamp": 1.0}, {"len": 2.0}).total
    assert Weights({"std.io": 1.0}, {"std": 2.0}).total == 0.0


def test_terms_that_stand_together() -> None:
    """Neighbours of the question are neighbours in the text, not words at its two ends."""
    weights = Weights({"fresnel": 1.0, "len": 1.0, "glass": 1.0}, {})
    assert weights.together(words("a Fresnel lens has rings, all of them made of glass")) == 0.5
    assert weights.together(words("lens of many rings and so on, by Fresnel")) == 0.0
    assert Weights({"len": 1.0}, {}).together(words("lens")) == 0.0


def test_titles_and_headings_are_words_of_a_passage() -> None:
    """What stands above a passage belongs to it."""
    ranked = replace(passage("It is heavy.", title="Lenses"), heading_path=("Fresnel",))
    assert {"fresnel", "lens"} <= set(headings(ranked).places)
    weights = Weights({"fresnel": 1.0, "heavi": 1.0}, {})
    assert weights.part(words(ranked.text), headings(ranked)) == 1.0


def test_the_signs() -> None:
    """Each sign is the best that a passage gives, or the first against the tenth."""
    weights = Weights({"fresnel": 1.0, "len": 1.0}, {"fresnel": 2.0, "len": 2.0})
    few = signs([passage("lens", score=2.0), passage("Fresnel lens", score=4.0)], weights)
    assert few == Signs(covered=1.0, score=1.0, count=0.25, apart=APART_OF_FEW, together=1.0)
    many = [passage(f"lens {n}", score=4.0 if n == 3 else 2.0) for n in range(10)]
    assert signs(many, weights).apart == pytest.approx(0.5)
    assert signs([*many[:9], passage("x", score=0.0)], weights).apart == APART_OF_FEW
    assert signs([passage("lens", score=99.0), *[passage(f"{n}") for n in range(12)]], weights).apart == 1.0


def test_each_sign_speaks_for_it() -> None:
    """More of anything is more evidence."""
    signs = Signs(covered=0.5, score=0.5, count=0.5, apart=0.5, together=0.5)
    for name in ("covered", "score", "count", "apart", "together"):
        assert replace(signs, **{name: 0.6}).evidence > signs.evidence
    assert Signs(1.0, 1.0, 0.25, 0.3, 0.0).evidence > ENOUGH > Signs(0.5, 0.5, 0.25, 0.3, 0.0).evidence


def test_about() -> None:
    """Passages that hold the question's words are about it; none, or no words, are about nothing."""
    weights = Weights({"fresnel": 1.0, "len": 1.0}, {"fresnel": 2.0, "len": 2.0})
    assert about([passage("a Fresnel lens")], weights)
    assert not about([passage("a lens", score=1.0)], weights)
    assert not about([], weights)
    assert not about([passage("a Fresnel lens")], Weights({}, {}))
