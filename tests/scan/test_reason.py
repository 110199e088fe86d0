from avow.scan.reason import reason
from tests.scan.transcripts import FABLE, OPUS, SONNET, answer, handover, iterations, notice, read


def test_why_another_model_answered() -> None:
    found = read(
        answer(OPUS, handover(category="cyber")),
        answer(OPUS, handover()),
        answer(OPUS, requestedModel=FABLE, usage=iterations(("fallback_message", OPUS))),
        answer(SONNET, requestedModel=FABLE),
        notice("model_fallback", trigger="overloaded", apiRefusalCategory=None),
        answer(OPUS),
    )
    assert [reason(each) for each in found] == [
        "cyber",
        "no category given",
        "sticky: no decline in this response",
        "not declared",
        "overloaded",
    ]
