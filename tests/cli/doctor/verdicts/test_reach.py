"""cli.doctor.verdicts.reach: what a connection, or none, means."""

import pytest

from cli.doctor.verdicts.reach import Endpoint, Reached, verdict

DATABASE = Endpoint("DATABASE_URL", "db.example", 5432)
COHERE = Endpoint("COHERE_BASE_URL", "api.example", 443)


def test_what_connects_is_green() -> None:
    """With the time it took and no host: that may be part of a secret."""
    found = verdict(DATABASE, Reached("connected", 3.4), on_space=False)

    assert (found.colour, found.found, found.name) == (
        "green",
        "port 5432 connects in 3 ms",
        "reach of DATABASE_URL",
    )
    assert "db.example" not in f"{found}"


def test_what_is_far_away_is_yellow() -> None:
    """Half a second for a connection is felt in every answer."""
    assert verdict(COHERE, Reached("connected", 900), on_space=True).colour == "yellow"


def test_a_space_is_told_which_ports_are_documented() -> None:
    """What works there today on another port may end any day."""
    found = verdict(DATABASE, Reached("connected", 3), on_space=True)

    assert (found.colour, "80, 443, 8080" in found.fix) == ("yellow", True)
    assert verdict(COHERE, Reached("connected", 3), on_space=True).colour == "green"


@pytest.mark.parametrize(
    ("outcome", "said", "documented"),
    [
        ("unknown", "not known", False),
        ("refused", "refuses", False),
        ("silent", "does not answer", True),
        ("unreachable", "cannot be reached", True),
    ],
)
def test_what_does_not_connect_is_red(outcome: str, said: str, documented: bool) -> None:
    """Each with its reason; where packets are lost, with the ports that a Space lets out."""
    reached = Reached(outcome)  # type: ignore[arg-type]  # from the table above

    found = verdict(DATABASE, reached, on_space=False)

    assert found.colour == "red"
    assert said in found.found
    assert ("80, 443, 8080" in found.fix) == documented
    assert "8080" not in verdict(COHERE, reached, on_space=True).fix


def test_a_host_of_version_6_alone_is_told_so() -> None:
    """The usual reason why a provider's direct address is not reached."""
    assert "IPv6" in verdict(DATABASE, Reached("unreachable", only_ipv6=True), on_space=True).fix


def test_a_proxy_in_between_is_named() -> None:
    """What was connected to is the proxy."""
    endpoint = Endpoint("COHERE_BASE_URL", "proxy", 3128, through="HTTPS_PROXY")

    assert "HTTPS_PROXY" in verdict(endpoint, Reached("refused"), on_space=False).found
