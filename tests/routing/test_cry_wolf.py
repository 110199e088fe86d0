"""How often a right answer would be doubted, and a wrong one believed: counts over public names, printed with `-s`.

The pairs are those of `tests/data/model_pairs*.tsv`. `price_map_names.txt` holds every name with "claude" in it of the
price map of LiteLLM 1.108.7 (`model_prices_and_context_window_backup.json`, MIT licence).
"""

import re
from collections import Counter
from pathlib import Path

import pytest

from avow.models.catalogue import models
from avow.routing.judge import judge
from avow.routing.verdict import Attempt, RequestFacts
from avow.wire.message import whole
from tests.in_part import in_part
from tests.streams import message, text

DATA = Path(__file__).parent.parent / "data"
NAMES = (DATA / "price_map_names.txt").read_text("utf-8").split()
HOST = "gateway.example"


def verdict(requested: str, served: str) -> str:
    """What is made of an answer that bears the name `served`."""
    found = whole(message(text("An answer."), model=served))
    return str(judge(RequestFacts(requested, host=HOST), [Attempt(requested, found)]).verdict)


def pairs(name: str) -> dict[str, Counter[str]]:
    """The verdicts on the pairs of a file and on their mirror images, by the answer on record."""
    counts: dict[str, Counter[str]] = {}
    for line in (DATA / name).read_text("utf-8").splitlines()[1:]:
        requested, served, answer = line.split("\t")
        counts.setdefault(answer, Counter()).update([verdict(requested, served), verdict(served, requested)])
    return counts


def bare(name: str) -> str:
    """The id in a name, by its letters alone: `us.anthropic.claude-opus-4-6-v1` is `claude-opus-4-6`."""
    return re.sub(r"((?<=\d)-v\d+(:\d+)?)?(@default)?$", "", name[name.rindex("claude") :])


def version(name: str) -> tuple[str, ...]:
    """Line and digits of an id without its date and what chooses how it runs."""
    plain = re.sub(r"[-@](20\d{6}|latest|think|fast)", "", bare(name))
    return tuple(sorted(word for word in re.split(r"[^a-z0-9]", plain) if word not in ("", "0")))


def shown(title: str, counts: dict[str, Counter[str]]) -> None:
    print(f"\n{title}")
    for row, found in counts.items():
        told = ("as_requested", "unverified", "substituted")
        print(f"  {row:32}" + "".join(f"{found[word]:6} {word}" for word in told))


def test_the_pairs_on_record() -> None:
    forty, gateways = pairs("model_pairs.tsv"), pairs("model_pairs_gateways.tsv")
    shown("the 40 pairs, each both ways", forty)
    shown("the 112 pairs of gateways, each both ways", gateways)
    assert forty == {
        "same": {"as_requested": 40},
        "different": {"substituted": 24},
        "unknown": {"unverified": 16},
    }
    assert gateways == {
        "same": {"as_requested": 192},
        "different": {"substituted": 18},
        "unknown": {"unverified": 14},
    }


def test_the_names_of_the_price_map() -> None:
    own = Counter(verdict(name, bare(name)) for name in NAMES)
    mirrored = Counter(verdict(bare(name), name) for name in NAMES)
    doubted = sorted(name for name in NAMES if verdict(name, bare(name)) != "as_requested")
    counts = {"asked for, answered by its id": own, "its id asked for, answered by it": mirrored}
    shown(f"the price map's {len(NAMES)} names", counts)
    retired = ("claude-instant-v1", "claude-v1")
    print(f"  doubted: {len(doubted)}, all of them", " or ".join(retired))
    assert all(name.endswith(retired) for name in doubted)
    assert own == mirrored == {"as_requested": 362, "unverified": 26}
    assert len(NAMES) == 388


@pytest.mark.parametrize("names", in_part({"each ninth": NAMES[::9], "all": NAMES}, ("each ninth",)))
def test_no_name_of_the_price_map_is_believed_for_another_model(names: list[str]) -> None:
    others = Counter(
        verdict(name, model.id) for name in names for model in models() if version(name) != version(model.id)
    )
    shown("names of the price map", {"answered by another model": others})
    assert others["as_requested"] == 0
    assert others.total() > 10 * len(names)
