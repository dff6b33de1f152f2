"""The folder a model lies in: what is in it, and that it is whole.

Owns the manifest. A folder is made beside its place and moved there when it is finished, by
``retriever.embedding.making``; a file that is not what the manifest says is never loaded.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

MANIFEST = "manifest.json"
MODEL = "model.onnx"
TOKENIZER = "tokenizer.json"


class ModelFolderError(Exception):
    """The folder holds no model that can be used; the text says why and names no path."""


@dataclass(frozen=True)
class Manifest:
    """What the files are and what they were made from."""

    name: str
    """The model, such as ``all-MiniLM-L6-v2``."""
    quantisation: str
    size: int
    """The dimension of its vectors."""
    max_tokens: int
    """What is behind so many tokens of a text is not looked at."""
    source_sha256: str
    """Of the published weights."""
    files: Mapping[str, str]
    """The sha256 of each file."""
    versions: Mapping[str, str]
    """Of the libraries that made them."""

    @property
    def space(self) -> str:
        """The name of the space its vectors lie in."""
        return f"local/{self.name}@{self.source_sha256[:8]}/{self.quantisation}/{self.max_tokens}"


_KINDS = {
    "name": str,
    "quantisation": str,
    "size": int,
    "max_tokens": int,
    "source_sha256": str,
    "files": dict,
    "versions": dict,
}


def sha256(content: bytes) -> str:
    """Return the digest of ``content``, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest in ``folder``.

    Raises
    ------
    ModelFolderError
        If there is none, or not one of this version.
    """
    try:
        told = json.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise ModelFolderError("there is no model") from None
    except OSError as error:
        raise ModelFolderError(f"the model's manifest cannot be read ({error.strerror})") from None
    except ValueError:
        raise ModelFolderError("the model's manifest is not JSON") from None
    if not isinstance(told, dict) or any(type(told.get(name)) is not kind for name, kind in _KINDS.items()):
        raise ModelFolderError("the model's manifest is another version's")
    return Manifest(**{name: told[name] for name in _KINDS})


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``manifest`` into ``folder``."""
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2, sort_keys=True) + "\n")


def read_checked(folder: Path, manifest: Manifest, name: str) -> bytes:
    """Return the file ``name`` of ``folder``.

    Raises
    ------
    ModelFolderError
        If it is not the file that ``manifest`` was written for.
    """
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise ModelFolderError(f"{name} cannot be read ({error.strerror})") from None
    if sha256(content) != manifest.files.get(name):
        raise ModelFolderError(f"{name} is not the file its manifest was written for")
    return content
