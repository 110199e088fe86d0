"""Addresses: where requests go, and by way of which proxy."""

import pytest

from avow.errors import ConfigError
from avow.proxy.address import BadAddress, OutboundProxy, find


@pytest.mark.parametrize(
    ("url", "wanted", "host"),
    [
        ("https://api.anthropic.com", ("api.anthropic.com", 443, True, ""), b"api.anthropic.com"),
        ("https://API.Example.com:8443/a/b/", ("api.example.com", 8443, True, "/a/b"), b"api.example.com:8443"),
        ("http://127.0.0.1:80/", ("127.0.0.1", 80, False, ""), b"127.0.0.1"),
        ("http://localhost:4000", ("localhost", 4000, False, ""), b"localhost:4000"),
        ("http://api.localhost:4000", ("api.localhost", 4000, False, ""), b"api.localhost:4000"),
        ("http://[::1]:4000", ("::1", 4000, False, ""), b"[::1]:4000"),
        ("https://bücher.example", ("xn--bcher-kva.example", 443, True, ""), b"xn--bcher-kva.example"),
    ],
)
def test_an_upstream(url: str, wanted: tuple[object, ...], host: bytes) -> None:
    address = find(url, {})
    assert tuple(address)[:4] == wanted
    assert address.host_header == host
    assert address.proxy is None


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://api.example.com", "sends the key in clear"),
        ("http://notlocalhost", "sends the key in clear"),
        ("http://127.0.0.1.example.com", "sends the key in clear"),
        ("ftp://api.example.com", "must begin with https"),
        ("api.example.com", "must begin with https"),
        ("https://", "must begin with https"),
        ("https://user:word@api.example.com", "a password"),
        ("https://api.example.com?a=b", "a plain address"),
        ("https://api.example.com:99999", "not a valid address"),
        ("https://api.example.com:0", "port 0"),
        ("https://[::1", "not a valid address"),
        ("https://api.example.com/\u00e4", "characters"),
    ],
)
def test_what_cannot_be_an_upstream(url: str, words: str) -> None:
    with pytest.raises(BadAddress, match=words) as caught:
        find(url, {})
    assert "word@" not in str(caught.value)


def test_the_proxy_on_the_way() -> None:
    environ = {"HTTPS_PROXY": "http://ann:s%40y@proxy.example:3128", "NO_PROXY": "internal.example"}
    assert find("https://api.example.com", environ).proxy == OutboundProxy(
        "proxy.example", 3128, False, b"Basic YW5uOnNAeQ=="
    )
    assert find("https://api.internal.example", environ).proxy is None
    assert find("https://127.0.0.1:9", environ).proxy is None
    assert find("http://127.0.0.1:9", {"HTTP_PROXY": "http://proxy.example", "all_proxy": "http://a"}).proxy is None
    assert find("https://api.example.com", {"all_proxy": "proxy.example:8080"}).proxy == OutboundProxy(
        "proxy.example", 8080, False
    )
    assert find("https://api.example.com", {"ALL_PROXY": "https://proxy.example"}).proxy == OutboundProxy(
        "proxy.example", 443, True
    )
    assert find("https://api.example.com", {"HTTP_PROXY": "http://proxy.example"}).proxy is None


def test_what_does_not_matter_to_the_request_is_passed_over() -> None:
    """By the one reading of these variables in the program: `tests/endpoint/test_proxies.py` has all of it."""
    odd = {"HTTPS_PROXY": "http://proxy.example", "ALL_PROXY": "socks5://x", "NO_PROXY": "[::1],fe80::/10,10.0.0.0/8"}
    assert find("https://api.example.com", odd).proxy == OutboundProxy("proxy.example", 80, False)
    assert find("https://10.1.2.3", odd).proxy is None
    assert find("https://[fe80::1]", odd).proxy is None


@pytest.mark.parametrize("value", ["socks5://proxy.example", "http://", "http://[::1", "socks://x"])
def test_a_proxy_that_cannot_be_used_is_named(value: str) -> None:
    with pytest.raises(ConfigError, match=r"^HTTPS_PROXY"):
        find("https://api.example.com", {"HTTPS_PROXY": value})


def test_which_proxies_can_be_used_is_told() -> None:
    with pytest.raises(ConfigError, match="does not support proxies of the kind socks5://") as caught:
        find("https://api.example.com", {"HTTPS_PROXY": "socks5://proxy.example"})
    assert caught.value.hint == "use an http or https proxy, or name the host in NO_PROXY"


def test_a_proxy_is_asked_for_a_way_through() -> None:
    asked = OutboundProxy("proxy.example", 1, False, b"Basic eA==").request("::1", 443)
    assert asked == b"CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\nProxy-Authorization: Basic eA==\r\n\r\n"
