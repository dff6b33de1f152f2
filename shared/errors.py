"""The errors of Carrel, as they are told to clients.

Owns the error codes of the chat protocol and of every problem+json body. Pure: no I/O, no framework.

    CarrelError
    ├── UnauthorizedError        401  unauthorized
    ├── ForbiddenError           403  forbidden
    ├── NotFoundError            404  not_found
    │   └── RunNotFoundError     404  run_not_found
    ├── InvalidRequestError      422  invalid_request   (the request's content)
    │   ├── MalformedError       400  invalid_request   (the request's form)
    │   ├── MethodNotAllowedError 405 invalid_request
    │   ├── TooLargeError        413  invalid_request
    │   ├── UriTooLongError      414  invalid_request
    │   └── UnsupportedMediaTypeError 415 invalid_request
    ├── MessageTooLongError      413  message_too_long
    ├── RateLimitedError         429  rate_limited
    ├── QuotaExceededError       429  quota_exceeded
    ├── IdempotencyConflictError 409  idempotency_conflict
    ├── RunActiveError           409  run_active
    ├── DrainingError            503  draining
    ├── OverloadedError          503  overloaded
    ├── UpstreamUnavailableError 503  upstream_unavailable
    ├── UpstreamTimeoutError     504  upstream_timeout
    └── InternalError            500  internal
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class FieldError:
    """One field of a request that was refused."""

    field: str
    """The field's path, such as ``filters.lang``."""
    message: str
    """What is wrong with it and what would be right."""


class CarrelError(Exception):
    """Base of every error that a client is told about.

    ``str(error)`` is the public detail; it never holds a secret, a path or a payload.
    """

    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"
    default_status: ClassVar[int] = 500
    default_retryable: ClassVar[bool] = False
    close_code: ClassVar[int] = 1011
    """The WebSocket close code, where this error ends a connection."""

    def __init__(
        self,
        detail: str = "",
        *,
        param: str | None = None,
        fields: Sequence[FieldError] = (),
        retry_after_ms: int | None = None,
        status: int | None = None,
        retryable: bool | None = None,
    ) -> None:
        self.detail = detail or self.title
        self.param = param if param is not None else (fields[0].field if fields else None)
        self.fields = tuple(fields)
        self.retry_after_ms = retry_after_ms
        self.status = self.default_status if status is None else status
        self.retryable = self.default_retryable if retryable is None else retryable
        super().__init__(self.detail)


class UnauthorizedError(CarrelError):
    code = "unauthorized"
    title = "Credentials are missing or not valid"
    default_status = 401
    close_code = 4401


class ForbiddenError(CarrelError):
    code = "forbidden"
    title = "Not allowed"
    default_status = 403
    close_code = 4403


class NotFoundError(CarrelError):
    code = "not_found"
    title = "Not found"
    default_status = 404


class RunNotFoundError(NotFoundError):
    code = "run_not_found"
    title = "There is no such run"


class InvalidRequestError(CarrelError):
    code = "invalid_request"
    title = "The request is not valid"
    default_status = 422
    close_code = 1008


class MalformedError(InvalidRequestError):
    title = "The request is malformed"
    default_status = 400


class MethodNotAllowedError(InvalidRequestError):
    title = "This route does not take that method"
    default_status = 405


class RequestTimeoutError(InvalidRequestError):
    title = "The request did not come in time"
    default_status = 408
    default_retryable = True


class TooLargeError(InvalidRequestError):
    title = "The request is too large"
    default_status = 413
    close_code = 1009


class UriTooLongError(InvalidRequestError):
    title = "The URL is too long"
    default_status = 414


class NotEmptyError(InvalidRequestError):
    title = "There is something already"
    default_status = 409


class UnsupportedMediaTypeError(InvalidRequestError):
    title = "This media type is not supported"
    default_status = 415


class MessageTooLongError(CarrelError):
    code = "message_too_long"
    title = "The message is too long"
    default_status = 413


class RateLimitedError(CarrelError):
    code = "rate_limited"
    title = "Too many requests"
    default_status = 429
    default_retryable = True
    close_code = 4429


class QuotaExceededError(CarrelError):
    code = "quota_exceeded"
    title = "The quota is used up"
    default_status = 429
    close_code = 4429


class IdempotencyConflictError(CarrelError):
    code = "idempotency_conflict"
    title = "This client_message_id was used before with other content"
    default_status = 409


class RunActiveError(CarrelError):
    code = "run_active"
    title = "An answer is still being given in this conversation"
    default_status = 409
    default_retryable = True


class DrainingError(CarrelError):
    code = "draining"
    title = "The service is restarting"
    default_status = 503
    default_retryable = True
    close_code = 1012


class OverloadedError(CarrelError):
    code = "overloaded"
    title = "The service cannot take this now"
    default_status = 503
    default_retryable = True
    close_code = 1013


class UpstreamUnavailableError(CarrelError):
    code = "upstream_unavailable"
    title = "A service this needs is not available"
    default_status = 503
    default_retryable = True


class UpstreamTimeoutError(CarrelError):
    code = "upstream_timeout"
    title = "A service this needs did not answer in time"
    default_status = 504
    default_retryable = True


class InternalError(CarrelError):
    title = "Something went wrong on our side"


_CLASSES: tuple[type[CarrelError], ...] = (
    UnauthorizedError,
    ForbiddenError,
    NotFoundError,
    InvalidRequestError,
    MessageTooLongError,
    RateLimitedError,
    QuotaExceededError,
    IdempotencyConflictError,
    RunNotFoundError,
    RunActiveError,
    DrainingError,
    OverloadedError,
    UpstreamUnavailableError,
    UpstreamTimeoutError,
    InternalError,
)

ERROR_CODES: Mapping[str, type[CarrelError]] = {cls.code: cls for cls in _CLASSES}
"""Every code a client can meet, with the class that stands for it."""

_BY_STATUS: Mapping[int, type[CarrelError]] = {
    400: MalformedError,
    405: MethodNotAllowedError,
    408: RequestTimeoutError,
    413: TooLargeError,
    414: UriTooLongError,
    415: UnsupportedMediaTypeError,
    **{cls.default_status: cls for cls in reversed(_CLASSES) if cls.default_status != 413},
}


def problem(error: CarrelError, *, request_id: str) -> dict[str, Any]:
    """Return ``error`` as the body of an RFC 9457 problem document."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "retryable": error.retryable,
        "request_id": request_id,
    }
    if error.retry_after_ms is not None:
        body["retry_after_ms"] = error.retry_after_ms
    if error.param is not None:
        body["param"] = error.param
    if error.fields:
        body["errors"] = [{"field": f.field, "message": f.message} for f in error.fields]
    return body


def from_problem(body: Mapping[str, Any], *, status: int) -> CarrelError:
    """Rebuild the error another service answered with, so that it survives the hop.

    A body that is not one of our problems becomes the error its ``status`` stands for.
    """
    cls = ERROR_CODES.get(str(body.get("code"))) or from_status(status)
    retry_after = body.get("retry_after_ms")
    param = body.get("param")
    errors = body.get("errors")
    fields = [
        FieldError(field=str(entry.get("field")), message=str(entry.get("message")))
        for entry in (errors if isinstance(errors, list) else ())
        if isinstance(entry, Mapping)
    ]
    return cls(
        str(body.get("detail") or ""),
        param=param if isinstance(param, str) else None,
        fields=fields,
        retry_after_ms=retry_after if isinstance(retry_after, int) else None,
        status=status,
        retryable=bool(body.get("retryable", cls.default_retryable)),
    )


def from_status(status: int) -> type[CarrelError]:
    """Return the class that stands for an HTTP ``status`` of 400 or more."""
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return InvalidRequestError if status < 500 else InternalError
