"""What is to be asked, and how: everything that is decided before a request leaves."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType

from avow.errors import ExchangeError
from avow.exchange import chain
from avow.exchange.attempts import Limits
from avow.exchange.exchange import Exchange, Problem
from avow.routing.verdict import RequestFacts
from avow.values import NamedTuple
from avow.wire.body import OpenResponse
from avow.wire.message import Message
from avow.wire.request import Endpoint, Request

Send = Callable[[Request], AbstractContextManager[OpenResponse]]
Check = Callable[[Exchange], Problem | None]


class BatchOutcome(NamedTuple):
    """The result that a batch gave for a question: a message or an error. `is_asked_again`: it was refused, and the
    plan's request asks it again; else it is the result."""

    message: Message | None
    error: ExchangeError | None
    is_asked_again: bool = False


class Plan(NamedTuple):
    """What is to be asked, and how. `request` is the first one, as it is sent.

    `credit`: every request carries the beta of fallback credits; `without`: the additions (`avow.wire.additions`) that
    no request carries; `learn` is called with a model and further additions that the endpoint refuses for it; `checks`
    are made on the finished exchange, and the first problem found counts; `require`: how strong the evidence must be
    (`strong`, `weak`); `batch_outcome` is the result that a batch already gave, None where none did."""

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
    batch_outcome: BatchOutcome | None = None
