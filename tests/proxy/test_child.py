"""The command behind the relay. Its signals and its end are tested with the whole program (`commands/test_proxy`)."""

import pytest

from avow.errors import UsageError
from avow.proxy.child import environment, run


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"NO_PROXY": "a.example"}, "a.example,127.0.0.1,localhost"),
        ({"no_proxy": "a.example", "NO_PROXY": "b.example"}, "a.example,127.0.0.1,localhost"),
        ({"NO_PROXY": "localhost, 127.0.0.1"}, "localhost, 127.0.0.1"),
        ({"NO_PROXY": "*"}, "*"),
    ],
)
def test_its_environment(before: dict[str, str], after: str) -> None:
    environ = environment({"PATH": "/bin", **before}, "http://127.0.0.1:9/s", MORE="1")
    assert environ == {
        "PATH": "/bin", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9/s", "NO_PROXY": after, "no_proxy": after, "MORE": "1",
    }  # fmt: skip


@pytest.mark.parametrize(("script", "status"), [("exit 7", 7), ("exit 0", 0), ("kill -9 $$", 137)])
def test_its_end_as_a_shell_reports_it(script: str, status: int) -> None:
    started: list[int] = []
    assert run(["/bin/sh", "-c", script], {}, lambda: started.append(1)) == status
    assert started == [1]


def test_a_command_without_a_name() -> None:
    with pytest.raises(UsageError, match=r"^the command's name is empty; nothing was sent"):
        run([""], {"PATH": "/bin"}, lambda: None)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/no/such/command", "/no/such/command: no such file or directory"),
        ("/", "/: permission denied"),
        ("a\0b", "a\0b: it holds a NUL"),
    ],
)
def test_a_command_that_cannot_be_run(command: str, words: str) -> None:
    started: list[int] = []
    with pytest.raises(UsageError) as caught:
        run([command], {"PATH": "/bin"}, lambda: started.append(1))
    assert caught.value.message == f"{words}; nothing was sent"
    assert caught.value.hint == "avow proxy -- COMMAND ARGUMENT…"
    assert started == []
