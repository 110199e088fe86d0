"""Which requests belong together, and which model should have answered each.

Sessions are told apart by the client's own id, else by what a conversation begins with. Nothing here knows time,
files or the network.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from avow.models.identity import Identity, compare
from avow.proxy.question import ClientQuestion


class CallEnd(StrEnum):
    """How a request ended, as far as later ones depend on it."""

    WHOLE = "whole"
    REFUSED = "refused"
    NONE = "none"


class SessionMove(NamedTuple):
    """A session moved to another model after a refusal: `first` was asked for at first, `model` is asked since call
    `since`, in turn `turn` of the session (from 1)."""

    first: str
    model: str
    since: int
    turn: int


class Placement(NamedTuple):
    """How a call belongs to others. `session` is the client's own id, or one made here (`#1`); `requested_model` is the
    model that was to answer; `moved` says why that is not the model in the request; `declined` are the numbers of the
    refusals that the call follows, oldest first; `retry_of` is the number of the call that it repeats; `side`: it is a
    title or another request beside the conversation."""

    number: int
    session: str
    requested_model: str | None
    moved: SessionMove | None = None
    declined: tuple[int, ...] = ()
    retry_of: int | None = None
    side: bool = False


class _Ended(NamedTuple):
    number: int
    question: ClientQuestion
    end: CallEnd
    declined: tuple[int, ...]


@dataclass(slots=True)
class _Session:
    name: str
    has_tools: bool = False
    moved: list[SessionMove] = field(default_factory=list)
    under_way: dict[int, tuple[ClientQuestion, Placement]] = field(default_factory=dict)
    ended: "OrderedDict[int, _Ended]" = field(default_factory=OrderedDict)

    def moved_to(self, model: str | None) -> SessionMove | None:
        """The move to that model, where there was one."""
        return next((moved for moved in self.moved if model and _same(moved.model, model)), None)


class SessionTracker:
    """Finds the session of each call, and what the call repeats or follows. `superseded` are the numbers of calls that
    were repeated, `answered` those of refusals that another model then answered: neither counts as an answer."""

    def __init__(self, sessions: int = 4096, calls: int = 256) -> None:
        """How many sessions, and calls of each, are remembered."""
        self._most_sessions = sessions
        self._most_calls = calls
        self.superseded: set[int] = set()
        self.answered: set[int] = set()
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        self._by_prefix: OrderedDict[tuple[str | None, bytes], str] = OrderedDict()
        self._by_number: dict[int, _Session] = {}
        self._made = 0

    def begin(self, number: int, question: ClientQuestion) -> Placement:
        """Place a call whose request was just passed on."""
        session = self._session(question)
        session.has_tools = session.has_tools or question.has_tools
        side = question.titles or (session.has_tools and not question.has_tools and question.session is not None)
        before = _repeated(session.ended.values(), question)
        if before is not None:
            self.superseded.add(before.number)
        declined = before.declined if before is not None and before.declined else self._declined(session, question)
        _note_move(session, number, question, declined)
        moved = session.moved_to(question.model)
        retry_of = before.number if before is not None else None
        place = Placement(
            number, session.name, moved.first if moved else question.model, moved, declined, retry_of, side
        )
        session.under_way[number] = (question, place)
        self._by_number[number] = session
        return place

    def end(self, number: int, end: CallEnd) -> None:
        """Note how a call ended."""
        session = self._by_number.pop(number, None)
        if session is None:
            return
        question, place = session.under_way.pop(number)
        session.ended[number] = _Ended(
            number, question._replace(body=None, prefixes=(), prompt=None), end, place.declined
        )
        if len(session.ended) > self._most_calls:
            session.ended.popitem(last=False)

    def is_answer(self, number: int) -> bool:
        """Whether a call counts as an answer of its own."""
        return number not in self.superseded and number not in self.answered

    def _session(self, question: ClientQuestion) -> _Session:
        name = question.session or self._known(question) or self._new_name()
        session = self._sessions.setdefault(name, _Session(name))
        self._sessions.move_to_end(name)
        if question.session is None and question.prefixes:
            self._by_prefix[question.client, question.prefixes[-1]] = name
            if question.before:
                # The last turn again, with a block more, is the same conversation.
                self._by_prefix.setdefault((question.client, question.before), name)
        while len(self._by_prefix) > self._most_sessions:
            self._by_prefix.popitem(last=False)
        if len(self._sessions) > self._most_sessions:
            oldest = next((it for it in self._sessions.values() if not it.under_way and it is not session), None)
            if oldest is not None:
                del self._sessions[oldest.name]
        return session

    def _known(self, question: ClientQuestion) -> str | None:
        """The session whose conversation this call continues."""
        for prefix in reversed(question.prefixes):
            if name := self._by_prefix.get((question.client, prefix)):
                return name
        return None

    def _new_name(self) -> str:
        self._made += 1
        return f"#{self._made}"

    def _declined(self, session: _Session, question: ClientQuestion) -> tuple[int, ...]:
        """The numbers of the refusals that this call follows: refusals of the same messages, where it asks or allows a
        model that they did not."""
        refused = [
            it
            for it in session.ended.values()
            if it.end is CallEnd.REFUSED and it.number not in self.answered and _same_messages(it.question, question)
        ]
        if not any(_asks_another(it.question, question) for it in refused):
            return ()
        numbers = tuple(dict.fromkeys(number for it in refused for number in (*it.declined, it.number)))
        self.answered.update(numbers)
        return numbers


def _note_move(session: _Session, number: int, question: ClientQuestion, declined: tuple[int, ...]) -> None:
    """Note that the session has moved, where a call asks another model than the one that declined."""
    model = question.model
    if not declined or model is None or session.moved_to(model) is not None:
        return
    refused = session.ended.get(declined[0])
    first = refused.question.model if refused is not None else None
    if first is not None and not _same(first, model):
        before = session.moved_to(first)
        session.moved.append(SessionMove(before.first if before else first, model, number, question.turn))


def _repeated(ended: Iterable[_Ended], question: ClientQuestion) -> _Ended | None:
    """The call that this one repeats: the last one with the same body, if it gave no whole answer."""
    same = [it for it in ended if it.question.digest == question.digest and question.digest]
    return same[-1] if same and same[-1].end is CallEnd.NONE else None


def _same_messages(one: ClientQuestion, other: ClientQuestion) -> bool:
    """Whether both ask the same: all turns but the last are equal, and one's last turn has all blocks of the other's
    (clients add a notice of the refusal to it)."""
    if one.before != other.before or not one.last or not other.last:
        return False
    return set(one.last) <= set(other.last) or set(other.last) <= set(one.last)


def _asks_another(before: ClientQuestion, now: ClientQuestion) -> bool:
    if before.model is None or now.model is None:
        return False
    return not _same(before.model, now.model) or bool(set(now.fallbacks or ()) - set(before.fallbacks or ()))


def _same(one: str, other: str) -> bool:
    return one == other or compare(one, other) is Identity.SAME
