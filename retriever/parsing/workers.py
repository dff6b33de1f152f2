"""The processes that parse: at most two, started when a document comes, kept warm, replaced when worn.

Owns what is told of a document whose parser hung, crashed or ran out of memory, and that no document
suffers for the one before it.
"""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Sequence

from retriever.parsers.packing import unpack
from retriever.parsers.registry import PLAIN, parse
from retriever.parsers.structure import ParsedDocument
from retriever.parsing.frames import Answer, Question
from retriever.parsing.process import PROGRAM, ParsingProcess, ProcessLostError
from shared.errors import CarrelError, DrainingError, InvalidRequestError, OverloadedError, from_problem
from shared.tasks import spawn

AT_MOST = 2
MAX_DOCUMENTS = 500
"""A process is replaced after so many, or when it holds half of the memory it may."""
GROWN_SHARE = 8
"""A document that runs out of memory is tried again if the process held this part of it before."""
IDLE_S = 300.0
"""Processes nobody needed for so long give their memory back."""
CPU_GRACE_S = 5
"""The kernel's limit is for a process whose parent cannot end it any more."""

_log = logging.getLogger(__name__)


class Workers:
    """Parses documents in other processes; fulfils ``retriever.ports.Parsing``."""

    def __init__(
        self,
        *,
        timeout_s: float,
        memory_bytes: int,
        idle_s: float = IDLE_S,
        max_documents: int = MAX_DOCUMENTS,
        program: Sequence[str] = PROGRAM,
    ) -> None:
        self._timeout_s, self._memory_bytes, self._idle_s = timeout_s, memory_bytes, idle_s
        self._max_documents, self._program = max_documents, program
        self._room = asyncio.Semaphore(AT_MOST)
        self._idle: list[ParsingProcess] = []
        self._alive: set[ParsingProcess] = set()
        self._letting_go: asyncio.TimerHandle | None = None
        self._closed = False
        self.asked = 0
        self.given_up: Counter[tuple[str]] = Counter()

    @property
    def pids(self) -> list[int]:
        """The processes there are now."""
        return sorted(process.pid for process in self._alive)

    async def parse(
        self, source: str | bytes, *, media_type: str, document_id: str, title: str = ""
    ) -> ParsedDocument:
        """Return the document that ``source`` is.

        Raises
        ------
        InvalidRequestError
            If it cannot be read, or not within the bounds of time and memory.
        OverloadedError
            If no process can be started.
        """
        if media_type == PLAIN:
            # Three passes of regular expressions that never go back: it can neither hang nor grow.
            return await asyncio.to_thread(
                parse, source, media_type=media_type, document_id=document_id, title=title
            )
        content = source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass")
        asked = Question(media_type, document_id, title, math.ceil(self._timeout_s) + CPU_GRACE_S)
        self.asked += 1
        try:
            async with self._room:
                return await self._parsed(asked, content)
        finally:
            self.asked -= 1

    async def close(self) -> None:
        """End all processes; what they are parsing is refused as retryable."""
        self._closed = True
        if self._letting_go is not None:
            self._letting_go.cancel()
        await asyncio.gather(*(self._end(process) for process in list(self._alive)))

    async def _parsed(self, asked: Question, content: bytes) -> ParsedDocument:
        if self._idle:
            # What this process has read before may be why it fails now; a new one decides.
            process = self._idle.pop()
            was_grown = process.resident_bytes > self._memory_bytes // GROWN_SHARE
            try:
                told, packed = await self._ask(process, asked, content)
                if not (told.spent and was_grown):
                    return await self._result(asked, told, packed)
            except ProcessLostError as error:
                _log.info("a process that parses was lost, trying another: %s", error)
        process = await self._start()
        try:
            told, packed = await self._ask(process, asked, content)
            return await self._result(asked, told, packed)
        except ProcessLostError as error:
            if self._closed:
                raise DrainingError from None
            self.given_up["crashed",] += 1
            _log.warning("the parser of %s was lost with %r: %s", asked.media_type, asked.document_id, error)
            raise InvalidRequestError("The document cannot be read: its parser crashed on it") from None

    async def _start(self) -> ParsingProcess:
        if self._closed:
            raise DrainingError
        try:
            process = await ParsingProcess.start(memory_bytes=self._memory_bytes, program=self._program)
        except ProcessLostError as error:
            _log.error("no process can be started to parse documents: %s", error)
            raise OverloadedError("Documents cannot be parsed now") from error
        self._alive.add(process)
        return process

    async def _ask(self, process: ParsingProcess, asked: Question, content: bytes) -> tuple[Answer, bytes]:
        fit = False
        try:
            async with asyncio.timeout(self._timeout_s):
                told, packed = await process.ask(asked, content)
            fit = not (told.spent or self._closed or self._is_worn(process, told))
            return told, packed
        except TimeoutError:
            self.given_up["timeout",] += 1
            _log.warning("parsing %r (%s) took too long", asked.document_id, asked.media_type)
            raise InvalidRequestError(
                f"The document cannot be read within {self._timeout_s:g} s (PARSE_TIMEOUT_S)"
            ) from None
        finally:
            if fit:
                self._keep(process)
            else:
                await self._end(process)

    async def _result(self, asked: Question, told: Answer, packed: bytes) -> ParsedDocument:
        if told.failure:
            _log.warning(
                "the parser of %s failed on %r: %r", asked.media_type, asked.document_id, told.failure
            )
        if told.problem is not None:
            raise _refusal(told)
        try:
            return await asyncio.to_thread(unpack, packed)
        except ValueError as error:
            raise ProcessLostError(str(error)) from error

    def _is_worn(self, process: ParsingProcess, told: Answer) -> bool:
        return process.documents >= self._max_documents or told.resident_bytes > self._memory_bytes // 2

    def _keep(self, process: ParsingProcess) -> None:
        self._idle.append(process)
        if self._letting_go is not None:
            self._letting_go.cancel()
        self._letting_go = asyncio.get_running_loop().call_later(self._idle_s, self._let_go)

    def _let_go(self) -> None:
        while self._idle:
            _ = spawn(self._end(self._idle.pop()), name="end-parsing")

    async def _end(self, process: ParsingProcess) -> None:
        await process.end()
        self._alive.discard(process)


def _refusal(told: Answer) -> CarrelError:
    body = told.problem or {}
    status = body.get("status")
    return from_problem(
        body, status=status if isinstance(status, int) else InvalidRequestError.default_status
    )
