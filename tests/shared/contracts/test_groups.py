import pytest
from pydantic import ValidationError

from shared.contracts.groups import MAX_TEXT_CHARS, MAX_TEXTS, GroupsAnswer, GroupsRequest


@pytest.mark.parametrize("texts", [[], ["a"] * (MAX_TEXTS + 1), ["a" * (MAX_TEXT_CHARS + 1)], ["\0"], [1]])
def test_what_cannot_be_grouped_is_refused(texts: list[object]) -> None:
    """Nothing, too much, too long, what no store holds."""
    with pytest.raises(ValidationError):
        GroupsRequest.model_validate({"texts": texts})


def test_an_answer_may_say_more() -> None:
    """A newer service's fields are ignored."""
    assert GroupsAnswer.model_validate({"groups": [[0]], "method": "dense"}).groups == [[0]]
