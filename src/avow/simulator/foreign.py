"""How other hosts than the API refuse what only the API knows, fields and beta flags, each with its own error."""

from collections.abc import Callable, Mapping

from avow.simulator.form import dump
from avow.simulator.script import HttpError, Json

_FLAG = "invalid beta flag"
_EXTRA = "Extra inputs are not permitted"
_UNKNOWN = ("fallbacks", "thinking")
"""The fields that are unknown to hosts that check fields."""


def refusal(kind: str, body: Json, betas: frozenset[str]) -> HttpError | None:
    """The error with which a host of this kind (a key of `KINDS`, or empty) refuses a request; None where it does
    not."""
    return KINDS[kind](body, betas) if kind else None


def _model(body: Json, _betas: frozenset[str]) -> HttpError | None:
    return _bad(f"'{body.get('model')}' does not support the `fallbacks` parameter.") if "fallbacks" in body else None


def _field(body: Json, _betas: frozenset[str]) -> HttpError | None:
    return _bad(f"fallbacks: {_EXTRA}") if "fallbacks" in body else None


def _header(body: Json, betas: frozenset[str]) -> HttpError | None:
    if sent := sorted(beta for beta in betas if beta.startswith("server-side-fallback-")):
        return _bad(f"Unexpected value(s) `{', '.join(sent)}` for the `anthropic-beta` header.")
    return _model(body, betas)


def _thinking(body: Json, _betas: frozenset[str]) -> HttpError | None:
    return _bad(f"thinking: {_EXTRA}") if "thinking" in body else None


def _caching(body: Json, _betas: frozenset[str]) -> HttpError | None:
    is_marked = b'"cache_control"' in dump(body)
    return _bad(f"messages.0.content.0.document.cache_control: {_EXTRA}") if is_marked else None


def _fastapi(body: Json, _betas: frozenset[str]) -> HttpError | None:
    """A FastAPI application with a strict model: one entry for each unknown field, with its value."""
    detail = [
        {"type": "extra_forbidden", "loc": ["body", name], "msg": _EXTRA, "input": body[name]}
        for name in _UNKNOWN
        if name in body
    ]
    return _wrapped(422, {"detail": detail}) if detail else None


def _vllm(body: Json, _betas: frozenset[str]) -> HttpError | None:
    """vLLM: such an entry as Python writes it, in one text."""
    if "fallbacks" not in body:
        return None
    entry = {"type": "extra_forbidden", "loc": ("body", "fallbacks"), "msg": _EXTRA, "input": body["fallbacks"]}
    return _wrapped(400, {"object": "error", "message": str([entry]), "type": "BadRequestError", "code": 400})


def _bedrock(wrapped: Callable[[], HttpError]) -> Callable[[Json, frozenset[str]], HttpError | None]:
    """Bedrock behind a gateway: it refuses every beta flag, and does not say which."""
    return lambda _body, betas: wrapped() if betas else None


def _bad(message: str) -> HttpError:
    return HttpError(400, "invalid_request_error", message)


def _wrapped(status: int, body: Json) -> HttpError:
    return HttpError(status, "", "", body=dump(body))


_LITELLM = (
    f'litellm.BadRequestError: BedrockException - {{"message":"{_FLAG}"}}. Received Model Group=claude\n'
    "Available Model Group Fallbacks=None"
)
_OPERATION = (
    "operation error Bedrock Runtime: InvokeModelWithResponseStream, https response error StatusCode: 400, "
    f"RequestID: 6d3c, ValidationException: {_FLAG}"
)
KINDS: Mapping[str, Callable[[Json, frozenset[str]], HttpError | None]] = {
    "model": _model,
    "field": _field,
    "header": _header,
    "thinking": _thinking,
    "caching": _caching,
    "fastapi": _fastapi,
    "vllm": _vllm,
    "bedrock": _bedrock(lambda: _bad(_FLAG)),
    "bedrock_aws": _bedrock(lambda: _wrapped(400, {"Message": _FLAG})),
    "bedrock_litellm": _bedrock(
        lambda: _wrapped(400, {"error": {"message": _LITELLM, "type": None, "param": None, "code": "400"}})
    ),
    "bedrock_operation": _bedrock(lambda: _wrapped(400, {"error": {"message": _OPERATION, "type": "upstream_error"}})),
}
