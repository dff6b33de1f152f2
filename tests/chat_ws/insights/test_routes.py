from collections.abc import Sequence
from datetime import UTC, datetime

import httpx
import pytest

from chat_ws.app import Adapters, create_app
from shared.auth import Role
from tests.support.chat_fakes import WHOLE, Answerer
from tests.support.chat_service import identity, settings
from tests.support.server import serving
from tests.support.waiting import eventually

pytestmark = pytest.mark.integration


class All:
    """Puts everything into one group."""

    async def groups(self, texts: Sequence[str]) -> list[list[int]]:
        return [list(range(len(texts)))]


async def test_the_owner_reads_insights_and_nobody_else(database_url: str) -> None:
    """Questions and gaps as documented; a visitor is refused, what makes no sense is named."""
    app = create_app(settings(database_url), adapters=Adapters(answerer=Answerer(WHOLE), grouper=All()))
    async with (
        serving(app) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http,
    ):
        await eventually(lambda: app.state.service.health.prepared)
        body = {"client_message_id": "00000000-0000-4000-8000-000000000001", "content": "Why?"}
        asked = await http.post("/v1/messages", json=body, headers=identity())
        rated = f"/v1/messages/{asked.json()['message']['id']}/feedback"
        await http.put(rated, json={"rating": "down"}, headers=identity())
        owner = identity("owner", role=Role.OWNER)

        questions = (await http.get("/v1/insights/questions", headers=owner)).json()
        assert [item["question"] for item in questions["items"]] == ["Why?"]
        assert questions["counts"]["down_voted"] == 1
        for votes, wanted in (("down", 1), ("any", 1), ("up", 0)):
            answer = await http.get("/v1/insights/questions", params={"rated": votes}, headers=owner)
            assert len(answer.json()["items"]) == wanted
        odd_votes = await http.get("/v1/insights/questions", params={"rated": "maybe"}, headers=owner)
        assert (odd_votes.status_code, odd_votes.json()["param"]) == (422, "rated")
        gaps = (await http.get("/v1/insights/gaps", headers=owner)).json()
        assert (gaps["items"][0]["count"], gaps["degraded"]) == (1, [])

        for path in ("/v1/insights/questions", "/v1/insights/gaps"):
            assert (await http.get(path, headers=identity())).status_code == 403
            assert (await http.get(path)).status_code == 401
            for params in (
                {"since": "yesterday"},
                {"since": "2026-01-01T00:00:00"},
                {"until": "0.5"},
                {"until": "2026-13-01T00:00:00Z"},
                {"page_url": "x" * 601},
                {"limit": "0"},
                {"cursor": "x.1"},
                {"since": datetime.max.replace(tzinfo=UTC).isoformat()},
                {"page_url": "\0"},
            ):
                answer = await http.get(path, params=params, headers=owner)
                assert answer.status_code == 422, (path, params, answer.text)
                assert answer.json()["param"] == next(iter(params))
            for odd in ("0001-01-01T00:00:00Z", "2744-03-21T04:48:37.056718-21:49"):
                answer = await http.get(path, params={"until": odd}, headers=owner)
                assert answer.status_code == 200, answer.text
