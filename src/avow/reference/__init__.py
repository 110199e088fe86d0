"""The command tree as people and shells read it: help pages, the man page and completions; pure texts."""
