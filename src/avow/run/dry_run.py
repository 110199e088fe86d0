"""`avow run --dry-run`: how many items, how many tokens, and what they may cost; no prompt is sent to a model."""

from avow.asking.ask import count
from avow.asking.request_fields import with_ids
from avow.context import Context
from avow.errors import AvowError
from avow.exit_codes import ExitCode
from avow.run.budget import READ, TOKENS_AROUND, MaxUsage, cost_of, reservation
from avow.run.prices import BATCH_SHARE, GUESSED, models_of, most
from avow.run.suite import Suite, SuiteDigest
from avow.terminal.fitted import say
from avow.text.counts import counted

COUNTED = 100
"""So many questions are counted by the API; where there are more, their tokens are estimated."""

_FRAME = 10
"""Tokens that a request has around its text, about."""


def show(
    suite: Suite, summed: SuiteDigest, context: Context, *, simulate: str | None, in_batch: bool = False
) -> ExitCode:
    """Print it. `in_batch`: at half the price, except for what is asked again after a refusal. Raises ExchangeError
    where the API does not count tokens."""
    low = high = 0.0
    tokens, guessed, by_api = 0, False, summed.questions <= COUNTED
    for question in suite.questions(None):
        settings = with_ids(question.inquiry.settings)
        limit = most(question.inquiry, settings)
        if by_api:
            try:
                entered = count(question.inquiry._replace(simulate=simulate), context)
            except AvowError as error:
                context.screen.note(f"the API does not count the tokens ({error.message}): they are estimated")
                by_api = False
        if not by_api:
            entered = (limit.tokens_in - TOKENS_AROUND) // 2 + _FRAME  # a reservation counts twice as high
        tokens += entered
        prices, speed = settings.table("prices"), settings.text("speed")
        models = models_of(settings)
        entire = limit._replace(tokens_in=entered)
        least, unknown = cost_of(models[0], MaxUsage(entered, 0, limit.cached and READ), prices, speed)
        dearest, unknown_too = reservation(models, entire, prices, speed)
        if in_batch:
            first, _guess = cost_of(models[0], entire, prices)
            is_asked_again = settings.words_or_text("fallback") != "none"
            least, dearest = least * BATCH_SHARE, first * BATCH_SHARE + (dearest if is_asked_again else 0.0)
        low, high = low + least, high + dearest
        guessed = guessed or unknown or unknown_too
    how = "counted by the API" if by_api else "estimated"
    say(f"{counted(summed.questions, 'item')}, {tokens:,} input tokens ({how})", context.screen)
    words = "without any answer, or with every answer as long as it may be"
    say(f"from {_dollars(low)} to {_dollars(high)}: {words}", context.screen)
    if guessed:
        context.screen.note(GUESSED)
    return ExitCode.OK


def _dollars(usd: float) -> str:
    return f"${usd:,.2f}" if usd >= 1 else f"${usd:.4f}"
