"""Close codes on their way through."""

import pytest

from gateway.closing import toward_client, toward_service


@pytest.mark.parametrize("code", [1000, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 3000, 4401, 4429, 4999])
def test_codes_of_the_protocol_pass_both_ways(code: int) -> None:
    """What one side says, with its reason, the other hears."""
    assert toward_client(code, "because") == (code, "because")
    if code != 1012:
        assert toward_service(code, "because") == (code, "because")


@pytest.mark.parametrize("code", [0, 999, 1004, 1015, 1016, 2999, 5000])
def test_codes_that_may_not_be_sent_are_not(code: int) -> None:
    """A code that RFC 6455 does not let anybody send becomes a protocol error."""
    assert toward_client(code, "x") == toward_service(code, "x") == (1002, "")


def test_no_code_is_a_normal_end() -> None:
    """1005 is never sent: nothing was said, so the end is normal."""
    assert toward_client(1005, "") == toward_service(1005, "") == (1000, "")


@pytest.mark.parametrize("code", [None, 1006])
def test_a_lost_service_asks_the_client_back(code: int | None) -> None:
    """1006 is never sent: the client hears of a restart, so that it comes back and resumes."""
    assert toward_client(code, "") == (1012, "the chat service was lost")


@pytest.mark.parametrize("code", [1006, 1012])
def test_a_lost_client_has_gone_away(code: int) -> None:
    """To the service, a client that is lost and a gateway that restarts are the same."""
    assert toward_service(code, "") == (1001, "")


def test_a_long_reason_is_cut_between_characters() -> None:
    """A reason is at most 123 bytes of whole UTF-8 characters."""
    assert toward_client(1008, "é" * 100) == (1008, "é" * 61)
