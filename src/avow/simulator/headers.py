"""What the API refuses in the headers of a request: credential, version, betas."""

import re

from avow.simulator.script import HttpError, bad_request

VERSIONS = ("2023-01-01", "2023-06-01", "2026-10-21")

_BETAS = frozenset(
    """server-side-fallback-2026-06-01 server-side-fallback-2026-07-01 fallback-credit-2026-06-01
    fallback-credit-2026-07-01 fast-mode-2026-02-01 thinking-display-updates-2026-08-18
    thinking-binding-controls-2026-08-01 thinking-token-count-2026-05-13 interleaved-thinking-2025-05-14
    compact-2026-01-12 compact-2026-09-04 context-management-2025-06-27 task-budgets-2026-03-13
    mid-conversation-tool-changes-2026-07-01 mid-conversation-output-config-2026-07-01
    mid-conversation-system-clear-at-2026-08-21 message-threads-2026-08-12 mcp-client-2025-11-20
    mcp-client-2026-09-15 output-300k-2026-03-24 cache-diagnosis-2026-04-07 advisor-tool-2026-03-01
    skills-2025-10-02
    managed-agents-2026-04-01 inline-tools-2026-09-15 oauth-2025-04-20 oidc-federation-2026-04-01
    token-counting-2024-11-01 message-batches-2024-09-24 prompt-caching-2024-07-31 pdfs-2024-09-25
    files-api-2025-04-14 extended-cache-ttl-2025-04-11 structured-outputs-2025-11-13 code-execution-2025-05-22
    model-context-window-exceeded-2025-08-26 context-1m-2025-08-07 output-128k-2025-02-19
    fine-grained-tool-streaming-2025-05-14 token-efficient-tools-2025-02-19 claude-code-20250219
    effort-2025-11-24 mid-conversation-system-2026-04-07 prompt-caching-scope-2026-01-05
    advanced-tool-use-2025-11-20 per-turn-control-2026-07-01
    dangerous-tool-use-2026-09-03 afk-mode-2026-01-31""".split()  # noqa: SIM905
)


def check_headers(headers: dict[str, str]) -> HttpError | None:
    """Credential, version and betas. `headers` has lower-case names; repeated ones are joined by commas."""
    key, bearer = headers.get("x-api-key", ""), headers.get("authorization", "")
    if key and bearer and bearer.removeprefix("Bearer ") != key:
        return HttpError(401, "authentication_error", "x-api-key and Authorization carry different credentials")
    if not key and not bearer:
        return HttpError(401, "authentication_error", "x-api-key header is required")
    if not key and not (bearer.startswith("Bearer ") and bearer.removeprefix("Bearer ").strip()):
        return HttpError(401, "authentication_error", "Invalid bearer token")
    version = headers.get("anthropic-version", "")
    if not version:
        return bad_request("anthropic-version: header is required")
    if version not in VERSIONS:
        return bad_request(f"anthropic-version: {version!r} is not a valid version")
    unknown = sorted(betas_of(headers) - _BETAS)
    if unknown:
        return bad_request(f"Unexpected value(s) `{', '.join(unknown)}` for the `anthropic-beta` header.")
    return None


def betas_of(headers: dict[str, str]) -> frozenset[str]:
    """The beta tokens of a request."""
    return frozenset(token.strip() for token in headers.get("anthropic-beta", "").split(",") if token.strip())


def is_here(host: str) -> bool:
    """Whether a Host header names this machine; HTTP/1.0 has none."""
    name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
    return name.lower() in ("", "localhost", "[::1]") or re.fullmatch(r"127(\.\d{1,3}){3}", name) is not None
