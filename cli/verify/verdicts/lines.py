"""The lines of the table, by the success criterion each belongs to, and what each needs to be well."""

from collections.abc import Mapping

from cli.findings import Colour, Finding

DEPLOYED, VARIABLES, API, SOCKET = "image, deployment", "variables", "API", "WebSocket"
POSTGRES, QDRANT, COHERE = "Postgres", "Qdrant", "Cohere"
HEALTH, KEYS, TIMES = "health", "keys are safe", "response times"

PAGE, HEAD, TLS, VERSION = "GET /", "HEAD /", "TLS", "version"
CORS, FRAMES, ADDRESS = "origins (CORS)", "frames", "client address"
OPENAPI, SESSION, STREAM, DOCUMENTS = "OpenAPI", "session", "server-sent events", "documents"
QUESTION, CITATIONS, RESUME = "question", "citations", "resume"
GATEWAY, RETRIEVER, CHAT = "gateway", "retriever", "chat service"
READY, WHOLE = "probes", "the whole"
EMBEDDING, REDIS, SECRETS = "embedding", "Redis", "secrets"

_ANSWERS = (PAGE, SESSION, GATEWAY, RETRIEVER, CHAT, POSTGRES, QDRANT)
_LINES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    TLS: (DEPLOYED, ()),
    PAGE: (DEPLOYED, (TLS,)),
    HEAD: (DEPLOYED, (TLS, PAGE)),
    VERSION: (DEPLOYED, (PAGE,)),
    CORS: (VARIABLES, (PAGE, SESSION)),
    FRAMES: (VARIABLES, (PAGE,)),
    ADDRESS: (VARIABLES, (PAGE, SESSION)),
    OPENAPI: (API, (PAGE, RETRIEVER, CHAT)),
    SESSION: (API, (PAGE,)),
    STREAM: (API, _ANSWERS),
    DOCUMENTS: (API, (PAGE, GATEWAY, RETRIEVER, QDRANT, COHERE)),
    QUESTION: (SOCKET, _ANSWERS),
    CITATIONS: (SOCKET, (*_ANSWERS, DOCUMENTS, QUESTION)),
    RESUME: (SOCKET, (*_ANSWERS, QUESTION)),
    POSTGRES: (POSTGRES, (PAGE,)),
    QDRANT: (QDRANT, (PAGE,)),
    COHERE: (COHERE, (PAGE,)),
    EMBEDDING: (COHERE, (PAGE, COHERE)),
    GATEWAY: (HEALTH, (PAGE,)),
    RETRIEVER: (HEALTH, (PAGE, QDRANT)),
    CHAT: (HEALTH, (PAGE, POSTGRES)),
    REDIS: (HEALTH, (PAGE,)),
    READY: (HEALTH, (PAGE, GATEWAY, RETRIEVER, CHAT, POSTGRES, QDRANT)),
    WHOLE: (HEALTH, (PAGE, GATEWAY, RETRIEVER, CHAT, POSTGRES, QDRANT)),
    SECRETS: (KEYS, ()),
    "page": (TIMES, (PAGE,)),
    "search": (TIMES, (*_ANSWERS, COHERE)),
    "first word": (TIMES, (*_ANSWERS, QUESTION, COHERE)),
}


def finding(name: str, colour: Colour, found: str, fix: str = "") -> Finding:
    """Return the line ``name``, in its group, with what it needs."""
    group, needs = _LINES[name]
    return Finding(group, name, colour, found, fix, needs)


def in_order(findings: list[Finding]) -> list[Finding]:
    """Return ``findings`` as the table has them."""
    order = list(_LINES)
    groups = list(dict.fromkeys(group for group, _ in _LINES.values()))
    return sorted(findings, key=lambda one: (groups.index(one.group), order.index(one.name)))
