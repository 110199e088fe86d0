"""What the API's own host gets, from every command that asks it: the headers must be those of the credential."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from avow.commands import COMMANDS
from avow.simulator.server import RecordedRequest
from avow.wire.request import CURRENT_VERSION, OAUTH_BETA
from tests.api_host import HOST, ApiHost
from tests.conftest import CANARY
from tests.in_part import in_part
from tests.running import run
from tests.shown import as_curl, as_http

TOKEN = "oauth-CANARY-0000000000"
ASKING: dict[str, tuple[tuple[str, ...], bytes | None]] = {
    "ask": (("hi",), None),
    "ask, whole": (("--no-stream", "hi"), None),
    "ask, avow falls back": (("--fallback-by", "client", "hi"), None),
    "ask, count": (("--count", "hi"), None),
    "chat": (("chat",), b"hi\n"),
    "retry": (("retry", "1"), None),
    "run": (("run",), b'"hi"\n"ho"\n'),
    "models": (("models", "--refresh"), None),
    "models, one": (("models", "opus", "--refresh"), None),
    "doctor": (("doctor",), None),
    "audit, endpoint": (("audit", "endpoint", "--yes"), None),
    "audit": (("audit", "baseline", "--pace", "0", "--yes"), None),
    "auth, status": (("auth", "status", "--check"), None),
    "auth, login": (("auth", "login", "--store", "file"), TOKEN.encode()),
}
"""Arguments and stdin, by command."""
NOT_ASKING = {"why", "history", "scan", "proxy", "config", "template", "simulate", "completion", "help", "judge"}
ENVIRONS: dict[str, tuple[dict[str, str], str | None]] = {
    "a token": ({"ANTHROPIC_AUTH_TOKEN": TOKEN}, OAUTH_BETA),
    "a token from a command, sent as bearer": (
        {"AVOW_API_KEY_COMMAND": f"echo {TOKEN}", "AVOW_AUTH_STYLE": "bearer"},
        OAUTH_BETA,
    ),
    "a key": ({"ANTHROPIC_API_KEY": CANARY}, None),
    "a key, sent as bearer": ({"ANTHROPIC_API_KEY": CANARY, "AVOW_AUTH_STYLE": "bearer"}, None),
}
"""The environment, and the beta that goes with the credential in it."""


def test_every_command_is_looked_at() -> None:
    """A command that asks the API needs a row in ASKING."""
    assert {name.partition(",")[0] for name in ASKING} | NOT_ASKING == set(COMMANDS)


def betas(request: RecordedRequest) -> list[str]:
    return (request.header("anthropic-beta") or "").split(",")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.mark.parametrize("name", in_part({name: name for name in ASKING}, ASKING.keys() - {"audit"}))
def test_a_token_goes_with_its_beta(name: str, certificates: Path, home: Path) -> None:
    arguments, stdin = ASKING[name]
    with ApiHost(certificates) as api:
        environ: Any = {**api.environ, "ANTHROPIC_AUTH_TOKEN": TOKEN}
        if name == "retry":
            run(home, "--simulate", "requested", "hi")
        if name == "auth, login":
            environ = {**api.environ, "AVOW_AUTH_STYLE": "bearer"}
        ran = run(home, *arguments, stdin=stdin, **environ)
        requests = list(api.requests)
    assert ran.status == 0, ran.err
    assert requests
    for request in requests:
        assert OAUTH_BETA in betas(request), (request.method, request.path)
        assert request.header("authorization") == f"Bearer {TOKEN}"
        assert request.header("x-api-key") is None
        assert request.header("host") == HOST
        assert request.header("anthropic-version") == CURRENT_VERSION


@pytest.mark.parametrize(("form", "read"), [("--dry-run", as_http), ("--dry-run=curl", as_curl)], ids=["http", "curl"])
@pytest.mark.parametrize("name", ENVIRONS)
def test_the_dry_run_has_the_headers_of_the_credential(
    name: str, form: str, read: Callable[[str], tuple[dict[str, str], bytes]], certificates: Path, home: Path
) -> None:
    more, beta = ENVIRONS[name]
    with ApiHost(certificates) as api:
        environ: Any = {**api.environ, **more}
        shown, body = read(run(home, form, "hi", **environ).out.decode())
        assert api.requests == []
        assert run(home, "hi", **environ).status == 0
        (request,) = api.requests
    for header, value in shown.items():
        sent = request.header(header)
        assert sent is not None
        assert sent == value or header in ("authorization", "x-api-key")
    assert (beta in betas(request)) is (beta is not None)
    assert ("x-api-key" in shown) is (request.header("x-api-key") is not None)
    assert ("anthropic-beta" in shown) is (request.header("anthropic-beta") is not None)
    assert body == request.body


def test_a_dry_run_without_any_credential_masks_the_one_that_may_come(home: Path) -> None:
    for style, header in (("x-api-key", "x-api-key"), ("bearer", "authorization")):
        ran = run(home, "--dry-run", "hi", AVOW_AUTH_STYLE=style)
        assert ran.status == 0
        assert as_http(ran.out.decode())[0][header].endswith("•••")


def test_a_dry_run_runs_no_key_command_where_no_header_depends_on_it(home: Path, tmp_path: Path) -> None:
    touched = tmp_path / "ran"
    ran = run(home, "--dry-run", "hi", AVOW_API_KEY_COMMAND=f"touch {touched}")
    assert ran.status == 0
    assert not touched.exists()
