"""Stands for `python -m avow` in a script of a shell: asks the fork server for the process, and ends as that does.

It is started by `python -I -S`, and imports next to nothing: a real start would take ten times as long.
"""

import _signal  # type: ignore[import-not-found]
import _socket
import array
import fcntl
import marshal
import os
import sys

_MOST = 10


def main(address: str, arguments: list[str]) -> None:
    """`address` is that of the server's socket. What the shell opened, up to descriptor 9, is handed over."""
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    opened = [number for number in range(_MOST) if _is_open(number)]
    channel = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    channel.connect(address)
    request = marshal.dumps((opened, (False, False), arguments, dict(os.environ), os.getcwd()))  # noqa: PTH109 - pathlib takes 20 ms
    rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", opened))]
    channel.sendmsg([len(request).to_bytes(8, "big", signed=True)], rights)
    channel.sendall(request)
    for number in opened:
        os.close(number)  # so that a reader sees the end, and a writer that nobody reads
    told = b""
    while len(told) < 16 and (piece := channel.recv(16 - len(told))):
        told += piece
    status = os.waitstatus_to_exitcode(int.from_bytes(told[8:], "big", signed=True))
    if status < 0:
        if -status != _signal.SIGKILL:
            _signal.signal(-status, _signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


def _is_open(number: int) -> bool:
    try:
        fcntl.fcntl(number, fcntl.F_GETFD)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
