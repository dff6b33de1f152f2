"""What became of the answers."""

from retriever.outcomes import Outcomes
from shared.contracts.retriever import MessageEnd, MessageStart, RunEnd
from shared.errors import InvalidRequestError, UpstreamUnavailableError


def test_an_answer_counts_once_by_its_end_and_by_all_it_lacked() -> None:
    """Finish reasons add up to the answers; what was lacking adds up by itself."""
    outcomes = Outcomes()
    whole = RunEnd(status="completed", cached=True)
    lacking = RunEnd(status="completed", degraded=["rerank", "generation"])
    outcomes.note([MessageStart(), MessageEnd(finish_reason="complete"), whole])
    outcomes.note([MessageStart(), MessageEnd(finish_reason="refused"), lacking])
    assert outcomes.finished == {("complete",): 1, ("refused",): 1}
    assert outcomes.degraded == {("rerank",): 1, ("generation",): 1}
    assert outcomes.cached == 1


def test_what_failed_is_an_error_what_was_no_question_is_nothing() -> None:
    """A client's bad request is not an answer of ours that failed."""
    outcomes = Outcomes()
    outcomes.failed(UpstreamUnavailableError())
    outcomes.failed(InvalidRequestError())
    assert outcomes.finished == {("error",): 1}
