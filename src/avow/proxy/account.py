"""The account of a run: its lines at the end, its exit status, and its report; pure."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from avow.exchange.exchange import Exchange, Status, as_json
from avow.exit_codes import ExitCode, gravest
from avow.proxy.call_log import LogEntry
from avow.routing.verdict import NO_CATEGORY, Verdict
from avow.text.counts import counted
from avow.wire.json_value import JsonObject

SCHEMA = "avow.proxy/1"

_IN_WORDS = frozenset({Verdict.FALLBACK, Verdict.REFUSED})
"""Verdicts whose count is split by category."""


class Account(NamedTuple):
    """The results of a run. `entries` are the answers that count; `retried` is how many requests were repeated;
    `command` is as it is shown, and `command_status` as a shell reports it, None where there was no command."""

    entries: Sequence[LogEntry]
    retried: int = 0
    command: Sequence[str] = ()
    command_status: int | None = None

    @property
    def answers(self) -> list[Exchange]:
        """The exchanges in which a model began to answer."""
        return [entry.exchange for entry in self.entries if entry.exchange.verdict is not None]

    @property
    def counts(self) -> dict[str, int]:
        """How often each verdict occurs, or the status of an answer that is not whole, in the order in which they first
        occur."""
        return dict(Counter(label(entry.exchange) for entry in self.entries))


def label(exchange: Exchange) -> str:
    """What an exchange counts as: its verdict if the answer is whole or another model's, else its status."""
    verdict = exchange.verdict
    if verdict is not None and (exchange.status.is_whole or exchange.routing.rerouted):
        return str(verdict)
    if exchange.status is Status.FAILED and verdict is not None:
        return str(verdict)
    return str(exchange.status)


def summary(account: Account) -> str:
    """The stable last line, without `avow: `."""
    total = len(account.entries)
    parts = [f"{number} {name}{_categories(account, name)}" for name, number in _ordered(account.counts)]
    what = counted(total, "answer")
    line = f"proxy: {what}: {', '.join(parts)}" if parts else f"proxy: {what}"
    side = sum(entry.side for entry in account.entries)
    more = [f"{side} side"] if side else []
    more += [f"{account.retried} retried"] if account.retried else []
    if more:
        line += f"; {', '.join(more)}"
    return f"{line}; {' '.join(masked(account.command)[:2])}" if account.command else line


def exit_status(account: Account) -> int:
    """The command's own status if that is not 0; else that of the gravest answer, of the errors only where no answer
    came at all; 13 where nothing came through."""
    if account.command_status:
        return account.command_status
    codes = [exchange.exit_code for exchange in account.answers]
    codes = codes or [e.exchange.exit_code for e in account.entries if e.exchange.status is Status.FAILED]
    if not codes and account.command_status is not None:
        return ExitCode.UNVERIFIED
    return gravest(*(code for code in codes if isinstance(code, ExitCode)))


def is_empty(account: Account) -> bool:
    """Whether a command ran and no answer came through."""
    return account.command_status is not None and not account.entries


def why_empty(account: Account) -> str:
    """In words, why no answer may have come through."""
    name, status = (*masked(account.command)[:1], "the command")[0], account.command_status
    if status:
        return f"{name} ended with status {status}"
    return f"{name} does not read ANTHROPIC_BASE_URL, or its settings name another base URL"


def refused(number: int) -> str:
    """The sentence about requests that were not passed on."""
    was, it = ("was", "it was") if number == 1 else ("were", "they were")
    return f"{counted(number, 'request')} {was} refused: {it} not from the command, or not valid"


def report(account: Account) -> JsonObject:
    """The object of `--report`."""
    status = exit_status(account)
    return {
        "schema": SCHEMA,
        "command": masked(account.command),
        "command_status": account.command_status,
        "exit_code": int(status),
        "counts": account.counts,
        "side": sum(entry.side for entry in account.entries),
        "retried": account.retried,
        "answers": [answer_as_json(entry.exchange) for entry in account.entries],
    }


def answer_as_json(exchange: Exchange) -> JsonObject:
    """The object of an answer, with the client and its session."""
    return {**as_json(exchange), "client": exchange.client, "session": exchange.session}


def masked(command: Sequence[str]) -> list[str]:
    """The words of the command, with `***` for each that looks like a key."""
    words = []
    hide = False
    for word in command:
        name, equals, value = word.partition("=")
        secret_name = any(part in name.lower() for part in ("key", "token", "secret", "password", "authorization"))
        if not hide and equals and not _looks_like_key(name) and (secret_name or _looks_like_key(value)):
            words.append(f"{name}=***")
        elif hide or _looks_like_key(word):
            words.append("***")
        else:
            words.append(word)
        hide = word.startswith("-") and secret_name and not equals and not hide
    return words


def _looks_like_key(word: str) -> bool:
    return "sk-ant-" in word or "Bearer " in word or (word.startswith("sk-") and len(word) > 20)


def _categories(account: Account, name: str) -> str:
    if name not in _IN_WORDS:
        return ""
    found = Counter(
        entry.exchange.routing.category or NO_CATEGORY
        for entry in account.entries
        if label(entry.exchange) == name and entry.exchange.routing.hops[0].outcome == "declined"
    )
    return f" ({', '.join(f'{category} {number}' for category, number in found.most_common())})" if found else ""


_ORDER = [str(verdict) for verdict in Verdict] + [str(status) for status in Status]


def _ordered(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: _ORDER.index(item[0]))
