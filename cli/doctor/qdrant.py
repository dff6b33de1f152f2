"""Asks Qdrant what it is and what it holds. Reads only; of the embedded engine its configuration."""

import time
from collections.abc import Mapping
from typing import Any

import httpx

from cli.doctor.reach import line_of
from cli.doctor.verdicts.qdrant import GROUP, SERVER, Facts, embedded, verdicts
from cli.findings import Finding
from cli.supervision.layout import Layout
from retriever.embedded_folders import dense_size, living_folder
from retriever.embedding.cohere import fixed_size
from retriever.embedding.folder import ModelFolderError, read_manifest
from retriever.qdrant import DENSE, port_of
from retriever.settings import RetrieverSettings

_TIMEOUT_S = 5.0


def check(settings: RetrieverSettings, layout: Layout, *, in_use: bool) -> list[Finding]:
    """Return what there is to say of the index's place."""
    if settings.qdrant_url is None:
        return _embedded(settings, layout, in_use=in_use)
    key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else ""
    found = facts(settings.qdrant_url, key=key, collection=settings.qdrant_collection)
    return list(verdicts(found, wanted=vector_size(settings), needs=(line_of("QDRANT_URL"),)))


def _embedded(settings: RetrieverSettings, layout: Layout, *, in_use: bool) -> list[Finding]:
    folder = living_folder(layout.data_dir / "qdrant")
    told = (
        "in use by a running Carrel"
        if in_use
        else "at rest"
        if folder.exists()
        else "made at the first start"
    )
    server = Finding(GROUP, SERVER, "green", f"embedded engine: {told}")
    try:
        size = dense_size(folder)
    except (OSError, ValueError):
        return [server]
    return [server, embedded(size, wanted=vector_size(settings))]


def vector_size(settings: RetrieverSettings) -> int | None:
    """Return how many numbers the vectors of the configured embedding model have; None without a model."""
    if settings.cohere_api_key is not None:
        return fixed_size(settings.cohere_embed_model) or settings.cohere_embed_dimension
    try:
        return read_manifest(settings.embedding_model_dir).size
    except ModelFolderError:
        return None


def facts(url: str, *, key: str, collection: str) -> Facts:
    """Return what the server at ``url`` tells of itself and of the living one of ``collection``."""
    base = httpx.URL(url).copy_with(port=port_of(url))
    headers = {"api-key": key} if key else {}
    try:
        with httpx.Client(base_url=base, headers=headers, timeout=_TIMEOUT_S) as http:
            began = time.monotonic()
            root = http.get("/")
            ms = (time.monotonic() - began) * 1000
            version = str(_object(root).get("version", ""))
            if root.status_code != 200:
                return Facts(root.status_code, version, ms)
            # An alias stands wherever a name does.
            held = http.get(f"/collections/{collection}-living")
            if held.status_code == 404:
                held = http.get(f"/collections/{collection}")
    except httpx.HTTPError:
        return Facts(0)
    result = _inside(_object(held), "result")
    dense = _inside(_inside(_inside(_inside(result, "config"), "params"), "vectors"), DENSE)
    size = dense.get("size")
    points = result.get("points_count")
    return Facts(
        root.status_code,
        version,
        ms,
        held.status_code,
        size if isinstance(size, int) else None,
        points if isinstance(points, int) else 0,
    )


def _object(response: httpx.Response) -> Mapping[str, Any]:
    try:
        told = response.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _inside(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = told.get(name)
    return inner if isinstance(inner, dict) else {}
