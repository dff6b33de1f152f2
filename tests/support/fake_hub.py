"""A Hub and one Space on it, over HTTP, for the real library: answers as programmed, requests kept."""

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SPACE = "keeper/lamps"
TOKEN = "hf_a-token-of-the-tests"
_NO_SPACE = {"error": "Repository not found"}
_LONG_AGO = "2025-01-01T00:00:00Z"
"""Of every line of a log: the library leaves out what is later than its request."""
_API = f"/api/spaces/{SPACE}"
_COMMIT = re.compile(r"^ARG COMMIT=(\w+)", re.MULTILINE)


@dataclass
class FakeHub:
    """The Hub, and the Space as it is there."""

    exists: bool = False
    pro: bool = True
    role: str = "write"
    secrets: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    volumes: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    titles: list[str] = field(default_factory=list)
    stages: list[str] = field(default_factory=lambda: ["RUNNING", "BUILDING", "APP_STARTING", "RUNNING"])
    """One at each look after an upload; the last one stays."""
    message: str = ""
    logs: dict[str, list[str]] = field(default_factory=dict)
    refusals: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    """By method and the path's last part, what is answered instead: once."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    commits: int = 0
    visits: int = 0
    restarts: int = 0
    serves: str = ""
    """The revision that the Space tells."""
    unready: bool = False
    address: str = ""

    @property
    def stage(self) -> str:
        """The stage it is in."""
        return self.stages[0]

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, Any]:
        """Return the status and the body for one request."""
        parts = urlsplit(target)
        path, last = parts.path, parts.path.rpartition("/")[2]
        self.requests.append((method, path))
        if refusal := self.refusals.pop((method, last), None):
            return refusal[0], {"error": refusal[1]}
        if path.startswith("/app/"):
            return self._app(last)
        if path == "/api/whoami-v2":
            auth = (
                {"type": "access_token", "accessToken": {"role": self.role}}
                if self.role
                else {"type": "oauth"}
            )
            orgs = [{"name": "lighthouse"}]
            return 200, {"type": "user", "name": "keeper", "isPro": self.pro, "orgs": orgs, "auth": auth}
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if path.startswith("/api/buckets"):
            return 200, {"url": f"{self.address}/buckets/keeper/lamps", "id": "keeper/lamps"}
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}
        if path.startswith(_API) and self.exists:
            return self._space(method, path.removeprefix(_API).strip("/"), parse_qs(parts.query), body)
        return 404, _NO_SPACE

    def _app(self, last: str) -> tuple[int, Any]:
        if self.stage == "SLEEPING":
            self.visits += 1
            self.stages = ["APP_STARTING", "RUNNING"]
        if self.stage not in ("RUNNING", "RUNNING_BUILDING"):
            return 503, {}
        if last == "version":
            return 200, {"commit": self.serves}
        return (503 if self.unready else 200), {}

    def _create(self, asked: Mapping[str, Any]) -> tuple[int, Any]:
        if asked["sdk"] != "docker" or asked["type"] != "space":
            return 400, {"error": "not a Docker Space"}
        if not self.pro:
            return 402, {
                "error": "hosting Gradio and Docker Spaces on free cpu-basic requires a PRO subscription"
            }
        self.exists = True
        return 200, {"url": f"{self.address}/spaces/{SPACE}", "name": SPACE}

    def _space(self, method: str, what: str, query: Mapping[str, list[str]], body: bytes) -> tuple[int, Any]:
        match what.split("/")[0]:
            case "":
                return 200, {"id": SPACE, "sha": "0", "host": f"{self.address}/app", "siblings": []}
            case "secrets" | "variables" as kind:
                return self._settings(method, kind, body)
            case "volumes":
                self.volumes = json.loads(body)["volumes"]
                return 200, {}
            case "runtime":
                return 200, self._looked_at()
            case "restart":
                self.restarts += 1
                self.stages = ["APP_STARTING", "RUNNING"]
                return 200, self._runtime()
            case "tree":
                return 200, [
                    {"type": "file", "path": path, "size": len(content), "oid": "0" * 40}
                    for path, content in self.files.items()
                ]
            case "preupload":
                files = json.loads(body)["files"]
                told = [{"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in files]
                return 200, {"files": told}
            case "commit":
                return self._commit(body)
            case "commits":
                dates = {"authors": [], "date": "2026-11-27T12:00:00.000Z", "message": ""}
                return 200, [{"id": "0" * 40, "title": title, **dates} for title in reversed(self.titles)]
            case "logs":
                return 200, self.logs.get(what.split("/")[1], [])
            case _:
                return 404, {"error": f"no {what}"}

    def _settings(self, method: str, kind: str, body: bytes) -> tuple[int, Any]:
        there = self.secrets if kind == "secrets" else self.variables
        if method == "POST":
            asked = json.loads(body)
            there[asked["key"]] = asked["value"]
        shown = {
            name: {"key": name} | ({} if kind == "secrets" else {"value": there[name]}) for name in there
        }
        return 200, shown

    def _looked_at(self) -> dict[str, Any]:
        told = self._runtime()
        if len(self.stages) > 1 and self.commits:
            self.stages.pop(0)
            if self.stage == "RUNNING":
                self._start()
        return told

    def _runtime(self) -> dict[str, Any]:
        hardware = {"current": "cpu-basic", "requested": "cpu-basic"}
        return {
            "stage": self.stage,
            "hardware": hardware,
            "errorMessage": self.message,
            "volumes": self.volumes,
        }

    def _start(self) -> None:
        found = _COMMIT.search(self.files.get("Dockerfile", b"").decode())
        self.serves = found[1] if found else ""

    def _commit(self, body: bytes) -> tuple[int, Any]:
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "header":
                self.titles.append(value["summary"])
            elif line["key"] == "file":
                self.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "deletedFile":
                self.files.pop(value["path"])
        self.commits += 1
        return 200, {
            "commitUrl": f"{self.address}/spaces/{SPACE}/commit/0",
            "commitOid": "0" * 40,
            "success": True,
        }


@contextmanager
def serving(hub: FakeHub) -> Iterator[str]:
    """Serve ``hub`` on this machine; give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub.answer))
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub.address
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(answer: Callable[[str, str, bytes], tuple[int, Any]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, said = answer(self.command, self.path, body)
            kind, content = "application/json", json.dumps(said).encode()
            if "/logs/" in self.path and status == 200:
                lines = [json.dumps({"data": f"{line}\n", "timestamp": _LONG_AGO}) for line in said]
                kind, content = "text/event-stream", "".join(f"data: {line}\n\n" for line in lines).encode()
            self.send_response(status)
            self.send_header("content-type", kind)
            if said == _NO_SPACE:
                self.send_header("x-error-code", "RepoNotFound")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _any

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler
