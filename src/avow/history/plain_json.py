"""Exports exchanges as JSON fast: what SQLite holds as JSON is passed on as it is."""

import json
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from avow.exchange.exchange import SCHEMA, Status
from avow.history.export import as_object, line
from avow.history.export_scope import ExportScope
from avow.history.plain import check_cost, each, model_of_all
from avow.history.store import History
from avow.routing.verdict import REROUTED, Verdict

_text: Callable[[str], str] = json.encoder.encode_basestring  # in C, where there is C
_name = lru_cache(4096)(_text)
_int, _float = int.__repr__, float.__repr__
_STATUSES = {status.value: f'"{status.value}"' for status in Status}
_VERDICTS: dict[str | None, str] = {None: "null"} | {verdict.value: f'"{verdict.value}"' for verdict in Verdict}
_LONGEST_EVIDENCE = 200
_LONG = 150
_ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"))
_CONTROLS = bytes(range(0x20))
_WHOLE = (
    "json_valid(hops) AND json_valid(evidence) AND (usage IS NULL OR json_valid(usage))"
    " AND (fallback_policy NOT LIKE '[%' OR json_valid(fallback_policy))"
)
_OUTCOME = "status, verdict, exit_code, withheld, simulated, requested_model, served_model, strength, category"
_WAY = "fallback_policy, fallback_by, retries, retry_of, source"
_FACTS = (
    f"number, {_OUTCOME}, {_WAY}, id, conversation_id, created_at, recommended_model, hops, evidence, template,"
    " stop_reason, usage, cost_usd, first_token_ms, total_ms, request_id, message_id, base_url, item_id,"
    f" attachments = '[]' AND error_type IS NULL AND signal IS NULL AND exact IS NULL AND {_WHOLE}"
)
_ITEM = ", run, item_index, item_repeat"
_TEXTS = ", segments, explanation, prompt, system, text, withdrawn_text"
_AT_WAY, _AT_REST, _AT_ITEM, _AT_TEXTS = 10, 15, 32, 35
"""Where the columns of `_WAY`, those after them, `_ITEM` and `_TEXTS` begin."""
_NOTHING = ("null", "null", "null", "null", "[]", "null")


def json_lines(history: History, scope: ExportScope, *, with_text: bool) -> Iterator[str]:
    """One line for each exchange, as `export.json_lines` gives them."""
    query = scope.query(_FACTS + _ITEM + (_TEXTS if with_text else ""))
    write = _whole_line if with_text else _line_without_text
    yield from each(history, query, write, lambda exchange: line(as_object(exchange, with_text=with_text)))


def _whole_line(row: Any) -> str:
    values = tuple(row)
    segments, explanation, prompt, system, text, withdrawn = values[_AT_TEXTS:]
    model = model_of_all(segments, text or "")
    quoted = "null" if model is None and prompt is None else _quoted(text or "")
    said = (
        "null" if explanation is None else _text(explanation),
        "null" if prompt is None else _quoted(prompt),
        "null" if system is None else _quoted(system),
        quoted,
        "[]" if model is None else f'[{{"model":{model},"text":{quoted}}}]',
        "null" if withdrawn is None else _quoted(withdrawn),
    )
    return _line(values, said)


def _line_without_text(row: Any) -> str:
    values = tuple(row)
    hops, evidence = values[_AT_REST + 4 : _AT_REST + 6]
    if len(evidence) > _LONGEST_EVIDENCE or '"value":{' in evidence or '"value":[' in evidence or '"error":{' in hops:
        raise ValueError
    return _line(values, _NOTHING)


def _line(values: tuple[Any, ...], said: tuple[str, ...]) -> str:
    """The line of a row with the columns of `_FACTS` and `_ITEM`; `said` are the texts, in JSON."""
    explanation, prompt, system, text, segments, withdrawn = said
    (
        identity, conversation, created_at, recommended, hops, evidence, template, stop_reason, usage, cost,
        first_ms, total_ms, request_id, message_id, base_url, item_id, is_plain,
    ) = values[_AT_REST:_AT_ITEM]  # fmt: skip
    check_cost(cost)
    if not is_plain or "\\u" in hops or "\\u" in evidence or (usage is not None and "\\u" in usage):
        raise ValueError
    return (
        f'{{"schema":"{SCHEMA}","id":{_text(identity)},"number":{_int(values[0])},'
        f'"conversation_id":{_text(conversation)},"created_at":{_text(created_at)},{_outcome(values[1:_AT_WAY])},'
        f'"explanation":{explanation},"recommended_model":{"null" if recommended is None else _name(recommended)},'
        f'"hops":{hops},"evidence":{evidence},"prompt":{prompt},"system":{system},'
        f'"template":{"null" if template is None else _name(template)},"attachments":[],"text":{text},'
        f'"segments":{segments},"withdrawn_text":{withdrawn},'
        f'"stop_reason":{"null" if stop_reason is None else _name(stop_reason)},'
        f'"usage":{"null" if usage is None else usage},"cost_usd":{"null" if cost is None else _float(cost)},'
        f"{_way(values[_AT_WAY:_AT_REST])},"
        f'"timing":{{"first_token_ms":{"null" if first_ms is None else _int(first_ms)},'
        f'"total_ms":{"null" if total_ms is None else _int(total_ms)}}},'
        f'"request_id":{"null" if request_id is None else _text(request_id)},'
        f'"message_id":{"null" if message_id is None else _text(message_id)},'
        f'"base_url":{"null" if base_url is None else _name(base_url)},"error":null'
        f"{'' if item_id is None else _item(item_id, *values[_AT_ITEM:_AT_TEXTS])}}}\n"
    )


@lru_cache(4096)
def _outcome(values: tuple[Any, ...]) -> str:
    """The keys of `_OUTCOME`, which many rows share."""
    status, verdict, exit_code, withheld, simulated, requested, served, strength, category = values
    return (
        f'"status":{_STATUSES[status]},"verdict":{_VERDICTS[verdict]},'
        f'"rerouted":{"true" if verdict in REROUTED else "false"},'
        f'"exit_code":{"null" if exit_code is None else _int(exit_code)},'
        f'"withheld":{"true" if withheld else "false"},"simulated":{"true" if simulated else "false"},'
        f'"requested_model":{_text(requested)},"served_model":{_or_null(served)},'
        f'"strength":{_or_null(strength)},"category":{_or_null(category)}'
    )


@lru_cache(4096)
def _way(values: tuple[Any, ...]) -> str:
    """The keys of `_WAY`, which many rows share."""
    policy, by, retries, retry_of, source = values
    return (
        f'"fallback":{{"policy":{policy if policy.startswith("[") else _text(policy)},"by":{_text(by)}}},'
        f'"retries":{_int(retries)},"retry_of":{_or_null(retry_of)},"source":{_text(source)}'
    )


def _item(identity: str, run: int | None, place: int, repeat: int) -> str:
    number = "null" if run is None else _int(run)
    return f',"run":{number},"item":{{"id":{_text(identity)},"index":{_int(place)},"repeat":{_int(repeat)}}}'


def _or_null(text: str | None) -> str:
    return "null" if text is None else _text(text)


def _quoted(text: str) -> str:
    """A text in JSON, as `_text` gives it. `_text` reads one letter after the other; most long texts need only a search
    for few letters."""
    if len(text) < _LONG:
        return _text(text)
    escaped = text
    for letter, instead in _ESCAPES:
        if letter in escaped:  # `replace` counts first, one letter after another
            escaped = escaped.replace(letter, instead)
    data = escaped.encode()
    return f'"{escaped}"' if len(data.translate(None, _CONTROLS)) == len(data) else _text(text)
