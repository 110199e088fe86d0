"""Keeps each audit in a file, which is replaced as a whole after every reply, so that nothing is asked twice."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from avow.audit.bounds import LARGEST_SEED
from avow.audit.reading import record_from
from avow.audit.record import AuditRecord, Look
from avow.audit.replies import CardReply
from avow.errors import UnreadableFile, UsageError, system_words
from avow.files.locking import try_lock
from avow.files.private import write_private
from avow.paths import make_private
from avow.wire.json_value import JsonObject, obj, parse

_SCHEMA = "avow.audit-state/1"
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a look has cost in USD so far; `is_whole` is False where a price is unknown."""

    usd: float = 0.0
    is_whole: bool = True

    def plus(self, usd: float | None) -> "Cost":
        """The cost with one more exchange; None: its price is unknown."""
        return Cost(self.usd, False) if usd is None else Cost(round(self.usd + usd, 12), self.is_whole)

    @property
    def total(self) -> float | None:
        """The sum, None where a part of it is unknown."""
        return self.usd if self.is_whole else None


@dataclass(frozen=True, slots=True)
class StoredAudit:
    """An audit as it is stored: its record, the seed of each sitting of the baseline, and the cost of each look."""

    record: AuditRecord
    seeds: tuple[int, ...] = ()
    costs: Mapping[int, Cost] = field(default_factory=dict)

    def with_baseline(self, reply: CardReply) -> "StoredAudit":
        """With one more reply of the baseline."""
        return replace(self, record=replace(self.record, baseline=(*self.record.baseline, reply)))

    def with_look(self, look: Look) -> "StoredAudit":
        """With `look` in place of the look with the same number, or after the last one."""
        runs = tuple(run for run in self.record.runs if run.number != look.number)
        return replace(self, record=replace(self.record, runs=(*runs, look)))

    def paying(self, look: int, usd: float | None) -> "StoredAudit":
        """With the cost of one more exchange of a look."""
        return replace(self, costs={**self.costs, look: self.costs.get(look, Cost()).plus(usd)})


class Store:
    """The audits in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> tuple[str, ...]:
        """All audits, in the order of their names."""
        try:
            return tuple(sorted(path.stem for path in self.folder.glob("*.json") if re.fullmatch(_NAME, path.stem)))
        except OSError:
            return ()

    def load(self, name: str) -> StoredAudit | None:
        """The audit with that name, None where there is none. Raises UsageError for a name that is not allowed,
        UnreadableFile where the file cannot be read or is damaged."""
        path = self._path(name)
        try:
            return _kept_from(obj(parse(path.read_bytes())))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnreadableFile(f"{path}: cannot be read: {system_words(error)}") from None
        except (ValueError, TypeError, KeyError, AttributeError, UsageError) as error:
            raise UnreadableFile(
                f"{path}: is damaged: {error}", hint="move it away; its replies are in the history"
            ) from None

    def save(self, kept: StoredAudit) -> None:
        """Replace the file; when this returns, the audit is on the disk. Raises FileError."""
        body = {
            "schema": _SCHEMA,
            "seeds": list(kept.seeds),
            "costs": {str(look): {"usd": cost.usd, "is_whole": cost.is_whole} for look, cost in kept.costs.items()},
            "record": kept.record.as_json(),
        }
        write_private(self._path(kept.record.name), (json.dumps(body, ensure_ascii=False) + "\n").encode())

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Keep other processes from continuing this audit. Raises UsageError where one does, and where the folder
        cannot be written; nothing has been sent then."""
        path = self._path(name).with_suffix(".lock")
        try:
            make_private(self.folder)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {system_words(error)}") from None
        try:
            if not try_lock(descriptor):
                raise UsageError(f"audit {name}: another process is continuing it", hint="wait until it has ended")
            yield
        finally:
            os.close(descriptor)

    def _path(self, name: str) -> Path:
        if not re.fullmatch(_NAME, name):
            raise UsageError(
                f"{name[:80]!r} cannot be the name of an audit", hint="letters, digits, '.', '-' and '_', at most 64"
            )
        return self.folder / f"{name}.json"


def _kept_from(body: JsonObject) -> StoredAudit:
    """The audit in a file. Raises UsageError, ValueError, TypeError, KeyError or AttributeError where it is not an
    audit."""
    record = record_from(body.get("record"))
    seeds = tuple(body["seeds"])
    if not all(isinstance(seed, int) and 0 <= seed <= LARGEST_SEED for seed in seeds):
        raise ValueError("a seed is not a whole number")
    costs = {int(look): Cost(float(cost["usd"]), cost["is_whole"] is True) for look, cost in body["costs"].items()}
    return StoredAudit(record, seeds, costs)
