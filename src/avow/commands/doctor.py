"""`avow doctor`: what is set up, what works, what does not."""

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from avow.context import Context
from avow.exit_codes import ExitCode
from avow.terminal.facts import BOLD_RED, GREEN, YELLOW, Facts

if TYPE_CHECKING:
    from avow.commands.doctor_findings import Finding

_MARKS = {"ok": "ok", "note": "note", "broken": "BROKEN"}
_STYLES = {"ok": GREEN, "note": YELLOW, "BROKEN": BOLD_RED}
_MARK = re.compile(f"^(?:{'|'.join(_STYLES)})", re.MULTILINE)


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
    from avow.commands import doctor_findings

    findings = doctor_findings.examine(context, offline=options.offline, profile=options.profile)
    code = doctor_findings.status(findings)
    if options.as_json:
        body = {"schema": "avow.doctor/1", "healthy": code is ExitCode.OK, "findings": [asdict(f) for f in findings]}
        context.screen.out(json.dumps(body, indent=2, ensure_ascii=False) + "\n")
        return code
    context.screen.out(_page(findings, context.screen.out_facts))
    return code


def _page(findings: "tuple[Finding, ...]", facts: Facts) -> str:
    """What was found, a line each, with what to do about it below."""
    from avow.terminal.sanitize import clean_line
    from avow.terminal.table import definitions, room

    rows = []
    for finding in findings:
        hint = f"\n-> {clean_line(finding.hint)}" if finding.hint else ""
        mark = f"{_MARKS[finding.state]:{len(_MARKS['broken'])}}"
        rows.append((f"{mark}  {finding.topic}: {finding.name}", f"{clean_line(finding.words)}{hint}"))
    text = "".join(f"{line}\n" for line in definitions(rows, room(facts)))
    return _MARK.sub(lambda found: facts.styled(found[0], _STYLES[found[0]]), text)
