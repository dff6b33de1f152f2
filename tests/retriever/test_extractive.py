"""The best sentences are said, word for word, or nothing is."""

from retriever.extractive import MAX_SENTENCES, Quote, choose, separator
from retriever.language.questions import Question, understand
from retriever.language.sentences import sentences
from retriever.ranking import Parts, Ranked
from shared.contracts.retriever import Turn


def passage(text: str, *, id: str = "p", score: float = 5.0, heading: str = "", code: str = "") -> Ranked:
    at = text.find(code)
    return Ranked(
        id=id,
        document_id="d",
        revision=1,
        ordinals=(0, 0),
        section=0,
        heading_path=(heading,) if heading else (),
        anchor="",
        start=0,
        end=len(text),
        text=text,
        code=((at, at + len(code)),) if code else (),
        score=score,
        parts=Parts(text=score),
    )


def asking(*texts: str) -> Question:
    return understand([Turn(role="assistant" if at % 2 else "user", content=t) for at, t in enumerate(texts)])


def said(question: Question, *passages: Ranked, rarity: dict[str, float] | None = None) -> list[str]:
    quotes = choose(question, passages, rarity or dict.fromkeys(question.asked, 2.0))
    assert all(q.passage.text[q.sentence.start : q.sentence.end] == q.sentence.text for q in quotes)
    return [quote.sentence.text for quote in quotes]


def test_the_defining_sentence_is_said() -> None:
    """Of passages that hold the word, the one with the sentence that defines it is said first."""
    talk = passage("Everybody in this place talks about ownership.", id="talk", score=6.0)
    rules = passage("The rules of the house are others. Ownership is a set of rules.", id="rules")
    assert said(asking("What is ownership?"), talk, rules)[0] == "Ownership is a set of rules."


def test_code_is_never_said() -> None:
    """A piece of code that holds every word of the question is no sentence."""
    code = "create_vector(vector)"
    text = f"Make room first.\n\n{code}\n\nTo create a vector, call new."
    assert said(asking("how to create a vector"), passage(text, code=code)) == [
        "To create a vector, call new."
    ]


def test_nothing_is_said_where_nothing_fits() -> None:
    """No passages, no covered words, or half of two words: nothing is said."""
    question = asking("capital of France")
    assert said(question) == []
    assert said(question, passage("Lamps have wicks and lenses.")) == []
    assert said(question, passage("A capital D is a letter of its own."), rarity={"capit": 3.0}) == []
    assert said(asking("the of and"), passage("The capital of France is Paris.")) == []
    assert said(asking("what?"), passage("The capital of France is Paris.")) == []


def test_a_passage_that_fits_may_hold_no_sentence() -> None:
    """Code alone, or nothing but fragments, says nothing."""
    question = asking("create vector")
    code = "create vector"
    assert said(question, passage(code, code=code)) == []
    assert said(question, passage("so?\n\nno?", heading="create vector", score=3.0)) != ["so?"]


def test_rare_words_decide() -> None:
    """A sentence that holds the rare word wins over one that holds the common one."""
    question = asking("trimming every wick")
    rarity = {"everi": 0.3, "trim": 1.0, "wick": 6.0}
    passages = (
        passage("Every day is every day again.", id="a"),
        passage("The wick smokes if nobody looks.", id="b"),
    )
    assert said(question, *passages, rarity=rarity)[0] == "The wick smokes if nobody looks."


def test_a_sentence_that_leans_back_comes_with_the_one_before() -> None:
    """A pronoun is said after what it stands for, not across a paragraph."""
    text = "A Fresnel lens is heavy glass. It gathers light into a beam."
    assert said(asking("gathers light into beams"), passage(text)) == [
        "A Fresnel lens is heavy glass.",
        "It gathers light into a beam.",
    ]


def test_a_list_is_said_whole() -> None:
    """One item brings the others of its list, and a lead-in brings the list it leads to."""
    rules = "- Each value has an owner.\n- Only one owner at a time.\n- The owner drops the value."
    titled = passage(f"Keep these:\n\n{rules}", heading="Ownership Rules", score=9.0)
    assert said(asking("What are the ownership rules?"), titled) == [
        "Each value has an owner.",
        "Only one owner at a time.",
        "The owner drops the value.",
    ]
    led = passage("The rules of trimming a wick are these:\n\n- Wait for dawn.\n- Cut it straight.")
    assert said(asking("rules of trimming a wick"), led) == [
        "The rules of trimming a wick are these:",
        "Wait for dawn.",
        "Cut it straight.",
    ]


def test_three_are_the_most_with_all_that_belongs_to_them() -> None:
    """A lead-in that leans back is said without what it leans on where its items leave no room."""
    listed = passage(
        "Lamps burn. These wick rules of trimming hold:\n- One rule stands.\n- Two more.\n\nThe end."
    )
    assert len(said(asking("wick rules of trimming"), listed)) <= MAX_SENTENCES
    parted = passage("The rules of trimming a wick are these:\n\n- Wait.\n\nNo more than that.")
    assert said(asking("rules of trimming a wick"), parted)[0] == "The rules of trimming a wick are these:"


def test_a_long_list_is_not_said_whole() -> None:
    """Of a list longer than a reader wants only the fitting items are said; a long one is not led to."""
    items = [f"Wick number {number} burns {name}." for number, name in enumerate("abcdefghij")]
    listed = passage("The wick types are:\n\n" + "\n".join(f"- {item}" for item in items))
    assert len(said(asking("wick types"), listed)) <= MAX_SENTENCES
    assert 0 < len(said(asking("wick burns number"), listed)) <= MAX_SENTENCES


def test_the_same_is_not_said_twice() -> None:
    """A sentence that repeats another is left out, from another passage as well."""
    one = passage("A Fresnel lens is a lens made of rings of glass.", id="a")
    two = passage("A Fresnel lens is a lens made of glass rings.", id="b")
    assert len(said(asking("What is a Fresnel lens?"), one, two)) == 1


def test_an_answer_is_bounded() -> None:
    """No more sentences than the most are said, and no more text than the most after the first."""
    words = ("red lamps burning slowly", "old horns sounding loudly", "new lenses shining far", "big towers")
    texts = [f"Wick trimming helps {word}." for word in words]
    many = [passage(text, id=str(at)) for at, text in enumerate(texts)]
    assert len(said(asking("wick trimming"), *many)) == MAX_SENTENCES
    tails = [" ".join(f"{name}{number}" for number in range(90)) for name in ("ab", "cd", "ef")]
    long = [passage(f"The wick needs trimming {tail}.", id=tail) for tail in tails]
    assert len(said(asking("wick trimming"), *long)) == 2


def test_sentences_stand_in_the_order_they_were_written() -> None:
    """Within a passage as it reads, the better passage first."""
    first = passage(
        "Trimming a wick takes minutes daily. The wick wants trimming by hand.", id="a", score=3.0
    )
    better = passage("Wick trimming is a duty of keepers.", id="b", score=9.0)
    assert said(asking("wick trimming"), first, better)[0] == "Wick trimming is a duty of keepers."
    texts = said(asking("wick trimming"), first)
    assert texts == sorted(texts, key=first.text.index)


def test_the_conversation_helps_to_choose() -> None:
    """Of two sentences that cover the question alike, the one on the subject before is better."""
    question = asking("What is a Fresnel lens made of?", "Glass.", "how to clean")
    horn, lens = (
        passage("To clean the horn, use oil of horn.", id="a"),
        passage("To clean the lens, use soft cloth.", id="b"),
    )
    assert said(question, horn, lens)[0].startswith("To clean the lens")


def test_what_stands_between_sentences() -> None:
    """A space parts sentences, a line end items, an empty line paragraphs and passages."""
    text = "One. Two.\n\nThree.\n\n- four\n- five"
    one, two, three, four, five = (Quote(s, passage(text)) for s in sentences(text))
    other = Quote(one.sentence, passage(text, id="other"))
    assert separator(None, one) == ""
    assert separator(None, four) == "- "
    assert separator(one, two) == " "
    assert separator(two, three) == "\n\n"
    assert separator(three, four) == "\n- "
    assert separator(four, five) == "\n- "
    assert separator(five, other) == "\n\n"
    assert separator(one, Quote(four.sentence, passage(text, id="other"))) == "\n\n- "
