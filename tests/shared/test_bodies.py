from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import Field

from shared.bodies import OnceRoute
from shared.contracts.wire import Request
from shared.http import install_error_handlers


class Lamp(Request):
    wick: int
    more: dict[str, Any] = Field(default={})


async def posted(content: bytes) -> httpx.Response:
    """What a route that takes a lamp answers to ``content``."""
    router = APIRouter(route_class=OnceRoute)

    @router.post("/lamps")
    async def lamps(body: Lamp) -> Lamp:
        return body

    app = FastAPI()
    app.include_router(router)
    install_error_handlers(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as http:
        return await http.post("/lamps", content=content, headers={"content-type": "application/json"})


async def test_a_body_as_it_should_be() -> None:
    """The same name in two objects is not said twice."""
    answer = await posted(b'{"wick": 1, "more": {"wick": 2, "a": [{"wick": 3}, {"wick": 4}]}}')
    assert (answer.status_code, answer.json()["wick"]) == (200, 1)


@pytest.mark.parametrize(
    ("content", "param"),
    [
        (b'{"wick": 1, "wick": 1}', "wick"),
        (b'{"wick": 1, "w\\u0069ck": 2}', "wick"),
        (b'{"wick": 1, "more": {"a": [{"b": 1, "c": 2, "b": 3}]}}', "b"),
        (b'{"wick": 1, "\\ud800": 2, "\\ud800": 3}', "?"),
    ],
)
async def test_a_field_that_is_said_twice_is_named(content: bytes, param: str) -> None:
    """422 with its name, at any depth and however it is written."""
    answer = await posted(content)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["param"]) == ("invalid_request", param)


@pytest.mark.parametrize(
    ("content", "status"), [(b"{", 400), (b"\xff", 400), (b"[" * 100_000, 400), (b"[1]", 422), (b"", 422)]
)
async def test_what_else_is_wrong_is_told_as_ever(content: bytes, status: int) -> None:
    """No JSON, no object, nothing at all."""
    answer = await posted(content)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
