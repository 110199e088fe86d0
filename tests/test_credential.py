"""A credential shows itself nowhere but in its one header."""

import pytest

from avow.credential import Credential, is_loopback
from tests.conftest import CANARY


def test_the_header_by_style() -> None:
    assert Credential(CANARY).header() == ("x-api-key", CANARY)
    assert Credential(CANARY, "bearer").header() == ("authorization", f"Bearer {CANARY}")
    assert Credential(CANARY).styled("bearer").header()[0] == "authorization"
    assert Credential(CANARY).styled(None).header()[0] == "x-api-key"


def test_its_representation_has_no_secret() -> None:
    assert CANARY not in repr(Credential(CANARY, source="ANTHROPIC_API_KEY"))


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("127.0.0.1.example.com", False),
        ("localhost.example.com", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("", False),
        (None, False),
    ],
)
def test_loopback(host: str | None, expected: bool) -> None:
    assert is_loopback(host) is expected
