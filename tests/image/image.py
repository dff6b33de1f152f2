"""Builds the image and tries it, with whichever of docker, podman and buildah is there.

    python -m tests.image.image build
    python -m tests.image.image test

``test`` runs the image as it would run anywhere, waits until it is ready, ingests a document, asks one
question, prints size, cold start, memory and restarts, stops it and checks that it ended with 0. It always
cleans up. ``engine.py`` says what can be set for a machine that needs more.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from shared.clients.gateway import GatewayClient
from shared.contracts.retriever import CitationStart, ContentDelta, RunEnd
from shared.errors import CarrelError
from tests.image.engine import Container, ImageError, Knobs, first_that_works, output, running, say
from tests.support.secret_shapes import found

ROOT = Path(__file__).resolve().parents[2]
USER = 1000
READY_WITHIN_S = 120.0
STOPPED_WITHIN_S = 30
DOCUMENT = b"""# The reading room

## Hours

The reading room of the library opens at nine in the morning and closes at six in the evening.

## Rules

A carrel is a small desk in a library, kept for one reader.
"""
QUESTION = "When does the reading room open?"
EXPECTED = "opens at nine in the morning"


def build(knobs: Knobs) -> None:
    """Build the image from this checkout."""
    tool = first_that_works(knobs.builder, "docker", "podman", "buildah")
    git = ["git", "rev-parse", "--short=12", "HEAD"]
    commit = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    command = [*knobs.command(tool), "bud" if tool == "buildah" else "build"]
    if tool != "docker":
        # Docker's own format: the other one has no HEALTHCHECK.
        command += ["--layers", "--format", "docker"]
    command += [*knobs.build_flags, "--build-arg", f"COMMIT={commit or 'unknown'}", "-t", knobs.image, "."]
    began = time.monotonic()
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise ImageError("the build failed")
    say(f"built {knobs.image} with {tool} in {time.monotonic() - began:.0f} s")


def test(knobs: Knobs) -> None:
    """Run the image, use it, measure it, stop it."""
    began = time.monotonic()
    with running(knobs) as container, httpx.Client(base_url=container.url, timeout=10) as http:
        client = GatewayClient(http, admin_key=container.admin_key)
        page_s, ready_s = _wait(container, http, client, began)
        before = container.processes()
        say(f"cold start  {page_s:.1f} s to the page, {ready_s:.1f} s to ready, engine included")
        say(f"answer      {_use(client)}")
        container.execute("carrel", "ask", QUESTION)
        _look_for_secrets(container, knobs)
        after = container.processes()
        began = time.monotonic()
        container.stop(within_s=STOPPED_WITHIN_S)
        stop_s, code = time.monotonic() - began, container.exit_code()
        size = output([*container.engine, "image", "inspect", "--format", "{{.Size}}", knobs.image])
    restarts = len(_children(before) - _children(after))
    say(f"image       {int(size) / 1e6:.0f} MB")
    _tell_memory(after)
    say(f"restarts    {restarts}")
    say(f"stop        {stop_s:.1f} s, exit code {code}")
    if code != 0 or restarts:
        raise ImageError("it must run without restarts and end with exit code 0")
    if any(process["uid"] != USER for process in after):
        raise ImageError(f"not everything ran as user {USER}")


def _look_for_secrets(container: Container, knobs: Knobs) -> None:
    """Look through our files in the image, how it was made and what it has logged so far."""
    made = output([*container.engine, "history", "--no-trunc", "--format", "{{.CreatedBy}}", knobs.image])
    files = container.execute("sh", "-c", "find /app /home /opt/venv/bin -type f -size -4096k -exec cat {} +")
    texts = {"the history": made, "the files": files, "the log": container.logs()}
    for where, text in texts.items():
        # The files hold what was made at the start, the given key not among them.
        if told := list(found(text.encode("utf-8", "surrogateescape"), known=[container.admin_key])):
            raise ImageError(f"{where} of the image holds a secret: {', '.join(told)}")


def _wait(
    container: Container, http: httpx.Client, client: GatewayClient, began: float
) -> tuple[float, float]:
    """Wait until the container is ready; return the seconds to its page and to its readiness."""
    page_s = 0.0
    while time.monotonic() < began + READY_WITHIN_S:
        try:
            if not page_s and http.get("/").status_code == 200:
                page_s = time.monotonic() - began
            if client.ready():
                return page_s, time.monotonic() - began
        except (CarrelError, httpx.TransportError):
            pass
        if (code := container.exit_code()) is not None:
            raise ImageError(f"it ended with exit code {code} before it was ready")
        time.sleep(0.1)
    raise ImageError(f"it is not ready after {READY_WITHIN_S:.0f} s: {http.get('/health').text}")


def _use(client: GatewayClient) -> str:
    """Ingest the document, ask the question, return the answer."""
    if (outcome := client.put_document("room.md", DOCUMENT, media_type="text/markdown")) != "created":
        raise ImageError(f"the document was {outcome}")
    events = list(client.answer(QUESTION))
    answer = "".join(event.delta.text for event in events if isinstance(event, ContentDelta))
    cited = any(isinstance(event, CitationStart) for event in events)
    end = events[-1]
    if EXPECTED not in answer or not cited or not isinstance(end, RunEnd) or end.status != "completed":
        raise ImageError(f"the answer is {answer!r}, cited: {cited}, {end}")
    return answer


def _tell_memory(processes: list[dict[str, Any]]) -> None:
    rss, pss = (sum(process[measure] for process in processes) / 1024 for measure in ("rss", "pss"))
    say(f"memory      {rss:.0f} MiB resident, {pss:.0f} MiB with shared pages counted once")
    for process in sorted(processes, key=lambda p: -int(p["pss"]))[:6]:
        say(f"            {process['pss'] / 1024:6.0f} MiB  {process['command'][:80]}")


def _children(processes: list[dict[str, Any]]) -> set[int]:
    """The supervised processes: a restart gives one another id."""
    return {process["pid"] for process in processes if process["parent"] == 1}


def main() -> None:
    """Do what the first argument says."""
    # So that a container never outlives the command that was told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        {"build": build, "test": test}[sys.argv[1]](Knobs.read(os.environ))
    except ImageError as error:
        sys.exit(f"image: {error}")


if __name__ == "__main__":
    main()
