"""An example or two for each command, shown at the end of its help page and in the man page."""

EXAMPLES: dict[tuple[str, ...], tuple[tuple[str, str], ...]] = {
    ("ask",): (
        ('avow "why is the sky blue"', "`ask` may be left out"),
        ('git diff | avow "review this"', "what is piped in is sent too"),
        ('avow -f shot.png -f log.txt "what went wrong?"', "and so are files"),
        ('avow --cache 5m -f report.pdf "what is new?"', "more questions about it cost less"),
        ('avow --hold "name three colours" > answer.txt', "the answer only if the requested model wrote it"),
        ('avow --json "name three colours"', "the answer and all facts about it, as an object"),
        ('avow --simulate fallback "hello"', "try it without a key"),
    ),
    ("chat",): (
        ("avow chat", "talk; Ctrl-D ends it"),
        ("avow chat -c", "continue the last conversation"),
    ),
    ("retry",): (
        ("avow retry", "the last question again"),
        ("avow retry 12 -m opus", "ask exchange 12 again, of another model"),
    ),
    ("run",): (
        ("avow run prompts.txt", "each line is a prompt; a terminal shows a line for each"),
        ("avow run suite.toml --at-least 95%", "fails if fewer were as requested"),
        ("avow run items.jsonl --resume -O answers.jsonl", "continue after Ctrl-C or a crash"),
        ("avow run items.jsonl --dry-run", "how many tokens, at what price"),
        ("avow run items.jsonl --batch", "at half the price, done within a day; --resume collects"),
    ),
    ("why",): (
        ("avow why", "the last answer"),
        ("avow why 12 --json", "exchange 12, as an object"),
    ),
    ("history",): (
        ("avow history list --rerouted --since 7d", "who else answered this week"),
        ("avow history search rebase", "what was said about it"),
        ("avow history stats --by week", "how often, and what it cost"),
    ),
    ("history", "list"): (
        ("avow history list --rerouted", "answers by another model"),
        ("avow history list --since 7d --jsonl", "this week's, for a script"),
    ),
    ("history", "pick"): (
        ("avow history pick", "the newest; what is typed narrows them"),
        ("avow history pick rebase --rerouted", "answers by another model about that"),
    ),
    ("history", "export"): (("avow history export --format csv > history.csv", "for a spreadsheet"),),
    ("history", "delete"): (("avow history delete --older-than 90d", "what is older than 90 days"),),
    ("scan",): (
        ("avow scan", "where Claude Code and llm keep their records"),
        ("avow scan ~/backup/projects --json", "records kept elsewhere"),
    ),
    ("proxy",): (
        ("avow proxy -- claude", "Claude Code, with a summary at its end"),
        ("avow proxy --report report.json -- python script.py", "a script, and the result as JSON"),
        ("avow proxy", "an address for ANTHROPIC_BASE_URL, until Ctrl-C"),
    ),
    ("audit",): (
        ("avow audit baseline -m fable", "twenty replies; again on two other days"),
        ("avow audit run --against opus", "later: has anything changed?"),
        ("avow audit demo", "see it work, without a key"),
    ),
    ("audit", "baseline"): (
        ("avow audit baseline work -m fable", "the first twenty replies of an audit named work"),
        ("avow audit baseline work --all-now --yes", "all sixty in one sitting"),
    ),
    ("audit", "run"): (
        ("avow audit run", "one look"),
        ("avow audit run work --against claude-opus-4-8 --json", "compared with a named model, as an object"),
    ),
    ("audit", "verify"): (
        ("avow audit show --record > audit.json && avow audit verify audit.json", "compute it again"),
    ),
    ("models",): (
        ("avow models", "what the key can use"),
        ("avow models opus", "all that is known of one model"),
    ),
    ("auth",): (
        ("avow auth login", "type the key; it is not shown"),
        ("avow auth status --check", "which key is used, and whether the API accepts it"),
    ),
    ("auth", "login"): (
        ("avow auth login", "type the key; it is not shown"),
        ("pass show anthropic | avow auth login", "or pipe it in"),
    ),
    ("config",): (
        ("avow config list", "every setting, and where it comes from"),
        ("avow config set model opus", "another default model"),
        ("avow config set aliases.best claude-fable-5-2", "a name of your own"),
    ),
    ("template",): (
        ("avow template save tr 'Translate to $language:'", "save a prompt"),
        ('echo "good day" | avow -t tr -p language=French', "use it"),
    ),
    ("simulate",): (
        ("avow simulate list", "what it can play"),
        ("avow simulate serve --scenario handover", "as a server, for any client"),
    ),
    ("doctor",): (
        ("avow doctor", "what works and what does not"),
        ("avow doctor --offline --json", "without asking the API, as an object"),
    ),
    ("completion",): (
        ("source <(avow completion bash)", "in ~/.bashrc"),
        ("avow completion zsh > ~/.zfunc/_avow", "a folder in your fpath"),
        ("avow completion fish > ~/.config/fish/completions/avow.fish", "fish"),
        ("avow completion powershell | Out-String | iex", "in $PROFILE"),
    ),
    ("help",): (
        ("avow help exit-codes", "every exit status"),
        ("avow help scripting", "avow in shell scripts"),
        ("avow help history pick", "the options of a command"),
    ),
}
