"""Errors of the API and of what stands before it, each with its words and exit status."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.errors import Failure
from avow.exit_codes import ExitCode
from avow.wire.failure import STATUS_OF_TYPE, body_is_error, not_an_answer, refusal_in, rejected, rejection, status_of


def api_error(kind: str, message: str = "words", code: str | None = None) -> bytes:
    error = {"type": kind, "message": message, **({"details": {"error_code": code}} if code else {})}
    return json.dumps({"type": "error", "error": error, "request_id": "req_body"}).encode()


STATUSES = [
    (400, "invalid_request_error", None, ExitCode.REJECTED),
    (401, "authentication_error", None, ExitCode.CREDENTIALS),
    (402, "billing_error", None, ExitCode.CREDENTIALS),
    (403, "permission_error", None, ExitCode.CREDENTIALS),
    (404, "not_found_error", None, ExitCode.REJECTED),
    (408, "timeout_error", None, ExitCode.REJECTED),
    (409, "conflict_error", None, ExitCode.REJECTED),
    (413, "request_too_large", None, ExitCode.REJECTED),
    (422, "invalid_request_error", None, ExitCode.REJECTED),
    (429, "rate_limit_error", None, ExitCode.UNAVAILABLE),
    (429, "rate_limit_error", "ramp_limit_exceeded", ExitCode.UNAVAILABLE),
    (429, "rate_limit_error", "enforced_spend_limit_reached", ExitCode.CREDENTIALS),
    (429, "rate_limit_error", "contract_spend_limit_reached", ExitCode.CREDENTIALS),
    (402, "billing_error", "linked_organization_spend_limit_reached", ExitCode.CREDENTIALS),
    (429, "rate_limit_error", "a_spend_limit_reached", ExitCode.CREDENTIALS),
    (400, "invalid_request_error", "next_year_s_spend_limit_reached", ExitCode.CREDENTIALS),
    (500, "api_error", None, ExitCode.UNAVAILABLE),
    (502, "api_error", None, ExitCode.UNAVAILABLE),
    (503, "api_error", "cmek_key_unreachable", ExitCode.UNAVAILABLE),
    (504, "timeout_error", None, ExitCode.UNAVAILABLE),
    (529, "overloaded_error", None, ExitCode.UNAVAILABLE),
]


@pytest.mark.parametrize(("status", "kind", "code", "exit_code"), STATUSES)
def test_the_apis_own_words_and_our_exit_status(status: int, kind: str, code: str | None, exit_code: ExitCode) -> None:
    error = rejected(status, {"request-id": "req_header"}, api_error(kind, code=code))
    assert error.failure == Failure(kind, status, "words")
    assert (error.exit_code, error.code, error.request_id) == (exit_code, code, "req_header")


@pytest.mark.parametrize("status", [400, 402, 429, 200])
@pytest.mark.parametrize("code", ["enforced_spend_limit_reached", "next_year_s_spend_limit_reached"])
def test_a_spend_limit_is_one_by_its_code_or_its_type(code: str, status: int) -> None:
    for body in (api_error("rate_limit_error", code=code), api_error(code)):
        error = rejection(json.loads(body), status, {})
        assert (error.code, error.exit_code) == (code, ExitCode.CREDENTIALS)
        assert "the spend limit is reached" in (error.hint or "")


@pytest.mark.parametrize(
    ("kind", "exit_code"),
    [
        ("overloaded_error", ExitCode.UNAVAILABLE),
        ("api_error", ExitCode.UNAVAILABLE),
        ("rate_limit_error", ExitCode.UNAVAILABLE),
        ("timeout_error", ExitCode.UNAVAILABLE),
        ("invalid_request_error", ExitCode.REJECTED),
        ("authentication_error", ExitCode.CREDENTIALS),
        ("an_error_of_next_year", ExitCode.UNAVAILABLE),
    ],
)
def test_in_a_response_of_200_the_type_decides(kind: str, exit_code: ExitCode) -> None:
    error = rejection(json.loads(api_error(kind)), 200, {})
    assert error.failure == Failure(kind, 200, "words")
    assert (error.exit_code, error.request_id) == (exit_code, "req_body")


BODIES = {
    "OpenAI": (
        400,
        b'{"error":{"message":"Budget exceeded","type":"budget_exceeded","code":"400"}}',
        "invalid_request_error",
        "Budget exceeded",
    ),
    "a bare detail": (422, b'{"detail":"no such model"}', "invalid_request_error", "no such model"),
    "a list of details": (
        422,
        b'{"detail":[{"loc":["body"],"msg":"required"}]}',
        "invalid_request_error",
        "body: required",
    ),
    "an error that is a string": (404, b'{"error":"Not Found"}', "not_found_error", "Not Found"),
    "only a message": (403, b'{"message":"Forbidden"}', "permission_error", "Forbidden"),
    "nothing at all": (502, b"", "api_error", "HTTP 502"),
    "an empty object": (500, b"{}", "api_error", "an error without a message (HTTP 500)"),
    "words of another kind": (
        400,
        b'{"error":{"type":3,"message":["x"]}}',
        "invalid_request_error",
        '["x"]',
    ),
    "AWS": (403, b'{"Message":"denied"}', "permission_error", "denied"),
    "words inside words": (400, b'{"error":{"message":{"error":"deep"}}}', "invalid_request_error", "deep"),
    "words without a type": (400, b'{"code":7,"reason":"no"}', "invalid_request_error", '{"code": 7, "reason": "no"}'),
    "letters of all": (400, '{"reason":"für"}'.encode(), "invalid_request_error", '{"reason": "für"}'),
    "an object for words": (400, '{"detail":{"a":"ü"}}'.encode(), "invalid_request_error", '{"a": "ü"}'),
    "an event": (
        529,
        b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}\n\n',
        "overloaded_error",
        "busy",
    ),
    "an event without a type": (400, b'data: {"message":"no"}\n\n', "invalid_request_error", "no"),
    "a web page": (503, b"<html>\n<h1>Down</h1></html>", "api_error", "HTTP 503: <html> <h1>Down</h1></html>"),
    "no UTF-8": (500, b"\xff\xfe", "api_error", "HTTP 500: \ufffd\ufffd"),
    "a list": (500, b"[1]", "api_error", "HTTP 500: [1]"),
    "half an emoji": (400, rb'{"error":{"message":"a\ud83d"}}', "invalid_request_error", "a\ufffd"),
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_of_others(name: str) -> None:
    status, body, kind, words = BODIES[name]
    assert rejected(status, {}, body).failure == Failure(kind, status, words)


def test_the_words_of_a_page_are_cut() -> None:
    assert len(rejected(502, {}, b"word " * 10_000).failure.message) < 230


@pytest.mark.parametrize(
    ("status", "body", "hint"),
    [
        pytest.param(401, api_error("authentication_error"), "avow auth status", id="401"),
        pytest.param(404, api_error("not_found_error"), "avow models", id="404"),
        pytest.param(
            429, api_error("rate_limit_error", code="enforced_spend_limit_reached"), "spend limit", id="spend"
        ),
        pytest.param(
            400,
            api_error("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"),
            "send less",
            id="too long",
        ),
        pytest.param(
            400,
            api_error("invalid_request_error", "messages.1: Invalid `signature` in `thinking` block. The"),
            "new conversation",
            id="signature",
        ),
        pytest.param(529, api_error("overloaded_error"), "--if-unavailable", id="529"),
        pytest.param(402, api_error("billing_error"), "billing", id="402"),
        pytest.param(403, api_error("permission_error"), "organisation", id="403"),
        pytest.param(413, api_error("request_too_large"), "32 MB", id="413"),
        pytest.param(429, api_error("rate_limit_error"), "wait", id="429"),
    ],
)
def test_hints_say_what_to_do(status: int, body: bytes, hint: str) -> None:
    assert hint in (rejected(status, {}, body).hint or "")


def test_what_is_wrong_where_is_said_in_the_form_of_fastapi_without_the_input() -> None:
    detail = [
        {"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted", "input": "x" * 300}
        for name in ("metadata", "fallbacks")
    ]
    failure = rejected(422, {}, json.dumps({"detail": detail}).encode()).failure
    nope = "Extra inputs are not permitted"
    assert failure.message == f"body.metadata: {nope}; body.fallbacks: {nope}"


@pytest.mark.parametrize(
    ("status", "words", "category"),
    [
        (400, "litellm.ContentPolicyViolationError: declined (category: cyber)", "cyber"),
        (400, "ContentPolicyViolationError: {'stop_details': {'category': 'frontier_llm'}}", "frontier_llm"),
        (403, "litellm.ContentPolicyViolationError: declined", None),
    ],
)
def test_a_refusal_in_a_gateways_error_is_told_as_one(status: int, words: str, category: str | None) -> None:
    body = refusal_in(Failure("invalid_request_error", status, words))
    assert body is not None
    assert (body["stop_reason"], body["stop_details"]["category"]) == ("refusal", category)


@pytest.mark.parametrize(
    ("status", "words"), [(500, "ContentPolicyViolationError"), (400, "category: cyber"), (None, "")]
)
def test_another_error_is_no_refusal(status: int | None, words: str) -> None:
    assert refusal_in(Failure("api_error", status, words)) is None


@pytest.mark.parametrize(
    ("body", "is_error"),
    [
        ({"type": "error", "error": {"type": "api_error"}}, True),
        ({"error": {"message": "x"}}, True),
        ({"error": "x"}, True),
        ({"error": None, "content": []}, False),
        ({"type": "message", "content": []}, False),
    ],
)
def test_what_is_an_error(body: dict[str, object], is_error: bool) -> None:
    assert body_is_error(body) is is_error


def test_what_is_no_answer_says_what_it_is() -> None:
    error = not_an_answer(200, "text/html", b"<title>Sign in</title>", "req_1")
    assert error.failure.type == "not_an_answer"
    assert "HTTP 200, text/html: <title>Sign in</title>" in error.failure.message
    assert (error.exit_code, error.request_id) == (ExitCode.UNAVAILABLE, "req_1")
    for status, is_redirect in ((200, False), (299, False), (300, True), (399, True)):
        assert ("redirect" in (not_an_answer(status, "", b"", None).hint or "")) is is_redirect


@pytest.mark.parametrize("length", [119, 120, 121, 2001])
def test_at_most_120_characters_of_what_is_no_answer_are_shown(length: int) -> None:
    shown = not_an_answer(200, "text/html", b"x" * length, None).failure.message.count("x")
    assert shown - "text/html".count("x") == min(length, 120)


@given(st.integers(400, 599), st.binary())
def test_any_body_is_an_error_with_words(status: int, body: bytes) -> None:
    error = rejected(status, {}, body)
    assert error.failure.message.encode()
    assert error.failure.status == status


def test_an_error_in_a_stream_has_the_status_that_its_type_stands_for() -> None:
    """The table of the API's documentation (docs: errors), and what stands in it for anything else: nothing."""
    documented = {
        400: "invalid_request_error",
        401: "authentication_error",
        402: "billing_error",
        403: "permission_error",
        404: "not_found_error",
        409: "conflict_error",
        413: "request_too_large",
        429: "rate_limit_error",
        500: "api_error",
        504: "timeout_error",
        529: "overloaded_error",
    }
    assert {status: kind for kind, status in STATUS_OF_TYPE.items()} == documented
    for status, kind in documented.items():
        assert status_of(Failure(kind, 200, "m")) == status_of(Failure(kind, None, "m")) == status
    assert status_of(Failure("a_new_error", None, "m")) == 0
    assert status_of(Failure("api_error", 503, "m")) == 503
