from typing import Any

import pytest

from avow.scan.judging import declares, echoed, judge
from tests.scan.transcripts import FABLE, OPUS, SONNET, handover, iterations

# (message, requested, recorded, resolved) -> (verdict, requested, served)
CASES: dict[str, tuple[tuple[dict[str, Any], str | None, bool, str | None], tuple[object, ...]]] = {
    "recorded": (({"model": FABLE}, FABLE, True, None), ("as_requested", FABLE, FABLE)),
    "recorded outranks what a block repeats": (
        ({"content": [handover("an-alias", OPUS)]}, FABLE, True, None),
        ("fallback", FABLE, OPUS),
    ),
    "inferred gives way to what a block repeats": (
        ({"content": [handover(FABLE, OPUS)]}, SONNET, False, None),
        ("fallback", FABLE, OPUS),
    ),
    "inferred gives way to a declaration": (
        ({"usage": iterations(("fallback_message", OPUS))}, OPUS, False, None),
        ("fallback", None, OPUS),
    ),
    "recorded does not": (
        ({"usage": iterations(("fallback_message", OPUS)), "model": OPUS}, OPUS, True, None),
        ("unverified", OPUS, OPUS),
    ),
    "cut off": (({"model": FABLE, "stop_reason": None}, FABLE, True, None), ("unverified", FABLE, FABLE)),
    "nothing known": (({}, None, False, None), ("unverified", None, None)),
    "noted by the client alone": (({}, None, False, OPUS), ("unverified", None, OPUS)),
    "another dated name": (
        ({"model": "claude-3-5-sonnet-20241022"}, "claude-3-5-sonnet-20240620", True, None),
        ("substituted", "claude-3-5-sonnet-20240620", "claude-3-5-sonnet-20241022"),
    ),
    "substituted, as the client noted too": (({"model": OPUS}, FABLE, True, OPUS), ("substituted", FABLE, OPUS)),
    "refused, whatever the client noted": (
        ({"model": FABLE, "stop_reason": "refusal"}, FABLE, True, OPUS),
        ("refused", FABLE, None),
    ),
    "refused without a name": (({"stop_reason": "refusal"}, FABLE, True, OPUS), ("refused", FABLE, None)),
    "named by the client alone": (({}, FABLE, True, OPUS), ("substituted", FABLE, OPUS)),
}


@pytest.mark.parametrize(("given", "expected"), CASES.values(), ids=CASES.keys())
def test_judge(given: tuple[dict[str, Any], str | None, bool, str | None], expected: tuple[object, ...]) -> None:
    message, requested, recorded, resolved = given
    whole = {"stop_reason": "end_turn", **message}
    found = judge(whole, message.get("content", []), requested, recorded=recorded, resolved=resolved)
    assert (found.verdict, found.requested, found.served) == expected


def test_what_the_client_noted_is_evidence() -> None:
    found = judge({"model": OPUS, "stop_reason": "end_turn"}, [], FABLE, recorded=True, resolved=OPUS)
    assert found.evidence[-1] == ("resolved_model", OPUS)
    assert judge({}, [], None, recorded=False, resolved=OPUS).evidence == (("resolved_model", OPUS),)
    nobody_asked = judge({"model": FABLE}, [], None, recorded=False, resolved=OPUS)
    assert nobody_asked.evidence == (("model", FABLE), ("resolved_model", OPUS))


def test_the_hops_are_those_that_the_blocks_name() -> None:
    blocks = [handover("an-alias", SONNET), handover(SONNET, OPUS)]
    found = judge({"content": blocks, "stop_reason": "end_turn"}, blocks, FABLE, recorded=True)
    assert found.hops == ("an-alias", SONNET, OPUS)


@pytest.mark.parametrize(
    ("usage", "content", "expected"),
    [
        ({}, [], False),
        (None, [{"type": "text"}], False),
        ({}, [{"type": "text"}, handover()], True),
        (iterations(("message", FABLE)), [], False),
        (iterations(("message", FABLE), ("fallback_message", OPUS)), [], True),
        ({"iterations": 7}, [], False),
    ],
)
def test_declares(usage: object, content: list[dict[str, Any]], expected: bool) -> None:
    assert declares(usage, content) is expected


def test_echoed() -> None:
    assert echoed([{"type": "text"}, handover(None, OPUS), handover(FABLE, OPUS)]) == FABLE
    assert echoed([{"type": "text", "from": {"model": OPUS}}]) is None
