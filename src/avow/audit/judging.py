"""The result of a look: whether it was measured, whether a repeat is needed, and whether the replies differ."""

from collections.abc import Iterable, Mapping, Sequence

from avow.audit.effect import FIXED, WouldHaveSeen, excess_tv, floor_of, would_have_seen
from avow.audit.plan import p_that_decides
from avow.audit.record import AuditRecord, Conditions, Look
from avow.audit.replies import NOT_ON_FORMAT, Arm, CardReply, Sample, in_test, sample_of
from avow.audit.result import Difference, Finding, Measured, Result
from avow.audit.share import Share, share_interval
from avow.audit.statistic import p_values
from avow.exit_codes import ExitCode, gravest
from avow.routing.verdict import Verdict

LEAST_IN_LOOK = 3
LEAST_IN_BASELINE = 10
_REPEAT_ALPHA = 0.05
# Each use of a look's seed has random numbers of its own.
_REPEAT, _POWER = 1, 2


def alpha_of(record: AuditRecord) -> float:
    """The chance of a false alarm that one look of this audit may spend."""
    return record.alpha_total / record.looks


def baseline_is_enough(record: AuditRecord) -> bool:
    """Whether every card has ten replies in the test, so that a look can be measured."""
    return _has_enough(sample_of(record.baseline, record.card_ids), LEAST_IN_BASELINE)


def first_test(record: AuditRecord, look: Look) -> Measured:
    """The test of a look's first twenty replies."""
    return _test(record, look.replies, look.seed)


def asks_again(record: AuditRecord, look: Look, first: Measured) -> bool:
    """Whether the first twenty replies differ so much that twenty more are asked for."""
    p = _deciding(first, look)
    return p is not None and p <= alpha_of(record)


def judge(record: AuditRecord, look: Look, first: Measured | None = None, *, cost_usd: float | None = None) -> Result:
    """The result of a look, with its repeat where there was one. `first` is the test of the first twenty replies, where
    it was made already."""
    first = first or first_test(record, look)
    floor = floor_of(record.baseline, record.card_ids, one_sitting=record.one_sitting)
    repeat = None if look.repeat is None else _test(record, look.repeat, look.seed + _REPEAT)
    if first.p is None:
        finding = Finding.NOT_MEASURED
    elif repeat is not None and asks_again(record, look, first) and _agrees(first, repeat, look, floor):
        finding = Finding.DIFFERS
    else:
        finding = Finding.NO_DIFFERENCE
    kept = in_test(look.replies)
    asked = [reply for reply in look.replies if reply.arm is Arm.REQUESTED]
    is_measured = finding is not Finding.NOT_MEASURED
    return Result(
        name=record.name,
        model=record.conditions.model,
        against=look.against,
        finding=finding,
        first=first,
        repeat=repeat,
        floor=floor,
        alpha=alpha_of(record),
        look=look.number,
        looks=record.looks,
        share=_share(record, look) if is_measured and look.against is not None else None,
        replies=len(kept),
        declared=len(asked) - len(kept),
        off_format=sum(reply.picks in NOT_ON_FORMAT for reply in kept),
        would_have_seen=_power(record, look, floor) if is_measured else None,
        cost_usd=cost_usd,
        exit_code=_exit_code(finding, look.all_replies, asked),
    )


def unmeasurable(record: AuditRecord, number: int, against: str | None) -> Result:
    """The result of a look that sends nothing, because too few replies of the baseline are in the test."""
    return _unasked(record, number, against, Finding.NOT_MEASURED, ExitCode.UNVERIFIED, ())


def void(record: AuditRecord, number: int, against: str | None, differences: Sequence[Difference]) -> Result:
    """The result of a look that sends nothing, because its requests would not be like those of its baseline."""
    return _unasked(record, number, against, Finding.VOID, ExitCode.USAGE, tuple(differences))


def differences(baseline: Conditions, now: Conditions) -> tuple[Difference, ...]:
    """What has changed since the baseline was taken; any change makes the baseline void."""
    pairs: list[tuple[str, object, object]] = [
        ("model", baseline.model, now.model),
        ("base_url", baseline.base_url.rstrip("/"), now.base_url.rstrip("/")),
        ("version", baseline.api_version, now.api_version),
        ("betas", sorted(baseline.betas), sorted(now.betas)),
    ]
    then, later = _flat(baseline.request), _flat(now.request)
    pairs += [(key, then.get(key), later.get(key)) for key in sorted(then.keys() | later.keys())]
    return tuple(Difference(*pair) for pair in pairs if pair[1] != pair[2])


def _flat(request: Mapping[str, object]) -> dict[str, object]:
    """The body's fields, with `effort` by its own name."""
    flat: dict[str, object] = {}
    for key, value in request.items():
        if key == "output_config" and isinstance(value, dict):
            flat.update(value)
        else:
            flat[key] = value
    return flat


def _unasked(
    record: AuditRecord,
    number: int,
    against: str | None,
    finding: Finding,
    code: ExitCode,
    why: tuple[Difference, ...],
) -> Result:
    return Result(
        name=record.name,
        model=record.conditions.model,
        against=against,
        finding=finding,
        floor=floor_of(record.baseline, record.card_ids, one_sitting=record.one_sitting),
        alpha=alpha_of(record),
        look=number,
        looks=record.looks,
        cost_usd=0.0,
        exit_code=int(code),
        differences=why,
    )


def _test(record: AuditRecord, replies: Iterable[CardReply], seed: int) -> Measured:
    replies = tuple(replies)
    baseline, now = sample_of(record.baseline, record.card_ids), sample_of(replies, record.card_ids)
    if not _has_enough(now, LEAST_IN_LOOK) or not _has_enough(baseline, LEAST_IN_BASELINE):
        return Measured(None)
    named = sample_of(replies, record.card_ids, Arm.AGAINST)
    found = p_values(baseline, now, named, seed=seed, draws=record.draws)
    return Measured(found.omnibus, found.directed, excess_tv(baseline, now))


def _has_enough(sample: Sample, least: int) -> bool:
    return all(len(replies) >= least for replies in sample.values())


def _deciding(measured: Measured, look: Look) -> float | None:
    if measured.p is None:
        return None
    return p_that_decides(measured.p, measured.p_directed, is_against=look.against is not None)


def _agrees(first: Measured, repeat: Measured, look: Look, floor: float) -> bool:
    """Whether the repeat confirms the first twenty replies: by its own p, and by the mean of both effects."""
    p = _deciding(repeat, look)
    if p is None or p > _REPEAT_ALPHA or first.excess_tv is None or repeat.excess_tv is None:
        return False
    return (first.excess_tv + repeat.excess_tv) / 2 >= floor


def _share(record: AuditRecord, look: Look) -> Share | None:
    cards = record.card_ids
    return share_interval(
        sample_of(record.baseline, cards),
        sample_of(look.all_replies, cards),
        sample_of(look.all_replies, cards, Arm.AGAINST),
    )


def _power(record: AuditRecord, look: Look, floor: float) -> WouldHaveSeen:
    named = sample_of(look.replies, record.card_ids, Arm.AGAINST)
    if look.against is None or not all(named.values()):
        return FIXED
    sizes = {card: len(replies) for card, replies in sample_of(look.replies, record.card_ids).items()}
    baseline = sample_of(record.baseline, record.card_ids)
    return would_have_seen(baseline, sizes, named, floor=floor, seed=look.seed + _POWER)


def _exit_code(finding: Finding, replies: Iterable[CardReply], asked: Sequence[CardReply]) -> int:
    """A substituted reply outranks the result of the test; declared replies count only where no others are left."""
    codes = [ExitCode.SUBSTITUTED for reply in replies if reply.verdict == Verdict.SUBSTITUTED]
    if finding is Finding.NOT_MEASURED:
        all_refused = bool(asked) and all(reply.verdict == Verdict.REFUSED for reply in asked)
        codes.append(ExitCode.REFUSED if all_refused else ExitCode.UNVERIFIED)
    if finding is Finding.DIFFERS:
        codes.append(ExitCode.DIFFERS)
    return int(gravest(*codes))
