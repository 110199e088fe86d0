"""The exchange: one question, the attempts to have it answered, and what came back."""
