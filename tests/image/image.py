"""Builds the image and tries it, with whichever of docker, podman and buildah is there.

    python -m tests.image.image build
    python -m tests.image.image test

``test`` runs the image as it would run anywhere, waits until it is ready, ingests a document, asks one
question, kills each process, prints size, cold start, memory and restarts, stops it and checks that it ended
with 0; then with a read-only root, as users it is not made for, and restored from a backup in an empty
container. It always cleans up. ``engine.py`` says what can be set for a machine that needs more.
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from shared.clients.gateway import GatewayClient
from tests.image import trials
from tests.image.engine import (
    Container,
    ImageError,
    Knobs,
    engine_of,
    first_that_works,
    output,
    running,
    say,
)
from tests.image.using import QUESTION, use, wait_ready
from tests.support.secret_shapes import found

ROOT = Path(__file__).resolve().parents[2]
USER = 1000
_UNITS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}
STOPPED_WITHIN_S = 30


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
    """Run the image, use it, measure it, kill what is in it, stop it; then under harder conditions."""
    began = time.monotonic()
    with running(knobs) as container, httpx.Client(base_url=container.url, timeout=10) as http:
        client = GatewayClient(http, admin_key=container.admin_key)
        page_s, ready_s = wait_ready(container, http, client, began)
        before = container.processes()
        say(f"cold start  {page_s:.1f} s to the page, {ready_s:.1f} s to ready, engine included")
        say(f"answer      {use(client)}")
        container.execute("carrel", "ask", QUESTION)
        _look_for_secrets(container, knobs)
        after = container.processes()
        trials.contents(container)
        trials.second_start(container)
        trials.kills(container, http, client)
        began = time.monotonic()
        container.stop(within_s=STOPPED_WITHIN_S)
        stop_s, code = time.monotonic() - began, container.exit_code()
    restarts = len(_children(before) - _children(after))
    _tell_size(knobs)
    _tell_memory(after)
    say(f"restarts    {restarts} but for the kills")
    say(f"stop        {stop_s:.1f} s, exit code {code}")
    if code != 0 or restarts:
        raise ImageError("it must run without restarts and end with exit code 0")
    if any(process["uid"] != USER for process in after):
        raise ImageError(f"not everything ran as user {USER}")
    trials.read_only(knobs)
    trials.strangers(knobs)
    trials.restored(knobs)


def _look_for_secrets(container: Container, knobs: Knobs) -> None:
    """Look through our files in the image, how it was made and what it has logged so far."""
    made = output([*container.engine, "history", "--no-trunc", "--format", "{{.CreatedBy}}", knobs.image])
    files = container.execute("sh", "-c", "find /app /home /opt/venv/bin -type f -size -4096k -exec cat {} +")
    texts = {"the history": made, "the files": files, "the log": container.logs()}
    for where, text in texts.items():
        # The files hold what was made at the start, the given key not among them.
        if told := list(found(text.encode("utf-8", "surrogateescape"), known=[container.admin_key])):
            raise ImageError(f"{where} of the image holds a secret: {', '.join(told)}")


def _tell_size(knobs: Knobs) -> None:
    """Print the size of the whole, and of what is not the base's: its first layer."""
    told = output([*engine_of(knobs), "image", "inspect", "--format", "{{.Size}}", knobs.image])
    history = output([*engine_of(knobs), "history", "--format", "{{.Size}}", knobs.image]).lower()
    layers = re.findall(r"^([\d.]+) ?([kmg]?)b$", history, re.MULTILINE)
    *ours, base = (float(size) * _UNITS[unit] for size, unit in layers)
    say(f"image       {int(told) / 1e6:.0f} MB: base {base / 1e6:.0f}, ours {sum(ours) / 1e6:.0f}")


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
