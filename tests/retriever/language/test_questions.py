"""A question becomes weighted terms, with what the conversation adds to it."""

import pytest

from retriever.language.asking import Kind
from retriever.language.questions import (
    PAGE_WEIGHT,
    PREVIOUS_ANSWER_WEIGHT,
    PREVIOUS_QUESTION_WEIGHT,
    REFERRED_WEIGHT,
    SELECTION_WEIGHT,
    VAGUE_WEIGHT,
    understand,
)
from shared.contracts.retriever import PageContext, Turn


def turns(*contents: str) -> list[Turn]:
    return [Turn(role="assistant" if at % 2 else "user", content=text) for at, text in enumerate(contents)]


@pytest.mark.parametrize(
    ("text", "kind", "subject"),
    [
        ("What is ownership?", "definition", {"ownership"}),
        ("So what are the ownership rules?", "definition", {"ownership", "rule"}),
        ("what’s a mutex", "definition", {"mutex"}),
        ("What does borrowing mean?", "definition", {"borrow"}),
        ("Explain closures", "definition", {"closur"}),
        (
            "What is the very long list of many strange rules about lamps, wicks, horns and other things?",
            "other",
            set(),
        ),
        ("How do I create a vector?", "how", set()),
        ("Who wrote the book?", "who", set()),
        ("When was it printed?", "when", set()),
        ("How many editions exist?", "number", set()),
        ("mutable references", "other", set()),
    ],
)
def test_kinds_of_questions(text: str, kind: Kind, subject: set[str]) -> None:
    """The kind is told by the form of the question, and a definition's subject by what follows it."""
    question = understand(turns(text))
    assert (question.kind, set(question.subject)) == (kind, subject)


def test_vague_words_count_less() -> None:
    """A word that many questions hold counts less for covering the question, but is searched in full."""
    question = understand(turns("explain closures"))
    assert question.asked == {"explain": VAGUE_WEIGHT, "closur": 1.0}
    assert question.weights == {"explain": 1.0, "closur": 1.0}


def test_earlier_turns_are_searched_in_part() -> None:
    """The previous question and answer add their terms in part; older turns add nothing."""
    question = understand(turns("lighthouse", "old answer", "lens", "rings of glass", "who trims lamps?"))
    assert question.weights["lamp"] == 1.0
    assert question.weights["len"] == PREVIOUS_QUESTION_WEIGHT
    assert question.weights["ring"] == PREVIOUS_ANSWER_WEIGHT
    assert "lighthous" not in question.weights
    assert set(question.asked) == {"trim", "lamp"}


def test_a_question_that_refers_back_asks_about_what_was_before() -> None:
    """Where a short question speaks of "it", the terms of the question before belong to it."""
    question = understand(turns("What is a mutex?", "A lock.", "How do I create one?"))
    assert question.asked["mutex"] == REFERRED_WEIGHT == question.weights["mutex"]
    assert "mutex" not in understand(turns("What is a mutex?", "A lock.", "How do I create vectors?")).asked
    long = "How does it compile crates, modules, packages and workspaces?"
    assert "mutex" not in understand(turns("What is a mutex?", "A lock.", long)).asked


def test_a_question_without_words_of_its_own_is_the_one_before() -> None:
    """ "Why?" asks what was asked before; at the beginning it asks nothing."""
    assert set(understand(turns("lens rings", "glass", "why?")).asked) == {"len", "ring", "glass"}
    assert understand(turns("why?")).asked == {}


def test_what_the_visitor_selected_counts_in_part() -> None:
    """Selected text is context; a term of several contexts counts for each."""
    context = PageContext(selected_text="a lens of glass")
    question = understand(turns("lens", "ok", "and how heavy?"), context)
    assert question.context["glass"] == SELECTION_WEIGHT
    assert question.context["len"] == pytest.approx(SELECTION_WEIGHT + PREVIOUS_QUESTION_WEIGHT)
    assert understand(turns("x"), PageContext()).context == {}


def test_it_is_what_the_visitor_selected() -> None:
    """Selected text is what "this" means, before what was asked last, and that before the page's title."""
    page = PageContext(page_title="Lighthouses")
    selected = PageContext(page_title="Lighthouses", selected_text="a wick")
    assert understand(turns("What does this mean?"), selected).asked["wick"] == REFERRED_WEIGHT
    before = turns("mutex", "A lock.", "What does this mean?")
    assert set(understand(before, selected).asked) == {"mean", "wick"}
    assert set(understand(before, page).asked) == {"mean", "mutex"}
    assert set(understand(turns("What does this mean?"), page).asked) == {"mean", "lighthous"}
    assert set(understand(turns("What does this mean?")).asked) == {"mean"}


def test_the_title_of_the_page_counts_a_little() -> None:
    """Of two passages that answer alike that on the page's matter is said."""
    assert understand(turns("lens"), PageContext(page_title="Lamps")).context == {"lamp": PAGE_WEIGHT}


def test_other_languages_ask_about_their_matter_only() -> None:
    """Question words of another language are searched for, but are not asked to be covered."""
    question = understand(turns("灯塔有多少盏灯？"))
    assert question.kind == "number"
    assert set(question.asked) == {"灯塔", "塔有", "盏灯"}
    assert {"多少", "灯塔"} <= set(question.weights)
    assert understand(turns("¿Quién construyó la torre?")).kind == "who"


def test_what_is_meant_by_it_is_meant_to_be_found() -> None:
    """A question that speaks of "it" is searched by meaning together with what that is; another one alone."""
    earlier = [Turn(role="user", content="What is a Fresnel lens?"), Turn(role="assistant", content="Glass.")]
    asked = [*earlier, Turn(role="user", content="Who invented it?")]
    assert "Fresnel" in understand(asked).meaning
    assert understand(asked).meaning.endswith("Who invented it?")
    assert "Fresnel" in understand([*earlier, Turn(role="user", content="Why?")]).meaning
    alone = [*earlier, Turn(role="user", content="How are tower lamps cleaned by keepers?")]
    assert understand(alone).meaning == "How are tower lamps cleaned by keepers?"
    selected = PageContext(selected_text="The wick of the lamp")
    assert "wick" in understand([Turn(role="user", content="What is this?")], selected).meaning
