"""What a page shows of an answer, and what is said of it."""

from bench.compare.page import Page, numbers, word


def words(*which: int, said_ns: int = 1_000_000) -> str:
    """Return such words of an answer, all said at the same time."""
    return "".join(word(number, said_ns=said_ns) for number in which)


def test_an_answer_that_comes_word_by_word_is_whole() -> None:
    """Nothing is missing or doubled; each word is late from when it was said."""
    page = Page(2, asked_ns=500_000)
    assert page.first_ms is None
    page.append(words(0), now_ns=2_000_000)
    page.append(words(1), now_ns=4_000_000)
    assert page.whole
    assert (page.lost, page.doubled, page.holes) == (0, 0, 0)
    assert page.late_ms == [1.0, 3.0]
    assert page.first_ms == 1.5


def test_a_piece_may_be_empty_or_hold_several_words() -> None:
    """What begins an answer without a word is not its first word."""
    page = Page(3)
    page.append("", now_ns=1_000_000)
    assert page.first_ns is None
    page.append(words(0, 1, 2), now_ns=2_000_000)
    assert page.first_ns == 2_000_000
    assert page.whole


def test_words_that_never_come_are_lost() -> None:
    """They are holes as the last word is shown, and lost at the end."""
    page = Page(5)
    page.append(words(0, 1), now_ns=1_000_000)
    page.append(words(4), now_ns=1_000_000)
    assert not page.whole
    assert (page.holes, page.lost, page.doubled) == (2, 2, 0)


def test_holes_that_are_filled_at_the_end_stay_known() -> None:
    """A page that is told the whole answer afterwards has lost nothing, but had holes."""
    page = Page(4)
    page.append(words(0, 3), now_ns=1_000_000)
    page.replace(words(0, 1, 2, 3), now_ns=3_000_000)
    assert page.whole
    assert (page.holes, page.lost) == (2, 0)
    assert page.late_ms == [0.0, 0.0, 2.0, 2.0]


def test_an_answer_that_breaks_off_is_lost_from_there() -> None:
    """Without its last word nothing is said of holes."""
    page = Page(4)
    page.append(words(0), now_ns=1_000_000)
    assert page.holes is None
    assert page.lost == 3


def test_words_told_twice_are_doubled() -> None:
    """They are counted once each, and late only the first time."""
    page = Page(3)
    page.append(words(0, 1), now_ns=1_000_000)
    page.append(words(1, 1, 2), now_ns=9_000_000)
    assert not page.whole
    assert (page.lost, page.doubled) == (0, 1)
    assert len(page.late_ms) == 3


def test_words_out_of_order_are_not_whole() -> None:
    """Each is there once, but not where it belongs."""
    page = Page(2)
    page.append(words(1, 0), now_ns=1_000_000)
    assert page.lost == page.doubled == 0
    assert not page.whole


def test_words_are_counted_by_number() -> None:
    """Other text does not count, nor when a word was said."""
    assert numbers(f"Well, {words(7)}{words(7, said_ns=9)}w8") == {7: 2}
