"""Asks the cards that are due, one after the other, on the same way as every question, and keeps each reply at once."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from avow.asking.ask import ask
from avow.asking.inquiry import Inquiry
from avow.audit.cards import Card
from avow.audit.plan import Slot
from avow.audit.replies import Arm, CardReply
from avow.context import Context
from avow.endpoint.transport import Api
from avow.errors import AvowError, Interrupted
from avow.exchange.exchange import Exchange, ExchangeEvent, Noted, Retrying, Status
from avow.exit_codes import ExitCode
from avow.settings.levels import Settings
from avow.terminal.notices import notices

SOURCE = "audit"


class CutShort(AvowError):
    """A request of an audit brought no complete reply. `lines` say why, as `ask` prints it; `cost_usd` is what the
    request cost."""

    def __init__(self, exchange: Exchange) -> None:
        self.lines = notices(exchange)
        hint = exchange.error.hint if exchange.error else None
        words = self.lines[-1] if self.lines else "no reply came"
        super().__init__(words.removeprefix("avow: ").removeprefix("error: "), hint=hint)
        code = exchange.exit_code
        self.exit_code = code if isinstance(code, ExitCode) else ExitCode.UNEXPECTED


class PricedReply(NamedTuple):
    """A reply with the list price of its exchange in USD (None: unknown)."""

    reply: CardReply
    cost_usd: float | None


class Asker(NamedTuple):
    """Asks cards over one connection. `settings` holds the settings of each arm; `pause` is the least number of seconds
    between the beginnings of two requests."""

    context: Context
    api: Api
    cards: Sequence[Card]
    settings: dict[Arm, Settings]
    pause: float
    sleep: Callable[[float], None] = time.sleep

    def ask_all(
        self,
        slots: Sequence[Slot],
        sitting: int,
        keep: Callable[[PricedReply], None],
        pay: Callable[[float | None], None] = lambda _usd: None,
        progress: Callable[[int], None] = lambda _done: None,
    ) -> None:
        """Ask every slot in its order. `keep` is called with each reply before the next request is sent, `pay` with the
        cost in USD of an exchange that brought no reply (None: unknown).

        Raises CutShort where a request fails, and Interrupted after a signal; all replies before that are kept.
        """
        due = time.monotonic()
        for place, slot in enumerate(slots):
            progress(place)
            self.sleep(max(0.0, due - time.monotonic()))
            due = time.monotonic() + self.pause
            exchange = self._ask(slot)
            if exchange.status.is_whole:
                keep(PricedReply(reply_of(exchange, slot, sitting), exchange.reply.cost_usd))
            else:
                pay(0.0 if exchange.status is Status.FAILED else exchange.reply.cost_usd)
            if exchange.signal is not None:
                raise Interrupted(exchange.signal)
            if not exchange.status.is_whole:
                raise CutShort(exchange)

    def _ask(self, slot: Slot) -> Exchange:
        (card,) = (card for card in self.cards if card.id == slot.card)
        inquiry = Inquiry(self.settings[slot.arm], card.text, fresh_model=True, source=SOURCE)
        return ask(inquiry, self.context, self._tell, api=self.api)

    def _tell(self, event: ExchangeEvent) -> None:
        """Print only what holds up the run; the record has the rest."""
        match event:
            case Noted(text):
                self.context.screen.note(text)
            case Retrying():
                self.context.screen.note(event.words)


def reply_of(exchange: Exchange, slot: Slot, sitting: int) -> CardReply:
    """What an audit keeps of an exchange that brought a reply."""
    return CardReply(
        card=slot.card,
        arm=slot.arm,
        sitting=sitting,
        order=slot.order,
        created_at=exchange.created_at,
        verdict=str(exchange.verdict),
        text=exchange.text,
        request_id=exchange.reply.request_id,
        message_id=exchange.reply.message_id,
        model=exchange.routing.served_model,
        stop_reason=exchange.reply.stop_reason,
        usage=exchange.reply.usage,
    )
