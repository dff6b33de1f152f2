"""cli.sbom: what is in the image, each under its name, version and address."""

import json
import re
import subprocess
import sys
from email.message import Message
from pathlib import Path
from typing import Any

from cli import sbom

ROOT = Path(__file__).resolve().parents[2]
STATUS = """Package: adduser
Status: install ok installed
Architecture: all
Version: 3.134

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""


def package(**fields: str) -> Message:
    """A package's metadata; a double underscore stands for a hyphen."""
    made = Message()
    for name, value in fields.items():
        made[name.replace("_", "-")] = value
    return made


def test_python_packages_are_named_as_their_index_names_them() -> None:
    """The address has the normal name, the component the package's own."""
    [one] = sbom.python_packages([package(Name="Zope.Interface", Version="8.0+local", License="ZPL-2.1")])

    assert (one["name"], one["purl"]) == ("Zope.Interface", "pkg:pypi/zope-interface@8.0%2Blocal")
    assert one["licenses"] == [{"license": {"name": "ZPL-2.1"}}]


def test_a_licence_is_what_is_short() -> None:
    """A whole licence's text in the field is passed over for the classifiers; without any nothing is said."""
    text = package(Name="a", Version="1", License="Permission is\nhereby granted")
    text["Classifier"] = "License :: OSI Approved :: MIT License"
    text["Classifier"] = "Topic :: Text"

    found = sbom.python_packages([text, package(Name="b", Version="1")])

    assert found[0]["licenses"] == [{"license": {"name": "MIT License"}}]
    assert "licenses" not in found[1]


def test_of_the_pages_only_what_is_in_them() -> None:
    """What only builds them is left out; a scope is part of the name; the digest is the archive's."""
    lock = {
        "packages": {
            "": {"version": "1"},
            "node_modules/@lit/element": {
                "version": "2.0.0",
                "license": "BSD-3-Clause",
                "integrity": "sha512-AAEC",
            },
            "node_modules/vite": {"version": "7.0.0", "dev": True},
            "node_modules/plain": {"version": "1.0.0"},
        }
    }

    scoped, plain = sbom.npm_packages(lock)

    assert scoped["purl"] == "pkg:npm/%40lit/element@2.0.0"
    assert scoped["hashes"] == [{"alg": "SHA-512", "content": "000102"}]
    assert "hashes" not in plain


def test_of_the_system_only_what_is_installed() -> None:
    """A removed package whose configuration is left is none."""
    [one] = sbom.debian_packages(STATUS)

    assert one["purl"] == "pkg:deb/debian/adduser@3.134?arch=all"


def test_the_model_is_one_of_them() -> None:
    """By the digest of the file that is loaded."""
    manifest = {
        "name": "m",
        "source_sha256": "a" * 64,
        "quantisation": "int8",
        "files": {"model.onnx": "b" * 64},
    }

    one = sbom.model(manifest)

    assert (one["type"], one["version"]) == ("machine-learning-model", "aaaaaaaaaaaa-int8")
    assert one["hashes"] == [{"alg": "SHA-256", "content": "b" * 64}]


def run(output: Path, models: Path) -> dict[str, Any]:
    """Run it as the image's build does, without anything of ours to import."""
    command: list[str | Path] = [
        sys.executable,
        ROOT / "cli" / "sbom.py",
        output,
        ROOT / "web" / "package-lock.json",
        models,
    ]
    subprocess.run(command, cwd=output.parent, check=True)
    found: dict[str, Any] = json.loads(output.read_text())
    return found


def test_the_same_place_makes_the_same_document(tmp_path: Path) -> None:
    """Twice run, it is the same to the letter, and names the packages that are locked."""
    (tmp_path / "models").mkdir()

    first = run(tmp_path / "one.json", tmp_path / "models")
    run(tmp_path / "two.json", tmp_path / "models")

    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert (first["bomFormat"], first["specVersion"]) == ("CycloneDX", "1.6")
    refs = [one["bom-ref"] for one in first["components"]]
    assert len(refs) == len(set(refs))
    purls = {one.get("purl") for one in first["components"]}
    locked = re.findall(
        r"^(fastapi|pydantic|supervisor)==(\S+)", (ROOT / "requirements.txt").read_text(), re.M
    )
    assert {f"pkg:pypi/{name}@{version}" for name, version in locked} <= purls
    assert len(locked) == 3
    assert any(str(purl).startswith("pkg:generic/postgresql@18") for purl in purls)
