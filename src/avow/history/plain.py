"""Exchanges for engines, many a second: lines and records straight from the columns of a row.

A row that is as most are (one model wrote all of its text, nothing failed) is written from its columns, without an
`Exchange` between; what this gives for it is what `export` and `table` give, and a test compares them. Any other row
goes by way of the exchange.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from avow.exchange.exchange import SCHEMA, Exchange, Status
from avow.history.chosen import Chosen
from avow.history.export import as_object, line
from avow.history.store import History
from avow.history.table import COLUMNS, Record, columns, record
from avow.routing.verdict import REROUTED, Verdict

T = TypeVar("T")
_text: Callable[[str], str] = json.encoder.encode_basestring  # in C, where there is C
_int, _float = int.__repr__, float.__repr__
_name = lru_cache(4096)(_text)
_STATUSES = {status.value: f'"{status.value}"' for status in Status}
_VERDICTS: dict[str | None, str] = {None: "null"} | {verdict.value: f'"{verdict.value}"' for verdict in Verdict}
_UNUSUAL = (KeyError, TypeError, ValueError, LookupError, AttributeError)
_LONGEST_EVIDENCE = 200
_WHOLE = (
    "json_valid(hops) AND json_valid(evidence) AND (usage IS NULL OR json_valid(usage))"
    " AND (fallback_policy NOT LIKE '[%' OR json_valid(fallback_policy))"
)
_JSON = (
    "number, id, conversation_id, created_at, status, verdict, exit_code, withheld, simulated, requested_model,"
    " served_model, strength, category, recommended_model, hops, evidence, template, stop_reason, usage, cost_usd,"
    " fallback_policy, fallback_by, retries, retry_of, source, first_token_ms, total_ms, request_id, message_id,"
    f" base_url, run, item_id, item_index, item_repeat, segments, attachments = '[]' AND error_type IS NULL"
    f" AND signal IS NULL AND exact IS NULL AND {_WHOLE}"
)
_JSON_TEXTS = ", explanation, prompt, system, text, withdrawn_text"
_HEAD, _AT_HOPS, _AT_SEGMENTS = 36, 14, 34
_FROM_USAGE = {
    name: f"CASE WHEN json_valid(usage) THEN json_extract(usage, '$.{name}') END"
    for name in ("input_tokens", "output_tokens")
}
_IS_PLAIN = "signal IS NULL AND exact IS NULL AND error_type IS NULL AND (usage IS NULL OR json_valid(usage))"


def json_lines(history: History, chosen: Chosen, *, with_text: bool) -> Iterator[str]:
    """One line an exchange, as `export.json_lines` has them."""
    query = chosen.query(_JSON + (_JSON_TEXTS if with_text else ""))
    write = _whole_line if with_text else _line_without_text
    yield from _each(history, query, write, lambda exchange: line(as_object(exchange, with_text=with_text)))


def records(history: History, chosen: Chosen, *, with_text: bool) -> Iterator[Record]:
    """One record an exchange, as `table.record` has them."""
    names = [_FROM_USAGE.get(column.name, column.name) for column in columns(with_text=with_text)]
    query = chosen.query(f"{', '.join(names)}, {_IS_PLAIN}, {'segments' if with_text else 'NULL'}")
    yield from _each(history, query, _plain_record, lambda exchange: record(exchange, with_text=with_text))


def _each(
    history: History,
    query: tuple[str, list[object]],
    quickly: Callable[[Any], T],
    slowly: Callable[[Exchange], T],
) -> Iterator[T]:
    for row in history.raw(*query):
        try:
            yield quickly(row)
        except _UNUSUAL:
            number = row["number"]
            yield from map(slowly, history.select("SELECT * FROM exchange WHERE number = ?", (number,)))


def _plain_record(row: Any) -> Record:
    values: list[Any] = list(row)
    segments, is_plain = values.pop(), values.pop()
    if not is_plain:
        raise ValueError
    _STATUSES[values[_AT["status"]]]
    values[_AT["rerouted"]] = values[_AT["verdict"]] in REROUTED and bool(_VERDICTS[values[_AT["verdict"]]])
    values[_AT["simulated"]] = bool(values[_AT["simulated"]])
    if segments is not None:
        text = values[_AT_TEXT] or ""
        _model_of_all(segments, text)
        values[_AT_TEXT] = None if segments == "[]" and values[_AT_PROMPT] is None else text
    return values


_AT: Mapping[str, int] = {column.name: place for place, column in enumerate(COLUMNS)}
_AT_PROMPT, _AT_TEXT = ([c.name for c in columns(with_text=True)].index(name) for name in ("prompt", "text"))


def _whole_line(row: Any) -> str:
    values = tuple(row)
    explanation, prompt, system, text, withdrawn = values[_HEAD:]
    model = _model_of_all(values[_AT_SEGMENTS], text or "")
    quoted = "null" if model is None and prompt is None else _text(text or "")
    segments = "[]" if model is None else f'[{{"model":{model},"text":{quoted}}}]'
    said = (_or_null(explanation), _or_null(prompt), _or_null(system), quoted, segments, _or_null(withdrawn))
    return _line(values[:_HEAD], said)


def _line_without_text(row: Any) -> str:
    values = tuple(row)
    hops, evidence = values[_AT_HOPS : _AT_HOPS + 2]
    if len(evidence) > _LONGEST_EVIDENCE or '"value":{' in evidence or '"value":[' in evidence or '"error":{' in hops:
        raise ValueError
    return _line(values, ("null", "null", "null", "null", "[]", "null"))


def _line(values: tuple[Any, ...], said: tuple[str, ...]) -> str:
    """The line of a row with the columns of `_JSON`; `said`, in JSON already, is what those of `_JSON_TEXTS` hold."""
    explanation, prompt, system, text, segments, withdrawn = said
    (
        number, identity, conversation, created_at, status, verdict, exit_code, withheld, simulated, requested,
        served, strength, category, recommended, hops, evidence, template, stop_reason, usage, cost,
        policy, by, retries, retry_of, source, first_ms, total_ms, request_id, message_id,
        base_url, run, item_id, item_index, item_repeat, _segments, is_plain,
    ) = values  # fmt: skip
    if not is_plain or "\\u" in hops or "\\u" in evidence or (usage is not None and "\\u" in usage):
        raise ValueError
    item = ""
    if item_id is not None:
        place = f'"index":{_int(item_index)},"repeat":{_int(item_repeat)}'
        item = f',"run":{"null" if run is None else _int(run)},"item":{{"id":{_text(item_id)},{place}}}'
    return (
        f'{{"schema":"{SCHEMA}","id":{_text(identity)},"number":{_int(number)},'
        f'"conversation_id":{_text(conversation)},"created_at":{_text(created_at)},"status":{_STATUSES[status]},'
        f'"verdict":{_VERDICTS[verdict]},"rerouted":{"true" if verdict in REROUTED else "false"},'
        f'"exit_code":{"null" if exit_code is None else _int(exit_code)},'
        f'"withheld":{"true" if withheld else "false"},"simulated":{"true" if simulated else "false"},'
        f'"requested_model":{_name(requested)},"served_model":{_name_or_null(served)},'
        f'"strength":{_name_or_null(strength)},"category":{_name_or_null(category)},"explanation":{explanation},'
        f'"recommended_model":{_name_or_null(recommended)},"hops":{hops},"evidence":{evidence},"prompt":{prompt},'
        f'"system":{system},"template":{_name_or_null(template)},"attachments":[],"text":{text},'
        f'"segments":{segments},"withdrawn_text":{withdrawn},"stop_reason":{_name_or_null(stop_reason)},'
        f'"usage":{"null" if usage is None else usage},"cost_usd":{"null" if cost is None else _cost(cost)},'
        f'"fallback":{{"policy":{policy if policy.startswith("[") else _name(policy)},"by":{_name(by)}}},'
        f'"retries":{_int(retries)},"retry_of":{_or_null(retry_of)},"source":{_name(source)},'
        f'"timing":{{"first_token_ms":{"null" if first_ms is None else _int(first_ms)},'
        f'"total_ms":{"null" if total_ms is None else _int(total_ms)}}},"request_id":{_or_null(request_id)},'
        f'"message_id":{_or_null(message_id)},"base_url":{_name_or_null(base_url)},"error":null'
        f"{item}}}\n"
    )


def _cost(cost: float) -> str:
    if not math.isfinite(cost):
        raise ValueError
    return _float(cost)


def _or_null(text: str | None) -> str:
    return "null" if text is None else _text(text)


def _name_or_null(text: str | None) -> str:
    return "null" if text is None else _name(text)


def _model_of_all(segments: str, text: str) -> str | None:
    """The model that wrote all of the text, in JSON, None where the answer has no text; raises ValueError where several
    wrote it."""
    if segments == "[]":
        if text:
            raise ValueError
        return None
    model, chars = _one_segment(segments[: segments.rindex(":") + 1]), segments[segments.rindex(":") + 1 : -2]
    if int(chars) != len(text):
        raise ValueError
    return model


@lru_cache(4096)
def _one_segment(head: str) -> str:
    """The model in `[{"model":…,"chars":`, in JSON; raises ValueError for another beginning."""
    (one,) = json.loads(head + "0}]")
    if set(one) != {"model", "chars"}:
        raise ValueError
    return "null" if one["model"] is None else _text(one["model"])
