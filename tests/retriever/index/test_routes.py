"""The owner sees what the index is and has it built anew."""

import asyncio

from shared.auth import Role
from tests.support.retriever_app import built, client
from tests.support.retriever_room import LAMPS
from tests.support.waiting import eventually


async def test_the_index_is_told_and_rebuilt() -> None:
    """Before and after a rebuild the same documents, and a time for its beginning and end."""
    app = built()
    async with client(app) as http, asyncio.timeout(10):
        await http.put("/v1/documents/lamps.md", content=LAMPS, headers={"content-type": "text/markdown"})
        before = (await http.get("/v1/index")).json()
        assert (before["documents"], before["chunks"], before["current"]) == (1, 1, True)
        assert before["embedding_model"] is before["dimension"] is before["rebuild"]["started_at"] is None
        bounds = app.state.settings
        assert before["max_document_bytes"] == bounds.max_document_bytes
        assert before["max_archive_bytes"] == bounds.max_archive_bytes
        begun = await http.post("/v1/index/rebuild")
        assert begun.status_code == 202
        assert begun.json()["rebuild"]["status"] == "running"
        await eventually(lambda: app.state.rebuild.progress.status == "idle")
        after = (await http.get("/v1/index")).json()
        assert (after["documents"], after["chunks"]) == (1, 1)
        assert after["rebuild"]["done"] == after["rebuild"]["total"] == 1
        assert after["rebuild"]["started_at"] <= after["rebuild"]["finished_at"]


async def test_visitors_see_none_of_it() -> None:
    """It is the owner's."""
    async with client(built(), Role.VISITOR) as http:
        assert (await http.get("/v1/index")).status_code == 403
        assert (await http.post("/v1/index/rebuild")).status_code == 403
