"""A real LiteLLM proxy between the program and the simulator: what its own tests of gateways only play."""

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from socket import create_server
from typing import NamedTuple

import pytest

from avow.simulator.server import Simulator
from tests.canary import CANARY
from tests.clients import installed
from tests.running import Ran, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PACKAGE = "litellm[proxy]==1.108.7"
ASKED, OTHER, FALLING, REFUSING = "claude-fable-5-2", "claude-opus-4-8", "claude-opus-5", "claude-sonnet-5-5"
FORMS = pytest.mark.parametrize("form", [(), ("--no-stream",)], ids=["streamed", "whole"])
START_S = 150
_MODEL = """
  - model_name: {name}
    litellm_params: {{model: anthropic/{name}, api_base: "{url}", api_key: sk-ant-upstream}}"""
_CONFIG = """model_list:{models}
general_settings: {{master_key: "{key}"}}
router_settings: {{num_retries: 0, disable_cooldowns: true, fallbacks: [{{"{falling}": ["{other}"]}}]}}
litellm_settings: {{num_retries: 0, telemetry: false}}
"""


class Between(NamedTuple):
    """The proxy's address, the simulators behind it: that of most models, and that of the one with a fallback."""

    url: str
    api: Simulator
    broken: Simulator


def _program() -> Path:
    python = installed.litellm()
    if python is None or not (program := Path(python).with_name("litellm")).exists():
        pytest.skip(f"needs {PACKAGE} (AVOW_TEST_CLIENTS, LITELLM_VENV)")
    return program


@contextmanager
def _proxy(program: Path, folder: Path, config: str) -> Iterator[str]:
    with closing(create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    (folder / "config.yaml").write_text(config)
    quiet = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "DISABLE_ADMIN_UI": "True", "NO_PROXY": "*"}
    command = [str(program), "--config", str(folder / "config.yaml"), "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **quiet}, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/health/liveliness", timeout=2).close()
        except (OSError, urllib.error.URLError):
            time.sleep(0.2)
        else:
            return
    pytest.skip("LiteLLM does not start here")


@pytest.fixture(scope="module")
def between(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Between]:
    folder = tmp_path_factory.mktemp("litellm")
    program = _program()
    with Simulator() as api, Simulator("overloaded") as broken:
        models = "".join(
            _MODEL.format(name=name, url=broken.base_url if name == FALLING else api.base_url)
            for name in (ASKED, OTHER, FALLING, REFUSING)
        )
        config = _CONFIG.format(models=models, key=CANARY, falling=FALLING, other=OTHER)
        with _proxy(program, folder, config) as url:
            yield Between(url, api, broken)


def ask(between: Between, home: Path, *options: str) -> Ran:
    return run(home, *options, "--json", "hello", base_url=between.url, AVOW_FALLBACK="", AVOW_RETRIES="0")


def sent(api: Simulator) -> list[bool]:
    """Of each request that arrived since the last look, whether `fallbacks` came with it."""
    found = ["fallbacks" in one.json for one in api.requests if one.method == "POST"]
    api.requests.clear()
    return found


@pytest.fixture(autouse=True)
def _begun(between: Between) -> None:
    between.api.play("requested")
    between.api.requests.clear()


@FORMS
def test_the_answer_is_as_requested(between: Between, form: tuple[str, ...], home: Path) -> None:
    ran = ask(between, home, *form)
    assert (ran.status, ran.json["verdict"]) == (0, "as_requested")
    assert "headers.x-litellm-model-name" in {one["field"] for one in ran.json["evidence"]}


@FORMS
def test_a_fallback_by_the_gateway_is_told_for_nothing_of_avow_is_in_its_way(
    between: Between, form: tuple[str, ...], home: Path
) -> None:
    ran = ask(between, home, "-m", FALLING, *form)
    assert (ran.status, ran.json["verdict"]) == (10, "fallback")
    assert OTHER in ran.json["served_model"]


@FORMS
@pytest.mark.parametrize("policy", [(), ("--fallback", "default"), ("--fallback", OTHER)], ids=["-", "default", "list"])
def test_a_refusal_is_one_whatever_the_policy(
    between: Between, policy: tuple[str, ...], form: tuple[str, ...], home: Path
) -> None:
    between.api.play("refused")
    ran = ask(between, home, *policy, *form)
    assert (ran.status, ran.json["verdict"], ran.json["category"]) == (11, "refused", "frontier_llm")
    assert not any(sent(between.api))


@FORMS
def test_a_list_is_swallowed_and_why_says_so(between: Between, form: tuple[str, ...], home: Path) -> None:
    ran = ask(between, home, "--fallback", OTHER, *form)
    assert ran.status == 0
    assert sent(between.api) == [False]
    assert b"LiteLLM takes `fallbacks` for a setting of its own" in run(home, "why").out


@FORMS
def test_avow_itself_falls_back_through_it(between: Between, form: tuple[str, ...], home: Path) -> None:
    between.api.play("uncredited")
    ran = ask(between, home, "--fallback", OTHER, "--fallback-by", "client", *form)
    assert (ran.status, ran.json["verdict"]) == (10, "fallback")
    assert OTHER in ran.json["served_model"]


def test_its_models_are_listed_and_doctor_knows_it_once_it_answered(between: Between, home: Path) -> None:
    listed = run(home, "models", base_url=between.url)
    assert listed.status == 0
    assert ASKED.encode() in listed.out
    ask(between, home)
    told = run(home, "doctor", base_url=between.url).out
    assert b"LiteLLM" in told
    assert b"--fallback-by client" in told
