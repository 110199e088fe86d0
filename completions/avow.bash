# bash completion for avow; made from its command tree by `avow completion bash`

_avow_words() {
    # Words avow knows, before a tab what they are.
    local program=${COMP_WORDS[0]/#\~/$HOME} line
    while IFS= read -r line; do
        printf '%s\n' "${line%%$'\t'*}"
    done < <("$program" completion words "$1" 2>/dev/null)
}

_avow_reply() {
    # Those of the words in $1 (one a line) that begin like $cur.
    local word
    while IFS= read -r word; do
        [[ -n $word && $word == "$cur"* ]] && COMPREPLY+=("${word#"$before"}")
    done <<< "$1"
}

_avow_files() {
    local word
    while IFS= read -r word; do
        COMPREPLY+=("${word#"$before"}")
    done < <(compgen -f -- "$cur")
    compopt -o filenames 2>/dev/null
}

_avow() {
    local place=$COMP_CWORD cur=${COMP_WORDS[COMP_CWORD]} prev before= at i
    COMPREPLY=()
    # bash makes `:` a word of its own, and completes what comes after it: llama3:8b is three.
    while ((place > 1)) && [[ ${COMP_WORDS[place]} =~ ^:+$ || ${COMP_WORDS[place-1]} =~ ^:+$ ]]; do
        place=$((place - 1))
        cur=${COMP_WORDS[place]}$cur
    done
    [[ $COMP_WORDBREAKS == *:* ]] && before=${cur%"${cur##*:}"}
    prev=${COMP_WORDS[place-1]}
    # And `=` too: --model=ID is three.
    if [[ $cur == = ]]; then
        cur=
    elif [[ $prev == = && $place -gt 2 ]]; then
        prev=${COMP_WORDS[place-2]}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -- ]] && return
    done
    at=""
    if ((place > 1)); then
        at=ask
        case ${COMP_WORDS[1]} in
            ask|chat|retry|why|run|scan|judge|proxy|models|doctor|completion|help) at=${COMP_WORDS[1]} ;;
            history)
                at=history
                if ((place > 2)); then
                    case ${COMP_WORDS[2]} in list|show|search|pick|stats|export|push|redact|delete|repair|path) at="history ${COMP_WORDS[2]}" ;; esac
                fi ;;
            audit)
                at=audit
                if ((place > 2)); then
                    case ${COMP_WORDS[2]} in baseline|run|list|show|verify|demo|endpoint) at="audit ${COMP_WORDS[2]}" ;; esac
                fi ;;
            auth)
                at=auth
                if ((place > 2)); then
                    case ${COMP_WORDS[2]} in login|status|logout) at="auth ${COMP_WORDS[2]}" ;; esac
                fi ;;
            config)
                at=config
                if ((place > 2)); then
                    case ${COMP_WORDS[2]} in list|get|set|unset|path|edit) at="config ${COMP_WORDS[2]}" ;; esac
                fi ;;
            template)
                at=template
                if ((place > 2)); then
                    case ${COMP_WORDS[2]} in list|show|save|delete) at="template ${COMP_WORDS[2]}" ;; esac
                fi ;;
            simulate)
                at=simulate
                if ((place > 2)); then
                    case ${COMP_WORDS[2]} in list|serve) at="simulate ${COMP_WORDS[2]}" ;; esac
                fi ;;
        esac
    fi
    case "$at $prev" in
        "ask -m"|"ask --model") _avow_reply "$(_avow_words models)"; return ;;
        "ask -s"|"ask --system") return ;;
        "ask --system-file") _avow_files; return ;;
        "ask -f"|"ask --file") _avow_files; return ;;
        "ask -t"|"ask --template") _avow_reply "$(_avow_words templates)"; return ;;
        "ask -p") return ;;
        "ask --conversation") _avow_reply "$(_avow_words conversations)"; return ;;
        "ask --fallback") _avow_reply $'default\nnone'; _avow_reply "$(_avow_words models)"; return ;;
        "ask --fallback-by") _avow_reply $'server\nclient'; return ;;
        "ask --if-unavailable") _avow_reply "$(_avow_words models)"; return ;;
        "ask --require") _avow_reply $'strong\nweak'; return ;;
        "ask --output") _avow_reply $'text\njson\njsonl'; return ;;
        "ask --report") _avow_files; return ;;
        "ask --max-tokens") return ;;
        "ask --effort") _avow_reply $'low\nmedium\nhigh\nxhigh\nmax'; return ;;
        "ask --stop") return ;;
        "ask --speed") _avow_reply $'standard\nfast'; return ;;
        "ask --cache") _avow_reply $'5m\n1h\nnone'; return ;;
        "ask -o") return ;;
        "ask --schema") _avow_files; return ;;
        "ask --timeout") return ;;
        "ask --deadline") return ;;
        "ask --retries") return ;;
        "ask --color") _avow_reply $'auto\nalways\nnever'; return ;;
        "ask --profile") return ;;
        "ask --auth-style") _avow_reply $'x-api-key\nbearer'; return ;;
        "ask --api-version") return ;;
        "ask --header") return ;;
        "ask --simulate") _avow_reply "$(_avow_words scenarios)"; return ;;
        "chat -m"|"chat --model") _avow_reply "$(_avow_words models)"; return ;;
        "chat -s"|"chat --system") return ;;
        "chat --system-file") _avow_files; return ;;
        "chat -f"|"chat --file") _avow_files; return ;;
        "chat --conversation") _avow_reply "$(_avow_words conversations)"; return ;;
        "chat --fallback") _avow_reply $'default\nnone'; _avow_reply "$(_avow_words models)"; return ;;
        "chat --fallback-by") _avow_reply $'server\nclient'; return ;;
        "chat --if-unavailable") _avow_reply "$(_avow_words models)"; return ;;
        "chat --require") _avow_reply $'strong\nweak'; return ;;
        "chat --output") _avow_reply $'text\njson\njsonl'; return ;;
        "chat --max-tokens") return ;;
        "chat --effort") _avow_reply $'low\nmedium\nhigh\nxhigh\nmax'; return ;;
        "chat --stop") return ;;
        "chat --speed") _avow_reply $'standard\nfast'; return ;;
        "chat --cache") _avow_reply $'5m\n1h\nnone'; return ;;
        "chat -o") return ;;
        "chat --timeout") return ;;
        "chat --deadline") return ;;
        "chat --retries") return ;;
        "chat --color") _avow_reply $'auto\nalways\nnever'; return ;;
        "chat --profile") return ;;
        "chat --auth-style") _avow_reply $'x-api-key\nbearer'; return ;;
        "chat --api-version") return ;;
        "chat --header") return ;;
        "chat --simulate") _avow_reply "$(_avow_words scenarios)"; return ;;
        "retry -m"|"retry --model") _avow_reply "$(_avow_words models)"; return ;;
        "retry --fallback") _avow_reply $'default\nnone'; _avow_reply "$(_avow_words models)"; return ;;
        "retry --fallback-by") _avow_reply $'server\nclient'; return ;;
        "retry --if-unavailable") _avow_reply "$(_avow_words models)"; return ;;
        "retry --require") _avow_reply $'strong\nweak'; return ;;
        "retry --output") _avow_reply $'text\njson\njsonl'; return ;;
        "retry --report") _avow_files; return ;;
        "retry --cache") _avow_reply $'5m\n1h\nnone'; return ;;
        "retry --timeout") return ;;
        "retry --deadline") return ;;
        "retry --retries") return ;;
        "retry --color") _avow_reply $'auto\nalways\nnever'; return ;;
        "retry --profile") return ;;
        "retry --simulate") _avow_reply "$(_avow_words scenarios)"; return ;;
        "run --input") _avow_reply $'jsonl\ncsv\ntsv\nlines\ntoml'; return ;;
        "run -j"|"run --jobs") return ;;
        "run --repeat") return ;;
        "run -O"|"run --out") _avow_files; return ;;
        "run --patience") return ;;
        "run --max-cost") return ;;
        "run --at-least") return ;;
        "run --junit") _avow_files; return ;;
        "run --summary") _avow_files; return ;;
        "run --cancel") return ;;
        "run -m"|"run --model") _avow_reply "$(_avow_words models)"; return ;;
        "run -s"|"run --system") return ;;
        "run --system-file") _avow_files; return ;;
        "run -f"|"run --file") _avow_files; return ;;
        "run -t"|"run --template") _avow_reply "$(_avow_words templates)"; return ;;
        "run -p") return ;;
        "run --fallback") _avow_reply $'default\nnone'; _avow_reply "$(_avow_words models)"; return ;;
        "run --fallback-by") _avow_reply $'server\nclient'; return ;;
        "run --if-unavailable") _avow_reply "$(_avow_words models)"; return ;;
        "run --require") _avow_reply $'strong\nweak'; return ;;
        "run --output") _avow_reply $'text\njson\njsonl'; return ;;
        "run --max-tokens") return ;;
        "run --effort") _avow_reply $'low\nmedium\nhigh\nxhigh\nmax'; return ;;
        "run --stop") return ;;
        "run --speed") _avow_reply $'standard\nfast'; return ;;
        "run --cache") _avow_reply $'5m\n1h\nnone'; return ;;
        "run -o") return ;;
        "run --schema") _avow_files; return ;;
        "run --timeout") return ;;
        "run --deadline") return ;;
        "run --retries") return ;;
        "run --color") _avow_reply $'auto\nalways\nnever'; return ;;
        "run --profile") return ;;
        "run --auth-style") _avow_reply $'x-api-key\nbearer'; return ;;
        "run --api-version") return ;;
        "run --header") return ;;
        "run --simulate") _avow_reply "$(_avow_words scenarios)"; return ;;
        "scan --since") return ;;
        "scan --until") return ;;
        "scan --session") return ;;
        "scan --fail-on") _avow_reply $'rerouted\nas_requested\nfallback\nrefused\nsubstituted\nunverified'; return ;;
        "judge -m"|"judge --model") _avow_reply "$(_avow_words models)"; return ;;
        "judge --request") _avow_files; return ;;
        "judge --host") return ;;
        "judge --require") _avow_reply $'strong\nweak'; return ;;
        "proxy --upstream") return ;;
        "proxy --port") return ;;
        "proxy --report") _avow_files; return ;;
        "models --profile") return ;;
        "doctor --profile") return ;;
        "history list --verdict") _avow_reply $'as_requested\nfallback\nrefused\nsubstituted\nunverified'; return ;;
        "history list --status") _avow_reply $'complete\nrefused\ntruncated\nincomplete\nfailed\ninterrupted\npending'; return ;;
        "history list --model") _avow_reply "$(_avow_words models)"; return ;;
        "history list --category") return ;;
        "history list --template") _avow_reply "$(_avow_words templates)"; return ;;
        "history list --since") return ;;
        "history list --until") return ;;
        "history list --source") _avow_reply $'avow\nproxy\njudge\nclaude-code\nllm\naudit\nall'; return ;;
        "history list --run") return ;;
        "history list --fail-on") _avow_reply $'rerouted\nas_requested\nfallback\nrefused\nsubstituted\nunverified'; return ;;
        "history list --limit") return ;;
        "history list --before") _avow_reply "$(_avow_words exchanges)"; return ;;
        "history search --verdict") _avow_reply $'as_requested\nfallback\nrefused\nsubstituted\nunverified'; return ;;
        "history search --status") _avow_reply $'complete\nrefused\ntruncated\nincomplete\nfailed\ninterrupted\npending'; return ;;
        "history search --model") _avow_reply "$(_avow_words models)"; return ;;
        "history search --category") return ;;
        "history search --template") _avow_reply "$(_avow_words templates)"; return ;;
        "history search --since") return ;;
        "history search --until") return ;;
        "history search --source") _avow_reply $'avow\nproxy\njudge\nclaude-code\nllm\naudit\nall'; return ;;
        "history search --run") return ;;
        "history search --limit") return ;;
        "history search --before") _avow_reply "$(_avow_words exchanges)"; return ;;
        "history pick --verdict") _avow_reply $'as_requested\nfallback\nrefused\nsubstituted\nunverified'; return ;;
        "history pick --status") _avow_reply $'complete\nrefused\ntruncated\nincomplete\nfailed\ninterrupted\npending'; return ;;
        "history pick --model") _avow_reply "$(_avow_words models)"; return ;;
        "history pick --category") return ;;
        "history pick --template") _avow_reply "$(_avow_words templates)"; return ;;
        "history pick --since") return ;;
        "history pick --until") return ;;
        "history pick --source") _avow_reply $'avow\nproxy\njudge\nclaude-code\nllm\naudit\nall'; return ;;
        "history pick --run") return ;;
        "history stats --by") _avow_reply $'day\nweek\nmonth\nmodel\ncategory\ntemplate'; return ;;
        "history stats --verdict") _avow_reply $'as_requested\nfallback\nrefused\nsubstituted\nunverified'; return ;;
        "history stats --status") _avow_reply $'complete\nrefused\ntruncated\nincomplete\nfailed\ninterrupted\npending'; return ;;
        "history stats --model") _avow_reply "$(_avow_words models)"; return ;;
        "history stats --category") return ;;
        "history stats --template") _avow_reply "$(_avow_words templates)"; return ;;
        "history stats --since") return ;;
        "history stats --until") return ;;
        "history stats --source") _avow_reply $'avow\nproxy\njudge\nclaude-code\nllm\naudit\nall'; return ;;
        "history stats --run") return ;;
        "history export --format") _avow_reply $'jsonl\ncsv\nparquet'; return ;;
        "history export --guard") _avow_reply $'auto\nalways\nnever'; return ;;
        "history export --since-last") _avow_files; return ;;
        "history export --verdict") _avow_reply $'as_requested\nfallback\nrefused\nsubstituted\nunverified'; return ;;
        "history export --status") _avow_reply $'complete\nrefused\ntruncated\nincomplete\nfailed\ninterrupted\npending'; return ;;
        "history export --model") _avow_reply "$(_avow_words models)"; return ;;
        "history export --category") return ;;
        "history export --template") _avow_reply "$(_avow_words templates)"; return ;;
        "history export --since") return ;;
        "history export --until") return ;;
        "history export --source") _avow_reply $'avow\nproxy\njudge\nclaude-code\nllm\naudit\nall'; return ;;
        "history export --run") return ;;
        "history push --since") return ;;
        "history redact --search") return ;;
        "history redact --older-than") return ;;
        "history redact --verdict") _avow_reply $'as_requested\nfallback\nrefused\nsubstituted\nunverified'; return ;;
        "history redact --status") _avow_reply $'complete\nrefused\ntruncated\nincomplete\nfailed\ninterrupted\npending'; return ;;
        "history redact --model") _avow_reply "$(_avow_words models)"; return ;;
        "history redact --category") return ;;
        "history redact --template") _avow_reply "$(_avow_words templates)"; return ;;
        "history redact --since") return ;;
        "history redact --until") return ;;
        "history redact --source") _avow_reply $'avow\nproxy\njudge\nclaude-code\nllm\naudit\nall'; return ;;
        "history redact --run") return ;;
        "history delete --search") return ;;
        "history delete --older-than") return ;;
        "history delete --verdict") _avow_reply $'as_requested\nfallback\nrefused\nsubstituted\nunverified'; return ;;
        "history delete --status") _avow_reply $'complete\nrefused\ntruncated\nincomplete\nfailed\ninterrupted\npending'; return ;;
        "history delete --model") _avow_reply "$(_avow_words models)"; return ;;
        "history delete --category") return ;;
        "history delete --template") _avow_reply "$(_avow_words templates)"; return ;;
        "history delete --since") return ;;
        "history delete --until") return ;;
        "history delete --source") _avow_reply $'avow\nproxy\njudge\nclaude-code\nllm\naudit\nall'; return ;;
        "history delete --run") return ;;
        "audit baseline -m"|"audit baseline --model") _avow_reply "$(_avow_words models)"; return ;;
        "audit baseline --looks") return ;;
        "audit baseline --cards") return ;;
        "audit baseline --pace") return ;;
        "audit baseline --seed") return ;;
        "audit baseline --profile") return ;;
        "audit run -m"|"audit run --model") _avow_reply "$(_avow_words models)"; return ;;
        "audit run --against") _avow_reply "$(_avow_words models)"; return ;;
        "audit run --pace") return ;;
        "audit run --seed") return ;;
        "audit run --profile") return ;;
        "audit demo --seed") return ;;
        "audit endpoint -m"|"audit endpoint --model") _avow_reply "$(_avow_words models)"; return ;;
        "audit endpoint --profile") return ;;
        "auth login --store") _avow_reply $'keyring\nfile'; return ;;
        "auth login --base-url") return ;;
        "auth login --profile") return ;;
        "auth status --base-url") return ;;
        "auth status --profile") return ;;
        "auth logout --base-url") return ;;
        "auth logout --profile") return ;;
        "config list --profile") return ;;
        "config get --profile") return ;;
        "template save -m"|"template save --model") _avow_reply "$(_avow_words models)"; return ;;
        "template save -s"|"template save --system") return ;;
        "template save --system-file") _avow_files; return ;;
        "template save --fallback") _avow_reply $'default\nnone'; _avow_reply "$(_avow_words models)"; return ;;
        "template save --fallback-by") _avow_reply $'server\nclient'; return ;;
        "template save --if-unavailable") _avow_reply "$(_avow_words models)"; return ;;
        "template save --require") _avow_reply $'strong\nweak'; return ;;
        "template save --max-tokens") return ;;
        "template save --effort") _avow_reply $'low\nmedium\nhigh\nxhigh\nmax'; return ;;
        "template save --stop") return ;;
        "template save --speed") _avow_reply $'standard\nfast'; return ;;
        "template save --cache") _avow_reply $'5m\n1h\nnone'; return ;;
        "template save -o") return ;;
        "template save --schema") _avow_files; return ;;
        "simulate serve --port") return ;;
        "simulate serve --scenario") _avow_reply "$(_avow_words scenarios)"; return ;;
    esac
    case "$at" in
        "")
            if [[ $cur == -* ]]; then
                _avow_reply $'-V\n--version\n-h\n--help\n-m\n--model\n-s\n--system\n--system-file\n-f\n--file\n--no-stdin\n-t\n--template\n-p\n--edit\n-c\n--continue\n--conversation\n--fallback\n--fallback-by\n--if-unavailable\n--accept-fallback\n--require\n--hold\n--output\n--json\n--report\n--raw\n--markdown\n-x\n--extract\n--extract-last\n--copy\n--show-thinking\n--max-tokens\n--effort\n--stop\n--speed\n--cache\n-o\n--schema\n--timeout\n--deadline\n--retries\n--no-stream\n--no-history\n-q\n--quiet\n--verbose\n--color\n--plain\n--profile\n--auth-style\n--api-version\n--header\n--count\n--dry-run\n--dry-run=curl\n--simulate'
            else
                _avow_reply $'ask\nchat\nretry\nwhy\nrun\nscan\njudge\nproxy\nmodels\ndoctor\ncompletion\nhelp\nhistory\naudit\nauth\nconfig\ntemplate\nsimulate'
            fi ;;
        "ask")
            if [[ $cur == -* ]]; then
                _avow_reply $'-m\n--model\n-s\n--system\n--system-file\n-f\n--file\n--no-stdin\n-t\n--template\n-p\n--edit\n-c\n--continue\n--conversation\n--fallback\n--fallback-by\n--if-unavailable\n--accept-fallback\n--require\n--hold\n--output\n--json\n--report\n--raw\n--markdown\n-x\n--extract\n--extract-last\n--copy\n--show-thinking\n--max-tokens\n--effort\n--stop\n--speed\n--cache\n-o\n--schema\n--timeout\n--deadline\n--retries\n--no-stream\n--no-history\n-q\n--quiet\n--verbose\n--color\n--plain\n--profile\n--auth-style\n--api-version\n--header\n--count\n--dry-run\n--dry-run=curl\n--simulate\n-h\n--help'
            fi ;;
        "chat")
            if [[ $cur == -* ]]; then
                _avow_reply $'-m\n--model\n-s\n--system\n--system-file\n-f\n--file\n-c\n--continue\n--conversation\n--fallback\n--fallback-by\n--if-unavailable\n--accept-fallback\n--require\n--output\n--json\n--raw\n--markdown\n--show-thinking\n--max-tokens\n--effort\n--stop\n--speed\n--cache\n-o\n--timeout\n--deadline\n--retries\n--no-stream\n--no-history\n-q\n--quiet\n--verbose\n--color\n--plain\n--profile\n--auth-style\n--api-version\n--header\n--simulate\n-h\n--help'
            fi ;;
        "retry")
            if [[ $cur == -* ]]; then
                _avow_reply $'-m\n--model\n--fallback\n--fallback-by\n--if-unavailable\n--accept-fallback\n--require\n--hold\n--output\n--json\n--report\n--raw\n--markdown\n--show-thinking\n--cache\n--timeout\n--deadline\n--retries\n--no-stream\n-q\n--quiet\n--verbose\n--color\n--plain\n--profile\n--simulate\n-h\n--help'
            else
                _avow_reply "$(_avow_words exchanges)"
            fi ;;
        "why")
            if [[ $cur == -* ]]; then
                _avow_reply $'--json\n--cite\n--cite=text\n--cite=markdown\n--cite=trailer\n--report\n-h\n--help'
            else
                _avow_reply "$(_avow_words exchanges)"
            fi ;;
        "run")
            if [[ $cur == -* ]]; then
                _avow_reply $'--input\n-j\n--jobs\n--repeat\n--resume\n-O\n--out\n--unordered\n--patience\n--max-cost\n--at-least\n--junit\n--summary\n--annotate\n--dry-run\n--batch\n--detach\n--cancel\n-m\n--model\n-s\n--system\n--system-file\n-f\n--file\n-t\n--template\n-p\n--fallback\n--fallback-by\n--if-unavailable\n--accept-fallback\n--require\n--hold\n--output\n--show-thinking\n--max-tokens\n--effort\n--stop\n--speed\n--cache\n-o\n--schema\n--timeout\n--deadline\n--retries\n--no-stream\n--no-history\n-q\n--quiet\n--verbose\n--color\n--plain\n--profile\n--auth-style\n--api-version\n--header\n--simulate\n-h\n--help'
            else
                _avow_files
            fi ;;
        "scan")
            if [[ $cur == -* ]]; then
                _avow_reply $'--since\n--until\n--session\n--rerouted\n--fail-on\n--json\n--jsonl\n--import\n--hook\n--statusline\n-h\n--help'
            else
                _avow_files
            fi ;;
        "judge")
            if [[ $cur == -* ]]; then
                _avow_reply $'-m\n--model\n--request\n--host\n--require\n--accept-fallback\n--json\n--keep\n-q\n--quiet\n-h\n--help'
            else
                _avow_files
            fi ;;
        "proxy")
            if [[ $cur == -* ]]; then
                _avow_reply $'--upstream\n--port\n--report\n--live\n--hold\n--accept-fallback\n--keep-text\n--no-first-party\n--no-history\n-q\n--quiet\n-h\n--help'
            fi ;;
        "models")
            if [[ $cur == -* ]]; then
                _avow_reply $'--json\n--refresh\n--profile\n-h\n--help'
            else
                _avow_reply "$(_avow_words models)"
            fi ;;
        "doctor")
            if [[ $cur == -* ]]; then
                _avow_reply $'--offline\n--json\n--profile\n-h\n--help'
            fi ;;
        "completion")
            if [[ $cur == -* ]]; then
                _avow_reply $'-h\n--help'
            else
                _avow_reply $'bash\nzsh\nfish\npowershell'
            fi ;;
        "help")
            if [[ $cur == -* ]]; then
                _avow_reply $'-h\n--help'
            else
                _avow_reply $'exit-codes\njson\nconfig\nenvironment\nhistory\nprivacy\nfallback\nclients\nscripting\naudit\ntelemetry\nask\nchat\nretry\nwhy\nrun\nscan\njudge\nproxy\nmodels\nauth\ntemplate\nsimulate\ndoctor\ncompletion\nhelp'
            fi ;;
        "history")
            if [[ $cur == -* ]]; then
                _avow_reply $'-h\n--help'
            else
                _avow_reply $'list\nshow\nsearch\npick\nstats\nexport\npush\nredact\ndelete\nrepair\npath'
            fi ;;
        "history list")
            if [[ $cur == -* ]]; then
                _avow_reply $'--rerouted\n--verdict\n--status\n--model\n--category\n--template\n--since\n--until\n--simulated\n--source\n--run\n--fail-on\n--limit\n--before\n--json\n--jsonl\n-h\n--help'
            fi ;;
        "history show")
            if [[ $cur == -* ]]; then
                _avow_reply $'--text\n--conversation\n--json\n-h\n--help'
            else
                _avow_reply "$(_avow_words exchanges)"
            fi ;;
        "history search")
            if [[ $cur == -* ]]; then
                _avow_reply $'--fts\n--best\n--rerouted\n--verdict\n--status\n--model\n--category\n--template\n--since\n--until\n--simulated\n--source\n--run\n--limit\n--before\n--json\n--jsonl\n-h\n--help'
            fi ;;
        "history pick")
            if [[ $cur == -* ]]; then
                _avow_reply $'--rerouted\n--verdict\n--status\n--model\n--category\n--template\n--since\n--until\n--simulated\n--source\n--run\n-h\n--help'
            fi ;;
        "history stats")
            if [[ $cur == -* ]]; then
                _avow_reply $'--by\n--verdict\n--status\n--model\n--category\n--template\n--since\n--until\n--simulated\n--source\n--run\n--json\n-h\n--help'
            fi ;;
        "history export")
            if [[ $cur == -* ]]; then
                _avow_reply $'--format\n--guard\n--no-text\n--since-last\n--rerouted\n--verdict\n--status\n--model\n--category\n--template\n--since\n--until\n--simulated\n--source\n--run\n-h\n--help'
            fi ;;
        "history push")
            if [[ $cur == -* ]]; then
                _avow_reply $'--since\n--follow\n--dry-run\n-h\n--help'
            fi ;;
        "history redact")
            if [[ $cur == -* ]]; then
                _avow_reply $'--search\n--older-than\n--rerouted\n--verdict\n--status\n--model\n--category\n--template\n--since\n--until\n--simulated\n--source\n--run\n--yes\n-y\n-h\n--help'
            else
                _avow_reply "$(_avow_words exchanges)"
            fi ;;
        "history delete")
            if [[ $cur == -* ]]; then
                _avow_reply $'--search\n--older-than\n--rerouted\n--verdict\n--status\n--model\n--category\n--template\n--since\n--until\n--simulated\n--source\n--run\n--yes\n-y\n-h\n--help'
            else
                _avow_reply "$(_avow_words exchanges)"
            fi ;;
        "history repair")
            if [[ $cur == -* ]]; then
                _avow_reply $'--yes\n-y\n-h\n--help'
            fi ;;
        "history path")
            if [[ $cur == -* ]]; then
                _avow_reply $'-h\n--help'
            fi ;;
        "audit")
            if [[ $cur == -* ]]; then
                _avow_reply $'-h\n--help'
            else
                _avow_reply $'baseline\nrun\nlist\nshow\nverify\ndemo\nendpoint'
            fi ;;
        "audit baseline")
            if [[ $cur == -* ]]; then
                _avow_reply $'-m\n--model\n--looks\n--cards\n--all-now\n--pace\n--seed\n--yes\n-y\n--json\n--profile\n-q\n--quiet\n-h\n--help'
            fi ;;
        "audit run")
            if [[ $cur == -* ]]; then
                _avow_reply $'-m\n--model\n--against\n--pace\n--seed\n--yes\n-y\n--json\n--profile\n-q\n--quiet\n-h\n--help'
            fi ;;
        "audit list")
            if [[ $cur == -* ]]; then
                _avow_reply $'--json\n-h\n--help'
            fi ;;
        "audit show")
            if [[ $cur == -* ]]; then
                _avow_reply $'--record\n-h\n--help'
            fi ;;
        "audit verify")
            if [[ $cur == -* ]]; then
                _avow_reply $'--json\n-h\n--help'
            else
                _avow_files
            fi ;;
        "audit demo")
            if [[ $cur == -* ]]; then
                _avow_reply $'--seed\n-h\n--help'
            fi ;;
        "audit endpoint")
            if [[ $cur == -* ]]; then
                _avow_reply $'-m\n--model\n--yes\n-y\n--json\n--profile\n-q\n--quiet\n-h\n--help'
            fi ;;
        "auth")
            if [[ $cur == -* ]]; then
                _avow_reply $'-h\n--help'
            else
                _avow_reply $'login\nstatus\nlogout'
            fi ;;
        "auth login")
            if [[ $cur == -* ]]; then
                _avow_reply $'--store\n--no-check\n--base-url\n--profile\n-h\n--help'
            fi ;;
        "auth status")
            if [[ $cur == -* ]]; then
                _avow_reply $'--check\n--json\n--base-url\n--profile\n-h\n--help'
            fi ;;
        "auth logout")
            if [[ $cur == -* ]]; then
                _avow_reply $'--base-url\n--profile\n-h\n--help'
            fi ;;
        "config")
            if [[ $cur == -* ]]; then
                _avow_reply $'-h\n--help'
            else
                _avow_reply $'list\nget\nset\nunset\npath\nedit'
            fi ;;
        "config list")
            if [[ $cur == -* ]]; then
                _avow_reply $'--json\n--profile\n-h\n--help'
            fi ;;
        "config get")
            if [[ $cur == -* ]]; then
                _avow_reply $'--json\n--profile\n-h\n--help'
            else
                _avow_reply $'model\nsystem\nsystem_file\nstdin\nfallback\nfallback_by\nif_unavailable\naccept_fallback\nrequire\nhold\noutput\nreport\nraw\nmarkdown\nextract\nshow_thinking\nmax_tokens\neffort\nstop\nspeed\ncache\noptions\nschema\ntimeout\ndeadline\nretries\nstream\nhistory.enabled\nhistory.content\nhistory.attachments\nhistory.keep_days\ntelemetry.push\ntelemetry.endpoint\ntelemetry.headers\nquiet\nverbose\ncolor\nplain\nprofile\nbase_url\nauth_style\napi_version\nheaders\napi_key_command\nkeyring.enabled\non_reroute\non_reroute_timeout\naliases\nprices\nsame_models\noverrides'
            fi ;;
        "config set")
            if [[ $cur == -* ]]; then
                _avow_reply $'-h\n--help'
            else
                _avow_reply $'model\nsystem\nsystem_file\nstdin\nfallback\nfallback_by\nif_unavailable\naccept_fallback\nrequire\nhold\noutput\nreport\nraw\nmarkdown\nextract\nshow_thinking\nmax_tokens\neffort\nstop\nspeed\ncache\noptions\nschema\ntimeout\ndeadline\nretries\nstream\nhistory.enabled\nhistory.content\nhistory.attachments\nhistory.keep_days\ntelemetry.push\ntelemetry.endpoint\ntelemetry.headers\nquiet\nverbose\ncolor\nplain\nprofile\nbase_url\nauth_style\napi_version\nheaders\napi_key_command\nkeyring.enabled\non_reroute\non_reroute_timeout\naliases\nprices\nsame_models\noverrides'
            fi ;;
        "config unset")
            if [[ $cur == -* ]]; then
                _avow_reply $'-h\n--help'
            else
                _avow_reply $'model\nsystem\nsystem_file\nstdin\nfallback\nfallback_by\nif_unavailable\naccept_fallback\nrequire\nhold\noutput\nreport\nraw\nmarkdown\nextract\nshow_thinking\nmax_tokens\neffort\nstop\nspeed\ncache\noptions\nschema\ntimeout\ndeadline\nretries\nstream\nhistory.enabled\nhistory.content\nhistory.attachments\nhistory.keep_days\ntelemetry.push\ntelemetry.endpoint\ntelemetry.headers\nquiet\nverbose\ncolor\nplain\nprofile\nbase_url\nauth_style\napi_version\nheaders\napi_key_command\nkeyring.enabled\non_reroute\non_reroute_timeout\naliases\nprices\nsame_models\noverrides'
            fi ;;
        "config path")
            if [[ $cur == -* ]]; then
                _avow_reply $'-h\n--help'
            fi ;;
        "config edit")
            if [[ $cur == -* ]]; then
                _avow_reply $'-h\n--help'
            fi ;;
        "template")
            if [[ $cur == -* ]]; then
                _avow_reply $'-h\n--help'
            else
                _avow_reply $'list\nshow\nsave\ndelete'
            fi ;;
        "template list")
            if [[ $cur == -* ]]; then
                _avow_reply $'--json\n-h\n--help'
            fi ;;
        "template show")
            if [[ $cur == -* ]]; then
                _avow_reply $'-h\n--help'
            else
                _avow_reply "$(_avow_words templates)"
            fi ;;
        "template save")
            if [[ $cur == -* ]]; then
                _avow_reply $'-m\n--model\n-s\n--system\n--system-file\n--fallback\n--fallback-by\n--if-unavailable\n--accept-fallback\n--require\n--hold\n--raw\n--markdown\n-x\n--extract\n--extract-last\n--show-thinking\n--max-tokens\n--effort\n--stop\n--speed\n--cache\n-o\n--schema\n--no-stream\n--force\n-h\n--help'
            fi ;;
        "template delete")
            if [[ $cur == -* ]]; then
                _avow_reply $'-h\n--help'
            else
                _avow_reply "$(_avow_words templates)"
            fi ;;
        "simulate")
            if [[ $cur == -* ]]; then
                _avow_reply $'-h\n--help'
            else
                _avow_reply $'list\nserve'
            fi ;;
        "simulate list")
            if [[ $cur == -* ]]; then
                _avow_reply $'-h\n--help'
            fi ;;
        "simulate serve")
            if [[ $cur == -* ]]; then
                _avow_reply $'--port\n--scenario\n-h\n--help'
            fi ;;
    esac
}

complete -F _avow avow
