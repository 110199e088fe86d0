"""`avow audit demo`: the honest simulator passes, the swapped one fails, with no key and nothing sent elsewhere."""

import resource
from pathlib import Path

import pytest

from tests.running import in_pty, rows, run


def test_the_first_passes_and_the_second_fails(home: Path) -> None:
    """The proxy would refuse whatever left this machine; there is no key to be found, and settings for a gateway do not
    reach it. A seed repeats the replies too: with others, once in a hundred times a look finds what is not there."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = run(
        home,
        "audit",
        "demo",
        "--seed",
        "3",
        HTTPS_PROXY="http://127.0.0.1:1",
        HTTP_PROXY="http://127.0.0.1:1",
        ANTHROPIC_BASE_URL="http://127.0.0.1:1",
        ANTHROPIC_CUSTOM_HEADERS="anthropic-beta: no-such-beta",
        AVOW_API_VERSION="1999-01-01",
        AVOW_AUTH_STYLE="bearer",
        AVOW_TEST_FRESH="1",
        timeout=110,
    )
    text = ran.out.decode()
    assert (ran.status, ran.err) == (0, b"")
    honest, swapped = text.split("The swapped simulator")
    assert "No difference found (p=.62, " in honest
    assert "Replies differ from your baseline" in swapped
    assert "honest: as it should be" in text
    assert "swapped: as it should be" in text
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Seconds of work, not of waiting for the other tests: it waits for nothing itself.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 30
    assert rows(home) == []
    assert not (home / "data" / "audits").exists()


@pytest.mark.slow
def test_a_narrow_terminal(home: Path) -> None:
    pty = in_pty(home, "audit", "demo", "--seed", "1", size=(30, 50))
    assert pty.end() == 0
    assert all(len(line) <= 50 for line in pty.text.splitlines())
