"""One process that parses: started, asked, ended.

Owns the pipes to it and its environment, which holds nothing of ours. Decides nothing about documents.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from retriever.parsing.frames import (
    LENGTH_BYTES,
    READY,
    Answer,
    Question,
    answer,
    framed,
    header,
    length,
)

START_S = 30.0
END_S = 2.0
MAX_ANSWER_BYTES = 512 * 1024 * 1024
_ROOT = Path(__file__).parents[2]
PROGRAM = ("-B", "-E", "-s", "-m", "retriever.parsing")
"""What the interpreter is told: it writes no files, reads no variables and nothing of the user's."""


class ProcessLostError(Exception):
    """The process ended, or said something that is no answer."""


class ParsingProcess:
    """A running process; made by :meth:`start`."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        questions: asyncio.StreamWriter,
        answers: asyncio.StreamReader,
    ) -> None:
        self._process, self._questions, self._answers = process, questions, answers
        self.pid = process.pid
        self.documents = 0
        """How many it was asked for."""
        self.resident_bytes = 0
        """What it held after the last one."""

    @classmethod
    async def start(cls, *, memory_bytes: int, program: Sequence[str] = PROGRAM) -> Self:
        """Start one and return it when it can be asked.

        Raises
        ------
        ProcessLostError
            If it does not come up.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *program,
                str(memory_bytes),
                str(os.getpid()),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={"LANG": "C.UTF-8"},
                cwd=_ROOT,
            )
        except OSError as error:
            raise ProcessLostError(f"it cannot be started: {error.strerror}") from error
        if process.stdin is None or process.stdout is None:
            raise ProcessLostError("it has no pipes")
        started = cls(process, process.stdin, process.stdout)
        try:
            async with asyncio.timeout(START_S):
                if await started._frame() != READY:
                    raise ProcessLostError("it began with something else")
        except BaseException as error:
            await started.end()
            if isinstance(error, TimeoutError):
                raise ProcessLostError("it did not come up in time") from None
            raise
        return started

    async def ask(self, asked: Question, content: bytes) -> tuple[Answer, bytes]:
        """Return what it makes of a document.

        Raises
        ------
        ProcessLostError
            If it ends meanwhile; a caller that stops waiting must end it.
        """
        self.documents += 1
        try:
            self._questions.writelines((framed(header(asked)), framed(content)))
            await self._questions.drain()
            told, packed = answer(await self._frame()), await self._frame()
        except (OSError, ValueError) as error:
            raise ProcessLostError(f"it ended: {type(error).__name__}") from error
        self.resident_bytes = told.resident_bytes
        return told, packed

    async def end(self) -> None:
        """Kill it and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._questions.close()
        await self._process.wait()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(END_S):
                while await self._answers.read(65536):
                    pass

    async def _frame(self) -> bytes:
        try:
            size = length(await self._answers.readexactly(LENGTH_BYTES))
            if size > MAX_ANSWER_BYTES:
                raise ProcessLostError(f"its answer has {size} bytes")
            return await self._answers.readexactly(size)
        except asyncio.IncompleteReadError:
            raise ProcessLostError(f"it ended with code {await self._process.wait()}") from None
