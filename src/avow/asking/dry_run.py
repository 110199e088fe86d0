"""A request as text: what `--dry-run` prints, and the same as a command for curl; never with a key in it."""

import json
import shlex

from avow.wire.request import Request

MASK = "•••"


def as_http(request: Request, auth_style: str) -> str:
    """Method and URL, headers with secret values masked, and the body as indented JSON."""
    lines = [f"{request.method} {request.url}"]
    lines += [f"{name}: {value}" for name, value in _shown(request)]
    lines.append(f"authorization: Bearer {MASK}" if auth_style == "bearer" else f"x-api-key: {MASK}")
    return "\n".join([*lines, "", json.dumps(request.body, indent=2, ensure_ascii=False)]) + "\n"


def as_curl(request: Request, auth_style: str) -> str:
    """A command to paste into a POSIX shell: the key comes from $ANTHROPIC_API_KEY there, the value of a header
    of the user's own from a variable named after it."""
    parts = [f"curl {shlex.quote(request.url)}"]
    if request.streamed:
        parts[0] += " --no-buffer"
    for name, value in request.headers:
        if name.lower() in request.hidden:
            variable = "".join(c if c.isalnum() else "_" for c in name.upper())
            parts.append(f'-H "{name}: ${variable}"')
        else:
            parts.append(f"-H {shlex.quote(f'{name}: {value}')}")
    if auth_style == "bearer":
        parts.append('-H "authorization: Bearer $ANTHROPIC_AUTH_TOKEN"')
    else:
        parts.append('-H "x-api-key: $ANTHROPIC_API_KEY"')
    parts.append(f"--data-binary {shlex.quote(json.dumps(request.body, ensure_ascii=False))}")
    return " \\\n  ".join(parts) + "\n"


def _shown(request: Request) -> list[tuple[str, str]]:
    return [(name, MASK if name.lower() in request.hidden else value) for name, value in request.headers]
