"""The pages, the widget and what they load, held in memory, so that they are there whatever else is not."""

import gzip
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from gateway.routing import ASSETS, PAGES, SCRIPTS

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; object-src 'none'; "
    # Markup is made of text by these two alone, and the browser sees to it.
    "require-trusted-types-for 'script'; trusted-types lit-html dompurify 'allow-duplicates'; "
)
_PLATFORM = ("https://huggingface.co", "https://*.hf.space")
"""The platform shows the page in a frame of its own; X-Frame-Options could not say that."""

# Asked for every time, sent only when changed: a new release is seen at once.
_ALWAYS_ASK = "no-cache"
_SOON = "public, max-age=600, stale-while-revalidate=86400"
_FOR_EVER = "public, max-age=31536000, immutable"
_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
_REFUSED = re.compile(r"q=0(\.0{0,3})?")
_NOT_BUILT = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Carrel</title>
<h1>Carrel runs</h1>
<p>Its pages are not built yet: <code>make web</code> does that, and needs Node.js 20 with npm. Until then
there is the API (<a href="openapi.json">openapi.json</a>) and the command line: <code>carrel ask</code>.</p>
</html>
"""


@dataclass(frozen=True)
class StaticFile:
    """One file and how it is announced."""

    content: bytes
    compressed: bytes
    """The same, gzipped; nothing where that saves nothing."""
    media_type: str
    etag: str
    cache_control: str
    policy: str
    """Of a page; empty for what is no page."""

    def response(self, request: Request) -> Response:
        """Return the file, compressed for who takes that, or 304 to a client that has it."""
        headers = {"cache-control": self.cache_control, "etag": self.etag, "vary": "Accept-Encoding"}
        if self.policy:
            headers["content-security-policy"] = self.policy
        known = request.headers.get("if-none-match", "").replace("W/", "").split(",")
        if self.etag.removeprefix("W/") in (tag.strip() for tag in known):
            return Response(status_code=304, headers=headers)
        if self.compressed and takes_gzip(request.headers.get("accept-encoding", "")):
            headers["content-encoding"] = "gzip"
            return Response(self.compressed, media_type=self.media_type, headers=headers)
        return Response(self.content, media_type=self.media_type, headers=headers)


def page_policy(framed_by: Iterable[str] = ()) -> str:
    """Return what the browser lets a page do, and the origins whose pages may show it in a frame."""
    origins = set(framed_by)
    ancestors = "*" if "*" in origins else " ".join(("'self'", *_PLATFORM, *sorted(origins)))
    return f"{_POLICY}frame-ancestors {ancestors}"


def takes_gzip(accepted: str) -> bool:
    """Return whether an ``Accept-Encoding`` names gzip and does not refuse it (RFC 9110, section 12.5.3)."""
    for coding in accepted.lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() == "gzip":
            return not _REFUSED.fullmatch(weight.strip())
    return False


def load(folder: Path, *, framed_by: Iterable[str] = ()) -> Mapping[str, StaticFile]:
    """Return the files that were built into ``folder`` by the path they are served at.

    Without them each page says how they are built; scripts are not there.
    """
    # The owner's desk is shown by nobody: who frames it could guide the owner's hand.
    policies = {"/": page_policy(framed_by), "/admin": page_policy()}
    pages = {path: _page(folder / name, policies[path]) for path, name in PAGES.items()}
    return pages | dict(_loaded(folder))


def _page(file: Path, policy: str) -> StaticFile:
    if not file.is_file():
        return _file(_NOT_BUILT, ".html", cache_control="no-store", policy=policy)
    return _file(file.read_bytes(), ".html", cache_control=_ALWAYS_ASK, policy=policy)


def _loaded(folder: Path) -> Iterator[tuple[str, StaticFile]]:
    for path, name in SCRIPTS.items():
        if (file := folder / name).is_file():
            yield path, _file(file.read_bytes(), ".js", cache_control=_SOON)
    for file in sorted(folder.glob("assets/*")):
        if file.suffix in _TYPES:
            yield f"{ASSETS}/{file.name}", _file(file.read_bytes(), file.suffix, cache_control=_FOR_EVER)


def _file(content: bytes, suffix: str, *, cache_control: str, policy: str = "") -> StaticFile:
    packed = gzip.compress(content, mtime=0)
    return StaticFile(
        content,
        packed if len(packed) < len(content) else b"",
        _TYPES[suffix],
        # Weak: it names what the file says, in whichever coding it is sent (RFC 9110, section 8.8.3.3).
        f'W/"{hashlib.sha256(content).hexdigest()[:32]}"',
        cache_control,
        policy,
    )
