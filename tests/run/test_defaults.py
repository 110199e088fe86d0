"""`[defaults]` of a suite: what it may say, and what is said of what it may not."""

from pathlib import Path

import pytest

from tests.running import Ran, run

ECHO = ("--simulate", "echo", "--no-history")


def asked(home: Path, defaults: str, *arguments: str) -> Ran:
    """A suite of one item with these defaults, in a folder of its own."""
    folder = home / "suites"
    folder.mkdir(exist_ok=True)
    (folder / "s.toml").write_text(f'[defaults]\n{defaults}\n\n[[item]]\nprompt = "{{}}"\n')
    return run(home, "run", str(folder / "s.toml"), *ECHO, *arguments)


def test_files_that_defaults_name_are_relative_to_the_suite(home: Path) -> None:
    (home / "suites").mkdir()
    (home / "suites" / "a.json").write_text('{"type": "object"}')
    (home / "suites" / "system.txt").write_text("be brief")
    ran = asked(home, 'schema = "a.json"\nsystem_file = "system.txt"')
    assert ran.status == 0, ran.err
    assert ran.json["system"] == "be brief"


def test_variables_stand_in_defaults_and_a_typed_one_outranks_them(home: Path) -> None:
    (home / "config" / "templates").mkdir(parents=True)
    (home / "config" / "templates" / "t.toml").write_text('prompt = "$a, $b: $input"\n')
    ran = asked(home, 'template = "t"\nvars = { a = "of the suite", b = 2 }', "-p", "a=typed")
    assert ran.status == 0, ran.err
    assert ran.json["prompt"] == "typed, 2: {}"


@pytest.mark.parametrize(
    ("defaults", "words"),
    [
        ('schema = "no.json"', ":2: defaults.schema: no.json: there is no such file"),
        ('\nsystem_file = "no.txt"', ":3: defaults.system_file: no.txt: there is no such file"),
        ("files = 5", ":2: defaults.files must be a list"),
        ('files = ["no.txt"]', ":2: defaults.files: "),
        ("template = 5", ":2: defaults.template must be a text"),
        ("vars = { a = 1 }", ":2: defaults.vars needs a template"),
        ("options = { model = 1 }", ":2: defaults.options.model has an option of its own"),
    ],
)
def test_what_is_wrong_there_is_told_with_its_line(defaults: str, words: str, home: Path) -> None:
    ran = asked(home, defaults)
    assert (ran.status, ran.out) == (2, b"")
    assert f"s.toml{words}" in ran.lines[0]


def test_an_option_that_is_wrong_is_no_fault_of_an_item(home: Path) -> None:
    ran = asked(home, "", "--schema", "no.json")
    assert ran.lines[0] == "avow: error: --schema no.json: there is no such file"
