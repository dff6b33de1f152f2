"""Close codes on their way through the gateway.

Pure. RFC 6455, section 7.4.1: 1005, 1006 and 1015 are what an endpoint notes for itself when no code came;
they are never sent.
"""

NORMAL = 1000
GOING_AWAY = 1001
RESTART = 1012
_NO_STATUS = 1005
_ABNORMAL = 1006
_SENDABLE = frozenset((1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014))
MAX_REASON_BYTES = 123


def toward_client(code: int | None, reason: str) -> tuple[int, str]:
    """Return how the client is closed after the service closed with ``code``, or was lost (``None``)."""
    if code is None or code == _ABNORMAL:
        # The service went down under an open connection; it will be back, and the run can be resumed.
        return RESTART, "the chat service was lost"
    return _sendable(code, reason)


def toward_service(code: int, reason: str) -> tuple[int, str]:
    """Return how the service is told that the client, or the gateway itself, closed with ``code``."""
    if code in (RESTART, _ABNORMAL):
        return GOING_AWAY, ""
    return _sendable(code, reason)


def _sendable(code: int, reason: str) -> tuple[int, str]:
    if code == _NO_STATUS:
        return NORMAL, ""
    if code in _SENDABLE or 3000 <= code <= 4999:
        return code, reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
    return 1002, ""
