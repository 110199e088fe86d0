"""Names of models, taken apart: which model, of Anthropic or another maker, a name means in any host's spelling."""

import re
from collections.abc import Sequence
from functools import lru_cache

from avow.values import NamedTuple

LINES = frozenset({"opus", "sonnet", "haiku", "fable", "mythos"})

_LONGEST_NAME = 512

# Carriers (what hosts put before a name, with a slash) that may be dropped from a private name too. Before a Claude
# name any carrier is dropped: no list of them is complete.
_CARRIERS = frozenset({"openrouter", "litellm_proxy", "bedrock", "converse", "invoke", "vertex_ai", "vertex"}) | {
    "azure_ai",
    "azure",
    "anthropic",
    "@anthropic",
    "vercel_ai_gateway",
}
_PUBLISHER = "publishers/anthropic/models/"
_PREFIX = r"(?:(?:us|us-gov|eu|apac|jp|au|ca|global)\.(?=anthropic\.))?(?:anthropic(?:\.|--?|:)|databricks-)?(?=claude)"
"""What hosts put before `claude` within one segment of a name."""

# These say how a model runs, or ask for its newest snapshot; they do not say which model it is.
_MODES = frozenset({"thinking", "free", "beta", "nitro", "floor", "online", "extended", "exacto", "self-moderated"}) | {
    "batch"
}
_CLIENT_MARKER = "[1m]"
_SPEED = "fast"
_MODE_TOKENS = frozenset({_SPEED, "thinking", "think", "thought", "1m"})
_EFFORT = r" ?\((?:none|auto|minimal|low|medium|high|xhigh|max|[0-9]{1,6})\)$"
_NEWEST = frozenset({"latest", "default"})
FLOATING = LINES | {"auto", "latest", "default", "router"}

# Families of other makers, which nobody uses as private names, and the words that may stand before their version.
_FAMILIES = frozenset(
    {"gpt", "chatgpt", "gemini", "gemma", "llama", "grok", "qwen", "kimi", "glm", "deepseek", "minimax"}
) | {"mistral", "mixtral", "ministral", "magistral", "codestral", "devstral"}
_BEFORE_VERSION = frozenset({"oss", "chat", "coder", "large", "medium", "small", "max", "vl"})

# The few expressions are compiled at first use: start-up.
_BEDROCK_VERSION = r"-v[0-9]{1,2}(?::[0-9]{1,2}(?::[0-9]+k)?)?$"
_SECOND_GENERATION = r"claude-v?2(?:[.:-]([0-9]))?(?::[0-9]+k)?$"
_ISO_DATE = r"-(20[0-9]{2})-([0-9]{2})-([0-9]{2})(?=-|$)"
_DOT_IN_NUMBER = r"(?<=[0-9])\.(?=[0-9])"
_VERSION_FIRST = r"claude-[0-9]+\.[0-9]"


class ClaudeName(NamedTuple):
    """The name of a Claude model. `line` is empty for Claude 2; `version` is (major, minor), minor 0 where the name has
    none, or `None` for a preview; `date` is `YYYYMMDD`; `fast`: it is an id that a host gives to fast mode;
    `router_date`: the date is the router's (OpenRouter's slugs), which is not that of the model's snapshot."""

    line: str
    version: tuple[int, int] | None
    date: str | None
    fast: bool = False
    router_date: bool = False


class ForeignName(NamedTuple):
    """The name of a model of another maker: its family (`gpt`), all its parts but the date, and the date `YYYYMMDD`."""

    family: str
    tokens: tuple[str, ...]
    date: str | None


def parse_claude(name: str) -> ClaudeName | None:
    """The Claude model that `name` names, in any host's spelling; `None` for names without a version (`opus`), private
    names and models of other makers."""
    return claude_of(Spelling.of(name))


class Spelling(NamedTuple):
    """A name taken apart: `folded`, as names are compared for equality (in lower case); `carrier`, the known carriers
    that it begins with; `core`, the rest (empty where nothing can be said about the name)."""

    folded: str
    carrier: str
    core: str

    @classmethod
    @lru_cache(maxsize=512)  # many answers, few names
    def of(cls, name: str) -> "Spelling":
        folded = name.strip()
        # Only ASCII is put in lower case: U+212A would become "k", and a name that looks alike is not the same.
        if not folded.isascii() or len(folded) > _LONGEST_NAME:
            return cls(folded, "", "")
        folded = folded.lower()
        if folded != _CLIENT_MARKER:
            folded = folded.removesuffix(_CLIENT_MARKER).rstrip()
        # OpenRouter marks with a tilde a name that it may give to another model at any time.
        if "~" in folded:
            return cls(folded, "", "")
        carrier, core = _split_carrier(folded)
        return cls(folded, carrier, core)

    @property
    def model(self) -> str:
        """What follows the last slash, which may be the name of a public model; empty for an ARN that names none."""
        if ":bedrock:" in self.core or self.core.startswith("arn:") or "/arn:" in self.core:
            return ""
        return self.core.rpartition("/")[2]


def _split_carrier(name: str) -> tuple[str, str]:
    """(carriers, rest) of `name`; the rest is empty for an ARN that does not name a model."""
    rest = name
    while not rest.startswith("arn:"):
        head, slash, tail = rest.partition("/")
        if head in ("projects", "publishers") and _PUBLISHER in rest:
            rest = rest.partition(_PUBLISHER)[2]
        elif slash and (head in _CARRIERS or (rest != name and _is_aws_region(head))):
            rest = tail
        else:
            break
    carrier = name[: len(name) - len(rest)]
    return carrier, _model_of_arn(rest) if rest.startswith("arn:") else rest


def _is_aws_region(text: str) -> bool:
    """Whether `text` has the form of `us-east-1` or `us-gov-west-1`."""
    parts = text.split("-")
    return len(parts) in (3, 4) and len(parts[0]) == 2 and len(parts[-1]) == 1 and parts[-1].isdigit()


def _model_of_arn(arn: str) -> str:
    """The model id at the end of an ARN (`arn:PARTITION:bedrock:REGION:ACCOUNT:KIND/ID`). Empty for other kinds than a
    foundation model and a system-defined inference profile: their ids are not names of models."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[2] != "bedrock":
        return ""
    kind, _, tail = parts[5].partition("/")
    return tail if kind in ("foundation-model", "inference-profile") else ""


def claude_of(spelling: Spelling) -> ClaudeName | None:
    """The Claude model that a name names; `None` where a part of its last segment is not understood."""
    core = spelling.model
    if "claude" not in core:
        return None
    core = re.sub(_EFFORT, "", _without_mode(re.sub(f"^{_PREFIX}", "", core)))
    if not core.startswith("claude-"):
        return None
    if second := re.fullmatch(_SECOND_GENERATION, core):
        return ClaudeName("", (2, int(second[1] or 0)), None)
    tokens = _tokens(re.sub(_BEDROCK_VERSION, "", core).replace("@", "-"))
    name = _claude_of_tokens(tokens[1:])
    by_router = "openrouter/" in spelling.carrier or re.match(_VERSION_FIRST, core) is not None
    return name._replace(router_date=True) if name is not None and name.date and by_router else name


def _without_mode(core: str) -> str:
    """`core` without a suffix such as `:thinking`."""
    head, _, mode = core.rpartition(":")
    return head if mode in _MODES and head else core


def _tokens(core: str) -> list[str]:
    """The parts between hyphens, with `4.8` as two and a date as one."""
    return re.sub(_ISO_DATE, r"-\1\2\3", re.sub(_DOT_IN_NUMBER, "-", core)).split("-")


def _is_date(token: str) -> bool:
    """Whether a token is a date of this century, `YYYYMMDD`."""
    if len(token) != 8 or not token.isdigit() or not token.startswith("20"):
        return False
    return 1 <= int(token[4:6]) <= 12 and 1 <= int(token[6:]) <= 31


def _claude_of_tokens(tokens: list[str]) -> ClaudeName | None:
    """Line, version and date from the tokens after `claude`, in any order; `None` where a token is none of them, or
    there are too many."""
    lines: list[str] = []
    dates: list[str] = []
    numbers: list[int] = []
    places: list[int] = []
    fast = preview = False
    for place, token in enumerate(tokens):
        if token in LINES:
            lines.append(token)
        elif _is_date(token):
            dates.append(token)
        elif len(token) <= 2 and token.isdigit():
            numbers.append(int(token))
            places.append(place)
        elif token == "preview":  # noqa: S105 - a part of a name
            preview = True
        elif token in _MODE_TOKENS:
            fast = fast or token == _SPEED
        elif token not in _NEWEST and not _is_release(token) and not _is_context_mark(token, tokens):
            return None
    if len(lines) != 1 or len(dates) > 1:
        return None
    date = dates[0] if dates else None
    if preview:
        return ClaudeName(lines[0], None, date, fast) if not numbers else None
    if not 1 <= len(numbers) <= 2 or places[-1] - places[0] != len(numbers) - 1:
        return None
    if len(numbers) == 1 and numbers[0] > 30:
        numbers = [*divmod(numbers[0], 10)]  # Copilot writes 4.1 as 41
    return ClaudeName(lines[0], (numbers[0], numbers[1] if len(numbers) == 2 else 0), date, fast)


def _is_context_mark(token: str, tokens: Sequence[str]) -> bool:
    """Whether a token is the size of the context that a host offers, such as `200k`, in a name that has a date."""
    return token[-1:] == "k" and token[:-1].isdigit() and len(token) <= 5 and any(map(_is_date, tokens))


def _is_release(token: str) -> bool:
    """Whether a token is the release of a model on a host, such as `v2`."""
    return token.startswith("v") and token[1:].isdigit() and len(token) <= 3


def foreign_of(spelling: Spelling) -> ForeignName | None:
    """The model of another maker that a name names, with any carrier: it has to be a known family and its version.
    `None` for anything else: `gpt-oss-alias-4` is a private name."""
    tokens = _tokens(_without_mode(spelling.model))
    family = tokens[0].rstrip("0123456789")
    if not (family in _FAMILIES or (family == "o" and len(tokens[0]) == 2)) or "claude" in tokens:
        return None
    if tokens[0] == family:
        version = next((token for token in tokens[1:] if token not in _BEFORE_VERSION), "")
        if not (version[:1].isdigit() or version[1:2].isdigit()):
            return None
    dates = [token for token in tokens if _is_date(token)]
    if len(dates) > 1:
        return None
    return ForeignName(
        family.removeprefix("chat"), tuple(t for t in tokens if t not in dates), dates[0] if dates else None
    )
