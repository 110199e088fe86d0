"""Reads what other clients left on this machine: past answers, and which model wrote them. Files are only read."""
