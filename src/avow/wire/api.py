"""The Messages API itself: its address, and the names of its models."""

API_HOST = "api.anthropic.com"
API_URL = f"https://{API_HOST}"

CLAUDE = "claude-"
"""What the names of its models begin with."""
