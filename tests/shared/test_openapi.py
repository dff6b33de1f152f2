"""What a document says of errors and streams."""

from typing import Annotated, Any

from pydantic import Field

from shared.contracts.retriever import MessageStart, RunEnd
from shared.contracts.wire import Problem
from shared.errors import (
    IdempotencyConflictError,
    InternalError,
    InvalidRequestError,
    NotFoundError,
    RunActiveError,
    problem,
)
from shared.openapi import completed, events, links, problem_answer, problems

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def document(**operation: Any) -> dict[str, Any]:
    """A document of one operation, as the framework makes it."""
    own = {"HTTPValidationError": {"type": "object"}, "ValidationError": {"type": "object"}, "Kept": {}}
    return {"paths": {"/x": {"post": operation}}, "components": {"schemas": own}}


def test_the_schema_is_what_is_told() -> None:
    """Every field of a problem is described, and what is always there is required."""
    field = InvalidRequestError(retry_after_ms=1, param="a")
    assert set(problem(field, request_id="r")) <= set(Problem.model_fields)
    always = {name for name, info in Problem.model_fields.items() if info.is_required()}
    assert always == set(problem(InternalError(), request_id="r"))


def test_errors_are_answers_by_status() -> None:
    """Each error stands under its status; those of one status stand together."""
    found = problems(NotFoundError, RunActiveError, IdempotencyConflictError)
    assert set(found) == {404, 409}
    assert found[404] == {"description": "Not found", "content": PROBLEM}
    assert found[409]["description"] == f"{RunActiveError.title}; or: {IdempotencyConflictError.title}"


def test_the_frameworks_errors_are_replaced_by_ours() -> None:
    """A refused parameter is a problem, and a body can also be malformed or of another media type."""
    theirs = {"description": "Validation Error", "content": {"application/json": {"schema": {}}}}
    asked = completed(document(responses={"422": theirs}))
    assert asked["paths"]["/x"]["post"]["responses"] == {"422": problem_answer(InvalidRequestError.title)}
    schemas = asked["components"]["schemas"]
    assert set(schemas) == {"Problem", "FieldProblem", "Kept"}
    with_body = completed(document(requestBody={}, responses={"415": {"description": "said"}}))
    assert set(with_body["paths"]["/x"]["post"]["responses"]) == {"400", "415"}
    assert with_body["paths"]["/x"]["post"]["responses"]["415"] == {"description": "said"}


def test_a_routes_own_refusal_stays() -> None:
    """What a route says itself of 422 is not the framework's to replace."""
    said = {"422": {"description": "said", "content": PROBLEM}}
    assert completed(document(responses=said))["paths"]["/x"]["post"]["responses"] == said


def test_a_summary_is_the_first_clause() -> None:
    """It ends where the first clause of the description does; a dot within a name ends nothing."""
    for description, summary in (
        ("Read chat.js of the page.", "Read chat.js of the page"),
        ("Delete it; what runs stops.", "Delete it"),
        ("Read\nall", "Read\nall"),
    ):
        found = completed(document(description=description, summary="X"))
        assert found["paths"]["/x"]["post"]["summary"] == summary
    assert "summary" not in completed(document())["paths"]["/x"]["post"]
    assert set(completed({})["components"]["schemas"]) == {"Problem", "FieldProblem"}


def test_events_are_described_with_what_is_in_them() -> None:
    """An event has a type and JSON data; the schemas that the data needs are found among the others."""
    kinds = Annotated[MessageStart | RunEnd, Field(discriminator="type")]
    content = events(kinds, "One event.")
    event = content["text/event-stream"]["schema"]
    assert event["required"] == ["event", "data"]
    found = completed(document(responses={"200": {"content": content, "list": [content]}}))
    answer = found["paths"]["/x"]["post"]["responses"]["200"]
    data = answer["content"]["text/event-stream"]["schema"]["properties"]["data"]
    assert data["contentMediaType"] == "application/json"
    assert data["contentSchema"]["oneOf"] == [
        {"$ref": "#/components/schemas/MessageStart"},
        {"$ref": "#/components/schemas/RunEnd"},
    ]
    assert {"MessageStart", "RunEnd", "RunError"} <= set(found["components"]["schemas"])
    assert "$defs" not in str(found)


def test_events_that_end_in_a_word_have_data_alone() -> None:
    """Their data is JSON or that word; no name is promised."""
    event = events(RunEnd, "One event.", last="[DONE]")["text/event-stream"]["schema"]
    assert (event["required"], set(event["properties"])) == (["data"], {"data"})
    word, told = event["properties"]["data"]["anyOf"]
    assert word == {"const": "[DONE]"}
    assert told["contentMediaType"] == "application/json"


def test_links_lead_from_an_answer_to_operations() -> None:
    """Each operation takes its parameter from the answer's body."""
    assert links("id", "/run/id", "get_run", "cancel_run") == {
        "get_run": {"operationId": "get_run", "parameters": {"id": "$response.body#/run/id"}},
        "cancel_run": {"operationId": "cancel_run", "parameters": {"id": "$response.body#/run/id"}},
    }


def test_the_document_given_is_not_changed() -> None:
    """The framework keeps its document, and gives it again."""
    given = document(requestBody={}, responses={})
    completed(given)
    assert given == document(requestBody={}, responses={})
