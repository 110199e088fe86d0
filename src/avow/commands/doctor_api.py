"""The checks of `avow doctor` on the API: one free request, this machine's clock, and what the host is known for."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from avow.commands.doctor_finding import DoctorFinding, State, without_secrets
from avow.errors import AvowError, ExchangeError

if TYPE_CHECKING:
    from avow.context import Context
    from avow.settings.levels import Settings

LIMIT_S = 5.0
"""How long the API may take to answer."""

MOST_CLOCK_S = 120.0
"""How far the clocks may be apart: TLS and `created_at` bear less than people notice."""


def look(context: "Context", settings: "Settings", *, offline: bool) -> Iterator[DoctorFinding]:
    """Whether the API can be reached with the key, the clocks, and what to expect of the host. The API is asked once,
    unless `offline`."""
    from avow.wire.request import Endpoint

    shown = without_secrets(settings.base_url)
    if doubled := Endpoint(shown).doubled_words("/v1/messages"):
        yield DoctorFinding("api", "base_url", "note", doubled)
    if offline:
        yield DoctorFinding("api", "reached", "note", f"{shown}: not asked (--offline)")
        yield from _host(context, settings, {})
        return
    try:
        status, headers, seconds = _asked(context, settings)
    except ExchangeError as error:
        yield DoctorFinding("api", "reached", "broken", f"{shown}: {error.message}", error.hint)
        return
    except AvowError as error:
        yield DoctorFinding("api", "reached", "note", f"{shown}: not asked: {error.message}")
        return
    state, words, hint = _meaning(status, headers.get("content-type", ""))
    yield DoctorFinding("api", "reached", state, f"{shown}: HTTP {status} in {seconds * 1000:.0f} ms{words}", hint)
    yield clock(headers.get("date"), _now())
    yield from _host(context, settings, headers)


def _host(context: "Context", settings: "Settings", headers: Mapping[str, str]) -> Iterator[DoctorFinding]:
    """Who the host is, which evidence of the model its answers can give, and whether it takes `fallbacks`. A gateway
    may say who it is in answers only, so what the last one from there said counts too."""
    from avow.routing.gateways import strength_of_name
    from avow.routing.known_gateways import advice, evidence_words, known

    host = urlsplit(settings.base_url).hostname or ""
    gateway = known(host, (*headers, *_last_heard(context, settings)))
    if gateway is None:
        words = f"unknown host; {strength_of_name(host)}: model"
        yield DoctorFinding("api", "evidence", "ok", words)
        return
    yield DoctorFinding("api", "evidence", "ok", f"{gateway.name}; {evidence_words(gateway)}")
    if (said := advice(gateway)) is not None:
        yield DoctorFinding("api", "fallbacks", "note", said)


def _last_heard(context: "Context", settings: "Settings") -> Iterator[str]:
    """The evidence fields of the last exchange, if it was with the configured host."""
    if not context.paths.history_file.exists():
        return
    try:
        last = context.history(settings, read_only=True).latest()
    except AvowError:
        return  # what is wrong with the history is a finding of its own
    if last is not None and last.base_url == settings.base_url:
        yield from (evidence.field for evidence in last.routing.evidence)


def _meaning(status: int, kind: str) -> tuple[State, str, str | None]:
    """State, words and hint for the status and the content type of the answer to `GET /v1/models`."""
    match status:
        case 401 | 403:
            return "broken", ": the key is rejected", "`avow auth login` stores another"
        case 402:
            return "broken", ": the key's account has no credit or may not pay", "look at its billing"
        case 404 | 405 | 501:
            return "note", ": it lists no models (a gateway may not)", None
        case 429:
            return "note", ": it limits requests for now", "ask again later"
        case _ if status >= 500:
            return "broken", "", "try again later"
        case _ if status >= 400:
            return "broken", ": it rejects the request", "check the base URL and the settings for gateways"
        case _ if status >= 300:
            return "broken", ": it redirects elsewhere", "avow follows no redirect with a key; correct the base URL"
        case _ if "json" not in kind.lower():
            hint = "a proxy or a sign-in page may stand in between"
            return "broken", f": this is not the API ({kind or 'no content type'})", hint
    return "ok", "", None


def clock(date: str | None, now: float) -> DoctorFinding:
    """This machine's clock compared with the server's; `date` is the `Date` header (RFC 9110, 6.6.1), `now` seconds
    since 1970."""
    from avow.exchange.retry import http_date

    theirs = http_date(date or "")
    if theirs is None:
        return DoctorFinding("api", "clock", "note", "the server sends no time")
    apart = now - theirs
    if abs(apart) > MOST_CLOCK_S:
        side = "ahead of" if apart > 0 else "behind"
        words = f"this machine is {abs(apart):.0f} s {side} the server"
        return DoctorFinding(
            "api", "clock", "broken", words, "set the clock: TLS and times in the history depend on it"
        )
    return DoctorFinding("api", "clock", "ok", f"within {max(abs(apart), 1):.0f} s of the server's")


def _asked(context: "Context", settings: "Settings") -> tuple[int, Mapping[str, str], float]:
    """Status, headers and seconds of the one free request. Raises AvowError where no answer came."""
    import time

    from avow.endpoint.patience import Patience

    with context.open(settings, patience=Patience(LIMIT_S, LIMIT_S)) as api:
        begun = time.monotonic()
        with api.send(api.endpoint.request("GET", "/v1/models?limit=1"), deadline=begun + LIMIT_S) as response:
            return response.status, dict(response.headers), time.monotonic() - begun


def _now() -> float:
    import time

    return time.time()
