"""The texts of `avow help TOPIC`, readable in 80 columns; tables are made from what they describe."""

import re
import textwrap
from collections.abc import Callable

from avow.exit_codes import MEANINGS, PRECEDENCE
from avow.reference import audit_topic, clients_topic, config_topic, scripting_topic, telemetry_topic

WIDTH = 80


def exit_codes() -> str:
    """Every exit status, and which counts where several apply."""
    rows = "\n".join(
        textwrap.fill(f"  {int(code):>2}  {words}", 78, subsequent_indent=" " * 6) for code, words in MEANINGS.items()
    )
    order = ", ".join(str(int(code)) for code in PRECEDENCE)
    return f"""Exit statuses

{rows}

Where several apply, the first of these counts:
  a signal, {order}.

With --accept-fallback a fallback does not lead to 10. With --require strong an
answer as requested leads to 13 where only the name in the response speaks for
it: the verdict stays, and stderr says "avow: unproven: ...".

A signal ends the process by that signal, after what has arrived is kept, so
that a shell's loop ends too; a shell reports 130 (Ctrl-C), 141 (the reader of
stdout has left, as with `| head`) and 143 (terminated).
"""


JSON = """The JSON object (--output json, --report, history list --json)

One object, "schema": "avow.answer/1". All keys are always there; null means
unknown, and nothing is guessed.

  id, number          the exchange: a UUID, and its number in the history
  conversation_id     the conversation it belongs to
  created_at          RFC 3339, UTC
  status              complete refused truncated incomplete failed interrupted
                      (pending: only in the history)
  verdict             as_requested fallback refused substituted unverified;
                      null while no message has begun
  rerouted            true for fallback and substituted
  exit_code           the exit status
  withheld            --hold kept the answer back: text null, no segments
  simulated           the simulator answered
  requested_model     the id that was asked for
  served_model        the model that answered, where that is known
  strength            of the strongest evidence that names who answered: strong,
                      weak (a name that a gateway may have rewritten), none
  category            why the first model declined, in the API's word
  explanation, recommended_model
                      what else a refusal says
  hops                each model tried: model, outcome (served, declined,
                      skipped), category, error, usage, cost_usd
  evidence            what the verdict rests on: field, value, strength
                      (strong, weak, none)
  prompt, system, template, attachments
  text                the answer
  segments            which model wrote which part; joined they are the text
  withdrawn_text      text by a model that then declined
  stop_reason, usage  of the final attempt
  cost_usd            null when any hop's is; the list price in US dollars
  fallback            policy and by
  retries, retry_of, source
  timing              first_token_ms, total_ms
  request_id, message_id, base_url
  error               type, status, message; null unless something went wrong

An item of `avow run` has two keys more: run (its number; null where nothing is
kept) and item (id, index and repeat, the two counted from 0).

--output jsonl prints one event a line: start, text (with the model as known
then), thinking, handoff (from, to, category), withdrawn, retry, note. The last
line is always `answer` with the object above, which decides.
"""


_ENVIRONMENT = """Environment variables

  ANTHROPIC_API_KEY        the key
  ANTHROPIC_AUTH_TOKEN     a bearer token, where there is no key
  ANTHROPIC_BASE_URL       another host that speaks the Messages API
  ANTHROPIC_CUSTOM_HEADERS one `Name: value` a line, sent with every request
  AVOW_<KEY>               any key of the config, with _ for a dot (below)
  AVOW_CONFIG_DIR, AVOW_DATA_DIR, AVOW_CACHE_DIR
                           the folders of config, history and cache; without
                           them XDG_CONFIG_HOME, XDG_STATE_HOME and
                           XDG_CACHE_HOME (Windows: APPDATA, LOCALAPPDATA)
  AVOW_DEBUG               a traceback with an unexpected failure
  HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY
                           proxies; a loopback address never goes through one
  SSL_CERT_FILE, SSL_CERT_DIR
                           certificates to trust instead of the built-in ones
  TRACEPARENT              the trace that an exchange is part of, kept with it
  OTEL_EXPORTER_OTLP_*, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES,
  OTEL_SDK_DISABLED        for `avow history push`; see `avow help telemetry`
  NO_COLOR, FORCE_COLOR, CLICOLOR, CLICOLOR_FORCE, TERM=dumb
                           colours and cursor movements
  COLORFGBG                whether the background is light, where a terminal
                           says so; COLUMNS and LINES: the size of its screen
  LC_ALL, LC_CTYPE, LANG   an encoding other than UTF-8 means plain lines
  PAGER                    shows long output on a terminal (default: less)
  VISUAL, EDITOR           what `--edit`, `/edit` and `avow config edit` open
  TMUX, SSH_CONNECTION, SSH_TTY, WAYLAND_DISPLAY, DISPLAY
                           whose clipboard `--copy` uses; its program is looked
                           for in PATH
  CLAUDE_CONFIG_DIR, LLM_USER_PATH
                           where `avow scan` looks for other clients' records

Empty variables are ignored; an empty PAGER turns the pager off. Each setting
has a variable. Tables are JSON or TOML, lists too, or models with commas
between them:

{variables}

A setting has the value of the first of these that gives one: option, template,
conversation, environment, profile, config file, default. `avow config list`
shows each value with its origin.
"""


def environment() -> str:
    """Every variable that avow reads; those of the settings come from the table of settings."""
    from avow.settings.keys import KEYS

    names = ", ".join(key.variable for key in KEYS.values())
    variables = textwrap.fill(
        names, WIDTH - 2, initial_indent=" " * 4, subsequent_indent=" " * 4, break_on_hyphens=False
    )
    return _ENVIRONMENT.format(variables=variables)


PRIVACY = """Privacy

What is kept. Every exchange is a row in a SQLite file on this machine
(`avow history path`), readable by you alone (0600): prompt, answer, files,
models, tokens, times. It is written before the request leaves. Nothing is
deleted unless you say so or set history.keep_days.

  avow config set history.content none       keep the routing, no text
  avow config set history.attachments false  keep names and hashes of files
  avow config set history.enabled false      keep nothing (or --no-history)
  avow history redact ID                     remove the text of an exchange
  avow history delete ID                     remove it; its bytes leave the file

What is typed into `avow chat` is also kept, to be recalled with the arrow keys,
in chat_history beside the history; delete that file to remove it.

What is sent. The prompt, its files and the earlier turns of a conversation go
to the base URL (the API's own host unless you set another), and nowhere else.
`avow history push` sends who answered, and no text, to a collector that you
name; there is no other telemetry, and avow looks for no updates.
What `avow run --batch` sends is stored by the API for up to 29 days, answers
too, where every key of the same workspace can read it.

The key is taken from the environment, a command, the keyring or a key file. It
is sent to the base URL's host alone, over https or to a loopback address, and
appears in no output, log, error, history or list of processes. Where a server
repeats it, or the value of a header you added, ••• stands in its place; values
of fewer than 8 characters, and headers that are one plain word, are not looked
for.

On a terminal. Text from models, servers and the history is cleaned before a
terminal gets it: control characters, escape sequences, bidirectional
overrides and invisible characters. Piped output is what the model wrote, byte
for byte.
"""

FALLBACK = """When another model answers

A model may decline a request (cyber, bio, frontier_llm, ...). The API, or avow,
can then ask another. You decide who may answer:

  --fallback default          what the API provides for that model; unset, this
                              holds at the API's own host, and none elsewhere
  --fallback none             nobody: a decline is final, exit status 11
  --fallback MODEL[,MODEL]    these, at most three, in this order
  --fallback-by client        avow itself asks them (gateways, Haiku 5.5)
  --if-unavailable MODEL      whom to ask when a model is overloaded, rate
                              limited, unknown or not permitted
  --accept-fallback           exit 0 when a declared fallback answered
  --hold                      no answer unless the exit status is 0
  --require strong            exit 13 where only the name in the response says
                              that the requested model answered

Verdicts

  as_requested  the requested model wrote the whole answer
  fallback      a declared fallback model wrote it or part of it
  refused       every model asked declined; there is no answer
  substituted   another model answered, and nothing declares a fallback
  unverified    the response does not say who answered, or contradicts itself

Anything but as_requested shows on stderr, in the exit status, in JSON and in
the history. `avow why` gives the evidence: the API's routing fields are strong,
a name in the `model` field is weak, because gateways rewrite it. For a private
name that you vouch for, put into the config:

  [same_models]
  "my-alias" = ["claude-opus-4-8"]

For about an hour after a fallback the API may send a conversation straight to
the fallback model ("sticky"): no model declines in that response, and avow says
so. Where avow itself fell back, a conversation stays on the model that accepted
for an hour or until -m is given.
"""


def fallback() -> str:
    """Who may answer, and what to expect of each gateway; the table comes from what avow knows of gateways."""
    from avow.routing.known_gateways import table
    from avow.terminal.table import definitions

    rows = "\n".join(definitions(table(), WIDTH, indent=2, most=21))
    return f"""{FALLBACK}
What to expect of gateways (November 2026)

What a gateway does with `fallbacks`, and what in its answers names the model,
by strength: headers, and fields of the body.
Where `fallbacks` does not work, --fallback-by client does.

{rows}
"""


def history() -> str:
    """The history's schema with ready queries, from the history itself."""
    from avow.history.guide import schema_text

    return "".join(f"{_narrow(line)}\n" for line in schema_text().splitlines())


def _narrow(line: str) -> str:
    """A line of a table in 80 columns: what is too long continues below its own column."""
    if len(line) <= WIDTH:
        return line
    columns = re.match(r"  \S+ +\S+ +", line)
    return textwrap.fill(line, WIDTH, subsequent_indent=" " * (columns.end() if columns else 0))


TOPICS: dict[str, tuple[str, Callable[[], str]]] = {
    "exit-codes": ("every exit status and what counts first", exit_codes),
    "json": ("the object of --output json", lambda: JSON),
    "config": ("every setting, its default and an example", config_topic.text),
    "environment": ("variables that avow honours", environment),
    "history": ("the database's schema, with ready queries", history),
    "privacy": ("what is kept where, and what is sent where", lambda: PRIVACY),
    "fallback": ("who may answer, and the evidence of who did", fallback),
    "clients": ("answers that other programs asked for", lambda: clients_topic.TEXT),
    "scripting": ("avow in shell scripts", lambda: scripting_topic.TEXT),
    "audit": ("what `avow audit` can find, and what it cannot", lambda: audit_topic.TEXT),
    "telemetry": ("the histories of many machines in one place", lambda: telemetry_topic.TEXT),
}
