"""The official SDK as a client of a server on loopback."""

from functools import cache
from typing import Any

import anthropic

KEY = "sk-ant-test"


@cache
def _http() -> anthropic.DefaultHttpxClient:
    return anthropic.DefaultHttpxClient()


def client(base_url: str, *, api_key: str = KEY, **more: Any) -> anthropic.Anthropic:
    """One that asks once. All share an HTTP client: each of their own would read all certificates first (50 ms)."""
    return anthropic.Anthropic(base_url=base_url, api_key=api_key, max_retries=0, http_client=_http(), **more)
