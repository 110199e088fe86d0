"""`avow audit` and its commands, as values."""

from avow.audit.bounds import LARGEST_SEED, MOST_LOOKS
from avow.reference.tree import Argument, Command
from avow.settings.options import BY_NAME, FILES, MODELS, OWN, Option

PACE_S = 3.0


def _flag(name: str, words: str, *names: str) -> Option:
    return Option(name, "flag", words, names or (f"--{name.replace('_', '-')}",), is_setting=False)


def _seed(name: str, words: str, metavar: str) -> Option:
    return Option(name, "integer", words, (f"--{name}",), metavar, least=0, most=LARGEST_SEED, is_setting=False)


_NAME = Argument("name", "[NAME]", "Name of the audit; without it, `default`.")
_MODEL = Option("model", "text", "Model or alias.", ("-m", "--model"), "ID", source=MODELS, is_setting=False)
_SEED = _seed("seed", "Repeat the random choices of an earlier call.", "N")
_JSON = _flag("as_json", "One JSON object.", "--json")
_ENDPOINT = (
    _flag("yes", "Do not ask before sending.", "--yes", "-y"),
    _JSON,
    BY_NAME["profile"]._replace(heading=OWN),
    BY_NAME["quiet"]._replace(heading=OWN),
)
_ASKING = (
    Option("pace", "number", f"From the start of one request to the next; default {PACE_S:g}.", ("--pace",), "SECONDS",
           default=PACE_S, least=0, most=3600, is_setting=False),
    _SEED,
    *_ENDPOINT,
)  # fmt: skip

AUDIT = Command(
    ("audit",),
    "Test whether the answers under a name have changed. See `avow help audit`.",
    commands=(
        Command(
            ("audit", "baseline"),
            "Collect sixty replies to compare with later, in three calls, best on different days.",
            (_NAME,),
            (
                _MODEL,
                Option("looks", "integer", "Looks planned; default 13.", ("--looks",), least=1, most=MOST_LOOKS,
                       is_setting=False),
                _seed("cards", "Cards of your own, made from a number.", "SEED"),
                _flag("all_now", "All sixty in one sitting."),
                *_ASKING,
            ),
        ),
        Command(
            ("audit", "run"),
            "Take a look: ask twenty more, test, and repeat once before a difference is reported.",
            (_NAME,),
            (
                _MODEL,
                Option("against", "text", "Compare the replies with this model's, too.", ("--against",), "MODEL",
                       source=MODELS, is_setting=False),
                *_ASKING,
            ),
        ),
        Command(
            ("audit", "list"),
            "List the audits, with the looks that are used.",
            options=(_flag("as_json", "One JSON array.", "--json"),),
        ),
        Command(
            ("audit", "show"),
            "Show every look and every reply of an audit.",
            (_NAME,),
            (_flag("record", "The whole record as JSON, for `verify`."),),
        ),
        Command(
            ("audit", "verify"),
            "Compute the results of a record again, from its replies and its seeds.",
            (Argument("file", "FILE", "A record (`show --record`), or - for stdin.", FILES),),
            (_JSON,),
        ),
        Command(
            ("audit", "demo"),
            "Audit two simulated endpoints: an honest one, and one where another model answers under the same name.",
            options=(_SEED,),
        ),
        Command(
            ("audit", "endpoint"),
            "Look at what an endpoint passes on and what it makes up, with at most six calls.",
            options=(_MODEL, *_ENDPOINT),
        ),
    ),
)  # fmt: skip
