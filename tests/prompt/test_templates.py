"""Templates: files, variables, and what is said when something is missing."""

import stat
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avow.errors import FileError, UsageError, nearest
from avow.prompt import templates
from avow.prompt.templates import FilledTemplate, Template, fill, load, save

KEYS = ("model", "effort", "max_tokens", "options")


def check(key: str, value: object) -> str | None:
    """The settings of these tests: three keys, one of them a number."""
    if key not in KEYS:
        near = nearest(key, KEYS)
        return f"{key} is not a setting" + (f"; did you mean {near}?" if near else "")
    if key == "max_tokens" and not isinstance(value, int):
        return "max_tokens is a number"
    return None


def written(folder: Path, text: str, name: str = "review") -> Template:
    """The template that a file with this text makes."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return load(folder, name, check)


def test_load(tmp_path: Path) -> None:
    template = written(tmp_path, 'prompt = "Review $what for ${whom}: $input"\nsystem = "Be $tone."\nmodel = "opus"\n')
    assert template.name == "review"
    assert template.where == tmp_path / "review.toml"
    assert template.settings == {"model": "opus"}
    assert template.variables == ("what", "whom", "tone")
    assert template.takes_input


def test_a_path_works_as_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("here.toml", "sub/there.toml", "sub/no-ending"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text('prompt = "x"')
        assert load(tmp_path / "none", name, check).prompt == "x"
        assert load(tmp_path / "none", str(tmp_path / name), check).prompt == "x"


FILLED = {
    "all": ("$a and ${b}c", ["a=1", "b=2"], None, "1 and 2c"),
    "the last of a key counts": ("$a", ["a=1", "a=2"], None, "2"),
    "an equals sign in the value": ("$a", ["a=x=y"], None, "x=y"),
    "an empty value": ("<$a>", ["a="], None, "<>"),
    "values are no templates": ("$a", ["a=$b $$"], None, "$b $$"),
    "dollars": ("$$5 for $a", ["a=you"], None, "$5 for you"),
    "what was piped in": ("Fix: $input", [], "a\n\tb", "Fix: a\n\tb"),
    "input given by hand": ("Fix: $input", ["input=x"], "piped", "Fix: x"),
    "nothing to fill": ("plain", [], None, "plain"),
    "input is not asked for": ("plain", [], "piped", "plain"),
}


@pytest.mark.parametrize(("prompt", "pairs", "piped", "expected"), FILLED.values(), ids=FILLED)
def test_fill(prompt: str, pairs: list[str], piped: str | None, expected: str) -> None:
    template = Template("t", Path("t.toml"), prompt=prompt)
    assert fill(template, pairs, piped) == FilledTemplate(expected, None)


def test_the_system_prompt_is_filled_too() -> None:
    template = Template("t", Path("t.toml"), system="Answer in $language.")
    assert fill(template, ["language=Polish"], None) == FilledTemplate(None, "Answer in Polish.")


def test_all_missing_variables_are_named() -> None:
    template = Template("t", Path("/x/t.toml"), prompt="$a $b $input", system="$c")
    with pytest.raises(UsageError) as caught:
        fill(template, ["b=1"], None)
    assert caught.value.message == "template t (/x/t.toml): no value for $a, $c, $input"
    assert caught.value.hint == "-p a=… -p c=…, pipe something in for $input, or say it as the prompt"


@pytest.mark.parametrize(
    ("prompt", "message", "hint"),
    [
        ("$a $b", "template t (/x/t.toml): no value for $a", "-p a=…"),
        (
            "$b $input",
            "template t (/x/t.toml): no value for $input",
            "pipe something in for $input, or say it as the prompt",
        ),
    ],
)
def test_one_that_is_missing_is_enough(prompt: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        fill(Template("t", Path("/x/t.toml"), prompt=prompt), ["b=1"], None)
    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        (["langauge=x"], "has no $langauge; did you mean $language?"),
        (["language=x", "zzz=1", "qqq=2"], "has no $zzz, $qqq"),
        (["language"], "not KEY=VALUE"),
        (["=x"], "not KEY=VALUE"),
    ],
)
def test_values_that_nothing_asks_for(pairs: list[str], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        fill(Template("t", Path("t.toml"), prompt="$language"), pairs, None)
    assert words in caught.value.message


WRONG = {
    "not TOML": ('prompt = "x"\nmodel = \n', "line 2"),
    "not UTF-8": (b'prompt = "\xff"', "byte 10"),
    "an unknown key": ('prompt = "x"\n\nmodl = "opus"', "line 3: modl is not a setting; did you mean model?"),
    "a table of an unknown name": ('prompt = "x"\n[optoins]\na = 1', "line 2: optoins is not a setting"),
    "a wrong type": ('max_tokens = "many"', "line 1: max_tokens is a number"),
    "a prompt that is no text": ("model = 'x'\nprompt = 5", "line 2: prompt must be a text"),
    "a lone dollar": ('model = "x"\nprompt = "costs $5"', "line 2: '$5' is not a variable; write $$ for a dollar sign"),
    "a lone dollar further down": ('prompt = """\na\nb $ c\n"""', "prompt, its line 2: '$ c'"),
    "input in the system prompt": ('prompt = "x"\nsystem = "$input"', "line 2: $input is for the prompt"),
    "nested without end": ("prompt = " + "[" * 10_000, "not TOML"),
}


@pytest.mark.parametrize(("text", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_and_where(text: str | bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "review.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError) as caught:
        load(tmp_path, "review", check)
    assert str(path) in caught.value.message
    assert words in caught.value.message


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_arbitrary_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.toml"
    path.write_bytes(data)
    try:
        template = load(path.parent, str(path), check)
        fill(template, [f"{name}=x" for name in template.variables], "piped")
    except UsageError:
        return


def test_no_such_template(tmp_path: Path) -> None:
    written(tmp_path, 'prompt = "x"')
    for name in ("reveiw", "review2"):
        with pytest.raises(UsageError, match="did you mean review"):
            load(tmp_path, name, check)
        with pytest.raises(UsageError, match="did you mean review"):
            templates.delete(tmp_path, name)
    with pytest.raises(UsageError, match="there is no template 'x'"):
        load(tmp_path / "missing", "x", check)
    with pytest.raises(UsageError, match="this is a folder"):
        load(tmp_path, str(tmp_path) + "/", check)


def test_save_and_load_agree(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "templates"
    template = Template(
        "review",
        folder / "review.toml",
        prompt='Look at "$what":\n\n\t\\ $$5 żółw 🦊\r\nend ',
        system="'''",
        settings={"model": "opus", "max_tokens": 5, "options": {"a": [1, {"b": 2}]}},
    )
    assert save(folder, template) == template.where
    assert load(folder, "review", check) == template
    assert stat.S_IMODE(template.where.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@given(st.text(max_size=60).filter(lambda text: text.isprintable() or "\n" in text))
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "texts"
    prompt = text.replace("$", "$$")
    try:
        prompt.encode()
    except UnicodeEncodeError:
        return
    save(folder, Template("t", folder / "t.toml", prompt=prompt), force=True)
    assert fill(load(folder, "t", check), [], None).prompt == text


def test_a_saved_prompt_can_be_read_by_people(tmp_path: Path) -> None:
    save(tmp_path, Template("t", tmp_path / "t.toml", prompt="one\ntwo"))
    assert (tmp_path / "t.toml").read_text() == 'prompt = """\none\ntwo"""\n'


def test_save_replaces_only_by_force(tmp_path: Path) -> None:
    one, two = (Template("t", tmp_path / "t.toml", prompt=prompt) for prompt in ("one", "two"))
    save(tmp_path, one)
    with pytest.raises(UsageError, match="already"):
        save(tmp_path, two)
    assert load(tmp_path, "t", check).prompt == "one"
    save(tmp_path, two, force=True)
    assert load(tmp_path, "t", check).prompt == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["t.toml"]
    assert stat.S_IMODE((tmp_path / "t.toml").stat().st_mode) == 0o600


def test_a_prompt_that_could_not_be_filled_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"prompt, its line 2: '\$5'"):
        save(tmp_path, Template("t", tmp_path / "t.toml", prompt="a\n$5"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../x", "a/b", "/etc/x", "..", ".hidden", "", "-x", "a b", "a\nb", "x\0", "~/x"])
def test_names_have_no_way_out_of_the_folder(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    (tmp_path / "x.toml").write_text('prompt = "mine"')
    with pytest.raises(UsageError, match="not a name for a template"):
        save(folder, Template(name, folder, prompt="x"))
    with pytest.raises(UsageError, match="not a name for a template"):
        templates.delete(folder, name)
    assert (tmp_path / "x.toml").read_text() == 'prompt = "mine"'
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["a", "A-b_c.2", "żółw", "7"])
def test_names_that_work(name: str, tmp_path: Path) -> None:
    save(tmp_path, Template(name, tmp_path, prompt="x"))
    assert templates.names(tmp_path) == (name,)
    assert tomllib.loads(templates.text_of(tmp_path, name)) == {"prompt": "x"}
    assert templates.delete(tmp_path, name) == tmp_path / f"{name}.toml"
    assert templates.names(tmp_path) == ()


def test_names_of_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert templates.names(tmp_path / "none") == ()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="file"):
        save(tmp_path / "file" / "templates", Template("t", tmp_path, prompt="x"))
