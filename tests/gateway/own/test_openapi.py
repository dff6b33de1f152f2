"""One document for three services."""

from typing import Any

import pytest

from gateway.own.openapi import TAGS, is_limited, merge
from gateway.routing import ROUTES, Target

OWN: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Carrel"},
    "paths": {"/health": {"get": {"summary": "health", "responses": {"503": {"description": "Down"}}}}},
    "components": {"schemas": {"Health": {"type": "object"}, "Same": {"type": "string"}}},
}


def service(path: str, *, method: str = "post", **schemas: Any) -> dict[str, Any]:
    """A service's document with one path that answers ``Health``."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}
    operation = {"responses": {"200": {"description": "Well", "content": content}}}
    return {"paths": {path: {method: operation}}, "components": {"schemas": schemas}}


def answers(path: str, target: Target, *, method: str = "post", **more: Any) -> dict[str, Any]:
    """The responses of the one operation at ``path``, to which the service says ``more``."""
    document = service(path, method=method)
    document["paths"][path][method] |= more
    found: dict[str, Any] = merge(OWN, {target: document})["paths"][path][method]["responses"]
    return found


def test_what_a_service_answers_is_in_the_document() -> None:
    """Its routes are there with what they take, beside the gateway's own."""
    merged = merge(
        OWN, {Target.RETRIEVER: service("/v1/documents/{id}"), Target.CHAT: service("/v1/messages")}
    )
    assert set(merged["paths"]) == {"/health", "/v1/documents/{id}", "/v1/messages"}
    admin: list[dict[str, list[str]]] = [{"adminKey": []}, {"adminKeyAsBearer": []}]
    assert merged["paths"]["/v1/documents/{id}"]["post"]["security"] == admin
    assert merged["paths"]["/v1/messages"]["post"]["security"] == [{"visitorToken": []}, *admin]
    assert merged["paths"]["/health"]["get"]["security"] == []
    assert [tag["name"] for tag in merged["tags"]] == list(TAGS)
    assert (merged["info"]["title"], bool(merged["info"]["description"])) == ("Carrel", True)


def test_an_operation_may_say_itself_what_it_takes() -> None:
    """A token that renews a session may be there or not."""
    own: dict[str, Any] = {"paths": {"/v1/sessions": {"post": {"security": [{}, {"visitorToken": []}]}}}}
    assert merge(own, {})["paths"]["/v1/sessions"]["post"]["security"] == [{}, {"visitorToken": []}]


def test_only_what_can_be_reached_is_in_the_document() -> None:
    """Inner routes, those of a path that belongs to another service, and other methods are left out."""
    merged = merge(
        OWN, {Target.CHAT: service("/v1/search"), Target.RETRIEVER: service("/internal/x", Health={})}
    )
    assert set(merged["paths"]) == {"/health"}
    other = merge(OWN, {Target.RETRIEVER: service("/v1/search", method="delete")})
    assert set(other["paths"]) == {"/health"}


FRONT = {"400", "405", "408", "414", "431", "500"}
BEHIND = FRONT | {"200", "401", "403", "429", "502", "503", "504"}


@pytest.mark.parametrize(
    ("path", "target", "method", "body", "statuses"),
    [
        ("/v1/search", Target.RETRIEVER, "post", True, BEHIND | {"413"}),
        ("/v1/usage", Target.RETRIEVER, "get", False, BEHIND),
        ("/v1/documents/{id}", Target.RETRIEVER, "get", False, BEHIND | {"404"}),
        ("/v1/chat", Target.CHAT, "get", False, BEHIND | {"426"}),
        ("/v1/sessions", Target.OWN, "post", False, FRONT | {"200", "403", "429"}),
        ("/version", Target.OWN, "get", False, FRONT | {"200", "429"}),
        ("/health/live", Target.OWN, "get", False, FRONT | {"200"}),
    ],
)
def test_the_refusals_in_front_are_told(
    path: str, target: Target, method: str, body: bool, statuses: set[str]
) -> None:
    """An operation tells what the gateway answers in its place: by its role, its path, its body."""
    document = service(path, method=method)
    if body:
        document["paths"][path][method]["requestBody"] = {}
    merged = merge(document, {}) if target is Target.OWN else merge(OWN, {target: document})
    assert set(merged["paths"][path][method]["responses"]) == statuses
    for status in statuses - {"200"}:
        assert merged["paths"][path][method]["responses"][status] == {
            "$ref": f"#/components/responses/Problem{status}"
        }
        refusal = merged["components"]["responses"][f"Problem{status}"]
        schema = {"$ref": "#/components/schemas/Problem"}
        assert refusal["content"] == {"application/problem+json": {"schema": schema}}


def test_what_a_service_says_of_a_status_stays() -> None:
    """It knows better why; the headers that every answer has are added."""
    said = {"404": {"description": "No such run", "headers": {"X": {}}}, "101": {"description": "Open"}}
    found = answers("/v1/runs/{id}", Target.CHAT, responses=said)
    assert found["404"]["description"] == "No such run"
    assert set(found["404"]["headers"]) == {"X", "X-Request-ID"}
    assert found["101"]["headers"] == {}


def test_headers_are_told_where_they_are() -> None:
    """The request id on every answer, when to come again on 429 and 503, the limit where there is one."""
    merged = merge(OWN, {Target.RETRIEVER: service("/v1/search")})
    found = merged["components"]["responses"]
    expected = {
        400: set(),
        401: {"WWW-Authenticate"},
        405: {"Allow"},
        426: {"Upgrade"},
        429: {"Retry-After", "RateLimit", "RateLimit-Policy"},
        503: {"Retry-After"},
    }
    for status, names in expected.items():
        assert set(found[f"Problem{status}"]["headers"]) == {"X-Request-ID"} | names
    searched = merged["paths"]["/v1/search"]["post"]["responses"]["200"]["headers"]
    assert set(searched) == {"X-Request-ID", "RateLimit", "RateLimit-Policy"}
    assert set(merged["paths"]["/health"]["get"]["responses"]["503"]["headers"]) == {
        "X-Request-ID",
        "Retry-After",
    }
    assert set(searched) <= set(merged["components"]["headers"])


def test_only_probes_are_not_limited() -> None:
    """Whoever asks for health is answered however often."""
    free = {route.path for route in ROUTES if not is_limited(route)}
    assert free == {"/health", "/health/live", "/health/ready", *(f"/health/{target}" for target in Target)}


def test_equal_names_of_different_things_are_kept_apart() -> None:
    """A schema that means something else is renamed, with its references; an equal one is shared."""
    other = {"type": "object", "title": "other"}
    merged = merge(OWN, {Target.RETRIEVER: service("/v1/search", Health=other, Same={"type": "string"})})
    schemas = merged["components"]["schemas"]
    assert schemas["Health"] == OWN["components"]["schemas"]["Health"]
    assert schemas["retriever_Health"] == other
    assert set(schemas) == {"Health", "Same", "retriever_Health"}
    content = merged["paths"]["/v1/search"]["post"]["responses"]["200"]["content"]
    assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/retriever_Health"}


def test_the_documents_given_are_not_changed() -> None:
    """The gateway's own document can be merged again."""
    merge(OWN, {Target.RETRIEVER: service("/v1/search", New={})})
    assert set(OWN["components"]["schemas"]) == {"Health", "Same"}
    assert set(merge({}, {})["paths"]) == set()
