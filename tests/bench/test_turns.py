"""Questions on one subject become conversations."""

from bench.turns import follow_ups

QUERIES = [
    {"id": "1", "text": "Where did the Normans live?", "answers": ["Normandy"]},
    {"id": "2", "text": "Who ruled a Norman town?", "answers": ["Rollo"]},
    {"id": "3", "text": "When did the Normans come?", "answers": ["911"]},
    {"id": "4", "text": "Who trims the wick?", "answers": ["a keeper"]},
    {"id": "5", "text": "Who named the Normans?", "answers": ["nobody"]},
]
TITLES = {"1": "Normans", "2": "Normans", "3": "Normans", "4": "Lamps", "5": ""}


def test_the_second_question_says_it() -> None:
    """The subject is named in the turn before only; what does not name it is left out."""
    found = list(follow_ups(QUERIES, TITLES))
    assert [(query["id"], query["text"]) for query in found] == [
        ("2", "Who ruled a it town?"),
        ("3", "When did it come?"),
    ]
    assert found[0]["before"] == [
        {"role": "user", "content": "Where did the Normans live?"},
        {"role": "assistant", "content": "Normandy"},
    ]
