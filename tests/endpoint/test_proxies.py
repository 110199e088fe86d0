"""Which proxy a request goes through: every variable with odd values, as curl reads them."""

import sys

import pytest

from avow.endpoint.proxies import Proxy, of_the_system, proxy_for
from avow.errors import ConfigError

URL = "https://api.example.com/v1"
GOOD = "http://proxy.example:3128"
ODD = (
    "ftp://proxy",
    "socks://127.0.0.1:1",
    "socks4://127.0.0.1:1",
    "http://[bad",
    "http://",
    "http://p:port",
    "a b",
    "://",
)


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
def test_what_applies_and_cannot_be_used_is_named(variable: str, value: str) -> None:
    with pytest.raises(ConfigError) as caught:
        proxy_for(URL, {variable: value})
    assert caught.value.message.startswith(variable)
    assert caught.value.hint


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "ftp_proxy", "no_proxy"])
def test_what_does_not_apply_is_passed_over(variable: str, value: str) -> None:
    assert proxy_for(URL, {"HTTPS_PROXY": GOOD, variable: value}) == Proxy("HTTPS_PROXY", GOOD)
    assert proxy_for(URL, {"NO_PROXY": "*", variable: value}) is None or variable == "no_proxy"


NO_PROXY = {
    "[::1]": False, "::1": False, "fe80::/10": False, "[fe80::]/10": False, "10.0.0.0/8": False, "10.0.0.0/99": False,
    "api.example.com": True, ".example.com": True, "example.com": True, "EXAMPLE.com": True, "*": True,
    "api.example.com:443": True, "ample.com": False, "x, example.com": True, "x example.com": True, ",,": False,
    "http://api.example.com": True, "[": False, "]": False, "/": False, ":": False, "com": True, "\0": False,
}  # fmt: skip


@pytest.mark.parametrize(("value", "is_direct"), NO_PROXY.items(), ids=repr)
@pytest.mark.parametrize("variable", ["no_proxy", "NO_PROXY"])
def test_hosts_without_a_proxy(variable: str, value: str, is_direct: bool) -> None:
    found = proxy_for(URL, {"HTTPS_PROXY": GOOD, variable: value})
    assert found == (None if is_direct else Proxy("HTTPS_PROXY", GOOD))


@pytest.mark.parametrize(
    ("url", "value", "is_direct"),
    [
        ("https://10.1.2.3/", "10.0.0.0/8", True),
        ("https://10.1.2.3/", "10.1.2.3", True),
        ("https://11.1.2.3/", "10.0.0.0/8", False),
        ("https://[fe80::1]/", "fe80::/10", True),
        ("https://[fe80::1]/", "[fe80::1]", True),
        ("https://[fe80::1]/", "[fe80::1]:443", True),
        ("https://[fe80::1]/", "[fe80::]/10", True),
        ("https://[2001:db8::1]/", "fe80::/10", False),
    ],
)
def test_addresses_and_networks(url: str, value: str, is_direct: bool) -> None:
    assert (proxy_for(url, {"ALL_PROXY": GOOD, "NO_PROXY": value}) is None) == is_direct


def test_the_small_letters_win_and_an_address_needs_no_scheme() -> None:
    assert proxy_for(URL, {"https_proxy": "p:1", "HTTPS_PROXY": GOOD}) == Proxy("https_proxy", "http://p:1")
    assert proxy_for(URL, {"https_proxy": "", "ALL_PROXY": GOOD}) == Proxy("ALL_PROXY", GOOD)
    assert proxy_for("http://h/", {"HTTP_PROXY": GOOD}) == Proxy("HTTP_PROXY", GOOD)
    assert proxy_for(URL, {}) is None


def test_the_system_s_settings_count_where_no_variable_does() -> None:
    asked: list[str] = []

    def system(host: str) -> dict[str, str]:
        asked.append(host)
        return {"https": "proxy.office:8080", "http": "http://other"}

    found = proxy_for(URL, {}, system)
    assert found is not None
    assert found.url == "http://proxy.office:8080"
    assert asked == ["api.example.com"]
    assert proxy_for(URL, {"HTTPS_PROXY": GOOD}, system) == Proxy("HTTPS_PROXY", GOOD)
    assert proxy_for(URL, {"NO_PROXY": "example.com"}, system) is None
    assert asked == ["api.example.com"], "what a variable decides is not looked up"
    assert proxy_for(URL, {}, lambda _host: {"http": "http://other"}) is None
    with pytest.raises(ConfigError, match="system's settings") as caught:
        proxy_for(URL, {}, lambda _host: {"https": "http://["})
    assert "HTTPS_PROXY=" in (caught.value.hint or "")
    assert sys.platform in ("darwin", "win32") or of_the_system("h") == {}
