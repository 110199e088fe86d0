"""Queries over the histories of many machines, ready to run."""

PARQUET = "read_parquet('*.parquet', filename = true, union_by_name = true)"
CSV = "read_csv('*.csv', filename = true, union_by_name = true)"

DUCKDB = {
    "how often the requested model answered, by machine, host, model and day": """
SELECT regexp_extract(filename, '([^/\\\\]+)[.][a-z]+$', 1) AS machine,
  base_url AS host, requested_model AS model, created_at::DATE AS day,
  count(*) AS answers,
  round(avg((verdict = 'as_requested')::INT), 3) AS as_requested
FROM read_json('*.jsonl', filename = true, union_by_name = true)
WHERE verdict IS NOT NULL GROUP BY ALL ORDER BY ALL;""",
    "what share of a model's answers was declined, by category": """
SELECT requested_model AS model, coalesce(category, 'none') AS category,
  count(*) AS answers, round(count(*) /
    sum(count(*)) OVER (PARTITION BY requested_model), 3) AS share
FROM read_json('*.jsonl', filename = true, union_by_name = true)
WHERE verdict IS NOT NULL GROUP BY 1, 2 ORDER BY ALL;""",
    "since when another model answers: its first and its last day": """
SELECT requested_model AS model, served_model AS answered, category,
  min(created_at)::DATE AS since, max(created_at)::DATE AS last,
  count(*) AS times
FROM read_json('*.jsonl', filename = true, union_by_name = true)
WHERE rerouted GROUP BY ALL ORDER BY since;""",
    "cost by who answered": """
SELECT served_model AS answered, count(*) AS answers,
  sum(cost_usd) AS usd, count(*) - count(cost_usd) AS of_unknown_cost
FROM read_json('*.jsonl', filename = true, union_by_name = true)
WHERE served_model IS NOT NULL GROUP BY ALL ORDER BY ALL;""",
}
"""For DuckDB, over the files of `history export --no-text`, one a machine."""

CLICKHOUSE = {
    "how often the requested model answered": """
SELECT ResourceAttributes['host.name'] AS machine,
  SpanAttributes['server.address'] AS host,
  SpanAttributes['gen_ai.request.model'] AS model, toDate(Timestamp) AS day,
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
  toDate(min(Timestamp)) AS since, toDate(max(Timestamp)) AS last,
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
