import pytest

from shared.auth import (
    IDENTITY_HEADERS,
    LIFETIME_S,
    PRINCIPAL_HEADER,
    ROLE_HEADER,
    SIGNATURE_HEADER,
    Principal,
    Role,
    signed_headers,
    verify,
)
from shared.errors import UnauthorizedError

TOKEN = "t" * 32
NOW = 1_750_000_000.9
VISITOR = Principal(id="visitor_1", role=Role.VISITOR)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", ["", "visitor_1", "a\u00e9"])
def test_what_was_signed_is_verified(role: Role, name: str) -> None:
    """The principal comes out as it went in, to the last second of the signature's life."""
    principal = Principal(id=name, role=role)
    headers = signed_headers(principal, token=TOKEN, now=NOW)
    assert set(headers) == set(IDENTITY_HEADERS)
    assert verify(headers, token=TOKEN, now=NOW) == principal
    assert verify(headers, token=TOKEN, now=int(NOW) + LIFETIME_S) == principal
    assert principal.is_owner == (role is Role.OWNER)


def test_a_signature_grows_old() -> None:
    """After its lifetime a signature is worth nothing."""
    headers = signed_headers(VISITOR, token=TOKEN, now=NOW)
    with pytest.raises(UnauthorizedError, match="too old"):
        verify(headers, token=TOKEN, now=NOW + LIFETIME_S)


def test_another_token_is_refused() -> None:
    """A service with another INTERNAL_TOKEN takes nothing, and says which variable differs."""
    headers = signed_headers(VISITOR, token=TOKEN, now=NOW)
    with pytest.raises(UnauthorizedError, match="INTERNAL_TOKEN"):
        verify(headers, token="u" * 32, now=NOW)


@pytest.mark.parametrize("name", IDENTITY_HEADERS)
def test_a_missing_header_is_refused(name: str) -> None:
    """All three headers are needed."""
    headers = signed_headers(VISITOR, token=TOKEN, now=NOW)
    del headers[name]
    with pytest.raises(UnauthorizedError):
        verify(headers, token=TOKEN, now=NOW)


@pytest.mark.parametrize(
    "changed",
    [
        {ROLE_HEADER: "owner"},
        {PRINCIPAL_HEADER: "visitor_2"},
        {PRINCIPAL_HEADER: "visitor_1\nowner", ROLE_HEADER: ""},
    ],
)
def test_what_is_signed_cannot_be_changed(changed: dict[str, str]) -> None:
    """Neither who nor what role can be exchanged under a signature."""
    headers = signed_headers(VISITOR, token=TOKEN, now=NOW) | changed
    with pytest.raises(UnauthorizedError):
        verify(headers, token=TOKEN, now=NOW)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "v1",
        "v1.",
        "v1..",
        "v2.1750000300.00",
        "v1.-1.00",
        "v1.²²²²²²²²²².00",
        "v1.٣٣٣٣.00",
        "v1." + "9" * 10_000 + ".00",
        "v1.1750000300.\u00e9",
        "v1.1750000300",
    ],
)
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    """Whatever stands in the header, the answer is unauthorized and nothing breaks."""
    headers = {PRINCIPAL_HEADER: "visitor_1", ROLE_HEADER: "visitor", SIGNATURE_HEADER: signature}
    with pytest.raises(UnauthorizedError):
        verify(headers, token=TOKEN, now=NOW)


def test_the_expiry_is_signed() -> None:
    """Nobody prolongs a signature."""
    headers = signed_headers(VISITOR, token=TOKEN, now=NOW)
    version, expires, digest = headers[SIGNATURE_HEADER].split(".")
    headers[SIGNATURE_HEADER] = f"{version}.{int(expires) + 10}.{digest}"
    with pytest.raises(UnauthorizedError, match="does not fit"):
        verify(headers, token=TOKEN, now=NOW)
