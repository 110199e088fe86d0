"""Audits as files: whole or not at all, for their owner alone, and one process at a time."""

import json
import random
from pathlib import Path

import pytest

from avow.audit.record import Look
from avow.audit.store import Cost, Store, StoredAudit
from avow.errors import UnreadableFile, UsageError
from tests.audit import made_up
from tests.audit.made_up import reply


def kept() -> StoredAudit:
    draw = random.Random(1)
    return StoredAudit(made_up.record(made_up.models(draw)[0], draw), (5, 6, 7), {1: Cost(0.25)})


def test_an_audit_comes_back_as_it_was(tmp_path: Path) -> None:
    store = Store(tmp_path / "audits")
    assert store.load("default") is None
    assert store.names() == ()
    store.save(kept())
    assert store.load("default") == kept()
    assert store.names() == ("default",)
    path = tmp_path / "audits" / "default.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_replies_looks_and_costs_are_added() -> None:
    grown = kept().with_baseline(reply(sitting=3, order=21))
    assert len(grown.record.baseline) == 61
    one, two = Look(1, 5, "2026-11-28T10:00:00Z"), Look(2, 6, "2026-11-29T10:00:00Z")
    grown = grown.with_look(one).with_look(two).with_look(two)
    assert grown.record.runs == (one, two)
    assert grown.paying(1, 0.5).paying(2, 0.125).costs == {1: Cost(0.75), 2: Cost(0.125)}
    assert grown.paying(1, None).paying(1, 0.5).costs[1].total is None
    assert grown.paying(1, 0.5).costs[1].total == 0.75


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-x", "a b", "ü", "x" * 65, "a\0", ".hidden"])
def test_a_name_is_a_plain_word(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name of an audit"):
        Store(tmp_path).load(name)


def damaged(**state: object) -> bytes:
    """A file whose record is whole and whose state is not."""
    body = {"seeds": [1], "costs": {}, "record": kept().record.as_json(), **state}
    return json.dumps(body).encode()


OTHER_STATE = [damaged(seeds=5), damaged(seeds=["x"]), damaged(costs={"1": {}}), damaged(costs=[]),
               damaged(costs={"x": {"usd": 1, "is_whole": True}})]  # fmt: skip


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"record": {}}', b"\xff", *OTHER_STATE])
def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "default.json").write_bytes(data)
    with pytest.raises(UnreadableFile, match="is damaged"):
        Store(tmp_path).load("default")
    assert (tmp_path / "default.json").read_bytes() == data


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "default.json").mkdir()
    with pytest.raises(UnreadableFile, match=r"default\.json: cannot be read: "):
        Store(tmp_path).load("default")


def test_two_processes_do_not_go_on_with_one_audit(tmp_path: Path) -> None:
    """Two open files of one process stand for two processes: the lock is of the open file."""
    store = Store(tmp_path / "audits")
    with store.alone("default"), pytest.raises(UsageError, match="another process"), store.alone("default"):
        pass
    with store.alone("default"), store.alone("other"):
        pass
