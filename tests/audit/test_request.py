"""What an audit sends: nothing of the settings of `ask` shapes it."""

from pathlib import Path

import pytest

from avow.audit.request import check_named, conditions_of, request_for, settings_for
from avow.context import Context, from_process
from avow.errors import UsageError

EFFORT = {"output_config": {"effort": "low"}}
THINKING = {"thinking": {"type": "adaptive"}}
BARE = {"max_tokens": 1024, "stream": True}


@pytest.fixture
def context(home: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-api03-x")
    (home / "config").mkdir()
    return from_process()


@pytest.mark.parametrize(
    ("model", "more"),
    [
        ("claude-fable-5-2", {**THINKING, **EFFORT}),
        ("claude-opus-4-8", {**THINKING, **EFFORT}),
        ("claude-opus-4-5", EFFORT),
        ("claude-haiku-4-5", {}),
        ("my-private-model", {}),
    ],
)
def test_the_body_is_what_the_model_takes(model: str, more: dict[str, object]) -> None:
    assert request_for(model) == {**BARE, **more}


def test_config_of_ask_does_not_reach_it(home: Path, context: Context) -> None:
    (home / "config" / "config.toml").write_text(
        'system = "Be brief."\nfallback = "default"\neffort = "max"\nmax_tokens = 7\nstop = ["x"]\nspeed = "fast"\n'
        'on_reroute = ["touch", "ran"]\nretries = 5\noptions = {temperature = 0.5}\n'
        'if_unavailable = ["claude-opus-4-8"]\n'
    )
    settings = settings_for(context.settings(), "claude-fable-5-2", request_for("claude-fable-5-2"))
    assert settings.text("system") is None
    assert settings.words_or_text("fallback") == "none"
    assert settings.words("if_unavailable") == ()
    assert (settings.text("effort"), settings.integer("max_tokens"), settings.text("speed")) == ("low", 1024, None)
    assert settings.words("stop") == ()
    assert settings.words("on_reroute") == ()
    assert settings.table("options") == THINKING
    assert settings.integer("retries") == 5


def test_conditions_are_those_of_the_request(monkeypatch: pytest.MonkeyPatch, context: Context) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://gateway.example/v/")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "anthropic-beta: b-2026, a-2026")
    found = conditions_of("claude-opus-4-8", context.settings(), context)
    assert (found.model, found.base_url) == ("claude-opus-4-8", "https://gateway.example/v")
    assert (found.api_version, found.betas) == ("2023-06-01", ("a-2026", "b-2026"))
    assert found.request == request_for("claude-opus-4-8")


def test_conditions_need_no_key(monkeypatch: pytest.MonkeyPatch, context: Context) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    assert conditions_of("claude-opus-4-8", context.settings(), context).betas == ()


def test_a_model_that_does_not_take_the_request_cannot_be_held_against() -> None:
    request = request_for("claude-fable-5-2")
    check_named("claude-opus-4-8", "claude-fable-5-2", request)
    check_named("my-private-model", "claude-fable-5-2", request)
    with pytest.raises(UsageError, match="does not take adaptive thinking or effort low"):
        check_named("claude-haiku-4-5", "claude-fable-5-2", request)
    with pytest.raises(UsageError, match="this is the model under audit"):
        check_named("claude-fable-5-2", "claude-fable-5-2", request)
