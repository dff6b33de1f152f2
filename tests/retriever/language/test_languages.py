"""A question is known by its language, and in it by what it asks."""

import pytest

from retriever.language.asking import Kind
from retriever.language.languages import ALL, folded, kind, language, matter, refers_back, refusal


@pytest.mark.parametrize(
    ("text", "spoken", "asks"),
    [
        ("How many lamps are there?", "en", "number"),
        ("Which year was it built?", "en", "when"),
        ("mutable references", "en", "other"),
        ("How far is it?", "en", "number"),
        ("", "en", "other"),
        ("¿Cuántas lámparas arden?", "es", "number"),
        ("por qué arde la lámpara", "es", "why"),
        ("Où se trouve la lentille ?", "fr", "where"),
        ("Wie viele Lampen hat der Turm?", "de", "number"),
        ("Wie groß ist der Turm?", "de", "number"),
        ("Wer hat das gebaut?", "de", "who"),
        ("Chi ha scritto il libro?", "it", "who"),
        ("Quem escreveu o livro?", "pt", "who"),
        ("Wie heeft het boek geschreven?", "nl", "who"),
        ("Câte lămpi sunt în turn?", "ro", "number"),
        ("Kule ne zaman yapıldı?", "tr", "when"),
        ("Ai đã viết cuốn sách này?", "vi", "who"),
        ("Сколько ламп горит?", "ru", "number"),
        ("Πόσες λάμπες καίνε;", "el", "number"),
        ("متى بني البرج؟", "ar", "when"),
        ("पैंथर्स ने कितने अंक दिए?", "hi", "number"),
        ("灯塔有多少盏灯？", "zh", "number"),
        ("Internet2是什么", "zh", "other"),
        ("灯台はどこにありますか？", "ja", "where"),
        ("등대는 언제 지어졌나요?", "ko", "when"),
        ("ใครเขียนหนังสือเล่มนี้", "th", "who"),
        ("What does the sign 灯 mean there?", "en", "other"),
    ],
)
def test_languages_and_kinds(text: str, spoken: str, asks: Kind) -> None:
    """A script or the commonest words tell the language, its question words the kind."""
    assert (language(text), kind(text)) == (spoken, asks)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("How many lamps?", "How many lamps?"),
        ("¿Cuántas lámparas arden?", "¿        lámparas arden?"),
        ("灯塔有多少盏灯？", "灯塔有  盏灯？"),
        ("灯台はどこにありますか？", "灯台         ？"),
        ("पैंथर्स ने कितने अंक दिए?", "पैंथर्स ने       अंक दिए?"),
    ],
)
def test_what_a_question_is_about(text: str, left: str) -> None:
    """Words that ask are no matter; where no spaces stand, they part what is."""
    assert matter(text) == left


def test_words_that_refer_back() -> None:
    """ "It" and its like, in the question's own language only."""
    assert refers_back("How heavy is it?")
    assert refers_back("它有多重？")
    assert refers_back("¿Cuánto pesa eso en la torre?")
    assert not refers_back("How heavy are lamps?")
    assert not refers_back("item")


def test_every_language_says_no() -> None:
    """A refusal is in the question's language; each language has one of its own."""
    assert refusal("¿Quién ganó la copa?").startswith("No he encontrado")
    assert refusal("谁赢得了比赛？") == "在文档中没有找到这个问题的答案。"
    assert refusal("zebra") == "I could not find an answer to this in the documents."
    refusals = [language.refusal for language in ALL.values()]
    assert len(set(refusals)) == len(ALL)


def test_folding_keeps_every_letter_in_its_place() -> None:
    """Accents of Latin, Greek and Arabic are gone, those that make another letter are not."""
    assert folded("ÉCOLE Πότε أين") == "ecole ποτε اين"
    assert folded("какой") == "какой"
    assert all(len(folded(text)) == len(text) for text in ("İstanbul", "groß", "कहाँ", "ﬁ"))
