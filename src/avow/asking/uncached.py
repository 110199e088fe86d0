"""Why nothing was cached although `--cache` asked for it."""

from avow.exchange.exchange import Exchange
from avow.models import catalogue
from avow.routing.verdict import Outcome
from avow.wire.json_value import whole


def why_uncached(exchange: Exchange) -> str | None:
    """What to say of a finished exchange whose answer was neither read from the API's cache nor written to it; None
    where it was, or where the response does not say."""
    served = [hop for hop in exchange.routing.hops if hop.outcome is Outcome.SERVED and hop.usage]
    if not served:
        return None
    usage, model = served[-1].usage or {}, served[-1].model or ""
    counts = [whole(usage.get(f"cache_{name}_input_tokens")) for name in ("creation", "read")]
    prompt = whole(usage.get("input_tokens"))
    if counts != [0, 0] or prompt is None:
        return None
    known = catalogue.find(model)
    least = known.caches_from if known else None
    if least is None or prompt >= least:
        return "nothing was cached, and the response does not say why; a prompt that is too short is not cached"
    return f"nothing was cached: {model} caches prompts of {least:,} tokens or more, and this one has {prompt:,}"
