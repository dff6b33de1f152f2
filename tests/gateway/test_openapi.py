"""One document for three services."""

from typing import Any

from gateway.openapi import merge
from gateway.routing import Target

OWN: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {"/health": {"get": {"summary": "health"}}},
    "components": {"schemas": {"Health": {"type": "object"}, "Same": {"type": "string"}}},
}


def service(path: str, **schemas: Any) -> dict[str, Any]:
    """A service's document with one path that answers ``Health``."""
    answer = {"$ref": "#/components/schemas/Health"}
    return {"paths": {path: {"post": {"responses": {"200": answer}}}}, "components": {"schemas": schemas}}


def test_what_a_service_answers_is_in_the_document() -> None:
    """Its routes are there with what they take, beside the gateway's own."""
    merged = merge(
        OWN, {Target.RETRIEVER: service("/v1/documents/{id}"), Target.CHAT: service("/v1/messages")}
    )
    assert set(merged["paths"]) == {"/health", "/v1/documents/{id}", "/v1/messages"}
    assert merged["paths"]["/v1/documents/{id}"]["post"]["security"] == [
        {"adminKey": []},
        {"adminKeyAsBearer": []},
    ]
    assert {"visitorToken": []} in merged["paths"]["/v1/messages"]["post"]["security"]


def test_only_what_can_be_reached_is_in_the_document() -> None:
    """Inner routes, and those of a path that belongs to another service, are left out."""
    merged = merge(OWN, {Target.CHAT: service("/v1/search"), Target.RETRIEVER: service("/internal/x")})
    assert set(merged["paths"]) == {"/health"}


def test_equal_names_of_different_things_are_kept_apart() -> None:
    """A schema that means something else is renamed, with its references; an equal one is shared."""
    other = {"type": "object", "title": "other"}
    merged = merge(OWN, {Target.RETRIEVER: service("/v1/search", Health=other, Same={"type": "string"})})
    schemas = merged["components"]["schemas"]
    assert schemas["Health"] == OWN["components"]["schemas"]["Health"]
    assert schemas["retriever_Health"] == other
    assert set(schemas) == {"Health", "Same", "retriever_Health"}
    answer = merged["paths"]["/v1/search"]["post"]["responses"]["200"]
    assert answer == {"$ref": "#/components/schemas/retriever_Health"}


def test_the_documents_given_are_not_changed() -> None:
    """The gateway's own document can be merged again."""
    merge(OWN, {Target.RETRIEVER: service("/v1/search", New={})})
    assert set(OWN["components"]["schemas"]) == {"Health", "Same"}
    assert set(merge({}, {})["paths"]) == set()
