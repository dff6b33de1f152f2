"""The local model in this process: onnxruntime and a tokenizer, on a thread of their own.

Owns the thread and the order in it. One text is one run of the model: quantised on the fly, texts that are
run together change each other's vectors, and without a graphics card nothing is faster for it. So there is no
padding, and a question waits for at most one text of a document that is being taken in. The libraries are
imported when they are first needed.
"""

import asyncio
import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from retriever.embedding.folder import (
    MODEL,
    TOKENIZER,
    Manifest,
    ModelFolderError,
    read_checked,
    read_manifest,
)
from retriever.ports import DenseVector, Space
from retriever.settings import RetrieverSettings
from shared.errors import UpstreamUnavailableError

REMEMBERED_QUERIES = 256
EVEN_COSINE = 0.45
REMEDY = "make it with `make model`"
_QUIET = 3
"""onnxruntime's level for errors alone."""

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Absent:
    """There is no local model; ``reason`` says why and what to do, in one line without paths."""

    reason: str


def find(settings: RetrieverSettings) -> "LocalEmbedder | Absent":
    """Return the model in ``settings.embedding_model_dir``; its manifest is read, nothing is loaded."""
    folder = settings.embedding_model_dir
    try:
        manifest = read_manifest(folder)
    except ModelFolderError as error:
        return Absent(f"search by words alone: {error} in EMBEDDING_MODEL_DIR; {REMEDY}")
    return LocalEmbedder(folder, manifest, threads=settings.embedding_threads)


class LocalEmbedder:
    """The ``Embedder`` port on the model in ``folder``, whose manifest is ``manifest``.

    ``threads`` is how many cores one text may use; never more than there are.
    """

    def __init__(self, folder: Path, manifest: Manifest, *, threads: int = 2) -> None:
        self._folder, self._manifest = folder, manifest
        self._threads = min(threads, os.cpu_count() or 1)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedding")
        self._turn = asyncio.Lock()
        self._encoder: _Encoder | None = None
        self._queries: OrderedDict[str, DenseVector] = OrderedDict()
        self._closed = False

    @property
    def space(self) -> Space:
        """Where its vectors lie."""
        return Space(self._manifest.space, self._manifest.size)

    @property
    def even(self) -> float:
        """Measured with this model (docs/decisions/0012)."""
        return EVEN_COSINE

    async def open(self) -> None:
        """Import the libraries and load the model; the first call does it otherwise."""
        await self._call(lambda encoder: None)

    async def passages(self, texts: Sequence[str]) -> list[DenseVector]:
        """Return the vector of each of ``texts``, in their order; questions are let in between."""
        vectors: list[DenseVector] = []
        for text in texts:
            # One document's text waits at a time: a question is behind it, never behind many.
            async with self._turn:
                vectors.append(await self._call(partial(_Encoder.vector, text=text)))
        return vectors

    async def query(self, text: str) -> DenseVector:
        """Return the vector of ``text``; those of the last few hundred questions are remembered."""
        vector = self._queries.get(text)
        if vector is None:
            vector = await self._call(partial(_Encoder.vector, text=text))
            self._queries[text] = vector
            if len(self._queries) > REMEMBERED_QUERIES:
                self._queries.popitem(last=False)
        else:
            self._queries.move_to_end(text)
        return vector

    async def close(self) -> None:
        """Let go of the model once the text at hand is done; those that wait fail."""
        if self._closed:
            return
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self._let_go)
        self._thread.shutdown(wait=False)

    async def _call(self, run: "Callable[[_Encoder], _T]") -> _T:
        """Run on the model's thread; a started call is finished even if its caller goes away."""
        if self._closed:
            raise UpstreamUnavailableError("The local model is closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._guarded, run)

    def _guarded(self, run: "Callable[[_Encoder], _T]") -> _T:
        if self._closed:
            raise UpstreamUnavailableError("The local model is closed")
        try:
            if self._encoder is None:
                self._encoder = _Encoder(self._folder, self._manifest, self._threads)
            return run(self._encoder)
        except ModelFolderError as error:
            raise UpstreamUnavailableError(f"The local model cannot be loaded: {error}; {REMEDY}") from error
        except Exception as error:
            _log.error("the local model failed", exc_info=error)
            raise UpstreamUnavailableError("The local model failed; the log says why") from error

    def _let_go(self) -> None:
        self._encoder = None


class _Encoder:
    """A loaded model; used by one thread."""

    def __init__(self, folder: Path, manifest: Manifest, threads: int) -> None:
        import numpy
        import onnxruntime
        import tokenizers

        self._array, self._int64 = numpy.array, numpy.int64
        self._tokenizer = tokenizers.Tokenizer.from_str(read_checked(folder, manifest, TOKENIZER).decode())
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(manifest.max_tokens)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = _QUIET
        # The arena keeps what the longest text needed, some 20 MB, and makes a question a fifth quicker;
        # waiting threads must not spin on shared cores.
        options.enable_mem_pattern = False
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        model = read_checked(folder, manifest, MODEL)
        self._session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def vector(self, text: str) -> list[float]:
        """Return the vector of ``text``, as a list: what both Qdrant clients take fastest."""
        clean = text.encode("utf-8", "replace").decode()  # half a character is nothing to the tokenizer
        ids = self._array([self._tokenizer.encode(clean).ids], dtype=self._int64)
        found: list[float] = self._session.run(["vectors"], {"ids": ids})[0][0].tolist()
        return found
