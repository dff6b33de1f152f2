"""What the whole of Carrel tells Prometheus: labels from small closed sets, whatever anybody sends."""

import re
from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.chat_client import ask, opened, session
from tests.support.system import Carrel

pytestmark = pytest.mark.system
STRANGE = f"strange{uuid4().hex}"


async def test_nobody_makes_series(carrel: Carrel) -> None:
    """Paths, methods, ids, questions and document names that strangers make up are no label's value."""
    token = await session(carrel.address)
    async with opened(carrel.address, token) as socket:
        await ask(socket, f"How often is the wick {STRANGE} trimmed?")
    given = {"authorization": f"Bearer {token}", "x-request-id": STRANGE, "x-api-key": ""}
    async with httpx.AsyncClient(base_url=carrel.address, timeout=20, trust_env=False) as http:
        for method, path in (
            ("GET", f"/{STRANGE}"),
            ("PURGE", "/v1/documents"),
            (STRANGE.upper(), "/"),
            ("GET", f"/v1/conversations/{STRANGE}"),
            ("DELETE", f"/v1/documents/{STRANGE}.md"),
            ("POST", f"/v1/runs/{STRANGE}/cancel"),
        ):
            assert (await http.request(method, path, headers=given)).status_code >= 400
        scraped = await http.get("/metrics", headers={"x-api-key": carrel.admin_key})
        refused = await http.get("/metrics", headers=given)
    assert refused.status_code == 403
    assert STRANGE.lower() not in scraped.text.lower()
    families = list(text_string_to_metric_families(scraped.text))
    names = {family.name for family in families}
    assert names >= {
        "carrel_up",
        "carrel_gateway_requests",
        "carrel_chat_ws_runs_ended",
        "carrel_retriever_ingested",
    }
    for family in families:
        assert re.fullmatch(r"(carrel|process)_[a-z0-9_]+", family.name)
        assert family.documentation
        assert len(family.samples) < 1500, family.name
        for sample in family.samples:
            assert set(sample.labels) <= {
                *(
                    "direction",
                    "end",
                    "finish_reason",
                    "kind",
                    "lacking",
                    "le",
                    "method",
                    "outcome",
                    "python",
                ),
                *("reason", "route", "service", "state", "status", "upstream", "version"),
            }
