"""`avow doctor`: what is set up, what works, what does not."""

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from avow.asking.typed import Typed
from avow.context import Context
from avow.exit_codes import ExitCode
from avow.terminal.facts import BOLD_RED, GREEN, YELLOW, Facts

if TYPE_CHECKING:
    from avow.commands.doctor_finding import DoctorFinding

_MARKS = {"ok": "ok", "note": "note", "broken": "BROKEN"}
_STYLES = {"ok": GREEN, "note": YELLOW, "BROKEN": BOLD_RED}
_MARK = re.compile(f"^(?:{'|'.join(_STYLES)})", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    """The options of `avow doctor`: whether to ask the API, and in which form to print."""

    offline: bool = False
    as_json: bool = False
    profile: str | None = None


def command(typed: Typed, context: Context) -> ExitCode:
    """Run the checks that the options ask for."""
    return run(DoctorOptions(typed.flag("offline"), typed.flag("as_json"), typed.text("profile")), context)


def run(options: DoctorOptions, context: Context) -> ExitCode:
    """Print what was found; exit 1 where something is broken."""
    from avow.commands import doctor_findings

    findings = doctor_findings.examine(context, offline=options.offline, profile=options.profile)
    code = doctor_findings.status(findings)
    if options.as_json:
        body = {"schema": "avow.doctor/1", "healthy": code is ExitCode.OK, "findings": [asdict(f) for f in findings]}
        context.screen.data(json.dumps(body, indent=2, ensure_ascii=False) + "\n", is_json=True)
        return code
    context.screen.out(page(findings, context.screen.out_facts))
    return code


def page(findings: "tuple[DoctorFinding, ...]", facts: Facts) -> str:
    """The findings, one a line, with what to do about each below it."""
    from avow.terminal.sanitize import clean_line
    from avow.terminal.table import definitions, room

    rows = []
    for finding in findings:
        hint = f"\n-> {clean_line(finding.hint)}" if finding.hint else ""
        mark = f"{_MARKS[finding.state]:{len(_MARKS['broken'])}}"
        rows.append((f"{mark}  {finding.topic}: {finding.name}", f"{clean_line(finding.words)}{hint}"))
    from avow.terminal.cells import wrap

    space = room(facts)
    ending = wrap(_ending(findings), space) if space else [_ending(findings)]
    text = "".join(f"{line}\n" for line in (*definitions(rows, space), *ending))
    return _MARK.sub(lambda found: facts.styled(found[0], _STYLES[found[0]]), text)


def _ending(findings: "tuple[DoctorFinding, ...]") -> str:
    """A summary in one sentence, the worst first."""
    broken, noted = (
        [f"{found.topic}: {found.name}" for found in findings if found.state == state] for state in ("broken", "note")
    )
    parts = [f"{len(broken)} broken ({', '.join(broken)})"] if broken else []
    parts += [f"{len(noted)} to look at ({', '.join(noted)})"] if noted else []
    return f"Found: {'; '.join(parts)}." if parts else "All is well."
