"""The table of options and settings: each is declared once, for the command line, the config and the help pages."""

from collections.abc import Mapping
from typing import Literal

from avow.models.catalogue import DEFAULT_MODEL
from avow.values import NamedTuple
from avow.wire.api import API_URL

Kind = Literal["text", "integer", "number", "flag", "words", "models", "command", "table"]
"""`words` is a list of texts; `models` a list of model names or one word of `choices`; `command` a list of
arguments. Lists become tuples."""

Asked = Literal["models", "conversations", "exchanges", "templates", "scenarios"]
"""What a completion asks avow for: `avow completion words KIND`."""

Form = Literal["nothing", "text", "texts", "integer", "number"]
"""What follows an option's name: nothing, one value, or one value each time that the option is repeated."""

OWN = "Options"
"""The heading of options that name none."""


class WordSource(NamedTuple):
    """Where the words that fit come from: these, those avow is asked for, or files; none of these is free text."""

    words: tuple[str, ...] = ()
    asked: Asked | None = None
    files: bool = False


FREE = WordSource()


class Option(NamedTuple):
    """What a user can say: on the command line by `names`, in the config and the environment by `name`, or in both.

    On the command line: `metavar` is what its value is called, `heading` where it stands on a help page, `commands`
    who takes it ("template save" is one), `source` what completes it, `says` the value that an option without one
    stands for, `bare` the value where it may be left out (`--dry-run`), `sets` the setting it is short for.
    A setting (`is_setting`) has a `default` (with `default_words` where that depends on something), an `example` in
    TOML and, where `help` does not fit in the config, `config_help`; of another option `default` is the value where
    it is not typed. `least` and `most` bound a number. `secret`: its values are never shown.
    """

    name: str
    kind: Kind
    help: str
    names: tuple[str, ...] = ()
    metavar: str | None = None
    heading: str = OWN
    commands: tuple[str, ...] = ()
    source: WordSource = FREE
    says: object = None
    bare: str | None = None
    sets: str | None = None
    is_setting: bool = True
    default: object = None
    default_words: str = ""
    example: str = ""
    config_help: str = ""
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    secret: bool = False
    may_be_empty: bool = False
    """Whether an empty text is a value on the command line; elsewhere it is a slip."""
    never_empty: bool = False
    """Whether an empty text is a slip in the config too; of others it takes back what a level below says."""
    is_path: bool = False
    """Whether its value names a file, whose name may be any bytes."""
    in_templates: bool = True
    """Whether a template may set it. They are passed around: they may say how to ask, and not whom, with which
    credentials, or which file to write."""

    @property
    def form(self) -> Form:
        """What follows its name on the command line."""
        if self.says is not None or self.kind == "flag":
            return "nothing"
        if self.kind == "integer" or self.kind == "number":
            return self.kind
        return "texts" if self.kind in ("words", "table") else "text"

    @property
    def repeatable(self) -> bool:
        """Whether it may stand in a line more than once."""
        return self.form == "texts"

    @property
    def value_is_optional(self) -> bool:
        """Whether its value may be left out, and is joined with `=` where it is not."""
        return self.bare is not None

    @property
    def spelled(self) -> str:
        """Its longest name: `--model`."""
        return max(self.names, key=len, default=self.name)

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "AVOW_" + self.name.upper().replace(".", "_").replace("-", "_")

    @property
    def value_name(self) -> str | None:
        """What its value is called on a help page; None where it takes none."""
        if self.form == "nothing":
            return None
        return self.metavar or "|".join(self.choices) or ("N" if self.form == "integer" else "TEXT")

    @property
    def fits(self) -> WordSource:
        """What completes its value: `source`, else the words of a value name such as `text|json|jsonl`."""
        if self.source != FREE:
            return self.source
        words = (self.value_name or "").split("|")
        are_literal = all(word.islower() and word.replace("-", "").isalnum() for word in words)
        return WordSource(tuple(words)) if are_literal else FREE


REQUEST = "Model and request"
WHAT = "What is asked"
WHO = "Who may answer"
PRINTED = "What is printed"
INSTEAD = "Instead of asking"
NETWORK = "Connection"

YEAR_S = 366 * 24 * 3600
MOST_FALLBACKS = 3
OVERRIDES = ("max_tokens", "thinking", "effort", "speed")
"""What `overrides."MODEL"` may hold: the fields that an entry of the API's `fallbacks` takes."""

EFFORTS = ("low", "medium", "high", "xhigh", "max")
SPEEDS = ("standard", "fast")

_ASK = ("ask",)
_ASK_RUN = ("ask", "run")
_ASK_RETRY = ("ask", "retry")
_ASK_SAVE = ("ask", "template save")
_TALK = ("ask", "chat")
_TALK_SAVE = ("ask", "chat", "template save", "run")
_ASK_RETRY_SAVE = ("ask", "retry", "template save", "run")
_TALK_RETRY = ("ask", "chat", "retry", "run")
_SHOWN = ("ask", "chat", "retry", "template save")
_ALL = (*_SHOWN, "run")
_TALK_RUN = (*_TALK, "run")

MODELS = WordSource(asked="models")
TEMPLATES = WordSource(asked="templates")
SCENARIOS = WordSource(asked="scenarios")
EXCHANGES = WordSource(asked="exchanges")
FILES = WordSource(files=True)

OPTIONS: tuple[Option, ...] = (
    Option("model", "text", "Model or alias.", ("-m", "--model"), "ID", REQUEST, _ALL, MODELS,
           default=DEFAULT_MODEL, example='"opus"', never_empty=True),
    Option("system", "text", "System prompt.", ("-s", "--system"), "TEXT", WHAT, _TALK_SAVE,
           example='"Answer in one paragraph."', may_be_empty=True),
    Option("system_file", "text", "System prompt from a file.", ("--system-file",), "PATH", WHAT, _TALK_SAVE, FILES,
           example='"~/persona.txt"', is_path=True, in_templates=False),
    Option("files", "words", "Attach a file, folder, pattern or URL, or - for stdin (repeatable).", ("-f", "--file"),
           "PATH", WHAT, _TALK_RUN, FILES, is_setting=False, is_path=True),
    Option("stdin", "flag", "Do not read stdin.", ("--no-stdin",), None, WHAT, _ASK, says=False, default=True,
           example="false", config_help="Read stdin where it is not a terminal."),
    Option("template", "text", "A saved prompt.", ("-t", "--template"), "NAME", WHAT, _ASK_RUN, TEMPLATES,
           is_setting=False, is_path=True),
    Option("variables", "words", "Set a variable of the template (repeatable).", ("-p",), "KEY=VALUE", WHAT, _ASK_RUN,
           is_setting=False),
    Option("edit", "flag", "Write the prompt in $VISUAL or $EDITOR.", ("--edit",), None, WHAT, _ASK, is_setting=False),
    Option("continue_last", "flag", "Continue the last conversation.", ("-c", "--continue"), None, WHAT, _TALK,
           is_setting=False),
    Option("conversation", "text", "Continue this conversation.", ("--conversation",), "ID", WHAT, _TALK,
           WordSource(asked="conversations"), is_setting=False),
    Option("fallback", "models", "Which models may answer if the model declines.", ("--fallback",),
           "default|none|MODEL[,…]", WHO, _ALL, WordSource(("default", "none"), "models"),
           default_words="default at the API's own host, else none",
           example='["opus", "haiku"]', choices=("default", "none"), most=MOST_FALLBACKS),
    Option("fallback_by", "text", "Who asks the fallback: the API, or avow itself.", ("--fallback-by",), None, WHO,
           _ALL, default="server", example='"client"', choices=("server", "client")),
    Option("if_unavailable", "models", "Which models to ask when one is unavailable.", ("--if-unavailable",),
           "MODEL[,…]", WHO, _ALL, MODELS, default=(), example='["opus"]'),
    Option("accept_fallback", "flag", "Exit 0 when a declared fallback answered.", ("--accept-fallback",), None, WHO,
           _ALL, default=False, example="true"),
    Option("require", "text", "What must show that the requested model answered; `weak`: a name.", ("--require",), None,
           WHO, _ALL, default="weak", example='"strong"', choices=("strong", "weak")),
    Option("hold", "flag", "Print the answer only if the exit status is 0.", ("--hold",), None, WHO,
           _ASK_RETRY_SAVE, default=False, example="true"),
    Option("output", "text", "The form of the output.", ("--output",), None, PRINTED, _TALK_RETRY, default="text",
           example='"json"', choices=("text", "json", "jsonl"),
           config_help="The form of the output. A run prints what is told by its own --output."),
    Option("as_json", "flag", "The same as --output json.", ("--json",), None, PRINTED, ("ask", "chat", "retry"),
           says="json", sets="output", is_setting=False),
    Option("report", "text", "Write the JSON object to this file too.", ("--report",), "PATH|fd:N", PRINTED, _ASK_RETRY,
           FILES, example='"/tmp/answer.json"', is_path=True, in_templates=False,
           config_help="Write the JSON object to this file too; not in a chat or a run."),
    Option("raw", "flag", "Never render Markdown.", ("--raw",), None, PRINTED, _SHOWN, default=False, example="true"),
    Option("markdown", "flag", "Always render Markdown.", ("--markdown",), None, PRINTED, _SHOWN, default=False,
           example="true"),
    Option("extract", "text", "Print only the first fenced code block.", ("-x", "--extract"), None, PRINTED,
           _ASK_SAVE, says="first", example='"first"', choices=("first", "last"),
           config_help="Print only the first or last fenced code block; not in a chat or a run."),
    Option("extract_last", "flag", "Print only the last fenced code block.", ("--extract-last",), None, PRINTED,
           _ASK_SAVE, says="last", sets="extract", is_setting=False),
    Option("copy", "flag", "Put the answer on the clipboard too.", ("--copy",), None, PRINTED, _ASK, is_setting=False),
    Option("show_thinking", "flag", "Show thinking summaries, on stderr.", ("--show-thinking",), None, PRINTED, _ALL,
           default=False, example="true"),
    Option("max_tokens", "integer", "Stop the answer after at most N tokens.", ("--max-tokens",), None, REQUEST,
           _TALK_SAVE,
           default_words="64000, or 16000 without streaming, or the model's maximum where lower", example="2000",
           least=1),
    Option("effort", "text", "How hard the model thinks.", ("--effort",), "low|medium|high|xhigh|max", REQUEST,
           _TALK_SAVE, default_words="the model's own", example='"high"', choices=EFFORTS),
    Option("stop", "words", "Stop at this text (repeatable).", ("--stop",), "TEXT", REQUEST, _TALK_SAVE, default=(),
           example='["END"]', config_help="Stop at one of these texts."),
    Option("speed", "text", "How fast the model answers.", ("--speed",), "standard|fast", REQUEST, _TALK_SAVE,
           default_words="the model's own", example='"fast"', choices=SPEEDS),
    Option("cache", "text", "Let the API keep files and earlier turns, so that more questions cost less.",
           ("--cache",), None, REQUEST, _ALL, default_words="5m in a chat at the API's own host, else none",
           example='"1h"', choices=("5m", "1h", "none")),
    Option("options", "table", "Any other field of the request body (repeatable).", ("-o",), "KEY=JSON", REQUEST,
           _TALK_SAVE, config_help="Other fields of the request body.", example='{temperature = 0.5}'),
    Option("schema", "text", "The answer must fit this JSON Schema.", ("--schema",), "PATH", REQUEST,
           (*_ASK_SAVE, "run"), FILES, example='"answer.schema.json"', is_path=True,
           config_help="The answer must fit this JSON Schema; not in a chat."),
    Option("timeout", "number", "How long the API may stay silent.", ("--timeout",), "SECONDS", NETWORK, _TALK_RETRY,
           default_words="120 between bytes, 600 before the first and without streaming", example="300",
           config_help="How long the API may stay silent, in seconds.", least=0.001, most=YEAR_S),
    Option("deadline", "number", "How long the whole exchange may take.", ("--deadline",), "SECONDS", NETWORK,
           _TALK_RETRY, example="900", config_help="How long the whole exchange may take, in seconds.",
           least=0.001, most=YEAR_S),
    Option("retries", "integer", "How often to retry (2).", ("--retries",), "N", NETWORK, _TALK_RETRY, default=2,
           example="5", config_help="How often to retry.", least=0, most=1000),
    Option("stream", "flag", "Wait for the whole response; do not stream.", ("--no-stream",), None, NETWORK, _ALL,
           says=False, default=True, example="false", config_help="Show the answer as it is written."),
    Option("history.enabled", "flag", "Do not keep this exchange.", ("--no-history",), None, NETWORK, _TALK_RUN,
           says=False, default=True, example="false", config_help="Keep each exchange.", in_templates=False),
    Option("history.content", "text", "What is kept: all, or only who was asked and who answered.", default="full",
           example='"none"', choices=("full", "none")),
    Option("history.attachments", "flag", "Keep the files that went with a prompt.", default=True, example="false"),
    Option("history.keep_days", "integer", "Delete exchanges older than this many days.", default_words="kept for good",
           example="90", least=1, most=36_600),
    Option("telemetry.push", "text", "When the history is pushed to a collector: by `avow history push` alone, or"
           " after each exchange too.", default="never", example='"after"', choices=("never", "after"),
           in_templates=False),
    Option("telemetry.endpoint", "text", "Where `avow history push` sends to, where no OTEL_ variable says so.",
           default_words="http://localhost:4318", example='"https://collector.example"', in_templates=False),
    Option("telemetry.headers", "table", "Headers for the collector; their values are never shown.", secret=True,
           default={}, example='{X-Team = "docs"}', in_templates=False),
    Option("quiet", "flag", "Print no notes; facts and errors stay.", ("-q", "--quiet"), None, PRINTED, _TALK_RETRY,
           default=False, example="true"),
    Option("verbose", "flag", "Print times, tokens, cost and ids on stderr.", ("--verbose",), None, PRINTED,
           _TALK_RETRY, default=False, example="true"),
    Option("color", "text", "When to use colours.", ("--color",), None, PRINTED, _TALK_RETRY, default="auto",
           example='"never"', choices=("auto", "always", "never")),
    Option("plain", "flag", "No boxes and no animation.", ("--plain",), None, PRINTED, _TALK_RETRY, default=False,
           example="true"),
    Option("profile", "text", "A profile of the config.", ("--profile",), "NAME", NETWORK, _TALK_RETRY,
           example='"work"', config_help="The profile used where none is named.", in_templates=False),
    Option("base_url", "text", "Where the API is.", default=API_URL, example='"https://gateway.example.com"',
           never_empty=True),
    Option("auth_style", "text", "How the key is sent.", ("--auth-style",), None, NETWORK, _TALK_RUN,
           default_words="by the kind of key", example='"bearer"', choices=("x-api-key", "bearer"),
           in_templates=False),
    Option("api_version", "text", "The anthropic-version header.", ("--api-version",), "DATE", NETWORK, _TALK_RUN,
           example='"2023-06-01"', in_templates=False),
    Option("headers", "table", "Send one more header (repeatable).", ("--header",), "NAME:VALUE", NETWORK, _TALK_RUN,
           example='{X-Team = "docs"}', config_help="Headers to send; their values are never shown.", secret=True,
           in_templates=False),
    Option("api_key_command", "command", "A command that prints the API key.", default=(),
           example='["pass", "show", "anthropic"]'),
    Option("keyring.enabled", "flag", "Look for the API key in the keyring.", default=True, example="false"),
    Option("on_reroute", "command", "A command run after a rerouted answer, the JSON object on its stdin.",
           default=(), example='["sh", "-c", "cat >> reroutes.jsonl"]'),
    Option("on_reroute_timeout", "number", "How long `on_reroute` may take, in seconds.", default=10.0, example="30",
           least=0.001, most=3600),
    Option("aliases", "table", "Names of your own for models.", example='{best = "claude-fable-5-2"}'),
    Option("prices", "table", "Prices of your own, in USD per million tokens.",
           example='{house-model = {input = 3, output = 15}}'),
    Option("same_models", "table", "Names that you vouch for as the same model.",
           example='{my-alias = ["claude-opus-4-8"]}'),
    Option("overrides", "table", f"Other values for a fallback model: {', '.join(OVERRIDES)}.",
           example='{claude-opus-4-8 = {effort = "high"}}'),
    Option("count", "flag", "Print the number of input tokens.", ("--count",), None, INSTEAD, _ASK, is_setting=False),
    Option("dry_run", "text", "Print the request, send nothing.", ("--dry-run",), "[=curl]", INSTEAD, _ASK,
           WordSource(("curl",)), bare="request", is_setting=False),
    Option("simulate", "text", "Let the built-in simulator answer.", ("--simulate",), "SCENARIO", INSTEAD, _TALK_RETRY,
           SCENARIOS, is_setting=False, is_path=True),
)  # fmt: skip
"""In the order in which help pages and completions list the options, and `avow config list` the settings."""

BY_NAME: Mapping[str, Option] = {option.name: option for option in OPTIONS}


def taken_by(command: str) -> tuple[Option, ...]:
    """The options that `command` takes: "ask", "template save"."""
    return tuple(option for option in OPTIONS if command in option.commands)
