"""What is said of a system."""

import json
from dataclasses import replace

from bench.compare.found import LATE_MS, Cut, Found, Step, steps, table

HELD = Step(clients=50, whole=50, at_once=50, late_p95_ms=LATE_MS)
FOUND = Found(
    "Carrel",
    "1.0",
    first_start_s=4.0,
    ready_s=[3.0, 1.0, 2.0],
    answered_s=[3.5],
    idle_mb=[100.4],
    first_ms=[[10.0, 20.0], [30.0]],
    steps=[replace(HELD, whole=40), HELD, replace(HELD, clients=100, whole=99, at_once=100, failed=1)],
    cuts=[Cut(2, 1, 0, stored=True), Cut(4, 0, 3, stored=False)],
)


def test_streams_are_held_when_all_are_whole_at_once_and_in_time() -> None:
    """Nothing less will do."""
    assert HELD.held
    assert not replace(HELD, whole=49).held
    assert not replace(HELD, at_once=49).held
    assert not replace(HELD, late_p95_ms=LATE_MS + 1).held


def test_the_most_that_was_held_counts() -> None:
    """A system that held nothing has held none."""
    assert FOUND.held == 50
    assert Found("x", "1").held == 0
    assert json.loads(json.dumps(FOUND.as_json()))["held"] == 50


def test_the_table_has_a_column_for_each() -> None:
    """Medians stand with the lowest and the highest; cuts are summed."""
    rows = {row.split(" | ")[0].strip("| "): row for row in table([FOUND, Found("Other", "2")]).splitlines()}
    assert rows[""] == "|  | Carrel 1.0 | Other 2 |"
    assert rows["start until it answers, s"].split(" | ")[1:] == ["2.0 (1.0 to 3.0)", "- |"]
    assert rows["first word, p50, ms"].split(" | ")[1] == "25.0 (20.0 to 30.0)"
    assert rows["streams held at once"].split(" | ")[1:] == ["50 (100 not)", "0, all that were tried |"]
    assert rows["words missing as the last one came, a cut"].split(" | ")[1] == "3 (2 to 4)"
    assert rows["words missing at the end, all cuts"].split(" | ")[1] == "1"
    assert rows["words doubled, all cuts"].split(" | ")[1] == "3"
    assert rows["whole on a page loaded anew"].split(" | ")[1:] == ["1 of 2", "0 of 0 |"]


def test_each_step_has_a_line() -> None:
    """It says what lacked."""
    again, first, second = steps([FOUND]).splitlines()
    assert again.startswith("Carrel, 50 streams: 40 whole")
    assert first.endswith(": held")
    assert "1 failed" in second
    assert second.endswith(": not held")
