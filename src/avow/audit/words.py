"""The sentences of a result: what was found, what it does not mean, and what would have been seen."""

from datetime import datetime, timedelta

from avow.audit.record import AuditRecord
from avow.audit.replies import CardReply
from avow.audit.result import Finding, Measured, Result
from avow.text.local_time import local

NOT_COVERED = "Says nothing about prompts that trigger a policy: the cards trigger none."
CAUSE_UNKNOWN = (
    "Cause unknown: a new snapshot of the model, a changed default or effort, a hidden prompt, a safety measure, "
    "other hardware or software, quantisation, a gateway, or another version of avow all look like this. It does not "
    "show that another model answered, that answers are worse, or that anyone intended it."
)
RECOGNISED = (
    "Whoever recognises the cards can answer them as before; cards of your own (`--cards SEED`) are harder to "
    "recognise."
)
ONE_SITTING = "The baseline is of one sitting, so changes from hour to hour are not in it: a difference means less."
ONE_DAY = (
    "All sittings began within half a day, so changes from day to day are not in the baseline: a difference means less."
)
_HALF_A_DAY = timedelta(hours=12)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def lines_of(result: Result, record: AuditRecord) -> tuple[str, ...]:
    """The report of a look, one or two sentences a line; the first line is the result."""
    match result.finding:
        case Finding.VOID:
            return _void(result)
        case Finding.NOT_MEASURED:
            return (*_not_measured(result, record), *_declared(result), NOT_COVERED)
        case Finding.DIFFERS:
            found = (_differs(result, record), *_numbers(result), CAUSE_UNKNOWN)
        case Finding.NO_DIFFERENCE:
            found = (_no_difference(result), *_repeat_that_did_not_agree(result))
    return (
        *found,
        *_declared(result),
        *_resembling(result),
        would_have_shown(result),
        NOT_COVERED,
        *_off_format(result),
        *((ONE_SITTING,) if record.one_sitting else _stored(record)),
        RECOGNISED,
    )


def would_have_shown(result: Result) -> str:
    """The smallest effects that a look like this one is likely to see; empty where nothing was measured."""
    seen = result.would_have_seen
    if seen is None:
        return ""
    chances = (
        f"a full swap would have shown with probability {_chance(seen.full_swap)}, half of the replies with "
        f"{_chance(seen.half)}, a sixth with {_chance(seen.sixth)}"
    )
    if result.against is None:
        return f"For a model as different as two unrelated ones: {chances}. Smaller differences stay unseen."
    return f"By the replies of {result.against}: {chances}. Smaller differences stay unseen."


def date_of(moment: str) -> str:
    """`12 Nov 2026` for an RFC 3339 time, by the local clock."""
    moment = local(moment)
    year, month, day = moment[:10].split("-")
    return f"{int(day)} {_MONTHS[int(month) - 1]} {year}"


def sittings_of(replies: tuple[CardReply, ...]) -> tuple[str, ...]:
    """The times at which the sittings of a baseline began: RFC 3339 in UTC, first to last."""
    first: dict[int, str] = {}
    for reply in replies:
        first[reply.sitting] = min(reply.created_at, first.get(reply.sitting, reply.created_at))
    return tuple(first[sitting] for sitting in sorted(first))


def sittings_shown(replies: tuple[CardReply, ...]) -> str:
    """The same for people, by the local clock: `2026-11-12 09:30, 2026-11-13 09:30`; empty before the first sitting."""
    return ", ".join(local(moment) for moment in sittings_of(replies))


def _stored(record: AuditRecord) -> tuple[str, ...]:
    """What a comparison with a baseline of several sittings assumes, and when these sittings were."""
    begun = sittings_of(record.baseline)
    told = (
        f"Compared with stored replies, of sittings that began {sittings_shown(record.baseline)}: this takes for "
        "granted that nothing harmless has changed since then."
    )
    moments = [datetime.fromisoformat(each) for each in begun]
    is_close = bool(moments) and moments[-1] - moments[0] < _HALF_A_DAY
    return (told, ONE_DAY) if is_close else (told,)


def number(value: float) -> str:
    """A chance or a distance, without the zero before the point: `.41`, `.0003`."""
    text = f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.2g}"
    text = "0" if float(text) == 0 else text
    return text.replace("0.", ".", 1) if abs(float(text)) < 1 else text


def _no_difference(result: Result) -> str:
    look = f"look {result.look} of {result.looks}, level {number(result.alpha)}"
    if result.repeat is not None:
        return f"No difference found that repeats ({look})."
    return f"No difference found (p={_p(result.first)}, {look})."


def _differs(result: Result, record: AuditRecord) -> str:
    moments = [reply.created_at for reply in record.baseline]
    since = f" of {date_of(min(moments))}" if moments else ""
    return (
        f"Replies differ from your baseline{since} (p={_p(result.first)}, excess TV {_excess(result.first)}, "
        f"look {result.look} of {result.looks}; the repeat agreed: p={_p(result.repeat)}, "
        f"excess TV {_excess(result.repeat)})."
    )


def _numbers(result: Result) -> tuple[str, ...]:
    return (
        "On these cards, now, with these settings, the replies are distributed differently. Excess TV is by how much: "
        f"0 is not at all, 1 is nothing in common; {number(result.floor)} was the least that counts. p is the chance "
        "of a difference this large or larger if nothing changed.",
    )


def _repeat_that_did_not_agree(result: Result) -> tuple[str, ...]:
    if result.repeat is None:
        return ()
    if result.repeat.p is None:
        return (
            f"The first replies differed (p={_p(result.first)}, excess TV {_excess(result.first)}), but too few of the "
            "repeat were left to measure it.",
        )
    return (
        f"The first replies differed (p={_p(result.first)}, excess TV {_excess(result.first)}); the repeat did not "
        f"confirm it (p={_p(result.repeat)}, excess TV {_excess(result.repeat)}; it takes p=.05 and "
        f"{number(result.floor)} on average).",
    )


def _resembling(result: Result) -> tuple[str, ...]:
    if result.share is None:
        return ()
    low, high = _percent(result.share.low), _percent(result.share.high)
    directed = (
        "" if result.first.p_directed is None else f"; p={number(result.first.p_directed)} for a shift towards it"
    )
    return (
        f"Share of replies resembling {result.against}: {_percent(result.share.estimate)} (95% interval {low} to "
        f"{high}{directed}). This is a resemblance; it does not show who answered.",
    )


def _not_measured(result: Result, record: AuditRecord) -> tuple[str, ...]:
    if not result.replies + result.declared:
        return (
            "Not measured: too few replies of the baseline are in the test (each card needs ten). Nothing was sent.",
            f"Take another baseline: avow audit baseline NEWNAME -m {record.conditions.model}",
        )
    return (
        f"Not measured: only {result.replies} of {result.replies + result.declared} replies are in the test, and each "
        "card needs three. Nothing is said about a change.",
    )


def _declared(result: Result) -> tuple[str, ...]:
    if not result.declared:
        return ()
    asked = result.replies + result.declared
    return (
        f"Declared: {result.declared} of {asked} replies were refused, answered by another model, or did not name the "
        "model. The response itself says so, without statistics; they are not in the test.",
    )


def _off_format(result: Result) -> tuple[str, ...]:
    if not result.off_format:
        return ()
    return (
        f"{result.off_format} of {result.replies} replies were truncated, empty or off format; they count as such.",
    )


def _void(result: Result) -> tuple[str, ...]:
    changes = [f"  {each.field}: {_shown(each.baseline)} in the baseline, {_shown(each.now)} now"
               for each in result.differences]  # fmt: skip
    return (
        "Void: this would not be the request that the baseline was taken with. Nothing was sent.",
        *changes,
        "Ask as the baseline did, or take a baseline under another name.",
    )


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _p(measured: Measured | None) -> str:
    return "not known" if measured is None or measured.p is None else number(measured.p)


def _excess(measured: Measured | None) -> str:
    return "not known" if measured is None or measured.excess_tv is None else number(measured.excess_tv)


def _chance(value: float) -> str:
    """A simulated probability, and so never quite 0 or 1."""
    if value > 0.99:
        return "more than .99"
    return "less than .01" if value < 0.01 else f"{value:.2f}".removeprefix("0")


def _percent(value: float) -> str:
    return f"{round(value * 100)}%"
