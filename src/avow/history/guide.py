"""The schema for people, and queries ready to run with sqlite3, Datasette or DuckDB."""

from typing import NamedTuple

from avow.history.schema import COLUMNS, VERSION


class ReadyQuery(NamedTuple):
    """A query that both sqlite3 and DuckDB understand."""

    name: str
    sql: str


READY_QUERIES = (
    ReadyQuery(
        "how often another model answered, by month",
        "SELECT substr(created_at, 1, 7) AS month, count(*) AS asked, sum(rerouted) AS rerouted\n"
        "FROM exchange WHERE simulated = 0 GROUP BY 1 ORDER BY 1",
    ),
    ReadyQuery(
        "who answered for whom, and why",
        "SELECT requested_model, served_model, category, count(*) AS times\n"
        "FROM exchange WHERE rerouted = 1 AND simulated = 0 GROUP BY 1, 2, 3\n"
        "ORDER BY count(*) DESC, requested_model, served_model, coalesce(category, '')",
    ),
    ReadyQuery(
        "tokens and cost by the model that ran",
        "SELECT h.model, sum(h.input_tokens) AS input, sum(h.output_tokens) AS output, sum(h.cost_usd) AS usd\n"
        "FROM hop AS h WHERE h.simulated = 0 GROUP BY 1 ORDER BY 1",
    ),
    ReadyQuery(
        "the slowest answers",
        "SELECT number, created_at, served_model, total_ms\n"
        "FROM exchange WHERE total_ms IS NOT NULL ORDER BY total_ms DESC, number LIMIT 10",
    ),
    ReadyQuery(
        "prompts that were declined",
        "SELECT number, created_at, verdict, category, substr(prompt, 1, 60) AS prompt\n"
        "FROM exchange WHERE verdict IN ('fallback', 'refused') ORDER BY number DESC LIMIT 20",
    ),
    ReadyQuery(
        "conversations in which more than one model answered",
        "SELECT conversation_id, count(*) AS turns, count(DISTINCT served_model) AS models\n"
        "FROM exchange GROUP BY 1 HAVING count(DISTINCT served_model) > 1 ORDER BY 2 DESC, 1",
    ),
)

_SEARCH = """Full-text search (needs FTS5; a pending row is not in the index):
  SELECT number, created_at, prompt FROM exchange_search AS s JOIN exchange ON number = s.rowid
  WHERE exchange_search MATCH '"foo"' ORDER BY s.rowid DESC LIMIT 20;"""

_OTHER_TABLES = """Table hop: every model that was tried, one row each.
  exchange, position    the exchange's number; 0 is the first hop
  model                 the model that ran
  outcome               served declined skipped
  category              why it declined
  input_tokens, output_tokens, cache_read_tokens, cache_write_tokens
  cost_usd              at that model's own rates; NULL where unknown
  created_ms, simulated as in exchange
Table run: every `avow run`; exchange.run names it.
  number, created_at
  file                  its path; - for stdin
  digest                of all its items
Table batch: every batch that a run sent; exchange.batch names it.
  number, run, created_at, base_url
  id                    the API's; NULL until it is known
  items                 how many there are in it
  before_id, before_at  the newest batch there was when it was sent
  others                ids that turned out not to be it
Tables summary_tally, summary_pair, summary_duration, summary_use: the sums
that `stats` reads, kept by triggers, for what avow itself was asked.
Table attachment: the files, each once.
  sha256, media_type, size
  data                  NULL where the bytes are not kept
Table attached: which exchange had which file.
  exchange, position, sha256"""


def schema_text() -> str:
    """The tables with their columns, and the ready queries; no line beyond 100 columns."""
    width = max(len(name) for name, _type, _meaning in COLUMNS)
    columns = [f"  {name:<{width}}  {kind.split()[0].lower():<7}  {text}" for name, kind, text in COLUMNS]
    queries = [f"-- {query.name}\n{query.sql};" for query in READY_QUERIES]
    return "\n".join(
        (
            f"The history is a SQLite file (PRAGMA user_version {VERSION}); `avow history path` prints where it is.",
            'Read it as you like, for example: sqlite3 -readonly "$(avow history path)"',
            "",
            "Table exchange: one row an exchange, written before the request leaves.",
            *columns,
            "",
            _OTHER_TABLES,
            "",
            "Queries to begin with:",
            "",
            "\n\n".join(queries),
            "",
            _SEARCH,
            "",
        )
    )
