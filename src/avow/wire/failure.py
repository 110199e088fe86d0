"""An error of the API, or of a gateway in front of it, as one of avow's errors, with its exit status and a hint."""

import json
import re
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

_MOST_WORDS = 200
_MOST_ENTRIES = 20
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
    """The error in a response with the HTTP status `status`, 400 or above. `body` may also be a gateway's JSON, a
    stream whose first event is the error, or a page, of which the first 200 characters are shown. `headers` have
    lower-case names."""
    value = _json_of(body)
    if isinstance(value, dict):
        return rejection(value, status, headers)
    words = " ".join(body[:2000].decode("utf-8", "replace").split())[:200]
    message = f"HTTP {status}" + (f": {words}" if words else "")
    return _error(_TYPE_OF_STATUS.get(status, "api_error"), message, status, None, headers, {})


def _json_of(body: bytes) -> object:
    """The JSON of an error's body, or that of the first event where a gateway streams its errors too."""
    for line in (body, *(line[5:] for line in body.splitlines() if line.startswith(b"data:"))):
        try:
            return parse(line)
        except ValueError:
            continue
    return None


def rejection(body: JsonObject, status: int | None, headers: Mapping[str, str]) -> Rejected:
    """The error in a JSON body or an `error` event. `status` is that of the response, None where there is no response;
    below 400 the error's own type decides."""
    body = encodable_value(body)
    kind = text(path(body, "error", "type"))
    message = _words(body) or f"an error without a message{_of(status)}"
    code = text(path(body, "error", "details", "error_code")) or (kind if is_spend_limit(kind) else None)
    if kind not in STATUS_OF_TYPE and status is not None and status >= 400:
        kind = _TYPE_OF_STATUS.get(status, kind or ("invalid_request_error" if status < 500 else "api_error"))
    return _error(kind or "api_error", message, status, code, headers, body)


def _words(body: JsonObject) -> str | None:
    """What an error says, in the shapes of the API, OpenAI, FastAPI (`detail`), AWS (`Message`) and LiteLLM (words
    inside words); else the first 200 characters of all it holds."""
    for value in (body.get("error"), body.get("detail"), body.get("message"), body.get("Message")):
        while isinstance(value, dict) and (value.get("message") or value.get("error")):
            value = value.get("message") or value["error"]
        if isinstance(value, str) and value:
            return value
        if located := _located(value):
            return located
        if value:
            return json.dumps(value, ensure_ascii=False, default=str)[:_MOST_WORDS]
    said = {key: value for key, value in body.items() if key not in ("type", "request_id") and value}
    return json.dumps(said, ensure_ascii=False, default=str)[:_MOST_WORDS] if said else None


def _located(value: object) -> str | None:
    """FastAPI's list of what is wrong where, without the `input` that it repeats."""
    entries = [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
    said = [
        f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}"
        for entry in entries[:_MOST_ENTRIES]
        if isinstance(entry.get("loc"), list) and isinstance(entry.get("msg"), str)
    ]
    return "; ".join(said) or None


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
    """Whether an error's code says that a spend limit is reached: `enforced_spend_limit_reached`, or another with this
    ending, also one that is not known yet. Waiting does not help against it, whatever the status."""
    return code is not None and code.endswith("spend_limit_reached")


def exit_code_for(status: int, code: str | None = None) -> ExitCode:
    """The exit status for an HTTP status of 400 or above: CREDENTIALS for 401, 402, 403 and spend limits, UNAVAILABLE
    for 429 and from 500 on, REJECTED for the rest (contract §2)."""
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


_REDIRECTED = "avow follows no redirect with a key; set the base URL to the address that it redirects to"
_ANSWERED_BY_ANOTHER = "check the base URL, and whether a proxy answers in the API's place"


def not_an_answer(status: int, content_type: str, body: bytes, request_id: str | None) -> NotAnAnswer:
    """The error for a response with a status below 400 that is not a message: the page of a captive portal, a redirect,
    anything. The first 120 characters of `body` are shown."""
    words = " ".join(body[:2000].decode("utf-8", "replace").split())[:120]
    what = f"HTTP {status}, {content_type or 'no content type'}" + (f": {words}" if words else ", empty")
    return NotAnAnswer(
        Failure("not_an_answer", status, f"this is not a Messages API response ({what})"),
        ExitCode.UNAVAILABLE,
        request_id=request_id,
        hint=_REDIRECTED if 300 <= status < 400 else _ANSWERED_BY_ANOTHER,
    )


# Compiled at first use: start-up.
_POLICY_VIOLATION = r"ContentPolicyViolation|content_policy_violation"
_CATEGORY = r"category['\"]?\s*[:=]\s*['\"]?([a-z][a-z_]{1,40})\b"


def status_of(failure: Failure) -> int:
    """The HTTP status of a failure. Where it came in a stream or with status 200, the status of its type; 0 for a type
    that is not known."""
    status = failure.status or 0
    return status if status >= 400 else STATUS_OF_TYPE.get(failure.type, 0)


def refusal_in(failure: Failure) -> JsonObject | None:
    """The refusal that a gateway turned into a 4xx of its own (LiteLLM's ContentPolicyViolationError), as the message
    that the API would have sent, with the category if the text of the error names one; None for any other error."""
    if not 400 <= status_of(failure) < 500 or re.search(_POLICY_VIOLATION, failure.message) is None:
        return None
    category = re.search(_CATEGORY, failure.message)
    details = {"type": "refusal", "category": category[1] if category else None, "explanation": failure.message}
    return {"type": "message", "content": [], "stop_reason": "refusal", "stop_details": details}


def body_is_error(body: JsonObject) -> bool:
    """Whether a JSON body is an error, whatever the status says."""
    return body.get("type") == "error" or ("error" in body and bool(obj(body.get("error")) or text(body["error"])))
