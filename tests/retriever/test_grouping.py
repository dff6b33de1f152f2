from hypothesis import given
from hypothesis import strategies as st

from retriever.grouping import by_terms, groups

LAMPS = ["How do I trim the wick?", "how to trim a wick", "Trimming the wick", "When does the boat call?"]


def test_questions_that_say_alike_are_together() -> None:
    """Stop words, case and endings part nobody; the largest group comes first."""
    assert groups([LAMPS[3], *LAMPS[:3]]) == [[1, 2, 3], [0]]


def test_one_shared_word_is_not_enough() -> None:
    """Questions about different things that name the same product stay apart."""
    texts = ["carrel backup restore", "carrel widget colours", "carrel export visitor", "carrel cohere key"]
    assert groups(texts) == [[0], [1], [2], [3]]


def test_near_to_somebody_near_is_the_same_group() -> None:
    """Chains are closed, whatever the order of the pairs."""
    assert groups(["a", "b", "c", "d"], near=lambda _: [(2, 3), (0, 1), (3, 1)]) == [[0, 1, 2, 3]]


def test_texts_without_terms_are_near_to_their_like() -> None:
    """Of stop words or signs alone, or in other scripts: the same text is one group."""
    assert groups(["why?", "Why?", "???", "灯の芯", "灯の芯"]) == [[0, 1], [3, 4], [2]]


def test_nothing_is_no_group() -> None:
    """No text, no group, no pair."""
    assert groups([]) == []
    assert list(by_terms(["alone"])) == []


def test_a_long_text_costs_no_more_than_its_weightiest_terms() -> None:
    """Texts of a thousand terms are compared by those that few of the others have."""
    long = " ".join(f"common{number}" for number in range(500))
    texts = [f"{long} zebra{n} quagga{n}" for n in range(20)]
    assert len(groups(texts)) >= 1


@given(st.lists(st.text("abc ?", max_size=12), max_size=30))
def test_every_text_is_in_one_group(texts: list[str]) -> None:
    """Groups part the positions; equal texts are never parted."""
    found = groups(texts)
    assert sorted(position for group in found for position in group) == list(range(len(texts)))
    assert all(group == sorted(group) for group in found)
    of = {position: number for number, group in enumerate(found) for position in group}
    for one, text in enumerate(texts):
        assert {of[other] for other, same in enumerate(texts) if same == text} == {of[one]}
