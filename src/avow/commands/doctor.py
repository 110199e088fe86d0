"""`avow doctor`: what is set up, what works, what does not."""

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from avow.context import Context
from avow.exit_codes import ExitCode

if TYPE_CHECKING:
    from avow.doctor import Finding

_MARKS = {"ok": "ok", "note": "note", "broken": "BROKEN"}
_COLORS = {"ok": "\x1b[32m", "note": "\x1b[33m", "broken": "\x1b[1;31m"}


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    """How to look, and in which form to say it."""

    offline: bool = False
    as_json: bool = False
    profile: str | None = None


def command(
    context: typer.Context,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the API.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As a JSON object.")] = False,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="As this profile sees it.")] = None,
) -> None:
    """Look at what is set up, and say what works and what does not; the exit status is 1 where something is broken.

    The API is asked once, free of charge. What is printed holds no secret and can go into a report.
    """
    raise typer.Exit(run(DoctorOptions(offline, as_json, profile), context.obj))


def run(options: DoctorOptions, context: Context) -> ExitCode:
    """Print what was found; 1 where something is broken."""
    from avow import doctor  # deferred: start-up

    findings = doctor.examine(context, offline=options.offline, profile=options.profile)
    code = doctor.status(findings)
    if options.as_json:
        body = {"schema": "avow.doctor/1", "healthy": code is ExitCode.OK, "findings": [asdict(f) for f in findings]}
        context.screen.out(json.dumps(body, indent=2, ensure_ascii=False) + "\n")
        return code
    context.screen.out(_page(findings, context))
    return code


def _page(findings: "tuple[Finding, ...]", context: Context) -> str:
    from avow.terminal.sanitize import clean_line  # deferred: start-up

    names = [f"{finding.topic}: {finding.name}" for finding in findings]
    width = max(len(name) for name in names)
    lines = []
    for name, finding in zip(names, findings, strict=True):
        color, plain = (_COLORS[finding.state], "\x1b[0m") if context.screen.color else ("", "")
        mark = f"{color}{_MARKS[finding.state]:6}{plain}"
        lines.append(f"{mark}  {name:{width}}  {clean_line(finding.words)}")
        if finding.hint:
            lines.append(f"{'':6}  {'':{width}}  -> {clean_line(finding.hint)}")
    return "\n".join(lines) + "\n"
