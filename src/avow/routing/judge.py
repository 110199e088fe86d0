"""Who answered: one pure function from what was asked and what came back to a verdict with its evidence.

The rules are numbered 1 to 17, and the comments below name those that they carry out. They were read from the official
SDK, the API's documentation and public reports of wrong verdicts; the cases in `tests/routing/test_judge.py` name them.
"""

from collections.abc import Iterator, Sequence

from avow.models.identity import Identity, compare, vouched
from avow.routing.gateways import Testimony, listen, names_may_be_rewritten, strength_of_name
from avow.routing.verdict import SESSION_MOVED, Asked, Attempt, Evidence, Hop, Outcome, Routing, Segment, Verdict
from avow.wire.json_value import JsonObject, obj, text
from avow.wire.message import Message, block_text


def judge(asked: Asked, attempts: Sequence[Attempt]) -> Routing:
    """The routing that `attempts` prove, in order. Never `as_requested` for an answer that is not whole or where
    anything in the response names another model."""
    attempts = _distinct(attempts)
    last = next((n for n in range(len(attempts) - 1, -1, -1) if attempts[n].message is not None), None)
    if last is None:
        return Routing(hops=tuple(_skipped(attempt) for attempt in attempts if attempt.failure))
    deciding = attempts[last]
    message = deciding.message
    assert message is not None
    reading = _MessageEvidence(asked, deciding, message, client_moved=_client_moved(asked, deciding))
    hops = [hop for attempt in attempts[:last] for hop in _hops_before(attempt)]
    own = reading.hops()
    hops += [*own, *(_skipped(attempt) for attempt in attempts[last + 1 :] if attempt.failure)]
    kept, withdrawn = _texts(attempts[:last])
    segments = (*kept, *reading.segments())
    if reading.refused:
        withdrawn += "".join(segment.text for segment in segments)
        segments = ()
    declines = [hop for hop in hops if hop.outcome is Outcome.DECLINED]
    details = next((a.message.stop_details for a in attempts if a.message and a.message.stop_details), {})
    return Routing(
        verdict=reading.verdict(),
        strength=reading.strength(),
        served_model=reading.served(),
        category=declines[0].category if declines else None,
        explanation=text(details.get("explanation")),
        recommended_model=text(details.get("recommended_model")),
        hops=tuple(hops),
        evidence=(*_own_evidence(asked, attempts[: last + 1]), *reading.evidence()),
        segments=_joined(segments),
        withdrawn_text=withdrawn or None,
        pin=asked.pin,
        moved_to=deciding.model if any(attempt.message for attempt in attempts[:last]) else None,
    )


_MODES = ("speed", "inference_geo", "service_tier", "server_tool_use")
"""What the price depends on apart from the counts; the iterations do not repeat it."""


class _MessageEvidence:
    """One message, read for what it says about models. `client_moved`: avow itself sent the request to another model
    than the requested one."""

    def __init__(self, asked: Asked, attempt: Attempt, message: Message, *, client_moved: bool) -> None:
        self.asked = asked
        self.sent = attempt.model
        self.message = message
        self.client_moved = client_moved
        self.declined = message.declined
        self.refused = message.refused
        self.blocks = [block for block in message.content if block.get("type") == "fallback"]
        self.heard: tuple[Testimony, ...] = listen(attempt.headers, message.raw)
        # Rule 13: a gateway that fails over in mid-answer begins the message again, under another name.
        self.restarted = [at for at, model in message.restarts if self._are_two(message.model, model)]

    def is_requested(self, model: str | None) -> Identity:
        return compare(self.asked.requested_model, model, self.asked.same_models)

    def is_sent(self, model: str | None) -> Identity:
        return compare(self.sent, model, self.asked.same_models)

    def chain(self) -> list[str | None]:
        """The models that ran, in order, as far as the response says so."""
        # Rule 2: a block marks a hop, also without entries (a client that spliced); a turn routed straight to the
        # fallback has entries and no block (rule 1). Whichever tells of more hops is the fuller account.
        declared = any(entry.get("type") == "fallback_message" for entry in self.message.iterations)
        by_entries = [model for model, _usage in self._runs()] if declared else []
        by_blocks: list[str | None] = []
        if self.blocks:
            by_blocks = [_side(self.blocks[0], "from") or self.sent, *(_side(b, "to") for b in self.blocks)]
        return by_blocks if len(by_blocks) >= len(by_entries) else by_entries

    def served(self) -> str | None:
        """The model that wrote the answer's end, None where nobody did or nothing says who."""
        if self.declined:
            return None
        body = self.message.model
        # Rule 3: `model` is named when the message begins; after a handover in mid-answer only the last hop is right.
        chain = self.chain()
        if chain:
            return chain[-1] or (body if self.is_requested(body) is Identity.DIFFERENT else None)
        named = [model for model in self._behind() if self.is_sent(model) is not Identity.SAME]
        if named:
            return named[-1]
        if self.restarted:
            return None
        # Rule 8: a gateway says that it fell back, and `model` only echoes the request: then nothing says to whom.
        if any(testimony.fallback for testimony in self.heard) and self.is_sent(body) is Identity.SAME:
            return None
        return body

    def verdict(self) -> Verdict:
        """What is declared counts first, then what gateways declare, then the names."""
        # Rule 1: a chain that declined to its end has a `fallback_message` too, and nobody answered.
        if self.refused:
            return Verdict.REFUSED
        # Rules 1 and 2: an iteration or a block declares it, also where it names nobody or was overwritten (rule 11).
        if self.message.declared or any(name.kind in ("from", "to", "fallback_message") for name in self.message.named):
            return Verdict.UNVERIFIED if self.declined else self._declared()
        # Section 3: so does a gateway's header that counts or declares one.
        if any(testimony.fallback for testimony in self.heard):
            return Verdict.FALLBACK
        verdict = self._by_names()
        # The right model for the request; but avow itself had named another one in it than the user did.
        if verdict is Verdict.AS_REQUESTED and self.client_moved:
            return Verdict.FALLBACK
        # Rule 15: what is not whole may yet have become another model's.
        if verdict is Verdict.AS_REQUESTED and not self.message.whole:
            return Verdict.UNVERIFIED
        return verdict

    def _declared(self) -> Verdict:
        """A handover is declared: a fallback, unless all it names is the requested model itself."""
        # Rule 6: fields that contradict each other do not undo a declared fallback; `evidence` lists them all. Rule 11:
        # one that names nobody is a fallback to an unknown model. Only a handover from a model to itself says nothing.
        targets = [name.model for name in self.message.named if name.kind in ("to", "fallback_message")]
        named = [*targets, self.served()]
        if self.client_moved or not targets:
            return Verdict.FALLBACK
        if all(self.is_requested(model) is Identity.SAME for model in named):
            return Verdict.UNVERIFIED
        return Verdict.FALLBACK

    def _by_names(self) -> Verdict:
        """No fallback is declared: only names tell, and all of them must agree."""
        # Rule 8: a gateway's own word about the model behind it outranks `model`, which it may have rewritten.
        behind = [self.is_sent(model) for model in self._behind()]
        if Identity.DIFFERENT in behind:
            return Verdict.SUBSTITUTED
        # Rule 11: every name counts, wherever it stood and whatever overwrote it.
        own = [self.is_sent(name.model) for name in self.message.named if name.kind == "model"]
        # Rule 14: a route that only repeats what was asked for names no model.
        unnamed = not own and not any(testimony.model for testimony in self.heard)
        if unnamed or (strength_of_name(self.asked.host) == "none" and not self._vouched()):
            return Verdict.UNVERIFIED
        if self.restarted or self._signed_by_another():
            return Verdict.UNVERIFIED  # rules 13 and 17
        fields = [*own, *behind]
        if all(field is Identity.DIFFERENT for field in fields):
            return Verdict.SUBSTITUTED
        # Rules 4 and 12: several entries are not a reroute; but one that names another model speaks against it, and so
        # does a name that nobody can place (rule 11).
        entries = [self.is_sent(name.model) for name in self.message.named if name.kind == "message"]
        agreed = all(identity is Identity.SAME for identity in (*fields, *entries))
        routes = [self.is_sent(testimony.route) for testimony in self.heard if testimony.route]
        if agreed and Identity.DIFFERENT not in routes and not any(testimony.other_option for testimony in self.heard):
            return Verdict.AS_REQUESTED
        return Verdict.UNVERIFIED

    def strength(self) -> str:
        """The strongest of what names who answered: the API's routing fields, what a gateway says stands behind it, and
        the message's own `model`, for what a name is worth on that host (contract, section 1)."""
        if any(name.kind in ("to", "fallback_message") for name in self.message.named):
            return "strong"
        if any(testimony.model and testimony.strength == "strong" for testimony in self.heard):
            return "strong"
        named = any(name.kind == "model" for name in self.message.named)
        return strength_of_name(self.asked.host) if named else "none"

    def _are_two(self, one: str | None, other: str) -> bool:
        return compare(other, one, self.asked.same_models) is not Identity.SAME

    def _signed(self) -> list[tuple[int, str, str | None]]:
        """The models that sign thinking blocks, as (place, name, the model that the block is ascribed to)."""
        if not any(block.get("type") == "thinking" for block in self.message.content):
            return []
        from avow.wire.signature import model_in

        found = []
        for place, (block, model) in enumerate(self._ascribed()):
            name = model_in(text(block.get("signature")) or "") if block.get("type") == "thinking" else None
            if name is not None:
                found.append((place, name, model))
        return found

    def _signed_by_another(self) -> bool:
        """Rule 17: behind a gateway, a signature by another model contradicts the name beside it."""
        if not names_may_be_rewritten(self.asked.host):
            return False
        return any(
            model is not None and compare(model, name, self.asked.same_models) is Identity.DIFFERENT
            for _place, name, model in self._signed()
        )

    def _ascribed(self) -> Iterator[tuple[JsonObject, str | None]]:
        """The blocks of the answer, each with the model that wrote it as far as the response says so."""
        model = self.served() or (self.sent if self.declined else None)
        if self.blocks:
            model = _side(self.blocks[0], "from") or self.sent
        elif self.restarted:
            model = self.message.model
        restarts = dict(self.message.restarts)
        for place, block in enumerate(self.message.content):
            if place in self.restarted and not self.blocks:
                model = restarts[place]
            if block.get("type") == "fallback":
                model = _side(block, "to")
            yield block, model

    def _behind(self) -> list[str]:
        """The models that a gateway says stand behind it; where it names none, the routes it took."""
        models = [testimony.model for testimony in self.heard if testimony.model]
        if models or any(testimony.fallback for testimony in self.heard):
            return models
        return [testimony.route for testimony in self.heard if testimony.route]

    def _vouched(self) -> bool:
        """Whether the user's own settings say which model the deployment's name stands for."""
        return self.sent in self.asked.same_models or (self.message.model or "") in self.asked.same_models

    def hops(self) -> list[Hop]:
        runs = self._runs()
        chain = self.chain() or [self.sent if self.declined else self.served()]
        usages = _usages(chain, runs, self.message.usage)
        details = self.message.stop_details
        # Rule 5: the reason comes from these two fields alone; null is a legal value, and unknown ones pass through.
        categories = [text(obj(block.get("trigger")).get("category")) for block in self.blocks]
        categories += [None] * (len(chain) - len(categories))
        hops = [
            Hop(model, Outcome.DECLINED, category=category, usage=usage)
            for model, category, usage in zip(chain[:-1], categories, usages, strict=False)
        ]
        if not self.declined:
            return [*hops, Hop(chain[-1], Outcome.SERVED, usage=usages[-1])]
        hops.append(Hop(chain[-1], Outcome.DECLINED, category=text(details.get("category")), usage=usages[-1]))
        # Rule 9: a recommended model is one that the API could not try. Rule 10: what a decline costs stays unknown.
        if recommended := text(details.get("recommended_model")):
            hops.append(Hop(recommended, Outcome.SKIPPED))
        return hops

    def segments(self) -> tuple[Segment, ...]:
        return tuple(Segment(model, piece) for block, model in self._ascribed() if (piece := block_text(block)))

    def evidence(self) -> list[Evidence]:
        found = []
        for index, entry in enumerate(self.message.iterations):
            if entry.get("type") == "fallback_message":
                found.append(Evidence(f"usage.iterations[{index}].type", "fallback_message", "strong"))
        for name in self.message.named:
            if name.kind in ("to", "fallback_message") or (
                name.kind in ("from", "message") and self.is_sent(name.model) is not Identity.SAME
            ):
                found.append(Evidence(name.field, name.model, "strong"))
        found += [Evidence(testimony.field, testimony.value, testimony.strength) for testimony in self.heard]
        strength = strength_of_name(self.asked.host)
        names = dict.fromkeys(name.model for name in self.message.named if name.kind == "model")
        found += [Evidence("model", name, strength) for name in names]
        if not names:
            found.append(Evidence("model", None, "none"))
        found += [Evidence(f"content[{place}].signature", name, "weak") for place, name, _model in self._signed()]
        found += [
            Evidence("same_models", {"requested": self.sent, "named": name}, "weak")
            for name in dict.fromkeys([*names, *(t.model for t in self.heard if t.model)])
            if vouched(self.sent, name, self.asked.same_models)
        ]
        if self.refused:
            found.append(Evidence("stop_reason", self.message.stop_reason, "strong"))
        return found

    def _runs(self) -> list[tuple[str | None, JsonObject]]:
        """The attempts in `usage.iterations`, those of one model in a row as one, with their token counts added up.

        Rule 12: one that names no model is the model that was asked, before any fallback; the fallback's own, after it;
        and a fallback's is what its block says, or the message, where only one is left to name.
        """
        targets = [_side(block, "to") for block in self.blocks]
        served = [e for e in self.message.iterations if e.get("type") == "fallback_message"]
        body = self.message.model
        last = targets[-1] if targets else body if self.is_requested(body) is not Identity.SAME else None
        runs: list[tuple[str, str | None, JsonObject]] = []
        for entry in self.message.iterations:
            kind, model = entry.get("type"), text(entry.get("model"))
            if kind not in ("message", "fallback_message"):
                continue  # rule 4: a compaction or an advisor is not an attempt, whichever model it names
            if model is None and kind == "message":
                model = next((name for before, name, _ in runs[::-1] if before == "fallback_message"), self.sent)
            elif model is None:
                index = next(i for i, e in enumerate(served) if e is entry)
                model = targets[index] if len(targets) == len(served) else last if entry is served[-1] else None
            counts = {key: value for key, value in entry.items() if key not in ("type", "model")}
            if runs and runs[-1][1] == model and (model is not None or runs[-1][0] == kind):
                runs[-1] = (kind, model, _added(runs[-1][2], counts))
            else:
                runs.append((kind, model, counts))
        return [(model, counts) for _kind, model, counts in runs]


def _added(one: JsonObject, other: JsonObject) -> JsonObject:
    both = dict(one)
    for key, value in other.items():
        if isinstance(value, dict):
            both[key] = _added(obj(both.get(key)), value)
        elif isinstance(value, int) and isinstance(both.get(key), int):
            both[key] += value
        else:
            both[key] = value
    return both


def _usages(
    chain: Sequence[str | None], runs: Sequence[tuple[str | None, JsonObject]], usage: JsonObject
) -> list[JsonObject | None]:
    """The token counts of each model in `chain`: from the iterations, else the message's own for the last."""
    own = {key: value for key, value in usage.items() if key != "iterations"} or None
    if len(runs) == len(chain) and all(_may_be_same(one, run[0]) for one, run in zip(chain, runs, strict=True)):
        modes: JsonObject = {key: usage[key] for key in _MODES if key in usage}
        return [{**modes, **counts} for _model, counts in runs]
    return [*([None] * (len(chain) - 1)), own]


def _may_be_same(one: str | None, other: str | None) -> bool:
    """Whether two names in one response may mean one model: a block may have an alias, the iterations its id."""
    return one is None or other is None or compare(one, other) is not Identity.DIFFERENT


def _side(block: JsonObject, side: str) -> str | None:
    return text(obj(block.get(side)).get("model"))


def _distinct(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Without those that failed and were made again in another form on the same model: they are no hops."""
    following = [attempt.model for attempt in attempts[1:]]
    return [a for a, then in zip(attempts, [*following, None], strict=False) if a.message or a.model != then]


def _client_moved(asked: Asked, deciding: Attempt) -> bool:
    """Whether avow itself sent the deciding request to another model than the requested one."""
    return compare(asked.requested_model, deciding.model, asked.same_models) is not Identity.SAME


def _skipped(attempt: Attempt) -> Hop:
    return Hop(attempt.model, Outcome.SKIPPED, error=attempt.failure)


def _hops_before(attempt: Attempt) -> list[Hop]:
    """The hops of an attempt after which avow asked another model."""
    if attempt.message is None:
        return [_skipped(attempt)]
    return _MessageEvidence(Asked(attempt.model), attempt, attempt.message, client_moved=False).hops()


def _texts(attempts: Sequence[Attempt]) -> tuple[tuple[Segment, ...], str]:
    """What stays of the texts of attempts before the last (those that were continued), and what was withdrawn."""
    kept: tuple[Segment, ...] = ()
    withdrawn = ""
    for attempt in attempts:
        if attempt.message is None:
            continue
        reading = _MessageEvidence(Asked(attempt.model), attempt, attempt.message, client_moved=False)
        if attempt.continued:
            kept += reading.segments()
        else:
            withdrawn += "".join(segment.text for segment in reading.segments())
    return kept, withdrawn


def _own_evidence(asked: Asked, attempts: Sequence[Attempt]) -> list[Evidence]:
    """What the client did, avow mostly: attempts before the last, and a conversation that stays on another model."""
    found = []
    for index, attempt in enumerate(attempts[:-1]):
        outcome = Outcome.SKIPPED if attempt.message is None else Outcome.DECLINED
        did: JsonObject = {"model": attempt.model, "outcome": str(outcome), "then": attempts[index + 1].model}
        found.append(Evidence(f"avow.attempts[{index}]" if asked.by_avow else SESSION_MOVED, did, "strong"))
    if asked.pin is not None:
        field = "conversation.pinned" if asked.by_avow else SESSION_MOVED
        found.append(Evidence(field, asked.pin._asdict(), "strong"))
    return found


def _joined(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Neighbours by one model as one segment."""
    joined: list[Segment] = []
    for segment in segments:
        if joined and joined[-1].model == segment.model:
            joined[-1] = Segment(segment.model, joined[-1].text + segment.text)
        else:
            joined.append(segment)
    return tuple(joined)
