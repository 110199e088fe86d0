"""The terminal: who writes where, in which form, and how text from outside is made harmless."""
