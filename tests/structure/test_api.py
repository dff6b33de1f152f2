"""The document of the whole API, as the three services make it: valid, complete, and what the page says."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI

from chat_ws.app import create_app as chat_app
from chat_ws.settings import ChatSettings
from gateway.own.openapi import TAGS, merge
from gateway.own.routes import router
from gateway.routing import ROUTES, Target
from retriever.app import create_app as retriever_app
from retriever.settings import RetrieverSettings
from shared.http import install_error_handlers

PAGE = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The merged document; no service is started for it."""
    own = FastAPI(title="Carrel", version="1")
    own.include_router(router)
    install_error_handlers(own)
    settings: dict[str, Any] = {"internal_token": "t" * 32, "data_dir": tmp_path_factory.mktemp("data")}
    chat = ChatSettings(**settings, database_url="postgresql://nowhere/carrel")
    retriever = RetrieverSettings(**settings)
    return merge(
        own.openapi(),
        {Target.RETRIEVER: retriever_app(retriever).openapi(), Target.CHAT: chat_app(chat).openapi()},
    )


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each operation with its method and path."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of a document."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


def test_it_is_valid(document: dict[str, Any]) -> None:
    """It is what OpenAPI 3.1 says a document is."""
    assert document["openapi"].startswith("3.1")
    schemathesis.openapi.from_dict(document).validate()


def test_its_references_lead_somewhere(document: dict[str, Any]) -> None:
    """What is referred to is there: schemas, headers, responses, the operations of links."""
    names = {operation["operationId"] for _, _, operation in operations(document)}
    for node in nodes(document):
        if isinstance(reference := node.get("$ref"), str):
            _, kind, group, name = reference.split("/")
            assert name in document[kind][group], reference
        for link in node.get("links", {}).values():
            assert link["operationId"] in names


def test_every_route_that_exists_is_in_it(document: dict[str, Any]) -> None:
    """Each row of the route table has an operation."""
    paths = set(document["paths"])
    missing = {
        route.path
        for route in ROUTES
        if not any(
            path == route.path or (route.below and path.startswith(f"{route.path}/")) for path in paths
        )
    }
    assert not missing


def test_each_operation_reads_well(document: dict[str, Any]) -> None:
    """It has a name of its own, a known tag, a summary and a description."""
    names = Counter(operation["operationId"] for _, _, operation in operations(document))
    assert set(names.values()) == {1}
    for method, path, operation in operations(document):
        assert re.fullmatch("[a-z_]+", operation["operationId"]), (method, path)
        assert len(operation["tags"]) == 1, (method, path)
        assert operation["tags"][0] in TAGS, (method, path)
        assert operation["summary"], (method, path)
        assert operation["description"], (method, path)


def test_each_refusal_is_a_problem(document: dict[str, Any]) -> None:
    """Whatever is refused is refused in one shape; only the health family says how it is instead."""
    for method, path, operation in operations(document):
        for status, answer in operation["responses"].items():
            if "$ref" in answer:
                answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
            if int(status) >= 400 and not (path.startswith("/health") and status == "503"):
                assert set(answer["content"]) == {"application/problem+json"}, (method, path, status)


def test_the_page_lists_each_operation(document: dict[str, Any]) -> None:
    """docs/api.md names every operation there is, and no other, with its operation id."""
    rows = re.findall(r"^\| `([A-Z]+) (/\S*)` \| `(\w+)` \|", PAGE.read_text(), re.MULTILINE)
    found = {(method, path, operation["operationId"]) for method, path, operation in operations(document)}
    assert set(rows) == found
