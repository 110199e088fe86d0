"""The results of a batch, found by `custom_id`: the lines are in a file, and memory holds 16 bytes for each."""

import tempfile
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from threading import Lock
from typing import Any

from avow.errors import Failure, StreamEnded
from avow.exit_codes import ExitCode
from avow.wire.batch import BatchResult, no_result, result_of
from avow.wire.json_value import obj, text
from avow.wire.names import NamedModel, names_in_message, parse_naming

NO_RESULT = "the batch has no result for this item"


class BatchResults:
    """The results of a batch, from its lines in any order; an item without a line gets a result with `words`. Raises
    StreamEnded where the last line breaks off."""

    def __init__(self, lines: Iterable[bytes] = (), words: str = NO_RESULT) -> None:
        self._words = words
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (it lives as long as the run)
        self._lock = Lock()
        found: list[tuple[int, int]] = []
        place, is_broken = 0, False
        for line in lines:
            if line.strip():
                custom_id, _value, _repeated = _read(line)
                is_broken = custom_id is None
                if custom_id is not None:
                    found.append((_key(custom_id), place))
                    place += self._file.write(line + b"\n")
        if is_broken:
            self.close()
            raise StreamEnded(Failure("stream_ended", None, "the results break off"), ExitCode.UNAVAILABLE)
        found.sort()
        self._keys = array("Q", [key for key, _place in found])
        self._places = array("Q", [place for _key, place in found])

    def __len__(self) -> int:
        return len(self._keys)

    def of(self, custom_id: str) -> BatchResult:
        """The result of this item. Where it has several lines the first counts, and other models that the others name
        are evidence against its model."""
        lines = self._lines(custom_id)
        found = next(lines, None)
        if found is None:
            return no_result(self._words)
        _id, value, repeated = _read(found)
        result = obj(value.get("result"))
        known = {name.model for name in names_in_message(obj(result.get("message")))}
        for other in lines:
            _id, beside, more = _read(other)
            named = (*names_in_message(obj(obj(beside.get("result")).get("message"))), *more)
            # The same name twice proves no more than once.
            repeated += [
                NamedModel(f"another result: {n.field}", "message", n.model) for n in named if n.model not in known
            ]
        return result_of(result, repeated)

    def has(self, custom_id: str) -> bool:
        """Whether this item has a line."""
        return next(self._lines(custom_id), None) is not None

    def close(self) -> None:
        """Release the file."""
        self._file.close()

    def _lines(self, custom_id: str) -> Iterator[bytes]:
        key = _key(custom_id)
        at = bisect_left(self._keys, key)
        while at < len(self._keys) and self._keys[at] == key:
            with self._lock:
                self._file.seek(self._places[at])
                line = self._file.readline()
            if _read(line)[0] == custom_id:
                yield line
            at += 1


def _key(custom_id: str) -> int:
    digest = blake2b(custom_id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest)


def _read(line: bytes) -> tuple[str | None, dict[str, Any], list[NamedModel]]:
    """The id in a line (None: the line is not a result), the whole object, and the models in values that a later key
    overwrote."""
    try:
        value, repeated = parse_naming(line)
    except ValueError:
        return None, {}, []
    value = obj(value)
    return text(value.get("custom_id")), value, repeated
