"""The chat page's files, held in memory, so that the page is there whatever else is not."""

import gzip
import hashlib
import mimetypes
import re
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


_REFUSED = re.compile(r"q=0(\.0{0,3})?")


@dataclass(frozen=True)
class StaticFile:
    """One file and how it is announced."""

    content: bytes
    compressed: bytes
    """The same, gzipped; nothing where that saves nothing."""
    media_type: str
    etag: str

    def response(self, request: Request) -> Response:
        """Return the file, compressed for who takes that, or 304 to a client that has it."""
        # Asked for every time, sent only when changed: a new release is seen at once.
        headers = {
            "cache-control": "no-cache",
            "etag": self.etag,
            "vary": "Accept-Encoding",
            "content-security-policy": PAGE_POLICY,
        }
        known = request.headers.get("if-none-match", "").replace("W/", "").split(",")
        if self.etag.removeprefix("W/") in (tag.strip() for tag in known):
            return Response(status_code=304, headers=headers)
        if self.compressed and takes_gzip(request.headers.get("accept-encoding", "")):
            headers["content-encoding"] = "gzip"
            return Response(self.compressed, media_type=self.media_type, headers=headers)
        return Response(self.content, media_type=self.media_type, headers=headers)


def takes_gzip(accepted: str) -> bool:
    """Return whether an ``Accept-Encoding`` names gzip and does not refuse it (RFC 9110, section 12.5.3)."""
    for coding in accepted.lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() == "gzip":
            return not _REFUSED.fullmatch(weight.strip())
    return False


def load(folder: Path) -> dict[str, StaticFile]:
    """Return the files of ``folder`` by the path they are served at."""
    return {path: _load(folder / name) for path, name in PAGE_FILES.items()}


def _load(file: Path) -> StaticFile:
    content = file.read_bytes()
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    packed = gzip.compress(content, mtime=0)
    return StaticFile(
        content,
        packed if len(packed) < len(content) else b"",
        media_type,
        # Weak: it names what the file says, in whichever coding it is sent (RFC 9110, section 8.8.3.3).
        f'W/"{hashlib.sha256(content).hexdigest()[:32]}"',
    )
