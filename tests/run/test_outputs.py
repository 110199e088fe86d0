"""The files of a run that its own prompts name."""

import json
from pathlib import Path

import pytest

from tests.running import run, start

DEFAULTS = '[defaults]\n{} = "extra"\n\n[[item]]\nprompt = "x"\n'


@pytest.mark.parametrize(
    ("name", "prompts"),
    [
        ("f.jsonl", json.dumps({"prompt": "x", "files": ["extra"]})),
        ("f.jsonl", json.dumps({"prompt": "x", "template": "./extra"})),
        ("f.toml", DEFAULTS.format("schema")),
        ("f.toml", DEFAULTS.format("system_file")),
        ("f.toml", DEFAULTS.format("template").replace('"extra"', '"./extra"')),
    ],
    ids=["file", "template", "schema", "system_file", "default template"],
)
def test_nothing_is_written_over_what_an_item_names(
    name: str, prompts: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    (home / name).write_text(prompts)
    (home / "extra").write_text("{}" if "schema" in prompts else 'prompt = "hi"')
    before = (home / "extra").read_bytes()
    for option in ("--out", "--summary"):
        ran = run(home, "run", "--simulate", "requested", name, option, "extra")
        assert (ran.status, (home / "extra").read_bytes()) == (2, before), ran.err
        assert "extra is read too, and would be lost" in ran.lines[0]
    assert run(home, "run", "--simulate", "requested", name, "-O", "new").status in (0, 9)


def test_lines_may_go_to_where_stdout_goes(home: Path) -> None:
    (home / "f.txt").write_text("x\n")
    words = ("run", "--simulate", "requested", str(home / "f.txt"), "-O", "/dev/stdout")
    with (home / "out").open("wb") as out, start(home, *words, stdout=out) as it:
        it.communicate(timeout=60)
    assert (it.returncode, len((home / "out").read_bytes().splitlines())) == (0, 1)
