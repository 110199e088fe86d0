"""Each topic fits on 80 columns and says what the program has."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import avow
from avow.exchange.exchange import Exchange, Status, as_json
from avow.exit_codes import MEANINGS, PRECEDENCE
from avow.history.schema import NAMES
from avow.reference.topics import TOPICS
from avow.routing.known_gateways import GATEWAYS
from avow.routing.verdict import Verdict
from avow.settings.keys import KEYS


def text(topic: str) -> str:
    return TOPICS[topic][1]()


def test_the_topics_are_those_of_the_contract() -> None:
    wanted = "exit-codes json environment config history privacy fallback scripting clients audit telemetry"
    assert set(TOPICS) == set(wanted.split())


@pytest.mark.parametrize("topic", TOPICS)
def test_no_line_is_wider_than_80_columns(topic: str) -> None:
    assert [line for line in text(topic).splitlines() if len(line) > 80] == []


def test_every_exit_status_stands_with_its_meaning() -> None:
    words = re.sub(r"\s+", " ", text("exit-codes"))
    for code, meaning in MEANINGS.items():
        assert f" {int(code)} {meaning}" in words
    assert ", ".join(str(int(code)) for code in PRECEDENCE) in words


def test_every_key_of_the_object_is_explained() -> None:
    exchange = Exchange(id="a", conversation_id="b", created_at="c", requested_model="m", status=Status.FAILED)
    said = set(re.findall(r"[a-z_]+", text("json")))
    assert set(as_json(exchange)) <= said
    assert {verdict.value for verdict in Verdict} | {status.value for status in Status} <= said


def test_every_column_of_the_history_is_explained() -> None:
    assert set(NAMES) <= set(re.findall(r"[a-z0-9_]+", text("history")))


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_is_explained(verdict: Verdict) -> None:
    assert f"  {verdict.value}  " in text("fallback") + "  "


def of_environ(node: ast.AST) -> bool:
    """Whether an expression is a mapping of environment variables, by its name."""
    return getattr(node, "id", getattr(node, "attr", None)) == "environ"


def variables_looked_at() -> Iterator[str]:
    """The names that the program asks the environment for, wherever they stand as constants."""
    sources = (path.read_text("utf-8") for path in Path(avow.__file__).parent.rglob("*.py"))
    for source in (one for one in sources if "environ" in one):
        for node in ast.walk(ast.parse(source)):
            asked: list[ast.expr] = []
            if isinstance(node, ast.Call):
                of_one = isinstance(node.func, ast.Attribute) and of_environ(node.func.value)
                asked = node.args if of_one or any(map(of_environ, node.args)) else []
            elif isinstance(node, ast.Subscript) and of_environ(node.value):
                asked = [node.slice]
            names = [one.value for one in asked if isinstance(one, ast.Constant)]
            yield from (name for name in names if isinstance(name, str) and name.isupper())


BY_OTHERS = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"}
"""The HTTP client, and Python's TLS, look at these themselves."""


def test_every_variable_that_is_honoured_is_explained() -> None:
    said = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)*\b", text("environment")))
    looked_at = set(variables_looked_at())
    assert {"ANTHROPIC_BASE_URL", "ANTHROPIC_CUSTOM_HEADERS", "AVOW_PROFILE", "PAGER", "TERM"} <= looked_at
    keys = {"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"}
    assert (looked_at | BY_OTHERS | keys) - {"HOME"} <= said


def test_every_setting_has_its_variable_there() -> None:
    names = {key.variable for key in KEYS.values()}
    assert names == set(re.findall(r"AVOW_[A-Z_]+", text("environment"))) - {
        "AVOW_CONFIG_DIR", "AVOW_DATA_DIR", "AVOW_CACHE_DIR", "AVOW_DEBUG",
    }  # fmt: skip
    assert names == {"AVOW_" + name.upper().replace(".", "_") for name in KEYS}


def test_the_page_on_audits_says_what_they_cannot_find() -> None:
    words = re.sub(r"\s+", " ", text("audit"))
    for needed in (
        "Prompts that trigger a policy. The cards trigger none",
        "It names no cause",
        "It is not a proof that nothing changed",
        "at most 5 of 100 audits",
        "half of the replies in about a third",
        "It does not mean that another model answered",
    ):
        assert needed in words
    assert not re.search(r"verified|genuine|guarantee", words)


def test_every_gateway_stands_in_the_table_with_what_is_expected_of_it() -> None:
    lines = text("fallback").split("What to expect of gateways", 1)[1]
    flat = " ".join(lines.split())
    for gateway in GATEWAYS:
        assert f"{gateway.name} fallbacks: {gateway.fallbacks} " in flat
        for name, _strength in gateway.evidence:
            assert name in flat
