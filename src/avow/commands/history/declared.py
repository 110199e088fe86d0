"""`avow history` and its commands, as values; and the filters that any command over the history can take."""

from avow.commands.outside_options import FAIL_ON, VERDICTS
from avow.exchange.exchange import Status
from avow.reference.tree import Argument, Command
from avow.scan.records import Client
from avow.settings.options import EXCHANGES, FILES, FREE, MODELS, TEMPLATES, Option, WordSource

STATUSES = tuple(status.value for status in Status)


def _flag(name: str, words: str, *names: str) -> Option:
    return Option(name, "flag", words, names, is_setting=False)


def _text(name: str, words: str, metavar: str, source: WordSource = FREE, default: str | None = None) -> Option:
    spelled = f"--{name.replace('_', '-')}"
    return Option(name, "text", words, (spelled,), metavar, source=source, default=default, is_setting=False)


def _words(name: str, words: str, source: WordSource) -> Option:
    return Option(name, "words", words, (f"--{name}",), name.upper(), source=source, is_setting=False)


FORMS = ("jsonl", "csv", "parquet")
GUARDS = ("auto", "always", "never")
"""What `history export --format` and `--guard` take."""

_ASKED_BY = ("avow", "proxy", "judge", *Client)
SOURCES = WordSource((*_ASKED_BY, "audit", "all"))
REROUTED = _flag("rerouted", "Only where another model answered.", "--rerouted")
FILTERS = (
    REROUTED,
    _words("verdict", "Only this verdict (repeatable).", WordSource(VERDICTS)),
    _words("status", "Only this status (repeatable).", WordSource(STATUSES)),
    _text("model", "Requested or answering model; * stands for anything.", "ID", MODELS),
    _text("category", "Category of the decline.", "NAME"),
    _text("template", "Asked with this template.", "NAME", TEMPLATES),
    _text("since", "Not before: a day, a time, 7d, today.", "TIME"),
    _text("until", "Not after; a day is included.", "TIME"),
    _flag("simulated", "Only answers of the built-in simulator.", "--simulated"),
    _words("source", f"Only what this asked: {', '.join(_ASKED_BY)}; all (repeatable).", SOURCES),
    Option("run", "integer", "Only of this `avow run`: the last of each item.", ("--run",), least=1, is_setting=False),
)
"""Which exchanges are meant; `filter_options.typed_filters` reads what was typed."""

_LISTED = (
    Option("limit", "integer", "Show at most N (0: all). Default 20.", ("--limit",), least=0, is_setting=False),
    _text("before", "Show what is older than this exchange.", "ID", EXCHANGES),
    _flag("as_json", "One JSON array.", "--json"),
    _flag("as_jsonl", "One JSON object a line.", "--jsonl"),
)
_YES = _flag("yes", "Do not ask.", "--yes", "-y")
_IDS = Argument("references", "[ID]...", "Number, or part of an id.", EXCHANGES)
_ERASED = (
    _text("search", "Exchanges that `search` finds for these words.", "WORDS"),
    _text("older_than", "Exchanges older than this: 90d, 1y.", "AGE"),
    *FILTERS,
    _YES,
)

HISTORY = Command(
    ("history",),
    "What was asked and who answered; times are by the local clock.",
    commands=(
        Command(("history", "list"), "The last exchanges, newest first.", options=(*FILTERS, FAIL_ON, *_LISTED)),
        Command(
            ("history", "show"),
            "One exchange with its text and routing; beside it the retries of the same question.",
            (Argument("reference", "[ID]", "Default: the last.", EXCHANGES),),
            (
                _flag("text", "The answer alone.", "--text"),
                _flag("conversation", "Its whole conversation.", "--conversation"),
                _flag("as_json", "The JSON object.", "--json"),
            ),
        ),
        Command(
            ("history", "search"),
            "The exchanges that hold all these words in prompt or answer, newest first.",
            (Argument("words", "WORDS...", '"…" holds words together.', may_be_empty=True),),
            (
                _flag("fts", "WORDS is a query in FTS5's syntax.", "--fts"),
                _flag("best", "Best match first, among the last 200,000.", "--best"),
                *FILTERS,
                *_LISTED,
            ),
        ),
        Command(
            ("history", "pick"),
            "Pick an exchange: type words to narrow the list, Enter shows it, then c continues it and r asks it"
            " again.\n\nThe words may stand anywhere: in prompt and answer of any exchange, and in what the list shows"
            " of the newest 2,000. Up and Down move, Esc leaves; the list has the newest 500 that fit.",
            (Argument("words", "[WORDS]...", "Words to begin with.", may_be_empty=True),),
            FILTERS,
        ),
        Command(
            ("history", "stats"),
            "How often the requested model answered, who else did and why, how long it took, what it cost.\n\n"
            "What other programs asked (`proxy`, `judge`, `scan --import`) counts only where --source names it.",
            options=(
                _text("by", "Group by.", "day|week|month|model|category|template", default="month"),
                *(option for option in FILTERS if option is not REROUTED),
                _flag("as_json", "One JSON object.", "--json"),
            ),
        ),
        Command(
            ("history", "export"),
            "Write exchanges to stdout as JSON Lines, CSV or Parquet, oldest first; the simulator's are left out.",
            options=(
                _text("format", "The form.", "|".join(FORMS), default="jsonl"),
                _text(
                    "guard",
                    "Put ' before CSV cells that are formulas; auto: in files named .csv.",
                    "|".join(GUARDS),
                    default="auto",
                ),
                _flag("no_text", "Leave out all that was said.", "--no-text"),
                _text("since_last", "Only what the last export with this cursor file did not have.", "FILE", FILES),
                *FILTERS,
            ),
        ),
        Command(
            ("history", "push"),
            "Send what a collector has not acknowledged yet, as spans of OpenTelemetry without any text; see"
            " `avow help telemetry`.",
            options=(
                _text("since", "Not before: a day, a time, 7d, today.", "TIME"),
                _flag("follow", "Stay, and send exchanges as they end.", "--follow"),
                _flag("dry_run", "Print what would be sent, one request a line.", "--dry-run"),
            ),
        ),
        Command(
            ("history", "redact"),
            "Remove what was said, and keep who was asked and who answered.",
            (_IDS,),
            _ERASED,
        ),
        Command(
            ("history", "delete"),
            "Remove exchanges for good: their text leaves the file, its search index and its log.",
            (_IDS,),
            _ERASED,
        ),
        Command(
            ("history", "repair"),
            "Check the file; where it is damaged, set it aside and save what can be read.",
            options=(_YES,),
        ),
        Command(("history", "path"), "Where the file is."),
    ),
)
