"""What an endpoint passes on and what it makes up: findings from at most six calls; pure."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from avow.routing.verdict import Verdict
from avow.wire.json_value import JsonObject, text

SCHEMA = "avow.endpoint/1"
CHECKS = ("names", "usage", "count_tokens", "request_id", "fallbacks", "signature")
MOST_CALLS = 6
OK, FINDING, NOT_TESTED = "ok", "finding", "not_tested"
STRONG, WEAK, NONE = "strong", "weak", "none"

_CLOSE = 0.05  # the documentation calls `count_tokens` an estimate
_FAR = 0.25
_FEW = 8


class CheckResult(NamedTuple):
    """One check. `result` is `ok`, `finding` or `not_tested`; `strength` says what the result is worth: `strong`,
    `weak` or `none`."""

    check: str
    result: str
    detail: str
    strength: str


@dataclass(frozen=True, slots=True)
class ProbeResponse:
    """A response to a probe: the HTTP status and, where it is JSON, the body."""

    status: int
    body: JsonObject = field(default_factory=dict)

    @property
    def is_answer(self) -> bool:
        """Whether it is a message and no error."""
        return self.status < 400 and "error" not in self.body


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """The answer to an ordinary question: what it reports about model, tokens and request."""

    model: str | None
    verdict: Verdict | None
    usage: Mapping[str, object] | None
    request_id: str | None
    content: Sequence[JsonObject] = ()


def names(plain: PlainAnswer, unknown_model: str, unknown: ProbeResponse) -> CheckResult:
    """Whether names are echoed: a model that does not exist must be a 404."""
    if unknown.is_answer:
        named = text(unknown.body.get("model"))
        echoed = f", and the response names {named}" if named else ""
        return CheckResult(
            "names", FINDING, f"a model that does not exist ({unknown_model}) was answered{echoed}", STRONG
        )
    if plain.verdict is Verdict.SUBSTITUTED:
        return CheckResult("names", FINDING, f"another model answered: the response names {plain.model}", STRONG)
    if unknown.status != 404:
        return CheckResult("names", FINDING, f"a model that does not exist is HTTP {unknown.status}, not 404", WEAK)
    if plain.verdict is not Verdict.AS_REQUESTED:
        return CheckResult("names", FINDING, f"the answer does not prove who wrote it ({plain.verdict})", WEAK)
    return CheckResult("names", OK, "a model that does not exist is a 404; the answer names the one asked for", WEAK)


def usage(plain: PlainAnswer) -> CheckResult:
    """Whether tokens are reported."""
    entered, left = _tokens(plain.usage, "input_tokens"), _tokens(plain.usage, "output_tokens")
    if not entered or not left:
        return CheckResult(
            "usage", FINDING, "the answer does not report its tokens, so its cost cannot be checked", WEAK
        )
    return CheckResult("usage", OK, f"{entered} tokens in, {left} out are reported", WEAK)


def count_tokens(plain: PlainAnswer, counted: ProbeResponse) -> CheckResult:
    """Whether both counts of the same prompt agree: a hidden prompt, or another tokenizer, makes them differ."""
    entered, count = _tokens(plain.usage, "input_tokens"), _tokens(counted.body, "input_tokens")
    if not counted.is_answer or count is None:
        return CheckResult("count_tokens", NOT_TESTED, f"count_tokens is HTTP {counted.status} here", NONE)
    if not entered:
        return CheckResult("count_tokens", NOT_TESTED, f"count_tokens says {count}, and usage says nothing", NONE)
    apart = abs(entered - count)
    told = f"count_tokens says {count}, usage says {entered}"
    if apart <= max(_FEW, _CLOSE * count):
        return CheckResult("count_tokens", OK, told, WEAK)
    more = "another tokenizer, or a prompt that was added or cut"
    return CheckResult("count_tokens", FINDING, f"{told}: {more}", STRONG if apart > _FAR * count + _FEW else WEAK)


def request_id(plain: PlainAnswer) -> CheckResult:
    """Whether a request can be named to support."""
    if plain.request_id:
        return CheckResult("request_id", OK, "requests have an id, which support can look up", WEAK)
    return CheckResult("request_id", FINDING, "no request id comes through, so support cannot look a request up", WEAK)


def fallbacks(asked: ProbeResponse, *, takes_them: bool | None) -> CheckResult:
    """Whether the `fallbacks` field arrives: a target that does not exist must be refused with a 400."""
    if asked.is_answer:
        detail = "`fallbacks` to a model that does not exist were accepted: the field is dropped on the way"
        return CheckResult("fallbacks", FINDING, detail, STRONG)
    if asked.status != 400:
        detail = f"`fallbacks` to a model that does not exist are HTTP {asked.status}, not 400"
        return CheckResult("fallbacks", FINDING, detail, WEAK)
    if takes_them is False:
        return CheckResult("fallbacks", OK, "refused with a 400; this model takes no `fallbacks` anyway", WEAK)
    return CheckResult(
        "fallbacks", OK, "`fallbacks` to a model that does not exist are a 400: the field is read", STRONG
    )


def signature(replayed: ProbeResponse | None) -> CheckResult:
    """Whether an altered signature is refused, as the API does. `replayed` is None where the answer had no signed
    thinking."""
    if replayed is None:
        return CheckResult("signature", NOT_TESTED, "the answer came without signed thinking", NONE)
    if replayed.is_answer:
        detail = "thinking with an altered signature was accepted: the signature is not checked"
        return CheckResult("signature", FINDING, detail, STRONG)
    if replayed.status != 400:
        return CheckResult("signature", FINDING, f"an altered signature is HTTP {replayed.status}, not 400", WEAK)
    return CheckResult("signature", OK, "thinking with an altered signature is a 400, as with the API itself", STRONG)


def with_altered_signature(content: Sequence[JsonObject]) -> list[JsonObject] | None:
    """The blocks of an answer as they are sent back, with one byte of the first signature changed; None where no block
    is signed."""
    for place, block in enumerate(content):
        signed = text(block.get("signature")) if block.get("type") == "thinking" else None
        if signed:
            changed = {**block, "signature": _altered(signed)}
            return [*content[:place], changed, *content[place + 1 :]]
    return None


def as_json(base_url: str, model: str, calls: int, findings: Sequence[CheckResult]) -> JsonObject:
    """The object of `--json`, `avow.endpoint/1`: each check once."""
    return {
        "schema": SCHEMA,
        "base_url": base_url,
        "model": model,
        "calls": calls,
        "findings": [finding._asdict() for finding in findings],
        "exit_code": 0,
    }


def _altered(signed: str) -> str:
    """The signature with another byte in the middle; what was base64 stays base64."""
    try:
        raw = bytearray(base64.b64decode(signed, validate=True))
    except (binascii.Error, ValueError):
        raw = bytearray()
    if not raw:
        return signed[::-1] + "A"
    raw[len(raw) // 2] ^= 1
    return base64.b64encode(bytes(raw)).decode()


def _tokens(counts: Mapping[str, object] | None, name: str) -> int | None:
    value = (counts or {}).get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
