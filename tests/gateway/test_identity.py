"""Who is asking."""

import hashlib

import jwt
import pytest

from gateway.headers import Header
from gateway.identity import OWNER, Identity, Tokens, bearer, socket_token
from shared.auth import Principal, Role
from shared.errors import RateLimitedError, UnauthorizedError

KEY = "the-owner's-key-0123456789"
PAGE = "https://docs.test"
TOKENS = Tokens(["signs-tokens-0123456789"])
IDENTITY = Identity(admin_key_digest=hashlib.sha256(KEY.encode()).digest(), tokens=TOKENS)


def token(*, origin: str = "", now: int = 1000) -> str:
    """A visitor's token, good for a minute."""
    return TOKENS.make("v_1", origin=origin, now=now, lifetime_s=60)


def who(
    *headers: Header, offered: tuple[str, ...] = (), origin: str = "", now: float = 1000
) -> tuple[str, Role, int | None]:
    """Whom the identity finds."""
    caller = IDENTITY.who(headers, subprotocols=offered, origin=origin, now=now)
    return caller.principal.id, caller.principal.role, caller.expires


def authorization(credential: str) -> Header:
    """A bearer's header."""
    return (b"authorization", f"Bearer {credential}".encode())


def test_a_token_names_its_visitor_until_it_expires() -> None:
    """A token of ours is a visitor, with the time it ends."""
    assert who(authorization(token()), now=1059) == ("v_1", Role.VISITOR, 1060)
    with pytest.raises(UnauthorizedError, match="expired"):
        who(authorization(token()), now=1060)


def test_a_browser_gives_its_token_as_a_subprotocol() -> None:
    """The token among the subprotocols counts before Authorization, which a platform may have set."""
    offered = ("carrel.v1", f"carrel.token.{token()}")
    assert who(authorization("hf_platform"), offered=offered)[0] == "v_1"


def test_the_key_is_the_owner_wherever_it_stands() -> None:
    """X-API-Key, Authorization, and a subprotocol; the owner's identity does not expire."""
    owner = (OWNER.id, Role.OWNER, None)
    assert who((b"x-api-key", KEY.encode())) == owner
    assert who(authorization(KEY)) == owner
    assert who(offered=(f"carrel.token.{KEY}",)) == owner
    assert who((b"x-api-key", KEY.encode()), authorization("hf_platform")) == owner


def test_a_wrong_key_is_not_a_visitor() -> None:
    """A key that is not right is refused, whatever else is there."""
    with pytest.raises(UnauthorizedError, match="X-API-Key"):
        who((b"x-api-key", b"wrong"), authorization(token()))


@pytest.mark.parametrize("key", [KEY, "no-key-of-ours-0123456789", "no.key.ofours"])
@pytest.mark.parametrize("name", ["x-api-key", "authorization", "subprotocol"])
def test_a_key_that_has_to_wait_is_not_compared(key: str, name: str) -> None:
    """While too many were refused a right key and a wrong one get the same answer, with the time to wait."""
    headers = {"x-api-key": [(b"x-api-key", key.encode())], "authorization": [authorization(key)]}
    offered = (f"carrel.token.{key}",) if name == "subprotocol" else ()
    with pytest.raises(RateLimitedError) as caught:
        IDENTITY.who(
            headers.get(name, []), subprotocols=offered, origin="", now=1000, key_wait_ms=lambda: 1500
        )
    assert caught.value.retry_after_ms == 1500


def test_a_token_never_waits_for_the_keys() -> None:
    """A visitor's token is verified whatever was refused before; one that has ended is told so."""

    def find(credential: str, *, now: float) -> str:
        headers = [authorization(credential)]
        caller = IDENTITY.who(headers, subprotocols=(), origin="", now=now, key_wait_ms=lambda: 1500)
        return caller.principal.id

    assert find(token(), now=1000) == "v_1"
    with pytest.raises(UnauthorizedError, match="expired"):
        find(token(), now=1060)


def test_a_key_may_look_like_a_token() -> None:
    """Whoever chose such a key is the owner nevertheless, but while it has to wait it is no key."""
    key = forged(GOOD)
    identity = Identity(admin_key_digest=hashlib.sha256(key.encode()).digest(), tokens=TOKENS)

    def find(wait_ms: int) -> Principal:
        caller = identity.who(
            [authorization(key)], subprotocols=(), origin="", now=1000, key_wait_ms=lambda: wait_ms
        )
        return caller.principal

    assert find(0) == OWNER
    with pytest.raises(UnauthorizedError, match="not valid"):
        find(1500)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"authorization", b"")],
        [(b"authorization", b"Bearer")],
        [(b"authorization", b"Basic dXNlcjpwYXNz")],
        [(b"authorization", b"Bearer garbage")],
        [(b"authorization", b"Bearer " + b"x" * 5000)],
        [(b"authorization", b"Bearer \xff\xfe")],
    ],
)
def test_nobody_is_refused(headers: list[Header]) -> None:
    """No credentials and credentials that are none are 401."""
    with pytest.raises(UnauthorizedError):
        who(*headers)


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
def test_forged_tokens_are_refused(credential: str) -> None:
    """Another secret, another algorithm, none, a changed signature."""
    with pytest.raises(UnauthorizedError, match="not valid"):
        who(authorization(credential))


def test_a_token_is_bound_to_the_page_it_was_made_for() -> None:
    """A token taken to another page is no good there; outside of pages it is."""
    bound = authorization(token(origin=PAGE))
    assert who(bound, origin=PAGE)[0] == who(bound)[0] == "v_1"
    assert who(authorization(token()), origin=PAGE)[0] == "v_1"
    with pytest.raises(UnauthorizedError, match="origin"):
        who(bound, origin="https://evil.test")


def test_a_token_that_is_known_is_held_to_its_bounds_each_time() -> None:
    """What is remembered of a token is its signature alone: it still ends, and is still bound to its page."""
    known = authorization(token(origin=PAGE))
    for _ in range(3):
        assert who(known, origin=PAGE)[0] == "v_1"
        with pytest.raises(UnauthorizedError, match="expired"):
            who(known, origin=PAGE, now=1060)
        with pytest.raises(UnauthorizedError):
            who(known, origin="https://other.test")


def test_secrets_can_be_changed_without_losing_visitors() -> None:
    """Tokens of an older secret are good while it is listed."""
    old, new = Tokens(["old-secret"]), Tokens(["new-secret", "old-secret"])
    made = old.make("v_1", origin="", now=0, lifetime_s=10)
    assert new.verify(made, origin="", now=5).visitor_id == "v_1"
    with pytest.raises(UnauthorizedError):
        old.verify(new.make("v_1", origin="", now=0, lifetime_s=10), origin="", now=5)


def test_credentials_are_found_where_they_stand() -> None:
    """The scheme's case does not matter; a subprotocol that is no token is none."""
    assert bearer([(b"authorization", b"bearer  x ")]) == "x"
    assert socket_token(["carrel.v1"]) == ""
