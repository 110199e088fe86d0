"""The options of a run, checked."""

import math
import re
from typing import NamedTuple

from avow.asking.typed import Options, Typed, options_from
from avow.errors import UsageError
from avow.run.counts import MinimumShare

JOBS = 4
PATIENCE_S = 3600.0
_NOT_WITH_CANCEL = (
    "batch",
    "resume",
    "detach",
    "dry_run",
    "simulate",
    "out",
    "junit",
    "summary",
    "max_cost",
    "at_least",
)
LAST = "last"
"""What `--resume` without a number stands for."""


class RunOptions(NamedTuple):
    """A run as it was typed. `resume` is None, `LAST`, or a run's number; `cancel` is the number of a run whose batches
    are to be cancelled, and then nothing else is done."""

    options: Options
    path: str
    form: str | None = None
    jobs: int = JOBS
    repeat: int = 1
    resume: str | None = None
    unordered: bool = False
    out: str | None = None
    patience: float = PATIENCE_S
    max_cost: float | None = None
    at_least: MinimumShare | None = None
    junit: str | None = None
    summary: str | None = None
    annotate: bool = False
    dry_run: bool = False
    batch: bool = False
    detach: bool = False
    cancel: int | None = None


def run_options(typed: Typed, *, stdin_is_terminal: bool) -> RunOptions:
    """The options that were typed, checked. Raises UsageError where two contradict each other or a value is wrong."""
    path = typed.text("path") or "-"
    cancel = typed.integer("cancel")
    if cancel is not None:
        hint = f"avow run --cancel {cancel}"
        if typed.text("path") is not None:
            raise UsageError("--cancel takes the number of a run, and no FILE", hint=hint)
        for other in _NOT_WITH_CANCEL:
            if typed.get(other) not in (None, False):
                raise UsageError(f"--cancel asks nothing, so --{other.replace('_', '-')} has no meaning", hint=hint)
        return RunOptions(options_from(Typed({**typed, "dry_run": None})), path, cancel=cancel)
    if path == "-" and stdin_is_terminal:
        raise UsageError("there is no file to read the prompts from", hint="avow run FILE, or pipe prompts in")
    resume = typed.text("resume")
    if resume not in (None, LAST) and re.fullmatch(r"\d{1,18}", resume or "", re.ASCII) is None:
        raise UsageError(f"--resume {resume}: a run is a number", hint="`--resume` alone continues the last run")
    options = options_from(Typed({**typed, "dry_run": None}))
    output = options.flags.get("output")
    if output == "json":
        raise UsageError("--output json: a run prints one object on each line", hint="--output jsonl")
    return RunOptions(
        options=options,
        path=path,
        form=typed.text("input"),
        jobs=typed.integer("jobs") or JOBS,
        repeat=typed.integer("repeat") or 1,
        resume=resume,
        unordered=typed.flag("unordered"),
        out=typed.text("out"),
        patience=_number(typed, "patience", PATIENCE_S),
        max_cost=_number(typed, "max_cost", math.nan) if typed.get("max_cost") is not None else None,
        at_least=_share(typed.text("at_least")),
        junit=typed.text("junit"),
        summary=typed.text("summary"),
        annotate=typed.flag("annotate"),
        dry_run=typed.flag("dry_run"),
        batch=typed.flag("batch"),
        detach=_detach(typed),
    )


def _detach(typed: Typed) -> bool:
    detach = typed.flag("detach")
    if detach and not typed.flag("batch"):
        raise UsageError(
            "--detach is for --batch: nothing else goes on without avow", hint="avow run FILE --batch --detach"
        )
    if detach and typed.text("simulate") is not None:
        raise UsageError("--detach --simulate: the simulator ends with avow, and its batches with it")
    return detach


def _number(typed: Typed, name: str, default: float) -> float:
    value = typed.get(name)
    if value is None:
        return default
    if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise UsageError(f"--{name.replace('_', '-')} {value}: this must be a number, 0 or more")
    return float(value)


def _share(text: str | None) -> MinimumShare | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,9})?) ?%", text, re.ASCII)
    if found is None or float(found[1]) > 100:
        raise UsageError(f"--at-least {text}: this is not a share", hint="write it in percent: --at-least 95%")
    return MinimumShare(float(found[1]))
