"""The chat page's files, held in memory, so that the page is there whatever else is not."""

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from gateway.routing import PAGE_FILES

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; object-src 'none'; "
    # The platform shows the page in a frame of its own; X-Frame-Options could not say that.
    "frame-ancestors 'self' https://huggingface.co https://*.hf.space"
)


@dataclass(frozen=True)
class StaticFile:
    """One file and how it is announced."""

    content: bytes
    media_type: str
    etag: str

    def response(self, request: Request) -> Response:
        """Return the file, or 304 to a client that has it."""
        # Asked for every time, sent only when changed: a new release is seen at once.
        headers = {"cache-control": "no-cache", "etag": self.etag, "content-security-policy": PAGE_POLICY}
        known = request.headers.get("if-none-match", "").replace("W/", "").split(",")
        if self.etag in (tag.strip() for tag in known):
            return Response(status_code=304, headers=headers)
        return Response(self.content, media_type=self.media_type, headers=headers)


def load(folder: Path) -> dict[str, StaticFile]:
    """Return the files of ``folder`` by the path they are served at."""
    return {path: _load(folder / name) for path, name in PAGE_FILES.items()}


def _load(file: Path) -> StaticFile:
    content = file.read_bytes()
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return StaticFile(content, media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
