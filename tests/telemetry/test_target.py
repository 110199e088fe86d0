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
        ({E + "ENDPOINT": "http://[::1]:4318"}, "http://[::1]:4318/v1/traces"),
        ({E + "ENDPOINT": "https://c.example/otlp?team=docs#top"}, "https://c.example/otlp/v1/traces?team=docs"),
        ({E + "TRACES_ENDPOINT": "https://c.example/own"}, "https://c.example/own"),
        ({E + "TRACES_ENDPOINT": "https://c.example/own?team=docs"}, "https://c.example/own?team=docs"),
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


def test_a_header_is_sent_once_whichever_case_it_is_written_in() -> None:
    environ = {E + "HEADERS": "x-team=env,X%2DMore=a,empty="}
    found = target(environ, headers={"X-Team": "config"}).headers
    assert found == (("x-team", "env"), ("X-More", "a"), ("empty", ""))


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        (f"a b={CANARY}", "holds what HTTP does not allow in a header"),
        (f"a:b={CANARY}", "holds what HTTP does not allow in a header"),
        (f"x=%C3%A9{CANARY}", "holds what HTTP does not allow in a header"),
        ("x=%FF", "holds what HTTP does not allow in a header"),
        ("Content-Type=text/plain", "names content-type, which avow sets itself"),
        ("HOST=c.example", "names host, which avow sets itself"),
        ("transfer-encoding=chunked", "names transfer-encoding, which avow sets itself"),
    ],
)
def test_a_header_that_cannot_be_sent(headers: str, words: str) -> None:
    with pytest.raises(ConfigError, match=f"^{E}HEADERS {words}$") as caught:
        target({E + "HEADERS": headers})
    assert CANARY not in f"{caught.value.message}{caught.value.hint}"


def test_a_header_of_the_config_that_avow_sets_itself() -> None:
    with pytest.raises(ConfigError, match=r"^telemetry\.headers names content-length"):
        target({}, headers={"Content-Length": "3"})


@pytest.mark.parametrize(
    ("environ", "is_gzip"),
    [
        ({}, False),
        ({E + "COMPRESSION": "gzip"}, True),
        ({E + "COMPRESSION": "none"}, False),
        ({E + "COMPRESSION": "gzip", E + "TRACES_COMPRESSION": "none"}, False),
    ],
)
def test_compressed(environ: dict[str, str], is_gzip: bool) -> None:
    assert target(environ).is_gzip is is_gzip


def test_certificates() -> None:
    environ = {E + "CERTIFICATE": "a", E + "TRACES_CERTIFICATE": "b", E + "CLIENT_CERTIFICATE": "c"}
    found = target({**environ, E + "TRACES_CLIENT_KEY": "d"})
    assert found.trusted == (E + "TRACES_CERTIFICATE", "b")
    assert found.own == (E + "CLIENT_CERTIFICATE", "c")
    assert found.key == (E + "TRACES_CLIENT_KEY", "d")
    assert target({E + "CERTIFICATE": ""}).trusted is None


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
    for wrong in ("0", "-1", "1e3", "٣", "nan"):
        with pytest.raises(ConfigError, match="above 0"):
            target({E + "TIMEOUT": wrong})


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
        (E + "TIMEOUT", "1.5"),
        (E + "TIMEOUT", "9" * 5000),
        (E + "COMPRESSION", "zstd"),
        (E + "TRACES_ENDPOINT", "http://c.example/a b"),
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
