"""What the frames of a question tell: acknowledged, numbered without a gap, cited exactly, ended once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cli.findings import Finding
from cli.verify.verdicts.lines import CITATIONS, QUESTION, RESUME, STREAM, finding

Frame = dict[str, Any]
_LOG = "see the log for its request id"


@dataclass(frozen=True)
class Heard:
    """The frames of one question, in the order in which they came."""

    frames: Sequence[Frame]
    error: str = ""
    """Why there are no more: the connection was refused or lost, or nothing came."""
    dropped_after: int | None = None
    """The number of the last frame before the connection was dropped; None where it was not."""
    resumed: bool = False
    """Whether a second connection went on."""

    @property
    def run(self) -> list[Frame]:
        """The frames that have a number."""
        return [frame for frame in self.frames if "sequence_number" in frame]

    @property
    def numbers(self) -> list[int]:
        """The numbers of the run's frames."""
        return [frame["sequence_number"] for frame in self.run]

    @property
    def end(self) -> Frame:
        """The last frame, if it ends the run; else an empty one."""
        run = self.run
        return run[-1] if run and run[-1].get("type") == "run-end" else {}

    @property
    def degraded(self) -> list[str]:
        """What the answer says it lacked."""
        told = self.end.get("degraded")
        return [str(part) for part in told] if isinstance(told, list) else []

    @property
    def answer(self) -> str:
        """Its text."""
        deltas = (frame.get("delta") for frame in self.run if frame.get("type") == "content-delta")
        return "".join(str(delta.get("text", "")) for delta in deltas if isinstance(delta, dict))

    @property
    def refused(self) -> bool:
        """Whether the documents are said to hold no answer."""
        return any(frame.get("finish_reason") == "refused" for frame in self.run)


def question(heard: Heard) -> Finding:
    """Return the line of a question over the WebSocket."""
    wrong = _wrong(heard)
    if wrong:
        return finding(QUESTION, "red", wrong, _LOG)
    return finding(QUESTION, "green", _told(heard))


def stream(heard: Heard) -> Finding:
    """Return the line of the same question over server-sent events."""
    wrong = _wrong(heard)
    if wrong:
        fix = "see that no proxy in between holds streams back; else the log"
        return finding(STREAM, "red", wrong, fix)
    return finding(STREAM, "green", _told(heard))


def citations(heard: Heard, *, document_id: str) -> Finding:
    """Return the line of the citations; ``document_id`` is what the answer stands in, empty for unknown."""
    answer = heard.answer
    cited = [frame["citation"] for frame in heard.run if isinstance(frame.get("citation"), dict)]
    if not heard.end:
        return finding(CITATIONS, "red", "there is no whole answer", "see the line question")
    if any(answer[c.get("start", 0) : c.get("end", 0)] != c.get("text") for c in cited):
        return finding(CITATIONS, "red", "a citation's span is not the text it names", _LOG)
    if cited:
        sources = {str(source.get("document_id")) for c in cited for source in c.get("sources") or ()}
        mine = " of the document put there" if document_id in sources else ""
        return finding(CITATIONS, "green", f"{len(cited)}, each the very words{mine}")
    if document_id:
        fix = "see /v1/search whether it is found: `carrel ask` shows the same"
        return finding(CITATIONS, "red", "none, though the document that answers was put there", fix)
    if heard.refused:
        told = "none: the documents hold nothing on a general question, and that was said"
        return finding(
            CITATIONS, "yellow", told, "give the owner's key: then a document is put there to ask about"
        )
    return finding(
        CITATIONS, "yellow", "none for a general question", "give the owner's key, to ask about a document"
    )


def resume(heard: Heard) -> Finding:
    """Return the line of the resume: dropped in the middle, gone on with on another connection."""
    numbers = heard.numbers
    if heard.dropped_after is None:
        return finding(RESUME, "red", "there was nothing to be dropped", "see the line question")
    if not heard.resumed:
        return finding(RESUME, "red", heard.error or "the second connection was refused", _LOG)
    if numbers == list(range(1, len(numbers) + 1)) and heard.end:
        return finding(
            RESUME, "green", f"dropped after {heard.dropped_after}, then on to {numbers[-1]} without a gap"
        )
    fix = "with several replicas set REDIS_URL, and let no cache stand in between"
    return finding(RESUME, "red", f"after {heard.dropped_after} came {_shown(numbers)}", fix)


def _wrong(heard: Heard) -> str:
    """Return what is wrong with a run, or nothing."""
    error = next((frame for frame in heard.frames if frame.get("type") == "error"), None)
    if error is not None:
        return f"refused: {error.get('code')}, {error.get('message')}"
    if not heard.run:
        return heard.error or "no answer came"
    if heard.frames[0].get("type") != "message-ack":
        return "it was not acknowledged"
    if not heard.end:
        return heard.error or "the answer did not end"
    status = heard.end.get("status")
    if status != "completed":
        cause = heard.end.get("error")
        code = f": {cause.get('code')}" if isinstance(cause, dict) else ""
        return f"it ended {status}{code}"
    numbers = heard.numbers
    return "" if numbers == list(range(1, len(numbers) + 1)) else f"its numbers are {_shown(numbers)}"


def _told(heard: Heard) -> str:
    kind = "answered with a refusal, as it should where nothing fits" if heard.refused else "answered"
    lacking = f", without: {', '.join(heard.degraded)}" if heard.degraded else ""
    return f"{kind}, {len(heard.run)} frames{lacking}"


def _shown(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:20]))
    return f"{shown}, …" if len(numbers) > 20 else shown or "nothing"
