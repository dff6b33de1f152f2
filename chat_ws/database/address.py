"""The address of the database, as providers write it, made one that the driver takes.

Pure. What other drivers' addresses have beside libpq's is translated or left out where that changes nothing;
everything else is refused with a reason that names the part, never its value.
"""

import re
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_SCHEME = re.compile(r"(postgres(?:ql)?)(?:\+[a-z0-9_]+)?://", re.IGNORECASE)
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PLACEHOLDER = re.compile(r":\[[A-Za-z0-9_ -]*password[A-Za-z0-9_ -]*\]@", re.IGNORECASE)
_OF_OTHERS = frozenset(
    # Prisma's and other drivers' own pools and caches; Vercel's and node-postgres' marks.
    "pgbouncer connection_limit pool_timeout pool_size max_overflow socket_timeout statement_cache_size "
    "prepared_statement_cache_size prepare_threshold supa workaround uselibpqcompat".split()
)
_SSL_WORDS = {"true": "require", "1": "require", "false": "disable", "0": "disable"}


def database_address(given: str) -> str:
    """Return ``given`` as libpq takes it.

    Raises
    ------
    ValueError
        Saying what is wrong with it and what would be right.
    """
    scheme = _SCHEME.match(given)
    if scheme is None:
        raise ValueError(_other_form(given))
    if _PLACEHOLDER.search(given):
        raise ValueError("still has a placeholder where the password belongs")
    if _BARE_PERCENT.search(given):
        raise ValueError("has a % that escapes nothing: in a user or password it is written %25")
    before, _, query = given[scheme.end() :].partition("?")
    _check_place(before)
    kept = "&".join(_parameters(query))
    return f"postgresql://{before}{'?' if kept else ''}{kept}"


def _other_form(given: str) -> str:
    if given.lower().startswith("jdbc:"):
        return "is an address for Java: write postgresql://user:password@host/database"
    if re.match(r"\s*\w+\s*=", given):
        return "is a list of keywords: write postgresql://user:password@host/database"
    return "must begin with postgresql:// or postgres://"


def _check_place(before: str) -> None:
    """Refuse what libpq would read otherwise than it was meant, without a word."""
    place = before.partition("/")[0]
    _, _, hosts = place.partition("@")
    if "@" in hosts:
        raise ValueError("has a second @ before its host: in a user or password it is written %40")
    # An address of IPv6 has colons of its own, in brackets.
    ports = [host.rpartition("]")[2].rpartition(":") for host in (hosts or place).split(",")]
    if any(colon and port and not port.isdecimal() for _, colon, port in ports):
        raise ValueError("has a port that is no number: a / ? or # in a password is escaped as %2F %3F %23")
    if any(char.isspace() or char in '"<>\\' for char in before):
        raise ValueError("has a space or quote in it: such characters are escaped as % and two digits")
    if b"\0" in unquote_to_bytes(before):
        raise ValueError("has a NUL character in it")


def _parameters(query: str) -> Iterable[str]:
    for pair in query.split("&") if query else ():
        name, _, value = pair.partition("=")
        if name in _OF_OTHERS:
            continue
        if name == "schema":
            if value != "public":
                raise ValueError("has the parameter schema: give options=-csearch_path%3D... instead")
            continue
        if name in ("ssl", "sslmode"):
            name, value = "sslmode", _ssl_mode(value)
        yield f"{name}={value}"


def _ssl_mode(value: str) -> str:
    mode = _SSL_WORDS.get(value.lower(), value)
    if mode == "no-verify":
        raise ValueError("has sslmode=no-verify, which is another driver's: require encrypts and trusts any")
    if mode not in SSL_MODES:
        raise ValueError(f"has an unknown sslmode: it is one of {', '.join(SSL_MODES)}")
    return mode
