"""What each check makes of what an endpoint said."""

import base64

import pytest

from avow.audit import endpoint_checks as checks
from avow.audit.endpoint_checks import CHECKS, CheckResult, PlainAnswer, ProbeResponse
from avow.routing.verdict import Verdict

PLAIN = PlainAnswer("claude-fable-5-2", Verdict.AS_REQUESTED, {"input_tokens": 100, "output_tokens": 9}, "req_1")
ANSWER = ProbeResponse(200, {"type": "message", "model": "claude-no-such-model"})
ERROR = {"type": "error", "error": {"type": "invalid_request_error"}}


def short(finding: CheckResult) -> tuple[str, str]:
    return finding.result, finding.strength


@pytest.mark.parametrize(
    ("plain", "unknown", "expected"),
    [
        (PLAIN, ProbeResponse(404, ERROR), ("ok", "weak")),
        (PLAIN, ProbeResponse(400, ERROR), ("finding", "weak")),
        (PLAIN, ANSWER, ("finding", "strong")),
        (PLAIN, ProbeResponse(200, ERROR), ("finding", "weak")),
        (PlainAnswer("other", Verdict.SUBSTITUTED, None, None), ProbeResponse(404, ERROR), ("finding", "strong")),
        (PlainAnswer(None, Verdict.UNVERIFIED, None, None), ProbeResponse(404, ERROR), ("finding", "weak")),
    ],
)
def test_names(plain: PlainAnswer, unknown: ProbeResponse, expected: tuple[str, str]) -> None:
    assert short(checks.names(plain, "claude-no-such-model", unknown)) == expected


@pytest.mark.parametrize("counts", [None, {}, {"input_tokens": 0, "output_tokens": 0}, {"input_tokens": True}])
def test_usage_that_is_missing_is_a_finding(counts: dict[str, object] | None) -> None:
    assert short(checks.usage(PlainAnswer("m", Verdict.AS_REQUESTED, counts, "r"))) == ("finding", "weak")
    assert short(checks.usage(PLAIN)) == ("ok", "weak")


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (100, ("ok", "weak")), (108, ("ok", "weak")), (92, ("ok", "weak")), (115, ("finding", "weak")),
        (60, ("finding", "strong")), (200, ("finding", "strong")), ("many", ("not_tested", "none")),
    ],
)  # fmt: skip
def test_counts_of_tokens(count: object, expected: tuple[str, str]) -> None:
    assert short(checks.count_tokens(PLAIN, ProbeResponse(200, {"input_tokens": count}))) == expected


def test_without_either_count_nothing_is_tested() -> None:
    assert short(checks.count_tokens(PLAIN, ProbeResponse(404, ERROR))) == ("not_tested", "none")
    silent = PlainAnswer("m", Verdict.AS_REQUESTED, None, "r")
    assert short(checks.count_tokens(silent, ProbeResponse(200, {"input_tokens": 5}))) == ("not_tested", "none")


def test_request_ids() -> None:
    assert short(checks.request_id(PLAIN)) == ("ok", "weak")
    assert short(checks.request_id(PlainAnswer("m", Verdict.AS_REQUESTED, None, None))) == ("finding", "weak")


@pytest.mark.parametrize(
    ("said", "takes_them", "expected"),
    [
        (ProbeResponse(400, ERROR), True, ("ok", "strong")),
        (ProbeResponse(400, ERROR), None, ("ok", "strong")),
        (ProbeResponse(400, ERROR), False, ("ok", "weak")),
        (ProbeResponse(404, ERROR), True, ("finding", "weak")),
        (ANSWER, True, ("finding", "strong")),
    ],
)
def test_fallbacks(said: ProbeResponse, takes_them: bool | None, expected: tuple[str, str]) -> None:
    assert short(checks.fallbacks(said, takes_them=takes_them)) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (None, ("not_tested", "none")),
        (ProbeResponse(400, ERROR), ("ok", "strong")),
        (ProbeResponse(422, ERROR), ("finding", "weak")),
        (ANSWER, ("finding", "strong")),
    ],
)
def test_signatures(said: ProbeResponse | None, expected: tuple[str, str]) -> None:
    assert short(checks.signature(said)) == expected


def test_one_bit_of_a_signature_is_altered_and_nothing_else() -> None:
    signed = base64.b64encode(bytes(range(40))).decode()
    content = [{"type": "thinking", "thinking": "x", "signature": signed}, {"type": "text", "text": "391"}]
    altered = checks.with_altered_signature(content)
    assert altered is not None
    assert altered[1] == content[1]
    before, after = (base64.b64decode(str(block[0]["signature"])) for block in (content, altered))
    assert sum(bin(a ^ b).count("1") for a, b in zip(before, after, strict=True)) == 1
    odd = checks.with_altered_signature([{"type": "thinking", "thinking": "", "signature": "%%"}])
    assert odd is not None
    assert odd[0]["signature"] != "%%"
    assert checks.with_altered_signature([{"type": "text", "text": "391"}]) is None
    assert checks.with_altered_signature([{"type": "thinking", "thinking": "x", "signature": ""}]) is None


def test_the_object_has_each_check_once() -> None:
    findings = [CheckResult(name, "ok", "", "weak") for name in CHECKS]
    body = checks.as_json("https://x", "m", 5, findings)
    assert list(body) == ["schema", "base_url", "model", "calls", "findings", "exit_code"]
    assert [each["check"] for each in body["findings"]] == list(CHECKS)
    assert list(body["findings"][0]) == ["check", "result", "detail", "strength"]
