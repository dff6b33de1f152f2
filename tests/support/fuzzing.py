"""Schemathesis over what a running Carrel says of itself, as one of its callers."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_CONFIGURATION = """
[auth.wfc]
path = "auth.json"
user = {first}
{peers}

[phases.stateful]
generation.max-examples = {chains}

[checks]
enabled = false
not_a_server_error.enabled = true
status_code_conformance.enabled = true
content_type_conformance.enabled = true
response_headers_conformance.enabled = true
response_schema_conformance.enabled = true
missing_required_header.enabled = true
unsupported_method.enabled = true
use_after_free.enabled = true
ensure_resource_availability.enabled = true
ignored_auth.enabled = true
object_level_authorization.enabled = true

[checks.negative_data_rejection]
enabled = true
# 413: a question that is too long.
expected-statuses = [400, 401, 403, 404, 405, 409, 413, 415, 422]

# Its body is bytes of a media type: whatever is sent is a text.
[[operations]]
include-operation-id = "put_document"
checks.negative_data_rejection.enabled = false
"""


def fuzz(
    address: str,
    document: Mapping[str, Any],
    callers: Mapping[str, Mapping[str, str]],
    folder: Path,
    *,
    seed: int,
    examples: int,
) -> subprocess.CompletedProcess[str]:
    """Ask everything in ``document`` of the Carrel at ``address``, and return how it went.

    The first of ``callers`` (a name, and its headers) asks; the others try to read what is the first's.
    At least ``examples`` requests are made up for an operation; ``folder`` is for what this needs.
    """
    (folder / "openapi.json").write_text(json.dumps(document))
    names = list(callers)
    auth = [
        {"name": name, "fixedHeaders": [{"name": key, "value": value} for key, value in headers.items()]}
        for name, headers in callers.items()
    ]
    (folder / "auth.json").write_text(json.dumps({"auth": auth}))
    peers = f"peers = {json.dumps(names)}" if len(names) > 1 else ""
    (folder / "schemathesis.toml").write_text(
        _CONFIGURATION.format(first=json.dumps(names[0]), peers=peers, chains=3 * examples)
    )
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--no-color", "run", "openapi.json"),
        *("--url", address, "--request-timeout", "30", "--suppress-health-check", "all"),
        *("--phases", "examples,coverage,fuzzing,stateful", "--max-examples", str(examples)),
        *("--seed", str(seed), "--continue-on-failure"),
    ]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "NO_PROXY": "*"}
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False
    )
