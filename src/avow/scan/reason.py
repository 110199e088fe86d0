"""Why another model answered, in a word or two."""

from avow.routing.verdict import NO_CATEGORY, STICKY, Verdict
from avow.scan.records import PastAnswer


def reason(answer: PastAnswer) -> str:
    """Why another model answered, in a word or two. It may hold text from outside."""
    if answer.category:
        return answer.category
    if answer.trigger and answer.trigger != "refusal":
        return answer.trigger
    if answer.verdict is Verdict.SUBSTITUTED:
        return "not declared"
    return NO_CATEGORY if len(answer.hops) > 1 else STICKY
