"""From what was typed to a finished exchange that is kept: what `ask`, `chat` and `retry` have in common."""
