"""A request as text: what `--dry-run` prints, and the same as a command for curl; never with a key in it."""

import json
import shlex
import time

from avow.asking.inquiry import Inquiry, PreparedInquiry, prepare
from avow.context import Context
from avow.endpoint import remembered
from avow.endpoint.credential import Credential, simulated
from avow.errors import UsageError
from avow.exit_codes import ExitCode
from avow.wire.request import Request
from avow.wire.secret import STRUCK

SIMULATED_URL = "http://127.0.0.1"
"""Where the simulator would be; it has no port before it runs."""


def show(inquiry: Inquiry, context: Context, form: str) -> ExitCode:
    """Print the request that `inquiry` would send, with the headers of the credential that would be used. Nothing is
    sent, and no credential is needed. `form` is `request` or `curl`; raises UsageError for another one."""
    if form not in ("request", "curl"):
        raise UsageError(f"--dry-run={form}: there is no such form", hint="--dry-run or --dry-run=curl")
    prepared, credential = prepared_to_show(inquiry, context)
    as_text = as_curl if form == "curl" else as_http
    context.screen.data(as_text(prepared.plan.request, credential))
    return ExitCode.OK


def prepared_to_show(inquiry: Inquiry, context: Context) -> tuple[PreparedInquiry, Credential]:
    """The inquiry as it would be sent, and the credential whose headers it would have. Raises UsageError where it
    cannot be sent as it is."""
    settings = inquiry.settings
    if inquiry.simulate is not None:
        settings = settings.at(SIMULATED_URL)
        credential = simulated()
    else:
        credential = context.credential_to_show(settings)
    facts = remembered.read(context.paths.cache, settings.base_url, time.time())
    endpoint = context.endpoint(settings, credential)
    return prepare(inquiry, endpoint, facts, simulated=inquiry.simulate is not None), credential


def as_http(request: Request, credential: Credential) -> str:
    """Method and URL, headers with secret values masked, and the body as indented JSON."""
    lines = [f"{request.method} {request.url}"]
    lines += [f"{name}: {value}" for name, value in _shown(request)]
    lines.append(": ".join(_masked(credential, STRUCK)))
    return "\n".join([*lines, "", json.dumps(request.body, indent=2, ensure_ascii=False)]) + "\n"


def as_curl(request: Request, credential: Credential) -> str:
    """A command to paste into a POSIX shell: the key comes from $ANTHROPIC_API_KEY there (a bearer from
    $ANTHROPIC_AUTH_TOKEN), the value of a header of the user's own from a variable named after it."""
    parts = [f"curl {shlex.quote(request.url)}"]
    if request.streamed:
        parts[0] += " --no-buffer"
    for name, value in request.headers:
        if name.lower() in request.hidden:
            variable = "".join(c if c.isascii() and c.isalnum() else "_" for c in name.upper())
            variable = variable if not variable[:1].isdigit() else f"_{variable}"
            plain = shlex.quote(name) == name
            parts.append(f'-H "{name}: ${variable}"' if plain else f'-H {shlex.quote(name)}": ${variable}"')
        else:
            parts.append(f"-H {shlex.quote(f'{name}: {value}')}")
    variable = "$ANTHROPIC_AUTH_TOKEN" if credential.style == "bearer" else "$ANTHROPIC_API_KEY"
    parts.append(f'-H "{": ".join(_masked(credential, variable))}"')
    parts.append(f"--data-binary {shlex.quote(request.content.decode())}")
    return " \\\n  ".join(parts) + "\n"


def _masked(credential: Credential, mask: str) -> tuple[str, str]:
    """The header that carries the credential, with a mask in place of the secret."""
    return Credential(mask, credential.style).header()


def _shown(request: Request) -> list[tuple[str, str]]:
    return [(name, STRUCK if name.lower() in request.hidden else value) for name, value in request.headers]
