"""Exchanges made by hand, as values."""

import sqlite3
from pathlib import Path
from typing import Any

from avow.exchange.exchange import Exchange, Question, Status, new_id, timestamp
from avow.history import migrations
from avow.history.store import History
from avow.routing.verdict import Evidence, Hop, Outcome, Routing, Segment, Verdict
from tests.changing import changed

FABLE, OPUS, OLD = "claude-fable-5-2", "claude-opus-5-5", "claude-opus-4-8"
NOON = 1_790_000_000.0
"""A moment in September 2026, in Unix seconds."""


def asked(prompt: str | None = "What is a hop?", *, at: float = NOON, **changes: Any) -> Exchange:
    """An exchange about to be sent."""
    plain = Exchange(
        id=new_id(at),
        conversation_id=new_id(at),
        created_at=timestamp(at),
        requested_model=FABLE,
        sent_model=FABLE,
        question=Question(prompt, user_content=({"type": "text", "text": prompt},) if prompt else ()),
        base_url="https://api.anthropic.com",
    )
    return changed(plain, **changes)


def answered(prompt: str | None = "What is a hop?", text: str = "One try.", **changes: Any) -> Exchange:
    """One that the requested model answered."""
    usage = {"input_tokens": 10, "output_tokens": 20}
    routing = Routing(
        verdict=Verdict.AS_REQUESTED,
        served_model=FABLE,
        hops=(Hop(FABLE, Outcome.SERVED, usage=usage, cost_usd=0.25),),
        evidence=(Evidence("model", FABLE, "weak"),),
        segments=(Segment(FABLE, text),) if text else (),
    )
    settled: dict[str, Any] = {
        "status": Status.COMPLETE,
        "routing": routing,
        "exit_code": 0,
        "usage": usage,
        "cost_usd": 0.25,
        "cost_floor_usd": 0.25,
        "first_token_ms": 400,
        "total_ms": 3000,
        "stop_reason": "end_turn",
        "content": ({"type": "text", "text": text},) if text else (),
    }
    return asked(prompt, **{**settled, **changes})


def rerouted(text: str = "By another.", *, category: str | None = "cyber", **changes: Any) -> Exchange:
    """One that a fallback answered after the requested model had begun."""
    usage = {"input_tokens": 5, "output_tokens": 7}
    routing = Routing(
        verdict=Verdict.FALLBACK,
        served_model=OLD,
        category=category,
        hops=(
            Hop(FABLE, Outcome.DECLINED, category=category, usage=usage),
            Hop(OLD, Outcome.SERVED, usage=usage, cost_usd=0.5),
        ),
        evidence=(Evidence("usage.iterations[1].type", "fallback_message", "strong"),),
        segments=(Segment(FABLE, "Begun. "), Segment(OLD, text)),
    )
    content = (
        {"type": "text", "text": "Begun. "},
        {"type": "fallback", "from": {"model": FABLE}, "to": {"model": OLD}},
        {"type": "text", "text": text},
    )
    settled = {"routing": routing, "exit_code": 10, "cost_usd": None, "cost_floor_usd": 0.5, "content": content}
    return answered(changes.pop("prompt", "Break in?"), "", **{**settled, **changes})


def kept(path: Path, *exchanges: Exchange, content: str = "full") -> tuple[Exchange, ...]:
    """The same exchanges with the numbers they got in a history at `path`."""
    with History.open(path, content=content) as history:
        numbers = [history.begin(exchange) for exchange in exchanges]
        return tuple(one._replace(number=number) for one, number in zip(exchanges, numbers, strict=True))


def old_file(path: Path, version: int, exchange: Exchange | None = None) -> None:
    """A history as the program of an earlier version left it, with one exchange."""
    kept(path.with_name("made.db"), exchange or answered("old words", "old answer"))
    source = sqlite3.connect(path.with_name("made.db"))
    source.row_factory = sqlite3.Row
    row = source.execute("SELECT * FROM exchange").fetchone()
    connection = sqlite3.connect(path)
    for migration in migrations.MIGRATIONS[:version]:
        migration(connection)
    names = [info[1] for info in connection.execute("PRAGMA table_info(exchange)")]
    marks = ", ".join("?" * len(names))
    connection.execute(f"INSERT INTO exchange ({', '.join(names)}) VALUES ({marks})", [row[name] for name in names])
    if version >= 2:
        connection.execute(f"INSERT INTO hop {migrations.HOPS_OF_ROWS}")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.commit()
    connection.close()
    source.close()
