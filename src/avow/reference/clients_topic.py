"""`avow help clients`: which model answered what another program asked."""

TEXT = """Other clients

Which model answered what another program asked? There are four ways to know.

  a response    curl -sN … | tee answer.sse | avow judge -m MODEL
  its records   avow scan --session last --fail-on rerouted
  in a session  avow scan --hook and --statusline, in Claude Code's settings
  all it asks   avow proxy -- COMMAND

Claude Code, while it runs. Put this into ~/.claude/settings.json:

  {"hooks": {"Stop": [{"hooks": [{"type": "command",
     "command": "avow scan --hook", "timeout": 5}]}]},
   "statusLine": {"type": "command", "command": "avow scan --statusline"}}

The hook reports once, at the end of a turn, each answer by another model than
the session asked for, sub-agents included; the status line says who wrote the
last answer. Neither stops the session; `avow doctor` says what went wrong.
No hook can speak in print mode, nor after a refusal or an interruption:

  claude -p "…" && avow scan --session last --fail-on rerouted

A script on an SDK. A whole answer, or several as JSON Lines:

  print(message.to_json(indent=None))              Python, one answer a line
  console.log(JSON.stringify(message))             TypeScript
  python script.py | avow judge -m claude-fable-5-2

llm. It keeps a log, without what declares a sticky fallback:

  llm -m claude-fable-5 "…" && avow scan --session last --fail-on rerouted

CI. The exit status fails the job; the objects go into its artifacts:

  avow judge --request asked.json --json answer.sse > verdict.json
  avow scan --since today --jsonl --fail-on rerouted,unverified > answers.jsonl
  avow history list --since today --fail-on rerouted

A proxy around a client. `avow proxy -- COMMAND` runs it with
ANTHROPIC_BASE_URL pointing at this machine, and passes everything on to the
base URL that it would have used (--upstream, else ANTHROPIC_BASE_URL, else the
API's own). Bytes and their timing stay as they are; a copy is judged.

  Claude Code   avow proxy -- claude            avow proxy -- claude -p "…"
  an SDK        avow proxy -- python script.py  avow proxy -- node script.mjs
  llm           llm-anthropic reads its base URL from the same variable
  CI            avow proxy --report report.json -- ./nightly.sh

What is touched: of a request's head the random path that tells its client from
others, `Host`, and in `Accept-Encoding` of questions what cannot be decoded
here (install `avow[proxy]` for br and zstd). avow adds no credential, retry,
redirect or time limit. Keys pass through and are kept nowhere; certificates
and proxy variables hold as for a question of avow's own. Only this machine,
the random path and the right `Host` are served; the rest gets 404.

What is said: at the end one line, then a line for each answer that was not as
asked; --live prints them at once. The exit status is the command's own unless
that is 0, then the gravest answer's; 13 where no answer came through at all.
Rows are in the history (source proxy) without text, unless --keep-text; the
sums of `avow history stats` have them with --source proxy. A row is written
beside what passes, within a quarter of a second of its request unless the
history is locked: a proxy that is killed (SIGKILL) before leaves no row of it.

  a client's own fallback: the same question to another model after a refusal,
  and all that its session asks of that model from then on, are `fallback`
  retried   a request that was repeated because it gave no whole answer
  side      titles and other requests beside the conversation; they count too

--hold gives the client an answer only when it is as asked, else an HTTP 400 in
the API's shape. It waits for the end of each stream.

Claude Code behaves differently behind another host than the API's. Where the
upstream is the API's own, avow sets the variable that makes it take the address
for the API's (--no-first-party leaves it out; it is private to Claude Code and
may change). A base URL in Claude Code's settings files outranks the
environment: avow says so, and what to run instead. Bedrock, Vertex and Foundry
are not covered.
"""
