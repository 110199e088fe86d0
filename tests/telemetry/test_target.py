"""The standard variables, by the specification; a wrong one is named and its value never shown."""

from collections.abc import Mapping

import pytest

from avow.errors import ConfigError
from avow.settings.levels import Config, Section, resolve
from avow.telemetry.target import Target, target_of
from tests.canary import CANARY

E = "OTEL_EXPORTER_OTLP_"


def target(environ: Mapping[str, str], **config: object) -> Target:
    section = Section({f"telemetry.{key}": value for key, value in config.items()})
    settings = resolve(
        flags={}, template={}, conversation={}, environ=environ, config=Config(section=section), profile=None
    )
    return target_of(environ, settings, "1")


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "http://localhost:4318/v1/traces"),
        ({E + "ENDPOINT": "https://c.example/otlp/"}, "https://c.example/otlp/v1/traces"),
        ({E + "TRACES_ENDPOINT": "https://c.example/own"}, "https://c.example/own"),
        ({E + "ENDPOINT": "https://a.example", E + "TRACES_ENDPOINT": "http://b.example/"}, "http://b.example/"),
    ],
)
def test_where(environ: dict[str, str], url: str) -> None:
    assert target(environ).url == url


def test_the_config_counts_where_no_variable_says() -> None:
    config = {"endpoint": "https://c.example", "headers": {"X-Team": "docs"}}
    found = target({}, **config)
    assert (found.url, found.headers) == ("https://c.example/v1/traces", (("X-Team", "docs"),))
    assert target({E + "ENDPOINT": "https://d.example"}, **config).url == "https://d.example/v1/traces"


def test_headers() -> None:
    environ = {E + "HEADERS": "a=1,b=x%20y", E + "TRACES_HEADERS": " b = z=1 "}
    assert dict(target(environ).headers) == {"a": "1", "b": "z=1"}


@pytest.mark.parametrize(
    ("environ", "is_protobuf"),
    [
        ({}, False),
        ({E + "PROTOCOL": "http/json"}, False),
        ({E + "PROTOCOL": "http/protobuf"}, True),
        ({E + "PROTOCOL": "http/protobuf", E + "TRACES_PROTOCOL": "http/json"}, False),
    ],
)
def test_in_which_form(environ: dict[str, str], is_protobuf: bool) -> None:
    assert target(environ).is_protobuf is is_protobuf


def test_timeout_is_in_milliseconds() -> None:
    assert target({}).timeout_s == 10
    assert target({E + "TIMEOUT": "1500"}).timeout_s == 1.5


def test_whose() -> None:
    environ = {"OTEL_RESOURCE_ATTRIBUTES": "service.name=x,host.name=ci%2D1"}
    assert target(environ).resource == {"service.name": "x", "service.version": "1", "host.name": "ci-1"}
    assert target({**environ, "OTEL_SERVICE_NAME": "y"}).resource["service.name"] == "y"
    assert target({}).resource["service.name"] == "avow"


@pytest.mark.parametrize(
    ("protocol", "words"),
    [("grpc", f"{E}PROTOCOL is grpc, which avow does not support"), ("http", f"{E}PROTOCOL is not a known protocol")],
)
def test_a_form_that_it_does_not_write(protocol: str, words: str) -> None:
    with pytest.raises(ConfigError, match=f"^{words}$") as caught:
        target({E + "PROTOCOL": protocol})
    assert caught.value.hint == "write http/json or http/protobuf, and name the HTTP port (4318)"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        (E + "ENDPOINT", f"ftp://{CANARY}"),
        (E + "ENDPOINT", f"http://me:{CANARY}@c.example"),
        (E + "TRACES_ENDPOINT", "http://[::1"),
        (E + "HEADERS", CANARY),
        (E + "HEADERS", f"authorization={CANARY}%0Ax: y"),
        (E + "TIMEOUT", "soon"),
        (E + "TIMEOUT", "0"),
        (E + "PROTOCOL", "grpc"),
        ("OTEL_RESOURCE_ATTRIBUTES", "=x"),
    ],
)
def test_a_wrong_one_is_named(variable: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        target({variable: value})
    assert variable in caught.value.message
    assert CANARY not in f"{caught.value.message}{caught.value.hint}"
    assert ("write http://HOST:4318" in str(caught.value.hint)) is ("ENDPOINT" in variable)
