"""Signs, beside the words asked for, that a sentence answers a question or does not.

Owns the weights of these signs; each is small against how much of the question a sentence covers. Pure.
"""

import re

from retriever.language.questions import Question
from retriever.language.tokens import terms

DEFINES = 0.45
DEFINES_PARTLY = 0.2
NAMES = 0.35
ANSWERS_KIND = 0.19
SAYS_WHY = 0.08
SAYS_HOW = 0.15
SAYS_WAY = 0.1

_VERB = re.compile(
    r"\s(?:is|are|was|were)\s+(?:(?P<noun>an?|the|any|one|another)\s|(?P<other>\w*ed\b|\w+ly\b|often|also|not|only|so))?|"
    r"\s(?P<says>means?|refers?\s+to|denotes?|stands?\s+for|defines?)\s|"
    r"\s(?P<does>describes?|represents?|allows?|lets?|provides?|enables?|gives?|holds?|stores?|makes?)\s"
)
_NAMING = re.compile(r"\b(?:(calls?)|called|known as|referred to as|termed)\s([^,.;:]{1,100})")
_DETERMINERS = frozenset(("a", "an", "the", "its", "your", "our", "their"))
_PREPOSITIONS = frozenset(("of", "in", "on", "for", "to", "with", "by", "from", "at", "as"))
_STRENGTH = {"noun": 1.0, "says": 1.0, "does": 0.5, "other": 0.15, None: 0.6}
_MAX_LEAD_CHARS = 80
_LEADING = re.compile(r"^(?:(?:In|For|With|On|At|As)\s[^,]{1,40},\s*|\w+['’]s\s)")
_PARENTHESIS = re.compile(r"\s*\([^)]*\)|,\s[^,]*,(?=\s)")
_TO_DO = re.compile(
    r"To\s+(?!do\s+(?:so|this|that)\b)[a-z]+\b|You\s+(?:can|must|need|should)\b|Use\b|Run\b|Call\b"
)
_NAME = re.compile(r"(?<=[^.!?:“\"'(¿¡\s]\s)[A-ZÀ-ÞА-ЯΑ-Ω][\w’'-]*|[\u4e00-\u9fff]+·[\u4e00-\u9fff]+")
_NUMBER = re.compile(
    r"\d[\d.,]*|[一二三四五六七八九十百千万亿两]+(?=[个位名种次年月日条支人分万亿])|\b(?:one|two|three|four|five|six|seven|eight|"
    r"nine|ten|eleven|twelve|dozen|hundred|thousand|[mb]illion|half|third|quarter|twice|dos|tres|cuatro|cinco|seis|"
    r"siete|ocho|nueve|diez|cien|mil|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|deux|trois|quatre|cinq|sept|huit|"
    r"neuf|dix|cent|mille)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\d{3,4}|\d{1,2}\s?[年月]|世[纪紀]|\b(?:centur(?:y|ies)|siglo|siècle|Jahrhundert|secolo|século|January|February|March|April|"
    r"May|June|July|August|September|October|November|December)\b|\bвек"
)
_REASON = re.compile(
    r"\b(?:because|since|due to|owing to|so that|in order to|therefore|thus|cause[sd]?|reasons?|led to|"
    r"leads? to|results? (?:in|from)|to (?:avoid|prevent)|porque|debido|ya que|causa|parce que|car|afin|"
    r"weil|denn|wegen|damit|perché|потому|чтобы)\b|因为|因為|由于|由於|因此|所以|为了|導致|导致|لأن|क्योंकि",
    re.IGNORECASE,
)
_WAY = re.compile(
    r"\bto\s+[a-z]+|\b(?:use|using|call|run|add|set|you can|we can|by|through|via|with|mediante|por medio|"
    r"a través|durch|indem|en utilisant|grâce)\b|通过|通過|使用",
    re.IGNORECASE,
)
_LEANING = re.compile(
    r"(?:It|Its|This|That|These|Those|They|Their|Them|He|She|His|Her|Such|Both|Neither|Either|However|But|And|So|"
    r"Then|Therefore|Thus|Instead|Otherwise|Also|Here|There|Similarly|Conversely|Moreover|Furthermore|Likewise|"
    r"For (?:example|instance)|In (?:that case|other words|addition|contrast)|On the other hand|As a result|"
    r"Because of this|To do (?:so|this|that))\b"
)
_SHOWN_ELSEWHERE = re.compile(r"\b(?:listing|figure|table|chapter|section)\s+\d", re.IGNORECASE)
_ABOUT_THE_TEXT = re.compile(
    r"\b(?:this|the next|the previous|later in this)\s+(?:chapter|section|book|page|guide|tutorial)\b|"
    r"\b(?:we|you|I)['’]ll\b|\blet['’]s\b|\bwe will\b",
    re.IGNORECASE,
)
_FORM_COSTS = (
    (re.compile(r"\?\W*\Z"), 0.2),
    (re.compile(r"\A\W*\S+(?:\s+\S+){0,2}\Z"), 0.2),
    (re.compile(r"\A(?:\S+\s+){60}"), 0.1),
    (_SHOWN_ELSEWHERE, 0.05),
    (_ABOUT_THE_TEXT, 0.12),
    (re.compile(r":\Z"), 0.2),
    (re.compile(r" \| "), 0.15),
)


def definition(sentence: str, question: Question) -> float:
    """How much ``sentence`` defines what the question asks about: its subject must be the sentence's."""
    if not question.subject:
        return 0.0
    lead = _PARENTHESIS.sub("", _LEADING.sub("", sentence))[: _MAX_LEAD_CHARS + 20]
    verb = _VERB.search(lead, 0, _MAX_LEAD_CHARS)
    if any(_names(match[2], question.subject, it=not match[1]) for match in _NAMING.finditer(sentence)):
        return NAMES
    if verb is None:
        return 0.0
    before = frozenset(terms(lead[: verb.start()]))
    strength = _STRENGTH[verb.lastgroup]
    if before == question.subject:
        return DEFINES * strength
    if question.subject <= before and len(before) <= len(question.subject) + 2:
        return DEFINES_PARTLY * strength
    return 0.0


def _names(text: str, subject: frozenset[str], *, it: bool) -> bool:
    """Whether ``text``, what follows a "called", ends in the subject, as a name for what stands before.

    After "we call" that is in ``text`` as well ("the act of lending borrowing"), after "is called" it is not.
    """
    words = text.split()
    for first in range(len(words) - 1, max(-1, len(words) - 5), -1):
        if frozenset(terms(" ".join(words[first:]))) != subject:
            continue
        before = [word for word in words[:first] if word not in _DETERMINERS]
        return before[-1] not in _PREPOSITIONS if before else it
    return False


def kind(sentence: str, question: Question) -> float:
    """Whether ``sentence`` holds what such a question asks for, such as a number or a name it did not say."""
    match question.kind:
        case "how":
            if _TO_DO.match(sentence):
                return SAYS_HOW
            return SAYS_WAY if _WAY.search(sentence) else 0.0
        case "why":
            return SAYS_WHY if _REASON.search(sentence) else 0.0
        case "who" | "where":
            return ANSWERS_KIND if _new(_NAME, sentence, question) else 0.0
        case "number":
            return ANSWERS_KIND if _new(_NUMBER, sentence, question) else 0.0
        case "when":
            return ANSWERS_KIND if _new(_TIME, sentence, question) else 0.0
        case _:
            return 0.0


def _new(sign: re.Pattern[str], sentence: str, question: Question) -> bool:
    """Whether ``sentence`` has such a sign that the question itself has not."""
    asked = question.text.casefold()
    return any(match.group().casefold() not in asked for match in sign.finditer(sentence))


def leans_back(sentence: str) -> bool:
    """Whether ``sentence`` is not understood without the one before it."""
    return _LEANING.match(sentence) is not None


def form(sentence: str) -> float:
    """What the form of ``sentence`` takes away: a question, a fragment, a pointer to elsewhere."""
    return -sum(cost for pattern, cost in _FORM_COSTS if pattern.search(sentence))
