"""Queries over the histories of many machines, ready to run."""

JSONL = """read_ndjson('*/*.jsonl', filename = true, ignore_errors = true, columns = {
  id: 'VARCHAR', created_at: 'TIMESTAMPTZ', source: 'VARCHAR',
  base_url: 'VARCHAR',
  requested_model: 'VARCHAR', served_model: 'VARCHAR', verdict: 'VARCHAR',
  rerouted: 'BOOLEAN', category: 'VARCHAR', cost_usd: 'DOUBLE'})"""
CSV = """read_csv('*/*.csv', filename = true, ignore_errors = true, header = true,
    union_by_name = true, types = {created_at: 'TIMESTAMPTZ',
    rerouted: 'BOOLEAN', cost_usd: 'DOUBLE'})"""
PARQUET = "read_parquet('*/*.parquet', filename = true, union_by_name = true)"

ANSWERS = f"""
CREATE TEMP VIEW answers AS SELECT DISTINCT ON (id) *,
  regexp_extract(filename, '([^/\\\\]+)[/\\\\][^/\\\\]+$', 1) AS machine,
  (created_at AT TIME ZONE 'UTC')::DATE AS day
FROM {JSONL}
WHERE verdict IS NOT NULL;"""  # noqa: S608
"""What the queries for DuckDB read: every answer once, with its machine, whose folder its file is in. The kinds of the
columns are named, because a file of one night may hold no value of a column, or no row at all."""

DUCKDB = {
    "how often the requested model answered, by machine, host, model and day": """
SELECT machine, base_url AS host, requested_model AS model, day,
  count(*) AS answers,
  round(avg((verdict = 'as_requested')::INT), 3) AS as_requested
FROM answers GROUP BY ALL ORDER BY ALL;""",
    "what share of a model's answers was declined, by category": """
SELECT requested_model AS model, coalesce(category, 'none') AS category,
  count(*) AS answers, round(count(*) /
    sum(count(*)) OVER (PARTITION BY requested_model), 3) AS share
FROM answers GROUP BY 1, 2 ORDER BY ALL;""",
    "since when another model answers: its first and its last day": """
SELECT requested_model AS model, served_model AS answered, category,
  min(day) AS since, max(day) AS last, count(*) AS times
FROM answers WHERE rerouted GROUP BY ALL ORDER BY since, model, answered;""",
    "cost by who answered": """
SELECT served_model AS answered, count(*) AS answers,
  sum(cost_usd) AS usd, count(*) - count(cost_usd) AS of_unknown_cost
FROM answers WHERE served_model IS NOT NULL GROUP BY ALL ORDER BY ALL;""",
}
"""For DuckDB, over the files of `history export --no-text`, in a folder for each machine."""

CLICKHOUSE = {
    "how often the requested model answered": """
SELECT ResourceAttributes['host.name'] AS machine,
  SpanAttributes['server.address'] AS host,
  SpanAttributes['gen_ai.request.model'] AS model,
  toDate(Timestamp, 'UTC') AS day,
  count() AS answers,
  round(avg(SpanAttributes['avow.verdict'] = 'as_requested'), 3) AS as_requested
FROM (SELECT * FROM otel_traces
  WHERE SpanAttributes['avow.verdict'] != '' LIMIT 1 BY SpanId)
GROUP BY ALL ORDER BY ALL;""",
    "what share of a model's answers was declined, by category": """
SELECT SpanAttributes['gen_ai.request.model'] AS model,
  if(SpanAttributes['avow.category'] = '', 'none',
     SpanAttributes['avow.category']) AS category,
  count() AS answers,
  round(count() / sum(count()) OVER (PARTITION BY model), 3) AS share
FROM (SELECT * FROM otel_traces
  WHERE SpanAttributes['avow.verdict'] != '' LIMIT 1 BY SpanId)
GROUP BY model, category ORDER BY ALL;""",
    "since when another model answers": """
SELECT SpanAttributes['gen_ai.request.model'] AS model,
  SpanAttributes['gen_ai.response.model'] AS answered,
  SpanAttributes['avow.category'] AS category,
  toDate(min(Timestamp), 'UTC') AS since,
  toDate(max(Timestamp), 'UTC') AS last,
  count() AS times
FROM (SELECT * FROM otel_traces
  WHERE SpanAttributes['avow.verdict'] != '' LIMIT 1 BY SpanId)
WHERE SpanAttributes['avow.rerouted'] = 'true'
GROUP BY model, answered, category ORDER BY since;""",
    "cost by who answered": """
SELECT SpanAttributes['gen_ai.response.model'] AS answered,
  count() AS answers,
  sum(toFloat64OrZero(SpanAttributes['avow.cost_usd'])) AS usd,
  countIf(SpanAttributes['avow.cost_usd'] = '') AS of_unknown_cost
FROM (SELECT * FROM otel_traces
  WHERE SpanAttributes['avow.verdict'] != '' LIMIT 1 BY SpanId)
WHERE answered != '' GROUP BY answered ORDER BY ALL;""",
}
"""For ClickHouse, over the table that the OpenTelemetry collector's exporter makes; what arrived twice counts once."""
