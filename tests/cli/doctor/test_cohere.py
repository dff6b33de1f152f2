"""cli.doctor.cohere: the fake that reads as the SDK does, and the month's file."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from cli.doctor.cohere import check
from cli.findings import Finding
from retriever.settings import RetrieverSettings
from tests.support.cli_server import serving
from tests.support.fake_cohere import KEY, cohere
from tests.support.ports import free_ports


def settings(**values: Any) -> RetrieverSettings:
    return RetrieverSettings.model_validate({"internal_token": "t" * 32, "cohere_api_key": KEY, **values})


async def checked(tmp_path: Path, **values: Any) -> list[Finding]:
    async with cohere() as fake:
        findings = await asyncio.to_thread(check, settings(cohere_base_url=fake.url, **values), tmp_path)
        assert fake.asked == []  # nothing that is paid for
        return findings


def colours(findings: list[Finding]) -> list[str]:
    return [finding.colour for finding in findings]


async def test_a_good_key_and_known_models_are_green(tmp_path: Path) -> None:
    """Key, models, budget."""
    assert colours(await checked(tmp_path)) == ["green", "green", "green"]


async def test_a_wrong_key_is_red(tmp_path: Path) -> None:
    """The models follow from it; the key is not told."""
    key, models, budget = await checked(tmp_path, cohere_api_key="a-wrong-secret")

    assert colours([key, models, budget]) == ["red", "red", "green"]
    assert models.needs == (key.name,)
    assert "a-wrong-secret" not in f"{key}{models}"


async def test_a_model_that_is_not_known_is_named(tmp_path: Path) -> None:
    """With its variable."""
    found = await checked(tmp_path, cohere_rerank_model="rerank-v9")

    assert colours(found) == ["green", "red", "green"]
    assert "COHERE_RERANK_MODEL (rerank-v9)" in found[1].found


async def test_a_model_for_something_else_is_named(tmp_path: Path) -> None:
    """One that writes does not rank."""
    found = await checked(tmp_path, cohere_rerank_model="command-a-03-2025")

    assert colours(found) == ["green", "red", "green"]
    assert "COHERE_RERANK_MODEL (command-a-03-2025) cannot rerank" in found[1].found


async def test_a_model_on_its_way_out_is_told(tmp_path: Path) -> None:
    """Before it is switched off."""
    async with cohere() as fake:
        fake.deprecated = frozenset({"embed-v4.0"})
        found = await asyncio.to_thread(check, settings(cohere_base_url=fake.url), tmp_path)

    assert colours(found) == ["green", "yellow", "green"]


async def test_the_month_is_read_from_the_data_folder(tmp_path: Path) -> None:
    """As the retriever counts it."""
    month = {"month": datetime.now(UTC).strftime("%Y-%m"), "calls": 990}
    (tmp_path / "cohere-usage.json").write_text(json.dumps(month))

    assert colours(await checked(tmp_path))[2] == "yellow"


def test_an_address_without_a_list_of_models_is_not_blamed(tmp_path: Path) -> None:
    """Who only passes calls on answers 404 without Cohere's words."""
    with serving(lambda _: httpx.Response(404, text="Not Found")) as url:
        assert colours(check(settings(cohere_base_url=url), tmp_path)) == ["green", "yellow", "green"]


def test_nobody_there_follows_from_the_network(tmp_path: Path) -> None:
    """The key's line needs the network's, and the models' the key's."""
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    key, models, _ = check(settings(cohere_base_url=url), tmp_path)

    assert (key.colour, key.needs) == ("red", ("reach of COHERE_BASE_URL",))
    assert models.colour == "red"


def test_without_a_key_nobody_is_asked(tmp_path: Path) -> None:
    """One green line says so."""
    assert colours(check(settings(cohere_api_key=None), tmp_path)) == ["green"]
