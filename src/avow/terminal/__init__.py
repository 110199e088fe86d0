"""The terminal: who writes where, in which form, and what text from outside is spared it."""
