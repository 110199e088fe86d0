"""`python -m avow` and the console script: `--version` without importing anything else."""

import sys


def main() -> int:
    """Run avow with the process's arguments; the exit status."""
    if sys.argv[1:] in (["--version"], ["-V"], ["version"]):
        from avow import __version__

        return _print(f"avow {__version__}\n".encode())
    import gc
    import os

    gc.disable()  # a process of a second or two: collecting costs more than it frees
    from avow.cli import main as run

    # At once: to tear the interpreter down takes 20 ms and does nothing for anyone.
    return run(sys.argv[1:], leave=os._exit)


def _print(data: bytes) -> int:
    """Write to stdout itself, past Python's buffer: what fails there would end in a status of its own (120)."""
    import os

    if sys.stdout is None:
        return _fail("stdout is closed, so nothing can be printed\navow: note: send it to a file or a pipe")
    try:
        os.write(1, data)
    except BrokenPipeError:
        import signal

        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGPIPE)
    except OSError as error:
        return _fail(f"stdout cannot be written: {(error.strerror or '').lower()}")
    return 0


def _fail(words: str) -> int:
    """The same words as every other command has (`terminal.screen`), without importing it."""
    if sys.stderr is not None:
        sys.stderr.write(f"avow: error: {words}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
