"""Scenarios that users write, as TOML files.

A file describes one answer: which models are asked one after another, what each writes, how fast, and what goes wrong.
All keys are optional. In this one the model declines in mid-answer, a slow one continues, and the connection is lost:

    summary = "declined in mid-answer, then cut off"
    delay = 0.02                  # seconds between pieces of text
    first_delay = 0.5             # seconds before the first byte

    [[hops]]                      # the requested model
    declines = true
    category = "cyber"            # "" for none; the default is frontier_llm
    text = "What it wrote before. "

    [[hops]]                      # the first fallback
    text = "{opening}And {model} says to {question}: {rest}"
    delay = 0.1
    thinking = "What it thought."
    stop_reason = "end_turn"

    [fault]
    kind = "hangup"               # cut, hangup, reset, stall, error, broken_json
    after = 12                    # pieces; the default is half of the last block's

    [headers]
    x-litellm-model-name = "anthropic/{requested}"

Further keys at the top: `model` (the name in the answer, `""` for none), `hands_over = false` (the client has to
ask the next model), `pings`, `usage` and `request_id` (`false` leaves them out), `sticky`, and
`error`, a table that answers with an HTTP error instead: `status`, `type`, `message`, `code`, `retry_after`
(seconds), `times` (that many tries fail, the next succeeds). A hop may have an `error` too, `credit = false` (no
credit token), `claim = false` (its text may not be continued) and `explanation`. The API itself never hands over after
a decline of the category `reasoning_extraction`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from avow.errors import UsageError, nearest
from avow.files.reading import PipeWait, read_text
from avow.simulator.script import FAULTS, Fault, HttpError, PlayedHop, Scenario

_TYPES = {429: "rate_limit_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
          404: "not_found_error", 413: "request_too_large", 504: "timeout_error",
          529: "overloaded_error"}  # fmt: skip

Check = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 3600


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10_000_000


def _is_table(value: Any) -> bool:
    return isinstance(value, dict)


def _is_hops(value: Any) -> bool:
    return isinstance(value, list) and 1 <= len(value) <= 4 and all(isinstance(hop, dict) for hop in value)


def _is_status(value: Any) -> bool:
    return _is_count(value) and 400 <= value <= 599


_TEXT: tuple[Check, str] = (_is_text, "text in quotes")
_FLAG: tuple[Check, str] = (_is_flag, "true or false")
_SECONDS: tuple[Check, str] = (_is_seconds, "seconds from 0 to 3600")
_COUNT: tuple[Check, str] = (_is_count, "a whole number")
_TABLE: tuple[Check, str] = (_is_table, "a table")

_TOP = {"summary": _TEXT, "hops": (_is_hops, "one to four [[hops]] tables"), "delay": _SECONDS,
        "first_delay": _SECONDS, "fault": _TABLE, "headers": _TABLE, "error": _TABLE, "model": _TEXT,
        "hands_over": _FLAG, "sticky": _FLAG, "pings": _FLAG, "usage": _FLAG, "request_id": _FLAG}  # fmt: skip
_HOP = {"text": _TEXT, "thinking": _TEXT, "declines": _FLAG, "category": _TEXT, "explanation": _TEXT,
        "delay": _SECONDS, "stop_reason": _TEXT, "error": _TABLE, "credit": _FLAG, "claim": _FLAG}  # fmt: skip
_FAULT = {"kind": (lambda value: value in FAULTS, f"one of {', '.join(FAULTS)}"), "after": _COUNT}
_ERROR = {"status": (_is_status, "an HTTP status from 400 to 599"), "type": _TEXT, "message": _TEXT, "code": _TEXT,
          "retry_after": _SECONDS, "times": _COUNT}  # fmt: skip


def read(path: Path, wait: PipeWait | None = None) -> Scenario:
    """The scenario in that file; `wait` bounds pipes in time. Raises `UsageError` with the file, the key and the
    nearest valid one."""
    import tomllib

    where = f"scenario {path}"
    try:
        table = tomllib.loads(read_text(path, where, wait=wait))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: not TOML: {str(error) or 'nested too deeply'}") from None
    _check(table, _TOP, where, "")
    hops = tuple(_hop(hop, where, f"hops[{number}].") for number, hop in enumerate(table.get("hops", [{}]), start=1))
    return Scenario(
        name=path.stem,
        summary=table.get("summary", f"from {path.name}"),
        hops=hops,
        hands_over=table.get("hands_over", True),
        sticky=table.get("sticky", False),
        delay=float(table.get("delay", 0.0)),
        first_delay=float(table.get("first_delay", 0.0)),
        error=_error(table.get("error"), where, "error."),
        fault=_fault(table.get("fault"), where),
        reports=table.get("model"),
        headers=_headers(table.get("headers", {}), where),
        own_headers=table.get("request_id", True),
        pings=table.get("pings", True),
        usage=table.get("usage", True),
    )


def _hop(table: dict[str, Any], where: str, inside: str) -> PlayedHop:
    _check(table, _HOP, where, inside)
    return PlayedHop(
        text=table.get("text"),
        thinking=table.get("thinking"),
        declines=table.get("declines", False),
        category=table.get("category", "frontier_llm") or None,
        explanation=table.get("explanation"),
        delay=float(table["delay"]) if "delay" in table else None,
        stop_reason=table.get("stop_reason", "end_turn"),
        error=_error(table.get("error"), where, f"{inside}error."),
        credit=table.get("credit", True),
        claim=table.get("claim", True),
    )


def _fault(table: dict[str, Any] | None, where: str) -> Fault | None:
    if table is None:
        return None
    _check(table, _FAULT, where, "fault.")
    return Fault(table.get("kind", "cut"), table.get("after"))


def _error(table: dict[str, Any] | None, where: str, inside: str) -> HttpError | None:
    if table is None:
        return None
    _check(table, _ERROR, where, inside)
    status = table.get("status", 500)
    headers = (("retry-after", str(table["retry_after"])),) if "retry_after" in table else ()
    kind = table.get("type", _TYPES.get(status, "invalid_request_error" if status < 500 else "api_error"))
    message = table.get("message", "An error of the simulator")
    return HttpError(status, kind, message, code=table.get("code"), headers=headers, times=table.get("times"))


def _headers(table: dict[str, Any], where: str) -> tuple[tuple[str, str], ...]:
    for name, value in table.items():
        plain = isinstance(value, str) and value.isprintable() and value.isascii()
        token = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
        if not plain or not token:
            raise UsageError(f"{where}: headers.{name}: a header needs a plain name and one line of ASCII text")
        if name.lower() in ("content-length", "transfer-encoding", "content-type", "connection"):
            raise UsageError(f"{where}: headers.{name}: the simulator sets this header itself")
    return tuple(table.items())


def _check(table: dict[str, Any], known: dict[str, tuple[Check, str]], where: str, inside: str) -> None:
    for key, value in table.items():
        if key not in known:
            near = nearest(key, known)
            hint = f"did you mean {near!r}?" if near else f"known keys: {', '.join(known)}"
            raise UsageError(f"{where}: there is no key {inside + key!r}", hint=hint)
        fits, wanted = known[key]
        if not fits(value):
            raise UsageError(f"{where}: {inside}{key} must be {wanted}, not {value!r:.60}")
