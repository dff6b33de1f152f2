"""What keys look like, and where they must not stand: ``python -m tests.support.secret_shapes FILE...``.

Owns the shapes of well-known services' keys. Each is narrow: what it finds is a key, or made to look it.
"""

import hashlib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

_SHAPES: Mapping[str, tuple[tuple[bytes, ...], bytes]] = {
    "private key": (
        (b"-----BEGIN ",),
        rb"-----BEGIN (?:[A-Z]{2,9} )?PRIVATE KEY(?: BLOCK)?-----\s+[A-Za-z0-9+/]{20}",
    ),
    "AWS": ((b"AKIA", b"ASIA"), rb"A(?:KI|SI)A[A-Z0-9]{16}(?![A-Z0-9])"),
    "GitHub": ((b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"), rb"gh[pousr]_[A-Za-z0-9]{36}"),
    "GitHub, fine": ((b"github_pat_",), rb"github_pat_[A-Za-z0-9_]{60,}"),
    "GitLab": ((b"glpat-",), rb"glpat-[A-Za-z0-9_-]{20}"),
    "Hugging Face": ((b"hf_",), rb"hf_[A-Za-z]{34}(?![A-Za-z])"),
    "OpenAI or Anthropic": ((b"sk-",), rb"sk-(?:proj-|ant-|svcacct-)?[A-Za-z0-9_-]{32,}"),
    "Slack": ((b"xox",), rb"xox[abprs]-[A-Za-z0-9-]{10,}"),
    "Google": ((b"AIza",), rb"AIza[A-Za-z0-9_-]{35}"),
    "PyPI": ((b"pypi-AgE",), rb"pypi-AgE[A-Za-z0-9_-]{50,}"),
    "npm": ((b"npm_",), rb"npm_[A-Za-z0-9]{36}"),
    "Stripe": ((b"k_live_",), rb"k_live_[A-Za-z0-9]{20,}"),
    "signed token": ((b"eyJ",), rb"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}"),
    "Cohere": (
        (b"COHERE_API_KEY", b"CO_API_KEY"),
        rb"CO(?:HERE)?_API_KEY[\"']?\s{0,4}[=:]\s{0,4}[\"']?[A-Za-z0-9]{40}(?![A-Za-z0-9])",
    ),
}
"""By name: how a key begins, which is looked for first, and what it is as a whole."""
_COMPILED = {name: (begins, re.compile(shape)) for name, (begins, shape) in _SHAPES.items()}


def found(content: bytes, *, known: Iterable[str] = ()) -> Iterator[str]:
    """Yield what in ``content`` is a key by its shape, or one of those ``known``; never the key itself.

    What is yielded ends in the first digits of the sha256 of what was found.
    """
    for name, (begins, shape) in _COMPILED.items():
        for begin in begins:
            at = content.find(begin)
            while at >= 0:
                if match := shape.match(content, at):
                    yield f"{name} {_digest(match[0])}"
                at = content.find(begin, at + 1)
    for secret in known:
        if secret.encode() in content:
            yield f"known {_digest(secret.encode())}"


def _digest(secret: bytes) -> str:
    return hashlib.sha256(secret).hexdigest()[:12]


def main(paths: list[str]) -> int:
    """Scan files, or standard input for ``-``; return 1 when something was found."""
    wrong = 0
    for path in paths:
        content = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        for what in found(content):
            wrong = 1
            sys.stdout.write(f"{path}: {what}\n")
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
