"""An error of the API (or of what stands before it) as one of our errors, with its exit status and a hint."""

from collections.abc import Mapping

from avow.errors import Failure, NotAnAnswer, Rejected
from avow.exit_codes import ExitCode
from avow.wire.json_value import JsonObject, encodable_value, obj, parse, path, text

STATUS_OF_TYPE: Mapping[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""The HTTP status that an error of this type stands for, where it comes in a response of status 200 or in a stream."""

_TYPE_OF_STATUS = {status: name for name, status in STATUS_OF_TYPE.items()} | {503: "api_error"}

_HINTS_BY_WORDS = (
    ("credit balance is too low", "add credit to the account, or use another key"),
    ("image exceeds", "make the image smaller"),
    ("prompt is too long", "send less: the prompt does not fit the model's context"),
    ("invalid `signature` in `thinking` block", "start a new conversation: this one was edited"),
    ("extra inputs are not permitted", "this endpoint does not know that field; leave it out"),
)
_HINTS_BY_STATUS = {
    401: "check the key: `avow auth status` says which one is used",
    402: "the account has a billing problem",
    403: "the key may not do this; ask whoever manages the organisation",
    404: "`avow models` lists what the key can use",
    413: "send less: a request may have 32 MB",
    429: "wait, then ask again",
    529: "the API is overloaded; ask again later, or name others with --if-unavailable",
}


def rejected(status: int, headers: Mapping[str, str], body: bytes) -> Rejected:
    """The error in a response with an error status; bodies of gateways and bare HTML are understood as far as
    they go. `headers` are lower-case."""
    try:
        value = parse(body)
    except ValueError:
        value = None
    if isinstance(value, dict):
        return rejection(value, status, headers)
    words = " ".join(body[:2000].decode("utf-8", "replace").split())[:200]
    message = f"HTTP {status}" + (f": {words}" if words else "")
    return _error(_TYPE_OF_STATUS.get(status, "api_error"), message, status, None, headers, {})


def rejection(body: JsonObject, status: int | None, headers: Mapping[str, str]) -> Rejected:
    """The error in a JSON body or an `error` event; its own type decides where the status is 200."""
    body = encodable_value(body)
    error = body.get("error")
    kind = text(path(body, "error", "type"))
    message = (
        text(path(body, "error", "message"))
        or text(error)
        or text(body.get("detail"))
        or text(body.get("message"))
        or (str(body["detail"]) if body.get("detail") else None)
        or f"an error without words{_of(status)}"
    )
    code = text(path(body, "error", "details", "error_code")) or (kind if is_spend_limit(kind) else None)
    if kind not in STATUS_OF_TYPE and status is not None and status >= 400:
        kind = _TYPE_OF_STATUS.get(status, kind or ("invalid_request_error" if status < 500 else "api_error"))
    return _error(kind or "api_error", message, status, code, headers, body)


def _error(
    kind: str, message: str, status: int | None, code: str | None, headers: Mapping[str, str], body: JsonObject
) -> Rejected:
    real = status if status is not None and status >= 400 else STATUS_OF_TYPE.get(kind, 500)
    return Rejected(
        Failure(kind, status, message),
        exit_code_for(real, code),
        request_id=headers.get("request-id") or text(body.get("request_id")),
        hint=_hint(real, code, message),
        code=code,
        headers=dict(headers),
    )


def _of(status: int | None) -> str:
    return f" (HTTP {status})" if status is not None else ""


def is_spend_limit(code: str | None) -> bool:
    """Whether an error's code says that a spend limit is reached: `enforced_spend_limit_reached` and its kin, those of
    next year too. Waiting does not help against it, whatever the status."""
    return code is not None and code.endswith("spend_limit_reached")


def exit_code_for(status: int, code: str | None = None) -> ExitCode:
    """The exit status for an HTTP status: 3 credentials and spending, 5 trouble of the API's own, 4 the rest."""
    if status in (401, 402, 403) or is_spend_limit(code):
        return ExitCode.CREDENTIALS
    if status == 429 or status >= 500:
        return ExitCode.UNAVAILABLE
    return ExitCode.REJECTED


def _hint(status: int, code: str | None, message: str) -> str | None:
    if is_spend_limit(code):
        return "the spend limit is reached: waiting does not help, raising it does"
    lowered = message.lower()
    for words, hint in _HINTS_BY_WORDS:
        if words in lowered:
            return hint
    return _HINTS_BY_STATUS.get(status)


_REDIRECTED = "avow follows no redirect with a key; set the base URL to the address that answers itself"
_ANSWERED_BY_ANOTHER = "check the base URL, and whether a proxy answers in the API's place"


def not_an_answer(status: int, content_type: str, body: bytes, request_id: str | None) -> NotAnAnswer:
    """A response of status 2xx or 3xx that is no message: a portal's page, a redirect, garbage."""
    words = " ".join(body[:2000].decode("utf-8", "replace").split())[:120]
    what = f"HTTP {status}, {content_type or 'no content type'}" + (f": {words}" if words else ", empty")
    return NotAnAnswer(
        Failure("not_an_answer", status, f"the response is no answer of the API ({what})"),
        ExitCode.UNAVAILABLE,
        request_id=request_id,
        hint=_REDIRECTED if 300 <= status < 400 else _ANSWERED_BY_ANOTHER,
    )


_UNSUPPORTED = (
    "does not support the `fallbacks` parameter",
    "fallbacks: extra inputs are not permitted",
    "unexpected value(s) `server-side-fallback",
)


def says_fallbacks_unsupported(failure: Failure) -> bool:
    """Whether this 400 means: send it again without `fallbacks`."""
    lowered = failure.message.lower()
    return failure.status == 400 and any(words in lowered for words in _UNSUPPORTED)


def body_is_error(body: JsonObject) -> bool:
    """Whether a JSON body is an error, whatever the status says."""
    return body.get("type") == "error" or ("error" in body and bool(obj(body.get("error")) or text(body["error"])))
