import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.scan.choices import chosen, is_command


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("Set model to claude-fable-5", (True, "claude-fable-5")),
        ("Set model to claude-fable-5[1m]", (True, "claude-fable-5[1m]")),
        (
            "Set model to us.anthropic.claude-opus-4-5-20251101-v1:0",
            (True, "us.anthropic.claude-opus-4-5-20251101-v1:0"),
        ),
        ("Set model to Opus 4.6 (1M context)", (True, "claude-opus-4-6")),
        ("Set model to Sonnet 5", (True, "claude-sonnet-5")),
        ("Set model to \x1b[1mSonnet 4.6 (default)\x1b[22m", (True, "claude-sonnet-4-6")),
        ("Set model to Fable 5 · Most capable", (True, "claude-fable-5")),
        ("Set model to opus", (True, "opus")),
        ("Set model to opusplan", (True, "opusplan")),
        ("Set model to Default (recommended)", (True, None)),
        ("Set model to default", (True, None)),
        ("Set model to (something new)", (True, None)),
        ("Kept model as Opus 4.6", (False, None)),
        ("", (False, None)),
    ],
)
def test_chosen(printed: str, expected: tuple[bool, str | None]) -> None:
    assert chosen(f"<local-command-stdout>{printed}</local-command-stdout>") == expected


def test_only_the_commands_own_output_counts() -> None:
    assert chosen("as in <local-command-stdout>Set model to opus</local-command-stdout>") == (False, None)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<command-name>/model</command-name>", True),
        ("\n<local-command-stdout>x", True),
        ("<bash-input>ls</bash-input>", True),
        ("what is <command-name>?", False),
        ("<b>bold</b>", False),
    ],
)
def test_is_command(content: str, expected: bool) -> None:
    assert is_command(content) is expected


@given(st.text())
def test_no_text_raises(content: str) -> None:
    is_set, model = chosen(f"<local-command-stdout>Set model to x{content}")
    assert is_set
    assert model is None or model.startswith("x")
