"""Which exchange a reference means."""

from pathlib import Path

import pytest

from avow.errors import UsageError
from avow.history.store import History
from tests.history.making import asked, kept

IDS = (
    "0199aaaa-0000-7000-8000-00000000beef",
    "0199aaaa-0000-7000-8000-0000000f00d1",
    "0199bbbb-0000-7000-8000-00000000BEEF",
    "2-not-a-number",
)


@pytest.fixture
def history(tmp_path: Path) -> History:
    kept(tmp_path / "history.db", *(asked(f"p{n}", id=identifier) for n, identifier in enumerate(IDS, 1)))
    return History.open(tmp_path / "history.db", read_only=True)


@pytest.mark.parametrize(
    ("reference", "number"),
    [
        ("1", 1),
        (" 2 ", 2),
        ("0199bbbb", 3),
        ("0199BBBB", 3),
        ("00f00d1", 2),
        ("F00D1", 2),
        (IDS[0], 1),
        ("2-not", 4),
        ("number", 4),
    ],
)
def test_one_is_meant(history: History, reference: str, number: int) -> None:
    assert history.get(reference).number == number


@pytest.mark.parametrize("reference", ["0199aaaa", "0199"])
def test_several_are_listed(history: History, reference: str) -> None:
    with pytest.raises(UsageError) as caught:
        history.get(reference)
    assert "several" in caught.value.message
    assert all(f"{n} ({IDS[n - 1]})" in caught.value.message for n in (1, 2))


@pytest.mark.parametrize(
    "reference",
    [
        "0",
        "01",
        "99",
        "999999999999999999999999",
        "9" * 5000,
        "",
        " ",
        "abc",
        "%",
        "____",
        "nope-nope",
        "\0\0\0\0",
        "\udcff\udcff\udcff\udcff",
        "１",
        "-1",
    ],
    ids=lambda reference: ascii(reference[:30]),
)
def test_none_is_meant(history: History, reference: str) -> None:
    with pytest.raises(UsageError, match="no exchange"):
        history.get(reference)
