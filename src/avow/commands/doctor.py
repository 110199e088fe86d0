"""`avow doctor`: what is set up, what works, what does not."""

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from avow.context import Context
from avow.exit_codes import ExitCode

if TYPE_CHECKING:
    from avow.commands.doctor_findings import Finding

_MARKS = {"ok": "ok", "note": "note", "broken": "BROKEN"}
_COLORS = {"ok": "\x1b[32m", "note": "\x1b[33m", "broken": "\x1b[1;31m"}

_LEAST_WORDS = 40
"""Columns that the words need beside the names; where a terminal has fewer, they stand below."""


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
    context.screen.out(_page(findings, context))
    return code


def _page(findings: "tuple[Finding, ...]", context: Context) -> str:
    """A line for each finding; on a terminal, lines that are too long go on below their own beginning."""
    from avow.terminal.sanitize import clean_line

    names = [f"{finding.topic}: {finding.name}" for finding in findings]
    facts = context.screen.out_facts
    most = facts.width if facts.is_terminal else None
    widest = max(len(name) for name in names)
    narrow = most is not None and most < widest + _LEAST_WORDS
    indent = 4 if narrow else len(_MARKS["broken"]) + widest + 4
    lines = []
    for name, finding in zip(names, findings, strict=True):
        color, plain = (_COLORS[finding.state], "\x1b[0m") if context.screen.out_facts.color else ("", "")
        words = [clean_line(finding.words), *([f"-> {clean_line(finding.hint)}"] if finding.hint else [])]
        first, *more = [line for part in words for line in _folded(part, most, indent)]
        mark = f"{color}{_MARKS[finding.state]:6}{plain}  "
        if narrow:
            lines += [f"{mark}{name}", f"{'':{indent}}{first}"]
        else:
            lines.append(f"{mark}{name:{widest}}  {first}")
        lines += [f"{'':{indent}}{line}" for line in more]
    return "\n".join(lines) + "\n"


def _folded(words: str, most: int | None, indent: int) -> list[str]:
    import textwrap

    return [words] if most is None else textwrap.wrap(words, max(most - indent, 20), break_on_hyphens=False) or [""]
