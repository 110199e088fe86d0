"""`avow help telemetry`: spans for a collector, and what is never among them."""

import textwrap

from avow.history.table import COLUMNS, TEXTS
from avow.reference.telemetry_queries import ANSWERS, CLICKHOUSE, CSV, DUCKDB, PARQUET

_TEXT = """Many machines: their histories in one collector

avow history push sends each exchange of the history to an OpenTelemetry
collector or backend, as spans over OTLP/HTTP. The history is the outbox:
what was not acknowledged waits, and goes with the next push; nothing is lost,
and what arrives twice has the same ids.

  OTEL_EXPORTER_OTLP_ENDPOINT         https://collector.example (to /v1/traces)
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT  the whole address, used as it stands
  OTEL_EXPORTER_OTLP_HEADERS          name=value,name=value (percent-encoded)
  OTEL_EXPORTER_OTLP_PROTOCOL         http/json (the default) or
                                      http/protobuf; no grpc
  OTEL_EXPORTER_OTLP_COMPRESSION      none (the default) or gzip
  OTEL_EXPORTER_OTLP_TIMEOUT          milliseconds a request may take (10000)
  OTEL_EXPORTER_OTLP_CERTIFICATE      a file with the certificates to trust
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE, _CLIENT_KEY
                                      files with what avow shows the collector
  OTEL_SERVICE_NAME                   whose spans they are (avow)
  OTEL_RESOURCE_ATTRIBUTES            host.name=ci-7,team=docs
  OTEL_SDK_DISABLED                   true: nothing is sent, it all waits
  telemetry.endpoint, telemetry.headers
                                      in the config, where no variable says so

Each OTEL_EXPORTER_OTLP_NAME has an OTEL_EXPORTER_OTLP_TRACES_NAME, which
outranks it.

One span an exchange, named "chat MODEL" and of kind CLIENT; one child a hop.
A hop's own times are not known: its span has those of the exchange. With
TRACEPARENT in the environment when it is asked, an exchange is a child of that
trace; behind `avow proxy` the traceparent of the client's request comes first.

  gen_ai.operation.name, gen_ai.provider.name, gen_ai.request.*,
  gen_ai.response.*, gen_ai.output.type, gen_ai.usage.*,
  gen_ai.conversation.id, server.address, server.port, error.type
                  by the GenAI conventions of OpenTelemetry
  avow.verdict, avow.status, avow.category, avow.strength, avow.rerouted,
  avow.exit_code, avow.cost_usd, avow.retries, avow.id, avow.withheld,
  avow.recommended_model, avow.request_id, avow.run
                  as in `avow help json`
  avow.source     proxy, or the client that an exchange was imported from
  avow.sent_model what the request named, where it is not what was asked for
  avow.hop, avow.outcome
                  of a hop: its place (from 0), and how it ended

Never sent: what was asked or answered, system prompts, files and their names,
templates, the words of a server, keys, answers of the simulator. A model's name
or a category that does not look like one is sent as _OTHER.

  avow history push              send what waits
  avow history push --follow     stay, and send exchanges as they end
  avow history push --since 7d   no older ones
  avow history push --dry-run    print the requests instead

telemetry.push = "after" in the config (or AVOW_TELEMETRY_PUSH=after) pushes
after each exchange of ask, chat, run, retry and proxy as well: a process of its
own does it, a second later, which the answer does not wait for and Ctrl-C does
not end. Only one runs at a time. What goes wrong with it is in `avow doctor`,
and the next `avow history push` says it.

Exit status: 0 all was acknowledged; 6 the collector cannot be reached or keeps
answering 429 or 5xx, the rows wait; 1 it refused rows for good (they are named,
and not sent again), or takes nothing at all (no row is marked then).
"""

_EXPORTS = """
Without a collector: each machine writes what is new into a folder of its own,
NAME, for example each night. The folders lie in one place, where DuckDB reads
them.

{job}

Each file needs a name of its own, because the cursor has passed what an earlier
file holds. In a crontab write \\% for %. A file of everything, without
--since-last, may lie there too: an answer that is in several files counts once.
A line that was broken off is left out; its answer comes with the next export.
--format csv or parquet works as well (parquet needs `avow[parquet]`; delete a
parquet file that was broken off).

With --since-last FILE an export has only what the last one with this file did
not have: exchanges that came or were imported since, and those that still ran
then. The file is a cursor. It moves on once all was written, so that an export
that was broken off comes again, whole. Each reader has a cursor of its own, for
one selection (--model, --verdict ...). What was deleted does not come; what was
redacted after it was exported is not exported again.

A line of jsonl is the object of `avow help json`, its keys in that order. The
columns of csv and parquet, in this order (a later version adds at the end of a
part), the second part only without --no-text:

{columns}

  {texts}

created_at is a text in csv and a timestamp in parquet, tokens and times are
integers, cost_usd is a number; empty, or null, is unknown.

In DuckDB, in the folder that has the machines' folders, once for the queries
after it. Days are those of UTC. All is counted, whoever asked; `avow history
stats` counts what avow itself asked, which is WHERE source = 'avow':
{answers}

For files of Parquet or CSV write in place of read_ndjson(...)
  {parquet}
  {csv}
"""
JOB = """\
mkdir -p NAME
avow history export --no-text --since-last NAME.cursor \\
  > NAME/$(date +%Y%m%dT%H%M%S).jsonl"""
"""What a machine runs each night, as a script for a shell."""

_TABLE = """
In ClickHouse behind a collector, whose exporter makes the table otel_traces;
the machine is what OTEL_RESOURCE_ATTRIBUTES=host.name=... said there:
"""


def _page() -> str:
    """The topic: what stands above, and the queries."""
    named = [textwrap.fill(" ".join(c.name for c in part), 76) for part in (COLUMNS, TEXTS)]
    filled = _EXPORTS.format(
        job=textwrap.indent(JOB, "  "),
        columns=textwrap.indent(named[0], "  "),
        texts=named[1],
        answers=ANSWERS,
        parquet=PARQUET,
        csv=CSV,
    )
    duckdb, clickhouse = ("".join(f"\n-- {what}{sql}\n" for what, sql in each.items()) for each in (DUCKDB, CLICKHOUSE))
    return _TEXT + filled + duckdb + _TABLE + clickhouse


TEXT = _page()
