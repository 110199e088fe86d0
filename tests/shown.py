"""What `--dry-run` prints, read back: the headers, and the body as the bytes that would be sent."""

import json
import shlex

MASKED = ("•••", "Bearer •••", "$")
"""How a value begins that is not shown."""


def as_http(out: str) -> tuple[dict[str, str], bytes]:
    """The headers and the body of `--dry-run`."""
    head, _, body = out.partition("\n\n")
    headers = dict(line.split(": ", 1) for line in head.splitlines()[1:])
    return headers, json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":")).encode()


def as_curl(out: str) -> tuple[dict[str, str], bytes]:
    """The headers and the body of `--dry-run=curl`."""
    words = shlex.split(out)
    headers = [words[n + 1] for n, word in enumerate(words) if word == "-H"]
    return dict(line.split(": ", 1) for line in headers), words[words.index("--data-binary") + 1].encode()


def is_masked(value: str) -> bool:
    """Whether this stands for a value that is not shown."""
    return value.removeprefix("Bearer ").startswith(MASKED)
