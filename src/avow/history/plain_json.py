"""Exports exchanges as JSON fast: what SQLite holds as JSON is passed on as it is."""

import json
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from avow.exchange.exchange import SCHEMA
from avow.history.export import as_object, line
from avow.history.export_scope import ExportScope
from avow.history.plain import HAS_RIGHT_KINDS, SHARED, check_cost, each, model_of_all, shared, with_care
from avow.history.store import History
from avow.routing.verdict import REROUTED

_text: Callable[[str], str] = json.encoder.encode_basestring  # in C, where there is C
_int, _float = int.__repr__, float.__repr__
_LONGEST_EVIDENCE = 200
_LONG = 60
_ESCAPES = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"))
_WITHOUT_CONTROLS = bytes(0x3F if byte < 0x20 else byte for byte in range(256))
_FITTING = (
    "error_type IS NULL AND signal IS NULL AND exact IS NULL AND attachments = '[]'"
    f" AND {HAS_RIGHT_KINDS} AND json_valid(hops) AND (usage IS NULL OR json_valid(usage))"
)
_FRAME = (
    f"json_object('schema', '{SCHEMA}', 'id', id, 'number', number, 'conversation_id', conversation_id,"
    " 'created_at', created_at, 'timing', json_object('first_token_ms', first_token_ms, 'total_ms', total_ms),"
    " 'request_id', request_id, 'message_id', message_id)"
)
_ITEM = "CASE WHEN item_id IS NOT NULL THEN json_array(item_id, run, item_index, item_repeat) END"
_FACTS = f"p.n, {_FRAME}, {SHARED}, hops, evidence, usage, cost_usd, {_ITEM}"
_TEXTS = ", segments, prompt, text, explanation, system, withdrawn_text"


def json_lines(history: History, scope: ExportScope, *, with_text: bool) -> Iterator[str]:
    """One line for each exchange, as `export.json_lines` gives them."""
    names = _FACTS + (_TEXTS if with_text else "")
    queries = with_care(scope, names, _FITTING)
    write = _whole_line if with_text else _line_without_text
    return each(history, queries, write, lambda exchange: line(as_object(exchange, with_text=with_text)))


def _whole_line(row: Any) -> str:
    _number, frame, key, hops, evidence, usage, cost, item, segments, prompt, text, explanation, system, withdrawn = row
    text = text or ""
    model = model_of_all(segments, text)
    quoted = "null" if model is None and prompt is None else _quoted(text)
    return _line(
        *(frame, key, hops, evidence, usage, cost, item),
        "null" if prompt is None else _quoted(prompt),
        quoted,
        "[]" if model is None else f'[{{"model":{model},"text":{quoted}}}]',
        "null" if explanation is None else _text(explanation),
        "null" if system is None else _quoted(system),
        "null" if withdrawn is None else _quoted(withdrawn),
    )


def _line_without_text(row: Any) -> str:
    _number, frame, key, hops, evidence, usage, cost, item = row
    if len(evidence) > _LONGEST_EVIDENCE or '"value":{' in evidence or '"value":[' in evidence or '"error":{' in hops:
        raise ValueError
    return _line(frame, key, hops, evidence, usage, cost, item, "null", "null", "[]", "null", "null", "null")


def _line(
    frame: str,
    key: str,
    hops: str,
    evidence: str,
    usage: str | None,
    cost: float | None,
    item: str | None,
    *said: str,
) -> str:
    """The line of a row with the columns of `_FACTS`; what was `said` is in JSON already."""
    prompt, text, segments, explanation, system, withdrawn = said
    outcome, recommended, template, stop_reason, way, base_url = _pieces(key)
    _check_evidence(evidence)
    if "\\" in frame or "\\u" in hops or (usage is not None and "\\u" in usage):
        raise ValueError
    if cost is not None:
        check_cost(cost)
    beginning, _comma, end = frame.partition(',"timing":')
    return (
        f'{beginning}{outcome}{explanation}{recommended}{hops},"evidence":{evidence}'
        f',"prompt":{prompt},"system":{system}{template}{text},"segments":{segments},"withdrawn_text":{withdrawn}'
        f'{stop_reason}{"null" if usage is None else usage},"cost_usd":{"null" if cost is None else _float(cost)}{way}'
        f"{end[:-1]}{base_url}{'' if item is None else _item(*json.loads(item))}}}\n"
    )


@lru_cache(1024)
def _check_evidence(evidence: str) -> None:
    """Raise ValueError where it is no JSON, or has escapes that stand for half a letter."""
    json.loads(evidence)
    if "\\u" in evidence:
        raise ValueError


@lru_cache(4096)
def _pieces(key: str) -> tuple[str, str, str, str, str, str]:
    """The parts of a line that many rows share, each with what stands before and after it."""
    found = shared(key)

    def field(name: str) -> str:
        return f'"{name}":{json.dumps(found[name], ensure_ascii=False)}'

    def flag(name: str, value: object) -> str:
        return f'"{name}":{"true" if value else "false"}'

    policy, by = found["fallback_policy"], _text(found["fallback_by"])
    if "\\u" in policy:
        raise ValueError
    return (
        f",{field('status')},{field('verdict')},{flag('rerouted', found['verdict'] in REROUTED)},{field('exit_code')},"
        f"{flag('withheld', found['withheld'])},{flag('simulated', found['simulated'])},{field('requested_model')},"
        f'{field("served_model")},{field("strength")},{field("category")},"explanation":',
        f',{field("recommended_model")},"hops":',
        f',{field("template")},"attachments":[],"text":',
        f',{field("stop_reason")},"usage":',
        f',"fallback":{{"policy":{policy if policy.startswith("[") else _text(policy)},"by":{by}}},'
        f'{field("retries")},{field("retry_of")},{field("source")},"timing":',
        f',{field("base_url")},"error":null',
    )


def _item(identity: str, run: int | None, place: int, repeat: int) -> str:
    number = "null" if run is None else _int(run)
    return f',"run":{number},"item":{{"id":{_text(identity)},"index":{_int(place)},"repeat":{_int(repeat)}}}'


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
    return f'"{escaped}"' if data.translate(_WITHOUT_CONTROLS) == data else _text(text)
