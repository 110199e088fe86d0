"""JUnit, Markdown and annotations of a run."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from avow.errors import UsageError
from avow.exchange.exchange import Exchange, RunItem
from avow.run.counts import AcceptanceRules, code_of
from avow.run.reports import JUnitReport, MarkdownSummary, OutputFile, annotation
from tests.history.making import answered, rerouted
from tests.run.test_counts import counts, failed


def items() -> list[Exchange]:
    odd = 'a|<b>&"\x1b[31m\x00'
    return [
        answered()._replace(item=RunItem(3, "plain", 0, 0, "k")),
        rerouted()._replace(item=RunItem(3, odd, 1, 1, "k")),
        failed()._replace(item=RunItem(3, "broken", 2, 0, "k")),
    ]


def test_junit_is_read_by_a_library(tmp_path: Path) -> None:
    report = JUnitReport(OutputFile("--junit", str(tmp_path / "j.xml")))
    for one in [*items(), rerouted()]:
        report.add(one, code_of(one, AcceptanceRules()))
    report.close(3, unasked=2)
    suite = ElementTree.parse(tmp_path / "j.xml").getroot().find("testsuite")
    assert suite is not None
    assert {name: suite.get(name) for name in ("name", "tests", "failures", "errors", "skipped")} == {
        "name": "avow run 3",
        "tests": "6",
        "failures": "2",
        "errors": "1",
        "skipped": "2",
    }
    assert [case.get("name") for case in suite.findall("testcase")][:3] == ["plain", 'a|<b>&"�[31m� #2', "broken"]
    failure = suite.find("testcase/failure")
    assert failure is not None
    message = failure.get("message") or ""
    assert message.startswith("fallback; claude-fable-5-2 -> claude-opus-4-8 (cyber)")
    assert "requested: claude-fable-5-2\nanswered by: claude-opus-4-8\ncategory: cyber\n" in (failure.text or "")


def test_the_summary_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "s.md"
    path.write_text("before\n")
    report = MarkdownSummary(OutputFile("--summary", str(path), appends=True))
    for one in items():
        report.add(one, code_of(one, AcceptanceRules()))
    report.close(3, counts(*items()))
    lines = path.read_text().splitlines()
    assert lines[:4] == ["before", "### avow run 3: 3 items", "", lines[3]]
    assert lines[3].startswith("1 as_requested, 1 fallback (cyber 1), 1 failed; ")
    assert [line.count("|") - line.count("\\|") for line in lines if line.startswith("|")] == [7] * 4


def test_an_annotation_is_one_line() -> None:
    line = annotation(items()[1])
    assert line.startswith("::error title=avow%3A fallback::")
    assert "\n" not in line
    assert "claude-fable-5-2 -> claude-opus-4-8 (cyber)" in line


def test_a_file_that_cannot_be_written_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match="--junit /nonexistent/x: it cannot be written"):
        OutputFile("--junit", "/nonexistent/x")
