# PowerShell completion for avow; made from its command tree by `avow completion powershell`

Register-ArgumentCompleter -Native -CommandName avow -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # By command: its own words, its options with their help, and what fits as a value.
    $commands = @{
        '' = [ordered]@{
            'ask' = 'Ask one question; `ask` may be left out.'
            'chat' = 'Talk with the model, turn by turn; each answer says which model wrote it. /help lists what can be typed.'
            'retry' = 'Ask the same again, of the model asked for or (-m) another; both answers are kept and linked.'
            'why' = 'Explain how an exchange (default: the last) was routed, hop by hop, with the evidence.'
            'run' = 'Ask many prompts, and say how many were answered by the model asked for.'
            'scan' = 'Say which past answers of Claude Code and llm were written by another model than the one asked for.'
            'judge' = 'Say which model wrote a response that another program got, from a pipe or a file.'
            'proxy' = 'Run a command behind a relay that says which models answered it.'
            'models' = 'List the models that the key can use, or all that is known of one.'
            'doctor' = 'Look at what is set up, and say what works and what does not; the exit status is 1 where something is broken.'
            'completion' = 'Print the script that completes avow in a shell; it changes no file.'
            'help' = 'Read about a topic (exit-codes, json, config, environment, history, privacy, fallback, clients, scripting, audit, telemetry), or about a command.'
            'history' = 'What was asked and who answered; times are by the local clock.'
            'audit' = 'Test whether the answers under a name have changed. See `avow help audit`.'
            'auth' = 'The API key: store it, see which one is used, remove it.'
            'config' = 'Settings: what they are, where they come from, and how to change them.'
            'template' = 'Prompts saved under a name, with $variables: avow -t NAME -p KEY=VALUE.'
            'simulate' = 'A local simulator of the API, for trying things out and for testing scripts.'
        }
        'history' = [ordered]@{
            'list' = 'The last exchanges, newest first.'
            'show' = 'One exchange with its text and routing; beside it the retries of the same question.'
            'search' = 'The exchanges that hold all these words in prompt or answer, newest first.'
            'pick' = 'Pick an exchange: type words to narrow the list, Enter shows it, then c continues it and r asks it again.'
            'stats' = 'How often the requested model answered, who else did and why, how long it took, what it cost.'
            'export' = 'Write exchanges to stdout as JSON Lines, CSV or Parquet, oldest first; the simulator''s are left out.'
            'push' = 'Send what a collector has not acknowledged yet, as spans of OpenTelemetry without any text; see `avow help telemetry`.'
            'redact' = 'Remove what was said, and keep who was asked and who answered.'
            'delete' = 'Remove exchanges for good: their text leaves the file, its search index and its log.'
            'repair' = 'Check the file; where it is damaged, set it aside and save what can be read.'
            'path' = 'Where the file is.'
        }
        'audit' = [ordered]@{
            'baseline' = 'Collect sixty replies to compare with later, in three calls, best on different days.'
            'run' = 'Take a look: ask twenty more, test, and repeat once before a difference is reported.'
            'list' = 'List the audits, with the looks that are used.'
            'show' = 'Show every look and every reply of an audit.'
            'verify' = 'Compute the results of a record again, from its replies and its seeds.'
            'demo' = 'Audit two simulated endpoints: an honest one, and one where another model answers under the same name.'
            'endpoint' = 'Look at what an endpoint passes on and what it makes up, with at most six calls.'
        }
        'auth' = [ordered]@{
            'login' = 'Store an API key, typed without being shown or given on stdin.'
            'status' = 'Which key is used, and why the others are not.'
            'logout' = 'Remove the stored key.'
        }
        'config' = [ordered]@{
            'list' = 'Every setting, with its value and where that comes from.'
            'get' = 'One setting''s value.'
            'set' = 'Set a value in the config file; the rest of the file stays as it is.'
            'unset' = 'Remove a value from the config file.'
            'path' = 'Where the config file is.'
            'edit' = 'Open the config file in $VISUAL or $EDITOR; it is saved only if it is valid.'
        }
        'template' = [ordered]@{
            'list' = 'What is saved: each name with its variables and its first line.'
            'show' = 'Print a template''s file as it is.'
            'save' = 'Save a prompt, with $variables to fill in later, and the options to ask it with.'
            'delete' = 'Remove a template.'
        }
        'simulate' = [ordered]@{
            'list' = 'The scenarios, one a line.'
            'serve' = 'Serve on loopback until Ctrl-C; the first line on stdout is the base URL.'
        }
    }
    $options = @{
        '' = [ordered]@{
            '-V' = 'Print the version.'
            '--version' = 'Print the version.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
            '-m' = 'Model or alias.'
            '--model' = 'Model or alias.'
            '-s' = 'System prompt.'
            '--system' = 'System prompt.'
            '--system-file' = 'System prompt from a file.'
            '-f' = 'Attach a file, folder, pattern or URL, or - for stdin (repeatable).'
            '--file' = 'Attach a file, folder, pattern or URL, or - for stdin (repeatable).'
            '--no-stdin' = 'Do not read stdin.'
            '-t' = 'A saved prompt.'
            '--template' = 'A saved prompt.'
            '-p' = 'Set a variable of the template (repeatable).'
            '--edit' = 'Write the prompt in $VISUAL or $EDITOR.'
            '-c' = 'Continue the last conversation.'
            '--continue' = 'Continue the last conversation.'
            '--conversation' = 'Continue this conversation.'
            '--fallback' = 'Which models may answer if the model declines.'
            '--fallback-by' = 'Who asks the fallback: the API, or avow itself.'
            '--if-unavailable' = 'Which models to ask when one is unavailable.'
            '--accept-fallback' = 'Exit 0 when a declared fallback answered.'
            '--require' = 'What must show that the requested model answered; `weak`: a name.'
            '--hold' = 'Print the answer only if the exit status is 0.'
            '--output' = 'The form of the output.'
            '--json' = 'The same as --output json.'
            '--report' = 'Write the JSON object to this file too.'
            '--raw' = 'Never render Markdown.'
            '--markdown' = 'Always render Markdown.'
            '-x' = 'Print only the first fenced code block.'
            '--extract' = 'Print only the first fenced code block.'
            '--extract-last' = 'Print only the last fenced code block.'
            '--copy' = 'Put the answer on the clipboard too.'
            '--show-thinking' = 'Show thinking summaries, on stderr.'
            '--max-tokens' = 'Stop the answer after at most N tokens.'
            '--effort' = 'How hard the model thinks.'
            '--stop' = 'Stop at this text (repeatable).'
            '--speed' = 'How fast the model answers.'
            '--cache' = 'Let the API keep files and earlier turns, so that more questions cost less.'
            '-o' = 'Any other field of the request body (repeatable).'
            '--schema' = 'The answer must fit this JSON Schema.'
            '--timeout' = 'How long the API may stay silent.'
            '--deadline' = 'How long the whole exchange may take.'
            '--retries' = 'How often to retry (2).'
            '--no-stream' = 'Wait for the whole response; do not stream.'
            '--no-history' = 'Do not keep this exchange.'
            '-q' = 'Print no notes; facts and errors stay.'
            '--quiet' = 'Print no notes; facts and errors stay.'
            '--verbose' = 'Print times, tokens, cost and ids on stderr.'
            '--color' = 'When to use colours.'
            '--plain' = 'No boxes and no animation.'
            '--profile' = 'A profile of the config.'
            '--auth-style' = 'How the key is sent.'
            '--api-version' = 'The anthropic-version header.'
            '--header' = 'Send one more header (repeatable).'
            '--count' = 'Print the number of input tokens.'
            '--dry-run' = 'Print the request, send nothing.'
            '--simulate' = 'Let the built-in simulator answer.'
        }
        'ask' = [ordered]@{
            '-m' = 'Model or alias.'
            '--model' = 'Model or alias.'
            '-s' = 'System prompt.'
            '--system' = 'System prompt.'
            '--system-file' = 'System prompt from a file.'
            '-f' = 'Attach a file, folder, pattern or URL, or - for stdin (repeatable).'
            '--file' = 'Attach a file, folder, pattern or URL, or - for stdin (repeatable).'
            '--no-stdin' = 'Do not read stdin.'
            '-t' = 'A saved prompt.'
            '--template' = 'A saved prompt.'
            '-p' = 'Set a variable of the template (repeatable).'
            '--edit' = 'Write the prompt in $VISUAL or $EDITOR.'
            '-c' = 'Continue the last conversation.'
            '--continue' = 'Continue the last conversation.'
            '--conversation' = 'Continue this conversation.'
            '--fallback' = 'Which models may answer if the model declines.'
            '--fallback-by' = 'Who asks the fallback: the API, or avow itself.'
            '--if-unavailable' = 'Which models to ask when one is unavailable.'
            '--accept-fallback' = 'Exit 0 when a declared fallback answered.'
            '--require' = 'What must show that the requested model answered; `weak`: a name.'
            '--hold' = 'Print the answer only if the exit status is 0.'
            '--output' = 'The form of the output.'
            '--json' = 'The same as --output json.'
            '--report' = 'Write the JSON object to this file too.'
            '--raw' = 'Never render Markdown.'
            '--markdown' = 'Always render Markdown.'
            '-x' = 'Print only the first fenced code block.'
            '--extract' = 'Print only the first fenced code block.'
            '--extract-last' = 'Print only the last fenced code block.'
            '--copy' = 'Put the answer on the clipboard too.'
            '--show-thinking' = 'Show thinking summaries, on stderr.'
            '--max-tokens' = 'Stop the answer after at most N tokens.'
            '--effort' = 'How hard the model thinks.'
            '--stop' = 'Stop at this text (repeatable).'
            '--speed' = 'How fast the model answers.'
            '--cache' = 'Let the API keep files and earlier turns, so that more questions cost less.'
            '-o' = 'Any other field of the request body (repeatable).'
            '--schema' = 'The answer must fit this JSON Schema.'
            '--timeout' = 'How long the API may stay silent.'
            '--deadline' = 'How long the whole exchange may take.'
            '--retries' = 'How often to retry (2).'
            '--no-stream' = 'Wait for the whole response; do not stream.'
            '--no-history' = 'Do not keep this exchange.'
            '-q' = 'Print no notes; facts and errors stay.'
            '--quiet' = 'Print no notes; facts and errors stay.'
            '--verbose' = 'Print times, tokens, cost and ids on stderr.'
            '--color' = 'When to use colours.'
            '--plain' = 'No boxes and no animation.'
            '--profile' = 'A profile of the config.'
            '--auth-style' = 'How the key is sent.'
            '--api-version' = 'The anthropic-version header.'
            '--header' = 'Send one more header (repeatable).'
            '--count' = 'Print the number of input tokens.'
            '--dry-run' = 'Print the request, send nothing.'
            '--simulate' = 'Let the built-in simulator answer.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'chat' = [ordered]@{
            '-m' = 'Model or alias.'
            '--model' = 'Model or alias.'
            '-s' = 'System prompt.'
            '--system' = 'System prompt.'
            '--system-file' = 'System prompt from a file.'
            '-f' = 'Attach a file, folder, pattern or URL, or - for stdin (repeatable).'
            '--file' = 'Attach a file, folder, pattern or URL, or - for stdin (repeatable).'
            '-c' = 'Continue the last conversation.'
            '--continue' = 'Continue the last conversation.'
            '--conversation' = 'Continue this conversation.'
            '--fallback' = 'Which models may answer if the model declines.'
            '--fallback-by' = 'Who asks the fallback: the API, or avow itself.'
            '--if-unavailable' = 'Which models to ask when one is unavailable.'
            '--accept-fallback' = 'Exit 0 when a declared fallback answered.'
            '--require' = 'What must show that the requested model answered; `weak`: a name.'
            '--output' = 'The form of the output.'
            '--json' = 'The same as --output json.'
            '--raw' = 'Never render Markdown.'
            '--markdown' = 'Always render Markdown.'
            '--show-thinking' = 'Show thinking summaries, on stderr.'
            '--max-tokens' = 'Stop the answer after at most N tokens.'
            '--effort' = 'How hard the model thinks.'
            '--stop' = 'Stop at this text (repeatable).'
            '--speed' = 'How fast the model answers.'
            '--cache' = 'Let the API keep files and earlier turns, so that more questions cost less.'
            '-o' = 'Any other field of the request body (repeatable).'
            '--timeout' = 'How long the API may stay silent.'
            '--deadline' = 'How long the whole exchange may take.'
            '--retries' = 'How often to retry (2).'
            '--no-stream' = 'Wait for the whole response; do not stream.'
            '--no-history' = 'Do not keep this exchange.'
            '-q' = 'Print no notes; facts and errors stay.'
            '--quiet' = 'Print no notes; facts and errors stay.'
            '--verbose' = 'Print times, tokens, cost and ids on stderr.'
            '--color' = 'When to use colours.'
            '--plain' = 'No boxes and no animation.'
            '--profile' = 'A profile of the config.'
            '--auth-style' = 'How the key is sent.'
            '--api-version' = 'The anthropic-version header.'
            '--header' = 'Send one more header (repeatable).'
            '--simulate' = 'Let the built-in simulator answer.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'retry' = [ordered]@{
            '-m' = 'Model or alias.'
            '--model' = 'Model or alias.'
            '--fallback' = 'Which models may answer if the model declines.'
            '--fallback-by' = 'Who asks the fallback: the API, or avow itself.'
            '--if-unavailable' = 'Which models to ask when one is unavailable.'
            '--accept-fallback' = 'Exit 0 when a declared fallback answered.'
            '--require' = 'What must show that the requested model answered; `weak`: a name.'
            '--hold' = 'Print the answer only if the exit status is 0.'
            '--output' = 'The form of the output.'
            '--json' = 'The same as --output json.'
            '--report' = 'Write the JSON object to this file too.'
            '--raw' = 'Never render Markdown.'
            '--markdown' = 'Always render Markdown.'
            '--show-thinking' = 'Show thinking summaries, on stderr.'
            '--cache' = 'Let the API keep files and earlier turns, so that more questions cost less.'
            '--timeout' = 'How long the API may stay silent.'
            '--deadline' = 'How long the whole exchange may take.'
            '--retries' = 'How often to retry (2).'
            '--no-stream' = 'Wait for the whole response; do not stream.'
            '-q' = 'Print no notes; facts and errors stay.'
            '--quiet' = 'Print no notes; facts and errors stay.'
            '--verbose' = 'Print times, tokens, cost and ids on stderr.'
            '--color' = 'When to use colours.'
            '--plain' = 'No boxes and no animation.'
            '--profile' = 'A profile of the config.'
            '--simulate' = 'Let the built-in simulator answer.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'why' = [ordered]@{
            '--json' = 'Print the whole object instead.'
            '--cite' = 'One line that names who answered, to be put beside the answer: text, markdown or a trailer for git.'
            '--report' = 'Ids, models, times and evidence without any text: what support needs.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'run' = [ordered]@{
            '--input' = 'The form of FILE, if its name does not say it.'
            '-j' = 'How many items to ask at once (4).'
            '--jobs' = 'How many items to ask at once (4).'
            '--repeat' = 'How often to ask each item.'
            '--resume' = 'Continue the last run of FILE, or run RUN.'
            '-O' = 'Write the JSON lines to this file.'
            '--out' = 'Write the JSON lines to this file.'
            '--unordered' = 'Print each item as it ends.'
            '--patience' = 'How long to wait for rate limits in total (3600).'
            '--max-cost' = 'Send nothing that could cost more in total.'
            '--at-least' = 'Exit 0 if this share of the items is as requested: 95%.'
            '--junit' = 'Write JUnit XML, a test case for each item.'
            '--summary' = 'Append a summary in Markdown.'
            '--annotate' = 'Print annotations for GitHub on stderr.'
            '--dry-run' = 'Count items, tokens and price; send no prompt.'
            '--batch' = 'Use the Message Batches API: half the price, done within a day.'
            '--detach' = 'With --batch: exit once it is sent; --resume collects.'
            '--cancel' = 'Cancel the batches of that run.'
            '-m' = 'Model or alias.'
            '--model' = 'Model or alias.'
            '-s' = 'System prompt.'
            '--system' = 'System prompt.'
            '--system-file' = 'System prompt from a file.'
            '-f' = 'Attach a file, folder, pattern or URL, or - for stdin (repeatable).'
            '--file' = 'Attach a file, folder, pattern or URL, or - for stdin (repeatable).'
            '-t' = 'A saved prompt.'
            '--template' = 'A saved prompt.'
            '-p' = 'Set a variable of the template (repeatable).'
            '--fallback' = 'Which models may answer if the model declines.'
            '--fallback-by' = 'Who asks the fallback: the API, or avow itself.'
            '--if-unavailable' = 'Which models to ask when one is unavailable.'
            '--accept-fallback' = 'Exit 0 when a declared fallback answered.'
            '--require' = 'What must show that the requested model answered; `weak`: a name.'
            '--hold' = 'Print the answer only if the exit status is 0.'
            '--output' = 'The form of the output.'
            '--show-thinking' = 'Show thinking summaries, on stderr.'
            '--max-tokens' = 'Stop the answer after at most N tokens.'
            '--effort' = 'How hard the model thinks.'
            '--stop' = 'Stop at this text (repeatable).'
            '--speed' = 'How fast the model answers.'
            '--cache' = 'Let the API keep files and earlier turns, so that more questions cost less.'
            '-o' = 'Any other field of the request body (repeatable).'
            '--schema' = 'The answer must fit this JSON Schema.'
            '--timeout' = 'How long the API may stay silent.'
            '--deadline' = 'How long the whole exchange may take.'
            '--retries' = 'How often to retry (2).'
            '--no-stream' = 'Wait for the whole response; do not stream.'
            '--no-history' = 'Do not keep this exchange.'
            '-q' = 'Print no notes; facts and errors stay.'
            '--quiet' = 'Print no notes; facts and errors stay.'
            '--verbose' = 'Print times, tokens, cost and ids on stderr.'
            '--color' = 'When to use colours.'
            '--plain' = 'No boxes and no animation.'
            '--profile' = 'A profile of the config.'
            '--auth-style' = 'How the key is sent.'
            '--api-version' = 'The anthropic-version header.'
            '--header' = 'Send one more header (repeatable).'
            '--simulate' = 'Let the built-in simulator answer.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'scan' = [ordered]@{
            '--since' = 'Not before: a day, a time, 7d, today.'
            '--until' = 'Not after; a day is included.'
            '--session' = 'Only this session; `last` has the newest answer.'
            '--rerouted' = 'Only where another model answered.'
            '--fail-on' = 'Exit with the status of these verdicts, the gravest first.'
            '--json' = 'The whole report as one object.'
            '--jsonl' = 'One JSON object for each answer.'
            '--import' = 'Put the answers into the history too.'
            '--hook' = 'For Claude Code''s settings: report reroutes in the session.'
            '--statusline' = 'For Claude Code''s settings: who wrote the last answer.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'judge' = [ordered]@{
            '-m' = 'The model that was asked.'
            '--model' = 'The model that was asked.'
            '--request' = 'Take model and fallbacks from this request''s body.'
            '--host' = 'The host that answered: it decides what a name proves.'
            '--require' = 'What must show that the requested model answered; `weak`: a name.'
            '--accept-fallback' = 'Exit 0 when a declared fallback answered.'
            '--json' = 'One JSON object a line.'
            '--keep' = 'Put the answers into the history.'
            '-q' = 'Print no notes; facts and errors stay.'
            '--quiet' = 'Print no notes; facts and errors stay.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'proxy' = [ordered]@{
            '--upstream' = 'Pass everything on to this base URL.'
            '--port' = '0: any free port.'
            '--report' = 'Write the result as JSON to this file, or fd:N.'
            '--live' = 'Report each answer that is not as asked as soon as it ends.'
            '--hold' = 'Pass an answer on only if it is as asked; waits for the end of each.'
            '--accept-fallback' = 'Exit 0 when a declared fallback answered.'
            '--keep-text' = 'Keep the last user turn and the answer in the history too.'
            '--no-first-party' = 'Do not tell Claude Code that the API itself is behind the proxy.'
            '--no-history' = 'Keep nothing in the history.'
            '-q' = 'Print no notes; facts and errors stay.'
            '--quiet' = 'Print no notes; facts and errors stay.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'models' = [ordered]@{
            '--json' = 'One JSON object.'
            '--refresh' = 'Ask again instead of using the last day''s list.'
            '--profile' = 'A profile of the config.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'doctor' = [ordered]@{
            '--offline' = 'Do not ask the API.'
            '--json' = 'As a JSON object.'
            '--profile' = 'With the settings of this profile.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'completion' = [ordered]@{
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'help' = [ordered]@{
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'history' = [ordered]@{
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'history list' = [ordered]@{
            '--rerouted' = 'Only where another model answered.'
            '--verdict' = 'Only this verdict (repeatable).'
            '--status' = 'Only this status (repeatable).'
            '--model' = 'Requested or answering model; * stands for anything.'
            '--category' = 'Category of the decline.'
            '--template' = 'Asked with this template.'
            '--since' = 'Not before: a day, a time, 7d, today.'
            '--until' = 'Not after; a day is included.'
            '--simulated' = 'Only answers of the built-in simulator.'
            '--source' = 'Only what this asked: avow, proxy, judge, claude-code, llm; all (repeatable).'
            '--run' = 'Only of this `avow run`: the last of each item.'
            '--fail-on' = 'Exit with the status of these verdicts, the gravest first.'
            '--limit' = 'Show at most N (0: all). Default 20.'
            '--before' = 'Show what is older than this exchange.'
            '--json' = 'One JSON array.'
            '--jsonl' = 'One JSON object a line.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'history show' = [ordered]@{
            '--text' = 'The answer alone.'
            '--conversation' = 'Its whole conversation.'
            '--json' = 'The JSON object.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'history search' = [ordered]@{
            '--fts' = 'WORDS is a query in FTS5''s syntax.'
            '--best' = 'Best match first, among the last 200,000.'
            '--rerouted' = 'Only where another model answered.'
            '--verdict' = 'Only this verdict (repeatable).'
            '--status' = 'Only this status (repeatable).'
            '--model' = 'Requested or answering model; * stands for anything.'
            '--category' = 'Category of the decline.'
            '--template' = 'Asked with this template.'
            '--since' = 'Not before: a day, a time, 7d, today.'
            '--until' = 'Not after; a day is included.'
            '--simulated' = 'Only answers of the built-in simulator.'
            '--source' = 'Only what this asked: avow, proxy, judge, claude-code, llm; all (repeatable).'
            '--run' = 'Only of this `avow run`: the last of each item.'
            '--limit' = 'Show at most N (0: all). Default 20.'
            '--before' = 'Show what is older than this exchange.'
            '--json' = 'One JSON array.'
            '--jsonl' = 'One JSON object a line.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'history pick' = [ordered]@{
            '--rerouted' = 'Only where another model answered.'
            '--verdict' = 'Only this verdict (repeatable).'
            '--status' = 'Only this status (repeatable).'
            '--model' = 'Requested or answering model; * stands for anything.'
            '--category' = 'Category of the decline.'
            '--template' = 'Asked with this template.'
            '--since' = 'Not before: a day, a time, 7d, today.'
            '--until' = 'Not after; a day is included.'
            '--simulated' = 'Only answers of the built-in simulator.'
            '--source' = 'Only what this asked: avow, proxy, judge, claude-code, llm; all (repeatable).'
            '--run' = 'Only of this `avow run`: the last of each item.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'history stats' = [ordered]@{
            '--by' = 'Group by.'
            '--verdict' = 'Only this verdict (repeatable).'
            '--status' = 'Only this status (repeatable).'
            '--model' = 'Requested or answering model; * stands for anything.'
            '--category' = 'Category of the decline.'
            '--template' = 'Asked with this template.'
            '--since' = 'Not before: a day, a time, 7d, today.'
            '--until' = 'Not after; a day is included.'
            '--simulated' = 'Only answers of the built-in simulator.'
            '--source' = 'Only what this asked: avow, proxy, judge, claude-code, llm; all (repeatable).'
            '--run' = 'Only of this `avow run`: the last of each item.'
            '--json' = 'One JSON object.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'history export' = [ordered]@{
            '--format' = 'The form.'
            '--guard' = 'Put '' before CSV cells that are formulas; auto: in files named .csv.'
            '--no-text' = 'Leave out all that was said.'
            '--since-last' = 'Only what the last export with this cursor file did not have.'
            '--rerouted' = 'Only where another model answered.'
            '--verdict' = 'Only this verdict (repeatable).'
            '--status' = 'Only this status (repeatable).'
            '--model' = 'Requested or answering model; * stands for anything.'
            '--category' = 'Category of the decline.'
            '--template' = 'Asked with this template.'
            '--since' = 'Not before: a day, a time, 7d, today.'
            '--until' = 'Not after; a day is included.'
            '--simulated' = 'Only answers of the built-in simulator.'
            '--source' = 'Only what this asked: avow, proxy, judge, claude-code, llm; all (repeatable).'
            '--run' = 'Only of this `avow run`: the last of each item.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'history push' = [ordered]@{
            '--since' = 'Not before: a day, a time, 7d, today.'
            '--follow' = 'Stay, and send exchanges as they end.'
            '--dry-run' = 'Print what would be sent, one request a line.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'history redact' = [ordered]@{
            '--search' = 'Exchanges that `search` finds for these words.'
            '--older-than' = 'Exchanges older than this: 90d, 1y.'
            '--rerouted' = 'Only where another model answered.'
            '--verdict' = 'Only this verdict (repeatable).'
            '--status' = 'Only this status (repeatable).'
            '--model' = 'Requested or answering model; * stands for anything.'
            '--category' = 'Category of the decline.'
            '--template' = 'Asked with this template.'
            '--since' = 'Not before: a day, a time, 7d, today.'
            '--until' = 'Not after; a day is included.'
            '--simulated' = 'Only answers of the built-in simulator.'
            '--source' = 'Only what this asked: avow, proxy, judge, claude-code, llm; all (repeatable).'
            '--run' = 'Only of this `avow run`: the last of each item.'
            '--yes' = 'Do not ask.'
            '-y' = 'Do not ask.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'history delete' = [ordered]@{
            '--search' = 'Exchanges that `search` finds for these words.'
            '--older-than' = 'Exchanges older than this: 90d, 1y.'
            '--rerouted' = 'Only where another model answered.'
            '--verdict' = 'Only this verdict (repeatable).'
            '--status' = 'Only this status (repeatable).'
            '--model' = 'Requested or answering model; * stands for anything.'
            '--category' = 'Category of the decline.'
            '--template' = 'Asked with this template.'
            '--since' = 'Not before: a day, a time, 7d, today.'
            '--until' = 'Not after; a day is included.'
            '--simulated' = 'Only answers of the built-in simulator.'
            '--source' = 'Only what this asked: avow, proxy, judge, claude-code, llm; all (repeatable).'
            '--run' = 'Only of this `avow run`: the last of each item.'
            '--yes' = 'Do not ask.'
            '-y' = 'Do not ask.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'history repair' = [ordered]@{
            '--yes' = 'Do not ask.'
            '-y' = 'Do not ask.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'history path' = [ordered]@{
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'audit' = [ordered]@{
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'audit baseline' = [ordered]@{
            '-m' = 'Model or alias.'
            '--model' = 'Model or alias.'
            '--looks' = 'Looks planned; default 13.'
            '--cards' = 'Cards of your own, made from a number.'
            '--all-now' = 'All sixty in one sitting.'
            '--pace' = 'From the start of one request to the next; default 3.'
            '--seed' = 'Repeat the random choices of an earlier call.'
            '--yes' = 'Do not ask before sending.'
            '-y' = 'Do not ask before sending.'
            '--json' = 'One JSON object.'
            '--profile' = 'A profile of the config.'
            '-q' = 'Print no notes; facts and errors stay.'
            '--quiet' = 'Print no notes; facts and errors stay.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'audit run' = [ordered]@{
            '-m' = 'Model or alias.'
            '--model' = 'Model or alias.'
            '--against' = 'Compare the replies with this model''s, too.'
            '--pace' = 'From the start of one request to the next; default 3.'
            '--seed' = 'Repeat the random choices of an earlier call.'
            '--yes' = 'Do not ask before sending.'
            '-y' = 'Do not ask before sending.'
            '--json' = 'One JSON object.'
            '--profile' = 'A profile of the config.'
            '-q' = 'Print no notes; facts and errors stay.'
            '--quiet' = 'Print no notes; facts and errors stay.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'audit list' = [ordered]@{
            '--json' = 'One JSON array.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'audit show' = [ordered]@{
            '--record' = 'The whole record as JSON, for `verify`.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'audit verify' = [ordered]@{
            '--json' = 'One JSON object.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'audit demo' = [ordered]@{
            '--seed' = 'Repeat the random choices of an earlier call.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'audit endpoint' = [ordered]@{
            '-m' = 'Model or alias.'
            '--model' = 'Model or alias.'
            '--yes' = 'Do not ask before sending.'
            '-y' = 'Do not ask before sending.'
            '--json' = 'One JSON object.'
            '--profile' = 'A profile of the config.'
            '-q' = 'Print no notes; facts and errors stay.'
            '--quiet' = 'Print no notes; facts and errors stay.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'auth' = [ordered]@{
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'auth login' = [ordered]@{
            '--store' = 'Where to keep it.'
            '--no-check' = 'Store it without asking the API.'
            '--base-url' = 'The host that the key is for.'
            '--profile' = 'Take the host from this profile.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'auth status' = [ordered]@{
            '--check' = 'Ask the API whether it accepts the key.'
            '--json' = 'As a JSON object.'
            '--base-url' = 'The host that the key is for.'
            '--profile' = 'Take the host from this profile.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'auth logout' = [ordered]@{
            '--base-url' = 'The host that the key is for.'
            '--profile' = 'Take the host from this profile.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'config' = [ordered]@{
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'config list' = [ordered]@{
            '--json' = 'As a JSON object.'
            '--profile' = 'With the settings of this profile.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'config get' = [ordered]@{
            '--json' = 'As a JSON object.'
            '--profile' = 'With the settings of this profile.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'config set' = [ordered]@{
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'config unset' = [ordered]@{
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'config path' = [ordered]@{
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'config edit' = [ordered]@{
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'template' = [ordered]@{
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'template list' = [ordered]@{
            '--json' = 'One array.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'template show' = [ordered]@{
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'template save' = [ordered]@{
            '-m' = 'Model or alias.'
            '--model' = 'Model or alias.'
            '-s' = 'System prompt.'
            '--system' = 'System prompt.'
            '--system-file' = 'System prompt from a file.'
            '--fallback' = 'Which models may answer if the model declines.'
            '--fallback-by' = 'Who asks the fallback: the API, or avow itself.'
            '--if-unavailable' = 'Which models to ask when one is unavailable.'
            '--accept-fallback' = 'Exit 0 when a declared fallback answered.'
            '--require' = 'What must show that the requested model answered; `weak`: a name.'
            '--hold' = 'Print the answer only if the exit status is 0.'
            '--raw' = 'Never render Markdown.'
            '--markdown' = 'Always render Markdown.'
            '-x' = 'Print only the first fenced code block.'
            '--extract' = 'Print only the first fenced code block.'
            '--extract-last' = 'Print only the last fenced code block.'
            '--show-thinking' = 'Show thinking summaries, on stderr.'
            '--max-tokens' = 'Stop the answer after at most N tokens.'
            '--effort' = 'How hard the model thinks.'
            '--stop' = 'Stop at this text (repeatable).'
            '--speed' = 'How fast the model answers.'
            '--cache' = 'Let the API keep files and earlier turns, so that more questions cost less.'
            '-o' = 'Any other field of the request body (repeatable).'
            '--schema' = 'The answer must fit this JSON Schema.'
            '--no-stream' = 'Wait for the whole response; do not stream.'
            '--force' = 'Replace a template of that name.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'template delete' = [ordered]@{
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'simulate' = [ordered]@{
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'simulate list' = [ordered]@{
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
        'simulate serve' = [ordered]@{
            '--port' = '0: any free port.'
            '--scenario' = 'A scenario''s name, or the path of a TOML file.'
            '-h' = 'Show this page.'
            '--help' = 'Show this page.'
        }
    }
    $values = @{
        'ask -m' = @('?models')
        'ask --model' = @('?models')
        'ask -t' = @('?templates')
        'ask --template' = @('?templates')
        'ask --conversation' = @('?conversations')
        'ask --fallback' = @('default', 'none', '?models')
        'ask --fallback-by' = @('server', 'client')
        'ask --if-unavailable' = @('?models')
        'ask --require' = @('strong', 'weak')
        'ask --output' = @('text', 'json', 'jsonl')
        'ask --effort' = @('low', 'medium', 'high', 'xhigh', 'max')
        'ask --speed' = @('standard', 'fast')
        'ask --cache' = @('5m', '1h', 'none')
        'ask --color' = @('auto', 'always', 'never')
        'ask --auth-style' = @('x-api-key', 'bearer')
        'ask --simulate' = @('?scenarios')
        'chat -m' = @('?models')
        'chat --model' = @('?models')
        'chat --conversation' = @('?conversations')
        'chat --fallback' = @('default', 'none', '?models')
        'chat --fallback-by' = @('server', 'client')
        'chat --if-unavailable' = @('?models')
        'chat --require' = @('strong', 'weak')
        'chat --output' = @('text', 'json', 'jsonl')
        'chat --effort' = @('low', 'medium', 'high', 'xhigh', 'max')
        'chat --speed' = @('standard', 'fast')
        'chat --cache' = @('5m', '1h', 'none')
        'chat --color' = @('auto', 'always', 'never')
        'chat --auth-style' = @('x-api-key', 'bearer')
        'chat --simulate' = @('?scenarios')
        'retry -m' = @('?models')
        'retry --model' = @('?models')
        'retry --fallback' = @('default', 'none', '?models')
        'retry --fallback-by' = @('server', 'client')
        'retry --if-unavailable' = @('?models')
        'retry --require' = @('strong', 'weak')
        'retry --output' = @('text', 'json', 'jsonl')
        'retry --cache' = @('5m', '1h', 'none')
        'retry --color' = @('auto', 'always', 'never')
        'retry --simulate' = @('?scenarios')
        'run --input' = @('jsonl', 'csv', 'tsv', 'lines', 'toml')
        'run -m' = @('?models')
        'run --model' = @('?models')
        'run -t' = @('?templates')
        'run --template' = @('?templates')
        'run --fallback' = @('default', 'none', '?models')
        'run --fallback-by' = @('server', 'client')
        'run --if-unavailable' = @('?models')
        'run --require' = @('strong', 'weak')
        'run --output' = @('text', 'json', 'jsonl')
        'run --effort' = @('low', 'medium', 'high', 'xhigh', 'max')
        'run --speed' = @('standard', 'fast')
        'run --cache' = @('5m', '1h', 'none')
        'run --color' = @('auto', 'always', 'never')
        'run --auth-style' = @('x-api-key', 'bearer')
        'run --simulate' = @('?scenarios')
        'scan --fail-on' = @('rerouted', 'as_requested', 'fallback', 'refused', 'substituted', 'unverified')
        'judge -m' = @('?models')
        'judge --model' = @('?models')
        'judge --require' = @('strong', 'weak')
        'history list --verdict' = @('as_requested', 'fallback', 'refused', 'substituted', 'unverified')
        'history list --status' = @('complete', 'refused', 'truncated', 'incomplete', 'failed', 'interrupted', 'pending')
        'history list --model' = @('?models')
        'history list --template' = @('?templates')
        'history list --source' = @('avow', 'proxy', 'judge', 'claude-code', 'llm', 'audit', 'all')
        'history list --fail-on' = @('rerouted', 'as_requested', 'fallback', 'refused', 'substituted', 'unverified')
        'history list --before' = @('?exchanges')
        'history search --verdict' = @('as_requested', 'fallback', 'refused', 'substituted', 'unverified')
        'history search --status' = @('complete', 'refused', 'truncated', 'incomplete', 'failed', 'interrupted', 'pending')
        'history search --model' = @('?models')
        'history search --template' = @('?templates')
        'history search --source' = @('avow', 'proxy', 'judge', 'claude-code', 'llm', 'audit', 'all')
        'history search --before' = @('?exchanges')
        'history pick --verdict' = @('as_requested', 'fallback', 'refused', 'substituted', 'unverified')
        'history pick --status' = @('complete', 'refused', 'truncated', 'incomplete', 'failed', 'interrupted', 'pending')
        'history pick --model' = @('?models')
        'history pick --template' = @('?templates')
        'history pick --source' = @('avow', 'proxy', 'judge', 'claude-code', 'llm', 'audit', 'all')
        'history stats --by' = @('day', 'week', 'month', 'model', 'category', 'template')
        'history stats --verdict' = @('as_requested', 'fallback', 'refused', 'substituted', 'unverified')
        'history stats --status' = @('complete', 'refused', 'truncated', 'incomplete', 'failed', 'interrupted', 'pending')
        'history stats --model' = @('?models')
        'history stats --template' = @('?templates')
        'history stats --source' = @('avow', 'proxy', 'judge', 'claude-code', 'llm', 'audit', 'all')
        'history export --format' = @('jsonl', 'csv', 'parquet')
        'history export --guard' = @('auto', 'always', 'never')
        'history export --verdict' = @('as_requested', 'fallback', 'refused', 'substituted', 'unverified')
        'history export --status' = @('complete', 'refused', 'truncated', 'incomplete', 'failed', 'interrupted', 'pending')
        'history export --model' = @('?models')
        'history export --template' = @('?templates')
        'history export --source' = @('avow', 'proxy', 'judge', 'claude-code', 'llm', 'audit', 'all')
        'history redact --verdict' = @('as_requested', 'fallback', 'refused', 'substituted', 'unverified')
        'history redact --status' = @('complete', 'refused', 'truncated', 'incomplete', 'failed', 'interrupted', 'pending')
        'history redact --model' = @('?models')
        'history redact --template' = @('?templates')
        'history redact --source' = @('avow', 'proxy', 'judge', 'claude-code', 'llm', 'audit', 'all')
        'history delete --verdict' = @('as_requested', 'fallback', 'refused', 'substituted', 'unverified')
        'history delete --status' = @('complete', 'refused', 'truncated', 'incomplete', 'failed', 'interrupted', 'pending')
        'history delete --model' = @('?models')
        'history delete --template' = @('?templates')
        'history delete --source' = @('avow', 'proxy', 'judge', 'claude-code', 'llm', 'audit', 'all')
        'audit baseline -m' = @('?models')
        'audit baseline --model' = @('?models')
        'audit run -m' = @('?models')
        'audit run --model' = @('?models')
        'audit run --against' = @('?models')
        'audit endpoint -m' = @('?models')
        'audit endpoint --model' = @('?models')
        'auth login --store' = @('keyring', 'file')
        'template save -m' = @('?models')
        'template save --model' = @('?models')
        'template save --fallback' = @('default', 'none', '?models')
        'template save --fallback-by' = @('server', 'client')
        'template save --if-unavailable' = @('?models')
        'template save --require' = @('strong', 'weak')
        'template save --effort' = @('low', 'medium', 'high', 'xhigh', 'max')
        'template save --speed' = @('standard', 'fast')
        'template save --cache' = @('5m', '1h', 'none')
        'simulate serve --scenario' = @('?scenarios')
    }
    $arguments = @{
        'retry' = @('?exchanges')
        'why' = @('?exchanges')
        'models' = @('?models')
        'completion' = @('bash', 'zsh', 'fish', 'powershell')
        'help' = @('exit-codes', 'json', 'config', 'environment', 'history', 'privacy', 'fallback', 'clients', 'scripting', 'audit', 'telemetry', 'ask', 'chat', 'retry', 'why', 'run', 'scan', 'judge', 'proxy', 'models', 'auth', 'template', 'simulate', 'doctor', 'completion', 'help')
        'history show' = @('?exchanges')
        'history redact' = @('?exchanges')
        'history delete' = @('?exchanges')
        'config get' = @('model', 'system', 'system_file', 'stdin', 'fallback', 'fallback_by', 'if_unavailable', 'accept_fallback', 'require', 'hold', 'output', 'report', 'raw', 'markdown', 'extract', 'show_thinking', 'max_tokens', 'effort', 'stop', 'speed', 'cache', 'options', 'schema', 'timeout', 'deadline', 'retries', 'stream', 'history.enabled', 'history.content', 'history.attachments', 'history.keep_days', 'telemetry.push', 'telemetry.endpoint', 'telemetry.headers', 'quiet', 'verbose', 'color', 'plain', 'profile', 'base_url', 'auth_style', 'api_version', 'headers', 'api_key_command', 'keyring.enabled', 'on_reroute', 'on_reroute_timeout', 'aliases', 'prices', 'same_models', 'overrides')
        'config set' = @('model', 'system', 'system_file', 'stdin', 'fallback', 'fallback_by', 'if_unavailable', 'accept_fallback', 'require', 'hold', 'output', 'report', 'raw', 'markdown', 'extract', 'show_thinking', 'max_tokens', 'effort', 'stop', 'speed', 'cache', 'options', 'schema', 'timeout', 'deadline', 'retries', 'stream', 'history.enabled', 'history.content', 'history.attachments', 'history.keep_days', 'telemetry.push', 'telemetry.endpoint', 'telemetry.headers', 'quiet', 'verbose', 'color', 'plain', 'profile', 'base_url', 'auth_style', 'api_version', 'headers', 'api_key_command', 'keyring.enabled', 'on_reroute', 'on_reroute_timeout', 'aliases', 'prices', 'same_models', 'overrides')
        'config unset' = @('model', 'system', 'system_file', 'stdin', 'fallback', 'fallback_by', 'if_unavailable', 'accept_fallback', 'require', 'hold', 'output', 'report', 'raw', 'markdown', 'extract', 'show_thinking', 'max_tokens', 'effort', 'stop', 'speed', 'cache', 'options', 'schema', 'timeout', 'deadline', 'retries', 'stream', 'history.enabled', 'history.content', 'history.attachments', 'history.keep_days', 'telemetry.push', 'telemetry.endpoint', 'telemetry.headers', 'quiet', 'verbose', 'color', 'plain', 'profile', 'base_url', 'auth_style', 'api_version', 'headers', 'api_key_command', 'keyring.enabled', 'on_reroute', 'on_reroute_timeout', 'aliases', 'prices', 'same_models', 'overrides')
        'template show' = @('?templates')
        'template delete' = @('?templates')
    }

    $typed = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { $_.ToString() })
    $program = $typed[0]
    $rest = @($typed | Select-Object -Skip 1)
    if ($rest -contains '--') { return }
    $at = ''
    if ($rest.Count -gt 0) {
        $at = 'ask'
        if ($commands[''].ContainsKey($rest[0])) { $at = $rest[0] }
        if ($rest.Count -gt 1 -and $commands.ContainsKey($at) -and $commands[$at].ContainsKey($rest[1])) {
            $at = "$at $($rest[1])"
        }
    }

    function Answer($found) {
        foreach ($word in $found.Keys) {
            if ($word.StartsWith($wordToComplete)) {
                $about = if ($found[$word]) { $found[$word] } else { $word }
                [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $about)
            }
        }
    }

    function Expand($sources) {
        $found = [ordered]@{}
        foreach ($source in $sources) {
            if ($source.StartsWith('?')) {
                foreach ($line in (& $program completion words $source.Substring(1) 2>$null)) {
                    $word, $about = $line -split "`t", 2
                    $found[$word] = $about
                }
            } else { $found[$source] = '' }
        }
        $found
    }

    $value = "$at $($rest[-1])".Trim()
    if ($rest.Count -gt 0 -and $values.ContainsKey($value)) {
        Answer (Expand $values[$value])
    } elseif ($wordToComplete.StartsWith('-')) {
        Answer $options[$at]
    } elseif ($commands.ContainsKey($at)) {
        Answer $commands[$at]
    } elseif ($arguments.ContainsKey($at)) {
        Answer (Expand $arguments[$at])
    }
}
