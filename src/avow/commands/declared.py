"""Every command with its arguments, options and help, as values; typer's tree and all pages are made of them."""

from avow.commands import COMMANDS
from avow.commands.audit.declared import AUDIT
from avow.commands.history.declared import HISTORY
from avow.commands.outside_options import JUDGE_OPTIONS, PROXY_OPTIONS, SCAN_OPTIONS
from avow.reference.topics import TOPICS
from avow.reference.tree import Argument, Command
from avow.settings.keys import KEYS
from avow.settings.options import (
    BY_NAME,
    EXCHANGES,
    FILES,
    MODELS,
    OWN,
    SCENARIOS,
    TEMPLATES,
    Option,
    WordSource,
    taken_by,
)

MANY = "Many prompts"
SHELLS = ("bash", "zsh", "fish", "powershell")

HELP = Option("help", "flag", "Show this page.", ("-h", "--help"), is_setting=False)
VERSION = Option("version", "flag", "Print the version.", ("-V", "--version"), is_setting=False)

WORDS = Argument("words", "[PROMPT]...", may_be_empty=True)


def _json(words: str) -> Option:
    return Option("as_json", "flag", words, ("--json",), is_setting=False)


def _flag(name: str, words: str) -> Option:
    return Option(name, "flag", words, (f"--{name.replace('_', '-')}",), is_setting=False)


def _profile(words: str) -> Option:
    return BY_NAME["profile"]._replace(help=words, heading=OWN)


ASK = Command(
    ("ask",),
    "Ask one question; `ask` may be left out.\n\n"
    "The answer goes to stdout, everything about it to stderr; the exit status says who answered.",
    (WORDS,),
    taken_by("ask"),
)
CHAT = Command(
    ("chat",),
    "Talk with the model, turn by turn; each answer says which model wrote it. /help lists what can be typed.\n\n"
    "Where stdin is not a terminal, each of its lines is a turn, and the exit status is that of the gravest one.",
    (),
    taken_by("chat"),
)
RETRY = Command(
    ("retry",),
    "Ask the same again, of the model asked for or (-m) another; both answers are kept and linked.",
    (Argument("reference", "[ID]", source=EXCHANGES),),
    taken_by("retry"),
)
WHY = Command(
    ("why",),
    "Explain how an exchange (default: the last) was routed, hop by hop, with the evidence.",
    (Argument("reference", "[ID]", source=EXCHANGES),),
    (
        _json("Print the whole object instead."),
        Option(
            "cite",
            "text",
            "One line that names who answered, to be put beside the answer: text, markdown or a trailer for git.",
            ("--cite",),
            "[=markdown|trailer]",
            source=WordSource(("text", "markdown", "trailer")),
            bare="text",
            is_setting=False,
        ),
        _flag("report", "Ids, models, times and evidence without any text: what support needs."),
    ),
)
SCAN = Command(
    ("scan",),
    "Say which past answers of Claude Code and llm were written by another model than the one asked for.\n\n"
    "The files are only read.",
    (Argument("paths", "[PATH]...", source=FILES),),
    SCAN_OPTIONS,
)
JUDGE = Command(
    ("judge",),
    "Say which model wrote a response that another program got, from a pipe or a file.\n\n"
    "It takes a body, a stream, either after its headers (curl -i), or JSON Lines of bodies or of batch results; the "
    "exit status is that of the gravest answer.",
    (Argument("file", "[FILE|-]", source=FILES),),
    JUDGE_OPTIONS,
)
PROXY = Command(
    ("proxy",),
    "Run a command behind a relay that says which models answered it.\n\n"
    "Every byte passes as it came; a copy is judged. Without a command it prints an address to use as "
    "ANTHROPIC_BASE_URL, and ends with Ctrl-C.",
    (Argument("words", "[-- COMMAND [ARG]]...", may_be_empty=True),),
    PROXY_OPTIONS,
)
LIST_MODELS = Command(
    ("models",),
    "List the models that the key can use, or all that is known of one.",
    (Argument("model", "[ID]", source=MODELS),),
    (
        _json("One JSON object."),
        _flag("refresh", "Ask again instead of using the last day's list."),
        _profile("A profile of the config."),
    ),
)

_KEY = Argument("key", "KEY", "model, history.content, aliases.NAME, profiles.NAME.KEY …")
_KNOWN_KEY = _KEY._replace(source=WordSource(tuple(KEYS)))
_AS_SEEN = (_json("As a JSON object."), _profile("With the settings of this profile."))
_HOST = (
    Option("base_url", "text", "The host that the key is for.", ("--base-url",), "URL", is_setting=False),
    _profile("Take the host from this profile."),
)
AUTH = Command(
    ("auth",),
    "The API key: store it, see which one is used, remove it.",
    commands=(
        Command(
            ("auth", "login"),
            "Store an API key, typed without being shown or given on stdin.",
            options=(
                Option("store", "text", "Where to keep it.", ("--store",), "keyring|file", default="keyring",
                       is_setting=False),
                _flag("no_check", "Store it without asking the API."),
                *_HOST,
            ),
        ),
        Command(
            ("auth", "status"),
            "Which key is used, and why the others are not.",
            options=(_flag("check", "Ask the API whether it accepts the key."), _json("As a JSON object."), *_HOST),
        ),
        Command(("auth", "logout"), "Remove the stored key.", options=_HOST),
    ),
)  # fmt: skip
CONFIG = Command(
    ("config",),
    "Settings: what they are, where they come from, and how to change them.",
    commands=(
        Command(("config", "list"), "Every setting, with its value and where that comes from.", options=_AS_SEEN),
        Command(("config", "get"), "One setting's value.", (_KNOWN_KEY,), _AS_SEEN),
        Command(
            ("config", "set"),
            "Set a value in the config file; the rest of the file stays as it is.",
            (_KNOWN_KEY, Argument("value", "VALUE", "Lists: a,b or TOML.", may_be_empty=True)),
            dashes=True,
        ),
        Command(("config", "unset"), "Remove a value from the config file.", (_KNOWN_KEY,)),
        Command(("config", "path"), "Where the config file is."),
        Command(("config", "edit"), "Open the config file in $VISUAL or $EDITOR; it is saved only if it is valid."),
    ),
)

_SAVED = Argument("name", "NAME", "The template's name; a path works too.", TEMPLATES)
TEMPLATE = Command(
    ("template",),
    "Prompts saved under a name, with $variables: avow -t NAME -p KEY=VALUE.",
    commands=(
        Command(
            ("template", "list"),
            "What is saved: each name with its variables and its first line.",
            options=(_json("One array."),),
        ),
        Command(("template", "show"), "Print a template's file as it is.", (_SAVED,)),
        Command(
            ("template", "save"),
            "Save a prompt, with $variables to fill in later, and the options to ask it with.",
            (
                Argument("name", "NAME", "The name to save it under."),
                WORDS._replace(help="The prompt; - is stdin."),
            ),
            (*taken_by("template save"), _flag("force", "Replace a template of that name.")),
        ),
        Command(("template", "delete"), "Remove a template.", (_SAVED,)),
    ),
)
SIMULATE = Command(
    ("simulate",),
    "A local simulator of the API, for trying things out and for testing scripts.",
    commands=(
        Command(("simulate", "list"), "The scenarios, one a line."),
        Command(
            ("simulate", "serve"),
            "Serve on loopback until Ctrl-C; the first line on stdout is the base URL.",
            options=(
                Option("port", "integer", "0: any free port.", ("--port",), default=0, least=0, most=65535,
                       is_setting=False),
                Option("scenario", "text", "A scenario's name, or the path of a TOML file.", ("--scenario",),
                       source=SCENARIOS, default="requested", is_setting=False),
            ),
        ),
    ),
)  # fmt: skip
DOCTOR = Command(
    ("doctor",),
    "Look at what is set up, and say what works and what does not; the exit status is 1 where something is broken.\n\n"
    "The API is asked once, free of charge. What is printed holds no secret and can go into a report.",
    options=(_flag("offline", "Do not ask the API."), *_AS_SEEN),
)
COMPLETION = Command(
    ("completion",),
    "Print the script that completes avow in a shell; it changes no file.",
    (Argument("shell", "|".join(SHELLS), source=WordSource(SHELLS)), Argument("kind", "KIND", hidden=True)),
)
READ = Command(
    ("help",),
    f"Read about a topic ({', '.join(TOPICS)}), or about a command.",
    (Argument("topic", "[TOPIC]...", source=WordSource(tuple(dict.fromkeys((*TOPICS, *COMMANDS))))),),
)


RUN = Command(
    ("run",),
    "Ask many prompts, and say how many were answered by the model asked for.\n\n"
    "FILE is jsonl, csv, tsv, lines (one prompt a line) or toml; without it stdin is read. Each item ends in one JSON "
    "line, in the file's order; the exit status is that of the gravest item.",
    (Argument("path", "[FILE]", source=FILES),),
    (
        Option("input", "text", "The form of FILE, if its name does not say it.", ("--input",),
               "jsonl|csv|tsv|lines|toml", MANY, is_setting=False),
        Option("jobs", "integer", "How many items to ask at once (4).", ("-j", "--jobs"), "N", MANY, least=1, most=64,
               is_setting=False),
        Option("repeat", "integer", "How often to ask each item.", ("--repeat",), "N", MANY, least=1, most=100_000,
               is_setting=False),
        Option("resume", "text", "Continue the last run of FILE, or run RUN.", ("--resume",), "[=RUN]", MANY,
               bare="last", is_setting=False),
        Option("out", "text", "Write the JSON lines to this file.", ("-O", "--out"), "PATH", MANY, source=FILES,
               is_setting=False, is_path=True),
        Option("unordered", "flag", "Print each item as it ends.", ("--unordered",), None, MANY, is_setting=False),
        Option("patience", "number", "How long to wait for rate limits in total (3600).", ("--patience",), "SECONDS",
               MANY, is_setting=False),
        Option("max_cost", "number", "Send nothing that could cost more in total.", ("--max-cost",), "USD", MANY,
               is_setting=False),
        Option("at_least", "text", "Exit 0 if this share of the items is as requested: 95%.", ("--at-least",), "SHARE",
               MANY, is_setting=False),
        Option("junit", "text", "Write JUnit XML, a test case for each item.", ("--junit",), "PATH", MANY, source=FILES,
               is_setting=False, is_path=True),
        Option("summary", "text", "Append a summary in Markdown.", ("--summary",), "PATH", MANY, source=FILES,
               is_setting=False, is_path=True),
        Option("annotate", "flag", "Print annotations for GitHub on stderr.", ("--annotate",), None, MANY,
               is_setting=False),
        Option("dry_run", "flag", "Count items, tokens and price; send no prompt.", ("--dry-run",), None, MANY,
               is_setting=False),
        Option("batch", "flag", "Use the Message Batches API: half the price, done within a day.", ("--batch",),
               None, MANY, is_setting=False),
        Option("detach", "flag", "With --batch: exit once it is sent; --resume collects.", ("--detach",), None, MANY,
               is_setting=False),
        Option("cancel", "integer", "Cancel the batches of that run.", ("--cancel",), "RUN", MANY, least=1,
               is_setting=False),
        *taken_by("run"),
    ),
)  # fmt: skip


def _with_help(command: Command) -> Command:
    return command._replace(
        options=(*command.options, HELP), commands=tuple(_with_help(child) for child in command.commands)
    )


TREE = _with_help(
    Command(
        (),
        "Ask Claude, and always know which model answered.",
        options=(VERSION,),
        commands=(
            *(ASK, CHAT, RETRY, WHY, RUN, SCAN, JUDGE, PROXY, LIST_MODELS, DOCTOR, COMPLETION, READ),
            *(HISTORY, AUDIT, AUTH, CONFIG, TEMPLATE, SIMULATE),
        ),
    )
)
"""All commands, in the order in which they are listed."""
