import pytest

from avow.scan.gathering import Chain, GatheredAnswer, conclude, either, read_notice
from tests.scan.transcripts import FABLE, OPUS, notice


def begun() -> GatheredAnswer:
    return GatheredAnswer(Chain(), line=1, time=None, session="s1", message_id="m", request_id="r", asked=None)


def test_a_later_record_outranks_and_an_absent_value_does_not() -> None:
    answer = begun()
    answer.add({"model": FABLE, "stop_reason": None, "usage": {"output_tokens": 1}}, [])
    answer.add({"model": None, "stop_reason": "end_turn", "usage": {"output_tokens": 9}}, [])
    assert answer.message == {"model": FABLE, "stop_reason": "end_turn", "usage": {"output_tokens": 9}}


def test_a_declaration_in_any_record_stays() -> None:
    answer = begun()
    answer.add({"usage": {"iterations": [{"type": "fallback_message", "model": OPUS}]}}, [])
    answer.add({"usage": {"iterations": [], "output_tokens": 1}}, [{"type": "text", "text": "x"}])
    assert answer.declared
    assert conclude(answer, "file").verdict == "fallback"


@pytest.mark.parametrize(
    ("more", "turn_only"),
    [
        ({"subtype": "model_fallback"}, True),
        ({"subtype": "model_refusal_fallback"}, False),
        ({"subtype": "model_refusal_fallback", "scope": "session"}, False),
        ({"subtype": "model_refusal_fallback", "scope": "local"}, True),
        ({"subtype": "model_refusal_fallback", "scope": "local", "isSidechain": True}, False),
    ],
    ids=str,
)
def test_how_long_a_notice_stands(more: dict[str, object], turn_only: bool) -> None:
    record = notice() | more
    assert read_notice(record, str(record["subtype"])).turn_only is turn_only


@pytest.mark.parametrize(
    ("more", "told"),
    [({}, True), ({"content": ""}, None), ({"content": None}, None), ({"isMeta": True}, None)],
    ids=str,
)
def test_whether_a_notice_was_shown(more: dict[str, object], told: bool | None) -> None:
    assert read_notice(notice() | more, "model_refusal_fallback").told is told


def test_either() -> None:
    assert either({"a": None, "b": 0}, "a", "b") == 0
    assert either({}, "a") is None
