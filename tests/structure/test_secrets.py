"""No key stands in the repository, in none of its files and at no time; what is installed is pinned."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.secret_shapes import found, main

ROOT = Path(__file__).parents[2]
LOCKS = sorted(ROOT.glob("requirements*.txt"))
PARTS = {
    "AWS": ("AKIA", "ABCDEFGHIJ234567"),
    "GitHub": ("ghp_", "a1" * 18),
    "GitHub, fine": ("github_pat_", "a1" * 40),
    "GitLab": ("glpat-", "a1" * 10),
    "Hugging Face": ("hf_", "aB" * 17),
    "OpenAI or Anthropic": ("sk-", "proj-" + "a1" * 20),
    "Slack": ("xoxb-", "1234567890-abc"),
    "Google": ("AIza", "a1" * 17 + "b"),
    "PyPI": ("pypi-AgE", "a1" * 30),
    "npm": ("npm_", "a1" * 18),
    "Stripe": ("sk_live_", "a1" * 12),
    "signed token": ("eyJhbGciOiJIUzI1.", "eyJzdWIiOiIxMjM0." + "a1" * 20),
    "private key": ("-----BEGIN RSA ", "PRIVATE KEY-----\n" + "a1" * 20),
    "Cohere": ("COHERE_API_KEY=", "a1" * 20),
}
"""Keys in two parts, so that none stands here."""


MADE_UP = {
    "signed token bdd76b848653",  # tests/cli/verify/verdicts/test_leaks.py: what a leak looks like
}
"""What only looks like a key, by its hash."""


def git(*arguments: str, stdin: bytes = b"") -> bytes:
    """What git says of this checkout."""
    return subprocess.run(["git", *arguments], cwd=ROOT, input=stdin, capture_output=True, check=True).stdout


@pytest.mark.parametrize("name", PARTS)
def test_each_shape_is_found(name: str, tmp_path: Path) -> None:
    """A key is found in the middle of anything, and told by its hash alone."""
    key = "".join(PARTS[name])
    (told,) = found(f"before {key} after {PARTS[name][0]}".encode())
    assert told.startswith(f"{name} ")
    assert key[8:] not in told
    file = tmp_path / "file"
    file.write_text(f"x = '{key}'")
    assert main([str(file)]) == 1
    file.write_text("x = 'nothing'")
    assert main([str(file)]) == 0


def test_what_is_known_is_found() -> None:
    """Also what has no shape, where somebody knows it."""
    assert [told.partition(" ")[0] for told in found(b"a secret of ours", known=["secret", "other"])] == [
        "known"
    ]


def test_no_key_stands_in_the_files() -> None:
    """Tracked files, and those that are about to be."""
    names = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").decode().split("\0")
    files = [ROOT / name for name in names if name and (ROOT / name).is_file()]
    assert len(files) > 100
    wrong = {str(file): told for file in files if (told := set(found(file.read_bytes())) - MADE_UP)}
    assert not wrong


def test_no_key_ever_stood_there() -> None:
    """Every file of every commit that led here: what was once committed is public for ever."""
    objects = git("rev-list", "--objects", "HEAD").splitlines()
    ids = b"\n".join(line.partition(b" ")[0] for line in objects)
    everything = git("cat-file", "--batch", "--buffer", stdin=ids)
    assert len(everything) > 10_000
    assert not set(found(everything)) - MADE_UP


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_what_is_installed_is_pinned(lock: Path) -> None:
    """One version of each package, by its hashes; no address of an index."""
    text = lock.read_text()
    packages = re.split(r"\n(?=\S)", text.strip())
    assert packages
    for package in packages:
        assert re.match(r"[a-z0-9._-]+(\[[a-z0-9,-]+\])?==\S+ ", package), package
        assert "--hash=sha256:" in package, package
    assert "://" not in text


def test_the_image_is_built_of_what_is_pinned_and_holds_no_secret() -> None:
    """Hashes are required, nothing is compiled of a stranger's source, no variable looks like a secret."""
    text = (ROOT / "Dockerfile").read_text()
    installs = [line for line in re.split(r"\n(?! )", text) if "pip install" in line]
    assert installs
    for line in installs:
        assert line.count("--require-hashes --only-binary :all:") == line.count("pip install")
    assert re.search(r"^USER 1000$", text, re.MULTILINE)
    named = re.findall(r"^(?:ARG|ENV) +(\w+)", text, re.MULTILINE)
    assert not [name for name in named if re.search("TOKEN|SECRET|PASSWORD|KEY|CREDENTIAL", name)]
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored  # nothing comes in but what is named
    assert not [line for line in ignored if re.match(r"!.*(\.env|data|\.git)\b", line)]
