"""cli.doctor.configuration: the settings as the services read them, by name only."""

from pathlib import Path

import pytest

from cli.doctor.configuration import known, read
from cli.findings import Finding


def env(tmp_path: Path, **variables: str) -> dict[str, str]:
    return {"DATA_DIR": str(tmp_path / "data"), **variables}


def red(findings: list[Finding]) -> list[str]:
    return [finding.name for finding in findings if finding.colour == "red"]


def test_before_the_first_start_all_is_well(tmp_path: Path) -> None:
    """Secrets that will be made are not missed, and not told as set; nothing is made by looking."""
    configuration, findings = read(env(tmp_path, PORT="9000"))

    assert {finding.colour for finding in findings} == {"green"}
    assert findings[0].found == "good: DATA_DIR, PORT"
    assert configuration.gateway is not None
    assert configuration.gateway.port == 9000
    assert configuration.embedded_database
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("PORT", "a-secret", "PORT (gateway)"),
        ("QDRANT_URL", "a-secret", "QDRANT_URL (retriever)"),
        ("DATABASE_URL", "mysql://a-secret@host/db", "DATABASE_URL (chat_ws)"),
        ("SESSION_SECRET", "a-secret", "SESSION_SECRET (gateway)"),
    ],
)
def test_a_wrong_form_is_red_by_name(tmp_path: Path, variable: str, value: str, line: str) -> None:
    """The variable is named, its value never; the other services' settings are read all the same."""
    configuration, findings = read(env(tmp_path, **{variable: value}))

    assert red(findings) == [line]
    assert "a-secret" not in f"{findings}"
    assert [configuration.gateway, configuration.retriever, configuration.chat].count(None) == 1


def test_one_variable_of_several_services_is_red_for_each(tmp_path: Path) -> None:
    """What three services would refuse is three lines."""
    assert len(red(read(env(tmp_path, LOG_LEVEL="loudest"))[1])) == 3


def test_a_space_is_known(tmp_path: Path) -> None:
    """By the variables the platform sets."""
    configuration, findings = read(env(tmp_path, SPACE_ID="user/space"))

    assert configuration.on_space
    assert "what a restart keeps" in {finding.name for finding in findings}


def test_a_slip_of_the_pen_is_told(tmp_path: Path) -> None:
    """A variable that is nearly one of ours is yellow."""
    findings = read(env(tmp_path, COHERE_APIKEY="a-secret"))[1]

    assert [one.name for one in findings if one.colour == "yellow"] == ["COHERE_APIKEY"]
    assert "a-secret" not in f"{findings}"


def test_all_variables_are_known() -> None:
    """Those of every service and of the commands."""
    assert {"PORT", "QDRANT_URL", "DATABASE_URL", "CARREL_URL", "DATA_DIR"} <= known()
