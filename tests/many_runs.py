"""Run avow many times, each in a real process that is forked from one that has the imports behind it.

Reads a JSON array of argument lists on stdin and prints a JSON array of `[status, stdout, stderr]`, in order.
"""

import json
import os
import sys
import tempfile


def run(arguments: list[str]) -> tuple[int, str, str]:
    """One run with stdin closed and both outputs in files; the status is negative where a signal killed it."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            sys.argv = ["avow", *arguments]
            from avow.__main__ import main

            os._exit(main())
        _, status = os.waitpid(child, 0)
        read = []
        for file in (out, err):
            file.seek(0)
            read.append(file.read().decode())
    return os.waitstatus_to_exitcode(status), read[0], read[1]


def main() -> None:
    """Import what every run needs, then run them all."""
    import httpx  # noqa: F401

    import avow.asking.inquiry
    import avow.asking.question
    import avow.commands.tree
    import avow.history.store
    import avow.terminal.watchers  # noqa: F401

    json.dump([run(arguments) for arguments in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
