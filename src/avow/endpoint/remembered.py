"""What an endpoint turned out not to support, remembered for a day so that the next request need not find out."""

import json
from pathlib import Path

from avow.errors import FileError, UnreadableFile
from avow.files.private import write_private
from avow.files.reading import read_file

REMEMBERED_S = 24 * 3600
VERSION = 1


def place(cache: Path) -> Path:
    """The file in the cache folder."""
    return cache / "endpoints.json"


def without_fallbacks(cache: Path, base_url: str, model: str, now: float) -> float | None:
    """Seconds since the endpoint said that it does not take `fallbacks` for `model`; None where it did not within a
    day."""
    then = _read(cache, now).get(base_url, {}).get(model)
    return None if then is None else now - then


def remember_without_fallbacks(cache: Path, base_url: str, model: str, now: float) -> None:
    """Remember that it does not; a cache that cannot be written is nobody's concern."""
    kept = _read(cache, now)
    kept.setdefault(base_url, {})[model] = now
    try:
        write_private(place(cache), json.dumps({"version": VERSION, "without_fallbacks": kept}).encode())
    except FileError:
        return


def _read(cache: Path, now: float) -> dict[str, dict[str, float]]:
    """What is remembered, by base URL and model; what is damaged or over a day old is not."""
    try:
        kept = json.loads(read_file(place(cache)))
        if kept["version"] != VERSION:
            return {}
        return {
            base_url: {model: then for model, then in models.items() if 0 <= now - then <= REMEMBERED_S}
            for base_url, models in kept["without_fallbacks"].items()
        }
    except (UnreadableFile, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
