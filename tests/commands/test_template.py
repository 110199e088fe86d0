"""`avow template`, through its declarations."""

import io
import json
import os
import tomllib
from pathlib import Path

import pytest

from avow import paths
from avow.asking.saved_templates import load_template
from avow.commands.tree import invoke
from avow.context import Context
from avow.errors import UsageError
from avow.terminal.screen import Screen


class Run:
    """One avow with streams of its own."""

    def __init__(self, stdin: bytes | None = None) -> None:
        self.stdout, self.stderr = io.BytesIO(), io.BytesIO()
        given = None if stdin is None else io.BytesIO(stdin)
        screen = Screen.for_process(self.stdout, self.stderr, os.environ)
        self.context = Context(given, self.stdout, self.stderr, os.environ, paths.find(os.environ), screen)

    def __call__(self, *args: str) -> int:
        return invoke(("template", *args), self.context)

    @property
    def out(self) -> str:
        return self.stdout.getvalue().decode()

    @property
    def err(self) -> str:
        return self.stderr.getvalue().decode()

    @property
    def folder(self) -> Path:
        return self.context.paths.config / "templates"


def test_save_keeps_prompt_and_options() -> None:
    run = Run()
    assert run("save", "review", "-m", "opus", "--max-tokens", "500", "-s", "Be $tone.", "Review", "$what") == 0
    assert tomllib.loads((run.folder / "review.toml").read_text()) == {
        "prompt": "Review $what",
        "system": "Be $tone.",
        "model": "opus",
        "max_tokens": 500,
    }
    assert "saved" in run.err
    assert "$what, $tone" in run.err
    assert run.out == ""


OPTIONS = {
    "models": (["--fallback", "opus,sonnet"], {"fallback": ["opus", "sonnet"]}),
    "a word": (["--fallback", "none"], {"fallback": "none"}),
    "repeated": (["--stop", "a", "--stop", "b"], {"stop": ["a", "b"]}),
    "fields": (["-o", 'metadata={"user_id":"x"}'], {"options": {"metadata": {"user_id": "x"}}}),
    "a switch": (["--extract-last"], {"extract": "last"}),
    "a switch the other way": (["--no-stream"], {"stream": False}),
    "several": (["--hold", "--effort", "low"], {"hold": True, "effort": "low"}),
}


@pytest.mark.parametrize(("args", "expected"), OPTIONS.values(), ids=OPTIONS)
def test_every_option_comes_back_as_it_was(args: list[str], expected: dict[str, object]) -> None:
    run = Run()
    assert run("save", "t", *args) == 0
    assert load_template("t", run.context).settings == expected


def test_save_from_stdin_and_from_a_file(tmp_path: Path) -> None:
    run = Run(b"Translate:\n$input\n")
    assert run("save", "translate", "-") == 0
    assert load_template("translate", run.context).prompt == "Translate:\n$input\n"
    run = Run(b"piped")
    assert run("save", "piped") == 0
    assert load_template("piped", run.context).prompt == "piped"
    (tmp_path / "system.txt").write_text("Be kind.")
    run = Run(b"not for this")
    assert run("save", "kind", "--system-file", str(tmp_path / "system.txt")) == 0
    assert load_template("kind", run.context).system == "Be kind."
    assert load_template("kind", run.context).prompt is None


WRONG_TO_SAVE = {
    "nothing": (["t"], "nothing to save"),
    "a lone dollar": (["t", "costs $5"], "'$5'"),
    "a path": (["../t", "x"], "not a name"),
    "a name that -t takes for a path": (["t.toml", "x"], "'t.toml' would be taken for a path"),
    "two system prompts": (["t", "-s", "a", "--system-file", "b"], "both give"),
    "a file that is missing": (["t", "--system-file", "/none"], "no such file"),
    "a bad value": (["t", "x", "--fallback-by", "nobody"], "fallback_by"),
}


@pytest.mark.parametrize(("args", "words"), WRONG_TO_SAVE.values(), ids=WRONG_TO_SAVE)
def test_what_cannot_be_saved(args: list[str], words: str) -> None:
    run = Run(b"")
    with pytest.raises(UsageError) as caught:
        run("save", *args)
    assert words in caught.value.message
    assert not run.folder.exists() or not list(run.folder.iterdir())


def test_stdin_that_is_no_text() -> None:
    with pytest.raises(UsageError, match="byte 1"):
        Run(b"a\xff")("save", "t", "-")


def test_save_replaces_only_by_force() -> None:
    Run()("save", "t", "one")
    with pytest.raises(UsageError, match="already"):
        Run()("save", "t", "two")
    assert Run()("save", "t", "two", "--force") == 0
    assert load_template("t", Run().context).prompt == "two"


def test_list() -> None:
    run = Run()
    assert run("list") == 0
    assert run.out == ""
    assert "no templates yet" in run.err
    Run()("save", "b", "Look at $this\nand more: $input")
    Run()("save", "a-longer-name", "-m", "opus", "plain")
    run = Run()
    assert run("list") == 0
    assert run.out == "a-longer-name  plain\nb              $this $input  Look at $this\n"
    run = Run()
    assert run("list", "--json") == 0
    listed = json.loads(run.out)
    assert [(one["name"], one["variables"], one["takes_input"], one["settings"]) for one in listed] == [
        ("a-longer-name", [], False, {"model": "opus"}),
        ("b", ["this"], True, {}),
    ]


def test_list_tells_of_a_broken_one_and_goes_on() -> None:
    run = Run()
    run("save", "good", "x")
    (run.folder / "bad.toml").write_text("modl = 'opus'")
    run = Run()
    assert run("list") == 0
    assert run.out == "good  x\n"
    assert "bad.toml" in run.err
    assert "did you mean model" in run.err


def test_show_prints_the_file_as_it_is() -> None:
    run = Run()
    run("save", "t", "x")
    (run.folder / "t.toml").write_text("# mine\nprompt = 'a\x7f'\n")
    run = Run()
    assert run("show", "t") == 0
    assert run.out == "# mine\nprompt = 'a\x7f'\n"
    with pytest.raises(UsageError, match="no template"):
        run("show", "nope")


def test_delete() -> None:
    run = Run()
    run("save", "t", "x")
    assert run("delete", "t") == 0
    assert list(run.folder.iterdir()) == []
    with pytest.raises(UsageError, match="no template 't'"):
        run("delete", "t")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("base_url = 'https://evil.example'", "belongs in the config"),
        ("api_key_command = ['cat', '/etc/passwd']", "belongs in the config"),
        ("on_reroute = ['rm', '-rf', '/']", "belongs in the config"),
        ("report = '/home/me/.bashrc'", "belongs in the config"),
        ("headers = {x = 'y'}", "belongs in the config"),
        ("history = {enabled = false}", "is not a setting of `ask`"),
        ("max_tokens = 'many'", "max_tokens: must be a whole number"),
        ("effrot = 'low'", "did you mean effort"),
    ],
)
def test_a_template_of_someone_else_can_only_ask(line: str, words: str) -> None:
    run = Run()
    run.folder.mkdir(parents=True)
    (run.folder / "t.toml").write_text(f"prompt = 'x'\n{line}\n")
    with pytest.raises(UsageError) as caught:
        load_template("t", run.context)
    assert "line 2" in caught.value.message
    assert words in caught.value.message
