"""The layout: imports point one way, each library has its door, and every file has its test."""

import ast
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.programs import needs

SOURCE = Path(__file__).parent.parent / "src" / "avow"
TESTS = Path(__file__).parent

LAYERS: tuple[tuple[str, ...], ...] = (
    ("__main__",),
    ("cli",),
    ("commands",),
    ("received",),
    ("proxy", "audit", "run", "telemetry"),
    ("asking", "reference"),
    ("context",),
    # Doors: each opens on one thing outside.
    ("history", "prompt", "terminal"),
    ("scan", "exchange"),
    ("settings", "endpoint", "routing"),
    ("wire", "simulator"),
    ("files",),
    ("paths",),
    ("errors",),
    ("models", "exit_codes", "background", "text"),
    ("values",),
    ("",),
)  # fmt: skip
"""From top to bottom; "" is the package itself, which has the version. A module imports only from below, its own
package aside."""

ONLY: dict[str, tuple[str, ...]] = {
    "httpcore": ("endpoint",),
    "httpx": (),
    "sqlite3": ("history", "scan"),
    "keyring": ("endpoint",),
    "pyarrow": ("history",),
    "typer": ("commands",),
    "click": (),
    "requests": (),
}
PURE = {"exchange", "routing", "models", "wire", "errors", "exit_codes", "background", "text"}
SIMULATOR_MAY_USE = {"errors", "paths", "files"}

WITHOUT_TEST = {"__init__", "__main__"}
TESTED_IN = {
    "routing/message_evidence.py": "routing/test_judge.py",
    "wire/message_fold.py": "wire/test_message.py",
    "models/names.py": "models/test_identity.py",
    "settings/config_file.py": "settings/test_levels.py",
    "settings/entries.py": "settings/test_keys.py",
    "settings/value_checks.py": "settings/test_keys.py",
    "endpoint/network_failures.py": "endpoint/test_transport.py",
    "endpoint/patience.py": "endpoint/test_transport.py",
    "endpoint/watchdog.py": "endpoint/test_transport.py",
    "routing/runs.py": "routing/test_judge.py",
    "audit/bounds.py": "audit/test_plan.py",
    "commands/audit/declared.py": "commands/test_tree.py",
    "commands/doctor.py": "commands/test_doctor_findings.py",
    "commands/doctor_api.py": "commands/test_doctor_findings.py",
    "commands/doctor_finding.py": "commands/test_doctor_findings.py",
    "commands/doctor_kept.py": "commands/test_doctor_findings.py",
    "commands/chat_typing.py": "commands/test_chat_session.py",
    "commands/declared.py": "commands/test_tree.py",
    "commands/history/declared.py": "commands/test_tree.py",
    "history/history_file.py": "history/test_store.py",
    "history/hiding.py": "history/test_rows.py",
    "history/listing.py": "history/test_store.py",
    "history/writing.py": "history/test_store.py",
    "history/plain_columns.py": "history/test_plain.py",
    "history/plain_csv.py": "history/test_plain.py",
    "history/plain_json.py": "history/test_plain.py",
    "history/recount.py": "history/test_stats.py",
    "history/summed.py": "history/test_summary.py",
    "history/sums.py": "history/test_stats.py",
    "received/seeming.py": "received/test_intake.py",
    "commands/outside_options.py": "commands/test_tree.py",
    "commands/typing_errors.py": "commands/test_tree.py",
    "scan/claude_records.py": "scan/test_claude_code.py",
    "proxy/observer.py": "proxy/test_relay.py",
    "proxy/connection.py": "proxy/test_relay.py",
    "prompt/file_kinds.py": "prompt/test_attachments.py",
    "asking/gathering.py": "asking/test_question.py",
    "asking/outlets.py": "terminal/test_clipboard.py",
    "asking/saved_templates.py": "commands/test_template.py",
    "exchange/plan.py": "exchange/test_run.py",
    "commands/run.py": "run/test_start.py",
    "run/options.py": "run/test_start.py",
    "run/batch_api.py": "run/test_batch.py",
    "run/bulk.py": "run/test_batch.py",
    "run/cancel.py": "run/test_batch.py",
    "run/dry_run.py": "run/test_start.py",
    "run/paced_transport.py": "run/test_start.py",
    "run/journal.py": "run/test_start.py",
    "run/outlet.py": "run/test_start.py",
    "run/prices.py": "run/test_start.py",
    "run/source.py": "run/test_start.py",
    "run/suite.py": "run/test_start.py",
    "simulator/batch_desk.py": "simulator/test_batches.py",
    "simulator/batch_scenarios.py": "simulator/test_batches.py",
    "simulator/card_scenarios.py": "simulator/test_picks.py",
    "simulator/gateway_scenarios.py": "simulator/test_foreign.py",
    "simulator/played_blocks.py": "simulator/test_playback.py",
    "simulator/schemas.py": "simulator/test_validation.py",
    "simulator/replies.py": "simulator/test_server.py",
    "terminal/prompt_app.py": "terminal/test_line_editor.py",
    "terminal/picker.py": "commands/history/test_pick.py",
    "terminal/text_piped.py": "terminal/test_watchers.py",
    "history/export_scope.py": "history/test_plain.py",
    "telemetry/sending.py": "commands/history/test_push.py",
    "reference/audit_topic.py": "reference/test_topics.py",
    "reference/clients_topic.py": "reference/test_topics.py",
    "reference/scripting_topic.py": "test_scripting.py",
    "reference/bash.py": "reference/test_shells.py",
    "reference/examples.py": "reference/test_help_page.py",
    "reference/fish.py": "reference/test_shells.py",
    "reference/powershell.py": "reference/test_shells.py",
    "reference/telemetry_queries.py": "reference/test_telemetry_topic.py",
    "reference/tree.py": "reference/test_help_page.py",
    "wire/api.py": "wire/test_request.py",
    "reference/zsh.py": "reference/test_shells.py",
}
"""Files that are tested with others of their kind."""


@dataclass(frozen=True, eq=False)
class Module:
    """A source file. `name` is dotted, without `avow.`; `room` is its place in the layout."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def room(self) -> str:
        return room_of(self.name)


@cache
def modules() -> list[Module]:
    """All, read once, and not where the tests are only collected."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        parts = list(path.relative_to(SOURCE).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        found.append(Module(".".join(parts), path, ast.parse(path.read_text("utf-8"))))
    return found


@cache
def imported(module: Module) -> tuple[str, ...]:
    """The dotted names of all that a module imports, inside functions and for types too."""
    return tuple(_imported(module))


def _imported(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module.name}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def own_imports(module: Module) -> set[str]:
    """The modules of avow that a module imports."""
    found = set()
    names = {module.name for module in modules()}
    for name in imported(module):
        if name == "avow" or name.startswith("avow."):
            inner = name.removeprefix("avow").removeprefix(".")
            found.add(inner if inner in names else inner.rpartition(".")[0])
    return found - {module.name}


def level(room: str) -> int:
    for number, rooms in enumerate(LAYERS):
        if room in rooms:
            return number
    raise AssertionError(f"{room} has no place in the layout: put it into LAYERS, on purpose")


def room_of(name: str) -> str:
    return name.partition(".")[0]


def test_imports_point_down() -> None:
    wrong = [
        f"{module.name} imports {name}"
        for module in modules()
        for name in own_imports(module)
        if room_of(name) != module.room and level(room_of(name)) <= level(module.room)
    ]
    assert wrong == []


def test_there_are_no_cycles_not_even_hidden_ones() -> None:
    graph = {module.name: own_imports(module) for module in modules()}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, f"a cycle: {' → '.join((*way[way.index(name) :], name))}"
        if name not in done:
            for inner in sorted(graph.get(name, ())):
                visit(inner, (*way, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())


@pytest.mark.parametrize("library", ONLY)
def test_each_library_has_its_door(library: str) -> None:
    users = {module.room for module in modules() for name in imported(module) if name.partition(".")[0] == library}
    assert users <= set(ONLY[library])


def test_the_simulator_shares_no_code_with_the_client() -> None:
    for module in modules():
        if module.room == "simulator":
            others = {room_of(name) for name in own_imports(module)} - {"simulator", ""}
            assert others <= SIMULATOR_MAY_USE, module.name


def test_wire_and_decisions_do_no_io() -> None:
    """What is pure opens no file, no socket, no process."""
    outside = {"socket", "subprocess", "http", "select", "shutil", "tempfile", "asyncio", "signal"}
    for module in modules():
        if module.room in PURE:
            used = set(imported(module))
            allowed = {"signal"} if module.room == "background" else set()  # it nudges a thread, and hears none
            assert not {name.partition(".")[0] for name in used} & outside - allowed, module.name
            assert not [name for name in used if name.startswith("urllib.request")], module.name
            calls = {
                node.func.id
                for node in ast.walk(module.tree)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
            assert not calls & {"open", "input"}, module.name


def test_nothing_is_printed_past_the_screen() -> None:
    printed = [
        f"{module.name}, line {node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert printed == []


def test_every_module_says_in_one_line_what_it_is_for() -> None:
    said = {module.name: (ast.get_docstring(module.tree) or "").partition("\n")[0] for module in modules()}
    assert {name: line for name, line in said.items() if not line.endswith((".", ":"))} == {}


def test_a_class_name_means_one_thing() -> None:
    defined = [
        (node.name, module.name)
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
    ]
    counts = Counter(name for name, _module in defined)
    assert [each for each in defined if counts[each[0]] > 1] == []


def test_every_source_file_has_its_test_file() -> None:
    paths = [module.path.relative_to(SOURCE) for module in modules() if module.path.stem not in WITHOUT_TEST]
    tested = {path: TESTED_IN.get(str(path), path.parent / f"test_{path.name}") for path in paths}
    missing = {str(path): str(test) for path, test in tested.items() if not (TESTS / test).is_file()}
    assert missing == {}, "write these, or say in TESTED_IN where a file is tested"


def test_no_room_is_without_files() -> None:
    """A name in the layout that no file has is a spelling mistake, or the file is gone."""
    rooms = {module.room for module in modules()}
    assert {name for names in LAYERS for name in names} - rooms == set()


@needs("git")
def test_nothing_is_left_lying_at_the_top() -> None:
    root = Path(__file__).parents[1]
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    if not any(listed):
        pytest.skip("not a checkout of git")
    top = {name.partition("/")[0] for name in listed if name}
    assert {name for name in top if not name.startswith(".")} == {
        "CHANGELOG.md", "LICENSE", "README.md", "completions", "pyproject.toml", "src", "tests",
    }  # fmt: skip
