"""What an OpenAPI document says of errors and event streams, where the framework cannot know it.

Pure: documents in, documents out. Owns how problems and server-sent events are described; which statuses a
route gives is said by the route itself, or by whoever stands in front of it.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from shared.contracts.wire import Problem
from shared.errors import CarrelError, InvalidRequestError, MalformedError, UnsupportedMediaTypeError

PROBLEM_MEDIA_TYPE = "application/problem+json"
_SCHEMAS = "#/components/schemas/"
_CLAUSE_END = re.compile(r"[.;:](?=\s|$)")
_FRAMEWORKS_OWN = ("HTTPValidationError", "ValidationError")


def problem_answer(description: str) -> dict[str, Any]:
    """Return the response object of a problem."""
    schema = {"$ref": f"{_SCHEMAS}Problem"}
    return {"description": description, "content": {PROBLEM_MEDIA_TYPE: {"schema": schema}}}


def problems(*errors: type[CarrelError]) -> dict[int | str, dict[str, Any]]:
    """Return the responses that ``errors`` make, by status."""
    said: dict[int, list[str]] = {}
    for error in errors:
        said.setdefault(error.default_status, []).append(error.title)
    return {status: problem_answer("; or: ".join(titles)) for status, titles in said.items()}


def events(data: Any, description: str, *, last: str = "") -> dict[str, Any]:
    """Return the content of a response that is server-sent events, each of them with JSON ``data``.

    As OpenAI streams, those that end in the word ``last`` have nothing else, not even a name.
    """
    schema = TypeAdapter(data).json_schema(mode="serialization", ref_template=f"{_SCHEMAS}{{model}}")
    names = {
        "event": {"type": "string", "description": "The type of what is in `data`."},
        "id": {"type": "string", "description": "For `Last-Event-ID`."},
    }
    told = {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}
    event = {
        "type": "object",
        "description": description,
        "required": ["data"] if last else ["event", "data"],
        "properties": {"data": {"anyOf": [{"const": last}, told]}} if last else {**names, "data": told},
    }
    return {"text/event-stream": {"schema": event}}


def links(parameter: str, pointer: str, *operations: str) -> dict[str, Any]:
    """Return an answer's links to ``operations``: what they take as ``parameter`` is at ``pointer`` in it."""
    taken = {parameter: f"$response.body#{pointer}"}
    return {operation: {"operationId": operation, "parameters": taken} for operation in operations}


def completed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``document`` with our problems in the place of the framework's, its schemas all in one place.

    An operation's summary is the first clause of its description.
    """
    whole: dict[str, Any] = json.loads(json.dumps(document))
    schemas: dict[str, Any] = whole.setdefault("components", {}).setdefault("schemas", {})
    for operations in whole.get("paths", {}).values():
        for operation in operations.values():
            _complete(operation)
    for name in _FRAMEWORKS_OWN:
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema(mode="serialization", ref_template=f"{_SCHEMAS}{{model}}")
    _lift(whole, schemas)
    return whole


def _complete(operation: dict[str, Any]) -> None:
    if description := operation.get("description"):
        operation["summary"] = _CLAUSE_END.split(description, maxsplit=1)[0]
    responses = operation.setdefault("responses", {})
    if "application/json" in responses.get("422", {}).get("content", {}):
        responses["422"] = problem_answer(InvalidRequestError.title)
    if "requestBody" in operation:
        for status, answer in problems(MalformedError, UnsupportedMediaTypeError).items():
            responses.setdefault(str(status), answer)


def _lift(node: Any, schemas: dict[str, Any]) -> None:
    """Move what stands under ``$defs`` below ``node`` to ``schemas``, where references look for it."""
    if isinstance(node, list):
        for value in node:
            _lift(value, schemas)
    elif isinstance(node, dict):
        for name, schema in node.pop("$defs", {}).items():
            _lift(schema, schemas)
            schemas.setdefault(name, schema)
        for value in [*node.values()]:
            _lift(value, schemas)
