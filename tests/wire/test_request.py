"""A request as a value: address, headers, body, betas."""

import pytest

from avow.wire.request import (
    CREDIT_BETA,
    FALLBACK_BETA,
    FAST_BETA,
    OLD_VERSION,
    Endpoint,
    Request,
    betas_for,
    headers_in,
    messages_body,
    secret_values,
)
from tests.streams import ASKED, Json, fallback, text

USER = [{"role": "user", "content": "hi"}]


def headers(request: Request) -> dict[str, str]:
    found = dict(request.headers)
    assert len(found) == len(request.headers), "a header is sent twice"
    return found


def body(**more: object) -> Json:
    return messages_body(ASKED, USER, {"max_tokens": 9, **more}, stream=True)


def test_a_streamed_request() -> None:
    request = Endpoint("https://api.anthropic.com/", user_agent="avow/1").request("POST", "/v1/messages", body())
    assert request.url == "https://api.anthropic.com/v1/messages"
    assert request.streamed
    assert headers(request) == {
        "anthropic-version": "2026-10-21",
        "user-agent": "avow/1",
        "accept": "text/event-stream",
        "accept-encoding": "identity",
        "content-type": "application/json",
    }


def test_a_whole_request_may_be_compressed_and_a_get_has_no_type() -> None:
    endpoint = Endpoint("https://gateway.example/anthropic", OLD_VERSION)
    whole = endpoint.request("POST", "/v1/messages", messages_body(ASKED, USER, {}, stream=False))
    assert "accept-encoding" not in headers(whole)
    assert headers(whole)["accept"] == "application/json"
    assert headers(whole)["anthropic-version"] == "2023-06-01"
    listing = endpoint.request("GET", "/v1/models")
    assert listing.url == "https://gateway.example/anthropic/v1/models"
    assert "content-type" not in headers(listing)


def test_the_users_headers_never_replace_what_the_protocol_needs() -> None:
    own = (
        ("X-Team", "blue"),
        ("Anthropic-Version", "1999-01-01"),
        ("Content-Length", "7"),
        ("Transfer-Encoding", "chunked"),
        ("Accept", "text/html"),
        ("User-Agent", "mine"),
        ("anthropic-beta", "mine-1, server-side-fallback-2026-07-01"),
    )
    endpoint = Endpoint("https://x.example", headers=own, betas=("always-1",))
    request = endpoint.request("POST", "/v1/messages", body(fallbacks="default"), [FALLBACK_BETA])
    found = headers(request)
    assert found["X-Team"] == "blue"
    assert found["User-Agent"] == "mine"
    assert found["anthropic-version"] == "2026-10-21"
    assert found["anthropic-beta"] == "always-1,server-side-fallback-2026-07-01,mine-1"
    assert not {"Content-Length", "Transfer-Encoding", "Accept", "user-agent"} & set(found)
    assert request.hidden == {"x-team", "user-agent"}


def test_no_repr_shows_a_header_of_the_users_own_or_the_prompt() -> None:
    endpoint = Endpoint("https://x.example", headers=(("x-secret", "CANARY"),))
    request = endpoint.request("POST", "/v1/messages", body(system="PROMPT"))
    assert ("x-secret", "CANARY") in request.headers
    assert "CANARY" not in repr(endpoint) + repr(request)
    assert "PROMPT" not in repr(request)


EDITED: list[Json] = [{"role": "assistant", "content": [fallback(), text("x")]}, *USER]


@pytest.mark.parametrize(
    ("value", "credit", "betas"),
    [
        pytest.param(body(), False, [], id="nothing special"),
        pytest.param(body(fallbacks="default"), False, [FALLBACK_BETA], id="fallbacks"),
        pytest.param(
            messages_body(ASKED, EDITED, {}, stream=True), False, [FALLBACK_BETA], id="a fallback block sent back"
        ),
        pytest.param(body(), True, [CREDIT_BETA], id="credit"),
        pytest.param(body(speed="fast"), False, [], id="fast where no beta is needed"),
        pytest.param({**body(speed="fast"), "model": "claude-opus-5"}, False, [FAST_BETA], id="fast"),
        pytest.param({**body(speed="standard"), "model": "claude-opus-5"}, False, [], id="standard speed"),
    ],
)
def test_betas(value: Json, credit: bool, betas: list[str]) -> None:
    assert betas_for(value, credit=credit) == betas


def test_the_body_of_a_count_has_only_what_counts() -> None:
    full = body(system="s", stop_sequences=["x"], metadata={}, thinking={"type": "adaptive"}, fallbacks="default")
    request = Endpoint("https://x").count_tokens(full)
    assert (request.method, request.url) == ("POST", "https://x/v1/messages/count_tokens")
    assert request.body == {"model": ASKED, "messages": USER, "system": "s", "thinking": {"type": "adaptive"}}
    assert "anthropic-beta" not in headers(request)


def test_the_content_is_the_body_as_json_without_blanks() -> None:
    request = Endpoint("https://x").messages({"model": "m", "messages": [], "system": "ü"}, credit=True)
    assert request.content == '{"model":"m","messages":[],"system":"ü"}'.encode()
    assert (request.url, headers(request)["anthropic-beta"]) == ("https://x/v1/messages", CREDIT_BETA)
    assert Endpoint("https://x").request("GET", "/v1/models").content == b""


def test_no_repr_shows_a_header_of_the_users_own() -> None:
    endpoint = Endpoint("https://x", headers=(("x-team", "s3cret"),))
    assert "s3cret" not in repr(endpoint) + str(endpoint) + repr(endpoint.messages({"messages": []}))


def test_only_a_stream_is_asked_for_as_one() -> None:
    assert body()["stream"] is True
    assert "stream" not in messages_body(ASKED, USER, {}, stream=False)


@pytest.mark.parametrize("end", ["/v1", "/v1/", "/v1/messages"])
def test_a_base_url_that_ends_in_the_apis_own_path_is_told(end: str) -> None:
    doubled = Endpoint(f"http://gateway{end}").doubled_words("/v1/messages") or ""
    assert doubled.endswith("did you mean http://gateway?")
    assert Endpoint("http://gateway/v2").doubled_words("/v1/messages") is None


@pytest.mark.parametrize(
    ("name", "value", "own", "others"),
    [
        ("X-Team-Key", "abcdefgh", True, True),
        ("cf-access-client-secret", "a1b2c3d4", True, True),
        ("Authorization", "Basic YTpiYmJiYmI=", True, True),
        ("X-Route", "eu-west-9c1", True, False),
        ("X-Env", "production", False, False),
        ("anthropic-beta", "context-1m-2025-08-07", False, False),
        ("HTTP-Referer", "https://example.org", False, False),
    ],
)
def test_which_headers_hold_secrets(name: str, value: str, own: bool, others: bool) -> None:
    assert (value in secret_values([(name, value)])) is own
    assert (value in secret_values([(name, value)], own=False)) is others
    if " " in value:
        assert value.split()[1] in secret_values([(name, value)]), "the value without its scheme too"


def test_headers_in_the_lines_of_a_text() -> None:
    lines = "X-Team: a:b\n\nno colon\n : nameless\nX-Empty:\n"
    assert headers_in(lines) == (("X-Team", "a:b"), ("X-Empty", ""))
