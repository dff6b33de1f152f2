"""``carrel doctor`` beside a running Carrel."""

import json

import pytest

from tests.support.system import Carrel

pytestmark = pytest.mark.system


def test_it_is_well_and_leaves_a_running_carrel_alone(carrel: Carrel) -> None:
    """Nothing is red, what is in use is said to be, and Carrel answers as before."""
    done = carrel.carrel("doctor", "--json")

    found = {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert "in use by a running Carrel" in found["data folder"]["found"]
    assert "in use by a running Carrel" in found["Qdrant server"]["found"]
    assert found["Postgres version"]["found"].startswith("PostgreSQL 18")
    carrel.carrel("status")
    carrel.carrel("ask", "What is a Fresnel lens?")


def test_no_secret_is_told(carrel: Carrel) -> None:
    """Nor is any of those that were made."""
    said = carrel.carrel("doctor").stdout

    for path in carrel.layout.secrets.iterdir():
        assert path.read_text().strip() not in said
