"""What the commands of an audit begin with."""

from pathlib import Path

from avow.commands.audit.starting import model_of, seed_of, store_of
from avow.context import from_process


def test_the_model_is_that_of_the_line_or_of_the_config(home: Path) -> None:
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text('model = "best"\naliases = {best = "claude-opus-5"}\n')
    settings = from_process().settings()
    assert model_of(settings, None) == "claude-opus-5"
    assert model_of(settings, "fable") == "claude-fable-5-2"
    assert model_of(settings, "my-model") == "my-model"


def test_a_seed_is_given_or_new() -> None:
    assert seed_of(7) == 7
    assert len({seed_of(None) for _ in range(5)}) == 5
    assert all(0 <= seed_of(None) < 2**53 for _ in range(5))


def test_audits_are_beside_the_history(home: Path) -> None:
    assert store_of(from_process()).folder == home / "data" / "audits"
