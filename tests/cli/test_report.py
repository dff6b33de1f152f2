"""cli.report: the table and the object."""

import json

import pytest

from cli.findings import Finding
from cli.report import report

FINDINGS = [
    Finding("disk", "disk space", "green", "[bold]much"),
    Finding("disk", "data folder", "red", "cannot be\nwritten", "make room\x1b[31m"),
]


def test_each_line_has_its_fix(capsys: pytest.CaptureFixture[str]) -> None:
    """Name, colour, what was found and the fix are printed; nothing of it steers the terminal."""
    report("doctor", FINDINGS, in_json=False)
    said = capsys.readouterr().out

    assert "[bold]much" in said
    assert "cannot be written" in said
    assert "→ make room" in said
    assert "\x1b" not in said
    assert said.count("disk  ") == 1
    assert said.strip().endswith("doctor: red, 1 red, 1 green")


def test_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json there is nothing else on standard output."""
    report("doctor", FINDINGS, in_json=True)

    assert json.loads(capsys.readouterr().out)["status"] == "red"
