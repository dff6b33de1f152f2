"""The dashboard and the alert rules name metrics that there are, with labels they have."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.app import create_app as gateway_app
from shared.counting import Requests
from tests.structure.test_docs import metrics
from tests.support.gateway_server import settings

DOCS = Path(__file__).parents[2] / "docs"
DASHBOARD, ALERTS = DOCS / "grafana-dashboard.json", DOCS / "alerts.yml"
LABELS = {
    *("direction", "end", "finish_reason", "job", "kind", "lacking", "le", "outcome", "reason", "route"),
    *("service", "state", "status", "upstream"),
}
"""Each has few values: none of them is a client's or a document's word."""
PROCESS = {
    *("process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds"),
    *("process_max_fds", "process_start_time_seconds"),
}


def expressions() -> list[str]:
    """Every expression of the dashboard and of the rules."""
    board: dict[str, Any] = json.loads(DASHBOARD.read_text())
    shown = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    rules = re.findall(r"^ +expr: (?:>-\n)?((?:.|\n)+?)\n +(?:for|labels):", ALERTS.read_text(), re.MULTILINE)
    assert len(rules) == ALERTS.read_text().count("- alert: ")
    return shown + rules


def names(expression: str) -> set[str]:
    """The metrics that ``expression`` names."""
    return set(re.findall(r"\b(?:carrel|process)_\w+", re.sub(r'"[^"]*"', "", expression)))


def told() -> set[str]:
    """Every metric that there is."""
    found = {"carrel_up", "carrel_build_info", *PROCESS, *metrics()}
    for service in ("gateway", "retriever", "chat_ws"):
        found |= {
            f"{family.name}_total" for family in Requests(service).collect() if family.type == "counter"
        }
        found |= {family.name for family in Requests(service).collect()}
    found.add("carrel_gateway_refusals_total")
    return found | {f"{name}_bucket" for name in found if name.endswith("_seconds")}


@pytest.mark.parametrize("expression", expressions())
def test_what_is_watched_is_told(expression: str) -> None:
    """A metric that was renamed is missed here, not in the night it is needed; brackets are closed."""
    assert names(expression)
    assert names(expression) <= told()
    assert all(expression.count(left) == expression.count(right) for left, right in ("()", "{}", "[]"))
    by = re.findall(r"\bby \(([^)]*)\)", expression) + re.findall(r"[{,]\s*(\w+)\s*=", expression)
    assert {label.strip() for group in by for label in group.split(",")} <= LABELS


def test_every_metric_is_shown() -> None:
    """The dashboard leaves out none that a service tells of its own."""
    shown = set().union(*(names(expression) for expression in expressions()))
    assert set(metrics()) <= {name.removesuffix("_bucket") for name in shown} | {
        "carrel_retriever_requests_in_progress",  # the gateway's says as much
        "carrel_chat_ws_requests_in_progress",
    }


def test_every_rule_says_whom_and_why() -> None:
    """Each alert has a severity and a summary, and a name of its own."""
    rules = ALERTS.read_text().split("- alert: ")[1:]
    assert len({rule.split("\n", 1)[0] for rule in rules}) == len(rules)
    for rule in rules:
        assert re.search(r"labels: \{severity: (page|ticket)\}", rule), rule
        assert re.search(r'annotations: \{summary: "[^"]+"\}', rule), rule


async def test_the_gateways_metrics_are_those_that_were_counted() -> None:
    """What is looked up in the code's text is what a scrape gives."""
    own = gateway_app(settings(), watched=False)
    await asyncio.sleep(0)
    assert own.doors is not None
    families = {family.name for family in own.doors.desk.traffic.collect()}
    assert families >= {"carrel_gateway_requests", "carrel_gateway_refusals"}
    assert {f"{name}_total" for name in families if not name.endswith("_seconds")} <= told()
