"""What is to be asked, and how: everything that is decided before a request leaves."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType

from avow.errors import ExchangeError
from avow.exchange import chain
from avow.exchange.attempts import Limits
from avow.exchange.exchange import Exchange, Problem
from avow.exchange.response import OpenResponse
from avow.routing.verdict import RequestFacts
from avow.values import NamedTuple
from avow.wire.message import Message
from avow.wire.request import Endpoint, Request

Send = Callable[[Request], AbstractContextManager[OpenResponse]]
Check = Callable[[Exchange], Problem | None]


class BatchOutcome(NamedTuple):
    """The result of a question asked another way (in a batch), before avow asks it here: a message or an error.
    `is_asked_again`: it was refused, and is asked again by the plan's request; else it is the result."""

    message: Message | None
    error: ExchangeError | None
    is_asked_again: bool = False


class Plan(NamedTuple):
    """What is to be asked, and how. `request` is the first one, as it is sent; `credit`: it and those after it carry
    the beta of fallback credits; `without` the additions (`avow.wire.additions`) that none of them carries; `learn`
    hears for which model the endpoint turned out to refuse which more of them; of the problems that `checks` find with
    the finished exchange the first counts; `require`: how strong the evidence must be (`strong`, `weak`); `came` is
    there before anything is asked."""

    endpoint: Endpoint
    request: Request
    asked: RequestFacts
    policy: chain.Policy = chain.Policy()
    limits: Limits = Limits()
    accept_fallback: bool = False
    credit: bool = False
    prices: Mapping[str, Mapping[str, float]] = MappingProxyType({})
    without: frozenset[str] = frozenset()
    learn: Callable[[str, frozenset[str]], None] = lambda _model, _refused: None
    checks: tuple[Check, ...] = ()
    require: str = "weak"
    came: BatchOutcome | None = None
