"""The options of the commands over answers that other programs asked for, as rows; read with and without typer."""

from avow.routing.verdict import Verdict
from avow.settings.options import BY_NAME, FILES, MODELS, OWN, Option, WordSource

VERDICTS = tuple(verdict.value for verdict in Verdict)
REROUTED_WORD = "rerouted"
"""What stands for both verdicts of a rerouted answer."""

FAIL_ON = Option("fail_on", "words", "Exit with the status of these verdicts, the gravest first.", ("--fail-on",),
                 "VERDICT[,…]", source=WordSource((REROUTED_WORD, *VERDICTS)), is_setting=False)  # fmt: skip


def _flag(name: str, words: str, spelled: str) -> Option:
    return Option(name, "flag", words, (spelled,), is_setting=False)


def _text(name: str, words: str, metavar: str) -> Option:
    return Option(name, "text", words, (f"--{name}",), metavar, is_setting=False)


_REQUIRE, _ACCEPT_FALLBACK, _QUIET = (
    BY_NAME[name]._replace(heading=OWN) for name in ("require", "accept_fallback", "quiet")
)

JUDGE_OPTIONS = (
    Option("judged_model", "text", "The model that was asked.", ("-m", "--model"), "MODEL", source=MODELS,
           is_setting=False),
    Option("request", "text", "Take model and fallbacks from this request's body.", ("--request",), "PATH",
           source=FILES, is_setting=False, is_path=True),
    _text("host", "The host that answered: it decides what a name proves.", "NAME"),
    _REQUIRE,
    _ACCEPT_FALLBACK,
    _flag("as_json", "One JSON object a line.", "--json"),
    _flag("keep", "Put the answers into the history.", "--keep"),
    _QUIET,
)  # fmt: skip
SCAN_OPTIONS = (
    _text("since", "Not before: a day, a time, 7d, today.", "TIME"),
    _text("until", "Not after; a day is included.", "TIME"),
    _text("session", "Only this session; `last` has the newest answer.", "ID|last"),
    _flag("rerouted", "Only where another model answered.", "--rerouted"),
    FAIL_ON,
    _flag("as_json", "The whole report as one object.", "--json"),
    _flag("as_jsonl", "One JSON object for each answer.", "--jsonl"),
    _flag("keep", "Put the answers into the history too.", "--import"),
    _flag("hook", "For Claude Code's settings: report reroutes in the session.", "--hook"),
    _flag("statusline", "For Claude Code's settings: who wrote the last answer.", "--statusline"),
)
PROXY_OPTIONS = (
    _text("upstream", "Pass everything on to this base URL.", "URL"),
    Option("port", "integer", "0: any free port.", ("--port",), default=0, least=0, most=65535, is_setting=False),
    Option("report", "text", "Write the result as JSON to this file, or fd:N.", ("--report",), "PATH", source=FILES,
           is_setting=False, is_path=True),
    _flag("live", "Report each answer that is not as asked as soon as it ends.", "--live"),
    _flag("hold", "Pass an answer on only if it is as asked; waits for the end of each.", "--hold"),
    _ACCEPT_FALLBACK,
    _flag("keep_text", "Keep the last user turn and the answer in the history too.", "--keep-text"),
    _flag("no_first_party", "Do not tell Claude Code that the API itself is behind the proxy.", "--no-first-party"),
    _flag("no_history", "Keep nothing in the history.", "--no-history"),
    _QUIET,
)  # fmt: skip
