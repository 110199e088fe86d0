"""Responses kept as files, and what the official SDK reads from them."""
