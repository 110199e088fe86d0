"""One short question to the real API, where the environment holds a key for it."""

import os
from pathlib import Path

import pytest

from tests.running import run

KEY = os.environ.get("LIVE_ANTHROPIC_API_KEY", "")  # a name of its own: nobody pays for tests by accident


@pytest.mark.skipif(not KEY, reason="LIVE_ANTHROPIC_API_KEY is not set: the real API is not asked")
def test_the_real_api_answers_as_requested(home: Path) -> None:
    arguments = ("-m", "haiku", "--max-tokens", "200", "--json", "Say hello in one word.")
    ran = run(home, *arguments, ANTHROPIC_API_KEY=KEY)
    assert ran.status == 0, ran.err
    assert ran.json["verdict"] == "as_requested"
    assert ran.json["text"].strip()
    assert KEY.encode() not in ran.out + ran.err
