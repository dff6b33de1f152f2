"""Signs that a sentence answers, beside the words it holds."""

import pytest

from retriever.language import cues
from retriever.language.questions import Question, understand
from shared.contracts.retriever import Turn


def asking(text: str) -> Question:
    return understand([Turn(role="user", content=text)])


@pytest.mark.parametrize(
    "sentence",
    [
        "Ownership is a set of rules.",
        "In Rust, ownership means that values have owners.",
        "Ownership (see below) is the rule.",
        "Rust's ownership is a discipline.",
    ],
)
def test_a_sentence_whose_subject_is_asked_for_defines_it(sentence: str) -> None:
    """The subject stands alone before the verb, whatever clause, parenthesis or possessive is around."""
    assert cues.definition(sentence, asking("What is ownership?")) == cues.DEFINES


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [
        ("Ownership works well.", "Ownership allows safety."),
        ("Ownership is often discussed.", "Ownership is safety."),
        ("Ownership was moved.", "Ownership is an idea."),
        ("The whole long story of ownership is an idea.", "Rust and ownership are a pair."),
    ],
)
def test_some_definitions_are_weaker(weaker: str, stronger: str) -> None:
    """A description or a passive says less of what a thing is than "is a" does."""
    question = asking("What is ownership?")
    assert cues.definition(weaker, question) < cues.definition(stronger, question)


def test_naming_is_defining() -> None:
    """What is called so is defined, but not what something else is called after."""
    question = asking("What is borrowing?")
    assert cues.definition("We call the action of creating a reference borrowing.", question) == cues.NAMES
    assert cues.definition("This is called borrowing.", question) == cues.NAMES
    assert cues.definition("It is called a rule of borrowing.", question) == 0.0
    assert cues.definition("Every time we call `borrow`, it counts.", question) == 0.0
    assert cues.definition("It is called something else entirely here.", question) == 0.0


def test_only_definitions_are_defined() -> None:
    """A question of another kind has no subject to define."""
    assert cues.definition("Ownership is a set of rules.", asking("How does ownership work?")) == 0.0


@pytest.mark.parametrize(
    ("question", "sentence", "worth"),
    [
        ("How do I sort?", "By using a comparison you sort.", cues.SAYS_WAY),
        ("Who wrote it?", "It was written by Ada Lovelace.", cues.ANSWERS_KIND),
        ("Where was it built?", "It stands in Cordoba since then.", cues.ANSWERS_KIND),
        ("When was it built?", "It was built in 1887.", cues.ANSWERS_KIND),
        ("How many are there?", "There are three of them.", cues.ANSWERS_KIND),
        ("Why is it dark?", "It is dark because the lamp is out.", cues.SAYS_WHY),
        ("谁写了这本书？", "这本书是埃达·洛夫莱斯写的。", cues.ANSWERS_KIND),
        ("它是何时建成的？", "它建于十九世纪。", cues.ANSWERS_KIND),
        ("有多少座塔？", "那里有三座，共四个灯。", cues.ANSWERS_KIND),
        ("¿Quién lo escribió?", "Fue escrito por Ada.", cues.ANSWERS_KIND),
        ("Warum ist es dunkel?", "Es ist dunkel, weil die Lampe aus ist.", cues.SAYS_WHY),
    ],
)
def test_what_such_a_question_asks_for(question: str, sentence: str, worth: float) -> None:
    """A way, a name, a place, a date, a number or a reason is what those questions want."""
    assert cues.kind(sentence, asking(question)) == worth
    assert cues.kind("nothing of that here", asking(question)) == 0.0
    assert cues.kind(sentence, asking("lamps")) == 0.0
    assert cues.kind(sentence, asking("What is a lamp?")) == 0.0


def test_what_the_question_says_itself_is_no_answer() -> None:
    """A name or a number of the question tells nothing when it is said again."""
    assert cues.kind("It was done by Ada in secret.", asking("Who helped Ada?")) == 0.0
    assert cues.kind("It had 12 lamps.", asking("How many of the 12 burn?")) == 0.0


def test_a_sentence_that_begins_with_the_purpose_says_how() -> None:
    """ "To do x, ..." answers how better than a mention, but "To do so" points back."""
    question = asking("How do I create a vector?")
    assert cues.kind("To create a vector, call new.", question) == cues.SAYS_HOW
    assert cues.kind("To do so, call new.", question) < cues.SAYS_HOW


@pytest.mark.parametrize(
    "sentence", ["It is light.", "However, it is light.", "For example, a lens.", "To do so, go."]
)
def test_sentences_that_lean_back(sentence: str) -> None:
    """A sentence that begins so is not understood alone."""
    assert cues.leans_back(sentence)


def test_sentences_that_stand_alone() -> None:
    """A sentence that names its subject, or only begins with the same letters, stands alone."""
    assert not cues.leans_back("A lens is light.")
    assert not cues.leans_back("Italics are slanted.")


@pytest.mark.parametrize(
    "sentence",
    [
        "Is this a question?",
        "Too short here",
        "a | b | c | d | e",
        "These are the rules to keep:",
        "As Listing 4-1 shows, it moves.",
        "In this chapter, you learn about lamps.",
        " ".join(["word"] * 70) + ".",
    ],
)
def test_forms_that_cost(sentence: str) -> None:
    """Questions, fragments, rows, lead-ins, pointers and endless sentences are worth less."""
    assert cues.form(sentence) < 0
    assert cues.form("A lens is made of rings of glass.") == 0
