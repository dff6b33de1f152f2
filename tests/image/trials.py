"""What the image must stand: kills, a second start, a read-only root, unknown users, a lost disk."""

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any

import httpx

from shared.clients.gateway import GatewayClient
from tests.image.engine import Container, ImageError, Knobs, output, refused, running, say, volume
from tests.image.using import QUESTION, use, wait_ready
from tests.support.chat_client import ask, opened, session, told

ROOT = Path(__file__).resolve().parents[2]
COMPILERS = ("cc", "gcc", "c++", "g++", "clang", "tcc", "ld", "as", "make", "rustc", "go", "node", "npm")
SBOM = "/opt/carrel/sbom.cdx.json"
BACK_WITHIN_S = 30.0
_LOOKS_SECRET = re.compile("TOKEN|SECRET|PASSWORD|API_?KEY|CREDENTIAL", re.I)
_STARTED = re.compile(
    r"-m (?:cli\.supervision\.)?(gateway|retriever|chat_ws|postgres|watchdog)\b|/bin/(postgres) "
)
_LOOK = """
import json, os, pathlib, shutil, sys
own = [str(p.relative_to("/app")) for p in pathlib.Path("/app").rglob("*")
       if p.is_file() and "__pycache__" not in p.parts and p.parts[2:4] != ("web", "dist")]
print(json.dumps({
    "own": sorted(own),
    "pages": pathlib.Path("/app/web/dist/index.html").is_file(),
    "owners": sorted({p.stat().st_uid for p in [pathlib.Path("/app"), *pathlib.Path("/app").rglob("*")]}),
    "compilers": [name for name in sys.argv[1:] if shutil.which(name)],
}))
"""


def contents(container: Container) -> None:
    """What git knows and nothing else, no compiler, no secret, a bill of materials, labels."""
    there = json.loads(container.execute("python3", "-c", _LOOK, *COMPILERS))
    _must(not there["compilers"], f"there are compilers in it: {there['compilers']}")
    _must(there["pages"], "its pages are missing")
    _must(there["owners"] == [1000], f"/app belongs to {there['owners']}")
    listed = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    stray = set(there["own"]) - set(output(listed).split("\n"))
    _must(bool(there["own"]) and not stray, f"what git ignores is in it: {stray}")
    parts = json.loads(container.execute("cat", SBOM))["components"]
    kinds = {re.split("[:/]", part.get("purl", "pkg:model"))[1] for part in parts}
    _must({"pypi", "npm", "deb", "generic"} <= kinds, f"the bill of materials lists {kinds} only")
    _secrets_and_labels(container)
    say(f"contents    {len(there['own'])} files of ours, {len(parts)} parts in the bill of materials")


def _secrets_and_labels(container: Container) -> None:
    image = output([*container.engine, "inspect", "--format", "{{.Image}}", container.name]).strip()
    [told] = json.loads(output([*container.engine, "image", "inspect", image]))
    config = told["Config"]
    named = [line for line in config["Env"] if _LOOKS_SECRET.search(line.partition("=")[0])]
    _must(not named, f"variables that look secret: {[line.partition('=')[0] for line in named]}")
    history = output([*container.engine, "history", "--no-trunc", "--format", "{{.CreatedBy}}", image])
    assigned = re.findall(r"\b(?:ARG|ENV) (\w*(?:TOKEN|SECRET|PASSWORD|API_?KEY)\w*)", history, re.I)
    _must(not assigned, f"the layers' history has {assigned}")
    labels = {
        name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()
    }
    for name in ("title", "description", "version", "revision", "licenses", "base.name"):
        _must(bool(labels.get(name)), f"no label {name}")


def second_start(container: Container) -> None:
    """A second start beside the first, as a Space's Dev Mode may make one, is refused and harms nothing."""
    before = _programs(container)
    code = container.execute("sh", "-c", "carrel up >/tmp/second 2>&1; echo $?").strip()
    said = container.execute("cat", "/tmp/second")
    _must(code == "2" and "in use by another Carrel" in said, f"a second start ended with {code}: {said}")
    _must(_programs(container) == before, "a second start disturbed the first")
    say("twice       the second start is refused, the first runs on")


def kills(container: Container, http: httpx.Client, client: GatewayClient) -> None:
    """After kill -9 of each process in turn everything is ready again, and answers."""
    for name, pid in _programs(container).items():
        container.execute("python3", "-c", f"import os; os.kill({pid}, 9)")
        began = time.monotonic()
        while _programs(container).get(name, pid) == pid:
            _must(time.monotonic() < began + BACK_WITHIN_S, f"{name} did not come back")
        wait_ready(container, http, client, began)
        say(f"kill -9     {name}: ready again after {time.monotonic() - began:.1f} s")
        container.execute("carrel", "ask", QUESTION)


def _programs(container: Container) -> dict[str, int]:
    """Return the process id of each supervised program, by its name."""
    found = {}
    for process in container.processes():
        if process["parent"] == 1 and (match := _STARTED.search(process["command"])):
            found[match[1] or match[2]] = process["pid"]
    return found


def read_only(knobs: Knobs) -> None:
    """Nothing but the data folder and /tmp need be writable."""
    began = time.monotonic()
    with (
        volume(knobs) as data,
        running(knobs, "--read-only", "--tmpfs=/tmp", f"--volume={data}:/home/carrel/data") as container,
        httpx.Client(base_url=container.url, timeout=10) as http,
    ):
        client = GatewayClient(http, admin_key=container.admin_key)
        _, ready_s = wait_ready(container, http, client, began)
        use(client)
        wrote = container.execute("sh", "-c", "touch /app/x 2>/dev/null && echo yes || echo no").strip()
        _must(wrote == "no", "the root is not read-only")
        container.stop(within_s=30)
        _must(container.exit_code() == 0, "it did not end with exit code 0")
    say(f"read-only   {ready_s:.1f} s to ready, answers, exit code 0")


def strangers(knobs: Knobs) -> None:
    """As a user that nobody knows it says in one line as whom to run, and ends with 2."""
    code, said = refused(knobs, "--user=4242")
    _must(code == 2 and "\n" not in said, f"as user 4242: exit code {code}, {said}")
    _must("this is user 4242: run as user 1000" in said, f"as user 4242 it says {said}")
    say(f"user 4242   {said}")


def restored(knobs: Knobs) -> None:
    """An empty container begins with another's backup: the same conversations, the same answers."""
    secret = {"SESSION_SECRET": "the same for both containers", "BACKUP_DIR": "/backups/carrel"}
    with volume(knobs) as backups:
        mount = f"--volume={backups}:/backups"
        with running(knobs, mount, **secret) as first, httpx.Client(base_url=first.url, timeout=10) as http:
            client = GatewayClient(http, admin_key=first.admin_key)
            wait_ready(first, http, client, time.monotonic())
            use(client)
            token = asyncio.run(_chat(first.url))
            before = _state(http, token, first.admin_key)
            began = time.monotonic()
            first.execute("carrel", "backup", "/backups/carrel")
            backup_s = time.monotonic() - began
        began = time.monotonic()
        with running(knobs, mount, **secret) as second, httpx.Client(base_url=second.url, timeout=10) as http:
            client = GatewayClient(http, admin_key=second.admin_key)
            _, ready_s = wait_ready(second, http, client, began)
            _must(_state(http, token, second.admin_key) == before, "not what was backed up")
    say(f"restored    backup {backup_s:.1f} s; an empty container begins with it, {ready_s:.1f} s to ready")


async def _chat(address: str) -> str:
    """Ask as a new visitor over the WebSocket; return the visitor's token."""
    token = await session(address)
    async with opened(address, token) as socket:
        _, citations = told(await ask(socket, QUESTION))
    _must(bool(citations), "the chat's answer cites nothing")
    return token


def _state(http: httpx.Client, token: str, key: str) -> list[Any]:
    """Return the visitor's conversations with their messages, and the answer to the question."""
    headers = {"Authorization": f"Bearer {token}"}
    listed = http.get("/v1/conversations", headers=headers).json()["items"]
    _must(bool(listed), "the visitor has no conversations")
    messages = [http.get(f"/v1/conversations/{one['id']}/messages", headers=headers).json() for one in listed]
    body = {"messages": [{"role": "user", "content": QUESTION}]}
    answer = http.post("/v1/answer", json=body, headers={"X-API-Key": key}).json()
    return [listed, messages, answer["answer"], answer["citations"]]


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ImageError(otherwise)
