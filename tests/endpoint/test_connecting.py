"""The way out: addresses, proxies with an account, and the client without its certificates."""

import base64
import os
import subprocess
import sys

import pytest

from avow.endpoint.connecting import address
from avow.endpoint.credential import Credential
from avow.endpoint.patience import Patience
from avow.endpoint.transport import Transport
from avow.errors import AvowError, ConfigError
from avow.wire.request import Request
from tests.raw_server import RawServer, http

LATE = """
import sys
from avow.endpoint.connecting import client
found = client()
assert not {"certifi", "anyio", "trio", "inspect", "traceback", "httpcore._async"} & set(sys.modules)
assert found.default_ssl_context().get_ca_certs()
import anyio, certifi
assert certifi.where().endswith(".pem")
from httpcore._async import AsyncConnectionPool
assert AsyncConnectionPool().connections == []
"""
WHOLE = """
from avow.endpoint.connecting import client
client()
import dataclasses, io, logging
@dataclasses.dataclass
class One:
    number: int
assert One.__doc__ == "One(number: int)"
said = io.StringIO()
logging.basicConfig(stream=said)
try:
    raise OSError("told")
except OSError:
    logging.exception("failed")
assert said.getvalue().startswith("ERROR:root:failed\\nTraceback (most"), said.getvalue()
assert said.getvalue().endswith("OSError: told\\n")
import inspect, traceback
assert inspect.signature(One.__init__) and traceback.format_exception(ValueError("told"))
"""
FIRST = """
import inspect, traceback, certifi
from avow.endpoint.connecting import client
client()
import dataclasses, logging
assert dataclasses.inspect is inspect and logging.traceback is traceback
"""


def test_what_the_client_does_not_use_is_loaded_when_it_is_wanted() -> None:
    subprocess.run([sys.executable, "-c", LATE], check=True)


@pytest.mark.parametrize("code", [WHOLE, FIRST], ids=["loaded later", "loaded before"])
def test_what_the_client_shares_with_others_stays_whole(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "url",
    ["ftp://a", "a:80", "http://", "http://[::1", "https://a b.org", "http://a:port", "http://a:0", "http://ä"],
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ConfigError):
        address(url)


def test_the_account_at_a_proxy_goes_to_the_proxy() -> None:
    with RawServer(http(b"", "407 Proxy Authentication Required")) as proxy:
        os.environ["HTTPS_PROXY"] = f"http://user:p%40ss@127.0.0.1:{proxy.port}"
        transport = Transport(Credential("sk-ant-api-x"))
        asked = Request("GET", "https://api.example.invalid", ())
        with pytest.raises(AvowError), transport.send(asked, Patience(3, 3)):
            pass
        transport.close()
        (heard,) = proxy.requests
    assert heard.headers["proxy-authorization"] == f"Basic {base64.b64encode(b'user:p@ss').decode()}"
