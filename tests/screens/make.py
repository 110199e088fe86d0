"""What stands on a terminal, as text files: `python -m tests.screens.make` writes them again."""

import re
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from avow.audit import screens as audit_screens
from avow.commands import doctor, models_page, scan_page
from avow.commands.doctor_finding import DoctorFinding
from avow.commands.history.lines import lines
from avow.commands.history.stats import lines as stats_lines
from avow.exchange.exchange import Exchange, Status
from avow.models import catalogue
from avow.run.progress_bar import bar_line
from avow.scan.records import SkipCounts
from avow.scan.report import ScanReport
from avow.scan.scanning import scan
from avow.terminal.facts import Facts
from avow.terminal.render import panel
from avow.terminal.words import AdviceContext
from tests.audit import test_judging, test_words
from tests.changing import changed
from tests.commands.history.test_stats import STATS
from tests.history.making import NOON, answered, kept, rerouted
from tests.run import test_progress_bar
from tests.running import PATIENCE_S, Pty, in_pty
from tests.screens.terminal import context_on, shown
from tests.terminal import samples
from tests.zone import zone

FOLDER = Path(__file__).parent
DATA = FOLDER.parent / "data" / "scan"
WIDTHS = (120, 80, 40)
_LONG = "How do I rebase a branch onto main when both have changed the same file?"
_TOOK = re.compile(r"\b\d\.\d s\b")
_RUN = """
[defaults]
model = "fable"
[[item]]
id = "rebase"
prompt = "rebase or merge?"
[[item]]
id = "colours"
prompt = "name three colours"
repeat = 2
"""
_FINDINGS = (
    DoctorFinding("versions", "avow", "ok", "0.1.0"),
    DoctorFinding("versions", "python", "ok", "3.12.3 (/home/me/.local/pipx/venvs/avow/bin/python)"),
    DoctorFinding(
        "versions", "libraries", "ok", "typer 0.28.0, rich 15.0.0, httpcore 1.0.9, keyring 25.7.0, pypdf 7.1.1"
    ),
    DoctorFinding(
        "folders", "config", "note", "/home/me/.config/avow (others have access: 0755)", "chmod 700 ~/.config/avow"
    ),
    DoctorFinding("key", "source", "broken", "none found", "`avow auth login` stores one"),
    DoctorFinding("api", "reached", "note", "https://api.anthropic.com: not asked (--offline)"),
    DoctorFinding("history", "file", "ok", "whole; 431 exchanges, 2.1 MB, schema 8"),
)


def _exchanges() -> tuple[Exchange, ...]:
    """Of the same ids at all times."""
    made = (
        answered("name three colours", "Red, green and blue.", status=Status.TRUNCATED, at=NOON),
        answered(_LONG, "Fetch first. Then rebase your branch, and keep both changes.", at=NOON + 200),
        rerouted("Use git rebase main; then look at the file.", prompt=_LONG, category="frontier_llm", at=NOON + 300),
    )
    ids = [f"01a0c454-ffe0-74fe-a489-91e0f13c0ac{place}" for place in range(len(made))]
    return tuple(one._replace(id=id_, conversation_id=id_) for one, id_ in zip(made, ids, strict=True))


def _history(*arguments: str) -> Callable[[Facts], str]:
    def draw(facts: Facts) -> str:
        with tempfile.TemporaryDirectory() as home:
            kept(Path(home, "data", "history.db"), *_exchanges())
            return shown(Path(home), facts.width, ["history", *arguments])

    return draw


def _list(facts: Facts) -> str:
    found = [
        rerouted(number=31, prompt=_LONG, category="frontier_llm", at=NOON + 300),
        answered(_LONG, number=30, at=NOON + 200),
        answered("name three colours", number=9, status=Status.TRUNCATED, at=NOON),
    ]
    return "".join(lines(found, facts))


def _panel(exchange: Exchange, here: AdviceContext = AdviceContext()) -> Callable[[Facts], str]:  # noqa: B008
    return lambda facts: panel(exchange, facts, here) or ""


def _scan(facts: Facts) -> str:
    found = scan([DATA], home=FOLDER, environ={})
    for _answer in found:
        pass
    return scan_page.page(found.report(), facts)


def _scan_without_records(facts: Facts) -> str:
    places = ("/home/me/.claude/projects", "/home/me/.config/claude/projects", "/home/me/.config/llm/logs.db")
    return scan_page.page(ScanReport((), (), (), (), 0, 0, SkipCounts(), (), places), facts)


def _model(facts: Facts) -> str:
    model = catalogue.find("claude-opus-5-5")
    assert model is not None
    return models_page.detail(model, {}, {}, facts)


def _bar(facts: Facts) -> str:
    held = bar_line(test_progress_bar.COUNTS, facts, 3.2, 2.0, "rate limited; goes on in 42 s")
    return "\n".join((bar_line(test_progress_bar.COUNTS, facts, 3.2, 2.0, None), held, ""))


def _run(facts: Facts) -> str:
    with tempfile.TemporaryDirectory() as home:
        suite = Path(home, "suite.toml")
        suite.write_text(_RUN, encoding="utf-8")
        return shown(Path(home), facts.width, ["run", str(suite), "-j", "1", "--simulate", "fallback"])


def _chat(facts: Facts) -> str:
    """Two answers by another model: the panel is shown once, the badge each time."""
    with tempfile.TemporaryDirectory() as home:
        words = ("chat", "--simulate", "fallback", "-m", "fable")
        pty = in_pty(Path(home), *words, size=(120, facts.width), NO_COLOR="1")
        pty.until("5-2>")
        for number, question in enumerate(("rebase or merge?", "and for a long branch?"), 1):
            pty.send(f"{question}\r")
            _wait_for(pty, "[claude-opus-4-8]", number)
        pty.send("\x04")
        pty.end()
    return _TOOK.sub("0.0 s", pty.text) + "\n"


def _wait_for(pty: Pty, badge: str, times: int) -> None:
    """Until the prompt stands below that many badges."""
    for _ in range(round(PATIENCE_S / 0.05)):
        if pty.text.count(badge) == times and pty.text.rstrip().endswith("5-2>"):
            return
        pty.read(0.05)
    raise AssertionError(pty.text)


def _audit(facts: Facts) -> str:
    look = test_judging.look(test_judging.twenty(test_judging.CHANGED), test_judging.twenty(test_judging.CHANGED))
    with tempfile.TemporaryDirectory() as home:
        context, seen = context_on(Path(home), facts.width)
        audit_screens.report(context, test_words.DIFFERS, test_judging.record(), look)
    return seen()


SCREENS: dict[str, Callable[[Facts], str]] = {
    "list": _list,
    "search": _history("search", "rebase"),
    "show": _history("show", "3"),
    "stats": lambda facts: "".join(f"{line}\n" for line in stats_lines(STATS, facts)),
    "scan": _scan,
    "scan_without_records": _scan_without_records,
    "doctor": lambda facts: doctor.page(_FINDINGS, facts),
    "models": lambda facts: models_page.listing(catalogue.models(), {}, facts),
    "model": _model,
    "run": _run,
    "run_bar": _bar,
    "audit_result": _audit,
    "panel_fallback": _panel(samples.FELL_BACK),
    "panel_fallback_demo": _panel(samples.FELL_BACK._replace(simulated=True), AdviceContext(simulate="fallback")),
    "panel_fallback_chat": _panel(samples.FELL_BACK, AdviceContext(in_chat=True)),
    "panel_sticky": _panel(samples.STICKY),
    "panel_refused": _panel(samples.REFUSED),
    "panel_substituted": _panel(samples.SUBSTITUTED),
    "panel_unnamed": _panel(samples.UNNAMED),
    "panel_incomplete": _panel(samples.CUT),
    "panel_cut_short": _panel(changed(samples.FELL_BACK, status=Status.TRUNCATED, stop_reason="max_tokens")),
}
"""Drawn in this process."""

IN_A_PTY: dict[str, Callable[[Facts], str]] = {"chat": _chat}
"""In a process of its own."""


def widths(name: str) -> tuple[int, ...]:
    """At which widths a screen is kept."""
    return (120, 80, 60) if name == "run" else (*WIDTHS, 60) if name == "run_bar" else WIDTHS


def drawn(name: str, width: int) -> str:
    """The screen of this name on a terminal of `width` cells, without colour."""
    with zone("UTC"):
        return {**SCREENS, **IN_A_PTY}[name](Facts(is_terminal=True, interactive=True, width=width))


def path(name: str, width: int) -> Path:
    """Where that screen is kept."""
    return FOLDER / f"{name}_{width}.txt"


def _write(names: Iterable[str]) -> None:
    for name in names:
        for width in widths(name):
            path(name, width).write_text(drawn(name, width), encoding="utf-8")


if __name__ == "__main__":
    _write(sys.argv[1:] or (*SCREENS, *IN_A_PTY))
