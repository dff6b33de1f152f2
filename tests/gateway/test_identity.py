"""Who is asking."""

import hashlib

import jwt
import pytest

from gateway.identity import KNOWN_S, OWNER, Identity, Token, Tokens, socket_token, tag_of
from shared.auth import Principal, Role, verify
from shared.errors import UnauthorizedError

KEY = "the-owner's-key-0123456789"
PAGE = "https://docs.test"
TOKENS = Tokens(["signs-tokens-0123456789"])
DIGESTS = [hashlib.sha256(key.encode()).digest() for key in ("the-key-before-0123456789", KEY)]
INTERNAL = "between-services-0123456789"


def token(*, origin: str = "", now: int = 1000) -> str:
    """A visitor's token, good for a minute."""
    return TOKENS.make("v_1", origin=origin, now=now, lifetime_s=60)


@pytest.fixture
def identity() -> Identity:
    """An identity that knows nobody yet."""
    return Identity(admin_keys=DIGESTS, tokens=TOKENS, internal_token=INTERNAL)


def who(
    identity: Identity, credential: str | bytes = b"", *, key: str = "", origin: str = "", now: float = 1000
) -> tuple[str, Role, int | None]:
    """Whom the identity finds."""
    credential = credential.encode() if isinstance(credential, str) else credential
    caller = identity.who(api_key=key.encode(), credential=credential, origin=origin, now=now)
    return caller.principal.id, caller.principal.role, caller.expires


def test_a_token_names_its_visitor_until_it_expires(identity: Identity) -> None:
    """A token of ours is a visitor, with the time it ends."""
    assert who(identity, token(), now=1059) == ("v_1", Role.VISITOR, 1060)
    with pytest.raises(UnauthorizedError, match="expired"):
        who(identity, token(), now=1060)


def test_the_key_is_the_owner_wherever_it_stands(identity: Identity) -> None:
    """X-API-Key or a credential, each of the keys; the owner's identity does not expire."""
    owner = (OWNER.id, Role.OWNER, None)
    assert who(identity, key=KEY) == who(identity, KEY) == who(identity, "hf_platform", key=KEY) == owner
    assert who(identity, key="the-key-before-0123456789") == owner


def test_a_wrong_key_is_not_a_visitor(identity: Identity) -> None:
    """A key that is not right is refused, whatever else is there."""
    with pytest.raises(UnauthorizedError, match="X-API-Key"):
        who(identity, token(), key="wrong")


@pytest.mark.parametrize("credential", [b"", b"garbage", b"x" * 5000, b"\xff\xfe", b"a.b.c"])
def test_nobody_is_refused(credential: bytes, identity: Identity) -> None:
    """No credentials and credentials that are none are 401."""
    with pytest.raises(UnauthorizedError):
        who(identity, credential)


def forged(
    claims: dict[str, object], *, key: str = "another-secret-that-is-long-enough", algorithm: str = "HS256"
) -> str:
    """A token that is not ours."""
    return jwt.encode(claims, key if algorithm != "none" else None, algorithm=algorithm)


GOOD = {"aud": "carrel", "sub": "v_1", "org": "", "exp": 2000}


@pytest.mark.parametrize(
    "credential",
    [
        forged(GOOD),
        forged(GOOD, algorithm="none"),
        forged(GOOD, algorithm="HS384", key="x" * 48),
        token()[:-2] + "AA",
    ],
)
def test_forged_tokens_are_refused(credential: str, identity: Identity) -> None:
    """Another secret, another algorithm, none, a changed signature."""
    with pytest.raises(UnauthorizedError, match="not valid"):
        who(identity, credential)


def test_a_token_is_bound_to_the_page_it_was_made_for(identity: Identity) -> None:
    """A token taken to another page is no good there; outside of pages it is."""
    bound = token(origin=PAGE)
    assert who(identity, bound, origin=PAGE)[0] == who(identity, bound)[0] == "v_1"
    assert who(identity, token(), origin=PAGE)[0] == "v_1"
    with pytest.raises(UnauthorizedError, match="origin"):
        who(identity, bound, origin="https://evil.test")


def test_a_token_that_is_known_is_held_to_its_bounds_each_time(identity: Identity) -> None:
    """What is remembered of a token is that it is ours: it still ends, and is still bound to its page."""
    known = token(origin=PAGE)
    for _ in range(3):
        assert who(identity, known, origin=PAGE)[0] == "v_1"
        with pytest.raises(UnauthorizedError, match="expired"):
            who(identity, known, origin=PAGE, now=1060)
        with pytest.raises(UnauthorizedError):
            who(identity, known, origin="https://other.test")


def test_a_token_is_verified_again_after_some_seconds() -> None:
    """A secret that is no longer listed is good for seconds, not for as long as a token is used."""

    class Forgetful(Tokens):
        forgotten = False

        def read(self, token: bytes) -> Token:
            if self.forgotten:
                raise UnauthorizedError
            return super().read(token)

    tokens = Forgetful(["signs-tokens-0123456789"])
    identity = Identity(admin_keys=DIGESTS, tokens=tokens, internal_token=INTERNAL)
    used = TOKENS.make("v_1", origin="", now=0, lifetime_s=10_000)
    assert who(identity, used, now=1000)[0] == "v_1"
    tokens.forgotten = True
    assert who(identity, used, now=1001)[0] == "v_1"
    for now in (1005, 1011, 1019):  # used all the time
        who(identity, used, now=now)
    with pytest.raises(UnauthorizedError):
        who(identity, used, now=1000 + 2 * KNOWN_S + 1)


def test_what_a_service_is_told_is_signed(identity: Identity) -> None:
    """The lines that go to a service name the caller and bear a signature that the service accepts."""
    caller = identity.who(api_key=b"", credential=token().encode(), origin="", now=1000)
    said = dict(line.split(": ") for line in caller.told.decode().splitlines())
    assert verify(said, token=INTERNAL, now=1000) == caller.principal
    assert caller.told.endswith(b"\r\n")


def test_a_visitor_is_known_to_the_log_by_a_hash(identity: Identity) -> None:
    """The same visitor has the same one, and it is not the name; the owner is called the owner."""
    tags = {tag_of(Principal(id=name, role=Role.VISITOR)) for name in ("v_1", "v_2", "v_1")}
    assert len(tags) == 2
    assert not any("v_" in tag for tag in tags)
    assert tag_of(OWNER) == "owner"


def test_secrets_can_be_changed_without_losing_visitors() -> None:
    """Tokens of an older secret are good while it is listed."""
    old, new = Tokens(["old-secret"]), Tokens(["new-secret", "old-secret"])
    made = old.make("v_1", origin="", now=0, lifetime_s=10).encode()
    assert new.verify(made, origin="", now=5).visitor_id == "v_1"
    with pytest.raises(UnauthorizedError):
        old.verify(new.make("v_1", origin="", now=0, lifetime_s=10).encode(), origin="", now=5)


def test_credentials_are_found_where_they_stand() -> None:
    """Among the subprotocols, the one that is a token; else there is none."""
    assert socket_token(["carrel.v1", "carrel.token.t"]) == b"t"
    assert socket_token(["carrel.v1"]) == b""
