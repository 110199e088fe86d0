"""Claude Code's transcripts: one JSON record a line, one session a file, sub-agents beside or within."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import BinaryIO

from avow.models.identity import Identity, compare
from avow.scan.choices import chosen, is_command
from avow.scan.claude_records import is_interruption, looks_whole, matters, prompt_in, record_in, session_of
from avow.scan.gathering import Chain, GatheredAnswer, Notice, conclude, either, is_asked_by, read_notice
from avow.scan.judging import echoed
from avow.scan.lines import lines
from avow.scan.moment import utc
from avow.scan.records import PastAnswer, SkipCounts
from avow.wire.json_value import JsonObject, items, obj, text

SYNTHETIC = "<synthetic>"
# What one file may keep in memory while later records can still change what earlier ones mean.
_HELD_ANSWERS = 32
_HELD_BYTES = 4 * 1024 * 1024
_CHAINS = 32

_SWITCHES = frozenset({"model_refusal_fallback", "model_fallback"})


def read(
    file: BinaryIO, source: str, counts: SkipCounts, on_bytes: Callable[[int], None] | None = None
) -> Iterator[PastAnswer]:
    """Every answer in a transcript, in order, in constant memory. Broken lines are counted; the content of the file
    raises nothing."""
    transcript = _Transcript(source, counts)
    for number, line in lines(file, counts, on_bytes):
        if line is None:
            transcript.lose_prompts()
            continue
        transcript.take(number, line)
        while answer := transcript.settled():
            yield answer
    yield from transcript.rest()


class _Transcript:
    """Takes the lines of one file and gives answers, each once no later record can change it."""

    def __init__(self, source: str, counts: SkipCounts) -> None:
        self._source = source
        self._session = session_of(source)
        self._counts = counts
        self._chains: OrderedDict[tuple[str | None, str], Chain] = OrderedDict()
        self._held: deque[GatheredAnswer] = deque()
        self._by_ids: dict[tuple[int, int, str | None, str | None], GatheredAnswer] = {}
        self._weight = 0

    def take(self, number: int, line: bytes) -> None:
        """Read one line, if it can matter: most bytes of a transcript are results of tools."""
        if not matters(line):
            if not looks_whole(line):
                self._counts.broken_lines += 1
            return
        record = record_in(line)
        if record is None:
            self._counts.broken_lines += 1
            return
        kind = record.get("type")
        if kind == "assistant":
            self._assistant(number, record, len(line))
        elif kind == "user":
            self._user(record)
        elif kind == "system":
            self._system(number, record)
        elif kind == "last-prompt":
            self._last_prompt(record)

    def lose_prompts(self) -> None:
        """Forget the prompts, because a line could not be read that may have been one: what is answered next is
        unknown."""
        for chain in self._chains.values():
            chain.prompt = None

    def settled(self) -> PastAnswer | None:
        """The oldest answer, once enough others follow it; else None."""
        if len(self._held) > _HELD_ANSWERS or (self._weight > _HELD_BYTES and len(self._held) > 1):
            return self._release()
        return None

    def rest(self) -> Iterator[PastAnswer]:
        """The answers that are still held, at the end of the file."""
        while self._held:
            yield self._release()

    def _release(self) -> PastAnswer:
        answer = self._held.popleft()
        self._forget(answer)
        return conclude(answer, self._source)

    def _forget(self, answer: GatheredAnswer) -> None:
        self._weight -= answer.weight
        self._by_ids.pop(_ids(answer), None)

    def _chain(self, record: JsonObject) -> Chain:
        side = record.get("isSidechain") is True
        key = (text(record.get("sessionId")), f"side {text(record.get('agentId'))}" if side else "")
        if chain := self._chains.get(key):
            self._chains.move_to_end(key)
            return chain
        if len(self._chains) == _CHAINS:
            self._chains.popitem(last=False)
        chain = self._chains[key] = Chain()
        return chain

    def _latest(self, chain: Chain) -> GatheredAnswer | None:
        """The last answer at the chain's current place."""
        return next((each for each in reversed(self._held) if _is_at(each, chain)), None)

    def _assistant(self, number: int, record: JsonObject, weight: int) -> None:
        message = obj(record.get("message"))
        if not message:
            self._counts.broken_lines += 1
            return
        if record.get("isApiErrorMessage") is True or message.get("model") == SYNTHETIC:
            self._counts.api_errors += 1
            return
        if superseded := _strings(record.get("supersedes")):
            self._retract(superseded)
        chain = self._chain(record)
        answer = self._find(chain, record, message) or self._open(number, chain, record, message)
        answer.weight += weight
        self._weight += weight
        if uuid := text(record.get("uuid")):
            answer.uuids.add(uuid)
        blocks = items(message.get("content"))
        if isinstance(string := message.get("content"), str):
            blocks = [{"type": "text", "text": string}]
        answer.add(message, blocks)
        if sent := echoed(blocks):
            _note_sent(chain, sent)

    def _find(self, chain: Chain, record: JsonObject, message: JsonObject) -> GatheredAnswer | None:
        """The answer that this record continues: same ids at the same place, or a refusal that was noted before."""
        message_id, request_id = text(message.get("id")), text(record.get("requestId"))
        if found := self._by_ids.get((id(chain), chain.place, message_id, request_id)):
            # Without an id of its own, only a record that follows directly continues the same message.
            return found if message_id or record.get("parentUuid") in found.uuids else None
        latest = self._latest(chain) if message.get("stop_reason") == "refusal" else None
        if latest and not latest.message and request_id in (None, latest.request_id):
            self._by_ids.pop(_ids(latest), None)
            latest.message_id = message_id
            self._by_ids[_ids(latest)] = latest
            return latest
        return None

    def _open(self, number: int, chain: Chain, record: JsonObject, message: JsonObject) -> GatheredAnswer:
        model, asked = text(message.get("model")), text(record.get("requestedModel"))
        switch = chain.switch
        if switch and (
            not is_asked_by(switch, asked)
            if asked
            else model and not _is_one_of(model, switch.original, switch.fallback)
        ):
            # A third model, or the first again: someone has chosen, without a record of it.
            chain.switch = chain.choice = chain.inferred = None
        answer = GatheredAnswer(
            chain,
            line=number,
            time=utc(record.get("timestamp")),
            session=text(record.get("sessionId")) or self._session,
            message_id=text(message.get("id")),
            request_id=text(record.get("requestId")),
            asked=asked,
        )
        self._held.append(answer)
        self._by_ids[_ids(answer)] = answer
        return answer

    def _user(self, record: JsonObject) -> None:
        prompt = prompt_in(obj(record.get("message")).get("content"))
        if prompt is None:
            return
        chain = self._chain(record)
        if is_command(prompt):
            self._command(chain, prompt)
        elif not (record.get("isMeta") is True or record.get("isCompactSummary") is True or is_interruption(prompt)):
            chain.prompt = prompt or None
            chain.place += 1
            if chain.switch and chain.switch.turn_only:
                chain.switch = None

    def _command(self, chain: Chain, content: str) -> None:
        is_set, model = chosen(content)
        if is_set:
            chain.choice, chain.inferred, chain.switch = model, None, None

    def _system(self, number: int, record: JsonObject) -> None:
        subtype = text(record.get("subtype"))
        chain = self._chain(record)
        if subtype in _SWITCHES:
            self._switched(chain, record, read_notice(record, subtype or ""))
        elif subtype == "model_refusal_no_fallback":
            self._refused(number, chain, record, read_notice(record, subtype))
        elif subtype == "model_consent_fallback":
            # The user was asked and answered; what is asked for from then on is not recorded.
            chain.choice = chain.inferred = chain.switch = None
        elif isinstance(content := record.get("content"), str):
            self._command(chain, content)

    def _switched(self, chain: Chain, record: JsonObject, notice: Notice) -> None:
        self._retract(_strings(either(record, "retractedMessageUuids", "retracted_message_uuids")))
        latest = self._latest(chain)
        if latest and _is_about(latest, record) and latest.message and not latest.refused:
            latest.notice = notice  # The API fell back by itself; this is how the client reports it.
        else:
            if latest and latest.refused:
                self._drop(latest)  # No answer of its own: the client asked again on another model.
            chain.place += 1
        chain.choice = notice.original or chain.choice
        chain.switch = None if record.get("direction") == "revert" or not notice.fallback else notice

    def _refused(self, number: int, chain: Chain, record: JsonObject, notice: Notice) -> None:
        latest = self._latest(chain)
        if latest is None or not latest.refused:
            latest = self._open(number, chain, record, {})
        latest.notice = notice
        chain.choice = notice.original or chain.choice

    def _last_prompt(self, record: JsonObject) -> None:
        leaf, prompt = text(record.get("leafUuid")), text(record.get("lastPrompt"))
        for each in self._held:
            if leaf in each.uuids and each.prompt is None:
                each.prompt = prompt

    def _retract(self, uuids: set[str]) -> None:
        for each in [each for each in self._held if not uuids.isdisjoint(each.uuids)]:
            self._drop(each)

    def _drop(self, answer: GatheredAnswer) -> None:
        # By identity: two answers may be equal in every field.
        self._held = deque(each for each in self._held if each is not answer)
        self._forget(answer)


def _note_sent(chain: Chain, sent: str) -> None:
    """A fallback block repeats what was sent: where it differs from the known model, someone chose again."""
    moved_to = chain.switch.fallback if chain.switch else None
    if chain.choice is not None and not any(
        known and compare(known, sent) is Identity.SAME for known in (chain.choice, moved_to)
    ):
        chain.choice = chain.switch = None
    chain.inferred = sent


def _ids(answer: GatheredAnswer) -> tuple[int, int, str | None, str | None]:
    return id(answer.chain), answer.place, answer.message_id, answer.request_id


def _is_at(answer: GatheredAnswer, chain: Chain) -> bool:
    return answer.chain is chain and answer.place == chain.place


def _is_about(answer: GatheredAnswer, record: JsonObject) -> bool:
    return answer.declared and (
        record.get("parentUuid") in answer.uuids
        or (answer.request_id is not None and answer.request_id == either(record, "requestId", "request_id"))
    )


def _is_one_of(model: str, *others: str | None) -> bool:
    return any(other and compare(model, other) is not Identity.DIFFERENT for other in others)


def _strings(value: object) -> set[str]:
    return {each for each in value if isinstance(each, str)} if isinstance(value, list) else set()
