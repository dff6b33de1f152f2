"""What the retriever itself adds to an answer that Cohere writes: ``python -m bench.answers_overhead DIR``.

DIR holds Markdown under ``src/``. A retriever with an embedded index and a fake Cohere that needs no time run
as processes of their own, on a core each; each answer is asked over HTTP, as a stream, with a question that
was not asked before, and timed until its first ``content-delta``. In this time are the question's embedding,
a search, a reranking and the beginning of a chat, three calls over HTTP by the real SDK; what the fake itself
took to begin its answers is told by it, and taken off. Figures are in ``bench.overhead``.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx

from bench.overhead import Asked, figures, questions, table
from bench.process import CannotMeasureError, Launch, Process, free_port
from shared.auth import Principal, Role, signed_headers
from shared.sse import Decoder
from tests.support.fake_cohere import KEY

TOKEN = "a token of the bench"
WARMING = 20
FAKE_CORE, RETRIEVER_CORE = 0, 1
OPEN_S = 20.0


def main() -> int:
    """Print the figures; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--answers", type=int, default=300)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    try:
        with running() as (http, cohere, retriever):
            asked = measured(http, cohere, retriever, options.folder, options.answers)
    except CannotMeasureError as error:
        print(error)
        return 1
    found = figures(asked)
    print(table(found))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    return 0


@contextmanager
def running() -> Iterator[tuple[httpx.Client, httpx.Client, Process]]:
    """Yield clients of the retriever and the fake, and the retriever's process; all end afterwards."""
    ports = free_port(), free_port()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        env = {
            "RETRIEVER_PORT": str(ports[1]),
            "DATA_DIR": str(folder / "data"),
            "INTERNAL_TOKEN": TOKEN,
            "COHERE_API_KEY": KEY,
            "COHERE_BASE_URL": f"http://127.0.0.1:{ports[0]}",
            "COHERE_MONTHLY_CALLS": "0",
        }
        fake = [sys.executable, "-m", "tests.support.fake_cohere", "--port", str(ports[0])]
        retriever = [sys.executable, "-m", "retriever"]
        _start(stack, folder, Launch("cohere", fake, ports[0]), core=FAKE_CORE)
        process = _start(stack, folder, Launch("retriever", retriever, ports[1], env), core=RETRIEVER_CORE)
        headers = signed_headers(Principal("owner", Role.OWNER), token=TOKEN, now=time.time())
        address = f"http://127.0.0.1:{ports[1]}"
        http = stack.enter_context(
            httpx.Client(base_url=address, headers=headers, timeout=60, trust_env=False)
        )
        _await_open(http)
        cohere = stack.enter_context(httpx.Client(base_url=env["COHERE_BASE_URL"], trust_env=False))
        yield http, cohere, process


def _start(stack: ExitStack, folder: Path, launch: Launch, *, core: int) -> Process:
    process = Process(launch, core=core, folder=folder)
    stack.callback(process.stop)
    process.wait()
    return process


def measured(
    http: httpx.Client, cohere: httpx.Client, retriever: Process, folder: Path, count: int
) -> list[Asked]:
    """Put the documents of ``folder``, ask ``count`` questions about them, and return what each came to."""
    files = sorted((folder / "src").rglob("*.md"))
    if not files:
        raise CannotMeasureError(f"no Markdown in {folder / 'src'}")
    for path in files:
        name = quote(str(path.relative_to(folder)), safe="")
        http.put(
            f"/v1/documents/{name}", content=path.read_bytes(), headers={"content-type": "text/markdown"}
        ).raise_for_status()
    asked = [
        _ask(http, cohere, retriever, question)
        for question in questions([path.read_text() for path in files], count=WARMING + count)
    ]
    return asked[WARMING:]


def _ask(http: httpx.Client, cohere: httpx.Client, retriever: Process, question: str) -> Asked:
    body = {"messages": [{"role": "user", "content": question}], "stream": True}
    decoder, first_ms, cpu_ms, lacking, model = Decoder(), 0.0, 0.0, ["an end"], ""
    spent_s = cohere.get("/spent").json()
    cpu_s, began = retriever.cpu_s(), time.perf_counter()
    with http.stream("POST", "/v1/answer", json=body) as response:
        for data in response.iter_raw():
            for event in decoder.feed(data):
                if event.type == "content-delta" and not first_ms:
                    first_ms = (time.perf_counter() - began) * 1000
                    cpu_ms = (retriever.cpu_s() - cpu_s) * 1000
                if event.type == "run-start":
                    model = json.loads(event.data)["model"]
                if event.type == "run-end":
                    lacking = json.loads(event.data)["degraded"]
    whole_ms = (time.perf_counter() - began) * 1000
    return Asked(
        first_ms=first_ms,
        own_ms=first_ms - (cohere.get("/spent").json() - spent_s) * 1000,
        whole_ms=whole_ms,
        cpu_ms=cpu_ms,
        good=bool(first_ms) and not lacking and model != "extractive",
    )


def _await_open(http: httpx.Client) -> None:
    deadline = time.monotonic() + OPEN_S
    while http.get("/health/ready").status_code != 200:
        if time.monotonic() > deadline:
            raise CannotMeasureError("the index did not open")
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
