"""One message, read for what it says about models: who served it, by which fields, and with which certainty."""

from collections.abc import Iterator
from functools import cached_property

from avow.models.identity import Identity, compare, vouched
from avow.routing.gateways import GatewayStatement, names_may_be_rewritten, statements_in, strength_of_name
from avow.routing.runs import runs_in, usages_of
from avow.routing.verdict import Attempt, Evidence, Hop, Outcome, RequestFacts, Segment
from avow.wire.json_value import JsonObject, obj, text
from avow.wire.message import Message, block_text


class MessageEvidence:
    """One message, read for what it says about models. `client_moved`: avow itself sent the request to another model
    than the requested one."""

    def __init__(self, asked: RequestFacts, attempt: Attempt, message: Message, *, client_moved: bool) -> None:
        self.asked = asked
        self.sent = attempt.model
        self.message = message
        self.client_moved = client_moved
        self.declined = message.declined
        self.refused = message.refused
        self.blocks = [block for block in message.content if block.get("type") == "fallback"]
        self.statements: tuple[GatewayStatement, ...] = statements_in(attempt.headers, message.raw)
        # Rule 13: a gateway that fails over in mid-answer begins the message again, under another name.
        self.restarted = [at for at, model in message.restarts if self._are_two(message.model, model)]

    def is_requested(self, model: str | None) -> Identity:
        return compare(self.asked.requested_model, model, self.asked.same_models)

    def is_sent(self, model: str | None) -> Identity:
        return compare(self.sent, model, self.asked.same_models)

    @cached_property
    def chain(self) -> list[str | None]:
        """The models that ran, in order, as far as the response says so."""
        # Rule 2: a block marks a hop, also without entries (a client that spliced); a turn routed straight to the
        # fallback has entries and no block (rule 1). The one that names more hops counts.
        declared = any(entry.get("type") == "fallback_message" for entry in self.message.iterations)
        by_entries = [model for model, _usage in self._runs] if declared else []
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
        chain = self.chain
        if chain:
            return chain[-1] or (body if self.is_requested(body) is Identity.DIFFERENT else None)
        named = [model for model in self.behind() if self.is_sent(model) is not Identity.SAME]
        if named:
            return named[-1]
        if self.restarted:
            return None
        # Rule 8: a gateway says that it fell back, and `model` only echoes the request: then nothing says to whom.
        if any(statement.fallback for statement in self.statements) and self.is_sent(body) is Identity.SAME:
            return None
        return body

    def strength(self) -> str:
        """The strongest of what names who answered: the API's routing fields, what a gateway says stands behind it, and
        the message's own `model`, for what a name is worth on that host."""
        if any(name.kind in ("to", "fallback_message") for name in self.message.named):
            return "strong"
        if any(statement.model and statement.strength == "strong" for statement in self.statements):
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

    def signed_by_another(self) -> bool:
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

    def behind(self) -> list[str]:
        """The models that a gateway says stand behind it; where it names none, the routes it took."""
        models = [statement.model for statement in self.statements if statement.model]
        if models or any(statement.fallback for statement in self.statements):
            return models
        return [statement.route for statement in self.statements if statement.route]

    def is_vouched(self) -> bool:
        """Whether the user's own settings say which model the deployment's name stands for."""
        return self.sent in self.asked.same_models or (self.message.model or "") in self.asked.same_models

    def hops(self) -> list[Hop]:
        runs = self._runs
        chain = self.chain or [self.sent if self.declined else self.served()]
        usages = usages_of(chain, runs, self.message.own_usage)
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

    def pieces(self) -> list[Evidence]:
        found = []
        for index, entry in enumerate(self.message.iterations):
            if entry.get("type") == "fallback_message":
                found.append(Evidence(f"usage.iterations[{index}].type", "fallback_message", "strong"))
        for name in self.message.named:
            if name.kind in ("to", "fallback_message") or (
                name.kind in ("from", "message") and self.is_sent(name.model) is not Identity.SAME
            ):
                found.append(Evidence(name.field, name.model, "strong"))
        found += [Evidence(statement.field, statement.value, statement.strength) for statement in self.statements]
        strength = strength_of_name(self.asked.host)
        names = dict.fromkeys(name.model for name in self.message.named if name.kind == "model")
        found += [Evidence("model", name, strength) for name in names]
        if not names:
            found.append(Evidence("model", None, "none"))
        found += [Evidence(f"content[{place}].signature", name, "weak") for place, name, _model in self._signed()]
        found += [
            Evidence("same_models", {"requested": self.sent, "named": name}, "weak")
            for name in dict.fromkeys([*names, *(t.model for t in self.statements if t.model)])
            if vouched(self.sent, name, self.asked.same_models)
        ]
        if self.refused:
            found.append(Evidence("stop_reason", self.message.stop_reason, "strong"))
        return found

    @cached_property
    def _runs(self) -> list[tuple[str | None, JsonObject]]:
        """The attempts that the response lists, each with its model and its token counts."""
        targets = [_side(block, "to") for block in self.blocks]
        body = self.message.model
        last = targets[-1] if targets else body if self.is_requested(body) is not Identity.SAME else None
        return runs_in(self.message.iterations, self.sent, targets, last)


def _side(block: JsonObject, side: str) -> str | None:
    return text(obj(block.get(side)).get("model"))
